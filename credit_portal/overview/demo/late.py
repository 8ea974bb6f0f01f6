"""Late materials and results at once in the demonstration: most are brought in time; one was overdue and closed, one waits
for the department, one was sent in, one has asked for more days, one was given them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from commitments import subject_access
from commitments.models import Commitment, Supplement
from commitments.supplements import ending, extending, immediate, receiving
from commitments.supplements.course import SupplementError
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry import access
from credit_portal.registry.models import CreditSubject, User

from . import counter, people
from .counter import Visit
from .days import open_day, working_days_from
from .places import MARK

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
# Place of the subject in its region → on which day (counted from today) it signs, and what comes of it.
STORIES: dict[int, tuple[int, str]] = {
    27: (-44, "closed"),
    28: (-17, "overdue"),
    29: (-3, "sent"),
    30: (-4, "asked"),
    31: (-5, "extended"),
}
ITEM = f"{LC}-YS001"
STORM = "连日暴雨，体检机构停诊，健康证明不能按期取得（演示）。"


def follow(timeline: Timeline, commitment: Commitment, clerk: User) -> None:
    """What comes after an ordinary visit: everything is brought in time; the result is recorded on the day, or seldom on
    the next."""
    luck = random.Random(commitment.code)  # noqa: S311 - the same demonstration everywhere
    supplement = Supplement.objects.filter(commitment=commitment).first()
    if supplement is not None:
        for row in supplement.materials.all():
            _at(timeline, row.due_on, luck, _bring(supplement, row.number, clerk))
    if immediate.applies(commitment):
        signed = commitment.signed_at
        when = signed + timedelta(minutes=15 + luck.randrange(40))
        if luck.random() < 0.12:
            when = datetime.combine(
                working_days_from(current_calendar(), local_date(signed), 1), time(9, 20), SHANGHAI
            )
        timeline.at(when, _result(commitment, clerk, luck))


def plan(timeline: Timeline) -> None:
    for at, (day, story) in STORIES.items():
        when = open_day(timeline.day(day))
        timeline.at(datetime.combine(when, time(9, 5 + at % 10), SHANGHAI), _visit(timeline, at, story))
    _plan_at_once(timeline)


def _plan_at_once(timeline: Timeline) -> None:
    """One that is handled at once, with its result within the hour, however few visits there are."""

    def act(now: datetime) -> None:
        clerk = timeline.world.user(LC, "clerk")
        for item in timeline.items(LC, local_date(now)):
            if not (item.handled_at_once and "approval" in item.allowed_types):
                continue
            for subject in timeline.subjects[LC]:
                key = (subject.code, item.item.code, local_date(now))
                if key in timeline.taken or subject.kind not in item.made_by:
                    continue
                timeline.taken.add(key)
                commitment = counter.handle(
                    Visit(clerk, subject, item, "approval"),
                    now=now,
                    chance=random.Random(0),  # noqa: S311
                    ink=timeline.inks[0],
                    page=timeline.page,
                )
                if commitment is None:
                    continue
                timeline.signed.append(commitment)
                if immediate.applies(commitment):
                    timeline.at(
                        now + timedelta(minutes=35),
                        _result(commitment, clerk, random.Random(commitment.code)),  # noqa: S311
                    )
                    return

    timeline.at(datetime.combine(open_day(timeline.day(-6)), time(9, 35), SHANGHAI), act)


def _visit(timeline: Timeline, at: int, story: str) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        clerk = timeline.world.user(LC, "clerk")
        supplement = None
        # Whose record does not allow it is not the one of this story: the next one is.
        for subject in timeline.subjects[LC][at :: len(STORIES)]:
            item = next(one for one in timeline.items(LC, local_date(now)) if one.item.code == ITEM)
            if (subject.code, ITEM, local_date(now)) in timeline.taken or subject.kind not in item.made_by:
                continue
            timeline.taken.add((subject.code, ITEM, local_date(now)))
            commitment = counter.handle(
                Visit(clerk, subject, item, "approval", late=True),
                now=now,
                chance=random.Random(at),  # noqa: S311
                ink=timeline.inks[0],
                page=timeline.page,
            )
            if commitment is not None:
                timeline.signed.append(commitment)
                supplement = Supplement.objects.filter(commitment=commitment).first()
                break
        if supplement is not None:
            _STORY[story](timeline, supplement, clerk, random.Random(at))  # noqa: S311

    return act


def _closed(timeline: Timeline, supplement: Supplement, clerk: User, luck: random.Random) -> None:
    """Ended by the sweep; what was missing came late, and the department closes the matter."""
    officer = timeline.world.user(LC, "head2")
    over = working_days_from(current_calendar(), supplement.last_on, 1)
    _at(timeline, over, luck, lambda now: _none(ending.end_overdue(now=now)))
    for row in supplement.materials.all():
        _at(timeline, over + timedelta(days=1), luck, _bring(supplement, row.number, clerk), hour=14)
    _at(
        timeline,
        working_days_from(current_calendar(), over, 3),
        luck,
        lambda now: _ignore(
            lambda: ending.close(
                supplement_id=supplement.pk,
                reason=Supplement.Reason.CAME_LATE,
                note="材料在终止后两日内补齐，没有造成影响（演示）。",
                actor=officer,
                now=now,
            )
        ),
    )


def _overdue(timeline: Timeline, supplement: Supplement, clerk: User, luck: random.Random) -> None:
    """One came, the other did not: the final sweep puts it to the department."""
    _at(timeline, supplement.signed_on + timedelta(days=1), luck, _bring(supplement, 1, clerk))


def _sent(timeline: Timeline, supplement: Supplement, clerk: User, luck: random.Random) -> None:
    """Sent in from the subject's own pages; it waits to be looked at."""
    subject = supplement.commitment.subject
    trader = subject.kind == CreditSubject.Kind.SOLE_TRADER

    def act(now: datetime) -> None:
        known = access.representative_of(subject)
        held = subject_access.open_at_window(
            key=uuid5(NAMESPACE_URL, f"demo:late:{subject.uscc}"), subject=subject,
            name=known.name if known else f"负责人{MARK}", capacity="operator" if trader else "legal_representative",
            identity_document="id_card", identity_seen=True,
            id_number=(known.id_number if known else "") or people.identity_number(date(1983, 4, 9), 904),
            valid_until=local_date(now) + timedelta(days=60), actor=clerk, now=now,
        ).access  # fmt: skip
        receiving.send(
            supplement_id=supplement.pk, number=1, access=held, now=now,
            uploads=[(timeline.page, "image/png", "场所使用证明（演示）.png")],
        )  # fmt: skip

    _at(timeline, supplement.signed_on + timedelta(days=1), luck, act)


def _asked(timeline: Timeline, supplement: Supplement, clerk: User, luck: random.Random) -> None:
    _at(timeline, supplement.signed_on + timedelta(days=1), luck, _ask(timeline, supplement, clerk))


def _extended(timeline: Timeline, supplement: Supplement, clerk: User, luck: random.Random) -> None:
    head = timeline.world.user(LC, "head2")

    def decide(now: datetime) -> None:
        asked = supplement.extensions.filter(state="asked").first()
        if asked is not None:
            extending.decide(
                extension_id=asked.pk, granted=True, note="停诊公告属实（演示）。", actor=head, now=now
            )

    _at(timeline, supplement.signed_on + timedelta(days=1), luck, _ask(timeline, supplement, clerk))
    _at(timeline, supplement.signed_on + timedelta(days=2), luck, decide)


def _ask(timeline: Timeline, supplement: Supplement, clerk: User) -> Callable[[datetime], None]:
    return lambda now: _ignore(
        lambda: extending.ask(
            supplement_id=supplement.pk,
            working_days=5,
            reason=STORM,
            actor=clerk,
            now=now,
            upload=(timeline.page, "image/png", "停诊公告（演示）.png"),
        )
    )


_STORY: dict[str, Callable[[Timeline, Supplement, User, random.Random], None]] = {
    "closed": _closed,
    "overdue": _overdue,
    "sent": _sent,
    "asked": _asked,
    "extended": _extended,
}


def _at(
    timeline: Timeline, day: date, luck: random.Random, act: Callable[[datetime], None], *, hour: int = 10
) -> None:
    timeline.at(datetime.combine(day, time(hour, luck.randrange(60)), SHANGHAI), act)


def _bring(supplement: Supplement, number: int, clerk: User) -> Callable[[datetime], None]:
    return lambda now: _ignore(
        lambda: receiving.receive(supplement_id=supplement.pk, number=number, actor=clerk, now=now)
    )


def _result(commitment: Commitment, clerk: User, luck: random.Random) -> Callable[[datetime], None]:
    number = f"演许〔{commitment.made_on.year}〕{luck.randrange(1000, 9999)}号"
    return lambda now: _ignore(
        lambda: immediate.record(
            commitment_id=commitment.pk, result="granted", document_no=number, actor=clerk, now=now
        )
    )


def _ignore(act: Callable[[], object]) -> None:
    """A commitment that was voided or corrected meanwhile: nothing is brought to it any more."""
    try:
        act()
    except SupplementError:
        return


def _none(_result: object) -> None:
    """An event gives nothing back."""

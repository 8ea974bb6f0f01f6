"""Repair in the demonstration: an application in each state, a repair commitment after which there was a new record, and the
list of credit services. Each step by its service, on its day, at a fixed hour: what chance draws stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments import pledging
from commitments.concluding import SigningError, Upload
from commitments.models import BreachCase
from credit_portal.audit.clock import SHANGHAI, local_date
from repair import applying, deciding, helping
from repair.models import RepairApplication
from repair.rules import NotEligible, RepairError
from verification import services as verification

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

LC, EQ = "130111", "410103"
EXPLANATION = "承诺的内容已经补做完毕，经复查符合要求，影响已经消除（演示）。"
# Region, which of its breaches (by number, the oldest first), day of the application, the last step taken.
STORIES = (
    (EQ, 0, -24, "effective"),
    (LC, 0, -20, "refused"),
    (LC, 5, -12, "decided"),
    (LC, 6, -9, "proposed"),
    (LC, 7, -7, "asked"),
    (EQ, 1, -2, "applied"),
)
SERVICES = (
    ("report", "演示信用评价有限公司", "出具信用报告，三个工作日。", "0311-00000000", "paid"),
    ("advice", "演示信用服务中心", "解答怎样准备材料。", "0311-00000001", "free"),
    ("training", "演示行业协会", "每季度一期，线上线下均可。", "0311-00000002", "free"),
)


@dataclass(frozen=True)
class Repair:
    """One application of the demonstration on its way."""

    timeline: Timeline
    region: str
    last: str

    def user(self, role: str):  # type: ignore[no-untyped-def]
        return self.timeline.world.user(self.region, role)


def plan(timeline: Timeline) -> None:
    """Let the office keep its list of services, and each application begin on its day."""
    at = _on(timeline)
    at(-100, lambda now: _services(timeline, now))
    for region, place, day, last in STORIES:
        story = Repair(timeline, region, last)
        at(day, lambda now, story=story, place=place, day=day: _apply(story, place, day, now))  # type: ignore[misc]


def _on(timeline: Timeline) -> Callable[[int, Callable[[datetime], None]], None]:
    def at(offset: int, act: Callable[[datetime], None]) -> None:
        timeline.at(datetime.combine(open_day(timeline.day(offset)), time(11, 10), SHANGHAI), act)

    return at


def _services(timeline: Timeline, now: datetime) -> None:
    for offers, name, description, contact, charges in SERVICES:
        helping.save_service(
            service=None, region=timeline.world.regions[LC], name=name, offers=offers, contact=contact,
            description=description, charges=charges, actor=timeline.world.user(LC, "credit"), now=now, is_demo=True,
        )  # fmt: skip


def _case(story: Repair, place: int, now: datetime) -> BreachCase | None:
    """A breach that has been served and can be repaired on that day, counted from the given place on."""
    rows = BreachCase.objects.filter(
        region=story.region, state=BreachCase.State.SERVED, entry__state="effective", repair_applications=None
    ).order_by("pk")
    for case in list(rows)[place:]:
        position = applying.position_of(case.entry_id, on=local_date(now))
        if position.eligibility.open and case.department_id == story.user("officer").department_id:
            return case
    return None


def _apply(story: Repair, place: int, day: int, now: datetime) -> None:
    case = _case(story, place, now) or _case(story, 0, now)
    if case is None:
        return
    draft = applying.open_draft(
        entry_id=case.entry_id, subject=case.subject, channel=RepairApplication.Channel.ONLINE,
        applicant=applying.Applicant("演示法定代表人", _capacity(case), "id_card", "0311-00000009"), now=now,
    )  # fmt: skip
    applying.add_material(
        application_id=draft.pk, method="rectification", note_text="复查记录（演示）", now=now,
        upload=Upload(story.timeline.page, "image/png", "复查记录.png"),
    )  # fmt: skip
    applying.save_draft(
        application_id=draft.pk, methods=["commitment", "rectification"], explanation=EXPLANATION, now=now
    )
    if not _pledge(story, draft, now):
        applying.save_draft(
            application_id=draft.pk, methods=["rectification"], explanation=EXPLANATION, now=now
        )
    try:
        applying.apply(application_id=draft.pk, now=now)
    except (NotEligible, RepairError):
        return
    _go_on(story, draft.pk, day)


def _capacity(case: BreachCase) -> str:
    return "self" if case.subject.kind == case.subject.Kind.SOLE_TRADER else "legal_representative"


def _pledge(story: Repair, draft: RepairApplication, now: datetime) -> bool:
    try:
        shown = pledging.shown_to(subject=draft.subject, department=draft.department, now=now, blanks={})
        blanks = {blank.key: "按时办理" for blank in shown.draft.text_version.blanks.all()}
        shown = pledging.shown_to(subject=draft.subject, department=draft.department, now=now, blanks=blanks)
        applying.sign_pledge(
            application_id=draft.pk, seen_sha256=shown.sha256, blanks=blanks, signer_name="演示法定代表人",
            capacity=draft.capacity, identity_document="id_card", signature_png=story.timeline.inks[0], now=now,
        )  # fmt: skip
    except SigningError:
        return False
    return True


def _go_on(story: Repair, pk: int, day: int) -> None:
    """The steps after the application, each a day later, to the story's last."""
    at, last = _on(story.timeline), story.last
    if last == "applied":
        return
    officer = {"actor": story.user("officer"), "application_id": pk}
    if last == "asked":
        at(
            day + 1,
            lambda now: _done(
                deciding.ask(
                    **officer, expect="applied", missing=["复查记录的盖章页", "整改后的照片"], now=now
                )
            ),
        )
        return
    granted = last != "refused"
    reasons = "整改已经完成，复查合格（演示）。" if granted else "复查发现承诺的内容仍没有全部做到（演示）。"
    at(day + 1, lambda now: _done(deciding.accept(**officer, expect="applied", now=now)))
    at(
        day + 3,
        lambda now: _done(
            deciding.propose(
                **officer,
                expect="accepted",
                outcome="granted" if granted else "refused",
                reasons=reasons,
                again_from=None if granted else local_date(now) + timedelta(days=60),
                now=now,
            )
        ),
    )
    if last == "proposed":
        return
    head = {"actor": story.user("head"), "application_id": pk}
    at(day + 6, lambda now: _done(deciding.decide(**head, expect="proposed", now=now)))
    if last == "effective":
        at(day + 14, lambda now: _again(story, pk, now))
        at(
            day + 9,
            lambda now: _done(
                deciding.confirm(application_id=pk, expect="decided", actor=story.user("credit"), now=now)
            ),
        )


def _again(story: Repair, pk: int, now: datetime) -> None:
    """A new penalty within the term of the repair commitment: the sweep puts it to the department."""
    application = RepairApplication.objects.select_related("subject").get(pk=pk)
    verification.add_entry(
        subject=application.subject, kind="penalty", title="未按规定公示信息（演示）", source="演示市场监督管理局",
        region=story.timeline.world.regions[story.region], from_on=local_date(now), document_no="（演示）罚〔2026〕99号",
        operator=story.user("credit"), department=story.user("credit").department, now=now, is_demo=True,
    )  # fmt: skip


def _done(_result: object) -> None:
    return None

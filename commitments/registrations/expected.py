"""Who should register (S0 三（二）「诚信创建企业、规模以上企业应当」; R43): the imported lists against what has been registered. Nobody is
put at a disadvantage for not having done so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from commitments.models import Registration, RosterEntry, RosterSort
from commitments.rosters import taking
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.outbox import notices
from credit_portal.outbox.models import Message
from credit_portal.outbox.services import enqueue_many
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, User

from .rules import REGISTERED, RegistrationError, State

SMS = "registration.remind"
EXPECTED = (RosterSort.MODEL, RosterSort.ABOVE_SCALE)
VERIFIED, REGISTERED_ONLY, MISSING = "verified", "registered", "missing"
STATES = {VERIFIED: "有已核实的", REGISTERED_ONLY: "已注册，未核实", MISSING: "没有注册"}
WORDS = "贵单位在应当注册信用信息的{list}名单上，请打开 {address} 登记资质证照、市场经营等信息，核实后计入信用记录，不收费。"


@dataclass(frozen=True)
class Figures:
    all: int
    verified: int
    registered: int

    @property
    def missing(self) -> int:
        return self.all - self.verified - self.registered

    @property
    def percent(self) -> int | None:
        # Rounded down: a list with one gap never reads as a hundred.
        return (self.verified + self.registered) * 100 // self.all if self.all else None


def with_state(rows: QuerySet[RosterEntry]) -> QuerySet[RosterEntry]:
    """Those on a list with `is_verified` and `is_registered` (verified or waiting)."""
    of = Registration.objects.filter(subject=OuterRef("subject"))
    return rows.annotate(
        is_verified=Exists(of.filter(state=State.VERIFIED)),
        is_registered=Exists(of.filter(state__in=REGISTERED)),
    )


def of_state(rows: QuerySet[RosterEntry], state: str) -> QuerySet[RosterEntry]:
    wanted = {
        VERIFIED: Q(is_verified=True),
        REGISTERED_ONLY: Q(is_registered=True, is_verified=False),
        MISSING: Q(is_registered=False),
    }
    return rows.filter(wanted[state]) if state in wanted else rows


def state_of(entry: RosterEntry) -> str:
    if entry.is_verified:  # type: ignore[attr-defined]
        return VERIFIED
    return REGISTERED_ONLY if entry.is_registered else MISSING  # type: ignore[attr-defined]


def on_lists(user: User, sort: str, day: date) -> QuerySet[RosterEntry]:
    """Who is on a list of the user's reach on a day."""
    rows = taking.entries_visible_to(user).filter(sort=sort, sort__in=EXPECTED)
    return with_state(taking.on_day(rows, day))


def figures(rows: QuerySet[RosterEntry]) -> Figures:
    """One query; `rows` have gone through `with_state`."""
    found = rows.order_by().aggregate(
        all=Count("pk"),
        verified=Count("pk", filter=Q(is_verified=True)),
        registered=Count("pk", filter=Q(is_registered=True, is_verified=False)),
    )
    return Figures(**found)


def is_expected(subject: CreditSubject, day: date) -> list[str]:
    """By which lists a subject should register, in words."""
    rows = taking.on_day(RosterEntry.objects.filter(subject=subject, sort__in=EXPECTED), day)
    return [str(RosterSort(sort).label) for sort in sorted(set(rows.values_list("sort", flat=True)))]


def table(rows: QuerySet[RosterEntry]) -> bytes:
    head = ["主体名称", "代码", "列入日期", "自愿注册"]
    lines = [
        [
            str(entry.subject),
            entry.subject.shown_code,
            entry.from_on.isoformat(),
            STATES[state_of(entry)],
        ]
        for entry in rows.select_related("subject").order_by("pk")
    ]
    return writing.write("xlsx", head, lines, title="应当注册的企业")


@transaction.atomic
def remind(*, sort: str, actor: User, now: datetime) -> tuple[int, int]:
    """A message to everybody on the office's own list who has registered nothing: how many went out, how many have left no
    number. A subject is told once a day at most. Raises RegistrationError."""
    try:
        department = taking.keeper_of(actor, sort)
    except taking.RosterRefused as error:
        raise RegistrationError(str(error)) from error
    today = local_date(now)
    rows = taking.on_day(RosterEntry.objects.filter(department=department, sort=sort), today)
    missing = list(of_state(with_state(rows), MISSING).select_related("subject"))
    reachable = [entry for entry in missing if entry.phone_sealed or entry.subject.phone_sealed]
    keys = {f"{SMS}:{entry.subject_id}:{today}": entry for entry in reachable}
    had = set(Message.objects.filter(key__in=list(keys)).values_list("key", flat=True))
    if reachable and len(had) == len(keys):
        raise RegistrationError("今天已经提醒过，明天可以再提醒。")
    enqueue_many(
        [
            Message(key=key, effect=SMS, payload={"entry": entry.pk}, created_at=now, due_at=now)
            for key, entry in keys.items()
            if key not in had
        ]
    )
    sent = len(keys) - len(had)
    events.expected_reminded(
        now=now,
        actor_id=actor.pk,
        department_id=department.pk,
        sort=str(RosterSort(sort).label),
        rows=sent,
    )
    return sent, len(missing) - len(reachable)


def send_sms(payload: Mapping[str, Any], *, key: str, now: datetime) -> None:
    """External effect. Whoever has registered meanwhile is not reminded any more."""
    rows = taking.on_day(RosterEntry.objects.filter(pk=payload["entry"]), local_date(now))
    entry = of_state(with_state(rows), MISSING).select_related("subject").first()
    if entry is None:
        return
    for typed in (entry.phone, entry.subject.phone):
        try:
            number = codes.check_mobile(typed) if typed else ""
        except codes.CodeError:
            continue
        if number:
            text = WORDS.format(
                list=entry.get_sort_display(), address=taking.site_address("/me/registration/")
            )
            notices.text_message(number=number, text=text, key=key)
            return

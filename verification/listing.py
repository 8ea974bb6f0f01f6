"""The procedure of a joint-sanction list (S1 八 十一, S4 8 12): the only place where a listing changes
(`listing_opening` begins it).

Told before decided, decided by one and approved by another, in force once served, over with its term or by a decision.
A responsible person's is a procedure of its own, with its own notice, statement and objection, and there is none without
the firm's own listing in force (process: determination); where the firm leaves the list, so does the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import policy
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible

from . import listing_grounds, listing_papers
from . import services as record
from .listing_effects import LISTS
from .models import CreditList, Listing, ListingStep
from .rules import Measure
from .vocabulary import Effect, Kind, State

ListingState = Listing.State
DOES, HEAD = frozenset({groups.OFFICER, groups.HEAD}), frozenset({groups.HEAD})
ARREARS_RULE = "arrears_accountability"
GROUNDS_GONE = "所依据的记录都已不再有效（{which}），不能办理“{act}”。请用“{way}”结束这件办理。"
MOST_RETURNED = 50
# The steps with a paper that goes to the subject, and the one by which it is heard.
NOTICE_STEP, HEARD_STEP, DECISION_STEP = "送达告知书", "收到陈述申辩", "批准列入"
RUNNING = (
    ListingState.OPENED,
    ListingState.NOTICED,
    ListingState.HEARD,
    ListingState.PROPOSED,
    ListingState.DECIDED,
)
# What should never have been was none even where it is over by now.
REVOCABLE = (ListingState.DECIDED, ListingState.IN_FORCE, ListingState.EXITED)


class ListingRefused(ValueError):
    """The step cannot be taken so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ListingMoved(ListingRefused):
    """Somebody else has taken a step in the meantime."""


@dataclass(frozen=True)
class Act:
    label: str
    before: tuple[str, ...]
    roles: frozenset[str] = DOES


ACTS: dict[str, Act] = {
    "notice": Act("告知", (ListingState.OPENED,)),
    "statement": Act("登记陈述申辩", (ListingState.NOTICED, ListingState.HEARD)),
    "propose": Act("提出列入意见", (ListingState.NOTICED, ListingState.HEARD)),
    "decide": Act("批准列入", (ListingState.PROPOSED,), HEAD),
    "return": Act("退回修改", (ListingState.PROPOSED,), HEAD),
    "serve": Act("登记送达", (ListingState.DECIDED,)),
    "withdraw": Act("撤回立案", (ListingState.OPENED,)),
    "refuse": Act("不予列入", RUNNING[1:], HEAD),
    "leaving": Act("提出移出", (ListingState.IN_FORCE,)),
    "exit": Act("批准移出", (ListingState.IN_FORCE,), HEAD),
    "staying": Act("不同意移出", (ListingState.IN_FORCE,), HEAD),
    "revoke": Act("撤销列入决定", REVOCABLE, HEAD),
    "publish": Act("公示", (ListingState.IN_FORCE,)),
}


def acts_open(listing: Listing, roles: Iterable[str]) -> list[str]:
    """What somebody of the department with these roles may do now."""
    held = set(roles)
    return [
        name
        for name, act in ACTS.items()
        if listing.state in act.before
        and held & act.roles
        and (name != "statement" or listing.statement_on is None)
        and (name != "leaving" or listing.leave_by_id is None)
        and (name not in ("exit", "staying") or listing.leave_by_id is not None)
        and (name != "publish" or (listing.kind == Listing.Kind.ARREARS and listing.public_from is None))
    ]


def listings_visible_to(user: User) -> QuerySet[Listing]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(Listing.objects.all(), user)


def arrears_pursued(user: User, *, on: date) -> bool:
    """Whether the region of the user's department has the rule on arrears of state firms (S4 12)."""
    if user.department is None:
        return False
    try:
        rule = policy.value(ARREARS_RULE, lineage=user.department.region.lineage, on=on)
    except policy.NoRule:
        return False
    return bool(rule.value) and rule.confirmed


# ---- told, heard, decided ----------------------------------------------------------------------------------


@transaction.atomic
def give_notice(
    *,
    listing_id: int,
    expect: str,
    noticed_on: date,
    actor: User,
    now: datetime,
    noticed_until: date | None = None,
) -> Listing:
    """The notice was served: from the next day on the time to speak is counted. `noticed_until`: the term that is thought
    of; what is decided is not longer. Raises ListingRefused."""
    row = taken("notice", listing_id, expect, actor)
    _check_grounds(row, "notice", local_date(now))
    _day(noticed_on, "noticed_on", "告知日期", not_before=row.opened_on, today=local_date(now))
    if noticed_until is not None:
        _check_term(row, noticed_until, "noticed_until", local_date(now))
        row.noticed_until = noticed_until
    rule = policy.value("advance_notice", lineage=row.region.lineage, on=noticed_on)
    counted = count_working_days(current_calendar(), noticed_on, rule.length)
    row.noticed_on, row.statement_until = noticed_on, counted.due
    row.statement_days, row.state = list(counted.days), ListingState.NOTICED
    save(row, actor, now)
    step(row, NOTICE_STEP, on=noticed_on, actor=actor, now=now, paper="notice", title="拟列入名单告知书")
    return row


@transaction.atomic
def record_statement(
    *, listing_id: int, expect: str, received_on: date, text: str, actor: User, now: datetime
) -> Listing:
    """The subject has spoken; it is never published. Raises ListingRefused."""
    row = taken("statement", listing_id, expect, actor)
    if row.statement_on is not None:
        raise ListingRefused("陈述申辩已经登记。")
    _day(
        received_on,
        "received_on",
        "收到日期",
        not_before=row.noticed_on or row.opened_on,
        today=local_date(now),
    )
    row.statement_on, row.statement = received_on, text_of(text, "text", "陈述申辩", 4000)
    row.state = ListingState.HEARD
    save(row, actor, now)
    step(row, HEARD_STEP, on=received_on, actor=actor, now=now)
    return row


@transaction.atomic
def propose(
    *,
    listing_id: int,
    expect: str,
    term_until: date,
    exit_rule: str,
    statement_considered: str,
    actor: User,
    now: datetime,
) -> Listing:
    """What is to be decided: until when, and how one leaves the list. Not before the subject was heard or its time to speak
    is over. Raises ListingRefused."""
    row = taken("propose", listing_id, expect, actor)
    today = local_date(now)
    _check_grounds(row, "propose", today)
    if row.state == ListingState.NOTICED and row.statement_until is not None and today <= row.statement_until:
        raise ListingRefused(
            f"陈述申辩期限到 {row.statement_until} 为止，期满以后才能提出；收到陈述申辩的可以提前。"
        )
    if row.statement_on is not None:
        row.statement_considered = text_of(
            statement_considered, "statement_considered", "对陈述申辩的采纳情况", 2000
        )
    _check_term(row, term_until, "term_until", today)
    if row.noticed_until is not None and term_until > row.noticed_until:
        raise ListingRefused(
            f"列入期限不能比告知书写明的更长（{row.noticed_until}）：告知以后不加重。", field="term_until"
        )
    row.term_until = term_until
    row.exit_rule = text_of(exit_rule, "exit_rule", "移出条件", 500)
    row.proposed_by, row.state = actor, ListingState.PROPOSED
    save(row, actor, now)
    step(row, "提出列入意见", on=today, actor=actor, now=now)
    return row


@transaction.atomic
def send_back(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """The head wants it otherwise. Raises ListingRefused."""
    row = taken("return", listing_id, expect, actor)
    # It stands in the step, and nowhere else.
    said = text_of(reason, "reason", "退回的理由", MOST_RETURNED)
    row.state = ListingState.HEARD if row.statement_on else ListingState.NOTICED
    row.proposed_by = None
    save(row, actor, now)
    step(row, f"退回修改：{said}", on=local_date(now), actor=actor, now=now)
    return row


@transaction.atomic
def decide(*, listing_id: int, expect: str, document_no: str, actor: User, now: datetime) -> Listing:
    """Another than whoever proposed it approves; the document is made. Raises ListingRefused."""
    row = taken("decide", listing_id, expect, actor)
    if row.proposed_by_id == actor.pk:
        raise ListingRefused("提出列入意见的人不能批准自己的意见，须由另一人批准。")
    if row.parent is not None and row.parent.state != ListingState.IN_FORCE:
        raise ListingRefused("主体已不在名单上，责任人员不能列入。")
    _check_grounds(row, "decide", local_date(now))
    row.decided_on, row.decided_by = local_date(now), actor
    row.document_no = document_no.strip()[:100] or row.number
    row.state = ListingState.DECIDED
    save(row, actor, now)
    step(
        row, DECISION_STEP, on=row.decided_on, actor=actor, now=now, paper="decision", title="列入名单决定书"
    )
    return row


@transaction.atomic
def serve(
    *, listing_id: int, expect: str, served_on: date, service: str, actor: User, now: datetime
) -> Listing:
    """The decision was served: from that day on it is in the record, with its measures. Raises ListingRefused."""
    row = taken("serve", listing_id, expect, actor)
    if row.decided_on is None or row.term_until is None:
        raise ListingRefused("还没有决定。")
    today = local_date(now)
    _day(served_on, "served_on", "送达日期", not_before=row.decided_on, today=today)
    if row.parent is not None and row.parent.state != ListingState.IN_FORCE:
        raise ListingRefused("主体已不在名单上，责任人员不能列入。")
    if served_on > row.term_until:
        raise ListingRefused("列入期限已过。", field="served_on")
    # It takes effect with its service: what passes after that day was a ground on it.
    _check_grounds(row, "serve", served_on)
    row.served_on, row.service = served_on, text_of(service, "service", "送达方式和证明", 200)
    row.entry = record.add_entry(
        subject=row.subject,
        # So that what the public list of measures says of that list holds for it (S1 九).
        credit_list=CreditList.objects.filter(code=LISTS.get(Listing.Kind(row.kind), "")).first(),
        kind=Kind.WATCH if row.kind == Listing.Kind.WATCH else Kind.LIST,
        title=row.list_name if row.firm is None else f"{row.list_name}：{row.firm.name}"[:300],
        source=row.department.name,
        department=row.department,
        region=row.region,
        document_no=row.document_no,
        basis=row.basis,
        from_on=served_on,
        until_on=row.term_until,
        served_on=served_on,
        operator=actor,
        now=now,
        measures=[
            *(Measure(one["domain"] or None, Effect(one["effect"]), one["basis"]) for one in row.measures),
            # One leaves such a list by the way that was decided, not by a repair like any other (S4 8).
            *(
                []
                if row.kind == Listing.Kind.WATCH
                else [Measure(None, Effect.EXIT_RULE, row.exit_rule[:300])]
            ),
        ],
        is_demo=row.is_demo,
    )
    row.state = ListingState.IN_FORCE
    save(row, actor, now)
    step(row, "送达，列入生效", on=served_on, actor=actor, now=now)
    return row


@transaction.atomic
def withdraw(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """Opened by mistake, and nobody has been told: taken back, for a reason. Raises ListingRefused."""
    row = taken("withdraw", listing_id, expect, actor)
    row.end_reason = text_of(reason, "reason", "撤回的理由", 500, least=4)
    row.ended_on, row.ended_by, row.state = local_date(now), actor, ListingState.REFUSED
    save(row, actor, now)
    step(row, ACTS["withdraw"].label, on=row.ended_on, actor=actor, now=now)
    return row


@transaction.atomic
def refuse(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """It is not entered after all. Raises ListingRefused."""
    row = taken("refuse", listing_id, expect, actor)
    row.end_reason, row.ended_on, row.ended_by = (
        text_of(reason, "reason", "理由", 500),
        local_date(now),
        actor,
    )
    row.state = ListingState.REFUSED
    save(row, actor, now)
    step(row, "不予列入", on=row.ended_on, actor=actor, now=now)
    return row


# ---- made public (R82) -------------------------------------------------------------------------------------


@transaction.atomic
def publish(*, listing_id: int, expect: str, actor: User, now: datetime) -> Listing:
    """Two people of the department make public who is responsible for a state firm's arrears: the first proposes, the
    second agrees. Raises ListingRefused."""
    row = taken("publish", listing_id, expect, actor)
    if row.kind != Listing.Kind.ARREARS:
        raise ListingRefused("只有国有企业拖欠账款的责任追究才公示责任人员。")
    if row.public_from is not None:
        raise ListingRefused("已经公示。")
    today = local_date(now)
    if row.public_proposed_by_id is None:
        row.public_proposed_by = actor
        label = "提议公示"
    elif row.public_proposed_by_id == actor.pk:
        raise ListingRefused("已由您提议公示，须由本部门另一人同意。")
    else:
        row.public_second, row.public_from = actor, today
        label = "公示"
    save(row, actor, now)
    step(row, label, on=today, actor=actor, now=now)
    return row


# ---- over --------------------------------------------------------------------------------------------------


@transaction.atomic
def revoke(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """The decision should never have been (objection, review, court): as if it had not; responsible persons with it."""
    row = taken("revoke", listing_id, expect, actor)
    end(row, ListingState.REVOKED, text_of(reason, "reason", "撤销的理由", 500), actor, now)
    return row


@transaction.atomic
def revoke_by_answer(*, listing_id: int, reason: str, actor: User, now: datetime) -> Listing | None:
    """The unit has answered an objection by revoking, approved there by its second person: carried out, whoever of them is
    at hand. None where it is over already."""
    row = Listing.objects.select_for_update(of=("self",)).select_related("entry").get(pk=listing_id)
    if row.state not in REVOCABLE:
        return None
    end(row, ListingState.REVOKED, reason[:500], actor, now)
    return row


def end(row: Listing, after: str, reason: str, actor: User | None, now: datetime) -> None:
    today = local_date(now)
    row.state, row.ended_on, row.ended_by, row.end_reason = after, today, actor, reason
    if row.entry_id is not None and row.entry is not None:
        if after == ListingState.REVOKED:
            if row.entry.state != State.REVOKED:
                record.revoke_entry(entry_id=row.entry_id, operator=actor, now=now)
        elif row.entry.state == State.EFFECTIVE:
            record.end_entry(entry_id=row.entry_id, operator=actor, now=now, reason=reason)
    save(row, actor, now)
    label = {"exited": "移出名单", "revoked": "撤销列入决定", "refused": "不予列入"}[after]
    step(row, label, on=today, actor=actor, now=now)
    for person in Listing.objects.select_for_update(of=("self",)).filter(parent=row):
        if person.state in RUNNING:
            end(person, ListingState.REFUSED, "主体已不在名单上", actor, now)
        elif person.state == ListingState.IN_FORCE or (
            after == ListingState.REVOKED and person.state == ListingState.EXITED
        ):
            end(person, after, "主体已不在名单上", actor, now)


def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: whose term is over leaves the list. (A check goes by the entry's dates anyway.)"""
    over = Listing.objects.filter(state=ListingState.IN_FORCE, term_until__lt=local_date(now))
    done = 0
    for pk in list(over.order_by("term_until", "pk").values_list("pk", flat=True)[:200]):
        with transaction.atomic():
            row = (
                Listing.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("entry")
                .filter(pk=pk, state=ListingState.IN_FORCE)
                .first()
            )
            if row is not None:
                end(row, ListingState.EXITED, "列入期限届满", None, now)
                done += 1
    return done


# ---- parts -------------------------------------------------------------------------------------------------


def taken(act: str, listing_id: int, expect: str, actor: User) -> Listing:
    row = (
        Listing.objects.select_for_update(of=("self",))
        .select_related(
            "subject", "department", "region", "parent", "firm", "responsible", "entry", "proposed_by"
        )
        .get(pk=listing_id)
    )
    if row.department_id != actor.department_id:
        raise ListingRefused("名单由作出认定的部门办理。")
    if row.state != expect:
        raise ListingMoved(f"{row.number} 已办到“{row.get_state_display()}”，请看最新情况再办。")
    rule = ACTS[act]
    if row.state not in rule.before:
        raise ListingRefused(f"{row.number} {row.get_state_display()}，不能{rule.label}。")
    if not group_names(actor) & rule.roles:
        raise ListingRefused(f"{rule.label}由部门负责人办理。")
    return row


def text_of(value: str, field: str, label: str, most: int, *, least: int = 1) -> str:
    written = value.strip()
    if not written:
        raise ListingRefused(f"请填写{label}。", field=field)
    if len(written) < least:
        raise ListingRefused(
            f"{label}太短，请写清楚：至少 {least} 个字，现为 {len(written)} 个字。", field=field
        )
    if len(written) > most:
        raise ListingRefused(f"{label}最多 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written


def _check_grounds(row: Listing, act: str, on: date) -> None:
    """Somebody is put on a list on what is in the record, not on what was when the procedure began. Locks the grounds; persons'
    and arrears' procedures have none of their own."""
    grounds = listing_grounds.locked(row, on)
    if not grounds or not all(one.gone for one in grounds):
        return
    which = "；".join(f"{one.words}，{one.gone}" for one in grounds)
    way = ACTS["withdraw" if row.state == ListingState.OPENED else "refuse"].label
    raise ListingRefused(GROUNDS_GONE.format(which=which, act=ACTS[act].label, way=way))


def _check_term(row: Listing, until: date, field: str, today: date) -> None:
    if until <= today:
        raise ListingRefused("列入期限应在今天以后。", field=field)
    if row.parent is not None and row.parent.term_until and until > row.parent.term_until:
        raise ListingRefused(f"责任人员的期限不能超过主体的期限（{row.parent.term_until}）。", field=field)


def _day(day: date, field: str, label: str, *, not_before: date, today: date) -> None:
    if not not_before <= day <= today:
        raise ListingRefused(f"{label}应在 {not_before} 至 {today} 之间。", field=field)


def save(row: Listing, actor: User | None, now: datetime) -> None:
    note(row, actor=actor, now=now)
    row.save()


def step(
    row: Listing,
    label: str,
    *,
    on: date,
    actor: User | None,
    now: datetime,
    paper: str = "",
    title: str = "",
) -> None:
    document = listing_papers.keep(row, paper, title, actor=actor, now=now) if paper else None
    ListingStep.objects.create(listing=row, label=label, on=on, at=now, actor=actor, document=document)
    events.listing_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.department_id,
        listing_id=row.pk,
        number=row.number,
        state=row.state,
        on=on,
        sha256=document.sha256 if document else "",
    )

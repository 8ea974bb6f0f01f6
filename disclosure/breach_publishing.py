"""Publishing a breach and ending it (S0 一（三）, R74, R89, R92): decided by people, dated by policy, ended by itself.

Whether a breach is public is read from its dates alone (`breach_gate`); the step of the sweep only tells the feed
and the log what the dates have brought about.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Min, QuerySet

from commitments.breaches import matter_of
from commitments.models import BreachCase, Commitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import PublicityClass, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification import arrivals, correcting
from verification import services as verification
from verification.vocabulary import State as EntryState

from . import hooks
from . import publication_rules as pure
from .exchange import noting
from .models import BreachPublication, BreachReport
from .rules import PublicityRefused

Ending = BreachPublication.Ending
Reason = BreachPublication.Reason
BATCH = 500

ERROR_NOT_ACCEPTED = "上报尚未受理，不能决定公示。"
ERROR_REACH = "这件违诺不在您的管理范围内。"
ERROR_DECIDED = "这件违诺已有公示决定（{label}）；要改变时请先停止原来的公示。"
ERROR_ENDED = "这项公示已经停止。"
ERROR_REPAIRED = "这件违诺已经修复，不再公示。"


def publications_visible_to(user: User) -> QuerySet[BreachPublication]:
    return limit_to_visible(BreachPublication.objects.all(), user, department_field="case__department")


def to_decide(user: User) -> QuerySet[BreachCase]:
    """Accepted and served cases of the user's reach on whose publication nobody has decided, the oldest first."""
    rows = limit_to_visible(BreachCase.objects.all(), user)
    return (
        rows.filter(state=BreachCase.State.SERVED, report__state=BreachReport.State.ACCEPTED)
        .filter(publications__isnull=True, entry__state=EntryState.EFFECTIVE)
        .order_by("served_on", "id")
    )


# ---- the rule and the preview ------------------------------------------------------------------------------


def rule_for(case: BreachCase) -> policy.Value:
    """The publicity rule of a case: field × type × grade, in force on the day of the document. Raises policy.NoRule."""
    commitment = case.commitment
    return policy.value(
        "publicity",
        lineage=case.region.lineage,
        on=case.determined_on or case.opened_on,
        domain=commitment.item_version.domain if commitment.item_version else "",
        commitment_type=commitment.commitment_type,
        grade=case.grade,
    )


def period_for(case: BreachCase, *, decided_on: date) -> tuple[pure.Period, policy.Value]:
    """The days that a decision on `decided_on` would bring. Raises PublicityRefused: not served, an unconfirmed rule
    (it may remind, never start a publicity), or a maximum that is over."""
    if case.served_on is None or case.determined_on is None or case.state != BreachCase.State.SERVED:
        raise PublicityRefused(pure.ERROR_NOT_SERVED, field="publicity_class")
    try:
        rule = rule_for(case)
    except policy.NoRule as error:
        raise PublicityRefused(str(error), field="publicity_class") from error
    if not rule.confirmed:
        scope = f"{case.region}，程度{case.get_grade_display()}"
        raise PublicityRefused(pure.ERROR_UNCONFIRMED.format(scope=scope), field="publicity_class")
    # Published anew it is never longer, nor its repair later, than any publication of it before.
    before = case.publications.filter(publicity_class=PublicityClass.PUBLIC)
    over = before.filter(ending=Ending.MAXIMUM).first()
    if over is not None:
        raise PublicityRefused(pure.ERROR_OVER.format(until=over.public_until), field="publicity_class")
    period = pure.period(
        determined_on=case.determined_on,
        served_on=case.served_on,
        decided_on=decided_on,
        rule=rule.value,
        **before.aggregate(until=Min("public_until"), repairable_from=Min("repairable_from")),
    )
    return period, rule


# ---- deciding ----------------------------------------------------------------------------------------------


@transaction.atomic
def decide_publication(
    *,
    case_id: int,
    publicity_class: str,
    reason: str,
    actor: User,
    now: datetime,
    note_text: str = "",
    second: User | None = None,
) -> BreachPublication:
    """Give a served and accepted breach its class; a public one is public from today on for the days of the rule, or,
    where a platform above is the record of publication, from the day on which that has it (`shown_above`).

    A natural person's becomes public by `confirm` only. Raises PublicityRefused (field, Chinese message).
    """
    case = locked_case(case_id)
    check_running(case)
    pure.check_decision(
        subject_kind=case.commitment.subject_kind,
        grade=case.grade,
        publicity_class=publicity_class,
        reason=reason,
        note=note_text,
        first_id=actor.pk,
        first_groups=group_names(actor),
        second_id=second.pk if second else None,
        second_groups=group_names(second) if second else frozenset(),
    )
    for field, person in (("decided_by", actor), ("second", second)):
        if person and not in_reach(case, person):
            raise PublicityRefused(ERROR_REACH, field=field)
    if not BreachReport.objects.filter(case=case, state=BreachReport.State.ACCEPTED).exists():
        raise PublicityRefused(ERROR_NOT_ACCEPTED, field="publicity_class")
    if case.state != BreachCase.State.SERVED:
        raise PublicityRefused(pure.ERROR_NOT_SERVED, field="publicity_class")
    running = case.publications.filter(ended_at__isnull=True).first()
    if running is not None:
        raise PublicityRefused(
            ERROR_DECIDED.format(label=running.get_publicity_class_display()), field="publicity_class"
        )
    _check_commitment(case.commitment)
    today = local_date(now)
    public = publicity_class == PublicityClass.PUBLIC
    period, rule = period_for(case, decided_on=today) if public else (None, None)
    awaits = public and noting.platform_for(case.commitment.region) is not None
    publication = BreachPublication(
        case=case,
        publicity_class=publicity_class,
        reason=reason,
        note=note_text.strip()[:300],
        decided_at=now,
        decided_by=actor,
        second=second,
        public_from=period.public_from if period else None,
        public_until=period.public_until if period else None,
        repairable_from=period.repairable_from if period else _repairable(case),
        rule_basis=rule.basis if rule else "",
        rule_id=rule.rule_id if rule else None,
        awaits_platform=awaits,
        # What was put right once stays right when it is published anew.
        corrected=case.publications.order_by("-id").values_list("corrected", flat=True).first() or {},
        # An objection that is being looked into goes on, whichever publication it was made to.
        objection_under_way=case.entry is not None and case.entry.objection_under_way,
        is_demo=case.is_demo,
    )
    note(publication, actor=actor, now=now)
    try:
        with transaction.atomic():
            publication.save()
    except IntegrityError as error:
        raise PublicityRefused("这件违诺刚刚已由他人决定。", field="publicity_class") from error
    events.breach_publication_decided(
        now=now,
        actor_id=actor.pk,
        second_id=second.pk if second else None,
        department_id=actor.department_id,
        publication_id=publication.pk,
        case_id=case.pk,
        publicity_class=publicity_class,
        reason=reason,
        public_from=publication.public_from,
        public_until=publication.public_until,
    )
    if not awaits:
        _take_effect(publication, actor=actor, now=now)
    noting.note(commitment_id=case.commitment_id, now=now)
    return publication


@transaction.atomic
def shown_above(*, case_id: int, now: datetime) -> BreachPublication | None:
    """The platform has the breach, or there is none any more to wait for: it is public here, too, from today on and not
    a day longer than decided. None where nothing waits."""
    publication = (
        BreachPublication.objects.select_for_update(of=("self",))
        .select_related("case__commitment")
        .filter(case=case_id, ended_at__isnull=True, awaits_platform=True)
        .first()
    )
    if publication is None or publication.public_from is None or publication.public_until is None:
        return None
    today = local_date(now)
    publication.awaits_platform = False
    publication.public_from = min(max(publication.public_from, today), publication.public_until)
    note(publication, actor=None, now=now)
    publication.save(update_fields=["awaits_platform", "public_from"])
    _take_effect(publication, actor=None, now=now)
    return publication


def _take_effect(publication: BreachPublication, *, actor: User | None, now: datetime) -> None:
    """What a decision brings about from its first day on: the record's days, the duty met, the feed told."""
    case, today = publication.case, local_date(now)
    starts, ends = publication.public_from, publication.public_until
    if starts is not None and ends is not None and case.entry_id is not None:
        verification.set_entry_publicity(
            entry_id=case.entry_id,
            public_from=starts,
            public_until=ends,
            repairable_from=publication.repairable_from,
            actor=actor,
            now=now,
        )
    duties.meet_duty(
        rule_key="breach_publication", matter=matter_of(case), on=starts or today, now=now, actor=actor
    )
    if starts is not None and ends is not None and starts <= today <= ends:
        _announce(publication, now=now)


def _repairable(case: BreachCase) -> date | None:
    """An unpublished breach can be repaired, too: at once."""
    return case.served_on


def _check_commitment(commitment: Commitment) -> None:
    if commitment.voided_at is not None:
        raise PublicityRefused("这份承诺已作废，不能公示其违诺。", field="publicity_class")


# ---- ending and marking ------------------------------------------------------------------------------------


@transaction.atomic
def end_publication(
    *, publication_id: int, ending: str, actor: User | None, now: datetime
) -> BreachPublication | None:
    """Stop a publication everywhere from the next request on. None where it has ended already; told twice, once done."""
    publication = (
        BreachPublication.objects.select_for_update(of=("self",))
        .select_related("case__commitment")
        .get(pk=publication_id)
    )
    if publication.ended_at is not None:
        return None
    if publication.public_until is not None and publication.public_until < local_date(now):
        # It ran out before, only the sweep has not been there yet: the record says so, whatever is done to it now.
        ending = Ending.MAXIMUM
    publication.ended_at, publication.ending = now, Ending(ending)
    note(publication, actor=actor, now=now)
    publication.save()
    case = publication.case
    if case.entry_id is not None and publication.public_from is not None:
        # Where only the showing was wrong the entry stands; a revocation that follows says so itself.
        if ending in (Ending.CLASS_CHANGED, Ending.OBJECTION):
            verification.take_back_entry_publicity(entry_id=case.entry_id, actor=actor, now=now)
        elif ending != Ending.MAXIMUM:
            verification.end_entry_publicity(entry_id=case.entry_id, on=local_date(now), actor=actor, now=now)
    events.breach_publication_ended(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=case.department_id,
        publication_id=publication.pk,
        case_id=case.pk,
        ending=str(ending),
    )
    if publication.announced_at is not None:
        _tell_feed(publication, PublicChange.Kind.WITHDRAWN, "withdrawn", now=now)
    noting.note(commitment_id=case.commitment_id, now=now)
    hooks.run_after_breach_ended(publication=publication, now=now)
    return publication


@transaction.atomic
def end_by_office(*, publication_id: int, actor: User, now: datetime) -> BreachPublication | None:
    """The credit office takes its decision back: the class is to be decided anew. Raises PublicityRefused."""
    if pure.CREDIT_OFFICE not in group_names(actor):
        raise PublicityRefused(pure.ERROR_OFFICE, field="decided_by")
    if not publications_visible_to(actor).filter(pk=publication_id).exists():
        raise PublicityRefused(ERROR_REACH, field="decided_by")
    ended = end_publication(publication_id=publication_id, ending=Ending.CLASS_CHANGED, actor=actor, now=now)
    if ended is None:
        raise PublicityRefused(ERROR_ENDED, field="publicity_class")
    return ended


@transaction.atomic
def set_objection_mark(
    *, publication_id: int, under_way: bool, actor: User | None, now: datetime
) -> BreachPublication:
    """Show, or no longer show, 「异议处理中」 on page, API and record."""
    publication = BreachPublication.objects.select_for_update(of=("self",)).get(pk=publication_id)
    if publication.objection_under_way == under_way:
        return publication
    publication.objection_under_way = under_way
    note(publication, actor=actor, now=now)
    publication.save()
    case = BreachCase.objects.get(pk=publication.case_id)
    if case.entry_id is not None:
        verification.mark_objection(entry_id=case.entry_id, under_way=under_way, actor=actor, now=now)
    events.breach_marked(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=case.department_id,
        publication_id=publication.pk,
        case_id=case.pk,
        under_way=under_way,
    )
    if publication.announced_at is not None:
        _tell_feed(
            publication, PublicChange.Kind.CHANGED, f"objection:{under_way}:{now.isoformat()}", now=now
        )
    return publication


def tell_moved(publication: BreachPublication, *, cause: str, now: datetime) -> None:
    """Its days were moved by a changed rule: who follows the feed fetches it again."""
    if publication.announced_at is not None:
        _tell_feed(publication, PublicChange.Kind.CHANGED, cause, now=now)


@transaction.atomic
def correct_shown(
    *, publication_id: int, changes: Mapping[str, str], actor: User, now: datetime
) -> BreachPublication:
    """Put right what is shown of a determination, by point of the objection that was answered so (S2 四（四）4). The
    determination stays as it was signed; its written correction goes beside it. The platform gets a new version."""
    asked = (
        BreachPublication.objects.select_related("case").only("case", "case__entry").get(pk=publication_id)
    )
    arrivals.run_before_correction(entry_id=asked.case.entry_id)
    case = locked_case(asked.case_id)
    # It may have been published anew since the objection was made.
    publication = case.publications.select_for_update(of=("self",)).latest("pk")
    publication.corrected = publication.corrected | dict(changes)
    note(publication, actor=actor, now=now)
    publication.save()
    if (
        case.entry is not None
        and changes.get("document_no", case.entry.document_no) != case.entry.document_no
    ):
        correcting.correct_anew(
            entry_id=case.entry.pk,
            changes={"document_no": changes["document_no"]},
            reason="据异议的书面答复更正文书号",
            actor=actor,
            now=now,
            by_procedure=True,
        )
    if publication.announced_at is not None and publication.ended_at is None:
        _tell_feed(publication, PublicChange.Kind.CHANGED, f"corrected:{now.isoformat()}", now=now)
    noting.note(commitment_id=case.commitment_id, now=now)
    return publication


def on_statement(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After the subject has said something to its breach, or taken it back: a public one has changed."""
    for publication in case.publications.filter(ended_at__isnull=True, announced_at__isnull=False):
        _tell_feed(publication, PublicChange.Kind.CHANGED, f"statement:{now.isoformat()}", now=now)


def on_commitment_withdrawn(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """After a commitment was taken off the public surfaces: its breach, which names its clauses, goes with it."""
    running = BreachPublication.objects.filter(case__commitment=commitment, ended_at__isnull=True)
    for publication in running.filter(publicity_class=PublicityClass.PUBLIC):
        end_publication(publication_id=publication.pk, ending=Ending.CLASS_CHANGED, actor=actor, now=now)


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After revocation: no publication goes on."""
    for publication in case.publications.filter(ended_at__isnull=True):
        end_publication(publication_id=publication.pk, ending=Ending.REVOCATION, actor=actor, now=now)


# ---- by the clock ------------------------------------------------------------------------------------------


def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: tell what has become public, finish what has reached its maximum. Gives how many."""
    today = local_date(now)
    running = BreachPublication.objects.filter(publicity_class=PublicityClass.PUBLIC, ended_at__isnull=True)
    begun = running.filter(announced_at__isnull=True, awaits_platform=False, public_from__lte=today)
    over = running.filter(public_until__lt=today)
    done = 0
    for pk in list(begun.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        done += _announce_one(pk, now=now)
    for pk in list(over.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        ended = end_publication(publication_id=pk, ending=Ending.MAXIMUM, actor=None, now=now)
        done += ended is not None
    return done


@transaction.atomic
def _announce_one(pk: int, *, now: datetime) -> int:
    publication = (
        BreachPublication.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("case")
        .filter(pk=pk, announced_at__isnull=True, awaits_platform=False, ended_at__isnull=True)
        .first()
    )
    if publication is None:
        return 0
    _announce(publication, now=now)
    return 1


def _announce(publication: BreachPublication, *, now: datetime) -> None:
    publication.announced_at = now
    note(publication, actor=None, now=now)
    publication.save(update_fields=["announced_at"])
    events.breach_published(
        now=now,
        department_id=publication.case.department_id,
        publication_id=publication.pk,
        case_id=publication.case_id,
    )
    _tell_feed(publication, PublicChange.Kind.PUBLISHED, "published", now=now)


def _tell_feed(publication: BreachPublication, kind: PublicChange.Kind, which: str, *, now: datetime) -> None:
    """A natural person's breach is shown to whoever holds its address, and listed nowhere: not in the feed either."""
    if publication.case.commitment.subject_kind == pure.PERSON:
        return
    changes.record_change(
        kind=kind,
        resource="breach",
        reference=str(publication.uuid),
        key=f"breach:{publication.pk}:{which}",
        now=now,
    )


# ---- parts -------------------------------------------------------------------------------------------------


def locked_case(case_id: int) -> BreachCase:
    return (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("commitment__item_version", "region", "department")
        .get(pk=case_id)
    )


def check_running(case: BreachCase) -> None:
    """What has been repaired in the meantime is published no more."""
    if case.entry is not None and case.entry.state == EntryState.REPAIRED:
        raise PublicityRefused(ERROR_REPAIRED, field="publicity_class")


def in_reach(case: BreachCase, user: User) -> bool:
    return limit_to_visible(BreachCase.objects.filter(pk=case.pk), user).exists()

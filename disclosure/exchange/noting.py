"""Versions of what the platform is to hold, written in the transaction of the fact that makes a new one."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError, transaction

from commitments import collection_format as form
from commitments.breaches import matter_of
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.registry.models import CreditSubject, Department, Region, User
from disclosure.collection_values import commitment_values, corrected_values
from disclosure.models import BreachPublication, BreachReport, ExchangePlatform, ExchangeRecord
from disclosure.offices import NoOffice, nearest_office

from .wanting import Facts, Setting, Wanted, wanted

State, Operation = ExchangeRecord.State, ExchangeRecord.Operation
COMMITMENT = "commitment"
UPLOAD, COLLECTION = "commitment_upload", "platform_collection"
DATASET = ExchangeRecord.Dataset.COMMITMENT
SENT = (State.BATCHED, State.ACCEPTED, State.REJECTED)


def platform_for(region: Region) -> ExchangePlatform | None:
    """The platform to which records of a region go; None where they go nowhere."""
    return nearest(region, list(ExchangePlatform.objects.filter(is_active=True)))


def nearest(region: Region, active: list[ExchangePlatform]) -> ExchangePlatform | None:
    """The platform of a region, or of the nearest above that has one."""
    lineage = region.lineage
    above = [one for one in active if one.region_id in lineage]
    return min(above, key=lambda one: lineage.index(one.region_id), default=None)


def note(*, commitment_id: int, now: datetime) -> ExchangeRecord | None:
    """Write the next version of a commitment's record where the platform should hold something else than it was told.

    In the caller's transaction; asked again, nothing changes. None where there is nothing new or no platform.
    """
    # Signing waits for this: where no platform is set up at all, it is one question.
    active = list(ExchangePlatform.objects.filter(is_active=True))
    if not active:
        return None
    commitment = Commitment.objects.select_related("region", "department", "subject").get(pk=commitment_id)
    platform = nearest(commitment.region, active)
    return None if platform is None else note_one(commitment, platform, now=now)


def on_changed(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """After voiding or correction: the platform is to hold it no longer."""
    note(commitment_id=commitment.pk, now=now)


def on_fulfilment(*, commitment: Commitment, before: str, now: datetime) -> None:
    """After a change of status."""
    note(commitment_id=commitment.pk, now=now)


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After revocation: the breach goes from the platform's record, too."""
    duties.cancel_duties(
        matter=matter_of(case), now=now, actor=actor, reason="认定已撤销", rule_keys=[COLLECTION]
    )
    note(commitment_id=case.commitment_id, now=now)


def note_one(commitment: Commitment, platform: ExchangePlatform, *, now: datetime) -> ExchangeRecord | None:
    for attempt in (1, 2, 3):
        try:
            with transaction.atomic():
                return _next_version(commitment, platform, now=now)
        except IntegrityError:
            # Another act of the same moment has written this version; the next one is made from both.
            if attempt == 3:
                raise
    return None


def _next_version(
    commitment: Commitment, platform: ExchangePlatform, *, now: datetime
) -> ExchangeRecord | None:
    told = list(
        ExchangeRecord.objects.filter(platform=platform, commitment=commitment, dataset=DATASET).order_by(
            "-version"
        )[:1]
    )
    last = told[0] if told else None
    case, want = _wanted(commitment, platform)
    if want is None:
        return _withdraw(commitment, platform, last, now=now)
    overrides = {} if last is None else _kept_overrides(last, want)
    values = want.values | {number: written for number, (_, written) in overrides.items()}
    sha256 = form.fingerprint(values)
    if (
        last is not None
        and last.operation == Operation.PUT
        and last.sha256 == sha256
        and last.state != State.REPLACED
    ):
        return None
    replace(last)
    record = put(
        commitment, platform, values, running=want.running, version=last.version + 1 if last else 1, now=now
    )
    record.overrides = overrides
    if case is not None and want.breach:
        record.case, record.department = case, case.department
    record.save(force_insert=True)
    _open_duty(commitment, case, want, now=now)
    return record


def put(
    commitment: Commitment,
    platform: ExchangePlatform,
    values: dict[str, str],
    *,
    running: bool,
    version: int,
    now: datetime,
) -> ExchangeRecord:
    """A version that the platform is to hold, not stored yet; what is not in the format is said in it."""
    wrong = form.problems(values, running=running)
    return ExchangeRecord(
        platform=platform,
        commitment=commitment,
        department=commitment.department,
        region=commitment.region,
        number=commitment.code,
        version=version,
        operation=Operation.PUT,
        running=running,
        fields=values,
        sha256=form.fingerprint(values),
        state=State.INVALID if wrong else State.WAITING,
        reasons=[[str(number), text] for number, text in wrong],
        created_at=now,
        is_demo=commitment.is_demo,
    )


def _kept_overrides(last: ExchangeRecord, want: Wanted) -> dict[str, list[str]]:
    """What people corrected stays corrected as long as the portal itself gives what it gave then."""
    return {number: pair for number, pair in last.overrides.items() if want.values.get(number) == pair[0]}


def _withdraw(
    commitment: Commitment, platform: ExchangePlatform, last: ExchangeRecord | None, *, now: datetime
) -> ExchangeRecord | None:
    duties.cancel_duties(
        matter=_matter(commitment), now=now, actor=None, reason="不再报送", rule_keys=[UPLOAD]
    )
    if last is None or last.operation == Operation.WITHDRAW:
        return None
    sent = ExchangeRecord.objects.filter(
        platform=platform, commitment=commitment, dataset=DATASET, state__in=SENT, operation=Operation.PUT
    )
    replace(last)
    if not sent.exists():
        # The platform has never heard of it.
        return None
    return ExchangeRecord.objects.create(
        platform=platform,
        commitment=commitment,
        department=commitment.department,
        region=commitment.region,
        number=commitment.code,
        version=last.version + 1,
        operation=Operation.WITHDRAW,
        sha256=hashlib.sha256(f"{commitment.code} withdraw".encode()).hexdigest(),
        created_at=now,
        is_demo=commitment.is_demo,
    )


def replace(last: ExchangeRecord | None) -> None:
    if last is not None and last.state in (State.WAITING, State.INVALID):
        last.state = State.REPLACED
        last.save(update_fields=["state"])


def _wanted(commitment: Commitment, platform: ExchangePlatform) -> tuple[BreachCase | None, Wanted | None]:
    case, breach, breach_class = accepted_breach(commitment)
    return case, wanted_of(commitment, platform, breach=breach, breach_class=breach_class)


def wanted_of(
    commitment: Commitment,
    platform: ExchangePlatform,
    *,
    breach: dict[str, str] | None = None,
    breach_class: str = "",
) -> Wanted | None:
    """What a platform, as it is set, should hold of a commitment. Asks the database nothing."""
    facts = facts_of(commitment, breach=breach, breach_class=breach_class)
    setting = Setting(
        hold_running=platform.running == ExchangePlatform.Running.HOLD,
        supervisory_as_proof=platform.supervisory_as == ExchangePlatform.Supervisory.PROOF,
        since_reached=commitment.made_on >= platform.since,
    )
    return wanted(
        facts,
        setting,
        commitment_type=commitment.commitment_type,
        late_materials=commitment.late_materials,
    )


def facts_of(commitment: Commitment, *, breach: dict[str, str] | None, breach_class: str) -> Facts:
    """What there is to say of a commitment, with the breach that `accepted_breach` gives. Asks the database nothing."""
    return Facts(
        values=commitment_values(commitment),
        publicity_class=commitment.publicity_class,
        withdrawn=commitment.withdrawn_at is not None
        or commitment.voided_at is not None
        or commitment.public_from is None,
        fulfilment=commitment.fulfilment,
        breach=None if commitment.voided_at is not None else breach,
        breach_class=breach_class,
    )


def accepted_breach(commitment: Commitment) -> tuple[BreachCase | None, dict[str, str] | None, str]:
    """The case whose report is accepted and whose publication has not ended; the fields as they were accepted."""
    report = (
        BreachReport.objects.filter(case__commitment=commitment, state=BreachReport.State.ACCEPTED)
        .select_related("case__department")
        .order_by("-id")
        .first()
    )
    if report is None:
        return None, None, ""
    last = BreachPublication.objects.filter(case=report.case).order_by("-id").first()
    if last is not None and last.ended_at is not None:
        if last.ending != BreachPublication.Ending.CLASS_CHANGED:
            return report.case, None, ""
        last = None  # taken back by the office: to be decided anew
    sent = report.all_rounds.get(number=report.rounds)
    fields = dict(sent.fields) | corrected_values(report.case, last.corrected if last else {})
    return report.case, fields, last.publicity_class if last else ""


def _matter(commitment: Commitment) -> duties.Matter:
    return duties.Matter(COMMITMENT, commitment.pk, commitment.code)


def upload_due(commitment: Commitment, want: Wanted, office: Department, *, now: datetime) -> duties.Opening:
    """The duty to send a commitment up (R131): it runs from the commitment's day; where running ones are held back, from
    the day on which it was kept."""
    held = not want.running and not want.breach and commitment.made_on != local_date(now)
    return duties.Opening(
        _matter(commitment),
        office,
        commitment.region,
        local_date(now) if held else commitment.made_on,
        commitment_type=commitment.commitment_type,
        is_demo=commitment.is_demo,
    )


def _open_duty(commitment: Commitment, case: BreachCase | None, want: Wanted, *, now: datetime) -> None:
    """R131: a period for each. No rule, no duty: nothing is guessed."""
    with suppress(policy.NoRule, NoOffice):
        if case is None or not want.breach:
            opening = upload_due(commitment, want, nearest_office(commitment.region), now=now)
            duties.open_duties(rule_key=UPLOAD, openings=[opening], now=now)
        elif case.report.decided_at is not None:
            duties.open_duty(
                rule_key=COLLECTION,
                matter=matter_of(case),
                department=case.report.office,
                region=commitment.region,
                triggered_on=local_date(case.report.decided_at),
                now=now,
                commitment_type=commitment.commitment_type,
                grade=case.grade,
                is_demo=commitment.is_demo,
            )


def meet(records: Iterable[ExchangeRecord], *, now: datetime) -> None:
    """The platform has them: the duties to send them are met on this day."""
    today = local_date(now)
    for record in records:
        if record.operation != Operation.PUT:
            continue
        if record.commitment is None:
            # Of measures nobody has set a period.
            continue
        if record.interview is not None:
            matter = duties.Matter("interview", record.interview.pk, record.number)
            duties.meet_duty(rule_key=COLLECTION, matter=matter, on=today, now=now, actor=None)
        elif record.case is not None:
            duties.meet_duty(
                rule_key=COLLECTION, matter=matter_of(record.case), on=today, now=now, actor=None
            )
        else:
            duties.meet_duty(
                rule_key=UPLOAD, matter=_matter(record.commitment), on=today, now=now, actor=None
            )


def filled(record: ExchangeRecord, subject: CreditSubject) -> dict[str, str]:
    """The fields as they go out: a natural person's number is put in now, and kept nowhere else."""
    if record.fields.get("4") != form.SEALED:
        return dict(record.fields)
    return {**record.fields, "4": subject.id_number}

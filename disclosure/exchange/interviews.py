"""Interview records on their way to the platform (S1 十二「统一归集后纳入信用信息共享平台」, S4 9, R132)."""

import hashlib
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from commitments import collection_format as form
from commitments.models import BreachCase, Interview
from credit_portal.deadlines import duties, policy
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, User
from disclosure import interview_format
from disclosure.models import ExchangePlatform, ExchangeRecord
from disclosure.offices import NoOffice, nearest_office

from . import noting

State, Operation = ExchangeRecord.State, ExchangeRecord.Operation
INTERVIEW = ExchangeRecord.Dataset.INTERVIEW
SCAN = 200
RECORDED = (Interview.State.HELD, Interview.State.ABSENT)


def values_of(interview: Interview) -> dict[str, str]:
    """The fields of a recorded interview; a natural person's number is not among them."""
    commitment = interview.case.commitment
    person = commitment.subject_kind == codes.PERSON
    came = interview.state == Interview.State.HELD
    return {
        "1": interview.number,
        "2": commitment.subject_name,
        "3": str(CreditSubject.Kind(commitment.subject_kind).label),
        "4": form.SEALED if person else commitment.subject_code,
        "5": str(interview.get_kind_display()),
        "6": interview.reasons,
        "7": interview.held_on.isoformat() if interview.held_on else "",
        "8": interview_format.CAME[0 if came else 1],
        "9": interview.minutes,
        "10": interview.undertakings,
        "11": commitment.code,
        "12": interview.case.document_no,
        "13": interview.department.name,
        "14": interview.department.uscc,
        # It stands in the record for whoever may read that; nobody has decided that it is shown to the public.
        "15": form.CLASSES[1],
    }


def on_interview(*, interview: Interview, actor: User | None, now: datetime) -> None:
    """After an interview was recorded, or its determination revoked: the platform is to hold it, or no longer."""
    platform = noting.platform_for(interview.region)
    if platform is not None:
        _note(interview, platform, now=now)


def scan(*, now: datetime) -> int:
    """Step of the sweep: interviews that were recorded before the platform was there. Gives how many were new."""
    new = 0
    active = list(ExchangePlatform.objects.filter(is_active=True).select_related("region").order_by("id"))
    for platform in active:
        told = ExchangeRecord.objects.filter(platform=platform, dataset=INTERVIEW, interview=OuterRef("pk"))
        rows = Interview.objects.filter(
            ~Exists(told),
            state__in=RECORDED,
            held_on__gte=platform.since,
            region__path__startswith=platform.region.path,
            case__state=BreachCase.State.SERVED,
        )
        path = platform.region.path
        for other in active:
            # A region below may have one of its own.
            if other != platform and other.region.path.startswith(path):
                rows = rows.exclude(region__path__startswith=other.region.path)
        for interview in rows.order_by("pk")[:SCAN]:
            with transaction.atomic():
                new += _note(interview, platform, now=now) is not None
    return new


def _note(interview: Interview, platform: ExchangePlatform, *, now: datetime) -> ExchangeRecord | None:
    Interview.objects.select_for_update().get(pk=interview.pk)
    last = (
        ExchangeRecord.objects.filter(platform=platform, dataset=INTERVIEW, interview=interview)
        .order_by("-version")
        .first()
    )
    case = interview.case
    if case.state == BreachCase.State.REVOKED:
        return _withdraw(interview, platform, last, now=now)
    if last is not None or interview.state not in RECORDED:
        # What was recorded is never changed.
        return None
    values = values_of(interview)
    wrong = interview_format.problems(values)
    record = _version(
        interview, platform, 1, Operation.PUT, now=now,
        fields=values,
        sha256=form.fingerprint(values),
        state=State.INVALID if wrong else State.WAITING,
        reasons=[[str(number), text] for number, text in wrong],
    )  # fmt: skip
    # No rule, no duty: nothing is guessed.
    with suppress(policy.NoRule, NoOffice):
        duties.open_duty(
            rule_key=noting.COLLECTION,
            matter=matter_of(interview),
            department=nearest_office(interview.region),
            region=interview.region,
            triggered_on=interview.held_on or interview.invited_on,
            now=now,
            is_demo=interview.is_demo,
        )
    return record


def _withdraw(
    interview: Interview, platform: ExchangePlatform, last: ExchangeRecord | None, *, now: datetime
) -> ExchangeRecord | None:
    duties.cancel_duties(matter=matter_of(interview), now=now, actor=None, reason="认定已撤销")
    if last is None or last.operation == Operation.WITHDRAW:
        return None
    noting.replace(last)
    if not ExchangeRecord.objects.filter(
        platform=platform, interview=interview, state__in=noting.SENT, operation=Operation.PUT
    ).exists():
        # The platform has never heard of it.
        return None
    return _version(
        interview, platform, last.version + 1, Operation.WITHDRAW, now=now,
        sha256=hashlib.sha256(f"{interview.number} withdraw".encode()).hexdigest(),
    )  # fmt: skip


def _version(
    interview: Interview,
    platform: ExchangePlatform,
    version: int,
    operation: str,
    *,
    now: datetime,
    **more: object,
) -> ExchangeRecord:
    return ExchangeRecord.objects.create(
        platform=platform,
        dataset=INTERVIEW,
        interview=interview,
        commitment=interview.case.commitment,
        department=interview.department,
        region=interview.region,
        number=interview.number,
        version=version,
        operation=operation,
        created_at=now,
        is_demo=interview.is_demo,
        **more,
    )


def matter_of(interview: Interview) -> duties.Matter:
    return duties.Matter("interview", interview.pk, interview.number)

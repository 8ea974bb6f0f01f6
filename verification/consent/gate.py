"""The one way by which a record or report leaves for somebody else than its subject or the unit that may see it: by a consent
in force at that moment, or by a named exception of the law (S3 三（三）, R113). What goes out is a row.

A check gives a department its answer, never the record; it stands as a row of its own and is counted as the release that it
is (`counting.py`), not written twice.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User
from verification.checking.handling import CheckError
from verification.models import Consent, CreditReport, EvaluationPassing, Release

from . import exceptions
from .rules import RECORD, WORDS, Asked, Given, Why, nearest, why_not

NOT_FOR_THAT = "主体没有为所填的用途作出同意，不能提供。"
NO_CONSENT = "没有这份同意，或者不是这个主体提供给本部门的。"
NO_EXCEPTION = "本地区没有文件允许不经主体同意提供，不能提供。"


class NotReleased(CheckError):
    """It may not go out. `why` is what the rule says."""

    def __init__(self, why: Why, message: str = "") -> None:
        super().__init__(message or WORDS[why])
        self.why = why


def key_of(consent: Consent) -> str:
    """The recipient of a consent, one and the same for one and the same: a department is the body that it is."""
    if consent.department is not None:
        return unit_key(consent.department)
    return body_key(consent.body_code) if consent.body_code else f"person:{consent.person_id_index}"


def unit_key(department: Department) -> str:
    return body_key(department.uscc)


def body_key(code: str) -> str:
    """A body by its code, whether or not it is a department of the portal."""
    return f"unit:{code}"


def person_key(number: str) -> str:
    """A person by its number, which is kept as a keyed hash only."""
    return f"person:{Consent.person_id.index_of(number)}"


def as_given(consent: Consent) -> Given:
    return Given(
        consent.subject_id,
        key_of(consent),
        consent.scope,
        frozenset(consent.parts),
        consent.given_at,
        consent.expires_on,
        consent.withdrawn_at,
    )


def refusal(
    consent: Consent | None,
    *,
    subject: CreditSubject,
    recipient: str,
    scope: str,
    parts: Iterable[str],
    now: datetime,
) -> Why | None:
    """None where this consent lets it go."""
    asked = Asked(subject.pk, recipient, scope, frozenset(parts), _at(consent, now), local_date(now))
    return why_not(as_given(consent) if consent else None, asked)


def _at(consent: Consent | None, now: datetime) -> datetime:
    """The moment that counts. Whoever has waited for the lock while the subject withdrew, comes after that."""
    return max(now, consent.withdrawn_at) if consent and consent.withdrawn_at else now


def in_force(consent: Consent, *, now: datetime) -> Why | None:
    """None where a consent holds for what it names itself."""
    given = as_given(consent)
    return why_not(
        given,
        Asked(given.subject, given.recipient, given.scope, given.parts, _at(consent, now), local_date(now)),
    )


def consent_for(
    *,
    subject: CreditSubject | None,
    department: Department,
    scope: str,
    now: datetime,
    parts: Collection[str] = (),
    purpose: str = "",
    number: str = "",
) -> Consent:
    """The consent by which a department may be told: of those with this purpose and number, where they are given, one of just
    this scope before a wider one, and the newest. `parts`: none for all that it names. Raises NotReleased with why the nearest
    does not, CheckError where there is none of this number."""
    found = Consent.objects.filter(subject=subject, department=department).select_related(
        "subject", "department"
    )
    if number:
        found = found.filter(number=number)
        if subject is None or not found.exists():
            # A wrong number is typed anew: nothing was asked for yet.
            raise CheckError(NO_CONSENT, field="consent")
    if purpose:
        found = found.filter(purpose=purpose)
    rows = list(found.order_by("-pk")[:100]) if subject is not None else []
    refused = []
    for row in sorted(rows, key=lambda row: row.scope != scope):
        why = refusal(
            row, subject=row.subject, recipient=unit_key(department), scope=scope, parts=parts or row.parts, now=now,
        )  # fmt: skip
        if why is None:
            return row
        refused.append(why)
    raise NotReleased(nearest(refused), NOT_FOR_THAT if purpose and not refused else "")


@transaction.atomic
def release(
    *,
    subject: CreditSubject,
    recipient: str,
    recipient_shown: str,
    scope: str,
    parts: Collection[str],
    purpose: str,
    sha256: str,
    now: datetime,
    consent_id: int | None = None,
    exception: str = "",
    report: CreditReport | None = None,
    actor: User | None = None,
    partner: PartnerSystem | None = None,
    access: SubjectAccess | None = None,
) -> Release:
    """Let a record or report go, and keep that it went. By `consent_id`, or by the code of an `exception`: exactly one.

    The consent is locked, so that a withdrawal at the same moment comes before or after. Raises NotReleased, nothing kept.
    """
    if (consent_id is None) == (not exception):
        raise ValueError("Exactly one of consent and exception.")
    consent, article = None, ""
    if consent_id is not None:
        consent = (
            Consent.objects.select_for_update(of=("self",))
            .select_related("subject", "department")
            .filter(pk=consent_id)
            .first()
        )
        why = refusal(consent, subject=subject, recipient=recipient, scope=scope, parts=parts, now=now)
        if why is not None:
            raise NotReleased(why)
    else:
        basis = exceptions.basis_of(exception, lineage=subject.region.lineage, on=local_date(now))
        if basis is None:
            raise NotReleased(Why.NONE, NO_EXCEPTION)
        article = basis.article
    row = Release.objects.create(
        subject=subject,
        region_id=subject.region_id,
        consent=consent,
        exception=exception,
        article=article,
        recipient=recipient_shown,
        purpose=purpose,
        scope=scope,
        parts=list(parts),
        report=report,
        sha256=sha256,
        at=now,
        by=actor,
        partner=partner,
        access=access,
        is_demo=subject.is_demo,
    )
    said = f"同意 {consent.number}" if consent else exceptions.EXCEPTIONS[exception].label
    _tell(row, said, now=now, actor=actor, partner=partner)
    return row


# ---- many subjects at once ---------------------------------------------------------------------------------


def consents_among(
    *, subject_ids: Collection[int], code: str, parts: Collection[str], now: datetime
) -> tuple[dict[int, Consent], dict[int, Why]]:
    """Of many subjects the newest consent each by which a body may be told parts of their records, locked until the end of the
    transaction; and for all others why not. One query."""
    wanted, recipient = frozenset(parts), body_key(code)
    rows = (
        Consent.objects.select_for_update(of=("self",))
        .select_related("department")
        .filter(Q(body_code=code) | Q(department__uscc=code), subject__in=subject_ids)
        .order_by("pk")
        if code
        else []
    )
    fitting: dict[int, Consent] = {}
    refused: dict[int, list[Why]] = {pk: [] for pk in subject_ids}
    for row in rows:
        asked = Asked(row.subject_id, recipient, RECORD, wanted, _at(row, now), local_date(now))
        why = why_not(as_given(row), asked)
        if why is None:
            fitting[row.subject_id] = row
        else:
            refused[row.subject_id].append(why)
    return fitting, {pk: nearest(why) for pk, why in refused.items() if pk not in fitting}


@transaction.atomic
def release_together(
    *,
    consents: Collection[Consent],
    passing: EvaluationPassing,
    recipient: str,
    parts: Collection[str],
    sha256: str,
    actor: User,
    now: datetime,
) -> None:
    """Keep that one file told a recipient of many subjects, each by its own consent, as `consents_among` has found and locked
    them. A constant number of queries."""
    subjects = CreditSubject.objects.in_bulk([one.subject_id for one in consents])
    made = Release.objects.bulk_create(
        [
            Release(
                subject_id=one.subject_id,
                region_id=subjects[one.subject_id].region_id,
                consent=one,
                recipient=recipient,
                purpose=one.purpose_shown,
                scope=RECORD,
                parts=list(parts),
                passing=passing,
                sha256=sha256,
                at=now,
                by=actor,
                is_demo=subjects[one.subject_id].is_demo,
            )
            for one in consents
        ],
        batch_size=2_000,
    )
    with together():
        for row, one in zip(made, consents, strict=True):
            _tell(row, f"同意 {one.number}", now=now, actor=actor)


def no_longer(passing: EvaluationPassing, *, now: datetime) -> int:
    """How many of those whose file this is have withdrawn their consent since, or let it run out; all of them are locked."""
    rows = Consent.objects.select_for_update(of=("self",)).filter(releases__passing=passing).order_by("pk")
    return sum(in_force(one, now=now) is not None for one in rows.select_related("department"))


def _tell(
    row: Release, basis: str, *, now: datetime, actor: User | None, partner: PartnerSystem | None = None
) -> None:
    events.record_released(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=_department(actor, partner),
        release_id=row.pk,
        subject_id=row.subject_id,
        basis=basis,
        scope=str(row.get_scope_display()),
        sha256=row.sha256,
    )


@transaction.atomic
def note_refusal(
    *,
    subject: CreditSubject | None,
    why: Why,
    now: datetime,
    actor: User | None = None,
    partner: PartnerSystem | None = None,
) -> None:
    """That somebody asked and was refused. In a transaction of its own: that of the asking has been undone."""
    events.release_refused(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=_department(actor, partner),
        subject_id=subject.pk if subject else None,
        why=str(why),
    )


def _department(actor: User | None, partner: PartnerSystem | None) -> int | None:
    return actor.department_id if actor else partner.department_id if partner else None

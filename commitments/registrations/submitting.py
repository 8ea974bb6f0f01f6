"""Signing for what is registered: one commitment to the truth of a list, with the authorisation to use it, through the portal's
own signing (S0 三（二）「对信息真实性公开作出信用承诺，授权网站…共享与应用」; R42). Signed, the list goes to the departments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from commitments import drafting
from commitments.concluding import SigningError
from commitments.models import (
    Commitment,
    Draft,
    Registration,
    RegistrationBatch,
    RegistrationStep,
    RegistrationVerifier,
    TextVersion,
)
from commitments.online import beginning
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.outbox import notices
from credit_portal.registry import catalogue, groups, numbering
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    Region,
    ServiceItemVersion,
    SubjectAccess,
    User,
)

from .filling import RULE, matter_of, own, step
from .rules import RegistrationError, State, digest, list_line

# The blank of the text by which the portal knows it: filled by the portal, never by hand.
KEY = "登记清单"
MOST_AT_ONCE = 20
VOLUNTARY = CommitmentType.VOLUNTARY
NO_ITEM = "本地区还没有开通自愿注册的真实性承诺，请与信用办联系。"
NO_DEPARTMENT = "本地区没有可以核实的部门，请与信用办联系。"
FROM_HERE = "自愿注册的真实性承诺从“自愿注册”页面进入签署。"
CHANGED = "登记的内容在准备签署以后有了变化，请回到“自愿注册”重新准备签署。"
WORKS = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)


def item_for(region: Region, now: datetime) -> ServiceItemVersion | None:
    """The catalogue's item for the commitment to truth: one signed online whose own text has the blank of the list. The own
    region's before its parents'."""
    texts = TextVersion.objects.filter(
        status=TextVersion.Status.PUBLISHED, blanks__key=KEY, text__commitment_type=VOLUNTARY
    )
    found = catalogue.current_items(lineage=region.lineage, on=local_date(now)).filter(
        online=True, allowed_types=[VOLUNTARY], item__in=texts.values("text__item")
    )
    lineage = region.lineage
    return min(found, key=lambda one: (lineage.index(one.item.region_id), one.pk), default=None)


def verifier_of(region: Region, kind: str) -> Department | None:
    """The department that verifies a kind in a region: as named there, else above, else the credit office."""
    lineage = region.lineage
    named = RegistrationVerifier.objects.filter(
        region__in=lineage, kind=kind, department__is_active=True
    ).select_related("department__region")
    first = min(named, key=lambda one: lineage.index(one.region_id), default=None)
    if first is not None:
        return first.department
    offices = Department.objects.filter(
        region__in=lineage, kind=Department.Kind.CREDIT_OFFICE, is_active=True
    ).select_related("region")
    return min(offices, key=lambda one: (lineage.index(one.region_id), one.pk), default=None)


@transaction.atomic
def prepare(*, access: SubjectAccess, uuids: Sequence[UUID], now: datetime) -> Draft:
    """Put a list together and begin signing for it: read and signed on the pages of every online commitment. Prepared
    again, the list is made anew. Raises RegistrationError, DraftError."""
    if not uuids:
        raise RegistrationError("请勾选要提交的信息。")
    if len(set(uuids)) > MOST_AT_ONCE:
        raise RegistrationError(f"一次最多提交 {MOST_AT_ONCE} 条。")
    subject = CreditSubject.objects.select_for_update().get(pk=access.subject_id)
    rows = [own(uuid, access) for uuid in dict.fromkeys(uuids)]
    if any(row.state != State.DRAFT for row in rows):
        raise RegistrationError("勾选的信息中有已经提交的，请刷新后再试。")
    today = local_date(now)
    if over := [row for row in rows if row.valid_until is not None and row.valid_until < today]:
        raise RegistrationError(f"“{over[0].title}”的证明已经到期，请换成有效的证明。")
    if any(verifier_of(subject.region, row.kind) is None for row in rows):
        raise RegistrationError(NO_DEPARTMENT)
    item = item_for(subject.region, now)
    if item is None:
        raise RegistrationError(NO_ITEM)
    draft = beginning.begin(access=access, item_version_id=item.pk, now=now)
    batch = _batch(draft, subject, rows, now)
    if draft.step == Draft.Step.CHECK:
        draft = beginning.check(
            draft_id=draft.pk, access=access, commitment_type=VOLUNTARY, case_ref="", now=now
        )
    if draft.step in (Draft.Step.READ, Draft.Step.SIGN):
        drafting.save_blanks(draft_id=draft.pk, clerk=access, values={KEY: _line(batch)}, now=now)
    return draft


def _line(batch: RegistrationBatch) -> str:
    return list_line(batch.number, batch.rows, batch.sha256)


def _batch(
    draft: Draft, subject: CreditSubject, rows: Sequence[Registration], now: datetime
) -> RegistrationBatch:
    batch = RegistrationBatch.objects.select_for_update().filter(draft=draft).first()
    if batch is None:
        batch = RegistrationBatch(
            draft=draft,
            subject=subject,
            number=numbering.document_number("ZC", subject.region_id, local_date(now).year),
        )
    batch.sha256, batch.rows, batch.made_at = digest(rows), len(rows), now
    batch.save()
    batch.entries.filter(state=State.DRAFT).update(batch=None)
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(batch=batch)
    return batch


def on_signed(*, commitment: Commitment, now: datetime) -> None:
    """The list was signed for: each of it goes to its department, with a term. In the transaction of the signing."""
    if commitment.commitment_type != VOLUNTARY or commitment.text_version is None:
        return
    if not commitment.text_version.blanks.filter(key=KEY).exists():
        return
    batch = RegistrationBatch.objects.select_for_update().filter(draft=commitment.draft_id).first()
    if batch is None:
        raise SigningError(FROM_HERE)
    rows = list(
        batch.entries.select_for_update(of=("self",))
        .select_related("proof", "subject__region", "region", "access")
        .order_by("pk")
    )
    signed = any(_line(batch) in str(clause["text"]) for clause in commitment.content)
    if (
        not signed
        or len(rows) != batch.rows
        or digest(rows) != batch.sha256
        or any(row.state != State.DRAFT for row in rows)
    ):
        raise SigningError(CHANGED)
    batch.commitment = commitment
    batch.save(update_fields=["commitment"])
    for row in rows:
        row.batch = batch
        _submit(row, now)
    _tell_departments(rows, now)


def _submit(row: Registration, now: datetime) -> None:
    department = verifier_of(row.subject.region, row.kind)
    if department is None:
        raise SigningError(NO_DEPARTMENT)
    row.state, row.department, row.submitted_at = State.SUBMITTED, department, now
    row.region = department.region
    row.save(update_fields=["state", "department", "region", "submitted_at"])
    try:
        duties.open_duty(
            rule_key=RULE,
            matter=matter_of(row),
            department=department,
            region=department.region,
            triggered_on=local_date(now),
            now=now,
            is_demo=row.is_demo,
        )
    except policy.NoRule as error:
        raise SigningError(str(error)) from error
    step(row, RegistrationStep.Kind.SUBMITTED, now=now, access=row.access)


def _tell_departments(rows: Iterable[Registration], now: datetime) -> None:
    by_department: dict[int, list[Registration]] = {}
    for row in rows:
        by_department.setdefault(row.department_id or 0, []).append(row)
    notices.notify_many(
        [
            notices.Told(
                people_of(department_id),
                key=f"registration:{own_rows[0].batch_id}:{department_id}",
                kind="registration",
                title=f"自愿注册登记清单 {own_rows[0].batch.number} 有 {len(own_rows)} 条等待核实",
                link="/desk/registration/",
            )
            for department_id, own_rows in by_department.items()
        ],
        now=now,
    )


def people_of(department_id: int) -> list[User]:
    """Who works on registrations in a department."""
    return list(
        User.objects.filter(department=department_id, is_active=True, groups__name__in=WORKS).distinct()
    )

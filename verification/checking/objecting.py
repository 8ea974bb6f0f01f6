"""Whoever disputes a check shows, within the procedure, one of three kinds of document; the decision of the item is the
cut-off: what is shown later does not count in it, and the other ways stay open (S0 二（三）, R61)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import User
from verification import services
from verification.models import Check, CheckNotice, CheckObjection, CreditEntry

from .handling import DECIDES, CheckError, decided_in, not_decided, noted, open_objections, taken, text
from .looking import File

State = CheckObjection.State
LATE = "本事项已作出决定，这份材料仅不用于本次办理；异议、修复、复议、诉讼不受影响。"


def disputable(check: Check) -> list[int]:
    """The entries that have made the answer worse, in the order of the reasons."""
    found = [one["entry_id"] for one in check.reasons if one["harmful"] and one["entry_id"] is not None]
    return list(dict.fromkeys(found))


@transaction.atomic
def tell(*, check_id: int, acknowledged_by: str, actor: User, now: datetime) -> CheckNotice:
    """The applicant was told answer, reasons, ways and the cut-off, and has said so; the paper is kept as printed."""
    check = taken(check_id, actor)
    not_decided(check)
    known = CheckNotice.objects.filter(check_made=check).first()
    if known is not None:
        return known
    who = text(acknowledged_by, "acknowledged_by", "知悉人", 60)
    pdf = render_pdf(
        render_to_string(
            "verification/paper/check_notice.html",
            {
                "check": check,
                "on": local_date(now),
                "acknowledged_by": who,
                "demonstration": check.subject.is_demo,
            },
        ),
        identifier=check.number.encode(),
        title=f"信用核查结果告知书 {check.number}",
    )
    document = store_evidence(
        content=pdf,
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type="application/pdf",
        original_name=f"信用核查结果告知书 {check.number}.pdf",
        actor=actor,
        department=check.department,
        now=now,
    )
    row = CheckNotice.objects.create(
        check_made=check, told_at=now, told_by=actor, acknowledged_by=who, document=document
    )
    noted(check, "告知核查结果和异议期限", actor=actor, now=now, sha256=document.sha256)
    return row


@transaction.atomic
def file(
    *,
    check_id: int,
    entry_id: int,
    proof: str,
    document_no: str,
    issuer: str,
    issued_on: date,
    document: File | None,
    actor: User,
    now: datetime,
) -> CheckObjection:
    """Take in what was shown against an entry. After the decision it is kept, and does not count (state `late`).

    Raises CheckError by field, EvidenceRefused for a file that is no picture or PDF.
    """
    check = taken(check_id, actor)
    if entry_id not in disputable(check):
        raise CheckError("请选择影响了本次结论的记录。", field="entry")
    if proof not in CheckObjection.Proof.values:
        raise CheckError("请选择材料种类：结案证明、修复证明或者其他法律文书。", field="proof")
    if issued_on > local_date(now):
        raise CheckError("出具日期不能晚于今天。", field="issued_on")
    if document is None:
        raise CheckError("请附上材料的扫描件或者照片。", field="document")
    late = decided_in(check) is not None
    if not late:
        not_decided(check)
    if not late and open_objections(check).filter(entry=entry_id).exists():
        raise CheckError("这条记录已有异议材料在核实。", field="entry")
    row = CheckObjection(
        check_made=check,
        entry_id=entry_id,
        proof=proof,
        document_no=text(document_no, "document_no", "文书号", 100),
        issuer=text(issuer, "issuer", "出具机关", 200),
        issued_on=issued_on,
        document=store_evidence(
            content=document.content,
            kind=EvidenceFile.Kind.DOCUMENT,
            content_type=document.content_type,
            original_name=document.name,
            actor=actor,
            department=check.department,
            now=now,
        ),
        filed_at=now,
        filed_by=actor,
        state=State.LATE if late else State.FILED,
    )
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise CheckError("这条记录已有异议材料在核实。", field="entry") from error
    if not late:
        _tell_deciders(row, check, now)
    noted(
        check,
        "决定以后提交异议材料，不用于本次办理" if late else "提交异议材料",
        actor=actor,
        now=now,
        sha256=row.document.sha256,
    )
    return row


@transaction.atomic
def answer(
    *, check_id: int, objection_id: int, believe: bool, answer: str, actor: User, now: datetime
) -> CheckObjection:
    """Another person looks at the document: believed, the entry does not count in this procedure, and whoever keeps the
    record is told to put it right. Raises CheckError."""
    check = taken(check_id, actor, *DECIDES)
    not_decided(check)
    row = (
        CheckObjection.objects.select_for_update(of=("self",))
        .select_related("entry")
        .filter(check_made=check, pk=objection_id, state=State.FILED)
        .first()
    )
    if row is None:
        raise CheckError("没有待核实的异议材料。")
    if row.filed_by_id == actor.pk:
        raise CheckError("异议材料须由登记人以外的另一人核实。")
    row.state = State.BELIEVED if believe else State.REFUSED
    row.answer = text(answer, "answer", "核实意见")
    row.answered_at, row.answered_by = now, actor
    note(row, actor=actor, now=now)
    row.save()
    noted(
        check, f"{'采信' if believe else '不采信'}{row.get_proof_display()}", actor=actor, now=now,
        sha256=row.document.sha256,
    )  # fmt: skip
    notices.notify_many(
        [
            notices.Told(
                [row.filed_by],
                f"objection:{row.pk}:{row.state}",
                "check",
                f"核查 {check.number} 的异议材料：{row.get_state_display()}",
                "",
                f"/desk/checks/{check.uuid}/#objection",
            )
        ],
        now=now,
    )
    if believe:
        _tell_keepers(row, row.entry, check, now)
    return row


def _tell_deciders(row: CheckObjection, check: Check, now: datetime) -> None:
    """The matter cannot be decided before somebody else has looked at the document."""
    others = User.objects.filter(
        department=check.department_id, groups__name__in=list(DECIDES), is_active=True
    ).exclude(pk=row.filed_by_id)
    notices.notify_many(
        [
            notices.Told(
                list(others.distinct()),
                f"objection:{row.pk}:filed",
                "check",
                f"核查 {check.number} 收到异议材料，请核实",
                "",
                f"/desk/checks/{check.uuid}/#objection",
            )
        ],
        now=now,
    )


def _tell_keepers(row: CheckObjection, entry: CreditEntry, check: Check, now: datetime) -> None:
    """The record itself is still wrong everywhere else: those who keep it are told."""
    people = User.objects.filter(is_active=True).distinct()
    keepers = (
        people.filter(department=entry.department_id, groups__name__in=[groups.OFFICER, groups.HEAD])
        if entry.department_id
        else people.filter(department__region=check.region_id, groups__name=groups.CREDIT_OFFICE)
    )
    notices.notify_many(
        [
            notices.Told(
                list(keepers),
                f"objection:{row.pk}:believed",
                "check",
                f"核查中采信了{row.get_proof_display()}，请核实并更新记录",
                f"{entry.get_kind_display()} {entry.document_no}；{row.issuer} {row.document_no}".strip(),
                "",
            )
        ],
        now=now,
    )


def recheck(*, check_id: int, actor: User, now: datetime) -> Check:
    """Look at the record again in the same procedure: what has been believed counts, what has changed counts, too."""
    with transaction.atomic():
        check = taken(check_id, actor)
        not_decided(check)
        if open_objections(check).exists():
            raise CheckError("有异议材料还没有核实，请先核实再重新核查。")
        if services.still_holds(check, on=local_date(now)) and check.on_day == local_date(now):
            raise CheckError("记录和材料没有变化，不需要重新核查。")
        return services.check_subject(
            subject=check.subject,
            item_version=check.item_version,
            commitment_type=check.commitment_type,
            late_materials=check.late_materials,
            case_ref=check.case_ref,
            purpose=check.purpose,
            operator=actor,
            now=now,
            step=check.step,
            follows=check,
        )

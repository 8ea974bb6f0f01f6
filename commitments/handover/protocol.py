"""What could not be taken, as a table, and the list (移交清单) that giver and receiver sign, kept as evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string

from commitments.bulk.jobs import DOES, BulkRefused
from commitments.bulk.keeping import waiting_of
from commitments.models import BulkFault, BulkJob, HandoverProtocol
from credit_portal.audit import events
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.documents.workbook import Book
from credit_portal.registry.models import User
from credit_portal.registry.numbering import document_number
from credit_portal.registry.visibility import has_role

from . import summing

# How many rows the paper names; the table names all of them.
LISTED = 300
MOST_NAME = 60
LETTER = "YJ"


@dataclass(frozen=True)
class Sides:
    """`giver`: empty for the department whose register it is."""

    giver_person: str
    receiver: str
    receiver_person: str
    on: date
    giver: str = ""


def counts_of(job: BulkJob) -> dict[str, int]:
    return {
        name: getattr(job, name)
        for name in ("total", "good", "same", "different", "bad", "breaches", "new_subjects")
    }


def rows_of(job: BulkJob) -> Iterable[tuple[str, str, str]]:
    """(row, own number, why) of each row that was not taken."""
    faults = BulkFault.objects.filter(job=job).order_by("row")
    for row, number, kind, told in faults.values_list("row", "number", "kind", "faults").iterator(
        chunk_size=2_000
    ):
        yield str(row), number, summing.DIFFERENT if kind == BulkFault.Kind.DIFFERENT else in_words(told)


def in_words(told: Iterable[tuple[str, str]]) -> str:
    return "".join(f"【{column}】{text}" for column, text in told)


def workbook(job: BulkJob) -> bytes:
    """The report as xlsx: totals, by reason, each row with its own number."""
    book = Book()
    page = book.page("汇总")
    page.set_column(0, 0, 26)
    page.set_column(1, 3, 50)
    lines = [("项目", "数目或内容", "", "")]
    lines += [(label, text, "", "") for label, text in totals(job)]
    lines += [("原因（列）", "原因", "行数", "最先的几行")]
    lines += [
        (one["column"], one["text"], str(one["count"]), firsts(one["first"]))
        for one in job.summary.get("reasons", [])
    ]
    book.write(page, lines)
    page = book.page("没有接收的行")
    page.set_column(0, 1, 22)
    page.set_column(2, 2, 100)
    book.write(page, [("原表行号", "原编号", "原因"), *rows_of(job)])
    return book.content()


def firsts(first: Iterable[tuple[int, str]]) -> str:
    return "；".join(f"第 {row} 行{f'（{own}）' if own else ''}" for row, own in first)


def totals(job: BulkJob) -> list[tuple[str, str]]:
    return [
        ("登记簿", str(job.mapping)),
        ("移交单位", job.department.name),
        ("文件", job.name),
        ("文件校验值（SHA-256）", job.file.sha256),
        ("行数", str(job.total)),
        ("可以接收" if job.dry_run else "接收", str(job.good)),
        ("其中载有违诺、待认定", str(job.breaches)),
        ("新登记主体", str(job.new_subjects)),
        ("其中写明全部履行", _kept(job)),
        ("原已接收、内容相同", str(job.same)),
        ("内容不同、没有覆盖", str(job.different)),
        ("有误、没有接收", str(job.bad)),
    ]


def _kept(job: BulkJob) -> str:
    """What the register tells of as kept in full, and how much of it somebody else has confirmed by now (R62)."""
    if not job.kept or job.dry_run:
        return f"{job.kept}{'（接收后待另一人确认）' if job.kept else ''}"
    waiting = waiting_of(job).count()
    return f"{job.kept}（待另一人确认 {waiting}，已确认 {job.kept_confirmed}）"


@transaction.atomic
def make(*, job_id: int, sides: Sides, actor: User, now: datetime) -> HandoverProtocol:
    """The list of a reception that is done, once. Raises BulkRefused (`giver_person`, `receiver`, `receiver_person`)."""
    job = (
        BulkJob.objects.select_for_update(of=("self",))
        .select_related("mapping__department", "department", "file", "owner", "trial__owner")
        .get(pk=job_id)
    )
    if job.department_id != actor.department_id or not has_role(actor, *DOES):
        raise BulkRefused("移交清单由移交单位制作。")
    if job.mapping is None or job.dry_run or job.state != BulkJob.State.DONE:
        raise BulkRefused("正式接收完成以后才能制作移交清单。")
    if HandoverProtocol.objects.filter(job=job).exists():
        raise BulkRefused("这次移交的清单已经制作。")
    for name in ("giver_person", "receiver", "receiver_person"):
        if not getattr(sides, name).strip():
            raise BulkRefused("须填写。", field=name)
    number = document_number(LETTER, job.department.region_id, now.year)
    row = HandoverProtocol(
        number=number, job=job, department=job.department,
        giver=sides.giver.strip() or job.department.name, giver_person=sides.giver_person.strip(), receiver=sides.receiver.strip(),
        receiver_person=sides.receiver_person.strip(), on=sides.on, counts=counts_of(job),
        file_sha256=job.file.sha256, made_by=actor, made_at=now, is_demo=job.is_demo,
    )  # fmt: skip
    try:
        content = _pdf(row, job)
    except UnprintableText as error:
        raise BulkRefused(f"清单里有打印不出的字：{error}") from error
    row.pdf = store_evidence(
        content=content, kind=EvidenceFile.Kind.DOCUMENT, content_type="application/pdf", original_name=f"移交清单-{number}.pdf",
        actor=actor, department=job.department, now=now,
    )  # fmt: skip
    row.save(force_insert=True)
    events.handover_protocol(
        now=now, actor_id=actor.pk, department_id=job.department_id, protocol_id=row.pk, number=number,
        sha256=job.file.sha256, good=job.good, bad=job.bad + job.different,
    )  # fmt: skip
    return row


def _pdf(row: HandoverProtocol, job: BulkJob) -> bytes:
    listed: list[tuple[str, str, str]] = []
    for one in rows_of(job):
        if len(listed) == LISTED:
            break
        listed.append(one)
    told: dict[str, Any] = {
        "one": row,
        "job": job,
        "totals": totals(job),
        "reasons": [one | {"firsts": firsts(one["first"])} for one in job.summary.get("reasons", [])],
        "rows": listed,
        "more": job.bad + job.different - len(listed),
        "tried_by": job.trial.owner if job.trial else None,
        "demonstration": row.is_demo,
    }
    html = render_to_string("commitments/paper/handover.html", told)
    return render_pdf(html, identifier=f"{row.number} handover".encode(), title=f"移交清单 {row.number}")

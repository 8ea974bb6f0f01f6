"""What an objection is to: the record, whose it is, who made it, and what of it may be wrong. The points are named as the
record's own fields; those that can be corrected on the site say so, all else is for its maker to undo."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from commitments.models import BreachCase, Commitment
from credit_portal.registry.models import CreditSubject, Department, Region
from disclosure.act_gate import public_acts
from disclosure.acts.fields import fields_of
from disclosure.acts.standing import latest_act
from disclosure.acts.uploading import values_of
from disclosure.breach_gate import public_breaches
from disclosure.gate import public_commitments
from disclosure.models import AdministrativeAct, BreachPublication, Objection, TypicalCase
from disclosure.person_gate import public_persons
from disclosure.typical_gate import public_cases
from verification import correcting
from verification.models import CreditEntry, Listing

Of = Objection.Of
OTHER = "other"
CLAUSE = "clause_"
# Subject and code of an act stand for whose it is: wrong there, it is another act.
FIXED_OF_ACTS = frozenset({"subject_name", "subject_kind", "subject_code"})


@dataclass(frozen=True)
class Point:
    """Something that a record says. `changes`: it can be corrected here; `among`: the only values that it may take."""

    key: str
    label: str
    value: str = ""
    changes: bool = False
    most: int = 200
    among: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Target:
    """A record that somebody objects to. `column`: of Objection, which holds `row`; `subject` is None for a typical case."""

    of: str
    column: str
    row: Model
    subject: CreditSubject | None
    department: Department | None
    region: Region
    number: str
    title: str
    address: str
    points: tuple[Point, ...]

    def point(self, key: str) -> Point | None:
        return next((one for one in self.points if one.key == key), None)


def public_target(of: str, *, now: datetime) -> Target | None:
    """What `of` in the address names («breach:<uuid>»), where it is public at `now`; else None."""
    kind, _, key = of.partition(":")
    found = _PUBLIC.get(kind)
    return found(key.replace("\0", ""), now) if found else None


def is_shown(target: Target, *, now: datetime) -> bool:
    """Whether everybody can see the record at `now`."""
    row = target.row
    if isinstance(row, BreachPublication):
        return bool(public_breaches(now).filter(pk=row.pk).exists())
    if isinstance(row, Commitment):
        return bool(public_commitments(now).filter(pk=row.pk).exists())
    if isinstance(row, AdministrativeAct):
        return bool(public_acts(now).filter(pk=row.pk).exists())
    if isinstance(row, TypicalCase):
        return bool(public_cases().filter(pk=row.pk).exists())
    return False


def target_of(objection: Objection) -> Target:
    """The record of an objection as it stands now, public or not: where it was put right since, what stands in its place."""
    if objection.act_id is not None:
        return _of_act(_acts().get(pk=latest_act(objection.act_id)))
    if objection.entry_id is not None:
        return target_of_entry(_entries().get(pk=correcting.latest_of(objection.entry_id)))
    return objected_of(objection)


def objected_of(objection: Objection) -> Target:
    """The very row that was objected to."""
    if objection.of == Of.BREACH:
        return _of_publication(_publications().get(pk=objection.publication_id))
    if objection.of == Of.COMMITMENT:
        return _of_commitment(_commitments().get(pk=objection.commitment_id))
    if objection.of == Of.ACT:
        return _of_act(_acts().get(pk=objection.act_id))
    if objection.of == Of.CASE:
        return _of_case(_cases().get(pk=objection.typical_case_id))
    return target_of_entry(_entries().get(pk=objection.entry_id))


def entries_of_matter(objection: Objection) -> list[int]:
    """The entries of the record that are this matter: the one that stands now, and all that were put right on the way to it."""
    entry_id = objection.entry_id
    if objection.publication is not None:
        entry_id = objection.publication.case.entry_id
    elif objection.act is not None:
        entry_id = objection.act.entry_id
    return correcting.chain_of(correcting.latest_of(entry_id)) if entry_id is not None else []


def target_of_entry(entry: CreditEntry) -> Target:
    """An entry of the record, shown to its subject and to whoever checks."""
    owner = owner_of(entry)
    plain = owner is None
    days = "写作 2026-01-31"
    points = (
        Point("title", "名称", entry.title, plain, 300),
        Point("source", "来源", entry.source, plain, 200),
        Point(
            "document_no",
            "文书号",
            entry.document_no,
            plain and "document_no" not in correcting.fixed_of(entry.pk),
            100,
        ),
        Point("basis", "依据", entry.basis, plain, 300),
        Point("from_on", f"自（{days}）", _day(entry.from_on), plain, 10),
        Point("until_on", f"至（{days}）", _day(entry.until_on), plain, 10),
        Point(OTHER, "其他内容"),
    )
    return Target(
        Of.ENTRY, "entry", entry, entry.subject, entry.department, entry.region,
        entry.document_no or f"记录 {entry.pk}", f"{entry.get_kind_display()}：{entry.title}"[:300], "", points,
    )  # fmt: skip


def own_target(subject: CreditSubject, number: str, *, now: datetime) -> Target | None:
    """An entry of a subject's own record, by its number; what is public of it where it is: there the mark is seen."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    entry = _entries().filter(subject=subject, pk=int(number)).exclude(kind="breach", served_on=None).first()
    if entry is None:
        return None
    owner = owner_of(entry)
    if isinstance(owner, BreachCase):
        public = public_breaches(now).filter(case=owner).values_list("pk", flat=True).first()
        return _of_publication(_publications().get(pk=public)) if public else target_of_entry(entry)
    if isinstance(owner, AdministrativeAct) and public_acts(now).filter(pk=owner.pk).exists():
        return _of_act(_acts().get(pk=owner.pk))
    return target_of_entry(entry)


def owner_of(entry: CreditEntry) -> BreachCase | AdministrativeAct | Listing | None:
    """The procedure that made an entry and corrects it in its own way. It has gone on with the new entry where this one was put
    right."""
    standing = correcting.latest_of(entry.pk)
    return (
        BreachCase.objects.filter(entry=standing).first()
        or AdministrativeAct.objects.filter(entry=standing).first()
        or Listing.objects.filter(entry=standing).first()
    )


# ---- by kind -----------------------------------------------------------------------------------------------


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _publications() -> Any:
    return BreachPublication.objects.select_related(
        "case__commitment", "case__subject", "case__department__region", "case__region"
    )


def _commitments() -> Any:
    return Commitment.objects.select_related("subject", "department__region", "region")


def _acts() -> Any:
    return AdministrativeAct.objects.select_related("subject", "department__region", "region", "entry")


def _entries() -> Any:
    return CreditEntry.objects.select_related("subject", "department__region", "region")


def _cases() -> Any:
    return TypicalCase.objects.select_related("department__region", "region", "office__region")


def _public_breach(key: str, now: datetime) -> Target | None:
    found = _uuid(key) and public_breaches(now).filter(uuid=_uuid(key)).values_list("pk", flat=True).first()
    return _of_publication(_publications().get(pk=found)) if found else None


def _public_commitment(key: str, now: datetime) -> Target | None:
    found = public_commitments(now).filter(code=key[:20]).values_list("pk", flat=True).first()
    return _of_commitment(_commitments().get(pk=found)) if found else None


def _public_act(key: str, now: datetime) -> Target | None:
    found = _uuid(key) and public_acts(now).filter(uuid=_uuid(key)).values_list("pk", flat=True).first()
    return _of_act(_acts().get(pk=found)) if found else None


def _public_case(key: str, now: datetime) -> Target | None:
    found = _uuid(key) and public_cases().filter(uuid=_uuid(key)).values_list("pk", flat=True).first()
    return _of_case(_cases().get(pk=found)) if found else None


def _public_listing(key: str, now: datetime) -> Target | None:
    """A responsible person beside its firm: what is objected to is its entry."""
    found = _uuid(key) and public_persons(now).filter(uuid=_uuid(key)).values_list("entry", flat=True).first()
    return target_of_entry(_entries().get(pk=found)) if found else None


_PUBLIC: dict[str, Callable[[str, datetime], Target | None]] = {
    "breach": _public_breach,
    "commitment": _public_commitment,
    "act": _public_act,
    "case": _public_case,
    "listing": _public_listing,
}


def _of_publication(row: BreachPublication) -> Target:
    case, said = row.case, row.corrected
    clauses = tuple(
        Point(
            f"{CLAUSE}{one.clause_no}",
            f"第 {one.clause_no} 条未履行的内容",
            said.get(f"{CLAUSE}{one.clause_no}", one.not_kept),
            True,
            1000,
        )
        for one in case.clauses.order_by("clause_no")
    )
    points = (
        Point("subject", "违诺主体", case.commitment.subject_name),
        Point("item", "承诺事由", case.commitment.item_name),
        Point("outcome", "是否违诺和程度", f"{case.get_outcome_display()}，{case.get_grade_display()}"),
        *clauses,
        Point("document_no", "认定书文号", said.get("document_no", case.document_no), True, 60),
        Point("determined_on", "认定日期", _day(case.determined_on)),
        Point("liability", "违诺责任追究内容", said.get("liability", case.liability), True, 4000),
        Point(
            "reconsideration_body", "行政复议机关", said.get("reconsideration_body", case.reconsideration_body),
            True,
        ),
        Point("court", "有管辖权的人民法院", said.get("court", case.court), True),
        Point("period", "公示期", f"{_day(row.public_from)} 至 {_day(row.public_until)}"),
        Point(OTHER, "其他内容"),
    )  # fmt: skip
    return Target(
        Of.BREACH, "publication", row, case.subject, case.department, case.region, case.document_no,
        f"违诺公示：{case.commitment.item_name}"[:300], f"/breaches/{row.uuid}/", points,
    )  # fmt: skip


def _of_commitment(row: Commitment) -> Target:
    status = Commitment.Fulfilment
    # What was kept in full is said by record; that something was not kept, by a determination alone.
    among = ((str(status.FULFILLED), str(status.FULFILLED.label)),)
    points = (
        Point("subject", "承诺主体", row.subject_name),
        Point("item", "承诺事由", row.item_name),
        Point("content", "承诺的内容"),
        Point("valid_until", "有效期", _day(row.valid_until) or "没有期限"),
        Point(
            "fulfilment", "履行状态", row.get_fulfilment_display(), row.fulfilment != status.FULFILLED, 10,
            among,
        ),
        Point("public", "不应当公开"),
        Point(OTHER, "其他内容"),
    )  # fmt: skip
    return Target(
        Of.COMMITMENT, "commitment", row, row.subject, row.department, row.region, row.code,
        f"信用承诺：{row.item_name}"[:300], f"/commitments/{row.code}/", points,
    )  # fmt: skip


def _of_act(row: AdministrativeAct) -> Target:
    told = values_of(row)
    points = tuple(
        Point(
            one.key,
            one.head,
            row.subject.shown_code if one.key == "subject_code" else told.get(one.key, ""),
            one.key not in FIXED_OF_ACTS,
            one.most or 200,
            tuple((word, word) for word in one.among) if one.sort == "one" else (),
        )
        for one in fields_of(row.kind)
    )
    return Target(
        Of.ACT, "act", row, row.subject, row.department, row.region, row.document_no,
        f"{row.get_kind_display()}：{row.document_name}"[:300], f"/acts/{row.uuid}/",
        (*points, Point(OTHER, "其他内容")),
    )  # fmt: skip


def _of_case(row: TypicalCase) -> Target:
    points = (
        Point("recognised", "能够认出是谁"),
        Point("problem", "情况和问题"),
        Point("action", "主要做法"),
        Point("effect", "成效"),
        Point(OTHER, "其他内容"),
    )
    return Target(
        Of.CASE, "typical_case", row, None, row.department, row.region, row.number, f"典型案例：{row.title}",
        f"/cases/{row.uuid}/", points,
    )  # fmt: skip

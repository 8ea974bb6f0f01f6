"""The catalogue goes to the province (R21, S2 四（一）): a dated package with everything in it and its hashes, then the note
that it was filed, then the receipt. Each counts its changes from the last one that was filed."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from commitments.models import TextVersion
from commitments.text_rules import PLEDGE, show_blanks
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import workbook
from credit_portal.documents.pdf import render_pdf
from credit_portal.registry import numbering
from credit_portal.registry.models import Region, ServiceItem, ServiceItemVersion, User
from credit_portal.registry.reach import KEEPERS, check_reach
from disclosure.models import CatalogueFiling, ItemRules

from . import own_rules
from .columns import LABELS, in_words
from .coverage import coverage
from .exporting import as_xlsx, regions_of, versions_of

RECIPIENT = "省社会信用体系建设领导小组办公室"
ADDED, CHANGED, RETIRED = "新增", "调整", "停用"
_AT = (2000, 1, 1, 0, 0, 0)  # the same content gives the same bytes
Changes = list[dict[str, Any]]


@dataclass(frozen=True)
class Letter:
    """What the bureau writes on top: to whom, and the number of the letter."""

    letter_no: str
    recipient: str = RECIPIENT


def filings_of(user: User) -> QuerySet[CatalogueFiling]:
    """Of the own region and below, the newest first, without the packages."""
    return (
        CatalogueFiling.objects.filter(region__in=regions_of(user))
        .select_related("department", "region", "packed_by", "filed_by", "before")
        .defer("content", "snapshot")
        .order_by("-pk")
    )


def last_filed(region: Region) -> CatalogueFiling | None:
    return (
        CatalogueFiling.objects.filter(region=region, filed_on__isnull=False)
        .defer("content")
        .order_by("-filed_on", "-pk")
        .first()
    )


# ---- changes -----------------------------------------------------------------------------------------------


def changes_since(
    before: Mapping[str, int],
    now: Sequence[ServiceItemVersion],
    *,
    older: Mapping[tuple[str, int], ServiceItemVersion],
    retired: Mapping[str, date | None],
) -> Changes:
    """What has been added, changed and taken out since a filing: pure. `before`: version numbers by item code; `older`:
    those versions; `retired`: the day of items that are in the catalogue no more."""
    found: Changes = []
    current = {one.item.code: one for one in now}
    for code, version in current.items():
        if code not in before:
            found.append(_change(ADDED, version, version.valid_from))
        elif before[code] != version.number:
            old = older.get((code, before[code]))
            fields = [
                LABELS[name]
                for name in LABELS
                if old is not None
                and in_words(name, getattr(old, name)) != in_words(name, getattr(version, name))
            ]
            found.append(_change(CHANGED, version, version.valid_from, fields))
    for code, number in before.items():
        if code not in current:
            gone = older.get((code, number))
            found.append(
                {
                    "deed": RETIRED, "code": code, "name": gone.name if gone else code, "number": number,
                    "on": str(retired.get(code) or ""), "fields": [],
                }
            )  # fmt: skip
    order = (ADDED, CHANGED, RETIRED)
    return sorted(found, key=lambda one: (order.index(one["deed"]), one["code"]))


def _change(
    deed: str, version: ServiceItemVersion, on: date | None, fields: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "deed": deed, "code": version.item.code, "name": version.name, "number": version.number,
        "on": str(on or ""), "fields": list(fields),
    }  # fmt: skip


def pending(region: Region, *, on: date) -> tuple[CatalogueFiling | None, Changes]:
    """The last filing of a region and what has changed since. Four queries."""
    last = last_filed(region)
    return last, _changes(region, last, versions_of([region.code], on=on))


def _changes(region: Region, last: CatalogueFiling | None, versions: Sequence[ServiceItemVersion]) -> Changes:
    snapshot: dict[str, int] = last.snapshot if last else {}
    older = {
        (one.item.code, one.number): one
        for one in ServiceItemVersion.objects.filter(item__code__in=snapshot, item__region=region)
        .select_related("item", "occupation")
    } if snapshot else {}  # fmt: skip
    retired = dict(ServiceItem.objects.filter(code__in=snapshot).values_list("code", "retired_on"))
    return changes_since(snapshot, versions, older=older, retired=retired)


# ---- packed ------------------------------------------------------------------------------------------------


@transaction.atomic
def pack(*, region: Region, letter: Letter, actor: User, now: datetime) -> CatalogueFiling:
    """Make the package of a region's catalogue as of today. Raises ValidationError, UnprintableText."""
    check_reach(actor, region, *KEEPERS)
    office = actor.department
    if office is None:
        raise ValidationError("这个账号还没有归属部门。")
    today = local_date(now)
    versions = versions_of([region.code], on=today)
    if not versions:
        raise ValidationError("本地区目录里还没有生效的事项，没有可以备案的内容。")
    last = last_filed(region)
    row = CatalogueFiling(
        number=numbering.document_number("I", region.code, today.year), department=office, region=region,
        as_of=today, recipient=letter.recipient.strip(), letter_no=letter.letter_no.strip(), before=last,
        changes=_changes(region, last, versions),
        snapshot={one.item.code: one.number for one in versions}, packed_at=now, packed_by=actor,
    )  # fmt: skip
    row.content = _zipped(row, versions)
    row.sha256 = hashlib.sha256(row.content).hexdigest()
    row.full_clean(exclude=["content"])
    row.save(force_insert=True)
    _tell(row, "编制", actor, now)
    return row


def _zipped(row: CatalogueFiling, versions: Sequence[ServiceItemVersion]) -> bytes:
    texts = list(
        TextVersion.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=row.as_of),
            status__in=[TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN],
            valid_from__lte=row.as_of,
            text__region=row.region_id,
        )
        .select_related("text__item", "text__department", "adopts__text")
        .prefetch_related("clauses", "blanks")
        .order_by("text__code")
    )
    rules = list(
        own_rules.in_force(row.as_of)
        .filter(item__region=row.region_id)
        .select_related("item")
        .order_by("item__code")
    )
    files = {
        "1-报送函.pdf": _letter(row, versions, texts, rules),
        "2-信用承诺应用事项目录.xlsx": as_xlsx(versions, today=row.as_of),
        "3-变化和覆盖情况.xlsx": _changes_book(row, versions),
        "4-实施细则目录.xlsx": _rules_book(rules),
    }
    files |= {f"5-承诺书文本/{one.text.code}.txt": text_file(one).encode() for one in texts}
    files |= {f"6-实施细则/{one.item.code}.txt": rules_file(one).encode() for one in rules}
    manifest = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, "校验清单.sha256": manifest.encode()}.items():
            entry = zipfile.ZipInfo(name, _AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def _letter(
    row: CatalogueFiling,
    versions: Sequence[ServiceItemVersion],
    texts: Sequence[TextVersion],
    rules: Sequence[ItemRules],
) -> bytes:
    html = render_to_string(
        "disclosure/paper/catalogue_filing.html",
        {
            "filing": row,
            "items": len(versions),
            "texts": len(texts),
            "rules": len(rules),
            "tally": [
                (deed, len([one for one in row.changes if one["deed"] == deed]))
                for deed in (ADDED, CHANGED, RETIRED)
            ],
            "demonstration": row.department.is_demo,
        },
    )
    return render_pdf(
        html, identifier=row.number.encode(), title=f"信用承诺应用事项目录报送函 {row.letter_no}"
    )


def _changes_book(row: CatalogueFiling, versions: Sequence[ServiceItemVersion]) -> bytes:
    lines = [["变化", "事项编码", "事项名称", "版本", "日期", "变化的内容"]]
    lines += [
        [one["deed"], one["code"], one["name"], str(one["number"]), one["on"], "、".join(one["fields"])]
        for one in row.changes
    ]
    areas = [["领域（监管辅助型）", "事项数", "事项编码"]]
    areas += [
        [one.area.label, str(len(one.items)), "、".join(version.item.code for version in one.items)]
        for one in coverage(versions)
    ]
    return workbook.tables([("变化", lines), ("监管辅助型覆盖", areas)])


def _rules_book(rules: Sequence[ItemRules]) -> bytes:
    lines = [["事项编码", "名称", "文号", "印发单位", "印发日期", "施行日期", "版本"]]
    lines += [
        [
            one.item.code, one.title, one.document_no, one.issuer, one.issued_on.isoformat(),
            one.effective_from.isoformat(), str(one.number),
        ]
        for one in rules
    ]  # fmt: skip
    return workbook.tables([("实施细则", lines)])


def text_file(version: TextVersion) -> str:
    """A text as a plain file: everything that its fingerprint covers, in words, and the fingerprint."""
    labels = {blank.key: blank.label for blank in version.blanks.all()}
    clauses = [
        f"{row.number}. {'' if row.kind == PLEDGE else '（违诺责任）'}{show_blanks(row.body, labels)}"
        for row in version.clauses.all()
    ]
    adopted = version.adopts
    head = [
        version.title,
        f"文本编码：{version.text.code}　第 {version.number} 版　{version.valid_from} 起施行",
        f"来源：{version.text.get_origin_display()}",
        *(
            [f"采用的示范文本：{adopted.text.code} 第 {adopted.number} 版，校验值 {adopted.sha256}"]
            if adopted
            else []
        ),
        f"专用事项：{version.text.item.code if version.text.item else '通用'}",
        f"校验值（SHA-256）：{version.sha256}",
        f"适用范围：{version.scope}",
    ]
    parts = [
        *head,
        "",
        *clauses,
        "",
        "告知书",
        version.notice,
        "",
        "个人信息处理告知",
        version.privacy_notice,
    ]
    return "\n".join(parts).replace("\r\n", "\n") + "\n"


def rules_file(rules: ItemRules) -> str:
    lines = [
        rules.title,
        f"{rules.document_no or '（无文号）'}　{rules.issuer}　{rules.issued_on} 印发，{rules.effective_from} 起施行",
    ]
    for name in own_rules.PARTS:
        lines += ["", str(ItemRules._meta.get_field(name).verbose_name), getattr(rules, name)]
    return "\n".join(lines).replace("\r\n", "\n") + "\n"


# ---- filed -------------------------------------------------------------------------------------------------


@transaction.atomic
def note_filed(*, filing_id: int, on: date, actor: User, now: datetime) -> CatalogueFiling:
    """Note that the package has gone to the province on a day. Raises ValidationError by field."""
    row = _locked(filing_id, actor)
    if row.filed_on is not None:
        raise ValidationError(f"已登记于 {row.filed_on} 报送。")
    if not row.as_of <= on <= local_date(now):
        raise ValidationError({"on": f"报送日期应在编制之日 {row.as_of} 与今天之间。"})
    last = last_filed(row.region)
    if last is not None and last.pk != row.before_id:
        raise ValidationError(f"编制以后另一份 {last.number} 已经报送，变化须从它算起。请重新编制。")
    row.filed_on, row.filed_by = on, actor
    row.save(update_fields=["filed_on", "filed_by"])
    _tell(row, f"报送，{on}", actor, now)
    return row


@transaction.atomic
def note_receipt(*, filing_id: int, receipt_no: str, on: date, actor: User, now: datetime) -> CatalogueFiling:
    """Enter the receipt, once. Raises ValidationError by field."""
    row = _locked(filing_id, actor)
    number = receipt_no.replace("\0", "").strip()
    if row.filed_on is None:
        raise ValidationError("先登记报送，再登记回执。")
    if row.receipt_no:
        raise ValidationError(f"已登记回执 {row.receipt_no}。")
    if not number or len(number) > 60:
        raise ValidationError({"receipt_no": "请填写回执编号，最多 60 个字。"})
    if not row.filed_on <= on <= local_date(now):
        raise ValidationError({"on": f"回执日期应在报送之日 {row.filed_on} 与今天之间。"})
    row.receipt_no, row.receipt_on = number, on
    row.save(update_fields=["receipt_no", "receipt_on"])
    _tell(row, f"回执，{on}", actor, now)
    return row


def _locked(filing_id: int, actor: User) -> CatalogueFiling:
    row = (
        CatalogueFiling.objects.select_for_update(of=("self",))
        .select_related("region")
        .defer("content")
        .get(pk=filing_id)
    )
    check_reach(actor, row.region, *KEEPERS)
    return row


def _tell(row: CatalogueFiling, step: str, actor: User, now: datetime) -> None:
    events.catalogue_filing(
        now=now, actor_id=actor.pk, department_id=row.department_id, filing_id=row.pk, number=row.number,
        step=step, sha256=row.sha256,
    )  # fmt: skip

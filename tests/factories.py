"""Small plain makers of valid rows for tests. Every call gives a new row with codes whose check digits are right.

Regions are the tree of `REGIONS`; whoever needs another instance of anything passes it in by keyword.
"""

import itertools
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import Group
from stdnum.cn import ric, uscc

from commitments.models import (
    Blank,
    BreachCase,
    Clause,
    ClauseWarning,
    Commitment,
    CommitmentText,
    RequiredContent,
    TextVersion,
    WarningRule,
)
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItem,
    ServiceItemVersion,
    SubjectName,
    User,
)
from disclosure.models import ProgressReport, TypicalCase, TypicalPublication
from repair.models import RepairApplication
from verification.models import CreditEntry, EntryMeasure, ListMethod, UsageList

PASSWORD = "correct horse battery staple"
NOW = datetime(2026, 9, 14, 10, 30, tzinfo=SHANGHAI)
TODAY = NOW.date()

# code: (name, parent)
REGIONS: dict[str, tuple[str, str | None]] = {
    "000000": ("全国", None),
    "130000": ("河北省", "000000"),
    "130100": ("石家庄市", "130000"),
    "130111": ("栾城区", "130100"),
    "130129": ("赞皇县", "130100"),
    "410000": ("河南省", "000000"),
    "410100": ("郑州市", "410000"),
    "410103": ("二七区", "410100"),
}
_numbers = itertools.count(1)


def organisation_code(number: int | None = None, *, prefix: str = "91", region: str = "130111") -> str:
    """A 统一社会信用代码 with a right check character; the same number gives the same code."""
    number = next(_numbers) if number is None else number
    body = f"{prefix}{region}MA{number:07d}"
    return body + uscc.calc_check_digit(body)


def id_number(number: int | None = None, *, region: str = "130111", born: date = date(1985, 3, 7)) -> str:
    """A 居民身份证号码 with a right check character; numbers from 1 to 999 give different ones per birthday."""
    number = next(_numbers) if number is None else number
    body = f"{region}{born:%Y%m%d}{number % 1000:03d}"
    return body + ric.calc_check_digit(f"{body}0")


def misprinted(code: str) -> str:
    """The code with another last character: never a right one, whichever number the counter had come to."""
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def region(code: str = "130111") -> Region:
    """A region of the tree together with everything above it."""
    name, parent_code = REGIONS[code]
    parent = region(parent_code) if parent_code else None
    path = f"{parent.path}/{code}" if parent else code
    found, _ = Region.objects.get_or_create(
        code=code, defaults={"name": name, "parent": parent, "path": path}
    )
    return found


def _region(value: Region | str | None) -> Region:
    return value if isinstance(value, Region) else region(value or "130111")


def department(*, region: Region | str | None = None, **fields: Any) -> Department:
    place = _region(region)
    number = next(_numbers)
    values: dict[str, Any] = {
        "uscc": organisation_code(number, prefix="11", region=place.code),
        "name": f"{place.name}第{number}测试局",
        "short_name": f"测试局{number}",
        "kind": Department.Kind.COMPETENT,
        "region": place,
        "address": f"{place.name}测试路{number}号",
        "phone": "0311-80000000",
    }
    return Department.objects.create(**(values | fields))


def staff(
    group: str | tuple[str, ...] = groups.CLERK, *, department: Department | None = None, **fields: Any
) -> User:
    """A member of staff in one group or several, able to log in with `PASSWORD`."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "username": f"staff{number}",
        "display_name": f"测试人员{number}",
        "department": department or globals()["department"](),
        "window_label": "1 号窗口",
        "password": PASSWORD,
    }
    user = User.objects.create_user(**(values | fields))
    names = (group,) if isinstance(group, str) else group
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in names])
    return user


def subject(
    *, kind: str = CreditSubject.Kind.ORGANISATION, region: Region | str | None = None, **fields: Any
) -> CreditSubject:
    """An organisation or sole trader with its current name; for people see `person`."""
    place = _region(region)
    number = next(_numbers)
    prefix = "92" if kind == CreditSubject.Kind.SOLE_TRADER else "91"
    values: dict[str, Any] = {
        "kind": kind,
        "uscc": organisation_code(number, prefix=prefix, region=place.code),
        "name": f"{place.name}第{number}测试有限公司",
        "name_source": CreditSubject.NameSource.LICENCE,
        "region": place,
        "registered_at": NOW,
    }
    made = CreditSubject.objects.create(**(values | fields))
    _first_name(made)
    return made


def person(
    *, id_number: str | None = None, phone: str = "", region: Region | str | None = None, **fields: Any
) -> CreditSubject:
    """A natural person with sealed number and phone."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "kind": CreditSubject.Kind.PERSON,
        "name": f"测试人{number}",
        "name_source": CreditSubject.NameSource.IDENTITY_CARD,
        "region": _region(region),
        "registered_at": NOW,
    }
    made = CreditSubject(**(values | fields))
    made.id_number = id_number or globals()["id_number"](number)
    made.phone = phone
    made.save()
    _first_name(made)
    return made


def _first_name(made: CreditSubject) -> None:
    SubjectName.objects.create(
        subject=made,
        name=made.name,
        source=made.name_source,
        searchable=made.kind != CreditSubject.Kind.PERSON,
        recorded_at=made.registered_at,
        recorded_by=made.registered_by,
    )


MATERIALS = [
    {"name": "申请书", "source": "申请人填写", "late": False},
    {"name": "场所使用证明", "source": "申请人自备", "late": True},
    {"name": "健康证明", "source": "体检机构出具", "late": True},
]


def item_version(
    *, item: ServiceItem | None = None, department: Department | None = None, **fields: Any
) -> ServiceItemVersion:
    """A published version, valid since 2020; it allows every type and late materials unless told otherwise."""
    number = next(_numbers)
    if item is None:
        owner = department or globals()["department"]()
        item = ServiceItem.objects.create(
            code=f"{owner.region_id}-T{number:04d}", region=owner.region, department=owner
        )
    values: dict[str, Any] = {
        "item": item,
        "number": item.versions.count() + 1,
        "status": ServiceItemVersion.Status.PUBLISHED,
        "name": f"测试事项{number}",
        "pinyin": f"cssx{number}",
        "domain": Domain.APPROVAL,
        "allowed_types": list(CommitmentType.values),
        "scope": ServiceItemVersion.Scope.MAY,
        "checkpoint": ServiceItemVersion.Checkpoint.ACCEPTANCE,
        "allows_late_materials": True,
        "materials": MATERIALS,
        "promised_working_days": 10,
        "validity_months": 12,
        "legal_basis": "测试依据",
        "valid_from": date(2020, 1, 1),
        "published_at": NOW,
    }
    return ServiceItemVersion.objects.create(**(values | fields))


CLAUSES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("pledge", "守法经营，履行法律规定的义务。", (RequiredContent.OBEY_LAW,)),
    ("pledge", "没有失信记录，或者已经完成信用修复。", (RequiredContent.NO_DISHONESTY,)),
    ("pledge", "交来的材料都是真的、完整的、有效的。", (RequiredContent.TRUE_MATERIALS,)),
    ("pledge", "守约经营，产品和服务合格。", (RequiredContent.LAWFUL_BUSINESS,)),
    ("pledge", "同意把承诺和履行情况记入信用记录并公示。", (RequiredContent.AGREE_PUBLICATION,)),
    ("pledge", "接受机关、行业组织、公众和媒体的监督。", (RequiredContent.ACCEPT_SUPERVISION,)),
    ("liability", "没有履行的，接受处罚和惩戒，承担责任。", (RequiredContent.ACCEPT_CONSEQUENCES,)),
)


def text_version(
    *,
    commitment_type: str = CommitmentType.APPROVAL,
    region: Region | str | None = None,
    department: Department | None = None,
    item: ServiceItem | None = None,
    late_materials: bool = False,
    text: CommitmentText | None = None,
    clauses: tuple[tuple[str, str, tuple[str, ...]], ...] = CLAUSES,
    blanks: tuple[dict[str, Any], ...] = (),
    keeping: Sequence[str] = (),
    **fields: Any,
) -> TextVersion:
    """A published text, valid since 2020, with the general contents of S2 三; `clauses`: kind, body, contents covered;
    `blanks`: fields of `Blank`; `keeping`: how each clause is kept."""
    number = next(_numbers)
    if text is None:
        owner = department or globals()["department"](region=region)
        text = CommitmentText.objects.create(
            code=f"T{number:05d}",
            region=_region(region) if region else owner.region,
            department=owner,
            commitment_type=commitment_type,
            late_materials=late_materials,
            item=item,
            origin=CommitmentText.Origin.OWN,
        )
    values: dict[str, Any] = {
        "text": text,
        "number": text.versions.count() + 1,
        "title": f"测试承诺书{number}",
        "scope": "测试情形",
        "notice": "为什么要您承诺。\n不承诺会怎样。",
        "privacy_notice": "由谁处理您的信息。\n保存多久。",
        "sha256": f"{number:064x}",
        "valid_from": date(2020, 1, 1),
        "published_at": NOW,
    }
    status = fields.pop("status", TextVersion.Status.PUBLISHED)
    made = TextVersion.objects.create(**(values | fields))
    for position, (kind, body, covers) in enumerate(clauses, 1):
        Clause.objects.create(
            version=made, number=position, kind=kind, body=body, covers=list(covers),
            keeping=keeping[position - 1] if keeping else "",
        )  # fmt: skip
    for position, blank in enumerate(blanks, 1):
        Blank.objects.create(**({"version": made, "order": position, "label": blank["key"]} | blank))
    # Parts are added while it is a draft: afterwards the database refuses them.
    made.status = status
    made.save(update_fields=["status"])
    return made


def credit_entry(
    *,
    subject: CreditSubject | None = None,
    measures: tuple[dict[str, Any], ...] = (),
    **fields: Any,
) -> CreditEntry:
    """An effective penalty of the year, unless told otherwise; `measures`: fields of `EntryMeasure`."""
    number = next(_numbers)
    who = subject or globals()["subject"]()
    values: dict[str, Any] = {
        "subject": who,
        "kind": "penalty",
        "title": f"测试处罚{number}",
        "source": "信用中国（河北）",
        "region": who.region,
        "document_no": f"测罚〔2026〕{number}号",
        "from_on": date(2026, 6, 1),
        "entered_at": NOW,
    }
    made = CreditEntry(**(values | fields))
    # Known since it was entered, not since the test runs.
    note(made, actor=None, now=made.entered_at)
    made.save()
    for measure in measures:
        EntryMeasure.objects.create(**({"entry": made, "effect": "key", "basis": "测试依据"} | measure))
    return made


def list_method(
    list_name: str = "严重违法失信名单", *, department: Department | None = None, **fields: Any
) -> ListMethod:
    """A method in force since the beginning of 2026, unless told otherwise."""
    place = department or globals()["department"]()
    office = globals()["department"](region=place.region, kind="credit_office")
    values: dict[str, Any] = {
        "kind": "joint",
        "list_name": list_name,
        "department": place,
        "region": place.region,
        **dict.fromkeys(ListMethod.PARTS, "测试"),
        "state": ListMethod.State.ADOPTED,
        "drafted_by": staff(groups.OFFICER, department=place),
        "drafted_at": NOW,
        "asked_from": date(2025, 11, 1),
        "asked_until": date(2025, 11, 30),
        "address": "测试路1号",
        "considered": "没有收到意见。",
        "document_no": "测办〔2026〕1号",
        "in_force_from": date(2026, 1, 1),
        "proposed_by": staff(groups.OFFICER, department=place),
        "adopted_by": staff(groups.CREDIT_OFFICE, department=office),
        "adopted_at": NOW,
    }
    return ListMethod.objects.create(**(values | fields))


def usage_list(*, department: Department | None = None, **fields: Any) -> UsageList:
    """A unit's monthly list of September 2026: 25 August to 24 September, due on the last day, late from the 26th."""
    unit = department or globals()["department"]()
    values: dict[str, Any] = {
        "number": f"U{unit.region_id}2026{next(_numbers):06d}",
        "department": unit,
        "region": unit.region,
        "month": date(2026, 9, 1),
        "period_from": date(2026, 8, 25),
        "period_to": date(2026, 9, 24),
        "due_on": date(2026, 9, 24),
        "late_from": date(2026, 9, 26),
        "opened_at": NOW,
    }
    return UsageList.objects.create(**(values | fields))


def repair_application(*, case: BreachCase, now: datetime = NOW, **fields: Any) -> RepairApplication:
    """An application for the repair of a determined breach, handed in."""
    values: dict[str, Any] = {
        "number": f"F{case.region_id}2026{next(_numbers):06d}",
        "entry": case.entry,
        "case": case,
        "subject": case.subject,
        "department": case.department,
        "region": case.region,
        "state": RepairApplication.State.APPLIED,
        "channel": RepairApplication.Channel.ONLINE,
        "applicant": "赵一",
        "capacity": "legal_representative",
        "methods": ["performance"],
        "explanation": "检测报告已经补交，影响已经消除。",
        "saved_at": now,
        "applied_at": now,
        "applied_on": now.date(),
        "verify_token": f"repair-{next(_numbers)}",
    }
    return RepairApplication.objects.create(**(values | fields))


def public_case(*, department: Department | None = None, **fields: Any) -> TypicalCase:
    """A typical case that two people of an office have put on the site."""
    unit = department or globals()["department"]()
    office = globals()["department"](region=unit.region, kind="credit_office")
    writer, first, second = staff(department=unit), staff(department=office), staff(department=office)
    values: dict[str, Any] = {
        "number": f"D{unit.region_id}2026{next(_numbers):06d}",
        "department": unit,
        "region": unit.region,
        "kind": "repair",
        "title": "一家餐饮店失信后主动修复",
        "problem": "复查时发现后厨没有按承诺整改。",
        "action": "上门辅导。\n期满当日受理修复申请。",
        "effect": "修复后停止公示。",
        "state": "accepted",
        "written_at": NOW,
        "written_by": writer,
        "office": office,
        "submitted_at": NOW,
        "submitted_by": writer,
        "answered_at": NOW,
        "answered_by": first,
    }
    case = TypicalCase.objects.create(**(values | fields))
    TypicalPublication.objects.create(
        case=case, state="public", proposed_at=NOW, proposed_by=first, decided_at=NOW, decided_by=second
    )
    return case


def progress_report(*, department: Department | None = None, **fields: Any) -> ProgressReport:
    """A unit's report of the second half of 2026: due on 24 December, late from the 26th."""
    unit = department or globals()["department"]()
    values: dict[str, Any] = {
        "number": f"P{unit.region_id}2026{next(_numbers):06d}",
        "department": unit,
        "region": unit.region,
        "half": "2026H2",
        "period_from": date(2026, 7, 1),
        "period_to": date(2026, 12, 31),
        "due_on": date(2026, 12, 24),
        "late_from": date(2026, 12, 26),
        "opened_at": NOW,
    }
    return ProgressReport.objects.create(**(values | fields))


def warning(commitment: Commitment, *, now: datetime, clauses: Sequence[int] = (1,)) -> ClauseWarning:
    """An entry in the record of a commitment's subject that speaks against its clauses, waiting for an answer."""
    region = commitment.region
    entry = credit_entry(subject=commitment.subject, from_on=now.date(), entered_at=now)
    rule = WarningRule.objects.create(
        family=uuid.uuid4(), region=region, name="试", entry_kinds=["penalty"], contents=["obey_law"], says="请核实。",
        basis="演示", effective_from=now.date(), entered_by=staff("credit_office", department=commitment.department),
        entered_at=now,
    )  # fmt: skip
    return ClauseWarning.objects.create(
        rule=rule, family=rule.family, entry=entry, commitment=commitment, subject=commitment.subject,
        department=commitment.department, region=region, found_at=now,
        clauses=[{"no": number, "text": "守法经营，材料真实。"} for number in clauses],
    )  # fmt: skip

"""The catalogue of items that use commitments: drafted, published, frozen, retired (R20, S2 四（一）)."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date

from .models import CommitmentType, CreditSubject, Department, ServiceItem, ServiceItemVersion, User
from .reach import KEEPERS, check_reach

# What an author writes of an item; the rest (number, status, dates, publisher) comes from the services.
FIELDS = (
    "name",
    "pinyin",
    "domain",
    "allowed_types",
    "scope",
    "in_hall",
    "checkpoint",
    "evidence_required",
    "allows_late_materials",
    "materials",
    "handled_at_once",
    "online",
    "once_a_year",
    "occupation",
    "subject_kinds",
    "promised_working_days",
    "validity_months",
    "materials_spared",
    "days_spared",
    "publicity_class",
    "legal_basis",
)


# A list that a person still reads; a name as it stands in a clause of the commitment.
MOST_MATERIALS, MOST_NAME, MOST_SOURCE = 40, 80, 120


class CatalogueError(ValueError):
    """An item cannot be drafted, published or retired so; `problems` are Chinese sentences naming the field."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("".join(self.problems))


# What rooms above have to say before an item goes into force on a day: a name → what is missing, in Chinese.
Checked = Callable[[ServiceItemVersion, date], list[str]]
_before_publishing: dict[str, Checked] = {}


def register_before_publishing(name: str, check: Checked) -> None:
    """`check(version, day)` gives Chinese sentences saying what an item lacks on the day it would begin; any refuses it."""
    _before_publishing[name] = check


def lacking(version: ServiceItemVersion, *, on: date) -> list[str]:
    """What the rooms above miss on a day."""
    return [sentence for check in _before_publishing.values() for sentence in check(version, on)]


@transaction.atomic
def draft_item(
    *,
    fields: Mapping[str, Any],
    actor: User | None,
    now: datetime,
    item: ServiceItem | None = None,
    code: str = "",
    department: Department | None = None,
    is_demo: bool = False,
) -> ServiceItemVersion:
    """Write an item's draft: of a new item (`code`, `department`), or of `item`, whose open draft is changed or whose
    newest version is cloned into a draft. `fields` are names out of FIELDS; what is not given stays as it was.

    Returns the draft. Raises CatalogueError.
    """
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise CatalogueError([f"事项没有这样的字段：{'、'.join(unknown)}。"])
    if item is None:
        check_reach(actor, department.region if department else None, *KEEPERS)
        item = _new_item(code, department, is_demo=is_demo)
    else:
        item = ServiceItem.objects.select_for_update().get(pk=item.pk)
        check_reach(actor, item.region, *KEEPERS)
        if item.retired_on is not None:
            raise CatalogueError([f"事项 {item.code} 已于 {item.retired_on} 停用，不能再起草。"])
    draft = draft_of(item, list(item.versions.all()))
    for name, value in fields.items():
        setattr(draft, name, value)
    _check(draft)
    draft.save()
    events.item_drafted(
        now=now,
        actor_id=actor.pk if actor else None,
        item_id=item.pk,
        code=item.code,
        number=draft.number,
    )
    return draft


def base_of(versions: Sequence[ServiceItemVersion]) -> ServiceItemVersion | None:
    """What the next version is written upon: the open draft, else the one in force or coming, else the newest (one that
    was withdrawn is nobody's starting point as long as there is another)."""
    status = ServiceItemVersion.Status
    for wanted in (status.DRAFT, status.PUBLISHED):
        if found := [one for one in versions if one.status == wanted]:
            return found[0]
    return max(versions, key=lambda one: one.number, default=None)


def draft_of(item: ServiceItem, versions: Sequence[ServiceItemVersion]) -> ServiceItemVersion:
    """An item's open draft, or a new one with what the version before it says; not stored yet."""
    base = base_of(versions)
    if base is not None and base.status == ServiceItemVersion.Status.DRAFT:
        return base
    draft = ServiceItemVersion(item=item, number=max((one.number for one in versions), default=0) + 1)
    for name in FIELDS if base else ():
        setattr(draft, name, getattr(base, name))
    return draft


# Stands in the address of the item's page.
_CODE = re.compile(r"[\w.（）()·—-]{1,40}")


def code_problem(code: str) -> str:
    """Why a new item cannot have this code, in Chinese; empty where it can."""
    if not code:
        return "没有填写。"
    if len(code) > 40:
        return "最多 40 个字。"
    return "" if _CODE.fullmatch(code) and code.strip(".") else "只能有文字、数字、点、横线和下划线。"


def _new_item(code: str, department: Department | None, *, is_demo: bool) -> ServiceItem:
    if not code or department is None:
        raise CatalogueError(["新事项须有事项编码和主管部门。"])
    if said := code_problem(code):
        raise CatalogueError([f"“事项编码”：{said}"])
    item = ServiceItem(code=code, region=department.region, department=department, is_demo=is_demo)
    try:
        item.full_clean()
    except ValidationError as error:
        raise CatalogueError(_sentences(item, error)) from error
    item.save()
    return item


def _check(draft: ServiceItemVersion) -> None:
    if problems := problems_of(draft):
        raise CatalogueError(problems)


def problems_of(draft: ServiceItemVersion, *, exclude: Sequence[str] = ()) -> list[str]:
    """Why a draft cannot be stored so, as Chinese sentences that name the field. `exclude`: fields that the caller knows
    to be right, so that a file of thousands is not asked for in the database one by one."""
    problems: list[str] = []
    try:
        draft.full_clean(exclude=exclude, validate_unique=not exclude, validate_constraints=False)
    except ValidationError as error:
        problems += _sentences(draft, error)
    if len(set(draft.allowed_types or ())) != len(draft.allowed_types or ()):
        problems.append("“可用承诺类型”有重复。")
    by_credit = draft.allows_late_materials or CommitmentType.APPROVAL in (draft.allowed_types or ())
    if by_credit and draft.checkpoint == ServiceItemVersion.Checkpoint.NONE:
        # S2 四（四）1: the record is looked at before a commitment stands in for an approval.
        problems.append("“信用审查环节”：审批替代型和容缺受理的事项须设信用审查环节。")
    if draft.allows_late_materials and CommitmentType.APPROVAL not in (draft.allowed_types or ()):
        problems.append("“可容缺受理”：只用于可作审批替代型承诺的事项。")
    if draft.allows_late_materials and not draft.promised_working_days:
        problems.append("“承诺办结时限（工作日）”：可容缺受理的事项须写明，补交材料不得超过它。")
    if draft.handled_at_once and CommitmentType.APPROVAL not in (draft.allowed_types or ()):
        problems.append("“即时办理”：只用于可作审批替代型承诺的事项。")
    problems += _material_problems(draft)
    problems += _who_problems(draft)
    return problems + _self_service(draft)


def _material_problems(draft: ServiceItemVersion) -> list[str]:
    """What is wrong with the list of materials (S4 1: some may be missing, the promise says which)."""
    rows = draft.materials
    if not isinstance(rows, list) or any(
        not isinstance(row, dict)
        or set(row) != {"name", "source", "late"}
        or not isinstance(row["name"], str)
        or not isinstance(row["source"], str)
        or not isinstance(row["late"], bool)
        for row in rows
    ):
        return ["“申请材料”：每项应有名称（name）、来源（source）和可否后补（late）。"]
    problems = []
    if len(rows) > MOST_MATERIALS:
        problems.append(f"“申请材料”：最多 {MOST_MATERIALS} 项，现为 {len(rows)} 项。")
    for number, row in enumerate(rows, 1):
        if not row["name"].strip():
            problems.append(f"“申请材料”第 {number} 项：没有名称。")
        for key, label, most in (("name", "名称", MOST_NAME), ("source", "来源", MOST_SOURCE)):
            if len(row[key]) > most:
                problems.append(f"“申请材料”第 {number} 项：{label}最多 {most} 个字。")
            if any(ord(char) < 32 for char in row[key]):
                problems.append(f"“申请材料”第 {number} 项：{label}含有无法识别的字符。")
    names = [row["name"].strip() for row in rows]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        problems.append(f"“申请材料”：“{name}”重复。")
    late = [row for row in rows if row["late"]]
    if draft.allows_late_materials and not late:
        problems.append("“申请材料”：可容缺受理的事项须列出材料，并标明哪些可以后补。")
    if late and not draft.allows_late_materials:
        problems.append("“申请材料”：有可以后补的材料，须同时勾选“可容缺受理”。")
    return problems


def _who_problems(draft: ServiceItemVersion) -> list[str]:
    """What is wrong with who may make the commitment."""
    kinds = list(draft.subject_kinds or ())
    problems = []
    if len(set(kinds)) != len(kinds):
        problems.append("“谁可以承诺”有重复。")
    if draft.occupation_id and set(kinds) - {CreditSubject.Kind.PERSON}:
        problems.append("“谁可以承诺”：重点职业人群的事项由本人以个人名义承诺，只能是自然人。")
    return problems


def _self_service(draft: ServiceItemVersion) -> list[str]:
    """What stands against signing online, and against an item of an occupational group."""
    kinds = set(draft.allowed_types or ())
    problems = []
    if draft.online and not kinds - {CommitmentType.REPAIR}:
        problems.append("“可网上承诺”：信用修复承诺在修复申请中签署，不在网上承诺中选用。")
    if draft.online and draft.evidence_required:
        # Nobody is there to look at other sites and keep what they showed.
        problems.append("“可网上承诺”：须留存查询截屏的事项由窗口办理。")
    if draft.occupation_id and not kinds <= {CommitmentType.VOLUNTARY, CommitmentType.INDUSTRY}:
        problems.append("“重点职业人群”：只用于主动型和行业自律型承诺。")
    return problems


def _sentences(row: ServiceItem | ServiceItemVersion, error: ValidationError) -> list[str]:
    found = []
    for field, messages in error.message_dict.items():
        label = row._meta.get_field(field).verbose_name if field != "__all__" else "事项"
        found += [f"“{label}”：{message}" for message in messages]
    return found


@transaction.atomic
def publish_item(
    *, version: ServiceItemVersion, valid_from: date, actor: User | None, now: datetime
) -> ServiceItemVersion:
    """Put a draft in force from a day on; the version before it ends the day before and is frozen.

    Raises CatalogueError for anything but a draft, a start not after the present version's, a missing basis, or what the
    rooms above miss (R25).
    """
    item = ServiceItem.objects.select_for_update().get(pk=version.item_id)
    check_reach(actor, item.region, *KEEPERS)
    version = ServiceItemVersion.objects.select_for_update().get(pk=version.pk)
    if version.status != ServiceItemVersion.Status.DRAFT:
        raise CatalogueError([f"{version} 不是草稿，已发布的版本不能再改，请起草下一版。"])
    if item.retired_on is not None:
        raise CatalogueError([f"事项 {item.code} 已于 {item.retired_on} 停用，不能再发布。"])
    if not version.legal_basis.strip():
        raise CatalogueError(["“依据”：发布前须写明。"])
    _check(version)
    if missing := lacking(version, on=valid_from):
        raise CatalogueError(missing)
    before = item.versions.filter(status=ServiceItemVersion.Status.PUBLISHED).first()
    if before is not None:
        if before.valid_from is not None and valid_from <= before.valid_from:
            raise CatalogueError(
                [
                    f"“生效日期”：现行版本自 {before.valid_from} 起生效，新版本须晚于这一天，否则两个版本的有效期重叠。"
                ]
            )
        before.status = ServiceItemVersion.Status.FROZEN
        before.valid_to = valid_from - timedelta(days=1)
        before.save(update_fields=["status", "valid_to"])
    version.status = ServiceItemVersion.Status.PUBLISHED
    version.valid_from = valid_from
    version.published_at = now
    version.published_by = actor
    version.save()
    events.item_published(
        now=now,
        actor_id=actor.pk if actor else None,
        item_id=item.pk,
        code=item.code,
        number=version.number,
    )
    return version


@transaction.atomic
def withdraw_item(
    *, version: ServiceItemVersion, reason: str, actor: User | None, now: datetime
) -> ServiceItemVersion:
    """Take back a version that was published ahead, before its day. The row stays, with the reason; the version that it
    would have replaced goes on as if nothing had been published. Raises CatalogueError."""
    item = ServiceItem.objects.select_for_update().get(pk=version.item_id)
    check_reach(actor, item.region, *KEEPERS)
    version = ServiceItemVersion.objects.select_for_update().get(pk=version.pk)
    status = ServiceItemVersion.Status
    check_withdrawal(version, reason, now)
    version.status = status.WITHDRAWN
    version.withdrawn_at, version.withdrawn_by, version.withdrawn_reason = now, actor, reason.strip()
    version.save(update_fields=["status", "withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    if version.valid_from is not None:
        for before in item.versions.filter(
            status=status.FROZEN, valid_to=version.valid_from - timedelta(days=1)
        ):
            before.status, before.valid_to = status.PUBLISHED, None
            before.save(update_fields=["status", "valid_to"])
    events.item_withdrawn(
        now=now, actor_id=actor.pk if actor else None, item_id=item.pk, code=item.code, number=version.number,
        valid_from=version.valid_from,
    )  # fmt: skip
    return version


MOST_REASON = 300


def check_withdrawal(version: Any, reason: str, now: datetime) -> None:
    """Whether a version of an item or of a text may be withdrawn now. Raises CatalogueError."""
    if version.status != "published":
        raise CatalogueError([f"{version} 不是已发布、尚未被替代的版本，不能撤回。"])
    if version.valid_from is None or version.valid_from <= local_date(now):
        raise CatalogueError(
            [f"{version} 已于 {version.valid_from} 生效，不能撤回；需要改的，请起草并发布下一版。"]
        )
    if not reason.strip():
        raise CatalogueError(["“撤回理由”：请填写。"])
    if len(reason.strip()) > MOST_REASON or any(ord(char) < 32 for char in reason.strip()):
        raise CatalogueError([f"“撤回理由”：最多 {MOST_REASON} 个字，不能换行。"])


@transaction.atomic
def retire_item(*, item: ServiceItem, on: date, actor: User | None, now: datetime) -> ServiceItem:
    """Take an item out of use from a day on; its versions and whatever was signed by them stay.

    Raises CatalogueError where it is retired already.
    """
    item = ServiceItem.objects.select_for_update().get(pk=item.pk)
    check_reach(actor, item.region, *KEEPERS)
    if item.retired_on is not None:
        raise CatalogueError([f"事项 {item.code} 已于 {item.retired_on} 停用。"])
    item.retired_on = on
    item.save(update_fields=["retired_on"])
    events.item_retired(now=now, actor_id=actor.pk if actor else None, item_id=item.pk, code=item.code)
    return item


def online_items(*, on: date) -> QuerySet[ServiceItemVersion]:
    """The items that a subject can sign for on its own, of every region: the item's own department takes them in (R34)."""
    return _in_force(on).filter(online=True).exclude(allowed_types=[CommitmentType.REPAIR])


def open_to(kind: str) -> Q:
    """The versions for which a subject of this kind may make a commitment: `ServiceItemVersion.made_by`, for a query."""
    if kind == CreditSubject.Kind.PERSON:
        return Q(occupation__isnull=False) | Q(subject_kinds=[]) | Q(subject_kinds__contains=[kind])
    said = Q(subject_kinds__contains=[kind]) | Q(subject_kinds=[], once_a_year=False)
    return Q(occupation=None) & said


def refusal_of(version: ServiceItemVersion, kind: str) -> str:
    """Why a subject of this kind cannot make a commitment for the item, in Chinese; empty: it can."""
    if kind in version.made_by:
        return ""
    if version.occupation_id:
        return "重点职业人群的承诺由本人以个人名义作出，请用身份证号码办理。"
    label = CreditSubject.Kind(kind).label
    return f"事项“{version.name}”由{version.made_by_label}承诺，{label}不能办理，请另选事项。"


def current_items(*, lineage: Sequence[str], on: date) -> QuerySet[ServiceItemVersion]:
    """The versions in force on a day, of items of the regions named (own code up to the nation), by name.

    A version published ahead of its day is not in force yet; the one it will replace is, until then.
    """
    return _in_force(on).filter(item__region_id__in=lineage)


def _in_force(on: date) -> QuerySet[ServiceItemVersion]:
    return (
        ServiceItemVersion.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on),
            Q(item__retired_on__isnull=True) | Q(item__retired_on__gt=on),
            status__in=[ServiceItemVersion.Status.PUBLISHED, ServiceItemVersion.Status.FROZEN],
            valid_from__lte=on,
        )
        .select_related("item", "item__department", "item__region")
        .order_by("name", "item__code")
    )

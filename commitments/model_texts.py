"""Provincial model texts (R24, S2 四（二）): entered once by the province with the document that issued them, adopted by
places by reference. A place types nothing but what the model leaves to it; the service writes the words out."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox.notices import Told, notify_many
from credit_portal.registry.models import Region, ServiceItem, User
from credit_portal.registry.reach import KEEPERS, check_reach

from . import text_rules as rules
from .models import CommitmentText, ModelIssue, TextVersion

MOST_VALUE = 100
_PLACE = re.compile(r"\{([^{}]*)\}")
PROVINCIAL = CommitmentText.Origin.PROVINCIAL
IN_USE = (TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN)


@dataclass(frozen=True)
class Issued:
    """The document: its title, number and day, the SHA-256 of its file, and the blanks that it leaves to places."""

    document: str
    number: str
    issued_on: date
    file_sha256: str
    place_keys: tuple[str, ...] = ()


def is_province(region: Region) -> bool:
    """GB/T 2260: the last four digits of a province are zero, and it is not the nation."""
    return region.code.endswith("0000") and region.code != "000000"


def is_model(text: CommitmentText) -> bool:
    """A model itself, as against a place's text that adopts one."""
    return text.origin == PROVINCIAL and text.model_id is None


def issue_of(version: TextVersion) -> ModelIssue | None:
    return ModelIssue.objects.filter(version=version).first()


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@transaction.atomic
def enter_issue(*, version: TextVersion, issued: Issued, actor: User | None, now: datetime) -> ModelIssue:
    """Say by which document a model's draft was issued; entered again, it is corrected, until it is published. Raises
    ValidationError by field."""
    version = (
        TextVersion.objects.select_for_update(of=("self",)).select_related("text__region").get(pk=version.pk)
    )
    check_reach(actor, version.text.region, *KEEPERS)
    if not is_model(version.text):
        raise ValidationError("只有省级示范文本登记印发文件。")
    if version.status != TextVersion.Status.DRAFT:
        raise ValidationError("已发布的示范文本，其印发文件不能再改。")
    if issued.issued_on > local_date(now):
        raise ValidationError({"issued_on": "印发日期不能晚于今天。"})
    keys = tuple(dict.fromkeys(key.strip() for key in issued.place_keys if key.strip()))
    used = keys_in(version)
    if unknown := [key for key in keys if key not in used]:
        raise ValidationError({"place_keys": f"文本里没有空白“{{{unknown[0][:30]}}}”。"})
    if declared := sorted(set(keys) & {blank.key for blank in version.blanks.all()}):
        raise ValidationError(
            {"place_keys": f"“{declared[0]}”已登记为签署时的填写项，不能又由采用地区填写。"}
        )
    row = issue_of(version) or ModelIssue(version=version)
    row.document, row.number, row.issued_on = issued.document.strip(), issued.number.strip(), issued.issued_on
    row.file_sha256, row.place_keys = issued.file_sha256.strip().lower(), list(keys)
    row.full_clean()
    row.save()
    events.text_issue(
        now=now, actor_id=actor.pk if actor else None, text_id=version.text_id, code=version.text.code,
        number=version.number, sha256=row.file_sha256,
    )  # fmt: skip
    return row


def keys_in(version: TextVersion) -> set[str]:
    """Every blank written somewhere in a version."""
    words = [
        version.scope,
        version.notice,
        version.privacy_notice,
        *(row.body for row in version.clauses.all()),
    ]
    return {key for text in words for key in _PLACE.findall(text)}


def without_place_keys(text: rules.TextData, keys: Iterable[str]) -> rules.TextData:
    """A model as its publication is checked: what places fill in later stands there at its longest."""
    filled = dict.fromkeys(keys, "＿" * MOST_VALUE)
    return replace(
        text, clauses=tuple(replace(clause, body=_put(clause.body, filled)) for clause in text.clauses)
    )


def _put(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


# ---- adopted -----------------------------------------------------------------------------------------------


def adopted_words(
    model: TextVersion, values: Mapping[str, str]
) -> tuple[dict[str, str], list[rules.ClauseData], list[rules.BlankData]]:
    """A model's words with what a place has filled in: the only way in which words come into an adopting text."""
    words = {
        name: _put(getattr(model, name), values) for name in ("title", "scope", "notice", "privacy_notice")
    }
    clauses = [
        rules.ClauseData(row.number, row.kind, _put(row.body, values), tuple(row.covers))
        for row in model.clauses.all()
    ]
    blanks = [
        rules.BlankData(
            row.key, row.label, row.kind, tuple(row.choices), row.required, row.max_length, row.help_text
        )
        for row in model.blanks.all()
    ]
    return words, clauses, blanks


def value_problems(issue: ModelIssue | None, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a place's values, by blank."""
    keys = list(issue.place_keys) if issue else []
    problems = {key: "示范文本没有这个空白。" for key in values if key not in keys}
    for key in keys:
        value = values.get(key, "").strip()
        if not value:
            problems[key] = "没有填写。"
        elif len(value) > MOST_VALUE:
            problems[key] = f"最多 {MOST_VALUE} 个字。"
        elif any(ord(char) < 32 or char in "{}" for char in value):
            problems[key] = "不能换行，不能有花括号或者无法识别的字符。"
    return problems


def newest_model(text: CommitmentText) -> TextVersion | None:
    """The newest version of a model that the province has published: what an adopting place should go by."""
    return (
        TextVersion.objects.filter(text=text, status__in=IN_USE)
        .select_related("text", "issue")
        .order_by("-number")
        .first()
    )


def behind(regions: Iterable[str] | QuerySet[Region], today: date) -> list[tuple[TextVersion, TextVersion]]:
    """Adopting texts in use or coming that do not follow the model's newest version: (theirs, the model's). Three
    queries."""
    ours = list(
        TextVersion.objects.filter(
            status=TextVersion.Status.PUBLISHED, text__model__isnull=False, text__region__in=regions
        )
        .filter(Q(text__item__isnull=True) | Q(text__item__retired_on__isnull=True))
        .select_related("text__region", "text__item", "adopts")
        .order_by("text__code")[:200]
    )
    newest: dict[int, TextVersion] = {}
    for model in (
        TextVersion.objects.filter(text__in={one.text.model_id for one in ours}, status__in=IN_USE)
        .select_related("text")
        .order_by("number")
    ):
        newest[model.text_id] = model
    return [
        (one, newest[one.text.model_id])
        for one in ours
        if one.text.model_id in newest and newest[one.text.model_id].pk != one.adopts_id
    ]


def tell_adopters(version: TextVersion, *, withdrawn: bool, now: datetime) -> int:
    """Tell every place that has adopted a model that there is a new version, or that one was withdrawn. Gives how many
    people were told."""
    texts = list(
        CommitmentText.objects.filter(model=version.text_id).select_related("region", "item").order_by("code")
    )
    people: dict[str, list[User]] = {}
    for user in (
        User.objects.filter(
            groups__name__in=KEEPERS, is_active=True, department__region__in={one.region_id for one in texts}
        )
        .select_related("department")
        .distinct()
    ):
        people.setdefault(user.department.region_id, []).append(user)
    what = f"示范文本 {version.text.code} 第 {version.number} 版"
    title = f"{what}已撤回" if withdrawn else f"{what}自 {version.valid_from} 起，请采用"
    return notify_many(
        [
            Told(
                users=people.get(text.region_id, []),
                key=f"model-text:{version.pk}:{'withdrawn' if withdrawn else 'issued'}:{text.pk}",
                kind="model_text",
                title=title,
                body=f"本地区采用它的文本：{text.code}。",
                link=f"/desk/catalogue/models/#{text.code}",
            )
            for text in texts
        ],
        now=now,
    )


def adoptable(*, region: Region) -> QuerySet[TextVersion]:
    """Model texts that places of a region can adopt: published by their province, the newest of each."""
    return (
        TextVersion.objects.filter(
            status=TextVersion.Status.PUBLISHED,
            text__origin=PROVINCIAL,
            text__model__isnull=True,
            text__region__in=region.lineage,
        )
        .select_related("text__region", "text__department", "issue")
        .order_by("text__code")
    )


def item_choices(region: Region) -> QuerySet[ServiceItem]:
    return ServiceItem.objects.filter(region=region, retired_on__isnull=True).order_by("code")

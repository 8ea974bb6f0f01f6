"""Texts are drafted, published with everything they need, frozen, and followed by a clone (R24, R25, R27–R31, R33)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from credit_portal.audit import events
from credit_portal.deadlines import policy
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import groups
from credit_portal.registry.catalogue import CatalogueError, check_withdrawal
from credit_portal.registry.models import (
    CommitmentType,
    Department,
    Region,
    ServiceItem,
    ServiceItemVersion,
    User,
)
from credit_portal.registry.reach import KEEPERS, check_reach
from credit_portal.registry.visibility import has_role

from . import model_texts, particulars
from . import text_rules as rules
from .models import Blank, Clause, CommitmentText, TextVersion

WORDS = ("title", "scope", "notice", "privacy_notice")


class TextError(ValueError):
    """A text cannot be drafted or published so; `problems` are Chinese sentences."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("".join(self.problems))


def _check_author(actor: User | None, text: CommitmentText) -> None:
    """Whoever keeps the region's texts writes them; an association its own, which others publish (S0 一（一）, R31)."""
    own = (
        actor is not None
        and has_role(actor, groups.ASSOCIATION)
        and actor.department_id == text.department_id
        and text.origin == CommitmentText.Origin.ASSOCIATION
        and text.commitment_type == CommitmentType.INDUSTRY
    )
    if not own:
        check_reach(actor, text.region, *KEEPERS)


def content_of(version: TextVersion) -> rules.TextData:
    """A stored version as the pure rules read it."""
    text = version.text
    return rules.TextData(
        code=text.code,
        number=version.number,
        region=text.region_id,
        commitment_type=text.commitment_type,
        late_materials=text.late_materials,
        item=text.item.code if text.item else "",
        origin=text.origin,
        **{name: getattr(version, name) for name in WORDS},
        clauses=clauses_of(version),
        blanks=blanks_of(version),
    )


def clauses_of(version: TextVersion) -> tuple[rules.ClauseData, ...]:
    return tuple(
        rules.ClauseData(row.number, row.kind, row.body, tuple(row.covers), row.pk, row.keeping)
        for row in version.clauses.all()
    )


def blanks_of(version: TextVersion) -> tuple[rules.BlankData, ...]:
    return tuple(
        rules.BlankData(
            row.key, row.label, row.kind, tuple(row.choices), row.required, row.max_length, row.help_text
        )
        for row in version.blanks.all()
    )


@transaction.atomic
def draft_text(
    *,
    code: str,
    department: Department,
    commitment_type: str,
    words: Mapping[str, str],
    clauses: Sequence[rules.ClauseData],
    actor: User | None,
    now: datetime,
    blanks: Sequence[rules.BlankData] = (),
    region: Region | None = None,
    late_materials: bool = False,
    item: ServiceItem | None = None,
    origin: str = CommitmentText.Origin.OWN,
    is_demo: bool = False,
) -> TextVersion:
    """A new text with its first draft. `words`: title, scope, notice, privacy_notice. Raises TextError."""
    text = CommitmentText(
        code=code,
        region=region or department.region,
        department=department,
        commitment_type=commitment_type,
        late_materials=late_materials,
        item=item,
        origin=origin,
        is_demo=is_demo,
    )
    _clean(text)
    _check_author(actor, text)
    if model_texts.is_model(text) and not model_texts.is_province(text.region):
        raise TextError(["“来源”：示范文本由省级录入；本地区要用的，在示范文本的页面上采用。"])
    text.save()
    version = TextVersion(text=text, number=1)
    return write_draft(version, words=words, clauses=clauses, blanks=blanks, actor=actor, now=now)


@transaction.atomic
def revise_draft(
    *,
    version: TextVersion,
    actor: User | None,
    now: datetime,
    words: Mapping[str, str] | None = None,
    clauses: Sequence[rules.ClauseData] | None = None,
    blanks: Sequence[rules.BlankData] | None = None,
) -> TextVersion:
    """Change a draft; what is not given stays. Raises TextError for a version that is not a draft any more."""
    version = TextVersion.objects.select_for_update().get(pk=version.pk)
    _check_author(actor, version.text)
    if version.status != TextVersion.Status.DRAFT:
        raise TextError([f"{version} 已发布，不能再改，请起草下一版。"])
    _refuse_adopted(version.text)
    return write_draft(
        version,
        words=words or {},
        clauses=clauses_of(version) if clauses is None else clauses,
        blanks=blanks_of(version) if blanks is None else blanks,
        actor=actor,
        now=now,
    )


@transaction.atomic
def next_version(*, text: CommitmentText, actor: User | None, now: datetime) -> TextVersion:
    """The newest version cloned into a draft. Raises TextError where a draft is open already."""
    text = CommitmentText.objects.select_for_update().get(pk=text.pk)
    _check_author(actor, text)
    _refuse_adopted(text)
    newest = text.versions.order_by("-number").first()
    if newest is None or newest.status == TextVersion.Status.DRAFT:
        raise TextError([f"文本 {text.code} 已有草稿版本，请在草稿上修改。"])
    # One that was withdrawn is nobody's starting point as long as there is another.
    base = text.versions.filter(status=TextVersion.Status.PUBLISHED).first() or newest
    return write_draft(
        TextVersion(text=text, number=newest.number + 1),
        words={name: getattr(base, name) for name in WORDS},
        clauses=clauses_of(base),
        blanks=blanks_of(base),
        actor=actor,
        now=now,
    )


def _refuse_adopted(text: CommitmentText) -> None:
    """A place cannot change a word of a provincial model (S2 四（二）)."""
    if text.model_id is not None:
        raise TextError([f"文本 {text.code} 采用省级示范文本，一字不能改；示范文本有新版的，采用新版。"])


def write_draft(
    version: TextVersion,
    *,
    words: Mapping[str, str],
    clauses: Sequence[rules.ClauseData],
    blanks: Sequence[rules.BlankData],
    actor: User | None,
    now: datetime,
) -> TextVersion:
    if unknown := sorted(set(words) - set(WORDS)):
        raise TextError([f"文本没有这样的字段：{'、'.join(unknown)}。"])
    for name, value in words.items():
        setattr(version, name, value)
    # What is missing is said at publishing: a draft may be half written, but not malformed.
    _clean(version, may_be_empty=WORDS)
    version.save()
    version.clauses.all().delete()
    version.blanks.all().delete()
    for clause in clauses:
        row = Clause(
            version=version,
            number=clause.number,
            kind=clause.kind,
            body=clause.body,
            covers=list(clause.covers),
            keeping=clause.keeping,
        )
        _clean(row, may_be_empty=("body",))
        row.save()
    for order, blank in enumerate(blanks, 1):
        field = Blank(
            version=version,
            key=blank.key,
            label=blank.label,
            kind=blank.kind,
            choices=list(blank.choices),
            required=blank.required,
            max_length=blank.max_length,
            help_text=blank.help_text,
            order=order,
        )
        _clean(field)
        field.save()
    events.text_drafted(
        now=now,
        actor_id=actor.pk if actor else None,
        text_id=version.text_id,
        code=version.text.code,
        number=version.number,
    )
    return version


def _clean(row: Model, *, may_be_empty: Sequence[str] = ()) -> None:
    empty = [name for name in may_be_empty if not getattr(row, name)]
    try:
        row.full_clean(exclude=empty)
    except ValidationError as error:
        problems = []
        for name, messages in error.message_dict.items():
            label = row._meta.get_field(name).verbose_name if name != "__all__" else row._meta.verbose_name
            problems += [f"“{label}”：{message}" for message in messages]
        raise TextError(problems) from error


def required_contents(text: CommitmentText, *, on: date) -> rules.RequiredContents:
    """What the region's dated rule asks of texts of this type on a day; nothing where no rule speaks of it."""
    found = policy.values(
        ["text_contents"],
        lineage=text.region.lineage,
        on=on,
        # Late materials are handled as the approval type is.
        commitment_type="approval" if text.late_materials else text.commitment_type,
    ).get("text_contents")
    if found is None:
        return rules.RequiredContents()
    return rules.RequiredContents(tuple(found.value), article_text(found.basis), found.confirmed)


def problems_of(version: TextVersion, *, on: date) -> list[rules.Problem]:
    """What keeps a version from being published on a day, and what it is reminded of."""
    content, issue = content_of(version), None
    if model_texts.is_model(version.text):
        issue = model_texts.issue_of(version)
        content = model_texts.without_place_keys(content, issue.place_keys if issue else ())
    found = rules.missing_contents(content, required=required_contents(version.text, on=on))
    if model_texts.is_model(version.text) and issue is None:
        found.insert(
            0, rules.Problem("issue", "没有登记印发文件：省级示范文本须写明由哪份文件印发（S2 四（二））。")
        )
    return found


@transaction.atomic
def publish_text(*, version: TextVersion, valid_from: date, actor: User | None, now: datetime) -> TextVersion:
    """Put a draft in force from a day on; the version before it ends the day before and is frozen.

    Raises TextError naming every content that is missing, a start that would overlap, or another text that is already
    in use for the same purpose (R31: one text an association).
    """
    text = (
        CommitmentText.objects.select_for_update(of=("self",))
        .select_related("region", "item")
        .get(pk=version.text_id)
    )
    version = TextVersion.objects.select_for_update().get(pk=version.pk)
    version.text = text
    check_reach(actor, text.region, *KEEPERS)
    if version.status != TextVersion.Status.DRAFT:
        raise TextError([f"{version} 不是草稿，已发布的版本不能再改，请起草下一版。"])
    problems = [problem.message for problem in problems_of(version, on=valid_from) if problem.blocks]
    problems += _rivals(text) + _particulars(version) + _model_problems(version, valid_from)
    before = text.versions.filter(status=TextVersion.Status.PUBLISHED).first()
    if before is not None and before.valid_from is not None and valid_from <= before.valid_from:
        problems.append(
            f"生效日期：现行版本自 {before.valid_from} 起生效，新版本须晚于这一天，否则两个版本的有效期重叠。"
        )
    if problems:
        raise TextError(problems)
    if before is not None:
        before.status = TextVersion.Status.FROZEN
        before.valid_to = valid_from - timedelta(days=1)
        before.save(update_fields=["status", "valid_to"])
    version.sha256 = rules.fingerprint(content_of(version))
    version.status = TextVersion.Status.PUBLISHED
    version.valid_from = valid_from
    version.published_at = now
    version.published_by = actor
    version.save()
    events.text_published(
        now=now,
        actor_id=actor.pk if actor else None,
        text_id=text.pk,
        code=text.code,
        number=version.number,
        sha256=version.sha256,
    )
    if model_texts.is_model(text):
        model_texts.tell_adopters(version, withdrawn=False, now=now)
    return version


@transaction.atomic
def withdraw_text(*, version: TextVersion, reason: str, actor: User | None, now: datetime) -> TextVersion:
    """Take back a version that was published ahead, before its day; the one that it would have replaced goes on. Raises
    TextError."""
    text = (
        CommitmentText.objects.select_for_update(of=("self",))
        .select_related("region")
        .get(pk=version.text_id)
    )
    version = TextVersion.objects.select_for_update().get(pk=version.pk)
    check_reach(actor, text.region, *KEEPERS)
    try:
        check_withdrawal(version, reason, now)
    except CatalogueError as error:
        raise TextError(error.problems) from error
    version.status = TextVersion.Status.WITHDRAWN
    version.withdrawn_at, version.withdrawn_by, version.withdrawn_reason = now, actor, reason.strip()
    version.save(update_fields=["status", "withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    if version.valid_from is not None:
        for before in text.versions.filter(
            status=TextVersion.Status.FROZEN, valid_to=version.valid_from - timedelta(days=1)
        ):
            before.status, before.valid_to = TextVersion.Status.PUBLISHED, None
            before.save(update_fields=["status", "valid_to"])
    events.text_withdrawn(
        now=now, actor_id=actor.pk if actor else None, text_id=text.pk, code=text.code, number=version.number,
        valid_from=version.valid_from,
    )  # fmt: skip
    if model_texts.is_model(text):
        model_texts.tell_adopters(version, withdrawn=True, now=now)
    return version


def _model_problems(version: TextVersion, valid_from: date) -> list[str]:
    """A place's version begins when the model's own is in force, and goes by its newest one."""
    model = version.adopts
    if model is None:
        return []
    if model.status not in model_texts.IN_USE:
        return [f"所采用的示范文本第 {model.number} 版已撤回，请采用现行的一版。"]
    if model.valid_from is not None and valid_from < model.valid_from:
        return [f"生效日期：示范文本第 {model.number} 版自 {model.valid_from} 起，不能早于这一天采用。"]
    return []


def _particulars(version: TextVersion) -> list[str]:
    """An item that is counted by position or year needs a text that asks for them (R9, R19, R32)."""
    item = version.text.item
    if item is None:
        return []
    in_use = item.versions.select_related("occupation").exclude(status="draft").order_by("-number").first()
    missing = particulars.lacking(in_use, version.blanks.all()) if in_use else []
    return [f"该事项的文本须有必填的填写项“{key}”。" for key in missing]


def _rivals(text: CommitmentText) -> list[str]:
    """Two texts in use for the same purpose would leave it to chance which one is signed."""
    same = CommitmentText.objects.filter(
        region=text.region,
        commitment_type=text.commitment_type,
        late_materials=text.late_materials,
        item=text.item,
        versions__status=TextVersion.Status.PUBLISHED,
    ).exclude(pk=text.pk)
    if text.item_id is None:
        same = same.filter(department=text.department_id)
    return [f"同一用途已有现行文本 {other.code}，请修订那一份。" for other in same.order_by("code")[:1]]


def text_for(
    *,
    item_version: ServiceItemVersion,
    commitment_type: str,
    late_materials: bool,
    region: Region,
    on: date,
) -> TextVersion | None:
    """The text to be signed: of the item, else the general one; each of the own region before its parents'. Among
    general ones of a region the item's department goes first, and another association's never applies (R31)."""
    found = _candidates(item_version.item, region, on).filter(
        text__commitment_type=commitment_type, text__late_materials=late_materials
    )
    return _first(found, item_version.item, region)


def texts_in_use(*, item_version: ServiceItemVersion, on: date) -> list[TextVersion]:
    """The text of each type that an item allows, late materials included, as signed in its own region on a day. Three
    queries."""
    item, region = item_version.item, item_version.item.region
    wanted = [(kind, False) for kind in item_version.allowed_types]
    if item_version.allows_late_materials:
        wanted.append(("approval", True))
    found = list(_candidates(item, region, on))
    chosen = [
        _first(
            [one for one in found if (one.text.commitment_type, one.text.late_materials) == kind],
            item,
            region,
        )
        for kind in wanted
    ]
    return [one for one in chosen if one is not None]


def _candidates(item: ServiceItem, region: Region, on: date) -> QuerySet[TextVersion]:
    return (
        TextVersion.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on),
            Q(text__item=item) | Q(text__item__isnull=True),
            # A model with blanks for places to fill in is signed only as a place has adopted it.
            Q(issue__isnull=True) | Q(issue__place_keys=[]),
            text__region_id__in=region.lineage,
            status__in=[TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN],
            valid_from__lte=on,
        )
        .select_related("text", "text__department", "text__region")
        .prefetch_related("clauses", "blanks")
    )


def _first(found: Iterable[TextVersion], item: ServiceItem, region: Region) -> TextVersion | None:
    lineage = region.lineage
    # Members of an association sign its one text and nothing else.
    only_own = item.department.kind == Department.Kind.ASSOCIATION
    fitting = [
        version
        for version in found
        if version.text.department_id == item.department_id
        or (version.text.origin != CommitmentText.Origin.ASSOCIATION and not only_own)
    ]

    def rank(version: TextVersion) -> tuple[bool, int, bool, str]:
        text = version.text
        return (
            text.item_id is None,
            lineage.index(text.region_id),
            text.department_id != item.department_id,
            text.code,
        )

    return min(fitting, key=rank, default=None)

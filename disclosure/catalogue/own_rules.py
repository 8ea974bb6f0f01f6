"""Items that a place chose itself: their own implementation rules, and the check that neither rules nor text are missing on
the day on which an item begins (R25, S2 四（二）)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from commitments.models import CommitmentText, TextVersion
from credit_portal.audit import events
from credit_portal.deadlines import policy
from credit_portal.deadlines.articles import article_text
from credit_portal.registry.models import CommitmentType, Department, ServiceItem, ServiceItemVersion, User
from credit_portal.registry.reach import KEEPERS, check_reach
from disclosure.models import ItemRules

PARTS = ("scope", "conditions", "procedure", "supervision", "consequences", "repair")
MOST_PART = 5_000
RULE = "own_item_papers"


@transaction.atomic
def issue(
    *,
    item: ServiceItem,
    title: str,
    issuer: Department,
    issued_on: date,
    parts: Mapping[str, str],
    effective_from: date,
    actor: User | None,
    now: datetime,
    document_no: str = "",
) -> ItemRules:
    """Put an item's rules in force from a day on; those before end the day before and are kept. Raises ValidationError
    (Chinese, by field)."""
    item = ServiceItem.objects.select_for_update(of=("self",)).select_related("region").get(pk=item.pk)
    check_reach(actor, item.region, *KEEPERS)
    if item.retired_on is not None:
        raise ValidationError(f"事项 {item.code} 已于 {item.retired_on} 停用。")
    before = ItemRules.objects.filter(item=item).order_by("-number").first()
    if before is not None and effective_from <= before.effective_from:
        raise ValidationError(
            {"effective_from": f"现行的实施细则自 {before.effective_from} 起施行，新的须晚于这一天。"}
        )
    if issued_on > effective_from:
        raise ValidationError({"issued_on": "印发日期不能晚于施行日期。"})
    written = {name: parts.get(name, "").replace("\r\n", "\n").replace("\0", "").strip() for name in PARTS}
    if problems := {
        name: f"最多 {MOST_PART} 个字，现为 {len(text)} 个字。"
        for name, text in written.items()
        if len(text) > MOST_PART
    }:
        raise ValidationError(problems)
    row = ItemRules(
        item=item, number=before.number + 1 if before else 1, title=title.strip(),
        document_no=document_no.strip(), issuer=issuer.name, issued_on=issued_on,
        effective_from=effective_from, entered_at=now, entered_by=actor, **written,
    )  # fmt: skip
    # Nobody enters what the system itself lays; constraints are those of the rows together, the one before ends first.
    row.full_clean(exclude=["entered_by"], validate_constraints=False)
    if before is not None:
        before.effective_to = effective_from - timedelta(days=1)
        before.save(update_fields=["effective_to"])
    row.save(force_insert=True)
    events.item_rules(
        now=now, actor_id=actor.pk if actor else None, item_id=item.pk, code=item.code, number=row.number,
        effective_from=effective_from,
    )  # fmt: skip
    return row


def in_force(on: date) -> QuerySet[ItemRules]:
    """The rules of items on a day: one an item at most."""
    return ItemRules.objects.filter(
        Q(effective_to__isnull=True) | Q(effective_to__gte=on), effective_from__lte=on
    )


def own_texts(on: date) -> QuerySet[TextVersion]:
    """The texts made for one item, in force on a day."""
    return TextVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        status__in=[TextVersion.Status.PUBLISHED, TextVersion.Status.FROZEN],
        valid_from__lte=on,
        text__item__isnull=False,
    )


def missing(version: ServiceItemVersion, on: date) -> list[str]:
    """What refuses an item's publication: registered with the catalogue. Nothing where no confirmed rule asks for it."""
    return [sentence for sentence, refuses in found(version, on) if refuses]


def found(version: ServiceItemVersion, on: date) -> list[tuple[str, bool]]:
    """What an item lacks on a day, and whether that refuses it or (the rule is not confirmed) only reminds."""
    item = version.item
    if CommitmentType.APPROVAL not in version.allowed_types:
        return []
    rule = policy.values(
        [RULE], lineage=item.region.lineage, on=on, commitment_type=CommitmentType.APPROVAL.value
    ).get(RULE)
    if rule is None or not rule.value:
        return []
    origins = set(
        own_texts(on)
        .filter(text__item=item, text__commitment_type=CommitmentType.APPROVAL, text__late_materials=False)
        .values_list("text__origin", flat=True)
    )
    if CommitmentText.Origin.PROVINCIAL in origins:
        return []
    why = f"：没有省级示范文本的事项，由本地区逐项制定（{article_text(rule.basis)}）。"
    lacks = []
    if not origins:
        lacks.append(f"缺少这个事项专用的、{on} 在用的审批替代型承诺书文本{why}")
    if not in_force(on).filter(item=item).exists():
        lacks.append(f"缺少这个事项的、{on} 施行的信用承诺实施细则{why}")
    return [(sentence, rule.confirmed) for sentence in lacks]

"""One item before the public (R20, R22, R33): what it is, who may use it how, its texts, its rules, every version with its
days. Reads published rows only."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commitments.models import TextVersion
from commitments.text_rules import LIABILITY, show_blanks
from commitments.texts import texts_in_use
from credit_portal.registry.models import CommitmentType, ServiceItem, ServiceItemVersion
from credit_portal.registry.version_models import stage_of
from disclosure.column import served_regions
from disclosure.models import ItemRules

from . import own_rules

Status = ServiceItemVersion.Status
SHOWN = (Status.PUBLISHED, Status.FROZEN, Status.WITHDRAWN)


@dataclass(frozen=True)
class Stage:
    """A version with where it stands on the day."""

    version: Any
    label: str
    tone: str

    @property
    def comparable(self) -> bool:
        return self.version.status != "withdrawn"


@dataclass
class PublicItem:
    """`version`: the one in force on the day, else the newest that was or will be; `in_force` says which."""

    item: ServiceItem
    version: ServiceItemVersion
    in_force: bool
    versions: list[Stage]
    texts: list[TextVersion] = field(default_factory=list)
    rules: list[ItemRules] = field(default_factory=list)
    rules_in_force: ItemRules | None = None

    @property
    def types(self) -> list[str]:
        labels = dict(CommitmentType.choices)
        return [str(labels[kind]) for kind in labels if kind in self.version.allowed_types]

    @property
    def coming(self) -> Stage | None:
        """The version that will replace this one, where one is published ahead."""
        return next(
            (one for one in self.versions if one.tone == "waiting" and one.version.pk != self.version.pk),
            None,
        )

    @property
    def comparable(self) -> list[Stage]:
        return [one for one in self.versions if one.comparable]

    @property
    def consequences(self) -> list[str]:
        """What follows a breach, as the texts in use say."""
        found: dict[str, None] = {}
        for version in self.texts:
            labels = {blank.key: blank.label for blank in version.blanks.all()}
            for clause in version.clauses.all():
                if clause.kind == LIABILITY:
                    found[show_blanks(clause.body, labels)] = None
        return list(found)

    @property
    def signs_online(self) -> bool:
        """Whether a subject can sign by itself now (R34)."""
        return self.in_force and self.version.online


def find_item(code: str, today: date) -> PublicItem | None:
    """An item of the regions served that has been published; None alike for an unknown code and a mere draft. At most eight
    queries."""
    item = (
        ServiceItem.objects.filter(code=code.replace("\0", ""), region__in=served_regions())
        .select_related("region", "department")
        .first()
    )
    if item is None:
        return None
    versions = list(item.versions.filter(status__in=SHOWN).select_related("occupation").order_by("-number"))
    usable = [one for one in versions if one.status != Status.WITHDRAWN]
    if not usable:
        return None
    for one in versions:
        one.item = item
    retired = item.retired_on is not None and item.retired_on <= today
    now = [one for one in usable if not retired and _covers(one, today)]
    shown = now[0] if now else usable[0]
    rules = list(ItemRules.objects.filter(item=item).order_by("-number"))
    return PublicItem(
        item=item,
        version=shown,
        in_force=bool(now),
        versions=[Stage(one, *stage_of(one, today)) for one in versions],
        texts=texts_in_use(item_version=shown, on=today) if now else [],
        rules=rules,
        rules_in_force=next(
            (
                one
                for one in rules
                if one.effective_from <= today and (one.effective_to is None or one.effective_to >= today)
            ),
            None,
        ),
    )


def _covers(version: ServiceItemVersion, day: date) -> bool:
    return version.valid_from is not None and version.valid_from <= day <= (version.valid_to or date.max)


def rules_parts(rules: ItemRules) -> list[tuple[str, list[str]]]:
    """The parts of an item's rules with their heads, in paragraphs."""
    return [
        (
            str(ItemRules._meta.get_field(name).verbose_name),
            [line.strip() for line in getattr(rules, name).splitlines() if line.strip()],
        )
        for name in own_rules.PARTS
    ]

"""What tests of the catalogue at work stand on: a bureau with its keepers, items in force, files of its catalogue."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments import texts
from commitments.models import TextVersion
from commitments.text_rules import ClauseData
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import catalogue, groups
from credit_portal.registry.models import Department, ServiceItemVersion, User
from tests import factories

NOW, TODAY = factories.NOW, factories.TODAY
FIRST = date(2026, 1, 1)
FIELDS: dict[str, Any] = {
    "name": "食品经营许可",
    "pinyin": "spjyxk",
    "domain": "food_drug",
    "allowed_types": ["approval", "supervisory"],
    "scope": "must",
    "checkpoint": "acceptance",
    "allows_late_materials": True,
    "materials": [
        {"name": "申请书", "source": "申请人填写", "late": False},
        {"name": "场所｜使用证明", "source": "", "late": True},
    ],
    "promised_working_days": 8,
    "validity_months": 60,
    "legal_basis": "《食品经营许可和备案管理办法》",
}
WORDS = {
    "title": "食品经营告知承诺书",
    "scope": "办理食品经营许可时使用。",
    "notice": "请先阅读。",
    "privacy_notice": "只用于办理本事项。",
}
CLAUSES = (
    ClauseData(1, "pledge", "经营场所符合条件，材料真实。", ("true_materials",)),
    ClauseData(2, "liability", "违背承诺的，许可依法撤销。", ("accept_consequences",)),
)


@dataclass
class Bureau:
    """An approval bureau of a district, its keeper, another keeper, an office of the province."""

    department: Department
    keeper: User
    other: User

    @classmethod
    def open(cls, region: str = "130111") -> "Bureau":
        place = factories.department(region=region, kind=Department.Kind.APPROVAL_BUREAU)
        return cls(
            place,
            factories.staff(groups.APPROVAL_BUREAU, department=place, display_name="甲经办"),
            factories.staff(groups.APPROVAL_BUREAU, department=place, display_name="乙经办"),
        )

    def item(self, code: str, *, on: date = FIRST, **fields: Any) -> ServiceItemVersion:
        """An item in force from a day on."""
        draft = catalogue.draft_item(
            code=code, department=self.department, fields=FIELDS | fields, actor=self.keeper, now=NOW
        )
        return catalogue.publish_item(version=draft, valid_from=on, actor=self.keeper, now=NOW)

    def next(self, version: ServiceItemVersion, *, on: date, **fields: Any) -> ServiceItemVersion:
        draft = catalogue.draft_item(item=version.item, fields=fields, actor=self.keeper, now=NOW)
        return catalogue.publish_item(version=draft, valid_from=on, actor=self.keeper, now=NOW)

    def text(self, code: str, *, on: date = FIRST, item: Any = None, **more: Any) -> TextVersion:
        """A text of the approval type, in force from a day on."""
        draft = texts.draft_text(
            code=code, department=self.department, commitment_type="approval", item=item, words=WORDS,
            clauses=CLAUSES, actor=self.keeper, now=NOW, **more,
        )  # fmt: skip
        return texts.publish_text(version=draft, valid_from=on, actor=self.keeper, now=NOW)


def asks_for_own_papers(*, confirmed: bool = True, region: str = "130000") -> PolicyRule:
    """The rule of S2 四（二）, as shipped."""
    return PolicyRule.objects.create(
        region=factories.region(region), key="own_item_papers", value=True, basis="S2 四（二）",
        confirmed=confirmed, effective_from=date(2021, 10, 19), commitment_type="approval",
    )  # fmt: skip


RULES = {
    "scope": "申请食品经营许可的。",
    "conditions": "符合条件。",
    "procedure": "核查、告知、签署、受理、决定。",
    "supervision": "抽查。",
    "consequences": "撤销许可。",
    "repair": "改正后申请修复。",
}

"""A region with its lists, a credit office of two, and a unit that checks, decides and applies measures: by the services."""

from datetime import date, datetime, timedelta
from typing import Any

from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, User
from tests import factories
from tests.factories import NOW, TODAY
from verification import services
from verification.checking import deciding
from verification.measures import keeping
from verification.models import AppliedMeasure, Check, CreditEntry, CreditList, ListedMeasure

LISTS = {
    "judgment_defaulter": ("失信被执行人名单", "adverse"),
    "watch": ("重点关注对象名单", "watch"),
    "exemplary": ("诚信典型", "model"),
    "market_ban": ("市场和行业禁入名单", "adverse"),
}


class Scene:
    def __init__(self, region: str = "130111") -> None:
        self.region = factories.region(region)
        self.lists = {code: credit_list(code) for code in LISTS}
        self.office = factories.department(region=region, kind="credit_office")
        self.first: User = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second: User = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.unit = factories.department(region=region, name="栾城区采购办")
        self.clerk: User = factories.staff(groups.CLERK, department=self.unit)
        self.officer: User = factories.staff(groups.OFFICER, department=self.unit)
        self.head: User = factories.staff(groups.HEAD, department=self.unit)
        self.item = factories.item_version(
            department=self.unit, name="政府采购供应商资格", domain="procurement"
        )

    def enter(self, **fields: Any) -> ListedMeasure:
        """A sanction of defaulters in procurement from today on, as a draft."""
        values: dict[str, Any] = {
            "region": self.region, "whom": self.lists["judgment_defaulter"], "nature": "administrative",
            "effect": "key", "text": "从严审查资格", "domain": "procurement", "basis": "政府采购法第二十二条",
            "effective_from": TODAY, "actor": self.first, "now": NOW,
        }  # fmt: skip
        return keeping.enter(**(values | fields))

    def listed(self, *, now: datetime = NOW, **fields: Any) -> ListedMeasure:
        """The same, approved by the second person."""
        row = self.enter(now=now, **fields)
        return keeping.approve(measure_id=row.pk, actor=self.second, now=now)

    def stands_on(self, code: str, *, subject: CreditSubject | None = None, **fields: Any) -> CreditEntry:
        known = self.lists[code]
        return factories.credit_entry(
            subject=subject, kind=known.entry_kind, credit_list=known, title=f"列入{known.name}", **fields
        )

    def checked(self, subject: CreditSubject, *, now: datetime = NOW, **more: Any) -> Check:
        return services.check_subject(
            subject=subject, item_version=more.pop("item_version", self.item), commitment_type="supervisory",
            operator=self.clerk, now=now, **more,
        )  # fmt: skip

    def applied(self, code: str = "judgment_defaulter", **more: Any) -> AppliedMeasure:
        """A measure applied to somebody who stands on a list for which one is in force."""
        entry = self.stands_on(code, **more)
        check = self.checked(entry.subject)
        deciding.decide(check_id=check.pk, result="granted" if check.route != "commitment" else "commitment",
                        measures=None, actor=self.clerk, now=NOW)  # fmt: skip
        return AppliedMeasure.objects.get(check_made=check)


def credit_list(code: str) -> CreditList:
    name, sort = LISTS[code]
    made, _ = CreditList.objects.get_or_create(
        code=code,
        defaults={
            "name": name,
            "sort": sort,
            "holder": "认定单位",
            "exit_rule": "期限届满移出",
            "region": factories.region("000000"),
        },
    )
    return made


def days(number: int) -> date:
    return TODAY + timedelta(days=number)

"""What a check says of a person's tax credit: for reference, where the region has confirmed that it is, and never a factor
(S4「应用」; R122)."""

from datetime import date

from credit_portal.deadlines import policy
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, Region
from verification.models import TaxCreditEntry
from verification.rules import Decision

KEY = "tax_credit_use"
MOST = 5
TEXT = "纳税信用信息（仅供参考，不影响办理方式）：{year} 年度{kind}，{department} {on} 认定{state}"


def reasons(
    *, subject: CreditSubject, region: Region, on: date, decision: Decision
) -> list[dict[str, object]]:
    """As a check keeps its reasons; they harm nobody and change nothing. Nothing for anybody but persons, and nothing where
    the rule is not confirmed."""
    if subject.kind != codes.PERSON:
        return []
    rule = policy.values([KEY], lineage=region.lineage, on=on).get(KEY)
    if rule is None or not rule.confirmed or rule.value != "reference":
        return []
    rows = (
        TaxCreditEntry.objects.filter(
            subject=subject,
            state__in=[TaxCreditEntry.State.EFFECTIVE, TaxCreditEntry.State.REPAIRED],
            found_on__lte=on,
        )
        .select_related("department")
        .order_by("-tax_year", "-pk")[:MOST]
    )
    return [
        {
            "code": "tax_credit",
            "text": TEXT.format(
                year=row.tax_year,
                kind=row.get_kind_display(),
                department=row.department.short_name,
                on=row.found_on,
                state="，已修复" if row.state == TaxCreditEntry.State.REPAIRED else "",
            ),
            "article": article_text(rule.basis),
            "article_code": rule.basis,
            "entry_id": None,
            "route": str(decision.route),
            "scrutiny": str(decision.scrutiny),
            "harmful": False,
            "effect": "",
            "listed_id": None,
            "done": "",
        }
        for row in rows
    ]

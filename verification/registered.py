"""What a check says of information that a subject has registered and a department has verified: for reference, with its source.
What nobody has verified is not in the record at all (S1 五「经验证的」, S4 5; R44)."""

from datetime import date

from django.db.models import Q

from credit_portal.registry.models import CreditSubject

from .models import CreditEntry
from .rules import Decision
from .vocabulary import Kind, State

MOST = 5
TEXT = "自愿注册信息（仅供参考，不影响办理方式）：{title}，{source}{until}"


def reasons(*, subject: CreditSubject, on: date, decision: Decision) -> list[dict[str, object]]:
    """As a check keeps its reasons; they change nothing. The newest first, five at most."""
    rows = CreditEntry.objects.filter(
        Q(until_on=None) | Q(until_on__gte=on),
        subject=subject,
        kind=Kind.REGISTRATION,
        state=State.EFFECTIVE,
        verified=True,
        from_on__lte=on,
    ).order_by("-pk")[:MOST]
    return [
        {
            "code": "registration",
            "text": TEXT.format(
                title=row.title,
                source=row.source,
                until=f"，有效期至 {row.until_on}" if row.until_on else "",
            ),
            "article": "",
            "article_code": "",
            "entry_id": row.pk,
            "route": str(decision.route),
            "scrutiny": str(decision.scrutiny),
            "harmful": False,
            "effect": "",
            "listed_id": None,
            "done": "",
        }
        for row in rows
    ]

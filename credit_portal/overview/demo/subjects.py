"""Two demonstration subjects on their own pages: a shop in whose breach the public can look, and a firm with an agent who
may only look. Their codes are issued anew at each start: a code is used once and lives for three days."""

import unicodedata
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from commitments import statements, subject_access
from commitments.models import BreachCase
from credit_portal.audit.clock import local_date
from credit_portal.registry import access, access_rules
from credit_portal.registry.models import CreditSubject, SubjectAccess, User
from verification.checking.looking import File

from .people import identity_number
from .places import MARK

CLERK = "luancheng-clerk"
SHOP, FIRM = "92130111YY0001038C", "91130111YY0001001N"
BORN = date(1979, 5, 20)
SAID = "设备供应商延期交货，改造已在上月完成，欢迎复查（演示）。"


def lay(*, page: bytes, now: datetime) -> None:
    """Open what the two need; the shop hands in a statement that waits for the department. Asked again, nothing changes."""
    clerk = User.objects.get(username=CLERK)
    for at, code in enumerate((SHOP, FIRM), 1):
        subject = CreditSubject.objects.filter(uscc=code).first()
        if subject is not None:
            _open(subject, clerk, at, now)
    firm = CreditSubject.objects.filter(uscc=FIRM).first()
    if firm is not None:
        subject_access.open_at_window(
            key=uuid5(NAMESPACE_URL, f"demo:agent:{FIRM}"), subject=firm, name=f"代办人{MARK}", capacity="agent",
            identity_document="id_card", id_number=identity_number(BORN, 903), identity_seen=True,
            valid_until=local_date(now) + timedelta(days=30), scope="view", actor=clerk, now=now,
            authorisation=File(page, "image/png", "授权委托书（演示）.png"),
        )  # fmt: skip
    case = (
        BreachCase.objects.filter(subject__uscc=SHOP, state=BreachCase.State.SERVED, subject_statement="")
        .order_by("-pk")
        .first()
    )
    holder = _holder(SHOP, now)
    if case is not None and holder is not None:
        statements.submit(case_id=case.pk, access=holder, text=SAID, now=now)


def _open(subject: CreditSubject, clerk: User, at: int, now: datetime) -> SubjectAccess:
    trader = subject.kind == CreditSubject.Kind.SOLE_TRADER
    known = access.representative_of(subject)
    return subject_access.open_at_window(
        key=uuid5(NAMESPACE_URL, f"demo:{subject.uscc}:{now.isoformat()}"),
        subject=subject,
        name=known.name if known else f"负责人{MARK}",
        capacity="operator" if trader else "legal_representative",
        identity_document="id_card",
        id_number=identity_number(BORN, 900 + at),
        identity_seen=True,
        valid_until=local_date(now) + timedelta(days=access_rules.MOST_TERM_DAYS),
        actor=clerk,
        now=now,
    ).access


def _holder(code: str, now: datetime) -> SubjectAccess | None:
    rows = access.running(SubjectAccess.objects.filter(subject__uscc=code), today=local_date(now))
    return rows.exclude(capacity=SubjectAccess.Capacity.AGENT).order_by("-pk").first()


def codes_table(*, now: datetime) -> str:
    """New codes for the two, as lines for the terminal; empty where the demonstration is not there."""
    clerk = User.objects.filter(username=CLERK, is_demo=True).first()
    rows = []
    for at, code in enumerate((SHOP, FIRM), 1):
        subject = CreditSubject.objects.filter(uscc=code, is_demo=True).first()
        if clerk is None or subject is None:
            continue
        holder = _holder(code, now) or _open(subject, clerk, at, now)
        shown = access_rules.shown(access.issue_code(access_id=holder.pk, actor=clerk, now=now))
        rows.append((code, shown.replace(" ", "-"), subject.name))
    if not rows:
        return ""
    head = "主体网上查询 /me/（一次性代码，72 小时内有效，每次启动换新的）"
    lines = [("主体代码", "一次性代码", "主体"), *rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(2)]
    return "\n".join(
        [
            head,
            *(
                "  ".join(
                    [
                        *(
                            cell + " " * (wide - _width(cell))
                            for cell, wide in zip(line, widths, strict=False)
                        ),
                        line[2],
                    ]
                )
                for line in lines
            ),
        ]
    )


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

"""Demonstration subjects on their own pages: one with a public breach that can be repaired, one with a running commitment, and
a firm with an agent who may only look. Their codes are issued anew at each start: a code is used once and lives for three
days."""

import unicodedata
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Length

from commitments import statements, subject_access
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.registry import access, access_rules
from credit_portal.registry.models import CreditSubject, SubjectAccess, User
from disclosure.breach_gate import public_breaches
from disclosure.gate import listed_commitments
from repair import applying, rules
from verification.checking.looking import File
from verification.models import Listing

from .people import identity_number
from .places import MARK

CLERK = "luancheng-clerk"
FIRM = "91130111YY0001001N"
REGION = "130111"
BORN = date(1979, 5, 20)
SAID = "设备供应商延期交货，改造已在上月完成，欢迎复查（演示）。"
# So many subjects get a code at each start: those whose pages were opened first.
PRINTED = 3


def lay(*, page: bytes, now: datetime) -> None:
    """Open what they need; the subject of the breach hands in a statement that waits for the department. Asked again, nothing
    changes."""
    clerk = User.objects.get(username=CLERK)
    breach = repairable(now=now)
    firm = CreditSubject.objects.filter(uscc=FIRM).first()
    chosen = [breach.subject if breach else None, keeping(now=now), firm]
    for at, subject in enumerate(chosen, 1):
        if subject is not None:
            _open(subject, clerk, at, now)
    if firm is not None:
        subject_access.open_at_window(
            key=uuid5(NAMESPACE_URL, f"demo:agent:{FIRM}"), subject=firm, name=f"代办人{MARK}", capacity="agent",
            identity_document="id_card", id_number=identity_number(BORN, 903), identity_seen=True,
            valid_until=local_date(now) + timedelta(days=30), scope="view", actor=clerk, now=now,
            authorisation=File(page, "image/png", "授权委托书（演示）.png"),
        )  # fmt: skip
    holder = _holder(breach.subject, now) if breach else None
    if breach is not None and holder is not None and breach.subject_statement != SAID:
        statements.submit(case_id=breach.pk, access=holder, text=SAID, now=now)


def repairable(*, now: datetime) -> BreachCase | None:
    """A breach before the public that can be repaired today and for which no application is under way (one may have been
    refused); one whose subject is on no list of those to be watched comes first, then one to which it has said nothing."""
    today = local_date(now)
    public = public_breaches(now).filter(case__region=REGION, case__is_demo=True)
    public = public.exclude(case__repair_applications__state__in=rules.OPEN)
    watched = Listing.objects.filter(
        subject=OuterRef("subject"), kind=Listing.Kind.WATCH, state=Listing.State.IN_FORCE
    )
    cases = (
        BreachCase.objects.filter(publications__in=public.values("pk"), region=REGION)
        .exclude(subject__kind=CreditSubject.Kind.PERSON)
        .select_related("subject")
        .order_by(Exists(watched), Length("subject_statement"), "pk")
    )
    for case in cases:
        if case.entry_id and applying.position_of(case.entry_id, on=today).eligibility.open:
            return case
    return None


def keeping(*, now: datetime) -> CreditSubject | None:
    """Who has a running commitment before the public and was never found in breach."""
    found = (
        listed_commitments(now)
        .filter(region=REGION, is_demo=True, fulfilment=Commitment.Fulfilment.RUNNING)
        .exclude(subject__in=BreachCase.objects.values("subject"))
        .exclude(subject__kind=CreditSubject.Kind.PERSON)
        .exclude(subject__uscc=FIRM)
        .order_by("-pk")
        .values_list("subject", flat=True)
        .first()
    )
    return CreditSubject.objects.get(pk=found) if found else None


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


def _holder(subject: CreditSubject, now: datetime) -> SubjectAccess | None:
    rows = access.running(SubjectAccess.objects.filter(subject=subject), today=local_date(now))
    return rows.exclude(capacity=SubjectAccess.Capacity.AGENT).order_by("-pk").first()


def codes_table(*, now: datetime) -> str:
    """New codes for them, as lines for the terminal, with what is to be seen; empty where the demonstration is not there."""
    clerk = User.objects.filter(username=CLERK, is_demo=True).first()
    rows = []
    for at, subject in enumerate(_opened(), 1):
        if clerk is None:
            continue
        holder = _holder(subject, now) or _open(subject, clerk, at, now)
        shown = access_rules.shown(access.issue_code(access_id=holder.pk, actor=clerk, now=now))
        rows.append((subject.uscc or "", shown.replace(" ", "-"), f"{subject.name}  {_to_see(subject, now)}"))
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


def _opened() -> list[CreditSubject]:
    """Those whose pages the demonstration has opened, whatever a visitor has opened since."""
    # Other stories open pages, too, for a shorter time.
    rows = SubjectAccess.objects.filter(
        opened_by__username=CLERK, subject__is_demo=True, subject__uscc__isnull=False,
        valid_until=F("valid_from") + timedelta(days=access_rules.MOST_TERM_DAYS),
    )  # fmt: skip
    rows = rows.exclude(capacity=SubjectAccess.Capacity.AGENT).order_by("pk")
    return list(dict.fromkeys(one.subject for one in rows.select_related("subject")[:1000]))[:PRINTED]


def _to_see(subject: CreditSubject, now: datetime) -> str:
    """What stands on a subject's pages today, in words."""
    public = public_breaches(now).filter(case__subject=subject).select_related("case").first()
    if public is not None and public.case.entry_id:
        position = applying.position_of(public.case.entry_id, on=local_date(now))
        return "有违诺公示，可申请信用修复" if position.eligibility.open else "有违诺公示"
    if listed_commitments(now).filter(subject=subject, fulfilment=Commitment.Fulfilment.RUNNING).exists():
        return "有履行中的承诺"
    return "有信用记录"


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

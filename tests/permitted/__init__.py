"""Who may open each address of the portal outside the back office, and who may send something to it: the table.

An address is written with the sample that stands in it (`tests/wide_office.py`). Letters are roles:

    C 窗口人员  F 经办人  H 负责人  B 行政审批局  S 行业协会  K 信用办  A 审计员  X 安全管理员  Y 系统管理员
    T 税务部门经办人  P 公众  M 承诺的主体  Q 违诺的主体  N 另一主体

What has no sample is everybody's own list: it opens for the same roles wherever they are. A sample belongs to one
department of Luancheng: there it opens for those who are named, elsewhere for the credit office and the auditor of
that region and of the one above, if they are named, and for nobody else. `near` (another department of the region),
`away` (another region) and `above` (the city) say where that is otherwise; `anywhere`: the same wherever they are;
`sent_by_own`: whoever sees it from elsewhere sends nothing.
"""

from dataclasses import dataclass, field
from typing import Any

STAFF, OUTSIDE = "CFHBSKAXY", "PMQN"
EVERYBODY = STAFF + OUTSIDE
REGIONAL = frozenset("KA")
PLACES = ("own", "near", "away", "above")


@dataclass(frozen=True)
class Row:
    get: str = ""
    post: str = ""
    near: str | None = None
    away: str | None = None
    above: str | None = None
    anywhere: bool = False
    # The unit of the sample alone sends; others only read.
    sent_by_own: bool = False
    data: dict[str, str] = field(default_factory=dict)

    def opens(self, method: str, place: str, address: str) -> set[str]:
        """The roles at a place for which the address opens."""
        named = set(self.get if method == "get" else self.post)
        if place == "own" or self.anywhere:
            return named
        if method == "post" and self.sent_by_own:
            # The credit office is one; what stands near is another department of its region.
            return named & REGIONAL if place == "near" else set()
        told = getattr(self, place)
        if told is not None:
            return named & set(told)
        if "{" not in address:
            return named
        return named & REGIONAL if place != "away" else set()


def page(get: str, **more: Any) -> Row:
    """It is read."""
    return Row(get, **more)


def deed(post: str, **more: Any) -> Row:
    """It is sent to."""
    return Row("", post, **more)


def form(both: str, **more: Any) -> Row:
    """It is read, and what was filled in is sent to the same address."""
    return Row(both, both, **more)


def steps(address: str, *, own: bool = False, **by: str) -> dict[str, Row]:
    """The steps of a procedure, by those who take them: `FH="notice serve", H="determine"`. `own`: by the unit of the sample
    alone, whoever sees it from elsewhere."""
    return {
        f"{address}{step}/": deed(letters, sent_by_own=own)
        for letters, names in by.items()
        for step in names.split()
    }

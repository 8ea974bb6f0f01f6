"""How it is known who objects where nobody has stood at the desk: whom the register knows, and whether a call can show it.

Called is the number that the register has, never the one that the objector wrote himself; and by a call nobody is shown to
be the subject but whoever is on record as it. (S2 四（四）4, R104.)"""

from dataclasses import dataclass

from credit_portal.registry import codes
from credit_portal.registry.access import representative_of
from disclosure.models import Objection

from .rules import ObjectionError

Capacity, Identity = Objection.Capacity, Objection.Identity
OTHER_WAYS = (
    "请异议人持身份证件（代理人并持授权委托书）到窗口或者信用办当面核实，或者由主体登录“我的信用”提出。"
)
NO_SUBJECT = "这条记录没有指明主体，没有登记的电话可以回拨。"
NO_PHONE = "该主体没有登记联系电话，不能回拨核实。"
NO_NAME = "该主体没有登记法定代表人（经营者），回拨不能核实是谁。"
OTHER_NAME = "自报姓名与登记的不一致，回拨不能核实。"


@dataclass(frozen=True)
class Known:
    """What the register knows of the subject: `name` of the person, of the representative or of whoever runs the business.
    `differs`: the objector, who says that he is that person, gave another name."""

    name: str
    phone: str
    differs: bool
    problem: str


def known_of(row: Objection) -> Known:
    """What stands on record beside what the objector wrote, and why no call can show who he is (empty where it can)."""
    subject = row.subject
    if subject is None:
        return Known("", "", False, NO_SUBJECT)
    if subject.kind == codes.PERSON:
        name = subject.name
    else:
        representative = representative_of(subject)
        name = representative.name if representative else ""
    # Whoever is authorised has another name; the subject that is called says whether it is so.
    itself = row.capacity == Capacity.SELF
    differs = itself and bool(name) and _plain(row.by_name) != _plain(name)
    problem = ""
    if not subject.phone:
        problem = NO_PHONE
    elif itself and not name:
        problem = NO_NAME
    elif differs:
        problem = OTHER_NAME
    return Known(name, subject.phone, differs, problem)


def check_called(row: Objection) -> None:
    """Raise ObjectionError where a call cannot show who objects."""
    if problem := known_of(row).problem:
        raise ObjectionError(f"{problem}{OTHER_WAYS}", field="how")


def identity_label(row: Objection) -> str:
    """How it was seen who objects, in words; an agent logs in as an agent."""
    if row.identity == Identity.SESSION and row.capacity == Capacity.AGENT:
        return "代理人登录"
    return str(row.get_identity_display())


def _plain(name: str) -> str:
    try:
        return codes.normalise_name(name).replace(" ", "")
    except codes.CodeError:
        return name

"""What happens to a row: which class it has, and what a later file may change. Pure."""

from collections.abc import Mapping

from commitments.collection_format import BY_NUMBER
from credit_portal.registry import codes
from credit_portal.registry.models import PublicityClass

# From the widest to the narrowest.
_ORDER = {PublicityClass.PUBLIC: 0, PublicityClass.LIMITED: 1, PublicityClass.CLOSED: 2}
HIDDEN = "（证件号码不显示）"

PORTAL_SIGNED = "这份承诺是在本系统签署的，文件不能更改；要更正的请在窗口办理。"
OTHER_UNIT = "承诺编码已由另一受理单位使用。"
GONE = "这份承诺已作废或者由新承诺更正，文件不能更改。"
CASE_STANDS = "这份承诺已有违诺认定案件 {number}，文件不能更改；请在案件中办理。"
KEPT_ALREADY = "这份承诺已记录为全部履行，文件不能改为“{told}”。"
SETTLED = "这份承诺载有的违诺已由部门核实处理，文件不能再改履行状态。"


def publicity_class(by_rule: str, asked: str) -> tuple[str, bool]:
    """The class that a row begins with, and whether the rule has decided it. A file may ask for less publicity than the rule
    gives, never for more; what it asks for beyond the rule waits for the credit office, which knows the reasons (R92)."""
    if _ORDER[PublicityClass(asked)] > _ORDER[PublicityClass(by_rule)]:
        return asked, False
    return by_rule, True


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[list[str]]:
    """[[number, old, new]] of what differs; a person's number is not written down."""
    person = codes.PERSON in (_kind(old), _kind(new))
    found = []
    for number in BY_NUMBER:
        before, after = old.get(str(number), ""), new.get(str(number), "")
        if before == after:
            continue
        if number == 4 and person:
            before, after = HIDDEN, f"{HIDDEN}与原来的不同"
        found.append([str(number), before, after])
    return found


def _kind(values: Mapping[str, str]) -> str:
    return codes.PERSON if values.get("3") == "自然人" else ""

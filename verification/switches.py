"""The switches that a check asks, read from the dated policy of a region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_portal.deadlines import policy
from credit_portal.registry.models import Region

from .rules import Rule, Switches
from .vocabulary import FIELD_USE_LABELS, FieldUse, UnrepairedRule

UNREPAIRED_KEY = "route.unrepaired"
IN_PUBLICITY_KEY = "scrutiny.in_publicity"
EXPIRED_KEY = "expired_counts_as_repaired"
REPAIR_KEY = "repair_methods"
FIELD_KEY = "field_use"
BAN_KEY = "market_ban_for_good"
DISPUTE_KEY = "check_dispute"
SWITCH_KEYS = (
    UNREPAIRED_KEY, IN_PUBLICITY_KEY, EXPIRED_KEY, REPAIR_KEY, FIELD_KEY, BAN_KEY, DISPUTE_KEY,
)  # fmt: skip

BAD_SWITCH = "规则“{key}”的取值“{value}”无法识别，请信用办更正。"


class NotCheckable(ValueError):
    """A check cannot be made as asked; the message says why, in Chinese."""


@dataclass(frozen=True)
class RulesInForce:
    """The switches of a region on a day, and the policy values that they were read from."""

    switches: Switches
    used: dict[str, policy.Value]

    def frozen(self) -> dict[str, Any]:
        """As a check keeps them: value, basis, region, confirmed or not."""
        return {
            key: {
                "value": used.value,
                "basis": used.basis,
                "region": used.region,
                "confirmed": used.confirmed,
                "rule": used.rule_id,
            }
            for key, used in self.used.items()
        }


def rules_in_force(*, region: Region, on: date, domain: str = "", commitment_type: str = "") -> RulesInForce:
    """The regional switches in force on the day ``on`` (one query). A rule that nobody entered is unconfirmed.

    Raises NotCheckable where a rule's value is none that the product knows.
    """
    used = policy.values(
        SWITCH_KEYS, lineage=region.lineage, on=on, domain=domain, commitment_type=commitment_type
    )

    def flag(key: str, default: bool) -> Rule[bool]:
        found = used.get(key)
        if found is None:
            return Rule(default, "", False)
        if not isinstance(found.value, bool):
            raise NotCheckable(BAD_SWITCH.format(key=key, value=found.value))
        return Rule(found.value, found.basis, found.confirmed)

    unrepaired = used.get(UNREPAIRED_KEY)
    if unrepaired is None:
        route = Rule(UnrepairedRule.ORDINARY, "", False)
    else:
        try:
            route = Rule(UnrepairedRule(unrepaired.value), unrepaired.basis, unrepaired.confirmed)
        except ValueError as error:
            raise NotCheckable(BAD_SWITCH.format(key=UNREPAIRED_KEY, value=unrepaired.value)) from error
    repair, field, dispute = used.get(REPAIR_KEY), used.get(FIELD_KEY), used.get(DISPUTE_KEY)
    if field is not None and field.value not in FIELD_USE_LABELS:
        raise NotCheckable(BAD_SWITCH.format(key=FIELD_KEY, value=field.value))
    switches = Switches(
        unrepaired=route,
        in_publicity=flag(IN_PUBLICITY_KEY, True),
        expired_counts_as_repaired=flag(EXPIRED_KEY, True),
        repair_article=repair.basis if repair and repair.confirmed else "",
        dispute_article=dispute.basis if dispute and dispute.confirmed else "",
        field_use=Rule(FieldUse(field.value), field.basis, field.confirmed) if field else None,
        ban_for_good=flag(BAN_KEY, False),
    )
    return RulesInForce(switches, used)

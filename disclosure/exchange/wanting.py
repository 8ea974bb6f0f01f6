"""What the platform should hold of one commitment, from the facts of the day. Pure.

One record a commitment, as the format has it (its number is field 1). A breach is in it from the acceptance of its
report to the end of its publication; before people have decided that it is public it goes up as 特定范围内公开, so that
nobody publishes it above before it may be published here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from commitments import collection_format as form

RUNNING, FULFILLED = "running", "fulfilled"
PUBLIC, LIMITED = "public", "limited"


@dataclass(frozen=True)
class Facts:
    """`values`: the twenty fields without 11 to 16. `breach`: those of the accepted report, where one is in force and
    its publication has not ended. `breach_class`: what was decided on its publication, empty before."""

    values: Mapping[str, str]
    publicity_class: str
    withdrawn: bool
    fulfilment: str
    breach: Mapping[str, str] | None = None
    breach_class: str = ""


@dataclass(frozen=True)
class Setting:
    """How the platform wants it. `since_reached`: the commitment was made on or after the platform's first day."""

    hold_running: bool
    supervisory_as_proof: bool
    since_reached: bool = True


@dataclass(frozen=True)
class Wanted:
    values: dict[str, str]
    running: bool
    breach: bool


def wanted(facts: Facts, setting: Setting, *, commitment_type: str, late_materials: bool) -> Wanted | None:
    """The record that the platform should hold; None where it should hold nothing of this commitment."""
    word = form.type_in_words(
        commitment_type, late_materials=late_materials, supervisory_as_proof=setting.supervisory_as_proof
    )
    if facts.breach is not None:
        shown = facts.breach_class or LIMITED
        return Wanted(
            {**facts.values, **facts.breach, "5": word, "19": CLASS_WORDS[shown]}, running=False, breach=True
        )
    if facts.withdrawn or facts.publicity_class != PUBLIC or not setting.since_reached:
        return None
    values = {**facts.values, "5": word}
    if facts.fulfilment == FULFILLED:
        return Wanted(values | {"11": form.FULFILLED}, running=False, breach=False)
    # What is not kept is told by an accepted report in force only; until then, and after it, nobody says so.
    return None if setting.hold_running else Wanted(values, running=True, breach=False)


CLASS_WORDS = {"public": form.CLASSES[0], "limited": form.CLASSES[1], "closed": form.CLASSES[2]}

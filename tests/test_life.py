"""What is public on a day is what the rules say, whatever has happened before and in whatever order: sequences of acts told
side by side by an independent oracle, the pure rules, and the services through the database."""

import os
import random

import pytest
from django.db import transaction

from tests.life.by_rules import ByRules
from tests.life.by_services import ByServices
from tests.life.oracle import ACTS, Oracle
from tests.life.telling import FIRST, draw, tell
from tests.repair_stage import RepairStage

# The drill tells many more, with a seed of its own; a life through the database takes most of a second.
ON_RULES = int(os.environ.get("LIVES_ON_RULES", "1000"))
BY_SERVICES = int(os.environ.get("LIVES_BY_SERVICES", "30"))
# Half of the acts are refused; the suite believes the rollback, the drill looks again.
AFTER_REFUSALS = "LIVES_SEED" in os.environ
SEED = int(os.environ.get("LIVES_SEED", "20261129"))
pytestmark = [pytest.mark.req(one) for one in ("R26", "R89", "R92", "R98", "R99", "R104", "R106")]


def test_a_thousand_lives_by_the_pure_rules_are_as_the_oracle_says() -> None:
    chance = random.Random(SEED)
    compared = sum(tell(ByRules(FIRST), draw(chance, 40)) for _ in range(ON_RULES))
    assert compared > 50 * ON_RULES


def quick_papers(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The papers' own tests print them; here they would cost nine tenths of the time."""
    blank = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )
    for module in ("commitments.case_papers", "repair.papers", "disclosure.objections.papers"):
        monkeypatch.setattr(f"{module}.render_pdf", lambda html, **rest: blank + rest["identifier"])


@pytest.mark.django_db
def test_lives_through_the_database_are_as_the_oracle_says(monkeypatch) -> None:
    quick_papers(monkeypatch)
    chance = random.Random(SEED)
    stage = RepairStage(repair_methods={"methods": ["check"], "open": True})
    done: set[str] = set()
    for _ in range(BY_SERVICES):
        acts = draw(chance, 14)
        with transaction.atomic():
            tell(ByServices(stage, FIRST), acts, after_refusals=AFTER_REFUSALS)
            transaction.set_rollback(True)
        done |= happened(acts)
    # Every act has really been done in some of them, not only refused.
    assert done == set(ACTS)


def happened(acts: list[tuple[str, int]]) -> set[str]:
    oracle = Oracle(FIRST)
    return {name for name, value in acts if oracle.attempt(name, value)}


@pytest.mark.django_db
def test_a_product_that_forgets_to_end_a_publication_is_found(monkeypatch) -> None:
    """The negative control: with the end of the publication left out, the lives are told differently. The gate would hold back
    by the record what is still published: the record is left as it was, too."""
    quick_papers(monkeypatch)
    monkeypatch.setattr("repair.effecting._end_breach", lambda application, **rest: None)
    monkeypatch.setattr("repair.effecting.verification.mark_repaired", lambda **rest: None)
    names = ("determine", "serve", "report", "publish", "wait", "apply", "grant", "confirm")
    acts = [(name, 93 if name == "wait" else 0) for name in names]
    stage = RepairStage(repair_methods={"methods": ["check"], "open": True})
    with pytest.raises(AssertionError, match="is_public"), transaction.atomic():
        tell(ByServices(stage, FIRST), acts)

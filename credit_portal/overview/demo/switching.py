"""An announced change: a rule that two people have set for a coming day, and the order to move open cases, with its preview."""

from datetime import datetime, timedelta

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import proposals
from credit_portal.deadlines.switching import orders

from .foundation import World

LC = "130111"
# It begins on the first day of a coming month: the visitor sees it before it holds.
AHEAD = timedelta(days=32)


def announce(world: World, *, now: datetime) -> None:
    """A shorter publicity of general breaches, approved for a coming day; the order waits for the second person."""
    credit, second = world.user(LC, "credit"), world.user(LC, "credit2")
    region = credit.department.region
    day = (local_date(now) + AHEAD).replace(day=1)
    proposal = proposals.propose_rule(
        region=region,
        key="publicity",
        value={"min": 3, "max": 9},
        basis="新修订的信用修复管理规定（演示）",
        effective_from=day,
        grade="general",
        actor=credit,
        now=now - timedelta(days=2),
    )
    proposals.approve(proposal=proposal, actor=second, now=now - timedelta(days=1))
    proposal.refresh_from_db()
    orders.propose(
        source=proposal,
        region=region,
        kinds_chosen=["publications", "publications_scheduled"],
        effective_on=day,
        reason="新规定的最长公示期较短，对正在公示的违诺一并适用（演示）",
        actor=credit,
        now=now - timedelta(hours=20),
    )

"""Proof that publication stopped (R99): every surface on which a record was is really fetched and looked at. Wanted in the
transaction that ends a publication (repair, revocation, a founded objection), looked at as soon as that is committed, and
again until all of it is gone; then the certificate.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible
from disclosure.models import AdministrativeAct, BreachPublication
from disclosure.offices import NoOffice, nearest_office

from . import certifying, looking, recipients, surfaces
from .models import RepairApplication, SurfaceLook, UnpublicationProof
from .rules import RepairError

EFFECT = "repair.prove"
MATTER = "unpublication"
DUTY = "unpublication"
# A minute, doubling to an hour: about a day and a half.
MAX_ATTEMPTS = 40
State = UnpublicationProof.State
ERROR_OFFICE = "重新核对由信用办办理。"
ERROR_REACH = "没有这项核对，或者它不在您的管理范围内。"


class StillShown(RuntimeError):
    """A surface still has the record, or could not be read; it is looked at again."""


def matter_of(proof: UnpublicationProof) -> duties.Matter:
    # A document's number may be longer than what a duty shows of it.
    return duties.Matter(MATTER, proof.pk, certifying.about(proof)["document_no"][:40])


def proofs_visible_to(user: User) -> QuerySet[UnpublicationProof]:
    return limit_to_visible(UnpublicationProof.objects.all(), user)


# ---- wanted ------------------------------------------------------------------------------------------------


def want(
    *,
    now: datetime,
    application: RepairApplication | None = None,
    publication: BreachPublication | None = None,
    act: AdministrativeAct | None = None,
) -> UnpublicationProof:
    """Ask for the proof, in the transaction that ends the publication; it is looked at once that is committed.

    Of a repair give its application, of any other ending the publication or the act alone. Asked again, the same proof.
    """
    if application is not None and act is None:
        act = AdministrativeAct.objects.filter(entry=application.entry_id).first()
    of: Any = application or (publication.case if publication is not None else act)
    if of is None:
        raise ValueError("a proof needs an application, a publication or an act")
    key = (
        {"application": application}
        if application is not None
        else {"application": None, "publication": publication, "act": act}
    )
    proof, new = UnpublicationProof.objects.get_or_create(
        **key,
        defaults={
            "publication": publication,
            "act": act,
            "subject": of.subject,
            "department": of.department,
            "region": of.region,
            "wanted_at": now,
            "is_demo": of.is_demo,
        },
    )
    if new:
        outbox.enqueue(effect=EFFECT, key=f"{EFFECT}:{proof.pk}", payload={"proof": proof.pk}, now=now)
    return proof


# Endings that say it should not have been shown. A repair asks for its proof itself, with its application.
BREACH_ENDINGS = frozenset({BreachPublication.Ending.OBJECTION, BreachPublication.Ending.REVOCATION})
ACT_ENDINGS = frozenset(
    {AdministrativeAct.Ending.OBJECTION, AdministrativeAct.Ending.REVOKED, AdministrativeAct.Ending.MISTAKE}
)


def on_breach_ended(*, publication: BreachPublication, now: datetime) -> None:
    """A founded objection or a revocation took a breach off the site (also one where only the showing was wrong)."""
    if publication.ending in BREACH_ENDINGS and publication.public_from is not None:
        want(publication=publication, now=now)


def on_act_ended(*, act: AdministrativeAct, now: datetime) -> None:
    """The same of an administrative act."""
    if act.ending in ACT_ENDINGS and act.public_from is not None:
        want(act=act, now=now)


# ---- looked at ---------------------------------------------------------------------------------------------


def prove(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: one round. Told twice, there is one round or a later one, and never a second certificate. Raises
    StillShown, so that it is tried again."""
    proof = _whole().get(pk=payload["proof"])
    if _is_over(proof, payload):
        return
    plan = surfaces.plan_of(proof)
    with looking.opened() as client:
        seen = looking.look(client, plan.surfaces, plan.marks)
        address = str(client.base_url).rstrip("/")
    failed = note_round(proof_id=proof.pk, payload=payload, seen=seen, address=address, now=now)
    if failed:
        raise StillShown(f"{failed} 处仍有这条信息或者不能读取")


@transaction.atomic
def note_round(
    *, proof_id: int, payload: dict[str, Any], seen: list[looking.Seen], address: str, now: datetime
) -> int:
    """Keep what was seen, as the next round, with what follows from it. Gives how many surfaces were not as they have to
    be. A round that somebody else has finished well in the meantime makes this one nothing."""
    proof = _whole().select_for_update(of=("self",)).get(pk=proof_id)
    if _is_over(proof, payload):
        return 0
    proof.rounds += 1
    looks = [
        SurfaceLook(
            proof=proof,
            round=proof.rounds,
            surface=one.surface.code,
            label=one.surface.label,
            address=f"{address}{one.surface.path}"[:500],
            ok=one.ok,
            status=one.answer.status,
            seen=one.words[:300],
            sha256=one.answer.sha256,
            looked_at=now + timedelta(seconds=one.after),
        )
        for one in seen
    ]
    told = recipients.platform_state(proof)
    if told is not None:
        ok, words = told
        looks.append(
            SurfaceLook(
                proof=proof,
                round=proof.rounds,
                surface="platform",
                label="上级平台的撤回记录",
                ok=ok,
                seen=words[:300],
                looked_at=now,
            )
        )
    SurfaceLook.objects.bulk_create(looks)
    failed = sum(not one.ok for one in looks)
    proof.looked_at = looks[-1].looked_at if looks else now
    proof.state = State.FAILED if failed or not looks else State.PASSED
    if proof.state == State.PASSED and proof.document_id is None:
        certifying.issue(proof, looks, now=now)
    proof.save()
    events.unpublication_looked_at(
        now=now,
        department_id=proof.department_id,
        proof_id=proof.pk,
        publication_id=proof.publication_id,
        seen=len(looks),
        failed=failed,
    )
    _follow(proof, now=now)
    return failed


def _follow(proof: UnpublicationProof, *, now: datetime) -> None:
    """What is still shown is the credit office's to deal with, until a round finds it gone."""
    matter = matter_of(proof)
    if proof.state == State.PASSED:
        duties.meet_duty(rule_key=DUTY, matter=matter, on=local_date(now), now=now, actor=None)
        return
    again = duties.reopen_duty(rule_key=DUTY, matter=matter, now=now, actor=None, note="又查到没有停止的位置")
    if again is not None:
        return
    with suppress(policy.NoRule, NoOffice):
        duties.open_duty(
            rule_key=DUTY,
            matter=matter,
            department=nearest_office(proof.region),
            region=proof.region,
            triggered_on=local_date(now),
            now=now,
            is_demo=proof.is_demo,
        )


@transaction.atomic
def prove_again(*, proof_id: int, actor: User, now: datetime) -> UnpublicationProof:
    """The credit office has everything looked at once more. Pressed twice before it has been, it is once. Raises
    RepairError."""
    if not has_role(actor, groups.CREDIT_OFFICE):
        raise RepairError(ERROR_OFFICE)
    if not proofs_visible_to(actor).filter(pk=proof_id).exists():
        raise RepairError(ERROR_REACH)
    proof = UnpublicationProof.objects.select_for_update().get(pk=proof_id)
    message = outbox.enqueue(
        effect=EFFECT,
        key=f"{EFFECT}:{proof.pk}:{proof.rounds}",
        payload={"proof": proof.pk, "after": proof.rounds},
        now=now,
    )
    if message.state == Message.State.FAILED:
        outbox.retry(message_id=message.pk, actor=actor, now=now)
    return proof


# ---- parts -------------------------------------------------------------------------------------------------


def _whole() -> QuerySet[UnpublicationProof]:
    return UnpublicationProof.objects.select_related(
        "application__entry",
        "application__case__commitment__item_version",
        "application__case__subject",
        "application__case__department",
        "publication__case__commitment__item_version",
        "publication__case__subject",
        "publication__case__department",
        "act",
        "subject",
        "department",
        "region",
    )


def _is_over(proof: UnpublicationProof, payload: dict[str, Any]) -> bool:
    """Passed after this round was asked for: nothing is left of it to do."""
    return proof.state == State.PASSED and proof.rounds > payload.get("after", 0)

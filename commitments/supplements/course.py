"""What every step with late materials does alike: take the procedure, write its course, keep its last day and duty."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import F

from commitments import hooks
from commitments.models import Commitment, CommitmentEvent, PromisedMaterial, Supplement
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, promised
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names

State, MaterialState = Supplement.State, PromisedMaterial.State
MATTER = "supplement"
PROMISE = "late_materials_promise"
AT_THE_COUNTER = frozenset({groups.CLERK, groups.OFFICER, groups.HEAD})
AT_THE_DESK = frozenset({groups.OFFICER, groups.HEAD})
NOT_YOURS = "容缺材料由受理单位的窗口或者经办人办理。"
MOVED = "这件容缺受理已办到“{state}”，请看最新情况再办。"


class SupplementError(ValueError):
    """A step with late materials cannot be taken; `field` names the input, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class SupplementMoved(SupplementError):
    """Somebody else was faster."""


def matter_of(supplement: Supplement) -> duties.Matter:
    return duties.Matter(MATTER, supplement.pk, supplement.commitment.code)


def locked(supplement_id: int) -> Supplement:
    """The procedure, its row locked until the transaction ends: every step waits here for the one before it."""
    return (
        Supplement.objects.select_for_update(of=("self",))
        .select_related("commitment__subject", "commitment__clerk", "department", "region")
        .get(pk=supplement_id)
    )


def taken(supplement_id: int, actor: User, *, by: frozenset[str] = AT_THE_COUNTER) -> Supplement:
    """The procedure of the actor's own department, locked. Raises SupplementError for anybody else."""
    supplement = locked(supplement_id)
    if supplement.department_id != actor.department_id or not group_names(actor) & by:
        raise SupplementError(NOT_YOURS)
    return supplement


def refuse_moved(supplement: Supplement, *states: str) -> None:
    """Raises SupplementMoved where the procedure stands in none of these states."""
    if supplement.state not in states:
        raise SupplementMoved(MOVED.format(state=supplement.get_state_display()))


def reason_of(text: str, *, field: str, label: str, least: int = 4, most: int = 300) -> str:
    said = " ".join(text.split())
    if not least <= len(said) <= most:
        raise SupplementError(
            f"请写明{label}（{least} 至 {most} 个字，现为 {len(said)} 个字）。", field=field
        )
    return said


def keep_file(
    upload: tuple[bytes, str, str] | None,
    *,
    actor: User | None,
    department: Department,
    now: datetime,
) -> EvidenceFile | None:
    """A file that came with a material: content, claimed type, name. Raises EvidenceRefused."""
    if upload is None:
        return None
    content, content_type, name = upload
    return store_evidence(
        content=content,
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=content_type,
        original_name=name,
        actor=actor,
        department=department,
        now=now,
    )


def tell(
    supplement: Supplement,
    step: str,
    *,
    actor: User | None,
    now: datetime,
    reason: str = "",
    material: int | None = None,
    until: date | None = None,
    logged: str = "",
) -> None:
    """A line of the commitment's course and the event. `logged`: what the log says instead, where `step` names a material."""
    commitment: Commitment = supplement.commitment
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.SUPPLEMENT,
        at=now,
        actor=actor,
        note=step[:300],
        reason=reason[:300],
    )
    events.supplement_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=supplement.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        step=logged or step,
        material=material,
        until=until,
    )


def settle(supplement: Supplement, *, actor: User | None, now: datetime) -> None:
    """After a material has come or its day has moved: the last open day and the department's duty follow; when everything
    has come in an open procedure, it is complete and the duty met."""
    rows = list(supplement.materials.all())
    missing = [row for row in rows if row.state != MaterialState.RECEIVED]
    if supplement.state != State.OPEN:
        return
    today = local_date(now)
    if not missing:
        supplement.state, supplement.ended_on = State.DONE, today
        supplement.save(update_fields=["state", "ended_on"])
        duties.meet_duty(
            rule_key=PROMISE,
            matter=matter_of(supplement),
            # What the subject did counts from its day; what the department did, from when it did it.
            on=max(row.received_on or today for row in rows),
            now=now,
            actor=actor,
        )
        tell(supplement, "容缺材料全部收到", actor=actor, now=now)
        hooks.run_after_late_materials(supplement=supplement, actor=actor, now=now)
        return
    last = max(row.due_on for row in missing)
    if last != supplement.last_on:
        if last > supplement.last_on:
            supplement.stage = Supplement.Stage.NONE
        supplement.last_on = last
        supplement.save(update_fields=["last_on", "stage"])
        promised.promise_again(
            rule_key=PROMISE,
            matter=matter_of(supplement),
            until=last,
            note="未收到的材料中最迟的日期",
            actor=actor,
            now=now,
        )
        hooks.run_after_late_materials(supplement=supplement, actor=actor, now=now)


def people_of(rows: Sequence[Supplement], *, desk: bool) -> dict[int, list[User]]:
    """Whom to tell in the house, by procedure: the clerk who took the commitment (where there is none any more, the unit's
    clerks); `desk`: its officers and heads as well. One query."""
    groups_wanted = AT_THE_COUNTER if desk else frozenset({groups.CLERK})
    clerks: dict[int, list[User]] = {}
    others: dict[int, list[User]] = {}
    for user in (
        User.objects.filter(
            department__in={row.department_id for row in rows},
            is_active=True,
            groups__name__in=groups_wanted,
        )
        .annotate(role=F("groups__name"))
        .order_by("pk")
    ):
        where = clerks if user.role == groups.CLERK else others  # type: ignore[attr-defined]
        where.setdefault(user.department_id or 0, []).append(user)
    found = {}
    for row in rows:
        own = clerks.get(row.department_id, [])
        taker = [user for user in own if user.pk == row.commitment.clerk_id]
        told = {user.pk: user for user in [*(taker or own), *others.get(row.department_id, [])]}
        found[row.pk] = list(told.values())
    return found


def notify(
    supplement: Supplement, *, key: str, title: str, body: str = "", desk: bool = False, now: datetime
) -> None:
    """A line in the inbox of whoever has to do with it; `key` names what is told, so that nobody is told it twice."""
    where = "desk" if desk else "window"
    notices.notify(
        users=people_of([supplement], desk=desk)[supplement.pk],
        key=f"supplement:{supplement.pk}:{key}",
        kind="supplement",
        title=title,
        body=body,
        link=f"/{where}/supplements/{supplement.uuid}/",
        now=now,
    )

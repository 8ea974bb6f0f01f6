"""The decision of the item that a check was made for, and in the same click the measures that it applies (S3 一（三）, R86):
the note of the case, the measure fed back and the line of the monthly list are one entry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import User
from verification.measures.feeding import reached_at
from verification.models import AppliedMeasure, Check, CheckOutcome, CreditEntry, ListedMeasure
from verification.vocabulary import EFFECT_LABELS, SUPPORTS, Effect, Route, Scrutiny, State

from .handling import (
    CheckError,
    answer_of,
    evidence_missing,
    not_decided,
    noted,
    open_objections,
    taken,
    taken_by_system,
    taken_online,
    text,
)

Result = CheckOutcome.Result
# What the answer leaves open. Nothing but limiting or refusing follows from `refused`.
RESULTS: dict[Route, tuple[Result, ...]] = {
    Route.COMMITMENT: (Result.COMMITMENT, Result.GRANTED, Result.ORDINARY, Result.WITHDRAWN),
    Route.ORDINARY: (Result.ORDINARY, Result.GRANTED, Result.WITHDRAWN),
    Route.REFUSED: (Result.REFUSED, Result.LIMITED, Result.WITHDRAWN),
    Route.NOT_NEEDED: (Result.GRANTED, Result.ORDINARY, Result.WITHDRAWN),
}
# What an answer itself brings, where no list of measures says more.
BY_ANSWER = {
    "unrepaired": (Effect.ORDINARY, "不适用承诺制，按一般程序办理"),
    "in_publicity": (Effect.KEY, "重点审查，不适用告知承诺制等便利服务"),
    "lockout": (Effect.REFUSED, "修复限制期内不受理修复"),
}
SCREENSHOT_FIRST = "本事项须留存网站查询情况的截屏，请先登记来源并附截屏。"


@dataclass(frozen=True)
class Offered:
    """A measure that can be applied with the decision. `key`: its place among the reasons; `ticked`: usually applied."""

    key: int
    effect: Effect
    text: str
    basis: str
    entry_id: int | None
    listed_id: int | None
    ticked: bool

    @property
    def effect_label(self) -> str:
        return EFFECT_LABELS[self.effect]

    @property
    def supports(self) -> bool:
        return self.effect in SUPPORTS


def offered(check: Check, *, lifted: bool = False) -> list[Offered]:
    """The measures that the answer's reasons bring; `lifted`: an exception was allowed, so the strict ones are not
    applied of themselves. Pure."""
    found = []
    for place, reason in enumerate(check.reasons):
        effect, done = reason.get("effect") or "", reason.get("done") or ""
        if not effect and reason["code"] in BY_ANSWER:
            if lifted:
                # What was lifted is not among what can be applied.
                continue
            effect, done = BY_ANSWER[reason["code"]]
        basis = reason.get("article_code") or ""
        if not effect or not basis or reason["code"] == "measure_later":
            continue
        strict = Effect(effect) not in SUPPORTS
        found.append(
            Offered(
                place,
                Effect(effect),
                done or EFFECT_LABELS[Effect(effect)],
                basis,
                reason["entry_id"],
                reason.get("listed_id"),
                ticked=not (strict and lifted) and Effect(effect) is not Effect.REFERENCE,
            )
        )
    return found


@transaction.atomic
def decide(
    *,
    check_id: int,
    result: str,
    measures: Collection[int] | None,
    actor: User | None,
    now: datetime,
    note: str = "",
    system: PartnerSystem | None = None,
) -> CheckOutcome:
    """Decide the item; `measures`: keys of what is applied (None: what is usually applied). Pressed twice, the first
    decision stays. By a person, by the system that made the check (`system`, R85), or by the subject's own act. Raises CheckError by field."""
    if actor is not None:
        check = taken(check_id, actor)
    elif system is not None:
        check = taken_by_system(check_id, system)
    else:
        check = taken_online(check_id)
    known = CheckOutcome.objects.filter(check_made=check).first()
    if known is not None and known.result == result:
        return known
    not_decided(check)
    route, scrutiny = answer_of(check)
    if result not in RESULTS[route]:
        open_to = "、".join(str(one.label) for one in RESULTS[route])
        raise CheckError(f"核查结论是“{check.get_route_display()}”，可以选择：{open_to}。", field="result")
    if evidence_missing(check) and result != Result.WITHDRAWN:
        raise CheckError(SCREENSHOT_FIRST, field="result")
    disputable = any(one["harmful"] for one in check.reasons)
    if disputable and result != Result.WITHDRAWN and open_objections(check).exists():
        raise CheckError("有异议材料还没有核实，请先核实再作决定。", field="result")
    options = {
        one.key: one
        for one in offered(check, lifted=(route, scrutiny) != (Route(check.route), Scrutiny(check.scrutiny)))
    }
    wanted = (
        [key for key, one in options.items() if one.ticked] if measures is None else sorted(set(measures))
    )
    if unknown := [key for key in wanted if key not in options]:
        raise CheckError(f"没有第 {unknown[0] + 1} 项措施。", field="measures")
    row = CheckOutcome.objects.create(
        check_made=check,
        result=result,
        note=text(note, "note", "说明", must=False),
        decided_at=now,
        decided_by=actor,
    )
    noted(check, f"决定：{row.get_result_display()}", actor=actor, now=now)
    if result != Result.WITHDRAWN:
        _apply(check, [options[key] for key in wanted], actor=actor, now=now)
    return row


def _apply(check: Check, chosen: list[Offered], *, actor: User | None, now: datetime) -> None:
    on = local_date(now)
    # What has ended since the check was made is not applied any more.
    entries = [one.entry_id for one in chosen if one.entry_id is not None]
    running = set(
        CreditEntry.objects.select_for_update(of=("self",))
        .filter(pk__in=entries, state=State.EFFECTIVE)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    known = set(
        ListedMeasure.objects.filter(pk__in=[one.listed_id for one in chosen if one.listed_id]).values_list(
            "pk", flat=True
        )
    )
    fed_back = reached_at(check.region, on, now=now)
    rows = [
        AppliedMeasure(
            check_made=check,
            entry_id=one.entry_id,
            listed_id=one.listed_id if one.listed_id in known else None,
            department=check.department,
            region=check.region,
            domain=check.domain,
            effect=one.effect,
            text=one.text,
            basis=one.basis,
            applied_on=on,
            applied_by=actor,
            fed_back_at=fed_back,
            is_demo=check.subject.is_demo,
        )
        for one in {(one.entry_id, one.effect, one.text): one for one in chosen}.values()
        if one.entry_id is None or one.entry_id in running
    ]
    if not rows:
        return
    AppliedMeasure.objects.bulk_create(rows)
    events.measures_applied(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=check.department_id,
        check_id=check.pk,
        number=check.number,
        measures=[row.pk for row in rows],
    )

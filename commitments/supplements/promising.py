"""The promise itself: which materials are missing and by which day each will come (S4 1「书面承诺在规定期限内提供」).

Every channel promises here. At the counter the draft is stored and `keep` fills it; a system, or a subject on its own
pages, hands over a draft with `promised` filled by `chosen`. `errors_of` says what is wrong before signing, and signing
itself (`concluding.conclude`) refuses what is not as it should be and stores the promise with the commitment.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from commitments.draft_steps import DraftError, Holder, Step, locked, move, save
from commitments.models import Commitment, Draft, PromisedMaterial, Supplement
from credit_portal.deadlines import policy, promised
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import Region, ServiceItemVersion, User

from . import course, rules

RULE = "late_materials"
BASIS = "S4 1：书面承诺在规定期限内提供，补交日期按签署的承诺"
# Blanks of a text that the portal fills itself, so that the text never says another day than the promise.
DAY_BLANK, NAMES_BLANK = "补交日期", "缺少的材料"
OWN_BLANKS = (DAY_BLANK, NAMES_BLANK)


@dataclass(frozen=True)
class Choice:
    """A material that may follow later, as a form shows it: ticked or not, with the day offered or typed."""

    number: int
    name: str
    source: str
    ticked: bool
    on: str
    problem: str = ""


def limits_for(
    item: ServiceItemVersion, region: Region, on: date, *, corrects: Commitment | None = None
) -> rules.Limits:
    """Which days a promise of the day `on` may name for this item. A correction gives nobody more time: its days are
    counted from the commitment that it `corrects`."""
    try:
        rule = policy.value(RULE, lineage=region.lineage, on=on)
    except policy.NoRule:
        rule = None
    return rules.limits(
        current_calendar(),
        signed_on=on,
        rule_days=rule.length if rule else None,
        confirmed=bool(rule and rule.confirmed),
        # The catalogue publishes no item with late materials without it.
        item_days=item.promised_working_days or 0,
        begun_on=corrects.made_on if corrects is not None and corrects.late_materials else None,
    )


def chosen(item: ServiceItemVersion, days: Mapping[str, str]) -> list[dict[str, str]]:
    """What a draft keeps of a promise: `days` has the typed day by the material's name; those of the item's list come in
    its order, whatever else was named stands behind and is refused by `errors_of`."""
    listed = {one["name"]: one["source"] for one in item.late_ones}
    names = [name for name in listed if name in days] + [name for name in days if name not in listed]
    return [{"name": name, "source": listed.get(name, ""), "on": days[name].strip()} for name in names]


def errors_of(draft: Draft, *, on: date) -> dict[str, str]:
    """What is wrong with the promise of a draft that would be signed on the day `on`, by the material's name; the empty
    name stands for the whole. Nothing for a draft without late materials."""
    if not draft.late_materials:
        return {"": "没有选容缺受理，不能有暂缺的材料。"} if draft.promised else {}
    return rules.problems(
        current_calendar(),
        limits_for(draft.item_version, draft.department.region, on, corrects=draft.corrects),
        allowed=[one["name"] for one in draft.item_version.late_ones],
        promised=draft.promised,
    )


def check(draft: Draft, *, on: date) -> None:
    """Raises DraftError (field `late`) with the first problem of the promise."""
    errors = errors_of(draft, on=on)
    if errors:
        raise DraftError(next(iter(errors.values())), field="late")


def own_blanks(draft: Draft) -> dict[str, str]:
    """The blanks that say when and what, as the promise has them; those that the text has. A text without late materials
    has none of its own here."""
    if not draft.late_materials or draft.text_version is None:
        return {}
    days = sorted(row["on"] for row in draft.promised if rules.parse_day(row["on"]))
    names = "、".join(row["name"] for row in draft.promised)
    room = {blank.key: blank.max_length for blank in draft.text_version.blanks.all()}
    if len(names) > room.get(NAMES_BLANK, 0):
        names = f"共{len(draft.promised)}项，见“容缺材料”一条"
    values = {DAY_BLANK: days[-1] if days else "", NAMES_BLANK: names}
    return {key: value for key, value in values.items() if key in room}


@transaction.atomic
def keep(
    *, draft_id: uuid.UUID, clerk: Holder, days: Mapping[str, str], now: datetime, order: int = 0
) -> Draft:
    """Keep which materials were ticked, at the counter or by the subject, and what was typed for each, complete or not. Raises DraftError
    where there is nothing to promise.

    `order` as in `drafting.save_blanks`: what was sent earlier but arrives later changes nothing.
    """
    draft = locked(draft_id, clerk)
    if draft.step not in (Step.READ, Step.SIGN) or not draft.late_materials:
        raise DraftError("这份草稿不是容缺受理。")
    if order and order < draft.blanks_order:
        return draft
    draft.blanks_order = max(order, draft.blanks_order)
    clean = {name.replace("\0", "")[:80]: day.replace("\0", "")[:40] for name, day in days.items()}
    promise = chosen(draft.item_version, clean)
    if promise != draft.promised:
        draft.promised = promise
        if draft.step == Step.SIGN:
            # What was read is not what would be signed any more.
            move(draft, Step.READ)
    draft.blanks = {**draft.blanks, **own_blanks(draft)}
    return save(draft, now)


def choices_of(draft: Draft, *, on: date, errors: Mapping[str, str] | None = None) -> list[Choice]:
    """Every material that may be late, for the form: with its day where one was typed, else with the day that is offered."""
    typed = {row["name"]: row["on"] for row in draft.promised}
    bounds = limits_for(draft.item_version, draft.department.region, on, corrects=draft.corrects)
    offered = bounds.default_on.isoformat()
    return [
        Choice(
            number,
            one["name"],
            one["source"],
            one["name"] in typed,
            typed.get(one["name"], offered),
            (errors or {}).get(one["name"], ""),
        )
        for number, one in enumerate(draft.item_version.late_ones, 1)
    ]


def store(commitment: Commitment, draft: Draft, *, actor: User | None, now: datetime) -> Supplement | None:
    """The promise as rows, with the department's duty. In the transaction of the signing; None without late materials."""
    if not draft.late_materials:
        return None
    signed_on = commitment.made_on
    supplement = Supplement.objects.create(
        commitment=commitment,
        department=commitment.department,
        region=commitment.region,
        signed_on=signed_on,
        last_on=max(row["on"] for row in draft.promised),
        is_demo=commitment.is_demo,
    )
    supplement.refresh_from_db(fields=["last_on"])
    PromisedMaterial.objects.bulk_create(
        PromisedMaterial(
            supplement=supplement,
            number=number,
            name=row["name"],
            source=row["source"],
            promised_on=row["on"],
            due_on=row["on"],
        )
        for number, row in enumerate(draft.promised, 1)
    )
    promised.promise_duty(
        rule_key=course.PROMISE,
        matter=course.matter_of(supplement),
        department=commitment.department,
        region=commitment.region,
        made_on=signed_on,
        until=supplement.last_on,
        basis=BASIS,
        now=now,
        actor=actor,
        is_demo=commitment.is_demo,
    )
    course.tell(
        supplement,
        f"承诺补交 {len(draft.promised)} 项，最迟 {supplement.last_on}",
        actor=actor,
        now=now,
        until=supplement.last_on,
    )
    return supplement

"""What a written answer does to the record: nothing, the right value in the place of the wrong one, or away with it, with all
that it caused, in the transaction of the answer. (S2 四（四）4「维持、修改或者撤下」, S4 17「更正或撤销」; R104, R105.)

Signed texts are never altered. What can be corrected is what the site itself shows or what its maker entered; a
determination or listing that is wrong in substance is revoked by its unit and made anew.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError

from commitments import breaches, fulfilment
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User
from disclosure import breach_publishing, services
from disclosure.acts import publishing
from disclosure.acts.fields import FieldErrors, read
from disclosure.acts.uploading import values_of
from disclosure.models import (
    AdministrativeAct,
    BreachPublication,
    Objection,
    PublicityDecision,
    TypicalCase,
    TypicalPublication,
)
from disclosure.typical import publishing as typical
from verification import correcting, listing
from verification import services as verification
from verification.models import CreditEntry, Listing
from verification.vocabulary import State as EntryState

from .records import Point, Target, owner_of, target_of
from .rules import ObjectionError

Of, Outcome = Objection.Of, Objection.Outcome
ERROR_NO_CHANGE = "请至少填写一处更正后的内容；没有需要更正的，请选择维持。"
ERROR_SAME = "更正后的内容与原来相同。"


# ---- what may be written -----------------------------------------------------------------------------------


def checked_changes(row: Objection, changes: Mapping[str, str], *, today: date) -> list[dict[str, str]]:
    """The corrections as the answer keeps them: key, label, old and new. Raises ObjectionError, field `change_<key>`."""
    target = target_of(row)
    found: list[dict[str, str]] = []
    for key, raw in changes.items():
        new = raw.replace("\r\n", "\n").replace("\0", "").strip()
        if not new:
            continue
        point = target.point(key)
        if point is None or not point.changes:
            raise ObjectionError("这一项不能在网站上更正。", field=f"change_{key}")
        old, new = point.value, _checked(point, new, target)
        if new == old:
            raise ObjectionError(f"{point.label}{ERROR_SAME}", field=f"change_{key}")
        found.append({"key": key, "label": point.label, "old": old, "new": _in_words(point, new)})
    if not found:
        raise ObjectionError(ERROR_NO_CHANGE, field="outcome")
    if isinstance(target.row, AdministrativeAct):
        _read_act(target.row, found, today=today)
    if isinstance(target.row, CreditEntry):
        days = _entry_values(target.row, found)
        if days["until_on"] is not None and days["until_on"] < days["from_on"]:
            raise ObjectionError("终止日期不能早于起始日期。", field="change_until_on")
    return found


def _checked(point: Point, new: str, target: Target) -> str:
    if len(new) > point.most:
        raise ObjectionError(
            f"{point.label}最多 {point.most} 个字，现为 {len(new)} 个字。", field=f"change_{point.key}"
        )
    if point.among and new not in dict(point.among) and new not in dict(point.among).values():
        raise ObjectionError(f"{point.label}没有这个选项。", field=f"change_{point.key}")
    if isinstance(target.row, CreditEntry) and point.key in ("from_on", "until_on"):
        try:
            return date.fromisoformat(new).isoformat()
        except ValueError as error:
            raise ObjectionError("日期应写作 2026-01-31 的形式。", field=f"change_{point.key}") from error
    return new


def _in_words(point: Point, value: str) -> str:
    return dict(point.among).get(value, value)


def _read_act(act: AdministrativeAct, changes: list[dict[str, str]], *, today: date) -> Any:
    values = values_of(act) | {one["key"]: one["new"] for one in changes}
    try:
        return read(act.kind, values, today=today)
    except FieldErrors as error:
        key, message = next(iter(error.errors.items()))
        raise ObjectionError(message, field=f"change_{key}") from error


def _entry_values(entry: CreditEntry, changes: list[dict[str, str]]) -> dict[str, Any]:
    new = {one["key"]: one["new"] for one in changes}
    values: dict[str, Any] = {"from_on": entry.from_on, "until_on": entry.until_on} | new
    for key in ("from_on", "until_on"):
        if isinstance(values[key], str):
            values[key] = date.fromisoformat(values[key])
    return values


# ---- done --------------------------------------------------------------------------------------------------


def apply(row: Objection, *, actor: User, now: datetime) -> None:
    """Do what the answer says of a locked objection. The hands are those who answered: what is revoked is revoked in the name
    of the unit's second person. Raises ObjectionError, ActRefused and FieldErrors."""
    answered = row.approved_by or actor
    if row.outcome == Outcome.CHANGE:
        _change(row, answered=answered, actor=actor, now=now)
    elif row.outcome == Outcome.WITHDRAW:
        _withdraw(row, answered=answered, actor=actor, now=now)


def _change(row: Objection, *, answered: User, actor: User, now: datetime) -> None:
    changes = {one["key"]: one["new"] for one in row.changes}
    said = f"据异议 {row.number} 的书面答复更正"
    if row.publication is not None:
        breach_publishing.correct_shown(
            publication_id=row.publication.pk, changes=changes, actor=actor, now=now
        )
    elif row.act is not None:
        row.successor = publishing.replace_by_answer(
            act_id=row.act.pk,
            data=_read_act(row.act, row.changes, today=local_date(now)),
            note_text=said,
            entered_by=row.proposed_by or actor,
            actor=actor,
            now=now,
        )
    elif row.commitment is not None:
        try:
            fulfilment.record_fulfilment(
                commitment_id=row.commitment.pk,
                status=Commitment.Fulfilment.FULFILLED,
                note=said,
                actor=actor,
                now=now,
            )
        except fulfilment.FulfilmentError as error:
            raise ObjectionError(str(error)) from error
    elif row.entry is not None:
        values = _entry_values(row.entry, row.changes)
        put_right = {key: values[key] for key in changes}
        # The objection stays as it was made, to the old entry; its mark goes on with the new one.
        standing = correcting.latest_of(row.entry.pk)
        try:
            correcting.correct_anew(
                entry_id=standing, changes=put_right, reason=said, actor=actor, now=now, by_procedure=True
            )
        except (ValidationError, verification.MoveRefused) as error:
            raise ObjectionError("".join(getattr(error, "messages", [str(error)]))) from error


def _withdraw(row: Objection, *, answered: User, actor: User, now: datetime) -> None:
    if row.publication is not None:
        _end_breach(row, row.publication.case, answered=answered, actor=actor, now=now)
    elif row.act is not None:
        _end_act(row, row.act, actor=actor, now=now)
    elif row.commitment is not None:
        services.withdraw(
            commitment=row.commitment,
            reason=PublicityDecision.Reason.OBJECTION,
            note=f"异议 {row.number}",
            actor=actor,
            now=now,
        )
    elif row.typical_case is not None:
        _end_case(row, row.typical_case, actor=actor, now=now)
    elif row.entry is not None:
        _end_entry(row, row.entry, answered=answered, actor=actor, now=now)


def _end_breach(row: Objection, case: BreachCase, *, answered: User, actor: User, now: datetime) -> None:
    """Off every surface for this reason, then the determination revoked with all that it caused."""
    for publication in case.publications.filter(ended_at__isnull=True):
        breach_publishing.end_publication(
            publication_id=publication.pk, ending=BreachPublication.Ending.OBJECTION, actor=actor, now=now
        )
    if row.site_fault:
        # The site shows what it should not; the determination is not the office's to take back.
        return
    breaches.revoke_by_answer(
        case_id=case.pk,
        explanation=row.answer,
        document_no=f"异议答复 {row.number}",
        actor=answered,
        now=now,
    )


def _end_act(row: Objection, act: AdministrativeAct, *, actor: User, now: datetime) -> None:
    locked = AdministrativeAct.objects.select_for_update(of=("self",)).select_related("entry").get(pk=act.pk)
    if locked.ended_at is None:
        publishing.end(
            act=locked,
            ending=AdministrativeAct.Ending.OBJECTION,
            note_text=f"异议 {row.number} 的书面答复",
            actor=actor,
            now=now,
        )


def _end_case(row: Objection, case: TypicalCase, *, actor: User, now: datetime) -> None:
    if case.publications.filter(state=TypicalPublication.State.PUBLIC).exists():
        try:
            typical.withdraw(
                case_id=case.pk, reason=f"异议 {row.number}：{row.answer}"[:300], actor=actor, now=now
            )
        except typical.TypicalError as error:
            raise ObjectionError(str(error)) from error


def _end_entry(row: Objection, entry: CreditEntry, *, answered: User, actor: User, now: datetime) -> None:
    owner = owner_of(entry)
    if isinstance(owner, BreachCase):
        _end_breach(row, owner, answered=answered, actor=actor, now=now)
    elif isinstance(owner, AdministrativeAct):
        _end_act(row, owner, actor=actor, now=now)
    elif isinstance(owner, Listing):
        listing.revoke_by_answer(
            listing_id=owner.pk, reason=f"异议 {row.number}：{row.answer}", actor=answered, now=now
        )
    else:
        standing = correcting.latest_of(entry.pk)
        if CreditEntry.objects.filter(pk=standing, state=EntryState.EFFECTIVE).exists():
            verification.revoke_entry(entry_id=standing, operator=actor, now=now)

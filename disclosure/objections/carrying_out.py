"""What a written answer does to the record: nothing, the right value in the place of the wrong one, or away with it, with all
that it caused, in the transaction of the answer. (S2 四（四）4「维持、修改或者撤下」, S4 17「更正或撤销」; R104, R105.)

Signed texts are never altered. What can be corrected is what the site itself shows or what its maker entered; a
determination or listing that is wrong in substance is revoked by its unit and made anew.
"""

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from commitments import breaches, fulfilment
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User
from disclosure import breach_publishing, services
from disclosure.acts import publishing
from disclosure.acts.fields import FieldErrors, read
from disclosure.acts.rules import ActRefused
from disclosure.acts.standing import latest_act, locked_latest_act
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

from .records import Point, Target, objected_of, owner_of, target_of
from .rules import ObjectionError

Of, Outcome = Objection.Of, Objection.Outcome
ERROR_NO_CHANGE = "请至少填写一处更正后的内容；没有需要更正的，请选择维持。"
ERROR_SAME = "更正后的内容与原来相同。"
# What the record and its procedures say no with.
REFUSALS = (
    ActRefused,
    FieldErrors,
    ValidationError,
    verification.MoveRefused,
    fulfilment.FulfilmentError,
    typical.TypicalError,
)


class _Undone(Exception):
    """Ends what was only tried out."""


# ---- what may be written -----------------------------------------------------------------------------------


def checked_changes(
    row: Objection, changes: Mapping[str, str], *, actor: User, now: datetime
) -> list[dict[str, str]]:
    """The corrections as the answer keeps them: key, label, old (as it was objected to) and new. They are tried out, so that
    what cannot be carried out is neither proposed nor approved. Raises ObjectionError, field `change_<key>`."""
    target, objected = target_of(row), objected_of(row)
    found: list[dict[str, str]] = []
    for key, raw in changes.items():
        new = raw.replace("\r\n", "\n").replace("\0", "").strip()
        if not new:
            continue
        point = target.point(key)
        if point is None or not point.changes:
            raise ObjectionError("这一项不能在网站上更正。", field=f"change_{key}")
        then = objected.point(key)
        old, new = then.value if then else point.value, _checked(point, new, target)
        # Where its unit has put it right in the meantime, the answer says so all the same.
        if new == point.value == old:
            raise ObjectionError(f"{point.label}{ERROR_SAME}", field=f"change_{key}")
        old = point.value if new == old else old
        found.append({"key": key, "label": point.label, "old": old, "new": _in_words(point, new)})
    if not found:
        raise ObjectionError(ERROR_NO_CHANGE, field="outcome")
    if isinstance(target.row, CreditEntry):
        days = _entry_values(target.row, found)
        if days["until_on"] is not None and days["until_on"] < days["from_on"]:
            raise ObjectionError("终止日期不能早于起始日期。", field="change_until_on")
    tried = copy(row)
    tried.outcome, tried.changes = Outcome.CHANGE, found
    try_out(tried, actor=actor, now=now)
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
    return read(act.kind, values_of(act) | {one["key"]: one["new"] for one in changes}, today=today)


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
    of the unit's second person. What stands in the place of the record by now is put right or taken away; where that is done
    already, nothing is left to do. Raises ObjectionError, field `change_<key>` where it is known."""
    try:
        if row.outcome == Outcome.CHANGE:
            _change(row, actor=actor, now=now)
        elif row.outcome == Outcome.WITHDRAW:
            _withdraw(row, answered=row.approved_by or actor, actor=actor, now=now)
    except REFUSALS as error:
        key, said = _in_short(error)
        raise ObjectionError(said, field=_field_of(key, row)) from error


def try_out(row: Objection, *, actor: User, now: datetime) -> None:
    """Do it, and undo it. Raises what `apply` would raise."""
    try:
        with transaction.atomic():
            apply(copy(row), actor=actor, now=now)
            raise _Undone
    except _Undone:
        pass


def _in_short(error: Exception) -> tuple[str, str]:
    """Which field is wrong, as its own form calls it, and what is said to it; the first of several."""
    if isinstance(error, FieldErrors):
        return next(iter(error.errors.items()))
    if isinstance(error, ValidationError):
        told = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        key, said = next(iter(told.items()))
        return key, "".join(said)
    return getattr(error, "field", ""), str(error)


def _field_of(key: str, row: Objection) -> str:
    """The point that is meant: named, or by what the procedure of the entry calls it, or the only one there is."""
    points = [one["key"] for one in row.changes]
    for relation in CreditEntry._meta.get_fields(include_hidden=True):
        if relation.one_to_one and relation.auto_created:
            key = getattr(relation.related_model, "COPIES", {}).get(key, key)
    if key not in points and len(points) == 1:
        key = points[0]
    return f"change_{key}" if key in points else "outcome"


def _change(row: Objection, *, actor: User, now: datetime) -> None:
    said = f"据异议 {row.number} 的书面答复更正"
    if row.publication is not None:
        breach_publishing.correct_shown(
            publication_id=row.publication.pk,
            changes={one["key"]: one["new"] for one in row.changes},
            actor=actor,
            now=now,
        )
    elif row.act is not None:
        row.successor = _replace_act(row, row.act, said, actor=actor, now=now)
    elif row.commitment is not None:
        fulfilment.record_fulfilment(
            commitment_id=row.commitment.pk,
            status=Commitment.Fulfilment.FULFILLED,
            note=said,
            actor=actor,
            now=now,
        )
    elif row.entry is not None:
        _correct_entry(row, row.entry, said, actor=actor, now=now)


def _replace_act(
    row: Objection, act: AdministrativeAct, said: str, *, actor: User, now: datetime
) -> AdministrativeAct:
    """The act that says what the answer says: a new one, or the one by which its department has put it right before."""
    # Locked by whoever replaces it: corrected once more in the meantime, it is refused and done again.
    standing = AdministrativeAct.objects.select_related("subject").get(pk=latest_act(act.pk))
    data = _read_act(standing, row.changes, today=local_date(now))
    if data.sha256 == standing.sha256 and standing.ending not in publishing.NEVER_WAS:
        if standing.pk == act.pk:
            raise ObjectionError(ERROR_SAME, field="outcome")
        return standing
    return publishing.replace_by_answer(
        act_id=standing.pk,
        data=data,
        note_text=said,
        entered_by=row.proposed_by or actor,
        actor=actor,
        now=now,
    )


def _correct_entry(row: Objection, entry: CreditEntry, said: str, *, actor: User, now: datetime) -> None:
    # The objection stays as it was made, to the old entry; its mark goes on with the new one.
    standing = CreditEntry.objects.get(pk=correcting.latest_of(entry.pk))
    values = _entry_values(standing, row.changes)
    put_right = {one["key"]: values[one["key"]] for one in row.changes}
    says_so = all(getattr(standing, key) == value for key, value in put_right.items())
    if says_so and standing.pk != entry.pk and standing.state != EntryState.REVOKED:
        return
    correcting.correct_anew(
        entry_id=standing.pk, changes=put_right, reason=said, actor=actor, now=now, by_procedure=True
    )


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
    locked = locked_latest_act(act.pk)
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
        typical.withdraw(
            case_id=case.pk, reason=f"异议 {row.number}：{row.answer}"[:300], actor=actor, now=now
        )


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
        # One that is over or repaired should not have been either.
        if CreditEntry.objects.filter(pk=standing).exclude(state=EntryState.REVOKED).exists():
            verification.revoke_entry(entry_id=standing, operator=actor, now=now)

"""An entry that says something wrong is put right by a new one that names it (style: two time axes). The old one is revoked
with its reason and stays to be read: what was known when, and what holds now, can both be told."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry.models import User

from . import arrivals, listing_grounds
from .chains import chain_of as chain_of
from .chains import latest_of as latest_of
from .measures import lifting
from .measures.ending import end_for_entries
from .models import AppliedMeasure, CreditEntry, EntryMeasure, Listing
from .services import CORRECTABLE, MoveRefused
from .vocabulary import KIND_LABELS, STATE_LABELS, Kind, State

BOUND = "这条记录由“{what}”写入，请在原程序中更正。"
BY_HAND = (
    "这条记录由“{what}”写入，不能在这里{deed}：请到原程序办理（记录页面的“办理程序”），与它有关的一并办理。"
)
BY_REPAIR = (
    "这条记录由“{what}”写入，不能在这里{deed}：修复由主体申请，或者由窗口、主管部门代办，批准以后自动登记。"
)
REVOKED = "已撤销的记录不能更正。"
GONE = "记录现为“{state}”，不能由新的一条代替。"
FIXED = "“{what}”以它识别，不能更正。"
NOTHING = "没有要更正的内容：与原记录相同。"
NO_REASON = "请写明更正的理由。"
LEFT = "更正：{reason}"
# What a new entry has of its own.
_OWN = frozenset({"id", "uuid", "corrects", "entered_by", "entered_at"})


def _owners(entry_id: int, *, locked: bool = False) -> Iterator[tuple[Model, str]]:
    """Rows that have this entry of the record for themselves, with the name of their field."""
    for relation in CreditEntry._meta.get_fields(include_hidden=True):
        model = relation.related_model
        if not relation.one_to_one or not relation.auto_created or model in (None, CreditEntry):
            continue
        field = relation.remote_field.name
        rows = model._base_manager.filter(**{field: entry_id})  # type: ignore[union-attr]
        for row in rows.select_for_update() if locked else rows:
            yield row, field


def owner_of(entry: CreditEntry) -> Model | None:
    """The procedure that goes on with this very row: whoever has one entry of the record for itself."""
    return next((row for row, _ in _owners(entry.pk)), None)


def check_by_hand(entry: CreditEntry, deed: str, said: str = BY_HAND) -> None:
    """Raise MoveRefused where an entry belongs to a procedure: moved beside it, what hangs on that procedure (its publicity, its
    persons, its commitment) would stay. `deed`: what is to be done with the entry, in words."""
    owner = owner_of(entry)
    if owner is not None:
        raise MoveRefused(said.format(what=owner._meta.verbose_name, deed=deed))


def fixed_of(entry_id: int) -> frozenset[str]:
    """What of an entry is never put right: by it the procedure that goes on with the entry knows its matter."""
    return frozenset(name for row, _ in _owners(latest_of(entry_id)) for name in getattr(row, "FIXED", ()))


@transaction.atomic
def correct_anew(
    *,
    entry_id: int,
    changes: Mapping[str, str | date | None],
    reason: str,
    actor: User | None,
    now: datetime,
    by_procedure: bool = False,
) -> CreditEntry:
    """A new entry in the place of a wrong one: the same but for `changes` (of `CORRECTABLE`). Measures that run because of the
    old run on because of the new; `by_procedure`: so does the procedure that has written it. (An act is frozen with its entry,
    by trigger: a new act takes its place, `take_over`.) Raises ValidationError by field, MoveRefused for an entry that is
    revoked already or belongs to a procedure, KeyError for what is not corrected so."""
    arrivals.run_before_correction(entry_id=entry_id)
    # Procedures lock their own row first and the entry after it: so here, too. Who waits for a row that moves must not have
    # joined its entry: that was the old one.
    owners = list(_owners(entry_id, locked=True))
    old = CreditEntry.objects.select_for_update(of=("self",)).get(pk=entry_id)
    if old.state == State.REVOKED:
        raise MoveRefused(REVOKED)
    # A listing, wrong, is revoked and made anew.
    if owners and (not by_procedure or isinstance(owners[0][0], Listing)):
        raise MoveRefused(BOUND.format(what=owners[0][0]._meta.verbose_name))
    said = reason.strip()
    if not said:
        raise ValidationError({"reason": NO_REASON})
    if unknown := set(changes) - set(CORRECTABLE):
        raise KeyError(*unknown)
    for owner, _ in owners:
        for name in set(changes) & set(getattr(owner, "FIXED", ())):
            raise ValidationError({name: FIXED.format(what=owner._meta.verbose_name)})
    if all(getattr(old, name) == value for name, value in changes.items()):
        raise ValidationError(NOTHING)
    new = CreditEntry(
        **{
            field.attname: getattr(old, field.attname)
            for field in CreditEntry._meta.concrete_fields
            if field.name not in _OWN
        },
        entered_by=actor,
        entered_at=now,
    )
    for name, value in changes.items():
        setattr(new, name, value.strip() if isinstance(value, str) else value)
    new.corrects = old
    _dates_stand(old, new, local_date(now))
    if any(getattr(owner, "ran_out", False) for owner, _ in owners) and not _is_over(new, local_date(now)):
        # It was over by its last day alone, and that was wrong.
        new.state, new.ended_on, new.end_reason = str(State.EFFECTIVE), None, ""
    new.full_clean(exclude=["entered_by"] if actor is None else [])
    _leave(old, said, actor=actor, now=now)
    note(new, actor=actor, now=now)
    new.save()
    for own in EntryMeasure.objects.filter(entry=old):
        EntryMeasure.objects.create(entry=new, domain=own.domain, effect=own.effect, basis=own.basis)
    for owner, field in owners:
        _go_on(owner, field, new, changes, actor=actor, now=now)
    arrivals.run_after_entries(entries=[new], now=now)
    _follow(old, new, actor=actor, now=now)
    return new


@transaction.atomic
def take_over(*, new: CreditEntry, reason: str, actor: User | None, now: datetime) -> None:
    """A procedure that corrects by a row of its own has written an entry that names the one it puts right (an act, a complaint):
    that one leaves the record, and what follows from it goes on as with `correct_anew`. Raises MoveRefused where it does not
    stand any more."""
    old = CreditEntry.objects.select_for_update(of=("self",)).get(pk=new.corrects_id)
    check_stands(old)
    if old.objection_under_way:
        new.objection_under_way = True
        note(new, actor=actor, now=now)
        new.save(update_fields=["objection_under_way"])
    _leave(old, reason, actor=actor, now=now)
    _follow(old, new, actor=actor, now=now)


def check_stands(entry: CreditEntry) -> None:
    """Raise MoveRefused for a locked entry in whose place nothing may be put: a new one would bring back what is over."""
    if entry.state != State.EFFECTIVE:
        raise MoveRefused(GONE.format(state=STATE_LABELS[State(entry.state)]))


def _leave(old: CreditEntry, reason: str, *, actor: User | None, now: datetime) -> None:
    old.state, old.repaired_on, old.objection_under_way = str(State.REVOKED), None, False
    old.end_reason = LEFT.format(reason=reason)[:500]
    note(old, actor=actor, now=now)
    old.save()


def _follow(old: CreditEntry, new: CreditEntry, *, actor: User | None, now: datetime) -> None:
    _measures_go_on(old, new, actor, now)
    events.entry_corrected(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else old.department_id,
        subject_id=old.subject_id,
        entry_id=new.pk,
        corrects_id=old.pk,
        kind=KIND_LABELS[Kind(old.kind)],
    )
    arrivals.run_after_correction(old=old, new=new, actor=actor, now=now)
    if new.state == State.EFFECTIVE:
        # Its days were wrong: put right, it may carry no listing any more.
        listing_grounds.tell([new], now=now)


def _go_on(
    owner: Model, field: str, new: CreditEntry, changes: Collection[str], *, actor: User | None, now: datetime
) -> None:
    """A procedure goes on with the new entry. Of what that says it may keep copies of its own (`COPIES`), which follow."""
    copies = {
        own: name
        for own, name in getattr(owner, "COPIES", {}).items()
        if name in changes or not _says(getattr(owner, own), getattr(new, name))
    }
    setattr(owner, field, new)
    for own, name in copies.items():
        setattr(owner, own, getattr(new, name))
    if copies:
        try:
            owner.clean_fields(exclude=[one.name for one in owner._meta.fields if one.name not in copies])
            owner.clean()
        except ValidationError as error:
            # Whoever corrects knows the entry's names.
            raise ValidationError(
                {copies.get(own, own): said for own, said in error.error_dict.items()}
            ) from error
        owner.validate_constraints()
    note(owner, actor=actor, now=now)
    owner.save(update_fields=[field, *copies])


def _says(own: object, said: object) -> bool:
    """Whether a copy says the same; it may say it at greater length."""
    return own == said or (isinstance(own, str) and isinstance(said, str) and own.startswith(said))


def _is_over(entry: CreditEntry, today: date) -> bool:
    return entry.until_on is not None and entry.until_on < today


def _dates_stand(old: CreditEntry, new: CreditEntry, today: date) -> None:
    """What stands already was not entered for a day to come: moved there, it would quietly hold no more."""
    if new.from_on > max(today, old.from_on):
        raise ValidationError({"from_on": "起始日期不能改到今天以后；本不应有的记录，请用“撤销”。"})
    if new.public_from is not None and new.from_on > new.public_from:
        raise ValidationError({"from_on": f"起始日期不能晚于公示首日（{new.public_from}）。"})


def _running(old: CreditEntry) -> QuerySet[AppliedMeasure]:
    """Locked: one that is being lifted at this moment does not begin anew."""
    rows = AppliedMeasure.objects.filter(entry=old, ended_on=None).order_by("pk")
    return rows.select_for_update(of=("self",))


def _measures_go_on(old: CreditEntry, new: CreditEntry, actor: User | None, now: datetime) -> None:
    """What runs because of the entry was not wrong because a word of it was: it is ended there and goes on here."""
    today = local_date(now)
    running = list(_running(old))
    going_on = {measure.pk: measure for measure in running}
    for measure in running:
        measure.pk, measure.uuid = None, AppliedMeasure._meta.get_field("uuid").get_default()
        measure.entry, measure.applied_on = new, today
        measure._state.adding = True
    end_for_entries(
        entry_ids=[old.pk],
        reason=AppliedMeasure.EndReason.CORRECTED,
        on=today,
        now=now,
        actor_id=actor.pk if actor else None,
    )
    AppliedMeasure.objects.bulk_create(running)
    lifting.go_on(measures=going_on, actor=actor, now=now)

"""The class of an act, its days before the public, and its end. Whether it is public is read from class and dates
(`act_gate`); the step of the sweep only finishes what the dates have brought about."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from commitments.models import RevocationHandoff
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import PublicityClass, User
from credit_portal.registry.visibility import group_names
from disclosure import hooks
from disclosure.models import ActKind, AdministrativeAct
from verification import services as verification
from verification.vocabulary import State as EntryState

from . import rules
from .entering import before_correction, enter, locked_own, matter_of
from .fields import ActData
from .rules import ActRefused

Ending = AdministrativeAct.Ending
PUBLIC = PublicityClass.PUBLIC
BATCH = 500
# Whose entry should never have been; of the others it was right and is over. Of a corrected one it leaves when the entry is
# there that puts it right (`entering.enter`).
NEVER_WAS = (Ending.REVOKED, Ending.MISTAKE, Ending.OBJECTION)


def publicity_of(act: AdministrativeAct) -> policy.Value | None:
    """The publicity rule of a penalty: field × grade, in force on its day. None for other kinds. Raises ActRefused where
    there is none, or none that is confirmed: what is not confirmed starts no publicity."""
    if act.kind != ActKind.PENALTY:
        return None
    try:
        found = policy.value(
            "publicity", lineage=act.region.lineage, on=act.decided_on, domain=act.domain, grade=act.grade
        )
    except policy.NoRule as error:
        raise ActRefused(str(error), field="publicity_class") from error
    if not found.confirmed:
        raise ActRefused(
            rules.ERROR_UNCONFIRMED.format(grade=act.get_grade_display()), field="publicity_class"
        )
    return found


def period_for(act: AdministrativeAct, *, on: date) -> tuple[rules.Period, policy.Value | None]:
    """The days that publishing on a day would bring. Raises ActRefused."""
    rule = publicity_of(act)
    found = rules.period(
        kind=act.kind,
        decided_on=act.decided_on,
        valid_until=act.valid_until,
        published_on=on,
        publicity=rule.value if rule else None,
    )
    return found, rule


@transaction.atomic
def decide(
    *,
    act_ids: Sequence[int],
    publicity_class: str,
    reason: str,
    actor: User,
    now: datetime,
    note_text: str = "",
) -> list[AdministrativeAct]:
    """Give acts their class, all or none; public ones are public from today on. A natural person's is only proposed by
    the first person and public by the second. Raises ActRefused naming the act where there are several."""
    done = []
    for act_id in sorted(set(act_ids)):
        act = locked_own(act_id, actor)
        try:
            done.append(_decide(act, publicity_class, reason, note_text.strip(), actor, now))
        except ActRefused as error:
            if len(act_ids) == 1:
                raise
            raise ActRefused(f"{act.number}：{error}", field=error.field) from error
    return done


def _decide(
    act: AdministrativeAct, publicity_class: str, reason: str, note_text: str, actor: User, now: datetime
) -> AdministrativeAct:
    if act.ended_at is not None:
        raise ActRefused("这条信息已经停止。")
    if act.decided_at is not None:
        raise ActRefused(f"这条信息的公开类型已确定（{act.get_publicity_class_display()}）。")
    if len(note_text) > 300:
        raise ActRefused("说明最多 300 个字。", field="note")
    reason = reason or rules.default_reason(act.subject_kind, publicity_class)
    rules.check_decision(
        kind=act.kind,
        subject_kind=act.subject_kind,
        grade=act.grade,
        publicity_class=publicity_class,
        reason=reason,
        note=note_text,
        actor_id=actor.pk,
        entered_by=act.entered_by_id,
        roles=group_names(actor),
    )
    today = local_date(now)
    first, second = actor, None
    found, rule = period_for(act, on=today) if publicity_class == PUBLIC else (None, None)
    if act.subject_kind == rules.PERSON and publicity_class == PUBLIC:
        if act.proposed_by is None:
            return _propose(act, note_text, actor, now)
        if act.proposed_by_id == actor.pk:
            raise ActRefused("已由您提议公开，须由本部门另一人同意。", field="decided_by")
        first, second = act.proposed_by, actor
    act.publicity_class, act.class_reason, act.class_note = (
        publicity_class,
        reason,
        note_text or act.class_note,
    )
    act.decided_at, act.decided_by, act.second = now, first, second
    return _settle(act, found, rule, actor=actor, by_id=first.pk, now=now)


def _settle(
    act: AdministrativeAct,
    found: rules.Period | None,
    rule: policy.Value | None,
    *,
    actor: User,
    by_id: int,
    now: datetime,
) -> AdministrativeAct:
    """A class that people have decided takes effect: days, record, duty, log, feed."""
    if found is not None:
        act.public_from, act.public_until = found.public_from, found.public_until
        act.rule_basis = rule.basis if rule else ""
    note(act, actor=actor, now=now)
    act.save()
    if found is not None and rule is not None and act.entry_id and found.public_until:
        verification.set_entry_publicity(
            entry_id=act.entry_id,
            public_from=found.public_from,
            public_until=found.public_until,
            repairable_from=rules.repairable_from(act.decided_on, rule.value),
            actor=actor,
            now=now,
        )
    duties.meet_duty(
        rule_key=rules.duty_rule(act.kind), matter=matter_of(act), on=local_date(now), now=now, actor=actor
    )
    events.act_decided(
        now=now,
        actor_id=by_id,
        second_id=act.second_id,
        department_id=act.department_id,
        act_id=act.pk,
        number=act.number,
        publicity_class=act.publicity_class,
        reason=act.class_reason,
        public_from=act.public_from,
        public_until=act.public_until,
    )
    if act.publicity_class == PUBLIC:
        _tell_feed(act, PublicChange.Kind.PUBLISHED, "published", now=now)
    return act


def _propose(act: AdministrativeAct, note_text: str, actor: User, now: datetime) -> AdministrativeAct:
    if not note_text:
        raise ActRefused("公开自然人的信息须写明理由。", field="note")
    act.proposed_by, act.proposed_at, act.class_note = actor, now, note_text
    note(act, actor=actor, now=now)
    act.save()
    events.act_proposed(
        now=now, actor_id=actor.pk, department_id=act.department_id, act_id=act.pk, number=act.number
    )
    return act


@transaction.atomic
def end_by_hand(*, act_id: int, ending: str, note_text: str, actor: User, now: datetime) -> AdministrativeAct:
    """Its department ends an act: revoked, lapsed, mistaken … From the next request on it is shown nowhere. Raises
    ActRefused."""
    act = locked_own(act_id, actor)
    if act.ended_at is not None:
        raise ActRefused(f"这条信息已经停止（{act.get_ending_display()}）。")
    if ending not in rules.BY_HAND:
        raise ActRefused("请选择停止的原因。", field="ending")
    if not note_text.strip():
        raise ActRefused("请写明停止的依据或者情况。", field="note")
    if len(note_text.strip()) > 300:
        raise ActRefused("说明最多 300 个字。", field="note")
    return end(act=act, ending=ending, note_text=note_text.strip(), actor=actor, now=now)


def end(
    *, act: AdministrativeAct, ending: str, note_text: str, actor: User | None, now: datetime
) -> AdministrativeAct:
    """End a locked act in the caller's transaction: publication, entry of the record, duty, feed."""
    was_public = act.publicity_class == PUBLIC
    act.ended_at, act.ending, act.ending_note, act.ended_by = now, ending, note_text, actor
    note(act, actor=actor, now=now)
    act.save()
    if act.entry_id is not None and act.entry is not None and act.entry.state == EntryState.EFFECTIVE:
        if ending in NEVER_WAS:
            verification.revoke_entry(entry_id=act.entry_id, operator=actor, now=now)
        elif ending == Ending.LAPSED:
            verification.end_entry(
                entry_id=act.entry_id, operator=actor, now=now, reason=note_text or str(Ending(ending).label)
            )
        elif ending == Ending.CLASS_CHANGED:
            verification.take_back_entry_publicity(entry_id=act.entry_id, actor=actor, now=now)
    duties.cancel_duties(matter=matter_of(act), now=now, actor=actor, reason=str(Ending(ending).label))
    events.act_ended(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=act.department_id,
        act_id=act.pk,
        number=act.number,
        ending=ending,
    )
    if was_public:
        _tell_feed(act, PublicChange.Kind.WITHDRAWN, "withdrawn", now=now)
        hooks.run_after_act_ended(act=act, now=now)
    return act


@transaction.atomic
def replace_by_answer(
    *, act_id: int, data: ActData, note_text: str, entered_by: User, actor: User, now: datetime
) -> AdministrativeAct:
    """The department has answered an objection by correcting its act, and its second person has approved that: the right
    one takes the place of the wrong one at once, in the class that was decided for it and for the days that its own
    content brings. Where those are over, it is not shown. Raises ActRefused and FieldErrors."""
    before_correction(act_id)
    old = (
        AdministrativeAct.objects.select_for_update(of=("self",))
        .select_related("department__region", "region", "subject")
        .get(pk=act_id)
    )
    if old.ended_at is not None:
        raise ActRefused("这条信息已经停止，不能更正。")
    end(act=old, ending=Ending.CORRECTED, note_text=note_text[:300], actor=actor, now=now)
    new, _ = enter(
        data=data,
        department=old.department,
        source=AdministrativeAct.Source.FORM,
        now=now,
        actor=entered_by,
        corrects=old,
        is_demo=old.is_demo,
    )
    if old.decided_at is None:
        return new
    found, rule = None, None
    publicity_class = old.publicity_class
    if publicity_class == PUBLIC:
        try:
            found, rule = period_for(new, on=local_date(now))
        except ActRefused:
            # Its own days are over, or no confirmed rule says them: nothing is shown that may not be.
            publicity_class = PublicityClass.LIMITED
    new.publicity_class, new.class_reason, new.class_note = publicity_class, old.class_reason, note_text[:300]
    new.decided_at, new.decided_by, new.second = now, old.decided_by, old.second
    return _settle(new, found, rule, actor=actor, by_id=actor.pk, now=now)


def on_licence_revoked(*, handoff: RevocationHandoff, actor: User | None, now: datetime) -> None:
    """After the approval bureau has revoked a licence: it is shown and counted no longer, whoever entered it."""
    found = AdministrativeAct.objects.select_for_update(of=("self",)).filter(
        kind=ActKind.LICENCE,
        subject=handoff.case.subject_id,
        document_no=handoff.licence_no,
        ended_at__isnull=True,
    )
    for act in found:
        end(
            act=act,
            ending=Ending.REVOKED,
            note_text=f"{handoff.bureau}撤销许可：{handoff.decision_no}"[:300],
            actor=actor,
            now=now,
        )


def licences_of(subject_id: int) -> list[tuple[str, str]]:
    """A subject's licences in publicity: document number and name, the newest first."""
    return list(
        AdministrativeAct.objects.filter(
            kind=ActKind.LICENCE, subject=subject_id, publicity_class=PUBLIC, ended_at__isnull=True
        )
        .order_by("-pk")
        .values_list("document_no", "document_name")[:50]
    )


def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: finish what has been shown for its time. Gives how many."""
    over = AdministrativeAct.objects.filter(
        publicity_class=PUBLIC, ended_at__isnull=True, public_until__lt=local_date(now)
    )
    done = 0
    for pk in list(over.order_by("public_until", "pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            act = (
                AdministrativeAct.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(pk=pk, ended_at__isnull=True)
                .first()
            )
            if act is not None:
                end(act=act, ending=Ending.EXPIRED, note_text="", actor=None, now=now)
                done += 1
    return done


def _tell_feed(act: AdministrativeAct, kind: PublicChange.Kind, which: str, *, now: datetime) -> None:
    """A natural person's is shown to whoever holds its address, and listed nowhere: not in the feed either."""
    if act.subject_kind == rules.PERSON:
        return
    changes.record_change(
        kind=kind, resource="act", reference=str(act.uuid), key=f"act:{act.pk}:{which}", now=now
    )

"""Acts put in: by hand, from a file, from another system. One way for all: the same act twice is one, another content
under the same document is refused, a correction is a new row."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import numbering
from credit_portal.registry.models import CreditSubject, Department, User
from credit_portal.registry.services import SubjectError, known_or_registered
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.models import ActKind, ActUpload, AdministrativeAct
from verification import arrivals, correcting
from verification import services as verification
from verification.models import CreditEntry
from verification.vocabulary import Kind

from . import rules
from .fields import ActData, FieldErrors
from .rules import ActRefused

Source, Ending = AdministrativeAct.Source, AdministrativeAct.Ending
MATTER = "act"
# What an act is in the subject's record.
ENTRY_KINDS: dict[str, Kind] = {
    ActKind.LICENCE: Kind.LICENCE,
    ActKind.PENALTY: Kind.PENALTY,
    ActKind.REWARD: Kind.AWARD,
    ActKind.JUDICIAL: Kind.LIST,
}
ERROR_OFF = "本地区没有开通“{label}”的归集公示。请信用办先在“规则变更提议”中开通规则“{rule}”。"
ERROR_OUT = "这条信息的信用记录现为“{state}”，不能更正；有误的，撤销后重新录入。"
ERROR_KNOWN = "本部门已录入过这个主体的文书 {document_no}（{number}），内容不同。内容有误的，请更正原记录。"


def acts_visible_to(user: User) -> QuerySet[AdministrativeAct]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(AdministrativeAct.objects.all(), user)


def matter_of(act: AdministrativeAct) -> duties.Matter:
    return duties.Matter(MATTER, act.pk, act.number)


def rule_for(kind: str, department: Department, *, on: date) -> policy.Value | None:
    """The time limit of a kind on a day; None where nothing says one, or where the kind is switched off."""
    try:
        found = policy.value(rules.duty_rule(kind), lineage=department.region.lineage, on=on)
    except policy.NoRule:
        return None
    return found if found.on else None


def kinds_open(department: Department, *, on: date) -> list[str]:
    """The kinds that a department can put in on a day: licences and penalties, others where switched on."""
    return [
        kind
        for kind in ActKind.values
        if kind in (ActKind.LICENCE, ActKind.PENALTY) or rule_for(kind, department, on=on) is not None
    ]


def check_open(kind: str, department: Department, *, on: date) -> None:
    """Raise ActRefused where this kind is switched off."""
    if kind not in kinds_open(department, on=on):
        raise ActRefused(
            ERROR_OFF.format(label=ActKind(kind).label, rule=rules.duty_rule(kind)), field="kind"
        )


@transaction.atomic
def enter(
    *,
    data: ActData,
    department: Department,
    source: str,
    now: datetime,
    actor: User | None = None,
    partner: PartnerSystem | None = None,
    upload: ActUpload | None = None,
    corrects: AdministrativeAct | None = None,
    is_demo: bool = False,
) -> tuple[AdministrativeAct, bool]:
    """The act, and whether it is new. Opens its duty and writes it into the record; nothing is public by it.

    Raises ActRefused (kind switched off, other content under the same document) and FieldErrors (the subject).
    """
    today = local_date(now)
    check_open(data.kind, department, on=today)
    subject = _subject(data, department, actor, now, is_demo)
    known = _known(data, department, subject)
    if known is not None and corrects is None:
        if known.sha256 == data.sha256:
            return known, False
        raise ActRefused(
            ERROR_KNOWN.format(document_no=data.document_no, number=known.number), field="document_no"
        )
    act = AdministrativeAct(
        number=numbering.document_number("A", department.region_id, today.year),
        kind=data.kind,
        subject=subject,
        subject_kind=subject.kind,
        subject_name=data.subject_name,
        subject_code=subject.uscc or "",
        department=department,
        region=department.region,
        document_name=data.document_name,
        document_no=data.document_no,
        category=data.category,
        content=data.content,
        basis=data.basis,
        decided_on=data.decided_on,
        valid_from=data.valid_from,
        valid_until=data.valid_until,
        grade=data.grade,
        domain=data.domain,
        details=data.details,
        remarks=data.remarks,
        sha256=data.sha256,
        source=source,
        entered_at=now,
        entered_by=actor,
        partner=partner,
        upload=upload,
        corrects=corrects,
        entry=_entry(data, subject, department, actor, now, is_demo, corrects=_corrected(corrects, subject)),
        is_demo=is_demo,
    )
    note(act, actor=actor, now=now)
    try:
        with transaction.atomic():
            act.save()
    except IntegrityError as error:
        raise ActRefused("这份文书刚刚已由他人录入。", field="document_no") from error
    if corrects is not None:
        _entry_leaves(corrects, act, actor=actor, now=now)
    rule = rule_for(data.kind, department, on=data.decided_on)
    if rule is not None:
        duties.open_duty(
            rule_key=rules.duty_rule(data.kind),
            matter=matter_of(act),
            department=department,
            region=department.region,
            triggered_on=data.decided_on,
            now=now,
            actor=actor,
            is_demo=is_demo,
        )
    events.act_entered(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department.pk,
        act_id=act.pk,
        number=act.number,
        kind=data.kind,
        source=source,
        sha256=act.sha256,
    )
    return act, True


def _known(data: ActData, department: Department, subject: CreditSubject) -> AdministrativeAct | None:
    return (
        AdministrativeAct.objects.filter(
            department=department, kind=data.kind, document_no=data.document_no, subject=subject
        )
        .exclude(ending__in=[Ending.CORRECTED, Ending.MISTAKE])
        .first()
    )


def _subject(
    data: ActData, department: Department, actor: User | None, now: datetime, is_demo: bool
) -> CreditSubject:
    try:
        return known_or_registered(
            kind=data.subject_kind,
            code=data.subject_code,
            name=data.subject_name,
            department=department,
            actor=actor,
            now=now,
            is_demo=is_demo,
        )
    except SubjectError as error:
        raise FieldErrors({f"subject_{error.field}": str(error)}) from error


def _entry(
    data: ActData,
    subject: CreditSubject,
    department: Department,
    actor: User | None,
    now: datetime,
    is_demo: bool,
    corrects: CreditEntry | None,
):
    return verification.add_entry(
        subject=subject,
        kind=ENTRY_KINDS.get(data.kind, Kind.OTHER_ACT),
        title=(data.details.get("violation") or data.document_name)[:300],
        source=department.name,
        region=department.region,
        department=department,
        document_no=data.document_no,
        basis=data.basis[:300],
        grade=data.grade,
        from_on=data.valid_from or data.decided_on,
        until_on=None if data.kind == ActKind.PENALTY else data.valid_until,
        operator=actor,
        now=now,
        corrects=corrects,
        is_demo=is_demo,
    )


def _corrected(old: AdministrativeAct | None, subject: CreditSubject) -> CreditEntry | None:
    """The entry of the act that is corrected, where the new one stands in the same record in its place. Raises ActRefused where
    it has been repaired or is over: a new one would bring it back."""
    if old is None or old.entry_id is None:
        return None
    entry = CreditEntry.objects.select_for_update(of=("self",)).get(pk=old.entry_id)
    try:
        correcting.check_stands(entry)
    except verification.MoveRefused as error:
        raise ActRefused(ERROR_OUT.format(state=entry.get_state_display())) from error
    return entry if old.subject_id == subject.pk else None


def _entry_leaves(
    old: AdministrativeAct, new: AdministrativeAct, *, actor: User | None, now: datetime
) -> None:
    if new.entry is not None and new.entry.corrects_id is not None:
        correcting.take_over(new=new.entry, reason=f"由行政行为信息 {new.number} 代替", actor=actor, now=now)
    elif old.entry is not None:
        # It was entered for another subject: there it should never have been.
        verification.revoke_entry(entry_id=old.entry.pk, operator=actor, now=now)


@transaction.atomic
def correct(*, act_id: int, data: ActData, actor: User, now: datetime) -> AdministrativeAct:
    """Put the right content in the place of a wrong one. The old row ends on every surface at once and is kept; the new
    one is to be published anew, within the same time limit. Raises ActRefused and FieldErrors."""
    from .publishing import end  # the other half of the same act

    before_correction(act_id)
    old = locked_own(act_id, actor)
    if old.ended_at is not None:
        raise ActRefused("这条信息已经停止，不能更正。")
    if data.kind != old.kind:
        raise ActRefused("更正不能改变类别；类别有误的，请以“录入有误”停止后重新录入。", field="kind")
    if data.sha256 == old.sha256:
        raise ActRefused("更正后的内容与原来的相同。")
    end(act=old, ending=Ending.CORRECTED, note_text="", actor=actor, now=now)
    new, _ = enter(
        data=data,
        department=old.department,
        source=Source.FORM,
        now=now,
        actor=actor,
        corrects=old,
        is_demo=old.is_demo,
    )
    return new


def before_correction(act_id: int) -> None:
    """What is locked before the act and its entry."""
    arrivals.run_before_correction(
        entry_id=AdministrativeAct.objects.values_list("entry", flat=True).get(pk=act_id)
    )


def locked_own(act_id: int, actor: User) -> AdministrativeAct:
    """The act, locked, of the actor's own department. Raises ActRefused."""
    act = (
        AdministrativeAct.objects.select_for_update(of=("self",))
        .select_related("department__region", "region", "subject", "proposed_by")
        .get(pk=act_id)
    )
    if act.department_id != actor.department_id or not rules.DOES & group_names(actor):
        raise ActRefused("行政行为信息由作出机关的人员办理。")
    return act

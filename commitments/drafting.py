"""Work at the counter before signing. A draft is on the server from the first key, belongs to one clerk, and moves
through its steps only by the functions here and those of `online/` (a subject on its own pages: `Holder`)."""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry import catalogue, codes
from credit_portal.registry import services as registry
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    ResponsiblePerson,
    ServiceItemVersion,
    SubjectAccess,
    User,
)
from verification import services as verification
from verification.checking.handling import answer_of
from verification.models import Check
from verification.vocabulary import Route

from . import particulars, texts
from .associations import membership
from .draft_steps import WITH_SUBJECT as WITH_SUBJECT
from .draft_steps import DraftError as DraftError
from .draft_steps import Holder, Step, actor_id
from .draft_steps import NotYours as NotYours
from .draft_steps import locked as locked
from .draft_steps import move as move
from .draft_steps import require_clerk as require_clerk
from .draft_steps import save as save
from .models import Commitment, Draft


@transaction.atomic
def open_draft(*, clerk: User, code: str, now: datetime, fresh: bool = False) -> Draft:
    """Begin, or go on: the clerk's newest unfinished draft of this code is given again unless `fresh` is asked for.

    Raises CodeError naming the part of the code that is wrong, DraftError where a correction stands in the way.
    """
    require_clerk(clerk)
    parsed = codes.parse_subject_code(code, today=local_date(now))
    subject = registry.find_subject(parsed.value)
    mine = Draft.objects.filter(clerk=clerk, department=clerk.department)
    draft = Draft(clerk=clerk, department=clerk.department, opened_at=now, saved_at=now)
    if subject is None:
        draft.code = parsed.value
        existing = mine.filter(code_index=draft.code_index, step=Step.SUBJECT).first()
    else:
        draft.subject, draft.step = subject, Step.CHECK
        unfinished = mine.filter(subject=subject, step__in=WITH_SUBJECT, corrects=None)
        existing = unfinished.filter(item_version=None).first() if fresh else unfinished.first()
    if existing is None:
        existing = _insert(draft, now)
    if existing is not None:
        return existing
    events.draft_opened(
        now=now,
        actor_id=clerk.pk,
        department_id=clerk.department_id,
        draft_id=str(draft.pk),
        subject_id=subject.pk if subject else None,
    )
    return draft


def _insert(draft: Draft, now: datetime) -> Draft | None:
    """Store a new draft, or give the one that another tab has stored meanwhile."""
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
        return None
    except IntegrityError:
        same = (
            Q(code_index=draft.code_index, step=Step.SUBJECT)
            if draft.subject is None
            else Q(subject=draft.subject, item_version=None, commitment_type="", step__in=WITH_SUBJECT)
        )
        first = Draft.objects.select_for_update(of=("self",)).filter(same, clerk=draft.clerk).first()
        if first is None:
            raise
    if first.department_id != draft.department_id:
        # Left from the clerk's former department, where nobody can go on with it.
        _give_up(first, actor_id=draft.clerk_id, now=now)
        draft.save(force_insert=True)
        return None
    if first.corrects_id is not None:
        raise DraftError("该主体有一件更正还没有办完，请先在“草稿”中办完或放弃。", field="code")
    return first


def kinds_for(draft: Draft) -> tuple[str, ...]:
    """Kinds of subject that the entered code can stand for."""
    return codes.parse_subject_code(draft.code).kinds


@transaction.atomic
def register_draft_subject(
    *,
    draft_id: uuid.UUID,
    clerk: User,
    kind: str,
    name: str,
    name_source: str,
    now: datetime,
    legal_representative: str = "",
    phone: str = "",
) -> Draft:
    """Enter an unknown subject: its name, and where the name comes from. Raises SubjectError with the field."""
    draft = locked(draft_id, clerk)
    if draft.step != Step.SUBJECT:
        return draft
    if kind not in kinds_for(draft):
        raise registry.SubjectError("主体类别与代码不符。", field="kind")
    try:
        subject = registry.register_subject(
            kind=kind,
            code=draft.code,
            name=name,
            name_source=name_source,
            region=draft.department.region,
            actor=clerk,
            department=draft.department,
            now=now,
            phone=phone,
            is_demo=draft.department.is_demo,
        )
    except registry.SubjectExists as known:
        subject = known.subject
    if legal_representative and kind != codes.PERSON:
        registry.set_responsible(
            subject=subject,
            capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE,
            name=legal_representative,
            source=name_source,
            actor=clerk,
            department=draft.department,
            now=now,
        )
    twin = Draft.objects.filter(
        clerk=clerk, subject=subject, step__in=WITH_SUBJECT, item_version=None, commitment_type=""
    ).first()
    if twin is not None:
        _give_up(draft, actor_id=clerk.pk, now=now)
        return twin
    draft.subject = subject
    draft.code = ""
    move(draft, Step.CHECK)
    return save(draft, now)


@transaction.atomic
def rename_draft_subject(
    *, draft_id: uuid.UUID, clerk: User, name: str, name_source: str, now: datetime
) -> Draft:
    """The licence shows another name than the record: the subject's name history goes on, a check already made is void."""
    draft = locked(draft_id, clerk)
    if draft.step not in WITH_SUBJECT:
        raise DraftError("现在不能更改主体名称。", field="name")
    if name_source == CreditSubject.NameSource.DECLARED:
        # The name is public with the next request: somebody's word is not enough for it.
        raise DraftError("更名须以证照或登记系统为据，不能只凭申请人陈述。", field="name_source")
    registry.rename_subject(
        subject=draft.subject,
        name=name,
        source=name_source,
        actor=clerk,
        department=draft.department,
        now=now,
    )
    draft.subject.refresh_from_db()
    if draft.step != Step.CHECK:
        draft.step, draft.check_made = Step.CHECK, None
    return save(draft, now)


def items_for(clerk: User, today: date, *, kind: str = "") -> QuerySet[ServiceItemVersion]:
    """The catalogue's items that a clerk of this department can take up today: of its region and the regions above.
    `kind`: only those for which such a subject may make a commitment."""
    found = catalogue.current_items(lineage=clerk.department.region.lineage, on=today)
    found = found.filter(in_hall=True)
    return found.filter(catalogue.open_to(kind)) if kind else found


def check_draft(
    *,
    draft_id: uuid.UUID,
    clerk: User,
    item_version_id: int,
    commitment_type: str,
    late_materials: bool,
    case_ref: str,
    now: datetime,
) -> Draft:
    """Check the subject for the chosen item and, where the route is open, pick the text that will be shown.

    Returns the draft at step `read` or `ordinary`; the twin draft where another tab is already at this business.
    Raises DraftError (field `item`, `type`, `late_materials`, `case_ref`).
    """
    try:
        draft, problem = _check_draft(
            draft_id=draft_id,
            clerk=clerk,
            item_version_id=item_version_id,
            commitment_type=commitment_type,
            late_materials=late_materials,
            case_ref=case_ref,
            now=now,
        )
    except IntegrityError as error:
        # The other tab was faster by a moment: its draft goes on, this one has not moved.
        twin = Draft.objects.filter(
            clerk=clerk,
            item_version_id=item_version_id,
            commitment_type=commitment_type,
            step__in=WITH_SUBJECT,
            subject__in=Draft.objects.filter(pk=draft_id).values("subject"),
        ).exclude(pk=draft_id)
        found = twin.first()
        if found is None:
            raise
        raise DraftError("另一个页面正在办理同一事项，请在那里继续。", field="item") from error
    if problem:
        # Raised after the commit: the check was made and seen, so it is kept.
        raise DraftError(problem, field="item")
    return draft


@transaction.atomic
def _check_draft(
    *,
    draft_id: uuid.UUID,
    clerk: User,
    item_version_id: int,
    commitment_type: str,
    late_materials: bool,
    case_ref: str,
    now: datetime,
) -> tuple[Draft, str]:
    draft = locked(draft_id, clerk)
    if draft.step not in WITH_SUBJECT:
        raise DraftError("请先登记主体。", field="code")
    if len(case_ref) > 60:
        raise DraftError(f"办件编号最多 60 个字，现为 {len(case_ref)} 个字。", field="case_ref")
    item_version = items_for(clerk, local_date(now)).filter(pk=item_version_id).first()
    if item_version is None:
        raise DraftError("请选择目录中的现行事项。", field="item")
    twin = (
        Draft.objects.filter(
            clerk=clerk,
            subject=draft.subject,
            item_version=item_version,
            commitment_type=commitment_type,
            step__in=WITH_SUBJECT,
        )
        .exclude(pk=draft.pk)
        .first()
    )
    if twin is not None and twin.corrects_id != draft.corrects_id:
        # One of the two replaces a signed commitment: neither may silently become the other.
        raise DraftError("该主体的同一事项另有一份草稿，请先在“草稿”中办完或放弃那一份。", field="item")
    if twin is not None:
        _give_up(draft, actor_id=clerk.pk, now=now)
        draft = locked(twin.pk, clerk)
    before = draft.check_made
    same = (draft.item_version_id, draft.commitment_type) == (item_version.pk, commitment_type)
    if not (late_materials and draft.late_materials and draft.item_version_id == item_version.pk):
        draft.promised = []
    draft.item_version = item_version
    draft.commitment_type = commitment_type
    draft.late_materials = late_materials
    draft.case_ref = case_ref.strip()
    try:
        problem = look(draft, before if same else None, clerk, now)
    except verification.NotCheckable as error:
        raise DraftError(str(error), field="type") from error
    return save(draft, now), problem


def look(draft: Draft, before: Check | None, holder: Holder, now: datetime) -> str:
    """Check, in the same procedure as `before`, and go where the answer leads. Gives what stands against the text."""
    if refusal := catalogue.refusal_of(draft.item_version, draft.subject.kind):
        raise DraftError(refusal, field="item")
    _check_member(draft, now)
    check = verification.check_subject(
        subject=draft.subject,
        item_version=draft.item_version,
        commitment_type=draft.commitment_type,
        late_materials=draft.late_materials,
        case_ref=draft.case_ref,
        operator=holder if isinstance(holder, User) else None,
        department=draft.department,
        access=holder if isinstance(holder, SubjectAccess) else None,
        now=now,
        follows=before,
    )
    draft.check_made = check
    draft.text_version, draft.must_state = None, []
    if answer_of(check)[0] != Route.COMMITMENT:
        if draft.step != Step.ORDINARY:
            move(draft, Step.ORDINARY)
        clear_entered(draft)
        return ""
    problem = offer_text(draft, now)
    if problem:
        draft.step = Step.CHECK
    else:
        move(draft, Step.READ)
    return problem


def _check_member(draft: Draft, now: datetime) -> None:
    """An association's commitment is its members' (R10, R31)."""
    association = draft.item_version.item.department
    if draft.commitment_type == CommitmentType.INDUSTRY and membership.is_turned_away(
        draft.subject, association, local_date(now)
    ):
        raise DraftError(membership.NOT_A_MEMBER.format(association=association.name), field="item")


def recheck_draft(*, draft_id: uuid.UUID, clerk: User, now: datetime) -> Draft:
    """Back from the ordinary route, after an exception was allowed or something shown was believed: checked once more in
    the same procedure, and on to reading where that opens the route. Raises DraftError."""
    try:
        with transaction.atomic():
            draft = locked(draft_id, clerk)
            if draft.step != Step.ORDINARY:
                return draft
            problem = look(draft, draft.check_made, clerk, now)
            save(draft, now)
    except verification.NotCheckable as error:
        raise DraftError(str(error)) from error
    except IntegrityError as error:
        raise DraftError("该主体的同一事项另有一份草稿，请先在“草稿”中办完或放弃那一份。") from error
    if problem:
        # Raised after the commit: the check was made and seen, so it is kept.
        raise DraftError(problem, field="item")
    return draft


def offer_text(draft: Draft, now: datetime) -> str:
    """Pick the text in force; nobody is offered one that their record makes untrue (S2 三（二）).

    Returns what stands against it, in Chinese; empty: the text is picked.
    """
    on = local_date(now)
    version = texts.text_for(
        item_version=draft.item_version,
        commitment_type=draft.commitment_type,
        late_materials=draft.late_materials,
        region=draft.department.region,
        on=on,
    )
    if version is None:
        return "没有适用于该事项和承诺类型的现行文本，请联系行政审批局发布。"
    if missing := particulars.lacking(draft.item_version, version.blanks.all()):
        return f"该事项的文本须有填写项“{'”“'.join(missing)}”，请联系行政审批局发布专用文本。"
    contents = {code for clause in version.clauses.all() for code in clause.covers}
    offer = verification.offer_of_text(
        subject=draft.subject, region=draft.department.region, contents=contents, on=on
    )
    if not offer.allowed:
        return (
            "承诺书写有“无失信记录或已完成修复”，与该主体的记录不符，不能签署这份文本："
            + "；".join(offer.conflicts)
            + "。"
        )
    draft.text_version, draft.must_state = version, list(offer.must_state)
    return ""


def _storable(text: str) -> str:
    """The database keeps every character but this one."""
    return text.replace("\0", "")


@transaction.atomic
def save_blanks(
    *, draft_id: uuid.UUID, clerk: Holder, values: dict[str, str], now: datetime, order: int = 0
) -> dict[str, str]:
    """Keep what was typed into the text's blanks, complete or not. Returns Chinese errors by blank key.

    `order` grows with every sending of the page (0: the page has no script). What was sent earlier but arrives later
    is overtaken and changes nothing.
    """
    draft = locked(draft_id, clerk)
    if draft.step not in (Step.READ, Step.SIGN):
        raise DraftError("请先核查并选定文本。")
    known = {blank.key: blank for blank in draft.text_version.blanks.all()}
    if order and order < draft.blanks_order:
        return particulars.blank_errors(draft, local_date(now))
    draft.blanks_order = max(order, draft.blanks_order)
    kept = {key: _storable(values[key])[:1000] for key in known if key in values}
    if {**draft.blanks, **kept} != draft.blanks:
        draft.blanks = {**draft.blanks, **kept}
        if draft.step == Step.SIGN:
            # What was read is not what would be signed any more.
            move(draft, Step.READ)
    save(draft, now)
    return particulars.blank_errors(draft, local_date(now))


@transaction.atomic
def save_signer(*, draft_id: uuid.UUID, clerk: User, signer: dict[str, str], now: datetime) -> Draft:
    """Keep who signs, as far as it has been entered (no number of an identity document is ever among it)."""
    draft = locked(draft_id, clerk)
    if draft.step not in (Step.READ, Step.SIGN):
        raise DraftError("请先核查并选定文本。")
    allowed = {"name", "capacity", "identity_document", "signed_by"}
    draft.signer = {
        **draft.signer,
        **{key: _storable(str(value))[:200] for key, value in signer.items() if key in allowed},
    }
    return save(draft, now)


@transaction.atomic
def discard_draft(*, draft_id: uuid.UUID, clerk: Holder, now: datetime) -> Draft:
    """Give a draft up. What was typed is removed, that it existed stays."""
    draft = locked(draft_id, clerk)
    if draft.step == Step.DISCARDED:
        return draft
    return _give_up(draft, actor_id=actor_id(clerk), now=now)


def _give_up(draft: Draft, *, actor_id: int | None, now: datetime) -> Draft:
    move(draft, Step.DISCARDED)
    clear_entered(draft)
    events.draft_discarded(
        now=now, actor_id=actor_id, department_id=draft.department_id, draft_id=str(draft.pk)
    )
    return save(draft, now)


def clear_entered(draft: Draft) -> None:
    draft.code = ""
    draft.blanks, draft.promised, draft.signer = {}, [], {}


def drafts_of(clerk: User) -> QuerySet[Draft]:
    """The clerk's unfinished drafts, newest first."""
    return (
        Draft.objects.filter(clerk=clerk, step__in=[Step.SUBJECT, *WITH_SUBJECT])
        .select_related("subject", "item_version")
        .order_by("-saved_at")
    )


def open_on_checks(check_ids: Collection[int]) -> int:
    """How many drafts that are still being worked on rest on these checks."""
    return Draft.objects.filter(check_made__in=check_ids, step__in=WITH_SUBJECT).count()


def commitments_of_subject(subject: CreditSubject, clerk: User) -> int:
    """How many commitments this subject has signed with the clerk's department («第 3 次办理»)."""
    return Commitment.objects.filter(subject=subject, department=clerk.department, voided_at=None).count()


@transaction.atomic
def purge_stale(*, older_than: datetime, now: datetime) -> int:
    """Discard drafts nobody has touched since `older_than`: what a person typed is not kept for nothing."""
    stale = list(
        Draft.objects.select_for_update(skip_locked=True).filter(
            saved_at__lt=older_than, step__in=[Step.SUBJECT, *WITH_SUBJECT]
        )[:500]
    )
    for draft in stale:
        _give_up(draft, actor_id=None, now=now)
    return len(stale)


def as_state(draft: Draft) -> dict[str, Any]:
    """What the counter asks after a lost answer: the step, and the code once there is one."""
    commitment = Commitment.objects.filter(draft=draft).only("code").first()
    return {"step": draft.step, "code": commitment.code if commitment else None}

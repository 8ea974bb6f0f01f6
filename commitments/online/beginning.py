"""The first steps on a subject's own pages: an item, a type, the check. The draft is on the server from the first of them
and belongs to the subject: whoever may act for it goes on with it on any device."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from commitments.associations import membership
from commitments.draft_steps import WITH_SUBJECT, DraftError, Step, locked, require_acting, save
from commitments.drafting import look
from commitments.models import Commitment, Draft
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry import catalogue
from credit_portal.registry.models import CommitmentType, CreditSubject, ServiceItemVersion, SubjectAccess
from verification import services as verification

# So many are shown; whoever does not find it among them types more of the name.
MOST = 40
MOST_OPEN = 20
NOT_ONLINE = "这个事项现在不能在网上承诺，请到窗口办理，或者另选事项。"
ANOTHER_OPEN = "这一事项另有一份没有办完的草稿，请从“没有办完的”里继续。"
REPAIR = "信用修复承诺在修复申请中签署，请从“信用修复”进入。"


def items_for(subject: CreditSubject, *, now: datetime, sought: str = "") -> QuerySet[ServiceItemVersion]:
    """What the subject can sign for online: the items that are for its kind, of its own region first. `sought`: a piece of the name, the letters of its pinyin, the code, or a group's name."""
    found = catalogue.online_items(on=local_date(now)).select_related("occupation", "item__region")
    found = found.filter(catalogue.open_to(subject.kind))
    found = membership.open_to(found, subject, local_date(now))
    sought = sought.replace("\0", "").strip()[:60]
    if sought:
        found = found.filter(
            Q(name__icontains=sought)
            | Q(pinyin__icontains=sought)
            | Q(item__code__iexact=sought)
            | Q(occupation__name__icontains=sought)
            | Q(occupation__positions__icontains=sought)
        )
    near = Case(
        *(When(item__region=code, then=Value(at)) for at, code in enumerate(subject.region.lineage)),
        default=Value(99),
        output_field=IntegerField(),
    )
    return found.order_by(near, "name", "item__code")


def types_of(item: ServiceItemVersion) -> list[tuple[str, str]]:
    """The types that can be signed here: all that the item uses but repair, which has its own page."""
    return [
        (code, str(label))
        for code, label in CommitmentType.choices
        if code in item.allowed_types and code != CommitmentType.REPAIR
    ]


@transaction.atomic
def begin(*, access: SubjectAccess, item_version_id: int, now: datetime) -> Draft:
    """Begin with an item, or go on: an unfinished draft of the same item is given again, on whatever device it was begun.

    Raises DraftError (`item`).
    """
    require_acting(access)
    subject = CreditSubject.objects.select_for_update().get(pk=access.subject_id)
    item = items_for(subject, now=now).filter(pk=item_version_id).first()
    if item is None:
        raise DraftError(NOT_ONLINE, field="item")
    unfinished = drafts_of(subject)
    known = unfinished.filter(item_version__item=item.item).first()
    if known is not None:
        return known
    if unfinished.count() >= MOST_OPEN:
        raise DraftError(f"没有办完的草稿最多 {MOST_OPEN} 份，请先办完或者放弃一些。", field="item")
    draft = Draft(
        access=access,
        department=item.item.department,
        subject=subject,
        item_version=item,
        step=Step.CHECK,
        opened_at=now,
        saved_at=now,
    )
    kinds = types_of(item)
    if len(kinds) == 1:
        draft.commitment_type = kinds[0][0]
    draft.save(force_insert=True)
    events.draft_opened(
        now=now,
        actor_id=None,
        department_id=draft.department_id,
        draft_id=str(draft.pk),
        subject_id=subject.pk,
        access_id=access.pk,
    )
    return draft


def check(
    *,
    draft_id: uuid.UUID,
    access: SubjectAccess,
    commitment_type: str,
    case_ref: str,
    now: datetime,
    late_materials: bool = False,
) -> Draft:
    """Check the subject's record for the item and the type, as the counter does; where the route is open the text is
    picked. Asked again (another day, another type) in the same procedure. Raises DraftError by field."""
    try:
        with transaction.atomic():
            draft = locked(draft_id, access)
            if draft.step not in (*WITH_SUBJECT, Step.ORDINARY):
                return draft
            before = draft.check_made if draft.commitment_type == commitment_type else None
            _choose(draft, commitment_type, case_ref, late_materials, now)
            problem = look(draft, before, access, now)
            save(draft, now)
    except verification.NotCheckable as error:
        raise DraftError(str(error), field="commitment_type") from error
    except IntegrityError as error:
        raise DraftError(ANOTHER_OPEN, field="commitment_type") from error
    if problem:
        # Raised after the commit: the check was made and seen, so it is kept.
        raise DraftError(problem, field="commitment_type")
    return draft


def _choose(draft: Draft, commitment_type: str, case_ref: str, late_materials: bool, now: datetime) -> None:
    """The item as it is in force today, the type among those it uses."""
    current = items_for(draft.subject, now=now).filter(item=draft.item_version.item_id).first()
    if current is None:
        raise DraftError(NOT_ONLINE, field="item")
    if commitment_type == CommitmentType.REPAIR:
        raise DraftError(REPAIR, field="commitment_type")
    if commitment_type not in dict(types_of(current)):
        raise DraftError("请选择承诺类型。", field="commitment_type")
    case_ref = case_ref.replace("\0", "").strip()
    if len(case_ref) > 60:
        raise DraftError(f"办件编号最多 60 个字，现为 {len(case_ref)} 个字。", field="case_ref")
    draft.item_version, draft.department = current, current.item.department
    draft.commitment_type, draft.case_ref, draft.late_materials = commitment_type, case_ref, late_materials


def choose_again(*, draft_id: uuid.UUID, access: SubjectAccess, now: datetime) -> Draft:
    """Back to the choice of the type, from the ordinary route too; what was filled in stays. Raises DraftError."""
    try:
        with transaction.atomic():
            draft = locked(draft_id, access)
            if draft.step in (Step.READ, Step.SIGN, Step.ORDINARY):
                # As the counter does it: the check that was made stays on record, the draft waits for the next.
                draft.step = Step.CHECK
                save(draft, now)
            return draft
    except IntegrityError as error:
        raise DraftError(ANOTHER_OPEN) from error


def drafts_of(subject: CreditSubject) -> QuerySet[Draft]:
    """The subject's unfinished drafts on its own pages, the last worked on first."""
    return (
        Draft.objects.filter(clerk=None, subject=subject, step__in=WITH_SUBJECT)
        .select_related("item_version", "department")
        .order_by("-saved_at")
    )


def open_of(items: Sequence[ServiceItemVersion], subject: CreditSubject) -> dict[int, uuid.UUID]:
    """Of these items, which have an unfinished draft of the subject, by item."""
    rows = Draft.objects.filter(
        clerk=None,
        subject=subject,
        step__in=WITH_SUBJECT,
        item_version__item__in={one.item_id for one in items},
    )
    return dict(rows.values_list("item_version__item", "pk"))


def commitment_of(draft: Draft) -> Commitment | None:
    return Commitment.objects.filter(draft=draft).first()

"""The only place where a method of a list, or an opinion on it, changes. Nobody is put on a list without a method that was
put before the public, answered and adopted by two (S4 8, R78, R129)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.models import ListMethod, MethodOpinion

State = ListMethod.State
IN_WORK = (State.DRAFT, State.ASKING, State.PROPOSED)
DRAFTS = frozenset({groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE})
ADOPTS = frozenset({groups.HEAD, groups.CREDIT_OFFICE})
MOST_PART, MOST_OPINION, MOST_OPINIONS = 4_000, 2_000, 5_000
LONGEST = timedelta(days=365)
NO_METHOD = (
    "“{name}”没有已发布并施行的认定办法，不能列入。认定办法须写明依据、标准、程序、异议、退出和措施，"
    "公开征求意见，由两人发布。"
)
SAME = "提请发布的人不能自己批准，须由另一人批准。"
UNANSWERED = "还有 {number} 条意见没有答复，逐条答复以后才能提请发布。"
OPEN_YET = "征求意见到 {last} 为止，期满以后才能提请发布。"
NUMBERS = "这里写的会公开，其中“{found}”像是身份证号码或者手机号码，请删去。"
AS_ASKED = (
    "没有采纳的意见，公开征求过意见的内容不能改动。要改动的，先“不再办理”，再起草下一版、重新公开征求意见。"
)
CLOSED = "这份办法现在不征求意见，或者征求意见已经结束。"


class MethodRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def methods_visible_to(user: User) -> QuerySet[ListMethod]:
    """Of the own department, or of the own region and below."""
    return limit_to_visible(ListMethod.objects.all(), user)


def public_methods() -> QuerySet[ListMethod]:
    """What is before the public: drafts on which it is or was asked, those not gone on with included (what it said is on
    record, R129), and what was adopted."""
    return ListMethod.objects.filter(
        Q(state__in=[State.ASKING, State.PROPOSED, State.ADOPTED])
        | Q(state=State.DROPPED, asked_from__isnull=False)
    ).select_related("region", "department")


def in_force(*, lineage: Sequence[str], on: date) -> QuerySet[ListMethod]:
    """The methods by which somebody can be put on a list in a region on a day: adopted, begun, not over; of one list that of
    the region itself before those above."""
    return ListMethod.objects.filter(
        Q(in_force_until=None) | Q(in_force_until__gte=on),
        state=State.ADOPTED,
        region__in=lineage,
        in_force_from__lte=on,
    ).order_by("list_name", "-region__path", "-number")


def method_for(*, list_name: str, kind: str, lineage: Sequence[str], on: date) -> ListMethod:
    """The method of a list on a day. Raises MethodRefused where there is none."""
    found = in_force(lineage=lineage, on=on).filter(list_name=list_name.strip(), kind=kind).first()
    if found is None:
        raise MethodRefused(NO_METHOD.format(name=list_name.strip()), field="list_name")
    return found


# ---- drafted -----------------------------------------------------------------------------------------------


@transaction.atomic
def draft(
    *, kind: str, list_name: str, parts: Mapping[str, str], actor: User, now: datetime, is_demo: bool = False
) -> ListMethod:
    """Begin a method, or the next version of one. Raises MethodRefused by field."""
    if actor.department is None or not group_names(actor) & DRAFTS:
        raise MethodRefused("认定办法由认定部门或者信用办起草。")
    if kind not in ListMethod.Kind.values:
        raise MethodRefused("请选择名单的种类。", field="kind")
    name = _public(list_name, "list_name", "名单名称", 180)
    region = actor.department.region
    known = ListMethod.objects.select_for_update().filter(region=region, list_name=name)
    if known.exclude(department=actor.department).exists():
        raise MethodRefused("这份名单的认定办法由另一部门制定。", field="list_name")
    before = known.filter(state=State.ADOPTED).order_by("-number").first()
    if before is not None and before.kind != kind:
        raise MethodRefused(f"这份名单原来的种类是“{before.get_kind_display()}”，不能改变。", field="kind")
    row = ListMethod(
        kind=kind, list_name=name, number=(known.aggregate(last=Max("number"))["last"] or 0) + 1,
        replaces=before, department=actor.department, region=region, drafted_by=actor, drafted_at=now,
        is_demo=is_demo, **_parts(parts),
    )  # fmt: skip
    try:
        with transaction.atomic():
            _save(row, "起草", actor, now)
    except IntegrityError as error:
        raise MethodRefused("这份名单的办法正在起草，办完以后再起草下一版。", field="list_name") from error
    return row


@transaction.atomic
def rewrite(*, method_id: int, parts: Mapping[str, str], actor: User, now: datetime) -> ListMethod:
    """Change what a draft says: before the public is asked, or after it was asked and because of what it said: where an opinion
    was taken. Raises MethodRefused by field."""
    row = _taken(method_id, actor)
    asked = row.state == State.ASKING and row.asked_until is not None and local_date(now) > row.asked_until
    if row.state != State.DRAFT and not asked:
        raise MethodRefused("征求意见期间不能改动：公众看到的须是同一份。")
    if asked and not has_taken(row):
        raise MethodRefused(AS_ASKED)
    for key, value in _parts(parts).items():
        setattr(row, key, value)
    _save(row, "修改", actor, now)
    return row


def has_taken(row: ListMethod) -> bool:
    """Whether something of what the public has said was taken."""
    return row.opinions.filter(taken=True).exists()


@transaction.atomic
def ask_public(
    *, method_id: int, first: date, last: date, address: str, actor: User, now: datetime
) -> ListMethod:
    """Put a draft before the public for its opinion, from a day to a day, both included. Raises MethodRefused by field."""
    row = _taken(method_id, actor)
    if row.state != State.DRAFT:
        raise MethodRefused("只有起草中的办法可以开始征求意见。")
    today = local_date(now)
    if first < today:
        raise MethodRefused("征求意见从今天或者以后开始。", field="first")
    if not first <= last <= first + LONGEST:
        raise MethodRefused("末日不能早于首日，最长一年。", field="last")
    row.asked_from, row.asked_until, row.state = first, last, State.ASKING
    row.address = _public(address, "address", "书面意见寄送", 300)
    # What was drafted may be older than the rule that no number stands in it.
    row.asked_parts = _parts({key: getattr(row, key) for key in ListMethod.PARTS})
    _save(row, "公开征求意见", actor, now)
    return row


# ---- the public's opinion ----------------------------------------------------------------------------------


@transaction.atomic
def give_opinion(
    *,
    method_id: int,
    text: str,
    now: datetime,
    name: str = "",
    contact: str = "",
    key: UUID | None = None,
    way: str = MethodOpinion.Way.ONLINE,
    received_on: date | None = None,
    low: bool = False,
    actor: User | None = None,
    is_demo: bool = False,
) -> MethodOpinion:
    """Keep an opinion. Sent twice it is kept once. `actor`: who writes down one that came on paper, by post or at a meeting.
    Raises MethodRefused by field."""
    if key is not None and (known := MethodOpinion.objects.filter(key=key).first()) is not None:
        return known
    row = ListMethod.objects.select_for_update(of=("self",)).get(pk=method_id)
    today = local_date(now)
    if actor is not None:
        row = _taken(method_id, actor)
    on = received_on or today
    if row.state != State.ASKING or row.asked_from is None or row.asked_until is None:
        raise MethodRefused(CLOSED)
    if not row.asked_from <= on <= row.asked_until or on > today:
        raise MethodRefused(
            CLOSED if actor is None else "收到日期应在征求意见期间，不晚于今天。", field="received_on"
        )
    if way not in MethodOpinion.Way.values or (actor is None and way != MethodOpinion.Way.ONLINE):
        raise MethodRefused("请选择意见的途径。", field="way")
    _without_numbers(text, "text")
    if row.opinions.count() >= MOST_OPINIONS:
        raise MethodRefused("意见太多，网上暂不再收，请按页面上的地址寄送书面意见。")
    opinion = MethodOpinion(
        key=key, method=row, way=way, text=_text(text, "text", "意见", MOST_OPINION), low=low,
        received_on=on, received_at=now, received_by=actor, is_demo=is_demo,
    )  # fmt: skip
    opinion.name = _short(name, "name", "姓名", 60)
    opinion.contact = _short(contact, "contact", "联系方式", 100)
    try:
        with transaction.atomic():
            opinion.save(force_insert=True)
    except IntegrityError as error:
        twin = MethodOpinion.objects.filter(key=key).first() if key else None
        if twin is None:
            raise MethodRefused("请再提交一次。") from error
        return twin
    _tell(row, "收到意见", actor, now, opinion_id=opinion.pk)
    return opinion


@transaction.atomic
def answer(*, opinion_id: int, taken: bool, text: str, actor: User, now: datetime) -> MethodOpinion:
    """Say of one opinion whether it is taken, and why; published beside it. Raises MethodRefused by field."""
    method_id = MethodOpinion.objects.values_list("method_id", flat=True).get(pk=opinion_id)
    row = _taken(method_id, actor)
    opinion = MethodOpinion.objects.select_for_update(of=("self",)).get(pk=opinion_id)
    if row.state != State.ASKING:
        raise MethodRefused("办法已提请发布，不能再答复意见。")
    if opinion.answered_at is not None:
        raise MethodRefused("这条意见已经答复。")
    opinion.taken, opinion.answer = taken, _public(text, "answer", "答复", 1000)
    opinion.answered_at, opinion.answered_by = now, actor
    opinion.save()
    _tell(row, "采纳意见" if taken else "不采纳意见", actor, now, opinion_id=opinion.pk)
    return opinion


# ---- adopted by two ----------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    *, method_id: int, considered: str, in_force_from: date, document_no: str, actor: User, now: datetime
) -> ListMethod:
    """All opinions are answered: to be adopted. Raises MethodRefused by field."""
    row = _taken(method_id, actor)
    today = local_date(now)
    if row.state != State.ASKING or row.asked_until is None:
        raise MethodRefused("没有征求过意见的办法不能发布。")
    if today <= row.asked_until:
        raise MethodRefused(OPEN_YET.format(last=row.asked_until))
    if waiting := row.opinions.filter(answered_at=None).count():
        raise MethodRefused(UNANSWERED.format(number=waiting))
    if in_force_from < today:
        raise MethodRefused("施行日期不能早于今天：办法不溯及以前。", field="in_force_from")
    row.considered = _public(considered, "considered", "意见采纳情况", MOST_PART)
    row.in_force_from, row.document_no = in_force_from, _public(document_no, "document_no", "发布文号", 100)
    row.proposed_by, row.state = actor, State.PROPOSED
    _save(row, "提请发布", actor, now)
    return row


@transaction.atomic
def adopt(*, method_id: int, actor: User, now: datetime) -> ListMethod:
    """Another person adopts it; the version before it ends on the day before. Raises MethodRefused."""
    row = _taken(method_id, actor, ADOPTS)
    if row.state != State.PROPOSED or row.in_force_from is None:
        raise MethodRefused("只有提请发布的办法可以批准。")
    if row.proposed_by_id == actor.pk:
        raise MethodRefused(SAME)
    # Adopted later than it was meant to begin, it begins today: nobody is measured by it backwards.
    row.in_force_from = max(row.in_force_from, local_date(now))
    row.adopted_by, row.adopted_at, row.state = actor, now, State.ADOPTED
    _save(row, "批准发布", actor, now)
    before = ListMethod.objects.select_for_update().filter(
        region=row.region, list_name=row.list_name, state=State.ADOPTED, in_force_until=None
    )
    for old in before.exclude(pk=row.pk):
        old.in_force_until = row.in_force_from - timedelta(days=1)
        _save(old, "由下一版替代", actor, now)
    return row


@transaction.atomic
def send_back(*, method_id: int, actor: User, now: datetime) -> ListMethod:
    """Not adopted as it is: it can be changed once more."""
    row = _taken(method_id, actor, ADOPTS)
    if row.state != State.PROPOSED:
        raise MethodRefused("只有提请发布的办法可以退回。")
    row.state, row.proposed_by = State.ASKING, None
    _save(row, "退回修改", actor, now)
    return row


@transaction.atomic
def drop(*, method_id: int, actor: User, now: datetime) -> ListMethod:
    """Not gone on with. What the public has said stays on record."""
    row = _taken(method_id, actor)
    if row.state not in IN_WORK:
        raise MethodRefused("已办结的办法不能撤下。")
    row.state, row.proposed_by = State.DROPPED, None
    _save(row, "不再办理", actor, now)
    return row


# ---- parts -------------------------------------------------------------------------------------------------


def handled_by(row: ListMethod, actor: User) -> bool:
    """By the department that makes it, and by the credit office of its region."""
    office = (
        groups.CREDIT_OFFICE in group_names(actor)
        and actor.department is not None
        and row.region_id == actor.department.region_id
    )
    return office or row.department_id == actor.department_id


def _taken(method_id: int, actor: User, roles: frozenset[str] = DRAFTS) -> ListMethod:
    row = (
        ListMethod.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .get(pk=method_id)
    )
    if not handled_by(row, actor):
        raise MethodRefused("认定办法由制定的部门办理。")
    if not group_names(actor) & roles:
        raise MethodRefused("这一步由部门负责人或者信用办办理。")
    return row


def _parts(parts: Mapping[str, str]) -> dict[str, str]:
    return {
        key: _public(parts.get(key, ""), key, str(ListMethod._meta.get_field(key).verbose_name), MOST_PART)
        for key in ListMethod.PARTS
    }


def _public(value: str, field: str, label: str, most: int) -> str:
    """A text that the public will read: nobody's number stands in it."""
    written = _text(value, field, label, most)
    _without_numbers(written, field)
    return written


def _without_numbers(text: str, field: str) -> None:
    if found := passages(text):
        raise MethodRefused(NUMBERS.format(found="、".join(found)), field=field)


def _text(value: str, field: str, label: str, most: int) -> str:
    written = _short(value, field, label, most)
    if not written:
        raise MethodRefused(f"请填写{label}。", field=field)
    return written


def _short(value: str, field: str, label: str, most: int) -> str:
    written = value.replace("\0", "").strip()
    if len(written) > most:
        raise MethodRefused(f"{label}最多 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written


def _save(row: ListMethod, deed: str, actor: User, now: datetime) -> None:
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, deed, actor, now)


def _tell(
    row: ListMethod, deed: str, actor: User | None, now: datetime, *, opinion_id: int | None = None
) -> None:
    events.list_method(
        now=now, actor_id=actor.pk if actor else None, department_id=row.department_id, method_id=row.pk,
        list_name=row.list_name, number=row.number, deed=deed, opinion_id=opinion_id,
    )  # fmt: skip

"""Opening the procedure of a list: of a firm, of its responsible person, of arrears (S1 八 十一, S4 8 12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from credit_portal.audit.clock import local_date
from credit_portal.registry import codes, numbering
from credit_portal.registry.models import CreditSubject, ResponsiblePerson, User
from credit_portal.registry.services import SubjectError, SubjectExists, find_subject, register_subject
from credit_portal.registry.visibility import group_names

from . import listing_measures
from .list_methods import keeping as list_methods
from .listing import (
    DOES,
    ListingMoved,
    ListingRefused,
    ListingState,
    arrears_pursued,
    save,
    step,
    text_of,
)
from .listing_grounds import grounds_of
from .models import CreditEntry, Listing

ERROR_GROUNDS = "请选择所依据的记录：该主体现在有效的行政处罚、名单或者承诺违约。没有送达、没有核实、已经期满或者修复的，不能作为依据。"

TWICE = "这个主体已在办理列入这份名单，或者已经列入。"
TWICE_OF_FIRM = "这名责任人员因“{firm}”已在办理列入这份名单，或者已经列入。"
# A ban stands on words that somebody can contest: so many characters each has at least and at most, and what it is called.
TEXTS = {"basis": ("认定依据", 4, 300), "standard": ("认定标准", 4, 500), "facts": ("事实", 10, 4000)}


@transaction.atomic
def open_listing(
    *,
    subject: CreditSubject,
    list_name: str,
    basis: str,
    standard: str,
    facts: str,
    grounds: Sequence[int],
    measures: Sequence[Mapping[str, str]],
    actor: User,
    now: datetime,
    kind: str = Listing.Kind.JOINT,
    is_demo: bool = False,
) -> Listing:
    """Open the procedure for an organisation or sole trader, on adverse entries of its record. Raises ListingRefused.

    `kind`: joint, or watch for lesser cases (R79), which may bring a stricter look and nothing more.
    """
    if kind not in (Listing.Kind.JOINT, Listing.Kind.WATCH):
        raise ListingRefused("请选择名单的种类。", field="kind")
    if subject.kind == codes.PERSON:
        raise ListingRefused("自然人只能作为已列入主体的责任人员列入。", field="subject")
    entries = [row for row in grounds_of(subject, on=local_date(now)) if row.pk in grounds]
    if not entries or len(entries) < len(set(grounds)):
        raise ListingRefused(ERROR_GROUNDS, field="grounds")
    if actor.department is None:
        raise ListingRefused("名单由主管部门的经办人或者负责人办理。")
    try:
        method = list_methods.method_for(
            list_name=list_name, kind=kind, lineage=actor.department.region.lineage, on=local_date(now)
        )
    except list_methods.MethodRefused as error:
        raise ListingRefused(str(error), field=error.field) from error
    return _open(
        Listing(kind=kind, subject=subject, method=method),
        list_name, basis, standard, facts, measures, entries, actor, now, is_demo,
    )  # fmt: skip


@transaction.atomic
def open_person(
    *, parent_id: int, responsible_id: int, facts: str, measures: Sequence[Mapping[str, str]], actor: User, now: datetime,
    id_number: str = "",
) -> Listing:  # fmt: skip
    """Open the procedure for one responsible person of a firm that is on the list. Raises ListingRefused."""
    parent = Listing.objects.select_for_update(of=("self",)).select_related("subject").get(pk=parent_id)
    if parent.kind != Listing.Kind.JOINT or parent.state != ListingState.IN_FORCE:
        raise ListingRefused("主体列入名单生效以后，才能对责任人员立案。")
    if parent.department_id != actor.department_id:
        raise ListingRefused("责任人员由认定主体的部门办理。")
    responsible, person = _person(parent.subject, responsible_id, id_number, actor, now, parent.is_demo)
    return _open(
        Listing(
            kind=Listing.Kind.RESPONSIBLE,
            method=parent.method,
            subject=person,
            parent=parent,
            firm=parent.subject,
            responsible=responsible,
        ),
        f"{parent.list_name}（责任人员）"[:200], parent.basis, parent.standard, facts, measures, [], actor, now,
        parent.is_demo,
    )  # fmt: skip


@transaction.atomic
def open_arrears(
    *, firm: CreditSubject, responsible_id: int, basis: str, facts: str, measures: Sequence[Mapping[str, str]],
    actor: User, now: datetime, id_number: str = "",
) -> Listing:  # fmt: skip
    """Pursue one responsible person of a state firm that owes private or small firms or migrant workers, where the region
    has the rule. Raises ListingRefused."""
    if not arrears_pursued(actor, on=local_date(now)):
        raise ListingRefused(
            "本地区没有规定对国有企业拖欠账款的责任人员追究并公示（规则“国有企业拖欠账款责任追究”没有开通或者没有确认）。"
        )
    if not firm.state_owned:
        raise ListingRefused("只适用于国有企业。主体的性质请先由信用办核实登记。", field="firm")
    responsible, person = _person(firm, responsible_id, id_number, actor, now, firm.is_demo)
    return _open(
        Listing(kind=Listing.Kind.ARREARS, subject=person, firm=firm, responsible=responsible),
        "国有企业拖欠账款责任追究", basis, "拖欠民营企业、中小企业账款或者农民工工资", facts, measures, [], actor, now,
        firm.is_demo,
    )  # fmt: skip


def _person(
    firm: CreditSubject, responsible_id: int, id_number: str, actor: User, now: datetime, is_demo: bool
) -> tuple[ResponsiblePerson, CreditSubject]:
    responsible = firm.responsible.filter(pk=responsible_id, until_on__isnull=True).first()
    if responsible is None:
        raise ListingRefused("请选择该主体现任的法定代表人、主要负责人或者实际控制人。", field="responsible")
    number = responsible.id_number or id_number.strip()
    if not number:
        raise ListingRefused("该责任人员没有登记身份证号码，请填写。", field="id_number")
    person = find_subject(codes.clean(number))
    if person is None:
        try:
            person = register_subject(
                kind=codes.PERSON,
                code=number,
                name=responsible.name,
                name_source=CreditSubject.NameSource.DEPARTMENT,
                region=firm.region,
                actor=actor,
                department=actor.department,
                now=now,
                is_demo=is_demo,
            )
        except SubjectExists as error:
            person = error.subject
        except SubjectError as error:
            raise ListingRefused(str(error), field="id_number") from error
    if person.name != responsible.name:
        raise ListingRefused("身份证号码登记的姓名与责任人员的姓名不一致。", field="id_number")
    return responsible, person


def _open(
    row: Listing,
    list_name: str,
    basis: str,
    standard: str,
    facts: str,
    measures: Sequence[Mapping[str, str]],
    entries: list[CreditEntry],
    actor: User,
    now: datetime,
    is_demo: bool,
) -> Listing:
    if actor.department is None or not group_names(actor) & DOES:
        raise ListingRefused("名单由主管部门的经办人或者负责人办理。")
    today = local_date(now)
    row.number = numbering.document_number("L", actor.department.region_id, today.year)
    row.department, row.region = actor.department, actor.department.region
    row.list_name = text_of(list_name, "list_name", "名单名称", 200)
    # Those of a person are the firm's, as they were approved.
    row.basis = basis if row.parent else said("basis", basis)
    row.standard = standard if row.parent else said("standard", standard)
    row.facts = said("facts", facts)
    row.measures, wrong = listing_measures.read(measures, kind=row.kind)
    for place, text in wrong.items():
        raise ListingRefused(text, field=listing_measures.field_name(*place))
    row.opened_on, row.opened_by, row.is_demo = today, actor, is_demo
    try:
        with transaction.atomic():
            save(row, actor, now)
    except IntegrityError as error:
        words = TWICE if row.firm is None else TWICE_OF_FIRM.format(firm=row.firm.name)
        raise ListingMoved(words, field="list_name") from error
    row.grounds.set(entries)
    step(row, "立案", on=today, actor=actor, now=now)
    return row


def said(field: str, typed: str) -> str:
    """One of TEXTS as it is kept. Raises ListingRefused by field."""
    label, least, most = TEXTS[field]
    return text_of(typed, field, label, most, least=least)

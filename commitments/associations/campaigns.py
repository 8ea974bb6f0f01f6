"""Campaigns: an association asks its members to sign; the address of the poster leads to signing on the telephone, the draft
remembers by which campaign it was begun; those who have not signed are reminded, once a day at most."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from commitments.models import Campaign, CampaignDraft, Draft, RosterEntry
from commitments.online import beginning
from commitments.rosters.taking import site_address
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox import notices
from credit_portal.outbox.models import Message
from credit_portal.outbox.services import enqueue_many
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User

from . import coverage, texting
from .membership import NOT_A_MEMBER, AssociationError, item_of, members_of, require_own

SMS = "association.remind"
MOST_DAYS = 366
NO_TEXT = "协会还没有现行的自律承诺书，请先起草并请求发布。"
NO_ITEM = "事项目录中没有本协会的自律承诺事项，请联系行政审批局或者信用办登记。"
NOT_ONLINE = "本协会的承诺事项没有开通网上承诺，请联系行政审批局或者信用办在事项目录中开通。"
SAME_NAME = "本协会已有同名的活动“{name}”没有结束，请换一个名称，或者先结束原来的。"
AHEAD, OPEN, OVER = "ahead", "open", "over"
STATES = {AHEAD: "没有开始", OPEN: "进行中", OVER: "已结束"}
WORDS = "{association}请会员签署自律承诺书，{until} 截止。打开 {address} 在手机上阅读、签署，不收费。"


def state_of(campaign: Campaign, day: date) -> str:
    if day < campaign.from_on:
        return AHEAD
    return OPEN if day <= coverage.last_day(campaign) and campaign.ended_on is None else OVER


def address_of(campaign: Campaign) -> str:
    """What the QR code holds."""
    return site_address(f"/me/join/{campaign.token}/")


def problems(*, name: str, from_on: date | None, until_on: date | None, today: date) -> dict[str, str]:
    """What is wrong with what was typed, by field, all at once."""
    found = {}
    said = _plain(name)
    if not 2 <= len(said) <= 60:
        found["name"] = f"名称 2 至 60 个字，现为 {len(said)} 个字。"
    if until_on is None:
        return found
    if until_on < max(from_on or today, today):
        found["until_on"] = "结束日期不能早于开始日期，也不能早于今天。"
    elif from_on is not None and (until_on - from_on).days > MOST_DAYS:
        found["until_on"] = "一次活动最长一年。"
    return found


def _plain(name: str) -> str:
    return name.replace("\0", "").strip()


@transaction.atomic
def create(
    *,
    association: Department,
    name: str,
    from_on: date,
    until_on: date,
    actor: User,
    now: datetime,
    is_demo: bool = False,
) -> Campaign:
    """Set up a campaign for the association's text in force. Raises AssociationError by field."""
    require_own(actor, association)
    today, said = local_date(now), _plain(name)
    for field, text in problems(name=name, from_on=from_on, until_on=until_on, today=today).items():
        raise AssociationError(text, field=field)
    # Two that are set up at once wait for each other.
    Department.objects.select_for_update().get(pk=association.pk)
    if Campaign.objects.filter(
        department=association, name=said, until_on__gte=today, ended_on=None
    ).exists():
        raise AssociationError(SAME_NAME.format(name=said), field="name")
    version = texting.in_force(association)
    if version is None:
        raise AssociationError(NO_TEXT)
    item = item_of(association, today)
    if item is None:
        raise AssociationError(NO_ITEM)
    if not item.online:
        raise AssociationError(NOT_ONLINE)
    campaign = Campaign.objects.create(
        token=secrets.token_urlsafe(18),
        department=association,
        name=said,
        text_version=version,
        item=item.item,
        from_on=from_on,
        until_on=until_on,
        created_at=now,
        created_by=actor,
        is_demo=is_demo or association.is_demo,
    )
    _tell(campaign, "设立", actor, now)
    return campaign


@transaction.atomic
def end(*, campaign_id: int, actor: User, now: datetime) -> Campaign:
    """End it before its day; today still counts. Asked again, nothing happens."""
    campaign = _own(campaign_id, actor)
    if state_of(campaign, local_date(now)) != OVER:
        campaign.ended_on = local_date(now)
        campaign.save(update_fields=["ended_on"])
        _tell(campaign, "提前结束", actor, now)
    return campaign


@transaction.atomic
def join(*, campaign: Campaign, access: SubjectAccess, now: datetime) -> Draft:
    """Begin signing by the campaign's address, or go on. Raises AssociationError, DraftError."""
    today = local_date(now)
    if state_of(campaign, today) != OPEN:
        raise AssociationError(f"这次活动{STATES[state_of(campaign, today)]}。")
    if not members_of(campaign.department, today).filter(subject=access.subject_id).exists():
        raise AssociationError(NOT_A_MEMBER.format(association=campaign.department.name))
    item = item_of(campaign.department, today)
    if item is None or not item.online:
        raise AssociationError(NO_ITEM if item is None else NOT_ONLINE)
    draft = beginning.begin(access=access, item_version_id=item.pk, now=now)
    CampaignDraft.objects.get_or_create(draft=draft, defaults={"campaign": campaign, "begun_at": now})
    return draft


def has_signed(campaign: Campaign, subject: CreditSubject, day: date) -> bool:
    """Whether a member has signed for the campaign, by whatever way."""
    rows = coverage.with_state(members_of(campaign.department, day).filter(subject=subject), day, campaign)
    return rows.filter(signed=True).exists()


def waiting_for(subject: CreditSubject, day: date) -> list[Campaign]:
    """The open campaigns of this subject's associations for which it is missing."""
    own = members_of_subject(subject, day).values("department")
    rows = Campaign.objects.filter(
        department__in=own, from_on__lte=day, until_on__gte=day, ended_on=None
    ).select_related("department", "text_version")
    return [
        one for one in rows.order_by("until_on")[:10] if missing_of(one, day).filter(subject=subject).exists()
    ]


def members_of_subject(subject: CreditSubject, day: date) -> QuerySet[RosterEntry]:
    """Where the subject is a member on a day."""
    return coverage.on_day(coverage.MEMBERS.filter(subject=subject), day)


def missing_of(campaign: Campaign, day: date) -> QuerySet[RosterEntry]:
    """Members of the day who have not signed for the campaign and are not bound by its text from before."""
    rows = coverage.with_state(members_of(campaign.department, day), day, campaign)
    return coverage.of_state(rows, coverage.MISSING, campaign).select_related("subject").order_by("pk")


@transaction.atomic
def remind(*, campaign_id: int, actor: User, now: datetime) -> tuple[int, int]:
    """A message to every member that has not signed and has left a number: how many went out, and how many have left none.
    Once a day. Raises AssociationError."""
    campaign = _own(campaign_id, actor)
    today = local_date(now)
    if state_of(campaign, today) != OPEN:
        raise AssociationError("活动进行中才能提醒。")
    if campaign.reminded_on == today:
        raise AssociationError("今天已经提醒过，明天可以再提醒。")
    missing = list(missing_of(campaign, today))
    reachable = [entry for entry in missing if entry.phone_sealed or entry.subject.phone_sealed]
    enqueue_many(
        [
            # By the member and the day: two campaigns do not ring twice.
            Message(
                key=f"{SMS}:{entry.pk}:{today}",
                effect=SMS,
                payload={"entry": entry.pk, "campaign": campaign.pk},
                created_at=now,
                due_at=now,
            )
            for entry in reachable
        ]
    )
    campaign.reminded_on = today
    campaign.save(update_fields=["reminded_on"])
    _tell(campaign, "提醒会员", actor, now, rows=len(reachable))
    return len(reachable), len(missing) - len(reachable)


def send_sms(payload: Mapping[str, Any], *, key: str, now: datetime) -> None:
    """External effect. Whoever has signed meanwhile, or has left, is not reminded any more."""
    campaign = Campaign.objects.select_related("department", "text_version").get(pk=payload["campaign"])
    today = local_date(now)
    entry = missing_of(campaign, today).filter(pk=payload["entry"]).first()
    if entry is None or state_of(campaign, today) != OPEN:
        return
    number = mobile_of(entry)
    if number:
        text = WORDS.format(
            association=campaign.department.name,
            until=coverage.last_day(campaign),
            address=address_of(campaign),
        )
        notices.text_message(number=number, text=text, key=key)


def mobile_of(entry: RosterEntry) -> str:
    """The mobile number that a member has left, on the list or with the portal; empty where there is none."""
    for typed in (entry.phone, entry.subject.phone):
        try:
            if typed and (number := codes.check_mobile(typed)):
                return number
        except codes.CodeError:
            continue
    return ""


def _own(campaign_id: int, actor: User) -> Campaign:
    campaign = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("department", "text_version")
        .get(pk=campaign_id)
    )
    require_own(actor, campaign.department)
    return campaign


def _tell(campaign: Campaign, deed: str, actor: User, now: datetime, *, rows: int = 0) -> None:
    events.campaign_step(
        now=now,
        actor_id=actor.pk,
        department_id=campaign.department_id,
        campaign_id=campaign.pk,
        deed=deed,
        rows=rows,
    )

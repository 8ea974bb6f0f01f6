"""Associations and voluntary registration in the demonstration: a list of members, a campaign that one has signed for by its
telephone, notes with the member's word; information registered, verified and waiting; who should register."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commitments import texts
from commitments.associations import campaigns, notes
from commitments.concluding import Upload
from commitments.models import Commitment, NoteReply, Registration, RosterEntry
from commitments.registrations import adopting, assigning, filling, submitting, verifying
from commitments.rosters import uploading
from commitments.rosters.reading import HEADS, KIND_WORDS
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.registry import catalogue
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject, SubjectAccess

from . import self_service, subjects

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
KIND_LABELS = {code: label for label, code in KIND_WORDS.items()}
MEMBERS = 14
ITEM = "130111-YS030"
# The lists of who should register: sort, places among Luancheng's subjects.
EXPECTED = (("above_scale", range(8)), ("model", range(6, 10)))
REGISTERED = (
    filling.Told(
        "qualification", "食品经营许可证（演示）", "栾城区行政审批局（演示）", None, "", "JY演示0001"
    ),
    filling.Told(
        "welfare", "助学捐赠（演示）", "栾城区慈善总会（演示）", None, "向两所学校捐赠图书三百册（演示）。"
    ),
    filling.Told(
        "contract", "学校食堂食材配送合同（演示）", "栾城区演示中学", None, "按期配送，无违约（演示）。"
    ),
)


def lay(timeline: Timeline, *, now: datetime) -> None:
    """All of it, after the year has run and before the demonstration's present moment."""
    now -= timedelta(minutes=30)
    if local_date(now) != local_date(now + timedelta(minutes=5)):
        # What is checked before midnight is signed before midnight.
        now -= timedelta(minutes=10)
    firm = SubjectAccess.objects.filter(subject__uscc=subjects.FIRM, scope="act").order_by("-pk").first()
    _members(timeline, firm, now)
    _expected(timeline, now)
    _truth(timeline, now)
    if firm is None:
        return
    _campaign(timeline, firm, now)
    _notes(timeline, firm, now)
    _registered(timeline, firm, now)


def _take(
    timeline: Timeline, sort: str, role: str, people: list[CreditSubject], name: str, now: datetime
) -> None:
    rows = [
        [
            {
                "kind": KIND_LABELS[one.kind],
                "name": one.name,
                "code": str(one.uscc),
                "number": f"{sort[:1].upper()}{at:03d}",
            }.get(key, "")
            for key in HEADS
        ]
        for at, one in enumerate(people, 1)
    ]
    actor = timeline.world.user(LC, role)
    upload = uploading.check_file(
        sort=sort,
        name=f"{name}（演示）.xlsx",
        content=writing.write("xlsx", list(HEADS.values()), rows),
        as_of=local_date(now) - timedelta(days=1),
        actor=actor,
        now=now,
        is_demo=True,
    )
    uploading.confirm(upload_id=upload.pk, confirmed=True, actor=actor, now=now)


def _members(timeline: Timeline, firm: SubjectAccess | None, now: datetime) -> None:
    """Whoever has signed in the year, the firm, and others who have not."""
    signed = [
        one.subject
        for one in Commitment.objects.filter(item__code=ITEM).select_related("subject").order_by("pk")
        if one.subject.kind != PERSON
    ]
    actor = timeline.world.user(LC, "credit")
    others = [
        timeline.registered(LC, at, actor, now)
        for at, one in enumerate(timeline.subjects[LC])
        if one.kind != PERSON
    ]
    wanted = dict.fromkeys([*([firm.subject] if firm else []), *signed, *others])
    _take(timeline, "members", "association", list(wanted)[:MEMBERS], "会员名单", now)


def _expected(timeline: Timeline, now: datetime) -> None:
    actor = timeline.world.user(LC, "credit")
    firms = [at for at, one in enumerate(timeline.subjects[LC]) if one.kind != PERSON]
    for sort, places in EXPECTED:
        people = [timeline.registered(LC, firms[at], actor, now) for at in places]
        _take(timeline, sort, "credit", people, "应当注册的企业", now)


def _truth(timeline: Timeline, now: datetime) -> None:
    """The shipped commitment to truth, adopted and published; the market's department verifies two kinds."""
    world = timeline.world
    office, credit = world.departments[LC, "credit"], world.user(LC, "credit")
    version = adopting.adopt(department=office, actor=credit, now=now, is_demo=True)
    item = version.text.item.versions.get()
    catalogue.publish_item(version=item, valid_from=local_date(now), actor=credit, now=now)
    texts.publish_text(version=version, valid_from=local_date(now), actor=credit, now=now)
    for kind in ("qualification", "market"):
        assigning.save_verifier(
            verifier=None, region=office.region, kind=kind, department=world.departments[LC, "market"],
            actor=credit, now=now,
        )  # fmt: skip


def _campaign(timeline: Timeline, firm: SubjectAccess, now: datetime) -> None:
    association = timeline.world.departments[LC, "caterers"]
    one = campaigns.create(
        association=association,
        name=f"{local_date(now).year} 年度会员自律承诺（演示）",
        from_on=local_date(now),
        until_on=local_date(now) + timedelta(days=60),
        actor=timeline.world.user(LC, "association"),
        now=now,
        is_demo=True,
    )
    draft = campaigns.join(campaign=one, access=firm, now=now)
    timeline.signed.append(
        self_service.signed(firm, draft.item_version_id, {}, ink=timeline.inks[1], now=now)
    )


def _notes(timeline: Timeline, firm: SubjectAccess, now: datetime) -> None:
    entry = RosterEntry.objects.select_related("department", "subject").get(
        subject=firm.subject, sort="members", left_on=None
    )
    actor, today = timeline.world.user(LC, "association"), local_date(now)
    notes.add(
        entry=entry,
        told=notes.Told("good", today - timedelta(days=20), "带头参加诚信培训，明厨亮灶评比第一（演示）。"),
        document=Upload(timeline.page, "image/png", "评比结果（演示）.png"),
        actor=actor,
        now=now,
        is_demo=True,
    )
    bad = notes.add(
        entry=entry,
        told=notes.Told("bad", today - timedelta(days=9), "逾期未缴本年度会费，经一次提醒（演示）。"),
        actor=actor,
        now=now,
        is_demo=True,
    )
    notes.say(
        note_uuid=bad.uuid,
        access=firm,
        kind=NoteReply.Kind.OBJECTION,
        text="会费已于上周缴清，回单已发协会（演示）。",
        now=now,
    )


def _registered(timeline: Timeline, firm: SubjectAccess, now: datetime) -> None:
    """Three are told, two of them signed for; one is verified, one waits, one is still a draft."""
    today, page = local_date(now), Upload(timeline.page, "image/png", "证明（演示）.png")
    rows: list[Registration] = []
    for at, told in enumerate(REGISTERED):
        dated = filling.Told(
            told.kind, told.title, told.issuer, today - timedelta(days=100 + at), told.facts, told.document_no,
            today + timedelta(days=265) if told.kind == "qualification" else None,
        )  # fmt: skip
        rows.append(filling.save(access=firm, told=dated, proof=page, now=now))
    draft = submitting.prepare(access=firm, uuids=[one.uuid for one in rows[:2]], now=now)
    blanks = {key: str(value) for key, value in draft.__class__.objects.get(pk=draft.pk).blanks.items()}
    timeline.signed.append(
        self_service.signed(firm, draft.item_version_id, blanks, ink=timeline.inks[2], now=now)
    )
    verifying.verify(
        registration_id=rows[0].pk,
        how="与审批系统的发证记录核对一致（演示）。",
        actor=timeline.world.user(LC, "officer"),
        now=now,
    )

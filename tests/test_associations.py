"""Associations at work: members by file, one text, campaigns from the poster to the figures, what is on record of a member."""

import io
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from commitments import texts
from commitments.associations import campaigns, coverage, membership, notes
from commitments.associations.membership import AssociationError
from commitments.drafting import DraftError
from commitments.models import (
    Campaign,
    CampaignDraft,
    Commitment,
    MemberNote,
    NoteReply,
    RosterEntry,
    RosterUpload,
    TextVersion,
)
from commitments.online import beginning
from commitments.rosters import reading, taking, uploading
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.documents import writing
from credit_portal.outbox.models import Message, Notice
from credit_portal.registry import groups
from tests import factories as make
from tests import office, subjects
from tests.counter import signature_png
from tests.guild import WORDS, Guild, row, sheet
from tests.paper_reading import text_of
from tests.scenes import mine
from tests.self_service import SIGNED, walk

pytestmark = pytest.mark.django_db
NOW, TODAY = make.NOW, make.TODAY


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    class Moment:
        now = NOW

    held = Moment()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


@pytest.fixture(scope="module")
def built(scene) -> Guild:
    return scene(Guild)


@pytest.fixture
def guild(built, db) -> Guild:
    return mine(built)


# ---- the list of members -----------------------------------------------------------------------------------


def check(guild: Guild, rows: list[dict[str, str]], *, now=NOW, as_of=None) -> RosterUpload:
    return uploading.check_file(
        sort="members",
        name="会员.xlsx",
        content=sheet(rows),
        as_of=as_of or now.date(),
        actor=guild.staff,
        now=now,
    )


@pytest.mark.req("R10", "R47")
def test_the_same_list_twice_changes_nothing_and_who_is_gone_is_ended_with_the_day(guild):
    before = list(RosterEntry.objects.values_list("pk", "left_on", "from_on"))
    again = guild.take([row(one) for one in guild.members])
    assert (again.state, again.added, again.same, again.missing) == ("done", 0, 4, [])
    assert list(RosterEntry.objects.values_list("pk", "left_on", "from_on")) == before
    newcomer = make.organisation_code()
    later = NOW + timedelta(days=20)
    taken = guild.take(
        [
            *(row(one) for one in guild.members[:3]),
            {"kind": "法人及非法人组织", "name": "栾城区新会员有限公司", "code": newcomer, "number": "A-9",
             "phone": "13800000009"},
        ],
        now=later,
    )  # fmt: skip
    assert (taken.added, taken.same, len(taken.missing)) == (1, 3, 1)
    gone = RosterEntry.objects.get(subject=guild.members[3])
    assert gone.left_on == later.date() and "名单中没有" in gone.leave_reason
    fresh = RosterEntry.objects.get(subject__uscc=newcomer)
    assert (fresh.number, fresh.phone, fresh.from_on) == ("A-9", "13800000009", later.date())
    assert "138" not in fresh.phone_sealed and fresh.history.count() == 1 and gone.history.count() == 2
    # Back again: a membership of its own, the first one stays.
    guild.take([row(one) for one in guild.members], now=later + timedelta(days=1))
    assert RosterEntry.objects.filter(subject=guild.members[3]).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM commitments_rosterentry WHERE id = %s", [gone.pk])


@pytest.mark.req("R10", "R47")
def test_what_is_wrong_stands_in_the_same_workbook_by_row_column_and_digit(guild):
    good = row(guild.members[0])
    code = guild.members[1].uscc
    upload = check(
        guild,
        [
            good,
            {"kind": "法人及非法人组织", "name": "甲公司", "code": make.misprinted(code)},
            {"kind": "公司", "name": "乙公司", "code": make.organisation_code(), "phone": "12", "from_on": "2026-13-01"},
            row(guild.members[2]) | {"name": "另一个名称"},
            good,
            {"kind": "法人及非法人组织", "name": "", "code": "91O"},
        ],
    )  # fmt: skip
    wrong = {place: dict(fault) for place, fault in upload.faults}
    assert set(wrong) == {3, 4, 5, 6, 7}
    assert "第 18 位校验码不符" in wrong[3]["主体代码"]
    assert set(wrong[4]) == {"主体类别", "联系电话", "列入日期"}
    assert "名称" in "".join(wrong[5]) and wrong[6]["主体代码"] == "与第 2 行是同一主体。"
    assert wrong[7]["主体名称"] == "没有填写主体名称。"
    with pytest.raises(taking.RosterRefused, match="一行也不录入"):
        uploading.confirm(upload_id=upload.pk, confirmed=True, actor=guild.staff, now=NOW)
    client = guild.client()
    page = client.get(f"/desk/rosters/members/{upload.uuid}/").content.decode()
    assert "C3 主体代码" in page and "有误，不能录入" in page
    book = load_workbook(
        io.BytesIO(client.get(f"/desk/rosters/members/{upload.uuid}/faults.xlsx").content)
    ).active
    lines = [[str(cell or "") for cell in line] for line in book.iter_rows(values_only=True)]
    assert lines[0] == ["行号", *reading.HEADS.values(), "问题"] and len(lines) == 7
    assert lines[1][-1] == "" and lines[2][-1].startswith("C3 主体代码：")
    # Mended in the same workbook, with its two columns, and sent again.
    mended = [dict(zip(lines[0], line, strict=True)) for line in lines[1:2]]
    content = writing.write("csv", lines[0], [[one[head] for head in lines[0]] for one in mended])
    answer = client.post(
        "/desk/rosters/members/",
        {"as_of": "2026-09-14", "file": SimpleUploadedFile("会员.csv", content)},
        follow=True,
    )
    page = answer.content.decode()
    assert "移出 3 个" in page and "将移出一半以上" in page
    address = answer.redirect_chain[-1][0]
    assert client.post(address, {"deed": "confirm"}).status_code == 409
    assert (
        "已录入" in client.post(address, {"deed": "confirm", "confirmed": "1"}, follow=True).content.decode()
    )
    assert RosterEntry.objects.filter(left_on=None).count() == 1


@pytest.mark.req("R47")
def test_a_file_that_cannot_be_read_or_is_older_is_refused_by_field(guild):
    client = guild.client()

    def said(**sent):
        answer = client.post("/desk/rosters/members/", sent)
        assert answer.status_code == 422
        return answer.content.decode()

    empty = SimpleUploadedFile("会员.xlsx", sheet([]))
    assert "文件里没有数据" in said(as_of="2026-09-14", file=empty)
    assert "内容却不是" in said(as_of="2026-09-14", file=SimpleUploadedFile("a.xlsx", b"x"))
    other = SimpleUploadedFile("a.csv", "名称,代码\n甲,1\n".encode())
    assert "表头缺少：主体类别" in said(as_of="2026-09-14", file=other)
    good = sheet([row(guild.members[0])])
    assert "今天以前" in said(as_of="2026-09-15", file=SimpleUploadedFile("a.xlsx", good))
    assert "早于已经录入的 2026-09-14" in said(as_of="2026-09-01", file=SimpleUploadedFile("a.xlsx", good))
    assert "请填写" in said() or "这个字段" in said()
    template = load_workbook(io.BytesIO(client.get("/desk/rosters/members/template.xlsx").content)).active
    assert [cell.value for cell in template[1]] == list(reading.HEADS.values())


@pytest.mark.req("R47")
def test_a_long_list_asks_no_more_of_the_database_than_a_short_one(guild):
    def rows(count: int) -> list[dict[str, str]]:
        named = [
            {"kind": "法人及非法人组织", "name": f"会员{number}公司", "code": make.organisation_code()}
            for number in range(count)
        ]
        return [*(row(one) for one in guild.members), *named]

    asked = []
    for many in (2, 40):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            guild.take(rows(many))
        asked.append(len(seen))
    # The second list lets two go, too.
    assert asked[1] <= asked[0] + 3, asked


# ---- the text ----------------------------------------------------------------------------------------------


@pytest.mark.req("R31")
def test_the_association_drafts_others_publish_and_members_sign_nothing_else(guild):
    assert guild.text.text.department == guild.association and guild.text.status == "published"
    client = guild.client()
    page = client.get(f"{guild.home}text/").content.decode()
    assert "现行" in page and "起草下一版" in page
    sent = vars(WORDS) | {"pledges": "食材可以追溯。\n明厨亮灶。", "publication": ""}
    answer = client.post(f"{guild.home}text/edit/", sent, follow=True)
    assert "缺少" in answer.content.decode() or "草稿" in answer.content.decode()
    draft = TextVersion.objects.get(text=guild.text.text, status="draft")
    assert draft.number == 2 and [one.body for one in draft.clauses.all()][1] == "明厨亮灶。"
    # The association publishes nothing itself.
    with pytest.raises(PermissionDenied):
        texts.publish_text(version=draft, valid_from=date(2026, 10, 1), actor=guild.staff, now=NOW)
    client.post(f"{guild.home}text/edit/", vars(WORDS))
    assert "已请求发布" in client.post(f"{guild.home}text/ask/", follow=True).content.decode()
    assert Notice.objects.filter(kind="association_text", user=guild.bureau).count() == 1
    texts.publish_text(version=draft, valid_from=date(2026, 10, 1), actor=guild.bureau, now=NOW)
    # Another one's text cannot be touched, and a text of another type not at all.
    other = make.staff(groups.ASSOCIATION, department=make.department(kind="association"))
    with pytest.raises(PermissionDenied):
        texts.next_version(text=guild.text.text, actor=other, now=NOW)
    assert office.client_of(other).get(f"{guild.home}text/").status_code == 404
    # Without a text of its own, nothing general steps in its place.
    make.text_version(department=guild.hall.clerk.department, commitment_type="industry")
    lonely = make.item_version(
        department=other.department, online=True, allowed_types=["industry"], name="无文本协会承诺"
    )
    found = texts.text_for(
        item_version=lonely,
        commitment_type="industry",
        late_materials=False,
        region=other.department.region,
        on=TODAY,
    )
    assert found is None


@pytest.mark.req("R10", "R31")
def test_who_is_no_member_is_offered_nothing_and_refused_at_the_counter(guild):
    stranger = make.subject()
    assert guild.item not in beginning.items_for(stranger, now=NOW)
    assert guild.item in beginning.items_for(guild.members[0], now=NOW)
    guild.hall.subject = stranger
    with pytest.raises(DraftError, match="会员名单中没有这个主体"):
        guild.hall.checked(item_version_id=guild.item.pk, commitment_type="industry")


# ---- campaigns ---------------------------------------------------------------------------------------------


@pytest.mark.req("R10", "R47")
def test_from_the_code_of_the_poster_to_the_coverage(guild, stopped_clock):
    client = guild.client()
    answer = client.post(
        f"{guild.home}campaigns/new/", {"name": "秋季承诺", "from_on": "2026-09-14", "until_on": "2026-10-31"}
    )
    one = Campaign.objects.get()
    assert answer["Location"] == f"{guild.home}campaigns/{one.uuid}/"
    poster = client.get(f"{guild.home}campaigns/{one.uuid}/poster.pdf")
    assert "秋季承诺" in text_of(poster.content)
    png = client.get(f"{guild.home}campaigns/{one.uuid}/code.png").content
    assert png.startswith(b"\x89PNG")
    door = f"/me/join/{one.token}/"
    # Before entering: what it is and where to go; for a browser of staff nothing to sign.
    outside = subjects.client_of(subjects.opened(guild.members[0], actor=guild.hall.clerk))
    outside.cookies.clear()
    page = outside.get(door).content.decode()
    assert "秋季承诺" in page and f"/me/enter/?next={door}" in page
    assert outside.post(door)["Location"].startswith("/me/enter/")
    assert "工作人员账号" in client.get(door).content.decode()
    phone = guild.phone(guild.members[0])
    member = phone.client()
    assert "秋季承诺" in member.get("/me/").content.decode()
    address = member.post(door)["Location"]
    assert address.startswith("/me/sign/")
    assert walk(member, guild.item, kind="industry") == address
    member.post(f"{address}sign/", SIGNED)
    signed = Commitment.objects.get()
    assert signed.draft.campaign_draft.campaign == one
    assert "已经签署" in member.get(door).content.decode()
    # A second way and a second time: it counts once.
    guild.sign(guild.members[1])
    again = guild.phone(guild.members[1])
    again.sign(again.ready(kind="industry"), confirm_duplicate=True)
    figures = coverage.figures(guild.association, TODAY, one)
    assert (figures.members, figures.signed, figures.missing) == (4, 2, 2)
    page = client.get(f"{guild.home}campaigns/{one.uuid}/").content.decode()
    assert guild.members[2].name in page and guild.members[0].name not in page and "50%" in page
    page = client.get(f"{guild.home}campaigns/{one.uuid}/?state=signed").content.decode()
    assert guild.members[0].name in page and guild.members[2].name not in page
    book = load_workbook(
        io.BytesIO(client.get(f"{guild.home}campaigns/{one.uuid}/members.xlsx").content)
    ).active
    assert [line[4] for line in book.iter_rows(min_row=2, values_only=True)].count("没有签署") == 2
    # A stranger is told why not; who may only look, too; after the end nobody begins.
    stranger = subjects.client_for(make.subject(), actor=guild.hall.clerk)
    assert "会员名单中没有" in stranger.get(door).content.decode()
    assert "会员名单中没有" in stranger.post(door, follow=True).content.decode()
    client.post(f"{guild.home}campaigns/{one.uuid}/end/")
    late = guild.phone(guild.members[2]).client()
    assert "活动已结束" in late.get(door).content.decode()
    assert "已结束" in late.post(door, follow=True).content.decode()
    assert outside.get("/me/join/nosuchtoken/").status_code == 404


@pytest.mark.req("R47")
def test_the_figures_of_a_day_tell_running_ended_and_missing(guild):
    first, second, third, fourth = guild.members
    guild.sign(first)
    guild.sign(second)
    voided = guild.sign(third)
    Commitment.objects.filter(pk=voided.pk).update(voided_at=NOW + timedelta(hours=1))
    assert coverage.figures(guild.association, TODAY) == coverage.Figures(4, 2, 0)
    assert coverage.figures(guild.association, TODAY).percent == 50
    # The term of the item is twelve months: a year and a day later both have ended, and nobody runs.
    later = date(2027, 9, 15)
    assert coverage.figures(guild.association, later) == coverage.Figures(4, 0, 2)
    assert coverage.figures(guild.association, TODAY - timedelta(days=1)).members == 0
    # Who has left is in no figure any more, from that day on.
    guild.take([row(one) for one in (first, third, fourth)], now=NOW + timedelta(days=3))
    assert coverage.figures(guild.association, TODAY + timedelta(days=3)) == coverage.Figures(3, 1, 0)
    assert coverage.figures(guild.association, TODAY + timedelta(days=2)) == coverage.Figures(4, 2, 0)
    weeks = coverage.by_week(guild.association, TODAY, weeks=3)
    assert [number for _, number in weeks] == [0, 0, 2] and weeks[-1][0] == TODAY
    rows = coverage.with_state(membership.members_of(guild.association, TODAY), TODAY)
    missing = coverage.of_state(rows, coverage.MISSING)
    assert {entry.subject for entry in missing} == {third, fourth}


@pytest.mark.req("R47")
def test_the_office_sees_all_an_association_its_own_and_the_public_only_ten_and_more(guild, client):
    other = Guild(members=10)
    for one in other.members[:9]:
        other.sign(one)
    page = guild.client(guild.credit).get("/desk/associations/").content.decode()
    assert guild.association.name in page and other.association.name in page and "90%" in page
    assert guild.client().get("/desk/associations/")["Location"] == guild.home
    assert guild.client().get(other.home).status_code == 404
    assert other.client().get(f"{other.home}members/?tab=missing").content.decode().count("没有签署") >= 2
    with CaptureQueriesContext(connection) as few:
        coverage.figures_of_all([guild.association], TODAY)
    with CaptureQueriesContext(connection) as many:
        coverage.figures_of_all([guild.association, other.association], TODAY)
    assert len(few) == len(many) == 1
    told, left_out = coverage.public_lines(guild.association.region, TODAY)
    assert [(one.name, one.figures.percent) for one in told] == [(other.association.name, 90)]
    assert left_out == 1
    page = client.get("/supervision/").content.decode()
    assert other.association.name in page and guild.association.name not in page and "90%" in page


@pytest.mark.req("R47")
def test_missing_members_are_reminded_once_a_day_and_not_after_they_have_signed(guild, monkeypatch):
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        campaigns.notices, "text_message", lambda *, number, text, key: sent.append((number, text))
    )
    guild.take(
        [row(one) | ({"phone": "13800000001"} if at < 2 else {}) for at, one in enumerate(guild.members)]
    )
    one, second = guild.campaign(), guild.campaign(name="另一次")
    assert campaigns.remind(campaign_id=one.pk, actor=guild.staff, now=NOW) == (2, 2)
    with pytest.raises(AssociationError, match="今天已经提醒过"):
        campaigns.remind(campaign_id=one.pk, actor=guild.staff, now=NOW)
    # Two campaigns do not ring twice on one day.
    campaigns.remind(campaign_id=second.pk, actor=guild.staff, now=NOW)
    messages = Message.objects.filter(effect=campaigns.SMS)
    assert messages.count() == 2
    guild.sign(guild.members[0])
    for message in messages:
        campaigns.send_sms(message.payload, key=message.key, now=NOW)
    assert len(sent) == 1 and sent[0][0] == "13800000001" and f"/me/join/{one.token}/" in sent[0][1]
    answer = guild.client().post(f"{guild.home}campaigns/{one.uuid}/remind/", follow=True)
    assert "今天已经提醒过" in answer.content.decode()
    tomorrow = NOW + timedelta(days=1)
    assert campaigns.remind(campaign_id=one.pk, actor=guild.staff, now=tomorrow) == (1, 2)


@pytest.mark.req("R47")
def test_who_is_bound_by_the_text_from_before_is_not_missing_in_a_campaign_until_that_has_ended(guild):
    guild.sign(guild.members[0])
    start = TODAY + timedelta(days=30)
    one = guild.campaign(name="下一次", from_on=start, until_on=start + timedelta(days=360))
    assert coverage.figures(guild.association, start, one) == coverage.Figures(4, 0, 0, 1)
    assert coverage.figures(guild.association, start, one).missing == 3
    assert guild.members[0] not in {entry.subject for entry in campaigns.missing_of(one, start)}
    assert campaigns.waiting_for(guild.members[0], start) == []
    assert campaigns.waiting_for(guild.members[1], start) == [one]
    rows = coverage.with_state(membership.members_of(guild.association, start), start, one)
    assert sorted(coverage.words_of(entry, one) for entry in rows) == ["已有有效承诺", *["没有签署"] * 3]
    page = guild.client().get(f"{guild.home}campaigns/{one.uuid}/?state=covered").content.decode()
    assert "已有有效承诺" in page and "不必再签" in page
    assert coverage.figures(guild.association, start + timedelta(days=358), one).missing == 4


@pytest.mark.req("R10")
def test_a_campaign_needs_a_text_an_item_and_days(guild):
    client = guild.client()
    answer = client.post(
        f"{guild.home}campaigns/new/", {"name": "甲", "from_on": "2026-09-14", "until_on": "2026-09-01"}
    )
    assert answer.status_code == 422 and "名称 2 至 60 个字，现为 1 个字" in answer.content.decode()
    assert "不能早于开始日期" in answer.content.decode()
    answer = client.post(
        f"{guild.home}campaigns/new/", {"name": "活动", "from_on": "2026-09-14", "until_on": "2026-09-01"}
    )
    assert "不能早于开始日期" in answer.content.decode()
    guild.campaign(name="活动")
    with pytest.raises(AssociationError, match="已有同名的活动"):
        guild.campaign(name="活动")
    bare = Guild(members=0, online=False)
    with pytest.raises(AssociationError, match="没有开通网上承诺"):
        bare.campaign()
    textless = make.department(kind="association")
    staff = make.staff(groups.ASSOCIATION, department=textless)
    with pytest.raises(AssociationError, match="还没有现行的自律承诺书"):
        campaigns.create(
            association=textless, name="活动", from_on=TODAY, until_on=TODAY, actor=staff, now=NOW
        )
    with pytest.raises(PermissionDenied):
        campaigns.create(
            association=guild.association, name="活动", from_on=TODAY, until_on=TODAY, actor=staff, now=NOW
        )


# ---- what is on record of a member -------------------------------------------------------------------------


@pytest.mark.req("R123")
def test_a_members_record_is_between_the_two_and_the_office(guild):
    first, second = guild.members[:2]
    signed = guild.sign(first)
    entry = guild.entry(first)
    page = f"{guild.home}members/{entry.uuid}/"
    client = guild.client()
    answer = client.post(
        f"{page}note/",
        {
            "tone": "good",
            "on": "2026-09-01",
            "text": "主动参加诚信培训并带动三家同行。",
            "document": SimpleUploadedFile("证书.png", signature_png(), "image/png"),
        },
        follow=True,
    )
    content = answer.content.decode()
    assert "主动参加诚信培训" in content and signed.code in content and "履行中" in content
    bad = notes.add(
        entry=entry,
        told=notes.Told("bad", date(2026, 9, 10), "拖欠会费，经提醒没有缴纳。"),
        actor=guild.staff,
        now=NOW,
    )
    good = MemberNote.objects.get(tone="good")
    assert client.get(f"{guild.home}notes/{good.uuid}/document/").status_code == 200
    # The office sees it and cannot write; another association and another subject see nothing.
    assert "拖欠会费" in guild.client(guild.credit).get(page).content.decode()
    assert guild.client(guild.credit).post(f"{page}note/", {}).status_code == 403
    other = make.staff(groups.ASSOCIATION, department=make.department(kind="association"))
    assert office.client_of(other).get(page).status_code == 404
    stranger = guild.phone(second).client()
    assert "拖欠会费" not in stranger.get("/me/associations/").content.decode()
    assert stranger.get(f"/me/associations/notes/{bad.uuid}/").status_code == 404
    # The member sees it, objects; the association answers, and corrects by a new entry.
    phone = guild.phone(first)
    member = phone.client()
    assert "拖欠会费" in member.get("/me/associations/").content.decode()
    assert member.get(f"/me/associations/notes/{good.uuid}/document/").status_code == 200
    wrong = member.post(f"/me/associations/notes/{bad.uuid}/", {"kind": "objection", "text": "不"})
    assert wrong.status_code == 422 and "4 至 500 个字" in wrong.content.decode()
    member.post(
        f"/me/associations/notes/{bad.uuid}/", {"kind": "objection", "text": "九月五日已经缴清，附回单。"}
    )
    assert "九月五日已经缴清" in client.get(page).content.decode()
    client.post(f"{guild.home}notes/{bad.uuid}/answer/", {"text": "核对属实，另行更正。"})
    answer = client.post(
        f"{guild.home}notes/{bad.uuid}/correct/",
        {
            "tone": "bad",
            "on": "2026-09-10",
            "text": "登记有误，会费已缴清。",
            "reason": "财务漏记",
            "void": "on",
        },
    )
    assert answer.status_code == 302
    bad.refresh_from_db()
    assert bad.corrected_by.void and bad.text == "拖欠会费，经提醒没有缴纳。"
    told = member.get("/me/associations/").content.decode()
    assert "已作废" in told and "财务漏记" in told and "核对属实" in told
    with pytest.raises(AssociationError, match="已经更正"):
        notes.add(
            entry=entry, told=notes.Told("bad", TODAY, "再改一次看看。"), corrects=bad, reason="再改一次",
            actor=guild.staff, now=NOW,
        )  # fmt: skip
    assert (
        member.post(f"/me/associations/notes/{bad.uuid}/", {"kind": "view", "text": "还想再说。"}).status_code
        == 422
    )
    for table in ("membernote", "notereply"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE commitments_{table} SET text = 'x'")
    assert NoteReply.objects.count() == 2
    assert AuditEvent.objects.filter(verb="member.note").count() == 5


@pytest.mark.req("R123")
def test_the_list_of_members_is_found_by_name_and_costs_the_same_however_long(guild):
    client = guild.client()
    answer = client.post(f"{guild.home}members/", {"q": guild.members[1].name}, follow=True)
    page = answer.content.decode()
    assert guild.members[1].name in page and guild.members[2].uscc not in page
    with CaptureQueriesContext(connection) as few:
        client.get(f"{guild.home}members/")
    guild.take([row(one) for one in [*guild.members, *(make.subject() for _ in range(20))]])
    with CaptureQueriesContext(connection) as many:
        client.get(f"{guild.home}members/")
    assert len(many) <= len(few) + 1
    assert CampaignDraft.objects.count() == 0

"""How far a consent reaches: no longer than it holds, no further than what was asked for, and without anybody's number. (R60, R113, R114)"""

from datetime import date, timedelta

import pytest
from django.test import Client

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Notice
from tests import factories as make
from tests import partner_stage, subjects
from tests.consent_stage import LAST, NOW, TODAY, Stage
from tests.scenes import mine
from verification import services
from verification.checking.handling import CheckError
from verification.consent import keeping
from verification.consent_models import Part
from verification.models import Release
from verification.reports import contents, issuing, verifying

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(Stage)


@pytest.fixture
def stage(built, db) -> Stage:
    return mine(built)


@pytest.mark.req("R60", "R113")
def test_once_a_consent_is_withdrawn_the_check_page_tells_no_more_of_the_record(stage, monkeypatch):
    consent = stage.give(expires_on=TODAY + timedelta(days=90))
    report = stage.fetch(consent)
    keeping.withdraw_online(consent=consent, access=stage.access, now=NOW)
    later = NOW + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    before = Client().get(f"/verify/{report.verify_token}/").content.decode()
    stage.entry(title="新的处罚")
    after = Client().get(f"/verify/{report.verify_token}/").content.decode()
    for page in (before, after):
        assert "这份报告是真的，但主体的同意已经不再有效" in page and report.number in page
        assert "记录" not in page.partition("<main")[2].partition("</main")[0]


@pytest.mark.req("R60", "R113")
def test_nor_once_it_has_run_out_nor_once_the_paper_has(stage):
    other = stage.fetch(stage.give(expires_on=TODAY + timedelta(days=90)))
    report = stage.fetch(stage.give(purpose="loan", expires_on=TODAY + timedelta(days=5)))
    stage.entry(title="新的处罚")

    def about(row, days: int) -> tuple[bool, bool, bool]:
        told = verifying.about(row, now=NOW + timedelta(days=days))
        return told["lapsed"], told["expired"], told["changed"]

    assert about(report, 5) == (False, False, True)
    assert about(report, 6) == (True, True, False)
    assert about(other, 30) == (False, False, True)
    assert about(other, 31) == (False, True, False)


@pytest.mark.req("R60", "R113")
def test_a_report_holds_no_longer_than_the_consent_that_it_was_made_by(stage):
    short = stage.fetch(stage.give(expires_on=TODAY))
    assert short.valid_until == TODAY
    long = stage.fetch(stage.give(purpose="loan", expires_on=LAST + timedelta(days=60)))
    assert long.valid_until == TODAY + timedelta(days=issuing.VALID_DAYS)
    own = issuing.give_online(access=stage.access, wanted=issuing.For("loan", "贷款"), now=NOW)
    assert own.valid_until == TODAY + timedelta(days=issuing.VALID_DAYS)


@pytest.mark.req("R113", "R114")
def test_nobodys_number_stands_in_what_a_consent_or_a_report_is_for(stage):
    note = f"张三{make.id_number(31)}的贷款"
    before = Notice.objects.count()
    with pytest.raises(keeping.ConsentError, match="不写身份证号码、手机号码") as refused:
        stage.give(purpose="loan", purpose_note=note)
    assert refused.value.field == "purpose_note" and Notice.objects.count() == before
    with pytest.raises(CheckError, match="不写身份证号码、手机号码") as refused_too:
        issuing.give_online(access=stage.access, wanted=issuing.For("loan", "经办人 138 0013 8000"), now=NOW)
    assert refused_too.value.field == "purpose_note" and not Release.objects.exists()
    assert stage.give(purpose="loan", purpose_note="栾城农商行第 2026-118 号贷款").purpose_note


@pytest.mark.req("R60")
def test_an_own_report_leaves_out_what_was_revoked_and_says_what_has_expired(stage):
    stage.entry(title="期满的处罚", from_on=date(2024, 1, 1), until_on=date(2024, 12, 31))
    stage.entry(title="公示期满的处罚", public_from=date(2024, 1, 2), public_until=TODAY - timedelta(days=1))
    stage.entry(title="期满的称号", kind="exemplary", until_on=TODAY - timedelta(days=1))
    stage.entry(title="今天到期的处罚", until_on=TODAY)
    wrong = stage.entry(title="错录的处罚")
    services.revoke_entry(entry_id=wrong.pk, operator=None, now=NOW)
    begin = contents.since(TODAY)
    sections = contents.gather(stage.subject, parts=list(Part), own=True, on=TODAY, begin=begin)
    told = {
        line.title.partition("：")[2].partition("（")[0]: line.more for one in sections for line in one.lines
    }
    assert "错录的处罚" not in told
    over = {title for title, more in told.items() if more.endswith("期限已满")}
    assert over == {"期满的处罚", "公示期满的处罚", "期满的称号"}
    assert {"今天到期的处罚", "未按规定公示价格", "质量奖"} <= set(told)


@pytest.mark.req("R113", "R85")
def test_a_system_gets_what_it_asks_for_and_by_a_consent_for_that():
    partner = partner_stage.Stage()
    access = subjects.opened(partner.subject)
    common = {"recipient": "department", "department": partner.department, "expires_on": LAST}

    def agreed(**fields):
        return keeping.give_online(access=access, told=keeping.Told(**(common | fields)), now=NOW)

    subject = {"subject": {"kind": "organisation", "code": partner.subject.uscc}}

    def asked(**fields):
        return partner.post("reports", subject | fields)

    whole = agreed(purpose="loan", scope="report")
    # Less than the consent lets go is what goes out, on paper and in the ledger.
    answer = asked(scope="record", parts=["good", "acts"]).json()
    assert (answer["scope"], answer["parts"], answer["consent"]) == ("record", ["acts", "good"], whole.number)
    assert (Release.objects.latest("pk").scope, Release.objects.latest("pk").parts) == (
        "record",
        ["acts", "good"],
    )
    small = agreed(purpose="administration", scope="record", parts=["good"])
    newest = agreed(purpose="bidding", scope="report")
    assert asked(scope="record").json()["consent"] == small.number
    assert asked(scope="report").json()["consent"] == newest.number
    assert asked(scope="record", parts=["acts"]).json()["consent"] == newest.number
    assert asked(scope="report", purpose="loan").json()["consent"] == whole.number
    assert asked(scope="record", consent=whole.number).json()["consent"] == whole.number
    # Nothing by a consent for something else.
    for fields, words in (
        ({"scope": "report", "purpose": "job"}, "没有为所填的用途作出同意"),
        ({"scope": "record", "purpose": "loan", "consent": small.number}, "没有为所填的用途作出同意"),
        ({"scope": "report", "consent": small.number}, "范围不包括"),
        ({"scope": "record", "parts": ["acts"], "purpose": "administration"}, "范围不包括"),
    ):
        refused = asked(**fields)
        assert refused.status_code == 409 and words in refused.json()["detail"], fields
    for fields, field in (
        ({"scope": "report", "parts": ["good"]}, "parts"),
        ({"scope": "record", "parts": ["warnings"]}, "parts"),
        ({"scope": "record", "consent": "SQ0000"}, "consent"),
    ):
        refused = asked(**fields)
        assert refused.json()["errors"][0]["field"] == field, fields
    assert asked(scope="record", purpose="sale").status_code == 422
    assert AuditEvent.objects.filter(verb="record.refused").count() == 4


@pytest.mark.req("R60")
def test_a_part_of_a_report_does_not_stand_in_the_place_of_the_whole():
    partner = partner_stage.Stage()
    told = keeping.Told("loan", "department", "report", LAST, department=partner.department)
    keeping.give_online(access=subjects.opened(partner.subject), told=told, now=NOW)
    whole = issuing.fetch_by_system(subject=partner.subject, system=partner.system, scope="report", now=NOW)
    issuing.fetch_by_system(
        subject=partner.subject, system=partner.system, scope="record", parts=["good"], now=NOW
    )
    assert not verifying.about(whole, now=NOW)["superseded"]

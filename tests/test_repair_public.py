"""What everybody may read of repair: how to repair, told with every notice; what was announced."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import case_papers, way_back
from credit_portal.deadlines.models import PolicyRule
from repair import helping
from tests import factories
from tests.paper_reading import text_of as paper_text
from tests.repair_stage import RepairStage

pytestmark = pytest.mark.django_db


@pytest.fixture
def announcing(monkeypatch, settings) -> RepairStage:
    settings.REGION_CODE = "130111"
    stage = RepairStage(repair_announced=True).published_and_open()
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: stage.now)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: stage.now.date())
    return stage


@pytest.mark.req("R127", "R100")
def test_the_guide_says_who_from_when_how_and_to_whom_and_marks_what_nobody_confirmed(client, announcing):
    helping.save_service(
        service=None, region=factories.region(), name="栾城区信用服务中心", offers="advice", contact="0311-80000003",
        charges="free", actor=None, now=announcing.now,
    )  # fmt: skip
    page = client.get("/repair/").content.decode()
    for words in (
        "不收取任何费用", "作出修复承诺（必须）", "10 个工作日内", "承诺期为 12 个月", "12 个月内不予信用修复",
        "满 3 个月的次日起", "栾城区信用服务中心", announcing.department.name,
    ):  # fmt: skip
        assert words in page, words
    assert "建议值" not in page
    PolicyRule.objects.filter(key__in=["repair_methods", "repair_commitment_term", "publicity"]).update(
        confirmed=False
    )
    page = client.get("/repair/").content.decode()
    assert "建议值" in page and "（必须）" not in page and "尚未确认承诺期的长度" in page


@pytest.mark.req("R101")
def test_repairs_are_announced_without_what_was_repaired_and_only_where_the_rule_says_so(client, announcing):
    breach = announcing.commitment.breach_cases.get()
    assert "还没有公告" in client.get("/repair/announcements/").content.decode()
    done = announcing.repaired()
    answer = client.get("/repair/announcements/")
    page = answer.content.decode()
    assert announcing.subject.name in page and done.number in page
    assert breach.document_no not in page and done.entry.title not in page
    assert "noindex" in page and "no-store" in answer["Cache-Control"]
    assert client.get("/repair/announcements/?cursor=x").status_code == 302
    here = announcing.department.region.code
    assert done.number in client.get(f"/repair/announcements/?region={here}").content.decode()
    assert client.get("/repair/announcements/?region=999999").status_code == 302

    with CaptureQueriesContext(connection) as before:
        client.get("/repair/announcements/")
    for _ in range(3):
        entry = factories.credit_entry(
            subject=factories.subject(), department=announcing.department, region=announcing.department.region
        )
        factories.repair_application(
            case=breach, entry=entry, subject=entry.subject, state="withdrawn", now=announcing.now,
            announced_on=announcing.now.date() - timedelta(days=1),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as after:
        client.get("/repair/announcements/")
    assert len(before) == len(after)
    PolicyRule.objects.filter(key="repair_announced").update(confirmed=False)
    page = client.get("/repair/announcements/").content.decode()
    assert "不公告" in page and announcing.subject.name not in page


@pytest.mark.req("R98", "R100", "R127")
def test_a_breach_is_told_with_its_way_back_on_paper_on_the_page_and_on_the_interface(client, announcing):
    publication = announcing.commitment.breach_cases.get().publications.get()
    case = publication.case
    way = way_back.told_with(case)
    assert way.lockout_months == 12 and "不予公示的" in way.from_text
    paper = "".join(paper_text(case_papers.determination_pdf(case)).split())
    for words in ("怎样修复", "不收取费用", way.from_text, "作出修复承诺（必须）", "12个月内不予信用修复"):
        assert "".join(words.split()) in paper, words
    page = client.get(f"/breaches/{publication.uuid}/").content.decode()
    assert "已经改正的，怎样修复" in page and "/repair/" in page and "作出修复承诺" in page
    answer = client.get(f"/api/v1/public/breaches/{publication.uuid}").json()["repair"]
    assert answer["free"] is True and answer["from_on"] == f"{announcing.open_day()}"
    assert answer["methods"][0]["required"] is True and answer["help"].endswith("/repair/")

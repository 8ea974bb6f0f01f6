"""The desk from the open case to the public page, by its pages: forms that keep what was typed, and who is told what."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import Duty
from credit_portal.registry.models import User
from disclosure.models import BreachPublication, BreachReport
from tests import factories
from tests.breach_stage import Stage
from tests.counter import signature_png
from tests.office import client_of
from tests.reading import english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """The clock of the pages, set by the test."""

    class At:
        now = factories.NOW

        def set(self, moment) -> None:
            self.now = moment

    hand = At()
    monkeypatch.setattr(clock, "now", lambda: hand.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(hand.now))
    return hand


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("回执.png", signature_png(), content_type="image/png")


def post(client: Client, case: BreachCase, act: str, **data):
    case.refresh_from_db()
    return client.post(
        reverse("cases:step", args=[case.uuid, act]), {"expect": case.state, **data}, follow=False
    )


PROPOSAL = {
    "clause": "1",
    "not_kept_1": "检测报告逾期没有补交",
    "outcome": "unfulfilled",
    "grade": "general",
    "liability": "责令限期改正。",
    "proportionality": "未造成危害后果，与情节相当，没有加重。",
    "reconsideration_body": "栾城区人民政府",
    "court": "石家庄市栾城区人民法院",
}


@pytest.mark.req("R72", "R73", "R74", "R89", "R125")
def test_a_breach_goes_through_the_pages_to_the_public(at) -> None:
    stage = Stage()
    officer, head, credit = (client_of(user) for user in (stage.officer, stage.head, stage.credit))
    opened = officer.post(
        reverse("cases:new"),
        {"code": stage.commitment.code, "source": "inspection", "facts": "现场检查没有检测报告。"},
    )
    case = BreachCase.objects.get()
    assert opened.status_code == 302 and opened["Location"] == f"/desk/cases/{case.uuid}/"
    page = officer.get(opened["Location"]).content.decode()
    assert "下一步：送达认定前告知书" in page and not english(page)
    notice = {
        "facts": case.facts, "grade": "general", "noticed_on": "2026-09-14",
        "clause": "1", "not_kept_1": "检测报告逾期没有补交", "proof": picture(),
    }  # fmt: skip
    assert post(officer, case, "notice", **notice).status_code == 302
    case.refresh_from_db()
    # The Sunday is worked in place of a day of the long holiday.
    assert case.statement_until == date(2026, 9, 20)
    waiting = officer.get(reverse("cases:case", args=[case.uuid])).content.decode()
    assert "2026-09-21" in waiting and "正在等候陈述申辩" in waiting
    assert post(officer, case, "propose", **PROPOSAL).status_code == 422
    at.set(at.now + timedelta(days=8))
    assert post(officer, case, "propose", **PROPOSAL).status_code == 302
    own = officer.get(reverse("cases:case", args=[case.uuid])).content.decode()
    assert "等候另一人批准" in own
    assert post(head, case, "determine", document_no="栾市监认〔2026〕1号").status_code == 302
    assert (
        post(officer, case, "serve", served_on="2026-09-22", method="in_person", proof=picture()).status_code
        == 302
    )
    fields = officer.get(reverse("reports:case", args=[case.uuid])).content.decode()
    assert "未履行的承诺内容" in fields and "2026-10-09" in fields
    sent = officer.post(reverse("reports:case", args=[case.uuid]))
    report = BreachReport.objects.get()
    assert sent["Location"] == reverse("reports:report", args=[report.uuid])
    assert credit.post(reverse("reports:accept", args=[report.uuid]), {"round": "1"}).status_code == 302
    preview = credit.get(reverse("publications:case", args=[case.uuid])).content.decode()
    assert "2027-09-22" in preview and "2026-12-23" in preview
    credit.post(
        reverse("publications:decide", args=[case.uuid]),
        {"publicity_class": "public", "reason": "by_law", "note": ""},
    )
    publication = BreachPublication.objects.get()
    public = Client().get(reverse("disclosure:breach", args=[publication.uuid]))
    text = public.content.decode()
    assert public["X-Robots-Tag"].startswith("noindex") and "检测报告逾期没有补交" in text
    assert "2026-12-23" in text
    assert not english(text, f"http://localhost/breaches/{publication.uuid}/")
    for path in (
        reverse("disclosure:breaches"),
        reverse("disclosure:subject", args=[stage.commitment.subject_code]),
        reverse("disclosure:commitment", args=[stage.commitment.code]),
        "/api/v1/public/breaches",
    ):
        assert str(publication.uuid) in Client().get(path).content.decode(), path
    at.set(at.now + timedelta(days=366))
    assert Client().get(reverse("disclosure:breach", args=[publication.uuid])).status_code == 404
    assert str(publication.uuid) not in Client().get(reverse("disclosure:breaches")).content.decode()


def test_the_desk_lists_duties_and_explains_each_day(at) -> None:
    stage = Stage()
    at.set(stage.now)
    stage.determined()
    at.set(stage.now)
    officer = client_of(stage.officer)
    page = officer.get("/desk/").content.decode()
    assert "向信用办上报违诺" in page and "送达认定书" in page and not english(page)
    duty = Duty.objects.get(rule_key="breach_report")
    explained = officer.get(reverse("desk:duty", args=[duty.pk])).content.decode()
    for day in duty.counted:
        assert day.isoformat() in explained
    assert "国庆节放假" in explained and "中秋节放假" in explained
    assert not english(explained)


def test_other_departments_see_neither_duty_nor_case(at) -> None:
    stage = Stage()
    case = stage.determined()
    stranger = client_of(factories.staff("officer", department=factories.department()))
    duty = Duty.objects.first()
    assert stranger.get(reverse("desk:duty", args=[duty.pk])).status_code == 404
    assert stranger.get(reverse("cases:case", args=[case.uuid])).status_code == 404
    assert case.number not in stranger.get(reverse("cases:list")).content.decode()


def test_the_second_officer_is_told_that_the_case_has_moved(at) -> None:
    stage = Stage()
    case = stage.opened()
    data = {"expect": "opened", "reason": "经核实已经补交。"}
    url = reverse("cases:step", args=[case.uuid, "drop"])
    assert client_of(stage.officer).post(url, data).status_code == 302
    told = client_of(stage.head).post(url, data, follow=True).content.decode()
    assert "已由" in told and "不予认定" in told


def test_a_refused_step_keeps_what_was_typed_and_stores_no_file(at) -> None:
    from credit_portal.documents.models import EvidenceFile

    stage = Stage()
    case = stage.determined()
    at.set(stage.now)
    before = EvidenceFile.objects.count()
    answer = post(
        client_of(stage.officer), case, "serve", served_on="2030-01-01", method="in_person", proof=picture()
    )
    assert answer.status_code == 422 and "送达日期不能晚于今天" in answer.content.decode()
    assert EvidenceFile.objects.count() == before


@pytest.mark.parametrize("role", ["clerk", "auditor", "security_admin"])
def test_who_does_not_work_at_the_desk_is_told_so(role: str, at) -> None:
    user: User = factories.staff(role, department=factories.department())
    assert client_of(user).get("/desk/").status_code == 403

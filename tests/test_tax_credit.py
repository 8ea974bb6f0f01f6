"""Tax credit of natural persons: collected, recorded, queried, used for reference, repaired, corrected; private always."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents import writing
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from tests import factories as make
from tests import office, subjects
from tests.counter import Counter
from tests.paper_reading import text_of
from tests.scenes import mine
from tests.test_odd_input import routes
from verification import services as verification
from verification.models import TaxCreditEntry
from verification.tax_credit import keeping, uploading
from verification.tax_credit.keeping import TaxCreditError, Told

pytestmark = pytest.mark.django_db
NOW = make.NOW
TODAY = NOW.date()
FACTS, NUMBER = "综合所得汇算清缴逾期申报", "税限改〔2026〕77号"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


class Tax:
    """A tax authority with its officer, a person, an entry, the offices that supervise and those that do not."""

    def __init__(self) -> None:
        self.hall = Counter.open()
        self.authority = make.department(kind="tax", phone="0311-80001234")
        self.officer = make.staff(groups.OFFICER, department=self.authority)
        self.other = make.staff(groups.OFFICER, department=make.department(kind="tax", region="130129"))
        self.stranger = make.staff(groups.OFFICER)
        self.credit = make.staff(groups.CREDIT_OFFICE, department=make.department(kind="credit_office"))
        self.auditor = make.staff(groups.AUDITOR, department=self.credit.department)
        self.person = make.person(name="欧阳明日")
        self.entry = self.record()

    def told(self, **fields) -> Told:
        values = {
            "id_number": self.person.id_number, "name": self.person.name, "tax_year": "2025", "kind": "late",
            "facts": FACTS, "found_on": date(2026, 7, 1), "document_no": NUMBER,
        }  # fmt: skip
        return Told(**(values | fields))

    def record(self, **fields) -> TaxCreditEntry:
        return keeping.record(told=self.told(**fields), actor=self.officer, now=NOW)


@pytest.fixture(scope="module")
def built(scene) -> Tax:
    return scene(Tax)


@pytest.fixture
def tax(built, db) -> Tax:
    return mine(built)


@pytest.mark.req("R122")
def test_an_entry_is_recorded_once_corrected_by_another_repaired_and_withdrawn(tax):
    assert tax.record() == tax.entry, "the same again is the one that is there"
    right = keeping.correct(
        entry_id=tax.entry.pk, told=tax.told(kind="unpaid"), reason="类型录错", actor=tax.officer, now=NOW
    )
    tax.entry.refresh_from_db()
    assert (tax.entry.state, tax.entry.reason, right.replaces) == ("corrected", "类型录错", tax.entry)
    with pytest.raises(TaxCreditError, match="已更正，不能再更正"):
        keeping.correct(entry_id=tax.entry.pk, told=tax.told(), reason="再次更正", actor=tax.officer, now=NOW)
    with pytest.raises(TaxCreditError, match="修复日期应在 2026-07-01 至今天之间"):
        keeping.repair(entry_id=right.pk, on=date(2026, 6, 1), reason="已经缴清", actor=tax.officer, now=NOW)
    for _ in range(2):
        done = keeping.repair(entry_id=right.pk, on=TODAY, reason="已经缴清", actor=tax.officer, now=NOW)
    assert (done.state, done.closed_on) == ("repaired", TODAY)
    gone = keeping.withdraw(entry_id=right.pk, reason="认定被撤销", actor=tax.officer, now=NOW)
    assert gone.state == "withdrawn" and not keeping.told_to(tax.person).exclude(state="corrected").exists()
    good = tax.record(kind="kept", document_no="")
    with pytest.raises(TaxCreditError, match="只有有效的不良信息可以修复"):
        keeping.repair(entry_id=good.pk, on=TODAY, reason="不需要修复", actor=tax.officer, now=NOW)
    deeds = [e.facts["deed"] for e in AuditEvent.objects.filter(verb="tax_credit.step").order_by("pk")]
    assert deeds == ["采集", "更正", "据更正采集", "修复", "撤销", "采集"]
    for change in ({"facts": "改写的事实"}, {"tax_year": 2024}):
        with pytest.raises(DatabaseError), transaction.atomic():
            TaxCreditEntry.objects.filter(pk=good.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        TaxCreditEntry.objects.filter(pk=good.pk).delete()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"id_number": "130111198503071234"}, "id_number", "身份证"),
        ({"id_number": "91130111MA0000001X"}, "id_number", "代码"),
        ({"name": ""}, "name", "姓名"),
        ({"name": "别的名字"}, "name", "不一致"),
        ({"tax_year": "2018"}, "tax_year", "2019 至 2026"),
        ({"tax_year": "二〇二五"}, "tax_year", "2019 至 2026"),
        ({"kind": "bad"}, "kind", "如实申报、逾期申报"),
        ({"facts": "短"}, "facts", "4 至 300 个字，现为 1 个字"),
        ({"found_on": date(2024, 1, 1)}, "found_on", "认定日期"),
        ({"found_on": TODAY + timedelta(days=1)}, "found_on", "今天以前"),
        ({"document_no": "文" * 101}, "document_no", "最多 100 个字"),
        ({"commitment_code": "123"}, "commitment_code", "20 位"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(tax, fields, field, words):
    with pytest.raises(TaxCreditError, match=re.escape(words)) as wrong:
        tax.record(**fields)
    assert wrong.value.field == field
    assert TaxCreditEntry.objects.count() == 1


@pytest.mark.req("R122")
def test_a_file_is_taken_in_as_a_whole_or_not_at_all(tax):
    heads = list(uploading.HEADS.values())
    number = make.id_number(501)
    good = [number, "新来的人", "2025", "如实申报", "按期如实申报", "2026-06-30", "", ""]
    same = [tax.person.id_number, tax.person.name, "2025", "逾期申报", FACTS, "2026-07-01", NUMBER, ""]
    bad = [number, "新来的人", "1999", "如实申报", "按期如实申报", "六月三十日", "", ""]

    def take(*rows) -> uploading.Taken:
        return uploading.take(
            name="纳税.xlsx", content=writing.write("xlsx", heads, rows), actor=tax.officer, now=NOW
        )

    with pytest.raises(uploading.RowsRefused) as refused:
        take(good, bad)
    assert refused.value.faults == [(3, "认定日期：应写成 2026-05-31 的样子。")]
    assert TaxCreditEntry.objects.count() == 1
    assert not CreditSubject.objects.filter(name="新来的人").exists(), "nothing was half taken in"
    tax.entry = TaxCreditEntry.objects.get()
    assert take(good, same).rows == 2
    assert TaxCreditEntry.objects.count() == 2
    take(good, same)
    assert TaxCreditEntry.objects.count() == 2
    with pytest.raises(TaxCreditError, match="表头缺少：姓名"):
        uploading.take(name="x.csv", content="身份证号码\n1\n".encode(), actor=tax.officer, now=NOW)
    with pytest.raises(TaxCreditError, match="这是 PDF 文件"):
        uploading.take(name="x.pdf", content=b"%PDF-", actor=tax.officer, now=NOW)
    with pytest.raises(TaxCreditError, match="其他部门不能查看"):
        uploading.take(name="x.csv", content=b"", actor=tax.stranger, now=NOW)


@pytest.mark.req("R122")
def test_who_may_query_it_and_that_each_query_is_logged_with_its_purpose(tax):
    pages = ("", "new/", "upload/", "template.xlsx", f"{tax.entry.uuid}/", f"{tax.entry.uuid}/correct/",
             f"{tax.entry.uuid}/repair/", f"{tax.entry.uuid}/withdraw/")  # fmt: skip
    keeps = {"", "new/", "upload/", "template.xlsx", *pages[4:]}
    looks = {"", f"{tax.entry.uuid}/"}
    for who, may in (
        (tax.officer, keeps), (tax.credit, looks), (tax.auditor, looks), (tax.stranger, set()),
        (make.staff(groups.APPROVAL_BUREAU), set()), (tax.hall.clerk, set()),
        (make.staff(groups.SECURITY_ADMIN), set()),
    ):  # fmt: skip
        client = office.client_of(who)
        for page in pages:
            status = client.get(f"/desk/tax-credit/{page}").status_code
            assert status == (200 if page in may else 403), (who.groups.get().name, page, status)
    other = office.client_of(tax.other)
    assert other.get("/desk/tax-credit/").status_code == 200
    assert other.get(f"/desk/tax-credit/{tax.entry.uuid}/").status_code == 404
    client = office.client_of(tax.officer)
    answer = client.post("/desk/tax-credit/", {"id_number": tax.person.id_number, "purpose": "objection"})
    page = answer.content.decode()
    assert "2025" in page and "逾期申报" in page and tax.person.name not in page, "people are masked"
    read = ReadLog.objects.filter(what="纳税信用信息", subject_id=tax.person.pk).latest("pk")
    assert (read.actor_id, read.purpose) == (tax.officer.pk, "objection")
    wrong = client.post("/desk/tax-credit/", {"id_number": "123", "purpose": "handling"})
    assert wrong.status_code == 422
    assert (
        "没有找到"
        in client.post(
            "/desk/tax-credit/", {"id_number": make.id_number(502), "purpose": "handling"}
        ).content.decode()
    )


def test_by_its_pages_an_entry_is_made_and_mended(tax):
    client = office.client_of(tax.officer)
    sent = {
        "id_number": tax.person.id_number, "name": tax.person.name, "tax_year": "2024", "kind": "unpaid",
        "facts": "逾期未缴税款", "found_on": "2025-08-01", "document_no": "", "commitment_code": "",
    }  # fmt: skip
    wrong = client.post("/desk/tax-credit/new/", sent | {"tax_year": "1990"})
    assert wrong.status_code == 422 and "纳税年度应为 2019 至 2026" in wrong.content.decode()
    address = client.post("/desk/tax-credit/new/", sent)["Location"]
    page = client.get(address).content.decode()
    assert "逾期未缴税款" in page and tax.person.id_number not in page
    moved = client.post(f"{address}correct/", sent | {"facts": "逾期缴纳税款", "reason": "事实写错"})[
        "Location"
    ]
    assert "更正后的信息" in client.get(address).content.decode()
    client.post(f"{moved}repair/", {"on": "2026-09-01", "reason": "已经缴清税款"})
    assert "已修复" in client.get(moved).content.decode()
    client.post(f"{moved}withdraw/", {"reason": "认定被撤销"})
    assert TaxCreditEntry.objects.get(uuid=moved.split("/")[-2]).state == "withdrawn"
    content = writing.write("xlsx", list(uploading.HEADS.values()), [["1"] * 8])
    answer = client.post("/desk/tax-credit/upload/", {"file": SimpleUploadedFile("a.xlsx", content)})
    assert answer.status_code == 422 and "第 2 行" in answer.content.decode()
    assert client.post("/desk/tax-credit/upload/", {}).status_code == 422


@pytest.mark.req("R122")
def test_the_person_reads_it_on_its_own_pages_and_nobody_else_does(tax):
    page = subjects.client_for(tax.person).get("/me/record/").content.decode()
    assert FACTS in page and "可以请税务机关修复" in page and "0311-80001234" in page
    client = subjects.client_for(tax.person)
    client.post("/me/record/paper/")
    assert FACTS in text_of(client.get("/me/record/paper.pdf").content)
    assert FACTS not in subjects.client_for(make.person()).get("/me/record/").content.decode()


@pytest.mark.req("R122")
def test_in_a_check_it_is_told_for_reference_where_the_rule_is_confirmed_and_changes_nothing(tax):
    def check(subject=tax.person, **more):
        return verification.check_subject(
            subject=subject, item_version=tax.hall.item, commitment_type="approval", now=NOW,
            **({"operator": tax.hall.clerk} | more),
        )  # fmt: skip

    def told(one) -> list[dict]:
        return [reason for reason in one.reasons if reason["code"] == "tax_credit"]

    assert not told(check()), "no rule: it is not looked at"
    rule = PolicyRule.objects.create(
        region=make.region(), key="tax_credit_use", value="reference", basis="S4 1", confirmed=False,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    assert not told(check())
    PolicyRule.objects.filter(pk=rule.pk).update(confirmed=True)
    one = check()
    assert (one.route, one.scrutiny) == ("commitment", "normal")
    (reason,) = told(one)
    assert "仅供参考，不影响办理方式" in reason["text"] and "2025 年度逾期申报" in reason["text"]
    assert reason["harmful"] is False and reason["article"].startswith("《二七区")
    assert verification.still_holds(one, on=TODAY)
    one.refresh_from_db()
    assert told(one) == [reason]
    assert not told(check(subject=tax.hall.subject))
    keeping.withdraw(entry_id=tax.entry.pk, reason="认定被撤销", actor=tax.officer, now=NOW)
    assert not told(check())


@pytest.mark.req("R122")
def test_no_public_surface_shows_it_and_nothing_that_publishes_knows_of_it(tax):
    client = Client()
    closed = ("/me/", "/desk/", "/window/", "/admin/", "/accounts/")
    opened = 0
    for route in routes():
        if "<" in route or "(?P" in route or route.startswith(closed):
            continue
        for address in (route, f"{route}?q={tax.person.name}", f"{route}?name={tax.person.name}"):
            answer = client.get(address)
            content = (
                b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
            )
            opened += answer.status_code == 200
            for mark in (FACTS, NUMBER, str(tax.entry.uuid)):
                assert mark.encode() not in content, (address, mark)
    assert opened > 20
    root = Path(settings.BASE_DIR)
    reading = [
        str(path.relative_to(root))
        for top in ("disclosure", "repair", "credit_portal/outbox", "credit_portal/overview")
        for path in (root / top).rglob("*.py")
        if "demo" not in path.parts
        and re.search(r"TaxCreditEntry|tax_credit import|\.tax_credit\b", path.read_text())
    ]
    assert reading == []

"""Evaluations from above: taken in by file row by row, given to named recipients only, once, with hash and number. (R66, R124)"""

import hashlib
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments.models import RosterEntry
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.documents import writing
from credit_portal.registry import groups
from credit_portal.registry.in_sets import Known
from credit_portal.registry.models import CreditSubject
from tests import factories, subjects
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.scenes import mine
from verification.consent import counting
from verification.consent import keeping as consents
from verification.grades import may_receive, passing, receiving
from verification.grades.may_receive import NO_MEMBER, Decision
from verification.grades.receiving import EvaluationRefused, RowsRefused
from verification.models import (
    Consent,
    Evaluation,
    EvaluationPassing,
    EvaluationRecipient,
    EvaluationUpload,
    Release,
)

BODY = "河北省公共信用信息中心"


def line(subject: CreditSubject, grade: str = "优", **fields: str) -> list[str]:
    values = {
        "subject_kind": str(subject.get_kind_display()), "subject_name": subject.name,
        "subject_code": subject.uscc or "", "grade": grade, "period": "2026-06", "body": BODY,
    } | fields  # fmt: skip
    return [values[key] for key in receiving.HEADS]


def sheet(*rows: list[str]) -> bytes:
    return writing.write("xlsx", list(receiving.HEADS.values()), rows)


class Place:
    """A credit office, a department, an association with one member, and three evaluated subjects."""

    def __init__(self) -> None:
        self.now = NOW
        self.office = factories.department(kind="credit_office")
        self.first = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.auditor = factories.staff(groups.AUDITOR, department=self.office)
        self.department = factories.department()
        self.association = factories.department(kind="association")
        self.subjects = [factories.subject() for _ in range(3)]
        RosterEntry.objects.create(
            department=self.association, sort="members", subject=self.subjects[0], from_on=TODAY, added_at=NOW,
        )  # fmt: skip
        self.upload = self.take(*(line(one) for one in self.subjects))

    def take(self, *rows: list[str]) -> EvaluationUpload:
        return receiving.take(name="评价.xlsx", content=sheet(*rows), actor=self.first, now=self.now)

    def recipient(self, kind: str, **fields: Any) -> EvaluationRecipient:
        unit = {"department": self.department, "association": self.association}.get(kind)
        own = {} if unit else {"name": "演示银行", "code": factories.organisation_code()}
        values = {"name": "", "department": unit, "basis": "S4 6"} | own | fields
        return passing.add_recipient(kind=kind, actor=self.first, now=self.now, **values)

    def passed(self, to: EvaluationRecipient, period: str = "2026-06") -> EvaluationPassing:
        return passing.pass_on(recipient_id=to.pk, period=period, actor=self.first, now=self.now)


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db, monkeypatch) -> Place:
    place = mine(built)
    monkeypatch.setattr(clock, "now", lambda: place.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(place.now))
    cache.clear()
    return place


def body(answer: Any) -> str:
    return answer.content.decode()


@pytest.mark.req("R66")
def test_a_file_is_taken_in_as_a_whole_or_not_at_all_with_every_fault_by_its_row(place):
    assert (place.upload.rows, place.upload.new, Evaluation.objects.count()) == (3, 3, 3)
    known = place.subjects[0]
    bad = (
        line(known, subject_code="91130111MA0000001X"),
        line(known, subject_name="另一个名称有限公司"),
        line(known, period="2026-13"),
        line(known, period="2027"),
        line(known, grade=""),
        line(known, subject_kind="自然人"),
        line(place.subjects[1], grade="差"),
        line(factories.subject(), period="2025"),
    )
    with pytest.raises(RowsRefused) as refused:
        place.take(*bad, bad[-1])
    faults = dict(refused.value.faults)
    for row, words in {
        2: "校验码不符", 3: "名称", 4: "2026-06 的样子", 5: "至今天之间", 6: "请填写评价等级", 7: "应为以下之一",
        8: "已经录入为“优”", 10: "与第 9 行是同一主体",
    }.items():  # fmt: skip
        assert words in faults[row], (row, faults.get(row))
    assert 9 not in faults and Evaluation.objects.count() == 3
    again = place.take(*(line(one) for one in place.subjects))
    assert (again.rows, again.new) == (3, 0)
    code = factories.organisation_code()
    fresh = CreditSubject(kind="organisation", uscc=code, name="新登记的有限公司")
    assert place.take(line(fresh)).new == 1
    assert CreditSubject.objects.get(uscc=code).evaluations.get().grade == "优"
    clerk = factories.staff(groups.OFFICER)
    with pytest.raises(EvaluationRefused, match="由信用办"):
        receiving.take(name="评价.xlsx", content=sheet(line(known)), actor=clerk, now=NOW)
    with pytest.raises(EvaluationRefused, match="表头缺少"):
        receiving.take(
            name="评价.csv", content="主体名称,主体代码\n甲,乙\n".encode(), actor=place.first, now=NOW
        )
    event = AuditEvent.objects.filter(verb="evaluation.upload").earliest("id")
    assert event.facts["sha256"] == place.upload.sha256 and event.facts["new"] == 3


def test_whoever_was_slower_is_told_and_nothing_is_stored(place, monkeypatch):
    # Registered by somebody else between the look and the word.
    other = factories.subject()
    monkeypatch.setattr(receiving, "find_subjects", lambda named: Known())
    with pytest.raises(EvaluationRefused, match="请再导入一次") as wrong:
        place.take(line(other))
    file = SimpleUploadedFile("a.xlsx", sheet(line(other)))
    assert client_of(place.first).post("/desk/evaluations/upload/", {"file": file}).status_code == 422
    assert wrong.value.field == "file" and not other.evaluations.exists()
    assert EvaluationUpload.objects.count() == 1


def test_a_thousand_rows_cost_no_more_questions_than_ten(place):
    def cost(number: int) -> int:
        rows = [line(factories.subject()) for _ in range(number)]
        with CaptureQueriesContext(connection) as asked:
            place.take(*rows)
        return len(asked)

    assert cost(10) == cost(300)


@pytest.mark.req("R124")
def test_a_recipient_gets_what_it_may_and_the_rest_is_counted_with_the_reason(place):
    department, association = place.recipient("department"), place.recipient("association")
    bank = place.recipient("bank")
    one, other = place.subjects[:2]
    wanted = [one.pk, other.pk]
    assert may_receive.decide(department, wanted, now=NOW) == Decision({}, {})
    assert may_receive.decide(association, wanted, now=NOW) == Decision({}, {other.pk: NO_MEMBER})
    assert may_receive.decide(bank, wanted, now=NOW) == Decision({}, dict.fromkeys(wanted, "未取得主体同意"))
    made = place.passed(department)
    assert (made.rows, made.held_back) == (3, [])
    small = place.passed(association)
    assert (small.rows, small.held_back) == (1, [[NO_MEMBER, 2]])
    with pytest.raises(EvaluationRefused, match="未取得主体同意 3 行"):
        place.passed(bank)
    assert EvaluationPassing.objects.count() == 2
    with pytest.raises(EvaluationRefused, match="没有 2025 的评价"):
        place.passed(department, "2025")
    content = passing.fetch(passing_id=small.pk, actor=place.first, now=NOW)
    assert hashlib.sha256(content).hexdigest() == small.sha256
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert rows == [passing.HEAD, (one.name, one.uscc, "2026-06", "优", BODY)]
    with pytest.raises(EvaluationRefused, match="已经下载过"):
        passing.fetch(passing_id=small.pk, actor=place.first, now=NOW)
    # Whose evaluation was given, sees to whom.
    reads = ReadLog.objects.filter(
        target_type="evaluation_passing", target_id=str(small.pk), subject_id=one.pk
    )
    assert place.association.name[:20] in reads.get().what
    assert "公共信用综合评价" in body(subjects.client_for(one, now=NOW).get("/me/readers/"))
    page = body(subjects.client_for(one, now=NOW).get("/me/grade/"))
    assert BODY in page and "2026-06" in page
    for rows_ in (Evaluation.objects.all(), EvaluationPassing.objects.all(), EvaluationUpload.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows_.update(is_demo=True)
    passed = AuditEvent.objects.filter(verb="evaluation.passed").latest("id")
    assert (passed.facts["rows"], passed.facts["held_back"], passed.facts["sha256"]) == (1, 2, small.sha256)


def agreed(place: Place, subject: CreditSubject, code: str, **fields: Any) -> Consent:
    """A consent of the subject to a body by its code, on its own pages."""
    told = consents.Told(
        **{
            "purpose": "loan", "recipient": "body", "scope": "record", "parts": ["evaluations"],
            "body_name": "演示银行", "body_code": code, "expires_on": TODAY + timedelta(days=5),
        } | fields
    )  # fmt: skip
    return consents.give_online(access=subjects.opened(subject, now=place.now), told=told, now=place.now)


@pytest.mark.req("R113", "R124")
def test_a_bank_is_told_of_whoever_agreed_and_no_more_once_that_is_taken_back(place):
    bank = place.recipient("bank")
    one, two, three = place.subjects
    code = bank.code
    agreed(place, two, code, parts=["good"])
    agreed(place, three, factories.organisation_code())
    with pytest.raises(EvaluationRefused, match="主体同意的内容不包括综合评价 1 行、未取得主体同意 2 行"):
        place.passed(bank)
    given = agreed(place, one, code, scope="report")
    kept = agreed(place, two, code)
    made = place.passed(bank)
    assert (made.rows, made.by_consent, made.held_back) == (2, 2, [["未取得主体同意", 1]])
    releases = {row.consent_id: row for row in Release.objects.filter(passing=made)}
    assert set(releases) == {given.pk, kept.pk}
    row = releases[given.pk]
    assert (row.subject, row.recipient, row.purpose, row.parts) == (
        one,
        "演示银行",
        "办理贷款",
        ["evaluations"],
    )
    assert (row.sha256, row.at, row.by, row.exception) == (made.sha256, NOW, place.first, "")
    told = AuditEvent.objects.filter(verb="record.released", target_id=str(row.pk)).get()
    assert (told.facts["basis"], told.facts["subject"]) == (f"同意 {given.number}", one.pk)
    client = subjects.client_for(one, now=NOW)
    assert "演示银行" in body(client.get(f"/me/consents/{given.uuid}/"))
    assert "其中凭主体同意 2 行" in body(
        client_of(place.auditor).get(f"/desk/evaluations/passings/{made.uuid}/")
    )
    # Taken back before the file was fetched: it is not fetched any more.
    access = subjects.opened(one, now=NOW)
    place.now = NOW + timedelta(hours=1)
    consents.withdraw_online(consent=given, access=access, now=place.now)
    with pytest.raises(EvaluationRefused, match="有 1 个主体撤回了同意"):
        passing.fetch(passing_id=made.pk, actor=place.first, now=place.now)
    again = place.passed(bank)
    assert (again.rows, again.held_back) == (1, [["主体已撤回同意", 1], ["未取得主体同意", 1]])
    content = passing.fetch(passing_id=again.pk, actor=place.first, now=place.now)
    assert [line[1] for line in openpyxl.load_workbook(io.BytesIO(content)).active.values] == [
        passing.HEAD[1], two.uscc,
    ]  # fmt: skip
    # The last day counts; the day after nothing is left.
    place.now = NOW + timedelta(days=6)
    with pytest.raises(
        EvaluationRefused, match="主体已撤回同意 1 行、主体的同意已到期 1 行、未取得主体同意 1 行"
    ):
        place.passed(bank)


@pytest.mark.req("R113")
def test_where_no_document_lets_a_department_know_it_takes_a_consent_and_each_way_is_counted(place):
    office = factories.department(region="410100", kind="credit_office")
    actor = factories.staff(groups.CREDIT_OFFICE, department=office)
    unit = factories.department(region="410100")
    subject = factories.subject(region="410100")
    receiving.take(name="评价.xlsx", content=sheet(line(subject)), actor=actor, now=NOW)
    to = passing.add_recipient(
        kind="department", name="", department=unit, basis="文件", actor=actor, now=NOW
    )
    with pytest.raises(EvaluationRefused, match="未取得主体同意 1 行"):
        passing.pass_on(recipient_id=to.pk, period="2026-06", actor=actor, now=NOW)
    agreed(place, subject, unit.uscc)
    made = passing.pass_on(recipient_id=to.pk, period="2026-06", actor=actor, now=NOW)
    assert (made.rows, made.by_consent) == (1, 1)
    place.passed(place.recipient("department"))

    def counted(user: Any) -> dict[str, int]:
        rows = counting.figures(user, months=counting.months_before(TODAY, 1), today=TODAY)
        return {row.label: row.total for row in rows}

    assert (counted(actor)["主体同意"], counted(actor)["综合评价结果供参考"]) == (1, 0)
    # Of the city a unit of one county is told of its own county.
    city = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="130100", kind="credit_office")
    )
    far = factories.subject(region="130129")
    receiving.take(name="评价.xlsx", content=sheet(line(far, body="石家庄市信用中心"), line(place.subjects[0], body="石家庄市信用中心")),
                   actor=city, now=NOW)  # fmt: skip
    to = passing.add_recipient(
        kind="department", name="", department=place.department, basis="S1 三（六）", actor=city, now=NOW
    )
    made = passing.pass_on(recipient_id=to.pk, period="2026-06", actor=city, now=NOW)
    assert (made.rows, made.held_back) == (4, [[may_receive.ELSEWHERE, 1]])
    assert (counted(place.first)["主体同意"], counted(place.first)["综合评价结果供参考"]) == (0, 3)


def test_many_consents_cost_no_more_questions_than_few(place):
    bank = place.recipient("bank")

    def cost(number: int, period: str) -> int:
        fresh = [factories.subject() for _ in range(number)]
        place.take(*(line(one, period=period) for one in fresh))
        for one in fresh:
            agreed(place, one, bank.code)
        with CaptureQueriesContext(connection) as asked:
            place.passed(bank, period)
        return len(asked)

    assert cost(2, "2026-04") == cost(12, "2026-05")


@pytest.mark.req("R124")
def test_recipients_are_named_with_a_basis_and_go_out_of_use(place):
    row = place.recipient("department")
    with pytest.raises(EvaluationRefused, match="已有同名"):
        place.recipient("department")
    for kind, fields, words in (
        ("association", {"department": place.department}, "请选择一个协会"),
        ("bank", {"department": place.department}, "不选单位"),
        ("bank", {"name": ""}, "名称应为"),
        ("bank", {"code": ""}, "请填写统一社会信用代码"),
        ("bank", {"code": "91130111MA0000001X"}, "校验码"),
        ("association", {"code": factories.organisation_code()}, "不写代码"),
        ("association", {"name": "另一个名称"}, "不写名称"),
        ("bank", {"basis": ""}, "依据应为"),
        ("nobody", {}, "请选择类别"),
        ("department", {"department": factories.department(region="410103")}, "本地区及以下"),
    ):
        with pytest.raises(EvaluationRefused, match=words):
            place.recipient(kind, **fields)
    passing.switch_recipient(recipient_id=row.pk, active=False, actor=place.first, now=NOW)
    with pytest.raises(EvaluationRefused, match="接收单位已停用"):
        place.passed(row)
    # Its place may be taken; then it does not come back beside it.
    place.recipient("department")
    with pytest.raises(EvaluationRefused, match="已有同名"):
        passing.switch_recipient(recipient_id=row.pk, active=True, actor=place.first, now=NOW)
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        EvaluationRecipient.objects.filter(pk=row.pk).update(basis="另一个")
    deeds = AuditEvent.objects.filter(verb="evaluation.recipient", target_id=str(row.pk)).order_by("id")
    assert [one.facts["deed"] for one in deeds] == ["added", "ended"]


@pytest.mark.req("R66", "R124")
def test_the_office_does_all_of_it_at_its_desk_and_the_auditor_reads(place):
    client, auditor = client_of(place.first), client_of(place.auditor)
    assert place.subjects[0].name in body(client.get("/desk/evaluations/"))
    assert place.subjects[1].name not in body(client.get(f"/desk/evaluations/?q={place.subjects[0].uscc}"))
    assert client.get("/desk/evaluations/template.xlsx").status_code == 200
    bad = SimpleUploadedFile("a.xlsx", sheet(line(place.subjects[0], grade="差")))
    answer = client.post("/desk/evaluations/upload/", {"file": bad})
    assert answer.status_code == 422 and "第 2 行" in body(answer)
    good = SimpleUploadedFile("a.xlsx", sheet(line(place.subjects[0], period="2025")))
    assert "新录入 1 条" in body(client.post("/desk/evaluations/upload/", {"file": good}, follow=True))
    at = "/desk/evaluations/recipients/"
    assert client.post(at, {"kind": "bank"}).status_code == 422
    data = {"kind": "department", "department": place.department.pk, "basis": "S4 6"}
    assert "已登记" in body(client.post(at, data, follow=True))
    row = EvaluationRecipient.objects.get()
    assert "登记接收单位" not in body(auditor.get(at))
    sent = {"recipient": row.pk, "key": client.get("/desk/evaluations/pass/").context["form"].initial["key"]}
    answer = client.post("/desk/evaluations/pass/", sent | {"period": "六月"})
    assert answer.status_code == 422 and "2026-06 的样子" in body(answer)
    for _ in range(2):
        answer = client.post("/desk/evaluations/pass/", sent | {"period": "2026-06"}, follow=True)
    made = EvaluationPassing.objects.get()
    assert made.number in body(answer) and "下载文件" in body(answer)
    page = f"/desk/evaluations/passings/{made.uuid}/"
    assert made.sha256 in body(auditor.get(page)) and "下载文件" not in body(auditor.get(page))
    file = client.post(f"{page}file/")
    assert file.status_code == 200 and hashlib.sha256(file.content).hexdigest() == made.sha256
    assert "已经下载过" in body(client.post(f"{page}file/", follow=True))
    assert "已下载" in body(client.get("/desk/evaluations/passings/"))
    for _ in range(2):
        assert "已停用" in body(client.post(f"{at}{row.uuid}/", {"active": "no"}, follow=True))
    assert "已恢复使用" in body(client.post(f"{at}{row.uuid}/", {"active": "yes"}, follow=True))
    stranger = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="410103", kind="credit_office")
    )
    assert client_of(stranger).get(page).status_code == 404


@pytest.mark.req("R66")
def test_what_was_taken_in_wrong_is_put_right_by_a_new_row_and_passed_on_no_more(place):
    one = place.subjects[0]
    unit = place.recipient("department")
    place.passed(unit)
    with pytest.raises(RowsRefused) as refused:
        place.take(line(one, grade="差"))
    assert "写明更正的理由" in dict(refused.value.faults)[2]
    client = client_of(place.first)
    file = SimpleUploadedFile("更正.xlsx", sheet(line(one, grade="差"), line(place.subjects[1])))
    page = body(client.post("/desk/evaluations/upload/", {"file": file, "reason": "省里更正"}, follow=True))
    assert "新录入 0 条，更正 1 条" in page and f"请重新提供：{place.department.name}" in page
    assert "已更正为差" in page and "更正 1 行：省里更正" in page
    old, new = Evaluation.objects.filter(subject=one).order_by("pk")
    assert (old.grade, new.grade, new.corrects) == ("优", "差", old)
    made = place.passed(unit)
    content = passing.fetch(passing_id=made.pk, actor=place.first, now=NOW)
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert [row[3] for row in rows if row[1] == one.uscc] == ["差"]
    own = body(subjects.client_for(one, now=NOW).get("/me/grade/"))
    assert "差" in own and own.count("2026-06") == 1
    with pytest.raises(EvaluationRefused, match="最多 300 个字"):
        receiving.take(name="a.xlsx", content=sheet(line(one)), actor=place.first, now=NOW, reason="因" * 301)
    # Put right once more, the last one stands.
    again = receiving.take(
        name="a.xlsx", content=sheet(line(one, grade="良")), actor=place.first, now=NOW, reason="再"
    )
    assert (again.new, again.corrected) == (0, 1)
    assert [row.grade for row in Evaluation.standing().filter(subject=one)] == ["良"]


@pytest.mark.req("R124")
def test_the_unit_that_a_file_was_made_for_hears_of_it_and_fetches_it_once_itself(place):
    officer = factories.staff(groups.OFFICER, department=place.department)
    guildsman = factories.staff(groups.ASSOCIATION, department=place.association)
    made, small = place.passed(place.recipient("department")), place.passed(place.recipient("association"))
    client, guild = client_of(officer), client_of(guildsman)
    assert made.number in body(client.get("/desk/notices/"))
    page = body(client.get("/desk/evaluations/received/"))
    assert made.number in page and small.number not in page
    file = client.post(f"/desk/evaluations/received/{made.uuid}/file/")
    assert hashlib.sha256(file.content).hexdigest() == made.sha256
    again = client.post(f"/desk/evaluations/received/{made.uuid}/file/", follow=True)
    assert "已经下载过" in body(again) and str(officer) in body(again)
    assert client.post(f"/desk/evaluations/received/{small.uuid}/file/").status_code == 404
    assert guild.post(f"/desk/evaluations/received/{small.uuid}/file/").status_code == 200
    assert client_of(place.first).get("/desk/evaluations/received/").status_code == 403

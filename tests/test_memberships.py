"""Who stands on which list: read, put on, taken off, gone from a whole list; by file, form and interface; and what follows."""

import json
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents import writing
from credit_portal.outbox import partners
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, Department, User
from tests import factories
from tests.factories import NOW, TODAY, organisation_code
from tests.office import client_of
from tests.scenes import mine
from verification import services as record
from verification.in_sets import Exit, end_entries
from verification.measures.loading import SHIPPED, load
from verification.memberships import credit_lists, taking, uploading
from verification.memberships.reading import FIELDS, HEADS, FieldErrors, KnownList, read
from verification.memberships.taking import Keeper, MembershipRefused
from verification.models import AppliedMeasure, CreditEntry, CreditList, MembershipUpload

db = pytest.mark.django_db
HOME, FILES, PUSH = "/desk/memberships/", "/desk/memberships/files/", "/api/v1/credit-entries"
LISTS = {
    key: one
    for one in (
        KnownList("judgment_defaulter", "失信被执行人名单", True),
        KnownList("market_ban", "市场和行业禁入名单", True),
        KnownList("exemplary", "诚信典型", False),
        KnownList("others", "别处的名单", True, refusal="别处的名单不适用于本地区。"),
        KnownList("closed", "停用的名单", True, closed="停用的名单已停用，不再列入。"),
    )
    for key in (one.code, one.name)
}
ROW = {
    "action": "列入",
    "list": "失信被执行人名单",
    "subject_kind": "法人及非法人组织",
    "subject_name": "演示鲜果商贸有限公司",
    "subject_code": organisation_code(8_000_911),
    "document_no": "（2026）冀0111执1号",
    "source": "栾城区人民法院",
    "from_on": "2026-06-01",
    "until_on": "2028-05-31",
    "basis": "《最高人民法院关于公布失信被执行人名单信息的若干规定》",
}
GONE = {"action": "移出", "exit_on": "2026-09-10", "exit_reason": "已履行义务，法院删除"} | dict.fromkeys(
    ("source", "from_on", "until_on", "basis"), ""
)


def told(number: int = 0, **changes: str) -> dict[str, str]:
    """A row; another number is another subject by another document."""
    own = {
        "subject_name": f"演示第{number}商贸有限公司",
        "subject_code": organisation_code(8_100_000 + number),
        "document_no": f"（2026）冀0111执{number}号",
    }
    return ROW | (own if number else {}) | changes


def ask(values: dict[str, str], **more: Any) -> Any:
    return read(values, lists=LISTS, today=TODAY, for_good=more.pop("for_good", lambda on: False), **more)


# ---- read, pure --------------------------------------------------------------------------------------------


@pytest.mark.req("R94", "R53")
def test_a_row_is_read_by_the_name_or_the_code_of_its_list_and_with_or_without_end() -> None:
    row = ask(told(list="judgment_defaulter", from_on="20260601", until_on="2028/5/31"))
    assert (row.action, row.list, row.subject_kind) == ("add", "judgment_defaulter", "organisation")
    assert (row.from_on, row.until_on, row.exit_on) == (date(2026, 6, 1), date(2028, 5, 31), None)
    assert ask(told(until_on="无期限")).until_on is None
    assert ask(told(action="", source=""), source="本部门").source == "本部门"
    model = ask(told(list="诚信典型", document_no="", basis=""))
    assert (model.document_no, model.basis) == ("", "")
    left = ask(told(**GONE))
    assert (left.action, left.exit_on, left.from_on) == ("remove", date(2026, 9, 10), None)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"action": "删除"}, "action", "列入、移出"),
        ({"list": "没有的名单"}, "list", "没有名单“没有的名单”"),
        ({"list": "别处的名单"}, "list", "不适用于本地区"),
        ({"list": "停用的名单"}, "list", "已停用"),
        ({"list": " "}, "list", "请填写名单"),
        ({"subject_kind": "公司"}, "subject_kind", "应为以下之一"),
        ({"subject_kind": "个体工商户"}, "subject_kind", "92 开头"),
        ({"subject_code": "91130111MA00000019"}, "subject_code", "校验码不符"),
        ({"subject_kind": "自然人", "subject_code": "130111198503071235"}, "subject_code", "校验码"),
        ({"subject_name": "栾\u0007城"}, "subject_name", "U+0007"),
        ({"document_no": ""}, "document_no", "列入失信被执行人名单的，请填写文书号"),
        ({"basis": ""}, "basis", "请填写依据"),
        ({"source": ""}, "source", "请填写列入机关"),
        ({"from_on": "2026-02-30"}, "from_on", "不是有效的日期"),
        ({"from_on": "2026-09-15"}, "from_on", "不能晚于今天"),
        ({"from_on": "1900-01-01"}, "from_on", "1949"),
        ({"until_on": ""}, "until_on", "没有期限的写“无期限”"),
        ({"until_on": "永久"}, "until_on", "不是有效的日期"),
        ({"until_on": "2026-05-31"}, "until_on", "不能早于列入日期"),
        ({"exit_on": "2026-09-01"}, "exit_on", "列入的不填移出日期"),
        ({"remark": "长" * 501}, "remark", "最多 500 个字，现为 501"),
        ({"list": "market_ban", "until_on": "无期限"}, "until_on", "没有开通或者没有确认"),
        (GONE | {"exit_reason": ""}, "exit_reason", "请填写移出原因"),
        (GONE | {"exit_on": "2026-09-15"}, "exit_on", "不能晚于今天"),
        (GONE | {"from_on": "2026-06-01"}, "from_on", "移出的不填列入日期"),
        ({"colour": "红"}, "colour", "没有这个字段"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changes: dict[str, str], field: str, said: str) -> None:
    with pytest.raises(FieldErrors) as wrong:
        ask(told(**changes))
    assert list(wrong.value.errors) == [field] and said in wrong.value.errors[field]


@pytest.mark.req("R56")
def test_a_market_ban_is_for_good_only_where_the_rule_of_its_day_says_so() -> None:
    row = ask(told(list="market_ban", until_on="无期限"), for_good=lambda on: on == date(2026, 6, 1))
    assert row.until_on is None
    with pytest.raises(FieldErrors, match="不能没有期限"):
        ask(
            told(list="market_ban", until_on="无期限", from_on="2026-06-02"),
            for_good=lambda on: on == date(2026, 6, 1),
        )


@given(st.dictionaries(st.sampled_from([*HEADS, "x"]), st.text(max_size=60), max_size=8))
def test_whatever_is_told_is_read_or_refused_by_field(changes: dict[str, str]) -> None:
    try:
        row = ask(ROW | changes)
    except FieldErrors as wrong:
        assert wrong.errors and all(wrong.errors.values())
    else:
        assert row.list in LISTS and (row.exit_on or row.from_on) <= TODAY


# ---- a place with lists ------------------------------------------------------------------------------------


class Place:
    """Luancheng with the shipped lists, its office, a department that keeps two of them, and one that keeps none."""

    def __init__(self, region: str = "130111") -> None:
        load(SHIPPED, now=NOW)
        self.region = factories.region(region)
        self.office = factories.department(region=region, kind=Department.Kind.CREDIT_OFFICE)
        self.finance = factories.department(region=region, name="栾城区测试财政局")
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.officer = factories.staff(groups.OFFICER, department=self.finance)
        self.stranger = factories.staff(groups.OFFICER, department=factories.department(region=region))
        for code in ("procurement_serious", "exemplary"):
            credit_lists.set_keepers(
                credit_list=CreditList.objects.get(code=code),
                keepers=[self.finance],
                actor=self.credit,
                now=NOW,
            )

    def check(
        self, *rows: dict[str, str], actor: User | None = None, whole: bool = False, kind: str = "xlsx"
    ) -> MembershipUpload:
        upload, _ = uploading.check_file(
            name=f"名单.{kind}", content=file_of(*rows, kind=kind), whole=whole,
            actor=actor or self.credit, now=NOW,
        )  # fmt: skip
        return upload

    def take(self, *rows: dict[str, str], **more: Any) -> MembershipUpload:
        upload = self.check(*rows, **more)
        assert upload.faults == [], upload.faults
        uploading.start(upload_id=upload.pk, confirmed=True, actor=upload.uploaded_by, now=NOW)
        outbox.deliver_due(now=NOW)
        upload.refresh_from_db()
        return upload


def file_of(*rows: dict[str, str], kind: str = "xlsx") -> bytes:
    return writing.write(kind, list(HEADS.values()), [[row.get(key, "") for key in HEADS] for row in rows])


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def table(content: bytes) -> list[list[str]]:
    page = load_workbook(BytesIO(content)).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)]


# ---- files -------------------------------------------------------------------------------------------------


@db
@pytest.mark.req("R94", "R79", "R53")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_file_is_shown_first_then_taken_in_once_with_history_and_events(place: Place, kind: str) -> None:
    known = factories.subject(name="演示第1商贸有限公司", uscc=organisation_code(8_100_001))
    person = told(3, subject_kind="自然人", subject_name="赵示例", subject_code=factories.id_number(77))
    rows = (told(1), told(2, until_on="无期限", remark="拒不履行"), person)
    upload = place.check(*rows, kind=kind)
    assert (upload.rows, upload.added, upload.faults, upload.state) == (3, 3, [], "checked")
    assert not CreditEntry.objects.exists() and CreditSubject.objects.count() == 1
    assert person["subject_code"] not in upload.sealed
    for _ in range(2):
        uploading.start(upload_id=upload.pk, confirmed=False, actor=place.credit, now=NOW)
    assert Message.objects.filter(effect=uploading.EFFECT).count() == 1
    outbox.deliver_due(now=NOW)
    outbox.deliver_due(now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.added, upload.sealed) == ("done", 3, "")
    first, second, third = CreditEntry.objects.order_by("pk")
    assert (first.subject, first.kind, first.state) == (known, "list", "effective")
    assert (first.title, first.source, first.department) == ("列入失信被执行人名单", "栾城区人民法院", None)
    assert (second.until_on, second.remark) == (None, "拒不履行")
    assert third.subject.id_number == person["subject_code"] and third.subject.uscc is None
    assert [one.history.get().history_user for one in (first, third)] == [place.credit] * 2
    assert second.subject.history.count() == second.subject.names.count() == 1
    assert second.subject.names.get().searchable and not third.subject.names.get().searchable
    added = AuditEvent.objects.filter(verb="entry.added")
    assert [one.facts["upload"] for one in added] == [upload.pk] * 3
    assert AuditEvent.objects.filter(verb="subject.registered").count() == 2
    deeds = [one.facts["deed"] for one in AuditEvent.objects.filter(verb="list.upload").order_by("pk")]
    assert deeds == ["检查", "开始录入", "录入"]
    again, new = uploading.check_file(
        name="别名." + kind, content=file_of(*rows, kind=kind), whole=False, actor=place.credit, now=NOW
    )
    assert (again.pk, new) == (upload.pk, False)
    more = place.take(*rows, told(4), kind=kind)
    assert (more.added, more.same, CreditEntry.objects.count()) == (1, 3, 4)


@db
def test_one_wrong_row_stops_the_file_and_the_workbook_of_faults_has_the_row_itself(place: Place) -> None:
    factories.subject(name="另一个名称有限公司", uscc=organisation_code(8_100_006))
    upload = place.check(
        told(1), told(2, from_on="某日", basis=""), told(1), told(5, **GONE), told(6), told(7, list="watch"),
    )  # fmt: skip
    faults = {place: [head for head, _ in fault] for place, fault in upload.faults}
    assert faults == {3: ["列入日期", "依据"], 4: ["文书号"], 6: ["主体名称"], 5: ["主体代码"], 7: ["名单"]}
    said = " ".join(text for _, fault in upload.faults for _, text in fault)
    for words in (
        "与第 2 行是同一名单",
        "登记的名称是“另一个名称有限公司”",
        "名单上没有这个主体",
        "由认定程序列入",
    ):
        assert words in said
    with pytest.raises(MembershipRefused, match="一行也不录入"):
        uploading.start(upload_id=upload.pk, confirmed=True, actor=place.credit, now=NOW)
    head, *lines = table(uploading.faults_table(upload))
    assert head[0] == "行号" and head[-1] == "问题" and len(lines) == 5
    assert lines[0][1:6] == ["列入", "失信被执行人名单", "法人及非法人组织", *list(told(2).values())[3:5]]
    # Mended, the workbook itself goes back.
    mended = [[*line[:7], "栾城区人民法院", "2026-06-01", *line[9:]] for line in lines[:1]]
    mended[0][10] = "依据"
    content = writing.write("xlsx", head, mended)
    fixed, _ = uploading.check_file(name="b.xlsx", content=content, whole=False, actor=place.credit, now=NOW)
    assert (fixed.faults, fixed.added) == ([], 1)
    assert not CreditEntry.objects.exists()


@db
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF", "应为 xlsx、csv 或 json"),
        ("a.xlsx", b"PK\x03\x04 nothing", "打不开"),
        ("a.csv", "名单,主体代码\n".encode(), "没有数据"),
        ("a.csv", "名单,主体代码\n一,二\n".encode(), "表头缺少：主体类别、主体名称"),
        ("a.csv", "名单,主体类别,主体名称,主体代码,颜色\n一,二,三,四,五\n".encode(), "没有“颜色”这一列"),
        ("a.csv", ("名单,主体类别,主体名称,主体代码\n" + "一,二,三,四\n" * 5001).encode(), "最多 5000 行，现为 5001"),
        ("a.json", b"{", "不是合规的 JSON"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    place: Place, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(MembershipRefused, match=said):
        uploading.check_file(name=name, content=content, whole=False, actor=place.credit, now=NOW)
    assert not MembershipUpload.objects.exists()


@db
def test_what_is_on_record_otherwise_is_refused_and_a_return_needs_a_new_day(place: Place) -> None:
    place.take(told(1), told(2))
    other = place.check(told(1, until_on="2029-05-31"))
    assert "自 2026-06-01 至 2028-05-31" in other.faults[0][1][0][1]
    done = place.take(told(1, **GONE), told(2, **GONE | {"document_no": ""}))
    assert (done.removed, done.added) == (2, 0)
    entry = CreditEntry.objects.order_by("pk").first()
    assert (entry.state, entry.ended_on, entry.end_reason) == (
        "ended",
        date(2026, 9, 10),
        GONE["exit_reason"],
    )
    assert entry.history.count() == 2
    changed = AuditEvent.objects.filter(verb="entry.changed").first()
    assert (changed.facts["on"], changed.facts["upload"]) == ("2026-09-10", done.pk)
    assert place.take(told(1, **GONE), told(2, **GONE)).same == 2
    assert (
        "已于 2026-09-10 移出" in place.check(told(1, **GONE | {"exit_on": "2026-09-11"})).faults[0][1][0][1]
    )
    assert "已于 2026-09-10 移出" in place.check(told(1)).faults[0][1][0][1]
    assert place.take(told(1, from_on="2026-09-12")).added == 1
    early = place.check(told(1, **GONE | {"exit_on": "2026-09-11"}))
    assert "不能早于列入日期 2026-09-12" in early.faults[0][1][0][1]
    CreditEntry.objects.filter(state="effective").update(until_on=date(2026, 9, 13))
    assert place.take(told(1, from_on="2026-09-14")).added == 1, "its term was over"


@db
def test_a_department_keeps_its_own_lists_and_rows_and_nobody_elses(place: Place) -> None:
    listed = told(1, list="procurement_serious", source="")
    mine = place.take(listed, actor=place.officer)
    entry = CreditEntry.objects.get()
    assert (mine.added, entry.source, entry.department) == (1, place.finance.name, place.finance)
    assert "不是失信被执行人名单的报送部门" in place.check(told(1), actor=place.officer).faults[0][1][0][1]
    refused = place.check(listed | GONE | {"source": ""})
    assert "由其他单位报送" in refused.faults[0][1][0][1]
    same = place.check(listed | {"source": place.finance.name})
    assert (same.same, same.added) == (1, 0)
    with pytest.raises(MembershipRefused):
        uploading.check_file(
            name="a.xlsx", content=file_of(told(1)), whole=False, actor=factories.staff(groups.CLERK), now=NOW
        )
    with pytest.raises(MembershipRefused, match="由上传的部门办理"):
        uploading.discard(upload_id=place.check(told(9)).pk, actor=place.officer, now=NOW)
    with pytest.raises(MembershipRefused, match="由其他单位报送"):
        taking.leave(entry_id=entry.pk, ended_on=TODAY, reason="错", actor=place.credit, now=NOW)


# ---- whole lists -------------------------------------------------------------------------------------------


@db
@pytest.mark.req("R94")
def test_whoever_a_whole_list_names_no_more_leaves_it_and_nobody_else(place: Place) -> None:
    others = told(8, source="另一个法院")
    place.take(*(told(n) for n in range(1, 6)), others, told(9, list="tax_serious"))
    place.take(told(7, until_on="2026-09-01"))
    part = place.check(*(told(n) for n in range(2, 6)), told(6), whole=True)
    assert (part.added, part.same, part.most) == (1, 4, False)
    (leaving,) = uploading.missing_of(part)
    assert leaving.document_no == told(1)["document_no"]
    done = place.take(*(told(n) for n in range(2, 6)), told(6), whole=True)
    leaving.refresh_from_db()
    assert (done.state, leaving.state, leaving.ended_on) == ("done", "ended", TODAY)
    assert "名单.xlsx" in leaving.end_reason
    states = dict(CreditEntry.objects.values_list("document_no", "state"))
    assert (
        states[others["document_no"]]
        == states[told(7)["document_no"]]
        == states[told(9)["document_no"]]
        == "effective"
    )
    assert "不写移出的行" in place.check(told(2), told(3, **GONE), whole=True).faults[0][1][0][1]
    # The same file a second time is the one that was taken in; after another one it is looked at anew.
    again, new = uploading.check_file(
        name="x.xlsx", content=file_of(*(told(n) for n in range(2, 6)), told(6)), whole=True,
        actor=place.credit, now=NOW,
    )  # fmt: skip
    assert (again.pk, new) == (done.pk, False)


@db
def test_more_than_half_of_a_list_leaves_only_after_a_tick(place: Place) -> None:
    place.take(*(told(n) for n in range(1, 6)))
    client = client_of(place.credit)
    answer = client.post(
        FILES, {"file": SimpleUploadedFile("全部.xlsx", file_of(told(1), told(2))), "whole": "on"}
    )
    page = client.get(answer.url).content.decode()
    assert "将要移出的主体（3）" in page and "一半以上" in page and "演示第3商贸有限公司" in page
    refused = client.post(answer.url, {"deed": "start"})
    assert refused.status_code == 409 and "勾选" in refused.content.decode()
    assert len(table(client.get(f"{answer.url}missing.xlsx").content)) == 4
    client.post(answer.url, {"deed": "start", "confirmed": "1"})
    assert "正在录入" in client.get(answer.url).content.decode()
    outbox.deliver_due(now=NOW)
    assert "文件中没有而移出 3 条" in client.get(answer.url).content.decode()
    assert CreditEntry.objects.filter(state="effective").count() == 2


@db
def test_where_the_list_has_changed_since_it_was_shown_nothing_is_taken_in(place: Place) -> None:
    place.take(told(1), told(2), told(3))
    upload = place.check(told(1), told(2), whole=True)
    place.take(told(4))
    uploading.start(upload_id=upload.pk, confirmed=True, actor=place.credit, now=NOW)
    outbox.deliver_due(now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.missing) == ("stale", [])
    assert CreditEntry.objects.filter(state="effective").count() == 4
    later = place.check(told(5))
    place.take(told(5, until_on="2030-01-01"))
    uploading.start(upload_id=later.pk, confirmed=False, actor=place.credit, now=NOW)
    outbox.deliver_due(now=NOW)
    later.refresh_from_db()
    assert later.state == "stale" and "内容不同" in later.faults[0][1][0][1]
    client, address = client_of(place.credit), f"{FILES}{later.uuid}/"
    assert "请重新上传" in client.get(address).content.decode()
    client.post(address, {"deed": "discard"})
    later.refresh_from_db()
    assert (later.state, later.sealed) == ("discarded", "")
    with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
        MembershipUpload.objects.filter(state="done").update(rows=7)


# ---- in sets -----------------------------------------------------------------------------------------------


def queries(place: Place, first: int, number: int) -> tuple[int, int]:
    """Of looking a file through, and of taking it in: half of it put on, half taken off."""
    numbers = range(first, first + number)
    place.take(*(told(n) for n in numbers))
    rows = [told(n, **GONE) for n in numbers] + [told(n + 500) for n in numbers]
    with CaptureQueriesContext(connection) as looked:
        upload = place.check(*rows)
    uploading.start(upload_id=upload.pk, confirmed=False, actor=place.credit, now=NOW)
    with CaptureQueriesContext(connection) as taken:
        uploading.take_in({"upload": upload.pk}, key="k", now=NOW)
    return len(looked), len(taken)


@db
def test_what_a_file_asks_of_the_database_does_not_grow_with_it(place: Place) -> None:
    few = queries(place, 1, 3)
    assert queries(place, 100, 40) == few
    assert few[0] < 20 and few[1] <= 45


@db
def test_many_end_together_with_their_measures_or_not_at_all(place: Place) -> None:
    subject = factories.subject()
    entries = [factories.credit_entry(subject=subject, kind="list") for _ in range(3)]
    check = record.check_subject(
        subject=subject, item_version=factories.item_version(), commitment_type="supervisory",
        operator=place.officer, now=NOW,
    )  # fmt: skip
    for entry in entries:
        AppliedMeasure.objects.create(
            check_made=check, entry=entry, department=place.finance, region=place.region, domain="procurement",
            effect="refused", text="拒绝", basis="依据", applied_on=TODAY,
        )  # fmt: skip
    end_entries(exits={entries[0].pk: Exit(TODAY, "期满")}, operator=None, now=NOW)
    with pytest.raises(record.MoveRefused):
        end_entries(exits={one.pk: Exit(TODAY, "删除") for one in entries}, operator=None, now=NOW)
    assert CreditEntry.objects.filter(state="ended").count() == 1
    end_entries(exits={one.pk: Exit(TODAY, "删除") for one in entries[1:]}, operator=place.credit, now=NOW)
    assert set(AppliedMeasure.objects.values_list("ended_on", "end_reason")) == {(TODAY, "ended")}
    assert AuditEvent.objects.filter(verb="measure.ended").count() == 2
    assert CreditEntry.objects.filter(state="ended", ended_on=TODAY).count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.credit_entry(ended_on=TODAY)


# ---- what follows ------------------------------------------------------------------------------------------


@db
@pytest.mark.req("R53", "R56")
def test_a_check_goes_by_the_list_from_its_first_day_to_its_last_and_no_further() -> None:
    place = Place("130129")
    for code, value in (("market_ban_for_good", False),):
        PolicyRule.objects.create(
            region=place.region, key=code, value=value, unit="switch", basis="S3 二（四）", confirmed=True,
            effective_from=date(2023, 9, 21),
        )  # fmt: skip
    place.take(
        told(1, from_on="2026-09-14", until_on="2026-09-20"), told(2, list="exemplary", source="县政府")
    )
    forever = place.check(told(3, list="market_ban", until_on="无期限"))
    assert "没有开通或者没有确认" in forever.faults[0][1][0][1]
    item = factories.item_version(department=place.finance, domain="procurement")

    def route(number: int, days: int) -> str:
        check = record.check_subject(
            subject=CreditSubject.objects.get(uscc=told(number)["subject_code"]), item_version=item,
            commitment_type="supervisory", operator=place.officer, now=NOW + timedelta(days=days),
        )  # fmt: skip
        return f"{check.route} {' '.join(one['text'] for one in check.reasons)}"

    assert route(1, 0).startswith("refused") and route(1, 6).startswith("refused")
    assert route(1, 7).startswith("commitment") and "期满" in route(1, 7)
    assert "加分" in route(2, 0)
    PolicyRule.objects.update(value=True)
    assert place.check(told(3, list="market_ban", until_on="无期限")).faults == []
    entry = CreditEntry.objects.get(document_no=told(1)["document_no"])
    page = client_of(place.credit).get(f"{HOME}{entry.uuid}/").content.decode()
    assert "2026-09-20" in page and "次日起不再影响核查" in page


# ---- pages -------------------------------------------------------------------------------------------------


@db
def test_pages_open_to_those_who_keep_or_watch_lists_and_show_their_reach(place: Place) -> None:
    entry = CreditEntry.objects.get(pk=one_of(place, told(1, list="exemplary", source=""), place.officer))
    upload = MembershipUpload.objects.get()
    pages = {
        HOME: {"officer", "head", "credit_office", "auditor"},
        f"{HOME}lists/exemplary/": {"officer", "head", "credit_office", "auditor"},
        f"{HOME}{entry.uuid}/": {"officer", "head", "credit_office", "auditor"},
        f"{HOME}new/": {"officer", "head", "credit_office"},
        f"{HOME}template.xlsx": {"officer", "head", "credit_office"},
        FILES: {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/": {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/faults.xlsx": {"officer", "head", "credit_office"},
        f"{FILES}{upload.uuid}/missing.xlsx": {"officer", "head", "credit_office"},
    }
    for role in groups.LABELS:
        regional = role in ("credit_office", "auditor")
        client = client_of(factories.staff(role, department=place.office if regional else place.finance))
        for address, may in pages.items():
            assert client.get(address).status_code == (200 if role in may else 403), (role, address)
        denied = client.post(f"{HOME}{entry.uuid}/leave/", {})
        assert denied.status_code == (422 if role in pages[FILES] else 403), role
    stranger = client_of(place.stranger)
    for address in (f"{HOME}{entry.uuid}/", f"{FILES}{upload.uuid}/"):
        assert stranger.get(address).status_code == 404
    assert "没有可以报送的名单" in stranger.get(f"{HOME}new/").content.decode()
    assert Client().get(HOME).status_code == 302


def one_of(place: Place, row: dict[str, str], actor: User) -> int:
    place.take(row, actor=actor)
    return CreditEntry.objects.latest("pk").pk


@db
def test_by_hand_a_subject_is_put_on_found_shown_and_taken_off(place: Place) -> None:
    client = client_of(place.officer)
    form = told(1, list="procurement_serious", source="") | {"until_on": "", "no_end": "on"}
    form.pop("action")
    wrong = client.post(f"{HOME}new/", form | {"subject_code": "9113"})
    assert wrong.status_code == 422 and "应为 18 位，现为 4 位" in wrong.content.decode()
    done = client.post(f"{HOME}new/", form, follow=True)
    entry = CreditEntry.objects.get()
    page = done.content.decode()
    assert "已列入" in page and "无期限" in page and "信用记录新增一条" in page and entry.until_on is None
    assert "原已列入" in client.post(f"{HOME}new/", form, follow=True).content.decode()
    home = client.get(HOME).content.decode()
    assert "可报送" in home and "市场和行业禁入名单" in home
    for sought in (entry.subject.uscc, "第1商贸", entry.document_no):
        assert str(entry.uuid) in client.get(HOME, {"q": sought}).content.decode()
        assert (
            str(entry.uuid) in client.get(f"{HOME}lists/procurement_serious/", {"q": sought}).content.decode()
        )
    assert "没有查到" in client.get(HOME, {"q": "别的单位"}).content.decode()
    leave = f"{HOME}{entry.uuid}/leave/"
    for typed, said in (
        ({"ended_on": "2026-09-20", "reason": "错"}, "应在 2026-06-01 至 2026-09-14 之间"),
        ({"ended_on": "2026-09-14", "reason": " "}, "移出原因"),
    ):
        refused = client.post(leave, typed)
        assert refused.status_code == 422 and said in refused.content.decode()
    client.post(leave, {"ended_on": "2026-09-14", "reason": "处罚期限提前届满"})
    page = client.get(f"{HOME}{entry.uuid}/").content.decode()
    assert "已移出" in page and "处罚期限提前届满" in page and "变为 已终止" in page
    assert client.post(leave, {"ended_on": "2026-09-14", "reason": "再来"}).status_code == 422
    assert (
        str(entry.uuid) in client.get(f"{HOME}lists/procurement_serious/", {"tab": "ended"}).content.decode()
    )
    assert {"membership_list", "entry"} <= set(ReadLog.objects.values_list("target_type", flat=True))


@db
def test_a_list_has_pages_of_fifty_at_a_constant_price_and_persons_are_masked(place: Place) -> None:
    person = told(3, subject_kind="自然人", subject_name="赵示例", subject_code=factories.id_number(78))
    place.take(person)
    client, address = client_of(place.credit), f"{HOME}lists/judgment_defaulter/"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        page = client.get(address).content.decode()
    assert "赵＊＊" in page and person["subject_code"] not in page
    place.take(*(told(n) for n in range(10, 70)))
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()
    assert page.count("（2026）冀0111执") == 50 and len(many) == len(few)
    following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert client.get(address + following).content.decode().count("（2026）冀0111执") == 11
    with CaptureQueriesContext(connection) as home:
        assert (
            '<td role="cell" data-label="在名单上" class="num">61</td>' in client.get(HOME).content.decode()
        )
    assert len(home) < 16
    for odd in ("%00", "9" * 30, "%ED%A0%80", "²"):
        assert client.get(f"{address}?q={odd}&before={odd}&tab={odd}").status_code == 200


@db
def test_a_file_goes_through_its_pages_with_its_faults_and_the_row_itself(place: Place) -> None:
    client = client_of(place.credit)
    assert "下载模板" in client.get(FILES).content.decode()
    head = table(client.get(f"{HOME}template.xlsx").content)[0]
    assert head == [one.head for one in FIELDS]
    person = told(
        2, subject_kind="自然人", subject_name="钱示例", subject_code=factories.id_number(79), basis=""
    )
    answer = client.post(
        FILES, {"file": SimpleUploadedFile("名单.csv", file_of(told(1), person, kind="csv"))}
    )
    page = client.get(answer.url).content.decode()
    assert "有误，不能录入" in page and "第 3 行" in page and "钱示例" in page and "请填写依据" in page
    assert person["subject_code"] not in page
    assert table(client.get(f"{answer.url}faults.xlsx").content)[1][5] == person["subject_code"]
    assert client.post(answer.url, {"deed": "start"}).status_code == 409
    client.post(answer.url, {"deed": "discard"})
    assert "已放弃" in client.get(answer.url).content.decode()
    sent = {"file": SimpleUploadedFile("名单.csv", file_of(told(1), kind="csv"))}
    answer = client.post(FILES, sent)
    client.post(answer.url, {"deed": "start"})
    outbox.deliver_due(now=NOW)
    again = client.post(
        FILES, {"file": SimpleUploadedFile("名单.csv", file_of(told(1), kind="csv"))}, follow=True
    )
    assert "以前已经录入，没有再录入" in again.content.decode()
    entry = CreditEntry.objects.get()
    assert "名单.csv" in client.get(f"{HOME}{entry.uuid}/").content.decode()
    wrong = client.post(FILES, {"file": SimpleUploadedFile("a.pdf", b"x")})
    assert wrong.status_code == 422 and "应为 xlsx" in wrong.content.decode()


# ---- pushed ------------------------------------------------------------------------------------------------


def push(token: str, body: object, key: str) -> Any:
    return Client().post(
        PUSH, data=json.dumps(body), content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
    )  # fmt: skip


@db
@pytest.mark.req("R94", "R95")
def test_a_system_puts_subjects_on_a_list_and_takes_them_off(place: Place) -> None:
    security = factories.staff(groups.SECURITY_ADMIN)
    system = partners.save_partner(
        system_id=None, name="政府采购系统", department=place.finance, scopes=["credit_entries.write"],
        contact="", is_active=True, actor=security, now=NOW,
    )  # fmt: skip
    token = partners.issue_token(
        system_id=system.pk, expires_on=TODAY + timedelta(days=90), actor=security, now=NOW
    )
    body: dict[str, Any] = {
        "kind": "list", "list": "procurement_serious", "action": "add",
        "subject": {"kind": "organisation", "name": ROW["subject_name"], "code": ROW["subject_code"]},
        "document_no": "栾财采罚〔2026〕1号", "from_on": "2026-09-01", "until_on": "2028-08-31",
        "basis": "《中华人民共和国政府采购法》第七十七条",
    }  # fmt: skip
    first = push(token, body, "k1")
    entry = CreditEntry.objects.get()
    assert first.status_code == 201 and first.json() == {
        "kind": "list", "id": str(entry.uuid), "list": "procurement_serious", "action": "add", "new": True,
        "state": "current",
    }  # fmt: skip
    assert (entry.department, entry.source, entry.entered_by) == (place.finance, place.finance.name, None)
    assert push(token, body, "k1").json() == first.json()
    other = push(token, body, "k2")
    assert (other.status_code, other.json()["new"]) == (200, False)
    for number, (changes, field) in enumerate((
        ({"list": "judgment_defaulter"}, "list"),
        ({"action": "delete"}, "action"),
        ({"subject": body["subject"] | {"code": "1"}}, "subject.code"),
        ({"until_on": "2029-01-01"}, "document_no"),
        ({"document_name": "决定书"}, "document_name"),
        ({"until_on": 5}, "until_on"),
        ({"basis": ["x"]}, "basis"),
    )):  # fmt: skip
        wrong = push(token, body | changes, f"wrong-{number}")
        assert wrong.status_code == 422, changes
        assert field in [one["field"] for one in wrong.json()["errors"]], changes
    off = {key: body[key] for key in ("kind", "list", "subject", "document_no")}
    off |= {"action": "remove", "exit_on": "2026-09-14", "exit_reason": "处罚撤销"}
    left = push(token, off, "k3")
    assert (left.status_code, left.json()["state"], left.json()["id"]) == (201, "ended", str(entry.uuid))
    assert push(token, off, "k4").json()["new"] is False
    assert CreditEntry.objects.count() == 1 and MembershipUpload.objects.count() == 0


# ---- the lists themselves ----------------------------------------------------------------------------------


@db
def test_the_office_enters_lists_of_its_region_and_names_who_keeps_the_nations(place: Place) -> None:
    client = client_of(place.credit)
    new = {
        "code": "honest_firms", "name": "区级诚信企业", "sort": "model", "holder": "栾城区", "region": "130111",
        "exit_rule": "取消称号的移出", "is_active": "on",
    }  # fmt: skip
    add = "/admin/verification/creditlist/add/"
    assert client.post(add, new | {"exit_rule": " "}).status_code == 200
    refused = client.post(add, new | {"region": "130129"})
    assert "只能登记适用于本地区" in refused.content.decode()
    client.post(add, new)
    made = CreditList.objects.get(code="honest_firms")
    client.post(f"/admin/verification/creditlist/{made.pk}/edit/", new | {"name": "区级诚信示范企业"})
    made.refresh_from_db()
    assert (made.name, made.history.count()) == ("区级诚信示范企业", 2)
    nation = CreditList.objects.get(code="market_ban")
    assert client.get(f"/admin/verification/creditlist/{nation.pk}/edit/").status_code == 403
    elsewhere = factories.department(region="130129")
    nation.keepers.add(elsewhere)
    client.post(f"/admin/verification/creditlist/{nation.pk}/keepers/", {"keepers": [place.finance.pk]})
    assert set(nation.keepers.all()) == {elsewhere, place.finance}
    page = client.get(f"/admin/verification/creditlist/{nation.pk}/change/").content.decode()
    assert place.finance.name in page and elsewhere.name not in page and "不得进入有关市场" in page
    saved = AuditEvent.objects.filter(verb="list.saved").latest("pk")
    assert saved.facts["keepers"] == sorted([elsewhere.pk, place.finance.pk])
    place.take(told(1, list="honest_firms", source="栾城区人民政府"))
    with pytest.raises(Exception, match="不能改变种类"):
        credit_lists.save_list(
            credit_list=made, code=made.code, name=made.name, sort="adverse", holder="栾城区", exit_rule="移出",
            region=place.region, is_active=True, actor=place.credit, now=NOW,
        )  # fmt: skip
    entry = CreditEntry.objects.get()
    page = client.get(f"/admin/verification/creditentry/{entry.pk}/change/").content.decode()
    assert "区级诚信示范企业" in page and f"/desk/memberships/{entry.uuid}/" in page
    assert Keeper(place.office).keeps(entry)

"""Rows of lists are read, shown first, taken in once, and what follows for a check."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.documents import writing
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject
from tests import factories
from tests.factories import NOW, TODAY, organisation_code
from tests.membership_stage import GONE, ROW, Place, db, file_of, table, told
from tests.scenes import mine
from verification.memberships import taking, uploading
from verification.memberships.reading import HEADS, FieldErrors, KnownList, read
from verification.memberships.taking import MembershipRefused
from verification.models import CreditEntry, MembershipUpload

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


def ask(values: dict[str, str], **more: Any) -> Any:
    return read(values, lists=LISTS, today=TODAY, for_good=more.pop("for_good", lambda on: False), **more)


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

"""Administrative acts: what is read of them, their time limit, their days before the public, who decides."""

import json
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.documents import writing
from credit_portal.outbox.models import PublicChange
from credit_portal.registry import groups
from disclosure import act_search
from disclosure.act_gate import (
    LISTED_FIELDS,
    PUBLIC_FIELDS,
    acts_of_subject,
    find_act,
    listed_acts,
    public_acts,
)
from disclosure.acts import entering, publishing, rules, uploading
from disclosure.acts.fields import FIELDS, FieldErrors, fields_of, head_of, read
from disclosure.acts.rules import ActRefused
from disclosure.models import ActKind, AdministrativeAct
from tests import acts, factories, tables
from tests.breach_stage import confirm_rules
from tests.factories import NOW
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db
TODAY = local_date(NOW)


def rule(key: str, value: object, region: str = "130111", **more: object) -> PolicyRule:
    return PolicyRule.objects.create(
        region=factories.region(region), key=key, value=value, unit="working_days", basis="演示",
        confirmed=True, effective_from=date(2020, 1, 1), **more,
    )  # fmt: skip


@pytest.fixture
def office():
    """A department with two officers, under rules that its region has confirmed."""

    class Office:
        place = factories.department(region="130111")
        first = factories.staff(groups.OFFICER, department=place)
        second = factories.staff(groups.HEAD, department=place)

        def enter(self, kind: str = "licence", **changes: str) -> AdministrativeAct:
            return acts.entered(kind, department=self.place, actor=self.first, now=NOW, **changes)

        def publish(self, act: AdministrativeAct, **more: object) -> AdministrativeAct:
            return acts.published(act, actor=self.second, now=more.pop("now", NOW), **more)

    confirm_rules()
    for key in ("act_publication.licence", "act_publication.penalty"):
        rule(key, 7)
    return Office()


# ---- read --------------------------------------------------------------------------------------------------


@pytest.mark.req("R93", "R95")
@pytest.mark.parametrize("kind", ActKind.values)
def test_every_kind_is_read_whole_and_each_needed_field_is_asked_for(kind: str) -> None:
    data = read(kind, acts.values(kind), today=TODAY)
    assert data.kind == kind and data.decided_on == date(2026, 9, 7)
    for one in fields_of(kind):
        if kind not in one.must:
            continue
        with pytest.raises(FieldErrors) as wrong:
            read(kind, acts.values(kind, **{one.key: " "}), today=TODAY)
        assert one.head in wrong.value.errors[one.key]


@pytest.mark.parametrize(
    ("kind", "field", "text", "said"),
    [
        ("licence", "subject_code", "91130111MA00000019", "校验码不符"),
        ("licence", "subject_kind", "公司", "应为以下之一"),
        ("licence", "subject_kind", "个体工商户", "92 开头"),
        ("licence", "category", "特别", "应为以下之一"),
        ("licence", "decided_on", "2026-02-30", "不是有效的日期"),
        ("licence", "decided_on", "2027-01-01", "不能晚于今天"),
        ("licence", "decided_on", "1948-01-01", "1949"),
        ("licence", "valid_until", "2026-01-01", "不能早于有效期自"),
        ("licence", "document_name", "长" * 201, "最多 200 个字，现为 201"),
        ("licence", "document_no", "栾\u0007决", "第 2 个字符无法识别（U+0007）"),
        ("penalty", "category", "警告；记过", "没有“记过”"),
        ("penalty", "fine", "2000元", "不带单位的数字"),
        ("penalty", "fine", "1.005", "最多两位小数"),
        ("penalty", "fine", "-1", "不带单位的数字"),
        ("penalty", "fine", "1e3000", "不带单位的数字"),
        ("penalty", "fine", "0,00", "不带单位的数字"),
        ("penalty", "fine", "0,,0", "不带单位的数字"),
        ("penalty", "fine", "1000,000", "不带单位的数字"),
        ("penalty", "fine", "１０００", "不带单位的数字"),
        ("penalty", "grade", "很重", "应为以下之一"),
        ("reward", "valid_until", "2026-01-01", "不能早于决定日期"),
        ("reward", "fine", "5", "没有这个字段"),
    ],
)
def test_what_is_wrong_is_named(kind: str, field: str, text: str, said: str) -> None:
    with pytest.raises(FieldErrors) as wrong:
        read(kind, acts.values(kind, **{field: text}), today=TODAY)
    assert said in wrong.value.errors[field]
    assert list(wrong.value.errors) == [field]


def test_days_and_lists_are_read_as_people_write_them() -> None:
    for text in ("2026/9/2", "20260902", "2026-09-02 00:00:00", "2026-9-2"):
        assert read("licence", acts.values("licence", decided_on=text), today=TODAY).decided_on == date(
            2026, 9, 2
        )
    data = read("penalty", acts.values("penalty", category="罚款;警告; 罚款", fine="1,234.5"), today=TODAY)
    assert (data.category, data.details["fine"]) == ("罚款；警告", "1234.50")


@given(st.sampled_from(ActKind.values), st.dictionaries(
    st.sampled_from(sorted({one.key for one in FIELDS})), st.text(max_size=60), max_size=6,
))  # fmt: skip
def test_whatever_is_told_is_read_or_refused_by_field(kind: str, changes: dict[str, str]) -> None:
    told = acts.values(kind, **changes)
    try:
        data = read(kind, told, today=TODAY)
    except FieldErrors as wrong:
        assert wrong.errors and all(text for text in wrong.errors.values())
    else:
        assert data == read(kind, told, today=TODAY) and data.decided_on <= TODAY


# ---- periods, pure -----------------------------------------------------------------------------------------


@pytest.mark.req("R93")
@pytest.mark.parametrize(
    ("kind", "valid_until", "publicity", "expected"),
    [
        ("licence", date(2031, 11, 1), None, date(2031, 11, 1)),
        ("licence", None, None, None),
        ("penalty", None, {"min": 3, "max": 12}, date(2027, 9, 7)),
        ("penalty", None, {"min": 12, "max": 36}, date(2029, 9, 7)),
        ("reward", date(2027, 11, 1), None, date(2027, 11, 1)),
        ("judicial", date(2026, 9, 30), None, date(2026, 9, 30)),
    ],
)
def test_days_before_the_public(kind, valid_until, publicity, expected) -> None:
    found = rules.period(
        kind=kind,
        decided_on=date(2026, 9, 7),
        valid_until=valid_until,
        published_on=date(2026, 9, 28),
        publicity=publicity,
    )
    assert found == rules.Period(date(2026, 9, 28), expected)


def test_what_is_over_is_not_published_and_the_last_day_still_is() -> None:
    told = {
        "kind": "reward",
        "decided_on": date(2026, 1, 1),
        "valid_until": date(2026, 9, 28),
        "publicity": None,
    }
    assert rules.period(published_on=date(2026, 9, 28), **told).public_until == date(2026, 9, 28)
    with pytest.raises(ActRefused, match="2026-09-28 届满"):
        rules.period(published_on=date(2026, 9, 29), **told)


# ---- entered -----------------------------------------------------------------------------------------------


@pytest.mark.req("R93")
def test_an_act_has_its_seven_working_days_from_its_own_day(office) -> None:
    act = office.enter("licence", decided_on="2026-09-07")
    duty = Duty.objects.get(rule_key="act_publication.licence", matter_id=act.pk)
    assert (duty.triggered_on, duty.length, duty.confirmed) == (date(2026, 9, 7), 7, True)
    assert duty.due_on == date(2026, 9, 16)
    assert (duty.number, duty.department) == (act.number, office.place)
    assert not public_acts(NOW).exists()
    office.publish(act)
    duty.refresh_from_db()
    assert (duty.state, duty.met_on) == ("met", TODAY)


@pytest.mark.req("R93", "R94")
@pytest.mark.parametrize("kind", sorted(set(ActKind.values) - {"licence", "penalty"}))
def test_other_kinds_only_where_switched_on(office, kind: str) -> None:
    with pytest.raises(ActRefused, match="没有开通"):
        office.enter(kind)
    assert kind not in entering.kinds_open(office.place, on=TODAY)
    rule(rules.duty_rule(kind), {"on": True, "days": 7})
    act = office.enter(kind)
    duty = Duty.objects.get(matter_type="act", matter_id=act.pk)
    assert (duty.rule_key, duty.length) == (rules.duty_rule(kind), 7)
    assert act.entry.kind == {"reward": "award", "judicial": "list"}.get(kind, "other_act")


def test_the_same_act_twice_is_one_and_another_content_is_refused(office) -> None:
    act = office.enter("penalty")
    again, new = entering.enter(
        data=read("penalty", acts.values("penalty"), today=TODAY),
        department=office.place, source="api", now=NOW, actor=office.second,
    )  # fmt: skip
    assert (again, new) == (act, False)
    with pytest.raises(ActRefused, match="内容不同"):
        office.enter("penalty", fine="3000")
    assert AdministrativeAct.objects.count() == CreditEntry.objects.count() == Duty.objects.count() == 1


def test_a_name_that_does_not_fit_the_code_stores_nothing(office) -> None:
    office.enter("licence")
    with pytest.raises(FieldErrors) as wrong:
        office.enter("licence", subject_name="另一家公司", document_no="栾决〔2026〕2号")
    assert "演示鲜果商贸有限公司" in wrong.value.errors["subject_name"]
    assert AdministrativeAct.objects.count() == 1
    person = {"subject_kind": "自然人", "subject_code": factories.id_number(7)}
    office.enter("licence", subject_name="张演示", document_no="3号", **person)
    with pytest.raises(FieldErrors) as wrong:
        office.enter("licence", subject_name="李四", document_no="4号", **person)
    assert "张" not in wrong.value.errors["subject_name"]


@pytest.mark.req("R93")
def test_content_and_decision_are_frozen_in_the_database(office) -> None:
    act = office.publish(office.enter("penalty"))
    for change in ({"content": "别的"}, {"subject_name": "别的"}, {"public_until": date(2030, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AdministrativeAct.objects.filter(pk=act.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM disclosure_administrativeact WHERE id = %s", [act.pk])


# ---- decided -----------------------------------------------------------------------------------------------


@pytest.mark.req("R92", "R93")
def test_whoever_entered_a_penalty_does_not_publish_it(office) -> None:
    act = office.enter("penalty")
    with pytest.raises(ActRefused, match="另一人"):
        acts.published(act, actor=office.first, now=NOW)
    assert not listed_acts(NOW).exists()
    office.publish(act)
    assert listed_acts(NOW).get() == act
    licence = office.enter("licence")
    acts.published(licence, actor=office.first, now=NOW)
    assert listed_acts(NOW).count() == 2


@pytest.mark.req("R92")
def test_a_natural_persons_needs_two_and_is_listed_nowhere(office) -> None:
    act = office.enter(
        "penalty", subject_name="欧阳演示", subject_kind="自然人", subject_code=factories.id_number(8),
        facts="欧阳演示的摊位没有公示证照，电话 13800138000。",
    )  # fmt: skip
    with pytest.raises(ActRefused, match="须写明理由"):
        office.publish(act)
    proposed = publishing.decide(
        act_ids=[act.pk],
        publicity_class="public",
        reason="",
        note_text="社会影响大",
        actor=office.second,
        now=NOW,
    )[0]
    assert proposed.decided_at is None and not public_acts(NOW).exists()
    with pytest.raises(ActRefused, match="另一人同意"):
        office.publish(act)
    third = factories.staff(groups.OFFICER, department=office.place)
    done = publishing.decide(act_ids=[act.pk], publicity_class="public", reason="", actor=third, now=NOW)[0]
    assert (done.decided_by, done.second) == (office.second, third)
    record = find_act(act.uuid, now=NOW)
    assert record["subject"] == {
        "kind": "person", "kind_label": "自然人", "name": "欧阳＊＊", "code": "",
    }  # fmt: skip
    assert "13800138000" not in json.dumps(record, ensure_ascii=False, default=str)
    assert "欧阳演示" not in json.dumps(record, ensure_ascii=False, default=str)
    assert not listed_acts(NOW).exists() and not PublicChange.objects.exists()


@pytest.mark.req("R92")
def test_kept_limited_meets_the_duty_and_shows_nothing(office) -> None:
    act = office.enter("licence")
    with pytest.raises(ActRefused, match="须选择理由"):
        publishing.decide(act_ids=[act.pk], publicity_class="limited", reason="", actor=office.first, now=NOW)
    publishing.decide(
        act_ids=[act.pk], publicity_class="closed", reason="trade_secret", actor=office.first, now=NOW
    )
    assert not public_acts(NOW).exists()
    assert Duty.objects.get().state == "met"


@pytest.mark.req("R93")
def test_an_unconfirmed_publicity_rule_starts_no_publicity(office) -> None:
    PolicyRule.objects.filter(key="publicity", region_id="130111").update(confirmed=False)
    act = office.enter("penalty")
    with pytest.raises(ActRefused, match="未经本地区确认"):
        office.publish(act)
    assert not public_acts(NOW).exists()
    office.publish(office.enter("licence"))
    assert public_acts(NOW).count() == 1


def test_a_minor_penalty_is_published_with_a_reason_only(office) -> None:
    act = office.enter("penalty", grade="轻微")
    with pytest.raises(ActRefused, match="原则上不公示"):
        office.publish(act)
    assert office.publish(act, note_text="涉及食品安全").public_until == date(2026, 12, 7)


def test_many_are_decided_all_or_none(office) -> None:
    first = office.enter("licence")
    over = office.enter("licence", document_no="9号", valid_from="2020-01-01", valid_until="2021-01-01")
    with pytest.raises(ActRefused, match=f"{over.number}：公示期已于"):
        publishing.decide(
            act_ids=[first.pk, over.pk], publicity_class="public", reason="", actor=office.second, now=NOW
        )
    assert not public_acts(NOW).exists()


@pytest.mark.req("R92")
def test_only_the_department_that_made_it_decides(office) -> None:
    act = office.enter("licence")
    other = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    credit = factories.staff(groups.CREDIT_OFFICE, department=factories.department(region="130111"))
    for actor in (other, credit, factories.staff(groups.CLERK, department=office.place)):
        with pytest.raises(ActRefused, match="作出机关"):
            acts.published(act, actor=actor, now=NOW)


# ---- before the public -------------------------------------------------------------------------------------


@pytest.mark.req("R93")
def test_shown_from_its_class_to_its_last_day_and_not_a_day_longer(office) -> None:
    act = office.publish(office.enter("licence", valid_until="2026-12-31"))
    record = find_act(act.uuid, now=NOW)
    assert (
        tuple(record) == PUBLIC_FIELDS
        and tuple(acts_of_subject(act.subject_code, now=NOW, limit=5)[0]) == LISTED_FIELDS
    )
    last, after = (NOW.replace(year=2026, month=12, day=31), NOW.replace(year=2027, month=1, day=1))
    assert find_act(act.uuid, now=last) is not None
    assert find_act(act.uuid, now=after) is None and not listed_acts(after).exists()
    assert publishing.follow_the_days(now=last) == 0
    assert publishing.follow_the_days(now=after) == 1 and publishing.follow_the_days(now=after) == 0
    act.refresh_from_db()
    assert act.ending == "expired" and act.entry.state == "effective"
    assert list(PublicChange.objects.order_by("id").values_list("kind", flat=True)) == [
        "published",
        "withdrawn",
    ]


@pytest.mark.req("R93")
@pytest.mark.parametrize(
    ("ending", "state"),
    [("revoked", "revoked"), ("lapsed", "ended"), ("mistake", "revoked"), ("objection", "revoked"),
     ("class_changed", "effective")],
)  # fmt: skip
def test_ended_by_hand_it_is_gone_at_once(office, ending: str, state: str) -> None:
    act = office.publish(office.enter("penalty"))
    with pytest.raises(ActRefused, match="写明"):
        publishing.end_by_hand(act_id=act.pk, ending=ending, note_text=" ", actor=office.first, now=NOW)
    publishing.end_by_hand(act_id=act.pk, ending=ending, note_text="复议撤销", actor=office.first, now=NOW)
    assert find_act(act.uuid, now=NOW) is None
    act.refresh_from_db()
    assert (act.ending, act.entry.state) == (ending, state)
    with pytest.raises(ActRefused, match="已经停止"):
        publishing.end_by_hand(act_id=act.pk, ending=ending, note_text="再来", actor=office.first, now=NOW)


@pytest.mark.req("R93", "R98")
def test_a_repaired_penalty_is_shown_no_longer(office) -> None:
    from verification import services as verification

    act = office.publish(office.enter("penalty"))
    verification.mark_repaired(entry_id=act.entry_id, repaired_on=TODAY, operator=None, now=NOW)
    assert find_act(act.uuid, now=NOW) is None and not listed_acts(NOW).exists()


@pytest.mark.req("R93", "R67")
def test_a_correction_goes_on_in_the_same_record_and_begins_anew_in_another(office) -> None:
    from verification import services as verification

    old = office.enter("penalty")
    verification.mark_objection(entry_id=old.entry_id, under_way=True, actor=office.first, now=NOW)
    data = read("penalty", acts.values("penalty", fine="3000"), today=TODAY)
    new = entering.correct(act_id=old.pk, data=data, actor=office.first, now=NOW)
    old.entry.refresh_from_db()
    assert new.entry.objection_under_way and not old.entry.objection_under_way
    assert new.number in old.entry.end_reason

    other = acts.values("penalty", subject_code=factories.organisation_code(), subject_name="另一家公司")
    third = entering.correct(
        act_id=new.pk, data=read("penalty", other, today=TODAY), actor=office.first, now=NOW
    )
    new.entry.refresh_from_db()
    assert (new.entry.state, third.entry.corrects, third.entry.objection_under_way) == (
        "revoked",
        None,
        False,
    )


@pytest.mark.req("R93")
def test_a_correction_ends_the_old_and_is_published_anew(office) -> None:
    old = office.publish(office.enter("penalty"))
    data = read("penalty", acts.values("penalty", fine="3000"), today=TODAY)
    new = entering.correct(act_id=old.pk, data=data, actor=office.first, now=NOW)
    assert not public_acts(NOW).exists() and new.corrects == old
    assert Duty.objects.filter(matter_id=new.pk, state="open").exists()
    office.publish(new)
    assert listed_acts(NOW).get() == new
    old.refresh_from_db()
    assert (old.ending, old.entry.state, new.entry.state) == ("corrected", "revoked", "effective")
    assert new.entry.corrects == old.entry
    with pytest.raises(ActRefused, match="已经停止"):
        entering.correct(act_id=old.pk, data=data, actor=office.first, now=NOW)


@pytest.mark.req("R93")
def test_found_by_name_code_kind_document_department_and_region(office) -> None:
    licence = office.publish(office.enter("licence"))
    office.publish(office.enter("penalty"))

    def find(**given: str) -> set[str]:
        page = act_search.find(act_search.read_question(given), now=NOW)
        return {row["kind"] for row in page.rows}

    assert find() == find(name="鲜果商贸") == find(code=licence.subject_code) == {"licence", "penalty"}
    assert find(department=office.place.uscc) == find(region="130100") == {"licence", "penalty"}
    assert find(kind="penalty") == find(document_no="栾罚〔2026〕7号") == {"penalty"}
    assert find(name="没有的名称") == find(region="410000") == set()
    first = act_search.find(act_search.read_question({"page_size": "1"}), now=NOW)
    assert first.older and (first.count.value, first.count.exact) == (2, True)
    second = act_search.find(act_search.read_question({"page_size": "1", "cursor": first.older}), now=NOW)
    assert {row["kind"] for row in first.rows + second.rows} == {"licence", "penalty"}


# ---- files -------------------------------------------------------------------------------------------------


def rows(kind: str, *told: dict[str, str]) -> bytes:
    keys = {one.head: one.key for one in fields_of(kind)}
    return writing.write(
        "xlsx",
        head_of(kind),
        [[one.get(keys[head], "") for head in head_of(kind)] for one in told],
        title="许可",
    )


@pytest.mark.req("R93", "R95")
def test_a_file_is_looked_through_then_entered(office) -> None:
    office.enter("licence", document_no="已有号")
    content = rows(
        "licence",
        acts.values("licence", document_no="1号"),
        acts.values("licence", document_no="2号", category="特别"),
        acts.values("licence", document_no="1号", content="别的"),
        acts.values("licence", document_no="已有号"),
        acts.values("licence", document_no="已有号2", subject_name="另一家公司"),
        acts.values(
            "licence", document_no="5号", subject_kind="自然人", subject_name="张演示",
            subject_code=factories.id_number(9),
        ),
    )  # fmt: skip
    upload = uploading.check_file(
        kind="licence", name="许可.xlsx", content=content, actor=office.first, now=NOW
    )
    assert (upload.rows, upload.good, upload.state) == (6, 3, "checked")
    faults = dict(upload.faults)
    assert list(faults) == [3, 4, 6]
    assert faults[3][0][0] == "许可类别" and "第 2 行" in faults[4][0][1] and "不一致" in faults[6][0][1]
    assert factories.id_number(9) not in upload.sealed
    assert AdministrativeAct.objects.count() == 1
    uploading.start(upload_id=upload.pk, actor=office.second, now=NOW)
    uploading.enter_all({"upload": upload.pk}, key="k", now=NOW)
    uploading.enter_all({"upload": upload.pk}, key="k", now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.done, upload.entered, upload.same, upload.sealed) == ("done", 3, 2, 1, "")
    assert set(AdministrativeAct.objects.values_list("document_no", flat=True)) == {"已有号", "1号", "5号"}
    assert not public_acts(NOW).exists()
    assert AuditEvent.objects.filter(verb="act.upload").count() == 3


@pytest.mark.req("R93")
def test_entering_goes_on_where_it_was_interrupted(office, monkeypatch) -> None:
    monkeypatch.setattr(uploading, "PART", 2)
    told = [acts.values("licence", document_no=f"{number}号") for number in range(5)]
    upload = uploading.check_file(
        kind="licence", name="许可.xlsx", content=rows("licence", *told), actor=office.first, now=NOW
    )
    uploading.start(upload_id=upload.pk, actor=office.first, now=NOW)
    whole, calls = entering.enter, []

    def dies(**more):
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("断电")
        return whole(**more)

    monkeypatch.setattr(uploading.entering, "enter", dies)
    with pytest.raises(RuntimeError):
        uploading.enter_all({"upload": upload.pk}, key="k", now=NOW)
    upload.refresh_from_db()
    assert (upload.done, AdministrativeAct.objects.count()) == (2, 2)
    uploading.enter_all({"upload": upload.pk}, key="k", now=NOW)
    assert AdministrativeAct.objects.count() == 5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("许可.xlsx", b"PK\x03\x04nothing", "打不开"),
        ("许可.txt", b"x", "xlsx、csv 或 json"),
        ("许可.csv", "主体名称,文书号\r\n甲,1号\r\n".encode(), "表头缺少"),
        ("许可.csv", b"", "文件是空的"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(office, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ActRefused, match=said):
        uploading.check_file(kind="licence", name=name, content=content, actor=office.first, now=NOW)


@pytest.mark.parametrize("kind", ActKind.values)
def test_the_template_has_the_head_of_its_kind(kind: str) -> None:
    assert list(tables.read("t.xlsx", uploading.template(kind))) == []
    filled = rows(kind, acts.values(kind))
    assert set(next(iter(tables.read("t.xlsx", filled)))) == set(head_of(kind))

"""Warnings: what comes into the record is set beside what was promised; the department answers; nothing follows of itself.
(S2 四（四）2, R63; S1 十六, S4 16, R70)"""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments.models import BreachCase, ClauseWarning, Commitment, WarningRule
from commitments.warnings import answering, finding, following, keeping, rules
from commitments.warnings.keeping import Content
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice, PublicChange
from tests import factories
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.scenes import mine
from tests.warning_stage import DAY, SIGNED, Stage, rule
from verification import services as record
from verification.in_sets import add_entries
from verification.models import CreditEntry

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parent / "golden" / "warnings.csv"


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(Stage)


@pytest.fixture
def stage(built, db, monkeypatch) -> Stage:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    return mine(built)


@pytest.mark.req("R63")
def test_a_penalty_after_signing_warns_the_department_once_with_the_clauses_it_may_be_against(stage):
    entry = stage.penalty()
    found = {row.rule.name: row for row in ClauseWarning.objects.select_related("rule")}
    assert set(found) == {"承诺后受到行政处罚", "承诺后因经营行为受到处罚"}
    row = found["承诺后受到行政处罚"]
    assert [one["no"] for one in row.clauses] == [1] and row.clauses[0][
        "text"
    ] == "守法经营，履行法律规定的义务。"
    assert (row.entry, row.commitment, row.department, row.state) == (
        entry, stage.commitment, stage.department, "open",
    )  # fmt: skip
    # Two rules, one matter: one duty, one notice, one line of the list.
    lead = ClauseWarning.objects.leading().get()
    duty = Duty.objects.get(rule_key="warning_answer")
    assert duty.matter_id == lead.pk
    assert (duty.department, duty.due_on, duty.number) == (
        stage.department,
        date(2026, 9, 28),
        stage.commitment.code,
    )
    told = Notice.objects.filter(kind="warning")
    assert {one.user for one in told} == {stage.officer, stage.head} and "1 条预警" in told[0].title
    assert AuditEvent.objects.filter(verb="warning.step", target_id=str(row.pk)).count() == 1
    # The sweep, and another sweep, and the same comparison again: nothing new.
    following.follow(now=NOW)
    finding.compare_entries([entry], now=NOW)
    finding.compare_commitments([stage.commitment.pk], now=NOW)
    following.follow(now=NOW)
    assert ClauseWarning.objects.count() == 2 and Duty.objects.filter(rule_key="warning_answer").count() == 1


@pytest.mark.req("R63")
def test_rules_that_find_the_same_are_listed_answered_and_put_into_a_case_together(stage):
    stage.penalty()
    lead = ClauseWarning.objects.leading().get()
    officer = client_of(stage.officer)
    page = officer.get("/desk/warnings/")
    assert [row.pk for row in page.context["rows"]] == [lead.pk] and answering.open_for(stage.officer) == 1
    listed = page.content.decode()
    for word in (
        "承诺后受到行政处罚",
        "承诺后因经营行为受到处罚",
        stage.commitment.code,
        "第 1、4 条",
        "2026-09-28",
    ):
        assert word in listed, word
    address = f"/desk/warnings/{lead.uuid}/"
    page = officer.get(address).content.decode()
    assert f"/desk/obligations/{stage.commitment.code}/" in page and "履行中" in page
    assert "第 1 条" in page and "第 4 条" in page
    # What each rule says stands for itself, and a source that is the department is named once.
    together = [row.rule.says for row in ClauseWarning.objects.select_related("rule")]
    assert all(f"<p><strong>{says}</strong></p>" in page for says in together)
    CreditEntry.objects.update(source=stage.department.name, department=stage.department)
    assert f"<dd>{stage.department.name}</dd></div>\n    </dl>" in officer.get(address).content.decode()
    officer.post(address, {"outcome": "true", "text": "抽检不合格，属实。"})
    assert set(ClauseWarning.objects.values_list("state", flat=True)) == {"true"}
    assert Duty.objects.get(rule_key="warning_answer").state == "met"
    new = officer.get(f"/desk/cases/new/?warning={lead.uuid}")
    assert new.context["form"].initial["source"] == "warning" and "预警" in new.content.decode()
    officer.post(
        f"/desk/cases/new/?warning={lead.uuid}",
        {"code": stage.commitment.code, "source": "warning", "facts": "抽检不合格，商家承认。"},
    )
    case = BreachCase.objects.get()
    assert set(ClauseWarning.objects.values_list("case", flat=True)) == {case.pk}
    assert set(answering.clauses_of(case)) == {1, 4}


@pytest.mark.req("R63", "R125")
def test_the_shipped_rules_name_the_documents_of_the_region_that_takes_them_over(stage):
    def bases(region: str) -> str:
        return " ".join(one.basis for one in keeping.shipped(factories.region(region).lineage))

    assert "S4" not in bases("130111") and "S1 十六" in bases("130111")
    assert "S2" not in bases("410103") and "S4 4" in bases("410103") and "未规定" in bases("410103")
    assert not WarningRule.objects.filter(basis__contains="S4").exists()


@pytest.mark.req("R63")
@pytest.mark.parametrize(
    "fields",
    [
        {"from_on": SIGNED},
        {"from_on": SIGNED - DAY},
        {"kind": "licence", "title": "食品经营许可"},
        {"kind": "award", "title": "先进单位"},
        {"verified": False},
    ],
)
def test_what_is_older_or_of_another_kind_or_not_verified_warns_of_nothing(stage, fields):
    stage.penalty(**fields)
    following.follow(now=NOW)
    assert not ClauseWarning.objects.exists()


@pytest.mark.req("R63")
def test_only_running_promises_are_compared_up_to_their_last_day(stage):
    Commitment.objects.filter(pk=stage.commitment.pk).update(fulfilment="fulfilled")
    stage.promise(valid_until=date(2026, 9, 9), code="13011120260901000776")
    kept = stage.promise(valid_until=date(2026, 9, 10), code="13011120260901000777")
    stage.promise(fulfilment="fulfilled", code="13011120260901000778")
    stage.promise(voided_at=NOW, code="13011120260901000779")
    stage.penalty(title="未按规定公示")
    assert {row.commitment for row in ClauseWarning.objects.all()} == {kept}


@pytest.mark.req("R63")
def test_rules_look_only_at_what_comes_in_while_they_are_in_force_and_a_new_version_does_not_warn_again(
    stage,
):
    one = stage.rule("承诺后受到行政处罚")
    stage.penalty(title="未按规定公示")
    content = Content(**{**keeping.content_of(one), "keywords": ["公示"]})
    later = NOW + timedelta(days=3)
    fresh = keeping.enter(
        region=one.region, content=content, effective_from=later.date(), actor=stage.credit, now=later - DAY,
        replaces=one,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="另一人"):
        keeping.approve(rule_id=fresh.pk, actor=stage.credit, now=later)
    keeping.approve(rule_id=fresh.pk, actor=stage.second, now=later)
    finding.compare_commitments([stage.commitment.pk], now=later)
    assert ClauseWarning.objects.count() == 1
    stage.penalty(title="无证经营", document_no="栾罚〔2026〕901号", now=later)
    stage.penalty(title="没有公示价格", document_no="栾罚〔2026〕902号", now=later)
    by_version = [row.rule.version for row in ClauseWarning.objects.filter(family=one.family).order_by("pk")]
    assert by_version == [1, 2]
    for change in (
        lambda: WarningRule.objects.filter(pk=one.pk).update(keywords=["别的"]),
        lambda: ClauseWarning.objects.update(note="改"),
        lambda: ClauseWarning.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    keeping.end(rule_id=fresh.pk, last_day=later.date() - DAY, actor=stage.credit, now=later)
    stage.penalty(title="又没有公示", document_no="栾罚〔2026〕903号", now=later + timedelta(hours=1))
    assert ClauseWarning.objects.filter(family=one.family).count() == 2


@pytest.mark.req("R63")
def test_a_commitment_that_comes_late_is_set_beside_what_came_after_its_day(stage):
    Commitment.objects.filter(pk=stage.commitment.pk).update(fulfilment="fulfilled")
    stage.penalty(title="未按规定公示", from_on=date(2026, 9, 2))
    stage.penalty(title="未按规定公示", from_on=date(2026, 8, 2))
    late = stage.promise(code="13011120260901000555")
    assert not ClauseWarning.objects.exists()
    finding.after_signing(commitment=late, now=NOW + DAY)
    assert [row.entry.from_on for row in ClauseWarning.objects.all()] == [date(2026, 9, 2)]


@pytest.mark.req("R63")
def test_a_thousand_entries_are_compared_in_as_many_queries_as_ten(stage):
    def bring(number: int) -> int:
        # Of businesses that have promised nothing: what is counted is the comparing.
        rows = [
            CreditEntry(
                subject=factories.subject(), kind="penalty", title="处罚", source="某局", region=factories.region(),
                document_no=f"{number}-{place}", from_on=date(2026, 9, 10),
            )
            for place in range(number)
        ]  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as asked:
            add_entries(entries=rows, operator=stage.credit, now=NOW)
        return len(asked)

    assert bring(3) == bring(12)


@pytest.mark.req("R63")
def test_a_warning_changes_no_check_no_record_and_no_publication(stage):
    def picture() -> tuple:
        check = record.check_subject(
            subject=stage.subject, item_version=item, commitment_type="approval", case_ref="", purpose="approval",
            operator=stage.officer, now=NOW,
        )  # fmt: skip
        commitment = Commitment.objects.values().get(pk=stage.commitment.pk)
        return (
            check.route, check.scrutiny, [row["text"] for row in check.reasons], commitment,
            PublicChange.objects.count(), BreachCase.objects.count(), list(CreditEntry.objects.values()),
        )  # fmt: skip

    for key, value in (("route.unrepaired", "ordinary"), ("scrutiny.in_publicity", True)):
        rule(key, value)
    item = factories.item_version(department=stage.department)
    stage.complaint(**stage.HANDLED)
    before = picture()
    rows = list(ClauseWarning.objects.all())
    assert rows
    for row in rows:
        answering.answer(warning_id=row.pk, true=True, text="核实，确有其事。", actor=stage.officer, now=NOW)
    assert picture() == before


@pytest.mark.req("R63")
def test_the_department_answers_once_and_a_false_alarm_is_counted_against_the_rule(stage):
    stage.penalty()
    first, second = ClauseWarning.objects.order_by("pk")
    for actor in (stage.stranger, stage.credit):
        with pytest.raises(answering.WarningRefused, match="核实部门"):
            answering.answer(warning_id=first.pk, true=True, text="属实的。", actor=actor, now=NOW)
    with pytest.raises(answering.WarningRefused, match="至少 4 个字"):
        answering.answer(warning_id=first.pk, true=True, text="是", actor=stage.officer, now=NOW)
    answering.answer(warning_id=first.pk, true=False, text="处罚的是另一家店。", actor=stage.officer, now=NOW)
    with pytest.raises(answering.WarningRefused, match="已处理（误报）"):
        answering.answer(warning_id=first.pk, true=True, text="其实属实。", actor=stage.head, now=NOW)
    with pytest.raises(answering.WarningRefused, match="已处理（误报）"):
        answering.answer(warning_id=second.pk, true=True, text="抽检不合格属实。", actor=stage.head, now=NOW)
    stage.penalty()
    third = ClauseWarning.objects.filter(family=second.family).latest("pk")
    answering.answer(warning_id=third.pk, true=True, text="抽检不合格属实。", actor=stage.head, now=NOW)
    assert {duty.state for duty in Duty.objects.filter(rule_key="warning_answer")} == {"met"}
    tallies = keeping.tallies([first.rule, second.rule])
    assert (tallies[first.family].false, tallies[first.family].share) == (1, 50)
    assert (tallies[second.family].true, tallies[second.family].share) == (1, 50)
    page = client_of(stage.credit).get("/desk/warnings/rules/").content.decode()
    assert "属实率" in page and "50%" in page


@pytest.mark.req("R63")
def test_a_revoked_entry_or_a_voided_promise_leaves_nothing_to_answer(stage):
    entry = stage.penalty(title="未按规定公示")
    record.revoke_entry(entry_id=entry.pk, operator=stage.credit, now=NOW)
    assert following.follow(now=NOW) == 1
    row = ClauseWarning.objects.get()
    assert row.state == "dropped" and Duty.objects.get(rule_key="warning_answer").state == "cancelled"
    assert following.follow(now=NOW) == 0


@pytest.mark.req("R63")
def test_a_rule_is_tried_on_the_past_without_storing_anything(stage):
    stage.penalty(title="虚假广告", from_on=date(2026, 9, 2))
    before = ClauseWarning.objects.count()
    draft = keeping.enter(
        region=stage.office.region, actor=stage.credit, now=NOW, effective_from=TODAY,
        content=Content("试", ["penalty"], "请核实。", "S2 四（四）2", contents=["true_materials"], keywords=["虚假"]),
    )  # fmt: skip
    found = finding.try_out(draft, since=date(2026, 1, 1))
    assert (found.entries, found.warnings, found.departments) == (1, 1, 1)
    assert ClauseWarning.objects.count() == before
    page = client_of(stage.second).post(
        f"/admin/commitments/warningrule/{draft.pk}/trial/", {"since": "2026-09-03"}
    )
    assert page.status_code == 200 and "会产生的预警" in page.content.decode()
    with pytest.raises(ValidationError) as wrong:
        keeping.enter(
            region=stage.office.region, actor=stage.credit, now=NOW, effective_from=TODAY,
            content=Content(" ", ["licence"], "", "", contents=["nothing"], keywords=["长" * 30]),
        )  # fmt: skip
    assert set(wrong.value.message_dict) == {"name", "entry_kinds", "says", "basis", "contents", "keywords"}


@pytest.mark.req("R70")
def test_many_complaints_within_the_months_of_the_rule_warn_of_a_risk_once(stage):
    Commitment.objects.filter(pk=stage.commitment.pk).update(fulfilment="fulfilled")
    days = ["2026-03-01", "2026-06-20", "2026-08-20", "2026-09-10", "2026-09-12"]
    risk = stage.rule("消费投诉集中")
    seen = []
    for day in days:
        stage.complaint(received_on=day)
        seen.append(ClauseWarning.objects.filter(rule=risk).count())
    # The third within six months is of 20 August; while its months run, further ones add none.
    assert seen == [0, 0, 1, 1, 1]
    row = ClauseWarning.objects.get(rule=risk)
    assert row.commitment is None and row.department == stage.department and "件消费投诉" in row.note
    following.follow(now=NOW)
    assert ClauseWarning.objects.filter(rule=risk).count() == 1


@pytest.mark.req("R63", "R70")
def test_the_desk_shows_the_clause_beside_the_entry_and_a_true_one_leads_to_a_case(stage):
    stage.complaint()
    row = ClauseWarning.objects.get()
    officer, stranger = client_of(stage.officer), client_of(stage.stranger)
    listed = officer.get("/desk/warnings/").content.decode()
    assert stage.subject.name in listed and "承诺后有消费投诉" in listed
    address = f"/desk/warnings/{row.uuid}/"
    assert (
        stranger.get(address).status_code == 404
        and stage.subject.name not in stranger.get("/desk/warnings/").content.decode()
    )
    page = officer.get(address).content.decode()
    assert "守约经营，产品和服务合格。" in page and "买的面粉有霉味" in page
    assert officer.post(address, {"outcome": "true"}).status_code == 422
    officer.post(address, {"outcome": "true", "text": "抽检不合格，属实。"})
    new = officer.get(f"/desk/cases/new/?warning={row.uuid}").content.decode()
    assert stage.commitment.code in new and "涉及第 4 条" in new
    answer = officer.post(
        f"/desk/cases/new/?warning={row.uuid}",
        {"code": stage.commitment.code, "source": "complaint", "facts": "抽检不合格，商家承认。"},
    )
    case = BreachCase.objects.get()
    row.refresh_from_db()
    assert answer.status_code == 302 and row.case == case and case.state == "opened"
    shown = officer.get(f"/desk/cases/{case.uuid}/").content.decode()
    assert "买的面粉有霉味" in shown
    assert officer.get(f"/desk/cases/new/?warning={row.uuid}").status_code == 200
    assert ReadLog.objects.filter(target_type="warning", target_id=str(row.pk)).exists()
    assert client_of(stage.credit).get(address).status_code == 200


@pytest.mark.req("R63", "R70")
def test_the_lists_ask_as_often_for_many_as_for_one(stage):
    client = client_of(stage.officer)
    stage.penalty(title="未按规定公示")
    with CaptureQueriesContext(connection) as one:
        client.get("/desk/warnings/")
    for place in range(3):
        stage.penalty(title="未按规定公示", document_no=f"栾罚〔2026〕8{place}号")
    with CaptureQueriesContext(connection) as many:
        client.get("/desk/warnings/")
    assert len(one) == len(many)


# ---- the table that an official can sign -------------------------------------------------------------------


KINDS = {
    "行政处罚": "penalty",
    "列入名单": "list",
    "重点关注": "watch",
    "消费投诉": "complaint",
    "行政许可": "licence",
    "其他行政行为": "other_act",
}
CLAUSES = (
    rules.Clause(1, "守法", frozenset({"obey_law"})),
    rules.Clause(2, "没有失信", frozenset({"no_dishonesty"})),
    rules.Clause(3, "材料真实", frozenset({"true_materials"})),
    rules.Clause(4, "依法经营", frozenset({"lawful_business"})),
    rules.Clause(5, "同意公示", frozenset({"agree_publication"})),
    rules.Clause(6, "接受监督", frozenset({"accept_supervision"})),
)


def told() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8") as signed:
        return list(csv.DictReader(signed))


@pytest.mark.req("R63")
def test_the_shipped_rules_warn_as_the_signed_table_says():
    shipped = [one for one in keeping.shipped() if one.sort == "clauses"]
    for line in told():
        found = rules.Found(
            KINDS[line["信用记录"]], SIGNED + timedelta(days=int(line["承诺后第几日"])), line["事由"],
            list_code=line["名单"],
        )  # fmt: skip
        promise = rules.Promise(
            SIGNED,
            SIGNED + timedelta(days=365) if line["承诺有效"] == "365日" else None,
            "approval",
            "approval",
            CLAUSES,
        )
        warned = {
            one.name: [clause.no for clause in against]
            for one in shipped
            if (
                against := rules.clauses_against(
                    rules.Hint(
                        frozenset(one.entry_kinds), frozenset(one.contents), list_codes=frozenset(one.list_codes),
                        keywords=tuple(one.keywords),
                    ),
                    found,
                    promise,
                )
            )
        }  # fmt: skip
        words = (
            "；".join(f"{name}（第{'、'.join(map(str, nos))}条）" for name, nos in warned.items()) or "不预警"
        )
        assert words == line["预警"], line


@pytest.mark.req("R70")
def test_how_many_complaints_are_many_is_counted_by_corresponding_days():
    days = [date(2026, 3, 31), date(2026, 6, 1), date(2026, 9, 30)]
    # From 31 March six months end with 30 September.
    assert rules.many_complaints(days, on=date(2026, 9, 30), number=3, months=6) == 3
    assert rules.many_complaints(days, on=date(2026, 10, 1), number=3, months=6) is None
    assert rules.many_complaints(days, on=date(2026, 6, 1), number=3, months=6) is None

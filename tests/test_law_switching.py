"""A new rule touches what is triggered from its day on; open cases move by an order of two persons only, once, on its day."""

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from commitments.consequences import rectifying
from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import proposals
from credit_portal.deadlines.calendar import count
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.duties import Matter, meet_duty, open_duty
from credit_portal.deadlines.holiday_notices import shipped_notices
from credit_portal.deadlines.models import (
    CalendarNotice,
    Duty,
    DutyEvent,
    PolicyRule,
    SwitchLine,
    SwitchOrder,
)
from credit_portal.deadlines.switching import carrying_out, kinds, orders
from credit_portal.deadlines.switching.changes import of_rule
from credit_portal.deadlines.switching.notices import load_notice
from credit_portal.deadlines.switching.orders import OrderRefused
from credit_portal.outbox import sweeping
from credit_portal.outbox.models import PublicChange
from credit_portal.overview.attention import to_do
from credit_portal.registry import groups
from disclosure import breach_publishing
from disclosure.breach_gate import public_breaches
from disclosure.models import BreachPublication
from disclosure.publicity_switching import switched
from disclosure.rules import PublicityRefused
from tests import factories, tables
from tests.breach_stage import Stage
from tests.office import address, client_of
from verification.facts import as_entry
from verification.record import standing
from verification.vocabulary import Standing

NOW = factories.NOW
K = groups.CREDIT_OFFICE
DAY = date(2026, 10, 9)
TABLE = Path(__file__).parent / "golden" / "publicity_switching.csv"


def at(day: date) -> datetime:
    return NOW.replace(year=day.year, month=day.month, day=day.day)


def golden() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- pure --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", golden(), ids=lambda row: row["说明"])
def test_publicity_by_a_new_rule_is_what_the_table_says(row):
    day = {name: date.fromisoformat(value) for name, value in row.items() if value[:2] == "20"}
    found = switched(
        determined_on=day["认定日"], public_from=day["公示首日"], public_until=day["原公示末日"],
        repairable_from=day["原可修复日"], rule={"min": int(row["新最短"]), "max": int(row["新最长"])},
        confirmed=row["已确认"] == "是", day=day["施行日"],
    )  # fmt: skip
    assert (found.public_until, found.repairable_from) == (day["新公示末日"], day["新可修复日"])
    assert found.over == (row["当日届满"] == "是")
    worse = found.public_until > day["原公示末日"] or found.repairable_from > day["原可修复日"]
    assert worse == (row["不利"] == "是")


@given(
    determined=st.dates(date(2023, 5, 1), date(2026, 3, 31)),
    wait=st.integers(0, 60),
    old=st.integers(1, 36),
    months=st.tuples(st.integers(0, 36), st.integers(0, 36)),
    confirmed=st.booleans(),
    day=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
)
def test_an_unconfirmed_rule_never_lengthens_and_nothing_ends_before_it_began(
    determined, wait, old, months, confirmed, day
):
    until = switched(
        determined_on=determined, public_from=determined, public_until=date.max, repairable_from=None,
        rule={"min": 0, "max": old}, confirmed=True, day=date(2000, 1, 1),
    ).public_until  # fmt: skip
    start = min(determined + timedelta(days=wait), until)
    low, high = sorted(months)
    found = switched(
        determined_on=determined, public_from=start, public_until=until, repairable_from=until,
        rule={"min": low, "max": high}, confirmed=confirmed, day=day,
    )  # fmt: skip
    assert found.public_until >= start
    assert not found.over or found.public_until == max(start, day - timedelta(days=1))
    if not confirmed:
        assert found.repairable_from <= until
        assert found.public_until <= until


# ---- scenes ------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(db, monkeypatch) -> Stage:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Stage()


def rule_from(stage: Stage, key: str, value, *, grade: str = "", day: date = DAY) -> PolicyRule:
    proposal = proposals.propose_rule(
        region=factories.region(), key=key, value=value, basis="栾信办〔2026〕9号", effective_from=day,
        grade=grade, actor=stage.credit, now=NOW,
    )  # fmt: skip
    rule = proposals.approve(proposal=proposal, actor=stage.second, now=NOW).rule
    assert rule is not None
    return rule


def order(stage: Stage, source, *names: str, day: date = DAY, now: datetime = NOW, **fields) -> SwitchOrder:
    made = orders.propose(
        source=source, region=factories.region(), kinds_chosen=names, effective_on=day,
        reason="新办法要求未结事项一并适用", actor=stage.credit, now=now, **fields,
    )  # fmt: skip
    return orders.approve(order=made, actor=stage.second, now=now)


def duty(stage: Stage, number: int, on: date) -> Duty:
    return open_duty(
        rule_key="report_acceptance", matter=Matter("report_round", number, f"违诺〔2026〕{number}号"),
        department=stage.department, region=factories.region(), triggered_on=on, now=NOW,
    )  # fmt: skip


def lines(made: SwitchOrder) -> dict[int, SwitchLine]:
    return {line.record_id: line for line in made.lines.all()}


# ---- without an order --------------------------------------------------------------------------------------


@pytest.mark.req("R127")
def test_without_an_order_what_was_triggered_before_the_change_never_moves(stage):
    rule_day = date(2026, 9, 21)
    days = [rule_day + timedelta(days=offset) for offset in range(-6, 5)]
    before = {on: duty(stage, number, on) for number, on in enumerate(days[:6], 1)}
    publication = stage.published()
    rule = rule_from(stage, "report_acceptance", 6, day=rule_day)
    rule_from(stage, "publicity", {"min": 0, "max": 1}, grade="general", day=rule_day)
    after = {on: duty(stage, number, on) for number, on in enumerate(days[6:], 100)}
    for on in (rule_day, rule_day + timedelta(days=1), rule_day + timedelta(days=20)):
        sweeping.sweep(now=at(on))
    for on, row in before.items():
        was = row.due_on
        row.refresh_from_db()
        assert (row.due_on, row.length) == (was, 2), on
    assert {row.rule_id for row in after.values()} == {rule.pk}
    was = publication.public_until
    publication.refresh_from_db()
    assert publication.public_until == was and publication.ended_at is None
    assert not AuditEvent.objects.filter(verb__in=["duty.moved", "switch.moved"]).exists()
    # And the preview says what an order would do: those before, and none that the rule counted itself.
    change = of_rule(rule, scope=factories.region(), day=rule_day)
    (mine,) = [one for one in kinds.sums(change) if one.kind.name == "duties"]
    assert mine.moved == Duty.objects.filter(rule_key="report_acceptance", state="open", length=2).count()


# ---- publicity ---------------------------------------------------------------------------------------------


@pytest.mark.req("R89")
def test_an_order_moves_publications_their_record_and_the_feed_on_its_day_and_once(stage):
    publication = stage.published()
    determined = publication.case.determined_on
    made = order(stage, rule_from(stage, "publicity", {"min": 1, "max": 6}, grade="general"), "publications")
    (line,) = made.lines.all()
    assert line.state == "planned" and [day[0] for day in line.previewed] == ["公示末日", "可申请修复之日"]
    sweeping.sweep(now=at(DAY - timedelta(days=1)))
    publication.refresh_from_db()
    assert publication.public_until > determined + timedelta(days=300), "not before its day"
    for _ in range(2):
        sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    expected = switched(
        determined_on=determined, public_from=publication.public_from, public_until=publication.public_until,
        repairable_from=None, rule={"min": 1, "max": 6}, confirmed=True, day=DAY,
    )  # fmt: skip
    entry = publication.case.entry
    assert publication.public_until == expected.public_until == entry.public_until
    assert publication.repairable_from == expected.repairable_from == entry.repairable_from
    assert publication.rule_basis == "栾信办〔2026〕9号" and publication.ended_at is None
    made.refresh_from_db()
    line.refresh_from_db()
    assert (made.state, line.state, line.differs, line.days) == ("done", "moved", False, line.previewed)
    moved = AuditEvent.objects.get(verb="switch.moved")
    assert (moved.target_type, moved.target_id, moved.facts["order"]) == (
        "breach_publication", str(publication.pk), made.pk,
    )  # fmt: skip
    changed = publication.history.filter(history_date=at(DAY))
    assert changed.count() == 1
    assert PublicChange.objects.filter(key__endswith=f"order:{made.pk}").count() == 1
    done = AuditEvent.objects.filter(verb="switch.order").latest("pk")
    assert (done.facts["deed"], done.facts["moved"], done.facts["skipped"]) == ("done", 1, 0)


@pytest.mark.req("R89")
def test_a_shortened_maximum_that_is_over_ends_the_publication_on_the_day(stage):
    publication = stage.published()
    assert public_breaches(at(DAY)).filter(pk=publication.pk).exists()
    order(stage, rule_from(stage, "publicity", {"min": 0, "max": 0}, grade="general"), "publications")
    sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    entry = publication.case.entry
    assert (publication.ending, publication.public_until) == ("maximum", DAY - timedelta(days=1))
    assert entry.public_until == DAY - timedelta(days=1) and entry.state == "effective"
    assert not public_breaches(at(DAY)).filter(pk=publication.pk).exists()
    line = SwitchLine.objects.get()
    assert line.ends and not line.worse and "停止公示" in line.note


@pytest.mark.req("R89")
def test_published_anew_it_is_never_longer_than_an_order_had_left_it_and_never_once_it_was_over(stage):
    publication = stage.published()
    order(stage, rule_from(stage, "publicity", {"min": 1, "max": 3}, grade="general"), "publications")
    sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    shortened = publication.public_until, publication.repairable_from
    decide = {
        "case_id": publication.case_id,
        "publicity_class": "public",
        "reason": "by_law",
        "actor": stage.credit,
    }
    breach_publishing.end_by_office(publication_id=publication.pk, actor=stage.credit, now=at(DAY))
    again = breach_publishing.decide_publication(now=at(DAY), **decide)
    assert (again.public_until, again.repairable_from) == shortened
    # The sweep has not been there: what is done the day after finds it run out, and the record says so.
    late = shortened[0] + timedelta(days=1)
    breach_publishing.end_by_office(publication_id=again.pk, actor=stage.credit, now=at(late))
    again.refresh_from_db()
    assert again.ending == "maximum"
    assert standing(as_entry(again.case.entry), late) is Standing.EXPIRED
    with pytest.raises(PublicityRefused, match="届满，不再公示"):
        breach_publishing.decide_publication(now=at(late), **decide)


@pytest.mark.req("R89")
def test_what_is_worse_for_a_subject_is_counted_apart_and_spared_unless_the_order_says_otherwise(stage):
    publication = stage.published()
    was = publication.public_until
    rule = rule_from(stage, "publicity", {"min": 6, "max": 24}, grade="general")
    running, *_rest = kinds.sums(of_rule(rule, scope=factories.region(), day=DAY))
    assert (running.kind.name, running.moved, running.worse, running.later) == ("publications", 1, 1, 1)
    first = order(stage, rule, "publications")
    sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    assert publication.public_until == was
    line = first.lines.get()
    assert (line.state, line.note, line.differs) == ("skipped", carrying_out.SPARED, False)
    second = order(stage, rule, "publications", now=at(DAY), spare_worse=False)
    sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    assert publication.public_until > was and second.lines.get().worse


@pytest.mark.req("R89")
def test_an_unconfirmed_rule_lengthens_nobodys_publicity_whatever_the_order_says(stage):
    publication = stage.published()
    was = publication.public_until, publication.repairable_from
    rule = PolicyRule.objects.create(
        region=factories.region(), key="publicity", grade="general", value={"min": 6, "max": 24}, unit="months",
        basis="建议值", confirmed=False, effective_from=DAY,
    )  # fmt: skip
    order(stage, rule, "publications", spare_worse=False)
    sweeping.sweep(now=at(DAY))
    publication.refresh_from_db()
    assert (publication.public_until, publication.repairable_from) == was
    assert not SwitchLine.objects.exists()


def test_a_nearer_or_narrower_rule_goes_before_the_new_one(stage):
    stage.published()
    of_nation = PolicyRule.objects.create(
        region_id="000000", key="publicity", grade="general", value={"min": 0, "max": 1}, unit="months",
        basis="新办法", confirmed=True, effective_from=DAY,
    )  # fmt: skip
    assert not any(one.moved for one in kinds.sums(of_rule(of_nation, scope=factories.region(), day=DAY)))
    general = rule_from(stage, "publicity", {"min": 0, "max": 1})
    assert not any(one.moved for one in kinds.sums(of_rule(general, scope=factories.region(), day=DAY)))


# ---- duties and terms --------------------------------------------------------------------------------------


def test_a_run_killed_half_way_goes_on_and_moves_each_duty_once(stage, monkeypatch):
    rows = [duty(stage, number, date(2026, 9, 14)) for number in range(1, 9)]
    made = order(stage, rule_from(stage, "report_acceptance", 20), "duties")
    monkeypatch.setattr(carrying_out, "BATCH", 3)
    kind = kinds.known()["duties"]
    calls: list[int] = []

    def dies(pairs, writing):
        calls.append(len(pairs))
        found = kind.write(pairs, writing)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return found

    monkeypatch.setitem(kinds._kinds, "duties", kinds.Kind(**{**kind.__dict__, "write": dies}))
    with pytest.raises(KeyboardInterrupt):
        carrying_out.follow_the_days(now=at(DAY))
    moved = Duty.objects.filter(rule_key="report_acceptance", length=20)
    assert moved.count() == 6, "two batches stand, the third is as if it had not begun"
    made.refresh_from_db()
    assert made.state == "running"
    kinds.register(kind)
    # What came in between: one is met, one was opened anew under the old rule's day.
    left = [row for row in rows if row.pk not in set(moved.values_list("pk", flat=True))]
    meet_duty(rule_key="report_acceptance", matter=Matter("report_round", 7), on=DAY, now=at(DAY), actor=None)
    late = Duty.objects.create(**{
        **{field.attname: getattr(rows[0], field.attname) for field in Duty._meta.concrete_fields
           if not field.primary_key},
        "matter_id": 99, "number": "违诺〔2026〕99号",
    })  # fmt: skip
    carrying_out.follow_the_days(now=at(DAY))
    assert carrying_out.follow_the_days(now=at(DAY)) == 0
    made.refresh_from_db()
    assert made.state == "done" and moved.count() == 8
    assert DutyEvent.objects.filter(kind="moved").count() == 8
    assert AuditEvent.objects.filter(verb="duty.moved", facts__cause=f"order:{made.pk}").count() == 8
    found = lines(made)
    gone = found[left[0].pk]
    assert (gone.state, gone.note, gone.differs) == ("skipped", carrying_out.GONE, True)
    assert found[late.pk].state == "moved" and found[late.pk].differs and not found[late.pk].previewed
    assert not found[rows[0].pk].differs
    expected = count(current_calendar(), date(2026, 9, 14), 20, "working_days").due
    assert {row.due_on for row in moved} == {expected}
    counted = carrying_out.counts(made)
    assert (counted["moved"], counted["skipped"], counted["differs"]) == (8, 1, 2)
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        SwitchLine.objects.filter(pk=gone.pk).update(note="改")


@pytest.mark.req("R77")
def test_rectifications_follow_their_duty_and_a_running_term_is_never_cut_off(stage):
    PolicyRule.objects.create(
        region=factories.region(), key="rectification", value=30, unit="days", basis="S1 十二", confirmed=True,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    case = stage.served()
    row = rectifying.order(case_id=case.pk, requirements="补交检测报告。", actor=stage.officer, now=stage.now)
    was = row.due_on
    longer = rule_from(stage, "rectification", 60, day=DAY)
    order(stage, longer, "rectifications")
    sweeping.sweep(now=at(DAY))
    row.refresh_from_db()
    owed = Duty.objects.get(rule_key="rectification", matter_id=row.pk)
    assert row.due_on == owed.due_on > was and row.history.count() > 1
    shorter = rule_from(stage, "rectification", 1, day=DAY + timedelta(days=3))
    order(stage, shorter, "rectifications", day=DAY + timedelta(days=3), spare_worse=False)
    sweeping.sweep(now=at(DAY + timedelta(days=3)))
    row.refresh_from_db()
    assert row.due_on == DAY + timedelta(days=3), "as short as can be, and not over before the day"
    assert SwitchLine.objects.latest("pk").worse


@pytest.mark.req("R74")
def test_the_time_to_speak_follows_an_order_and_a_holiday_notice(stage):
    case = stage.noticed()
    assert case.statement_until == date(2026, 9, 20)
    day = date(2026, 9, 16)
    made = order(stage, rule_from(stage, "advance_notice", 10, day=day), "case_statements", day=day)
    sweeping.sweep(now=at(day))
    case.refresh_from_db()
    assert len(case.statement_days) == 10 and case.statement_until == case.statement_days[-1]
    assert made.lines.get().state == "moved"
    assert AuditEvent.objects.get(verb="switch.moved").target_type == "breach_case"
    was = case.statement_until
    notice = next(one for one in shipped_notices() if one.year == 2026)
    extra = type(notice.days[0])(was, "rest", "台风停工")
    moved = type(notice)(2026, notice.number, notice.issued_on, notice.source, (*notice.days, extra))
    assert all(one.day != was for one in notice.days)
    _change, sums = load_notice(moved, actor=stage.credit, now=at(day))
    case.refresh_from_db()
    assert case.statement_until > was and was not in case.statement_days
    assert any(one.kind.name == "case_statements" and one.moved == 1 for one in sums)
    assert BreachCase.objects.get(pk=case.pk).history.count() >= 3
    assert AuditEvent.objects.filter(verb="switch.moved").latest("pk").facts["cause"] == "calendar:2026"


# ---- two persons -------------------------------------------------------------------------------------------


def test_an_order_is_of_two_persons_on_a_rule_that_holds(stage):
    open_one = duty(stage, 1, date(2026, 9, 14))
    proposal = proposals.propose_rule(
        region=factories.region(), key="report_acceptance", value=9, basis="某文件", effective_from=DAY,
        actor=stage.credit, now=NOW,
    )  # fmt: skip
    fields = {"source": proposal, "region": factories.region(), "kinds_chosen": ["duties"], "effective_on": DAY,
              "reason": "一并适用", "actor": stage.credit, "now": NOW}  # fmt: skip
    for wrong, field, words in (
        ({"effective_on": NOW.date() - timedelta(days=1)}, "effective_on", "不能早于今天"),
        ({"effective_on": DAY - timedelta(days=1)}, "effective_on", "不能早于规则生效日期"),
        ({"reason": " "}, "reason", "请写明"),
        ({"reason": "由" * 301}, "reason", "最多 300 字"),
        ({"kinds_chosen": []}, "kinds", "请选择"),
        ({"kinds_chosen": ["publications"]}, "kinds", "请选择"),
        ({"kinds_chosen": ["duties", "nothing"]}, "kinds", "请选择"),
    ):
        with pytest.raises(OrderRefused) as refusal:
            orders.propose(**(fields | wrong))
        assert words in "".join(refusal.value.message_dict[field])
    stranger = factories.staff(K, department=factories.department(kind="credit_office", region="130129"))
    with pytest.raises(OrderRefused, match="信用办办理"):
        orders.propose(**(fields | {"actor": stranger}))
    assert not SwitchOrder.objects.exists()
    made = orders.propose(**fields)
    with pytest.raises(OrderRefused, match="已有未完成"):
        orders.propose(**fields)
    for deed in (orders.approve, orders.reject):
        with pytest.raises(OrderRefused, match="自己提出"):
            deed(order=made, actor=stage.credit, now=NOW, note="同意")
    with pytest.raises(OrderRefused, match="尚未核准"):
        orders.approve(order=made, actor=stage.second, now=NOW)
    with pytest.raises(OrderRefused, match="理由"):
        orders.reject(order=made, actor=stage.second, now=NOW, note="")
    sweeping.sweep(now=at(DAY))
    open_one.refresh_from_db()
    assert open_one.length == 2, "not approved: nothing moves"
    proposals.approve(proposal=proposal, actor=stage.second, now=NOW)
    assert {line.text: line.number for line in to_do(stage.second, now=NOW)}["项未结事项调整令等您核准"] == 1
    orders.approve(order=made, actor=stage.second, now=NOW)
    with pytest.raises(OrderRefused, match="须写明理由"):
        orders.cancel(order=made, actor=stage.second, now=NOW)
    orders.cancel(order=made, actor=stage.second, now=NOW, note="文件暂缓施行")
    sweeping.sweep(now=at(DAY))
    open_one.refresh_from_db()
    assert open_one.length == 2
    with pytest.raises(OrderRefused, match="不能再作决定"):
        orders.approve(order=made, actor=stage.second, now=NOW)


# ---- pages -------------------------------------------------------------------------------------------------


def test_the_preview_shows_figures_records_and_files_and_an_order_comes_of_it(stage, monkeypatch):
    for number in range(1, 62):
        duty(stage, number, date(2026, 9, 14))
    rule = rule_from(stage, "report_acceptance", 20)
    client = client_of(stage.credit)
    url = address("deadlines.policyrule", "impact", rule)
    page = client.get(url)
    shown = page.content.decode()
    assert "法定期限" in shown and "61" in shown and "违诺〔2026〕1号" in shown and "推后" in shown
    second = client.get(url + page.context["more"]).content.decode()
    assert "违诺〔2026〕61号" in second and "违诺〔2026〕1号" not in second and "回到第一页" in second
    assert "没有未办结的事项因此改变" in client.get(f"{url}?only=worse").content.decode()
    for odd in ("?kind=x&only=y&after=z", "?after=٣", "?after=" + "9" * 40, "?download=exe"):
        assert client.get(url + odd).status_code == 200
    rows = list(tables.read("影响.xlsx", client.get(f"{url}?download=xlsx").content))
    assert len(rows) == 61 and "违诺〔2026〕1号" in str(rows[0])
    content = client.get(f"{url}?download=csv&kind=duties").content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(content)))) == 62
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    Duty.objects.filter(matter_id__gt=3).update(state="cancelled")
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    assert len(many) == len(few)
    assert client.post(url).status_code == 405
    # Nobody else's business.
    other = factories.staff(K, department=factories.department(kind="credit_office", region="410103"))
    assert client_of(other).get(url).status_code == 403
    add = f"{address('deadlines.switchorder', 'add')}?rule={rule.pk}"
    assert "法定期限（3 项）" in client.get(add).content.decode()
    wrong = client.post(add, {"kinds": ["duties"], "effective_on": "2020-01-01", "reason": ""})
    assert wrong.status_code == 200 and not SwitchOrder.objects.exists()
    typed = {"kinds": ["duties"], "effective_on": str(DAY), "reason": "一并适用", "spare_worse": "on"}
    assert "等待信用办另一人核准" in client.post(add, typed, follow=True).content.decode()
    made = SwitchOrder.objects.get()
    mate = client_of(stage.second)
    assert "核准" in mate.get(address("deadlines.switchorder", "change", made)).content.decode()
    mate.post(address("deadlines.switchorder", "approve", made), {"note": ""})
    sweeping.sweep(now=at(DAY))
    made.refresh_from_db()
    assert made.state == "done"
    assert "查看明细" in client.get(address("deadlines.switchorder", "change", made)).content.decode()
    told = address("deadlines.switchorder", "lines", made)
    assert "已调整" in client.get(told).content.decode()
    assert "没有。" in client.get(f"{told}?state=skipped").content.decode()
    assert len(list(tables.read("明细.xlsx", client.get(f"{told}?download=xlsx").content))) == 3


def test_an_order_begins_with_a_rule_that_is_chosen(stage):
    rule = rule_from(stage, "report_acceptance", 20)
    client = client_of(stage.credit)
    url = address("deadlines.switchorder", "add")
    page = client.get(url).content.decode()
    assert "受理或退回上报" in page
    answer = client.post(url, {"source": f"rule-{rule.pk}"})
    assert answer.status_code == 302 and answer.url.endswith(f"?rule={rule.pk}")
    for odd in ("", "rule-0", "x"):
        assert client.post(url, {"source": odd}).status_code == 200
    for odd in ("?rule=999999", "?rule=x", "?proposal=7"):
        assert client.get(url + odd).status_code == 200


def test_a_notice_not_yet_loaded_is_downloaded_without_being_kept(stage):
    from tests.test_calendar_admin import ADD, TYPED

    on = date(2026, 12, 25)
    duty(stage, 1, on)
    client = client_of(stage.credit)
    page = client.post(ADD, TYPED)
    assert "下载 xlsx" in page.content.decode() and "受影响的事项" in page.content.decode()
    sent = TYPED | {"seen": page.context["form"]["seen"].value()}
    answer = client.post(ADD, sent | {"download": "xlsx"})
    assert answer.headers["Content-Type"].endswith("sheet")
    assert not CalendarNotice.objects.filter(year=2027).exists()
    client.post(ADD, sent)
    assert CalendarNotice.objects.filter(year=2027).exists()
    assert BreachPublication.objects.count() == 0 and local_date(NOW) < on

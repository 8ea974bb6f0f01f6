"""Rules are changed by two persons; a new one ends the one before; open duties move only by an act of its own."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import policy, proposals
from credit_portal.deadlines.duties import Matter, meet_duty, open_duty
from credit_portal.deadlines.models import Duty, PolicyRule, RuleProposal
from credit_portal.deadlines.proposals import RuleRefused
from credit_portal.overview.attention import to_do
from credit_portal.registry import groups
from credit_portal.registry.models import User
from tests import factories
from tests.office import address, client_of

pytestmark = pytest.mark.django_db
NOW = factories.NOW
TODAY = NOW.date()
K = groups.CREDIT_OFFICE


def keeper(region: str = "130111", role: str = K) -> User:
    return factories.staff(role, department=factories.department(kind="credit_office", region=region))


@pytest.fixture
def suggestion() -> PolicyRule:
    return PolicyRule.objects.create(
        region_id="000000", key="report_acceptance", value=2, unit="working_days", basis="各地文件均未规定",
        confirmed=False, effective_from=date(2019, 10, 10),
    )  # fmt: skip


def propose(actor: User, **fields) -> RuleProposal:
    values = {
        "region": factories.region(),
        "key": "report_acceptance",
        "value": 3,
        "basis": "栾信办〔2026〕1号",
        "effective_from": TODAY,
    }
    return proposals.propose_rule(actor=actor, now=NOW, **(values | fields))


def approved(**fields) -> PolicyRule:
    row = proposals.approve(proposal=propose(keeper(), **fields), actor=keeper(), now=NOW)
    assert row.rule is not None
    return row.rule


def in_force(on: date, region: str = "130111") -> policy.Value:
    return policy.value("report_acceptance", lineage=factories.region(region).lineage, on=on)


def said(refusal: pytest.ExceptionInfo[RuleRefused]) -> dict[str, list[str]]:
    return refusal.value.message_dict


# ---- two persons -------------------------------------------------------------------------------------------


def test_a_proposal_changes_nothing_and_another_persons_approval_makes_the_rule(suggestion):
    first, second = keeper(), keeper()
    proposal = propose(first)
    assert in_force(TODAY).rule_id == suggestion.pk and not in_force(TODAY).confirmed
    proposals.approve(proposal=proposal, actor=second, now=NOW, note="同意")
    proposal.refresh_from_db()
    now_used = in_force(TODAY)
    assert (now_used.value, now_used.confirmed, now_used.region) == (3, True, "130111")
    assert (proposal.rule.entered_by, proposal.rule.approved_by) == (first, second)
    assert (proposal.state, proposal.closed_by, proposal.closing_note) == ("approved", second, "同意")
    assert in_force(TODAY, "130129").rule_id == suggestion.pk, "another county keeps the suggestion"
    assert list(AuditEvent.objects.order_by("id").values_list("verb", "actor_id")) == [
        ("policy.proposal", first.pk),
        ("policy.loaded", second.pk),
        ("policy.proposal", second.pk),
    ]


def test_nobody_approves_or_rejects_the_own_proposal():
    first = keeper()
    proposal = propose(first)
    with pytest.raises(RuleRefused, match="另一人核准"):
        proposals.approve(proposal=proposal, actor=first, now=NOW)
    with pytest.raises(RuleRefused, match="请撤回"):
        proposals.reject(proposal=proposal, actor=first, now=NOW, note="不要")
    assert not PolicyRule.objects.exists()
    with pytest.raises(RuleRefused, match="只有提议人"):
        proposals.cancel(proposal=proposal, actor=keeper(), now=NOW)
    assert proposals.cancel(proposal=proposal, actor=first, now=NOW).state == "cancelled"


def test_the_database_itself_refuses_an_approval_by_the_proposer():
    rule = approved()
    first = keeper()
    proposal = propose(first, effective_from=date(2026, 10, 1))
    proposal.state, proposal.closed_by, proposal.closed_at, proposal.rule = "approved", first, NOW, rule
    RuleProposal.objects.filter(rule=rule).update(rule=None, state="rejected")
    with pytest.raises(IntegrityError, match="rule_proposal_approved_by_another"), transaction.atomic():
        proposal.save()


def test_a_rejection_says_why_and_a_closed_proposal_stays_closed():
    proposal = propose(keeper())
    with pytest.raises(RuleRefused, match="理由"):
        proposals.reject(proposal=proposal, actor=keeper(), now=NOW, note=" ")
    proposals.reject(proposal=proposal, actor=keeper(), now=NOW, note="依据不对")
    for deed in (proposals.approve, proposals.reject, proposals.cancel):
        with pytest.raises(RuleRefused, match="已经办结（未核准）"):
            deed(proposal=proposal, actor=keeper(), now=NOW, note="再办")


@pytest.mark.parametrize(
    ("role", "region"),
    [(groups.HEAD, "130111"), (groups.AUDITOR, "130111"), (K, "130129"), (K, "410103")],
)
def test_only_the_credit_office_of_the_region_or_one_above_it_proposes_and_approves(role, region):
    outsider = keeper(region, role)
    with pytest.raises(RuleRefused, match="由信用办变更"):
        propose(outsider)
    with pytest.raises(RuleRefused, match="由信用办变更"):
        proposals.approve(proposal=propose(keeper()), actor=outsider, now=NOW)
    assert not PolicyRule.objects.exists()


def test_the_office_of_the_city_may_change_a_countys_rule():
    row = proposals.approve(proposal=propose(keeper("130100")), actor=keeper("130100"), now=NOW)
    assert row.rule.region_id == "130111"


# ---- what is proposed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"value": -1}, "value", "应为不小于 0 的整数"),
        ({"value": 10**12}, "value", "不能大于 4000"),
        ({"value": None}, "value", "应为不小于 0 的整数"),
        ({"value": {"min": 3}}, "value", "应为不小于 0 的整数"),
        ({"key": "recheck_share", "value": 101}, "value", "不能大于 100"),
        ({"key": "publicity", "value": {"min": 12, "max": 3}}, "value", "最短 不能大于 最长"),
        ({"key": "publicity", "value": {"min": 3}}, "value", "缺少 最长"),
        ({"key": "monthly_list", "value": {"on": True, "due_day": 32}}, "value", "每月应报日 应为 1 至 31"),
        ({"key": "repair_methods", "value": {"methods": ["bribe"], "open": True}}, "value", "不认识 bribe"),
        ({"key": "half_year_report", "value": {"on": True, "due": ["02-30"]}}, "value", "应报日 应为月日"),
        ({"key": "no_such_rule"}, "key", "没有名为“no_such_rule”的规则"),
        ({"basis": "  "}, "basis", "须写明依据"),
        ({"basis": "据" * 301}, "basis", "最多 300 字"),
        ({"reason": "由" * 301}, "reason", "最多 300 字"),
        ({"domain": "magic"}, "domain", "没有这个取值"),
        ({"grade": "huge"}, "grade", "没有这个取值"),
        ({"effective_to": date(2026, 9, 1)}, "effective_to", "早于生效日期"),
        ({"effective_from": date(2026, 9, 13)}, "reason", "须写明追溯的理由"),
    ],
)
def test_a_wrong_proposal_is_told_at_its_field_and_not_kept(fields, field, words):
    with pytest.raises(RuleRefused) as refusal:
        propose(keeper(), **fields)
    assert words in "".join(said(refusal)[field])
    assert not RuleProposal.objects.exists() and not AuditEvent.objects.exists()


def test_a_day_in_the_past_is_taken_with_its_reason():
    rule = approved(effective_from=date(2026, 8, 1), reason="文件自8月1日起施行，9月收到")
    assert in_force(date(2026, 8, 1)).rule_id == rule.pk


def test_a_proposal_that_has_waited_past_its_day_needs_a_reason_at_its_approval():
    proposal = propose(keeper())
    later = NOW + timedelta(days=3)
    with pytest.raises(RuleRefused) as refusal:
        proposals.approve(proposal=proposal, actor=keeper(), now=later)
    assert "已过" in said(refusal)["note"][0]
    assert (
        proposals.approve(proposal=proposal, actor=keeper(), now=later, note="周末未及核准").state
        == "approved"
    )


def test_one_rule_has_one_open_proposal_for_a_day():
    propose(keeper())
    with pytest.raises(RuleRefused) as refusal:
        propose(keeper())
    assert "已有待核准的提议" in said(refusal)["effective_from"][0]


# ---- one value on every day --------------------------------------------------------------------------------


def test_a_rule_that_begins_ends_the_one_before_it_with_history_and_event():
    old = approved()
    new = approved(value=5, effective_from=date(2026, 10, 1))
    old.refresh_from_db()
    assert old.effective_to == date(2026, 9, 30)
    assert in_force(date(2026, 9, 30)).rule_id == old.pk and in_force(date(2026, 10, 1)).rule_id == new.pk
    assert [row.effective_to for row in old.history.order_by("history_id")] == [None, date(2026, 9, 30)]
    assert old.history.latest("history_id").history_user == new.approved_by
    ended = AuditEvent.objects.get(verb="policy.ended")
    assert (ended.target_id, ended.facts["effective_to"]) == (str(old.pk), "2026-09-30")


def test_rules_of_another_scope_are_left_alone():
    old = approved()
    approved(value=5, effective_from=date(2026, 10, 1), grade="serious")
    old.refresh_from_db()
    assert old.effective_to is None


def test_the_same_day_twice_and_reaching_into_a_later_rule_are_refused():
    approved(effective_from=date(2026, 10, 1))
    with pytest.raises(RuleRefused) as refusal:
        propose(keeper(), effective_from=date(2026, 10, 1))
    assert "已有自 2026-10-01 起的取值" in said(refusal)["effective_from"][0]
    for until in (None, date(2026, 10, 1)):
        with pytest.raises(RuleRefused) as refusal:
            propose(keeper(), effective_to=until)
        assert "失效日期不能晚于 2026-09-30" in said(refusal)["effective_to"][0]
    assert approved(effective_to=date(2026, 9, 30)).effective_to == date(2026, 9, 30)


def test_an_approval_looks_again_at_what_came_between():
    waiting = propose(keeper(), effective_from=date(2026, 10, 1))
    approved(value=9, effective_from=date(2026, 11, 1))
    with pytest.raises(RuleRefused) as refusal:
        proposals.approve(proposal=waiting, actor=keeper(), now=NOW)
    assert "2026-10-31" in said(refusal)["effective_to"][0]
    waiting.refresh_from_db()
    assert waiting.state == "open" and PolicyRule.objects.count() == 1


def test_on_every_day_at_most_one_rule_of_a_scope_holds():
    for start in (date(2026, 9, 14), date(2026, 12, 1), date(2027, 1, 1)):
        approved(effective_from=start)
    approved(effective_from=date(2026, 10, 1), effective_to=date(2026, 10, 31))
    spans = [
        (row.effective_from, row.effective_to or date.max)
        for row in PolicyRule.objects.order_by("effective_from")
    ]
    assert len(spans) == 4
    assert all(end < start for (_, end), (start, _) in pairwise(spans))


# ---- open duties -------------------------------------------------------------------------------------------


def duty(number: int, on: date) -> Duty:
    return open_duty(
        rule_key="report_acceptance", matter=Matter("report_round", number, f"违诺〔2026〕{number}号"),
        department=factories.department(region="130111"), region=factories.region(), triggered_on=on, now=NOW,
    )  # fmt: skip


def test_a_new_rule_leaves_open_duties_until_it_is_applied_and_never_touches_what_is_met(suggestion):
    first, before, met = (
        duty(1, date(2026, 9, 14)),
        duty(2, date(2026, 9, 11)),
        duty(3, date(2026, 9, 14)),
    )
    meet_duty(
        rule_key="report_acceptance", matter=Matter("report_round", 3), on=TODAY, now=NOW, actor=keeper()
    )
    proposal = propose(keeper(), value=5)
    with pytest.raises(RuleRefused, match="尚未核准"):
        proposals.apply_to_open(proposal=proposal, actor=keeper(), now=NOW)
    proposal = proposals.approve(proposal=proposal, actor=keeper(), now=NOW)
    first.refresh_from_db()
    assert first.due_on == date(2026, 9, 16) and not first.confirmed
    moves = proposals.apply_to_open(proposal=proposal, actor=keeper(), now=NOW)
    assert [move.duty.pk for move in moves] == [first.pk]
    for row in (first, before, met):
        row.refresh_from_db()
    # 15, 16, 17, 18 September and Sunday the 20th, which is worked.
    assert (first.due_on, first.length, first.confirmed) == (date(2026, 9, 20), 5, True)
    assert before.due_on == date(2026, 9, 15) and met.due_on == date(2026, 9, 16)
    assert proposals.apply_to_open(proposal=proposal, actor=keeper(), now=NOW) == []
    with pytest.raises(RuleRefused, match="由信用办变更"):
        proposals.apply_to_open(proposal=proposal, actor=keeper("130129"), now=NOW)


# ---- in the back office ------------------------------------------------------------------------------------


def add_url(rule: PolicyRule) -> str:
    return f"{address('deadlines.ruleproposal', 'add')}?rule={rule.pk}"


def test_a_suggestion_is_confirmed_for_the_own_region_with_two_clicks_and_one_more_person(suggestion):
    first, second = keeper(), keeper()
    client = client_of(first)
    page = client.get(address("deadlines.policyrule", "change", suggestion)).content.decode()
    assert "确认为本地区规则" in page and f"?rule={suggestion.pk}" in page
    form = client.get(add_url(suggestion)).context["form"]
    filled = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert (filled["value"], filled["region"]) == (2, "130111")
    assert filled["basis"] == "经本地区信用办确认；建议值的出处：各地文件均未规定"
    # As the page itself would send it, nothing typed.
    sent = filled | {"effective_from": str(filled["effective_from"])}
    answer = client.post(add_url(suggestion), sent, follow=True)
    proposal = RuleProposal.objects.get()
    assert "等待信用办另一人核准" in answer.content.decode() and "撤回提议" in answer.content.decode()
    other = client_of(second)
    other.post(address("deadlines.ruleproposal", "approve", proposal), {"note": ""})
    rule = PolicyRule.objects.get(region_id="130111")
    assert (rule.value, rule.confirmed, rule.entered_by, rule.approved_by) == (2, True, first, second)
    assert "提议变更" in other.get(address("deadlines.policyrule", "change", rule)).content.decode()


def test_a_rule_of_another_place_is_nothing_to_start_from():
    rule = PolicyRule.objects.create(
        region_id="410103", key="report_acceptance", value=2, unit="working_days", basis="某文件",
        confirmed=True, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    client = client_of(keeper())
    page = client.get(address("deadlines.policyrule", "change", rule)).content.decode()
    assert "提议变更" not in page
    assert "先选规则" in client.get(add_url(rule)).content.decode()
    for odd in ("x", "٣", "9" * 40, ""):
        url = f"{address('deadlines.ruleproposal', 'add')}?rule={odd}"
        assert "先选规则" in client.get(url).content.decode()


VALUES = {
    "report_acceptance": ({"value": "3"}, 3),
    "scrutiny.in_publicity": ({"value": "False"}, False),
    "route.unrepaired": ({"value": "no_effect"}, "no_effect"),
    "text_contents": ({"value": ["obey_law", "true_materials"]}, ["obey_law", "true_materials"]),
    "publicity": (
        {"value_min": "3", "value_max": "12", "value_published": "True"},
        {"min": 3, "max": 12, "published": True},
    ),
    "monthly_list": ({"value_on": "False"}, {"on": False}),
    "half_year_report": (
        {"value_on": "True", "value_due": "06-24、12-24", "value_late_from": "06-26 12-26"},
        {"on": True, "due": ["06-24", "12-24"], "late_from": ["06-26", "12-26"]},
    ),
    "repair_methods": (
        {"value_methods": ["training"], "value_open": "True", "value_required": []},
        {"methods": ["training"], "open": True, "required": []},
    ),
}


@pytest.mark.parametrize("key", VALUES)
def test_a_value_of_each_shape_is_typed_and_comes_back_into_the_form(key):
    typed, value = VALUES[key]
    client = client_of(keeper())
    chosen = client.post(address("deadlines.ruleproposal", "add"), {"key": key})
    common = {"region": "130111", "basis": "某文件", "effective_from": "2099-01-01"}
    answer = client.post(chosen.url, common | typed)
    assert answer.status_code == 302, answer.context["form"].errors
    proposal = RuleProposal.objects.get()
    assert proposal.value == value
    rule = proposals.approve(proposal=proposal, actor=keeper(), now=NOW).rule
    form = client.get(add_url(rule)).context["form"]
    again = {name: form[name].value() for name in form.parts if form[name].value() is not None}
    second = client.post(add_url(rule), common | again | {"effective_from": "2099-02-01"})
    assert second.status_code == 302, second.context["form"].errors
    assert RuleProposal.objects.latest("pk").value == value


def test_what_is_wrong_is_said_on_the_page_in_chinese():
    client = client_of(keeper())
    url = f"{address('deadlines.ruleproposal', 'add')}?key=publicity"
    typed = {"region": "130111", "basis": "某文件", "effective_from": "2099-01-01"}
    page = client.post(url, typed | {"value_min": "12", "value_max": "3"}).content.decode()
    assert "最短 不能大于 最长" in page
    page = client.post(url, typed | {"value_min": "三", "value_max": "3"}).content.decode()
    assert "整数" in page and not RuleProposal.objects.exists()
    page = client.post(url, typed | {"region": "410103", "value_min": "1", "value_max": "3"}).content.decode()
    assert "选择一个有效的选项" in page and not RuleProposal.objects.exists()


def test_moving_open_duties_is_shown_before_it_is_done(suggestion):
    open_one = duty(1, date(2026, 9, 14))
    proposal = proposals.approve(proposal=propose(keeper(), value=5), actor=keeper(), now=NOW)
    client = client_of(keeper())
    url = address("deadlines.ruleproposal", "apply", proposal)
    page = client.get(url).content.decode()
    assert "违诺〔2026〕1号" in page and "2026-09-20" in page and "推后 4 天" in page
    open_one.refresh_from_db()
    assert open_one.due_on == date(2026, 9, 16), "looking changes nothing"
    client.post(url, {"confirmed": "True"})
    open_one.refresh_from_db()
    assert open_one.due_on == date(2026, 9, 20)
    assert "没有未办结的期限因此改变" in client.get(url).content.decode()


def test_the_first_page_counts_what_waits_for_this_person(suggestion):
    first, second, elsewhere = keeper(), keeper(), keeper("130129")
    propose(first)
    lines = {
        who: {line.text: line.number for line in to_do(who, now=NOW)} for who in (first, second, elsewhere)
    }
    assert lines[second]["条规则变更提议等您核准"] == 1
    assert "条规则变更提议等您核准" not in lines[first] | lines[elsewhere]


def test_a_suggestion_counts_as_unconfirmed_until_the_own_region_has_confirmed_it(suggestion, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    first, elsewhere = keeper(), keeper("130129")

    def unconfirmed(user: User) -> list[PolicyRule]:
        return list(proposals.unconfirmed_for(user, on=TODAY))

    assert unconfirmed(first) == unconfirmed(elsewhere) == [suggestion]
    later = PolicyRule.objects.create(
        region=suggestion.region, key=suggestion.key, value=suggestion.value, unit=suggestion.unit, basis="演示",
        confirmed=True, effective_from=suggestion.effective_from + timedelta(days=1),
    )  # fmt: skip
    assert unconfirmed(first) == unconfirmed(elsewhere) == [], "a later rule of the same region goes before"
    later.delete()
    approved(grade="serious")
    assert unconfirmed(first) == [suggestion], "for the other grades it still holds"
    rule = approved()
    assert unconfirmed(first) == [] and unconfirmed(elsewhere) == [suggestion]
    url = f"{address('deadlines.policyrule', 'changelist')}?mine=unconfirmed"
    assert "各地文件均未规定" not in client_of(first).get(url).content.decode()
    assert "各地文件均未规定" in client_of(elsewhere).get(url).content.decode()
    assert not unconfirmed(keeper(rule.region_id))
    assert not [line for line in to_do(first, now=NOW) if "未经确认" in line.text]


def test_a_county_does_not_see_the_proposals_of_another():
    proposal = propose(keeper())
    other = client_of(keeper("130129"))
    assert other.get(address("deadlines.ruleproposal", "change", proposal)).status_code == 404
    above = client_of(keeper("130100"))
    assert above.get(address("deadlines.ruleproposal", "change", proposal)).status_code == 200

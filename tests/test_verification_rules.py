"""Properties of the decision, the line the clerk reads, what can be done, and which texts may be offered."""

import ast
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import credit_portal.deadlines.articles
import verification.rules
from credit_portal.deadlines.articles import article_text
from verification.offering import NO_DISHONESTY, truthful_clause_conflicts
from verification.remedies import remedies
from verification.rules import Entry, Measure, Rule, Switches, decide, one_line
from verification.vocabulary import (
    ADVERSE,
    UNCONFIRMED,
    CommitmentType,
    Effect,
    FieldUse,
    Kind,
    Route,
    Scrutiny,
    State,
    Step,
    UnrepairedRule,
)

TODAY = date(2026, 6, 1)
RANK = [Route.NOT_NEEDED, Route.COMMITMENT, Route.ORDINARY, Route.REFUSED]
SCRUTINY_RANK = [Scrutiny.NORMAL, Scrutiny.KEY]
DOMAINS = ["procurement", "bidding", "approval"]
NEVER_A_FACTOR = [
    Kind.REGISTRATION,
    Kind.WARNING,
    Kind.COMPLAINT,
    Kind.LICENCE,
    Kind.AWARD,
    Kind.FULFILMENT,
]

days = st.none() | st.integers(-40, 40).map(lambda shift: TODAY + timedelta(days=shift))
measures = st.builds(
    Measure,
    domain=st.none() | st.sampled_from(DOMAINS),
    effect=st.sampled_from(Effect),
    basis=st.sampled_from(["", "某办法第三条", "S3 二（一）"]),
    step=st.none() | st.sampled_from(Step),
    text=st.sampled_from(["", "从严审核"]),
)
entries = st.builds(
    Entry,
    id=st.integers(1, 10**6),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    title=st.sampled_from(["", "行政处罚决定"]),
    basis=st.sampled_from(["", "S0 一（一）"]),
    from_on=days,
    until_on=days,
    served_on=days,
    public_from=days,
    public_until=days,
    repairable_from=days,
    repaired_on=days,
    objection_under_way=st.booleans(),
    verified=st.booleans(),
    measures=st.lists(measures, max_size=2).map(tuple),
    disproved=st.sampled_from(["", "", "", "结案证明"]),
)
records = st.lists(entries, max_size=6, unique_by=lambda entry: entry.id)


def rules(values):
    return st.builds(
        Rule, value=values, article=st.sampled_from(["S2 四（四）1", "某规定"]), confirmed=st.booleans()
    )


switch_sets = st.builds(
    Switches,
    unrepaired=rules(st.sampled_from(UnrepairedRule)),
    in_publicity=rules(st.booleans()),
    expired_counts_as_repaired=rules(st.booleans()),
    field_use=st.none() | rules(st.sampled_from(FieldUse)),
    ban_for_good=rules(st.booleans()),
)
asked = st.fixed_dictionaries(
    {
        "commitment_type": st.sampled_from(CommitmentType),
        "late_materials": st.booleans(),
        "domain": st.sampled_from(DOMAINS),
        "on": st.just(TODAY),
        "switches": switch_sets,
        "step": st.none() | st.sampled_from(Step),
    }
)
LUANCHENG = Switches(
    Rule(UnrepairedRule.ORDINARY, "S2 四（四）1", True),
    Rule(True, "S0 一（三）", True),
    Rule(True, "演示", True),
    repair_article="S0 一（四）",
    dispute_article="S0 二（三）",
)
many = settings(max_examples=300, deadline=None)


def weight(decision):
    return RANK.index(decision.route), SCRUTINY_RANK.index(decision.scrutiny)


def check(
    record, *, kind=CommitmentType.APPROVAL, late=False, switches=LUANCHENG, on=TODAY, domain="approval"
):
    return decide(record, commitment_type=kind, late_materials=late, domain=domain, on=on, switches=switches)


@many
@given(record=records, more=entries, question=asked)
def test_one_more_adverse_entry_never_loosens_the_answer(record, more, question):
    before, after = decide(record, **question), decide([*record, more], **question)
    assert all(was <= now for was, now in zip(weight(before), weight(after), strict=True))


@many
@given(record=records, question=asked, kind=st.sampled_from(NEVER_A_FACTOR), more=entries)
def test_registrations_warnings_complaints_and_neutral_rows_change_nothing(record, question, kind, more):
    neutral = Entry(id=0, kind=kind, from_on=more.from_on, until_on=more.until_on, measures=more.measures)
    assert decide([*record, neutral], **question) == decide(record, **question)


@many
@given(record=records, question=asked, more=entries, state=st.sampled_from([State.ENDED, State.REVOKED]))
def test_what_is_ended_or_revoked_is_no_factor(record, question, more, state):
    over = Entry(**{name: getattr(more, name) for name in Entry._fields} | {"state": state})
    assert decide([*record, over], **question) == decide(record, **question)


@many
@given(record=records, question=asked, more=entries)
def test_what_nobody_verified_is_no_factor(record, question, more):
    claimed = Entry(**{name: getattr(more, name) for name in Entry._fields} | {"verified": False})
    assert decide([*record, claimed], **question) == decide(record, **question)


@many
@given(record=records, question=asked, data=st.data())
def test_the_order_of_the_record_does_not_matter(record, question, data):
    shuffled = data.draw(st.permutations(record))
    assert decide(shuffled, **question) == decide(record, **question)


@many
@given(record=records, question=asked)
def test_a_repair_never_worsens_the_answer(record, question):
    repaired = [
        Entry(
            **{name: getattr(entry, name) for name in Entry._fields}
            | {"state": State.REPAIRED, "repaired_on": TODAY}
        )
        if entry.kind in ADVERSE and entry.state is State.EFFECTIVE
        else entry
        for entry in record
    ]
    before, after = decide(record, **question), decide(repaired, **question)
    assert all(now <= was for was, now in zip(weight(before), weight(after), strict=True))


@many
@given(record=records, question=asked, data=st.data())
def test_what_is_disproved_in_the_procedure_never_worsens_the_answer(record, question, data):
    shown = data.draw(st.lists(st.booleans(), min_size=len(record), max_size=len(record)))
    disproved = [
        entry._replace(disproved="结案证明") if one else entry
        for entry, one in zip(record, shown, strict=True)
    ]
    before, after = decide(record, **question), decide(disproved, **question)
    assert all(now <= was for was, now in zip(weight(before), weight(after), strict=True))


@many
@given(record=records, question=asked)
def test_a_later_step_of_a_tender_is_never_easier_than_an_earlier_one(record, question):
    answers = [weight(decide(record, **(question | {"step": step}))) for step in Step]
    assert answers == sorted(answers)
    assert weight(decide(record, **(question | {"step": None}))) == answers[-1]


@many
@given(record=records, question=asked)
def test_a_ban_without_an_end_refuses_only_where_the_region_has_confirmed_it(record, question):
    only_bans = [
        entry._replace(
            kind=Kind.LIST,
            until_on=None,
            public_until=None,
            measures=tuple(replace(one, effect=Effect.BAN) for one in entry.measures),
        )
        for entry in record
    ]
    rule = question["switches"].ban_for_good
    if not (rule.value and rule.confirmed):
        assert decide(only_bans, **question).route is not Route.REFUSED


@many
@given(record=records, question=asked)
def test_a_rule_that_nobody_confirmed_harms_nobody(record, question):
    unconfirmed = Switches(
        *(
            Rule(rule.value, "", False)
            for rule in (
                question["switches"].unrepaired,
                question["switches"].in_publicity,
                question["switches"].expired_counts_as_repaired,
            )
        )
    )
    without_measures = [
        Entry(
            **{name: getattr(entry, name) for name in Entry._fields}
            | {"measures": tuple(Measure(m.domain, m.effect, "") for m in entry.measures), "basis": ""}
        )
        for entry in record
    ]
    decision = decide(without_measures, **(question | {"switches": unconfirmed}))
    assert not decision.harmful_reasons
    assert decision.scrutiny is Scrutiny.NORMAL
    assert decision.route in (Route.COMMITMENT, Route.NOT_NEEDED)


@many
@given(record=records, question=asked)
def test_each_entry_is_judged_alone_and_the_most_restrictive_wins(record, question):
    alone = [weight(decide([entry], **question)) for entry in record] or [weight(decide([], **question))]
    together = weight(decide(record, **question))
    assert together == (max(one[0] for one in alone), max(one[1] for one in alone))


@many
@given(record=records, question=asked)
def test_a_refusal_always_names_its_legal_basis(record, question):
    for reason in decide(record, **question).reasons:
        if reason.route is Route.REFUSED:
            assert reason.article and reason.entry_id is not None


@many
@given(record=records, question=asked)
def test_the_line_for_the_clerk_is_one_line_and_names_the_route(record, question):
    decision = decide(record, **question)
    line = one_line(decision)
    assert len(line.splitlines()) == 1
    assert line.startswith(
        {
            Route.COMMITMENT: "可适用承诺制",
            Route.ORDINARY: "按一般程序办理（不是拒绝受理）",
            Route.REFUSED: "依规定应当拒绝",
            Route.NOT_NEEDED: "目前不需要作修复承诺",
        }[decision.route]
    )
    assert ("重点审查" in line.split("。")[0]) == (decision.scrutiny is Scrutiny.KEY)


PENALTY = Entry(
    id=7,
    kind=Kind.PENALTY,
    title="行政处罚决定",
    source="栾城区市场监督管理局",
    document_no="栾市监罚〔2026〕5号",
    from_on=date(2026, 1, 15),
    public_until=date(2027, 1, 15),
    repairable_from=date(2026, 4, 16),
)
BREACH = Entry(
    id=8,
    kind=Kind.BREACH,
    title="未履行承诺认定",
    source="栾城区行政审批局",
    document_no="栾审违〔2026〕1号",
    from_on=date(2026, 5, 1),
    served_on=date(2026, 5, 6),
    public_from=date(2026, 5, 12),
    public_until=date(2027, 5, 1),
    repairable_from=date(2026, 8, 2),
)


def test_a_clear_record_reads_as_one():
    assert one_line(check([])) == (
        "可适用承诺制。截至2026年6月1日，没有未修复的失信记录（《河北省政务服务承诺制改革实施方案》四（四）1）。"
    )


def test_an_unrepaired_penalty_is_named_with_number_authority_and_day():
    assert one_line(check([PENALTY])) == (
        "按一般程序办理（不是拒绝受理）。行政处罚决定（栾市监罚〔2026〕5号），栾城区市场监督管理局，2026年1月15日，"
        "尚未修复（《河北省政务服务承诺制改革实施方案》四（四）1）。"
    )


def test_a_breach_in_publicity_leads_with_key_review_and_counts_the_rest():
    line = one_line(check([PENALTY, BREACH]))
    assert line.startswith("按一般程序办理（不是拒绝受理），重点审查。未履行承诺认定（栾审违〔2026〕1号）")
    assert "正在公示（2026年5月12日起至2027年5月1日）" in line
    assert "《栾城区信用承诺和信用核查实施方案》一（三）" in line
    assert line.endswith("另有1项，见明细。")


def test_an_unserved_breach_is_not_even_mentioned():
    unserved = Entry(id=8, kind=Kind.BREACH, title="未履行承诺认定", document_no="栾审违〔2026〕1号")
    assert check([unserved]) == check([])


def test_a_repaired_entry_is_not_said_to_be_all_when_another_is_open():
    repaired = Entry(id=1, kind=Kind.PENALTY, state=State.REPAIRED, repaired_on=date(2026, 5, 1))
    line = one_line(check([repaired, PENALTY], kind=CommitmentType.SUPERVISORY))
    assert "没有未修复" not in line
    assert "行政处罚决定（栾市监罚〔2026〕5号）" in line
    assert "没有未修复的失信记录" in one_line(check([repaired]))


def test_an_expired_entry_is_told_truthfully_as_expired():
    line = one_line(check([PENALTY], on=date(2027, 1, 16)))
    assert line.startswith("可适用承诺制。")
    assert "已于2027年1月15日期满（未经修复）" in line


def test_an_unconfirmed_rule_says_that_it_is_unconfirmed():
    open_question = Switches(
        Rule(UnrepairedRule.ORDINARY, "", False), Rule(True, "", False), Rule(False, "", False)
    )
    decision = check([BREACH], switches=open_question)
    assert [reason.code for reason in decision.reasons] == ["unconfirmed_rule", "unconfirmed_rule"]
    assert {reason.article for reason in decision.reasons} == {UNCONFIRMED}
    assert decision.route is Route.COMMITMENT


def test_good_standing_gives_points_for_reference_only():
    good = Entry(id=3, kind=Kind.EXEMPLARY, title="诚信经营示范户")
    decision = check([good, PENALTY])
    assert decision.route is Route.ORDINARY
    assert [reason.code for reason in decision.reasons] == ["unrepaired", "good_credit"]
    assert one_line(check([good])).startswith("可适用承诺制。截至2026年6月1日，没有未修复的失信记录")


def test_an_objection_under_way_is_shown_beside_the_entry():
    contested = Entry(id=1, kind=Kind.PENALTY, objection_under_way=True)
    assert "异议处理中" in one_line(check([contested]))


@pytest.mark.req("R125")
def test_an_unknown_commitment_type_is_an_error_and_not_a_route():
    with pytest.raises(ValueError, match="late_materials"):
        check([], kind="late_materials")


def test_articles_are_shown_as_titles_and_kept_as_codes():
    reason = check([BREACH]).reasons[0]
    assert reason.article_code == "S0 一（三）"
    assert reason.article == "《栾城区信用承诺和信用核查实施方案》一（三）"
    assert article_text("《政府采购法》第二十二条") == "《政府采购法》第二十二条"
    assert (
        article_text("本地区文件未规定；参照 S4 1、S1 十五")
        == "本地区文件未规定；参照《二七区新型监管机制实施方案》1、《石家庄市新型监管机制实施方案》十五"
    )


@pytest.mark.req("R40")
def test_the_ordinary_route_says_from_when_repair_is_open_where_to_object_and_that_it_is_no_refusal():
    record = [PENALTY, BREACH]
    ways = remedies(check(record), record, on=TODAY, switches=LUANCHENG)
    assert [(way.code, way.entry_ids) for way in ways] == [
        ("repair_from", (8,)),
        ("object", (8,)),
        ("repair_now", (7,)),
        ("object", (7,)),
        ("show_in_procedure", ()),
        ("ordinary_route", ()),
    ]
    assert ways[0].from_on == date(2026, 8, 2)
    assert "自2026年8月2日起可以向栾城区行政审批局申请信用修复，不收费" in ways[0].text
    assert ways[0].article == "《栾城区信用承诺和信用核查实施方案》一（四）"
    assert "不是拒绝受理" in ways[-1].text


def test_entries_with_the_same_way_out_are_told_together_and_a_long_record_prints_no_thousand_lines():
    record = [PENALTY._replace(id=number, document_no=f"第{number}号") for number in range(1, 8)]
    ways = remedies(check(record), record, on=TODAY, switches=LUANCHENG)
    assert [way.code for way in ways] == ["repair_now", "object", "show_in_procedure", "ordinary_route"]
    assert ways[0].entry_ids == (1, 2, 3, 4, 5, 6, 7)
    assert "第5号" in ways[0].text and "第6号" not in ways[0].text
    assert "等7条记录：现在可以向" in ways[0].text
    few = remedies(check(record[:2]), record[:2], on=TODAY, switches=LUANCHENG)
    assert "第2号" in few[0].text and "等" not in few[0].text


@pytest.mark.req("R40", "R98")
def test_before_its_publication_is_decided_an_entry_does_not_say_that_nothing_else_is_needed():
    unpublished = PENALTY._replace(public_from=None, repairable_from=None)
    known = PENALTY._replace(public_from=date(2026, 1, 5), repairable_from=date(2026, 4, 5))
    told = [
        remedies(check([one]), [one], on=TODAY, switches=LUANCHENG)[0].text for one in (unpublished, known)
    ]
    assert "须满最短公示期以后才能决定修复" in told[0]
    assert told[1].endswith("申请信用修复，不收费")


def test_the_first_day_of_repair_is_open():
    on = date(2026, 8, 2)
    ways = remedies(check([BREACH], on=on), [BREACH], on=on, switches=LUANCHENG)
    assert ways[0].code == "repair_now"


def test_nothing_to_remedy_when_nothing_harms():
    assert remedies(check([]), [], on=TODAY, switches=LUANCHENG) == ()
    supervisory = check([PENALTY], kind=CommitmentType.SUPERVISORY)
    assert remedies(supervisory, [PENALTY], on=TODAY, switches=LUANCHENG) == ()


def test_a_list_with_its_own_exit_names_that_way_out():
    refused = Entry(
        id=5,
        kind=Kind.LIST,
        title="失信被执行人名单",
        source="栾城区人民法院",
        measures=(
            Measure("procurement", Effect.REFUSED, "S3 二（一）"),
            Measure(None, Effect.EXIT_RULE, "名单退出规定第十条"),
        ),
    )
    decision = check([refused], domain="procurement")
    assert decision.route is Route.REFUSED
    assert decision.reasons[0].article == "《赞皇县使用信用记录和信用报告的通知》二（一）"
    ways = remedies(decision, [refused], on=TODAY, switches=LUANCHENG)
    assert (ways[0].code, ways[0].article) == ("exit_list", "名单退出规定第十条")
    assert "ordinary_route" not in {way.code for way in ways}


@pytest.mark.req("R46")
def test_a_running_lock_out_shows_the_day_when_repair_reopens():
    lock = Entry(
        id=6, kind=Kind.LOCKOUT, basis="S0 一（一）", from_on=date(2026, 1, 1), until_on=date(2026, 12, 31)
    )
    decision = check([lock], kind=CommitmentType.REPAIR)
    assert "自2027年1月1日起可以再申请" in one_line(decision)
    ways = remedies(decision, [lock], on=TODAY, switches=LUANCHENG)
    assert (ways[0].code, ways[0].from_on) == ("after_lockout", date(2027, 1, 1))


@pytest.mark.req("R28")
def test_nobody_is_offered_a_text_that_their_record_makes_untrue():
    clause = {NO_DISHONESTY, "law_abiding"}
    offer = truthful_clause_conflicts([PENALTY], contents=clause, on=TODAY, switches=LUANCHENG)
    assert not offer.allowed
    assert "栾市监罚〔2026〕5号" in offer.conflicts[0]
    assert truthful_clause_conflicts(
        [PENALTY], contents={"law_abiding"}, on=TODAY, switches=LUANCHENG
    ).allowed


@pytest.mark.req("R28")
def test_a_repaired_record_or_an_unserved_breach_leaves_the_text_true():
    repaired = Entry(id=1, kind=Kind.PENALTY, state=State.REPAIRED, repaired_on=TODAY)
    unserved = Entry(id=2, kind=Kind.BREACH)
    offer = truthful_clause_conflicts(
        [repaired, unserved], contents={NO_DISHONESTY}, on=TODAY, switches=LUANCHENG
    )
    assert offer.allowed and not offer.must_state


@pytest.mark.req("R28")
def test_an_expired_entry_must_be_stated_with_the_text_or_bars_it_where_it_does_not_count():
    on = date(2027, 1, 16)
    offer = truthful_clause_conflicts([PENALTY], contents={NO_DISHONESTY}, on=on, switches=LUANCHENG)
    assert offer.allowed
    assert offer.must_state == (f"{PENALTY.named}，已于2027年1月15日期满，未经修复",)
    strict = Switches(LUANCHENG.unrepaired, LUANCHENG.in_publicity, Rule(False, "某规定", True))
    assert not truthful_clause_conflicts([PENALTY], contents={NO_DISHONESTY}, on=on, switches=strict).allowed
    unsure = Switches(LUANCHENG.unrepaired, LUANCHENG.in_publicity, Rule(False, "", False))
    assert truthful_clause_conflicts([PENALTY], contents={NO_DISHONESTY}, on=on, switches=unsure).must_state


def test_the_rules_know_no_database_and_no_clock():
    room = Path(verification.rules.__file__).parent
    pure = [room / name for name in ("vocabulary.py", "rules.py", "remedies.py", "offering.py")]
    for file in [*pure, Path(credit_portal.deadlines.articles.__file__)]:
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        imported -= {"credit_portal.deadlines.articles"}
        assert not {one for one in imported if one and one.startswith(("django", "credit_portal"))}, file

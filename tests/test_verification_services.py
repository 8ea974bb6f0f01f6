"""The record and its checks on a real database: what is kept, who may read, which moves there are, who wins."""

import contextlib
import threading
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines import loading
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from tests import factories as make
from verification import services
from verification.checking import making
from verification.models import Check, CreditEntry
from verification.rules import Measure
from verification.switches import NotCheckable
from verification.vocabulary import Effect, State

pytestmark = pytest.mark.django_db

NOW = make.NOW
TODAY = make.TODAY


def set_rule(
    key: str, value, *, region: str = "130111", basis: str = "S2 四（四）1", confirmed: bool = True, **more
):
    return PolicyRule.objects.create(
        region=make.region(region),
        key=key,
        value=value,
        basis=basis,
        confirmed=confirmed,
        effective_from=date(2020, 1, 1),
        **more,
    )


@pytest.fixture
def luancheng():
    set_rule("route.unrepaired", "ordinary", region="130000")
    set_rule("scrutiny.in_publicity", True, basis="S0 一（三）")
    set_rule("expired_counts_as_repaired", True, basis="演示")
    set_rule("repair_methods", ["performance"], basis="S0 一（四）")


def check(subject, *, clerk=None, version=None, kind="approval", now=NOW, **more) -> Check:
    clerk = clerk or make.staff()
    version = version or make.item_version(department=clerk.department)
    return services.check_subject(
        subject=subject, item_version=version, commitment_type=kind, operator=clerk, now=now, **more
    )


def in_publicity(subject, **more) -> CreditEntry:
    return make.credit_entry(
        subject=subject,
        kind="breach",
        from_on=date(2026, 8, 1),
        served_on=date(2026, 8, 5),
        public_from=date(2026, 8, 10),
        public_until=date(2027, 8, 1),
        **more,
    )


@pytest.mark.req("R38", "R39", "R50", "R52")
def test_a_check_keeps_subject_item_case_sources_rules_and_answer(luancheng):
    subject, clerk = make.subject(), make.staff()
    version = make.item_version(department=clerk.department)
    kept = check(
        subject,
        clerk=clerk,
        version=version,
        case_ref=" 栾审〔2026〕88 ",
        sources=["信用中国（河北）", making.OWN_RECORD],
    )
    kept.refresh_from_db()
    assert (kept.route, kept.scrutiny) == ("commitment", "normal")
    assert kept.one_line.startswith("可适用承诺制。截至2026年9月14日，没有未修复的失信记录")
    assert (kept.subject_name, kept.subject_code) == (subject.name, subject.uscc)
    assert (kept.case_ref, kept.on_day, kept.checked_at) == ("栾审〔2026〕88", TODAY, NOW)
    assert kept.sources == ["信用中国（河北）", "本门户信用记录"]
    assert (kept.department, kept.region_id, kept.domain) == (clerk.department, "130111", version.domain)
    assert kept.number.startswith("H1301112026")
    assert kept.switches["route.unrepaired"]["basis"] == "S2 四（四）1"
    assert kept.switches["scrutiny.in_publicity"]["confirmed"] is True
    assert kept.reasons[0]["article"] == "《河北省政务服务承诺制改革实施方案》四（四）1"


@pytest.mark.req("R40")
def test_an_unrepaired_penalty_gives_the_ordinary_route_with_remedies(luancheng):
    subject = make.subject()
    penalty = make.credit_entry(subject=subject, repairable_from=date(2026, 12, 2))
    kept = check(subject)
    assert kept.route == "ordinary"
    assert kept.entries_seen == [penalty.pk]
    assert kept.reasons[0]["entry_id"] == penalty.pk and kept.reasons[0]["harmful"]
    assert kept.remedies[0]["from_on"] == "2026-12-02"
    assert kept.remedies[0]["article"] == "《栾城区信用承诺和信用核查实施方案》一（四）"
    assert "不是拒绝受理" in kept.remedies[-1]["text"]


@pytest.mark.req("R41")
@pytest.mark.parametrize(
    ("day", "route", "scrutiny"),
    [
        (date(2026, 8, 4), "commitment", "normal"),
        (date(2026, 8, 5), "ordinary", "normal"),
        (date(2026, 8, 9), "ordinary", "normal"),
        (date(2026, 8, 10), "ordinary", "key"),
        (date(2027, 8, 1), "ordinary", "key"),
        (date(2027, 8, 2), "commitment", "normal"),
    ],
)
def test_publicity_counts_from_its_first_to_its_last_day(luancheng, day, route, scrutiny):
    subject = make.subject()
    in_publicity(subject)
    kept = check(subject, now=datetime(day.year, day.month, day.day, 23, 59, tzinfo=SHANGHAI))
    assert (kept.route, kept.scrutiny) == (route, scrutiny)


def test_an_unserved_breach_is_neither_named_nor_listed(luancheng):
    subject = make.subject()
    make.credit_entry(subject=subject, kind="breach", served_on=None)
    kept = check(subject)
    assert (kept.route, kept.entries_seen) == ("commitment", [])
    assert [reason["code"] for reason in kept.reasons] == ["clear"]


@pytest.mark.req("R53")
def test_a_listing_refuses_only_in_the_field_that_its_measure_names(luancheng):
    subject, clerk = make.subject(), make.staff()
    make.credit_entry(
        subject=subject,
        kind="list",
        measures=({"domain": "procurement", "effect": "refused", "basis": "S3 二（一）"},),
    )
    procurement = make.item_version(department=clerk.department, domain="procurement")
    approval = make.item_version(department=clerk.department, domain="approval")
    refused = check(subject, clerk=clerk, version=procurement, kind="supervisory")
    assert (refused.route, refused.reasons[0]["article_code"]) == ("refused", "S3 二（一）")
    assert check(subject, clerk=clerk, version=approval, kind="supervisory").route == "commitment"


@pytest.mark.req("R37")
def test_in_erqi_only_late_materials_depend_on_credit():
    set_rule("route.unrepaired", "late_materials_only", region="410103", basis="S4 1")
    office = make.department(region="410103")
    clerk = make.staff(department=office)
    subject = make.subject(region="410103")
    make.credit_entry(subject=subject)
    assert check(subject, clerk=clerk).route == "commitment"
    late = check(subject, clerk=clerk, late_materials=True)
    assert (late.route, late.reasons[0]["article"]) == ("ordinary", "《二七区新型监管机制实施方案》1")


def test_rules_that_nobody_entered_or_confirmed_remind_and_do_not_harm():
    subject = make.subject()
    in_publicity(subject)
    nobody = check(subject)
    assert (nobody.route, nobody.scrutiny, nobody.switches) == ("commitment", "normal", {})
    set_rule("route.unrepaired", "ordinary", confirmed=False)
    set_rule("scrutiny.in_publicity", True, confirmed=False)
    unsure = check(subject)
    assert (unsure.route, unsure.scrutiny) == ("commitment", "normal")
    assert {reason["code"] for reason in unsure.reasons} == {"unconfirmed_rule"}
    assert unsure.switches["route.unrepaired"]["confirmed"] is False


def test_a_rule_value_that_nobody_knows_is_named():
    set_rule("route.unrepaired", "perhaps")
    with pytest.raises(NotCheckable, match=r"route\.unrepaired"):
        check(make.subject())
    assert not Check.objects.exists()


def test_the_region_of_the_counter_decides_the_rules(luancheng):
    subject = make.subject()
    in_publicity(subject)
    zanhuang = make.staff(department=make.department(region="130129"))
    kept = check(subject, clerk=zanhuang)
    # The province's rule reaches Zanhuang, Luancheng's key review does not.
    assert (kept.route, kept.scrutiny) == ("ordinary", "normal")


@pytest.mark.parametrize(
    ("fields", "asked", "words"),
    [
        ({"allowed_types": ["supervisory"]}, {"kind": "approval"}, "不使用审批替代型承诺"),
        ({"allows_late_materials": False}, {"late_materials": True}, "不可容缺受理"),
        ({"subject_kinds": ["person"]}, {}, "由自然人承诺，法人及非法人组织不能办理"),
        ({"status": "draft"}, {}, "不是现行事项"),
        ({"valid_from": date(2026, 9, 15)}, {}, "不是现行事项"),
        ({"valid_to": date(2026, 9, 13)}, {}, "不是现行事项"),
        ({}, {"kind": "late_materials"}, "不使用“late_materials”承诺"),
    ],
)
def test_what_the_item_does_not_allow_is_not_checked(luancheng, fields, asked, words):
    clerk = make.staff()
    version = make.item_version(department=clerk.department, **fields)
    with pytest.raises(NotCheckable, match=words):
        check(make.subject(), clerk=clerk, version=version, **asked)
    assert not Check.objects.exists() and not ReadLog.objects.exists()


def test_an_item_may_be_used_on_its_last_day(luancheng):
    clerk = make.staff()
    version = make.item_version(department=clerk.department, valid_to=TODAY)
    assert check(make.subject(), clerk=clerk, version=version).route == "commitment"


def test_the_sealed_number_of_a_person_is_not_copied_into_the_check(luancheng):
    person = make.person()
    kept = check(person)
    assert kept.subject_code == ""
    assert person.id_number not in str(Check.objects.filter(pk=kept.pk).values())


@pytest.mark.req("R67")
def test_a_check_leaves_an_event_and_a_logged_reading(luancheng):
    subject, clerk = make.subject(), make.staff()
    kept = check(subject, clerk=clerk)
    event = AuditEvent.objects.get(verb="check.made")
    assert (event.actor_id, event.target_id, event.facts["number"]) == (clerk.pk, str(kept.pk), kept.number)
    assert subject.name not in bytes(event.canonical).decode()
    read = ReadLog.objects.get()
    assert (read.actor_id, read.subject_id, read.purpose) == (clerk.pk, subject.pk, "check")


def test_a_check_can_be_neither_changed_nor_removed(luancheng):
    kept = check(make.subject())
    with pytest.raises(DatabaseError), transaction.atomic():
        Check.objects.filter(pk=kept.pk).update(route="refused")
    with pytest.raises(DatabaseError), transaction.atomic():
        Check.objects.filter(pk=kept.pk).delete()
    kept.refresh_from_db()
    assert kept.route == "commitment"


def test_the_number_of_queries_does_not_grow_with_the_record(luancheng):
    clerk = make.staff()
    version = make.item_version(department=clerk.department)
    small, large = make.subject(), make.subject()
    make.credit_entry(subject=small, measures=({"domain": ""},))
    for _ in range(60):
        make.credit_entry(subject=large, measures=({"domain": ""},))
    counted = []
    for subject in (small, large):
        fresh = type(clerk).objects.select_related("department__region").get(pk=clerk.pk)
        item = type(version).objects.select_related("item").get(pk=version.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            check(subject, clerk=fresh, version=item)
        counted.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    # Record, measures, rules, number, check, reading, event.
    assert counted == [8, 8]


@pytest.mark.parametrize(
    ("code", "plain", "late", "supervisory"),
    [
        ("130000", ("ordinary", "normal"), ("ordinary", "normal"), ("commitment", "normal")),
        ("130100", ("ordinary", "normal"), ("ordinary", "normal"), ("commitment", "normal")),
        ("130111", ("ordinary", "key"), ("ordinary", "key"), ("commitment", "key")),
        ("130129", ("ordinary", "normal"), ("ordinary", "normal"), ("commitment", "normal")),
        ("410100", ("commitment", "normal"), ("commitment", "normal"), ("commitment", "normal")),
        ("410103", ("commitment", "normal"), ("ordinary", "normal"), ("commitment", "normal")),
    ],
)
def test_the_shipped_rules_answer_a_published_breach_region_by_region(code, plain, late, supervisory):
    for known in make.REGIONS:
        make.region(known)
    loading.store_rules(loading.read_rules(Path(loading.__file__).parent / "rules"), now=NOW)
    clerk, subject = make.staff(department=make.department(region=code)), make.subject()
    in_publicity(subject)
    answers = [
        check(subject, clerk=clerk),
        check(subject, clerk=clerk, late_materials=True),
        check(subject, clerk=clerk, kind="supervisory"),
    ]
    assert [(kept.route, kept.scrutiny) for kept in answers] == [plain, late, supervisory]


# ---- writing ----------------------------------------------------------------------------------------------


def add(subject=None, **more) -> CreditEntry:
    subject = subject or make.subject()
    given = {
        "subject": subject,
        "kind": "penalty",
        "title": "未按规定公示价格",
        "source": "栾城区市场监督管理局",
        "region": subject.region,
        "from_on": date(2026, 6, 1),
        "operator": make.staff(groups.CREDIT_OFFICE),
        "now": NOW,
    }
    return services.add_entry(**(given | more))


def test_an_added_entry_has_its_measures_its_history_and_its_event():
    officer = make.staff(groups.CREDIT_OFFICE)
    entry = add(
        kind="list",
        operator=officer,
        measures=[Measure("procurement", Effect.REFUSED, "S3 二（一）"), Measure(None, Effect.KEY, "某办法")],
    )
    assert [(m.domain, m.effect) for m in entry.measures.order_by("pk")] == [
        ("procurement", "refused"),
        ("", "key"),
    ]
    assert entry.history.get().history_user == officer
    event = AuditEvent.objects.get(verb="entry.added")
    assert (event.actor_id, event.target_id, event.facts["kind"]) == (officer.pk, str(entry.pk), "名单")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"until_on": date(2026, 5, 31)}, "终止日期不能早于起始日期"),
        ({"public_until": date(2026, 7, 1)}, "公示末日不能早于公示首日"),
        ({"public_from": date(2026, 7, 2), "public_until": date(2026, 7, 1)}, "公示末日不能早于公示首日"),
        ({"kind": "breach", "public_from": date(2026, 7, 1)}, "送达前不得公示"),
        (
            {"kind": "breach", "served_on": date(2026, 7, 2), "public_from": date(2026, 7, 1)},
            "送达前不得公示",
        ),
        ({"served_on": date(2026, 5, 31)}, "送达日期不能早于起始日期"),
        ({"kind": "lockout", "basis": "S0 一（一）"}, "修复限制期须有终止日期和依据"),
        ({"kind": "lockout", "until_on": date(2027, 6, 1)}, "修复限制期须有终止日期和依据"),
        ({"kind": "gossip"}, "gossip"),
        ({"title": "  "}, "空白|空"),
        ({"measures": [Measure(None, Effect.KEY, " ")]}, "措施须写明依据"),
    ],
)
def test_bad_entries_are_answered_in_chinese_and_nothing_is_stored(fields, words):
    with pytest.raises(ValidationError, match=words):
        add(**fields)
    assert not CreditEntry.objects.exists()
    assert not AuditEvent.objects.filter(verb="entry.added").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "repaired", "repaired_on": None},
        {"state": "effective", "repaired_on": date(2026, 7, 1)},
        {"kind": "lockout", "until_on": None},
        {"kind": "good_standing", "state": "repaired", "repaired_on": date(2026, 7, 1)},
        {"state": "repaired", "repaired_on": date(2026, 5, 1)},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        make.credit_entry(**fields)


def test_a_measure_without_basis_cannot_be_stored():
    with pytest.raises(IntegrityError), transaction.atomic():
        make.credit_entry(measures=({"basis": ""},))


def move(entry: CreditEntry, after: State, operator=None) -> CreditEntry:
    match after:
        case State.REPAIRED:
            return services.mark_repaired(entry_id=entry.pk, repaired_on=TODAY, operator=operator, now=NOW)
        case State.ENDED:
            return services.end_entry(entry_id=entry.pk, operator=operator, now=NOW)
        case _:
            return services.revoke_entry(entry_id=entry.pk, operator=operator, now=NOW)


ALLOWED = {
    ("effective", "repaired"),
    ("effective", "ended"),
    ("effective", "revoked"),
    ("repaired", "revoked"),
    ("ended", "revoked"),
}


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", [State.REPAIRED, State.ENDED, State.REVOKED])
def test_every_move_is_allowed_or_refused_as_the_table_says(before, after):
    entry = make.credit_entry(state=before, repaired_on=TODAY if before == "repaired" else None)
    if (before, after) in ALLOWED:
        moved = move(entry, after)
        assert moved.state == after
        assert moved.repaired_on == (TODAY if after == "repaired" else None)
        event = AuditEvent.objects.get(verb="entry.changed")
        assert event.facts["after"] == moved.get_state_display()
    else:
        with pytest.raises(services.MoveRefused, match=entry.get_state_display()):
            move(entry, after)
        entry.refresh_from_db()
        assert entry.state == before
        assert not AuditEvent.objects.filter(verb="entry.changed").exists()


def test_the_moves_are_named_for_every_state():
    assert set(services.MOVES) == set(State)


def test_a_repair_opens_the_commitment_route_again(luancheng):
    subject = make.subject()
    entry = make.credit_entry(subject=subject)
    assert check(subject).route == "ordinary"
    officer = make.staff(groups.CREDIT_OFFICE)
    move(entry, State.REPAIRED, officer)
    kept = check(subject)
    assert kept.route == "commitment"
    assert "已修复" in kept.one_line
    assert entry.history.first().history_user == officer
    assert [row.state for row in entry.history.all()] == ["repaired", "effective"]


def test_a_repair_lies_neither_ahead_nor_before_the_beginning():
    entry = make.credit_entry()
    with pytest.raises(ValidationError, match="不能晚于今天"):
        services.mark_repaired(
            entry_id=entry.pk, repaired_on=TODAY + timedelta(days=1), operator=None, now=NOW
        )
    with pytest.raises(ValidationError, match="不能早于起始日期"):
        services.mark_repaired(
            entry_id=entry.pk, repaired_on=entry.from_on - timedelta(days=1), operator=None, now=NOW
        )


def test_a_licence_cannot_be_repaired():
    entry = make.credit_entry(kind="licence")
    with pytest.raises(ValidationError, match="可以修复"):
        move(entry, State.REPAIRED)


class Slow(dict):
    """The table of moves, read by two officers at once if nothing keeps them apart."""

    def __init__(self, table):
        super().__init__(table)
        self.both_have_read = threading.Barrier(2)

    def __getitem__(self, state):
        # With the lock the second officer waits in the database and this barrier runs out.
        with contextlib.suppress(threading.BrokenBarrierError):
            self.both_have_read.wait(timeout=0.5)
        return super().__getitem__(state)


def two_officers_at_once(entry: CreditEntry, monkeypatch) -> list[str]:
    monkeypatch.setattr(services, "MOVES", Slow(services.MOVES))
    outcomes: list[str] = []

    def act(after: State) -> None:
        try:
            move(entry, after)
            outcomes.append("won")
        except services.MoveRefused:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(after,)) for after in (State.ENDED, State.REPAIRED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_one_wins_and_the_other_is_told(monkeypatch):
    entry = make.credit_entry()
    assert two_officers_at_once(entry, monkeypatch) == ["told", "won"]
    assert AuditEvent.objects.filter(verb="entry.changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_of_two_officers_is_seen(monkeypatch):
    entry = make.credit_entry()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    assert two_officers_at_once(entry, monkeypatch) == ["won", "won"]


# ---- reading ----------------------------------------------------------------------------------------------


def test_a_department_reads_its_own_rows_and_the_office_the_whole_region():
    office = make.department(region="130111")
    mine, other = make.department(), make.department()
    subject = make.subject()
    own = make.credit_entry(subject=subject, department=mine)
    foreign = make.credit_entry(subject=subject, department=other)
    from_a_site = make.credit_entry(subject=subject, department=None, region=make.region("000000"))
    purpose = ReadLog.Purpose.SUPERVISION

    def read(user):
        return {row.pk for row in services.record_for(user=user, subject=subject, purpose=purpose, now=NOW)}

    assert read(make.staff(groups.OFFICER, department=mine)) == {own.pk}
    assert read(make.staff(groups.OFFICER, department=make.department())) == set()
    everything = {own.pk, foreign.pk, from_a_site.pk}
    assert read(make.staff(groups.CREDIT_OFFICE, department=office)) == everything
    assert read(make.staff(groups.AUDITOR, department=office)) == everything
    neighbour = make.department(region="130129")
    assert read(make.staff(groups.CREDIT_OFFICE, department=neighbour)) == set()
    above = make.department(region="130100")
    assert read(make.staff(groups.CREDIT_OFFICE, department=above)) == everything


@pytest.mark.req("R67")
def test_every_reading_of_a_record_is_logged_with_its_purpose():
    subject, user = make.subject(), make.staff(groups.OFFICER)
    services.record_for(user=user, subject=subject, purpose=ReadLog.Purpose.OBJECTION, now=NOW)
    read = ReadLog.objects.get()
    assert (read.at, read.actor_id, read.subject_id, read.purpose) == (NOW, user.pk, subject.pk, "objection")


@pytest.mark.parametrize("group", [groups.SECURITY_ADMIN, groups.SYSTEM_ADMIN])
def test_administrators_of_the_system_read_no_records(group):
    with pytest.raises(PermissionDenied):
        services.record_for(
            user=make.staff(group), subject=make.subject(), purpose=ReadLog.Purpose.SUPERVISION, now=NOW
        )
    assert not ReadLog.objects.exists()


def test_a_purpose_that_the_log_does_not_know_is_an_error():
    with pytest.raises(ValueError, match="curiosity"):
        services.record_for(
            user=make.staff(groups.OFFICER), subject=make.subject(), purpose="curiosity", now=NOW
        )


def test_a_department_sees_its_own_checks_only(luancheng):
    clerk = make.staff()
    kept = check(make.subject(), clerk=clerk)
    assert list(services.checks_visible_to(clerk)) == [kept]
    assert not services.checks_visible_to(make.staff()).exists()
    assert list(services.checks_visible_to(make.staff(groups.CREDIT_OFFICE))) == [kept]


@pytest.mark.req("R28")
def test_a_text_that_the_record_makes_untrue_is_not_offered(luancheng):
    subject = make.subject()
    make.credit_entry(subject=subject, document_no="栾罚〔2026〕5号")
    offer = services.offer_of_text(
        subject=subject, region=make.region(), contents=["no_dishonesty"], on=TODAY
    )
    assert not offer.allowed and "栾罚〔2026〕5号" in offer.conflicts[0]
    assert services.offer_of_text(
        subject=subject, region=make.region(), contents=["obey_law"], on=TODAY
    ).allowed

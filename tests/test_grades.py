"""Grades: by published standards only, every point with its reason, the same in the rules and in the database; seen by the
subject and by whoever has to do with it. (R65, R66)"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.registry import groups
from tests import factories, subjects
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.scenes import mine
from verification import services
from verification.grades import grading, keeping, rules, showing
from verification.grades.keeping import Line, StandardRefused, Told
from verification.models import CreditEntry, GradeRun, GradingStandard, SubjectGrade, Tier
from verification.record import Entry
from verification.vocabulary import ADVERSE, Kind, State

GOLDEN = Path(__file__).parent / "golden"
LINES = (
    Line("breach", "in_publicity", -50, grade="serious"),
    Line("breach", "in_publicity", -30),
    Line("breach", "unrepaired", -15, months=36),
    Line("list", "unrepaired", -60),
    Line("penalty", "unrepaired", -20, months=36, most=3),
    Line("exemplary", "valid", 20, most=1),
    Line("good_standing", "valid", 10, most=1),
    Line("fulfilment", "valid", 2, months=24, most=5),
)
TIERS = {"A": "lower", "B": "ordinary", "C": "ordinary", "D": "higher"}


def told(**fields: Any) -> Told:
    values: dict[str, Any] = {
        "name": "主体信用分级标准", "basis": "栾信办〔2026〕9号", "confirmed": True, "base": 100, "a_from": 110,
        "b_from": 85, "c_from": 60, "a_tier": "lower", "b_tier": "ordinary", "c_tier": "ordinary",
        "d_tier": "higher", "effective_from": TODAY, "effective_to": None, "lines": LINES,
    }  # fmt: skip
    return Told(**(values | fields))


def pure(lines: tuple[Line, ...] = LINES) -> rules.Standard:
    return rules.Standard(
        100, (110, 85, 60),
        tuple(
            rules.Indicator(number, Kind(one.kind), one.counts, one.points, one.grade, one.months, one.most)
            for number, one in enumerate(lines, 1)
        ),
    )  # fmt: skip


STANDARD = pure()


# ---- the rules ---------------------------------------------------------------------------------------------


def lines(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def record(words: str) -> list[Entry]:
    """The entries of a cell: kind, then what is known of it."""
    found: list[Entry] = []
    for part in filter(None, (one.strip() for one in words.split(";"))):
        kind, *rest = part.split()
        known = dict(one.partition("=")[::2] for one in rest)
        days = {
            name: date.fromisoformat(known[key])
            for key, name in (
                ("from", "from_on"), ("until", "until_on"), ("served", "served_on"), ("public", "public_from"),
                ("publicuntil", "public_until"), ("repaired", "repaired_on"),
            )
            if key in known
        }  # fmt: skip
        for _ in range(int(known.get("times", 1))):
            found.append(
                Entry._make(
                    Entry(
                        len(found) + 1, Kind(kind), State(known.get("state", "effective")), kind,
                        grade=known.get("grade", ""), objection_under_way="objection" in known,
                        verified="unverified" not in known, **days,
                    )
                )
            )  # fmt: skip
    return found


@pytest.mark.req("R66")
@pytest.mark.parametrize("row", lines("grades.csv"), ids=lambda row: row["情形"])
def test_a_record_comes_to_what_the_table_says(row):
    found = rules.grade(record(row["信用记录"]), STANDARD, date.fromisoformat(row["评定日期"]))
    tier = Tier(TIERS[found.grade]).label
    assert (str(found.points), found.grade, tier) == (row["得分"], row["等级"], row["抽查"])
    assert sum(reason.points for reason in found.reasons) == found.points


DAYS = st.dates(date(2022, 1, 1), date(2027, 6, 30))
MAYBE = st.none() | DAYS


@st.composite
def entries(draw) -> Entry:
    """Any row that a record can hold."""
    kind, begun = draw(st.sampled_from(Kind)), draw(DAYS)
    later = st.none() | st.integers(0, 900).map(lambda days: begun + timedelta(days=days))
    state = (
        draw(st.sampled_from(State))
        if kind in ADVERSE
        else draw(st.sampled_from([State.EFFECTIVE, State.ENDED]))
    )
    public = draw(later)
    return Entry(
        draw(st.integers(1, 10**6)), kind, state, kind.value, from_on=begun, until_on=draw(later),
        served_on=draw(later), public_from=public,
        public_until=public and public + timedelta(days=draw(st.integers(0, 700))),
        repaired_on=begun if state is State.REPAIRED else None,
        grade=draw(st.sampled_from(["", "minor", "general", "serious"])),
        objection_under_way=draw(st.booleans()), verified=draw(st.booleans()),
    )  # fmt: skip


RECORDS = st.lists(entries(), max_size=12, unique_by=lambda one: one.id)


@given(RECORDS, DAYS, st.randoms())
def test_the_order_of_a_record_does_not_matter_and_the_reasons_make_up_the_score(found, on, chance):
    first = rules.grade(found, STANDARD, on)
    mixed = list(found)
    chance.shuffle(mixed)
    assert rules.grade(mixed, STANDARD, on) == first == rules.grade(found, STANDARD, on)
    assert first.points == sum(reason.points for reason in first.reasons)
    counted = [reason.entry for reason in first.reasons if reason.entry]
    assert len(counted) == len(set(counted))


@given(RECORDS, entries(), DAYS)
def test_what_is_repaired_over_unserved_unverified_or_objected_to_never_counts_against(found, one, on):
    against = rules.grade([*found, one], STANDARD, on).points < rules.grade(found, STANDARD, on).points
    unserved = one.kind is Kind.BREACH and (one.served_on is None or one.served_on > on)
    harmless = (
        one.state is not State.EFFECTIVE or unserved or not one.verified or one.objection_under_way
        or one.from_on > on or (one.until_on is not None and one.public_until is None and one.until_on < on)
    )  # fmt: skip
    assert not (against and harmless) and not (against and one.kind not in ADVERSE)


@given(RECORDS, entries().filter(lambda one: one.kind not in ADVERSE), DAYS)
def test_a_good_entry_more_never_lowers(found, good, on):
    assert rules.grade([*found, good], STANDARD, on).points >= rules.grade(found, STANDARD, on).points


@given(RECORDS, DAYS)
def test_repairing_an_entry_never_lowers(found, on):
    now = rules.grade(found, STANDARD, on).points
    for one in found:
        assert not (one.kind in ADVERSE and rules.without(found, one.id, STANDARD, on).points < now)


def test_a_standard_that_makes_no_sense_is_told_line_by_line():
    wrong = rules.Standard(
        10, (50, 60, 40),
        (
            rules.Indicator(1, Kind.PENALTY, "valid", 5),
            rules.Indicator(2, Kind.EXEMPLARY, "unrepaired", -5, grade="serious"),
            rules.Indicator(3, Kind.WARNING, "valid", -5),
            rules.Indicator(4, Kind.LIST, "unrepaired", -5),
            rules.Indicator(5, Kind.LIST, "unrepaired", -9),
        ),
    )  # fmt: skip
    said = "".join(rules.problems(wrong))
    for part in (
        "从高到低", "起评分就是“信用较差”", "第 1 项：行政处罚只能减分", "第 1 项：行政处罚应选“没有修复的”",
        "第 2 项：诚信典型只能加分", "第 2 项：诚信典型没有程度", "第 3 项：预警不能作为评级指标", "第 5 项：与前面的一项范围相同",
    ):  # fmt: skip
        assert part in said
    assert "至少写一项" in "".join(rules.problems(rules.Standard(100, (110, 85, 60), ())))
    assert not rules.problems(STANDARD)


# ---- a region with its office ------------------------------------------------------------------------------


class Place:
    """A credit office of two, a department, a standard in force, and subjects with records."""

    def __init__(self) -> None:
        self.now = NOW
        self.region = factories.region()
        self.office = factories.department(kind="credit_office")
        self.first = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.auditor = factories.staff(groups.AUDITOR, department=self.office)
        self.department = factories.department()
        self.officer = factories.staff(groups.OFFICER, department=self.department)
        self.standard = self.approved(self.draft())
        self.shop = factories.subject()
        self.penalty = factories.credit_entry(
            subject=self.shop, title="未按规定公示价格", from_on=TODAY - timedelta(days=90),
            department=self.department, document_no="栾罚〔2026〕5号",
        )  # fmt: skip
        self.clean = factories.subject()

    def draft(self, **fields: Any) -> GradingStandard:
        return keeping.save_draft(region=self.region, told=told(**fields), actor=self.first, now=self.now)

    def approved(self, row: GradingStandard) -> GradingStandard:
        return keeping.approve(standard_id=row.pk, actor=self.second, now=self.now)

    def graded(self) -> GradeRun:
        return grading.grade_all(standard_id=self.standard.pk, now=self.now)


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
def test_a_standard_is_drafted_by_one_approved_by_another_and_frozen(place):
    later = place.draft(effective_from=TODAY + timedelta(days=10), name="新的标准")
    assert (later.number, later.approved_at) == (2, None)
    with pytest.raises(StandardRefused, match="不能批准自己起草的"):
        keeping.approve(standard_id=later.pk, actor=place.first, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        GradingStandard.objects.filter(pk=later.pk).update(approved_by=place.first, approved_at=NOW)
    stranger = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="410103", kind="credit_office")
    )
    with pytest.raises(StandardRefused, match="本地区及以下"):
        keeping.approve(standard_id=later.pk, actor=stranger, now=NOW)
    with pytest.raises(StandardRefused) as wrong:
        place.draft(lines=(Line("penalty", "unrepaired", 5),), effective_from=TODAY - timedelta(days=1))
    assert {"lines", "effective_from"} <= wrong.value.message_dict.keys()
    place.approved(later)
    place.standard.refresh_from_db()
    assert place.standard.effective_to == TODAY + timedelta(days=9)
    assert grading.standard_of(place.region, TODAY) == place.standard
    assert grading.standard_of(place.region, TODAY + timedelta(days=10)) == later
    for change in ({"a_from": 1}, {"effective_to": TODAY + timedelta(days=99)}, {"confirmed": False}):
        with pytest.raises(DatabaseError, match="已经批准"), transaction.atomic():
            GradingStandard.objects.filter(pk=place.standard.pk).update(**change)
    with pytest.raises(DatabaseError, match="已经批准"), transaction.atomic():
        place.standard.indicators.update(points=-1)
    with pytest.raises(StandardRefused, match="不能再更改"):
        keeping.discard(standard_id=later.pk, actor=place.first, now=NOW)
    keeping.end(standard_id=later.pk, last_day=TODAY + timedelta(days=20), actor=place.first, now=NOW)
    gone = place.draft()
    keeping.discard(standard_id=gone.pk, actor=place.second, now=NOW)
    deeds = AuditEvent.objects.filter(verb="grading.standard", target_id=str(later.pk)).order_by("id")
    assert [one.facts["deed"] for one in deeds] == ["drafted", "approved", "ended"]


@pytest.mark.req("R66")
def test_all_are_graded_with_reasons_and_only_what_differs_is_written_again(place):
    person = factories.person()
    elsewhere = factories.subject(region="130129")
    run = place.graded()
    assert (run.graded, run.changed, run.of_b, run.of_c) == (2, 2, 1, 1)
    row = grading.current_of(place.shop.pk)
    assert (row.points, row.grade, row.tier) == (80, "C", "ordinary")
    assert row.reasons[1]["entry"] == place.penalty.pk and row.reasons[1]["title"] == "未按规定公示价格"
    assert not SubjectGrade.objects.filter(subject__in=[person.pk, elsewhere.pk]).exists()
    again = place.graded()
    assert (again.graded, again.changed) == (2, 0)
    services.mark_repaired(entry_id=place.penalty.pk, repaired_on=TODAY, operator=None, now=NOW)
    assert place.graded().changed == 1
    assert [one.points for one in SubjectGrade.objects.filter(subject=place.shop.pk)] == [100, 80]
    assert grading.current_of(place.shop.pk).grade == "B"
    for wrong in (SubjectGrade.objects.all(), GradeRun.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong.update(on=TODAY)
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong._raw_delete("default")
    place.now += timedelta(days=1)
    assert grading.follow_the_days(now=place.now) == 0
    assert GradeRun.objects.filter(on=local_date(place.now)).count() == 1
    assert grading.follow_the_days(now=place.now) == 0
    assert GradeRun.objects.filter(on=local_date(place.now)).count() == 1
    keeping.end(
        standard_id=place.standard.pk, last_day=local_date(place.now), actor=place.first, now=place.now
    )
    place.now += timedelta(days=1)
    with pytest.raises(grading.NotInForce):
        place.graded()


@pytest.mark.req("R66")
def test_a_region_below_with_a_standard_of_its_own_is_graded_by_that(place):
    city = factories.department(region="130100", kind="credit_office")
    one, other = (factories.staff(groups.CREDIT_OFFICE, department=city) for _ in range(2))
    above = keeping.save_draft(region=city.region, told=told(), actor=one, now=NOW)
    keeping.approve(standard_id=above.pk, actor=other, now=NOW)
    neighbour = factories.subject(region="130129")
    run = grading.grade_all(standard_id=above.pk, now=NOW)
    assert run.graded == 1 and run.grades.get().subject_id == neighbour.pk
    assert grading.standard_of(neighbour.region, TODAY) == above
    assert grading.standard_of(place.region, TODAY) == place.standard


@pytest.mark.req("R66")
def test_the_database_grades_a_thousand_records_as_the_rules_do(place):
    chance = random.Random(66)
    owners = [factories.subject() for _ in range(1_000)]
    rows = []
    for owner in owners:
        for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
            kind = chance.choice(list(Kind))
            begun = TODAY - timedelta(days=chance.choice((0, 1, 40, 400, 730, 731, 1095, 1096, 1097, -3)))
            state = State.EFFECTIVE
            if kind in ADVERSE and chance.random() < 0.3:
                state = chance.choice((State.REPAIRED, State.ENDED, State.REVOKED))
            until = (
                begun + timedelta(days=chance.choice((0, 30, 90, 1500))) if chance.random() < 0.6 else None
            )
            served = begun + timedelta(days=chance.choice((0, 5))) if chance.random() < 0.8 else None
            public = (
                (served or begun) + timedelta(days=chance.choice((0, 10, 60)))
                if chance.random() < 0.5
                else None
            )
            if kind is Kind.BREACH and served is None:
                public = None
            rows.append(
                CreditEntry(
                    subject=owner, kind=kind, title=f"第 {len(rows)} 条", source="演示", region=place.region,
                    grade=chance.choice(("", "minor", "general", "serious")), from_on=begun,
                    until_on=(until or TODAY) if kind is Kind.LOCKOUT and (until or TODAY) >= begun else until,
                    basis="演示" if kind is Kind.LOCKOUT else "", served_on=served, public_from=public,
                    public_until=public and public + timedelta(days=chance.choice((0, 20, 400))), state=state,
                    repaired_on=begun if state is State.REPAIRED else None, verified=chance.random() < 0.9,
                    objection_under_way=chance.random() < 0.1, entered_at=NOW,
                )
            )  # fmt: skip
    rows = [row for row in rows if row.kind != Kind.LOCKOUT or row.until_on is not None]
    CreditEntry.objects.bulk_create(rows)
    run = place.graded()
    assert run.graded == 1_002
    by_subject: dict[int, list[Entry]] = {}
    for row in CreditEntry.objects.all():
        by_subject.setdefault(row.subject_id, []).append(services.as_entry(row))
    seen = set()
    for row in SubjectGrade.objects.filter(run=run):
        found = rules.grade(by_subject.get(row.subject_id, ()), STANDARD, TODAY)
        assert (row.points, row.grade, row.tier) == (found.points, found.grade, TIERS[found.grade])
        told_here = [
            (
                one["number"],
                one["points"],
                one["entry"],
                one["on"] and date.fromisoformat(one["on"]),
                one["title"],
            )
            for one in row.reasons
        ]
        assert told_here == [(one.number, one.points, one.entry, one.on, one.title) for one in found.reasons]
        seen.add(found.grade)
    assert seen == set("ABCD")


# ---- who sees it -------------------------------------------------------------------------------------------


@pytest.mark.req("R66")
def test_the_subject_sees_its_grade_why_and_what_repair_would_bring(place):
    client = subjects.client_for(place.shop, now=NOW)
    assert "没有评定等级" in body(client.get("/me/grade/"))
    place.graded()
    page = body(client.get("/me/grade/"))
    for part in (
        "C 信用一般", "80", "近 36 个月、没有修复的（含公示期内）行政处罚", "未按规定公示价格", "栾罚〔2026〕5号",
        "修复以后：100 分，B 信用较好", f"/me/objections/new/?of=entry:{place.penalty.pk}", "按常规比例抽查",
    ):  # fmt: skip
        assert part in page, part
    assert client.get(f"/me/objections/new/?of=entry:{place.penalty.pk}").status_code == 200
    services.mark_objection(entry_id=place.penalty.pk, under_way=True, actor=None, now=NOW)
    page = body(client.get("/me/grade/"))
    assert "按今天" in page and "100 分，B 信用较好" in page and "异议处理中，看办理到哪一步" in page
    place.now += timedelta(days=1)
    place.graded()
    page = body(client.get("/me/grade/"))
    assert "以前的等级" in page and "按今天" not in page
    assert ReadLog.objects.filter(target_type="own_grade", subject_id=place.shop.pk).count() == 4
    assert "自然人不评定" in body(subjects.client_for(factories.person(), now=NOW).get("/me/grade/"))


@pytest.mark.req("R66", "R58")
def test_staff_see_the_grades_of_whom_they_have_to_do_with_and_each_reading_is_logged(place):
    place.graded()
    client = client_of(place.officer)
    page = body(client.get("/desk/grades/"))
    assert place.shop.name in page and place.clean.name not in page
    mine_, others = (grading.current_of(one.pk) for one in (place.shop, place.clean))
    one = body(client.get(f"/desk/grades/{mine_.uuid}/"))
    assert "未按规定公示价格" in one and "100 分，B 信用较好" in one
    assert client.get(f"/desk/grades/{others.uuid}/").status_code == 404
    assert ReadLog.objects.filter(target_type="subject_grade", target_id=str(mine_.pk)).count() == 1
    office = client_of(place.first)
    assert place.clean.name in body(office.get("/desk/grades/"))
    assert place.clean.name not in body(office.get("/desk/grades/?grade=C"))
    assert place.clean.name in body(office.get(f"/desk/grades/?q={place.clean.uscc}"))
    # Repaired this morning: the list says so before the next grading does.
    assert "按今天的记录" not in body(office.get("/desk/grades/"))
    with transaction.atomic():
        services.mark_repaired(entry_id=place.penalty.pk, repaired_on=TODAY, operator=None, now=NOW)
        assert body(office.get("/desk/grades/")).count("按今天的记录是 100 分，B 信用较好") == 1
        transaction.set_rollback(True)
    stranger = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="410103", kind="credit_office")
    )
    assert client_of(stranger).get(f"/desk/grades/{mine_.uuid}/").status_code == 404
    for _ in range(6):
        factories.subject()
    place.graded()
    with CaptureQueriesContext(
        connection,
    ) as few:
        office.get("/desk/grades/")
    for _ in range(20):
        factories.subject()
    place.graded()
    with CaptureQueriesContext(connection) as many:
        office.get("/desk/grades/")
    assert len(many) == len(few)


@pytest.mark.req("R66", "R113")
def test_of_another_departments_entry_staff_see_the_points_and_not_what_it_is(place):
    other = factories.department()
    own = factories.credit_entry(
        subject=place.shop, title="占道经营", from_on=TODAY - timedelta(days=9), department=other
    )
    place.graded()
    row = grading.current_of(place.shop.pk)
    at = f"/desk/grades/{row.uuid}/"
    seen = body(client_of(factories.staff(groups.OFFICER, department=other)).get(at))
    assert own.title in seen and "其他部门的记录" in seen
    assert place.penalty.title not in seen and place.penalty.document_no not in seen
    assert seen.count("没有修复的（含公示期内）行政处罚") == 2 and "80 分，C 信用一般" in seen
    office = body(client_of(place.first).get(at))
    assert own.title in office and place.penalty.title in office and "其他部门的记录" not in office


@pytest.mark.req("R65", "R66")
def test_after_the_last_day_of_a_standard_nothing_follows_from_its_grades(place):
    place.graded()
    at = f"/desk/grades/{grading.current_of(place.shop.pk).uuid}/"
    keeping.end(standard_id=place.standard.pk, last_day=TODAY, actor=place.first, now=NOW)
    services.mark_repaired(entry_id=place.penalty.pk, repaired_on=TODAY, operator=None, now=NOW)
    pages = (
        lambda: subjects.client_for(place.shop, now=place.now).get("/me/grade/"),
        lambda: client_of(place.officer).get(at),
        lambda: client_of(place.officer).get("/desk/grades/"),
    )
    told = [body(page()) for page in pages]
    assert all("已失效" not in page and "按常规比例抽查" in page for page in told) and "按今天" in told[0]
    place.now += timedelta(days=1)
    told = [body(page()) for page in pages]
    assert all("已失效" in page for page in told)
    assert "按今天" not in told[0] + told[1] and "修复以后：" not in told[0]


@pytest.mark.req("R66")
def test_a_draft_that_was_changed_since_it_was_read_is_not_approved(place):
    draft = place.draft(effective_from=TODAY + timedelta(days=10))
    at, second = f"/desk/grades/standards/{draft.uuid}/", client_of(place.second)
    page = body(second.get(at))
    read = page.split('name="read" value="')[1].split('"')[0]
    place.now += timedelta(minutes=1)
    keeping.save_draft(
        region=place.region, told=told(effective_from=TODAY + timedelta(days=10), base=120), actor=place.first,
        now=place.now, standard_id=draft.pk,
    )  # fmt: skip
    for sent in ({"read": read}, {}):
        assert "又改过，没有批准" in body(second.post(f"{at}approve/", sent, follow=True))
    draft.refresh_from_db()
    assert draft.approved_at is None
    now_read = body(second.get(at)).split('name="read" value="')[1].split('"')[0]
    assert "标准已公开" in body(second.post(f"{at}approve/", {"read": now_read}, follow=True))


@pytest.mark.req("R66")
def test_the_public_sees_the_standards_and_never_a_grade(place, client):
    place.graded()
    draft = place.draft(name="还是草稿")
    page = body(client.get("/grading/"))
    assert "主体信用分级标准（第 1 版）" in page and "还是草稿" not in page
    one = body(client.get(f"/grading/{place.standard.uuid}/"))
    for part in (
        "栾信办〔2026〕9号",
        "110 分以上",
        "近 36 个月、没有修复的（含公示期内）行政处罚",
        "-20",
        "提高抽查比例",
    ):
        assert part in one
    assert client.get(f"/grading/{draft.uuid}/").status_code == 404
    assert place.shop.name not in page + one
    for address in (f"/subjects/{place.shop.uscc}/", f"/commitments/?q={place.shop.uscc}"):
        assert "信用一般" not in body(client.get(address))


@pytest.mark.req("R66")
def test_the_office_drafts_approves_grades_and_ends_at_its_desk(place):
    client, second = client_of(place.first), client_of(place.second)
    page = client.get("/desk/grades/standards/new/")
    assert page.status_code == 200 and "主体信用分级标准" in body(page)
    data = {
        "region": "130111", "name": "第二版标准", "basis": "栾信办〔2026〕10号", "confirmed": "on", "base": "100",
        "a_from": "110", "b_from": "85", "c_from": "60", "a_tier": "lower", "b_tier": "ordinary",
        "c_tier": "ordinary", "d_tier": "higher", "effective_from": str(TODAY + timedelta(days=1)),
        "line-TOTAL_FORMS": "2", "line-INITIAL_FORMS": "0", "line-0-kind": "penalty", "line-0-counts": "unrepaired",
        "line-0-points": "5", "line-1-points": "7",
    }  # fmt: skip
    wrong = client.post("/desk/grades/standards/new/", data)
    assert wrong.status_code == 422 and "请选择信用记录的类别" in body(wrong)
    wrong = client.post("/desk/grades/standards/new/", data | {"line-1-points": ""})
    assert wrong.status_code == 422 and "第 1 项：行政处罚只能减分" in body(wrong)
    assert client.post("/desk/grades/standards/new/", {}).status_code == 422
    done = client.post("/desk/grades/standards/new/", data | {"line-1-points": "", "line-0-points": "-5"})
    assert done.status_code == 302
    made = GradingStandard.objects.get(number=2)
    at = f"/desk/grades/standards/{made.uuid}/"
    assert "等候信用办另一人批准" in body(client.get(at))
    assert client.get(f"{at}edit/").status_code == 200
    assert "不能批准自己起草的" in body(client.post(f"{at}approve/", follow=True))
    assert "批准这份标准" in body(second.get(at))
    read = {"read": keeping.written(made)}
    assert "标准已公开" in body(second.post(f"{at}approve/", read, follow=True))
    assert "已评定 2 个主体" in body(client.post("/desk/grades/run/", follow=True))
    assert client.post(f"{at}end/", {"last_day": "x"}).status_code == 422
    assert client.post(f"{at}end/", {"last_day": "2020-01-01"}).status_code == 422
    assert client.post(f"{at}end/", {"last_day": str(TODAY + timedelta(days=9))}).status_code == 302
    assert client.post(f"{at}nothing/").status_code == 404
    assert client.get(f"{at}edit/").status_code == 302
    assert showing.named("A") == "A 信用好"

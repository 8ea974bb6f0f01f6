"""One timeline for one code: everything of a subject by day, as far as each reader may see, on both axes of time."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.overview.record import gathering
from credit_portal.registry import groups, timeline
from credit_portal.registry.timeline import Look
from tests import factories as make
from tests import office_grades, subjects
from tests.consent_stage import Stage as ConsentStage
from tests.office import Office, client_of
from tests.scenes import mine
from tests.test_listing import Office as ListOffice
from verification import correcting, knowing, listing, services
from verification.consent import keeping
from verification.grades import grading
from verification.models import AppliedMeasure, CreditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
NOW = make.NOW
TODAY = NOW.date()
K, F, A, C = groups.CREDIT_OFFICE, groups.OFFICER, groups.AUDITOR, groups.CLERK


@pytest.fixture(scope="module")
def built(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(built, db, monkeypatch) -> Office:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return mine(built)


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def record_of(subject) -> str:
    return reverse("record:record", args=[subject.uuid])


def told(subject, user=None, **asked) -> list[gathering.Line]:
    return gathering.find(Look(subject, user, TODAY), gathering.Asked(**asked), size=500).lines


# ---- everything, in one order ------------------------------------------------------------------------------


@pytest.mark.req("R67", "R68")
def test_one_code_has_one_timeline_with_what_every_room_knows_of_it(office):
    subject = office.commitment.subject
    lines = told(subject, office.people[K])
    kinds = {line.kind for line in lines}
    assert {"主体登记", "信用核查", "信用记录", "信用承诺", "公示"} <= kinds
    assert [(line.row.day, line.row.at) for line in lines] == sorted(
        ((line.row.day, line.row.at) for line in lines), reverse=True
    )
    text = page(client_of(office.people[K]), record_of(subject))
    assert subject.uscc in text and "未按规定公示价格" in text and "栾罚〔2026〕5号" in text
    assert office.commitment.code in text and "公开可见" in text and "本人、办理部门和经同意的可见" in text
    assert reverse("obligations:commitment", args=[office.commitment.code]) in text
    assert reverse("record:entry", args=[office.entry.uuid]) in text
    read = ReadLog.objects.latest("pk")
    assert (read.subject_id, read.purpose) == (subject.pk, "supervision")
    page(client_of(office.people[K]), f"{record_of(subject)}?for=objection")
    assert ReadLog.objects.latest("pk").purpose == "objection"
    assert not re.search(r">[a-z_]{4,}<", text), "no code stands where a word should"


@pytest.mark.req("R68")
def test_a_record_is_found_by_its_code_and_for_a_purpose(office):
    subject, client = office.commitment.subject, client_of(office.people[F])
    found = client.post("/desk/record/", {"code": subject.uscc, "purpose": "check"})
    assert found["Location"] == f"{record_of(subject)}?for=check"
    wrong = client.post("/desk/record/", {"code": "91130111MA00000000", "purpose": "check"})
    assert wrong.status_code == 422 and "主体代码" in wrong.content.decode()
    nobody = client.post("/desk/record/", {"code": make.organisation_code(), "purpose": "curiosity"})
    text = nobody.content.decode()
    assert nobody.status_code == 422 and "没有登记过这个代码的主体" in text and "查阅目的" in text


@pytest.mark.req("R68")
def test_each_sees_no_more_than_the_own_reach(office):
    subject = office.commitment.subject
    mine_only = {line.row.title for line in told(subject, office.people[F])}
    office_sees = {line.row.title for line in told(subject, office.people[K])}
    assert "未按规定公示价格" in office_sees - mine_only
    stranger = make.staff(F, department=make.department(region="130129"))
    assert {line.kind for line in told(subject, stranger)} == {"主体登记"}
    person = office.persons_commitment.subject
    page(client_of(stranger), record_of(person), 404)
    page(client_of(stranger), reverse("record:entry", args=[office.entry.uuid]), 404)
    assert person.name not in page(client_of(office.people[F]), record_of(person))


@pytest.mark.req("R58", "R68")
def test_the_subject_sees_its_own_timeline_and_no_determination_that_was_not_served(office):
    subject = office.commitment.subject
    silent = make.credit_entry(subject=subject, kind="breach", title="还没有送达的认定", from_on=TODAY)
    client = subjects.client_for(subject, name="钱多多")
    text = page(client, "/me/record/timeline/")
    assert "未按规定公示价格" in text and silent.title not in text
    assert reverse("mine:commitment", args=[office.commitment.code]) in text and "/desk/" not in text
    entry = page(client, reverse("my_record:entry", args=[office.entry.uuid]))
    assert "起所知" in entry and office.people[K].display_name not in entry
    page(client, reverse("my_record:entry", args=[silent.uuid]), 404)
    services.mark_served(entry_id=silent.pk, served_on=TODAY, actor=None, now=NOW)
    assert silent.title in page(client, "/me/record/timeline/")
    other = subjects.client_for(office.persons_commitment.subject)
    page(other, reverse("my_record:entry", args=[office.entry.uuid]), 404)


@pytest.mark.req("R78")
def test_a_listing_tells_its_subject_term_and_number_once_it_was_served_and_not_before(db):
    office = ListOffice()
    row, number = office.opened(), "栾名〔2026〕77号"

    def lines() -> list[timeline.Row]:
        return [one.row for one in told(office.firm, kind="listing")]

    step = {"listing_id": row.pk, "actor": office.officer}
    row = listing.give_notice(**step, expect="opened", noticed_on=TODAY, now=NOW)
    later = NOW + (row.statement_until - TODAY) + timedelta(days=1)
    row = listing.propose(
        **step, expect="noticed", term_until=TODAY + timedelta(days=400), exit_rule="履行满一年", statement_considered="",
        now=later,
    )  # fmt: skip
    listing.decide(listing_id=row.pk, expect="proposed", document_no=number, actor=office.head, now=later)
    (notice,) = lines()
    assert (notice.what, notice.last, notice.document) == ("送达告知书", None, row.number)
    listing.serve(**step, expect="decided", served_on=later.date(), service="直接送达", now=later)
    by_deed = {one.what: one for one in lines()}
    served = by_deed["送达，列入生效"]
    assert (served.last, served.document) == (row.term_until, number)
    assert by_deed["送达告知书"].document == row.number
    assert all(one.document == number for one in (line.row for line in told(office.firm, office.officer, kind="listing"))
               if one.what == "批准列入")  # fmt: skip


@pytest.mark.req("R78")
def test_a_decision_that_was_never_served_is_not_told_by_its_revocation_either(db):
    office = ListOffice()
    row = office.opened()
    row = listing.give_notice(
        listing_id=row.pk, expect="opened", noticed_on=TODAY, actor=office.officer, now=NOW
    )
    later = NOW + (row.statement_until - TODAY) + timedelta(days=1)
    step = {"listing_id": row.pk, "now": later}
    listing.propose(
        **step, expect="noticed", term_until=TODAY + timedelta(days=400), exit_rule="履行满一年", statement_considered="",
        actor=office.officer,
    )  # fmt: skip
    listing.decide(**step, expect="proposed", document_no="栾名〔2026〕78号", actor=office.head)
    listing.revoke(**step, expect="decided", reason="发现认定有误", actor=office.head)
    own = [one.row for one in told(office.firm, kind="listing")]
    assert {one.what for one in own} == {"送达告知书", "办理已经终止"}
    assert all((one.last, one.document) == (None, row.number) for one in own)
    desk = [one.row.what for one in told(office.firm, office.officer, kind="listing")]
    assert "撤销列入决定" in desk and "办理已经终止" not in desk


def test_it_is_narrowed_by_kind_source_and_year_and_read_page_by_page(office):
    subject = make.subject()
    for number in range(70):
        make.credit_entry(
            subject=subject, title=f"处罚{number}", source="甲局" if number % 2 else "乙局",
            from_on=date(2025 if number < 30 else 2026, 1, 1) + timedelta(days=number // 3),
        )  # fmt: skip
    user = office.people[K]
    look = Look(subject, user, TODAY)
    everything = [(line.row.arm, line.row.pk) for line in told(subject, user)]
    assert len(everything) == len(set(everything)) >= 71
    paged, after = [], ""
    while True:
        found = gathering.find(look, gathering.Asked(after=after), size=7)
        paged += [(line.row.arm, line.row.pk) for line in found.lines]
        after = found.after
        if not after:
            break
    assert paged == everything
    assert {line.row.by for line in told(subject, user, by="甲局")} == {"甲局"}
    assert {line.row.day.year for line in told(subject, user, year=2025)} == {2025}
    assert {line.kind for line in told(subject, user, kind="entry")} == {"信用记录"}
    choice = gathering.choices(look)
    assert {"甲局", "乙局"} <= set(choice.sources) and {2025, 2026} <= set(choice.years)
    client = client_of(user)
    text = page(client, f"{record_of(subject)}?kind=entry&by=甲局&year=2026")
    text = text.split('id="course"')[1]
    assert "处罚69" in text and "处罚68" not in text
    for odd in (
        "after=1",
        "after=2026-01-01~x~entry.entered~1",
        "after=2026-01-01~2026-01-01T00:00:00~entry.entered~1",
    ):
        page(client, f"{record_of(subject)}?{odd}", 400)
    wrong = page(client, f"{record_of(subject)}?year=1&kind=x&on=2026-13-01&known=2126-01-01", 422)
    assert "当时所知" in wrong and "处罚69" in wrong


@pytest.mark.parametrize("own", [False, True])
def test_three_hundred_events_cost_as_many_queries_as_one(office, own):
    def queries(subject) -> int:
        client = subjects.client_for(subject) if own else client_of(office.people[K])
        address = "/me/record/timeline/" if own else record_of(subject)
        page(client, address)
        with CaptureQueriesContext(connection) as seen:
            page(client, address)
        return len(seen)

    one, many = make.subject(), make.subject()
    make.credit_entry(subject=one)
    for number in range(300):
        make.credit_entry(
            subject=many, title=f"处罚{number}", from_on=date(2025, 1, 1) + timedelta(days=number)
        )
    assert queries(one) == queries(many)


# ---- both axes ---------------------------------------------------------------------------------------------


def penalty(subject, *, now: datetime = NOW, **fields) -> CreditEntry:
    values = {
        "kind": "penalty", "title": "超范围经营", "source": "栾城区市场监管局", "region": make.region(),
        "from_on": date(2026, 8, 1), "until_on": date(2027, 7, 31), "operator": None, "document_no": "栾罚〔2026〕8号",
        "basis": "食品安全法第一百二十二条",
    }  # fmt: skip
    return services.add_entry(subject=subject, now=now, **(values | fields))


@pytest.mark.req("R67")
def test_the_page_tells_what_was_in_force_as_it_was_known_and_what_came_later_changes_nothing(office):
    subject, client = make.subject(), client_of(office.people[K])
    penalty(subject)

    def standing(**days) -> bool:
        query = "&".join(f"{key}={value}" for key, value in days.items())
        text = page(client, f"{record_of(subject)}?{query}")
        return "超范围经营" in text.split('id="standing"')[1].split('id="course"')[0]

    before = TODAY - timedelta(days=1)
    assert standing() and standing(on="2026-08-01") and not standing(on="2026-07-31")
    assert not standing(on=TODAY, known=before) and standing(on=TODAY, known=TODAY)
    assert "超范围经营" not in page(client, f"{record_of(subject)}?known={before}").split('id="course"')[1]
    assert "效力日" in page(client, record_of(subject)) and "当时所知" in page(client, record_of(subject))


@pytest.mark.req("R67", "R68")
def test_what_is_over_by_its_publicity_or_was_never_served_is_not_told_as_in_force(office):
    subject, shown = make.subject(), {"public_from": date(2026, 1, 1), "served_on": date(2026, 1, 1)}
    early = {"subject": subject, "from_on": date(2026, 1, 1)}
    make.credit_entry(
        **early, title="公示已满的处罚", public_from=date(2026, 1, 1), public_until=TODAY - timedelta(days=1)
    )
    make.credit_entry(
        **early, kind="breach", title="公示已满的违诺", public_until=TODAY - timedelta(days=1), **shown
    )
    make.credit_entry(**early, kind="breach", title="公示中的违诺", public_until=TODAY, **shown)
    make.credit_entry(**early, kind="breach", title="没有送达的违诺")
    make.credit_entry(**early, title="没有核实的处罚", verified=False)
    for client, address in (
        (client_of(office.people[K]), record_of(subject)),
        (subjects.client_for(subject), "/me/record/timeline/"),
    ):
        text = page(client, address).split('id="standing"')[1].split('id="course"')[0]
        assert re.findall(
            "公示已满的处罚|公示已满的违诺|公示中的违诺|没有送达的违诺|没有核实的处罚", text
        ) == ["公示中的违诺"]
        assert f'公示至 <span class="mono nowrap">{TODAY}' in text


@pytest.mark.req("R67")
def test_an_entry_that_was_written_very_often_stands_as_it_was_written_last(office):
    subject, user = make.subject(), office.people[K]
    old, often = penalty(subject, title="先有的"), penalty(subject)
    services.mark_repaired(
        entry_id=often.pk, repaired_on=TODAY, operator=None, now=NOW + timedelta(minutes=9)
    )
    said = often.history.first()
    early = [
        CreditEntry.history.model(
            **{
                field.attname: getattr(said, field.attname)
                for field in said._meta.concrete_fields
                if field.name != "history_id"
            }
            | {
                "state": "effective",
                "repaired_on": None,
                "history_date": NOW + timedelta(seconds=second / 100),
            }
        )
        for second in range(5_100)
    ]
    CreditEntry.history.bulk_create(early)
    entries = services.entries_visible_to(user).filter(subject=subject)
    with CaptureQueriesContext(connection) as asked:
        found = knowing.in_force(entries, valid_on=TODAY, known_on=TODAY)
    assert [one.uuid for one in found] == [old.uuid] and len(asked) == 1


@pytest.mark.req("R67", "R68")
def test_a_wrong_entry_is_put_right_by_a_new_one_and_both_can_be_read(office, monkeypatch):
    subject, actor = make.subject(), office.people[K]
    old = penalty(subject)
    services.mark_objection(entry_id=old.pk, under_way=True, actor=actor, now=NOW)
    later = NOW + timedelta(days=3)
    new = correcting.correct_anew(
        entry_id=old.pk, changes={"document_no": "栾罚〔2026〕9号", "from_on": date(2026, 8, 5)},
        reason="录入有误", actor=actor, now=later,
    )  # fmt: skip
    old.refresh_from_db()
    assert (old.state, old.end_reason, new.corrects_id) == ("revoked", "更正：录入有误", old.pk)
    assert new.objection_under_way and not old.objection_under_way
    assert (new.title, new.until_on, new.document_no) == (old.title, old.until_on, "栾罚〔2026〕9号")
    event = AuditEvent.objects.get(verb="entry.corrected")
    assert (event.target_id, event.facts["corrects"]) == (str(new.pk), old.pk)
    monkeypatch.setattr(clock, "now", lambda: later)
    text = page(client_of(actor), record_of(subject))
    assert re.search(r"<del><a [^>]*>超范围经营<", text)
    assert "更正后的记录" in text and reverse("record:entry", args=[new.uuid]) in text
    one = page(client_of(actor), reverse("record:entry", args=[old.uuid]))
    assert "谁可以看到" in one and "本人、办理部门和经同意的" in one
    assert "由新的一条更正" in one and reverse("record:entry", args=[new.uuid]) in one
    assert "更正了原来的记录" in page(client_of(actor), reverse("record:entry", args=[new.uuid]))
    own = page(subjects.client_for(subject, now=later), "/me/record/")
    assert f"/me/record/entries/{new.uuid}/" in own and f"/me/record/entries/{old.uuid}/" in own
    assert "更正：录入有误" in own and own.count("可申请修复") <= 1
    # As it was known before, the old one stood, and was not struck.
    before = page(client_of(actor), f"{record_of(subject)}?known={TODAY}")
    assert "栾罚〔2026〕8号" in before and "栾罚〔2026〕9号" not in before and "后来撤销" not in before
    for changes, reason, error in (
        ({"document_no": "栾罚〔2026〕9号"}, "再改", ValidationError),
        ({"title": "另"}, " ", ValidationError),
        ({"title": ""}, "空", ValidationError),
        ({"until_on": date(2020, 1, 1)}, "早于", ValidationError),
        ({"from_on": date(2027, 8, 5), "until_on": None}, "推到以后", ValidationError),
        ({"kind": "list"}, "类别", KeyError),
    ):
        with pytest.raises(error):
            correcting.correct_anew(entry_id=new.pk, changes=changes, reason=reason, actor=actor, now=later)
    with pytest.raises(services.MoveRefused, match="已撤销"):
        correcting.correct_anew(entry_id=old.pk, changes={"title": "又"}, reason="又", actor=actor, now=later)
    assert CreditEntry.objects.filter(subject=subject).count() == 2


def test_a_measure_goes_on_with_the_corrected_entry_and_ends_when_that_ends(office):
    actor, others = office.people[K], AppliedMeasure.objects.filter(ended_on=None)
    running = set(others.values_list("pk", flat=True))
    old = penalty(office.check.subject)
    own = AppliedMeasure.objects.create(
        check_made=office.check, entry=old, department=office.department, region=make.region(), domain="approval",
        effect="key", text="重点审查", basis="法", applied_on=TODAY,
    )  # fmt: skip
    new = correcting.correct_anew(entry_id=old.pk, changes={"title": "另"}, reason="误", actor=actor, now=NOW)
    own.refresh_from_db()
    going_on = AppliedMeasure.objects.get(entry=new)
    assert (own.end_reason, going_on.ended_on, going_on.text) == ("corrected", None, "重点审查")
    services.revoke_entry(entry_id=new.pk, operator=actor, now=NOW)
    going_on.refresh_from_db()
    assert going_on.end_reason == "revoked" and set(others.values_list("pk", flat=True)) == running


@pytest.mark.req("R67")
def test_of_a_measure_applied_after_its_check_nothing_was_known_on_the_day_of_the_check(office):
    late = AppliedMeasure.objects.create(
        check_made=office.check, department=office.department, region=make.region(), domain="approval", effect="key",
        text="后来的重点审查", basis="法", applied_on=TODAY + timedelta(days=3),
    )  # fmt: skip
    look = Look(office.check.subject, office.people[K], TODAY + timedelta(days=9))

    def known(days: int) -> bool:
        asked = gathering.Asked(kind="measure", known_on=TODAY + timedelta(days=days))
        return late.text in {line.row.title for line in gathering.find(look, asked, size=500).lines}

    assert [known(days) for days in (0, 2, 3)] == [False, False, True]


def test_what_a_procedure_has_written_is_corrected_by_that_procedure(office):
    bound = CreditEntry.objects.filter(consumer_complaint__isnull=False).first()
    assert bound is not None
    with pytest.raises(services.MoveRefused, match="请在原程序中更正"):
        correcting.correct_anew(
            entry_id=bound.pk, changes={"title": "另"}, reason="误", actor=office.people[K], now=NOW
        )


def test_every_room_has_registered_what_it_knows():
    names = {arm.name for arm in timeline.arms()}
    assert len(names) > 20
    assert {name.split(".")[0] for name in names} == set(timeline.KINDS)


def test_the_clock_of_the_history_is_the_clock_of_the_service():
    then = datetime(2025, 3, 5, 9, 0, tzinfo=SHANGHAI)
    entry = penalty(make.subject(), now=then, from_on=date(2025, 3, 1), until_on=None)
    assert entry.history.get().history_date == then


@pytest.mark.req("R66", "R68", "R113")
def test_consents_what_went_out_and_grades_stand_in_it(db, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    stage = ConsentStage()
    consent = stage.give(now=NOW - timedelta(days=2))
    made = stage.fetch(consent)
    keeping.withdraw_online(consent=consent, access=stage.access, now=NOW + timedelta(minutes=1))
    second = make.staff(K, department=stage.credit.department)
    standard = office_grades.standard(stage.credit, second)
    grading.grade_all(standard_id=standard.pk, now=NOW)

    def heads(user=None) -> set[tuple[str, str]]:
        return {
            (one.deed, one.row.by)
            for one in told(stage.subject, user)
            if one.kind in ("同意和提供", "信用等级")
        }

    own = heads()
    assert own == {
        ("同意", stage.department.name), ("撤回同意", stage.department.name), ("提供", str(stage.department)),
        ("评定", standard.name),
    }  # fmt: skip
    assert heads(stage.credit) == own and heads(stage.officer) == set()
    assert heads(stage.far) == set()
    # As it was known before: the grade of then, which has a page no more.
    services.mark_repaired(entry_id=stage.penalty.pk, repaired_on=TODAY, operator=None, now=NOW)
    grading.grade_all(standard_id=standard.pk, now=NOW + timedelta(days=1))
    for user in (None, stage.credit):
        grades = [one for one in told(stage.subject, user) if one.kind == "信用等级"]
        assert [one.row.day for one in grades] == [TODAY + timedelta(days=1), TODAY]
        assert grades[0].url and (user is None or not grades[1].url)
        assert len([one for one in told(stage.subject, user, known_on=TODAY) if one.kind == "信用等级"]) == 1
    assert made.number in {one.row.document for one in told(stage.subject)}


@pytest.mark.req("R67")
def test_whoever_saw_an_entry_before_it_was_put_right_has_seen_the_matter(office):
    subject, actor = make.subject(), office.people[K]
    old = penalty(subject)
    middle = correcting.correct_anew(
        entry_id=old.pk, changes={"document_no": "栾罚〔2026〕9号"}, reason="录入有误", actor=actor, now=NOW
    )
    last = correcting.correct_anew(
        entry_id=middle.pk, changes={"title": "超范围经营食品"}, reason="录入有误", actor=actor, now=NOW
    )
    assert correcting.chain_of(last.pk) == [last.pk, middle.pk, old.pk]
    assert correcting.latest_of(old.pk) == last.pk

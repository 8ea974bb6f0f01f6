"""Unusual reading: counted when the day is over, put before the security administrator without what was read."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.outbox import sweeping
from credit_portal.outbox.models import Notice, PartnerSystem
from credit_portal.registry import readers
from credit_portal.registry.models import User
from verification.models import AvoidedCode, ReaderDay, UnusualReading
from verification.reading_watch import counting, deciding, rules

from . import factories
from .office import client_of

Kind = UnusualReading.Kind
NOW = datetime(2026, 9, 16, 9, 0, tzinfo=SHANGHAI)  # a Wednesday
DAY = NOW.date() - timedelta(days=1)


def read(user: User | PartnerSystem, subjects, *, at: datetime, what: str = "信用记录") -> None:
    whose = {"partner_id" if isinstance(user, PartnerSystem) else "actor_id": user.pk}
    ReadLog.objects.bulk_create(
        [
            ReadLog(
                at=at, **whose, subject_id=pk, what=what, target_type="subject", target_id=str(pk), purpose="check"
            )
            for pk in subjects
        ]
    )  # fmt: skip


def at(hour: int, days_ago: int = 1) -> datetime:
    return (NOW - timedelta(days=days_ago)).replace(hour=hour)


@pytest.mark.parametrize(
    ("earlier", "subjects", "limit", "asked"),
    [
        ([], 250, 250, False),
        ([], 251, 250, True),
        ([10, 10, 10, 10], 251, 250, True),
        ([10] * 5, 60, 60, False),
        ([10] * 5, 61, 60, True),
        ([200] * 5, 600, 600, False),
        ([200] * 20, 601, 600, True),
        ([1, 1, 100, 100, 100], 300, 300, False),
    ],
)
@pytest.mark.req("R114")
def test_much_is_measured_against_what_the_same_person_reads(earlier, subjects, limit, asked) -> None:
    found = rules.limit_of(earlier)
    assert (found.most, rules.too_many(subjects, found)) == (limit, asked)


@given(days=st.lists(st.integers(1, 1_000), max_size=30), subjects=st.integers(0, 5_000))
def test_who_reads_no_more_than_usual_is_never_asked(days: list[int], subjects: int) -> None:
    limit = rules.limit_of(days)
    assert limit.most >= rules.STAFF.least
    if days and subjects <= min(days) and len(days) >= rules.DAYS_NEEDED:
        assert not rules.too_many(subjects, limit)


@pytest.mark.django_db
@pytest.mark.req("R67", "R114")
def test_each_day_is_counted_once_and_what_is_unusual_is_put_down() -> None:
    security = factories.staff("security_admin")
    busy, night, family, quiet = (factories.staff("officer") for _ in range(4))
    person, company = factories.person(), factories.subject()
    for relation, subject in (("spouse", person), ("company", company)):
        deciding.avoid(
            user=family,
            relation=relation,
            code=subject.uscc or subject.id_number,
            actor=security,
            now=at(9, 2),
        )
    for days_ago in (2, 5, 6, 7, 8, 9):
        read(busy, range(1, 21), at=at(10, days_ago))
    read(busy, range(1, 62), at=at(10))
    read(night, [1, 2, 3, 4, 5], at=at(22))
    read(quiet, [1, 2, 3, 4], at=at(5))
    read(family, [person.pk, person.pk, company.pk], at=at(11))
    # Not over yet, and what a subject reads of itself: neither is counted.
    read(quiet, range(1, 400), at=NOW)
    ReadLog.objects.create(
        at=at(23), access_id=1, subject_id=person.pk, what="信用记录", target_type="own_record", target_id="0",
        purpose="subject_request",
    )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        assert counting.follow_the_days(now=NOW) == 4
    assert len(queries) < 7 * 22  # seven days with readings, however many people and readings each has
    with CaptureQueriesContext(connection) as queries:
        assert counting.follow_the_days(now=NOW) == 0
    assert len(queries) == 2
    assert {(row.reader_id, row.kind, row.readings, row.subjects, row.day) for row in UnusualReading.objects.all()} == {
        (busy.pk, "volume", 61, 61, DAY), (night.pk, "off_hours", 5, 5, DAY),
        (family.pk, "avoided", 2, 1, DAY), (family.pk, "avoided", 1, 1, DAY),
    }  # fmt: skip
    row = UnusualReading.objects.get(kind="volume")
    assert (row.usual, row.limit) == (20, 60)
    assert ReaderDay.objects.get(reader=night).off_hours == 5
    assert ReaderDay.objects.filter(reader=busy).count() == 7
    assert Notice.objects.get(user=security).title == "2026-09-15 有异常查阅 4 件，请核实"
    assert AuditEvent.objects.filter(verb="reading.unusual").count() == 4
    assert "reading_watch" in sweeping.steps()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReaderDay.objects.filter(reader=busy).update(readings=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnusualReading.objects.filter(pk=row.pk).update(readings=1)


@pytest.mark.django_db
@pytest.mark.req("R114")
def test_a_day_costs_the_same_however_many_have_read_on_it() -> None:
    def cost(readers: int, days_ago: int) -> int:
        for _ in range(readers):
            read(factories.staff("officer"), [1, 2, 3], at=at(10, days_ago))
        with CaptureQueriesContext(connection) as asked:
            assert counting.follow_the_days(now=at(9, days_ago - 1)) == 0
        assert ReaderDay.objects.filter(day=at(10, days_ago).date()).count() == readers
        return len(asked)

    cost(1, 6)
    assert cost(2, 5) == cost(20, 3)


@pytest.mark.django_db
@pytest.mark.req("R114")
def test_days_off_are_off_hours_at_any_hour_and_a_code_counts_for_its_days_only() -> None:
    security, officer = factories.staff("security_admin"), factories.staff("officer")
    subject = factories.subject()
    row = deciding.avoid(
        user=officer, relation="company", code=subject.uscc, actor=security, now=at(9, 5), from_on=at(9, 5).date()
    )  # fmt: skip
    deciding.end(avoided_id=row.pk, on=at(9, 3).date(), actor=security, now=at(10, 3))
    read(officer, [subject.pk], at=at(12, 3))
    read(officer, [subject.pk], at=at(12, 2))  # a Monday
    monday = at(12).replace(month=10, day=5)  # in the holidays
    read(officer, range(1, 6), at=monday)
    counting.follow_the_days(now=NOW)
    assert [found.day for found in UnusualReading.objects.all()] == [at(9, 3).date()]
    counting.follow_the_days(now=monday + timedelta(days=1))
    assert UnusualReading.objects.filter(kind="off_hours", day=monday.date()).exists()


@pytest.mark.django_db
@pytest.mark.req("R114")
def test_the_security_administrator_asks_and_writes_down_and_sees_no_subject() -> None:
    security, other = factories.staff("security_admin"), factories.staff("security_admin")
    officer, subject = factories.staff("officer"), factories.subject()
    client = client_of(security)
    add = "/admin/verification/avoidedcode/add/"
    told = {
        "username": officer.username,
        "relation": "company",
        "code": subject.uscc,
        "from_on": "2026-09-01",
    }
    for wrong, message in (
        ({"username": "nobody"}, "没有这个用户名的账号"),
        ({"code": "911"}, "统一社会信用代码应为 18 位"),
        ({"relation": "spouse"}, "这种关系应填写身份证号码"),
        ({"username": security.username}, "由另一名安全管理员办理"),
    ):
        assert message in client.post(add, told | wrong).content.decode(), message
    assert not AvoidedCode.objects.exists()
    assert client.post(add, told).status_code == 302
    assert "已经为该工作人员登记" in client.post(add, told).content.decode()
    read(officer, [subject.pk], at=at(12), what="承诺")
    counting.follow_the_days(now=NOW)
    row = UnusualReading.objects.get()
    assert "件异常查阅待核实" in client.get("/admin/").content.decode()
    page = f"/admin/verification/unusualreading/{row.pk}/"
    shown = client.get(f"{page}change/").content.decode()
    assert "回避登记：本人或者亲属任职、持股的单位" in shown and "承诺" in shown
    assert subject.name not in shown and subject.uscc not in shown
    assert "核实情况应为 5 至 500 个字" in client.post(
        f"{page}decide/", {"state": "explained", "note": "看过"}
    ).content.decode()  # fmt: skip
    done = {"state": "explained", "note": "所在单位确认是窗口排队叫到的办件。"}
    assert client.post(f"{page}decide/", done).status_code == 302
    assert "所在单位确认" in client.get(f"{page}change/").content.decode()
    with pytest.raises(deciding.WatchError, match="已说明"):
        deciding.decide(reading_id=row.pk, state="referred", note="另有说法，再看。", actor=other, now=NOW)
    for role, sees in (("auditor", 200), ("credit_office", 403), ("officer", 403), ("system_admin", 403)):
        department = officer.department if role == "auditor" else None
        staff = factories.staff(role, department=department) if department else factories.staff(role)
        assert client_of(staff).get("/admin/verification/unusualreading/").status_code == sees, role
    with pytest.raises(IntegrityError), transaction.atomic():
        UnusualReading.objects.filter(pk=row.pk).update(note="别的说法。")
    assert AuditEvent.objects.filter(verb="reading.avoided").count() == 1


def system(**fields) -> PartnerSystem:
    department = factories.department()
    told = {
        "name": f"{department.name}审批系统", "department": department, "scopes": ["checks.write"], "created_at": at(9, 30),
        "created_by": factories.staff("system_admin"),
    }  # fmt: skip
    return PartnerSystem.objects.create(**told | fields)


@pytest.mark.django_db
@pytest.mark.req("R114")
def test_a_departments_own_system_is_measured_against_what_it_usually_does() -> None:
    greedy, sleepless, nightly, new, newer = (system() for _ in range(5))
    for days_ago in (2, 5, 6, 7, 8):
        read(greedy, range(1, 201), at=at(10, days_ago))
        read(sleepless, range(1, 101), at=at(10, days_ago))
        read(nightly, range(1, 101), at=at(3, days_ago))
    read(greedy, range(1, 602), at=at(10))
    read(sleepless, range(1, 52), at=at(3))
    read(nightly, range(1, 301), at=at(3))  # as often as it may be more than usual
    read(new, range(1, 52), at=at(3))
    read(newer, range(1, 2_001), at=at(10))
    counting.follow_the_days(now=NOW)
    # The first days of those that work at night are asked about until there is something usual.
    first = {(nightly.pk, "off_hours", 100, None, 50, at(3, days).date()) for days in (2, 5, 6, 7, 8)}
    rows = UnusualReading.objects.filter(reader=None)
    assert {(row.partner_id, row.kind, row.readings, row.usual, row.limit, row.day) for row in rows} == first | {
        (greedy.pk, "volume", 601, 200, 600, DAY), (sleepless.pk, "off_hours", 51, 0, 50, DAY),
        (new.pk, "off_hours", 51, None, 50, DAY),
    }  # fmt: skip
    assert {"partner": greedy.pk, "kind": "volume", "step": "发现", "day": str(DAY)} in [
        event.facts for event in AuditEvent.objects.filter(verb="reading.unusual")
    ]
    row = UnusualReading.objects.get(partner=greedy)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnusualReading.objects.filter(pk=row.pk).update(partner=new)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnusualReading.objects.create(kind="volume", day=DAY, readings=1, subjects=1, found_at=NOW)

    security = client_of(factories.staff("security_admin"))
    page = f"/admin/verification/unusualreading/{row.pk}/"
    shown = security.get(f"{page}change/").content.decode()
    for words in (
        greedy.name,
        greedy.department.name,
        "平常每日 200 个主体，超过 600 个的提示",
        "系统所属的单位",
    ):
        assert words in shown
    night = UnusualReading.objects.get(partner=sleepless)
    shown = security.get(f"/admin/verification/unusualreading/{night.pk}/change/").content.decode()
    assert "这个系统平常每日 0 次，超过 50 次的提示" in shown
    done = {"state": "referred", "note": "令牌已经作废，移送系统所属单位调查。"}
    assert security.post(f"{page}decide/", done).status_code == 302
    auditor = client_of(factories.staff("auditor", department=greedy.department))
    assert greedy.name in auditor.get("/admin/verification/unusualreading/").content.decode()
    away = client_of(factories.staff("auditor", department=factories.department(region="410103")))
    assert greedy.name not in away.get("/admin/verification/unusualreading/").content.decode()
    # Its subject reads whose system it was.
    ReadLog.objects.bulk_create(
        [
            ReadLog(at=at(11), partner_id=row.pk, subject_id=999_999, what="信用记录", purpose="check")
            for row in (greedy, new)
        ]
    )
    told = readers.told(ReadLog.objects.filter(subject_id=999_999).order_by("pk"))
    assert [one.who for one in told] == [f"{row.department.name}的业务系统" for row in (greedy, new)]
    # The log itself names the system, to whoever may read the log of its department.
    newest = client_of(factories.staff("auditor", department=newer.department))
    assert f"第 {newer.pk} 号" in newest.get("/admin/audit/readlog/").content.decode()
    assert f"第 {newer.pk} 号" not in away.get("/admin/audit/readlog/").content.decode()


@pytest.mark.django_db
@pytest.mark.req("R67")
def test_of_a_person_the_number_is_sealed_under_an_index_of_its_own() -> None:
    person = factories.person()
    row = deciding.avoid(
        user=factories.staff("officer"), relation="child", code=person.id_number,
        actor=factories.staff("security_admin"), now=NOW,
    )  # fmt: skip
    kept = " ".join(str(value) for value in AvoidedCode.objects.filter(pk=row.pk).values_list()[0])
    assert person.id_number not in kept and row.id_number_index != person.id_number_index
    assert AvoidedCode.objects.get(pk=row.pk).id_number == person.id_number

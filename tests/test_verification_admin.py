"""The record and the checks in the back office: entered once through the service, then moved or read; within the
region; every reading written down."""

import re
from datetime import date

import pytest

from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.registry import groups
from tests import factories as make
from tests.office import address, client_of
from verification import services
from verification.models import Check, CreditEntry

pytestmark = pytest.mark.django_db

ENTRIES, CHECKS = "verification.creditentry", "verification.check"
LIST, ADD = address(ENTRIES, "changelist"), address(ENTRIES, "add")


def login(group=groups.CREDIT_OFFICE, **where):
    user = make.staff(group, department=make.department(**where))
    return client_of(user), user


def form(subject, **fields):
    given = {
        "subject_code": subject.uscc,
        "kind": "penalty",
        "title": "未按规定公示价格",
        "source": "信用中国（河北）",
        "region": subject.region_id,
        "document_no": "栾罚〔2026〕5号",
        "from_on": "2026-06-01",
        "verified": "on",
        "measures-TOTAL_FORMS": "1",
        "measures-INITIAL_FORMS": "0",
        "measures-0-domain": "",
        "measures-0-effect": "",
        "measures-0-basis": "",
    }
    return given | fields


def check(subject) -> Check:
    clerk = make.staff()
    return services.check_subject(
        subject=subject,
        item_version=make.item_version(department=clerk.department),
        commitment_type="approval",
        operator=clerk,
        now=make.NOW,
    )


def test_the_office_enters_an_entry_with_a_measure_once_and_with_its_event():
    client, officer = login()
    subject = make.subject()
    answer = client.post(
        ADD,
        form(
            subject,
            kind="list",
            **{
                "measures-0-domain": "procurement",
                "measures-0-effect": "refused",
                "measures-0-basis": "《政府采购法》第二十二条",
            },
        ),
    )
    assert answer.status_code == 302, answer.content.decode()
    entry = CreditEntry.objects.get()
    assert (entry.subject, entry.kind, entry.entered_by, entry.state) == (
        subject,
        "list",
        officer,
        "effective",
    )
    assert entry.measures.get().basis == "《政府采购法》第二十二条"
    assert entry.history.count() == 1
    assert AuditEvent.objects.get(verb="entry.added").actor_id == officer.pk


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subject_code": "91130111MA0000000"}, "应为 18 位"),
        ({"subject_code": make.organisation_code(987654)}, "没有登记过这个代码"),
        ({"until_on": "2026-05-01"}, "终止日期不能早于起始日期"),
        ({"kind": "breach", "public_from": "2026-07-01"}, "送达前不得公示"),
        ({"kind": "lockout"}, "修复限制期须有终止日期和依据"),
        ({"measures-0-effect": "refused"}, "请填写"),
        ({"measures-TOTAL_FORMS": "x"}, "表单不完整"),
    ],
)
def test_a_wrong_entry_is_answered_in_chinese_and_not_stored(fields, words):
    client, _officer = login()
    answer = client.post(ADD, form(make.subject(), **fields))
    assert answer.status_code == 200
    assert re.search(words, answer.content.decode())
    assert not CreditEntry.objects.exists() and not AuditEvent.objects.filter(verb="entry.added").exists()


def test_an_entry_cannot_be_rewritten_and_its_reading_is_logged():
    client, officer = login()
    entry = make.credit_entry(title="原来的事由")
    url = address(ENTRIES, "change", entry)
    assert "原来的事由" in client.get(url).content.decode()
    read = ReadLog.objects.get()
    assert (read.actor_id, read.subject_id, read.purpose) == (officer.pk, entry.subject_id, "supervision")
    assert client.post(url, form(entry.subject, title="改写的事由")).status_code == 405
    entry.refresh_from_db()
    assert entry.title == "原来的事由"


@pytest.mark.parametrize(
    ("deed", "typed", "state"),
    [
        ("repair", {"repaired_on": "2026-09-14"}, "repaired"),
        ("end", {"ended_on": "2026-09-14", "reason": "已移出名单"}, "ended"),
        ("revoke", {"confirmed": "True"}, "revoked"),
    ],
)
def test_the_office_moves_an_entry_once_and_the_second_is_told(deed, typed, state):
    client, _officer = login()
    entry = make.credit_entry()
    assert client.post(address(ENTRIES, deed, entry), typed).status_code == 302
    entry.refresh_from_db()
    assert entry.state == state
    answer = client.post(address(ENTRIES, deed, entry), typed)
    assert answer.status_code == 200 and "不能改为" in answer.content.decode()
    assert AuditEvent.objects.filter(verb="entry.changed").count() == 1


def test_a_repair_in_the_future_is_refused_at_its_field():
    client, _officer = login()
    entry = make.credit_entry()
    answer = client.post(address(ENTRIES, "repair", entry), {"repaired_on": "2999-01-01"})
    assert answer.context["form"].errors == {"repaired_on": ["修复日期不能晚于今天。"]}
    entry.refresh_from_db()
    assert entry.state == "effective"


def test_an_auditor_looks_with_a_purpose_of_its_own_and_moves_nothing():
    client, _auditor = login(groups.AUDITOR)
    entry = make.credit_entry()
    assert client.get(LIST).status_code == 200
    assert ReadLog.objects.get().purpose == "audit"
    assert client.post(address(ENTRIES, "revoke", entry), {"confirmed": "True"}).status_code == 403
    entry.refresh_from_db()
    assert entry.state == "effective"


def test_whoever_may_not_read_leaves_no_reading_behind():
    client, _officer = login(groups.OFFICER)
    kept = check(make.subject())
    before = ReadLog.objects.count()
    for url in (LIST, address(CHECKS, "changelist"), address(CHECKS, "change", kept)):
        assert client.get(url).status_code in (403, 404)
    assert ReadLog.objects.count() == before


def test_history_tells_old_and_new_state_in_words():
    client, _officer = login()
    entry = make.credit_entry()
    services.end_entry(entry_id=entry.pk, operator=None, now=make.NOW)
    page = client.get(address(ENTRIES, "history", entry)).content.decode()
    assert re.search(r"状态</td><td[^>]*>有效</td><td[^>]*>已终止</td>", page)
    assert "信用记录状态由 有效 变为 已终止" in page


def test_a_check_is_read_with_its_reasons_and_rules_and_never_changed():
    client, _officer = login()
    subject = make.subject()
    make.credit_entry(subject=subject, document_no="栾罚〔2026〕7号", from_on=date(2026, 6, 1))
    kept = check(subject)
    url = address(CHECKS, "change", kept)
    page = client.get(url).content.decode()
    assert "栾罚〔2026〕7号" in page and kept.number in page
    assert kept.number in client.get(address(CHECKS, "changelist")).content.decode()
    assert client.post(url, {"route": "refused"}).status_code == 405


@pytest.mark.parametrize("query", ["测试有限", "number", "code"])
def test_checks_are_found_by_number_code_and_a_piece_of_a_name(query):
    client, _officer = login()
    subject = make.subject()
    kept = check(subject)
    check(make.subject(name="赞皇县某厂"))
    term = {"number": kept.number, "code": subject.uscc}.get(query, query)
    found = client.get(address(CHECKS, "changelist"), {"q": term}).context["cl"].result_list
    assert [row.pk for row in found] == [kept.pk]


def test_an_office_reads_what_others_recorded_of_a_local_subject_but_does_not_move_it():
    client, officer = login(region="130111")
    subject = make.subject(region="130111")
    others = make.credit_entry(subject=subject, region=make.region("130129"))
    local = make.credit_entry(subject=subject)
    own = make.credit_entry(subject=subject, region=make.region("130000"), entered_by=officer)
    page = client.get(address(ENTRIES, "change", others))
    assert page.status_code == 200 and address(ENTRIES, "revoke", others) not in page.content.decode()
    for name in ("repair", "end", "revoke"):
        assert client.post(address(ENTRIES, name, others), {"repaired_on": "2026-07-01"}).status_code == 403
    others.refresh_from_db()
    assert others.state == "effective"
    for entry in (local, own):
        typed = {"ended_on": "2026-09-14", "reason": "已解除"}
        assert client.post(address(ENTRIES, "end", entry), typed).status_code == 302
        entry.refresh_from_db()
        assert entry.state == "ended"

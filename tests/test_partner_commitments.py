"""Commitments of departments' systems: the counter's rules, one answer for one key, nothing of others and nothing secret."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from commitments.models import BreachCase, Commitment, CommitmentEvent, Obligation, ObligationFinding
from commitments.obligations import confirming
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import IdempotentAnswer, Notice, PublicChange, Scope
from credit_portal.registry.models import ServiceItem
from disclosure import throttles
from disclosure.models import ExchangePlatform
from tests import factories
from tests.counter import Counter
from tests.factories import NOW, TODAY
from tests.partner_stage import PDF, SCAN, Stage, file_of
from verification.models import CreditEntry
from verification.services import still_holds

pytestmark = pytest.mark.django_db
BLANKS = ({"key": "完成日期", "kind": "date"},)
CLAUSES = (*factories.CLAUSES[:-1], ("pledge", "在 {完成日期} 以前完成。", ()), factories.CLAUSES[-1])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Sets the one clock; it begins at NOW."""

    def stand(at: Any) -> None:
        monkeypatch.setattr("credit_portal.audit.clock.now", lambda: at)
        monkeypatch.setattr("credit_portal.audit.clock.today", lambda: at.date())

    stand(NOW)
    throttles.counter.forget()
    return stand


@pytest.fixture
def stage(clock: Callable[[Any], None]) -> Stage:
    return Stage(clauses=CLAUSES, blanks=BLANKS)


FILLED = {"blanks": {"完成日期": "2026-12-20"}}


def errors_of(answer: Any) -> dict[str, str]:
    return {one["field"]: one["message"] for one in answer.json()["errors"]}


@pytest.mark.req("R85", "R18", "R34")
def test_what_was_signed_there_is_frozen_here_as_at_the_counter_and_once(stage: Stage) -> None:
    ExchangePlatform.objects.create(
        region=factories.region(), name="市平台", adapter="http", address="http://127.0.0.1:1",
        since=TODAY, running=ExchangePlatform.Running.APART,
    )  # fmt: skip
    factories.department(kind="credit_office")
    PolicyRule.objects.create(
        region=factories.region(), key="commitment_upload", value=7, unit="working_days", basis="S0",
        effective_from=TODAY.replace(year=2020),
    )  # fmt: skip
    told = stage.signed(**FILLED)
    first = stage.post("commitments", told, key="one")
    assert first.status_code == 201, first.json()
    answer = first.json()
    one = Commitment.objects.get()
    assert (one.code, one.channel, one.partner, one.clerk, one.draft) == (
        answer["code"], "partner", stage.system, None, None,
    )  # fmt: skip
    assert (one.subject_name, one.subject_code) == (stage.subject.name, stage.subject.uscc)
    assert one.check_made.number == told["check"] == answer["check"]
    assert "在 2026年12月20日 以前完成。" in [clause["text"] for clause in one.content]
    assert (one.pdf.sha256, one.text_sha256) == (answer["pdf_sha256"], answer["text_sha256"])
    assert (one.signature.kind, one.signed_by) == ("paper_scan", "paper")
    assert one.public_from is not None and PublicChange.objects.get().reference == one.code
    assert answer["due_on"] == Duty.objects.get(rule_key="commitment_upload").due_on.isoformat()
    assert answer["verify_url"].endswith(f"/verify/{one.verify_token}/")
    assert (one.check_made.outcome.result, one.check_made.outcome.decided_by) == ("commitment", None)
    course = CommitmentEvent.objects.get(commitment=one, kind="signed")
    assert course.partner == stage.system and "已阅读" in course.note
    assert AuditEvent.objects.get(verb="partner.acted").facts == {"deed": "递交承诺", "number": one.code}
    again = stage.post("commitments", told, key="one")
    assert again.json() == answer and again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Cache-Control"] == "no-store"
    assert Commitment.objects.count() == 1 and EvidenceFile.objects.count() == 2
    # Another key, the same check: it has been used.
    second = stage.post("commitments", told)
    assert second.status_code == 409 and one.code in errors_of(second)["check"]
    # A new check on the same day: whether a second one is meant has to be said.
    told = stage.signed(**FILLED)
    twice = stage.post("commitments", told)
    assert twice.status_code == 409 and set(errors_of(twice)) == {"confirm_duplicate"}
    assert stage.post("commitments", told | {"confirm_duplicate": True}).status_code == 201


@pytest.mark.req("R85")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"check": "H1301112026999999"}, "check"),
        ({"text": {"code": "别的", "version": 1}}, "text"),
        ({"text": "T"}, "text"),
        ({"text": {"code": "T1", "version": "1"}}, "text.version"),
        ({"signer": {"capacity": "self"}}, "signer.capacity"),
        ({"signer": {"capacity": "agent"}}, "authorisation"),
        ({"signer": {"capacity": "boss"}}, "signer.capacity"),
        ({"signer": {"name": ""}}, "signer.name"),
        ({"signer": {"name": "赵\x00一"}}, "signer.name"),
        ({"signer": {"id_number": "130111198503070018"}}, "signer.id_number"),
        ({"signed_at": "2026-09-14T10:30:00"}, "signed_at"),
        ({"signed_at": "2026-09-14T11:30:00+08:00"}, "signed_at"),
        ({"signed_at": "2026-09-14T09:30:00+08:00"}, "signed_at"),
        ({"signed_at": "0001-01-01T00:00:00+23:59"}, "signed_at"),
        ({"signed_at": "9999-12-31T23:59:59-23:59"}, "signed_at"),
        ({"read_confirmed": False}, "read_confirmed"),
        ({"read_confirmed": "yes"}, "read_confirmed"),
        ({"file": {"name": "x.pdf", "content": "不是"}}, "file.content"),
        ({"file": {"name": "x.pdf", "content": ""}}, "file.content"),
        ({"file": file_of(b"GIF89a")}, "file"),
        ({"file": file_of(PDF + b"/JavaScript %%EOF")}, "file"),
        ({"file": None}, "file"),
        ({"blanks": {}}, "blanks.完成日期"),
        ({"blanks": {"完成日期": "明天"}}, "blanks.完成日期"),
        ({"blanks": {"完成日期": "2026-12-20", "别的": "x"}}, "blanks.别的"),
        ({"blanks": []}, "blanks"),
        ({"must_state": ["没有的事"]}, "must_state"),
        ({"case_ref": "长" * 61}, "case_ref"),
        ({"nothing": 1}, "nothing"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(stage: Stage, change: dict[str, Any], field: str) -> None:
    files = EvidenceFile.objects.count()
    answer = stage.post("commitments", stage.signed(**(FILLED | change)), key="one")
    assert answer.status_code in (409, 422) and answer["Content-Type"] == "application/problem+json"
    assert field in errors_of(answer), answer.json()
    assert "130111198503070018" not in answer.content.decode()
    assert not Commitment.objects.exists() and EvidenceFile.objects.count() == files
    # The key is free again for the right request.
    assert stage.post("commitments", stage.signed(**FILLED), key="one").status_code == 201


@pytest.mark.req("R40", "R28", "R38")
def test_the_record_decides_here_too(stage: Stage) -> None:
    number = stage.check()
    # Another system of the same department cannot use this one's check.
    _, token = stage.another(stage.department, *Scope.values)
    told = stage.signed(check=number, **FILLED)
    assert set(errors_of(stage.post("commitments", told, token=token))) == {"check"}
    penalty = factories.credit_entry(subject=stage.subject)
    stale = stage.post("commitments", told)
    assert stale.status_code == 409 and "信用记录有变化" in errors_of(stale)["check"]
    ordinary = stage.post("commitments", stage.signed(**FILLED))
    assert ordinary.status_code == 409 and "不适用承诺制" in errors_of(ordinary)["check"]
    # Expired, not repaired: the text stays true only where it says so (S2 三（二）).
    CreditEntry.objects.filter(pk=penalty.pk).update(until_on=TODAY - timedelta(days=1))
    told = stage.signed(**FILLED)
    silent = stage.post("commitments", told)
    assert silent.status_code == 409 and "未经修复" in errors_of(silent)["must_state"]
    words = errors_of(silent)["must_state"].split("：", 1)[1].split("。请让", 1)[0]
    assert stage.post("commitments", told | {"must_state": [words]}).status_code == 201
    assert words in Commitment.objects.get().content[-1]["text"]


@pytest.mark.req("R85")
def test_a_system_that_could_not_reach_us_hands_in_on_the_next_day_and_no_later(
    stage: Stage, clock: Callable[[Any], None]
) -> None:
    told = stage.signed(**FILLED)
    other = stage.signed(**FILLED)
    clock(NOW + timedelta(days=1))
    assert stage.post("commitments", told).status_code == 201
    one = Commitment.objects.get()
    assert (one.made_on, one.signed_at) == (TODAY, NOW)
    clock(NOW + timedelta(days=2))
    late = stage.post("commitments", other)
    assert late.status_code == 409 and "次日" in errors_of(late)["signed_at"]
    assert still_holds(one.check_made, on=TODAY)


def test_a_person_signs_for_itself_and_leaves_no_number(stage: Stage) -> None:
    stage.subject = factories.person(name="钱多多")
    code = stage.hand_in(signer={"name": "别人", "capacity": "self"}, **FILLED)
    one = Commitment.objects.get(code=code)
    assert (one.signer_name, one.subject_code, one.publicity_class) == ("钱多多", "", "limited")
    assert one.public_from is None
    assert stage.subject.id_number not in str(IdempotentAnswer.objects.values_list("body", flat=True))


def test_an_agent_brings_the_letter_of_attorney(stage: Stage) -> None:
    code = stage.hand_in(signer={"capacity": "agent"}, authorisation=SCAN, **FILLED)
    assert Commitment.objects.get(code=code).authorisation.kind == "authorisation"


@pytest.mark.req("R85")
def test_a_system_reads_its_departments_commitments_page_by_page_and_nothing_secret(
    stage: Stage, django_assert_max_num_queries: Any
) -> None:
    mine = [stage.hand_in(confirm_duplicate=True, case_ref=f"业务-{n}", **FILLED) for n in range(5)]
    stage.subject = factories.person(name="钱多多", phone="13800000000")
    mine.append(stage.hand_in(signer={"capacity": "self"}, **FILLED))
    others = Counter.open().sign()
    token = stage.another(others.department, Scope.READ)[1]
    newest = mine[::-1]
    seen: list[str] = []
    address: Any = "commitments?page_size=4"
    with django_assert_max_num_queries(8):
        first = stage.get(address)
    assert first.headers["Cache-Control"] == "no-store"
    body = first.json()
    assert body["count"] == {"value": 6, "exact": True} and body["previous"] is None
    second = stage.get(body["next"]).json()
    seen = [row["code"] for row in body["results"] + second["results"]]
    assert seen == newest and second["next"] is None
    read = ReadLog.objects.filter(target_type="commitment_list", partner_id=stage.system.pk)
    assert [(row.what, row.actor_id) for row in read] == [("本部门的承诺", None)] * 2
    back = stage.get(second["previous"]).json()
    assert [row["code"] for row in back["results"]] == newest[:4]
    for query, expected in (
        ({"case_ref": "业务-2"}, [mine[2]]),
        ({"commitment": mine[0]}, [mine[0]]),
        ({"commitment": others.code}, []),
        ({"status": "fulfilled"}, []),
        ({"made_from": "2026-09-14", "made_to": "2026-09-14", "status": "running"}, newest),
        ({"made_to": "2026-09-13"}, []),
        ({"code": Commitment.objects.get(code=mine[0]).subject_code}, newest[1:]),
    ):
        rows = stage.get("commitments", query).json()["results"]
        assert [row["code"] for row in rows] == expected, query
    told = first.content.decode()
    person = Commitment.objects.get(code=mine[-1]).subject
    for secret in (person.id_number, "13800000000", "signature", "content", "signer"):
        assert secret not in told, secret
    assert [row["code"] for row in stage.get("commitments", token=token).json()["results"]] == [others.code]
    for query, field in (
        ({"code": person.id_number}, "code"), ({"status": "x"}, "status"), ({"page_size": "101"}, "page_size"),
        ({"page_size": ""}, "page_size"),
        ({"made_from": "2026-09-14", "made_to": "2026-09-13"}, "made_to"), ({"cursor": "x"}, "cursor"),
        ({"name": "x"}, "name"), ({"case_ref": "\x00"}, "case_ref"),
    ):  # fmt: skip
        wrong = stage.get("commitments", query)
        assert wrong.status_code == 400 and field in errors_of(wrong), query
        assert person.id_number not in wrong.content.decode()


@pytest.mark.req("R85")
def test_a_system_reads_its_departments_duties(stage: Stage, django_assert_max_num_queries: Any) -> None:
    for number, (due, state) in enumerate(
        (("2026-09-20", "open"), ("2026-09-11", "open"), ("2026-09-15", "met"))
    ):
        Duty.objects.create(
            rule_key="breach_report", matter_type="breach_case", matter_id=number, number=f"W{number}",
            department=stage.department, region=stage.department.region, triggered_on="2026-09-01", length=7,
            unit="working_days", due_on=due, calendar_version="1", basis="S0", confirmed=True, opened_at=NOW,
            state=state, met_on="2026-09-14" if state == "met" else None, met_at=NOW if state == "met" else None,
        )  # fmt: skip
    with django_assert_max_num_queries(6):
        rows = stage.get("duties").json()["results"]
    assert [(row["number"], row["overdue"]) for row in rows] == [("W1", True), ("W0", False)]
    assert rows[0]["label"] == "违诺认定后上报信用办"
    assert [row["number"] for row in stage.get("duties?state=met").json()["results"]] == ["W2"]
    assert [row["number"] for row in stage.get("duties?due_from=2026-09-12").json()["results"]] == ["W0"]
    paged = stage.get("duties?page_size=1").json()
    assert [row["number"] for row in stage.get(paged["next"]).json()["results"]] == ["W0"]
    assert stage.get("duties?state=x").status_code == 400
    elsewhere = stage.another(factories.department(), Scope.READ)[1]
    assert stage.get("duties", token=elsewhere).json()["results"] == []


@pytest.mark.req("R62", "R85")
def test_kept_is_reported_once_with_its_evidence_and_only_for_the_own_department(stage: Stage) -> None:
    code = stage.hand_in(**FILLED)
    told = {"commitment": code, "status": "fulfilled", "note": "2026-09-14 现场核实，均已落实"}
    early = stage.post("fulfilments", told)
    assert early.status_code == 409 and "持续做到" in early.json()["detail"]
    Obligation.objects.filter(commitment__code=code).update(due_on=TODAY)
    first = stage.post("fulfilments", told)
    # Every clause is kept by what the machine says; that all was, somebody of the department confirms.
    assert (first.status_code, first.json()) == (201, {"commitment": code, "status": "running", "new": True})
    again = stage.post("fulfilments", told)
    assert (again.status_code, again.json()["new"]) == (200, False)
    finding = ObligationFinding.objects.filter(state="kept").first()
    assert (finding.partner, finding.finder, finding.note) == (stage.system, None, told["note"])
    assert not CreditEntry.objects.filter(kind="fulfilment").exists()
    confirming.confirm(
        commitment_id=Commitment.objects.get(code=code).pk,
        note="核对了检验结果。",
        actor=stage.officer,
        now=NOW,
    )
    assert stage.post("fulfilments", told).json() == {"commitment": code, "status": "fulfilled", "new": False}
    assert CreditEntry.objects.get(kind="fulfilment").document_no == code
    others = Counter.open().sign()
    for change, field, status in (
        ({"commitment": others.code}, "commitment", 409), ({"commitment": "1"}, "commitment", 409),
        ({"status": "unfulfilled"}, "status", 409), ({"status": "running"}, "status", 409),
        ({"note": "好"}, "note", 409), ({"note": "长" * 301}, "note", 422), ({"note": 5}, "note", 422),
    ):  # fmt: skip
        wrong = stage.post("fulfilments", told | change)
        assert wrong.status_code == status and field in errors_of(wrong), change
    assert not CreditEntry.objects.filter(document_no=others.code).exists()


@pytest.mark.req("R63", "R72", "R85")
def test_a_machine_opens_a_case_and_people_are_told_and_go_on_with_it(stage: Stage) -> None:
    code = stage.hand_in(**FILLED)
    told = {"commitment": code, "source": "inspection", "facts": "现场检查，承诺的设施没有安装。"}
    first = stage.post("breaches", told)
    assert first.status_code == 201 and first.json()["state"] == "opened"
    case = BreachCase.objects.get()
    assert (case.opened_by, case.opened_by_system, case.department) == (None, stage.system, stage.department)
    assert case.determined_on is None and Commitment.objects.get().fulfilment == "running"
    assert stage.system.name in case.steps.get().note
    notice = Notice.objects.get()
    assert (notice.user, notice.link) == (stage.officer, f"/desk/cases/{case.uuid}/")
    known = stage.post("breaches", told)
    assert known.status_code == 409 and case.number in known.json()["detail"]
    # While people look into it, a machine does not say that all was kept.
    kept = stage.post("fulfilments", {"commitment": code, "status": "fulfilled", "note": "现场核实"})
    assert kept.status_code == 409 and "违诺" in kept.json()["detail"]
    # Of another department's commitment only where the item is this one's.
    others = Counter.open().sign()
    assert stage.post("breaches", told | {"commitment": others.code}).status_code == 409
    ServiceItem.objects.filter(pk=others.item_id).update(department=stage.department)
    assert stage.post("breaches", told | {"commitment": others.code}).status_code == 201
    code = stage.hand_in(confirm_duplicate=True, **FILLED)
    told["commitment"] = code
    for change, field in (
        ({"source": "x"}, "source"),
        ({"facts": "短"}, "facts"),
        ({"by_deceit": 1}, "by_deceit"),
    ):
        wrong = stage.post("breaches", told | change)
        assert field in errors_of(wrong), change


def test_a_case_that_a_system_opened_is_shown_at_the_desk(stage: Stage) -> None:
    code = stage.hand_in(**FILLED)
    stage.post("breaches", {"commitment": code, "source": "other", "facts": "数据比对发现不符。"})
    client = stage.client_of(stage.officer)
    page = client.get(f"/desk/cases/{BreachCase.objects.get().uuid}/")
    assert page.status_code == 200 and stage.system.name in page.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("post", "commitments", Scope.COMMITMENTS), ("get", "commitments", Scope.READ),
        ("get", "duties", Scope.READ), ("post", "fulfilments", Scope.FULFILMENTS),
        ("post", "breaches", Scope.BREACHES),
    ],
)  # fmt: skip
def test_every_address_has_its_scope(stage: Stage, method: str, path: str, scope: str) -> None:
    def ask(token: str) -> Any:
        return stage.post(path, {}, token=token) if method == "post" else stage.get(path, token=token)

    assert ask("xy_00000000_x").status_code == 401
    others = [one for one in Scope.values if one != scope]
    assert ask(stage.another(stage.department, *others)[1]).status_code == 403
    assert ask(stage.another(stage.department, scope)[1]).status_code in (200, 422)


def test_what_is_too_large_or_no_json_is_answered(stage: Stage) -> None:
    large = stage.post("commitments", {"file": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
    assert large.status_code == 413 and "12 MB" in large.json()["detail"]
    for body in ('{"a": "\\ud800"}', '{"a": NaN}', "[" * 2000 + "]" * 2000, "\xff", '{"a": 1e999}'):
        assert stage.post("commitments", body).status_code in (400, 422), body[:20]
    assert stage.post("commitments", '{"a": ' + "[" * 500 + "]" * 500 + "}").status_code == 400
    assert stage.post("commitments", '{"case_ref": ' + "9" * 40 + "}").status_code == 422

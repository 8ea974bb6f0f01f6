"""Proof that publication stopped: every surface fetched and judged, the certificate, the duty, the desk (R99, R101, R106)."""

from datetime import timedelta

import httpx
import pytest
from django.db import transaction

from commitments import breaches
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.documents.services import read_evidence
from credit_portal.outbox import changes
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message, Notice
from credit_portal.registry import groups
from disclosure.acts import publishing
from disclosure.models import AdministrativeAct, BreachPublication
from disclosure.objections import handling
from repair import looking, proving, recipients, surfaces
from repair.looking import Answer, judge, scan
from repair.models import UnpublicationProof
from repair.rules import RepairError
from repair.surfaces import Expect, Marks, Surface
from tests import acts, factories
from tests.objecting import answered, filed, give_time, target
from tests.office import client_of
from tests.paper_reading import text_of
from tests.proof_stage import inside
from tests.repair_stage import RepairStage
from verification import services as verification
from verification.models import CreditEntry


@pytest.fixture
def stage(db, monkeypatch) -> RepairStage:
    made = RepairStage()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def prove(proof: UnpublicationProof, stage: RepairStage, **payload) -> UnpublicationProof:
    changes.number_new(now=None)  # what a commit does
    proving.prove({"proof": proof.pk, **payload}, key=f"{proving.EFFECT}:{proof.pk}", now=stage.now)
    return UnpublicationProof.objects.get(pk=proof.pk)


def not_ok(proof: UnpublicationProof) -> dict[str, str]:
    return {one.surface: one.seen for one in proof.looks.filter(ok=False)}


# ---- pure --------------------------------------------------------------------------------------------------

UUID = "5b0c6d0e-7f60-4c3a-9a55-0c8f2b7a1d11"
KNOWN = Marks(UUID, "栾信〔2026〕1", ("检测报告逾期没有补交",))


@pytest.mark.req("R99")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'<a href="/breaches/{UUID.upper()}/">', {"公示编号"}),
        (UUID.replace("-", ""), {"公示编号"}),
        ("栾信〔2026〕1号", {"文号"}),
        ("栾信〔2026〕12号", set()),
        ("&#26686;信〔2026〕1，检测报告逾期没有补交", {"文号", "违诺的内容"}),
        ("别的记录", set()),
    ],
)
def test_a_record_is_known_by_its_id_its_number_and_what_was_not_kept(text, found):
    assert scan(text, KNOWN) == found


@pytest.mark.req("R99")
@pytest.mark.parametrize(
    ("expect", "answer", "ok"),
    [
        (Expect.GONE, Answer(404), True),
        (Expect.GONE, Answer(200), False),
        (Expect.GONE, Answer(304), False),
        (Expect.GONE, Answer(500), False),
        (Expect.GONE, Answer(403), False),
        (Expect.GONE, Answer(404, frozenset({"文号"})), False),
        (Expect.GONE, Answer(None, trouble="连接失败"), False),
        (Expect.WITHOUT, Answer(200), True),
        (Expect.WITHOUT, Answer(404), False),
        (Expect.WITHOUT, Answer(200, frozenset({"公示编号"})), False),
        (Expect.WITHOUT, Answer(200, trouble="没有看完"), False),
        (Expect.WITHOUT, Answer(304), False),
        (Expect.WITHOUT_OR_GONE, Answer(404), True),
        (Expect.WITHOUT_OR_GONE, Answer(200), True),
        (Expect.WITHOUT_OR_GONE, Answer(302), False),
        (Expect.GENUINE, Answer(200, frozenset({"文号"}), genuine=True), True),
        (Expect.GENUINE, Answer(200, frozenset({"文号", "公示编号"}), genuine=True), False),
        (Expect.GENUINE, Answer(404), False),
        (Expect.WITHDRAWN, Answer(200, rows=[{"id": "x", "kind": "withdrawn", "reference": None}]), True),
        (Expect.WITHDRAWN, Answer(200, rows=[{"id": "x", "kind": "published", "reference": None}]), False),
        (Expect.WITHDRAWN, Answer(200, rows=[]), False),
        (Expect.NAMELESS, Answer(200, rows=[{"id": "x", "kind": "published", "reference": None}]), True),
        (Expect.NAMELESS, Answer(200, rows=[{"id": "x", "kind": "published", "reference": UUID}]), False),
    ],
)
def test_what_came_back_is_judged_and_what_cannot_be_read_is_no_pass(expect, answer, ok):
    judged, words = judge(Surface("x", "某处", "/", expect, opaque="x"), answer)
    assert judged is ok and words
    assert ("应当" in words or "以前的各行" in words) is not ok


# ---- a round -----------------------------------------------------------------------------------------------


@pytest.mark.req("R99", "R101")
def test_every_surface_is_fetched_and_the_certificate_says_what_was_seen(stage, monkeypatch, client):
    stage.published_and_open()
    publication = BreachPublication.objects.get()
    monkeypatch.setattr(stage.credit.__class__, "__str__", lambda self: self.username)
    # Somebody looked the subject up while it stood.
    other = factories.department(region="130111")
    reader = factories.staff("officer", department=other)
    verification.check_subject(
        subject=stage.subject, item_version=factories.item_version(department=other),
        commitment_type="approval", operator=factories.staff("clerk", department=other), now=stage.now,
    )  # fmt: skip
    before = client.get(f"/api/v1/public/breaches/{publication.uuid}")
    inside(monkeypatch)
    proof = stage.repaired().proof
    plan = surfaces.plan_of(proof)
    (copy,) = [one for one in plan.surfaces if one.code == "breach_copy"]
    assert copy.headers["If-None-Match"] == before.headers["ETag"]
    proof = prove(proof, stage)
    assert not not_ok(proof)
    assert (proof.state, proof.rounds) == ("passed", 1)
    seen = set(proof.looks.values_list("surface", flat=True))
    assert seen >= {
        "breach_page", "breach_api", "breach_copy", "breach_list_code", "breach_list_name",
        "breach_list_filters", "breach_api_code", "breach_api_name", "breach_api_filters", "commitment_page",
        "commitment_api", "commitment_search", "subject_page", "subject_api", "breach_feed_0", "breach_feed_1",
        "export_csv", "export_jsonl", "verify", "statistics", "supervision", "home",
    }  # fmt: skip
    assert all(len(one.sha256) == 64 for one in proof.looks.all())
    assert proof.number.startswith("S130111") and proof.document_sha256 == proof.document.sha256
    paper = text_of(read_evidence(proof.document)).replace("\n", "").replace(" ", "")
    for said in (proof.number, stage.subject.name, publication.case.document_no, str(publication.uuid), other.name,
                 "尚未确认", "不知道是谁", "持有本证明的任何人"):  # fmt: skip
        assert str(said).replace(" ", "") in paper, said
    assert not Duty.objects.filter(rule_key="unpublication").exists()
    assert AuditEvent.objects.filter(verb="repair.unpublication").count() == 1
    # Told twice, nothing happens.
    assert prove(proof, stage).rounds == 1
    # Its verify page: genuine, and the list as it stands now.
    page = client.get(f"/verify/{proof.verify_token}/").content.decode()
    assert "核验通过" in page and proof.number in page and other.name in page and "未确认" in page
    assert stage.subject.name not in page
    Notice.objects.filter(user=reader).update(read_at=stage.now)
    (line,) = [one for one in recipients.recipients_of(proof) if one.name == other.name]
    assert line.told and line.confirmed == stage.now
    assert "已确认" not in page
    assert "已确认" in client.get(f"/verify/{proof.verify_token}/").content.decode()

    # The desk: the department's people and the office, nobody else.
    address = f"/desk/repair/proofs/{proof.uuid}/"
    stranger = factories.staff("officer", department=factories.department(region="130129"))
    for user, status in (
        (stage.officer, 200), (stage.head, 200), (stage.credit, 200), (reader, 404), (stranger, 404),
        (factories.staff("clerk", department=stage.department), 403),
        (factories.staff("auditor", department=stage.office), 403),
    ):  # fmt: skip
        desk = client_of(user)
        assert desk.get(address).status_code == status
        assert desk.get(f"{address}certificate.pdf").status_code == status
        may = user == stage.credit
        assert desk.post(f"{address}again/").status_code == (302 if may else 403)
    assert client.get(address).status_code == 302
    paper_shown = client_of(stage.officer).get(f"{address}certificate.pdf")
    assert paper_shown["Content-Type"] == "application/pdf" and paper_shown.content[:4] == b"%PDF"
    assert proof.number in client_of(stage.officer).get("/desk/repair/proofs/?state=passed").content.decode()

    # The office looked once more (pressed above, and again): one message, one later round, the same certificate.
    proving.prove_again(proof_id=proof.pk, actor=stage.credit, now=stage.now)
    (again,) = Message.objects.filter(key=f"repair.prove:{proof.pk}:1")
    assert outbox.deliver(message_id=again.pk, now=stage.now)
    later = UnpublicationProof.objects.get(pk=proof.pk)
    assert (later.rounds, later.number, later.document_id) == (2, proof.number, proof.document_id)
    with pytest.raises(RepairError, match="信用办"):
        proving.prove_again(proof_id=proof.pk, actor=stage.officer, now=stage.now)


@pytest.mark.req("R99")
def test_a_forgotten_cache_in_front_is_seen_put_to_the_office_and_the_certificate_waits(stage, monkeypatch):
    stage.published_and_open()
    PolicyRule.objects.create(
        region=factories.region("130111"), key="unpublication", effective_from="2020-01-01", value=1,
        unit="working_days", basis="各地未规定", confirmed=False,
    )  # fmt: skip
    publication = BreachPublication.objects.get()
    kept: dict[str, bytes] = {}
    down: set[str] = set()

    def front(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path in down:
            raise httpx.ConnectError("down")
        path = str(request.url.raw_path, "ascii")
        if path in kept:
            return httpx.Response(200, headers={"Age": "77"}, content=kept[path], request=request)
        return answer

    inside(monkeypatch, front=front)
    page = f"/breaches/{publication.uuid}/"
    listed = f"/breaches/?q={stage.subject.uscc}"
    with looking.opened() as visitor:
        for path in (page, listed):
            kept[path] = visitor.get(path).content
    assert str(publication.uuid) in kept[listed].decode()
    down.add("/api/v1/public/statistics")
    proof = stage.repaired().proof
    changes.number_new(now=None)
    first = Message.objects.get(key=f"repair.prove:{proof.pk}")
    assert not outbox.deliver(message_id=first.pk, now=stage.now)
    proof.refresh_from_db()
    assert (proof.state, proof.rounds, proof.number) == ("failed", 1, None)
    wrong = not_ok(proof)
    assert set(wrong) == {"breach_page", "breach_list_code", "statistics"}
    assert "77 秒" in wrong["breach_page"] and "公示编号" in wrong["breach_list_code"]
    assert "不能读取" in wrong["statistics"]
    duty = Duty.objects.get(rule_key="unpublication")
    assert (duty.state, duty.confirmed, duty.department) == ("open", False, stage.office)
    shown = client_of(stage.credit).get(f"/desk/repair/proofs/{proof.uuid}/").content.decode()
    assert "3 处没有通过" in shown and "重新核对" in shown and "仅提醒" in shown
    assert client_of(stage.credit).get(f"/desk/repair/proofs/{proof.uuid}/certificate.pdf").status_code == 404
    # Tried again by itself, still there: another round, the same duty.
    stage.now += timedelta(minutes=2)
    assert not outbox.deliver(message_id=first.pk, now=stage.now)
    assert Duty.objects.filter(rule_key="unpublication").count() == 1
    # The cache is emptied.
    kept.clear()
    down.clear()
    stage.now += timedelta(minutes=5)
    assert outbox.deliver(message_id=first.pk, now=stage.now)
    proof.refresh_from_db()
    duty.refresh_from_db()
    assert (proof.state, proof.rounds, duty.state) == ("passed", 3, "met")
    assert proof.number and UnpublicationProof.objects.exclude(number=None).count() == 1
    # It comes back after the certificate: the state says so, the duty is open again, the certificate stays.
    kept[page] = b"<html>" + publication.case.document_no.encode() + b"</html>"
    with pytest.raises(proving.StillShown):
        prove(proof, stage, after=3)
    proof.refresh_from_db()
    duty.refresh_from_db()
    assert (proof.state, duty.state) == ("failed", "open")
    assert Duty.objects.filter(rule_key="unpublication").count() == 1


@pytest.mark.req("R99", "R106")
def test_a_revocation_is_proved_as_a_repair_is_and_needs_no_application(stage, monkeypatch):
    publication = stage.published()
    inside(monkeypatch)
    case = publication.case
    breaches.revoke(
        case_id=case.pk, expect="served", reason="own_error", explanation="认定有误，予以撤销。", actor=stage.head,
        now=stage.now,
    )  # fmt: skip
    proof = UnpublicationProof.objects.get(publication=publication)
    assert proof.application is None
    assert proving.want(publication=publication, now=stage.now).pk == proof.pk
    proof = prove(proof, stage)
    assert not not_ok(proof) and proof.state == "passed"
    assert "认定已撤销" in text_of(read_evidence(proof.document)).replace("\n", "")


@pytest.mark.req("R99", "R104", "R106")
@pytest.mark.parametrize("site_fault", [False, True])
def test_a_founded_objection_is_proved_also_where_only_the_showing_was_wrong(stage, monkeypatch, site_fault):
    give_time()
    publication = stage.published()
    inside(monkeypatch)
    row = filed(
        target(f"breach:{publication.uuid}", now=stage.now), now=stage.now,
        clerk=factories.staff(groups.CLERK, department=stage.department), points=("document_no",),
    )  # fmt: skip
    if site_fault:
        handling.fix(
            objection_id=row.pk, outcome="withdraw", changes={}, answer="本网站误将未到期的信息公示。",
            actor=stage.credit, now=stage.now,
        )  # fmt: skip
    else:
        answered(row, "withdraw", office=stage.credit, officer=stage.officer, head=stage.head, now=stage.now)
    proof = UnpublicationProof.objects.get()
    assert proof.publication_id == publication.pk and proof.application is None
    proof = prove(proof, stage)
    assert not not_ok(proof) and proof.state == "passed"
    paper = text_of(read_evidence(proof.document)).replace("\n", "")
    assert "异议成立" in paper and "认定已撤销" not in paper


@pytest.mark.req("R99", "R104")
def test_an_act_taken_off_for_an_objection_or_a_mistake_is_proved_and_one_that_ran_out_is_not(stage):
    made = []
    for number, ending in enumerate(("objection", "mistake", "revoked", "expired", "class_changed")):
        act = acts.entered(
            "penalty", department=stage.department, now=stage.now, actor=stage.officer,
            decided_on=local_date(stage.now).isoformat(), subject_name=stage.subject.name,
            subject_code=stage.subject.uscc, document_no=f"（栾）罚〔2026〕{number}号",
        )  # fmt: skip
        acts.published(act, actor=stage.head, now=stage.now)
        act.refresh_from_db()
        with transaction.atomic():
            publishing.end(act=act, ending=ending, note_text="说明", actor=stage.head, now=stage.now)
        made.append(act.pk)
    assert set(UnpublicationProof.objects.values_list("act", flat=True)) == set(made[:3])


@pytest.mark.req("R99")
def test_of_a_natural_person_only_what_an_address_opens_is_looked_at(db, monkeypatch):
    stage = RepairStage(person=True)
    monkeypatch.setattr(clock, "now", lambda: stage.now)
    stage.published_and_open()
    inside(monkeypatch)
    proof = prove(stage.repaired().proof, stage)
    assert not not_ok(proof)
    assert set(proof.looks.values_list("surface", flat=True)) == {
        "breach_page", "breach_api", "breach_copy", "commitment_page", "commitment_api", "verify",
    }  # fmt: skip
    assert stage.subject.id_number not in text_of(read_evidence(proof.document))


@pytest.mark.req("R99", "R103")
def test_a_repaired_penalty_is_looked_for_where_acts_are_shown(stage, monkeypatch, client):
    penalty = acts.entered(
        "penalty", department=stage.department, now=stage.now, actor=stage.officer,
        decided_on=local_date(stage.now).isoformat(), subject_name=stage.subject.name,
        subject_code=stage.subject.uscc,
    )  # fmt: skip
    acts.published(penalty, actor=stage.head, now=stage.now)
    entry = CreditEntry.objects.get(kind="penalty")
    page = client.get(f"/acts/{penalty.uuid}/")
    assert page.status_code == 200
    inside(monkeypatch)
    if entry.repairable_from:
        stage.at(entry.repairable_from)
    before = client.get(f"/api/v1/public/acts/{penalty.uuid}").headers["ETag"]
    proof = stage.repaired(entry_id=entry.pk).proof
    plan = surfaces.plan_of(proof)
    assert [one.headers for one in plan.surfaces if one.code == "act_copy"] == [{"If-None-Match": before}]
    assert proof.act == AdministrativeAct.objects.get() and proof.publication is None
    proof = prove(proof, stage)
    assert not not_ok(proof)
    assert set(proof.looks.values_list("surface", flat=True)) >= {
        "act_page", "act_api", "act_copy", "act_list_code", "act_api_number", "act_feed_0", "subject_page",
    }  # fmt: skip


@pytest.mark.req("R99")
def test_the_pages_of_proofs_ask_a_constant_number_of_queries(
    stage, monkeypatch, django_assert_max_num_queries
):
    publication = stage.published()
    make = {
        "subject": stage.subject, "department": stage.department, "region": stage.department.region,
        "wanted_at": stage.now,
    }  # fmt: skip
    proof = UnpublicationProof.objects.create(publication=publication, **make)
    desk = client_of(stage.credit)
    with django_assert_max_num_queries(24):
        assert desk.get("/desk/repair/proofs/?state=waiting").status_code == 200
    with django_assert_max_num_queries(30):
        assert desk.get(f"/desk/repair/proofs/{proof.uuid}/").status_code == 200
    for odd in ("?state=x&before=²", "?before=9999999999999999999999", "?before=%00"):
        assert desk.get(f"/desk/repair/proofs/{odd}").status_code == 200

"""Objections to what the site shows: filed, marked, answered by two, carried out as written; whoever had it wrong is told."""

import re
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client, TestCase
from hypothesis import given
from hypothesis import strategies as st

from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import changes
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from disclosure import breach_gate, breach_publishing, feed, gate
from disclosure.models import (
    BreachPublication,
    Objection,
)
from disclosure.objections import filing, handling, rules
from disclosure.objections.rules import ACTS, ObjectionError, ObjectionMoved
from tests import factories
from tests.breach_stage import Stage
from tests.objecting import PHONE, answered, filed, give_time, on_record, target
from tests.office import client_of
from tests.paper_reading import text_of
from tests.reading import english
from verification.models import Check, CreditEntry
from verification.vocabulary import State as EntryState

# ---- the table (pure) --------------------------------------------------------------------------------------

State = Objection.State
HANDS = (rules.OBJECTOR, rules.OFFICE, rules.UNIT)


@pytest.mark.req("R104")
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(HANDS)), max_size=30))
def test_no_way_through_the_table_skips_acceptance_answer_or_the_second_person(steps: Any) -> None:
    state, done = str(State.RECEIVED), []
    for act, hand in steps:
        if not rules.allowed(act, state=state, hand=hand):
            continue
        assert state in ACTS[act].before and hand in ACTS[act].by
        assert state not in (State.REFUSED, State.CLOSED, State.WITHDRAWN)
        state = rules.after(act, state)
        done.append(act)
    if state == State.APPROVED or "carry_out" in done:
        assert done.index("accept") < done.index("propose") < done.index("approve")
    if state in (State.ANSWERED, State.CLOSED):
        assert "carry_out" in done or "fix" in done
    # What is over carries no mark, and nobody unknown brings one about.
    assert rules.wants_mark(state, known=True) == (state not in rules.ENDED)
    assert not rules.wants_mark(state, known=False)


def test_every_state_is_reached_and_every_act_leads_somewhere_known() -> None:
    reached = {str(State.RECEIVED)} | {str(one.after) for one in ACTS.values() if one.after}
    assert reached == set(State.values)
    for state in State.values:
        for hand in HANDS:
            for act in ACTS:
                if rules.allowed(act, state=state, hand=hand):
                    assert rules.after(act, state) in State.values
    assert not rules.acts_open(state=State.CLOSED, hands=HANDS)
    with pytest.raises(ObjectionError, match="另一人批准"):
        rules.check_second(proposer_id=1, approver_id=1)


# ---- a breach ----------------------------------------------------------------------------------------------


class OfABreach(TestCase):
    """A public breach with its record; each test takes it one of the three ways."""

    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.publication = cls.stage.published()
        cls.case = cls.publication.case
        cls.now = cls.stage.now
        cls.clerk = factories.staff(groups.CLERK, department=cls.stage.department)
        cls.checker = factories.department(region="130111")
        cls.checking = factories.staff(groups.OFFICER, department=cls.checker)

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: self.now)
        cache.clear()

    def file(self, **more: Any) -> Objection:
        of = target(f"breach:{self.publication.uuid}", now=self.now)
        return filed(of, now=self.now, **({"clerk": self.clerk, "points": ("document_no",)} | more))

    def answer(self, row: Objection, outcome: str, **more: Any) -> Objection:
        return answered(
            row, outcome, office=self.stage.credit, officer=self.stage.officer, head=self.stage.head,
            now=self.now, **more,
        )  # fmt: skip

    def page(self) -> str:
        answer = Client().get(f"/breaches/{self.publication.uuid}/")
        return answer.content.decode() if answer.status_code == 200 else ""

    def api(self) -> dict[str, Any] | None:
        answer = Client().get(f"/api/v1/public/breaches/{self.publication.uuid}")
        return orjson.loads(answer.content) if answer.status_code == 200 else None

    def told(self) -> list[str]:
        changes.number_new(now=None)
        rows = feed.changes_since(0, now=self.now).rows
        return [row["kind"] for row in rows if row["resource"] == "breach"]

    def entry(self) -> CreditEntry:
        return CreditEntry.objects.get(breach_case=self.case.pk)

    @pytest.mark.req("R104", "R105")
    def test_kept_the_record_stays_as_it_was_and_the_mark_goes(self) -> None:
        row = self.file()
        assert row.number.startswith("J130111") and row.state == "received" and row.marked
        assert "异议处理中" in self.page() and (self.api() or {})["objection_under_way"]
        assert self.entry().objection_under_way and self.told()[-1] == "changed"
        lines = Client().get("/breaches/").content.decode()
        assert "异议处理中" in lines
        due = Duty.objects.get(rule_key="objection_acceptance")
        assert (due.department, due.number, due.state) == (self.stage.office, row.number, "open")
        row = self.answer(row, "keep")
        assert (row.state, row.outcome, row.marked) == ("answered", "keep", False)
        assert "异议处理中" not in self.page() and not (self.api() or {})["objection_under_way"]
        assert not self.entry().objection_under_way and not row.recipients.exists()
        assert {one.state for one in Duty.objects.filter(matter_type="objection")} == {"met"}
        paper = text_of(Client().get(f"/objections/{row.token}/answer.pdf").content)
        assert "维持公示" in paper and "经调阅案卷核实" in paper and "行政复议" in paper and "投诉" in paper
        handling.deliver(
            objection_id=row.pk, on=self.now.date(), how="in_person", actor=self.stage.credit, now=self.now
        )
        row.refresh_from_db()
        assert row.state == "closed"
        assert AuditEvent.objects.filter(verb="objection.step", facts__number=row.number).count() == 6

    @pytest.mark.req("R104", "R105", "R106")
    def test_changed_the_right_value_is_shown_everywhere_and_the_determination_stays(self) -> None:
        checked = Check.objects.create(
            number="H1301112026900001", subject=self.case.subject, subject_name="某", department=self.checker,
            region=self.checker.region, item_version=factories.item_version(), commitment_type="approval",
            domain="approval", on_day=self.now.date(), checked_at=self.now, purpose="approval",
            route="commitment", scrutiny="normal", one_line="", entries_seen=[self.case.entry_id],
        )  # fmt: skip
        before = BreachCase.objects.values().get(pk=self.case.pk)
        row = self.file()
        right = {
            "document_no": "栾改〔2026〕9号",
            "clause_1": "检测报告晚交十日",
            "court": "石家庄市中级人民法院",
        }
        row = self.answer(row, "change", changes=right)
        assert [one["key"] for one in row.changes] == ["document_no", "clause_1", "court"]
        assert row.changes[0]["old"] == self.case.document_no
        page, api = self.page(), self.api() or {}
        assert "栾改〔2026〕9号" in page and "检测报告晚交十日" in page and self.case.document_no not in page
        assert api["document_no"] == "栾改〔2026〕9号" and api["remedies"]["court"] == right["court"]
        assert api["clauses"][0]["not_kept"] == right["clause_1"] and not api["objection_under_way"]
        assert self.entry().document_no == "栾改〔2026〕9号" and self.entry().state == EntryState.EFFECTIVE
        assert self.told()[-1] == "changed"
        # The determination is as it was signed; its entry is a new one that names the old, which says why it went.
        after = BreachCase.objects.values().get(pk=self.case.pk)
        old, new = (CreditEntry.objects.get(pk=one["entry_id"]) for one in (before, after))
        assert after | {"entry_id": old.pk} == before and new.corrects == old
        assert (old.state, old.document_no) == (EntryState.REVOKED, self.case.document_no)
        found = Client().get(f"/verify/{self.case.verify_token}/").content.decode()
        assert "后来作过更正" in found and self.case.document_no in found
        paper = text_of(Client().get(f"/objections/{row.token}/answer.pdf").content)
        assert "更正后" in paper and "栾改〔2026〕9号" in paper and self.case.document_no in paper
        # Who had looked is told, and has not confirmed yet.
        one = row.recipients.get(kind="unit")
        assert (one.department, one.confirmed_at) == (checked.department, None)
        assert Notice.objects.filter(user=self.checking, key=f"reversal:{row.pk}:told").exists()
        # Published anew, it stays right.
        BreachPublication.objects.filter(pk=self.publication.pk).update(
            ended_at=self.now, ending="class_changed"
        )
        again = breach_publishing.decide_publication(
            case_id=self.case.pk,
            publicity_class="public",
            reason="by_law",
            actor=self.stage.credit,
            now=self.now,
        )
        assert again.corrected["document_no"] == "栾改〔2026〕9号"

    @pytest.mark.req("R104", "R105")
    def test_published_anew_while_it_is_looked_into_the_mark_and_the_correction_go_with_it(self) -> None:
        row = self.file()
        handling.accept(objection_id=row.pk, actor=self.stage.credit, now=self.now)
        breach_publishing.end_by_office(
            publication_id=self.publication.pk, actor=self.stage.credit, now=self.now
        )
        again = breach_publishing.decide_publication(
            case_id=self.case.pk, publicity_class="public", reason="by_law", actor=self.stage.credit, now=self.now
        )  # fmt: skip
        self.publication = again
        assert "异议处理中" in self.page() and (self.api() or {})["objection_under_way"]
        with pytest.raises(ObjectionError, match=row.number):
            self.file(reasons="另一个理由，还是不符。")
        said = {"objection_id": row.pk, "now": self.now}
        handling.propose(
            outcome="change", changes={"document_no": "栾改〔2026〕9号"}, answer="经调阅案卷核实。",
            actor=self.stage.officer, **said,
        )  # fmt: skip
        handling.approve(actor=self.stage.head, **said)
        handling.carry_out(actor=self.stage.credit, **said)
        assert "栾改〔2026〕9号" in self.page() and "异议处理中" not in self.page()
        assert not self.entry().objection_under_way

    @pytest.mark.req("R104", "R105", "R106")
    def test_withdrawn_it_is_gone_from_every_surface_and_revoked_with_all_that_it_caused(self) -> None:
        row = self.answer(self.file(wanted="withdraw"), "withdraw")
        self.publication.refresh_from_db()
        self.case.refresh_from_db()
        assert (self.publication.ending, self.case.state) == ("objection", "revoked")
        assert self.case.revocation_reason == "objection" and row.number in self.case.revocation_document_no
        assert self.page() == "" and self.api() is None and self.told()[-1] == "withdrawn"
        assert self.entry().state == EntryState.REVOKED and not self.entry().objection_under_way
        assert not breach_gate.listed_breaches(self.now).exists()
        found = gate.find_public(self.stage.commitment.code, now=self.now)
        assert found is not None and found.fulfilment == "running"
        assert "已经撤销" in Client().get(f"/verify/{self.case.verify_token}/").content.decode()
        follow = Client().get(f"/objections/{row.token}/").content.decode()
        assert "撤下" in follow and "经调阅案卷核实" in follow and PHONE not in follow
        assert self.stage.head.display_name not in follow
        assert english(follow) == set()

    @pytest.mark.req("R104")
    def test_from_somebody_unknown_it_is_only_received_until_the_office_knows_who_it_is(self) -> None:
        client = Client()
        address = f"/objections/new/?of=breach:{self.publication.uuid}"
        page = client.get(address).content.decode()
        assert "先核实身份" in page and f"breach:{self.publication.uuid}" in self.page()
        sent = {
            "key": str(uuid4()), "code": self.case.commitment.subject_code, "name": "钱多多", "phone": PHONE,
            "capacity": "self", "points": ["document_no"], "wanted": "change", "reasons": "文号与认定书不一致。",
        }  # fmt: skip
        answer = client.post(address, sent)
        row = Objection.objects.get()
        assert answer.status_code == 302 and answer.url == f"/objections/{row.token}/"
        assert client.post(address, sent).url == answer.url and Objection.objects.count() == 1
        assert (row.state, row.marked, row.identity, row.way) == ("received", False, "", "online")
        assert "异议处理中" not in self.page() and not self.entry().objection_under_way
        assert "等待核实身份" in client.get(answer.url).content.decode()
        stored = Objection.objects.values().get()
        assert PHONE not in str(stored["phone_sealed"]) and row.phone == PHONE
        receipt = text_of(client.get(f"{answer.url}receipt.pdf").content)
        assert row.number in receipt and "核实您的身份以后才受理" in receipt
        with pytest.raises(ObjectionError, match="先核实"):
            handling.accept(objection_id=row.pk, actor=self.stage.credit, now=self.now)
        on_record(self.case.subject)
        handling.verify(objection_id=row.pk, how="called", actor=self.stage.credit, now=self.now)
        assert "异议处理中" in self.page()
        # The same record is not disputed twice at once.
        other = filed(
            target(f"breach:{self.publication.uuid}", now=self.now),
            now=self.now,
            reasons="另一个理由也不对。",
        )
        with pytest.raises(ObjectionError, match=row.number):
            handling.verify(objection_id=other.pk, how="called", actor=self.stage.credit, now=self.now)
        filing.take_back(objection_id=row.pk, now=self.now)
        assert "异议处理中" not in self.page()
        assert set(
            Duty.objects.filter(matter_id=row.pk, matter_type="objection").values_list("state", flat=True)
        ) == {"cancelled"}

    @pytest.mark.req("R104")
    def test_what_is_wrong_with_the_form_is_said_by_field_and_nothing_is_stored(self) -> None:
        client, address = Client(), f"/objections/new/?of=breach:{self.publication.uuid}"
        sent = {
            "key": str(uuid4()), "code": factories.organisation_code(8_000_999), "name": "甲", "phone": "12", "capacity": "agent",
            "points": ["document_no"], "wanted": "change", "reasons": "文号与认定书不一致。",
        }  # fmt: skip
        for change, said in (
            ({}, "须附授权委托书"),
            ({"capacity": "self", "phone": PHONE}, "与记录的主体不同"),
            ({"capacity": "self", "code": "1"}, "18 位"),
            ({"capacity": "self", "code": self.case.commitment.subject_code}, "7 至 12 位"),
            ({"points": []}, "请选择有异议的内容"),
            ({"points": ["password"]}, "password"),
            ({"reasons": "短", "capacity": "self", "code": self.case.commitment.subject_code}, "至少 5 个字"),
            ({"website": "http://x"}, "请留空"),
            ({"key": "nonsense"}, "请刷新页面"),
            ({"name": "\0"}, ""),
        ):
            answer = client.post(address, sent | change)
            shown = re.findall(r"<h2 id=.error-summary.*?</ul>", answer.content.decode(), re.S)
            assert answer.status_code == 422 and said in "".join(shown), (change, shown)
        assert not Objection.objects.exists()
        for of in (
            "breach:x",
            "breach:",
            f"breach:{uuid4()}",
            "nothing",
            "commitment:1",
            "case:\0",
            "listing:1",
        ):
            assert client.get("/objections/new/", {"of": of}).status_code == 404
        assert client.get("/objections/new/").status_code == 200
        assert client.get("/objections/nothing/").status_code == 404
        assert client.get(f"/objections/{'x' * 43}/answer.pdf").status_code == 404

    @pytest.mark.req("R104")
    def test_asked_once_for_all_that_is_missing_then_made_complete_or_refused(self) -> None:
        row, credit = self.file(clerk=None), self.stage.credit
        step = {"objection_id": row.pk, "actor": credit, "now": self.now}
        handling.ask(what="营业执照复印件\n正确文号的证明", **step)
        client, address = Client(), f"/objections/{row.token}/"
        page = client.get(address).content.decode()
        assert "正确文号的证明" in page and "提交补正" in page
        assert "营业执照复印件" in text_of(client.get(f"{address}asked.pdf").content)
        assert Duty.objects.get(matter_type="objection", matter_id=row.pk).state == "met"
        assert client.post(f"{address}supply/", {"text": ""}).status_code == 422
        assert client.post(f"{address}supply/", {"text": "已附上"}).status_code == 302
        assert Duty.objects.get(matter_type="objection_supplied", matter_id=row.pk).state == "open"
        assert client.post(f"{address}supply/", {"text": "再来"}, follow=True).status_code == 422
        desk = client_of(credit)
        other = self.file(clerk=None, reasons="另一处也不对的。")
        handling.ask(objection_id=other.pk, what="身份证复印件", actor=credit, now=self.now)
        page = desk.get(f"/desk/objections/{other.uuid}/").content.decode()
        assert "补正说明" in page and "multipart/form-data" in page
        assert desk.post(f"/desk/objections/{other.uuid}/do/supply/", {"text": ""}).status_code == 422
        assert desk.post(f"/desk/objections/{other.uuid}/do/supply/", {"text": "当面交来"}).status_code == 302
        with pytest.raises(ObjectionError, match="一次"):
            handling.ask(what="还要别的", **step)
        handling.refuse(reason="请求的不是本网站公示的内容。", **step)
        page = client.get(address).content.decode()
        assert "不予受理" in page and "请求的不是" in page and "确认撤回" not in page
        assert "重新提出异议" in text_of(client.get(f"{address}refusal.pdf").content)
        with pytest.raises(ObjectionMoved):
            filing.take_back(objection_id=row.pk, now=self.now)

    @pytest.mark.req("R104")
    def test_answered_by_two_of_the_unit_and_the_site_does_nothing_else(self) -> None:
        row, stage = self.file(), self.stage
        step = {"objection_id": row.pk, "now": self.now}
        handling.accept(actor=stage.credit, **step)
        said = {"outcome": "change", "answer": "经核实有误。"}
        for changes_, field in (
            ({}, "outcome"), ({"outcome": "x"}, "change_outcome"), ({"document_no": "长" * 61}, "change_document_no"),
            ({"document_no": self.case.document_no}, "change_document_no"), ({"determined_on": "2026-01-01"}, "change_determined_on"),
        ):  # fmt: skip
            with pytest.raises(ObjectionError) as wrong:
                handling.propose(changes=changes_, actor=stage.officer, **said, **step)
            assert wrong.value.field == field, changes_
        with pytest.raises(ObjectionError, match="作出单位"):
            handling.propose(changes={}, outcome="keep", answer="无误无误无误", actor=self.checking, **step)
        handling.propose(changes={"document_no": "新〔2026〕1号"}, actor=stage.head, **said, **step)
        with pytest.raises(ObjectionError, match="另一人"):
            handling.approve(actor=stage.head, **step)
        with pytest.raises(ObjectionError, match="负责人"):
            handling.approve(actor=stage.officer, **step)
        second = factories.staff(groups.HEAD, department=stage.department)
        handling.send_back(reason="请附认定书原件。", actor=second, **step)
        handling.propose(changes={"document_no": "新〔2026〕1号"}, actor=stage.officer, **said, **step)
        handling.approve(actor=second, **step)
        with pytest.raises(ObjectionError, match="信用办"):
            handling.carry_out(actor=second, **step)
        with pytest.raises(ObjectionMoved, match="不能撤回"):
            filing.take_back(objection_id=row.pk, now=self.now)
        for change in ({"answer": "另一个"}, {"outcome": "keep"}, {"reasons": "改了的理由"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Objection.objects.filter(pk=row.pk).update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            Objection.objects.filter(pk=row.pk).delete()

    @pytest.mark.req("R104")
    def test_the_sites_own_fault_is_put_right_at_once(self) -> None:
        row = self.file()
        done = handling.fix(
            objection_id=row.pk, outcome="withdraw", changes={}, answer="本网站误将未到期的信息公示。",
            actor=self.stage.credit, now=self.now,
        )  # fmt: skip
        self.case.refresh_from_db()
        assert done.state == "answered" and done.site_fault and self.page() == ""
        # What the unit has determined is not the site's to take back.
        assert self.case.state == "served" and self.entry().state == EntryState.EFFECTIVE
        assert "本网站经核实" in text_of(Client().get(f"/objections/{row.token}/answer.pdf").content)

    @pytest.mark.req("R104", "R113")
    def test_the_desk_shows_each_what_is_theirs_and_logs_that_it_was_read(self) -> None:
        row, stage = self.file(), self.stage
        address = f"/desk/objections/{row.uuid}/"
        page = client_of(stage.credit).get(address).content.decode()
        assert PHONE in page and "受理并转作出单位核实" in page and english(page) == set()
        assert client_of(stage.officer).get(address).status_code == 404
        own = client_of(self.clerk).get(address).content.decode()
        assert PHONE in own and "受理并转作出单位核实" not in own
        posted = client_of(stage.credit).post(f"{address}do/accept/", follow=True)
        assert "作出单位核实中" in posted.content.decode()
        page = client_of(stage.officer).get(address).content.decode()
        assert PHONE not in page and row.token not in page and "提出答复" in page
        assert client_of(stage.officer).get(f"{address}receipt.pdf").status_code == 404
        assert client_of(self.checking).get(address).status_code == 404
        auditor = factories.staff(groups.AUDITOR, department=stage.office)
        assert client_of(auditor).get(address).status_code == 200
        assert client_of(auditor).post(f"{address}do/refuse/", {"reason": "不行不行不行"}).status_code == 403
        wrong = client_of(stage.officer).post(
            f"{address}do/propose/", {"outcome": "change", "answer": "经核实有误。"}
        )
        assert wrong.status_code == 422 and "至少填写一处" in wrong.content.decode()
        assert client_of(stage.credit).post(f"{address}do/nothing/").status_code == 404
        assert ReadLog.objects.filter(target_type="objection", target_id=str(row.pk)).count() >= 4
        for tab in ("accept", "answer", "carry", "low", "over", "nonsense"):
            assert client_of(stage.credit).get("/desk/objections/", {"tab": tab}).status_code == 200
        found = client_of(stage.officer).get("/desk/objections/", {"q": row.number}).content.decode()
        assert row.number in found

    @pytest.mark.req("R104")
    def test_taken_down_for_somebody_at_the_counter(self) -> None:
        client = client_of(self.clerk)
        found = client.post(
            "/desk/objections/new/", {"q": self.case.commitment.subject_code}
        ).content.decode()
        assert "承诺违约" in found
        address = f"/desk/objections/new/?of=breach:{self.publication.uuid}"
        sent = {
            "key": str(uuid4()), "code": self.case.commitment.subject_code, "name": "钱多多", "phone": PHONE,
            "capacity": "self", "points": ["liability"], "wanted": "change", "reasons": "责任追究的内容不对。",
        }  # fmt: skip
        assert "先查验" in client.post(address, sent).content.decode()
        answer = client.post(address, sent | {"identity_seen": "on"})
        row = Objection.objects.get()
        assert answer.url == f"/desk/objections/{row.uuid}/" and row.marked and row.filed_by == self.clerk
        assert client.get(f"{answer.url}receipt.pdf").status_code == 200
        # An unpublished entry can be objected to here, and it is the case that is revoked by it.
        filing.take_back(objection_id=row.pk, actor=self.stage.credit, reason="本人到场撤回", now=self.now)
        of = f"entry:{self.case.subject.uuid}.{self.case.entry_id}"
        assert client.get("/desk/objections/new/", {"of": of}).status_code == 200
        assert client.get("/desk/objections/new/", {"of": f"entry:{uuid4()}.1"}).status_code == 404
        client.post(
            f"/desk/objections/new/?of={of}",
            sent | {"key": str(uuid4()), "points": ["title"], "identity_seen": "on"},
        )
        row = Objection.objects.get(of="entry")
        self.answer(row, "withdraw")
        self.case.refresh_from_db()
        assert self.case.state == "revoked" and self.page() == ""

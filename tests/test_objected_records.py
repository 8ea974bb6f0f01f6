"""Objections to acts, commitments, entries and cases; whoever had it wrong is listed, told, confirms and is reminded."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import transaction
from django.test import Client, TestCase

from credit_portal.audit import clock
from credit_portal.outbox import changes
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from disclosure import exports, feed, gate
from disclosure.act_gate import find_act
from disclosure.models import (
    AdministrativeAct,
    Objection,
    PublicityDecision,
)
from disclosure.objections import filing, handling, reversals, rules
from disclosure.objections.records import target_of_entry
from disclosure.objections.rules import ObjectionError
from tests import acts, factories
from tests.breach_stage import Stage
from tests.factories import NOW
from tests.objecting import PHONE, answered, counting, filed, give_time, target
from tests.office import client_of
from verification.models import AppliedMeasure, Check, CreditEntry, UsageRow, UsageSubmission
from verification.vocabulary import State as EntryState

# ---- acts, commitments, entries ----------------------------------------------------------------------------


class OfAnAct(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.act = acts.published(
            acts.entered("penalty", department=cls.stage.department, now=NOW, actor=cls.stage.officer),
            actor=cls.stage.head, now=NOW,
        )  # fmt: skip
        cls.clerk = factories.staff(groups.CLERK, department=cls.stage.department)

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: NOW)

    def file(self) -> Objection:
        return filed(target(f"act:{self.act.uuid}", now=NOW), now=NOW, clerk=self.clerk, points=("fine",))

    def answer(self, row: Objection, outcome: str, **more: Any) -> Objection:
        stage = self.stage
        return answered(
            row, outcome, office=stage.credit, officer=stage.officer, head=stage.head, now=NOW, **more
        )

    @pytest.mark.req("R104")
    def test_the_mark_is_on_page_list_interface_feed_and_record(self) -> None:
        row = self.file()
        record = find_act(self.act.uuid, now=NOW)
        assert record is not None and record["objection_under_way"]
        client = Client()
        assert "异议处理中" in client.get(f"/acts/{self.act.uuid}/").content.decode()
        assert "异议处理中" in client.get("/acts/").content.decode()
        assert "异议处理中" in client.get(f"/subjects/{self.act.subject_code}/").content.decode()
        lines = orjson.loads(client.get("/api/v1/public/acts").content)["results"]
        assert lines[0]["objection_under_way"]
        assert CreditEntry.objects.get(pk=self.act.entry_id).objection_under_way
        changes.number_new(now=None)
        assert [one["kind"] for one in feed.changes_since(0, now=NOW).rows][-1] == "changed"
        self.answer(row, "keep")
        record = find_act(self.act.uuid, now=NOW)
        assert record is not None and not record["objection_under_way"]

    @pytest.mark.req("R105", "R106")
    def test_corrected_the_right_act_takes_the_place_of_the_wrong_one_at_once(self) -> None:
        row = self.file()
        handling.accept(objection_id=row.pk, actor=self.stage.credit, now=NOW)
        with pytest.raises(ObjectionError) as wrong:
            handling.propose(
                objection_id=row.pk, outcome="change", changes={"fine": "很多"}, answer="经核实有误。",
                actor=self.stage.officer, now=NOW,
            )  # fmt: skip
        assert wrong.value.field == "change_fine" and "数字" in str(wrong.value)
        step = {"objection_id": row.pk, "now": NOW}
        handling.propose(
            outcome="change", changes={"fine": "200", "decided_on": "2026-09-08"}, answer="经核实有误。",
            actor=self.stage.officer, **step,
        )  # fmt: skip
        handling.approve(actor=self.stage.head, **step)
        row = handling.carry_out(actor=self.stage.credit, **step)
        old = AdministrativeAct.objects.get(pk=self.act.pk)
        new = row.successor
        assert new is not None and (old.ending, new.corrects, new.publicity_class) == (
            "corrected",
            old,
            "public",
        )
        record = find_act(new.uuid, now=NOW)
        assert record is not None and record["decided_on"].isoformat() == "2026-09-08"
        assert {one["key"]: one["text"] for one in record["details"]}["fine"] == "200.00"
        assert find_act(old.uuid, now=NOW) is None and not record["objection_under_way"]
        wrong_entry, right = (CreditEntry.objects.get(pk=one.entry_id) for one in (old, new))
        assert (wrong_entry.state, right.state) == (EntryState.REVOKED, EntryState.EFFECTIVE)
        assert right.corrects == wrong_entry and new.number in wrong_entry.end_reason
        assert not wrong_entry.objection_under_way and not right.objection_under_way
        assert str(new.uuid) in Client().get(f"/objections/{row.token}/").content.decode()

    @pytest.mark.req("R105")
    def test_withdrawn_it_is_shown_nowhere(self) -> None:
        self.answer(self.file(), "withdraw")
        self.act.refresh_from_db()
        assert self.act.ending == "objection" and find_act(self.act.uuid, now=NOW) is None
        assert CreditEntry.objects.get(pk=self.act.entry_id).state == EntryState.REVOKED
        assert Client().get(f"/acts/{self.act.uuid}/").status_code == 404


class OfACommitment(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.commitment = cls.stage.commitment
        cls.clerk = factories.staff(groups.CLERK, department=cls.stage.department)

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: NOW)

    @pytest.mark.req("R104", "R105")
    def test_marked_then_corrected_then_withdrawn(self) -> None:
        code, stage = self.commitment.code, self.stage
        who = {"office": stage.credit, "officer": stage.officer, "head": stage.head, "now": NOW}
        row = filed(target(f"commitment:{code}", now=NOW), now=NOW, clerk=self.clerk, points=("fulfilment",))
        client = Client()
        assert "异议处理中" in client.get(f"/commitments/{code}/").content.decode()
        assert "异议处理中" in client.get("/commitments/").content.decode()
        for address in (f"/api/v1/public/commitments/{code}", "/api/v1/public/commitments"):
            body = orjson.loads(client.get(address).content)
            assert (body.get("results") or [body])[0]["objection_under_way"]
        line = orjson.loads(b"".join(exports.as_json_lines(NOW)).splitlines()[0])
        assert line["objection_under_way"] and "异议处理中" in b"".join(exports.as_csv(NOW)).decode()
        row = answered(row, "change", changes={"fulfilment": "fulfilled"}, **who)
        found = gate.find_public(code, now=NOW)
        assert found is not None and found.fulfilment == "fulfilled"
        assert not gate.public_record(found)["objection_under_way"]
        assert row.changes == [{"key": "fulfilment", "label": "履行状态", "old": "履行中", "new": "全部履行"}]
        row = filed(
            target(f"commitment:{code}", now=NOW), now=NOW, clerk=self.clerk, points=("public",), wanted="withdraw",
            reasons="涉及商业秘密，不应公开。",
        )  # fmt: skip
        answered(row, "withdraw", **who)
        assert gate.find_public(code, now=NOW) is None
        assert PublicityDecision.objects.latest("pk").reason == "objection"
        assert Client().get(f"/commitments/{code}/").status_code == 404

    @pytest.mark.req("R104", "R106")
    def test_an_entry_of_the_record_is_corrected_or_revoked(self) -> None:
        stage = self.stage
        entry = factories.credit_entry(subject=self.commitment.subject, department=stage.department)
        who = {"office": stage.credit, "officer": stage.officer, "head": stage.head, "now": NOW}
        row = filed(target_of_entry(entry), now=NOW, clerk=self.clerk, points=("title", "until_on"))
        entry.refresh_from_db()
        assert entry.objection_under_way
        handling.accept(objection_id=row.pk, actor=stage.credit, now=NOW)
        for given_, field in (
            ({"until_on": "2026"}, "change_until_on"),
            ({"until_on": "2020-01-01"}, "change_until_on"),
        ):
            with pytest.raises(ObjectionError) as wrong:
                handling.propose(
                    objection_id=row.pk,
                    outcome="change",
                    changes=given_,
                    answer="经核实有误。",
                    actor=stage.officer,
                    now=NOW,
                )
            assert wrong.value.field == field
        handling.propose(
            objection_id=row.pk, outcome="change", changes={"title": "另一个名称", "until_on": "2027-01-01"},
            answer="经核实有误。", actor=stage.officer, now=NOW,
        )  # fmt: skip
        handling.approve(objection_id=row.pk, actor=stage.head, now=NOW)
        handling.carry_out(objection_id=row.pk, actor=stage.credit, now=NOW)
        entry.refresh_from_db()
        old, entry = entry, entry.corrected_by
        assert (old.state, old.end_reason) == ("revoked", f"更正：据异议 {row.number} 的书面答复更正")
        assert (entry.title, entry.until_on.isoformat()) == ("另一个名称", "2027-01-01")
        assert not entry.objection_under_way and not old.objection_under_way and old.history.count() >= 3
        row = filed(
            target_of_entry(entry), now=NOW, clerk=self.clerk, points=("title",), reasons="根本没有这回事。"
        )
        answered(row, "withdraw", **who)
        entry.refresh_from_db()
        assert entry.state == EntryState.REVOKED

    @pytest.mark.req("R88", "R104")
    def test_a_typical_case_is_kept_or_taken_off(self) -> None:
        case = factories.public_case()
        office = factories.staff(groups.CREDIT_OFFICE, department=case.office)
        row = filed(
            target(f"case:{case.uuid}", now=NOW),
            now=NOW,
            by=filing.Objector("某人", PHONE),
            points=("recognised",),
        )
        assert row.subject is None and rules.OUTCOMES["case"] == ("keep", "withdraw")
        handling.verify(objection_id=row.pk, how="document", actor=office, now=NOW)
        head = factories.staff(groups.HEAD, department=case.department)
        officer = factories.staff(groups.OFFICER, department=case.department)
        answered(row, "withdraw", office=office, officer=officer, head=head, now=NOW)
        assert case.publications.get().state == "withdrawn"


# ---- undoing what it has caused ----------------------------------------------------------------------------


class Reversals(TestCase):
    """Whoever had it wrong: in sets, told once, confirming one by one, reminded."""

    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.act = acts.published(
            acts.entered("penalty", department=cls.stage.department, now=NOW, actor=cls.stage.officer),
            actor=cls.stage.head, now=NOW,
        )  # fmt: skip
        cls.clerk = factories.staff(groups.CLERK, department=cls.stage.department)
        cls.item = factories.item_version()

    def check(self, department: Any, number: int, **more: Any) -> Check:
        values: dict[str, Any] = {
            "number": f"H13011120269{number:05d}", "subject": self.act.subject, "subject_name": "某",
            "department": department, "region": department.region, "item_version": self.item,
            "commitment_type": "approval", "domain": "approval", "on_day": NOW.date(), "checked_at": NOW,
            "purpose": "approval", "route": "ordinary", "scrutiny": "key", "one_line": "",
            "entries_seen": [1, self.act.entry_id],
        }  # fmt: skip
        return Check.objects.create(**(values | more))

    def settle(self) -> Objection:
        row = filed(target(f"act:{self.act.uuid}", now=NOW), now=NOW, clerk=self.clerk, points=("fine",))
        stage = self.stage
        return answered(row, "withdraw", office=stage.credit, officer=stage.officer, head=stage.head, now=NOW)

    @pytest.mark.req("R106")
    def test_everybody_who_had_it_is_listed_told_confirms_and_is_reminded(self) -> None:
        unit, other = factories.department(), factories.department()
        officer, head = (
            factories.staff(groups.OFFICER, department=unit),
            factories.staff(groups.HEAD, department=other),
        )
        first = self.check(unit, 1)
        self.check(unit, 2)
        self.check(other, 3)
        self.check(factories.department(), 4, entries_seen=[1])  # saw something else
        applied = AppliedMeasure.objects.create(
            check_made=first, entry_id=self.act.entry_id, department=unit, region=unit.region, domain="approval",
            effect="key", text="增加抽查", basis="依据", applied_on=NOW.date(), applied_by=officer,
        )  # fmt: skip
        usage = factories.usage_list(department=unit)
        sent = UsageSubmission.objects.create(
            usage_list=usage, version=1, reporter=officer.display_name, submitted_on=NOW.date(), submitted_at=NOW,
            submitted_by=officer, rows=1, sha256="0" * 64,
        )  # fmt: skip
        UsageRow.objects.create(
            submission=sent, usage_list=usage, check_made=first, place=1, subject_name="某", item_name="某",
            on_day=NOW.date(), usage="", measures="",
        )  # fmt: skip
        row = self.settle()
        assert set(row.recipients.values_list("kind", "department_id")) == {
            ("feed", None), ("list", unit.pk), ("measure", unit.pk), ("unit", other.pk), ("unit", unit.pk),
        }  # fmt: skip
        applied.refresh_from_db()
        assert applied.ended_on is not None  # the measure itself ends with the record
        assert Notice.objects.filter(key=f"reversal:{row.pk}:told").count() == 2
        page = client_of(officer).get("/desk/objections/recipients/").content.decode()
        assert page.count("未确认") >= 3 and row.number in page and PHONE not in page
        one = row.recipients.get(kind="unit", department=unit)
        address = f"/desk/objections/recipients/{one.pk}/"
        assert client_of(head).get(address).status_code == 404
        assert client_of(officer).post(address, {"what": ""}).status_code == 422
        assert client_of(officer).post(address, {"what": "已解除据此采取的措施"}).status_code == 302
        with pytest.raises(ObjectionError, match="已经确认"):
            reversals.confirm(recipient_id=one.pk, what="再来一次", actor=officer, now=NOW)
        waiting = row.recipients.filter(confirmed_at__isnull=True).count()
        assert reversals.follow(now=NOW + timedelta(days=6)) == 0
        later = NOW + timedelta(days=7)
        assert reversals.follow(now=later) == waiting and reversals.follow(now=later) == 0
        assert Notice.objects.filter(user=head, key__startswith="reversal:chase").count() == 1
        assert Notice.objects.filter(user=self.stage.credit, key__startswith="reversal:late").count() == 1
        shown = client_of(self.stage.credit).get(f"/desk/objections/{row.uuid}/").content.decode()
        assert "已催办 1 次" in shown and "已解除据此采取的措施" in shown

    @pytest.mark.req("R106")
    def test_forty_cost_as_many_queries_as_three(self) -> None:
        counts = []
        for number, start in ((3, 100), (40, 200)):
            sid = transaction.savepoint()
            for place in range(number):
                self.check(factories.department(), start + place)
            row = filed(target(f"act:{self.act.uuid}", now=NOW), now=NOW, clerk=self.clerk, points=("fine",))
            with counting() as asked:
                found = reversals.look_back(
                    Objection.objects.select_related("act", "publication__case", "commitment").get(pk=row.pk)
                )
            with counting() as told:
                assert reversals.tell_all(row, found, actor=self.stage.credit, now=NOW) >= number
            with counting() as listed_:
                client_of(self.stage.credit).get("/desk/objections/recipients/")
            counts.append((len(asked), len(told), len(listed_)))
            transaction.savepoint_rollback(sid)
        assert counts[0] == counts[1], counts

"""Who objects: a call goes to whom the register knows and shows nobody else; the papers of an objection and its page at the desk."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, TestCase

from credit_portal.audit import clock
from disclosure.models import Objection
from disclosure.objections import handling, knowing, papers
from disclosure.objections.rules import ObjectionError
from tests import subjects
from tests.breach_stage import Stage
from tests.objecting import PHONE, answered, filed, give_time, objector, on_record, target
from tests.office import client_of
from tests.paper_reading import text_of
from tests.reading import english

OTHER_PHONE = "13911112222"


class Known(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.publication = cls.stage.published()
        cls.case = cls.publication.case
        cls.now = cls.stage.now

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: self.now)
        cache.clear()

    def file(self, *, known: bool = False, **more: Any) -> Objection:
        of = target(f"breach:{self.publication.uuid}", now=self.now)
        by = objector(of, **more, **({"identity": "document"} if known else {}))
        clerk = self.stage.officer if known else None
        return filed(of, now=self.now, clerk=clerk, by=by, points=("document_no", "liability"))

    def call(self, row: Objection) -> Objection:
        return handling.verify(objection_id=row.pk, how="called", actor=self.stage.credit, now=self.now)

    def desk(self, row: Objection) -> str:
        return client_of(self.stage.credit).get(f"/desk/objections/{row.uuid}/").content.decode()

    def answer(self, row: Objection, outcome: str, **more: Any) -> Objection:
        return answered(
            row, outcome, office=self.stage.credit, officer=self.stage.officer, head=self.stage.head,
            now=self.now, **more,
        )  # fmt: skip

    @pytest.mark.req("R104")
    def test_a_stranger_is_not_known_by_a_call_to_a_number_of_his_own(self) -> None:
        row = self.file(phone=OTHER_PHONE)
        page = self.desk(row)
        assert "没有登记联系电话" in page and 'value="called"' not in page and 'value="document"' in page
        with pytest.raises(ObjectionError, match=r"持身份证件.*我的信用"):
            self.call(row)
        deed = f"/desk/objections/{row.uuid}/do/verify/"
        refused = client_of(self.stage.credit).post(deed, {"how": "called"})
        assert refused.status_code == 422 and "没有登记联系电话" in refused.content.decode()
        on_record(self.case.subject, name="", phone=PHONE)
        with pytest.raises(ObjectionError, match="没有登记法定代表人"):
            self.call(row)
        on_record(self.case.subject, name="赵铁柱", phone=PHONE)
        page = self.desk(row)
        assert "赵铁柱" in page and PHONE in page and OTHER_PHONE in page and english(page) == set()
        assert "自报姓名与登记的不一致" in page and 'value="called"' not in page
        with pytest.raises(ObjectionError, match="不一致"):
            self.call(row)
        # The unit that answers has no business with numbers.
        row.refresh_from_db()
        assert row.identity == "" and not row.marked
        on_record(self.case.subject, name="钱 多多", phone=PHONE)
        page = self.desk(row)
        assert 'value="called"' in page and "自报姓名与登记的不一致" not in page
        assert self.call(row).identity == "called"
        assert "登记的信息" not in self.desk(row)

    @pytest.mark.req("R104")
    def test_an_agent_is_asked_for_at_the_subjects_own_number_and_logs_in_as_an_agent(self) -> None:
        on_record(self.case.subject, name="赵铁柱", phone=PHONE)
        row = self.file()
        row.capacity = "agent"
        assert knowing.known_of(row).problem == ""
        row.identity, row.way = "session", "me"
        assert knowing.identity_label(row) == "代理人登录"
        row.capacity = "self"
        assert knowing.identity_label(row) == "本人登录"

    @pytest.mark.req("R105")
    def test_what_was_objected_to_is_shown_as_it_was_then_beside_what_it_is_now(self) -> None:
        old = self.case.document_no
        row = self.file(known=True)
        assert f"现为 {old}" in self.desk(row) and "公示页面</a>" in self.desk(row)
        self.answer(row, "change", changes={"document_no": "栾改〔2026〕9号"})
        page = self.desk(row)
        assert f"提出时为 {old}，已更正为 栾改〔2026〕9号" in page and "现为 栾改" not in page

    @pytest.mark.req("R105", "R10")
    def test_a_withdrawn_record_has_no_dead_link_and_its_answer_no_dead_time_limit(self) -> None:
        subject = self.case.subject
        subject.is_demo = True
        subject.save()
        row = self.file(known=True)
        row = self.answer(row, "withdraw")
        page = self.desk(row)
        assert "已停止公示" in page and f"/breaches/{self.publication.uuid}/" not in page
        answer = text_of(Client().get(f"/objections/{row.token}/answer.pdf").content)
        assert "以认定书所载为准" not in answer and "原认定书不再有效" in answer
        assert "演示数据，不具有法律效力" in answer and subject.name in answer and subject.uscc in answer
        receipt = text_of(Client().get(f"/objections/{row.token}/receipt.pdf").content)
        assert "演示数据，不具有法律效力" in receipt and subject.uscc in receipt
        for paper, text, hashed in (
            ("r", receipt, row.text_sha256),
            ("a", answer, row.document.sha256),
        ):
            token = papers.verify_token(row, paper)
            assert token in "".join(text.split())
            shown = Client().get(f"/verify/{token}/")
            seen = shown.content.decode()
            assert shown.status_code == 200 and row.number in seen and hashed[:8] in seen
            # Nothing else: neither whose it is, nor what about, nor where the objector acts.
            for hidden in (
                subject.name,
                subject.uscc,
                row.by_name,
                row.reasons,
                row.token,
                self.case.document_no,
            ):
                assert hidden not in seen
            assert english(seen.replace(" ".join(re.findall(".{8}", hashed)), "")) == set()
        genuine = papers.verify_token(row, "a")
        for false in (
            genuine[:-1] + "g",
            "r" + genuine[1:],
            genuine[:33],
            genuine + "0",
            "a" + "x" * 56,
            "a",
            row.token,
            "ａ" + genuine[1:],
        ):
            assert Client().get(f"/verify/{false}/").status_code == 404

    @pytest.mark.req("R104")
    def test_an_answer_is_not_verified_before_it_is_there(self) -> None:
        row = self.file(known=True)
        assert papers.find_paper(papers.verify_token(row, "a"), now=self.now) is None
        assert papers.find_paper(papers.verify_token(row, "r"), now=self.now) is not None
        own = subjects.client_for(self.case.subject, now=self.now)
        assert own.get(f"/objections/{row.token}/").status_code == 200

"""Complaints and errors pointed out: heard by the office alone, shown to nobody, and nobody is shut out."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client, TestCase

from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from disclosure.models import (
    Complaint,
    ErrorTip,
)
from disclosure.objections import complaints, intake, tips
from disclosure.objections.rules import ObjectionError
from tests import factories
from tests.factories import NOW
from tests.objecting import PHONE, counting
from tests.office import client_of
from tests.reading import english

# ---- anybody's voice ---------------------------------------------------------------------------------------


class Voices(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.office = factories.department(region="130111", kind="credit_office")
        cls.above = factories.department(region="130100", kind="credit_office")
        cls.unit = factories.department(region="130111")
        cls.credit = factories.staff(groups.CREDIT_OFFICE, department=cls.office)
        cls.city = factories.staff(groups.CREDIT_OFFICE, department=cls.above)
        cls.officer = factories.staff(groups.OFFICER, department=cls.unit)

    def setUp(self) -> None:
        cache.clear()

    def complain(self, **changes: Any) -> Any:
        sent = {
            "key": str(uuid4()),
            "kind": "late",
            "about": self.unit.pk,
            "text": "超过期限没有答复。",
            "phone": PHONE,
        }
        return Client().post("/complaints/new/", sent | changes)

    @pytest.mark.req("R133", "R116")
    def test_a_complaint_goes_to_the_office_and_never_to_whom_it_is_about(self) -> None:
        answer = self.complain()
        row = Complaint.objects.get()
        assert row.office == self.office and row.number.startswith("M130111") and row.phone == PHONE
        assert (
            Notice.objects.filter(user=self.credit).exists()
            and not Notice.objects.filter(user=self.officer).exists()
        )
        page = Client().get(answer.url).content.decode()
        assert (
            "已收到" in page
            and "超过期限没有答复" not in page
            and PHONE not in page
            and english(page) == set()
        )
        address = f"/desk/complaints/{row.uuid}/"
        assert client_of(self.officer).get(address).status_code == 403
        client = client_of(self.credit)
        assert PHONE in client.get(address).content.decode()
        client.post(f"{address}take/")
        assert client.post(address, {"text": "短"}).status_code == 422
        assert client.post(address, {"text": "已责令当日答复，并向您致歉。"}).status_code == 302
        assert "已责令当日答复" in Client().get(answer.url).content.decode()
        assert client.get("/desk/complaints/", {"tab": "done"}).status_code == 200
        # About the office itself: the one above has it, and the office does not see it.
        self.complain(about=self.office.pk, kind="leak", text="信用办泄露了我的信息。")
        about = Complaint.objects.latest("pk")
        assert about.office == self.above
        assert client.get(f"/desk/complaints/{about.uuid}/").status_code == 404
        assert (
            "反映泄露或者篡改" in client_of(self.city).get(f"/desk/complaints/{about.uuid}/").content.decode()
        )
        for change, said in (
            ({"kind": "x"}, "x"),
            ({"about": "9" * 25}, ""),
            ({"text": ""}, ""),
            ({"phone": "abc"}, "7 至 12 位"),
        ):
            wrong = self.complain(**change)
            assert wrong.status_code == 422 and said in wrong.content.decode(), change

    @pytest.mark.req("R12")
    def test_a_tip_is_a_line_for_the_office_and_shown_to_nobody(self) -> None:
        client = Client()
        page = client.get("/tips/new/", headers={"referer": "http://testserver/rules/?q=1"}).content.decode()
        assert 'value="/rules/"' in page and english(page) == set()
        assert 'href="/tips/new/"' in client.get("/").content.decode()
        sent = {"page": "/rules/", "text": "标题有错字", "contact": "a@example.test"}
        for _ in range(3):
            answer = client.post("/tips/new/", sent | {"key": str(uuid4())})
            assert answer.status_code == 200 and "已收到" in answer.content.decode()
        row = ErrorTip.objects.get()
        assert (row.times, row.contact, row.office) == (3, "a@example.test", self.office)
        assert "标题有错字" not in client.get("/rules/").content.decode()
        desk = client_of(self.credit)
        address = f"/desk/tips/{row.uuid}/"
        assert "标题有错字" in desk.get("/desk/tips/").content.decode()
        assert client_of(self.officer).get(address).status_code == 403
        for change, said in (
            ({"taken": "yes", "text": "已改", "became": ""}, "请选择怎样处理"),
            ({"taken": "yes", "text": "已改", "became": "passed_on"}, "请选择转交的单位"),
            ({"taken": "no", "text": ""}, ""),
        ):
            wrong = desk.post(address, change)
            assert wrong.status_code == 422 and said in wrong.content.decode()
        done = {"taken": "yes", "text": "请核实标题", "became": "passed_on", "passed_to": self.unit.pk}
        assert desk.post(address, done).status_code == 302
        assert Notice.objects.filter(user=self.officer, key=f"tip:{row.pk}").exists()
        with pytest.raises(ObjectionError, match="已处理"):
            tips.answer(tip_id=row.pk, taken=False, text="不采纳", actor=self.credit, now=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            ErrorTip.objects.filter(pk=row.pk).update(text="别的")

    @pytest.mark.req("R12", "R133")
    def test_a_crowd_from_one_address_is_asked_a_small_sum_and_nobody_is_shut_out(self) -> None:
        for number in range(intake.PER_HOUR):
            self.complain(text=f"第 {number} 次没有答复。")
        assert not Complaint.objects.filter(low=True).exists()
        page = Client().get("/complaints/new/").content.decode()
        assert "等于几" in page and "不回答也可以提交" in page
        self.complain(text="没有回答小问题的。")
        assert Complaint.objects.latest("pk").low
        asked = intake.ask_sum()
        digits = intake.DIGITS
        first, second = (digits.index(char) for char in asked.words if char in digits)
        self.complain(text="答对了小问题的。", sum=asked.token, sum_answer=str(first + second))
        assert not Complaint.objects.latest("pk").low
        # A sum counts once; wrong, forged or old ones do not.
        assert not intake.solved(asked.token, str(first + second))
        again = intake.ask_sum()
        assert not any(intake.solved(again.token, odd) for odd in ("", "x", "²", "9" * 400, "99"))
        assert not intake.solved("nonsense", "5") and not intake.solved(again.token + "x", "5")
        self.complain(text="答对了小问题的。", key=str(uuid4()))
        same = Complaint.objects.latest("pk")
        assert same.same_as is not None and same.low and same.token != same.same_as.token
        desk = client_of(self.credit)
        assert same.number in desk.get("/desk/complaints/", {"tab": "low"}).content.decode()
        assert same.number not in desk.get("/desk/complaints/").content.decode()

    @pytest.mark.req("R12")
    def test_pages_cost_the_same_however_many_there_are(self) -> None:
        counts = []
        for number in (2, 12):
            for place in range(number):
                complaints.file_complaint(
                    said=complaints.Said("late", f"{number}-{place} 没有答复。", self.unit.pk),
                    now=NOW,
                )
                tips.file_tip(said=tips.Said("/", f"{number}-{place} 错字"), now=NOW)
            with counting() as asked:
                client = client_of(self.credit)
                client.get("/desk/complaints/")
                client.get("/desk/tips/")
                client.get("/desk/objections/")
            counts.append(len(asked))
        assert counts[0] == counts[1]

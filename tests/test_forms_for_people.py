"""What a form says of itself: which field is empty, that a chosen file is lost, which numbers would be published."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client, TestCase
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from commitments import statements
from commitments.case_rules import CaseError
from commitments.forms import SubjectForm
from commitments.models import SubjectStatement
from credit_portal.audit import clock
from credit_portal.deadlines.models import PolicyRule
from credit_portal.documents.fields import PaperField, PapersField
from credit_portal.registry import codes
from credit_portal.registry.forms import LOST, PhoneField
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.templatetags.errors import named
from disclosure.models import Objection
from tests import factories, subjects
from tests.breach_stage import Stage
from tests.counter import signature_png
from tests.factories import NOW
from tests.objecting import PHONE, filed, give_time, target
from tests.office import client_of
from tests.test_odd_input import routes
from verification.models import CreditEntry

SAMPLES_NAMED = (
    ("证明文件：只接受 PDF。", "证明文件", "证明文件：只接受 PDF。"),
    ("办件编号最多 60 个字。", "办件编号（选填）", "办件编号最多 60 个字。"),
    ("请选择文件。", "证明文件", "证明文件：请选择文件。"),
)
DJANGO_SAYS = "该字段是必填项"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
ID_NUMBER = factories.id_number()


class Sample(forms.Form):
    name = forms.CharField(label="您的姓名")
    kind = forms.ChoiceField(label="类别", choices=[("", "请选择"), ("a", "甲")])
    on = forms.DateField(label="送达日期")
    read = forms.BooleanField(label="已阅读")
    key = forms.UUIDField(widget=forms.HiddenInput)
    phone = PhoneField(label="联系电话")
    paper = PaperField(label="授权委托书", required=False)
    papers = PapersField(label="证据", most=2)


def said(form: forms.Form) -> dict[str, str]:
    return {field.name: " ".join(map(str, field.errors)) for field in form if field.errors}


def test_an_empty_field_is_told_by_its_name_and_a_wrong_day_by_how_it_is_written() -> None:
    assert said(Sample({"": ""})) == {
        "name": "请填写您的姓名。", "kind": "请选择类别。", "on": "请填写送达日期。", "read": "请勾选“已阅读”。",
        "key": "页面不完整，请刷新以后再填。", "phone": "请填写联系电话。",
    }  # fmt: skip
    assert said(Sample({"on": "昨天"}))["on"] == "送达日期应写作 2026-01-31 的形式。"
    assert said(Sample()) == {}
    mine = Sample({"": ""})
    mine.fields["name"].error_messages["required"] = "请告诉我们您是谁。"
    assert said(mine)["name"] == "请告诉我们您是谁。"


def test_files_are_looked_at_with_everything_else_and_said_to_be_lost_by_whatever_was_wrong() -> None:
    good = SimpleUploadedFile("a.png", signature_png(), "image/png")
    photo = SimpleUploadedFile("b.heic", HEIC, "image/heic")
    typed = {"name": "甲", "kind": "a", "on": "2026-01-31", "read": "on", "key": str(uuid4()), "phone": PHONE}
    right = Sample(typed, MultiValueDict({"papers": [good], "paper": [good]}))
    assert right.is_valid() and said(right) == {}
    assert right.cleaned_data["papers"][0].read() == signature_png()
    good.seek(0)
    told = said(Sample({**typed, "name": ""}, MultiValueDict({"papers": [good, photo], "paper": [good]})))
    assert told["name"] == "请填写您的姓名。" and told["paper"] == LOST
    assert "“b.heic”" in told["papers"] and "兼容性最佳" in told["papers"] and told["papers"].endswith(LOST)
    assert LOST not in str(said(Sample({**typed, "name": ""}, MultiValueDict())))
    # Above the form each is named once, by its label or by its own words.
    right.add_error("paper", f"{right['paper'].label}：只接受图片。")
    right.add_error("name", "太长。")
    assert [named(right[name].errors[0], right[name].label) for name in ("paper", "name")] == [
        f"{right['paper'].label}：只接受图片。",
        f"{right['name'].label}：太长。",
    ]
    many = said(Sample(typed, MultiValueDict({"papers": [good, good, good]})))
    assert "最多 2 个" in many["papers"] and LOST in many["papers"]
    # What a service refuses afterwards loses the files as well.
    late = Sample(typed, MultiValueDict({"paper": [good]}))
    assert late.is_valid()
    late.add_error(None, "请再提交一次。")
    assert said(late) == {"paper": LOST}


@pytest.mark.parametrize("typed", ["0311-88886666", "138 0013 8000", "8888666", "１３８００１３８０００"])
def test_a_telephone_is_reduced_to_its_digits(typed: str) -> None:
    assert codes.check_phone(typed).isdigit()


@pytest.mark.parametrize("typed", ["1", "123456", "电话", "1380013800x", "1" * 13, "\0" * 8])
def test_nonsense_is_no_telephone_at_the_window_either(typed: str) -> None:
    with pytest.raises(codes.CodeError, match="7 至 12 位数字"):
        codes.check_phone(typed)
    form = SubjectForm(
        {"kind": "organisation", "name": "甲", "name_source": "licence", "phone": typed},
        kinds=["organisation"],
    )
    assert "phone" in form.errors


def test_numbers_of_persons_are_found_however_they_are_spaced() -> None:
    spaced = f"{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}"
    wide = "".join(chr(ord(char) + 0xFEE0) for char in PHONE)
    text = f"电话{PHONE}，+86 138-0013-8000，身份证{spaced}。{wide}"
    assert passages(text) == [PHONE, "138-0013-8000", spaced, wide]
    wrong = factories.misprinted(ID_NUMBER)
    assert passages(f"编号 13011120260000000012，文号 {wrong}，0311-88886666，2026-01-31，12345 元") == []


@given(st.text(max_size=60))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert all(one in text for one in passages(text))


class OnPages(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        PolicyRule.objects.create(
            region=factories.region(), key="statement_review", value=3, unit="working_days", basis="S0 一（四）",
            effective_from=NOW.date().replace(year=2020), confirmed=True,
        )  # fmt: skip
        cls.stage = Stage()
        cls.publication = cls.stage.published()
        cls.case = cls.publication.case
        cls.subject = cls.stage.commitment.subject

    def setUp(self) -> None:
        self.at(self.stage.now)

    def at(self, now: datetime) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: now)

    @pytest.mark.req("R104", "R133")
    def test_no_form_sent_empty_is_answered_in_the_words_of_a_machine(self) -> None:
        row = filed(target(f"breach:{self.publication.uuid}", now=self.stage.now), now=self.stage.now)
        own = subjects.client_for(self.subject, now=self.stage.now)
        entry = f"?of=entry:{self.case.entry_id}"
        addresses = {
            f"/objections/new/?of=breach:{self.publication.uuid}", f"/objections/{row.token}/supply/",
            f"/me/objections/new/{entry}", f"/me/repair/e/{self.case.entry_id}/", "/accounts/login/",
        }  # fmt: skip
        for route in routes():
            if route.startswith(("/admin/", "/desk/", "/window/", "/api/", "/__", "/i18n/")):
                continue
            path = route.replace("<uuid:uuid>", str(self.case.uuid)).replace("<str:token>", row.token)
            path = re.sub(r"<(int:)?entry_id>", str(self.case.entry_id), path)
            if "<" not in path and "(?P" not in path:
                addresses.add(path)
        posted = 0
        for address in sorted(addresses):
            # Something must be sent: a form without anything is one that nobody has sent.
            answer = (own if address.startswith("/me/") else Client()).post(address, {"sent": "1"})
            if answer.status_code in (200, 422) and not answer.streaming:
                body = answer.content.decode()
                posted += "请填写" in body or "请选择" in body
                assert DJANGO_SAYS not in body, address
        assert posted >= 6

    @pytest.mark.req("R104", "R12")
    def test_evidence_chosen_before_an_error_is_said_to_be_lost_on_the_page(self) -> None:
        own = subjects.client_for(self.subject, now=self.stage.now)
        sent = {
            "key": str(uuid4()),
            "phone": "12",
            "points": ["document_no"],
            "wanted": "change",
            "reasons": "文号不对。",
        }
        photo = SimpleUploadedFile("照片.heic", HEIC, "image/heic")
        for client, address in (
            (own, f"/me/objections/new/?of=entry:{self.case.entry_id}"),
            (Client(), f"/objections/new/?of=breach:{self.publication.uuid}"),
        ):
            photo.seek(0)
            answer = client.post(address, sent | {"papers": photo})
            body = answer.content.decode()
            # In one round: the telephone, the photograph, and that nothing of it was kept.
            assert answer.status_code == 422 and "7 至 12 位" in body and "兼容性最佳" in body
            assert 'id="id_papers_error"' in body and LOST in body
        assert not Objection.objects.exists()

    @pytest.mark.req("R12")
    def test_numbers_in_a_statement_are_confirmed_by_its_subject_and_shown_to_whoever_reviews(self) -> None:
        own = subjects.client_for(self.subject, now=self.stage.now)
        address = f"/me/statement/{self.case.uuid}/"
        assert "confirmed" not in own.get(address).content.decode()
        text = f"请联系经办人，电话 {PHONE}。"
        answer = own.post(address, {"text": text})
        page = answer.content.decode()
        assert answer.status_code == 422 and PHONE in page and 'name="confirmed"' in page
        assert not SubjectStatement.objects.exists()
        assert own.post(address, {"text": text, "confirmed": "on"}).status_code == 302
        desk = client_of(self.stage.officer).get(f"/desk/cases/{self.case.uuid}/").content.decode()
        assert f"像是身份证号码或者手机号码：“{PHONE}”" in desk

    @pytest.mark.req("R12")
    def test_beside_a_breach_that_is_repaired_or_no_longer_public_nothing_is_to_be_said(self) -> None:
        held = subjects.opened(self.subject, now=self.stage.now)
        own = subjects.client_of(held, now=self.stage.now)
        breach, address = f"/me/breaches/{self.case.uuid}/", f"/me/statement/{self.case.uuid}/"
        assert "作说明" in own.get(breach).content.decode()
        entries: Any = CreditEntry.objects.filter(pk=self.case.entry_id)
        now, today = self.stage.now, self.stage.now.date()
        for later, over in (
            (0, {"state": "repaired", "repaired_on": today}),
            (1, {"state": "effective", "repaired_on": None, "public_from": today, "public_until": today}),
        ):
            entries.update(**over)
            self.at(now + timedelta(days=later))
            assert "作说明" not in own.get(breach).content.decode()
            assert "现在不能提交" in own.get(address).content.decode()
            with pytest.raises(CaseError, match="不再并列公示"):
                statements.submit(case_id=self.case.pk, access=held, text="我要说明情况。", now=clock.now())


@pytest.mark.parametrize(("error", "label", "shown"), SAMPLES_NAMED)
def test_the_list_of_what_is_wrong_says_the_name_of_a_field_once(error: str, label: str, shown: str) -> None:
    assert named(error, label) == shown


def test_the_list_itself_says_the_name_once() -> None:
    class Typed(forms.Form):
        number = forms.CharField(label="办件编号（选填）", required=False)

    form = Typed({})
    form.add_error("number", "办件编号最多 60 个字，现为 61 个字。")
    page = render_to_string("parts/form_errors.html", {"form": form})
    assert page.count("办件编号") == 1

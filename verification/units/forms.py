"""Forms of a unit's own duties. What may be, the services say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from credit_portal.documents.fields import PaperField
from credit_portal.registry import contacts
from credit_portal.registry.admin_forms import DateInput
from credit_portal.registry.models import Department, UnitContact, User
from verification import training

MOST_CHOSEN = 5_000


class ContactForm(forms.Form):
    """Somebody with an account of the unit, or a name."""

    role = forms.ChoiceField(label="职责", choices=UnitContact.Role.choices)
    person = forms.ModelChoiceField(
        User.objects.none(), label="本单位账号", required=False, empty_label="没有账号，填写姓名"
    )
    name = forms.CharField(
        label="姓名", max_length=contacts.MOST_NAME, required=False, help_text="选了账号的不用填。"
    )
    post = forms.CharField(label="职务", max_length=contacts.MOST_POST, required=False)
    office_phone = forms.CharField(
        label="办公电话",
        max_length=contacts.MOST_PHONE,
        required=False,
        help_text="办公电话和手机号码至少填写一项。",
    )
    mobile = forms.CharField(
        label="手机号码",
        max_length=20,
        required=False,
        help_text="加密保存，只有本单位和信用办看得到。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    from_on = forms.DateField(label="任职自", widget=DateInput())

    def __init__(
        self, *args: Any, department: Department, contact: UnitContact | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = department.staff.filter(is_active=True).order_by("display_name")
        if contact is not None:
            del self.fields["role"], self.fields["from_on"]
            self.initial = {
                name: getattr(contact, name) for name in ("name", "post", "office_phone", "mobile")
            } | {"person": contact.person_id}


class EndForm(forms.Form):
    until_on = forms.DateField(label="任职至", widget=DateInput())


class TrainingForm(forms.Form):
    title = forms.CharField(label="主题", max_length=training.MOST["title"])
    held_on = forms.DateField(label="培训日期", widget=DateInput())
    hours = forms.DecimalField(
        label="学时",
        min_value=0,
        max_value=training.MOST_HOURS,
        max_digits=5,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
    )
    lecturer = forms.CharField(label="授课人", max_length=training.MOST["lecturer"], required=False)
    content = forms.CharField(
        label="内容",
        max_length=training.MOST["content"],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="讲了哪些政策和操作。",
    )
    material = PaperField(
        label="培训材料", required=False, help_text="签到表、课件等，PDF 或者图片，10 MB 以内。"
    )
    reason = forms.CharField(
        label="更正的理由", max_length=training.MOST["reason"], widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, again: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not again:
            del self.fields["reason"]

    def details(self) -> training.Details:
        """What was told, once the form is valid."""
        told = self.cleaned_data
        file = told["material"]
        return training.Details(
            title=told["title"], held_on=told["held_on"], hours=told["hours"], lecturer=told["lecturer"],
            content=told["content"],
            material=(file.name, file.content_type or "", file.read()) if file else None,
        )  # fmt: skip


class VoidForm(forms.Form):
    reason = forms.CharField(label="作废的理由", max_length=training.MOST["reason"])


class Attendance:
    """Who was there, ticked unit by unit, and how many others of each. What is no number is said at its unit."""

    def __init__(
        self,
        choice: Sequence[tuple[Department, list[User]]],
        data: QueryDict | None = None,
        *,
        people: Sequence[int] = (),
        others: dict[int, int] | None = None,
    ) -> None:
        self.errors: dict[int, str] = {}
        self.others: dict[int, int] = dict(others or {})
        self.typed: dict[int, str] = {unit: str(number) for unit, number in self.others.items()}
        self.people = set(people)
        if data is not None:
            chosen = data.getlist("person")[:MOST_CHOSEN]
            self.people = {int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 10}
            self.others, self.typed = {}, {}
            for unit, _users in choice:
                self._read(unit.pk, data.get(f"others-{unit.pk}", "").strip()[:20])
        self.units = [
            {
                "unit": unit,
                "staff": [(user, user.pk in self.people) for user in users],
                "others": self.typed.get(unit.pk, ""),
                "error": self.errors.get(unit.pk, ""),
                "open": any(user.pk in self.people for user in users)
                or bool(self.typed.get(unit.pk))
                or unit.pk in self.errors,
            }
            for unit, users in choice
        ]

    def _read(self, unit: int, text: str) -> None:
        if not text:
            return
        self.typed[unit] = text
        if text.isascii() and text.isdigit() and int(text) <= training.MOST_OTHERS:
            self.others[unit] = int(text)
        else:
            self.errors[unit] = f"其他人数应为 0 到 {training.MOST_OTHERS} 的整数。"

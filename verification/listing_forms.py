"""What is typed at the desk for lists: opening a procedure, and each of its steps. What is wrong with one field is said at that
field, all at once; the services look once more."""

from functools import partial
from typing import Any

from django import forms

from credit_portal.audit import clock
from credit_portal.registry.models import CreditSubject, Domain

from . import listing_grounds, listing_measures, listing_opening
from .listing import ListingRefused
from .models import CreditEntry, Listing

_PLACES = "一二三四五"
_CHOOSE = ("", "请选择")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MeasureForm(forms.Form):
    """What it stands on, and its measures: rows that are left empty are none. What is typed beside them comes first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read: list[dict[str, str]] = []
        for place in range(listing_measures.MOST):
            which = f"第{_PLACES[place]}项措施"
            name = partial(listing_measures.field_name, place)
            self.fields |= {
                name("effect"): forms.ChoiceField(
                    label=f"{which}的效果",
                    required=False,
                    choices=[("", "没有措施"), *listing_measures.EFFECTS],
                ),
                name("domain"): forms.ChoiceField(
                    label=f"{which}的领域",
                    required=False,
                    choices=[("", "所有领域"), *Domain.choices],
                    help_text="" if place else "市场和行业禁入须写明是哪个领域。",
                ),
                name("basis"): forms.CharField(
                    label=f"{which}的法律依据",
                    required=False,
                    max_length=300,
                    help_text="" if place else "有措施的必填；没有依据的不能录入。",
                ),
            }

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """Those that are not of measures."""
        of_measures = {one.name for row in self.measure_rows for one in row}
        return [one for one in self if one.name not in of_measures]

    @property
    def measure_rows(self) -> list[list[forms.BoundField]]:
        """The fields of each measure."""
        return [
            [self[listing_measures.field_name(place, field)] for field in ("effect", "domain", "basis")]
            for place in range(listing_measures.MOST)
        ]

    @property
    def more_measures(self) -> bool:
        """Whether something is typed, or wrong, in a row after the first."""
        return any(one.errors or one.value() for row in self.measure_rows[1:] for one in row)

    def kind_of(self) -> str:
        """Of which kind the listing is: what may be decided with it depends on it."""
        return Listing.Kind.RESPONSIBLE

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for field in listing_opening.TEXTS:
            if data.get(field):
                try:
                    listing_opening.said(field, data[field])
                except ListingRefused as error:
                    self.add_error(field, str(error))
        typed = [
            {
                field: data.get(listing_measures.field_name(place, field), "")
                for field in listing_measures.FIELDS
            }
            for place in range(listing_measures.MOST)
        ]
        self._read, wrong = listing_measures.read(typed, kind=self.kind_of())
        for place, text in wrong.items():
            name = listing_measures.field_name(*place)
            if name not in self.errors:
                self.add_error(name, text)
        return data

    def measures(self) -> list[dict[str, str]]:
        return self._read


class OpenForm(MeasureForm):
    kind = forms.ChoiceField(
        label="名单的种类",
        choices=[(str(one), one.label) for one in (Listing.Kind.JOINT, Listing.Kind.WATCH)],
        help_text="没有达到联合惩戒标准的，列入重点关注名单，只能附重点审查的措施。",
    )
    list_name = forms.ChoiceField(
        label="名单名称",
        help_text="只列出认定办法已经发布并施行的名单。没有的，先起草认定办法、公开征求意见。",
        error_messages={"invalid_choice": "“%(value)s”没有已发布并施行的认定办法，不能列入。"},
    )
    basis = forms.CharField(label="认定依据", max_length=300, help_text="法律、法规或者名单管理办法的条款。")
    standard = forms.CharField(label="认定标准", max_length=500, help_text="符合办法中的哪一条标准。")
    facts = forms.CharField(
        label="事实", widget=_lines(4), help_text="时间、经过和后果，写进告知书和决定书。至少 10 个字。"
    )
    grounds = forms.ModelMultipleChoiceField(
        CreditEntry.objects.none(),
        label="所依据的记录",
        widget=forms.CheckboxSelectMultiple,
        help_text="至少选一条；没有这些记录的，不能立案。",
        error_messages={
            "required": listing_opening.ERROR_GROUNDS,
            "invalid_choice": listing_opening.ERROR_GROUNDS,
        },
    )

    def __init__(self, *args: Any, subject: CreditSubject, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list_name"].choices = [_CHOOSE, *((name, name) for name in names)]
        counted = [row.pk for row in listing_grounds.grounds_of(subject, on=clock.today())]
        self.fields["grounds"].queryset = CreditEntry.objects.filter(pk__in=counted).order_by("-from_on")

    def kind_of(self) -> str:
        return self.cleaned_data.get("kind") or Listing.Kind.JOINT


class PersonForm(MeasureForm):
    responsible = forms.ChoiceField(label="责任人员")
    id_number = forms.CharField(
        label="身份证号码", required=False, max_length=40, help_text="已登记的不用填写。"
    )
    facts = forms.CharField(
        label="事实", widget=_lines(3), help_text="时间、经过和后果，写进告知书和决定书。至少 10 个字。"
    )

    def __init__(self, *args: Any, firm: CreditSubject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = firm.responsible.filter(until_on__isnull=True).order_by("pk")
        self.fields["responsible"].choices = [
            _CHOOSE, *((str(one.pk), f"{one.name}，{one.get_capacity_display()}") for one in people)
        ]  # fmt: skip

    def clean_responsible(self) -> int:
        return int(self.cleaned_data["responsible"])


class ArrearsForm(PersonForm):
    basis = forms.CharField(label="追究依据", max_length=300)
    field_order = ["responsible", "id_number", "basis", "facts"]

    def kind_of(self) -> str:
        return Listing.Kind.ARREARS


class NoticeForm(forms.Form):
    noticed_on = forms.DateField(label="告知书送达日期", widget=_day())
    noticed_until = forms.DateField(
        label="拟列入的期限（最后一日）",
        widget=_day(),
        help_text="写进告知书；告知以后，决定的期限不能更长。",
    )


class StatementForm(forms.Form):
    received_on = forms.DateField(label="收到日期", widget=_day())
    text = forms.CharField(label="陈述申辩", widget=_lines(4), help_text="不公开。")


class ProposeForm(forms.Form):
    term_until = forms.DateField(label="列入期限（最后一日）", widget=_day())
    exit_rule = forms.CharField(label="移出条件", max_length=500)
    statement_considered = forms.CharField(
        label="对陈述申辩的采纳情况", widget=_lines(2), required=False, help_text="收到陈述申辩的必填。"
    )


class DecideForm(forms.Form):
    document_no = forms.CharField(
        label="决定书文号", max_length=100, required=False, help_text="留空时用本系统的编号。"
    )


class ServeForm(forms.Form):
    served_on = forms.DateField(label="送达日期", widget=_day())
    service = forms.CharField(label="送达方式和证明", max_length=200)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="撤回的理由",
        max_length=500,
        widget=_lines(2),
        help_text="立案有误、还没有告知的可以撤回；撤回以后可以重新立案。",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", max_length=500, widget=_lines(2))


class ToldReasonForm(forms.Form):
    reason = forms.CharField(
        label="理由", max_length=500, widget=_lines(2), help_text="写给主体看：在它自己的页面上显示。"
    )


class LeavingForm(forms.Form):
    reason = forms.CharField(
        label="移出条件怎样达到",
        max_length=500,
        widget=_lines(2),
        help_text="批准以后写给主体看。至少 10 个字。",
    )


class PublishForm(forms.Form):
    """Nothing to fill in: it is pressed by another person."""


FORMS: dict[str, type[forms.Form]] = {
    "notice": NoticeForm,
    "statement": StatementForm,
    "propose": ProposeForm,
    "decide": DecideForm,
    "return": ReasonForm,
    "serve": ServeForm,
    "withdraw": WithdrawForm,
    "refuse": ToldReasonForm,
    "leaving": LeavingForm,
    "exit": PublishForm,
    "staying": ReasonForm,
    "revoke": ToldReasonForm,
    "publish": PublishForm,
}

"""What is typed on the pages of objections, complaints and tips. The forms take input apart; the services decide."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from credit_portal.documents.fields import PaperField, PapersField
from credit_portal.documents.inspection import MAX_BYTES
from credit_portal.registry import codes
from credit_portal.registry.forms import PhoneField
from credit_portal.registry.models import Department
from disclosure.models import Complaint, ErrorTip, Objection
from verification.checking.looking import File

from . import intake
from .filing import MOST_FILES
from .records import Point, Target
from .rules import ObjectionError, text_of

CHOOSE = ("", "请选择")
OVER = "来自同一地址的提交较多，请回答这个小问题；不回答也可以提交，但会排在后面处理，并且不收附件。"


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class FilesField(PapersField):
    """Several files, as the services take them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=MOST_FILES, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [sent(one) for one in super().clean(data, initial)]


def one_file(label: str, *, help_text: str = "") -> PaperField:
    return PaperField(label=label, required=False, help_text=help_text)


def sent(file: UploadedFile) -> File:
    """A file as the services take it; one byte past the limit is enough to be refused."""
    return File(file.read(MAX_BYTES + 1), file.content_type or "", file.name or "")


def maybe(file: UploadedFile | None) -> File | None:
    return sent(file) if file else None


# ---- from anybody ------------------------------------------------------------------------------------------


class OpenForm(forms.Form):
    """A form that anybody may send. `crowded`: so many came from this address that a small sum is asked."""

    key = forms.UUIDField(
        widget=forms.HiddenInput, required=False, error_messages={"invalid": "请刷新页面后再填。"}
    )
    # For programs that fill in everything; people do not see it.
    website = forms.CharField(
        label="请勿填写这一栏",
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, crowded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crowded = crowded
        if not crowded:
            return
        asked = intake.ask_sum()
        self.fields["sum"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields["sum_answer"] = forms.CharField(
            label=asked.words, required=False, help_text=OVER,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )  # fmt: skip
        # Asked anew each time; what was asked before is read from what was sent.
        self.asked = asked

    def shown_sum(self) -> Any:
        """For the page: the sum that is asked now."""
        return self.asked if self.crowded else None

    def said_fields(self) -> list[Any]:
        """The fields that people fill in, without those that the page puts in itself."""
        return [one for one in self.visible_fields() if one.name not in ("website", "sum_answer")]

    def low(self) -> bool:
        """Whether it is to be looked at after the others."""
        if not self.crowded:
            return False
        return not intake.solved(
            self.cleaned_data.get("sum", ""), self.cleaned_data.get("sum_answer", "").strip()
        )

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError("这一栏是给程序看的，请留空再提交。")
        return ""


class ObjectionForm(OpenForm):
    code = forms.CharField(
        label="统一社会信用代码", max_length=60, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(
        label="您的姓名", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    capacity = forms.ChoiceField(
        label="您的身份", choices=Objection.Capacity.choices, widget=forms.RadioSelect, initial="self"
    )
    authorisation = one_file("授权委托书", help_text="委托代理人须附。扫描件或者图片，10 MB 以内。")
    phone = PhoneField(label="联系电话", help_text="用于核实身份和联系，加密保存，不公开。")
    points = forms.MultipleChoiceField(label="哪里有误", widget=forms.CheckboxSelectMultiple)
    wanted = forms.ChoiceField(label="您的请求", choices=Objection.Wanted.choices, widget=forms.RadioSelect)
    reasons = forms.CharField(
        label="事实和理由",
        widget=_lines(6),
        max_length=2000,
        help_text="写明正确的内容是什么、凭什么这样说。最多 2000 个字。",
    )
    papers = FilesField(
        label="证据", help_text=f"最多 {MOST_FILES} 个文件，扫描件或者图片，每个 10 MB 以内。"
    )

    def __init__(self, *args: Any, target: Target, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = target.subject
        if own is None or own.uscc is None:
            del self.fields["code"]
        self.fields["points"].choices = [(one.key, one.label) for one in target.points]
        self.fields["points"].error_messages["required"] = "请选择有异议的内容。"

    def clean_reasons(self) -> str:
        return self._as_services("reasons", text_of, label="事实和理由", least=5)

    def clean_code(self) -> str:
        # Whether it is the right one, the service says; what is no code at all is said with everything else.
        return self._as_services("code", lambda typed, field: codes.check_uscc(typed))

    def _as_services(self, field: str, check: Callable[..., str], **more: Any) -> str:
        try:
            return check(self.cleaned_data[field], field=field, **more)
        except (ObjectionError, codes.CodeError) as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        missing = "authorisation" in self.fields and not data.get("authorisation")
        if (
            missing
            and data.get("capacity") == Objection.Capacity.AGENT
            and "authorisation" not in self.errors
        ):
            self.add_error("authorisation", "委托代理人须附授权委托书。")
        return data


class OwnObjectionForm(ObjectionForm):
    """On a subject's own pages: who it is, is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, crowded=False, **kwargs)
        for known in ("website", "code", "name", "capacity", "authorisation"):
            self.fields.pop(known, None)


class DeskObjectionForm(ObjectionForm):
    """For somebody who stands there: its identity has been seen."""

    identity_seen = forms.BooleanField(
        label="已查验异议人的身份证件，代理人的已查验授权委托书", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, crowded=False, **kwargs)
        del self.fields["website"]


class SupplyForm(forms.Form):
    text = forms.CharField(label="补正说明", widget=_lines(4), max_length=2000)
    authorisation = one_file("授权委托书")
    papers = FilesField(label="材料", help_text=f"最多 {MOST_FILES} 个文件，每个 10 MB 以内。")


class ComplaintForm(OpenForm):
    kind = forms.ChoiceField(label="投诉什么", choices=[CHOOSE, *Complaint.Kind.choices])
    about = forms.TypedChoiceField(label="被投诉的单位", required=False, coerce=int, empty_value=None)
    matter_no = forms.CharField(
        label="有关编号", max_length=60, required=False, help_text="异议、承诺或者认定的编号，有的话请写上。"
    )
    text = forms.CharField(
        label="投诉的内容", widget=_lines(6), max_length=2000, help_text="时间、地点、经过。最多 2000 个字。"
    )
    name = forms.CharField(label="您的姓名", max_length=60, required=False)
    phone = PhoneField(
        label="联系电话", required=False, help_text="可以不留；留下的加密保存，不告诉被投诉的单位。"
    )

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = [
            ("", "不清楚或者不针对某个单位"),
            *((one.pk, one.name) for one in units),
        ]


class TipForm(OpenForm):
    page = forms.CharField(
        label="哪个页面", max_length=300, help_text="页面的地址，或者上面的编号、名称。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    text = forms.CharField(label="哪里有误", widget=_lines(4), max_length=1000, help_text="最多 1000 个字。")
    contact = forms.CharField(
        label="联系方式", max_length=100, required=False, help_text="可以不留；留下的加密保存，只用于核实。"
    )


# ---- at the desk -------------------------------------------------------------------------------------------


class DeedForm(forms.Form):
    """One of several forms of a page: the ids of its fields have its name in them."""

    deed = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{self.deed}_%s")
        super().__init__(*args, **kwargs)


class VerifyForm(DeedForm):
    deed = "verify"
    how = forms.ChoiceField(
        label="怎样核实的",
        choices=[CHOOSE, *((code, label) for code, label in Objection.Identity.choices if code != "session")],
    )

    def __init__(self, *args: Any, problem: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if problem:
            # Where a call shows nothing it is not offered, and whoever asks for it all the same is told why.
            how = self.fields["how"]
            how.choices = [one for one in how.choices if one[0] != Objection.Identity.CALLED]
            how.help_text = how.error_messages["invalid_choice"] = problem


class AskForm(DeedForm):
    deed = "ask"
    what = forms.CharField(
        label="须补正的内容",
        widget=_lines(3),
        max_length=2000,
        help_text="一次写全，只能要求一次；每项一行。",
    )


class SendBackForm(DeedForm):
    deed = "return"
    reason = forms.CharField(label="退回的理由", widget=_lines(2), max_length=500)


class ReopenForm(DeedForm):
    deed = "reopen"
    reason = forms.CharField(
        label="不能执行的情况",
        widget=_lines(2),
        max_length=300,
        help_text="只用于网站不能按答复执行的；作出单位据此重新核实答复。",
    )


class RefuseForm(DeedForm):
    deed = "refuse"
    reason = forms.CharField(
        label="不予受理的理由",
        widget=_lines(3),
        max_length=2000,
        help_text="写明怎样继续办理，例如应向谁提出。",
    )


class TakeBackForm(DeedForm):
    deed = "withdraw"
    reason = forms.CharField(label="撤回的情况", max_length=500, help_text="异议人以什么方式提出撤回。")


class DeskSupplyForm(DeedForm):
    """What was missing, brought to the office."""

    deed = "supply"
    text = forms.CharField(label="补正说明", widget=_lines(2), max_length=2000)
    authorisation = one_file("授权委托书")
    papers = FilesField(label="材料", help_text=f"最多 {MOST_FILES} 个文件，每个 10 MB 以内。")


class DeliverForm(DeedForm):
    deed = "deliver"
    on = forms.DateField(label="送达日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    how = forms.ChoiceField(label="送达方式", choices=[CHOOSE, *Objection.Delivery.choices])


class AnswerForm(DeedForm):
    """The answer with, for a change, the right value of each point that can be corrected."""

    outcome = forms.ChoiceField(label="结论", widget=forms.RadioSelect)
    answer = forms.CharField(
        label="答复的理由",
        widget=_lines(5),
        max_length=2000,
        help_text="写给异议人看：核实了什么、依据什么。",
    )

    def __init__(
        self, *args: Any, deed: str, outcomes: Iterable[str], points: Iterable[Point], **kwargs: Any
    ) -> None:
        self.deed = deed
        super().__init__(*args, **kwargs)
        labels = dict(Objection.Outcome.choices)
        hints = {"keep": "信息无误", "change": "把错的改成对的", "withdraw": "不再公示，有关记录同时撤销"}
        self.fields["outcome"].choices = [(one, f"{labels[one]}（{hints[one]}）") for one in outcomes]
        self.points = list(points) if "change" in outcomes else []
        for one in self.points:
            self.fields[f"change_{one.key}"] = self._right_value(one)

    @staticmethod
    def _right_value(one: Point) -> forms.Field:
        now = f"现为：{one.value or '（空）'}"
        if one.among:
            return forms.ChoiceField(
                label=one.label, required=False, choices=[("", "不更正"), *one.among], help_text=now
            )
        wide = one.most > 300
        return forms.CharField(
            label=one.label, required=False, max_length=one.most, help_text=now,
            widget=_lines(3) if wide else forms.TextInput(),
        )  # fmt: skip

    def changes(self) -> dict[str, str]:
        return {one.key: self.cleaned_data.get(f"change_{one.key}", "") for one in self.points}

    def head(self) -> list[Any]:
        return [self["outcome"], self["answer"]]

    def corrections(self) -> list[Any]:
        return [self[f"change_{one.key}"] for one in self.points]


class ConfirmForm(forms.Form):
    what = forms.CharField(
        label="怎样消除影响", max_length=300, widget=_lines(2),
        help_text="例如：已解除据此采取的措施，已更正档案，已告知经办人员。",
    )  # fmt: skip


class ComplaintAnswerForm(forms.Form):
    text = forms.CharField(
        label="答复",
        widget=_lines(5),
        max_length=2000,
        help_text="查明的情况和处理结果，投诉人凭查询地址看到。",
    )


class TipAnswerForm(forms.Form):
    taken = forms.ChoiceField(
        label="是否采纳", choices=[("yes", "采纳"), ("no", "不采纳")], widget=forms.RadioSelect
    )
    became = forms.ChoiceField(
        label="怎样处理", required=False, choices=[("", "（不采纳的不用选）"), *ErrorTip.Became.choices]
    )
    passed_to = forms.TypedChoiceField(label="转交的单位", required=False, coerce=int, empty_value=None)
    text = forms.CharField(label="处理情况", widget=_lines(3), max_length=500)

    def __init__(self, *args: Any, units: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passed_to"].choices = [("", "（转交时选择）"), *((one.pk, one.name) for one in units)]

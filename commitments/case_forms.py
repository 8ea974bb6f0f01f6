"""The forms of a case's steps: what an officer types, read and named in Chinese; whether it is allowed the services say."""

from typing import Any

from django import forms
from django.http import QueryDict

from credit_portal.documents.fields import PaperField

from .models import BreachCase, Commitment, SubjectStatement

DATE = forms.DateInput(attrs={"type": "date", "placeholder": "2026-01-31"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class OpenForm(forms.Form):
    code = forms.CharField(label="承诺编码", max_length=60, help_text="20 位数字，印在承诺书和回执上。")
    source = forms.ChoiceField(label="线索来源", choices=[("", "请选择"), *BreachCase.Source.choices])
    facts = forms.CharField(
        label="查明的事实", widget=_lines(5), help_text="时间、地点、经过和证据，每段一行。"
    )
    by_deceit = forms.BooleanField(label="以欺骗方式取得许可、登记、资格、奖励或者扶持", required=False)


class NoticeForm(forms.Form):
    facts = forms.CharField(label="查明的事实", widget=_lines(5))
    grade = forms.ChoiceField(label="拟定的程度", choices=[("", "请选择"), *BreachCase.Grade.choices])
    noticed_on = forms.DateField(label="告知日期", widget=DATE, help_text="告知书送到当事人的那一天。")
    proof = PaperField(label="送达证明", required=False, help_text="扫描件或图片，10 MB 以内。")


class StatementForm(forms.Form):
    received_on = forms.DateField(label="收到日期", widget=DATE)
    text = forms.CharField(label="陈述申辩", widget=_lines(6), help_text="不对外公开。")
    proof = PaperField(label="附件", required=False, help_text="扫描件或图片，10 MB 以内。")


class ProposalForm(forms.Form):
    outcome = forms.ChoiceField(label="履行状态认定", choices=[("", "请选择"), *BreachCase.Outcome.choices])
    grade = forms.ChoiceField(label="程度", choices=[("", "请选择"), *BreachCase.Grade.choices])
    statement_considered = forms.CharField(
        label="对陈述申辩的采纳情况",
        widget=_lines(3),
        required=False,
        help_text="收到陈述申辩的，逐点写明采纳与否和理由。",
    )
    liability = forms.CharField(
        label="违诺责任追究内容", widget=_lines(3), help_text="依据承诺采取了什么措施。"
    )
    proportionality = forms.CharField(
        label="相当性说明", widget=_lines(3), help_text="性质、情节、后果和改正情况，为何这样处理与之相当。"
    )
    reconsideration_body = forms.CharField(label="行政复议机关", max_length=200)
    court = forms.CharField(label="有管辖权的人民法院", max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", widget=_lines(3))


class DeterminationForm(forms.Form):
    document_no = forms.CharField(
        label="认定书文号", max_length=60, required=False, help_text="不填则自动编号。"
    )


class ServiceForm(forms.Form):
    served_on = forms.DateField(label="送达日期", widget=DATE)
    method = forms.ChoiceField(label="送达方式", choices=[("", "请选择"), *BreachCase.ServiceMethod.choices])
    proof = PaperField(
        label="送达证明", help_text="签收件、邮寄凭证、电子送达记录或者公告。扫描件或图片，10 MB 以内。"
    )


class SubjectStatementForm(forms.Form):
    text = forms.CharField(
        label="主体说明",
        widget=_lines(4),
        required=False,
        help_text="由主体自愿提供，随违诺信息一起公示；清空即撤回。",
    )


class RefusalForm(forms.Form):
    """Why a statement handed in online cannot be published: for law only."""

    refusal = forms.ChoiceField(
        label="不采用的理由", choices=SubjectStatement.Refusal.choices, widget=forms.RadioSelect
    )
    passage = forms.CharField(
        label="涉及的文字", max_length=300, widget=_lines(2), help_text="照抄说明中的原文，便于主体改去。"
    )


class RevocationForm(forms.Form):
    reason = forms.ChoiceField(
        label="撤销理由", choices=[("", "请选择"), *BreachCase.RevocationReason.choices]
    )
    document_no = forms.CharField(
        label="撤销依据文号", max_length=100, required=False, help_text="复议决定、裁判文书的文号。"
    )
    explanation = forms.CharField(label="撤销说明", widget=_lines(3))


FORMS: dict[str, type[forms.Form]] = {
    "notice": NoticeForm,
    "statement": StatementForm,
    "propose": ProposalForm,
    "return": ReasonForm,
    "determine": DeterminationForm,
    "serve": ServiceForm,
    "drop": ReasonForm,
    "subject_statement": SubjectStatementForm,
    "revoke": RevocationForm,
}
# These two name the clauses, too.
WITH_CLAUSES = frozenset({"notice", "propose"})


def chosen_clauses(data: QueryDict) -> list[tuple[int, str]]:
    """The clauses ticked, with what was not kept of each; what is wrong with them the service says."""
    numbers = [int(number) for number in data.getlist("clause") if number.isascii() and number.isdigit()]
    return [(number, data.get(f"not_kept_{number}", "")) for number in numbers]


def initial_of(act: str, case: BreachCase, today: Any) -> dict[str, Any]:
    """What a step's form begins with."""
    commitment: Commitment = case.commitment
    place = commitment.region.name
    return {
        "notice": {"facts": case.facts, "noticed_on": today, "grade": case.grade},
        "statement": {"received_on": today},
        "propose": {
            "outcome": case.outcome,
            "grade": case.grade,
            "statement_considered": case.statement_considered,
            "liability": case.liability,
            "proportionality": case.proportionality,
            "reconsideration_body": case.reconsideration_body or f"{place}人民政府",
            "court": case.court or f"{place}人民法院",
        },
        "serve": {"served_on": today},
        "subject_statement": {"text": case.subject_statement},
    }.get(act, {})

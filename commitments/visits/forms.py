"""What is typed on the pages of visits."""

from django import forms

from commitments.obligations.forms import DATE


class PlanForm(forms.Form):
    day = forms.DateField(label="检查日期", widget=DATE)
    announced = forms.BooleanField(
        label="事先告知主体", required=False, help_text="主体在“我的信用”首页看到日期、部门和事项。"
    )
    note = forms.CharField(
        label="安排", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="集合的时间、地点，要准备的材料；告知主体的，主体也看到。",
    )  # fmt: skip


class ReasonForm(forms.Form):
    reason = forms.CharField(label="理由", max_length=300)

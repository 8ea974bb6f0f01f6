"""What a subject types on its own pages."""

from django import forms

from commitments.statements import MOST


class StatementForm(forms.Form):
    text = forms.CharField(
        label="说明",
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=f"写给看到这条违诺信息的人：原因、改正情况、您的看法。4 至 {MOST} 个字，照原文公示。",
    )

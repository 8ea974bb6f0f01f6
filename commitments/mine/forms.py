"""What a subject types on its own pages."""

from django import forms

from commitments.statements import MOST


class StatementForm(forms.Form):
    text = forms.CharField(
        label="说明",
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=f"写给看到这条违诺信息的人：原因、改正情况、您的看法。4 至 {MOST} 个字，照原文公示；不要写身份证号码、手机号码。",
    )
    # Shown once a number of a person has been found in the text.
    confirmed = forms.BooleanField(label="我知道这些号码会公开，仍然要照原文公示", required=False)

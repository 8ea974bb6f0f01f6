"""What a subject types in its own defence."""

from django import forms

from credit_portal.documents.fields import PapersField
from credit_portal.documents.inspection import MAX_BYTES
from verification.checking.looking import File

from .stating import MOST, MOST_FILES


class OwnStatementForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": "请刷新页面后再填。"})
    text = forms.CharField(
        label="陈述申辩",
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=f"哪些事实不对、为什么不应当列入，一次写全。4 至 {MOST} 个字。",
    )
    papers = PapersField(
        most=MOST_FILES,
        label="附件",
        help_text=f"证据的扫描件或者照片，最多 {MOST_FILES} 个，每个 10 MB 以内。",
    )

    def sent_files(self) -> list[File]:
        """What was chosen, as the service takes it; one byte past the limit is enough to be refused."""
        return [
            File(one.read(MAX_BYTES + 1), one.content_type or "", one.name or "")
            for one in self.cleaned_data["papers"]
        ]

"""What is typed when a roster is uploaded."""

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES


class UploadForm(forms.Form):
    as_of = forms.DateField(
        label="名单日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="名单截至哪一天。没有写列入日期的新成员从这一天算起，名单中没有的从这一天起移出。",
    )
    file = TableField(
        label="文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，写全部成员，最多 5000 行、20 MB。",
    )

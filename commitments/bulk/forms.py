"""Forms of uploads; what is wrong with a file the services say."""

from django import forms

from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import MOST_BYTES
from credit_portal.registry.models import CommitmentType

from .jobs import MOST_ROWS
from .settling import MOST

_MB = MOST_BYTES // 1024 // 1024


class UploadForm(forms.Form):
    file = TableField(
        label="文件", help_text=f"xlsx 或 csv（UTF-8、GB 18030），最多 {MOST_ROWS:,} 行、{_MB} MB。"
    )
    scans = forms.FileField(
        label="扫描件",
        required=False,
        allow_empty_file=True,
        help_text=f"zip，里面每个 PDF、PNG 或 JPEG 以承诺编码或者办件编号命名；与文件合计最多 {_MB} MB。",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
    other_as = forms.ChoiceField(
        label="“其他”类型归入",
        required=False,
        choices=[("", "退回这些行"), *CommitmentType.choices],
        help_text="文件中承诺类型写作“其他（…）”而不是本系统的类型时，归入哪一类。",
    )
    dry_run = forms.BooleanField(label="试运行：只检查，什么也不导入", required=False)


class SettleForm(forms.Form):
    """What the department has found out about a breach that a file told of."""

    outcome = forms.ChoiceField(
        label="核实结果",
        choices=[("case", "立案，按程序认定"), ("dismiss", "不立案")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择立案或者不立案。"},
    )
    facts = forms.CharField(
        label="查明的事实",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="立案时填写；文件载明的内容可以修改。",
    )
    note = forms.CharField(
        label="核实情况",
        required=False,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不立案的须写明怎样核实的、为什么不立案；立案的可以补充。",
    )

"""The shapes of what departments' systems hand in and read, in the description of the API."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from commitments.models import BreachCase, Commitment, IdentityDocument, SignerCapacity
from credit_portal.deadlines.models import Duty
from credit_portal.registry.models import CommitmentType, CreditSubject, PublicityClass

from .posted import BLANK_LENGTH, BLANKS_MOST
from .serializers import CountSerializer, ItemRefSerializer

CODE = "承诺编码，20 位数字"


@extend_schema_field({"type": "string", "format": "byte"})
class Base64Field(s.CharField):
    pass


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": BLANK_LENGTH},
        "maxProperties": BLANKS_MOST,
    }
)
class BlanksField(s.DictField):
    pass


@extend_schema_field({"type": "string", "pattern": "^fulfilled$"})
class KeptField(s.CharField):
    pass


class PostedFileSerializer(s.Serializer):
    name = s.CharField(max_length=200, help_text="文件名")
    content = Base64Field(help_text="PDF、PNG 或 JPEG，Base64 编码；解码后最大 10 MB，整个请求最大 12 MB")


class TextRefSerializer(s.Serializer):
    code = s.CharField(max_length=40, help_text="文本编码，见 /api/v1/public/texts")
    version = s.IntegerField(min_value=1, max_value=32_767, help_text="版本号")


class SignerSerializer(s.Serializer):
    name = s.CharField(max_length=200, help_text="签署人姓名")
    capacity = s.ChoiceField(SignerCapacity.choices, help_text="签署身份")
    identity_document = s.ChoiceField(
        IdentityDocument.choices, help_text="查验过的证件的种类；不要传证件号码"
    )


class HandedInSerializer(s.Serializer):
    check = s.CharField(max_length=30, help_text="本系统核查得到的编号")
    text = TextRefSerializer(help_text="签署的文本")
    signer = SignerSerializer(help_text="签署人")
    signed_at = s.DateTimeField(help_text="签署时间，带时区；与核查同一天，最迟次日递交")
    read_confirmed = s.BooleanField(
        help_text="须为 true：签署人在签署前已阅读告知书、个人信息处理告知和承诺书"
    )
    file = PostedFileSerializer(help_text="签署后的承诺书（扫描件或导出的 PDF）")
    authorisation = PostedFileSerializer(required=False, help_text="授权委托书；委托代理人签署时必填")
    case_ref = s.CharField(required=False, max_length=60, help_text="办件编号；不填为核查时的")
    blanks = BlanksField(required=False, help_text="文本的填写项：键和内容；日期写作 2026-01-31")
    late_materials = BlanksField(
        required=False,
        help_text="容缺受理的：事项目录中可以后补的材料的名称，和承诺补交的日期（2026-01-31）；其余材料应已齐全",
    )
    must_state = s.ListField(
        child=s.CharField(max_length=600),
        required=False,
        max_length=BLANKS_MOST,
        help_text="记录中已期满而未修复的，须在承诺书中如实写明；没有这种记录的不填",
    )
    confirm_duplicate = s.BooleanField(
        required=False, help_text="同一主体当天就同一事项已签署过，确实要再签一份的为 true"
    )


class HandedInAnswerSerializer(s.Serializer):
    code = s.CharField(help_text=CODE)
    check = s.CharField(help_text="核查编号")
    made_on = s.DateField(help_text="作出日期")
    valid_until = s.DateField(allow_null=True, help_text="有效期至（含当日）；没有期限时为 null")
    text_sha256 = s.CharField(help_text="签署文本的 SHA-256")
    pdf_sha256 = s.CharField(help_text="门户生成的承诺书 PDF 的 SHA-256")
    verify_url = s.URLField(help_text="核验地址，可印成二维码")
    publicity_class = s.ChoiceField(PublicityClass.choices, help_text="公开类型")
    due_on = s.DateField(allow_null=True, help_text="向上级平台报送的到期日；不需要报送时为 null")


class PartnerSubjectSerializer(s.Serializer):
    kind = s.ChoiceField(CreditSubject.Kind.choices, help_text="主体类别")
    name = s.CharField(help_text="签署时的名称")
    code = s.CharField(help_text="统一社会信用代码；自然人为空")


class PartnerCommitmentSerializer(s.Serializer):
    code = s.CharField(help_text=CODE)
    case_ref = s.CharField(help_text="办件编号")
    check = s.CharField(allow_null=True, help_text="核查编号")
    type = s.ChoiceField(CommitmentType.choices, help_text="承诺类型")
    late_materials = s.BooleanField(help_text="是否容缺受理")
    channel = s.ChoiceField(Commitment.Channel.choices, help_text="渠道")
    subject = PartnerSubjectSerializer(help_text="承诺主体")
    item = ItemRefSerializer(help_text="承诺事项")
    made_on = s.DateField(help_text="作出日期")
    signed_at = s.DateTimeField(help_text="签署时间")
    valid_until = s.DateField(allow_null=True, help_text="有效期至（含当日）")
    status = s.ChoiceField(Commitment.Fulfilment.choices, help_text="履行状态")
    publicity_class = s.ChoiceField(PublicityClass.choices, help_text="公开类型")
    public = s.BooleanField(help_text="是否正在公示")
    voided = s.BooleanField(help_text="是否已作废")
    corrected_by = s.CharField(allow_null=True, help_text="更正它的承诺的编码")
    text_sha256 = s.CharField(help_text="签署文本的 SHA-256")
    pdf_sha256 = s.CharField(help_text="承诺书 PDF 的 SHA-256；没有时为空")
    verify_url = s.URLField(help_text="核验地址")


class _PartnerPageSerializer(s.Serializer):
    next = s.URLField(allow_null=True, help_text="下一页的地址")
    previous = s.URLField(allow_null=True, help_text="上一页的地址")
    count = CountSerializer(help_text="符合条件的条数；超过 10000 的 exact 为 false")


class PartnerCommitmentPageSerializer(_PartnerPageSerializer):
    results = PartnerCommitmentSerializer(many=True)


class PartnerDutySerializer(s.Serializer):
    rule = s.CharField(help_text="规则，如 breach_report")
    label = s.CharField(help_text="规则的名称")
    matter = s.CharField(help_text="是哪一类事项的期限")
    number = s.CharField(help_text="事项的编号")
    triggered_on = s.DateField(help_text="起算日，不计入")
    due_on = s.DateField(help_text="到期日")
    provisional = s.BooleanField(help_text="放假安排尚未公布，到期日暂定")
    confirmed = s.BooleanField(help_text="规则已经本地区确认；未确认的只提醒")
    basis = s.CharField(help_text="依据")
    state = s.ChoiceField(Duty.State.choices, help_text="状态")
    met_on = s.DateField(allow_null=True, help_text="履行日")
    overdue = s.BooleanField(help_text="已逾期：到期未履行，或者逾期履行")


class PartnerDutyPageSerializer(_PartnerPageSerializer):
    results = PartnerDutySerializer(many=True)


class KeptSerializer(s.Serializer):
    commitment = s.CharField(max_length=20, help_text=CODE)
    status = KeptField(help_text="只能是 fulfilled")
    note = s.CharField(min_length=4, max_length=300, help_text="核实的依据：谁、何时、核实了什么")


class KeptAnswerSerializer(s.Serializer):
    commitment = s.CharField(help_text=CODE)
    status = s.ChoiceField(
        ["running", "fulfilled"], help_text="履行状态；running：各条已登记，待本部门人员确认"
    )
    new = s.BooleanField(help_text="false：各条以前已经登记，没有变化")


class FoundBreachSerializer(s.Serializer):
    commitment = s.CharField(max_length=20, help_text=CODE)
    source = s.ChoiceField(BreachCase.Source.choices, help_text="线索来源")
    facts = s.CharField(min_length=5, max_length=4000, help_text="发现的事实；每段一行")
    by_deceit = s.BooleanField(required=False, help_text="以欺骗方式取得许可、登记、资格、奖励或者扶持")


class CaseOpenedSerializer(s.Serializer):
    number = s.CharField(help_text="案号")
    commitment = s.CharField(help_text=CODE)
    state = s.ChoiceField(BreachCase.State.choices, help_text="状态；立案后由部门人员核实、告知、认定")
    opened_on = s.DateField(help_text="立案日期")

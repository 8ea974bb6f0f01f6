"""The shapes of credit reports fetched by departments' systems, in the description of the API."""

from rest_framework import serializers as s

from credit_portal.registry.models import CreditSubject
from verification.consent_models import Part, Purpose, Scope

from .partner_shapes import _PartnerPageSerializer


class ReportSubjectSerializer(s.Serializer):
    kind = s.ChoiceField(CreditSubject.Kind.choices, help_text="主体类别")
    code = s.CharField(max_length=40, help_text="统一社会信用代码；自然人为身份证号码")


class AskedReportSerializer(s.Serializer):
    subject = ReportSubjectSerializer(help_text="主体")
    scope = s.ChoiceField(Scope.choices, help_text="取得什么；不超过主体同意的范围")
    parts = s.ListField(
        child=s.ChoiceField(Part.choices),
        required=False,
        help_text="只在 scope 为 record 时填写：要哪几类；不填的，是同意写明的各类",
    )
    purpose = s.ChoiceField(
        Purpose.choices, required=False, help_text="用于什么；填写的，只凭主体为这一用途作出的同意"
    )
    consent = s.CharField(required=False, max_length=30, help_text="凭哪一份同意：编号")
    check = s.CharField(
        required=False, max_length=40, help_text="用于哪一次办理：本部门的核查编号；填写的，计入月报"
    )


class CreditReportSerializer(s.Serializer):
    number = s.CharField(help_text="报告编号")
    consent = s.CharField(help_text="主体同意的编号")
    scope = s.ChoiceField(Scope.choices, help_text="范围")
    parts = s.ListField(child=s.ChoiceField(Part.choices), help_text="内容")
    purpose = s.ChoiceField(Purpose.choices, help_text="只能用于这一用途")
    issued_at = s.DateTimeField(help_text="出具时间")
    valid_until = s.DateField(help_text="有效期至（含当日）")
    sha256 = s.CharField(help_text="报告 PDF 的 SHA-256")
    verify_url = s.URLField(help_text="核验地址：是否真实、是否仍然有效")
    document_url = s.URLField(help_text="取 PDF 的地址，需要同一令牌；主体撤回同意或者同意到期以后不能再取")


class CreditReportPageSerializer(_PartnerPageSerializer):
    results = CreditReportSerializer(many=True)

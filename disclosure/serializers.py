"""The shapes of the public API: what its description says, and for catalogue and texts also what makes the answer.
Commitments are shaped by the gate; a test holds these fields against the gate's."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers as s

from commitments.models import Clause, Commitment, TextVersion
from commitments.text_rules import show_blanks
from credit_portal.registry.models import CommitmentType, CreditSubject, Domain, ServiceItemVersion

from .gate import SHOWN_FULFILMENT

SHOWN_STATUS = [(code, label) for code, label in Commitment.Fulfilment.choices if code in SHOWN_FULFILMENT]


class SubjectSerializer(s.Serializer):
    kind = s.ChoiceField(CreditSubject.Kind.choices, help_text="承诺人类别")
    kind_label = s.CharField(help_text="承诺人类别的名称")
    name = s.CharField(help_text="承诺人名称；自然人只保留姓氏")
    code = s.CharField(help_text="统一社会信用代码；自然人为空")


class ItemRefSerializer(s.Serializer):
    code = s.CharField(allow_null=True, help_text="事项编码；没有对应事项时为 null")
    name = s.CharField(help_text="承诺事由")


class DepartmentRefSerializer(s.Serializer):
    name = s.CharField(help_text="单位名称")
    code = s.CharField(help_text="单位的统一社会信用代码")


class RegionRefSerializer(s.Serializer):
    code = s.CharField(help_text="行政区划代码")
    name = s.CharField(help_text="行政区划名称")


class ClauseSerializer(s.Serializer):
    no = s.IntegerField(help_text="条款序号")
    kind = s.ChoiceField(Clause.Kind.choices, help_text="pledge 承诺内容，liability 违诺责任")
    text = s.CharField(help_text="条款全文")


class CourseSerializer(s.Serializer):
    on = s.DateField(help_text="日期")
    label = s.CharField(help_text="发生了什么")


class CommitmentLineSerializer(s.Serializer):
    code = s.CharField(help_text="承诺编码，20 位数字")
    type = s.ChoiceField(CommitmentType.choices, help_text="承诺类型")
    type_label = s.CharField(help_text="承诺类型的名称")
    late_materials = s.BooleanField(help_text="是否容缺受理")
    status = s.ChoiceField(SHOWN_STATUS, allow_null=True, help_text="履行状态；没有可公示的状态时为 null")
    status_label = s.CharField(help_text="履行状态的名称；没有时为空")
    subject = SubjectSerializer(help_text="承诺主体")
    item = ItemRefSerializer(help_text="承诺事项")
    department = DepartmentRefSerializer(help_text="受理单位")
    region = RegionRefSerializer(help_text="受理地")
    made_on = s.DateField(help_text="作出日期")
    valid_until = s.DateField(allow_null=True, help_text="有效期至（含当日）；没有期限时为 null")
    published_on = s.DateField(help_text="公示日期")
    objection_under_way = s.BooleanField(help_text="异议处理中")


class CommitmentSerializer(CommitmentLineSerializer):
    title = s.CharField(help_text="承诺书标题")
    clauses = ClauseSerializer(many=True, help_text="签署时的条款")
    masked = s.BooleanField(help_text="条款中的证件号码、手机号码或自然人姓名已遮蔽")
    text_sha256 = s.CharField(help_text="签署文本的 SHA-256（十六进制）")
    pdf_sha256 = s.CharField(help_text="承诺书 PDF 的 SHA-256（十六进制）；没有时为空")
    course = CourseSerializer(many=True, help_text="经过")


class CountSerializer(s.Serializer):
    value = s.IntegerField(help_text="条数")
    exact = s.BooleanField(help_text="true 为准确数，false 为估计数")


class _PageSerializer(s.Serializer):
    next = s.URLField(allow_null=True, help_text="下一页的地址")
    previous = s.URLField(allow_null=True, help_text="上一页的地址")
    count = CountSerializer(help_text="符合条件的条数")
    notice = s.CharField(required=False, help_text="结果不全时的说明")


class CommitmentPageSerializer(_PageSerializer):
    results = CommitmentLineSerializer(many=True)


class SubjectRecordSerializer(SubjectSerializer):
    commitments = CommitmentPageSerializer(help_text="公示的承诺，最新的在前；下一页在承诺列表中")


class MaterialSerializer(s.Serializer):
    name = s.CharField(help_text="材料名称")
    source = s.CharField(help_text="来源，可以为空")
    late = s.BooleanField(help_text="可以后补（容缺）")


class CatalogueItemSerializer(s.Serializer):
    code = s.CharField(source="item.code", help_text="事项编码")
    version = s.IntegerField(source="number", help_text="版本号")
    name = s.CharField(help_text="事项名称")
    domain = s.ChoiceField(Domain.choices, help_text="领域")
    domain_label = s.CharField(source="get_domain_display", help_text="领域的名称")
    types = s.ListField(
        child=s.ChoiceField(CommitmentType.choices), source="allowed_types", help_text="可用的承诺类型"
    )
    scope = s.ChoiceField(ServiceItemVersion.Scope.choices, help_text="must 应当采用，may 可以采用承诺制")
    in_hall = s.BooleanField(help_text="是否在政务服务大厅办理")
    checkpoint = s.ChoiceField(ServiceItemVersion.Checkpoint.choices, help_text="信用审查环节")
    made_by = s.ListField(child=s.ChoiceField(CreditSubject.Kind.choices), help_text="谁可以承诺，主体的类别")
    allows_late_materials = s.BooleanField(help_text="可容缺受理")
    materials = MaterialSerializer(many=True, help_text="申请材料")
    handled_at_once = s.BooleanField(help_text="即时办理：承诺符合条件并交齐材料的，当日出结果")
    promised_working_days = s.IntegerField(allow_null=True, help_text="承诺办结时限，工作日")
    validity_months = s.IntegerField(allow_null=True, help_text="承诺有效期，月")
    legal_basis = s.CharField(help_text="依据")
    valid_from = s.DateField(help_text="生效日期")
    online = s.BooleanField(help_text="可网上承诺")
    page = s.SerializerMethodField(help_text="这个事项的公开页面")
    department = s.SerializerMethodField(help_text="主管部门")
    region = s.SerializerMethodField(help_text="行政区划")

    def get_page(self, version: ServiceItemVersion) -> str:
        return reverse("disclosure:item", args=[version.item.code])

    def get_department(self, version: ServiceItemVersion) -> DepartmentRefSerializer:
        department = version.item.department
        return {"name": department.name, "code": department.uscc}  # type: ignore[return-value]

    def get_region(self, version: ServiceItemVersion) -> RegionRefSerializer:
        region = version.item.region
        return {"code": region.code, "name": region.name}  # type: ignore[return-value]


class BlankSerializer(s.Serializer):
    key = s.CharField(help_text="填写项的键")
    label = s.CharField(help_text="填写项的名称")
    kind = s.CharField(help_text="text 文字，date 日期，number 数字，choice 选项")
    required = s.BooleanField(help_text="是否必填")


class TextSerializer(s.Serializer):
    code = s.CharField(source="text.code", help_text="文本编码")
    version = s.IntegerField(source="number", help_text="版本号")
    title = s.CharField(help_text="标题")
    type = s.ChoiceField(CommitmentType.choices, source="text.commitment_type", help_text="承诺类型")
    type_label = s.CharField(source="text.get_commitment_type_display", help_text="承诺类型的名称")
    late_materials = s.BooleanField(source="text.late_materials", help_text="容缺受理文本")
    origin_label = s.CharField(source="text.get_origin_display", help_text="来源")
    scope = s.CharField(help_text="适用范围")
    notice = s.CharField(help_text="告知书")
    privacy_notice = s.CharField(help_text="个人信息处理告知")
    clauses = s.SerializerMethodField(help_text="条款；空白处写明要填的内容")
    blanks = BlankSerializer(many=True, help_text="填写项")
    sha256 = s.CharField(help_text="文本的 SHA-256（十六进制）")
    valid_from = s.DateField(help_text="生效日期")
    item = s.CharField(source="text.item.code", default=None, allow_null=True, help_text="专用事项的编码")
    department = s.SerializerMethodField(help_text="制定部门")
    region = s.SerializerMethodField(help_text="行政区划")

    def get_clauses(self, version: TextVersion) -> ClauseSerializer(many=True):  # type: ignore[valid-type]
        labels = {blank.key: blank.label for blank in version.blanks.all()}
        return [
            {"no": clause.number, "kind": clause.kind, "text": show_blanks(clause.body, labels)}
            for clause in version.clauses.all()
        ]

    def get_department(self, version: TextVersion) -> DepartmentRefSerializer:
        department = version.text.department
        return {"name": department.name, "code": department.uscc}  # type: ignore[return-value]

    def get_region(self, version: TextVersion) -> RegionRefSerializer:
        region = version.text.region
        return {"code": region.code, "name": region.name}  # type: ignore[return-value]


class ItemVersionSerializer(s.Serializer):
    version = s.IntegerField(source="version.number", help_text="版本号")
    state = s.CharField(source="label", help_text="现在的状态")
    valid_from = s.DateField(source="version.valid_from", help_text="生效日期")
    valid_to = s.DateField(source="version.valid_to", allow_null=True, help_text="失效日期")


class ItemTextSerializer(s.Serializer):
    code = s.CharField(source="text.code", help_text="文本编码，全文见 /api/v1/public/texts")
    version = s.IntegerField(source="number", help_text="版本号")
    title = s.CharField(help_text="标题")
    type = s.ChoiceField(CommitmentType.choices, source="text.commitment_type", help_text="承诺类型")
    late_materials = s.BooleanField(source="text.late_materials", help_text="容缺受理文本")
    origin_label = s.CharField(source="text.get_origin_display", help_text="来源")
    sha256 = s.CharField(help_text="文本的 SHA-256（十六进制）")


class ItemRulesSerializer(s.Serializer):
    title = s.CharField(help_text="名称")
    number = s.CharField(source="document_no", help_text="文号，可以为空")
    issuer = s.CharField(help_text="印发单位")
    issued_on = s.DateField(help_text="印发日期")
    effective_from = s.DateField(help_text="施行日期")
    scope = s.CharField(help_text="适用范围")
    conditions = s.CharField(help_text="承诺的条件")
    procedure = s.CharField(help_text="办理流程")
    supervision = s.CharField(help_text="事中事后监管")
    consequences = s.CharField(help_text="违诺的后果")
    repair = s.CharField(help_text="信用修复")


class ItemDetailSerializer(s.Serializer):
    item = CatalogueItemSerializer(source="version", help_text="现行的一版；没有现行的，是最近的一版")
    in_force = s.BooleanField(help_text="今天有没有现行的一版")
    versions = ItemVersionSerializer(many=True, help_text="各版本，新的在前")
    texts = ItemTextSerializer(many=True, help_text="签署时用的文本")
    rules = ItemRulesSerializer(source="rules_in_force", allow_null=True, help_text="这个事项的实施细则")
    consequences = s.ListField(child=s.CharField(), help_text="违诺的后果，文本中写明的")


class CataloguePageSerializer(_PageSerializer):
    results = CatalogueItemSerializer(many=True)


class TextPageSerializer(_PageSerializer):
    results = TextSerializer(many=True)


class FieldErrorSerializer(s.Serializer):
    field = s.CharField(help_text="有误的参数")
    message = s.CharField(help_text="错在哪里")


class ProblemSerializer(s.Serializer):
    """RFC 9457."""

    type = s.CharField(help_text="about:blank")
    title = s.CharField(help_text="问题的名称")
    status = s.IntegerField(help_text="HTTP 状态码")
    detail = s.CharField(help_text="具体说明")
    errors = FieldErrorSerializer(many=True, required=False, help_text="有误的参数及原因")


def one_page(rows: list[dict[str, Any]], **around: Any) -> dict[str, Any]:
    """The frame around the lines of a list: next, previous, count, results, and a notice where there is one."""
    page = {"next": around["next"], "previous": around["previous"], "count": around["count"], "results": rows}
    if around.get("notice"):
        page["notice"] = around["notice"]
    return page

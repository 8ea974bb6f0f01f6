"""The shapes of breaches, changes and figures in the description of the public API."""

from rest_framework import serializers as s

from commitments.models import BreachCase
from credit_portal.outbox.models import PublicChange

from .serializers import (
    CountSerializer,
    DepartmentRefSerializer,
    RegionRefSerializer,
    SubjectSerializer,
    _PageSerializer,
)


class BreachLineSerializer(s.Serializer):
    id = s.UUIDField(help_text="公示编号")
    commitment = s.CharField(help_text="承诺编码；自然人为空")
    subject = SubjectSerializer(help_text="违诺主体")
    item = s.CharField(help_text="承诺事由")
    department = DepartmentRefSerializer(help_text="认定单位")
    region = RegionRefSerializer(help_text="行政区划")
    outcome = s.ChoiceField(BreachCase.Outcome.choices, help_text="履行状态认定")
    outcome_label = s.CharField(help_text="履行状态认定的名称")
    grade = s.ChoiceField(BreachCase.Grade.choices, help_text="程度")
    grade_label = s.CharField(help_text="程度的名称")
    determined_on = s.DateField(help_text="认定日期")
    document_no = s.CharField(help_text="认定书文号")
    published_on = s.DateField(help_text="公示首日")
    public_until = s.DateField(help_text="公示末日（含当日）")
    repairable_from = s.DateField(allow_null=True, help_text="可申请信用修复之日")
    objection_under_way = s.BooleanField(help_text="异议处理中")


class BreachClauseSerializer(s.Serializer):
    no = s.IntegerField(help_text="条款序号")
    text = s.CharField(help_text="签署的条文")
    not_kept = s.CharField(help_text="未履行的内容")
    sha256 = s.CharField(help_text="条文的 SHA-256（十六进制）")


class RemediesSerializer(s.Serializer):
    reconsideration = s.CharField(help_text="行政复议机关")
    court = s.CharField(help_text="有管辖权的人民法院")


class RepairMethodSerializer(s.Serializer):
    label = s.CharField(help_text="修复方式")
    bring = s.CharField(help_text="要带的材料")
    required = s.BooleanField(help_text="本地区要求必须采取")


class WayBackSerializer(s.Serializer):
    from_on = s.DateField(allow_null=True, help_text="可申请信用修复之日；已确定公示期的才有")
    methods = RepairMethodSerializer(many=True, help_text="本地区的修复方式")
    confirmed = s.BooleanField(help_text="本地区已经确认修复方式；为 false 时是建议值")
    where = s.CharField(help_text="在哪里申请")
    free = s.BooleanField(help_text="不收取费用，恒为 true")
    help = s.URLField(help_text="办理说明")


class BreachSerializer(BreachLineSerializer):
    clauses = BreachClauseSerializer(many=True, help_text="未履行的条款")
    by_deceit = s.BooleanField(help_text="以欺骗方式取得许可、登记、资格、奖励或者扶持")
    liability = s.CharField(help_text="违诺责任追究内容")
    served_on = s.DateField(help_text="送达日期")
    basis = s.CharField(help_text="公示期依据")
    subject_statement = s.CharField(help_text="主体说明；没有时为空")
    subject_statement_on = s.DateField(allow_null=True, help_text="主体说明的日期")
    remedies = RemediesSerializer(help_text="救济途径")
    contact = s.CharField(help_text="认定单位的公开电话")
    repair = WayBackSerializer(help_text="怎样修复")


class BreachPageSerializer(_PageSerializer):
    results = BreachLineSerializer(many=True)


class ChangeSerializer(s.Serializer):
    position = s.IntegerField(help_text="次序")
    kind = s.ChoiceField(
        PublicChange.Kind.choices, help_text="published 公示，changed 变更，withdrawn 停止公示"
    )
    resource = s.ChoiceField(
        [("commitment", "承诺"), ("breach", "违诺"), ("act", "行政行为")], help_text="对象"
    )
    id = s.UUIDField(help_text="不透明编号：同一次公示的各条相同")
    reference = s.CharField(
        allow_null=True,
        help_text="承诺编码，或者违诺、行政行为的公示编号；停止公示的、已不在公开列表中的为 null",
    )
    at = s.DateTimeField(help_text="时间")


class ChangesSerializer(s.Serializer):
    results = ChangeSerializer(many=True)
    next = s.IntegerField(help_text="下一次的 since")
    more = s.BooleanField(help_text="是否还有更多")


class RateSerializer(s.Serializer):
    code = s.CharField(help_text="部门的统一社会信用代码，或规则代码")
    name = s.CharField(help_text="名称")
    due = s.IntegerField(help_text="到期的件数")
    on_time = s.IntegerField(help_text="按期的件数")
    percent = s.IntegerField(help_text="按期率，百分之几，只舍不入")


class DutyFiguresSerializer(s.Serializer):
    since = s.DateField(help_text="自")
    until = s.DateField(help_text="至")
    departments = RateSerializer(many=True, help_text="按部门")
    rules = RateSerializer(many=True, help_text="按事项")
    withheld = s.IntegerField(help_text="不足 10 件而不公布的部门数；为 1 时，按事项的各数也不含这个部门")


class DepartmentFiguresSerializer(s.Serializer):
    name = s.CharField(help_text="单位名称")
    code = s.CharField(help_text="单位的统一社会信用代码")
    commitments = s.IntegerField(help_text="受理的、公示中的承诺")
    breaches = s.IntegerField(allow_null=True, help_text="认定的、公示中的违诺；不足 10 件的为 null")


class RecheckFiguresSerializer(s.Serializer):
    since = s.DateField(help_text="自")
    until = s.DateField(help_text="至")
    drawn = s.IntegerField(help_text="抽中的承诺")
    looked = s.IntegerField(help_text="已核查的")
    settled = s.IntegerField(help_text="有结论的")
    kept = s.IntegerField(allow_null=True, help_text="没有发现未履行的；有结论的不足 10 件的为 null")
    percent = s.IntegerField(allow_null=True, help_text="履行率，百分之几，只舍不入")


class StatisticsSerializer(s.Serializer):
    commitments = CountSerializer(help_text="公示中的承诺")
    items = s.IntegerField(help_text="现行事项数")
    texts = s.IntegerField(help_text="现行文本数")
    breaches = s.IntegerField(allow_null=True, help_text="公示中的违诺；不足 10 件的为 null")
    departments = DepartmentFiguresSerializer(many=True, help_text="按部门，不足 10 份承诺的部门不列")
    rechecks = RecheckFiguresSerializer(help_text="最近十二个月的承诺复核")
    counted_at = s.DateTimeField(help_text="违诺和各部门的数字统计于何时")

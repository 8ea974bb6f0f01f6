"""The shapes of a check asked for by a department's system, in the description of the API."""

from rest_framework import serializers as s

from credit_portal.registry.models import CommitmentType, CreditSubject
from verification.models import Check
from verification.vocabulary import EFFECT_LABELS, ROUTE_LABELS, SCRUTINY_LABELS, STEP_LABELS

ROUTES = [(str(code), label) for code, label in ROUTE_LABELS.items()]
EFFECTS = [(str(code), label) for code, label in EFFECT_LABELS.items()]
STEPS = [(str(code), label) for code, label in STEP_LABELS.items()]
SCRUTINIES = [(str(code), label) for code, label in SCRUTINY_LABELS.items()]


class CheckedSubjectSerializer(s.Serializer):
    name = s.CharField(help_text="主体名称", max_length=200)
    kind = s.ChoiceField(CreditSubject.Kind.choices, help_text="主体类别")
    code = s.CharField(help_text="统一社会信用代码；自然人为身份证号码", max_length=40)


class AskedCheckSerializer(s.Serializer):
    subject = CheckedSubjectSerializer(help_text="主体")
    item = s.CharField(help_text="事项编码，见事项清单", max_length=40)
    type = s.ChoiceField(CommitmentType.choices, help_text="承诺类型")
    purpose = s.ChoiceField(Check.Purpose.choices, required=False, help_text="目的；不填为行政审批")
    case_ref = s.CharField(help_text="业务系统里的办件编号", max_length=60)
    step = s.ChoiceField(STEPS, required=False, help_text="采购和招标投标的环节；不填为不分环节")
    late_materials = s.BooleanField(required=False, help_text="是否容缺受理")


class CheckReasonSerializer(s.Serializer):
    text = s.CharField(help_text="理由")
    article = s.CharField(help_text="依据的条款；没有的为空")
    harmful = s.BooleanField(help_text="是否使结论变严")


class CheckMeasureSerializer(s.Serializer):
    effect = s.ChoiceField(EFFECTS, help_text="作用")
    text = s.CharField(help_text="措施")
    basis = s.CharField(help_text="依据的条款")


class CheckRemedySerializer(s.Serializer):
    text = s.CharField(help_text="可以怎样做")
    article = s.CharField(help_text="依据的条款；没有的为空")
    from_on = s.DateField(allow_null=True, help_text="自哪一天起")


class CheckAnsweredSerializer(s.Serializer):
    number = s.CharField(help_text="核查编号，与办件材料一并保存")
    checked_at = s.DateTimeField(help_text="核查时间")
    route = s.ChoiceField(ROUTES, help_text="办理方式")
    scrutiny = s.ChoiceField(SCRUTINIES, help_text="审查方式")
    conclusion = s.CharField(help_text="一句话的结论")
    reasons = CheckReasonSerializer(many=True, help_text="逐条理由，最严的在前")
    measures = CheckMeasureSerializer(many=True, help_text="依清单可以实施的激励或者惩戒措施")
    remedies = CheckRemedySerializer(many=True, help_text="救济途径")

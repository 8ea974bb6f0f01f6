"""The shape of a row of the public list of measures."""

from rest_framework import serializers as s

from credit_portal.deadlines.articles import article_text
from credit_portal.registry.models import Domain
from verification.models import CreditList, ListedMeasure
from verification.vocabulary import EFFECT_LABELS, STEP_LABELS

from .measure_list import KINDS
from .serializers import RegionRefSerializer, _PageSerializer

_EFFECTS = [(str(code), label) for code, label in EFFECT_LABELS.items()]
_STEPS = [(str(code), label) for code, label in STEP_LABELS.items()]


class ListRefSerializer(s.Serializer):
    code = s.CharField(help_text="名单代码")
    name = s.CharField(help_text="名单名称")
    sort = s.ChoiceField(
        CreditList.Sort.choices,
        help_text="adverse 失信名单，watch 重点关注名单，model 诚信典型，good 信用状况良好",
    )


class ListedItemSerializer(s.Serializer):
    code = s.CharField(help_text="事项编码")
    name = s.CharField(help_text="事项名称")


class ListedMeasureSerializer(s.Serializer):
    id = s.UUIDField(source="uuid", help_text="措施的标识")
    kind = s.SerializerMethodField(help_text="reward 激励，sanction 惩戒")
    list = ListRefSerializer(source="whom", help_text="对象：哪份名单上的主体")
    nature = s.ChoiceField(
        ListedMeasure.Nature.choices,
        help_text="类别：administrative 行政性，market 市场性，industry 行业性",
    )
    nature_label = s.CharField(source="get_nature_display", help_text="类别的名称")
    effect = s.ChoiceField(_EFFECTS, help_text="作用")
    effect_label = s.CharField(source="get_effect_display", help_text="作用的名称")
    text = s.CharField(help_text="措施")
    domain = s.ChoiceField(Domain.choices, allow_blank=True, help_text="领域；空为所有领域")
    domain_label = s.SerializerMethodField(help_text="领域的名称")
    item = s.SerializerMethodField(help_text="事项；null 为领域内所有事项")
    step = s.ChoiceField(_STEPS, allow_blank=True, help_text="环节；空为所有环节")
    step_label = s.CharField(source="get_step_display", help_text="环节的名称")
    basis = s.SerializerMethodField(help_text="法律依据")
    region = RegionRefSerializer(help_text="适用地区，及于其下各级")
    effective_from = s.DateField(help_text="生效日期")
    effective_to = s.DateField(allow_null=True, help_text="失效日期（含当日）；没有期限时为 null")

    def get_kind(self, row: ListedMeasure) -> str:
        reward, sanction = KINDS
        return reward if row.supports else sanction

    def get_domain_label(self, row: ListedMeasure) -> str:
        return str(row.get_domain_display()) if row.domain else "所有领域"

    def get_item(self, row: ListedMeasure) -> ListedItemSerializer(allow_null=True):  # type: ignore[valid-type]
        if row.item is None:
            return None
        return {"code": row.item.code, "name": row.item_name or ""}  # type: ignore[attr-defined]

    def get_basis(self, row: ListedMeasure) -> str:
        return article_text(row.basis)


class ListedMeasurePageSerializer(_PageSerializer):
    results = ListedMeasureSerializer(many=True)

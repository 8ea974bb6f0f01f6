"""The shapes of administrative acts in the description of the API: as they are shown, and as departments push them."""

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers as s

from credit_portal.registry.models import CreditSubject
from verification.memberships.reading import ACTION_WORDS
from verification.memberships.taking import STATES
from verification.models import CreditEntry

from .models import ActKind
from .serializers import DepartmentRefSerializer, RegionRefSerializer, SubjectSerializer, _PageSerializer


class ActLineSerializer(s.Serializer):
    id = s.UUIDField(help_text="公示编号")
    kind = s.ChoiceField(ActKind.choices, help_text="类别")
    kind_label = s.CharField(help_text="类别的名称")
    categories = s.ListField(child=s.CharField(), help_text="种类")
    document_name = s.CharField(help_text="文书名称")
    document_no = s.CharField(help_text="文书号")
    subject = SubjectSerializer(help_text="主体")
    department = DepartmentRefSerializer(help_text="作出机关")
    region = RegionRefSerializer(help_text="行政区划")
    decided_on = s.DateField(help_text="决定日期")
    published_on = s.DateField(help_text="公示首日")
    public_until = s.DateField(allow_null=True, help_text="公示末日（含当日）；长期的为 null")
    objection_under_way = s.BooleanField(help_text="异议处理中")


class ActDetailSerializer(s.Serializer):
    key = s.CharField(help_text="字段")
    label = s.CharField(help_text="字段的名称")
    text = s.CharField(help_text="内容")


class ActSerializer(ActLineSerializer):
    content = s.CharField(help_text="内容")
    basis = s.CharField(help_text="依据")
    valid_from = s.DateField(allow_null=True, help_text="许可有效期自")
    valid_until = s.DateField(allow_null=True, help_text="许可有效期至；长期的为 null")
    grade = s.ChoiceField([*CreditEntry.GRADES, ("", "")], help_text="处罚的程度；其他为空")
    grade_label = s.CharField(help_text="程度的名称")
    details = ActDetailSerializer(many=True, help_text="这一类别特有的内容")
    remarks = s.CharField(help_text="备注")
    publicity_basis = s.CharField(help_text="公示期依据")
    contact = s.CharField(help_text="作出机关的公开电话")


class ActPageSerializer(_PageSerializer):
    results = ActLineSerializer(many=True)


class PushedSubjectSerializer(s.Serializer):
    name = s.CharField(help_text="主体名称", max_length=200)
    kind = s.ChoiceField(CreditSubject.Kind.choices, help_text="主体类别")
    code = s.CharField(help_text="统一社会信用代码；自然人为身份证号码", max_length=40)


class PushedEntrySerializer(s.Serializer):
    """What a department's system pushes. Which fields a kind needs is said in the guide and, field by field, in the answer
    to a request that leaves one out."""

    kind = s.ChoiceField(ActKind.choices, help_text="类别")
    subject = PushedSubjectSerializer(help_text="主体")
    document_name = s.CharField(help_text="文书名称", max_length=200)
    document_no = s.CharField(help_text="文书号", max_length=100)
    category = s.CharField(required=False, help_text="种类；处罚有几种的用分号隔开")
    content = s.CharField(help_text="内容", max_length=4000)
    basis = s.CharField(required=False, help_text="依据；许可以外必填", max_length=500)
    decided_on = s.CharField(help_text="决定日期，2026-01-31")
    valid_from = s.CharField(required=False, help_text="许可的有效期自")
    valid_until = s.CharField(required=False, help_text="许可的有效期至；许可和处罚以外为公示截止日期")
    certificate_name = s.CharField(required=False, help_text="许可证书名称")
    certificate_no = s.CharField(required=False, help_text="许可证书编号")
    violation = s.CharField(required=False, help_text="处罚的违法行为类型")
    facts = s.CharField(required=False, help_text="处罚的违法事实")
    fine = s.CharField(required=False, help_text="罚款金额，元")
    confiscated = s.CharField(required=False, help_text="没收金额，元")
    grade = s.CharField(required=False, help_text="处罚的程度：轻微、一般、严重")
    domain = s.CharField(required=False, help_text="处罚的领域")
    remarks = s.CharField(required=False, help_text="备注")


class EntryTakenSerializer(s.Serializer):
    number = s.CharField(help_text="编号")
    kind = s.ChoiceField(ActKind.choices, help_text="类别")
    sha256 = s.CharField(help_text="内容校验值")
    new = s.BooleanField(help_text="是否新录入；同样的内容以前已有的为 false")
    due_on = s.DateField(allow_null=True, help_text="应在这一天以前公开；没有期限的为 null")
    public = s.BooleanField(help_text="是否已公开：推送的信息由部门确定公开类型后才公开")


LIST_ACTIONS = [(code, word) for word, code in ACTION_WORDS.items()]
LIST_STATES = list(STATES.items())
LIST_KIND = [("list", "名单")]


class PushedMembershipSerializer(s.Serializer):
    """A subject put on a list, or taken off, by a department that keeps the list."""

    kind = s.ChoiceField(LIST_KIND, help_text="list")
    list = s.CharField(help_text="名单的代码或者名称", max_length=100)
    action = s.ChoiceField(LIST_ACTIONS, required=False, help_text="add 列入、remove 移出；不写的为列入")
    subject = PushedSubjectSerializer(help_text="主体")
    document_no = s.CharField(required=False, help_text="决定书文号或者案号；失信名单必填", max_length=100)
    source = s.CharField(required=False, help_text="列入机关；不写的为本部门", max_length=200)
    from_on = s.CharField(required=False, help_text="列入日期，2026-01-31；列入的必填")
    until_on = s.CharField(required=False, help_text="期限的最后一日；没有期限的写“无期限”；列入的必填")
    basis = s.CharField(required=False, help_text="法律依据；失信名单必填", max_length=300)
    remark = s.CharField(required=False, help_text="备注", max_length=500)
    exit_on = s.CharField(required=False, help_text="移出日期；移出的必填")
    exit_reason = s.CharField(required=False, help_text="移出原因；移出的必填", max_length=500)


class MembershipTakenSerializer(s.Serializer):
    kind = s.ChoiceField(LIST_KIND, help_text="list")
    id = s.UUIDField(help_text="这条名单记录的编号")
    list = s.CharField(help_text="名单的代码")
    action = s.ChoiceField(LIST_ACTIONS, help_text="add 列入、remove 移出")
    new = s.BooleanField(help_text="是否因此有了变动；同样的内容以前已有的为 false")
    state = s.ChoiceField(LIST_STATES, help_text="现在的状态")


PUSHED = PolymorphicProxySerializer(
    component_name="PushedCreditEntry",
    serializers=[PushedEntrySerializer, PushedMembershipSerializer],
    resource_type_field_name=None,
)
TAKEN = PolymorphicProxySerializer(
    component_name="CreditEntryTaken",
    serializers=[EntryTakenSerializer, MembershipTakenSerializer],
    resource_type_field_name=None,
)

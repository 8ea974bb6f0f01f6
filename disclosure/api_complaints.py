"""Consumers' complaints pushed by the system of the department that handles them (R69)."""

from collections.abc import Mapping
from datetime import datetime

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs
from credit_portal.registry.models import CreditSubject, Domain
from verification.complaints import taking
from verification.complaints.reading import DOMAIN_WORDS, RESULT_WORDS, read
from verification.memberships.reading import KIND_WORDS
from verification.memberships.reading import FieldErrors as RowErrors
from verification.models import ConsumerComplaint

from .acts.fields import FieldErrors
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost
from .posted import Field, read_posted

Result = ConsumerComplaint.Result
BUSINESSES = [
    (code, label) for code, label in CreditSubject.Kind.choices if code != CreditSubject.Kind.PERSON
]
FIELDS = (
    Field("hotline_no", most=40),
    Field("subject.kind", among=tuple(code for code, _ in BUSINESSES)),
    Field("subject.name", most=200),
    Field("subject.code", most=40),
    Field("received_on", most=10),
    Field("domain", among=tuple(Domain.values)),
    Field("about", "long", most=500),
    Field("result", must=False, among=tuple(Result.values)),
    Field("result_text", "long", most=500, must=False),
    Field("handled_on", most=10, must=False),
)
_KINDS, _DOMAINS, _RESULTS = (
    {code: word for word, code in words.items()} for words in (KIND_WORDS, DOMAIN_WORDS, RESULT_WORDS)
)
_NAMES = {"subject_kind": "subject.kind", "subject_name": "subject.name", "subject_code": "subject.code"}


class ComplaintSubjectSerializer(s.Serializer):
    kind = s.ChoiceField(BUSINESSES, help_text="主体类别；自然人的投诉不在这里")
    name = s.CharField(max_length=200, help_text="主体名称")
    code = s.CharField(max_length=40, help_text="统一社会信用代码")


class PushedComplaintSerializer(s.Serializer):
    hotline_no = s.CharField(max_length=40, help_text="12315 编号")
    subject = ComplaintSubjectSerializer(help_text="被投诉的主体")
    received_on = s.DateField(help_text="投诉日期")
    domain = s.ChoiceField(Domain.choices, help_text="领域")
    about = s.CharField(max_length=500, help_text="投诉的事情；不得有投诉人的姓名、电话、证件号码")
    result = s.ChoiceField(Result.choices, required=False, help_text="处理结果；没有办结的不填")
    result_text = s.CharField(required=False, max_length=500, help_text="处理情况；办结的必填")
    handled_on = s.DateField(required=False, help_text="办结日期；办结的必填")


class ComplaintTakenSerializer(s.Serializer):
    id = s.UUIDField(help_text="本系统的编号")
    hotline_no = s.CharField(help_text="12315 编号")
    handled = s.BooleanField(help_text="已登记处理结果")
    new = s.BooleanField(help_text="false：以前已有，没有变化或者补上了处理结果")


class Complaints(PartnerPost):
    """The same number again: with its result, it is completed; alike, nothing changes; otherwise it is refused."""

    permission_classes = [needs(Scope.COMPLAINTS)]
    refusals = (taking.ComplaintRefused,)
    address = "complaints"

    @extend_schema(
        summary="推送一条消费投诉或者它的处理结果",
        description=(
            "需要令牌和 Idempotency-Key，权限 `complaints.write`。先推送投诉，办结以后以同一编号再推送一次，带上处理结果。"
            "不收投诉人的任何信息；是否公示按本地区的规则。"
        ),
        operation_id="push_complaint",
        tags=[TAG],
        request=PushedComplaintSerializer,
        parameters=[KEY],
        responses={
            201: ComplaintTakenSerializer,
            200: OpenApiResponse(ComplaintTakenSerializer, "以前已有这个编号的投诉"),
        }
        | PROBLEMS,
        examples=[
            OpenApiExample(
                "办结的投诉",
                request_only=True,
                value={
                    "hotline_no": "1130111002026112000001",
                    "subject": {"kind": "organisation", "name": "单位名称", "code": "统一社会信用代码"},
                    "received_on": "2026-11-20",
                    "domain": "product_quality",
                    "about": "购买的电水壶使用两天漏水，商家拒绝退换",
                    "result": "settled",
                    "result_text": "经调解，商家退货退款",
                    "handled_on": "2026-11-25",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        posted = read_posted(pushed, FIELDS)
        told = {key.replace("subject.", "subject_"): value for key, value in posted.items()}
        told["subject_kind"] = _KINDS[told["subject_kind"]]
        told["domain"] = _DOMAINS[told["domain"]]
        if "result" in told:
            told["result"] = _RESULTS[told["result"]]
        try:
            taken = taking.take(
                {1: read(told, today=local_date(now))},
                by=taking.By(system.department, None, system, ConsumerComplaint.Source.API, system.is_demo),
                now=now,
            )
        except RowErrors as error:
            raise FieldErrors(error.errors) from error
        except taking.RowsRefused as error:
            key, text = error.faults[1][0]
            raise taking.ComplaintRefused(text, field=key) from error
        row = taken.all[1]
        return (201 if taken.new else 200), {
            "id": str(row.uuid),
            "hotline_no": row.hotline_no,
            "handled": bool(row.result),
            "new": bool(taken.new),
        }

    def named(self, errors: Mapping[str, str]) -> dict[str, str]:
        return {_NAMES.get(key, key): text for key, text in errors.items()}

"""Checks asked for by departments' systems (R85, S3 一（三）「嵌入」): the same answer, log and monthly list as at the window."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from credit_portal.audit import clock
from credit_portal.deadlines.articles import article_text
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs
from credit_portal.registry import catalogue, codes
from credit_portal.registry.models import CommitmentType, CreditSubject
from credit_portal.registry.services import SubjectError, known_or_registered
from verification import services
from verification.checking import deciding
from verification.models import Check
from verification.switches import NotCheckable
from verification.vocabulary import STEP_LABELS

from . import check_shapes as shapes
from .acts.fields import FieldErrors
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost

LONGEST = {"item": 40, "case_ref": 60, "subject.name": 200, "subject.code": 40}
# What the keys are called where the answer says which is wrong.
CHOICES = {
    "type": dict(CommitmentType.choices),
    "purpose": dict(Check.Purpose.choices),
    "step": {str(code): label for code, label in STEP_LABELS.items()},
    "subject.kind": dict(CreditSubject.Kind.choices),
}
NO_ITEM = "没有这个事项，或者它现在不在用。事项编码见 /api/v1/public/catalogue。"


class Checks(PartnerPost):
    """R85: embedded in the systems of departments."""

    permission_classes = [needs(Scope.CHECKS)]
    refusals = (NotCheckable,)
    address = "checks"

    @extend_schema(
        summary="核查一个主体的信用记录",
        description="需要令牌和 Idempotency-Key；同一个键再次请求得到同样的回答。核查记入日志和本部门的月报，与窗口核查相同。",
        operation_id="check_subject",
        tags=[TAG],
        request=shapes.AskedCheckSerializer,
        parameters=[KEY],
        responses={201: shapes.CheckAnsweredSerializer} | PROBLEMS,
        examples=[
            OpenApiExample(
                "核查",
                request_only=True,
                value={
                    "subject": {"kind": "organisation", "name": "单位名称", "code": "统一社会信用代码"},
                    "item": "130111-YS001",
                    "type": "approval",
                    "purpose": "approval",
                    "case_ref": "办件编号",
                },
            )
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        return 201, _answer(_checked(read(pushed), system, now))


def read(data: object) -> dict[str, Any]:
    """What was asked, checked, by dotted key. Raises FieldErrors naming every field that is wrong."""
    if not isinstance(data, dict):
        raise exceptions.ParseError("请求应为一个 JSON 对象。")
    subject = data.get("subject")
    told = {key: value for key, value in data.items() if key != "subject"}
    errors: dict[str, str] = {}
    if isinstance(subject, dict):
        told |= {f"subject.{key}": value for key, value in subject.items()}
    else:
        errors["subject"] = "subject 应为一个对象。"
    found: dict[str, Any] = {"purpose": Check.Purpose.APPROVAL.value, "late_materials": False}
    for key in (
        "item",
        "case_ref",
        "type",
        *(("subject.name", "subject.kind", "subject.code") if not errors else ()),
    ):
        if told.get(key) in (None, ""):
            errors[key] = "请填写这一项。"
    for key, value in told.items():
        if key in errors or value is None:
            continue
        if key == "late_materials":
            if not isinstance(value, bool):
                errors[key] = "应为 true 或 false。"
        elif key not in LONGEST and key not in CHOICES:
            errors[key] = "没有这个字段。"
        elif not isinstance(value, str) or any(not char.isprintable() for char in value):
            errors[key] = "应为文字，不含控制字符。"
        elif len(value) > LONGEST.get(key, 40):
            errors[key] = f"最多 {LONGEST.get(key, 40)} 个字，现为 {len(value)} 个字。"
        elif key in CHOICES and value not in CHOICES[key]:
            errors[key] = f"没有“{value}”，可用：{'、'.join(CHOICES[key])}。"
        found[key] = value
    if errors:
        raise FieldErrors(errors)
    try:
        found["subject.name"] = codes.normalise_name(found["subject.name"])
    except codes.CodeError as error:
        raise FieldErrors({"subject.name": str(error)}) from error
    return found


def _checked(asked: dict[str, Any], system: PartnerSystem, now: datetime) -> Check:
    department = system.department
    version = (
        catalogue.current_items(lineage=department.region.lineage, on=clock.today())
        .filter(item__code=asked["item"])
        .first()
    )
    if version is None:
        raise FieldErrors({"item": NO_ITEM})
    try:
        subject = known_or_registered(
            kind=asked["subject.kind"],
            code=asked["subject.code"],
            name=asked["subject.name"],
            department=department,
            actor=None,
            now=now,
            is_demo=system.is_demo,
        )
    except SubjectError as error:
        raise FieldErrors({f"subject.{error.field}": str(error)}) from error
    return services.check_subject(
        subject=subject,
        item_version=version,
        commitment_type=asked["type"],
        late_materials=asked["late_materials"],
        case_ref=asked["case_ref"],
        purpose=asked["purpose"],
        step=asked.get("step", ""),
        operator=None,
        partner=system,
        now=now,
    )  # fmt: skip


def _answer(check: Check) -> dict[str, object]:
    return {
        "number": check.number,
        "checked_at": check.checked_at.isoformat(),
        "route": check.route,
        "scrutiny": check.scrutiny,
        "conclusion": check.one_line,
        "reasons": [
            {"text": one["text"], "article": one["article"], "harmful": one["harmful"]}
            for one in check.reasons
        ],
        "measures": [
            {"effect": str(one.effect), "text": one.text, "basis": article_text(one.basis)}
            for one in deciding.offered(check)
        ],
        "remedies": [
            {"text": one["text"], "article": one["article"], "from_on": one["from_on"]}
            for one in check.remedies
        ],
    }

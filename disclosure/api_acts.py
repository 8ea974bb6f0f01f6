"""Administrative acts on the API: the public ones to read, and departments' systems that push theirs."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from credit_portal.audit import clock
from credit_portal.deadlines.duties import duties_of
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs
from verification import services as verification
from verification.memberships import pushing
from verification.memberships.reading import FieldErrors as RowErrors
from verification.memberships.taking import MembershipRefused

from . import act_search, serializers
from . import act_shapes as shapes
from .act_gate import find_act
from .acts import entering
from .acts.fields import KIND_WORDS, FieldErrors, read
from .acts.rules import ActRefused
from .api import LIST_PARAMETERS, PublicView, answer, described, neighbour
from .api_breaches import _unlisted
from .models import ActKind, AdministrativeAct
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost
from .terms import PAGING

LIST = "list"
SUBJECT_KEYS = {"name": "subject_name", "kind": "subject_kind", "code": "subject_code"}
WORDS = {code: word for word, code in KIND_WORDS.items()}


class Acts(PublicView):
    parameters = (*act_search.FILTERS, *PAGING)

    @described(
        "公示中的行政许可、行政处罚和其他行政行为，最新的在前",
        shapes.ActPageSerializer,
        about="只列出单位和个体工商户的；公示结束的随即不再列出。请勿留存已停止公示的信息，可用 changes 核对。",
        operation_id="public_acts",
        parameters=[
            OpenApiParameter("name", str, description="名称中的一段"),
            OpenApiParameter("code", str, description="统一社会信用代码"),
            OpenApiParameter("department", str, description="作出机关的统一社会信用代码"),
            OpenApiParameter("region", str, description="行政区划代码，包括其下各级"),
            OpenApiParameter("kind", str, description="类别", enum=ActKind.values),
            OpenApiParameter("document_no", str, description="文书号，要写全"),
            *LIST_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        page = act_search.find(act_search.read_question(request.query_params), now=clock.now())
        return _unlisted(
            answer(
                request,
                serializers.one_page(
                    page.rows,
                    next=neighbour(request, page.older),
                    previous=neighbour(request, page.newer),
                    count={"value": page.count.value, "exact": page.count.exact},
                ),
            )
        )


class Act(PublicView):
    @described(
        "一条公示中的行政行为信息",
        shapes.ActSerializer,
        about="没有与没有公示、已停止公示，回答相同。自然人的只保留姓氏。",
        missing=True,
        operation_id="public_act",
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        try:
            public_id = UUID(id)
        except ValueError:
            raise Http404 from None
        record = find_act(public_id, now=clock.now())
        if record is None:
            raise Http404
        return _unlisted(answer(request, record))


class CreditEntries(PartnerPost):
    """R93, R95: pushed by the system of the department that made it; public only when people there have decided so."""

    permission_classes = [needs(Scope.CREDIT_ENTRIES)]
    refusals = (ActRefused, MembershipRefused, verification.MoveRefused)
    address = "credit-entries"

    @extend_schema(
        summary="推送一条行政许可、行政处罚、名单或者其他信用信息",
        description=(
            "需要令牌和 Idempotency-Key；同一个键再次推送得到同样的回答。同一主体的同一份文书只录入一次。"
            "kind 为 list 的把一个主体列入名单或者移出名单，由名单的报送部门推送。"
        ),
        operation_id="push_credit_entry",
        tags=[TAG],
        request=shapes.PUSHED,
        parameters=[KEY],
        responses={
            201: shapes.TAKEN,
            200: OpenApiResponse(shapes.TAKEN, "同样的内容以前已有"),
        }
        | PROBLEMS,
        examples=[
            OpenApiExample(
                "行政许可",
                request_only=True,
                value={
                    "kind": "licence",
                    "subject": {"kind": "organisation", "name": "单位名称", "code": "统一社会信用代码"},
                    "document_name": "食品经营许可决定书",
                    "document_no": "栾决〔2026〕1号",
                    "category": "普通",
                    "content": "准予从事食品经营",
                    "decided_on": "2026-11-20",
                    "valid_from": "2026-11-20",
                    "valid_until": "2031-11-19",
                },
            ),
            OpenApiExample(
                "列入名单",
                request_only=True,
                value={
                    "kind": "list",
                    "list": "procurement_serious",
                    "action": "add",
                    "subject": {"kind": "organisation", "name": "单位名称", "code": "统一社会信用代码"},
                    "document_no": "赞财采罚〔2026〕1号",
                    "from_on": "2026-11-20",
                    "until_on": "2028-11-19",
                    "basis": "《中华人民共和国政府采购法》第七十七条",
                },
            ),
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        told = _told(pushed)
        if told.get("kind") == LIST:
            return self._list(told, system, now)
        row, new = entering.enter(
            data=read(told.pop("kind", ""), told, today=clock.today()),
            department=system.department,
            source=AdministrativeAct.Source.API,
            now=now,
            partner=system,
            is_demo=system.is_demo,
        )
        due = next((duty.due_on for duty in duties_of(entering.matter_of(row))), None)
        return (201 if new else 200), {
            "number": row.number,
            "kind": row.kind,
            "sha256": row.sha256,
            "new": new,
            "due_on": due.isoformat() if due else None,
            "public": False,
        }

    def _list(
        self, told: dict[str, str], system: PartnerSystem, now: datetime
    ) -> tuple[int, dict[str, object]]:
        """A subject put on a list, or taken off."""
        row = {key: value for key, value in told.items() if key != "kind"}
        try:
            pushed = pushing.push(row, system=system, now=now)
        except RowErrors as error:
            raise FieldErrors(error.errors) from error
        return (201 if pushed.new else 200), {
            "kind": LIST,
            "id": str(pushed.entry.uuid),
            "list": pushed.list,
            "action": pushed.action,
            "new": pushed.new,
            "state": pushed.state,
        }

    def named(self, errors: Mapping[str, str]) -> dict[str, str]:
        back = {value: f"subject.{key}" for key, value in SUBJECT_KEYS.items()}
        return {back.get(key, key): text for key, text in errors.items()}


def _told(data: object) -> dict[str, str]:
    """The pushed object as values by key. Raises FieldErrors naming what is no text."""
    if not isinstance(data, dict):
        raise exceptions.ParseError("请求应为一个 JSON 对象。")
    told: dict[str, str] = {}
    errors: dict[str, str] = {}
    subject = data.get("subject")
    flat = {key: value for key, value in data.items() if key != "subject"}
    if isinstance(subject, dict):
        flat |= {SUBJECT_KEYS.get(key, f"subject.{key}"): value for key, value in subject.items()}
    elif subject is not None:
        errors["subject"] = "subject 应为一个对象。"
    for key, value in flat.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None:
            continue
        if isinstance(value, str):
            told[key] = value
        else:
            errors[key] = "应为文字。"
    told["subject_kind"] = WORDS.get(told.get("subject_kind", ""), told.get("subject_kind", ""))
    if errors:
        raise FieldErrors(errors)
    return told

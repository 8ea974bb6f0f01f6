"""What departments' systems find of commitments: kept, or to be looked into as a breach; and the department's duties."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from commitments import case_opening, fulfilment
from commitments.case_rules import CaseError
from commitments.fulfilment import FulfilmentError
from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.deadlines import duties
from credit_portal.deadlines.models import Duty
from credit_portal.deadlines.wording import key_in_words
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs

from . import partner_shapes as shapes
from .api import check_parameters
from .partner_lists import Order, Reading, answers, asked, one_of, page_of
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost, PartnerView
from .posted import Field, read_posted
from .terms import ERROR_DATES, TermsError, read_day

KEPT = (Field("commitment", most=20), Field("status", most=20), Field("note", most=300))
FOUND = (
    Field("commitment", most=20),
    Field("source", among=tuple(BreachCase.Source.values)),
    Field("facts", "long", most=4000),
    Field("by_deceit", "flag", must=False),
)


class Fulfilments(PartnerPost):
    """R62, R85: a department's own system has looked, and it was kept."""

    permission_classes = [needs(Scope.FULFILMENTS)]
    refusals = (FulfilmentError,)
    address = "fulfilments"

    @extend_schema(
        summary="报告一份承诺已全部履行",
        description=(
            "需要令牌和 Idempotency-Key。只限本部门受理的承诺。各条随即登记为已履行，由本部门人员确认以后才是全部履行，在此以前 status 为 running。"
            "要持续做到某一天的条款，那一天以前不能报告。部分履行和没有履行的，须经违诺认定，请用 breaches。"
        ),
        operation_id="report_fulfilment",
        tags=[TAG],
        request=shapes.KeptSerializer,
        parameters=[KEY],
        responses={
            201: shapes.KeptAnswerSerializer,
            200: OpenApiResponse(shapes.KeptAnswerSerializer, "以前已经登记"),
        }
        | PROBLEMS,
        examples=[
            OpenApiExample(
                "全部履行",
                request_only=True,
                value={
                    "commitment": "13011120261120000001",
                    "status": "fulfilled",
                    "note": "2026-12-20 现场核查，承诺的事项均已落实",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        told = read_posted(pushed, KEPT)
        commitment, new = fulfilment.report_kept(
            code=told["commitment"], status=told["status"], note=told["note"], system=system, now=now
        )
        return (201 if new else 200), {
            "commitment": commitment.code,
            "status": commitment.fulfilment,
            "new": new,
        }


class Breaches(PartnerPost):
    """S2 四（四）2: recognised and put to the department, whose people determine."""

    permission_classes = [needs(Scope.BREACHES)]
    refusals = (CaseError,)
    address = "breaches"

    @extend_schema(
        summary="提请对一份承诺违诺立案",
        description="需要令牌和 Idempotency-Key。只立案，不认定：本部门的人员随即收到通知，核实后告知、听取陈述申辩、认定。",
        operation_id="open_breach_case",
        tags=[TAG],
        request=shapes.FoundBreachSerializer,
        parameters=[KEY],
        responses={201: shapes.CaseOpenedSerializer} | PROBLEMS,
        examples=[
            OpenApiExample(
                "立案",
                request_only=True,
                value={
                    "commitment": "13011120261120000001",
                    "source": "inspection",
                    "facts": "2026-12-20 现场检查，承诺的消防设施没有安装。",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        told = read_posted(pushed, FOUND)
        case = case_opening.open_for_system(
            code=told["commitment"],
            source=told["source"],
            facts=told["facts"],
            by_deceit=told.get("by_deceit", False),
            system=system,
            now=now,
        )
        return 201, {
            "number": case.number,
            "commitment": case.commitment.code,
            "state": case.state,
            "opened_on": case.opened_on.isoformat(),
        }


ORDER = Order("due_on", newest_first=False)
QUESTION = Reading(state=one_of(dict(Duty.State.choices)), due_from=read_day, due_to=read_day)


class Duties(PartnerView):
    """The time limits of the own department."""

    http_method_names = ["get", "head"]
    permission_classes = [needs(Scope.READ)]

    @extend_schema(
        summary="本部门的办理期限，先到期的在前",
        description="不写 state 的，列出待履行和中止的。",
        operation_id="own_duties",
        tags=[TAG],
        parameters=asked(
            OpenApiParameter("state", str, description="状态", enum=Duty.State.values),
            OpenApiParameter("due_from", str, description="到期日自，如 2026-01-31"),
            OpenApiParameter("due_to", str, description="到期日至（含当日）"),
        ),
        responses=answers(shapes.PartnerDutyPageSerializer),
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, QUESTION.parameters)
        terms = QUESTION.read(request.query_params)
        states = [terms["state"]] if "state" in terms else list(duties.OPEN_STATES)
        rows = Duty.objects.filter(department_id=request.user.department_id, state__in=states)
        if "due_from" in terms:
            rows = rows.filter(due_on__gte=terms["due_from"])
        if "due_to" in terms:
            rows = rows.filter(due_on__lte=terms["due_to"])
            if "due_from" in terms and terms["due_to"] < terms["due_from"]:
                raise TermsError({"due_to": ERROR_DATES})
        today = clock.today()

        def line(duty: Duty) -> dict[str, Any]:
            ended = duty.met_on or (today if duty.state == Duty.State.OPEN else None)
            return {
                "rule": duty.rule_key,
                "label": key_in_words(duty.rule_key),
                "matter": duties.matter_label(duty.matter_type),
                "number": duty.number,
                "triggered_on": duty.triggered_on,
                "due_on": duty.due_on,
                "provisional": duty.provisional,
                "confirmed": duty.confirmed,
                "basis": duty.basis,
                "state": duty.state,
                "met_on": duty.met_on,
                "overdue": ended is not None and ended > duty.due_on,
            }

        return Response(page_of(request, rows, ORDER, terms, line))

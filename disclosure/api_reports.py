"""Credit reports for departments' systems: only by the subject's consent, of which the interface says why it does not do (R113,
R60, R85)."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.services import find_subject
from verification.checking.handling import CheckError
from verification.consent import gate
from verification.consent.rules import Why
from verification.consent_models import Purpose
from verification.consent_models import Scope as Told
from verification.models import CreditReport
from verification.reports import issuing, papers

from . import report_shapes as shapes
from .acts.fields import FieldErrors
from .api import check_parameters
from .partner_lists import Order, Reading, answers, asked, page_of
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost, PartnerView
from .posted import Field, read_posted
from .problems import CONTENT_TYPE, problem

ASKED = (
    Field("subject.kind", among=tuple(CreditSubject.Kind.values)),
    Field("subject.code", most=40),
    Field("scope", among=tuple(Told.values)),
    Field("parts", sort="texts", most=15, must=False),
    Field("purpose", among=tuple(Purpose.values), must=False),
    Field("consent", most=30, must=False),
    Field("check", most=40, must=False),
)
ORDER = Order("issued_at", newest_first=True)
QUESTION = Reading()
NO_REPORT = "没有这份报告，或者不是本部门取得的。"


class Reports(PartnerPost):
    """Fetched by consent; a list of what the department has fetched."""

    http_method_names = ["get", "head", "post"]
    permission_classes = [needs(Scope.CHECKS)]
    refusals = (CheckError,)
    address = "reports"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Made anew for every request.
        self.refused: list[tuple[CreditSubject | None, Why]] = []

    @extend_schema(
        summary="经主体同意取得信用报告",
        description=(
            "需要令牌和 Idempotency-Key。主体同意提供给本部门、同意在有效期内、范围足够的，出具报告；否则回答 409，写明原因"
            "（没有同意、已撤回、已到期、超出范围），并留痕。有几份同意的，先用范围正好一致的，再用最新的；写明用途、编号的，只用相符的。"
            "取得信用记录的，可以只取其中几类；不多于所要的。每次取得主体都看得到。PDF 另从 document_url 取得。"
            "主体自己的报告在“我的信用”出具，不经过接口。"
        ),
        operation_id="fetch_credit_report",
        tags=[TAG],
        request=shapes.AskedReportSerializer,
        parameters=[KEY],
        responses={201: shapes.CreditReportSerializer} | PROBLEMS,
        examples=[
            OpenApiExample(
                "取得信用报告",
                request_only=True,
                value={
                    "subject": {"kind": "organisation", "code": "统一社会信用代码"},
                    "scope": "report",
                    "check": "核查编号",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        answer = self.once(request)
        # What was done for the request has been undone; that it was refused stays.
        for subject, why in self.refused:
            gate.note_refusal(subject=subject, why=why, now=clock.now(), partner=request.user)
        return answer

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        told = read_posted(pushed, ASKED)
        try:
            parsed = codes.parse_subject_code(told["subject.code"], today=clock.today())
        except codes.CodeError as wrong:
            raise FieldErrors({"subject.code": str(wrong)}) from wrong
        if told["subject.kind"] not in parsed.kinds:
            raise FieldErrors({"subject.kind": "主体类别与代码不符。"})
        subject = find_subject(parsed.value)
        try:
            made = issuing.fetch_by_system(
                subject=subject,
                system=system,
                scope=told["scope"],
                parts=told.get("parts", ()),
                purpose=told.get("purpose", ""),
                consent_number=told.get("consent", ""),
                check_number=told.get("check", ""),
                now=now,
            )
        except gate.NotReleased as refused:
            self.refused.append((subject, refused.why))
            raise
        return 201, _answer(made)

    def named(self, errors: Any) -> dict[str, str]:
        return {"check" if field == "check_number" else field: words for field, words in errors.items()}

    @extend_schema(
        summary="本部门取得过的信用报告，新的在前",
        operation_id="own_credit_reports",
        tags=[TAG],
        parameters=asked(),
        responses=answers(shapes.CreditReportPageSerializer),
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, QUESTION.parameters)
        terms = QUESTION.read(request.query_params)
        rows = CreditReport.objects.filter(partner=request.user).select_related("consent")
        return Response(page_of(request, rows, ORDER, terms, _answer))


class ReportDocument(PartnerView):
    """The paper, as long as the consent holds."""

    http_method_names = ["get", "head"]
    permission_classes = [needs(Scope.CHECKS)]

    @extend_schema(
        summary="取信用报告的 PDF",
        operation_id="credit_report_document",
        tags=[TAG],
        responses={
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "报告"),
            **{key: shape for key, shape in PROBLEMS.items() if key[0] in (401, 403, 409, 429)},
            (404, CONTENT_TYPE): PROBLEMS[(400, CONTENT_TYPE)],
        },
    )
    def get(self, request: Request, number: str) -> Response | HttpResponse:
        now = clock.now()
        row = (
            CreditReport.objects.select_related("consent__subject", "consent__department", "document")
            .filter(partner=request.user, number=number.replace("\0", ""))
            .first()
        )
        if row is None or row.consent is None:
            return problem(404, detail=NO_REPORT)
        why = gate.in_force(row.consent, now=now)
        if why is not None:
            gate.note_refusal(subject=row.consent.subject, why=why, now=now, partner=request.user)
            return problem(409, detail=str(gate.NotReleased(why)))
        log_read(
            now=now, actor_id=None, partner_id=request.user.pk, what="信用报告", target_type="credit_report",
            target_id=row.pk, subject_id=row.subject_id, purpose=ReadLog.Purpose.HANDLING,
        )  # fmt: skip
        return papers.response_of(row)


def _answer(row: CreditReport) -> dict[str, Any]:
    path = reverse("api:credit-report-document", args=[row.number])
    return {
        "number": row.number,
        "consent": row.consent.number if row.consent else "",
        "scope": row.scope,
        "parts": list(row.parts),
        "purpose": row.purpose,
        "issued_at": row.issued_at.isoformat(),
        "valid_until": row.valid_until.isoformat(),
        "sha256": row.sha256,
        "verify_url": issuing.verify_url(row),
        "document_url": issuing.absolute(path),
    }

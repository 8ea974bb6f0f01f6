"""Commitments signed in departments' systems (R85): handed in, and read again by the department that took them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from commitments import handing_in, papers
from commitments.concluding import SigningError
from commitments.handing_in import BlanksWrong, Told
from commitments.models import Commitment, IdentityDocument, SignerCapacity
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.duties import Matter, duties_of
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.outbox.partner_access import needs
from credit_portal.registry import codes

from . import partner_shapes as shapes
from .acts.fields import FieldErrors
from .api import check_parameters
from .exchange import noting
from .partner_lists import Order, Reading, answers, asked, line_of, one_of, page_of
from .partner_posts import KEY, PROBLEMS, TAG, PartnerPost
from .posted import Field, read_posted
from .terms import ERROR_DATES, TermsError, read_code, read_day

FIELDS = (
    Field("check", most=30),
    Field("text.code", most=40),
    Field("text.version", "number"),
    Field("signer.name"),
    Field("signer.capacity", among=tuple(SignerCapacity.values)),
    Field("signer.identity_document", among=tuple(IdentityDocument.values)),
    Field("signed_at", "moment"),
    Field("read_confirmed", "flag"),
    Field("file", "file"),
    Field("authorisation", "file", must=False),
    Field("case_ref", most=60, must=False),
    Field("blanks", "values", must=False),
    Field("late_materials", "values", must=False),
    Field("must_state", "texts", most=600, must=False),
    Field("confirm_duplicate", "flag", must=False),
)
# The services' names of fields, as the sender knows them.
NAMES = {"signer_name": "signer.name", "capacity": "signer.capacity"} | {
    "identity_document": "signer.identity_document",
    "late": "late_materials",
}
PAPERS = {
    str(EvidenceFile.Kind.PAPER_SCAN.label): "file",
    str(EvidenceFile.Kind.AUTHORISATION.label): "authorisation",
}
NOT_READ = "须为 true：签署人在签署前应已阅读告知书、个人信息处理告知和承诺书。"
BY_NUMBER = "不能按身份证号码查询，请用办件编号 case_ref 查询。"

ORDER = Order("signed_at", newest_first=True)
# All that an answer is made of; no clause, signature or number of a person is fetched.
COLUMNS = (
    "pk", "code", "case_ref", "commitment_type", "late_materials", "channel", "subject_kind", "subject_name",
    "subject_code", "item_name", "made_on", "signed_at", "valid_until", "fulfilment", "publicity_class",
    "public_from", "withdrawn_at", "voided_at", "text_sha256", "pdf_sha256", "verify_token", "item__code",
    "check_made__number", "corrected_by__code",
)  # fmt: skip


def _own_code(text: str) -> str:
    if re.fullmatch(r"[1-9]\d{5}(18|19|20)\d{9}[\dX]", codes.clean(text)):
        raise ValueError(BY_NUMBER)
    return read_code(text)


QUESTION = Reading(
    case_ref=line_of(60),
    commitment=line_of(20),
    code=_own_code,
    made_from=read_day,
    made_to=read_day,
    status=one_of(dict(Commitment.Fulfilment.choices)),
)
WANTED = {
    "case_ref": "case_ref",
    "commitment": "code",
    "code": "subject_code",
    "made_from": "made_on__gte",
    "made_to": "made_on__lte",
    "status": "fulfilment",
}


class Commitments(PartnerPost):
    """Handed in by one scope, read by another."""

    http_method_names = ["get", "head", "post"]
    refusals = (SigningError,)
    address = "commitments"

    def get_permissions(self) -> list[BasePermission]:
        return [needs(Scope.COMMITMENTS if self.request.method == "POST" else Scope.READ)()]

    @extend_schema(
        summary="本部门的承诺，最新的在前",
        description="只列出本部门受理的承诺，含不公开的和已作废的；不含签名、证件号码、电话和条款。",
        operation_id="own_commitments",
        tags=[TAG],
        parameters=asked(
            OpenApiParameter("case_ref", str, description="办件编号，完全相同"),
            OpenApiParameter("commitment", str, description="承诺编码"),
            OpenApiParameter("code", str, description="承诺人的统一社会信用代码"),
            OpenApiParameter("made_from", str, description="作出日期自，如 2026-01-31"),
            OpenApiParameter("made_to", str, description="作出日期至（含当日）"),
            OpenApiParameter("status", str, description="履行状态", enum=Commitment.Fulfilment.values),
        ),
        responses=answers(shapes.PartnerCommitmentPageSerializer),
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, QUESTION.parameters)
        terms = QUESTION.read(request.query_params)
        if "made_from" in terms and "made_to" in terms and terms["made_to"] < terms["made_from"]:
            raise TermsError({"made_to": ERROR_DATES})
        wanted = {column: terms[name] for name, column in WANTED.items() if name in terms}
        log_read(
            now=clock.now(), actor_id=None, partner_id=request.user.pk, what="本部门的承诺", target_type="commitment_list",
            target_id="list", purpose=ReadLog.Purpose.HANDLING,
        )  # fmt: skip
        return Response(page_of(request, _own(request.user).filter(**wanted), ORDER, terms, _line))

    @extend_schema(
        summary="递交一份在部门系统中签署的承诺",
        description="需要令牌和 Idempotency-Key。核查、文本、签署人的要求与窗口相同；不公开的主体同样不公开。"
        "须先由同一系统核查，签署与核查在同一天，最迟次日递交。",
        operation_id="hand_in_commitment",
        tags=[TAG],
        request=shapes.HandedInSerializer,
        parameters=[KEY],
        responses={201: shapes.HandedInAnswerSerializer} | PROBLEMS,
        examples=[
            OpenApiExample(
                "承诺",
                request_only=True,
                value={
                    "check": "H1301112026000001",
                    "text": {"code": "130111-YS-SP", "version": 1},
                    "signer": {
                        "name": "签署人姓名",
                        "capacity": "legal_representative",
                        "identity_document": "id_card",
                    },
                    "signed_at": "2026-11-20T10:30:00+08:00",
                    "read_confirmed": True,
                    "blanks": {"完成日期": "2026-12-20"},
                    "file": {"name": "承诺书.pdf", "content": "JVBERi0xLjQK"},
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        return self.once(request)

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        try:
            commitment = handing_in.hand_in(told=_told(pushed), system=system, now=now)
        except BlanksWrong as error:
            raise FieldErrors({f"blanks.{key}": text for key, text in error.errors.items()}) from error
        except EvidenceRefused as error:
            raise FieldErrors({PAPERS.get(error.field, "file"): error.reason}) from error
        return 201, _answer(commitment)

    def named(self, errors: Mapping[str, str]) -> dict[str, str]:
        return {NAMES.get(key, key): text for key, text in errors.items()}


def _told(pushed: object) -> Told:
    found = read_posted(pushed, FIELDS)
    if not found["read_confirmed"]:
        raise FieldErrors({"read_confirmed": NOT_READ})
    return Told(
        check=found["check"],
        text=found["text.code"],
        version=found["text.version"],
        signer_name=found["signer.name"],
        capacity=found["signer.capacity"],
        identity_document=found["signer.identity_document"],
        signed_at=found["signed_at"],
        scan=found["file"],
        authorisation=found.get("authorisation"),
        case_ref=found.get("case_ref", ""),
        blanks=found.get("blanks", {}),
        late_materials=found.get("late_materials", {}),
        must_state=found.get("must_state", []),
        confirm_duplicate=found.get("confirm_duplicate", False),
    )


def _answer(commitment: Commitment) -> dict[str, object]:
    matter = Matter(noting.COMMITMENT, commitment.pk, commitment.code)
    due = next((duty.due_on for duty in duties_of(matter) if duty.rule_key == noting.UPLOAD), None)
    return {
        "code": commitment.code,
        "check": commitment.check_made.number,
        "made_on": commitment.made_on.isoformat(),
        "valid_until": commitment.valid_until.isoformat() if commitment.valid_until else None,
        "text_sha256": commitment.text_sha256,
        "pdf_sha256": commitment.pdf_sha256,
        "verify_url": papers.verify_url(commitment.verify_token),
        "publicity_class": commitment.publicity_class,
        "due_on": due.isoformat() if due else None,
    }


def _own(system: PartnerSystem) -> QuerySet[Commitment]:
    rows = Commitment.objects.filter(department_id=system.department_id)
    return rows.select_related("item", "check_made", "corrected_by").only(*COLUMNS)


def _line(row: Commitment) -> dict[str, Any]:
    return {
        "code": row.code,
        "case_ref": row.case_ref,
        "check": row.check_made.number if row.check_made else None,
        "type": row.commitment_type,
        "late_materials": row.late_materials,
        "channel": row.channel,
        "subject": {"kind": row.subject_kind, "name": row.subject_name, "code": row.subject_code},
        "item": {"code": row.item.code if row.item else None, "name": row.item_name},
        "made_on": row.made_on,
        "signed_at": row.signed_at,
        "valid_until": row.valid_until,
        "status": row.fulfilment,
        "publicity_class": row.publicity_class,
        "public": row.public_from is not None and row.withdrawn_at is None and row.voided_at is None,
        "voided": row.voided_at is not None,
        "corrected_by": row.corrected_by.code if hasattr(row, "corrected_by") else None,
        "text_sha256": row.text_sha256,
        "pdf_sha256": row.pdf_sha256,
        "verify_url": papers.verify_url(row.verify_token),
    }

"""What every address has that departments' systems post to: token and scope, one answer for one Idempotency-Key, and what
is wrong in Chinese, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import orjson
from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credit_portal.audit import clock
from credit_portal.outbox import partners
from credit_portal.outbox.models import PartnerSystem
from credit_portal.outbox.partner_access import TokenAccess

from . import serializers
from .acts.fields import FieldErrors
from .problems import CONTENT_TYPE, problem
from .renderers import OrjsonParser
from .throttles import PartnerThrottle

TAG = "部门系统"
KEY = OpenApiParameter(
    "Idempotency-Key",
    # Said exactly, so that whoever goes by the description never sends one that is refused.
    {"type": "string", "minLength": 1, "maxLength": partners.KEY_LENGTH, "pattern": r"^[!-~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description=f"每件事一个，最多 {partners.KEY_LENGTH} 个字符，只用英文字母、数字和符号",
)
PROBLEMS: dict[Any, Any] = {
    (status, CONTENT_TYPE): serializers.ProblemSerializer
    for status in (400, 401, 403, 406, 409, 413, 415, 422, 429)
}


class TooLarge(exceptions.APIException):
    status_code = 413


class PartnerView(APIView):
    """Known by its token, counted by its system, kept by no cache."""

    authentication_classes: ClassVar = [TokenAccess]
    throttle_classes: ClassVar = [PartnerThrottle]
    parser_classes: ClassVar = [OrjsonParser]
    metadata_class = None

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answered = super().finalize_response(request, response, *args, **kwargs)
        answered["Cache-Control"] = "no-store"
        return answered


class PartnerPost(PartnerView):
    """`act` does what is asked, in the transaction that keeps its answer; `refusals` are its words for «not so» (409)."""

    http_method_names: ClassVar = ["post"]
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    # Of the fingerprint of a request: the same words sent elsewhere are another request.
    address: ClassVar[str] = ""

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        """Status and body. Raises FieldErrors and one of `refusals`, nothing kept."""
        raise NotImplementedError

    def named(self, errors: Mapping[str, str]) -> dict[str, str]:
        """Errors by the names that the sender knows the fields by."""
        return dict(errors)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Django's own limit is on forms only: what is read as JSON would be read whole.
        if request.method == "POST" and _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge

    def once(self, request: Request) -> Response:
        """The answer to a request, or the one that its key has had before."""
        now, system, pushed = clock.now(), request.user, request.data
        try:
            asked = f"POST {self.address}\n".encode() + orjson.dumps(pushed, option=orjson.OPT_SORT_KEYS)
        except TypeError as error:
            raise exceptions.ParseError("请求的内容嵌套太深或含有无法识别的值。") from error
        try:
            status, body, repeated = partners.answer_once(
                system=system,
                key=request.headers.get("Idempotency-Key", ""),
                request=asked,
                now=now,
                act=lambda: self.act(pushed, system, now),
            )
        except FieldErrors as error:
            return problem(422, errors=self.named(error.errors))
        except self.refusals as error:
            field = getattr(error, "field", "")
            named = self.named({field: str(error)}) if field else None
            return problem(409, detail=str(error), errors=named)
        except partners.KeyReused as error:
            return problem(422, detail=str(error))
        except partners.PartnerError as error:
            return problem(400, detail=str(error), errors={error.field: str(error)})
        return Response(body, status=status, headers={"Idempotency-Replayed": "true"} if repeated else None)


def _length(request: Request) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

"""What every address has that departments' systems post to: token and scope, one answer for one Idempotency-Key, and what
is wrong in Chinese, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import orjson
from drf_spectacular.utils import OpenApiParameter
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
from .throttles import PartnerThrottle

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, required=True, description="每件事一个，最多 100 个字符"
)
PROBLEMS: dict[Any, Any] = {
    (status, CONTENT_TYPE): serializers.ProblemSerializer for status in (400, 401, 403, 409, 415, 422, 429)
}


class PartnerPost(APIView):
    """`act` does what is asked, in the transaction that keeps its answer; `refusals` are its words for «not so» (409)."""

    authentication_classes: ClassVar = [TokenAccess]
    throttle_classes: ClassVar = [PartnerThrottle]
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    # Of the fingerprint of a request: the same words sent elsewhere are another request.
    address: ClassVar[str] = ""

    def act(self, pushed: object, system: PartnerSystem, now: datetime) -> tuple[int, dict[str, object]]:
        """Status and body. Raises FieldErrors and one of `refusals`, nothing kept."""
        raise NotImplementedError

    def named(self, errors: Mapping[str, str]) -> dict[str, str]:
        """Errors by the names that the sender knows the fields by."""
        return dict(errors)

    def once(self, request: Request) -> Response:
        """The answer to a request, or the one that its key has had before."""
        now, system, pushed = clock.now(), request.user, request.data
        try:
            status, body, repeated = partners.answer_once(
                system=system,
                key=request.headers.get("Idempotency-Key", ""),
                request=f"POST {self.address}\n".encode() + orjson.dumps(pushed, option=orjson.OPT_SORT_KEYS),
                now=now,
                act=lambda: self.act(pushed, system, now),
            )
        except FieldErrors as error:
            return problem(422, errors=self.named(error.errors))
        except self.refusals as error:
            field = getattr(error, "field", "")
            return problem(409, detail=str(error), errors={field: str(error)} if field else None)
        except partners.KeyReused as error:
            return problem(422, detail=str(error))
        except partners.PartnerError as error:
            return problem(400, detail=str(error), errors={error.field: str(error)})
        return Response(body, status=status, headers={"Idempotency-Replayed": "true"} if repeated else None)

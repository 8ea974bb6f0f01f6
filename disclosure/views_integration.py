"""How departments' systems are connected (R85): for those who write them."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.outbox import partners
from credit_portal.outbox.models import Scope
from credit_portal.registry.models import Region

from .integration_examples import examples
from .problems import WORDS
from .terms import PAGE_SIZE_MOST

ADDRESSES = {
    Scope.CHECKS: ("POST /api/v1/checks",),
    Scope.COMMITMENTS: ("POST /api/v1/commitments",),
    Scope.READ: ("GET /api/v1/commitments", "GET /api/v1/duties"),
    Scope.FULFILMENTS: ("POST /api/v1/fulfilments",),
    Scope.BREACHES: ("POST /api/v1/breaches",),
    Scope.CREDIT_ENTRIES: ("POST /api/v1/credit-entries",),
    Scope.COMPLAINTS: ("POST /api/v1/complaints",),
}
# What a system meets, and what it is to do then.
ADVICE = {
    400: "改正请求：不是有效的 JSON，参数有误，或者没有 Idempotency-Key。",
    401: "令牌没有带上、已过期或已作废。换用新的令牌；不要重试。",
    403: "令牌没有这一项权限，请安全管理员在登记中补充。",
    406: "在 Accept 中接受 application/json。",
    409: "内容的形式没有问题，但现在不能办：detail 和 errors 说明原因，由人处理以后再提交。",
    413: "压缩附件，或降低扫描分辨率。",
    415: "请求头写 Content-Type: application/json。",
    422: "逐项改正 errors 中的字段。请求没有留下任何内容，改正后可以用同一个键。",
    429: "等到 Retry-After 所说的秒数以后，用同一个键重试。",
}


@require_safe
@never_cache
def integration_guide(request: HttpRequest) -> HttpResponse:
    region = Region.objects.filter(code=settings.REGION_CODE).first()
    address = settings.SITE["address"]
    return render(
        request,
        "disclosure/integration.html",
        {
            "examples": examples(region, address=address, today=clock.today()) if region else [],
            "scopes": [(scope, scope.label, ADDRESSES[scope]) for scope in ADDRESSES],
            "statuses": [(status, WORDS[status][0], ADVICE[status]) for status in ADVICE],
            "per_minute": settings.PARTNER_REQUESTS_PER_MINUTE,
            "megabytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024),
            "page_size": PAGE_SIZE_MOST,
            "key_length": partners.KEY_LENGTH,
            "at_once": partners.AT_ONCE,
            "longest": partners.LONGEST.days,
        },
    )

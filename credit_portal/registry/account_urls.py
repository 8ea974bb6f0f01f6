"""allauth's addresses without those that a closed circle of staff has no use for (sign-up, self-managed e-mail).

The names stay, for allauth reverses them; the addresses answer 404.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView


def closed(request: HttpRequest, **_captured: str) -> HttpResponse:
    raise Http404("账号由本单位的安全管理员开设和维护，这里没有这项功能。")


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="account_change_password")),
    path("signup/", closed),
    path("email/", closed),
    path("confirm-email/", closed),
    path("confirm-email/<path:key>/", closed),
    path("login/code/confirm/", closed),
    path("", include("allauth.urls")),
]

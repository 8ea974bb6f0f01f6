"""How an interface knows a partner system: by `Authorization: Bearer …`; and what it may do, by the scopes it has."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from credit_portal.audit import clock

from . import partners
from .models import PartnerSystem, Scope

SCHEME = "Bearer"


class TokenAccess(authentication.BaseAuthentication):
    """`request.user` is the PartnerSystem. Without a valid token the answer is 401, whatever is wrong with it."""

    def authenticate(self, request: Request) -> tuple[PartnerSystem, None]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        system = (
            partners.known_by(token.strip(), now=clock.now()) if scheme.lower() == SCHEME.lower() else None
        )
        if system is None:
            raise exceptions.AuthenticationFailed
        return system, None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class TokenScheme(OpenApiAuthenticationExtension):
    """What the description of the API says of it."""

    target_class = "credit_portal.outbox.partner_access.TokenAccess"
    name = "对接令牌"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "由安全管理员在管理后台签发的对接令牌"}


def needs(scope: Scope) -> type[permissions.BasePermission]:
    """Only for systems with this scope."""

    class Needs(permissions.BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return isinstance(request.user, PartnerSystem) and str(scope) in request.user.scopes

    return Needs

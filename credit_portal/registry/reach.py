"""How far an office's hand reaches when it changes what a region goes by: its own region and what lies below it."""

from django.core.exceptions import PermissionDenied

from . import groups
from .models import Region, User
from .visibility import has_role

# Catalogue, texts and reading material.
KEEPERS = (groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)

WRONG_ROLE = "您的角色不能变更这项内容。"
OUT_OF_REACH = "{region}不在您的管理范围内，不能变更其内容。"


def check_reach(actor: User | None, region: Region | None, *roles: str) -> None:
    """Raise PermissionDenied (Chinese) unless the actor has one of these roles in a region at or above this one.

    None is the system itself. What belongs to no region yet is for whoever has the role.
    """
    if actor is None:
        return
    if not has_role(actor, *roles) or actor.department is None:
        raise PermissionDenied(WRONG_ROLE)
    if region is None:
        return
    own = actor.department.region.path
    if region.path != own and not region.path.startswith(f"{own}/"):
        raise PermissionDenied(OUT_OF_REACH.format(region=region))

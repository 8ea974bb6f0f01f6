"""The areas that S0 一（一） names for the supervisory type (R23): which have an item in the catalogue, and which none."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from credit_portal.registry.models import CommitmentType, Domain, ServiceItemVersion


@dataclass(frozen=True)
class Area:
    """`domains`: the fields that belong to it; `approvals`: and whatever can be approved upon a commitment."""

    label: str
    domains: frozenset[str]
    approvals: bool = False


AREAS = (
    Area("行政审批", frozenset({Domain.APPROVAL, Domain.MARKET_ACCESS}), approvals=True),
    Area(
        "公共资源交易",
        frozenset(
            {Domain.PROCUREMENT, Domain.PUBLIC_WORKS, Domain.LAND, Domain.STATE_ASSETS, Domain.BIDDING}
        ),
    ),
    Area("不动产登记", frozenset({Domain.REAL_ESTATE})),
    Area("资质审核", frozenset({Domain.QUALIFICATION})),
    Area("个税申报", frozenset({Domain.TAX_RELIEF})),
    Area("社会保险和医疗保险申报", frozenset({Domain.SOCIAL_INSURANCE})),
    Area("各类考试考核", frozenset({Domain.EXAMS, Domain.RECRUITMENT})),
    Area("财政性资金和项目支持", frozenset({Domain.SUBSIDY})),
)


@dataclass
class Covered:
    """An area with its items of the supervisory type."""

    area: Area
    items: list[ServiceItemVersion] = field(default_factory=list)


def coverage(versions: Iterable[ServiceItemVersion]) -> list[Covered]:
    """Each area with the items that use the supervisory type, in the order of the document. Pure."""
    found = [Covered(area) for area in AREAS]
    for version in versions:
        if CommitmentType.SUPERVISORY not in version.allowed_types:
            continue
        for one in found:
            by_type = one.area.approvals and CommitmentType.APPROVAL in version.allowed_types
            if version.domain in one.area.domains or by_type:
                one.items.append(version)
    return found

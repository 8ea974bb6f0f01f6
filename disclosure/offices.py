"""Which credit office answers for a region."""

from credit_portal.registry.models import Department, Region


class NoOffice(ValueError):
    """Neither the region nor any above it has a credit office; the message says so in Chinese."""


def nearest_office(region: Region) -> Department:
    """The credit office of a region, or the nearest one above. Raises NoOffice."""
    lineage = region.lineage
    offices = Department.objects.filter(
        kind=Department.Kind.CREDIT_OFFICE, region_id__in=lineage, is_active=True
    )
    nearest = min(offices, key=lambda one: (lineage.index(one.region_id), one.pk), default=None)
    if nearest is None:
        raise NoOffice(f"{region}及其上级没有登记信用主管部门，请系统管理员先登记。")
    return nearest

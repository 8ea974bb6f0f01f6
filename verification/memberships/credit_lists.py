"""The lists themselves: what they are called, who holds them, how one leaves them, who keeps them here; and the only place
where they change."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import departments_visible_to
from verification.models import CreditList

ERROR_REACH = "名单适用于上级地区，内容由上级信用办修改；本级只登记本地区的报送部门。"
ERROR_REGION = "只能登记适用于本地区或者下级地区的名单。"
ERROR_SORT = "名单上已有主体，不能改变种类。"
ERROR_EXIT = "请填写退出规定。"


def in_reach(user: User, region: Region) -> bool:
    """Whether a region is the user's own or lies below it."""
    if user.department is None:
        return False
    path = user.department.region.path
    return region.path == path or region.path.startswith(f"{path}/")


@transaction.atomic
def save_list(
    *,
    credit_list: CreditList | None,
    code: str,
    name: str,
    sort: str,
    holder: str,
    exit_rule: str,
    region: Region,
    is_active: bool,
    actor: User,
    now: datetime,
) -> CreditList:
    """Enter a list, or change its words; its code stays. Raises ValidationError by field."""
    row = (
        CreditList.objects.select_for_update().get(pk=credit_list.pk)
        if credit_list
        else CreditList(code=code)
    )
    if not in_reach(actor, region) or (credit_list and not in_reach(actor, row.region)):
        raise ValidationError({"region": ERROR_REACH if credit_list else ERROR_REGION})
    if credit_list and row.sort != sort and row.entries.exists():
        raise ValidationError({"sort": ERROR_SORT})
    # A list without one is kept by a procedure of its own; those come with the documents.
    if not exit_rule.strip() and not (credit_list and row.by_procedure):
        raise ValidationError({"exit_rule": ERROR_EXIT})
    row.name, row.sort, row.holder = name.strip(), sort, holder.strip()
    row.exit_rule, row.region, row.is_active = exit_rule.strip(), region, is_active
    row.full_clean(exclude=[] if row.exit_rule else ["exit_rule"])
    note(row, actor=actor, now=now)
    row.save()
    _tell(row, actor, now)
    return row


@transaction.atomic
def set_keepers(
    *, credit_list: CreditList, keepers: Iterable[Department], actor: User, now: datetime
) -> CreditList:
    """Which departments of the actor's reach keep the list; those of other regions are left as they are."""
    row = CreditList.objects.select_for_update().get(pk=credit_list.pk)
    own = departments_visible_to(actor)
    row.keepers.remove(*row.keepers.filter(pk__in=own))
    row.keepers.add(*own.filter(pk__in=[one.pk for one in keepers]))
    _tell(row, actor, now)
    return row


def _tell(row: CreditList, actor: User, now: datetime) -> None:
    events.credit_list_saved(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        list_id=row.pk,
        code=row.code,
        keepers=sorted(row.keepers.values_list("pk", flat=True)),
    )

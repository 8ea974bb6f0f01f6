"""Drafts of the catalogue by the hundred: what `catalogue.draft_item` does for one, in a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from credit_portal.audit import events, history
from credit_portal.audit.recording import together

from .catalogue import FIELDS, CatalogueError, code_problem, draft_of, problems_of
from .models import Department, ServiceItem, ServiceItemVersion, User
from .reach import KEEPERS, check_reach

AT_ONCE = 500
# Known to be there: rows of the catalogue itself, and a group out of the list.
KNOWN = ("item", "occupation", "published_by", "withdrawn_by")


@dataclass(frozen=True)
class Wanted:
    """A draft to be written: of an item, or of a new one with its code and department. `fields`: names out of FIELDS."""

    code: str
    fields: Mapping[str, Any]
    department: Department | None = None


def draft_many(*, wanted: Sequence[Wanted], actor: User, now: datetime) -> list[ServiceItemVersion]:
    """Write the drafts of many items at once, all or none. Raises CatalogueError naming the item, PermissionDenied."""
    with together():
        return _draft_many(wanted, actor, now)


@transaction.atomic
def _draft_many(wanted: Sequence[Wanted], actor: User, now: datetime) -> list[ServiceItemVersion]:
    items = {
        item.code: item
        for item in ServiceItem.objects.select_for_update(of=("self",))
        .filter(code__in=[one.code for one in wanted])
        .select_related("region", "department")
        .prefetch_related("versions")
        .order_by("pk")
    }
    new: list[ServiceItem] = []
    for one in wanted:
        item = items.get(one.code)
        if item is not None:
            check_reach(actor, item.region, *KEEPERS)
            if item.retired_on is not None:
                raise CatalogueError([f"事项 {item.code} 已于 {item.retired_on} 停用，不能再起草。"])
            continue
        if one.department is None or code_problem(one.code):
            raise CatalogueError([f"新事项 {one.code[:40]} 须有事项编码和主管部门。"])
        check_reach(actor, one.department.region, *KEEPERS)
        new.append(
            ServiceItem(
                code=one.code, region=one.department.region, department=one.department,
                is_demo=one.department.is_demo,
            )
        )  # fmt: skip
    ServiceItem.objects.bulk_create(new, batch_size=AT_ONCE)
    fresh = {item.code for item in new}
    items |= {item.code: item for item in new}
    drafts = []
    for one in wanted:
        item = items[one.code]
        draft = draft_of(item, [] if item.code in fresh else list(item.versions.all()))
        draft.item = item
        for name, value in one.fields.items():
            if name not in FIELDS:
                raise CatalogueError([f"事项没有这样的字段：{name}。"])
            setattr(draft, name, value)
        if problems := problems_of(draft, exclude=KNOWN):
            raise CatalogueError([f"事项 {item.code}：{problem}" for problem in problems])
        history.note(draft, actor=actor, now=now)
        drafts.append(draft)
    made = [draft for draft in drafts if draft.pk is None]
    changed = [draft for draft in drafts if draft.pk is not None]
    common: dict[str, Any] = {"batch_size": AT_ONCE, "default_user": actor, "default_date": now}
    bulk_create_with_history(made, ServiceItemVersion, **common)
    if changed:
        bulk_update_with_history(changed, ServiceItemVersion, list(FIELDS), **common)
    for draft in drafts:
        events.item_drafted(
            now=now, actor_id=actor.pk, item_id=draft.item_id, code=draft.item.code, number=draft.number
        )
    return drafts

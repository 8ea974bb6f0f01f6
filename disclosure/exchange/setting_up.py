"""How a region's records go up: set by its credit office, and seen before anything is sent."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from commitments import collection_format as form
from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import CommitmentType, Region, User
from credit_portal.registry.visibility import has_role
from disclosure import breach_publishing
from disclosure.models import BreachPublication, ExchangePlatform

from . import noting
from .batches import ExchangeError, _may

FIELDS = (
    "name", "adapter", "address", "running", "supervisory_as", "file_format", "batch_rows", "since", "is_active",
)  # fmt: skip
# What changes the content of records that have gone up already: all are looked through again.
ANEW = ("running", "supervisory_as", "since", "is_active")


@transaction.atomic
def save_platform(
    *, platform_id: int | None, values: dict[str, Any], actor: User, now: datetime
) -> ExchangePlatform:
    """Set up the platform of the actor's own region, or change one of its reach. Raises ExchangeError by field."""
    if platform_id is None:
        if not has_role(actor, groups.CREDIT_OFFICE) or actor.department is None:
            raise ExchangeError("上级平台由信用办设置。")
        platform = ExchangePlatform(region=actor.department.region)
        before: dict[str, Any] = {}
    else:
        _may(actor, platform_id)
        platform = ExchangePlatform.objects.select_for_update().get(pk=platform_id)
        before = {name: getattr(platform, name) for name in FIELDS}
    for name in FIELDS:
        setattr(platform, name, values[name])
    if platform.adapter == ExchangePlatform.Adapter.HTTP and not (platform.address or settings.PLATFORM_URL):
        raise ExchangeError("接口推送须填写接口地址。", field="address")
    try:
        platform.full_clean()
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise ExchangeError("".join(texts), field="" if field == "__all__" else field) from error
    changed = [name for name in FIELDS if before.get(name) != getattr(platform, name)]
    if platform_id is not None and not changed:
        return platform
    if set(changed) & set(ANEW):
        platform.scanned_to = 0
    note(platform, actor=actor, now=now)
    platform.save()
    events.exchange_platform_saved(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        platform_id=platform.pk,
        changed=changed,
    )
    if platform_id is not None and "is_active" in changed and not platform.is_active:
        _wait_no_longer(now=now)
    return platform


def _wait_no_longer(*, now: datetime) -> None:
    """Breaches that waited for a platform which is used no more, and have no other, are public by this portal."""
    waiting = BreachPublication.objects.filter(awaits_platform=True, ended_at__isnull=True)
    for one in waiting.select_related("case__commitment__region"):
        if noting.platform_for(one.case.commitment.region) is None:
            breach_publishing.shown_above(case_id=one.case_id, now=now)


def mapping(supervisory_as: str) -> list[tuple[str, str]]:
    """Our types and the words by which they go up, with this setting for 监管辅助型."""
    as_proof = supervisory_as == ExchangePlatform.Supervisory.PROOF
    rows = [
        (
            str(label),
            form.type_in_words(code, late_materials=False, supervisory_as_proof=as_proof),
        )
        for code, label in CommitmentType.choices
    ]
    return [*rows, ("审批替代型，容缺受理", form.type_in_words("approval", late_materials=True))]


def region_of(user: User) -> Region:
    """The region whose platform a user would set up."""
    if user.department is None:
        raise ExchangeError("这个账号还没有归属部门。")
    return user.department.region

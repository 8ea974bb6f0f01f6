"""A platform above and what it should hold, for the faults of the exchange: our accepted records against its own ledger."""

from typing import Any

from tests.platform_server import Platform


def set_up(address: str) -> None:
    """A platform with an interface, and a department whose commitments go there."""
    from datetime import date

    from disclosure.models import ExchangePlatform
    from tests import factories

    ExchangePlatform.objects.all().update(is_active=False)
    ExchangePlatform.objects.create(
        region=factories.region("130111"), name="演练平台", adapter="http", address=address, running="apart",
        since=date(2000, 1, 1), batch_rows=2,
    )  # fmt: skip
    if not _departments():
        factories.department(region="130111")


def _departments() -> Any:
    from credit_portal.registry.models import Department

    return Department.objects.filter(region_id="130111", kind="competent").order_by("pk")


def move_to(address: str) -> None:
    from disclosure.models import ExchangePlatform

    ExchangePlatform.objects.filter(is_active=True).update(address=address)


def sign(number: int) -> None:
    """Public commitments, each with its record in the same transaction."""
    from django.db import transaction

    from credit_portal.audit import clock
    from disclosure.exchange import noting
    from tests import listed

    for _ in range(number):
        with transaction.atomic():
            made = listed.commitment(department=_departments().first())
            assert noting.note(commitment_id=made.pk, now=clock.now()) is not None


def give_up() -> None:
    """What comes after has no platform above."""
    from disclosure.models import ExchangePlatform

    ExchangePlatform.objects.update(is_active=False)


def unanswered() -> bool:
    from disclosure.models import ExchangeRecord

    return ExchangeRecord.objects.filter(platform__is_active=True, state__in=["waiting", "batched"]).exists()


def compared(city: Platform) -> dict[str, int]:
    """Records of ours that the platform lacks or has twice, and those that it has and we do not know of."""
    from disclosure.models import ExchangeRecord

    ours = {record.key: record.state for record in ExchangeRecord.objects.filter(platform__is_active=True)}
    return {
        "lost": sum(1 for key, state in ours.items() if state != "accepted" or not city.arrivals[key])
        + len(set(city.arrivals) - set(ours)),
        "doubled": sum(1 for times in city.arrivals.values() if times > 1),
    }

"""A platform above and what it should hold, for the faults of the exchange: our accepted records against its own ledger."""

import hashlib
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.platform_server import Platform

OFFICE = "drill-office"


def set_up(address: str) -> None:
    """A platform with an interface, and a department whose commitments go there."""
    _set_up(adapter="http", address=address)


def set_up_files(folder: Path) -> None:
    """A platform that takes packages from a folder, and an office that makes them."""
    from credit_portal.registry import groups
    from credit_portal.registry.models import User
    from tests import factories

    _set_up(adapter="file", file_format="json")
    if not User.objects.filter(username=OFFICE).exists():
        place = factories.department(region="130111", kind="credit_office")
        factories.staff(groups.CREDIT_OFFICE, department=place, username=OFFICE)
    folder.mkdir(parents=True)


def _set_up(**fields: str) -> None:
    from datetime import date

    from disclosure.models import ExchangePlatform
    from tests import factories

    ExchangePlatform.objects.all().update(is_active=False)
    ExchangePlatform.objects.create(
        region=factories.region("130111"), name="演练平台", running="apart", since=date(2000, 1, 1), batch_rows=2,
        **fields,
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


def pack() -> None:
    from credit_portal.audit import clock
    from credit_portal.registry.models import User
    from disclosure.exchange import batches
    from disclosure.models import ExchangePlatform

    batches.make_package(
        platform_id=ExchangePlatform.objects.get(is_active=True).pk, running=True,
        actor=User.objects.get(username=OFFICE), now=clock.now(),
    )  # fmt: skip


def unpacked() -> bool:
    from disclosure.models import ExchangeBatch

    return ExchangeBatch.objects.filter(platform__is_active=True, sent_at__isnull=True).exists()


def begun() -> bool:
    from disclosure.models import ExchangeBatch

    return ExchangeBatch.objects.filter(platform__is_active=True, sent_at__isnull=True, packed__gt=0).exists()


def compared_files(folder: Path) -> dict[str, int]:
    """Records of ours that no package of the folder has, or that stand in more than one row; and packages not whole."""
    from disclosure.models import ExchangeRecord

    ours = set(ExchangeRecord.objects.filter(platform__is_active=True).values_list("number", flat=True))
    rows: Counter[str] = Counter()
    broken = 0
    for package in (folder / "out").glob("X*.zip"):
        with zipfile.ZipFile(package) as archive:
            manifest = json.loads(archive.read("清单.json"))
            for file in manifest["文件"]:
                content = archive.read(file["名称"])
                broken += hashlib.sha256(content).hexdigest() != file["SHA-256"]
                rows.update(row["承诺编码"] for row in json.loads(content))
    return {
        "records": len(ours),
        "lost": len(ours - set(rows)) + broken,
        "doubled": sum(1 for times in rows.values() if times > 1),
    }


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

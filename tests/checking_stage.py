"""A place where records are checked: subjects, items, lists and the people at the desk."""

from datetime import date
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from credit_portal.deadlines import loading as policies
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, ServiceItemVersion
from tests import factories as make
from tests.counter import signature_png
from tests.office import client_of
from verification import services
from verification.measures import loading as measures
from verification.models import (
    Check,
    CreditList,
)

NOW, TODAY = make.NOW, make.TODAY

PNG = signature_png()


class Place:
    """The county whose document names five fields, with its rules and measures as they ship, and a unit's people."""

    def __init__(self, region: str = "130129") -> None:
        for code in make.REGIONS:
            make.region(code)
        policies.store_rules(policies.read_rules(Path(policies.__file__).parent / "rules"), now=NOW)
        measures.load(measures.SHIPPED, now=NOW)
        self.unit = make.department(region=region)
        self.clerk, self.officer, self.head = (
            make.staff(role, department=self.unit) for role in (groups.CLERK, groups.OFFICER, groups.HEAD)
        )
        self.subject = make.subject(region=region)

    def item(self, domain: str, **fields: object) -> ServiceItemVersion:
        return make.item_version(department=self.unit, domain=domain, **fields)

    def listed(self, code: str, subject: CreditSubject | None = None, **fields: object):  # type: ignore[no-untyped-def]
        found = CreditList.objects.get(code=code)
        return make.credit_entry(
            subject=subject or self.subject, kind=str(found.entry_kind), credit_list=found, title=found.name,
            until_on=fields.pop("until_on", date(2028, 1, 1)), **fields,
        )  # fmt: skip

    def check(self, domain: str, *, kind: str = "approval", item=None, **more: object) -> Check:  # type: ignore[no-untyped-def]
        return services.check_subject(
            subject=self.subject, item_version=item or self.item(domain), commitment_type=kind,
            operator=self.clerk, now=NOW, **more,
        )  # fmt: skip

    def client(self, role: str) -> Client:
        return client_of({"clerk": self.clerk, "officer": self.officer, "head": self.head}[role])


def codes(check: Check) -> list[str]:
    return [one["code"] for one in check.reasons]


def post(client: Client, check: Check, deed: str, **data: object):  # type: ignore[no-untyped-def]
    return client.post(f"/desk/checks/{check.uuid}/{deed}/", data)


def picture(name: str = "截屏.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, "image/png")

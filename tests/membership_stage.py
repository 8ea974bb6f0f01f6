"""A place with lists whose members are told by files, by hand and by systems."""

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from credit_portal.documents import writing
from credit_portal.outbox import services as outbox
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from tests import factories
from tests.factories import NOW, organisation_code
from verification.measures.loading import SHIPPED, load
from verification.memberships import credit_lists, uploading
from verification.memberships.reading import HEADS
from verification.models import CreditList, MembershipUpload

db = pytest.mark.django_db

HOME, FILES, PUSH = "/desk/memberships/", "/desk/memberships/files/", "/api/v1/credit-entries"

ROW = {
    "action": "列入",
    "list": "失信被执行人名单",
    "subject_kind": "法人及非法人组织",
    "subject_name": "演示鲜果商贸有限公司",
    "subject_code": organisation_code(8_000_911),
    "document_no": "（2026）冀0111执1号",
    "source": "栾城区人民法院",
    "from_on": "2026-06-01",
    "until_on": "2028-05-31",
    "basis": "《最高人民法院关于公布失信被执行人名单信息的若干规定》",
}

GONE = {"action": "移出", "exit_on": "2026-09-10", "exit_reason": "已履行义务，法院删除"} | dict.fromkeys(
    ("source", "from_on", "until_on", "basis"), ""
)


def told(number: int = 0, **changes: str) -> dict[str, str]:
    """A row; another number is another subject by another document."""
    own = {
        "subject_name": f"演示第{number}商贸有限公司",
        "subject_code": organisation_code(8_100_000 + number),
        "document_no": f"（2026）冀0111执{number}号",
    }
    return ROW | (own if number else {}) | changes


class Place:
    """Luancheng with the shipped lists, its office, a department that keeps two of them, and one that keeps none."""

    def __init__(self, region: str = "130111") -> None:
        load(SHIPPED, now=NOW)
        self.region = factories.region(region)
        self.office = factories.department(region=region, kind=Department.Kind.CREDIT_OFFICE)
        self.finance = factories.department(region=region, name="栾城区测试财政局")
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.officer = factories.staff(groups.OFFICER, department=self.finance)
        self.stranger = factories.staff(groups.OFFICER, department=factories.department(region=region))
        for code in ("procurement_serious", "exemplary"):
            credit_lists.set_keepers(
                credit_list=CreditList.objects.get(code=code),
                keepers=[self.finance],
                actor=self.credit,
                now=NOW,
            )

    def check(
        self, *rows: dict[str, str], actor: User | None = None, whole: bool = False, kind: str = "xlsx"
    ) -> MembershipUpload:
        upload, _ = uploading.check_file(
            name=f"名单.{kind}", content=file_of(*rows, kind=kind), whole=whole,
            actor=actor or self.credit, now=NOW,
        )  # fmt: skip
        return upload

    def take(self, *rows: dict[str, str], **more: Any) -> MembershipUpload:
        upload = self.check(*rows, **more)
        assert upload.faults == [], upload.faults
        uploading.start(upload_id=upload.pk, confirmed=True, actor=upload.uploaded_by, now=NOW)
        outbox.deliver_due(now=NOW)
        upload.refresh_from_db()
        return upload


def file_of(*rows: dict[str, str], kind: str = "xlsx") -> bytes:
    return writing.write(kind, list(HEADS.values()), [[row.get(key, "") for key in HEADS] for row in rows])


def table(content: bytes) -> list[list[str]]:
    page = load_workbook(BytesIO(content)).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)]

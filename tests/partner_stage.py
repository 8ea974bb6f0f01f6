"""A department's own system with a token, an item, a text and a subject, and what it posts."""

import base64
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client

from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox import partners
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.registry import groups
from credit_portal.registry.models import Department
from tests import factories
from tests.counter import signature_png
from tests.factories import NOW

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
# What the page for developers says beside its commands, in Latin letters.
PAGE_WORDS = (
    "OpenAPI RFC JSON PDF PNG JPEG http localhost api integration Accept application Content Type Retry After"
    " Idempotency Key detail errors breaches next number route commitment confirm duplicate true"
)
HISTORY = (
    ("route.unrepaired", "ordinary"),
    ("scrutiny.in_publicity", True),
    ("expired_counts_as_repaired", True),
)


def file_of(content: bytes = PDF, name: str = "承诺书.pdf") -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(content).decode()}


SCAN = file_of(signature_png(), "扫描.png")


class Stage:
    """`now` is when everything was set up; the clock of the interface is the test's own affair."""

    def __init__(self, *scopes: str, now: datetime = NOW, to_do: bool = False, **text: Any) -> None:
        """`to_do`: every clause is done once, so that it can be told of as kept at any time."""
        if to_do:
            clauses = text.get("clauses", factories.CLAUSES)
            text["keeping"] = ["to_do" if kind == "pledge" else "" for kind, _, _ in clauses]
        self.now = now
        for key, value in HISTORY:
            PolicyRule.objects.get_or_create(
                region=factories.region(), key=key, effective_from=date(2020, 1, 1),
                defaults={"value": value, "basis": "测试依据", "confirmed": True},
            )  # fmt: skip
        self.department = factories.department()
        self.officer = factories.staff(groups.OFFICER, department=self.department)
        self.admin = factories.staff(groups.SECURITY_ADMIN, department=self.department)
        self.system, self.token = self.another(self.department, *(scopes or Scope.values))
        self.item = factories.item_version(department=self.department, name="食品经营许可")
        self.text = factories.text_version(department=self.department, **text)
        self.subject = factories.subject(name="栾城区演示面业有限公司")
        self.keys = 0

    def another(self, department: Department, *scopes: str) -> tuple[PartnerSystem, str]:
        row = partners.save_partner(
            system_id=None, name=f"业务系统{department.pk}-{PartnerSystem.objects.count()}", department=department,
            scopes=list(scopes), contact="", is_active=True, actor=self.admin, now=self.now,
        )  # fmt: skip
        token = partners.issue_token(
            system_id=row.pk, expires_on=self.now.date() + timedelta(days=300), actor=self.admin, now=self.now
        )
        return row, token

    def post(self, path: str, told: object, *, key: str = "", token: str = "") -> Any:
        self.keys += 1
        return Client().post(
            f"/api/v1/{path}", told, content_type="application/json",
            headers={
                "Authorization": f"Bearer {token or self.token}", "Idempotency-Key": key or f"k{self.keys}"
            },
        )  # fmt: skip

    def get(self, path: str, query: dict[str, Any] | None = None, *, token: str = "") -> Any:
        return Client().get(
            path if path.startswith("http") else f"/api/v1/{path}", query,
            headers={"Authorization": f"Bearer {token or self.token}"},
        )  # fmt: skip

    def check(self, **changes: Any) -> str:
        kind = self.subject.kind
        answer = self.post(
            "checks",
            {
                "subject": {
                    "kind": kind, "name": self.subject.name, "code": self.subject.uscc or self.subject.id_number
                },
                "item": self.item.item.code, "type": "approval", "case_ref": "业务-2026-0001",
            } | changes,
        )  # fmt: skip
        assert answer.status_code == 201, answer.json()
        return answer.json()["number"]

    def signed(self, **changes: Any) -> dict[str, Any]:
        return {
            "check": changes.pop("check", None) or self.check(),
            "text": {"code": self.text.text.code, "version": self.text.number},
            "signer": {"name": "赵一", "capacity": "legal_representative", "identity_document": "id_card"}
            | changes.pop("signer", {}),
            "signed_at": self.now.isoformat(),
            "read_confirmed": True,
            "file": SCAN,
        } | changes

    def hand_in(self, **changes: Any) -> str:
        answer = self.post("commitments", self.signed(**changes))
        assert answer.status_code == 201, answer.json()
        return answer.json()["code"]

    @staticmethod
    def client_of(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="credit_portal.registry.accounts.StaffBackend")
        return client

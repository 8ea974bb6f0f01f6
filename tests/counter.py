"""A clerk at the counter, by services: the steps before signing in one call. (Pages are tried in the browser tests.)"""

import base64
import io
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image, ImageDraw

from commitments import drafting, presenting, signing
from commitments.models import Commitment, Draft, TextVersion
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import CreditSubject, ServiceItemVersion, User

from . import factories
from .factories import NOW


def signature_png(*, width: int = 6) -> bytes:
    """A stroke of ink on white, as a signature pad gives it."""
    picture = Image.new("RGB", (400, 160), "white")
    ImageDraw.Draw(picture).line([(30, 120), (120, 40), (200, 130), (330, 50)], fill="black", width=width)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def signature_data_url() -> str:
    return "data:image/png;base64," + base64.b64encode(signature_png()).decode()


@dataclass
class Counter:
    """One window with everything that a journey needs."""

    clerk: User
    item: ServiceItemVersion
    text: TextVersion
    subject: CreditSubject

    @classmethod
    def open(cls, *, region: str = "130111", **text_fields: Any) -> "Counter":
        department = factories.department(region=region, kind="approval_bureau")
        clerk = factories.staff("clerk", department=department)
        for key, value in (
            ("route.unrepaired", "ordinary"),
            ("scrutiny.in_publicity", True),
            ("expired_counts_as_repaired", True),
        ):
            PolicyRule.objects.get_or_create(
                region=department.region,
                key=key,
                effective_from=NOW.date().replace(year=2020),
                defaults={"value": value, "basis": "测试依据", "confirmed": True},
            )
        return cls(
            clerk,
            factories.item_version(department=department),
            factories.text_version(department=department, **text_fields),
            factories.subject(region=region),
        )

    @property
    def code(self) -> str:
        return self.subject.uscc or self.subject.id_number

    def checked(self, *, now: datetime = NOW, fresh: bool = False, **choice: Any) -> Draft:
        draft = drafting.open_draft(clerk=self.clerk, code=self.code, now=now, fresh=fresh)
        values = {
            "item_version_id": self.item.pk,
            "commitment_type": "approval",
            "late_materials": False,
            "case_ref": "栾审2026-001",
        }
        return drafting.check_draft(draft_id=draft.pk, clerk=self.clerk, now=now, **(values | choice))

    def show(
        self, draft: Draft, *, now: datetime = NOW, parts: tuple[str, ...] = presenting.MUST_BE_SHOWN
    ) -> None:
        for part in parts:
            presenting.record_presentation(
                draft_id=draft.pk, clerk=self.clerk, part=part, key=uuid.uuid4(), seconds=7, now=now
            )

    def ready(self, *, now: datetime = NOW, blanks: dict[str, str] | None = None, **choice: Any) -> Draft:
        """A draft that has been read and awaits the signature."""
        draft = self.checked(now=now, **choice)
        if blanks:
            drafting.save_blanks(draft_id=draft.pk, clerk=self.clerk, values=blanks, now=now)
        self.show(draft, now=now)
        return presenting.finish_reading(draft_id=draft.pk, clerk=self.clerk, now=now)

    def sign(self, draft: Draft | None = None, *, now: datetime = NOW, **given: Any) -> Commitment:
        draft = draft or self.ready(now=now)
        values: dict[str, Any] = {
            "signer_name": "赵一",
            "capacity": "self" if self.subject.kind == "person" else "legal_representative",
            "identity_document": "id_card",
            "signature_png": signature_png(),
        }
        return signing.sign(draft_id=draft.pk, clerk=self.clerk, now=now, **(values | given))

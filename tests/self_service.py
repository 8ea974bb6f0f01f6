"""A subject that signs on its own pages, by services and by pages: the steps in one call each."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commitments import drafting, presenting
from commitments.models import Commitment, Draft, TextVersion
from commitments.online import beginning, signing
from credit_portal.registry.models import CreditSubject, OccupationGroup, ServiceItemVersion, SubjectAccess

from . import factories, subjects
from .counter import Counter, signature_data_url, signature_png
from .factories import NOW


def group(code: str = "teachers", name: str = "教育从业人员") -> OccupationGroup:
    """As the migration enters them; made again where a test that commits has emptied the tables."""
    found, _ = OccupationGroup.objects.get_or_create(
        code=code, defaults={"name": name, "basis": "S0", "valid_from": NOW.date().replace(year=2020)}
    )
    return found


@dataclass
class Phone:
    """One subject with its access, and an item that its department has opened online."""

    hall: Counter
    subject: CreditSubject
    access: SubjectAccess
    item: ServiceItemVersion
    text: TextVersion

    @classmethod
    def on(
        cls, *, subject: CreditSubject | None = None, item: dict[str, Any] | None = None, **text: Any
    ) -> "Phone":
        hall = Counter.open()
        department = hall.clerk.department
        version = factories.item_version(
            department=department,
            **(
                {"online": True, "allowed_types": ["voluntary"], "name": "诚信经营承诺", "pinyin": "cxjycn"}
                | (item or {})
            ),
        )
        made = factories.text_version(
            **({"department": department, "commitment_type": "voluntary", "item": version.item} | text)
        )
        who = subject or hall.subject
        return cls(hall, who, subjects.opened(who, actor=hall.clerk), version, made)

    def begun(self, *, now: datetime = NOW, access: SubjectAccess | None = None) -> Draft:
        return beginning.begin(access=access or self.access, item_version_id=self.item.pk, now=now)

    def checked(self, *, now: datetime = NOW, kind: str = "voluntary") -> Draft:
        return beginning.check(
            draft_id=self.begun(now=now).pk, access=self.access, commitment_type=kind, case_ref="", now=now
        )

    def show(self, draft: Draft, *, now: datetime = NOW) -> None:
        for part in presenting.MUST_BE_SHOWN:
            presenting.record_presentation(
                draft_id=draft.pk, clerk=self.access, part=part, key=uuid.uuid4(), seconds=5, now=now
            )

    def ready(
        self, *, now: datetime = NOW, blanks: dict[str, str] | None = None, kind: str = "voluntary"
    ) -> Draft:
        draft = self.checked(now=now, kind=kind)
        if blanks:
            drafting.save_blanks(draft_id=draft.pk, clerk=self.access, values=blanks, now=now)
        self.show(draft, now=now)
        return presenting.finish_reading(draft_id=draft.pk, clerk=self.access, now=now)

    def sign(self, draft: Draft | None = None, *, now: datetime = NOW, **given: Any) -> Commitment:
        values: dict[str, Any] = {"signature_png": signature_png()}
        return signing.sign(
            draft_id=(draft or self.ready(now=now)).pk, access=self.access, now=now, **(values | given)
        )

    def client(self) -> Client:
        return subjects.client_of(self.access)


def photo(*, width: int = 6, name: str = "IMG_0001.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or signature_png(width=width), content_type="image/png")


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def walk(
    client: Client, item: ServiceItemVersion, *, blanks: dict[str, str] | None = None, kind: str = "voluntary"
) -> str:
    """By plain forms from the item to the page of the signature; gives its address."""
    answer = client.post(f"/me/sign/items/{item.pk}/")
    assert answer.status_code == 302, answer.status_code
    address: str = answer["Location"]
    assert client.post(f"{address}check/", {"commitment_type": kind, "case_ref": ""}).status_code == 302
    for _ in range(6):
        page = client.get(address).content.decode()
        if "都看过了" in page:
            break
        if "填写承诺书的空白处" in page:
            sent = {f"blank-{key}": value for key, value in (blanks or {}).items()}
            assert client.post(f"{address}blanks/", sent).status_code == 302
            continue
        told = {name: hidden(page, name) for name in ("part", "key", "seal")} | {"seconds": ""}
        assert client.post(f"{address}shown/", told).status_code == 302
    assert client.post(f"{address}finish/").status_code == 302
    return address


SIGNED = {"signed_by": "pad", "signature": signature_data_url()}

"""An association with its staff, its text and its members, made by the services that make them in life."""

from datetime import date, datetime
from typing import Any

from commitments import texts
from commitments.associations import campaigns, texting
from commitments.models import Campaign, RosterEntry, RosterUpload
from commitments.rosters import uploading
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject

from . import factories, office, subjects
from .counter import Counter, signature_png
from .factories import NOW
from .rows import WORDS as WORDS
from .rows import row as row
from .rows import sheet as sheet
from .self_service import Phone


class Guild:
    """One association in Luancheng: who works there, who publishes, who supervises."""

    def __init__(self, members: int = 4, *, online: bool = True) -> None:
        self.hall = Counter.open()
        self.association = factories.department(kind="association", region="130111")
        self.staff = factories.staff(groups.ASSOCIATION, department=self.association)
        self.bureau = factories.staff(groups.APPROVAL_BUREAU, department=self.hall.clerk.department)
        self.credit_office = factories.department(kind="credit_office", region="130111")
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.credit_office)
        self.item = factories.item_version(
            department=self.association, online=online, allowed_types=["industry"], name="餐饮业会员自律承诺",
            allows_late_materials=False, materials=[],
        )  # fmt: skip
        draft = texting.save_draft(association=self.association, words=WORDS, actor=self.staff, now=NOW)
        self.text = texts.publish_text(version=draft, valid_from=NOW.date(), actor=self.bureau, now=NOW)
        self.members = [self.hall.subject, *(factories.subject() for _ in range(members - 1))]
        if members:
            self.take([row(one) for one in self.members])

    def take(
        self,
        rows: list[dict[str, str]],
        *,
        now: datetime = NOW,
        as_of: date | None = None,
        sort: str = "members",
    ) -> RosterUpload:
        """A list taken in by whoever keeps it."""
        actor = self.staff if sort == "members" else self.credit
        upload = uploading.check_file(
            sort=sort, name="名单.xlsx", content=sheet(rows), as_of=as_of or now.date(), actor=actor, now=now
        )
        assert upload.faults == [], upload.faults
        return uploading.confirm(upload_id=upload.pk, confirmed=True, actor=actor, now=now)

    def entry(self, subject: CreditSubject) -> RosterEntry:
        return RosterEntry.objects.get(subject=subject, sort="members", left_on=None)

    def campaign(self, **more: Any) -> Campaign:
        told = {"name": "2026 年度会员承诺", "from_on": NOW.date(), "until_on": date(2026, 10, 31)}
        return campaigns.create(association=self.association, actor=self.staff, now=NOW, **(told | more))

    def phone(self, subject: CreditSubject) -> Phone:
        """A member's telephone."""
        held = subjects.opened(subject, actor=self.hall.clerk)
        return Phone(self.hall, subject, held, self.item, self.text)

    def sign(self, subject: CreditSubject, *, now: datetime = NOW) -> Any:
        phone = self.phone(subject)
        return phone.sign(phone.ready(now=now, kind="industry"), now=now, signature_png=signature_png())

    def client(self, user: Any = None) -> Any:
        return office.client_of(user or self.staff)

    @property
    def home(self) -> str:
        return f"/desk/associations/{self.association.uscc}/"

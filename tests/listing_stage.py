"""A department that puts a firm on a list: its people, the firm with an adverse entry and a legal representative, two lists with
methods that apply, and the whole way of a procedure."""

from datetime import date, timedelta

from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry import groups
from credit_portal.registry.services import set_responsible
from tests import factories
from tests.factories import NOW
from verification import listing, listing_leaving, listing_opening
from verification import services as record
from verification.models import Listing

MEASURE = {"domain": "procurement", "effect": "refused", "basis": "政府采购法第二十二条"}


class Office:
    def __init__(self, region: str = "130111") -> None:
        self.place = factories.department(region=region)
        self.officer = factories.staff(groups.OFFICER, department=self.place)
        self.head = factories.staff(groups.HEAD, department=self.place)
        self.firm = factories.subject(state_owned=True)
        self.now = NOW
        self.person_number = factories.id_number()
        self.responsible = set_responsible(
            subject=self.firm, capacity="legal_representative", name="欧阳演示", source="licence", actor=None,
            department=None, now=NOW, id_number=self.person_number,
        )  # fmt: skip
        PolicyRule.objects.create(
            region=factories.region(region), key="advance_notice", value=5, unit="working_days", basis="演示",
            confirmed=True, effective_from=date(2020, 1, 1),
        )  # fmt: skip
        self.entry = record.add_entry(
            subject=self.firm, kind="penalty", title="重大违法", source="演示", region=self.place.region,
            from_on=date(2026, 6, 1), operator=None, now=NOW, department=self.place,
        )  # fmt: skip

        for name, kind in (("严重违法失信名单", "joint"), ("重点关注名单", "watch")):
            factories.list_method(name, kind=kind, department=self.place)

    def opened(self, **fields) -> Listing:
        values = {
            "subject": self.firm, "list_name": "严重违法失信名单", "basis": "名单管理办法第五条", "standard": "情节严重",
            "facts": "多次违法，拒不改正。", "grounds": [self.entry.pk], "measures": [MEASURE],
        }  # fmt: skip
        return listing_opening.open_listing(**(values | fields), actor=self.officer, now=self.now)

    def on(self, row: Listing, **fields) -> Listing:
        """Through notice, silence, proposal, approval and service."""
        common = {"listing_id": row.pk}
        row = listing.give_notice(
            **common, expect="opened", noticed_on=local_date(self.now), actor=self.officer, now=self.now
        )
        self.now += row.statement_until - local_date(self.now) + timedelta(days=1)
        term = fields.get("term_until", local_date(self.now) + timedelta(days=365))
        listing.propose(
            **common, expect="noticed", term_until=term, exit_rule="履行义务满一年", statement_considered="",
            actor=self.officer, now=self.now,
        )  # fmt: skip
        listing.decide(**common, expect="proposed", document_no="", actor=self.head, now=self.now)
        return listing.serve(
            **common, expect="decided", served_on=local_date(self.now), service="直接送达，签收", actor=self.officer,
            now=self.now,
        )  # fmt: skip

    def left(self, row: Listing, reason: str = "履行完毕，已经核查属实。") -> Listing:
        """Off the list before its term: one proposes, the head agrees."""
        common = {"listing_id": row.pk, "expect": "in_force", "now": self.now}
        listing_leaving.propose_leaving(**common, reason=reason, actor=self.officer)
        return listing_leaving.leave(**common, actor=self.head)

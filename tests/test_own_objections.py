"""A subject objects on its own pages: known at once, marked at once, to its own records alone."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, TestCase

from credit_portal.audit import clock
from disclosure.models import Objection
from tests import factories, subjects
from tests.breach_stage import Stage
from tests.objecting import PHONE, give_time
from tests.reading import english


class OnItsOwnPages(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        give_time()
        cls.stage = Stage()
        cls.publication = cls.stage.published()
        cls.subject = cls.stage.commitment.subject
        cls.entry_id = cls.publication.case.entry_id
        cls.other = factories.credit_entry()

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(clock, "now", lambda: self.stage.now)

    def sent(self, **changes: Any) -> dict[str, Any]:
        told = {"key": str(uuid4()), "phone": PHONE, "points": ["document_no"], "wanted": "change"}
        return told | {"reasons": "文号与认定书不一致。"} | changes

    @pytest.mark.req("R104", "R58")
    def test_it_is_known_and_marked_at_once_and_only_its_own_can_be_objected_to(self) -> None:
        client = subjects.client_for(self.subject, now=self.stage.now)
        page = client.get("/me/objections/").content.decode()
        assert f"of=entry:{self.entry_id}" in page and english(page) == set()
        address = f"/me/objections/new/?of=entry:{self.entry_id}"
        assert client.post(address, self.sent(phone="1")).status_code == 422
        assert client.post(address, self.sent()).status_code == 302
        row = Objection.objects.get()
        assert (row.way, row.identity, row.marked, row.of) == ("me", "session", True, "breach")
        assert "异议处理中" in Client().get(f"/breaches/{self.publication.uuid}/").content.decode()
        assert row.number in client.get("/me/objections/").content.decode()
        for of in (
            f"entry:{self.other.pk}",
            "entry:²",
            f"entry:{'9' * 30}",
            "entry:",
            "breach:x",
            f"breach:{uuid4()}",
        ):
            assert client.get("/me/objections/new/", {"of": of}).status_code == 404
        stranger = subjects.client_for(self.other.subject, now=self.stage.now)
        assert (
            stranger.get("/me/objections/new/", {"of": f"breach:{self.publication.uuid}"}).status_code == 404
        )
        assert row.number not in stranger.get("/me/objections/").content.decode()
        assert Client().get("/me/objections/").status_code == 302

    @pytest.mark.req("R104")
    def test_an_agent_who_may_only_look_cannot_object(self) -> None:
        held = subjects.opened(self.subject, capacity="agent", now=self.stage.now, scope="view")
        client = subjects.client_of(held, now=self.stage.now)
        page = client.get("/me/objections/").content.decode()
        assert "只能查看" in page and "new/?of" not in page
        address = f"/me/objections/new/?of=entry:{self.entry_id}"
        assert client.get(address).status_code == 403
        assert client.post(address, self.sent()).status_code == 403
        assert not Objection.objects.exists()

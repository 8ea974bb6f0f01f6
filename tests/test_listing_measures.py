"""The measures of a listing: as many as are decided, each in its own row, and none that the public list of measures would not take
(S1 八 十, S4 8 10; R78, R79, R83)."""

import pytest

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from tests.listing_stage import MEASURE, Office
from tests.office import client_of
from verification import listing_grounds, listing_measures
from verification.listing import ListingRefused
from verification.listing_measures import ERROR_WATCH, NO_BASIS, NO_EFFECT, TOO_MANY, TWICE
from verification.measures.fitting import BAN_NEEDS_DOMAIN
from verification.models import Listing

pytestmark = pytest.mark.django_db
BAN = {"domain": "food_drug", "effect": "ban", "basis": "食品安全法第一百三十五条"}
KEY = {"domain": "", "effect": "key", "basis": "名单管理办法第九条"}


@pytest.fixture
def office() -> Office:
    return Office()


def _told(office: Office, *measures: dict[str, str], **more: object) -> dict[str, object]:
    typed = {
        listing_measures.field_name(place, field): value
        for place, one in enumerate(measures)
        for field, value in one.items()
    }
    return {
        "code": office.firm.uscc, "kind": "joint", "list_name": "严重违法失信名单", "basis": "名单办法第五条",
        "standard": "情节严重", "facts": "多次违法，拒不改正，已经查明。", "grounds": [office.entry.pk],
    } | typed | more  # fmt: skip


WRONG = [
    ([BAN | {"domain": ""}], {(0, "domain"): BAN_NEEDS_DOMAIN}),
    ([MEASURE, {}, BAN | {"domain": ""}], {(2, "domain"): BAN_NEEDS_DOMAIN}),
    ([MEASURE, MEASURE], {(1, "effect"): TWICE}),
    ([MEASURE, BAN | {"basis": ""}], {(1, "basis"): NO_BASIS}),
    ([{"domain": "procurement", "effect": "", "basis": ""}], {(0, "effect"): NO_EFFECT}),
    ([MEASURE | {"effect": "exit_rule"}], {(0, "effect"): NO_EFFECT}),
    ([MEASURE | {"effect": "points"}], {(0, "effect"): NO_EFFECT}),
]


@pytest.mark.req("R78", "R83")
@pytest.mark.parametrize(("given", "wrong"), WRONG)
def test_what_does_not_fit_is_said_at_its_place_by_the_service_too(office, given, wrong) -> None:
    assert listing_measures.read(given, kind="joint")[1] == wrong
    with pytest.raises(ListingRefused) as refused:
        office.opened(measures=given)
    ((place, field), text) = next(iter(wrong.items()))
    assert (refused.value.field, str(refused.value)) == (listing_measures.field_name(place, field), text)
    assert not Listing.objects.exists()


@pytest.mark.req("R79")
def test_a_watch_brings_a_stricter_look_only_and_six_measures_are_too_many() -> None:
    assert listing_measures.read([KEY, BAN], kind="watch")[1] == {(1, "effect"): ERROR_WATCH}
    many = [KEY | {"basis": f"办法第 {place} 条"} for place in range(6)]
    assert listing_measures.read(many, kind="watch")[1] == {(5, "effect"): TOO_MANY}
    assert listing_measures.read(many[:5], kind="watch") == (many[:5], {})


@pytest.mark.req("R78", "R83")
def test_several_measures_are_entered_in_one_form_and_all_come_into_the_record(office, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: office.now)
    monkeypatch.setattr(clock, "today", lambda: local_date(office.now))
    desk = client_of(office.officer)
    page = desk.get("/desk/lists/new/", {"code": office.firm.uscc}).content.decode()
    for place in range(listing_measures.MOST):
        assert f'name="{listing_measures.field_name(place, "effect")}"' in page
    assert "还有其他措施" in page and "按名单退出规则" not in page
    assert '<details class="spaced">' in page
    # Each problem at its own field, all at once; what is typed in a later row is not hidden.
    refused = desk.post("/desk/lists/new/", _told(office, BAN | {"domain": ""}, MEASURE, MEASURE))
    form = refused.context["form"]
    assert refused.status_code == 422
    assert dict(form.errors) == {"domain": [BAN_NEEDS_DOMAIN], "effect_3": [TWICE]}
    assert '<details class="spaced" open>' in refused.content.decode()
    assert not Listing.objects.exists()
    # Rows left empty between them are none.
    assert desk.post("/desk/lists/new/", _told(office, MEASURE, {}, BAN, {}, KEY)).status_code == 302
    row = Listing.objects.get()
    assert row.measures == [MEASURE, BAN, KEY]
    row = office.on(row)
    assert set(row.entry.measures.exclude(effect="exit_rule").values_list("domain", "effect")) == {
        ("procurement", "refused"), ("food_drug", "ban"), ("", "key"),
    }  # fmt: skip
    # The same at a responsible person's.
    person = {"responsible": office.responsible.pk, "facts": "直接负责，拒不改正违法。"} | {
        listing_measures.field_name(place, field): value
        for place, one in enumerate((MEASURE, BAN | {"domain": ""}))
        for field, value in one.items()
    }
    address = f"/desk/lists/{row.uuid}/do/person/"
    answer = desk.post(address, person)
    assert answer.status_code == 422 and BAN_NEEDS_DOMAIN in answer.content.decode()
    assert desk.post(address, person | {"domain_2": "food_drug"}).status_code == 302
    assert Listing.objects.get(parent=row).measures == [MEASURE, BAN]


@pytest.mark.req("R78")
def test_nothing_has_to_follow(office) -> None:
    assert office.opened(measures=[{}, {"domain": "", "effect": "", "basis": ""}]).measures == []
    assert listing_grounds.grounds_of(office.firm, on=local_date(office.now)) == [office.entry]

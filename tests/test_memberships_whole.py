"""Whole lists, in sets: whoever is named no more leaves, and what follows for a check."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox import services as outbox
from credit_portal.registry.models import CreditSubject
from tests import factories
from tests.factories import NOW, TODAY
from tests.membership_stage import FILES, GONE, HOME, Place, db, file_of, table, told
from tests.office import client_of
from tests.scenes import mine
from verification import services as record
from verification.in_sets import Exit, end_entries
from verification.memberships import uploading
from verification.models import AppliedMeasure, CreditEntry, MembershipUpload


@pytest.fixture(scope="module")
def built(scene) -> Place:
    return scene(Place)


@pytest.fixture
def place(built, db) -> Place:
    return mine(built)


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@db
@pytest.mark.req("R94")
def test_whoever_a_whole_list_names_no_more_leaves_it_and_nobody_else(place: Place) -> None:
    others = told(8, source="另一个法院")
    place.take(*(told(n) for n in range(1, 6)), others, told(9, list="tax_serious"))
    place.take(told(7, until_on="2026-09-01"))
    part = place.check(*(told(n) for n in range(2, 6)), told(6), whole=True)
    assert (part.added, part.same, part.most) == (1, 4, False)
    (leaving,) = uploading.missing_of(part)
    assert leaving.document_no == told(1)["document_no"]
    done = place.take(*(told(n) for n in range(2, 6)), told(6), whole=True)
    leaving.refresh_from_db()
    assert (done.state, leaving.state, leaving.ended_on) == ("done", "ended", TODAY)
    assert "名单.xlsx" in leaving.end_reason
    states = dict(CreditEntry.objects.values_list("document_no", "state"))
    assert (
        states[others["document_no"]]
        == states[told(7)["document_no"]]
        == states[told(9)["document_no"]]
        == "effective"
    )
    assert "不写移出的行" in place.check(told(2), told(3, **GONE), whole=True).faults[0][1][0][1]
    # The same file a second time is the one that was taken in; after another one it is looked at anew.
    again, new = uploading.check_file(
        name="x.xlsx", content=file_of(*(told(n) for n in range(2, 6)), told(6)), whole=True,
        actor=place.credit, now=NOW,
    )  # fmt: skip
    assert (again.pk, new) == (done.pk, False)


@db
def test_more_than_half_of_a_list_leaves_only_after_a_tick(place: Place) -> None:
    place.take(*(told(n) for n in range(1, 6)))
    client = client_of(place.credit)
    answer = client.post(
        FILES, {"file": SimpleUploadedFile("全部.xlsx", file_of(told(1), told(2))), "whole": "on"}
    )
    page = client.get(answer.url).content.decode()
    assert "将要移出的主体（3）" in page and "一半以上" in page and "演示第3商贸有限公司" in page
    refused = client.post(answer.url, {"deed": "start"})
    assert refused.status_code == 409 and "勾选" in refused.content.decode()
    assert len(table(client.get(f"{answer.url}missing.xlsx").content)) == 4
    client.post(answer.url, {"deed": "start", "confirmed": "1"})
    assert "正在录入" in client.get(answer.url).content.decode()
    outbox.deliver_due(now=NOW)
    assert "文件中没有而移出 3 条" in client.get(answer.url).content.decode()
    assert CreditEntry.objects.filter(state="effective").count() == 2


@db
def test_where_the_list_has_changed_since_it_was_shown_nothing_is_taken_in(place: Place) -> None:
    place.take(told(1), told(2), told(3))
    upload = place.check(told(1), told(2), whole=True)
    place.take(told(4))
    uploading.start(upload_id=upload.pk, confirmed=True, actor=place.credit, now=NOW)
    outbox.deliver_due(now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.missing) == ("stale", [])
    assert CreditEntry.objects.filter(state="effective").count() == 4
    later = place.check(told(5))
    place.take(told(5, until_on="2030-01-01"))
    uploading.start(upload_id=later.pk, confirmed=False, actor=place.credit, now=NOW)
    outbox.deliver_due(now=NOW)
    later.refresh_from_db()
    assert later.state == "stale" and "内容不同" in later.faults[0][1][0][1]
    client, address = client_of(place.credit), f"{FILES}{later.uuid}/"
    assert "请重新上传" in client.get(address).content.decode()
    client.post(address, {"deed": "discard"})
    later.refresh_from_db()
    assert (later.state, later.sealed) == ("discarded", "")
    with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
        MembershipUpload.objects.filter(state="done").update(rows=7)


def queries(place: Place, first: int, number: int) -> tuple[int, int]:
    """Of looking a file through, and of taking it in: half of it put on, half taken off."""
    numbers = range(first, first + number)
    place.take(*(told(n) for n in numbers))
    rows = [told(n, **GONE) for n in numbers] + [told(n + 500) for n in numbers]
    with CaptureQueriesContext(connection) as looked:
        upload = place.check(*rows)
    uploading.start(upload_id=upload.pk, confirmed=False, actor=place.credit, now=NOW)
    with CaptureQueriesContext(connection) as taken:
        uploading.take_in({"upload": upload.pk}, key="k", now=NOW)
    return len(looked), len(taken)


@db
def test_what_a_file_asks_of_the_database_does_not_grow_with_it(place: Place) -> None:
    few = queries(place, 1, 3)
    assert queries(place, 100, 40) == few
    assert few[0] < 20 and few[1] <= 46


@db
def test_many_end_together_with_their_measures_or_not_at_all(place: Place) -> None:
    subject = factories.subject()
    entries = [factories.credit_entry(subject=subject, kind="list") for _ in range(3)]
    check = record.check_subject(
        subject=subject, item_version=factories.item_version(), commitment_type="supervisory",
        operator=place.officer, now=NOW,
    )  # fmt: skip
    for entry in entries:
        AppliedMeasure.objects.create(
            check_made=check, entry=entry, department=place.finance, region=place.region, domain="procurement",
            effect="refused", text="拒绝", basis="依据", applied_on=TODAY,
        )  # fmt: skip
    end_entries(exits={entries[0].pk: Exit(TODAY, "期满")}, operator=None, now=NOW)
    with pytest.raises(record.MoveRefused):
        end_entries(exits={one.pk: Exit(TODAY, "删除") for one in entries}, operator=None, now=NOW)
    assert CreditEntry.objects.filter(state="ended").count() == 1
    end_entries(exits={one.pk: Exit(TODAY, "删除") for one in entries[1:]}, operator=place.credit, now=NOW)
    assert set(AppliedMeasure.objects.values_list("ended_on", "end_reason")) == {(TODAY, "ended")}
    assert AuditEvent.objects.filter(verb="measure.ended").count() == 2
    assert CreditEntry.objects.filter(state="ended", ended_on=TODAY).count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.credit_entry(ended_on=TODAY)


@db
@pytest.mark.req("R53", "R56")
def test_a_check_goes_by_the_list_from_its_first_day_to_its_last_and_no_further() -> None:
    place = Place("130129")
    for code, value in (("market_ban_for_good", False),):
        PolicyRule.objects.create(
            region=place.region, key=code, value=value, unit="switch", basis="S3 二（四）", confirmed=True,
            effective_from=date(2023, 9, 21),
        )  # fmt: skip
    place.take(
        told(1, from_on="2026-09-14", until_on="2026-09-20"), told(2, list="exemplary", source="县政府")
    )
    forever = place.check(told(3, list="market_ban", until_on="无期限"))
    assert "没有开通或者没有确认" in forever.faults[0][1][0][1]
    item = factories.item_version(department=place.finance, domain="procurement")

    def route(number: int, days: int) -> str:
        check = record.check_subject(
            subject=CreditSubject.objects.get(uscc=told(number)["subject_code"]), item_version=item,
            commitment_type="supervisory", operator=place.officer, now=NOW + timedelta(days=days),
        )  # fmt: skip
        return f"{check.route} {' '.join(one['text'] for one in check.reasons)}"

    assert route(1, 0).startswith("refused") and route(1, 6).startswith("refused")
    assert route(1, 7).startswith("commitment") and "期满" in route(1, 7)
    assert "加分" in route(2, 0)
    PolicyRule.objects.update(value=True)
    assert place.check(told(3, list="market_ban", until_on="无期限")).faults == []
    entry = CreditEntry.objects.get(document_no=told(1)["document_no"])
    page = client_of(place.credit).get(f"{HOME}{entry.uuid}/").content.decode()
    assert "2026-09-20" in page and "次日起不再影响核查" in page

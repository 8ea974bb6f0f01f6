"""A listing stands on entries of the record: without one that counts nobody is put on a list, and where one goes, whoever has put
somebody there on it is told (S1 八, S4 8; R78)."""

import threading
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from credit_portal.audit.clock import local_date
from credit_portal.documents.services import read_evidence
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories, subjects
from tests.factories import NOW
from tests.listing_stage import Office
from tests.office import client_of
from tests.paper_reading import text_of
from verification import correcting, in_sets, listing, listing_grounds
from verification import services as record
from verification.listing import ListingRefused

pytestmark = pytest.mark.django_db
TODAY = local_date(NOW)


@pytest.fixture
def office() -> Office:
    return Office()


def _credit():
    return factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(kind="credit_office", region="130111")
    )


def _gone(entry_id: int, how: str, *, now=NOW) -> None:
    if how == "revoked":
        record.revoke_entry(entry_id=entry_id, operator=_credit(), now=now)
    elif how == "repaired":
        record.mark_repaired(entry_id=entry_id, repaired_on=local_date(now), operator=None, now=now)
    elif how == "ended":
        record.end_entry(entry_id=entry_id, operator=None, now=now)
    else:
        in_sets.end_entries(exits={entry_id: in_sets.Exit(local_date(now), "期满")}, operator=None, now=now)


def _steps(office: Office, row):
    """Each step to the list, by name, in its order; the clock is the office's."""
    common = {"listing_id": row.pk}
    yield (
        "notice",
        lambda: listing.give_notice(
            **common, expect="opened", noticed_on=local_date(office.now), actor=office.officer, now=office.now
        ),
    )
    row.refresh_from_db()
    office.now += row.statement_until - local_date(office.now) + timedelta(days=1)
    term = local_date(office.now) + timedelta(days=400)
    yield "propose", lambda: listing.propose(
        **common, expect="noticed", term_until=term, exit_rule="甲", statement_considered="",
        actor=office.officer, now=office.now,
    )  # fmt: skip
    yield (
        "decide",
        lambda: listing.decide(
            **common, expect="proposed", document_no="", actor=office.head, now=office.now
        ),
    )
    yield "serve", lambda: listing.serve(
        **common, expect="decided", served_on=local_date(office.now), service="直接送达", actor=office.officer,
        now=office.now,
    )  # fmt: skip


@pytest.mark.req("R78")
@pytest.mark.parametrize("how", ["revoked", "repaired", "ended", "in_sets"])
@pytest.mark.parametrize("at", ["notice", "propose", "decide", "serve"])
def test_nobody_is_put_on_a_list_on_a_ground_that_is_gone(office, at, how) -> None:
    row = office.opened()
    for name, step in _steps(office, row):
        if name != at:
            step()
            continue
        _gone(office.entry.pk, how, now=office.now)
        before = row.steps.count()
        with pytest.raises(ListingRefused, match="所依据的记录都已不再有效") as said:
            step()
        assert ("撤回立案" if at == "notice" else "不予列入") in str(said.value)
        assert row.steps.count() == before
        break
    row.refresh_from_db()
    if at == "notice":
        row = listing.withdraw(
            listing_id=row.pk, expect="opened", reason="依据已经没有", actor=office.officer, now=office.now
        )
    else:
        row = listing.refuse(
            listing_id=row.pk, expect=row.state, reason="依据已经没有", actor=office.head, now=office.now
        )
    assert row.state == "refused" and row.entry is None


@pytest.mark.req("R78")
def test_what_passed_after_its_service_was_a_ground_on_that_day(office) -> None:
    last = TODAY + timedelta(days=20)
    office.entry = record.add_entry(
        subject=office.firm, kind="penalty", title="有期限的处罚", source="演示", region=office.place.region,
        from_on=date(2026, 6, 1), until_on=last, operator=None, now=NOW, department=office.place,
    )  # fmt: skip
    row = office.opened(grounds=[office.entry.pk])
    steps = _steps(office, row)
    for name, step in steps:
        if name == "serve":
            break
        step()
    served = local_date(office.now)
    assert served <= last
    office.now += timedelta(days=30)
    with pytest.raises(ListingRefused, match="已期满"):
        listing.serve(
            listing_id=row.pk, expect="decided", served_on=last + timedelta(days=1), service="直接送达",
            actor=office.officer, now=office.now,
        )  # fmt: skip
    row = listing.serve(
        listing_id=row.pk, expect="decided", served_on=served, service="直接送达", actor=office.officer,
        now=office.now,
    )  # fmt: skip
    assert row.state == "in_force"


@pytest.mark.req("R78")
def test_one_ground_that_stands_is_enough_and_each_is_shown_as_it_is(office, monkeypatch) -> None:
    second = record.add_entry(
        subject=office.firm, kind="penalty", title="另一项处罚", source="演示", region=office.place.region,
        from_on=date(2026, 6, 2), operator=None, now=NOW, department=office.place,
    )  # fmt: skip
    row = office.opened(grounds=[office.entry.pk, second.pk])
    _gone(office.entry.pk, "repaired")
    # What is put right stands as it stands now.
    correcting.correct_anew(
        entry_id=second.pk, changes={"title": "写对的处罚"}, reason="错字", actor=_credit(), now=NOW
    )
    row = office.on(row)
    paper = text_of(read_evidence(row.steps.get(label="批准列入").document))
    assert "重大违法（已修复）" in paper and "写对的处罚。" in paper and "另一项处罚" not in paper
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: office.now)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: local_date(office.now))
    page = client_of(office.head).get(f"/desk/lists/{row.uuid}/").content.decode()
    assert '重大违法 <span class="badge">已修复</span>' in page and "都已不再有效" not in page
    own = (
        subjects.client_for(office.firm, name="欧阳演示", id_number=office.person_number)
        .get(f"/me/listings/{row.uuid}/", follow=True)
        .content.decode()
    )
    assert "重大违法（已修复）" in own and "写对的处罚" in own


@pytest.mark.req("R78")
@pytest.mark.parametrize("how", ["revoked", "repaired", "ended", "in_sets"])
def test_the_department_is_told_when_a_ground_goes(office, monkeypatch, how) -> None:
    running, row = (
        office.opened(list_name="重点关注名单", kind="watch", measures=[]),
        office.on(office.opened()),
    )
    other = factories.staff(groups.OFFICER, department=factories.department(region="130111"))
    _gone(office.entry.pk, how, now=office.now)
    told = Notice.objects.filter(key__contains=":ground:")
    links = {f"/desk/lists/{one.uuid}/" for one in (running, row)}
    for user in (office.officer, office.head):
        assert set(told.filter(user=user).values_list("link", flat=True)) == links
    assert set(told.values_list("user__department", flat=True)) == {office.place.pk}
    words = "已撤销已修复已终止"
    assert all(one.title[-3:] in words and office.firm.name not in one.title + one.body for one in told)
    assert "撤销列入决定" in told.filter(link__contains=str(row.uuid))[0].body
    assert not Notice.objects.filter(user=other, key__contains=":ground:").exists()
    monkeypatch.setattr("credit_portal.audit.clock.now", lambda: office.now)
    monkeypatch.setattr("credit_portal.audit.clock.today", lambda: local_date(office.now))
    for one in (running, row):
        assert (
            "所依据的记录都已不再有效"
            in client_of(office.head).get(f"/desk/lists/{one.uuid}/").content.decode()
        )


@pytest.mark.req("R78")
def test_a_correction_tells_nobody_but_where_the_ground_is_none_any_more(office) -> None:
    row = office.on(office.opened())
    new = correcting.correct_anew(
        entry_id=office.entry.pk, changes={"title": "写对的"}, reason="错字", actor=_credit(), now=office.now
    )
    assert not Notice.objects.filter(key__contains=":ground:").exists()
    assert [one.words for one in listing_grounds.shown(row, local_date(office.now))] == ["行政处罚，写对的"]
    correcting.correct_anew(
        entry_id=new.pk,
        changes={"until_on": date(2026, 7, 1)},
        reason="错期",
        actor=_credit(),
        now=office.now,
    )
    told = Notice.objects.filter(key__contains=":ground:")
    assert {office.officer.pk, office.head.pk} <= set(told.values_list("user_id", flat=True))
    said = told.count()
    listing.revoke(
        listing_id=row.pk, expect="in_force", reason="依据没有了", actor=office.head, now=office.now
    )
    # What is over concerns nobody any more.
    record.revoke_entry(
        entry_id=correcting.latest_of(new.pk), operator=_credit(), now=office.now + timedelta(days=1)
    )
    assert told.count() == said


@pytest.mark.req("R78")
def test_many_grounds_ask_the_same_number_of_queries(office, django_assert_max_num_queries) -> None:
    pks = []
    for place in range(6):
        entry = record.add_entry(
            subject=office.firm, kind="penalty", title=f"处罚 {place}", source="演示", region=office.place.region,
            from_on=date(2026, 6, 2), operator=None, now=NOW, department=office.place,
        )  # fmt: skip
        pks.append(entry.pk)
    row = office.opened(grounds=pks)
    with django_assert_max_num_queries(3):
        assert len(listing_grounds.shown(row, TODAY)) == 6


def _beside(work):
    """Run something in a connection of its own; gives the thread and what came of it."""
    found = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=run)
    return worker, found


@pytest.mark.req("R78")
@pytest.mark.django_db(transaction=True)
def test_service_and_the_end_of_its_ground_wait_for_each_other() -> None:
    office, ended = Office(), {}
    credit = _credit()
    for name in ("ground first", "service first"):
        row = office.opened(list_name="严重违法失信名单")
        steps = _steps(office, row)
        for step, take in steps:
            if step == "serve":
                break
            take()
        revoke = partial(record.revoke_entry, entry_id=office.entry.pk, operator=credit, now=office.now)
        first, second = (revoke, take) if name == "ground first" else (take, revoke)
        worker, found = _beside(second)
        with transaction.atomic():
            first()
            worker.start()
            worker.join(1.5)
            assert not found, name
        worker.join(20)
        row.refresh_from_db()
        ended[name] = (
            row.state,
            type(found[0]).__name__,
            Notice.objects.filter(key__contains=f":{row.pk}:ground:").exists(),
        )
        if name == "ground first":
            listing.refuse(
                listing_id=row.pk, expect="decided", reason="依据没有了", actor=office.head, now=office.now
            )
            office.entry = record.add_entry(
                subject=office.firm, kind="penalty", title="再次违法", source="演示", region=office.place.region,
                from_on=date(2026, 6, 1), operator=None, now=NOW, department=office.place,
            )  # fmt: skip
    # Whoever is second sees what the first has done: refused, or told to the department.
    assert ended == {
        "ground first": ("decided", "ListingRefused", True),
        "service first": ("in_force", "CreditEntry", True),
    }

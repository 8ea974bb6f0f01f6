"""Drafts where two of them meet: two tabs, corrections, a clerk who has moved to another department."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from commitments import drafting, presenting, signing
from commitments.models import Draft
from credit_portal.audit.models import AuditEvent, ReadLog

from . import factories, office
from .counter import Counter
from .factories import NOW

pytestmark = pytest.mark.django_db
REASON = "承诺事项填写有误"


def correction(counter: Counter, of, clerk=None) -> Draft:
    return signing.start_correction(commitment_id=of.pk, clerk=clerk or counter.clerk, reason=REASON, now=NOW)


def test_a_code_scanned_during_a_correction_is_an_answer_not_a_fault() -> None:
    counter = Counter.open()
    begun = correction(counter, counter.sign())
    with pytest.raises(drafting.DraftError, match="更正还没有办完"):
        drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW)
    begun.refresh_from_db()
    assert begun.step == "check"
    page = office.client_of(counter.clerk).post("/window/", {"code": counter.code})
    assert page.status_code == 422 and "更正还没有办完" in page.content.decode()


def test_one_correction_does_not_become_another() -> None:
    counter = Counter.open()
    first, second = counter.sign(), counter.sign(confirm_duplicate=True)
    begun = correction(counter, first)
    with pytest.raises(drafting.DraftError, match="另一件更正"):
        correction(counter, second)
    begun.refresh_from_db()
    assert begun.corrects == first


def test_a_correction_is_not_lost_in_a_plain_draft_of_the_same_item() -> None:
    counter = Counter.open()
    signed = counter.sign()
    plain = counter.checked()
    begun = correction(counter, signed)
    assert begun.pk != plain.pk
    with pytest.raises(drafting.DraftError, match="另有一份草稿"):
        drafting.check_draft(
            draft_id=begun.pk, clerk=counter.clerk, item_version_id=counter.item.pk,
            commitment_type="approval", late_materials=False, case_ref="", now=NOW,
        )  # fmt: skip
    begun.refresh_from_db()
    assert begun.step == "check" and begun.corrects == signed


def test_of_two_clerks_correcting_one_commitment_the_second_is_told() -> None:
    counter = Counter.open()
    signed = counter.sign()
    colleague = Counter(
        factories.staff("clerk", department=counter.clerk.department),
        counter.item,
        counter.text,
        counter.subject,
    )
    drafts = []
    for one in (counter, colleague):
        draft = correction(one, signed, one.clerk)
        choice = {"item_version_id": one.item.pk, "commitment_type": "approval", "late_materials": False}
        drafting.check_draft(draft_id=draft.pk, clerk=one.clerk, case_ref="", now=NOW, **choice)
        draft.refresh_from_db()
        one.show(draft)
        signing_draft = Draft.objects.get(pk=draft.pk)
        drafts.append(signing_draft)

    for one, draft in zip((counter, colleague), drafts, strict=True):
        presenting.finish_reading(draft_id=draft.pk, clerk=one.clerk, now=NOW)
    counter.sign(drafts[0], confirm_duplicate=True)
    with pytest.raises(signing.SigningError, match="已由另一份承诺更正"):
        colleague.sign(drafts[1], confirm_duplicate=True)


def test_a_clerk_who_moved_begins_anew_and_what_was_left_is_cleared() -> None:
    counter = Counter.open()
    left = drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW)
    counter.clerk.department = factories.department(region="130111")
    counter.clerk.save()
    anew = drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW + timedelta(hours=1))
    left.refresh_from_db()
    assert anew.pk != left.pk and left.step == "discarded"
    assert anew.department == counter.clerk.department


def test_a_draft_that_ends_keeps_nothing_typed_and_says_so_in_the_log() -> None:
    blank = {"key": "完成日期", "kind": "date", "required": False}
    counter = Counter.open(blanks=(blank,))
    read = counter.checked()
    drafting.save_blanks(draft_id=read.pk, clerk=counter.clerk, values={"完成日期": "2026-10-20"}, now=NOW)
    drafting.save_signer(draft_id=read.pk, clerk=counter.clerk, signer={"name": "赵一"}, now=NOW)
    twin = counter.checked(fresh=True)
    assert twin.pk == read.pk
    given_up = Draft.objects.get(subject=counter.subject, step="discarded")
    assert AuditEvent.objects.filter(verb="draft.discarded", target_id=str(given_up.pk)).count() == 1
    factories.credit_entry(subject=counter.subject)
    counter.checked()
    read.refresh_from_db()
    assert read.step == "ordinary" and read.blanks == {} and read.signer == {}


def test_the_notice_of_the_ordinary_route_is_a_record_read() -> None:
    counter = Counter.open()
    factories.credit_entry(subject=counter.subject)
    draft = counter.checked()
    client = office.client_of(counter.clerk)
    before = ReadLog.objects.count()
    assert client.get(f"/window/d/{draft.pk}/notice.pdf").status_code == 200
    read = ReadLog.objects.order_by("pk").last()
    assert ReadLog.objects.count() == before + 1
    assert (read.target_type, read.target_id, read.actor_id) == (
        "check",
        str(draft.check_made_id),
        counter.clerk.pk,
    )


@pytest.mark.django_db(transaction=True)
def test_five_tabs_at_once_open_one_draft() -> None:
    counter = Counter.open()
    opened, gate = [], threading.Barrier(5)

    def scan() -> None:
        try:
            gate.wait()
            opened.append(drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=scan) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 5 and len(set(opened)) == 1

"""From the draft at the counter to a frozen, published commitment; and what happens when things happen twice."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from commitments import concluding, drafting, papers, presenting, signing
from commitments.models import Commitment, CommitmentEvent, Draft, Presentation
from credit_portal.audit.models import AuditEvent
from credit_portal.documents.services import read_evidence
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject

from . import factories
from .blank_papers import printed
from .counter import Counter, signature_png
from .factories import NOW
from .paper_reading import text_of

pytestmark = pytest.mark.django_db

BLANK = {"key": "完成日期", "label": "完成日期", "kind": "date"}
CLAUSE = ("pledge", "在 {完成日期} 前完成整改。", ())


@pytest.mark.req("R18", "R34", "R36", "R89")
def test_a_signed_commitment_is_numbered_frozen_printed_and_public() -> None:
    counter = Counter.open()
    commitment = counter.sign()
    commitment.refresh_from_db()
    assert commitment.code == "13011120260914000001"
    assert commitment.subject_name == counter.subject.name and commitment.subject_code == counter.subject.uscc
    assert [c["no"] for c in commitment.content] == list(range(1, 8))
    assert commitment.publicity_class == "public" and commitment.public_from == NOW
    assert commitment.valid_until.isoformat() == "2027-09-14"
    assert commitment.check_made.route == "commitment" and commitment.check_made.case_ref == "栾审2026-001"
    text = text_of(read_evidence(commitment.pdf))
    assert commitment.code in text and commitment.text_sha256 in text
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {
        "draft.opened",
        "check.made",
        "draft.presented",
        "commitment.signed",
        "publicity.decided",
    } <= verbs
    assert [e.kind for e in commitment.events.all()] == ["signed", "published"]


def test_the_same_row_prints_the_same_bytes() -> None:
    commitment = Counter.open().sign()
    stored = papers.signed_pdf(commitment)
    again = papers.commitment_pdf(
        Commitment.objects.get(pk=commitment.pk), signature_png=read_evidence(commitment.signature)
    )
    assert again == stored and printed(again) == printed(stored)


@pytest.mark.req("R18")
def test_nothing_is_signed_that_was_not_shown() -> None:
    counter = Counter.open()
    draft = counter.checked()
    counter.show(draft, parts=("notice", "text"))
    with pytest.raises(drafting.DraftError, match="个人信息处理告知"):
        presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
    with pytest.raises(signing.SigningError, match="先完成阅读"):
        counter.sign(draft)


@pytest.mark.req("R17")
def test_skipping_the_reading_material_blocks_nothing() -> None:
    counter = Counter.open()
    commitment = counter.sign()
    assert not Presentation.objects.filter(draft=commitment.draft, part="education").exists()


def test_a_blank_changed_after_reading_has_to_be_read_again() -> None:
    counter = Counter.open(clauses=(*factories.CLAUSES, CLAUSE), blanks=(BLANK,))
    draft = counter.ready(blanks={"完成日期": "2026-10-20"})
    assert draft.step == "sign"
    drafting.save_blanks(draft_id=draft.pk, clerk=counter.clerk, values={"完成日期": "2026-12-20"}, now=NOW)
    with pytest.raises(drafting.DraftError, match="还没有看到：承诺书"):
        presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
    counter.show(draft, parts=("text",))
    presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
    commitment = counter.sign(draft)
    assert "在 2026年12月20日 前完成整改。" in [c["text"] for c in commitment.content]


def test_typing_that_arrives_after_the_screen_was_turned_changes_nothing() -> None:
    counter = Counter.open(clauses=(*factories.CLAUSES, CLAUSE), blanks=(BLANK,))
    draft = counter.checked()

    def send(value: str, order: int) -> dict[str, str]:
        return drafting.save_blanks(
            draft_id=draft.pk, clerk=counter.clerk, values={"完成日期": value}, now=NOW, order=order
        )

    assert send("2026-10-20", 1_700_000_000_002) == {}
    assert send("", 1_700_000_000_001) == {}
    draft.refresh_from_db()
    assert draft.blanks == {"完成日期": "2026-10-20"}
    assert send("", 1_700_000_000_003) != {}


def test_an_empty_blank_is_named() -> None:
    counter = Counter.open(clauses=(*factories.CLAUSES, CLAUSE), blanks=(BLANK,))
    draft = counter.checked()
    counter.show(draft)
    with pytest.raises(drafting.DraftError, match="完成日期") as caught:
        presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=NOW)
    assert caught.value.field == "blank-完成日期"


def test_a_second_click_gets_the_same_commitment() -> None:
    counter = Counter.open()
    draft = counter.ready()
    assert counter.sign(draft) == counter.sign(draft)
    assert Commitment.objects.count() == 1


def test_the_same_code_again_resumes_the_draft_and_two_tabs_meet_in_one() -> None:
    counter = Counter.open()
    first = counter.checked()
    assert drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW) == first
    second = drafting.open_draft(clerk=counter.clerk, code=counter.code, now=NOW, fresh=True)
    assert second != first
    met = drafting.check_draft(
        draft_id=second.pk,
        clerk=counter.clerk,
        item_version_id=counter.item.pk,
        commitment_type="approval",
        late_materials=False,
        case_ref="",
        now=NOW,
    )
    assert met == first
    second.refresh_from_db()
    assert second.step == "discarded"


def test_another_commitment_on_the_same_day_has_to_be_meant() -> None:
    counter = Counter.open()
    first = counter.sign()
    draft = counter.ready()
    with pytest.raises(signing.DuplicateToday) as caught:
        counter.sign(draft)
    assert caught.value.existing == first
    second = counter.sign(draft, confirm_duplicate=True)
    assert second.code == "13011120260914000002"


@pytest.mark.req("R34")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"capacity": "self"}, "capacity"),
        ({"identity_document": ""}, "identity_document"),
        ({"signer_name": "  "}, "signer_name"),
        ({"signature_png": None}, "signature"),
        ({"capacity": "agent"}, "authorisation"),
    ],
)
def test_who_signs_is_asked_for_by_name(given, field) -> None:
    counter = Counter.open()
    draft = counter.ready()
    with pytest.raises(signing.SigningError) as caught:
        counter.sign(draft, **given)
    assert caught.value.field == field
    assert not Commitment.objects.exists()
    assert Draft.objects.get(pk=draft.pk).step == "sign"


def test_an_agent_brings_the_authorisation_and_paper_may_be_scanned() -> None:
    counter = Counter.open()
    scan = signing.Upload(signature_png(), "image/png", "扫描.png")
    commitment = counter.sign(capacity="agent", signature_png=None, paper_scan=scan, authorisation=scan)
    assert commitment.signed_by == "paper" and read_evidence(commitment.authorisation) == scan.content


@pytest.mark.req("R114")
def test_a_natural_persons_commitment_is_limited_and_holds_no_number() -> None:
    counter = Counter.open()
    counter.subject = factories.person(name="欧阳测试")
    commitment = counter.sign()
    assert commitment.publicity_class == "limited" and commitment.public_from is None
    assert commitment.subject_code == "" and commitment.signer_name == "欧阳测试"
    number = counter.subject.id_number
    assert number not in text_of(papers.signed_pdf(commitment))


@pytest.mark.req("R40", "R41")
def test_an_unrepaired_record_leads_to_the_ordinary_route_and_its_notice() -> None:
    counter = Counter.open()
    factories.credit_entry(subject=counter.subject, title="未按规定办理变更登记")
    draft = counter.checked()
    assert draft.step == "ordinary" and draft.text_version is None
    text = text_of(papers.notice_pdf(draft.check_made))
    assert "不是拒绝受理" in text and "异议" in text and "修复" in text
    assert "未按规定办理变更登记" in text
    with pytest.raises(signing.SigningError):
        counter.sign(draft)


def test_a_check_of_yesterday_does_not_carry_a_signature_today() -> None:
    counter = Counter.open()
    draft = counter.ready()
    with pytest.raises(signing.SigningError, match="不是今天"):
        counter.sign(draft, now=NOW + timedelta(days=1))


def test_a_record_that_changed_since_the_check_is_checked_again() -> None:
    counter = Counter.open()
    draft = counter.ready()
    factories.credit_entry(subject=counter.subject)
    with pytest.raises(signing.SigningError, match="信用记录有变化"):
        counter.sign(draft)
    assert not Commitment.objects.exists()


def test_a_new_name_needs_more_than_the_applicants_word() -> None:
    counter = Counter.open()
    draft = counter.checked()
    name = counter.subject.name
    with pytest.raises(drafting.DraftError, match="不能只凭申请人陈述"):
        drafting.rename_draft_subject(
            draft_id=draft.pk, clerk=counter.clerk, name="别的名称", name_source="declared", now=NOW
        )
    counter.subject.refresh_from_db()
    assert counter.subject.name == name


def test_voiding_on_the_day_keeps_the_code_and_ends_publication() -> None:
    counter = Counter.open()
    commitment = counter.sign()
    with pytest.raises(drafting.DraftError, match="写明理由"):
        signing.void(commitment_id=commitment.pk, clerk=counter.clerk, reason="错", now=NOW)
    signing.void(commitment_id=commitment.pk, clerk=counter.clerk, reason="事项选错，重新办理", now=NOW)
    signing.void(commitment_id=commitment.pk, clerk=counter.clerk, reason="再点一次也一样", now=NOW)
    commitment.refresh_from_db()
    assert commitment.voided_at == NOW and commitment.withdrawn_at == NOW
    assert commitment.events.filter(kind="voided").get().reason == "事项选错，重新办理"
    assert counter.sign().code == "13011120260914000002"


def test_the_next_day_is_too_late_to_void_but_not_to_correct() -> None:
    counter = Counter.open()
    commitment = counter.sign()
    tomorrow = NOW + timedelta(days=1)
    with pytest.raises(drafting.DraftError, match="签署当日"):
        signing.void(
            commitment_id=commitment.pk, clerk=counter.clerk, reason="事项选错，重新办理", now=tomorrow
        )
    draft = signing.start_correction(
        commitment_id=commitment.pk, clerk=counter.clerk, reason="有效期写错，重新签署", now=tomorrow
    )
    draft = drafting.check_draft(
        draft_id=draft.pk,
        clerk=counter.clerk,
        item_version_id=counter.item.pk,
        commitment_type="approval",
        late_materials=False,
        case_ref="",
        now=tomorrow,
    )
    counter.show(draft, now=tomorrow)
    presenting.finish_reading(draft_id=draft.pk, clerk=counter.clerk, now=tomorrow)
    new = counter.sign(draft, now=tomorrow)
    commitment.refresh_from_db()
    assert new.corrects == commitment and commitment.withdrawn_at == tomorrow
    assert commitment.events.filter(kind="corrected").get().note == new.code


@pytest.mark.parametrize(
    "change",
    [
        {"subject_name": "另一个名称"},
        {"content": []},
        {"text_sha256": "0" * 64},
        {"pdf_sha256": "0" * 64},
        {"code": "9" * 20},
        {"made_on": "2020-01-01"},
    ],
)
def test_the_database_refuses_to_change_what_was_signed(change) -> None:
    commitment = Counter.open().sign()
    with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
        Commitment.objects.filter(pk=commitment.pk).update(**change)


def test_events_and_commitments_cannot_be_removed() -> None:
    commitment = Counter.open().sign()
    for rows in (
        CommitmentEvent.objects.filter(commitment=commitment),
        Commitment.objects.filter(pk=commitment.pk),
    ):
        with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
            rows._raw_delete("default")


def test_another_clerks_draft_and_another_departments_commitment_are_not_there() -> None:
    counter, other = Counter.open(), Counter.open()
    draft = counter.ready()
    with pytest.raises(drafting.NotYours):
        signing.sign(
            draft_id=draft.pk,
            clerk=other.clerk,
            signer_name="赵一",
            capacity="legal_representative",
            identity_document="id_card",
            signature_png=signature_png(),
            now=NOW,
        )
    commitment = counter.sign(draft)
    with pytest.raises(drafting.NotYours):
        signing.void(commitment_id=commitment.pk, clerk=other.clerk, reason="别的部门的人", now=NOW)


def test_an_unknown_subject_is_entered_and_an_id_number_stays_sealed() -> None:
    counter = Counter.open()
    number = factories.id_number(555)
    draft = drafting.open_draft(clerk=counter.clerk, code=number, now=NOW)
    assert draft.step == "subject" and drafting.kinds_for(draft) == (codes.PERSON,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM commitments_draft d WHERE d::text LIKE %s", [f"%{number}%"])
        assert cursor.fetchone()[0] == 0
    draft = drafting.register_draft_subject(
        draft_id=draft.pk,
        clerk=counter.clerk,
        kind="person",
        name="测试新人",
        name_source="identity_card",
        now=NOW,
    )
    assert draft.step == "check" and draft.subject.id_number == number and draft.code == ""


def test_old_drafts_are_cleared_of_what_was_typed() -> None:
    counter = Counter.open(clauses=(*factories.CLAUSES, CLAUSE), blanks=(BLANK,))
    draft = counter.ready(blanks={"完成日期": "2026-10-20"})
    week_later = NOW + timedelta(days=7)
    assert drafting.purge_stale(older_than=NOW, now=week_later) == 0
    assert drafting.purge_stale(older_than=NOW + timedelta(seconds=1), now=week_later) == 1
    draft.refresh_from_db()
    assert draft.step == "discarded" and draft.blanks == {}


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_make_one_commitment() -> None:
    counter = Counter.open()
    draft = counter.ready()
    codes_seen: list[str] = []

    def click() -> None:
        try:
            codes_seen.append(counter.sign(draft).code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes_seen) == 10 and len(set(codes_seen)) == 1
    assert Commitment.objects.count() == 1
    assert CreditSubject.objects.filter(pk=counter.subject.pk).exists()


def two_windows(monkeypatch) -> list[str]:
    """Two clerks sign for one subject at once; each looks for duplicates before the other has finished, if it can."""
    first, second = Counter.open(), Counter.open()
    second.subject, second.item = first.subject, first.item
    second.clerk = factories.staff("clerk", department=first.clerk.department)
    drafts = [(first, first.ready()), (second, second.ready())]
    outcomes: list[str] = []
    both_have_looked = threading.Barrier(2)
    look = concluding.duplicate

    def look_and_wait(draft, made_on):
        found = look(draft, made_on)
        # With the lock on, the other one stands before this and never comes: that is what the wait finds out.
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(timeout=2)
        return found

    monkeypatch.setattr(concluding, "duplicate", look_and_wait)

    def at_window(counter: Counter, draft: Draft) -> None:
        try:
            counter.sign(draft)
            outcomes.append("signed")
        except signing.DuplicateToday:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=at_window, args=pair) for pair in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_signing_for_one_subject_at_once_one_is_told(monkeypatch) -> None:
    assert two_windows(monkeypatch) == ["signed", "told"]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_seen(monkeypatch) -> None:
    monkeypatch.setattr(signing, "take_turns", lambda subject_id: CreditSubject.objects.get(pk=subject_id))
    assert two_windows(monkeypatch) == ["signed", "signed"]


def test_a_failure_while_printing_leaves_nothing_half_stored(monkeypatch) -> None:
    counter = Counter.open()
    draft = counter.ready()
    monkeypatch.setattr(papers, "commitment_pdf", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        counter.sign(draft)
    assert not Commitment.objects.exists()
    assert Draft.objects.get(pk=draft.pk).step == "sign"
    monkeypatch.undo()
    assert counter.sign(draft).code.endswith("000001")

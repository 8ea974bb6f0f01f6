"""What a file tells of as kept in full: put down by whoever uploads, counted when another person has confirmed it (R62, R125)."""

from datetime import timedelta

import pytest

from commitments.bulk import jobs, keeping, takeover
from commitments.models import (
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    Obligation,
    ObligationFinding,
)
from commitments.obligations import confirming
from commitments.warnings import answering
from credit_portal.audit.models import AuditEvent
from credit_portal.outbox.models import Message, Notice, PublicChange
from verification.models import CreditEntry

from . import bulk_stage as stage
from .office import client_of
from .scenes import mine

NOW = stage.NOW
# Over already: what a file may tell of without more.
KEPT = {"f11": "全部履行", "f10": "2026-06-30"}
NOTE = "抽看了十份，凭证齐全，属实。"


@pytest.fixture(scope="module")
def built(scene):
    return scene(stage.Place)


@pytest.fixture
def place(built, db):
    return mine(built)


def confirm(place, job, *, by=None, note=NOTE):
    keeping.confirm(job_id=job.pk, note=note, actor=by or place.head, now=NOW + stage.MINUTE)
    keeping.carry_on(job_id=job.pk, now=NOW + stage.MINUTE)
    job.refresh_from_db()
    return job


@pytest.mark.req("R62", "R125", "R35")
def test_one_uploads_and_another_confirms_the_whole_file(place, django_assert_max_num_queries) -> None:
    rows = [place.row(number, **KEPT) for number in range(3)] + [
        place.row(9),
        place.row(10, **KEPT, **stage.person(1)),
    ]
    job = place.bring(stage.xlsx(rows))
    assert job.kept == 4 and job.kept_confirmed == 0
    assert set(Commitment.objects.values_list("fulfilment", flat=True)) == {"running"}
    assert set(ObligationFinding.objects.values_list("finder", "state")) == {(place.officer.pk, "kept")}
    assert not CreditEntry.objects.exists()
    assert Notice.objects.filter(user=place.head, title__contains="请另一人确认").count() == 1
    page = f"/desk/bulk/{job.uuid}/"
    own, other = client_of(place.officer), client_of(place.head)
    assert "请本单位另一人在本页确认" in own.get(page).content.decode()
    answer = own.post(f"{page}deed/", {"deed": "keep", "note": NOTE})
    assert answer.status_code == 409 and "上传人以外的另一人确认" in answer.content.decode()
    answer = other.post(f"{page}deed/", {"deed": "keep", "note": "好"})
    assert answer.status_code == 409 and "请写明怎样看的" in answer.content.decode()
    assert ">好</textarea>" in answer.content.decode()
    assert other.post(f"{page}deed/", {"deed": "keep", "note": NOTE}).status_code == 302
    assert "正在确认全部履行" in other.get(page).content.decode()
    assert Message.objects.filter(effect=jobs.KEEP).count() == 1
    with django_assert_max_num_queries(70):
        keeping.carry_on(job_id=job.pk, now=NOW + stage.MINUTE)
    job.refresh_from_db()
    assert (job.state, job.kept_confirmed, job.kept_by, job.kept_note) == ("done", 4, place.head, NOTE)
    assert Commitment.objects.filter(fulfilment="fulfilled").count() == 4
    assert set(FulfilmentReview.objects.values_list("state", "decided_by", "note")) == {
        ("confirmed", place.head.pk, NOTE)
    }
    first = Commitment.objects.order_by("pk").first()
    entry = CreditEntry.objects.get(document_no=first.code)
    assert (entry.kind, entry.entered_by) == ("fulfilment", place.head) and entry.history.count() == 1
    assert CreditEntry.objects.count() == 4
    told = CommitmentEvent.objects.filter(commitment=first, kind="fulfilment").get()
    assert (told.actor, told.reason, told.note) == (place.head, "全部履行", NOTE)
    # Told where it stands before the public, under the id of its publication; never of a person.
    changed = PublicChange.objects.filter(kind="changed")
    assert changed.count() == 3
    for one in changed:
        assert one.opaque == PublicChange.objects.get(kind="published", reference=one.reference).opaque
    steps = AuditEvent.objects.filter(verb="fulfilment.review", target_id=str(first.pk))
    assert [step.facts["step"] for step in steps.order_by("pk")] == ["等待另一人确认", "确认全部履行"]
    # The same again, and the same file again, change nothing.
    keeping.carry_on(job_id=job.pk, now=NOW + 2 * stage.MINUTE)
    assert place.bring(stage.xlsx(rows)).same == 5 and CreditEntry.objects.count() == 4
    shown = other.get(page).content.decode()
    assert "已整份确认 4 份" in shown and f"整份确认：{place.head}" in shown and NOTE in shown


@pytest.mark.req("R62", "R69")
def test_what_is_doubted_is_left_for_people(place) -> None:
    job = place.bring(stage.xlsx([place.row(number, **KEPT) for number in range(2)]))
    doubted, plain = Commitment.objects.order_by("pk")
    stage.make.warning(doubted, now=NOW)
    assert confirm(place, job).kept_confirmed == 1
    doubted.refresh_from_db()
    plain.refresh_from_db()
    assert (doubted.fulfilment, plain.fulfilment) == ("running", "fulfilled")
    with pytest.raises(jobs.BulkRefused, match="先办结，再逐份确认"):
        keeping.confirm(job_id=job.pk, note=NOTE, actor=place.head, now=NOW)
    assert FulfilmentReview.objects.get(commitment=doubted).state == "waiting"
    # Answered and confirmed on its own page, it is counted there.
    answering.answer(
        warning_id=doubted.warnings.get().pk, true=False, text="现场看过，不属实。", actor=place.officer, now=NOW
    )  # fmt: skip
    confirming.confirm(commitment_id=doubted.pk, note=NOTE, actor=place.head, now=NOW + 2 * stage.MINUTE)
    shown = client_of(place.head).get(f"/desk/bulk/{job.uuid}/").content.decode()
    assert "已整份确认 1 份，在承诺页面逐份确认 1 份" in shown and "确认全部履行</button>" not in shown


@pytest.mark.req("R62", "R67")
def test_a_later_file_takes_its_word_back_until_somebody_has_confirmed_it(place) -> None:
    rows = [place.row(number, **KEPT) for number in range(2)]
    job = place.bring(stage.xlsx(rows))
    rows[0]["承诺履行状态"] = ""
    later = place.bring(stage.xlsx(rows))
    assert later.different == 1
    takeover.confirm(job_id=later.pk, actor=place.officer, now=NOW)
    takeover.carry_on(job_id=later.pk, now=NOW)
    first = Commitment.objects.order_by("pk").first()
    assert Obligation.objects.get(commitment=first).state == "open"
    assert FulfilmentReview.objects.get(commitment=first).state == "void"
    taken = ObligationFinding.objects.filter(obligation__commitment=first).order_by("pk")
    assert [one.state for one in taken] == ["kept", "open"] and taken[1].corrects == taken[0]
    assert confirm(place, job).kept_confirmed == 1
    # Confirmed, a file does not turn it back.
    rows[1]["承诺履行状态"] = ""
    refused = place.bring(stage.xlsx(rows))
    assert (refused.different, refused.bad) == (0, 1)


@pytest.mark.req("R131")
def test_a_run_that_was_too_long_or_died_is_taken_up_by_whoever_carries_its_state_on(
    place, monkeypatch
) -> None:
    monkeypatch.setattr(keeping, "PART", 1)
    monkeypatch.setattr(jobs, "LONGEST_RUN", -1.0)
    job = place.bring(stage.xlsx([place.row(number, **KEPT) for number in range(3)]))
    keeping.confirm(job_id=job.pk, note=NOTE, actor=place.head, now=NOW)
    keeping.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.kept_confirmed) == ("keeping", 1)
    assert Message.objects.filter(effect=jobs.KEEP).count() == 2
    # Nobody is at it any more: the sweep asks for the same effect.
    Message.objects.filter(effect=jobs.KEEP).delete()
    assert jobs.follow(now=NOW + jobs.STALLED + timedelta(minutes=2)) == 1
    assert Message.objects.filter(effect=jobs.KEEP).count() == 1
    for _ in range(3):
        keeping.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.kept_confirmed) == ("done", 3)
    assert CreditEntry.objects.count() == 3


@pytest.mark.req("R62")
def test_a_promise_that_runs_on_is_kept_in_full_only_where_somebody_says_that_it_is_done_with(place) -> None:
    ahead = {"承诺有效期": (stage.make.TODAY + timedelta(days=200)).isoformat()}
    rows = [place.row(0, **KEPT), place.row(1, **KEPT) | ahead, place.row(2, **KEPT) | ahead]
    job = place.bring(stage.xlsx(rows))
    over, one, other = Commitment.objects.order_by("pk")
    page, head = f"/desk/bulk/{job.uuid}/", client_of(place.head)
    assert "连同有效期没有届满的 2 份" in head.get(page).content.decode()
    assert confirm(place, job).kept_confirmed == 1
    assert set(Commitment.objects.filter(fulfilment="running")) == {one, other}
    # Nothing but those is left: that they run on is said, and what was typed is kept.
    answer = head.post(f"{page}deed/", {"deed": "keep", "note": NOTE})
    assert answer.status_code == 409 and "期限都还没有届满" in answer.content.decode()
    # One by one: the day is named, at the box.
    address = f"/desk/obligations/{one.code}/confirm/"
    answer = head.post(address, {"note": NOTE})
    assert f"的期限是 {one.valid_until}，还没有届满" in answer.content.decode()
    assert head.post(address, {"note": NOTE, "early": "on"}).status_code == 302
    assert head.post(f"{page}deed/", {"deed": "keep", "note": NOTE, "early": "1"}).status_code == 302
    keeping.carry_on(job_id=job.pk, now=NOW + 2 * stage.MINUTE)
    assert Commitment.objects.filter(fulfilment="fulfilled").count() == 3
    early = dict(FulfilmentReview.objects.values_list("commitment", "early"))
    assert early == {over.pk: False, one.pk: True, other.pk: True}
    # Kept in full, its end is no day to come.
    public = client_of(place.head).get(f"/commitments/{one.code}/").content.decode()
    assert "全部履行" in public and "承诺有效期届满" not in public


@pytest.mark.req("R62")
def test_what_waits_may_be_confirmed_once_its_last_day_is_here(place) -> None:
    day = stage.make.TODAY + timedelta(days=30)
    job = place.bring(stage.xlsx([place.row(0, **KEPT) | {"承诺有效期": day.isoformat()}]))
    with pytest.raises(jobs.BulkRefused, match="没有届满"):
        keeping.confirm(job_id=job.pk, note=NOTE, actor=place.head, now=NOW)
    keeping.confirm(job_id=job.pk, note=NOTE, actor=place.head, now=NOW + timedelta(days=30))
    keeping.carry_on(job_id=job.pk, now=NOW + timedelta(days=30))
    job.refresh_from_db()
    assert job.kept_confirmed == 1 and not FulfilmentReview.objects.get().early

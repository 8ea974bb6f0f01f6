"""Collected commitments brought in by a file (R35; S0 三（二）「行政机关收集后统一上传」): good rows in, bad rows out, and the
same file twice is once."""

import pytest

from commitments.bulk import jobs
from commitments.models import (
    BulkFault,
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    ImportedCommitment,
    Obligation,
)
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import CreditSubject, SubjectName
from disclosure.gate import listed_commitments
from disclosure.models import PublicityDecision
from verification.models import CreditEntry

from . import bulk_stage as stage
from .scenes import mine

NOW = stage.NOW


@pytest.fixture(scope="module")
def built(scene):
    return scene(stage.Place)


@pytest.fixture
def place(built, db):
    return mine(built)


@pytest.mark.req("R35", "R131")
def test_right_rows_come_in_with_everything_that_a_commitment_has(place) -> None:
    rows = [place.row(number) for number in range(3)]
    rows.append(place.row(3, f11="全部履行"))
    rows.append(place.row(4, **stage.person(4)))
    rows.append(place.row(5, f3="个体工商户", f4=stage.make.organisation_code(7, prefix="92"), f5="主动型"))
    job = place.bring(stage.xlsx(rows))
    assert (job.state, job.good, job.bad, job.same, job.total) == ("done", 6, 0, 0, 6), job.failure
    assert job.new_subjects == 6 and not job.result_name
    found = {row.code: row for row in Commitment.objects.select_related("subject", "imported")}
    first = found[rows[0]["承诺编码"]]
    assert (
        first.channel == "bulk" and first.fulfilment == "running" and first.item is None and first.pdf is None
    )
    assert first.content[0]["text"] == rows[0]["承诺内容"] and first.content[1]["kind"] == "liability"
    assert first.imported.job == job and first.imported.row == 2
    assert found[rows[3]["承诺编码"]].fulfilment == "running"
    # Each subject with its history, name and blind index.
    assert CreditSubject.history.count() == CreditSubject.objects.count() == SubjectName.objects.count() == 6
    someone = found[rows[4]["承诺编码"]].subject
    assert someone.id_number == rows[4]["承诺人代码"] and not someone.uscc
    assert not SubjectName.objects.get(subject=someone).searchable
    # Course, obligations, decisions, feed, log.
    kinds = [event.kind for event in CommitmentEvent.objects.filter(commitment=first)]
    assert kinds == ["imported", "published"]
    assert Obligation.objects.filter(commitment=first).get().state == "open"
    assert Obligation.objects.get(commitment=found[rows[3]["承诺编码"]]).state == "kept"
    # That it was kept in full is put down, and waits for another person.
    assert job.kept == 1 and FulfilmentReview.objects.get().asked_by == place.officer
    assert not CreditEntry.objects.exists()
    assert PublicityDecision.objects.count() == 6 and PublicChange.objects.count() == 5
    assert {row.code for row in listed_commitments(NOW + stage.MINUTE)} == set(found) - {rows[4]["承诺编码"]}
    assert AuditEvent.objects.filter(verb="commitment.imported").count() == 6


@pytest.mark.req("R35")
def test_the_same_file_again_changes_nothing(place) -> None:
    content = stage.xlsx([place.row(number) for number in range(4)])
    place.bring(content)
    before = (
        Commitment.objects.count(),
        CommitmentEvent.objects.count(),
        AuditEvent.objects.filter(verb="commitment.imported").count(),
    )
    job = place.bring(content)
    assert (job.good, job.same, job.bad, job.different) == (0, 4, 0, 0)
    assert before == (Commitment.objects.count(), CommitmentEvent.objects.count(), 4)


@pytest.mark.req("R35", "R72")
def test_a_breach_in_the_file_waits_for_its_department_and_is_nowhere_to_be_seen(place) -> None:
    job = place.bring(stage.xlsx([place.row(1, **stage.BREACH)]))
    assert job.breaches == 1
    row = Commitment.objects.get()
    assert row.fulfilment == "running" and row.imported.breach == "waiting"
    assert not CreditEntry.objects.exists()
    duty = Duty.objects.get(rule_key="bulk_breach")
    assert duty.department == place.unit and duty.state == "open"


@pytest.mark.req("R35")
def test_a_trial_says_what_a_real_run_would_do_and_keeps_nothing(place) -> None:
    rows = [place.row(number) for number in range(3)]
    rows.append(place.row(9, f4="91130111MA0000000X"))
    rows.append(place.row(10, f4=rows[0]["承诺人代码"]))  # another name for the first one's code
    content = stage.xlsx(rows)
    trial = place.bring(content, dry_run=True)
    assert Commitment.objects.count() == 0 and CreditSubject.objects.count() == 0
    assert not ImportedCommitment.objects.exists()
    real = place.bring(content)
    figures = ("good", "bad", "same", "different", "new_subjects", "breaches")
    assert [getattr(trial, name) for name in figures] == [getattr(real, name) for name in figures]
    told = [
        list(BulkFault.objects.filter(job=job).order_by("row").values_list("row", "faults"))
        for job in (trial, real)
    ]
    assert told[0] == told[1] and [row for row, _ in told[0]] == [5, 6]


@pytest.mark.req("R35", "R92")
def test_a_file_makes_nobody_more_public_than_the_rule(place) -> None:
    rows = [
        place.row(1, **stage.person(1)),  # asks to be public
        place.row(2, f19="特定范围内公开"),
        place.row(3, f19="不可公开"),
        place.row(4, f5="信用修复型"),
        place.row(5, f19="不可公开", **stage.person(5)),
    ]
    place.bring(stage.xlsx(rows))
    classes = dict(Commitment.objects.order_by("code").values_list("code", "publicity_class"))
    assert [classes[row["承诺编码"]] for row in rows] == ["limited", "limited", "closed", "limited", "closed"]
    assert not listed_commitments(NOW + stage.MINUTE).exists() and not PublicChange.objects.exists()
    # Where the file asks for less than the rule gives, the office has not decided yet.
    assert PublicityDecision.objects.count() == 2


@pytest.mark.req("R35")
def test_two_files_with_the_same_row_at_once_are_one(place) -> None:
    content = stage.xlsx([place.row(1)])
    job = place.bring(content, run=False)
    place.bring(content)
    assert jobs.carry_on(job_id=job.pk, now=NOW).same == 1
    assert Commitment.objects.count() == 1

"""Publishing a breach: who may decide what, on which days it is public, and every way in which it ends."""

import itertools
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from commitments import signing
from commitments.models import BreachCase
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import PublicChange
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, PublicityClass
from disclosure import breach_gate, breach_proposals, breach_publishing, publication_rules
from disclosure.models import BreachPublication
from disclosure.rules import PublicityRefused
from tests import factories
from tests.breach_stage import Stage
from verification.models import CreditEntry

pytestmark = pytest.mark.usefixtures("blank_papers")

Reason = BreachPublication.Reason
EXCEPTIONS = {
    "trade_secret", "privacy", "state_security", "public_security", "economic_security", "social_stability",
    "third_party",
}  # fmt: skip
OFFICE = frozenset({groups.CREDIT_OFFICE})


def expected(kind: str, grade: str, chosen: str, reason: str, note: str, second: str) -> bool:
    """The table of process.md, written down by hand."""
    person = kind == "person"
    if chosen == "public":
        if reason != ("person_by_two" if person else "by_law"):
            return False
        if grade == "minor" and not note:
            return False
        return second == ("another" if person else "none")
    allowed = EXCEPTIONS | ({"minor"} if grade == "minor" else set())
    return reason in allowed and second == "none"


@pytest.mark.req("R89", "R92")
def test_every_kind_grade_class_reason_and_pair_of_people() -> None:
    tried = 0
    for kind, grade, chosen, reason, note, second in itertools.product(
        CreditSubject.Kind.values,
        BreachCase.Grade.values,
        PublicityClass.values,
        Reason.values,
        ("", "确需公示"),
        ("none", "same", "another", "outsider"),
    ):
        people = {
            "none": (None, frozenset()), "same": (1, OFFICE), "another": (2, OFFICE),
            "outsider": (2, frozenset({groups.OFFICER})),
        }[second]  # fmt: skip
        try:
            publication_rules.check_decision(
                subject_kind=kind, grade=grade, publicity_class=chosen, reason=reason, note=note, first_id=1,
                first_groups=OFFICE, second_id=people[0], second_groups=people[1],
            )  # fmt: skip
            allowed = True
        except PublicityRefused:
            allowed = False
        assert allowed is expected(kind, grade, chosen, reason, note, second), (kind, grade, chosen, reason)
        tried += 1
    assert tried == 3 * 3 * 3 * len(Reason.values) * 2 * 4
    with pytest.raises(PublicityRefused):
        publication_rules.check_decision(
            subject_kind="organisation", grade="general", publicity_class="public", reason="by_law", note="",
            first_id=1, first_groups=frozenset({groups.OFFICER}), second_id=None, second_groups=frozenset(),
        )  # fmt: skip


@pytest.mark.req("R26")
@pytest.mark.parametrize(
    ("determined", "served", "decided", "months", "first", "last", "repairable"),
    [
        # Art. 202: the corresponding day of the last month, or that month's last.
        ("2026-01-15", "2026-01-16", "2026-01-20", (3, 12), "2026-01-20", "2027-01-15", "2026-04-16"),
        ("2026-11-30", "2026-12-01", "2026-12-02", (3, 12), "2026-12-02", "2027-11-30", "2027-03-01"),
        ("2024-02-29", "2024-03-01", "2024-03-05", (12, 36), "2024-03-05", "2027-02-28", "2025-03-01"),
        ("2026-08-31", "2026-09-01", "2026-09-01", (3, 12), "2026-09-01", "2027-08-31", "2026-12-01"),
        # Never before service.
        ("2026-09-01", "2026-09-20", "2026-09-10", (3, 12), "2026-09-20", "2027-09-01", "2026-12-02"),
        ("2026-09-01", "2026-09-01", "2026-11-30", (0, 3), "2026-11-30", "2026-12-01", "2026-09-02"),
    ],
)
def test_the_days_of_publicity(determined, served, decided, months, first, last, repairable) -> None:
    day = date.fromisoformat
    found = publication_rules.period(
        determined_on=day(determined), served_on=day(served), decided_on=day(decided),
        rule={"min": months[0], "max": months[1]},
    )  # fmt: skip
    assert found == publication_rules.Period(day(first), day(last), day(repairable))


@given(
    determined=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    served=st.integers(0, 60),
    decided=st.integers(0, 60),
    least=st.integers(0, 12),
    more=st.integers(3, 24),
)
def test_publicity_never_begins_before_service_nor_outlasts_its_maximum(
    determined: date, served: int, decided: int, least: int, more: int
) -> None:
    period = publication_rules.period(
        determined_on=determined, served_on=determined + timedelta(served),
        decided_on=determined + timedelta(decided), rule={"min": least, "max": least + more},
    )  # fmt: skip
    assert period.public_from >= determined + timedelta(max(served, decided))
    assert period.public_from <= period.public_until
    assert determined < period.repairable_from <= period.public_until


def test_a_maximum_that_is_over_publishes_nothing() -> None:
    with pytest.raises(PublicityRefused, match="届满"):
        publication_rules.period(
            determined_on=date(2025, 1, 1), served_on=date(2025, 1, 2), decided_on=date(2026, 1, 2),
            rule={"min": 3, "max": 12},
        )  # fmt: skip


def publish(stage: Stage, case: BreachCase, **choice):
    values = {"publicity_class": "public", "reason": "by_law"} | choice
    return breach_publishing.decide_publication(case_id=case.pk, actor=stage.credit, now=stage.now, **values)


@pytest.mark.django_db
class TestDeciding:
    @pytest.mark.req("R89")
    def test_nothing_before_acceptance_and_nothing_before_service(self) -> None:
        stage = Stage()
        case = stage.determined()
        with pytest.raises(PublicityRefused, match="尚未受理"):
            publish(stage, case)
        stage.accepted(report=stage.reported(case=case))
        with pytest.raises(PublicityRefused, match="送达前不得决定公示"):
            publish(stage, case)
        assert not BreachPublication.objects.exists()
        assert CreditEntry.objects.get().public_from is None

    def test_an_unconfirmed_rule_starts_no_publicity_and_says_which(self) -> None:
        stage = Stage(confirmed=False)
        report = stage.accepted()
        with pytest.raises(PublicityRefused, match=r"违诺信息公示期.*未经本地区确认"):
            publish(stage, report.case)

    def test_minor_ones_are_unpublished_in_principle(self) -> None:
        stage = Stage()
        report = stage.accepted(grade="minor")
        with pytest.raises(PublicityRefused, match="轻微违诺原则上不公示"):
            publish(stage, report.case)
        kept = publish(stage, report.case, publicity_class="limited", reason="minor")
        assert kept.public_from is None and kept.repairable_from == report.case.served_on
        assert Duty.objects.get(rule_key="breach_publication").state == "met"

    @pytest.mark.req("R92")
    def test_a_persons_is_public_by_two_people_only_and_masked(self) -> None:
        stage = Stage(person=True)
        report = stage.accepted()
        with pytest.raises(PublicityRefused, match="两人决定"):
            publish(stage, report.case, reason="person_by_two")
        proposal = breach_proposals.propose(
            case_id=report.case_id, reason="影响较大", actor=stage.credit, now=stage.now
        )
        assert not BreachPublication.objects.exists()
        with pytest.raises(PublicityRefused, match="另一人"):
            breach_proposals.confirm(proposal_id=proposal.pk, actor=stage.credit, now=stage.now)
        publication = breach_proposals.confirm(proposal_id=proposal.pk, actor=stage.second, now=stage.now)
        record = breach_gate.find_breach(publication.uuid, now=stage.now)
        name = stage.commitment.subject_name
        assert (
            record["subject"]["name"] == name[0] + "＊" * (len(name) - 1) and record["subject"]["code"] == ""
        )
        assert name not in str(record) and stage.commitment.code not in str(record)
        assert not breach_gate.listed_breaches(stage.now).exists()
        # The feed names it to nobody who could not have it from the list.
        assert AuditEvent.objects.filter(verb="breach.publication_proposal").count() == 2

    def test_a_rejected_or_cancelled_proposal_publishes_nothing(self) -> None:
        stage = Stage(person=True)
        report = stage.accepted()
        common = {"case_id": report.case_id, "reason": "影响较大", "actor": stage.credit, "now": stage.now}
        first = breach_proposals.propose(**common)
        with pytest.raises(PublicityRefused, match="已有待决定"):
            breach_proposals.propose(**common)
        with pytest.raises(PublicityRefused, match="不同意的理由"):
            breach_proposals.reject(proposal_id=first.pk, actor=stage.second, closing_note=" ", now=stage.now)
        breach_proposals.reject(
            proposal_id=first.pk, actor=stage.second, closing_note="影响不大", now=stage.now
        )
        second = breach_proposals.propose(**common)
        with pytest.raises(PublicityRefused, match="只有提议人"):
            breach_proposals.cancel(proposal_id=second.pk, actor=stage.second, now=stage.now)
        breach_proposals.cancel(proposal_id=second.pk, actor=stage.credit, now=stage.now)
        assert not BreachPublication.objects.exists()

    def test_one_decision_at_a_time_and_by_the_regions_office(self) -> None:
        stage = Stage()
        publication = stage.published()
        with pytest.raises(PublicityRefused, match="已有公示决定"):
            publish(stage, publication.case)
        stage.credit = factories.staff(
            "credit_office", department=factories.department(region="410103", kind="credit_office")
        )
        with pytest.raises(PublicityRefused, match="不在您的管理范围"):
            publish(stage, publication.case)


@pytest.mark.django_db
class TestEnding:
    @pytest.mark.parametrize("ending", ["repair", "objection", "revocation", "class_changed"])
    def test_it_is_gone_with_the_next_request_once_and_traceable(self, ending: str) -> None:
        stage = Stage()
        publication = stage.published()
        assert breach_gate.find_breach(publication.uuid, now=stage.now)
        for _ in range(2):
            breach_publishing.end_publication(
                publication_id=publication.pk, ending=ending, actor=stage.credit, now=stage.now
            )
        assert breach_gate.find_breach(publication.uuid, now=stage.now) is None
        assert PublicChange.objects.filter(kind="withdrawn", resource="breach").count() == 1
        assert AuditEvent.objects.filter(verb="breach.publication_ended").count() == 1
        entry = CreditEntry.objects.get()
        assert entry.public_until is None or entry.public_until < local_date(stage.now)

    @pytest.mark.parametrize(("day", "there"), [(-1, False), (0, True), (1, True)])
    def test_its_first_day_and_its_last(self, day: int, there: bool) -> None:
        stage = Stage()
        publication = stage.published()
        first = stage.now + timedelta(days=day)
        assert (breach_gate.find_breach(publication.uuid, now=first) is not None) is there
        last = stage.now + (publication.public_until - local_date(stage.now))
        midnight = last.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        assert breach_gate.find_breach(publication.uuid, now=midnight - timedelta(seconds=1)) is not None
        assert breach_gate.find_breach(publication.uuid, now=midnight) is None

    def test_an_ended_one_does_not_come_back_and_a_new_one_may(self) -> None:
        stage = Stage()
        publication = stage.published()
        breach_publishing.end_by_office(publication_id=publication.pk, actor=stage.credit, now=stage.now)
        with pytest.raises(IntegrityError), transaction.atomic():
            BreachPublication.objects.filter(pk=publication.pk).update(ended_at=None, ending="")
        again = publish(stage, publication.case)
        assert again.uuid != publication.uuid
        opaque = list(PublicChange.objects.filter(resource="breach").values_list("opaque", flat=True))
        assert len(set(opaque)) == 2

    def test_the_mark_of_an_objection_is_on_page_and_record_and_can_be_taken_away(self) -> None:
        stage = Stage()
        publication = stage.published()
        for under_way in (True, False):
            breach_publishing.set_objection_mark(
                publication_id=publication.pk, under_way=under_way, actor=stage.credit,
                now=stage.now + timedelta(minutes=under_way),
            )  # fmt: skip
            record = breach_gate.find_breach(publication.uuid, now=stage.now)
            assert record["objection_under_way"] is under_way
            assert CreditEntry.objects.get().objection_under_way is under_way

    def test_a_commitment_with_a_case_is_not_voided(self) -> None:
        stage = Stage()
        stage.opened()
        clerk = factories.staff("clerk", department=stage.department)
        with pytest.raises(signing.DraftError):
            signing.void(
                commitment_id=stage.commitment.pk, clerk=clerk, reason="选错了办理事项", now=stage.now
            )


@pytest.mark.django_db
@pytest.mark.req("R74")
def test_the_next_check_answers_key_review_and_stops_by_itself() -> None:
    from credit_portal.registry.models import CommitmentType
    from verification import services as verification
    from verification.services import still_holds

    stage = Stage()
    stage.published()
    clerk = factories.staff("clerk", department=stage.department)
    version = factories.item_version(department=stage.department)

    def check(now):
        return verification.check_subject(
            subject=stage.commitment.subject, item_version=version, commitment_type=CommitmentType.APPROVAL,
            operator=clerk, now=now,
        )  # fmt: skip

    found = check(stage.now)
    assert (found.route, found.scrutiny) == ("ordinary", "key")
    assert "公示" in found.one_line
    over = stage.now + timedelta(days=370)
    assert not still_holds(found, on=local_date(over))

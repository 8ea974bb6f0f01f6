"""Who decides what is public: the rule at signing, two people for a person, and withdrawal at once."""

from datetime import timedelta

import pytest
from django.db import transaction

from commitments import hooks
from commitments.models import CommitmentEvent
from credit_portal.audit.models import AuditEvent
from credit_portal.registry import groups
from credit_portal.registry.models import PublicityClass
from disclosure import gate, rules, services
from disclosure.models import PublicityDecision
from disclosure.rules import PublicityRefused, Reason
from tests import factories, listed
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("blank_papers")

LATER = NOW + timedelta(hours=3)


@pytest.mark.req("R92")
@pytest.mark.parametrize(
    ("kind", "item_class", "expected"),
    [
        ("organisation", None, ("public", "default_organisation")),
        ("organisation", "public", ("public", "default_organisation")),
        ("organisation", "limited", ("limited", "item_rule")),
        ("organisation", "closed", ("closed", "item_rule")),
        ("sole_trader", None, ("public", "default_organisation")),
        ("sole_trader", "public", ("public", "default_organisation")),
        ("sole_trader", "limited", ("limited", "item_rule")),
        ("sole_trader", "closed", ("closed", "item_rule")),
        ("person", None, ("limited", "default_person")),
        ("person", "public", ("limited", "default_person")),
        ("person", "limited", ("limited", "default_person")),
        ("person", "closed", ("closed", "item_rule")),
    ],
)
def test_the_class_at_signing_follows_from_who_signs_and_what_for(
    kind: str, item_class: str | None, expected: tuple[str, str]
) -> None:
    assert rules.initial_class(kind, item_class) == expected


def test_every_reason_that_people_may_give_belongs_to_a_class() -> None:
    given = {
        reason
        for kind in ("organisation", "sole_trader", "person")
        for one in PublicityClass.values
        for reason in rules.reasons_for(kind, one)
    }
    # That something had to be repaired is said by rule, at signing.
    assert given | rules.ENDINGS | {Reason.REPAIR_PLEDGE} == set(Reason)


@pytest.mark.req("R92")
@pytest.mark.parametrize("kind", ["organisation", "sole_trader", "person"])
@pytest.mark.parametrize("wanted", PublicityClass.values)
@pytest.mark.parametrize("second", [None, 1, 2], ids=["alone", "with oneself", "with another"])
@pytest.mark.parametrize("office", [True, False], ids=["credit office", "clerk"])
def test_a_person_becomes_public_by_two_of_the_office_and_nothing_else_needs_two(
    kind: str, wanted: str, second: int | None, office: bool
) -> None:
    role = {groups.CREDIT_OFFICE} if office else {groups.CLERK}

    def decide() -> None:
        rules.check_decision(
            subject_kind=kind,
            publicity_class=wanted,
            reason=sorted(rules.reasons_for(kind, wanted))[0],
            first_id=1,
            first_groups=role,
            second_id=second,
            second_groups=role if second else (),
        )

    by_two = kind == "person" and wanted == "public"
    if office and ((by_two and second == 2) or (not by_two and second is None)):
        decide()
    else:
        with pytest.raises(PublicityRefused):
            decide()


def office(**fields):
    return factories.staff(groups.CREDIT_OFFICE, **fields)


@pytest.mark.django_db
@pytest.mark.req("R89", "R92")
def test_signing_an_organisations_commitment_publishes_it_with_decision_event_and_log() -> None:
    made = listed.commitment(public=False, publicity_class="closed")
    with transaction.atomic():
        hooks.run_after_signing(commitment=made, now=NOW)
    assert (made.publicity_class, made.public_from) == ("public", NOW)
    assert gate.find_public(made.code, now=NOW) == made
    decision = PublicityDecision.objects.get(commitment=made)
    assert (decision.publicity_class, decision.reason, decision.decided_by) == (
        "public",
        "default_organisation",
        None,
    )
    assert made.events.get().kind == CommitmentEvent.Kind.PUBLISHED
    event = AuditEvent.objects.get(verb="publicity.decided", target_id=str(made.pk))
    assert event.facts == {"publicity_class": "public", "reason": "default_organisation", "second": None}


@pytest.mark.django_db
def test_the_class_at_signing_is_decided_once() -> None:
    made = listed.commitment(public=False, publicity_class="closed")
    first = services.decide_initial(commitment=made, now=NOW)
    assert services.decide_initial(commitment=made, now=LATER) == first
    made.refresh_from_db()
    assert made.public_from == NOW
    assert made.events.count() == 1


@pytest.mark.django_db
@pytest.mark.req("R92", "R113")
def test_signing_a_persons_commitment_shows_it_to_nobody() -> None:
    made = listed.commitment(
        subject=factories.person(), signer_capacity="self", public=False, publicity_class="closed"
    )
    services.decide_initial(commitment=made, now=NOW)
    assert (made.publicity_class, made.public_from) == ("limited", None)
    assert gate.find_public(made.code, now=LATER) is None
    assert not made.events.exists()


@pytest.mark.django_db
@pytest.mark.req("R92")
def test_two_of_the_office_make_a_persons_commitment_public() -> None:
    made = listed.commitment(subject=factories.person(), signer_capacity="self", public=False)
    first = office(department=made.department)
    second = office(department=made.department)
    services.decide_publicity(
        commitment=made, publicity_class="public", reason="person_by_two",
        decided_by=first, second=second, now=NOW, note="典型",
    )  # fmt: skip
    assert gate.find_public(made.code, now=NOW) == made
    event = AuditEvent.objects.get(verb="publicity.decided")
    assert (event.actor_id, event.facts["second"]) == (first.pk, second.pk)


@pytest.mark.django_db
@pytest.mark.req("R92")
def test_a_trade_secret_takes_a_commitment_off_at_once() -> None:
    made = listed.commitment()
    services.decide_publicity(
        commitment=made, publicity_class="limited", reason="trade_secret",
        decided_by=office(department=made.department), second=None, now=NOW,
    )  # fmt: skip
    assert gate.find_public(made.code, now=NOW) is None
    assert made.events.get().kind == CommitmentEvent.Kind.WITHDRAWN


@pytest.mark.django_db
def test_what_stays_public_keeps_the_day_from_which_it_was() -> None:
    made = listed.commitment()
    since = made.public_from
    services.decide_publicity(
        commitment=made, publicity_class="public", reason="default_organisation",
        decided_by=office(department=made.department), second=None, now=LATER,
    )  # fmt: skip
    assert made.public_from == since
    assert not made.events.exists()


@pytest.mark.django_db
def test_an_office_decides_only_within_its_region() -> None:
    made = listed.commitment()
    stranger = office(department=factories.department(region="410103"))
    with pytest.raises(PublicityRefused, match="管理范围"):
        services.decide_publicity(
            commitment=made, publicity_class="closed", reason="privacy",
            decided_by=stranger, second=None, now=NOW,
        )  # fmt: skip
    assert gate.find_public(made.code, now=NOW) == made


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"voided_at": NOW}, {"corrected": True}])
def test_what_was_voided_or_corrected_is_never_published_again(fields: dict) -> None:
    corrected = fields.pop("corrected", False)
    made = listed.commitment(withdrawn_at=NOW, **fields)
    if corrected:
        listed.commitment(subject=made.subject, corrects=made)
    with pytest.raises(PublicityRefused):
        services.decide_publicity(
            commitment=made, publicity_class="public", reason="default_organisation",
            decided_by=office(department=made.department), second=None, now=LATER,
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("run", "reason"), [(hooks.run_after_voiding, "voided"), (hooks.run_after_correction, "corrected")]
)
def test_voiding_and_correcting_end_the_publication_and_are_told(run, reason: str) -> None:
    made = listed.commitment()
    clerk = factories.staff(department=made.department)
    run(commitment=made, actor=clerk, now=NOW)
    assert made.withdrawn_at == NOW
    assert gate.find_public(made.code, now=NOW) is None
    assert PublicityDecision.objects.get(commitment=made).reason == reason
    assert made.events.get().kind == CommitmentEvent.Kind.WITHDRAWN
    assert AuditEvent.objects.get(verb="publicity.withdrawn").facts == {"reason": reason}


@pytest.mark.django_db
def test_withdrawing_twice_or_what_is_not_public_changes_nothing() -> None:
    hidden, made = listed.commitment(public=False), listed.commitment()
    assert services.withdraw(commitment=hidden, reason="privacy", actor=None, now=NOW) is None
    assert services.withdraw(commitment=made, reason="privacy", actor=None, now=NOW) is not None
    assert services.withdraw(commitment=made, reason="privacy", actor=None, now=LATER) is None
    assert PublicityDecision.objects.count() == 1
    assert made.withdrawn_at == NOW


@pytest.mark.django_db
def test_a_reason_for_publishing_is_none_for_withdrawing() -> None:
    with pytest.raises(PublicityRefused, match="停止公示"):
        services.withdraw(commitment=listed.commitment(), reason="default_organisation", actor=None, now=NOW)

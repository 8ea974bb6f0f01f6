"""The demonstration: once, whole, made by the services, recognisable, and never beside real data."""

import os
import re
import secrets
import stat
import tempfile
from collections import Counter
from datetime import datetime
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.test import TestCase, override_settings

from commitments.models import (
    BulkJob,
    Campaign,
    CaptureBatch,
    ClauseWarning,
    Commitment,
    CommitmentText,
    Draft,
    HandedHistory,
    HandedOver,
    HandoverMapping,
    HandoverProtocol,
    ImmediateResult,
    ImportedCommitment,
    Interview,
    Letter,
    MemberNote,
    Obligation,
    PromisedMaterial,
    ReadingDraft,
    ReadingMaterial,
    ReadingOffer,
    RecheckPlan,
    Rectification,
    Registration,
    RosterEntry,
    SubjectStatement,
    Supplement,
    SupplementExtension,
    TextVersion,
    Visit,
    WarningRule,
)
from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines import policy
from credit_portal.deadlines.models import PolicyRule, SwitchOrder
from credit_portal.documents.services import read_evidence
from credit_portal.overview.demo import (
    build,
    items,
    logins,
    people,
    places,
    records,
    self_service,
    subjects,
    words,
)
from credit_portal.registry import access, codes, groups
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    OccupationGroup,
    ServiceItem,
    SubjectAccess,
    UnitContact,
    User,
)
from disclosure import consumer_gate
from disclosure.models import (
    AdministrativeAct,
    Complaint,
    ErrorTip,
    ExchangeBatch,
    Objection,
    Pilot,
    PublicityDecision,
    RuleDocument,
    TypicalCase,
    TypicalReport,
)
from repair.models import BrokenPledge, HelpService, RepairApplication
from tests import factories, paper_fonts
from tests.blank_papers import printed
from tests.naughty import naughty_strings
from tests.sweep import sweeping
from tests.watching import known_at_once
from verification import services as verification
from verification.grades import grading
from verification.models import (
    AppliedMeasure,
    Check,
    ConsumerComplaint,
    CreditEntry,
    EvaluationPassing,
    GradingStandard,
    ListedMeasure,
    Listing,
    MeasureLifting,
    MembershipUpload,
    SubjectGrade,
    TaxCreditEntry,
    TrainingSession,
    UnusualReading,
    UsageNotice,
)
from verification.rules import standing
from verification.vocabulary import KIND_LABELS, Standing

NOW = datetime(2026, 9, 14, 15, 30, tzinfo=SHANGHAI)
SHARE = 0.12
SEVEN = {"130000", "130100", "130111", "130129", "410000", "410100", "410103"}
MARKED = (Department, User, CreditSubject, ServiceItem, CommitmentText, Commitment, CreditEntry, RuleDocument)


class TheDemonstration(TestCase):
    """Built once with a share of its visits; each test looks at another side of it."""

    @classmethod
    def setUpTestData(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        paper_fonts.take_over(Path(cls.folder.name))
        if not OccupationGroup.objects.exists():
            # A test that commits has emptied the table; what the migration enters is entered again.
            import_module(
                "credit_portal.registry.migrations.0003_squashed_0010_self_service"
            ).enter_occupations(apps, None)
        with override_settings(DATA_DIR=Path(cls.folder.name)):
            cls.result = build.build(now=NOW, share=SHARE)
            cls.kept = Path(cls.folder.name) / logins.FILE

    def test_every_field_of_every_form_keeps_naughty_strings_or_refuses_them_by_name(self):
        """In the suite what stands in front of the back office, one string a field, all 485 among them; by `make fuzz`
        everything, every string in every field, as long as NAUGHTY_MINUTES lets it."""
        whole, only = os.environ.get("NAUGHTY_EACH") == "1", os.environ.get("NAUGHTY_ONLY", "")
        seed = int(os.environ.get("NAUGHTY_SEED") or secrets.randbelow(485)) if whole else 0
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clock, "now", lambda: NOW)
            patched.setattr(clock, "today", NOW.date)
            known_at_once(patched)
            report = sweeping.sweep(
                now=NOW,
                whole=whole,
                seed=seed,
                seconds=60 * float(os.environ.get("NAUGHTY_MINUTES") or 20),
                only=only,
            )
        if whole:
            print(f"NAUGHTY_SEED={seed}: {report}")
        assert not report.wrong, f"{report}\n" + "\n".join(report.wrong)
        if not only:
            assert report.accepted >= 60 and report.accepted > report.forms // 2, str(report)
            assert whole or report.used >= set(naughty_strings())

    def test_an_announced_change_of_law_waits_for_the_second_person_with_its_preview(self):
        order = SwitchOrder.objects.get()
        rule = order.proposal.rule
        assert (order.state, rule.confirmed, rule.key) == ("open", True, "publicity")
        assert order.effective_on == rule.effective_from > NOW.date()
        found = list(order.lines.all())
        assert (
            found and {line.state for line in found} == {"planned"} and not any(line.worse for line in found)
        )

    def test_there_is_an_objection_in_every_state_and_voices_beside_them(self):
        assert set(Objection.objects.values_list("state", flat=True)) == set(Objection.State.values)
        assert set(Complaint.objects.values_list("state", flat=True)) == set(Complaint.State.values)
        assert set(ErrorTip.objects.values_list("state", flat=True)) == set(ErrorTip.State.values)

    def test_late_materials_stand_at_every_step_and_results_at_once_have_a_rate(self):
        assert set(Supplement.objects.values_list("state", flat=True)) >= {
            "open",
            "done",
            "overdue",
            "closed",
        }
        assert PromisedMaterial.objects.filter(state="sent").exists()
        assert set(SupplementExtension.objects.values_list("state", flat=True)) == {"asked", "granted"}
        assert not Commitment.objects.filter(late_materials=True, supplement=None).exists()
        assert ImmediateResult.objects.exclude(recorded_on=None).exists()

    def test_every_region_has_offices_and_staff_and_every_group_has_an_account(self):
        assert set(Department.objects.values_list("region_id", flat=True)) == SEVEN
        for kind in ("credit_office", "approval_bureau"):
            assert set(Department.objects.filter(kind=kind).values_list("region_id", flat=True)) == SEVEN
        of_luancheng = Department.objects.filter(region="130111", kind="competent").count()
        assert 6 <= of_luancheng <= 12
        names = set(User.objects.values_list("groups__name", flat=True))
        assert names == set(groups.LABELS)
        for user in User.objects.prefetch_related("groups"):
            groups.check_compatible([group.name for group in user.groups.all()])

    def test_everything_is_marked_as_demonstration(self):
        for model in MARKED:
            assert model.objects.exists(), model
            assert not model.objects.filter(is_demo=False).exists(), model
        for department in Department.objects.all():
            assert department.name.endswith(places.MARK)
        for subject in CreditSubject.objects.all():
            assert "演示" in subject.name

    def test_codes_have_right_check_digits_and_belong_to_nobody(self):
        for department in Department.objects.all():
            assert codes.check_uscc(department.uscc)[8:10] == "YY"
        for subject in CreditSubject.objects.all():
            if subject.kind == codes.PERSON:
                assert codes.check_id_number(subject.id_number).startswith("99")
            else:
                assert codes.check_uscc(subject.uscc)[8:10] == "YY"

    def test_there_are_enough_subjects_of_each_kind_with_rare_characters_and_interpuncts(self):
        kinds = Counter(CreditSubject.objects.values_list("kind", flat=True))
        assert kinds["organisation"] >= 60
        # Those of the people; seven of the eight rows of the demonstration's file came in, four of five of its register; one paper was registered.
        new = BulkJob.objects.filter(dry_run=False).values_list("new_subjects", flat=True).order_by("pk")
        assert list(new) == [7, 4] and kinds["sole_trader"] == 25 + sum(new) + 1
        assert kinds["person"] == 12
        names = "".join(CreditSubject.objects.values_list("name", flat=True))
        assert {"𬭎", "䶮", "㛃", "·"} <= set(names)
        renamed = CreditSubject.objects.filter(names__valid_to__isnull=False).distinct()
        assert renamed.count() >= 5
        assert CreditSubject.objects.filter(responsible__capacity="legal_representative").count() > 20

    def test_the_record_has_every_kind_and_every_standing(self):
        assert set(CreditEntry.objects.values_list("kind", flat=True)) == {str(kind) for kind in KIND_LABELS}
        today = NOW.date()
        entries = CreditEntry.objects.prefetch_related("measures")
        found = {standing(verification.as_entry(entry), today) for entry in entries}
        assert found == set(Standing)
        assert CreditEntry.objects.filter(measures__domain="procurement", measures__effect="refused").exists()
        unpublished = CreditEntry.objects.filter(kind="breach", grade="minor", public_from=None)
        assert unpublished.filter(served_on__isnull=False).exists()

    def test_breaches_have_brought_of_everything_that_they_can_bring(self):
        for model in (
            Rectification,
            Interview,
            Letter,
            Listing,
            UsageNotice,
            UnitContact,
            TrainingSession,
            TypicalCase,
            TypicalReport,
            ExchangeBatch,
            MeasureLifting,
            BrokenPledge,
            HelpService,
        ):
            assert model.objects.exists(), model
        assert Letter.objects.filter(state="received").exists()
        acts = AdministrativeAct.objects.all()
        assert acts.filter(decided_at__isnull=True).exists() and acts.exclude(ending="").exists()

    def test_complaints_have_brought_warnings_that_were_answered_and_pilots_are_shown(self):
        assert set(WarningRule.objects.values_list("region", flat=True)) == {"130111"}
        states = set(ClauseWarning.objects.values_list("state", flat=True))
        assert {"open", "true", "false"} <= states
        assert ClauseWarning.objects.filter(rule__sort="risk").exists()
        assert ConsumerComplaint.objects.filter(result="").exists()
        # One of the five was found untrue.
        assert consumer_gate.public_complaints(NOW).count() == 4
        assert set(Pilot.objects.values_list("state", flat=True)) == {"running", "summed_up"}

    def test_repair_was_asked_for_and_stands_in_every_state(self):
        states = set(RepairApplication.objects.values_list("state", flat=True))
        assert {"applied", "asked", "proposed", "decided", "effective", "refused"} <= states
        effective = RepairApplication.objects.get(state="effective")
        assert effective.announced_on and effective.entry.repaired_on and effective.pledge

    def test_commitments_are_kept_clause_by_clause_and_were_re_checked(self):
        assert not Commitment.objects.filter(obligations=None).exists()
        assert set(Obligation.objects.values_list("state", flat=True)) >= {
            "open",
            "kept",
            "not_kept",
            "ended",
        }
        plans = RecheckPlan.objects.order_by("pk")
        assert [plan.state for plan in plans] == ["approved", "proposed", "approved"]
        first, second = plans[0].rounds.order_by("number")
        assert not first.rechecks.filter(finding="").exists() and second.number == 2

    def test_all_are_graded_evaluations_are_given_and_what_was_drawn_is_bundled(self):
        standards = GradingStandard.objects.filter(region="130111")
        assert standards.filter(approved_at=None).exists() and standards.exclude(approved_at=None).exists()
        graded = set(grading.current(SubjectGrade.objects.all()).values_list("grade", flat=True))
        assert {"B", "C", "D"} <= graded
        assert not SubjectGrade.objects.filter(is_demo=False).exists()
        assert set(EvaluationPassing.objects.values_list("recipient__kind", flat=True)) >= {
            "department",
            "association",
        }
        assert Visit.objects.filter(state="planned", announced=True).exists()

    def test_a_departments_own_system_has_handed_in_reported_and_warned(self):
        handed_in = Commitment.objects.filter(channel="partner")
        assert handed_in.count() == 4 and handed_in.filter(fulfilment="fulfilled").exists()
        assert handed_in.filter(
            breach_cases__opened_by_system__isnull=False, breach_cases__state="opened"
        ).exists()

    def test_lists_were_brought_by_files_and_some_have_left_them(self):
        uploads = MembershipUpload.objects.all()
        assert {one.state for one in uploads} == {"done"} and uploads.filter(whole=True).count() == 2
        listed = CreditEntry.objects.filter(credit_list__isnull=False)
        for code in (
            "judgment_defaulter",
            "tax_serious",
            "procurement_serious",
            "market_ban",
            "exemplary",
            "good_standing",
        ):
            assert set(listed.filter(credit_list__code=code).values_list("region", flat=True)) == {
                "130111",
                "130129",
            }
        assert listed.filter(credit_list__code="market_ban", until_on=None).get().region_id == "130111"
        assert listed.filter(state="ended").exclude(end_reason="").count() == 3

    def test_measures_are_listed_applied_ended_and_fed_back(self):
        own = ListedMeasure.objects.filter(region="130111")
        assert own.filter(approved_at=None).exists() and own.exclude(effective_to=None).count() >= 2
        applied = AppliedMeasure.objects.all()
        assert not applied.filter(is_demo=False).exists()
        assert {"key", "ordinary", "convenience"} <= set(applied.values_list("effect", flat=True))
        assert {"lifted", "unlisted"} <= set(applied.values_list("end_reason", flat=True))
        assert applied.filter(ended_on=None).exists() and applied.exclude(fed_back_at=None).exists()

    def test_every_answer_of_a_check_has_been_given(self):
        assert set(Check.objects.values_list("route", flat=True)) == {
            "commitment",
            "ordinary",
            "refused",
            "not_needed",
        }
        assert set(Check.objects.values_list("scrutiny", flat=True)) == {"normal", "key"}
        assert AuditEvent.objects.filter(verb="notice.printed").exists()

    def test_a_file_of_collected_commitments_has_come_in_but_for_a_wrong_row(self):
        job = BulkJob.objects.get(mapping=None)
        assert (job.state, job.good, job.bad, job.breaches) == ("done", 7, 1, 1) and job.result_name
        assert ImportedCommitment.objects.filter(breach="waiting").count() == 1

    def test_the_security_administrator_has_what_was_read_unusually_to_ask_about(self):
        told = {
            row.kind: row
            for row in UnusualReading.objects.filter(kind__in=["avoided", "off_hours"]).order_by("pk")
        }
        assert told["avoided"].state == "open" and told["avoided"].avoided.relation == "company"
        night = UnusualReading.objects.get(reader=None)
        assert (night.kind, night.state, night.readings, night.partner.name) == (
            "off_hours", "open", 51, "栾城区审批业务系统（演示）"
        )  # fmt: skip
        late = UnusualReading.objects.exclude(decided_by=None).get()
        assert (late.kind, late.state, late.readings) == ("off_hours", "explained", 5)

    def test_a_register_of_before_was_handed_over_by_two_with_its_history_and_its_signed_list(self):
        assert [one.confirmed for one in HandoverMapping.objects.order_by("version")] == [False, True]
        trial, job = BulkJob.objects.exclude(mapping=None).order_by("pk")
        assert job.trial == trial and trial.dry_run and trial.owner != job.owner
        assert (job.state, job.good, job.bad, job.breaches, job.kept_confirmed) == ("done", 4, 1, 0, 1)
        handed = HandedOver.objects.order_by("number").select_related("commitment")
        assert [(one.state_word, one.commitment.publicity_class) for one in handed] == [
            ("正常", "public"), ("已完成", "public"), ("违约", "limited"), ("注销", "limited"),
        ]  # fmt: skip
        told = HandedHistory.objects.order_by("row").values_list("kind", "settled")
        assert list(told) == [("kept", True), ("breach", True), ("ended", True)]
        made = HandoverProtocol.objects.get()
        assert made.counts["good"] == 4 and read_evidence(made.pdf).startswith(b"%PDF")

    def test_papers_of_a_market_stand_in_every_state_between_scan_and_register(self):
        sheets = CaptureBatch.objects.get().sheets.order_by("pk")
        assert [one.state for one in sheets] == ["waiting", "second", "differs", "done", "refused"]
        assert sheets[0].draft_sealed and sheets[4].refusal == "illegible"
        done = sheets[3]
        assert [one.by.username for one in done.keyings.all()] == ["luancheng-officer", "luancheng-clerk3"]
        made = Commitment.objects.get(channel="paper")
        assert done.commitment == made and made.signature == done.scan and made.is_demo
        assert PublicityDecision.objects.filter(commitment=made).exists()
        assert Obligation.objects.filter(commitment=made).exists()

    def test_commitments_of_every_type_were_signed_by_the_service_with_their_pdf(self):
        # What a department has collected on paper was not signed here.
        everything = Commitment.objects.exclude(channel__in=["bulk", "paper"]).select_related(
            "pdf", "signature", "text_version"
        )
        assert {c.commitment_type for c in everything} == {
            "voluntary",
            "approval",
            "supervisory",
            "industry",
            "repair",
        }
        assert {c.publicity_class for c in everything} >= {"public", "limited"}
        # Repair commitments signed in the course of an application come on top.
        with_repair = RepairApplication.objects.exclude(pledge=None).count()
        assert self.result.commitments + with_repair == len(everything)
        signed = Counter(
            AuditEvent.objects.filter(verb="commitment.signed").values_list("target_id", flat=True)
        )
        for commitment in everything:
            assert signed[str(commitment.pk)] == 1
            assert commitment.pdf.sha256 == commitment.pdf_sha256
            assert commitment.signature_id
            assert commitment.text_version.sha256
            assert commitment.made_on == commitment.signed_at.astimezone(SHANGHAI).date() <= NOW.date()
            assert PublicityDecision.objects.filter(commitment=commitment).exists()
        assert len(printed(read_evidence(everything.first().pdf))) > 20_000
        assert everything.filter(late_materials=True).exists()

    def test_what_must_be_said_of_an_expired_entry_is_in_the_signed_text(self):
        expired = Commitment.objects.filter(content__icontains="如实说明")
        assert expired.exists()
        assert "期满" in str(expired.first().content)

    def test_natural_persons_are_limited_unless_two_people_decided(self):
        for commitment in Commitment.objects.filter(subject_kind="person"):
            decisions = commitment.publicity_decisions.order_by("id")
            assert decisions[0].publicity_class == "limited"
            if commitment.publicity_class == "public":
                last = decisions.last()
                assert last.reason == "person_by_two"
                assert last.decided_by_id != last.second_id

    def test_today_has_finished_and_unfinished_business_for_the_clerk(self):
        clerk = User.objects.get(username="luancheng-clerk")
        assert Commitment.objects.filter(clerk=clerk, made_on=NOW.date()).exists()
        open_steps = Draft.objects.filter(clerk=clerk, step__in=["subject", "check", "read", "sign"])
        assert open_steps.count() >= 3
        assert not Commitment.objects.filter(signed_at__gt=NOW).exists()

    def test_an_association_is_at_work_and_information_is_registered(self):
        entries = RosterEntry.objects.values_list("sort", flat=True)
        assert Counter(entries) == {"members": 14, "above_scale": 8, "model": 4}
        one = Campaign.objects.get()
        assert one.drafts.filter(draft__commitment__isnull=False).count() == 1
        assert set(MemberNote.objects.values_list("tone", flat=True)) == {"good", "bad"}
        states = Counter(Registration.objects.values_list("state", flat=True))
        assert states == {"verified": 1, "submitted": 1, "draft": 1}
        registered = CreditEntry.objects.get(kind="registration", verified=True)
        assert "核实" in registered.source and registered.is_demo

    def test_texts_of_every_type_are_in_force_and_old_versions_are_kept(self):
        current = TextVersion.objects.filter(status="published").select_related("text")
        in_luancheng = {
            (v.text.commitment_type, v.text.late_materials)
            for v in current
            if v.text.region_id == "130111" and v.text.item_id is None
        }
        assert in_luancheng == {
            ("approval", False),
            ("approval", True),
            ("supervisory", False),
            ("voluntary", False),
            ("repair", False),
            ("industry", False),
        }
        assert current.filter(text__item__isnull=False, blanks__kind="date").exists()
        assert current.filter(text__origin="provincial").exists()
        assert TextVersion.objects.filter(status="frozen").exists()
        assert TextVersion.objects.filter(status="draft").exists()
        # One more: the commitment to the truth of what is registered, which the office has adopted.
        assert len(ServiceItem.objects.all()) == len(items.ITEMS) + 1 >= 40
        assert ServiceItem.objects.exclude(retired_on=None).count() == len(items.RETIRED)
        assert not ServiceItem.objects.filter(versions__status="published", versions__pinyin="").exists()
        assert ReadingMaterial.objects.count() >= 5
        assert ReadingDraft.objects.filter(state="open").exists() and ReadingOffer.objects.exists()
        assert RuleDocument.objects.count() == 5

    def test_where_only_late_materials_depend_on_credit_the_ordinary_text_asks_for_no_clean_record(self):
        def asks(code: str) -> bool:
            clauses = TextVersion.objects.get(text__code=code, status="published").clauses.all()
            return any("no_dishonesty" in clause.covers for clause in clauses)

        assert asks("130129-SP")
        assert not asks("410103-SP")
        assert asks("410103-RQ")

    def test_the_offices_have_confirmed_every_rule_as_demonstration(self):
        for region in SEVEN:
            lineage = factories.region(region).lineage
            # What a record is in a field is said field by field, and only where a document says it.
            for key in set(PolicyRule.objects.values_list("key", flat=True)) - {"field_use"}:
                narrowing = {"grade": "general"} if key == "publicity" else {}
                found = policy.values([key], lineage=lineage, on=NOW.date(), **narrowing)[key]
                assert found.confirmed, (region, key)
        made_up = PolicyRule.objects.filter(basis="演示")
        assert made_up.exists()
        assert not made_up.filter(approved_by=None).exists()
        assert not [rule for rule in made_up if rule.entered_by_id == rule.approved_by_id]

    def test_the_table_of_accounts_opens_them_and_is_kept_from_others(self):
        rows = [re.split(r"\s{2,}", line) for line in self.result.logins.splitlines()]
        assert rows[0] == ["用户名", "密码", "角色", "部门"]
        accounts = {row[0]: row[1] for row in rows[1:]}
        assert set(accounts) == set(User.objects.values_list("username", flat=True))
        for username in ("luancheng-clerk", "luancheng-credit", "erqi-clerk"):
            assert User.objects.get(username=username).check_password(accounts[username])
        assert self.kept.read_text().strip() == self.result.logins
        assert stat.S_IMODE(self.kept.stat().st_mode) == 0o600

    def test_subjects_open_their_own_pages_by_codes_that_are_new_at_each_start(self):
        first, second = (subjects.codes_table(now=NOW) for _ in range(2))
        codes = dict(re.findall(r"^(9\S{17}) +(\S{5}-\S{5}) ", second, re.M))
        assert len(codes) == subjects.PRINTED and subjects.FIRM in codes and first != second
        # Repair can be walked from one of them, and a running commitment looked at from another.
        assert "可申请信用修复" in second and "有履行中的承诺" in second
        breach = subjects.repairable(now=NOW)
        assert breach is not None and breach.subject.uscc in codes
        for subject_code, code in codes.items():
            entered = access.enter(subject_code=subject_code, code=code, address="10.0.0.1", now=NOW)
            assert entered.access.subject.uscc == subject_code and entered.access.is_demo
        agent = SubjectAccess.objects.get(capacity="agent")
        assert not agent.may_act and read_evidence(agent.grounds.authorisation)
        waiting = SubjectStatement.objects.get()
        assert waiting.state == "waiting" and waiting.case == breach

    def test_people_have_signed_on_their_own_pages_in_their_positions_and_for_their_tax_year(self):
        own = Commitment.objects.filter(channel="online", particulars__isnull=False)
        assert own.count() == len(self_service.SIGNED)
        assert (
            own.exclude(particulars__occupation=None).values("particulars__occupation").distinct().count()
            == 5
        )
        assert own.filter(particulars__year=NOW.year - 1).count() == 1
        assert not own.exclude(publicity_class="limited").exists()
        texts = TextVersion.objects.filter(status="published", text__item__code__in=self_service.GROUPS)
        assert texts.count() == len(self_service.GROUPS)
        assert Draft.objects.filter(clerk=None, step="read").count() == 1
        assert set(TaxCreditEntry.objects.values_list("state", flat=True)) == {"effective", "repaired"}
        assert ReadingMaterial.objects.filter(occupation__isnull=False).count() == 2

    def test_a_second_run_changes_nothing_and_shows_the_accounts_again(self):
        before = (AuditEvent.objects.count(), Commitment.objects.count())
        with override_settings(DATA_DIR=Path(self.folder.name)):
            again = build.build(now=NOW)
        assert (AuditEvent.objects.count(), Commitment.objects.count()) == before
        assert again == build.Result(self.result.logins, None)

    def test_no_sentence_is_taken_from_the_policies_required_contents(self):
        said = "".join(body for _, body, _ in (*words.SEVEN, words.BEAR))
        for phrase in ("全面履行法定责任和义务", "合法、真实、准确、完整、有效", "自愿接受违背承诺"):
            assert phrase not in said


@pytest.mark.django_db
@pytest.mark.parametrize("make", [factories.subject, factories.item_version, factories.staff])
def test_beside_real_data_it_refuses_with_a_reason_and_brings_nothing(make):
    make()
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("demo", stdout=out, stderr=err)
    assert left.value.code == 1
    assert "真实数据" in err.getvalue()
    assert out.getvalue() == ""
    assert not Department.objects.filter(is_demo=True).exists()


def test_each_password_is_new_and_long_enough():
    made = {logins.new_password() for _ in range(50)}
    assert len(made) == 50
    assert (
        min(len(password) for password in made)
        >= settings.AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"]["min_length"]
    )


def test_records_and_planned_visits_name_subjects_and_items_that_exist():
    codes_of_items = {item.code for item in items.ITEMS}
    for planned in records.PLANNED:
        assert f"{planned.region}-YS{planned.item:03d}" in codes_of_items
    for one in (*records.RECORDS, *records.PLANNED):
        assert one.subject < sum(people.HOW_MANY[one.region])

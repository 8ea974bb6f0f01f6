"""The office with a sample for every address of the portal, and people of every role near it and far from it."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.test import Client

from commitments.associations import notes
from commitments.concluding import Upload
from commitments.models import (
    AccessGrounds,
    DraftPhoto,
    ImmediateResult,
    MaterialFile,
    Obligation,
    ObligationFinding,
    PromisedMaterial,
    ReadingDraft,
    Recheck,
    RecheckPlan,
    RecheckRound,
    Rectification,
    RevocationHandoff,
    SubjectStatement,
    Supplement,
    Visit,
)
from commitments.online import beginning
from commitments.rosters import uploading
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import partners
from credit_portal.outbox.models import PartnerSystem, Scope
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from disclosure.catalogue import importing
from disclosure.models import (
    ActUpload,
    BreachPublicationProposal,
    Objection,
    ReversalRecipient,
)
from disclosure.objections import handling, records
from disclosure.pilots import keeping as pilots
from disclosure.progress import reports
from repair.models import BrokenPledge, RepairMaterial, UnpublicationProof
from verification import listing, listing_opening
from verification.checking import own_record
from verification.checking.looking import File as Picture
from verification.complaints import reading, taking
from verification.consent import keeping as keeping_consents
from verification.memberships import credit_lists
from verification.models import (
    CheckLook,
    CheckNotice,
    ListingStatement,
    MembershipUpload,
    UsageNotice,
)
from verification.reports import issuing

from . import acts, factories, objecting, subjects
from .counter import signature_png
from .office import Office, client_of
from .rows import row, sheet

NOW, TODAY = factories.NOW, factories.TODAY
LETTERS = {
    "C": groups.CLERK, "F": groups.OFFICER, "H": groups.HEAD, "B": groups.APPROVAL_BUREAU, "S": groups.ASSOCIATION,
    "K": groups.CREDIT_OFFICE, "A": groups.AUDITOR, "X": groups.SECURITY_ADMIN, "Y": groups.SYSTEM_ADMIN,
}  # fmt: skip


class Wide(Office):
    def __init__(self) -> None:
        super().__init__()
        # Who signs at the window is who signed there.
        self.people[groups.CLERK] = self.counter.clerk
        # The association of the samples is the one whose own people are asked.
        self.people[groups.ASSOCIATION] = self.guildsman
        self.duty = Duty.objects.get(rule_key="breach_report")
        self.file = store_evidence(
            content=signature_png(), kind="document", content_type="image/png", original_name="文书.png",
            actor=self.people[groups.OFFICER], department=self.department, now=NOW,
        )  # fmt: skip
        self._window()
        self._cases()
        self._late()
        self._desk()
        self._uploads()
        self._repairs()
        self._checks()
        self._own()
        self._public()
        self._machines()
        self.near = self._people("130111")
        self.away = self._people("130129")
        self.above = self._people("130100")

    def _window(self) -> None:
        self.counter.subject = self.commitment.subject
        self.draft = self.counter.checked(fresh=True)
        self.window_photo = DraftPhoto.objects.create(
            draft=self.commitment.draft, kind="paper", file=self.file, sha256="0" * 64, key=uuid.uuid4(), added_at=NOW,
            access=self.access,
        )  # fmt: skip

    def _cases(self) -> None:
        case = self.breach.case
        case.service_proof = self.file
        self.paper = case.steps.exclude(document=None).first().document
        officer = self.people[groups.OFFICER]
        self.statement_access = subjects.opened(case.subject, actor=self.counter.clerk)
        self.statement = SubjectStatement.objects.create(
            case=case, access=self.statement_access, text="已经整改。", submitted_at=NOW
        )
        common = {"case": case, "department": self.department, "region": self.department.region}
        self.rectification = Rectification.objects.create(
            number="Z1301112026000001", requirements="补交报告。", ordered_on=TODAY, ordered_by=officer,
            due_on=TODAY + timedelta(days=30), document=self.file, **common,
        )  # fmt: skip
        self.handoff = RevocationHandoff.objects.create(
            number="C1301112026000001", bureau=self.department, licence_name="食品经营许可证", licence_no="1",
            reasons="承诺没有履行。", sent_on=TODAY, sent_by=officer, document=self.file, **common,
        )  # fmt: skip
        self.breach_proposal = BreachPublicationProposal.objects.create(
            case=case,
            note="影响较大，确需公示",
            proposed_by=self.people[groups.CREDIT_OFFICE],
            proposed_at=NOW,
        )

    def _late(self) -> None:
        """Materials that come late, a result given at once, what was found of an obligation and at a re-check."""
        self.immediate = ImmediateResult.objects.create(
            commitment=self.commitment, department=self.department, due_on=TODAY
        )
        self.supplement = Supplement.objects.create(
            commitment=self.commitment, department=self.department, region=self.department.region,
            signed_on=TODAY, last_on=TODAY + timedelta(days=10),
        )  # fmt: skip
        material = PromisedMaterial.objects.create(
            supplement=self.supplement, number=1, name="健康证明", promised_on=TODAY + timedelta(days=10),
            due_on=TODAY + timedelta(days=10),
        )  # fmt: skip
        MaterialFile.objects.create(material=material, file=self.file, added_at=NOW)
        obligation = Obligation.objects.filter(commitment=self.commitment).first()
        finding = ObligationFinding.objects.create(
            obligation=obligation, state="kept", found_on=TODAY, at=NOW, finder=self.people[groups.OFFICER]
        )
        finding.evidence.add(self.file)
        self.plan = RecheckPlan.objects.create(
            number="FH1301112026000001", name="定期复核", region=self.department.region,
            office=self.department, department=self.department, starts_on=TODAY, proposed_by=self.people[groups.OFFICER], proposed_at=NOW,
        )  # fmt: skip
        self.round = RecheckRound.objects.create(
            plan=self.plan, number=1, on=TODAY, seed="1", interval=6, percent=10, basis="S4 1", confirmed=True,
            population=1, population_sha256="0" * 64, drawn=1, drawn_at=NOW,
        )  # fmt: skip
        self.recheck = Recheck.objects.create(
            round=self.round, commitment=self.commitment, department=self.department,
            region=self.department.region,
        )  # fmt: skip
        self.recheck.evidence.add(self.file)

    def _desk(self) -> None:
        """Drafts and papers of the desk."""
        officer, credit = self.people[groups.OFFICER], self.people[groups.CREDIT_OFFICE]
        self.reading_draft = ReadingDraft.objects.create(
            domain="approval", department=self.department, title="诚信读本", body="一段。", written_by=officer,
            written_at=NOW,
        )  # fmt: skip
        self.trained = _another(self.training, number="K1301112026000099", material=self.file)
        self.case_draft = _another(self.case, number="D1301112026000099", state="draft")
        self.notice = UsageNotice.objects.create(
            number="N1301112026000001", office=self.credit_department, region=self.credit_department.region,
            month=date(2026, 8, 1), drafted_on=TODAY, drafted_by=credit, document=self.file,
        )  # fmt: skip
        type(self.summary).objects.filter(pk=self.summary.pk).update(document=self.file)
        type(self.assessment).objects.filter(pk=self.assessment.pk).update(document=self.file)
        self.sent_progress = factories.progress_report(
            department=self.department, half="2026H1", period_from=date(2026, 1, 1), period_to=date(2026, 6, 30),
            due_on=date(2026, 6, 24), late_from=date(2026, 6, 26),
        )  # fmt: skip
        reports.submit(
            report_id=self.sent_progress.pk, figures=[], cases={}, as_of=TODAY, now=NOW, reporter="经办甲", actor=officer,
            done="核查到位。", problems="无", plans="继续推进。",
        )  # fmt: skip
        self.reversal = ReversalRecipient.objects.create(
            objection=self.objection,
            kind="check",
            key="1",
            name="测试局",
            told_at=NOW,
            department=self.department,
        )
        objecting.give_time()
        target = records.target_of(Objection(of="commitment", commitment=self.commitment))
        filed = objecting.filed(target, now=NOW, clerk=self.counter.clerk)
        filed.evidence.add(self.file)
        self.accepted = handling.accept(objection_id=filed.pk, actor=credit, now=NOW)
        self.proof = UnpublicationProof.objects.create(
            act=self.act, subject=self.act.subject, department=self.act.department, region=self.act.region,
            wanted_at=NOW, document=self.file, number="T1301112026000001", issued_at=NOW, verify_token="proof-1",
        )  # fmt: skip
        self.paper_note = notes.add(
            entry=self.member, told=notes.Told("good", TODAY, "参加培训，有证书。"), actor=self.guildsman, now=NOW,
            document=Upload(signature_png(), "image/png", "证书.png"),
        )  # fmt: skip
        self.refused = _another(self.exchanged, version=2, place=2, state="rejected")
        self.method_draft = factories.list_method(
            department=self.department, list_name="经营异常名单", state="draft"
        )

    def _uploads(self) -> None:
        """Files that were looked through and wait."""
        officer, credit = self.people[groups.OFFICER], self.people[groups.CREDIT_OFFICE]
        told = {"name": "表.xlsx", "sha256": "0" * 64, "rows": 1, "uploaded_at": NOW}
        self.membership_upload = MembershipUpload.objects.create(
            department=self.credit_department, uploaded_by=credit, **told
        )
        self.roster_upload = uploading.check_file(
            sort="members", name="会员.xlsx", content=sheet([row(self.commitment.subject, code="1")]), as_of=TODAY,
            actor=self.guildsman, now=NOW,
        )  # fmt: skip
        self.act_upload = ActUpload.objects.create(
            department=self.department, kind="licence", uploaded_by=officer, **told
        )
        self.catalogue_import = importing.hand_in(
            name="目录.csv",
            content="事项编码,领域\n130111-009,月球\n".encode(),
            actor=self.people[groups.APPROVAL_BUREAU],
            now=NOW,
        )
        credit_lists.set_keepers(
            credit_list=self.credit_list,
            keepers=[self.department],
            actor=self.people[groups.CREDIT_OFFICE],
            now=NOW,
        )
        self.member_of_list = factories.credit_entry(
            subject=self.commitment.subject, kind="list", credit_list=self.credit_list, title=self.credit_list.name,
            until_on=date(2028, 1, 1),
        )  # fmt: skip

    def _repairs(self) -> None:
        """Applications begun at the desk, at the window and online; a sign that a repair commitment was broken."""
        case = self.breach.case
        draft = {
            "number": None,
            "state": "draft",
            "applied_at": None,
            "applied_on": None,
            "verify_token": None,
        }
        for name, channel, taken_in in (
            ("desk_repair", "department", self.department), ("window_repair", "window", self.department),
            ("own_repair", "online", None),
        ):  # fmt: skip
            entry = factories.credit_entry(subject=self.commitment.subject, department=self.department)
            made = factories.repair_application(
                case=case, entry=entry, subject=entry.subject, channel=channel, taken_in=taken_in, **draft
            )
            setattr(self, name, made)
        entry = factories.credit_entry(subject=self.commitment.subject, department=self.department)
        self.taken_repair = factories.repair_application(
            case=case, entry=entry, subject=entry.subject, channel="window", taken_in=self.department
        )
        self.sign = BrokenPledge.objects.create(pledge=self.commitment, entry=self.entry, found_at=NOW)
        RepairMaterial.objects.create(
            application=self.repair, method="performance", file=self.file, note="报告", added_at=NOW
        )

    def _checks(self) -> None:
        CheckNotice.objects.create(
            check_made=self.check,
            told_at=NOW,
            told_by=self.counter.clerk,
            acknowledged_by="赵一",
            document=self.file,
        )
        self.look = CheckLook.objects.create(
            check_made=self.check, source_name="行业网站", result="nothing", looked_at=NOW, looked_by=self.counter.clerk,
            screenshot=self.file,
        )  # fmt: skip
        self.own_paper = own_record.give(
            subject=self.commitment.subject, asked_by="钱多多", capacity="legal_representative", identity_seen=True,
            actor=self.counter.clerk, now=NOW,
        )  # fmt: skip
        self.agent = subjects.opened(
            self.commitment.subject, capacity="agent", name="孙三", actor=self.counter.clerk
        )
        AccessGrounds.objects.create(access=self.agent, identity_document="id_card", authorisation=self.file)

    def _own(self) -> None:
        """What a subject has on its own pages."""
        clerk = self.counter.clerk
        self.consent_on_paper = keeping_consents.give_at_window(
            subject=self.commitment.subject, asked_by="钱多多", capacity="legal_representative", identity_seen=True,
            told=keeping_consents.Told("loan", "body", "report", TODAY + timedelta(days=30), body_name="栾城区演示银行", body_code=factories.organisation_code()),
            paper=Picture(signature_png(), "image/png", "同意书.png"), actor=clerk, now=NOW,
        )  # fmt: skip
        self.consent_by_agent = keeping_consents.give_at_window(
            subject=self.commitment.subject, asked_by="孙三", capacity="agent", identity_seen=True,
            told=keeping_consents.Told("trade", "body", "report", TODAY + timedelta(days=30), body_name="栾城区演示商行", body_code=factories.organisation_code()),
            paper=Picture(signature_png(), "image/png", "同意书.png"), actor=clerk, now=NOW,
            authorisation=Picture(signature_png(width=7), "image/png", "委托书.png"),
        )  # fmt: skip
        own_record.give_online(access=self.access, now=NOW)
        self.own_report = issuing.give_online(access=self.access, wanted=issuing.For("loan", ""), now=NOW)
        self.planned_visit = Visit.objects.create(
            number="JC1301112026000002", subject=self.commitment.subject, region=self.department.region,
            lead=self.department, until_on=TODAY + timedelta(days=60), day=TODAY + timedelta(days=30), announced=True,
            state="planned", planned_at=NOW, planned_by=self.people[groups.OFFICER], proposed_at=NOW,
            proposed_by=self.people[groups.CREDIT_OFFICE],
        )  # fmt: skip
        self.planned_visit.parts.create(department=self.department)
        factories.list_method("重点关注名单", kind="watch", department=self.department)
        opened = listing_opening.open_listing(
            subject=self.commitment.subject, list_name="重点关注名单", basis="名单办法第五条", standard="情节一般",
            facts="多次违法，拒不改正。", grounds=[self.entry.pk], measures=[], kind="watch", actor=self.people[groups.OFFICER], now=NOW,
        )  # fmt: skip
        self.noticed = listing.give_notice(
            listing_id=opened.pk,
            expect="opened",
            noticed_on=TODAY,
            actor=self.people[groups.OFFICER],
            now=NOW,
        )
        self.listing_paper = self.noticed.steps.exclude(document=None).first().document
        sent = ListingStatement.objects.create(
            listing=self.noticed, access=self.access, key=uuid.uuid4(), text="已经整改。", sent_at=NOW
        )
        sent.files.create(file=self.file)
        self.own_item = factories.item_version(
            department=self.department,
            online=True,
            allowed_types=["voluntary"],
            name="诚信经营承诺",
            pinyin="cxjycn",
        )
        factories.text_version(
            department=self.department, commitment_type="voluntary", item=self.own_item.item
        )
        self.own_draft = beginning.begin(access=self.access, item_version_id=self.own_item.pk, now=NOW)
        self.photo = DraftPhoto.objects.create(
            draft=self.own_draft, kind="paper", file=self.file, sha256="0" * 64, key=uuid.uuid4(), added_at=NOW,
            access=self.access,
        )  # fmt: skip

    def _public(self) -> None:
        """What the public sees of each kind."""
        officer = self.people[groups.OFFICER]
        entered = acts.entered(
            "licence", department=self.department, actor=officer, now=NOW, document_no="栾决〔2026〕9号",
        )  # fmt: skip
        self.public_act = acts.published(entered, actor=officer, now=NOW)
        self.public_case = factories.public_case(department=self.department)
        pilots.show(pilot_id=self.pilot.pk, public=True, actor=self.people[groups.CREDIT_OFFICE], now=NOW)
        PolicyRule.objects.create(
            region=self.department.region, key="complaint_publication", value={"on": True, "months": 6},
            unit="months", basis="测试依据", confirmed=True, effective_from=date(2020, 1, 1),
        )  # fmt: skip
        told = taking.told_of(self.consumer_complaint) | {
            "hotline_no": "1130111002026000099", "result": "调解成功", "result_text": "商家退货退款", "handled_on": "2026-09-13",
        }  # fmt: skip
        self.public_complaint = taking.take(
            {1: reading.read(told, today=TODAY)}, by=taking.by_person(officer), now=NOW
        ).new[1]
        self.method_asked = factories.list_method(
            "守信激励名单", department=self.department, state="asking", asked_from=TODAY,
            asked_until=TODAY + timedelta(days=30),
        )  # fmt: skip

    def _machines(self) -> None:
        """A system for each scope; a report that one of them has fetched."""
        made = {scope: self._system(self.department, scope) for scope in Scope.values}
        self.tokens = {scope: token for scope, (_, token) in made.items()}
        self.fetched = _another(
            self.credit_report,
            number="BG1301112026000099",
            partner=made[Scope.CHECKS.value][0],
            by=None,
            verify_token="bg-99",
        )

    def _people(self, region: str) -> dict[str, User]:
        unit = factories.department(region=region)
        bureau = factories.department(region=region, kind="approval_bureau")
        guild = factories.department(region=region, kind="association")
        credit = (
            factories.department(region=region, kind="credit_office")
            if region != "130111"
            else self.credit_department
        )
        of = {"K": credit, "A": credit, "S": guild, "B": bureau}
        return {
            letter: factories.staff(role, department=of.get(letter, unit)) for letter, role in LETTERS.items()
        }

    def staff_clients(self, place: str) -> dict[str, Client]:
        """By letter: people of the samples' own department, of another one, of another region, of the region above."""
        people = (
            {letter: self.people[role] for letter, role in LETTERS.items()}
            if place == "own"
            else getattr(self, place)
        )
        return {letter: client_of(user) for letter, user in people.items()}

    def outside(self) -> dict[str, Client]:
        """The public, the subjects of the samples, another subject."""
        return {
            "P": Client(),
            "M": subjects.client_of(self.access),
            "Q": subjects.client_of(self.statement_access),
            "N": subjects.client_for(factories.subject()),
        }

    def tax_client(self) -> Client:
        return client_of(factories.staff(groups.OFFICER, department=self.tax_credit.department))

    def machines(self) -> dict[str, Client]:
        """A system of the department for each scope."""
        return {scope: _with_token(self.tokens[scope]) for scope in Scope.values}

    def machine_away(self, scope: str) -> Client:
        """A system of another department with the same scope."""
        return _with_token(self._system(factories.department(region="130111"), scope)[1])

    def _system(self, department: Department, *scopes: str) -> tuple[PartnerSystem, str]:
        admin = self.people[groups.SECURITY_ADMIN]
        row = partners.save_partner(
            system_id=None, name=f"系统{PartnerSystem.objects.count()}", department=department, scopes=list(scopes),
            contact="", is_active=True, actor=admin, now=NOW,
        )  # fmt: skip
        until = TODAY + timedelta(days=300)
        return row, partners.issue_token(system_id=row.pk, expires_on=until, actor=admin, now=NOW)


def _another(row: Any, **changed: Any) -> Any:
    """A row like this one but for what is changed."""
    made = type(row).objects.get(pk=row.pk)
    made.pk, made.uuid, made._state.adding = None, uuid.uuid4(), True
    for name, value in changed.items():
        setattr(made, name, value)
    made.save()
    return made


def _with_token(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"})

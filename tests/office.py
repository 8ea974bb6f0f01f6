"""One of everything that the back office shows, made by the services that make it in life."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from commitments import reading, texts
from commitments.associations import campaigns, notes, texting
from commitments.concluding import Upload
from commitments.consequences import letters
from commitments.models import ClauseWarning, RegistrationBatch, RosterEntry, TextVersion, WarningRule
from commitments.registrations import assigning, filling
from commitments.rosters import uploading
from commitments.warnings import keeping as keeping_warnings
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import proposals as rule_proposals
from credit_portal.deadlines.models import CalendarNotice, Duty, PolicyRule
from credit_portal.deadlines.switching import orders as switch_orders
from credit_portal.outbox import partners
from credit_portal.outbox.models import Message
from credit_portal.registry import contacts, groups, staff
from credit_portal.registry.models import Department, Region, ServiceItemVersion, User
from credit_portal.registry.services import set_responsible
from disclosure import information, proposals, rule_documents
from disclosure.catalogue import filing as filing_catalogue
from disclosure.exchange import batches, noting
from disclosure.models import ExchangeBatch, ExchangePlatform, Objection, PublicityDecision
from disclosure.objections import complaints, filing, records, tips
from disclosure.pilots import keeping as pilots
from disclosure.progress import assessments, summaries
from disclosure.typical import writing
from repair import helping
from tests import acts, self_service, subjects
from tests.breach_stage import Stage
from verification import listing_opening, training
from verification import services as record
from verification.checking import looking
from verification.complaints import reading as complaint_reading
from verification.complaints import taking
from verification.consent import keeping as keeping_consents
from verification.measures import keeping
from verification.memberships import credit_lists
from verification.models import AppliedMeasure, CreditList, UnusualReading
from verification.reading_watch import deciding as reading_watch
from verification.reports import issuing
from verification.tax_credit import keeping as keeping_tax

from . import factories, office_bulk, office_grades
from .counter import Counter, signature_png
from .rows import WORDS, row, sheet

NOW = factories.NOW
BACKEND = "credit_portal.registry.accounts.StaffBackend"


class Office:
    """A region with its departments, its people by role, and a signed commitment of an organisation and of a person."""

    def __init__(self) -> None:
        self.counter = Counter.open()
        self.department: Department = self.counter.clerk.department
        self.credit_department = factories.department(kind="credit_office", region="130111")
        self.people: dict[str, User] = {
            role: factories.staff(role, department=self.department)
            for role in groups.LABELS
            if role not in (groups.CREDIT_OFFICE, groups.AUDITOR)
        }
        for role in (groups.CREDIT_OFFICE, groups.AUDITOR):
            self.people[role] = factories.staff(role, department=self.credit_department)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.credit_department)
        factories.credit_entry(
            subject=self.counter.subject, state="ended", measures=({"domain": "procurement"},)
        )
        self.commitment = self.counter.sign()
        self.check = self.commitment.check_made
        set_responsible(
            subject=self.counter.subject, capacity="legal_representative", name="钱多多", source="licence",
            actor=self.counter.clerk, department=self.department, now=NOW,
        )  # fmt: skip
        self.counter.subject = factories.person(phone="0311-80000001")
        self.persons_commitment = self.counter.sign()
        self.proposal = proposals.propose(
            commitment=self.persons_commitment, note="本人要求公开",
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.entry = record.add_entry(
            subject=self.commitment.subject, kind="penalty", title="未按规定公示价格", source="信用中国（河北）",
            region=factories.region(), from_on=date(2026, 6, 1), operator=self.people[groups.CREDIT_OFFICE],
            document_no="栾罚〔2026〕5号", department=self.credit_department, now=NOW,
        )  # fmt: skip
        self.draft_item = factories.item_version(
            item=self.counter.item.item, status=ServiceItemVersion.Status.DRAFT, valid_from=None,
            published_at=None,
        )  # fmt: skip
        self.draft_text = factories.text_version(
            text=self.counter.text.text, status=TextVersion.Status.DRAFT, valid_from=None, published_at=None,
            sha256="", blanks=({"key": "完成日期", "kind": "date"},),
        )  # fmt: skip
        self.reading = reading.publish_reading(
            domain="approval", title="诚信读本", body="一段。\n又一段。", department=self.department,
            published_on=NOW.date(), actor=None, now=NOW,
        )  # fmt: skip
        self.document = rule_documents.save_document(
            document=None, region=factories.region(), title="信用承诺办法", issuer="栾城区人民政府",
            issued_on=date(2026, 1, 5), summary="一段。", actor=None, now=NOW,
        )  # fmt: skip
        self.leaver = staff.create_staff(
            username="lier", display_name="李二", groups=[groups.CLERK], department=self.department,
            actor=self.people[groups.SECURITY_ADMIN], now=NOW,
        )  # fmt: skip
        log_read(
            now=NOW, actor_id=self.people[groups.CREDIT_OFFICE].pk, what="信用记录", target_type="check",
            target_id=self.check.pk, purpose=ReadLog.Purpose.SUPERVISION, subject_id=self.commitment.subject_id,
        )  # fmt: skip
        self.rule = PolicyRule.objects.create(
            region=factories.region(), key="commitment_upload", value=7, unit="working_days",
            basis="规定上传，未规定期限", confirmed=False, effective_from=date(2020, 9, 12),
        )  # fmt: skip
        self.rule_proposal = rule_proposals.propose_rule(
            region=factories.region(), key="commitment_upload", value=10, basis="栾信办〔2026〕1号",
            effective_from=date(2026, 10, 1), actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.switch_order = switch_orders.propose(
            source=self.rule_proposal, region=factories.region(), kinds_chosen=["duties"],
            effective_on=date(2026, 10, 1), reason="新办法要求未结事项一并适用",
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip

        self.breach = Stage.among(
            officer=self.people[groups.OFFICER], head=self.people[groups.HEAD],
            credit=self.people[groups.CREDIT_OFFICE], second=self.second,
        ).published()  # fmt: skip
        self.message = Message.objects.create(
            key="notice.email:1", effect="notice.email", payload={"notice": 1}, created_at=NOW, due_at=NOW,
            state=Message.State.FAILED, attempts=8, last_error="没有应答",
        )  # fmt: skip

        self._exchange()
        self._acts()
        self._measures()
        self.usage = factories.usage_list(department=self.department)
        self._progress()
        self.recipient = letters.save_recipient(
            recipient=None, role="audit", name="栾城区审计局", region=factories.region(), actor=None, now=NOW
        )
        self.source = looking.save_source(
            source=None, region=factories.region(), name="行业网站", address="https://example.test/", basis="",
            order=10, is_active=True, actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.list_method = factories.list_method(department=self.department)
        self.listing = listing_opening.open_listing(
            subject=self.commitment.subject, list_name="严重违法失信名单", basis="名单办法第五条", standard="情节严重", facts="多次违法，拒不改正。",
            grounds=[self.entry.pk], measures=[], actor=self.people[groups.OFFICER], now=NOW,
        )  # fmt: skip

        self.credit_list = credit_lists.save_list(
            credit_list=None, code="dx2026", name="区级诚信典型", sort="model", holder="栾城区",
            exit_rule="取消称号的移出", region=factories.region(), is_active=True,
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self._units()
        self._voices()
        self._repair()
        self._warnings()
        self._self_service()
        self._associations()
        self._catalogue()
        office_bulk.bulk(self)
        office_bulk.handover(self)
        office_bulk.capture(self)
        self._reading_watch()
        self._consent()
        office_grades.grades(self)

    def _voices(self) -> None:
        """An objection to the published breach, a complaint and an error pointed out."""
        target = records.target_of(Objection(of="breach", publication=self.breach))
        self.objection = filing.file_objection(
            target=target,
            by=filing.Objector("钱多多", "13800000000", code=self.breach.case.commitment.subject_code),
            said=filing.Said(["document_no"], "change", "文号写错了，应为另一个。"), way="online", now=NOW,
        )  # fmt: skip
        self.complaint = complaints.file_complaint(
            said=complaints.Said("late", "超过期限没有答复。", self.department.pk), now=NOW
        )
        self.tip = tips.file_tip(said=tips.Said("/rules/", "标题有错字"), now=NOW)
        self.access = subjects.opened(self.commitment.subject, name="钱多多", actor=self.counter.clerk)

    def _catalogue(self) -> None:
        """A package of the catalogue for the province."""
        keeper = self.people[groups.APPROVAL_BUREAU]
        self.catalogue_filing = filing_catalogue.pack(
            region=self.department.region, letter=filing_catalogue.Letter("栾审1号"), actor=keeper, now=NOW
        )

    def _warnings(self) -> None:
        """A rule of warnings as a draft, a warning of another one, a complaint, a pilot."""
        credit = self.people[groups.CREDIT_OFFICE]
        keeping_warnings.adopt_shipped(region=factories.region(), actor=credit, now=NOW)
        self.warning_rule, rule = WarningRule.objects.order_by("pk")[:2]
        self.consumer_complaint = taking.take(
            {1: complaint_reading.read(
                {
                    "hotline_no": "1130111002026000001", "subject_kind": "法人及非法人组织", "about": "商品与宣传不符",
                    "subject_name": self.commitment.subject.name, "subject_code": self.commitment.subject.uscc,
                    "received_on": "2026-09-12", "domain": "产品质量",
                },
                today=NOW.date(),
            )},
            by=taking.by_person(self.people[groups.OFFICER]), now=NOW,
        ).new[1]  # fmt: skip
        self.warning = ClauseWarning.objects.create(
            rule=rule, family=rule.family, entry=self.consumer_complaint.entry, commitment=self.commitment,
            subject=self.commitment.subject, department=self.department, region=self.department.region,
            clauses=[{"no": 4, "text": "守约经营，产品和服务合格。"}], found_at=NOW,
        )  # fmt: skip
        self.pilot = pilots.begin(
            plan=pilots.Plan(
                "容缺受理试点", date(2026, 9, 1), date(2026, 12, 31), "少跑一趟。", "赵一", unit=self.department
            ),
            actor=credit, now=NOW,
        )  # fmt: skip

    def _associations(self) -> None:
        """An association with a member and a campaign, a note of the member, information that waits to be verified."""
        self.association = factories.department(kind="association", region="130111")
        self.guildsman = factories.staff(groups.ASSOCIATION, department=self.association)
        factories.item_version(
            department=self.association, online=True, allowed_types=["industry"], name="会员自律承诺",
            allows_late_materials=False, materials=[],
        )  # fmt: skip
        draft = texting.save_draft(association=self.association, words=WORDS, actor=self.guildsman, now=NOW)
        texts.publish_text(version=draft, valid_from=NOW.date(), actor=None, now=NOW)
        upload = uploading.check_file(
            sort="members", name="会员.xlsx", content=sheet([row(self.commitment.subject)]), as_of=NOW.date(),
            actor=self.guildsman, now=NOW,
        )  # fmt: skip
        uploading.confirm(upload_id=upload.pk, confirmed=True, actor=self.guildsman, now=NOW)
        self.member = RosterEntry.objects.get()
        self.campaign = campaigns.create(
            association=self.association, name="年度承诺", from_on=NOW.date(), until_on=date(2026, 12, 31),
            actor=self.guildsman, now=NOW,
        )  # fmt: skip
        self.note = notes.add(
            entry=self.member,
            told=notes.Told("good", NOW.date(), "主动参加培训。"),
            actor=self.guildsman,
            now=NOW,
        )
        self.verifier = assigning.save_verifier(
            verifier=None, region=self.department.region, kind="qualification", department=self.department,
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.registration = filling.save(
            access=self.access, proof=Upload(signature_png(), "image/png", "证书.png"), now=NOW,
            told=filling.Told("qualification", "食品经营许可证", "栾城区行政审批局", date(2026, 1, 5)),
        )  # fmt: skip
        self.registration.batch = RegistrationBatch.objects.create(
            number="ZC1301112026000001", subject=self.commitment.subject, draft=self.commitment.draft,
            sha256="0" * 64, rows=1, commitment=self.commitment, made_at=NOW,
        )  # fmt: skip
        self.registration.state, self.registration.submitted_at = "submitted", NOW
        self.registration.department = self.department
        self.registration.save()

    def _reading_watch(self) -> None:
        """A code that the officer keeps away from, and a reading of it."""
        self.avoided = reading_watch.avoid(
            user=self.people[groups.OFFICER], relation="company", code=factories.organisation_code(),
            actor=self.people[groups.SECURITY_ADMIN], now=NOW,
        )  # fmt: skip
        self.unusual = UnusualReading.objects.create(
            reader=self.people[groups.OFFICER], kind="avoided", day=NOW.date(), readings=1, subjects=1,
            avoided=self.avoided, found_at=NOW,
        )  # fmt: skip

    def _consent(self) -> None:
        """A consent that the department is told something, the report that it has fetched, and its release."""
        self.consent = keeping_consents.give_online(
            access=self.access, now=NOW,
            told=keeping_consents.Told(
                "administration", "department", "report", date(2026, 12, 1), department=self.department
            ),
        )  # fmt: skip
        self.credit_report = issuing.fetch(consent=self.consent, actor=self.people[groups.OFFICER], now=NOW)

    def _self_service(self) -> None:
        """A key occupational group, and what a tax authority has on record of a person."""
        self.occupation = self_service.group()
        authority = factories.department(kind="tax", region="130111")
        person = self.persons_commitment.subject
        self.tax_credit = keeping_tax.record(
            told=keeping_tax.Told(person.id_number, person.name, "2025", "late", "逾期申报，已经补报。", date(2026, 7, 1)),
            actor=factories.staff(groups.OFFICER, department=authority), now=NOW,
        )  # fmt: skip

    def _repair(self) -> None:
        """An application for the repair of the breach, and a service that helps with it."""
        self.repair = factories.repair_application(case=self.breach.case, now=NOW)
        self.help_service = helping.save_service(
            service=None, region=factories.region(), name="栾城区信用服务中心", offers="report", contact="0311-80000003",
            charges="free", actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip

    def _units(self) -> None:
        """Who answers for the unit, a training of it, a typical case that it has handed in."""
        head, officer = self.people[groups.HEAD], self.people[groups.OFFICER]
        self.contact = contacts.appoint(
            department=self.department, role="contact", person=officer, office_phone="0311-80000002",
            from_on=date(2026, 1, 5), actor=head, now=NOW,
        )  # fmt: skip
        self.training = training.record_training(
            details=training.Details("信用核查操作培训", date(2026, 3, 2), Decimal(3), "", "核查怎样做。"),
            people=[officer.pk], others={}, actor=head, now=NOW,
        )  # fmt: skip
        self.case = writing.save_case(
            case_id=None, actor=officer, now=NOW,
            told=writing.Told(
                "repair", "某企业主动修复", "一度失信。", "上门辅导。", "已经修复。", check_number=self.check.number
            ),
        )  # fmt: skip
        writing.submit_case(case_id=self.case.pk, actor=officer, now=NOW)

    def _measures(self) -> None:
        """A row of the public list as a draft, and a measure that a check has brought."""
        known = CreditList.objects.create(
            code="watch", name="重点关注对象名单", sort="watch", holder="认定部门", exit_rule="期满移出",
            region=factories.region(),
        )  # fmt: skip
        self.measure = keeping.enter(
            region=factories.region(), whom=known, nature="administrative", effect="key", text="增加抽查",
            basis="栾信办〔2026〕1号", effective_from=NOW.date(), actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.applied = AppliedMeasure.objects.create(
            check_made=self.check, department=self.department, region=self.check.region,
            domain=self.check.domain, effect="key", text="增加抽查", basis="栾信办〔2026〕1号",
            applied_on=NOW.date(), applied_by=self.counter.clerk, fed_back_at=NOW,
        )  # fmt: skip

    def _acts(self) -> None:
        """An act of the department, a line of the catalogue, and a system of its own."""
        self.act = acts.entered(
            "licence", department=self.department, actor=self.people[groups.OFFICER], now=NOW
        )
        self.item = information.save_item(
            item=None, code="130111-001", region=factories.region(), department=self.department,
            name="行政许可", collected="licence", publicity_class="public", cycle="7 个工作日内",
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.launch = information.save_launch(
            launch=None, region=factories.region(), what="column",
            actor=self.people[groups.CREDIT_OFFICE], now=NOW,
        )  # fmt: skip
        self.partner = partners.save_partner(
            system_id=None, name="审批业务系统", department=self.department,
            scopes=["credit_entries.write"], contact="", is_active=True,
            actor=self.people[groups.SECURITY_ADMIN], now=NOW,
        )  # fmt: skip

    def _progress(self) -> None:
        """A unit's report of the half-year, the region's, and an assessment that has been commissioned."""
        self.progress = factories.progress_report(department=self.department)
        credit = self.people[groups.CREDIT_OFFICE]
        self.summary = summaries.draft(
            half="2026H2", effects="一段。", problems="无", plans="无", figures=[], as_of=NOW.date(), actor=credit,
            now=NOW,
        )  # fmt: skip
        self.assessment = assessments.commission(
            body_name="演示评估有限公司", body_code=factories.organisation_code(), subject_matter="信用承诺",
            period_from=date(2026, 1, 1), period_to=date(2026, 6, 30), commissioned_on=NOW.date(), actor=credit,
            now=NOW,
        )  # fmt: skip

    def _exchange(self) -> None:
        """A record that went up in a batch."""
        platform = ExchangePlatform.objects.create(
            region=factories.region(), name="市平台", adapter="http", address="http://127.0.0.1:1",
            since=date(2020, 1, 1),
        )  # fmt: skip
        noting.note(commitment_id=self.breach.case.commitment_id, now=NOW)
        batches.push_waiting(now=NOW)
        self.batch = ExchangeBatch.objects.get(platform=platform)
        self.exchanged = self.batch.records.get()
        # Whoever counts what waits to be sent counts its own.
        Message.objects.filter(effect=batches.PUSH).delete()

    def rows(self) -> dict[str, Model]:
        """A row of each model of the back office, by its label."""
        return {
            "registry.region": Region.objects.get(code="130111"),
            "registry.department": self.department,
            "registry.user": self.leaver,
            "registry.unitcontact": self.contact,
            "registry.subjectaccess": self.access,
            "verification.trainingsession": self.training,
            "verification.unusualreading": self.unusual,
            "verification.avoidedcode": self.avoided,
            "disclosure.typicalcase": self.case,
            "disclosure.objection": self.objection,
            "disclosure.complaint": self.complaint,
            "disclosure.errortip": self.tip,
            "registry.creditsubject": self.commitment.subject,
            "registry.serviceitemversion": self.draft_item,
            "audit.auditevent": AuditEvent.objects.filter(verb="commitment.signed").latest("pk"),
            "audit.readlog": ReadLog.objects.latest("pk"),
            "documents.evidencefile": self.commitment.signature,
            "deadlines.policyrule": self.rule,
            "deadlines.ruleproposal": self.rule_proposal,
            "deadlines.switchorder": self.switch_order,
            "deadlines.calendarnotice": CalendarNotice.objects.get(year=2026),
            "deadlines.duty": Duty.objects.get(rule_key="breach_report"),
            "commitments.breachcase": self.breach.case,
            "disclosure.breachreport": self.breach.case.report,
            "disclosure.breachpublication": self.breach,
            "disclosure.exchangebatch": self.batch,
            "disclosure.exchangerecord": self.exchanged,
            "disclosure.administrativeact": self.act,
            "disclosure.informationitem": self.item,
            "disclosure.launchdate": self.launch,
            "outbox.partnersystem": self.partner,
            "outbox.message": self.message,
            "verification.creditentry": self.entry,
            "verification.check": self.check,
            "verification.usagelist": self.usage,
            "verification.listing": self.listing,
            "verification.listmethod": self.list_method,
            "disclosure.progressreport": self.progress,
            "disclosure.progresssummary": self.summary,
            "disclosure.assessment": self.assessment,
            "verification.creditlist": self.credit_list,
            "verification.listedmeasure": self.measure,
            "verification.appliedmeasure": self.applied,
            "commitments.recipient": self.recipient,
            "repair.repairapplication": self.repair,
            "repair.helpservice": self.help_service,
            "verification.checksource": self.source,
            "commitments.commitment": self.commitment,
            "commitments.textversion": self.draft_text,
            "commitments.readingmaterial": self.reading,
            "disclosure.publicitydecision": PublicityDecision.objects.filter(
                commitment=self.commitment
            ).latest("pk"),
            "disclosure.publicityproposal": self.proposal,
            "disclosure.ruledocument": self.document,
            "verification.consumercomplaint": self.consumer_complaint,
            "commitments.clausewarning": self.warning,
            "commitments.warningrule": self.warning_rule,
            "disclosure.pilot": self.pilot,
            "commitments.bulkjob": self.bulk_job,
            "commitments.handovermapping": self.mapping,
            "commitments.handoverprotocol": self.protocol,
            "commitments.capturebatch": self.capture.batch,
            "commitments.capturesheet": self.capture,
            "registry.occupationgroup": self.occupation,
            "verification.taxcreditentry": self.tax_credit,
            "verification.consent": self.consent,
            "verification.release": self.credit_report.releases.get(),
            "verification.creditreport": self.credit_report,
            "verification.gradingstandard": self.grading_standard,
            "verification.evaluationpassing": self.passing,
            "commitments.rosterentry": self.member,
            "commitments.campaign": self.campaign,
            "commitments.registration": self.registration,
            "commitments.registrationverifier": self.verifier,
        }

    def client(self, role: str) -> Client:
        return client_of(self.people[role])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@cache
def registered() -> dict[str, Any]:
    """The pages of the back office by the label of their model."""
    return {model._meta.label_lower: page for model, page in admin.site._registry.items()}


def address(label: str, name: str, row: Model | None = None) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{name}", args=[row.pk] if row is not None else [])

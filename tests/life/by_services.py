"""The same life through the database: every act by its service, what is public read at the gates."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction

from commitments import breaches
from commitments.models import BreachCase
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.deadlines.holiday_notices import Day, Notice
from credit_portal.deadlines.models import PolicyRule, SwitchOrder
from credit_portal.deadlines.switching import carrying_out, orders
from credit_portal.deadlines.switching.notices import load_notice
from disclosure import breach_publishing, reporting
from disclosure import services as publicity
from disclosure.breach_gate import breaches_of_commitment, find_breach, listed_breaches
from disclosure.models import BreachPublication, Objection
from disclosure.objections import handling
from disclosure.objections.records import public_target
from disclosure.objections.rules import ObjectionError
from disclosure.rules import PublicityRefused
from repair import applying, deciding, rules
from repair.applying import Applicant
from repair.rules import RepairError
from tests import factories
from tests.objecting import filed
from tests.repair_stage import EXPLANATION, RepairStage
from verification import services as verification
from verification.facts import as_entry
from verification.record import standing
from verification.vocabulary import Standing

from .oracle import OUTCOMES, Seen

# What is refused because it may not be done now; any other error is one of the product's own.
REFUSED = (
    breaches.CaseError,
    PublicityRefused,
    reporting.ReportError,
    RepairError,
    ObjectionError,
    verification.MoveRefused,
)
HARMFUL = (Standing.UNREPAIRED, Standing.IN_PUBLICITY)


class ByServices:
    def __init__(self, stage: RepairStage, today: date) -> None:
        """`stage`: people, rules and a signed commitment, made once; the caller rolls back what a life leaves."""
        self.stage = stage.at(today)
        self.made = 0

    @property
    def today(self) -> date:
        return local_date(self.stage.now)

    def attempt(self, act: str, value: int = 0) -> bool:
        try:
            with transaction.atomic():
                return bool(getattr(self, f"_{act}")(value))
        except REFUSED:
            return False

    # ---- what is to be seen --------------------------------------------------------------------------------

    def seen_on(self, days: Sequence[date]) -> list[Seen]:
        case = self._case()
        publication = (
            BreachPublication.objects.filter(case__commitment=self.stage.commitment).order_by("-pk").first()
        )
        found = []
        for day in days:
            public = publication is not None and self._public(publication, day)
            open_ = harms = marked = False
            if publication is not None and public:
                marked = publication.objection_under_way
                # Beside what is public and in the record it is the same.
                assert case is not None and case.entry is not None
                assert case.entry.objection_under_way == marked, "异议标记"
            if case is not None and case.entry is not None:
                open_ = (
                    applying.position_of(case.entry.pk, on=day).eligibility.open
                    if day == days[0]
                    else (rules.eligibility(as_entry(case.entry), on=day).open)
                )
                harms = standing(as_entry(case.entry), day) in HARMFUL
            found.append((public, open_, harms, marked))
        return found

    def _public(self, publication: BreachPublication, day: date) -> bool:
        """At every gate the same, or it is no answer at all."""
        at = datetime.combine(day, time(9), SHANGHAI)
        listed = listed_breaches(at).filter(case__commitment=self.stage.commitment).exists()
        if day == self.today:
            one = find_breach(publication.uuid, now=at) is not None
            of_commitment = bool(breaches_of_commitment(self.stage.commitment.code, now=at))
            assert one == listed == of_commitment, (one, listed, of_commitment)
        return listed

    # ---- what is done --------------------------------------------------------------------------------------

    def _case(self) -> BreachCase | None:
        return self.stage.commitment.breach_cases.select_related("entry").order_by("-pk").first()

    def _wait(self, days: int) -> bool:
        self.stage.later(days)
        # As often as not: by the dates alone it has to be the same.
        if days % 2:
            breach_publishing.follow_the_days(now=self.stage.now)
        carrying_out.follow_the_days(now=self.stage.now)
        return True

    def _determine(self, value: int) -> bool:
        before = self.stage.now
        self.stage.determined()
        assert self.stage.now >= before
        return True

    def _serve(self, value: int) -> bool:
        case = self._case()
        return case is not None and bool(self.stage.served(case=case))

    def _report(self, value: int) -> bool:
        case = self._case()
        return case is not None and bool(self.stage.accepted(case=case))

    def _decide(self, publicity_class: str, reason: str) -> bool:
        case = self._case()
        return case is not None and bool(
            breach_publishing.decide_publication(
                case_id=case.pk, publicity_class=publicity_class, reason=reason, actor=self.stage.credit,
                now=self.stage.now, note_text="说明",
            )
        )  # fmt: skip

    def _publish(self, value: int) -> bool:
        self._follow()
        return self._decide("public", "by_law")

    def _limit(self, value: int) -> bool:
        self._follow()
        return self._decide("limited", "third_party")

    def _follow(self) -> None:
        """A decision after one has run out: the sweep has been there before any officer."""
        breach_publishing.follow_the_days(now=self.stage.now)

    def _running(self) -> BreachPublication | None:
        self._follow()
        return BreachPublication.objects.filter(
            case__commitment=self.stage.commitment, ended_at__isnull=True
        ).first()

    def _take_back(self, value: int) -> bool:
        running = self._running()
        return running is not None and bool(
            breach_publishing.end_by_office(
                publication_id=running.pk, actor=self.stage.credit, now=self.stage.now
            )
        )

    def _objection(self) -> Objection | None:
        case = self._case()
        return (
            Objection.objects.filter(publication__case=case, state="checking").first()
            if case is not None
            else None
        )

    def _object(self, value: int) -> bool:
        running = self._running()
        found = public_target(f"breach:{running.uuid}", now=self.stage.now) if running is not None else None
        if found is None:
            return False
        row = filed(
            found, now=self.stage.now, clerk=self.stage.officer, points=("document_no",),
            reasons=f"文书号与实际不符，第 {self._count()} 次提出。",
        )  # fmt: skip
        handling.accept(objection_id=row.pk, actor=self.stage.credit, now=self.stage.now)
        return True

    def _answer(self, value: int) -> bool:
        row = self._objection()
        if row is None:
            return False
        outcome = OUTCOMES[value % 4]
        step = {"objection_id": row.pk, "now": self.stage.now}
        if outcome == "site_fault":
            handling.fix(
                outcome="withdraw",
                changes={},
                answer="本网站误将不应公示的信息公示。",
                actor=self.stage.credit,
                **step,
            )
            return True
        changes = {"document_no": f"更正〔2026〕{self._count()}号"} if outcome == "change" else {}
        handling.propose(
            outcome=outcome, changes=changes, answer="经调阅案卷核实。", actor=self.stage.officer, **step
        )
        handling.approve(actor=self.stage.head, **step)
        handling.carry_out(actor=self.stage.credit, **step)
        return True

    def _count(self) -> int:
        self.made += 1
        return self.made

    def _revoke(self, value: int) -> bool:
        case = self._case()
        return case is not None and bool(
            breaches.revoke(
                case_id=case.pk, expect=case.state, reason=("objection", "own_error")[value % 2],
                explanation="认定有误，予以撤销。", actor=self.stage.head, now=self.stage.now,
            )
        )  # fmt: skip

    def _withdraw(self, value: int) -> bool:
        return bool(
            publicity.withdraw(
                commitment=self.stage.commitment, reason="trade_secret", actor=self.stage.credit,
                now=self.stage.now,
            )
        )  # fmt: skip

    def _apply(self, value: int) -> bool:
        case = self._case()
        if case is None or case.entry_id is None:
            return False
        draft = applying.open_draft(
            entry_id=case.entry_id, subject=self.stage.subject, channel="online",
            applicant=Applicant("赵一", "legal_representative"), now=self.stage.now,
        )  # fmt: skip
        applying.save_draft(
            application_id=draft.pk, methods=["check"], explanation=EXPLANATION, now=self.stage.now
        )
        applied = applying.apply(application_id=draft.pk, now=self.stage.now)
        deciding.accept(
            application_id=applied.pk, expect="applied", actor=self.stage.officer, now=self.stage.now
        )
        return True

    def _application(self, state: str):  # type: ignore[no-untyped-def]
        case = self._case()
        return case.repair_applications.filter(state=state).first() if case is not None else None

    def _grant(self, value: int) -> bool:
        application = self._application("accepted")
        return application is not None and bool(self.stage.decided_repair(application=application))

    def _confirm(self, value: int) -> bool:
        application = self._application("decided")
        return application is not None and bool(
            deciding.confirm(
                application_id=application.pk, expect="decided", actor=self.stage.credit, now=self.stage.now
            )
        )

    def _new_rule(self, value: int) -> bool:
        """It stands from tomorrow on; one that is announced already has to begin first."""
        newest = PolicyRule.objects.filter(key="publicity", grade="general", region="130111").latest(
            "effective_from"
        )
        if newest.effective_from > self.today:
            return False
        newest.effective_to = self.today
        newest.save()
        PolicyRule.objects.create(
            region=factories.region("130111"), key="publicity", grade="general", unit="months",
            value={"min": value % 7, "max": 7 + value % 9}, basis="测试依据", confirmed=True,
            effective_from=self.today + timedelta(days=1),
        )  # fmt: skip
        return True

    def _order(self, value: int) -> bool:
        rule = PolicyRule.objects.filter(key="publicity", grade="general", region="130111").latest(
            "effective_from"
        )
        if rule.effective_from.year == 2020 or SwitchOrder.objects.filter(rule=rule).exists():
            return False
        made = orders.propose(
            source=rule, region=rule.region, kinds_chosen=["publications", "publications_scheduled"],
            effective_on=max(self.today, rule.effective_from), reason="未结事项适用新的公示期",
            spare_worse=bool(value % 2), actor=self.stage.credit, now=self.stage.now,
        )  # fmt: skip
        orders.approve(order=made, actor=self.stage.second, now=self.stage.now)
        carrying_out.follow_the_days(now=self.stage.now)
        return True

    def _calendar(self, value: int) -> bool:
        year = self.today.year + 1
        load_notice(
            Notice(
                year, f"测试〔{year}〕{self._count()}号", self.today, "测试",
                (Day(date(year, 1, 1), "rest", "元旦"), Day(date(year, 3, 1 + value % 28), "rest", "测试")),
            ),
            actor=self.stage.credit, now=self.stage.now,
        )  # fmt: skip
        return True

"""A district in which half-year reports are due, with figures of every kind."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from commitments.models import (
    ClauseWarning,
    Interview,
    ReadingMaterial,
    ReadingOffer,
    Rectification,
    WarningRule,
)
from credit_portal.audit.clock import SHANGHAI
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.overview.progress import figures
from credit_portal.overview.progress.spans import span_of
from credit_portal.registry import groups
from disclosure.models import (
    BreachPublication,
    ProgressReport,
    ProgressVersion,
)
from disclosure.progress import periods, reports
from tests import acts, factories, listed
from tests.breach_stage import Stage
from verification import services as record
from verification.complaints import reading, taking
from verification.models import Check, CheckOverride, Listing

HALF = periods.parse("2026H2")

JULY = datetime(2026, 7, 1, 0, 5, tzinfo=SHANGHAI)

SENT = datetime(2026, 12, 23, 15, tzinfo=SHANGHAI)

WORDS = {"done": "核查到位。\n承诺上网。", "problems": "无", "plans": "继续推进。"}


def rule(*, confirmed: bool = True, region: str = "410103", **changes: Any) -> PolicyRule:
    value = {"on": True, "due": ["06-24", "12-24"], "late_from": ["06-26", "12-26"]} | changes
    return PolicyRule.objects.create(
        region=factories.region(region), key="half_year_report", value=value, basis="S4 23", confirmed=confirmed,
        effective_from=date(2020, 11, 13),
    )  # fmt: skip


class District:
    """Erqi with its rule, two units and an office of two."""

    def __init__(self, *, confirmed: bool = True) -> None:
        self.rule = rule(confirmed=confirmed)
        self.unit = factories.department(region="410103", name="二七区测试局", short_name="测试局")
        self.street = factories.department(
            region="410103", name="二七区测试街道", short_name="测试街道", kind="township"
        )
        self.office = factories.department(region="410103", kind="credit_office", name="二七区测试发改委")
        factories.department(region="410103", kind="association")
        self.officer = factories.staff(groups.OFFICER, department=self.unit, display_name="经办甲")
        self.head = factories.staff(groups.HEAD, department=self.unit)
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)

    def report(self, now: datetime = JULY) -> ProgressReport:
        reports.open_reports(now=now)
        return ProgressReport.objects.get(department=self.unit, half="2026H2")

    def send(self, *, now: datetime = SENT, **more: Any) -> ProgressVersion:
        row = self.report(now)
        behind = figures.ids(self.unit.pk, span_of(HALF, now.date()))
        span = span_of(HALF, now.date())
        found = figures.in_words(figures.numbers_behind(self.unit.pk, span, behind))
        given = {"reporter": "经办甲", "actor": self.officer, **WORDS} | more
        return reports.submit(
            report_id=row.pk, figures=found, cases=behind, as_of=now.date(), now=now, **given
        )

    def busy(self) -> Stage:
        """At least one case behind every figure, all of the same unit; some of other days and of other units."""
        stage = Stage.among(officer=self.officer, head=self.head, credit=self.credit, second=self.second)
        publication = stage.published()
        case = publication.case
        for type_ in ("voluntary", "approval", "supervisory", "industry", "repair"):
            for state in ("running", "fulfilled", "partial", "unfulfilled"):
                listed.commitment(department=self.unit, commitment_type=type_, fulfilment=state)
        listed.commitment(department=self.unit, late_materials=True)
        listed.commitment(department=self.unit, voided_at=factories.NOW)
        listed.commitment(department=self.unit, made_on=date(2026, 6, 30), public=False)
        listed.commitment(department=self.street)
        item = factories.item_version(department=self.unit)
        for domain, effect in (
            ("", ""),
            ("approval", "refused"),
            ("approval", "key"),
            ("approval", "ordinary"),
        ):
            who = factories.subject(region="410103")
            if domain:
                factories.credit_entry(
                    subject=who, kind="list", measures=({"domain": domain, "effect": effect},)
                )
            record.check_subject(
                subject=who,
                item_version=item,
                commitment_type="approval",
                operator=self.officer,
                now=stage.now,
            )
        record.check_subject(
            subject=factories.subject(region="410103"), item_version=item, commitment_type="repair",
            operator=self.officer, now=stage.now,
        )  # fmt: skip
        for state, made in zip(("allowed", "declined", "asked"), Check.objects.order_by("pk"), strict=False):
            answer = (
                {}
                if state == "asked"
                else {"answer": "理由", "decided_at": stage.now, "decided_by": self.head}
            )
            CheckOverride.objects.create(
                check_made=made, department=self.unit, reason="理由", asked_at=stage.now, asked_by=self.officer,
                state=state, **answer,
            )  # fmt: skip
        for rule_key, met, state in (
            ("breach_report", date(2026, 9, 30), "met"), ("breach_report", None, "open"),
            ("act_publication.licence", date(2026, 9, 10), "met"),
            ("act_publication.penalty", date(2026, 9, 30), "met"), ("act_publication.penalty", None, "open"),
        ):  # fmt: skip
            self._duty(rule_key, met, state)
        self._duty("act_publication.penalty", None, "open", confirmed=False)
        for kind in ("breach", "penalty"):
            factories.credit_entry(
                kind=kind, state="repaired", repaired_on=date(2026, 9, 20), department=self.unit,
                subject=factories.subject(region="410103"),
            )  # fmt: skip
        for number, kind in enumerate(("licence", "penalty", "reward")):
            PolicyRule.objects.get_or_create(
                region=self.unit.region, key=f"act_publication.{kind if number < 2 else 'other'}",
                effective_from=date(2020, 1, 1),
                defaults={"value": {"on": True, "days": 7} if number == 2 else 7, "unit": "working_days",
                          "basis": "试", "confirmed": True},
            )  # fmt: skip
            act = acts.entered(kind, department=self.unit, actor=self.officer, now=stage.now)
        acts.published(act, actor=self.officer, now=stage.now)
        for month, sent in ((8, date(2026, 8, 24)), (9, date(2026, 10, 8)), (10, None)):
            factories.usage_list(
                department=self.unit, month=date(2026, month, 1), due_on=date(2026, month, 24),
                late_from=date(2026, month, 26), submitted_on=sent,
            )  # fmt: skip
        self._follow_up(case)
        self._hints(case)
        ended = BreachPublication.objects.create(
            case=case, publicity_class="public", reason="by_law", decided_at=stage.now, decided_by=self.credit,
            public_from=date(2026, 9, 1), public_until=date(2026, 9, 20), announced_at=stage.now,
            ended_at=stage.now, ending="maximum",
        )  # fmt: skip
        assert ended.pk
        dropped = Stage.among(
            officer=self.officer, head=self.head, credit=self.credit, second=self.second
        ).opened()
        type(dropped).objects.filter(pk=dropped.pk).update(state="revoked", revoked_on=date(2026, 9, 20))
        return stage

    def _hints(self, case: Any) -> None:
        """What spares the applicant something; warnings of every state, complaints, readings."""
        for materials, days in ((3, 2), (2, None), (None, None)):
            item = factories.item_version(department=self.unit, materials_spared=materials, days_spared=days)
            listed.commitment(department=self.unit, item_version=item)
        rule_ = WarningRule.objects.create(
            region=self.unit.region, name="试", entry_kinds=["complaint"], contents=["obey_law"], says="核实",
            basis="试", effective_from=date(2026, 7, 1), entered_by=self.credit, entered_at=JULY,
        )  # fmt: skip
        for state in ("open", "true", "false"):
            complaint = taking.take(
                {1: reading.read(
                    {
                        "hotline_no": f"12315{state}", "subject_kind": "法人及非法人组织", "about": "不退货",
                        "subject_name": case.subject.name, "subject_code": case.subject.uscc,
                        "received_on": "2026-09-12", "domain": "产品质量",
                    }
                    | ({"result": "调解成功", "result_text": "已退", "handled_on": "2026-09-13"} if state == "true" else {}),
                    today=SENT.date(),
                )},
                by=taking.by_person(self.officer), now=factories.NOW,
            ).new[1]  # fmt: skip
            answered = (
                {}
                if state == "open"
                else {"answer": "核实", "answered_at": SENT, "answered_by": self.officer}
            )
            ClauseWarning.objects.create(
                rule=rule_, family=rule_.family, entry=complaint.entry, commitment=case.commitment,
                subject=case.subject, department=self.unit, region=self.unit.region, found_at=factories.NOW,
                state=state, case=case if state == "true" else None, **answered,
            )  # fmt: skip
        material = ReadingMaterial.objects.create(
            domain="approval", department=self.unit, region=self.unit.region, title="读本", body="一段。",
            published_on=date(2026, 7, 1),
        )  # fmt: skip
        for number, read_at in enumerate((None, SENT)):
            ReadingOffer.objects.create(
                key=str(number), reading=material, place="window", department=self.unit, read_at=read_at,
                offered_at=factories.NOW,
            )  # fmt: skip

    def _duty(self, rule_key: str, met: date | None, state: str, *, confirmed: bool = True) -> None:
        number = 900_000 + Duty.objects.count()
        Duty.objects.create(
            rule_key=rule_key, matter_type="test", matter_id=number, number=f"T{number}", department=self.unit,
            region=self.unit.region, triggered_on=date(2026, 9, 7), length=7, unit="working_days",
            due_on=date(2026, 9, 16), calendar_version="t", basis="试", confirmed=confirmed, opened_at=JULY,
            state=state, met_on=met, met_at=SENT if met else None,
        )  # fmt: skip

    def _follow_up(self, case: Any) -> None:
        for number, state in enumerate(("running", "passed", "failed")):
            Rectification.objects.create(
                number=f"Z{number}", case=case, department=self.unit, region=self.unit.region, state=state,
                requirements="改正", ordered_on=date(2026, 9, 15), ordered_by=self.officer, due_on=date(2026, 10, 15),
                **({} if state == "running" else {"judged_on": date(2026, 10, 16), "judged_by": self.officer,
                                                  "judgement": "核查"}),
            )  # fmt: skip
        for number, state in enumerate(("invited", "held")):
            Interview.objects.create(
                number=f"Y{number}", case=case, department=self.unit, region=self.unit.region, kind="warning",
                state=state, invited="负责人", reasons="整改不到位", scheduled_at=SENT, place="会议室",
                invited_on=date(2026, 10, 17), invited_by=self.officer,
                held_on=date(2026, 10, 20) if state == "held" else None,
                **({"attendees": "负责人", "minutes": "已谈", "recorded_by": self.officer, "entry": factories.credit_entry(kind="interview", subject=case.subject)} if state == "held" else {}),
            )  # fmt: skip
        for number, state in enumerate(("in_force", "exited")):
            who = factories.subject(region="410103")
            Listing.objects.create(
                number=f"L{number}", kind="joint", subject=who, department=self.unit, region=self.unit.region,
                state=state, list_name="严重失信名单", basis="依据", standard="标准", facts="事实",
                opened_on=date(2026, 7, 1), opened_by=self.officer, noticed_on=date(2026, 7, 2),
                term_until=date(2027, 7, 1), proposed_by=self.officer, decided_on=date(2026, 7, 20),
                decided_by=self.head, document_no=f"二七字{number}", served_on=date(2026, 7, 21),
                entry=factories.credit_entry(subject=who, kind="list"),
                ended_on=date(2026, 9, 1) if state == "exited" else None,
                end_reason="期满" if state == "exited" else "",
            )  # fmt: skip


def opened(content: bytes, sheet: str) -> list[list[str]]:
    page = load_workbook(BytesIO(content))[sheet]
    return [["" if cell is None else cell for cell in row] for row in page.iter_rows(values_only=True)]

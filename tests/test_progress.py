"""Half-year reports: opened with their half, counted across all rooms with the cases behind each figure, sent and kept;
the region's report and assessments go up."""

from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from commitments.models import (
    ClauseWarning,
    Interview,
    ReadingMaterial,
    ReadingOffer,
    Rectification,
    WarningRule,
)
from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.outbox.models import Notice
from credit_portal.overview.progress import figures, gathering
from credit_portal.overview.progress.spans import span_of
from credit_portal.registry import groups
from disclosure.models import (
    Assessment,
    BreachPublication,
    ProgressCases,
    ProgressReport,
    ProgressSummary,
    ProgressVersion,
)
from disclosure.progress import assessments, periods, reports, summaries
from disclosure.progress.parts import ProgressError
from tests import acts, factories, listed
from tests.breach_stage import Stage
from tests.counter import signature_png
from tests.office import client_of
from verification import services as record
from verification.complaints import reading, taking
from verification.models import Check, CheckOverride, Listing

pytestmark = pytest.mark.django_db
HALF = periods.parse("2026H2")
JULY = datetime(2026, 7, 1, 0, 5, tzinfo=SHANGHAI)
SENT = datetime(2026, 12, 23, 15, tzinfo=SHANGHAI)
LATE = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)
WORDS = {"done": "核查到位。\n承诺上网。", "problems": "无", "plans": "继续推进。"}
UP = {"effects": "减少材料，少跑一趟。", "problems": "无", "plans": "扩大事项。"}


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


@pytest.fixture
def district() -> District:
    return District()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: SENT)


def opened(content: bytes, sheet: str) -> list[list[str]]:
    page = load_workbook(BytesIO(content))[sheet]
    return [["" if cell is None else cell for cell in row] for row in page.iter_rows(values_only=True)]


# ---- opened ------------------------------------------------------------------------------------------------


@pytest.mark.req("R109")
def test_every_unit_has_a_report_with_its_duty_from_the_first_day_of_the_half(district: District) -> None:
    assert reports.open_reports(now=JULY) == 2
    assert reports.open_reports(now=JULY) == 0
    row = ProgressReport.objects.get(department=district.unit)
    assert (row.half, row.period_from, row.period_to) == ("2026H2", date(2026, 7, 1), date(2026, 12, 31))
    assert (row.due_on, row.late_from) == (date(2026, 12, 24), date(2026, 12, 26))
    assert row.history.count() == 1
    duty = Duty.objects.get(rule_key="half_year_report", matter_id=row.pk)
    assert (duty.due_on, duty.department, duty.confirmed, duty.unit) == (
        row.due_on, district.unit, True, "day_of_year",
    )  # fmt: skip
    page = client_of(district.officer).get(f"/desk/duties/{duty.pk}/").content.decode()
    assert "每年 12 月 24 日" in page and "报送半年进展报告" in page and str(row.uuid) in page
    # A notice moves the day: the report follows its duty, one that was sent does not.
    Duty.objects.filter(pk=duty.pk).update(due_on=date(2026, 12, 23))
    reports.open_reports(now=JULY)
    row.refresh_from_db()
    assert (row.due_on, row.late_from, row.history.count()) == (date(2026, 12, 23), date(2026, 12, 26), 2)


@pytest.mark.req("R109")
def test_where_the_rule_is_off_or_names_no_day_of_the_half_there_is_no_report(district: District) -> None:
    elsewhere = factories.department(region="130111")
    rule(region="000000", on=False, due=[], late_from=[])
    district.rule.value = district.rule.value | {"due": ["06-24"]}
    district.rule.save()
    assert reports.open_reports(now=JULY) == 0
    PolicyRule.objects.update(value={"on": False})
    assert reports.open_reports(now=JULY) == 0
    assert not ProgressReport.objects.filter(department=elsewhere).exists()


def test_a_rule_that_begins_within_the_half_holds_from_then(district: District) -> None:
    PolicyRule.objects.filter(pk=district.rule.pk).update(effective_from=date(2026, 9, 1))
    PolicyRule.objects.create(
        region=factories.region("000000"), key="half_year_report", value={"on": False}, basis="无",
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    assert reports.open_reports(now=JULY) == 0
    assert reports.open_reports(now=factories.NOW) == 2
    duty = Duty.objects.filter(rule_key="half_year_report").first()
    assert duty is not None and (duty.triggered_on, duty.due_on) == (factories.TODAY, date(2026, 12, 24))


# ---- counted -----------------------------------------------------------------------------------------------


@pytest.mark.req("R109", "R111")
def test_every_figure_lists_as_many_cases_as_it_counts(district: District, moment: None) -> None:
    district.busy()
    span = span_of(HALF, SENT.date())
    numbers = figures.counts([district.unit.pk], span)[district.unit.pk]
    assert set(numbers) == set(figures.KINDS)
    behind = figures.ids(district.unit.pk, span)
    amounts = {key for key, kind in figures.KINDS.items() if kind.amount}
    assert {key: len(ids) for key, ids in behind.items() if key not in amounts} == {
        key: number for key, number in numbers.items() if key not in amounts
    }
    # What commitments spare is added up over those whose items say so.
    assert (numbers["effect.used"], numbers["effect.materials"], numbers["effect.days"]) == (2, 5, 2)
    assert figures.numbers_behind(district.unit.pk, span, behind) == numbers
    desk = client_of(district.officer)
    for key in figures.KINDS:
        page = desk.get(f"/desk/progress/{district.unit.uscc}/2026H2/{key}/")
        assert page.status_code == 200, key
        listed_rows = page.context["page"].paginator.count
        assert len(page.context["lines"]) == listed_rows, key
        assert listed_rows == (len(behind.get(key, ())) if key in amounts else numbers.get(key, 0)), key
    # Types add up to the whole, states to what was signed; the voided one and the one of June are in none.
    for column in figures.COLUMNS:
        assert numbers[f"commitment.all.{column}"] == sum(
            numbers.get(f"commitment.{type_}.{column}", 0) for type_ in figures.TYPES if type_ != "all"
        )
    assert numbers["commitment.all.signed"] == sum(
        numbers[f"commitment.all.{state}"] for state in figures.FULFILMENT
    )
    assert (numbers["report.on_time"], numbers["report.late"], numbers["report.missing"]) == (1, 1, 1)
    assert (numbers["act.missing"], numbers["list.missing"], numbers["interview.held"]) == (3, 1, 1)
    assert ReadLog.objects.filter(target_type="progress_cases", actor_id=district.officer.pk).exists()


def test_a_day_before_or_after_the_half_is_not_counted_and_what_is_to_come_neither(
    district: District,
) -> None:
    for day in ("2026-06-30", "2026-07-01", "2026-12-31", "2027-01-01"):
        listed.commitment(department=district.unit, made_on=date.fromisoformat(day))

    def signed(today: date) -> int:
        return (
            figures.counts([district.unit.pk], span_of(HALF, today))
            .get(district.unit.pk, {})
            .get("commitment.all.signed", 0)
        )

    assert (signed(date(2026, 9, 1)), signed(date(2026, 12, 31)), signed(date(2027, 3, 1))) == (1, 2, 2)


def test_a_corrected_commitment_counts_once(district: District) -> None:
    first = listed.commitment(department=district.unit)
    listed.commitment(department=district.unit, corrects=first)
    numbers = figures.counts([district.unit.pk], span_of(HALF, SENT.date()))[district.unit.pk]
    assert numbers["commitment.all.signed"] == numbers["public.commitment"] == 1


def test_the_cases_are_shown_in_pages_and_to_those_who_may_see_them(district: District, moment: None) -> None:
    for _ in range(figures.PAGE + 1):
        listed.commitment(department=district.unit)
    path = f"/desk/progress/{district.unit.uscc}/2026H2/commitment.all.signed/"
    desk = client_of(district.officer)
    first, second = desk.get(path), desk.get(f"{path}?page=2")
    assert (len(first.context["lines"]), len(second.context["lines"])) == (figures.PAGE, 1)
    assert "共 51 件" in first.content.decode() and "page=2" in first.content.decode()
    stranger = client_of(factories.staff(groups.OFFICER, department=district.street))
    assert stranger.get(path).status_code == 404
    region = "/desk/progress/410103/2026H2/commitment.all.signed/"
    assert desk.get(region).status_code == 404
    office = client_of(district.credit)
    assert office.get(region).context["page"].paginator.count == 51
    assert office.get(region.replace("410103", "130111")).status_code == 404
    for odd in (
        "2026H9/commitment.all.signed/",
        "2026H2/nothing/",
        "%00/x/",
        "2026H2/commitment.all.signed/?page=x",
    ):
        assert desk.get(f"/desk/progress/{district.unit.uscc}/{odd}").status_code in (200, 404)


# ---- sent --------------------------------------------------------------------------------------------------


@pytest.mark.req("R109")
def test_a_report_is_sent_by_a_named_reporter_again_only_with_a_reason_and_keeps_its_cases(
    district: District, moment: None
) -> None:
    commitment = listed.commitment(department=district.unit)
    row = district.report()
    with pytest.raises(ProgressError, match="起可以报送"):
        district.send(now=factories.NOW)
    with pytest.raises(ProgressError, match="请填写报送人"):
        district.send(reporter=" ")
    with pytest.raises(ProgressError, match="请填写存在的问题"):
        district.send(problems="")
    with pytest.raises(ProgressError, match="本单位"):
        district.send(actor=district.credit)
    first = district.send()
    duty = Duty.objects.get(rule_key="half_year_report", matter_id=row.pk)
    assert (first.version, duty.state, duty.met_on) == (1, "met", SENT.date())
    with pytest.raises(ProgressError, match="更正的理由"):
        district.send()
    type(commitment).objects.filter(pk=commitment.pk).update(fulfilment="fulfilled")
    second = district.send(reason="补录履行情况", now=LATE)
    row.refresh_from_db()
    assert second.version == 2 and second.sha256 != first.sha256 and row.submitted_on == SENT.date()
    assert reports.state_of(row, LATE.date()) == "sent"
    desk = client_of(district.officer)
    for version, running in ((1, 1), (2, 0)):
        path = f"/desk/progress/{district.unit.uscc}/2026H2/commitment.all.running/?version={version}"
        assert desk.get(path).context["page"].paginator.count == running
    assert desk.get(f"{path}9").status_code == 404
    assert AuditEvent.objects.filter(verb="progress.submitted", target_id=str(row.pk)).count() == 2
    for change in (
        lambda: ProgressVersion.objects.update(done="改"),
        lambda: ProgressCases.objects.all()._raw_delete("default"),
        lambda: ProgressReport.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.req("R109")
def test_a_unit_sees_its_figures_and_sends_them_from_its_page(district: District, moment: None) -> None:
    row = district.report()
    desk = client_of(district.officer)
    assert "2026年下半年" in desk.get("/desk/progress/").content.decode()
    path = f"/desk/progress/{row.uuid}/"
    page = desk.get(path).content.decode()
    assert "待报送" in page and "还没有签署的承诺" in page
    wrong = desk.post(f"{path}submit/", WORDS | {"reporter": "", "done": ""})
    assert wrong.status_code == 422 and "工作开展情况" in wrong.content.decode()
    assert desk.get(f"{path}report.pdf").status_code == 404
    # Nothing to show is a report too.
    assert desk.post(f"{path}submit/", WORDS | {"reporter": "经办甲"}).status_code == 302
    listed.commitment(department=district.unit, fulfilment="fulfilled")
    page = desk.get(path).content.decode()
    assert "已报送" in page and "更正后再次报送" in page and "项数字变了" in page
    cells = opened(desk.get(f"{path}report.xlsx").content, "测试局")
    assert cells[1][0].startswith("单位：二七区测试局") and "报送人：经办甲" in cells[2][0]
    assert cells[4][:2] == ["信用承诺", "合计：签署"] and cells[-3][:2] == ["工作开展情况", WORDS["done"]]
    assert desk.get(f"{path}report.pdf").content.startswith(b"%PDF")
    stranger = client_of(factories.staff(groups.OFFICER, department=district.street))
    assert stranger.get(path).status_code == stranger.get(f"{path}report.xlsx").status_code == 404
    head = client_of(district.head)
    assert head.post(f"{path}submit/", WORDS | {"reporter": "甲"}).status_code == 422


# ---- the office --------------------------------------------------------------------------------------------


@pytest.mark.req("R109")
def test_the_office_sees_who_has_sent_reminds_and_downloads(
    district: District, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed.commitment(department=district.unit)
    district.send()
    monkeypatch.setattr(clock, "now", lambda: LATE)
    office = client_of(district.credit)
    page = office.get("/desk/progress/").content.decode()
    assert "逾期未报" in page and "已报送" in page and "催报勾选的" in page
    street = ProgressReport.objects.get(department=district.street)
    person = factories.staff(groups.OFFICER, department=district.street)
    for _ in range(2):
        office.post("/desk/progress/chase/", {"half": "2026H2", "report": [street.pk, "9" * 5000, "x"]})
    assert Notice.objects.filter(user=person, kind="progress").count() == 1
    with pytest.raises(ProgressError, match="信用办"):
        reports.chase(report_ids=[street.pk], actor=district.officer, now=LATE)
    content = office.get("/desk/progress/regions/410103/2026H2.xlsx").content
    overview = opened(content, "总表")
    assert tuple(overview[0]) == gathering.OVERVIEW
    assert {line[0]: (line[1], line[5]) for line in overview[1:]} == {
        "二七区测试局": ("已报送", "1"),
        "二七区测试街道": ("逾期未报", "0"),
    }
    book = load_workbook(BytesIO(content))
    assert book.sheetnames == ["总表", "合计", "测试局", "测试街道"]
    assert {cell.data_type for line in book["合计"].iter_rows(min_row=4) for cell in line} == {"s"}
    assert office.get("/desk/progress/regions/130111/2026H2.xlsx").status_code == 404
    assert office.get("/desk/progress/regions/410103/x.xlsx").status_code == 404
    assert client_of(district.officer).get("/desk/progress/regions/410103/2026H2.xlsx").status_code == 403
    base = f"/admin/disclosure/progressreport/{street.pk}"
    assert "下载本地区各单位的报告" in office.get(f"{base}/change/").content.decode()
    assert load_workbook(BytesIO(office.get(f"{base}/region/").content)).sheetnames[0] == "总表"

    out, err = tmp_path / "进展.xlsx", StringIO()
    call_command("progress_report", region="410103", half="2026H2", out=str(out), stderr=err)
    assert load_workbook(out).sheetnames == book.sheetnames and "1 个单位没有报送" in err.getvalue()
    for wrong, words in (
        ({"half": "下半年"}, "2026H2 的形式"),
        ({"region": "999999"}, "没有行政区划"),
        ({"half": "2025H1"}, "没有2025年上半年的进展报告"),
        ({"out": "/nowhere/x.xlsx"}, "不能写到"),
        ({"out": ""}, "缺少 --out"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(
                "progress_report", **({"region": "410103", "half": "2026H2", "out": str(out)} | wrong)
            )


def test_the_page_asks_the_database_as_often_for_many_units_as_for_few(
    district: District, moment: None
) -> None:
    district.report()
    office = client_of(district.credit)

    def asked(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert office.get(path).status_code == 200
        return len(found)

    paths = ("/desk/progress/?half=2026H2", "/desk/progress/regions/410103/2026H2.xlsx")
    few = [asked(path) for path in paths]
    for _ in range(25):
        other = factories.progress_report(department=factories.department(region="410103"))
        listed.commitment(department=other.department)
    assert [asked(path) for path in paths] == few
    assert max(few) <= 36


# ---- upward ------------------------------------------------------------------------------------------------


@pytest.mark.req("R109", "R111")
def test_the_region_s_report_is_signed_by_another_and_goes_up(district: District, moment: None) -> None:
    commitment = listed.commitment(department=district.unit, fulfilment="fulfilled")
    district.send()
    office, second = client_of(district.credit), client_of(district.second)
    assert office.get("/desk/progress/summaries/new/?half=x").status_code == 404
    new = "/desk/progress/summaries/new/?half=2026H2"
    assert office.get(new).status_code == 200
    assert office.post(new, UP | {"effects": ""}).status_code == 422
    answer = office.post(new, UP)
    assert answer.status_code == 302
    again = office.post(new, UP | {"reason": "补充"})
    assert again.status_code == 422 and "已有一份拟稿" in again.content.decode()
    assert office.post(answer.url, {"deed": "issue"}).status_code == 422
    assert office.get(f"{answer.url}paper.pdf").status_code == 404
    assert second.post(answer.url, {"deed": "issue"}).status_code == 302
    row = ProgressSummary.objects.get()
    assert {unit["name"]: unit["state"] for unit in row.units} == {
        "二七区测试局": "sent",
        "二七区测试街道": "open",
    }
    assert second.get(f"{answer.url}paper.pdf").content.startswith(b"%PDF")
    assert opened(second.get(f"{answer.url}figures.xlsx").content, "总表")[1][0] == "二七区测试局"
    assert second.post(answer.url, {"deed": "send_up", "on": "2026-12-22", "to": "区政府"}).status_code == 422
    sent = {"deed": "send_up", "on": "2026-12-23", "to": "区政府、市发展改革委"}
    assert second.post(answer.url, sent).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.sent_up_to) == ("sent_up", "区政府、市发展改革委")
    assert "区政府、市发展改革委" in office.get(answer.url).content.decode()
    for change in ({"effects": "改"}, {"sent_up_to": "别处"}, {"state": "draft"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProgressSummary.objects.update(**change)
    # What becomes of a case later changes nothing in it; it is written anew, with a reason.
    type(commitment).objects.filter(pk=commitment.pk).update(fulfilment="unfulfilled")
    assert office.post(new, UP).status_code == 422
    assert office.post(new, UP | {"reason": "履行情况有变"}).status_code == 302
    draft = ProgressSummary.objects.get(version=2)
    numbers = {one["key"]: one["number"] for one in draft.figures}
    assert (numbers["commitment.all.fulfilled"], numbers["commitment.all.unfulfilled"]) == (0, 1)
    with pytest.raises(ProgressError, match="不能放弃"):
        summaries.discard(summary_id=row.pk, actor=district.second, now=SENT)
    summaries.discard(summary_id=draft.pk, actor=district.second, now=SENT)
    assert client_of(district.officer).get(answer.url).status_code == 403


def test_units_are_called_late_only_from_the_day_and_by_a_confirmed_rule() -> None:
    district = District(confirmed=False)
    row = district.report()
    assert Duty.objects.get(rule_key="half_year_report", matter_id=row.pk).confirmed is False

    def states(day: date) -> set[object]:
        lineage = district.office.region.lineage
        found = summaries.units_of(
            "410103", "2026H2", may_be_named=summaries.may_name(lineage, day), today=day
        )
        return {unit["state"] for unit in found}

    assert states(date(2026, 12, 28)) == {"open"}
    PolicyRule.objects.update(confirmed=True)
    assert states(date(2026, 12, 25)) == {"open"}
    assert states(date(2026, 12, 26)) == {"missing"}


@pytest.mark.req("R14", "R110")
def test_an_assessment_is_commissioned_received_signed_by_another_sent_up_and_named(
    district: District, moment: None
) -> None:
    office, second = client_of(district.credit), client_of(district.second)
    new = "/desk/progress/assessments/new/"
    told = {
        "body_name": "演示评估有限公司", "body_code": factories.organisation_code(), "subject_matter": "信用承诺",
        "period_from": "2026-01-01", "period_to": "2026-06-30", "commissioned_on": "2026-09-01",
    }  # fmt: skip
    for wrong, words in (
        ({"body_code": "91410103MA00000000"}, "校验码"),
        ({"body_code": district.unit.uscc}, "不能委托行政机关"),
        ({"period_to": "2025-01-01"}, "早于起始日期"),
        ({"commissioned_on": "2027-01-01"}, "不能晚于今天"),
        ({"body_name": ""}, "第三方机构"),
    ):
        answer = office.post(new, told | wrong)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert not Assessment.objects.exists()
    url = office.post(new, told).url
    row = Assessment.objects.get()

    def paper() -> SimpleUploadedFile:
        return SimpleUploadedFile("评估报告.png", signature_png(), content_type="image/png")

    result = {
        "deed": "receive", "received_on": "2026-12-20", "grade": "good", "result": "总体较好。",
        f"unit-{district.street.pk}": "没有开展核查",
    }  # fmt: skip
    for wrong, words in (
        ({}, "请附上第三方机构的评估报告"),
        ({"report_file": SimpleUploadedFile("x.pdf", b"text", content_type="application/pdf")}, "只接受"),
        ({"report_file": paper(), "received_on": "2026-08-01"}, "收到日期应在"),
        ({"report_file": paper(), "grade": ""}, "评定"),
    ):
        answer = office.post(url, result | wrong)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert office.post(url, result | {"report_file": paper()}).status_code == 302
    # Until it is signed it can be mended, and the report stays.
    assert office.post(url, result | {"result": "总体较好，一处不足。"}).status_code == 302
    assert office.post(url, {"deed": "issue"}).status_code == 422
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": "区政府"}).status_code == 422
    assert second.post(url, {"deed": "issue"}).status_code == 302
    assert (
        second.post(
            url, {"deed": "note_naming", "on": "2026-12-23", "by": "区政府", "document_no": "1"}
        ).status_code
        == 422
    )
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": ""}).status_code == 422
    assert second.post(url, {"deed": "send_up", "on": "2026-12-23", "to": "区人民政府"}).status_code == 302
    named = {
        "deed": "note_naming",
        "on": "2026-12-23",
        "by": "区人民政府",
        "document_no": "二七政〔2026〕9号",
        "file": paper(),
    }
    assert second.post(url, named | {"document_no": ""}).status_code == 422
    assert second.post(url, named | {"file": paper()}).status_code == 302
    row.refresh_from_db()
    assert row.state == "named" and row.units == [
        {"department": district.street.pk, "name": "二七区测试街道", "text": "没有开展核查"}
    ]
    for which in ("report", "document", "notice"):
        assert office.get(f"{url}{which}/").status_code == 200
    assert office.get(f"{url}other/").status_code == 404
    page = office.get(url).content.decode()
    assert "二七政〔2026〕9号" in page and "没有开展核查" in page
    assert AuditEvent.objects.filter(verb="assessment.step").count() == 6
    for change in ({"result": "改"}, {"sent_up_to": "别处"}, {"state": "received"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Assessment.objects.update(**change)
    assert client_of(district.officer).get(url).status_code == 403
    stranger = factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region="130111", kind="credit_office")
    )
    assert client_of(stranger).get(url).status_code == 404
    assert "演示评估有限公司" in office.get("/desk/progress/assessments/").content.decode()


@pytest.mark.req("R14")
def test_an_assessment_without_a_result_is_ended_with_a_reason(district: District) -> None:
    row = assessments.commission(
        body_name="甲", body_code=factories.organisation_code(), subject_matter="乙", period_from=date(2026, 1, 1),
        period_to=date(2026, 6, 30), commissioned_on=date(2026, 9, 1), actor=district.credit, now=SENT,
    )  # fmt: skip
    with pytest.raises(ProgressError, match="终止的理由"):
        assessments.cancel(assessment_id=row.pk, reason=" ", actor=district.credit, now=SENT)
    with pytest.raises(ProgressError, match="由信用办办理"):
        assessments.cancel(assessment_id=row.pk, reason="合同解除", actor=district.officer, now=SENT)
    row = assessments.cancel(assessment_id=row.pk, reason="合同解除", actor=district.credit, now=SENT)
    assert row.state == "cancelled" and row.cancelled_on == SENT.date()
    with pytest.raises(ProgressError, match="已终止"):
        assessments.issue(assessment_id=row.pk, actor=district.second, now=SENT + timedelta(days=1))


def test_odd_addresses_and_odd_input_are_answered(district: District, moment: None) -> None:
    row = district.report()
    office, officer = client_of(district.credit), client_of(district.officer)
    odd = ["%00", "%ED%A0%80", "%C2%B2", "9" * 25, "9" * 5000, "-1", "1e400", "%F4%8F%BF%BF"]
    base = "/desk/progress/"
    unit = f"{base}{district.unit.uscc}/2026H2/check.all/"
    for value in odd:
        for path in (
            f"{base}{value}/2026H2/check.all/", f"{base}410103/{value}/check.all/", f"{base}410103/2026H2/{value}/",
            f"{unit}?page={value}", f"{unit}?version={value}", f"{base}?half={value}", f"{base}?region={value}",
            f"{base}regions/{value}/2026H2.xlsx", f"{base}summaries/new/?half={value}",
            f"{base}assessments/?before={value}",
        ):  # fmt: skip
            assert office.get(path).status_code < 500, path[:80]
    typed = ["\0", "9" * 5000, "²", "[" * 1000]
    for value in typed:
        assert (
            officer.post(f"{base}{row.uuid}/submit/", dict.fromkeys((*WORDS, "reporter"), value)).status_code
            < 500
        )
        assert office.post(f"{base}summaries/new/?half=2026H2", dict.fromkeys(UP, value)).status_code < 500
        assert (
            office.post(f"{base}assessments/new/", {"body_code": value, "period_from": value}).status_code
            == 422
        )
        assert (
            office.post(f"{base}chase/", {"report": value, "half": value, "region": value}).status_code == 302
        )
    assert ProgressVersion.objects.count() <= 2


@pytest.mark.req("R111")
def test_the_regions_report_keeps_the_cases_of_its_figures_and_opens_them(
    district: District, moment: None
) -> None:
    kept = listed.commitment(
        department=district.unit,
        item_version=factories.item_version(department=district.unit, materials_spared=3),
    )
    # What comes later comes: late materials spare none.
    listed.commitment(department=district.unit, item_version=kept.item_version, late_materials=True)
    client = client_of(district.credit)
    made = client.post("/desk/progress/summaries/new/?half=2026H2", UP)
    row = ProgressSummary.objects.get()
    assert made.status_code == 302 and row.cases.get(key="effect.materials").ids == [kept.pk]
    spared = next(one for one in row.figures if one["key"] == "effect.materials")
    # The words of the report have a part 应用成效 of their own.
    assert (spared["number"], spared["amount"]) == (3, True) and spared["group"] == "少交材料和少等时间"
    page = client.get(f"/desk/progress/summaries/{row.uuid}/").content.decode()
    address = f"/desk/progress/410103/2026H2/effect.materials/?summary={row.number}"
    assert address in page
    summaries.issue(summary_id=row.pk, actor=district.second, now=SENT)
    # What has become of the case since does not matter; the report opens what it counted.
    type(kept).objects.filter(pk=kept.pk).update(voided_at=SENT)
    assert len(client.get(address).context["lines"]) == 1
    assert len(client.get(address.partition("?")[0]).context["lines"]) == 0
    assert client.get("/desk/progress/410103/2026H2/effect.materials/?summary=Q0").status_code == 404
    with pytest.raises(IntegrityError), transaction.atomic():
        row.cases.update(ids=[])

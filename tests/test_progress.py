"""Half-year reports (R109): opened with their duty, counted with the cases behind each figure."""

from datetime import date

import pytest

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.overview.progress import figures
from credit_portal.overview.progress.spans import span_of
from credit_portal.registry import groups
from disclosure.models import (
    ProgressReport,
)
from disclosure.progress import reports
from tests import factories, listed
from tests.office import client_of
from tests.progress_stage import HALF, JULY, SENT, District, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> District:
    return District()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: SENT)


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

"""Evaluations: whose they are to put right, and what a file that was made but not fetched yet may still tell. (R66, R124)"""

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.models import RosterEntry
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from tests import factories
from tests.factories import NOW, TODAY
from tests.test_evaluations import Place, agreed, line, sheet
from verification.grades import may_receive, passing, receiving
from verification.grades.receiving import EvaluationRefused, RowsRefused
from verification.models import Evaluation, EvaluationPassing

pytestmark = [pytest.mark.django_db]


def corrected(place: Place, actor: Any, grade: str = "差", reason: str = "录错") -> Any:
    content = sheet(line(place.subjects[0], grade=grade))
    return receiving.take(name="更正.xlsx", content=content, actor=actor, now=NOW, reason=reason)


def office(region: str) -> Any:
    return factories.staff(
        groups.CREDIT_OFFICE, department=factories.department(region=region, kind="credit_office")
    )


@pytest.mark.req("R66", "R124")
def test_another_regions_office_neither_puts_right_what_it_did_not_take_in_nor_is_told_the_grade():
    place, far = Place(), office("410103")
    for reason in ("", "以我为准"):
        with pytest.raises(RowsRefused) as refused:
            corrected(place, far, reason=reason)
        told = dict(refused.value.faults)[2]
        assert place.office.region.name in told and "优" not in told
    assert [row.grade for row in Evaluation.standing().filter(subject=place.subjects[0])] == ["优"]
    # What is the same is the same wherever it came from.
    same = receiving.take(name="x.xlsx", content=sheet(line(place.subjects[0])), actor=far, now=NOW)
    assert (same.new, same.corrected) == (0, 0)


@pytest.mark.req("R124")
def test_what_the_office_above_puts_right_stays_with_the_recipients_below():
    place, city = Place(), office("130100")
    to = place.recipient("department")
    given = place.passed(to)
    made = corrected(place, city)
    # The office that has given it away hears of it; whoever has put it right need not.
    told = Notice.objects.filter(kind="evaluation", key__startswith="evaluation_corrected")
    assert {notice.user_id for notice in told} >= {place.first.pk} and city.pk not in {
        one.user_id for one in told
    }
    assert all(given.number in one.title and str(given.uuid) in one.link for one in told)
    assert place.department.name in passing.to_be_told_again(made)
    row = Evaluation.standing().get(subject=place.subjects[0])
    assert (row.grade, row.region_id) == ("差", "130111")
    assert place.passed(to).rows == 3
    # And not the other way round.
    body = "石家庄市信用中心"
    above = sheet(line(place.subjects[1], body=body))
    receiving.take(name="市.xlsx", content=above, actor=city, now=NOW)
    with pytest.raises(RowsRefused, match="1 行需要改正"):
        receiving.take(
            name="县.xlsx", content=sheet(line(place.subjects[1], body=body, grade="差")), actor=place.first,
            now=NOW, reason="以我为准",
        )  # fmt: skip


@pytest.mark.req("R124")
def test_a_file_is_not_fetched_any_more_once_one_of_its_rows_would_not_be_given_so():
    place = Place()
    unit, guild = place.recipient("department"), place.recipient("association")
    made, small = place.passed(unit), place.passed(guild)
    officer = factories.staff(groups.OFFICER, department=place.department)
    guildsman = factories.staff(groups.ASSOCIATION, department=place.association)

    def refused(row: EvaluationPassing, actor: Any, words: str, **when: int) -> None:
        with pytest.raises(EvaluationRefused, match=words):
            passing.fetch(passing_id=row.pk, actor=actor, now=NOW + timedelta(**when))

    passing.switch_recipient(recipient_id=unit.pk, active=False, actor=place.first, now=NOW)
    for actor in (officer, place.first):
        refused(made, actor, f"{may_receive.NOT_ACTIVE} 3 行")
    passing.switch_recipient(recipient_id=unit.pk, active=True, actor=place.first, now=NOW)
    # A member that has left in the meantime.
    RosterEntry.objects.filter(department=place.association).update(
        left_on=TODAY + timedelta(days=1), leave_reason="退会"
    )
    refused(small, guildsman, "不是本会会员，也没有主体同意 1 行", days=3)
    # A grade that was wrong.
    corrected(place, place.first)
    refused(made, officer, "评价已更正 1 行，不能再下载")
    content = passing.fetch(passing_id=place.passed(unit).pk, actor=officer, now=NOW)
    rows = openpyxl.load_workbook(io.BytesIO(content)).active.values
    assert [row[3] for row in rows if row[1] == place.subjects[0].uscc] == ["差"]


@pytest.mark.req("R124")
def test_what_has_come_in_since_keeps_no_file_back_nor_does_a_consent_that_was_given_on():
    place = Place()
    bank, unit = place.recipient("bank"), place.recipient("department")
    agreed(place, place.subjects[0], bank.code)
    small, made = place.passed(bank), place.passed(unit)
    place.take(line(factories.subject()))
    for row in (small, made):
        assert passing.fetch(passing_id=row.pk, actor=place.first, now=NOW)


def test_many_rows_are_looked_at_again_at_the_cost_of_few():
    place = Place()
    bank = place.recipient("bank")

    def cost(number: int, period: str) -> int:
        fresh = [factories.subject() for _ in range(number)]
        place.take(*(line(one, period=period) for one in fresh))
        for one in fresh:
            agreed(place, one, bank.code)
        made = place.passed(bank, period)
        with CaptureQueriesContext(connection) as asked:
            passing.fetch(passing_id=made.pk, actor=place.first, now=NOW)
        return len(asked)

    assert cost(2, "2026-04") == cost(12, "2026-05")

"""What was known on a day is told the same, whenever it is asked; and an inspection's result is told to whom it is about."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from commitments.consequences import handing_over
from commitments.models import ReadingOffer
from credit_portal.audit.clock import local_date
from credit_portal.overview.record import gathering
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.timeline import Look
from tests import factories as make
from tests.breach_stage import Stage
from tests.factories import NOW
from tests.office import Office
from tests.recheck_stage import Place, all_drawn
from tests.scenes import mine
from tests.test_consequences import _stage, bureau, hand_over, invite, judge, order, record
from verification import services
from verification.models import AppliedMeasure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(_stage)


@pytest.fixture
def stage(built, db) -> Stage:
    return mine(built)


@pytest.fixture(scope="module")
def whole(scene) -> Office:
    return scene(Office)


@pytest.fixture
def office(whole, db) -> Office:
    return mine(whole)


def told(
    subject: CreditSubject, user=None, *, on: date = date(2027, 12, 31), **asked
) -> list[gathering.Line]:
    return gathering.find(Look(subject, user, on), gathering.Asked(**asked), size=500).lines


Known = list[tuple[str, str, date]]


def known_by(stage: Stage, user=None, kind: str = "case") -> Callable[[date], Known]:
    subject = stage.case.subject

    def known(on: date) -> Known:
        return [(one.deed, one.state, one.row.day) for one in told(subject, user, kind=kind, known_on=on)]

    return known


@pytest.mark.req("R67")
@pytest.mark.parametrize("own", [True, False])
def test_what_was_known_of_an_interview_is_told_the_same_when_it_was_held(stage, own):
    row = order(stage)
    stage.now += timedelta(days=45)
    row.refresh_from_db()
    judge(stage, row, passed=False)
    invited = invite(stage)
    known, on = known_by(stage, None if own else stage.credit), local_date(stage.now)
    before = known(on)
    assert ("警示约谈", "已通知，待约谈", on) in before
    stage.now += timedelta(days=5)
    record(stage, invited)
    later = local_date(stage.now)
    assert known(on) == before
    assert [one for one in known(later) if one not in before] == [("警示约谈", "已约谈", later)]


@pytest.mark.req("R67")
def test_what_was_known_of_a_licence_handed_over_is_told_the_same_when_it_was_taken(stage):
    _place, person = bureau(stage)
    handed = hand_over(stage)
    known, on = known_by(stage, stage.credit), local_date(stage.now)
    before = known(on)
    stage.now += timedelta(days=2)
    handing_over.acknowledge(row_id=handed.pk, expect="sent", actor=person, now=stage.now)
    assert known(on) == before and ("移交撤销许可", "已移交，待签收", on) in before
    assert ("移交撤销许可", "已签收，办理中", local_date(stage.now)) in known(local_date(stage.now))


@pytest.mark.req("R67")
def test_what_was_known_of_a_reading_and_of_a_measure_says_nothing_of_what_came_later(office):
    subject, on = office.check.subject, local_date(NOW)
    later = NOW + timedelta(days=40)
    offer = ReadingOffer.objects.create(
        key="x",
        reading=office.reading,
        place="window",
        subject=subject,
        department=office.department,
        offered_at=NOW,
    )

    entry = make.credit_entry(subject=subject)
    AppliedMeasure.objects.create(
        check_made=office.check, entry=entry, department=office.department, region=make.region(),
        domain="approval", effect="key", text="重点审查", basis="法", applied_on=on,
    )  # fmt: skip

    def known() -> list[tuple]:
        return [
            (one.deed, one.row.day, one.row.first, one.row.last)
            for kind in ("reading", "measure")
            for one in told(subject, None, kind=kind, known_on=on)
        ]

    before = known()
    ReadingOffer.objects.filter(pk=offer.pk).update(read_at=later)
    services.end_entry(entry_id=entry.pk, operator=None, now=later)
    assert (
        known() == before
        and ("提供诚信教育读本", on, None, None) in before
        and ("实施", on, on, None) in before
    )
    assert ("阅读诚信教育读本", local_date(later)) in {
        (one.deed, one.row.day) for one in told(subject, None, kind="reading")
    }
    assert ("结束", local_date(later)) in {
        (one.deed, one.row.day) for one in told(subject, None, kind="measure")
    }


@pytest.mark.req("R64", "R67")
def test_whoever_was_inspected_is_told_what_was_found_and_of_a_doubt_by_its_case(db):
    place = Place()
    kept, unable, doubt, _waiting = all_drawn(place)[:4]
    place.answer(kept)
    place.answer(unable, finding="unable", obstacle="closed")
    clause = doubt.commitment.obligations.values_list("clause_no", flat=True).first()
    place.answer(doubt, finding="doubt", doubtful=[clause])

    def checks(row, user=None) -> list[tuple[str, str, str]]:
        lines = told(row.commitment.subject, user)
        return [(one.state, one.row.note, one.url) for one in lines if one.deed == "承诺复核"]

    page = "/me/commitments/{}/"
    assert checks(kept) == [("没有发现未履行", "", page.format(kept.commitment.code))]
    assert checks(unable) == [("未能核查", "主体已停业或者注销", page.format(unable.commitment.code))]
    assert checks(doubt) == [] and checks(doubt, place.credit)[0][0] == "疑似未履行"
    assert checks(kept, place.credit)[0][2] == f"/desk/rechecks/{kept.uuid}/"

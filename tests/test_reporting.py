"""Reporting within seven working days: by whom, once, returned without stopping the clock, answered by one."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from commitments import breaches
from commitments import collection_format as form
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from credit_portal.registry.models import Department
from disclosure import reporting
from disclosure.models import BreachReport, ReportRound
from disclosure.reporting import ReportError, ReportMoved
from tests import factories
from tests.breach_stage import Stage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def answer(report: BreachReport, stage: Stage, **reasons: str) -> BreachReport:
    return reporting.return_report(
        report_id=report.pk, expect_round=report.rounds, reasons=reasons or {"13": "写明期限"},
        actor=stage.credit, now=stage.now,
    )  # fmt: skip


@pytest.mark.req("R73", "R95", "R128")
def test_what_is_sent_are_the_twenty_fields_of_the_determination() -> None:
    stage = Stage()
    report = stage.reported(case=stage.determined())
    sent = report.all_rounds.get()
    assert form.problems(sent.fields) == []
    assert sent.fields["11"] == "全部未履行" and sent.fields["14"] == report.case.determined_on.isoformat()
    assert sent.fields["12"] == "第 1 条：检测报告逾期没有补交"
    assert sent.sha256 == form.fingerprint(sent.fields)
    assert AuditEvent.objects.get(verb="report.submitted").facts["sha256"] == sent.sha256


def test_a_persons_number_is_not_among_what_is_stored() -> None:
    stage = Stage(person=True)
    report = stage.reported()
    number = stage.commitment.subject.id_number
    assert report.all_rounds.get().fields["4"] == form.SEALED
    assert number not in str(report.all_rounds.get().fields)


@pytest.mark.req("R73")
def test_a_return_takes_the_duty_up_again_with_its_due_date() -> None:
    stage = Stage()
    report = stage.reported()
    duty = Duty.objects.get(rule_key="breach_report")
    due = duty.due_on
    assert (duty.state, duty.met_on) == ("met", local_date(stage.now))
    stage.later(1)
    answer(report, stage)
    duty.refresh_from_db()
    assert (duty.state, duty.met_on, duty.due_on) == ("open", None, due)
    stage.later(2)
    again = stage.reported(case=report.case)
    assert (again.rounds, again.state) == (2, "submitted")
    duty.refresh_from_db()
    assert duty.met_on == local_date(stage.now)
    acceptance = Duty.objects.filter(rule_key="report_acceptance").order_by("id")
    assert [one.state for one in acceptance] == ["met", "open"]
    assert again.all_rounds.get(number=1).reasons == {"13": "写明期限"}
    assert Notice.objects.filter(user=stage.officer, title__contains="被退回").count() == 1


def test_late_is_late_for_ever() -> None:
    stage = Stage()
    case = stage.determined()
    stage.later(30)
    stage.reported(case=case)
    duty = Duty.objects.get(rule_key="breach_report")
    assert duty.met_on > duty.due_on
    assert AuditEvent.objects.get(verb="duty.met", target_id=str(duty.pk)).facts["on_time"] is False


def test_it_is_sent_once_and_not_before_the_determination() -> None:
    stage = Stage()
    case = stage.proposed()
    with pytest.raises(ReportError, match="不能上报"):
        reporting.submit_report(case_id=case.pk, actor=stage.officer, now=stage.now)
    case = stage.determined(case=case)
    stage.reported(case=case)
    with pytest.raises(ReportMoved, match="已上报"):
        stage.reported(case=case)


def test_only_the_department_sends_and_only_an_office_of_its_region_answers() -> None:
    stage = Stage()
    case = stage.determined()
    for stranger in (factories.staff("officer", department=factories.department()), stage.credit):
        with pytest.raises(ReportError, match="由作出认定的部门上报"):
            reporting.submit_report(case_id=case.pk, actor=stranger, now=stage.now)
    report = stage.reported(case=case)
    elsewhere = factories.staff(
        "credit_office", department=factories.department(region="410103", kind="credit_office")
    )
    for actor, message in ((stage.officer, "由信用办"), (elsewhere, "不在您的管理范围")):
        with pytest.raises(ReportError, match=message):
            reporting.accept_report(report_id=report.pk, expect_round=1, actor=actor, now=stage.now)


def test_a_region_without_an_office_reports_to_the_nearest_above_and_says_so_where_there_is_none() -> None:
    stage = Stage()
    Department.objects.filter(kind="credit_office").update(is_active=False)
    case = stage.determined()
    with pytest.raises(ReportError, match="没有登记信用主管部门"):
        stage.reported(case=case)
    assert not BreachReport.objects.exists()
    above = factories.department(region="130100", kind="credit_office")
    assert stage.reported(case=case).office == above


def test_a_return_says_why_and_a_second_answer_is_told() -> None:
    stage = Stage()
    report = stage.reported()
    with pytest.raises(ReportError, match="写明退回的理由"):
        answer(report, stage, **{"13": "  "})
    with pytest.raises(ReportError, match="没有第 31 项"):
        answer(report, stage, **{"31": "错"})
    stage.accepted(report=report)
    with pytest.raises(ReportMoved, match="已由"):
        answer(report, stage)


@pytest.mark.req("R74")
def test_the_duty_to_publish_begins_with_the_later_of_acceptance_and_service() -> None:
    stage = Stage()
    case = stage.determined()
    stage.accepted(report=stage.reported(case=case))
    assert not Duty.objects.filter(rule_key="breach_publication").exists()
    stage.later(3)
    stage.served(case=case)
    assert Duty.objects.get(rule_key="breach_publication").triggered_on == local_date(stage.now)


def test_revoking_withdraws_the_report_and_what_was_to_be_done_about_it() -> None:
    stage = Stage()
    report = stage.reported()
    breaches.revoke(
        case_id=report.case_id, expect="served", reason="own_error", explanation="事实有误", actor=stage.head,
        now=stage.now,
    )  # fmt: skip
    report.refresh_from_db()
    assert report.state == "withdrawn"
    assert not Duty.objects.filter(state="open").exists()


def test_what_was_sent_and_answered_is_frozen() -> None:
    stage = Stage()
    report = stage.accepted()
    for attempt in (
        lambda: ReportRound.objects.update(fields={}),
        lambda: ReportRound.objects.update(accepted=False),
        lambda: ReportRound.objects.all().delete(),
        lambda: BreachReport.objects.filter(pk=report.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


@pytest.mark.django_db(transaction=True)
def test_two_of_the_office_answer_at_once_and_one_is_told() -> None:
    stage = Stage()
    for _ in range(6):
        report = stage.reported()
        start, told = Barrier(2), []

        def work(actor, deed, report=report, start=start, told=told, now=stage.now) -> None:
            start.wait()
            try:
                deed(report_id=report.pk, expect_round=1, actor=actor, now=now)
                told.append("done")
            except ReportMoved:
                told.append("told")
            finally:
                connection.close()

        def back(**given) -> BreachReport:
            return reporting.return_report(**given, reasons={"": "重写"})

        threads = [
            Thread(target=work, args=(stage.credit, reporting.accept_report)),
            Thread(target=work, args=(stage.second, back)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(told) == ["done", "told"]
        stage = Stage()


def test_an_unconfirmed_rule_makes_a_duty_that_only_reminds() -> None:
    stage = Stage(confirmed=False)
    stage.determined()
    duty = Duty.objects.get(rule_key="breach_report")
    assert duty.confirmed is False and duty.due_on > local_date(stage.now) + timedelta(days=6)

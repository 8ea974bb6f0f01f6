"""Breaches of the demonstration: in every state that a case, a report and a publication have, some of them near their
time limits. Each is made step by step by the services, on its days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from commitments import breaches
from commitments.models import BreachCase, Commitment
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import User
from disclosure import breach_publishing, reporting
from disclosure.models import BreachReport

from . import consequences, objections
from .days import working_days_from

if TYPE_CHECKING:
    from .timeline import Timeline

NOT_KEPT = ("承诺的台账没有建立", "检测报告逾期没有取得", "承诺的设备没有到位", "材料逾期没有补交")
FACTS = "现场核查发现，承诺的内容到期没有履行（演示）。\n已当场制作检查记录。"
# From the opening of a case to its determination: long enough for the notice and the time to speak, holidays included.
BEFORE = 28


@dataclass(frozen=True)
class Story:
    """`ago`: working days between the determination and today. `until`: the last step that is taken. `follows`: what it
    brings with it, a word of `consequences.WAYS`; `state_owned`: of a state firm, where there is one."""

    region: str
    ago: int
    until: str
    grade: str = "general"
    speaks: bool = False
    late: bool = False
    statement: str = ""
    follows: str = ""
    state_owned: bool = False


STORIES = (
    Story("130111", 130, "published", follows="put_right"),
    Story("130111", 110, "published", grade="serious", speaks=True, follows="not_put_right"),
    Story("130111", 95, "published", statement="已经更换了检测机构，报告将在下月取得。", follows="reminded"),
    Story("130111", 80, "published", late=True, follows="runs"),
    Story("130111", 70, "revoked", speaks=True),
    Story("130111", 41, "objected", follows="told", state_owned=True),
    Story("130111", 37, "published", grade="minor"),
    Story("130111", 33, "accepted"),
    Story("130111", 26, "returned"),
    Story("130111", 8, "served"),
    Story("130111", 7, "served"),
    Story("130111", 4, "served"),
    Story("130111", 3, "reported"),
    Story("130111", 1, "determined", speaks=True),
    Story("130111", -1, "proposed"),
    Story("130111", -4, "noticed"),
    Story("130111", -8, "dropped"),
    Story("130129", 60, "published", follows="not_put_right"),
    Story("130129", 5, "served"),
    Story("410103", 90, "published"),
    Story("410103", 45, "accepted"),
    Story("410103", 7, "determined"),
)


def plan(timeline: Timeline) -> None:
    """Let each story begin on its day; its further steps follow as long as today has not come."""
    calendar = current_calendar()
    for story in STORIES:
        determined = working_days_from(calendar, timeline.today, -story.ago)
        opened = working_days_from(calendar, determined - timedelta(days=BEFORE), 1)
        timeline.at(timeline.moment(opened), _open(timeline, story, determined))


def _choose(timeline: Timeline, story: Story, officer: User) -> Commitment | None:
    """A commitment still running that the officer's department answers for."""
    mine = {commitment.pk for commitment in timeline.signed}
    rows = (
        breaches.commitments_to_judge(officer)
        .filter(
            pk__in=mine,
            fulfilment="running",
            publicity_class="public",
            withdrawn_at__isnull=True,
            voided_at__isnull=True,
            breach_cases__isnull=True,
            corrected_by__isnull=True,
            late_materials=False,
        )
        .exclude(subject_kind="person")
        # What a department's own system hands in has a story of its own.
        .exclude(channel="partner")
    )
    order = ["-subject__state_owned"] if story.state_owned else []
    return rows.order_by(*order, "pk").first()


def _open(timeline: Timeline, story: Story, determined: date) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        officer = timeline.world.user(story.region, "officer")
        commitment = _choose(timeline, story, officer)
        if commitment is None:
            return
        case = breaches.open_case(
            commitment_id=commitment.pk,
            source="inspection",
            facts=FACTS,
            by_deceit=story.grade == "serious",
            actor=officer,
            now=now,
            is_demo=True,
        )
        _Course(timeline, story, case, determined).after_opening(now)

    return act


class _Course:
    """One case's way, each step with its moment."""

    def __init__(self, timeline: Timeline, story: Story, case: BreachCase, determined: date) -> None:
        self.timeline, self.story, self.case = timeline, story, case
        self.determined = determined
        self.officer = timeline.world.user(story.region, "officer")
        self.head = timeline.world.user(story.region, "head")
        self.credit = timeline.world.user(story.region, "credit")
        pledge = next(clause for clause in case.commitment.content if clause["kind"] == "pledge")
        self.clauses = [(pledge["no"], timeline.chance.choice(NOT_KEPT))]

    def on(self, day: date, act: Callable[[datetime], None]) -> None:
        self.timeline.at(self.timeline.moment(day), act)

    def days_after(self, number: int) -> date:
        return working_days_from(current_calendar(), self.determined, number)

    def file(self, now: datetime) -> EvidenceFile:
        return store_evidence(
            content=self.timeline.page, kind="document", content_type="image/png",
            original_name="送达回证.png", actor=self.officer, department=self.officer.department, now=now,
        )  # fmt: skip

    def after_opening(self, now: datetime) -> None:
        opened = local_date(now)
        if self.story.until == "dropped":
            self.on(opened + timedelta(days=9), self.drop)
            return
        self.on(opened + timedelta(days=2), self.notice)

    def drop(self, now: datetime) -> None:
        breaches.drop(
            case_id=self.case.pk, expect="opened", reason="经核实已经在期限内履行（演示）。",
            actor=self.officer, now=now,
        )  # fmt: skip

    def notice(self, now: datetime) -> None:
        breaches.give_notice(
            case_id=self.case.pk, expect="opened", clauses=self.clauses, grade=self.story.grade,
            noticed_on=local_date(now), actor=self.officer, now=now,
        )  # fmt: skip
        if self.story.speaks:
            self.on(local_date(now) + timedelta(days=4), self.speak)
        if self.story.until != "noticed":
            self.on(self.determined - timedelta(days=1), self.propose)

    def speak(self, now: datetime) -> None:
        breaches.record_statement(
            case_id=self.case.pk, expect="noticed", received_on=local_date(now),
            text="检测机构排期延后，请求宽限（演示）。", actor=self.officer, now=now,
        )  # fmt: skip

    def propose(self, now: datetime) -> None:
        breaches.propose(
            case_id=self.case.pk,
            expect="heard" if self.story.speaks else "noticed",
            outcome="partial" if self.story.grade == "minor" else "unfulfilled",
            grade=self.story.grade,
            clauses=self.clauses,
            liability="责令十日内改正，计入日常监管档案（演示）。",
            proportionality="没有造成危害后果，已经开始改正，处理与情节相当（演示）。",
            reconsideration_body=f"{self.case.region.name}人民政府",
            court=f"{self.case.region.name}人民法院",
            statement_considered="排期延后属实，但未在承诺期限前申请延期，部分采纳（演示）。"
            if self.story.speaks
            else "",
            actor=self.officer,
            now=now,
        )
        if self.story.until != "proposed":
            self.on(self.determined, self.determine)

    def determine(self, now: datetime) -> None:
        breaches.determine(case_id=self.case.pk, expect="proposed", actor=self.head, now=now)
        if self.story.until != "determined":
            self.on(self.days_after(2), self.serve)

    def serve(self, now: datetime) -> None:
        breaches.serve(
            case_id=self.case.pk, expect="determined", served_on=local_date(now), method="in_person",
            proof=self.file(now), actor=self.officer, now=now,
        )  # fmt: skip
        if self.story.statement:
            breaches.record_subject_statement(
                case_id=self.case.pk, expect="served", text=f"{self.story.statement}（演示）",
                actor=self.officer, now=now,
            )  # fmt: skip
        if self.story.follows:
            consequences.follow(self.timeline, self.case, self.story.follows, self.officer, local_date(now))
        if self.story.until != "served":
            self.on(self.days_after(11 if self.story.late else 3), self.report)

    def report(self, now: datetime) -> None:
        report = reporting.submit_report(case_id=self.case.pk, actor=self.officer, now=now)
        if self.story.until == "reported":
            return
        self.on(
            working_days_from(current_calendar(), local_date(now), 1),
            lambda later: self.answer(report, later),
        )

    def answer(self, report: BreachReport, now: datetime) -> None:
        common = {"report_id": report.pk, "expect_round": report.rounds, "actor": self.credit, "now": now}
        if self.story.until == "returned":
            reporting.return_report(**common, reasons={"13": "请写明改正期限的起止日期（演示）。"})
            return
        reporting.accept_report(**common)
        if self.story.until != "accepted":
            self.on(working_days_from(current_calendar(), local_date(now), 1), self.publish)

    def publish(self, now: datetime) -> None:
        minor = self.story.grade == "minor"
        publication = breach_publishing.decide_publication(
            case_id=self.case.pk,
            publicity_class="limited" if minor else "public",
            reason="minor" if minor else "by_law",
            actor=self.credit,
            now=now,
        )
        if self.story.until == "objected":
            objections.on_breach(self.timeline, publication, now)
        if self.story.until == "revoked":
            self.on(local_date(now) + timedelta(days=20), self.revoke)

    def revoke(self, now: datetime) -> None:
        breaches.revoke(
            case_id=self.case.pk, expect="served", reason="reconsideration",
            explanation="复议认为告知程序有瑕疵（演示）。", document_no="（演示）栾政复决〔2026〕3号",
            actor=self.head, now=now,
        )  # fmt: skip

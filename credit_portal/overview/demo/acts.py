"""Acts of the demonstration: licences, penalties and others, in every state that an act has, some near their time limit;
and the catalogue of credit information that names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject, User
from disclosure import information
from disclosure.acts import entering, publishing
from disclosure.acts.fields import read
from disclosure.models import AdministrativeAct

from .days import working_days_from

if TYPE_CHECKING:
    from .foundation import World
    from .timeline import Timeline

KIND_WORDS = {str(code): str(label) for code, label in CreditSubject.Kind.choices}
LC, ZH, EQ = "130111", "130129", "410103"


@dataclass(frozen=True)
class Told:
    """An act of a department on the subject at place `subject` of its region. `ago`, `entered`, `decided`: working days
    before the demonstration's today on which it was made, put in and given its class; `decided` None: it waits."""

    region: str
    by: str
    subject: int
    kind: str
    what: str
    ago: int
    entered: int
    decided: int | None
    more: dict[str, str] = field(default_factory=dict)
    then: str = ""
    publicity_class: str = "public"


FOOD = {"violation": "进货查验记录不全", "facts": "检查时三批原料没有查验记录。", "domain": "食品药品安全"}
EXPIRED = {
    "violation": "经营超过保质期的食品",
    "facts": "货架上有三种食品已过保质期。",
    "domain": "食品药品安全",
}
SIGN = {"violation": "未按规定公示收费标准", "facts": "经营场所没有公示收费标准。", "domain": "其他"}
FINE = {"category": "警告；罚款", "fine": "2000", "grade": "一般"}
WARNING = {"category": "警告", "grade": "轻微"}
HEAVY = {"category": "罚款；没收违法所得", "fine": "80000", "confiscated": "12600.50", "grade": "严重"}

# Actors: (who enters, who gives the class).
ACTORS = {
    (LC, "approval"): ("head2", "head2"),
    (LC, "market"): ("officer", "head"),
    (LC, "housing"): ("officer2", "officer2"),
    (ZH, "market"): ("officer", "head"),
    (EQ, "market"): ("officer", "head"),
}

TOLD = (
    Told(LC, "approval", 0, "licence", "食品经营许可", 150, 149, 148),
    Told(LC, "approval", 12, "licence", "食品经营许可", 120, 118, 117),
    Told(LC, "approval", 26, "licence", "药品经营许可", 96, 94, 93),
    Told(LC, "approval", 27, "licence", "道路货物运输经营许可", 70, 69, 66),
    Told(LC, "approval", 31, "licence", "公共场所卫生许可", 44, 43, 41),
    Told(LC, "approval", 33, "licence", "人力资源服务许可", 30, 29, 27, then="revoked"),
    Told(LC, "approval", 36, "licence", "食品经营许可", 21, 20, 15),
    Told(LC, "approval", 28, "licence", "施工许可", 6, 5, None),
    Told(LC, "approval", 29, "licence", "户外广告设置许可", 5, 4, None),
    Told(LC, "housing", 15, "licence", "建筑工程施工许可", 40, 38, 36),
    # Its last day is over and nobody has given it a class.
    Told(LC, "housing", 27, "licence", "商品房预售许可", 9, 8, None),
    Told(LC, "market", 30, "penalty", "进货查验记录不全", 85, 84, 80, FOOD | FINE),
    Told(LC, "market", 34, "penalty", "未按规定公示收费标准", 33, 32, 30, SIGN | FINE),
    Told(
        LC, "market", 35, "penalty", "进货查验记录不全", 18, 17, 14, FOOD | WARNING, publicity_class="limited"
    ),
    Told(LC, "market", 36, "penalty", "经营超过保质期的食品", 4, 3, None, EXPIRED | HEAVY),
    Told(LC, "market", 31, "inspection", "食品安全监督检查", 26, 25, 24, {"content": "抽查结果为合格"}),
    Told(LC, "market", 32, "confirmation", "特种设备使用登记", 12, 10, 9, {"content": "准予登记"}),
    Told(LC, "market", 33, "reward", "放心消费示范单位", 3, 2, None, {"content": "授予放心消费示范单位称号"}),
    Told(ZH, "market", 3, "licence", "食品经营许可", 52, 50, 48),
    Told(ZH, "market", 4, "penalty", "未按规定公示收费标准", 28, 27, 25, SIGN | FINE),
    Told(EQ, "market", 5, "licence", "食品经营许可", 60, 58, 57),
    Told(EQ, "market", 6, "penalty", "进货查验记录不全", 36, 35, 33, FOOD | FINE),
    Told(EQ, "market", 7, "licence", "食品经营许可", 2, 1, None),
)
SHORT = {"approval": "审", "market": "市监", "housing": "住建"}
LETTER = {"licence": "许", "penalty": "罚", "inspection": "检", "confirmation": "确", "reward": "奖"}


def plan(timeline: Timeline) -> None:
    """Let each act be put in and given its class on its days."""
    calendar = current_calendar()
    for place, told in enumerate(TOLD, start=1):
        made = working_days_from(calendar, timeline.today, -told.ago)
        timeline.at(
            timeline.moment(working_days_from(calendar, timeline.today, -told.entered)),
            _enter(timeline, told, place, made),
        )


def _enter(timeline: Timeline, told: Told, place: int, made: date) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        world = timeline.world
        first, second = (world.user(told.region, role) for role in ACTORS[told.region, told.by])
        subject = timeline.registered(told.region, told.subject, first, now)
        row, _ = entering.enter(
            data=read(told.kind, _values(told, place, made, subject), today=local_date(now)),
            department=world.departments[told.region, told.by],
            source=AdministrativeAct.Source.FORM,
            now=now,
            actor=first,
            is_demo=True,
        )
        if told.decided is not None:
            day = working_days_from(current_calendar(), timeline.today, -told.decided)
            timeline.at(timeline.moment(day), _decide(timeline, told, row.pk, second))

    return act


def _values(told: Told, place: int, made: date, subject: CreditSubject) -> dict[str, str]:
    """What is put in, by the keys of the table of fields."""
    common = {
        "subject_name": subject.name,
        "subject_kind": KIND_WORDS[subject.kind],
        "subject_code": subject.id_number if subject.kind == PERSON else str(subject.uscc),
        "document_name": f"{told.what}决定书（演示）",
        "document_no": f"（演示）{SHORT[told.by]}{LETTER[told.kind]}字〔{made.year}〕{place}号",
        "decided_on": made.isoformat(),
        "content": f"{told.what}（演示）",
        "basis": "依法作出（演示）",
    }
    if told.kind == "licence":
        years = made.replace(year=made.year + 5, day=min(made.day, 28))
        common |= {
            "category": "普通",
            "valid_from": made.isoformat(),
            "valid_until": years.isoformat(),
            "certificate_no": f"演示{place:06d}",
        }
    elif told.kind != "penalty":
        common["valid_until"] = made.replace(year=made.year + 1, day=min(made.day, 28)).isoformat()
    return common | told.more


def _decide(timeline: Timeline, told: Told, act_id: int, actor: User) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        publishing.decide(
            act_ids=[act_id],
            publicity_class=told.publicity_class,
            reason="" if told.publicity_class == "public" else "minor",
            actor=actor,
            now=now,
        )
        if told.then:
            day = working_days_from(current_calendar(), local_date(now), 10)
            timeline.at(timeline.moment(day), _end(told, act_id, actor))

    return act


def _end(told: Told, act_id: int, actor: User) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        publishing.end_by_hand(
            act_id=act_id, ending=told.then, note_text="依申请人书面申请注销（演示）", actor=actor, now=now
        )

    return act


# ---- the catalogue of credit information -------------------------------------------------------------------

CATALOGUE = (
    (LC, "approval", "licence", "行政许可信息", "7 个工作日内"),
    (LC, "approval", "commitment", "信用承诺信息", "签署当日"),
    (LC, "housing", "licence", "建设领域行政许可信息", "7 个工作日内"),
    (LC, "market", "penalty", "市场监管行政处罚信息", "7 个工作日内"),
    (LC, "market", "breach", "违诺认定信息", "7 个工作日内"),
    (LC, "market", "inspection", "监督检查结果信息", "7 个工作日内"),
    (LC, "market", "confirmation", "特种设备使用登记信息", "7 个工作日内"),
    (LC, "transport", "penalty", "交通运输行政处罚信息", "7 个工作日内"),
    (LC, "environment", "penalty", "生态环境行政处罚信息", "7 个工作日内"),
    (LC, "finance", "other", "政府采购严重违法失信行为记录", "即时"),
    (ZH, "market", "licence", "行政许可信息", "7 个工作日内"),
    (ZH, "market", "penalty", "行政处罚信息", "7 个工作日内"),
    (EQ, "market", "licence", "行政许可信息", "7 个工作日内"),
    (EQ, "market", "penalty", "行政处罚信息", "7 个工作日内"),
    (EQ, "tax", "other", "个人所得税纳税信用信息", "每年"),
)
LIMITED = {"other"}


def lay_catalogue(world: World, *, now: datetime) -> None:
    """Each office's catalogue, and since when the column is there."""
    for place, (region, department, collected, name, cycle) in enumerate(CATALOGUE, start=1):
        information.save_item(
            item=None,
            code=f"{region}-XX{place:03d}",
            region=world.regions[region],
            department=world.departments[region, department],
            name=name,
            collected=collected,
            publicity_class="limited" if collected in LIMITED else "public",
            cycle=cycle,
            basis="演示",
            actor=world.user(region, "credit"),
            now=now,
            is_demo=True,
        )
    information.save_launch(
        launch=None,
        region=world.regions[LC],
        what="column",
        launched_on=local_date(now),
        basis="演示",
        actor=world.user(LC, "credit"),
        now=now,
    )

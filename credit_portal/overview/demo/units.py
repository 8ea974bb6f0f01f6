"""Who answers for the demonstration's units, how they were trained, and the typical cases that went up level by level."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry import contacts
from credit_portal.registry.models import UnitContact
from disclosure.models import TypicalCase
from disclosure.typical import publishing, sending, writing
from disclosure.typical.writing import Told
from verification import training
from verification.models import Check

from .days import open_day
from .places import MARK

if TYPE_CHECKING:
    from .timeline import Timeline

# Those whose market office has staff; of the others the credit office named some, and some have nobody yet.
STAFFED = ("130111", "130129", "410103")
NAMED = {
    "130111": ("housing", "transport", "health", "finance", "town"),
    "130129": ("finance",),
    "410103": ("tax",),
}
LC, CITY, PROVINCE = "130111", "130100", "130000"
CASES = (
    # days ago, who writes it, what becomes of it
    (-120, Told(
        "repair", "一家餐饮店失信后主动修复",
        "复查时发现后厨没有按承诺整改，依程序认定为违诺并公示。店主不了解后果，也不清楚怎样修复。",
        "送达认定书时一并说明可以申请修复的日期和条件；整改期间两次上门，对照承诺逐条核对；期满当日受理修复申请。",
        "店主按期整改，修复后停止公示。同一街区的经营者参照它的做法自查，再没有同类问题。", hidden_names="无",
    ), "published"),
    (-80, Told(
        "incentive", "守信企业办理许可少交四份材料",
        "企业反映办理许可要反复提交证明，最长的等了三周。",
        "受理前先核查信用记录，没有失信的由本人书面承诺，当场受理；承诺的内容和期限全部公开，到期复核。",
        "办理时间由十五个工作日缩短为三个，全年没有发现虚假承诺。", hidden_names="无",
    ), "reported"),
    (-12, Told(
        "use", "采购前核查避免一次履约风险",
        "一次采购中，报价最低的供应商没有说明受过处罚。",
        "资格审查时按规定核查信用记录，发现处罚没有修复，要求说明并对照采购文件处理。",
        "采购按期完成，供应商之后主动提交了修复申请。",
    ), "submitted"),
    (-6, Told(
        "sanction", "屡次违诺不再适用告知承诺",
        "同一经营者一年内两次没有履行承诺。", "重新办理时转为一般程序，现场核查以后才作出决定。",
        "经营者补齐了设施。", hidden_names="无",
    ), "returned"),
)  # fmt: skip


def plan(timeline: Timeline) -> None:
    """Name who answers, hold trainings, write cases."""
    for region in STAFFED:
        timeline.at(
            _at_ten(open_day(timeline.day(-200))),
            lambda now, region=region: _contacts(timeline, region, now),  # type: ignore[misc]
        )
        for ago, title in ((-170, "信用核查和承诺办理操作"), (-45, "信用修复和月报报送")):
            timeline.at(
                _at_ten(open_day(timeline.day(ago))),
                lambda now, region=region, title=title: _training(timeline, region, title, now),  # type: ignore[misc]
            )
    timeline.at(_at_ten(open_day(timeline.day(-30))), lambda now: _own_training(timeline, now))
    for ago, told, fate in CASES:
        timeline.at(
            _at_ten(open_day(timeline.day(ago))),
            lambda now, told=told, fate=fate: _case(timeline, told, fate, now),  # type: ignore[misc]
        )


def _at_ten(day: date) -> datetime:
    """A fixed hour: what the demonstration draws by chance for its visits stays as it was."""
    return datetime.combine(day, time(10), SHANGHAI)


def _contacts(timeline: Timeline, region: str, now: datetime) -> None:
    world, on = timeline.world, local_date(now)
    head, officer = world.user(region, "head"), world.user(region, "officer")
    contacts.appoint(
        department=head.department, role=UnitContact.Role.LEADER, person=head, post="副局长",
        office_phone="0000-0000011", from_on=on, actor=head, now=now, is_demo=True,
    )  # fmt: skip
    contacts.appoint(
        department=head.department, role=UnitContact.Role.CONTACT, person=officer, post="信用科科员",
        office_phone="0000-0000012", from_on=on, actor=head, now=now, is_demo=True,
    )  # fmt: skip
    for at, key in enumerate(NAMED[region]):
        for role, name in (
            (UnitContact.Role.LEADER, f"孙分管{at + 1}"),
            (UnitContact.Role.CONTACT, f"钱联络{at + 1}"),
        ):
            contacts.appoint(
                department=world.departments[region, key], role=role, name=f"{name}{MARK}",
                office_phone=f"0000-00001{at}", from_on=on, actor=world.user(region, "credit"), now=now,
                is_demo=True,
            )  # fmt: skip


def _training(timeline: Timeline, region: str, title: str, now: datetime) -> None:
    world = timeline.world
    officer, clerk = world.user(region, "officer"), world.user(region, "clerk")
    training.record_training(
        details=training.Details(
            f"{title}（演示）", local_date(now), Decimal(3), "上级信用办业务人员",
            "逐项讲解核查、承诺、认定、修复的办理步骤和时限，并上机操作。",
        ),
        people=[officer.pk, clerk.pk],
        others={world.departments[region, key].pk: 2 + at for at, key in enumerate(NAMED[region][:3])},
        actor=world.user(region, "credit"), now=now, is_demo=True,
    )  # fmt: skip


def _own_training(timeline: Timeline, now: datetime) -> None:
    head, officer = timeline.world.user(LC, "head"), timeline.world.user(LC, "officer")
    training.record_training(
        details=training.Details(
            "违诺认定文书写作（演示）", local_date(now), Decimal("1.5"), "", "告知书、认定书和送达的写法，以案说法。"
        ),
        people=[head.pk, officer.pk], others={timeline.world.departments[LC, "market"].pk: 6}, actor=officer, now=now, is_demo=True,
    )  # fmt: skip


def _case(timeline: Timeline, told: Told, fate: str, now: datetime) -> None:
    world = timeline.world
    officer, credit, second = world.user(LC, "officer"), world.user(LC, "credit"), world.user(LC, "credit2")
    if not told.hidden_names:
        check = Check.objects.filter(department=officer.department_id).order_by("pk").first()
        told = Told(
            **{
                **vars(told),
                "check_number": check.number if check else "",
                "hidden_names": "" if check else "无",
            }
        )
    case = writing.save_case(case_id=None, told=told, actor=officer, now=now, is_demo=True)
    writing.submit_case(case_id=case.pk, actor=officer, now=now + timedelta(minutes=20))
    later = now + timedelta(hours=2)
    if fate == "returned":
        writing.return_case(case_id=case.pk, reason="请补充处理的依据和前后的数据。", actor=credit, now=later)
    if fate in ("reported", "published"):
        writing.accept_case(case_id=case.pk, actor=credit, now=later)
        _up(timeline, case, later + timedelta(minutes=10), further=fate == "published")
    if fate == "published":
        publishing.propose(case_id=case.pk, actor=credit, now=later + timedelta(minutes=20))
        publishing.approve(case_id=case.pk, actor=second, now=later + timedelta(minutes=40))


def _up(timeline: Timeline, case: TypicalCase, now: datetime, *, further: bool) -> None:
    """To the city; where `further`, from there to the province, and from there to its platform."""
    steps = (LC, CITY, PROVINCE) if further else (LC,)
    for at, region in enumerate(steps):
        sending.report_up(
            case_id=case.pk, to_name=sending.AT_LAST, on=local_date(now),
            actor=timeline.world.user(region, "credit"), now=now + timedelta(minutes=2 * at),
        )  # fmt: skip

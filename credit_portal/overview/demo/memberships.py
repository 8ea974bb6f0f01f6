"""Who stands on which list in the demonstration: taken in by file from offices and departments, one gone from a whole list,
one taken off by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.documents import writing
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject
from verification.memberships import credit_lists, taking, uploading
from verification.memberships.reading import HEADS, NO_END
from verification.models import CreditEntry, CreditList

from .days import open_day
from .places import MARK

if TYPE_CHECKING:
    from .foundation import World
    from .timeline import Timeline

LC, ZH = "130111", "130129"
KIND_WORDS = {str(code): str(label) for code, label in CreditSubject.Kind.choices}
# Which departments keep which lists, beside the credit office.
KEEPERS = (
    ("market_ban", ((LC, "market"), (ZH, "market"))),
    ("exemplary", ((LC, "market"), (ZH, "market"))),
    ("procurement_serious", ((LC, "finance"), (ZH, "finance"))),
)
PLACE = {LC: "栾城区", ZH: "赞皇县"}


@dataclass(frozen=True)
class Told:
    """The subject at a place of its region; `since` and `until` count days from the demonstration's today, without
    `until` there is no end."""

    subject: int
    credit_list: str
    since: int
    until: int | None
    source: str
    document_no: str = ""
    basis: str = ""
    remark: str = ""


COURT, TAX, MONEY = "人民法院", "税务局", "财政局"
JUDGMENT = "《最高人民法院关于公布失信被执行人名单信息的若干规定》"
TAXES = "《重大税收违法失信主体信息公布管理办法》"
BUYING = "《中华人民共和国政府采购法》第七十七条"
BAN = "作出禁入决定所依据的法律（演示）"


@dataclass(frozen=True)
class File:
    """A file of somebody's of a region, so many days ago; `whole`: all who are on its lists."""

    region: str
    by: str
    day: int
    name: str
    rows: tuple[Told, ...]
    whole: bool = False


_LC_COURT = (
    Told(43, "judgment_defaulter", -60, 670, COURT, "（演示）执1号", JUDGMENT, "有履行能力而拒不履行"),
    Told(44, "judgment_defaulter", -55, None, COURT, "（演示）执2号", JUDGMENT, "违反财产报告制度"),
    Told(46, "judgment_defaulter", -52, 300, COURT, "（演示）执3号", JUDGMENT),
)
FILES = (
    File(LC, "credit", -26, "失信被执行人", (*_LC_COURT, Told(
        45, "judgment_defaulter", -58, 650, COURT, "（演示）执4号", JUDGMENT,
    )), whole=True),
    File(LC, "credit", -25, "税务和采购名单", (
        Told(47, "tax_serious", -40, 1000, TAX, "（演示）税1号", TAXES),
        Told(48, "procurement_serious", -33, 1060, MONEY, "（演示）财采1号", BUYING),
        Told(49, "procurement_serious", -400, -30, MONEY, "（演示）财采2号", BUYING),
        Told(25, "good_standing", -30, 335, "信用中国（河北石家庄）"),
        Told(26, "good_standing", -30, 335, "信用中国（河北石家庄）"),
    )),
    # Luancheng's document bans for good, Zanhuang's for a period only.
    File(LC, "officer", -20, "禁入和典型", (
        Told(50, "market_ban", -22, None, "", "（演示）市监禁1号", BAN, "多次严重违法，造成重大损失"),
        Told(39, "exemplary", -24, 700, "", remark="区级放心消费示范店"),
        Told(40, "exemplary", -24, 700, "", remark="区级放心消费示范店"),
    )),
    # One of the four is not in the court's next list.
    File(LC, "credit", -6, "失信被执行人（更新）", _LC_COURT, whole=True),
    File(ZH, "credit", -24, "名单主体", (
        Told(5, "judgment_defaulter", -70, 660, COURT, "（演示）赞执1号", JUDGMENT),
        Told(6, "tax_serious", -50, 1040, TAX, "（演示）赞税1号", TAXES),
        Told(7, "procurement_serious", -45, 1050, MONEY, "（演示）赞财采1号", BUYING),
        Told(8, "good_standing", -35, 330, "信用中国（河北石家庄）"),
    )),
    File(ZH, "officer", -18, "禁入和典型", (
        Told(1, "market_ban", -21, 340, "", "（演示）赞市监禁1号", BAN),
        Told(0, "exemplary", -28, 720, "", remark="县级诚信示范企业"),
    )),
)  # fmt: skip
# Taken off by hand: (region, by whom, day, document, reason).
LEFT = (
    (LC, "credit", -4, "（演示）执3号", "已履行生效法律文书确定的义务，法院删除"),
    (ZH, "credit", -3, "（演示）赞税1号", "缴清税款、滞纳金和罚款，停止公布"),
)


def lay_keepers(world: World, *, now: datetime) -> None:
    """Each office names the departments that keep a list."""
    for code, wanted in KEEPERS:
        for region in (LC, ZH):
            credit_lists.set_keepers(
                credit_list=CreditList.objects.get(code=code),
                keepers=[world.departments[place] for place in wanted if place[0] == region],
                actor=world.user(region, "credit"),
                now=now,
            )


def plan(timeline: Timeline) -> None:
    """Let each file come in, and each subject leave, on its day."""
    for file in FILES:
        timeline.at(_at_eleven(timeline, file.day), _take(timeline, file))
    for region, role, day, document_no, reason in LEFT:
        timeline.at(_at_eleven(timeline, day), _leave(timeline, region, role, document_no, reason))


def _at_eleven(timeline: Timeline, day: int) -> datetime:
    """A fixed hour: what the demonstration draws by chance for its visits stays as it was."""
    return datetime.combine(open_day(timeline.day(day)), time(11), SHANGHAI)


def _take(timeline: Timeline, file: File) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        actor = timeline.world.user(file.region, file.by)
        rows = []
        for told in file.rows:
            subject = timeline.registered(file.region, told.subject, actor, now)
            values = {
                "action": "列入",
                "list": told.credit_list,
                "subject_kind": KIND_WORDS[subject.kind],
                "subject_name": subject.name,
                "subject_code": subject.id_number if subject.kind == PERSON else str(subject.uscc),
                "document_no": told.document_no,
                "source": _source(file.region, told.source),
                "from_on": timeline.day(told.since).isoformat(),
                "until_on": NO_END if told.until is None else timeline.day(told.until).isoformat(),
                "basis": told.basis,
                "remark": told.remark,
            }
            rows.append([values.get(key, "") for key in HEADS])
        upload, _ = uploading.check_file(
            name=f"{file.name}（演示）.xlsx",
            content=writing.write("xlsx", list(HEADS.values()), rows),
            whole=file.whole,
            actor=actor,
            now=now,
            is_demo=True,
        )
        uploading.start(upload_id=upload.pk, confirmed=True, actor=actor, now=now)
        # At once and not with the sweep at the end: what follows in the year goes by it.
        uploading.take_in({"upload": upload.pk}, key=uploading.EFFECT, now=now)

    return act


def _source(region: str, source: str) -> str:
    if source in (COURT, TAX, MONEY):
        return f"{PLACE[region]}{source}{MARK}"
    return source


def _leave(
    timeline: Timeline, region: str, role: str, document_no: str, reason: str
) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        entry = CreditEntry.objects.get(credit_list__isnull=False, document_no=document_no)
        taking.leave(
            entry_id=entry.pk,
            ended_on=local_date(now),
            reason=f"{reason}（演示）",
            actor=timeline.world.user(region, role),
            now=now,
        )

    return act

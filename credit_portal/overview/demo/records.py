"""The credit record of some subjects: every kind of entry, and every standing that an entry can have today."""

from dataclasses import dataclass
from typing import Any

from verification.rules import Measure
from verification.vocabulary import Effect

SOURCE = "信用中国（河北）"
HENAN = "信用中国（河南）"


@dataclass(frozen=True)
class Record:
    """An entry of the subject at place `subject` of its region. `from_on`, `days` and the like count days from the
    demonstration's today; negative is past. `repaired`: the day on which it was repaired."""

    region: str
    subject: int
    kind: str
    title: str
    from_on: int
    days: dict[str, int]
    extra: dict[str, Any]
    repaired: int | None = None


def _r(
    region: str,
    subject: int,
    kind: str,
    title: str,
    from_on: int,
    *,
    repaired: int | None = None,
    measures: tuple[Measure, ...] = (),
    source: str = SOURCE,
    **rest: Any,
) -> Record:
    dated = {"until_on", "served_on", "public_from", "public_until", "repairable_from"}
    return Record(
        region,
        subject,
        kind,
        title,
        from_on,
        {name: value for name, value in rest.items() if name in dated},
        {"source": source, "measures": measures}
        | {name: value for name, value in rest.items() if name not in dated},
        repaired,
    )


REFUSED_IN_PROCUREMENT = Measure("procurement", Effect.REFUSED, "《中华人民共和国政府采购法》第二十二条")
LC, ZH, EQ = "130111", "130129", "410103"

RECORDS = (
    # Unrepaired penalties.
    _r(
        LC,
        0,
        "penalty",
        "经营超过保质期的食品",
        -70,
        public_from=-65,
        public_until=25,
        repairable_from=20,
        grade="general",
        document_no="栾市监罚〔演示〕1号",
    ),
    _r(
        LC,
        4,
        "penalty",
        "未按规定公示收费标准",
        -200,
        public_from=-195,
        public_until=170,
        repairable_from=-100,
        grade="general",
        document_no="栾市监罚〔演示〕2号",
    ),
    _r(
        EQ,
        1,
        "penalty",
        "后厨卫生不符合要求",
        -120,
        public_from=-115,
        public_until=60,
        repairable_from=-25,
        grade="general",
        document_no="二七市监罚〔演示〕1号",
        source=HENAN,
    ),
    # Lists, with measures and with exits of their own.
    _r(
        LC,
        5,
        "list",
        "列入失信被执行人名单",
        -160,
        until_on=570,
        measures=(REFUSED_IN_PROCUREMENT,),
        document_no="演示冀执1号",
        source="最高人民法院 失信被执行人名单",
    ),
    _r(
        LC,
        8,
        "list",
        "列入重大税收违法案件当事人名单",
        -260,
        until_on=800,
        measures=(
            REFUSED_IN_PROCUREMENT,
            Measure(None, Effect.EXIT_RULE, "《重大税收违法失信主体信息公布管理办法》"),
        ),
        document_no="演示税1号",
        source="国家税务总局 重大税收违法失信主体",
    ),
    _r(
        ZH,
        2,
        "list",
        "列入政府采购严重违法失信行为记录名单",
        -90,
        until_on=640,
        measures=(Measure("procurement", Effect.REFUSED, "S3 二（一）"),),
        document_no="演示财采1号",
        source="中国政府采购网",
    ),
    _r(
        LC,
        13,
        "list",
        "列入安全生产重点关注名单",
        -50,
        until_on=130,
        measures=(Measure("construction", Effect.KEY, "《河北省安全生产条例》"),),
        document_no="演示安1号",
    ),
    # Breaches: in publicity, minor and unpublished, determined but not served.
    _r(
        LC,
        12,
        "breach",
        "未按承诺日期补交健康证明",
        -45,
        served_on=-40,
        public_from=-33,
        public_until=150,
        repairable_from=58,
        grade="general",
        document_no="栾诺认〔演示〕1号",
    ),
    _r(
        LC,
        37,
        "breach",
        "未按承诺建立进货台账",
        -100,
        served_on=-96,
        public_from=-90,
        public_until=270,
        repairable_from=-2,
        grade="general",
        document_no="栾诺认〔演示〕2号",
    ),
    _r(
        LC,
        17,
        "breach",
        "户外广告期满三日未拆除",
        -30,
        served_on=-26,
        grade="minor",
        document_no="栾诺认〔演示〕3号",
    ),
    _r(LC, 21, "breach", "超出承诺的停车场地停放", -6, document_no="栾诺认〔演示〕4号", grade="general"),
    _r(
        EQ,
        4,
        "breach",
        "未按承诺录入追溯平台",
        -60,
        served_on=-55,
        public_from=-50,
        public_until=130,
        repairable_from=40,
        grade="general",
        document_no="二七诺认〔演示〕1号",
        source=HENAN,
    ),
    # Over: expired without repair, and repaired.
    _r(
        LC,
        6,
        "penalty",
        "超限运输",
        -500,
        public_from=-495,
        public_until=-130,
        grade="general",
        document_no="栾交罚〔演示〕1号",
    ),
    _r(
        LC,
        24,
        "penalty",
        "标签不符合规定",
        -330,
        public_from=-325,
        public_until=-60,
        grade="minor",
        document_no="栾市监罚〔演示〕3号",
    ),
    _r(
        LC,
        3,
        "penalty",
        "未按图施工",
        -310,
        public_from=-305,
        public_until=60,
        repairable_from=-210,
        grade="general",
        document_no="栾住建罚〔演示〕1号",
        repaired=-150,
    ),
    _r(
        LC,
        9,
        "breach",
        "承诺的设备未按期到位",
        -220,
        served_on=-215,
        public_from=-208,
        public_until=-20,
        repairable_from=-118,
        grade="general",
        document_no="栾诺认〔演示〕5号",
        repaired=-100,
    ),
    _r(
        EQ,
        0,
        "penalty",
        "未明码标价",
        -240,
        public_from=-235,
        public_until=120,
        repairable_from=-140,
        grade="general",
        document_no="二七市监罚〔演示〕2号",
        source=HENAN,
        repaired=-90,
    ),
    # A broken repair commitment: no repair until the day shown.
    _r(
        LC,
        7,
        "penalty",
        "再次未按规定排放污水",
        -80,
        public_from=-75,
        public_until=290,
        repairable_from=16,
        grade="serious",
        document_no="栾环罚〔演示〕1号",
    ),
    _r(
        LC,
        7,
        "lockout",
        "修复承诺期内再次失信",
        -75,
        until_on=290,
        basis="S0 一（一）",
        document_no="栾修限〔演示〕1号",
        source="栾城区信用办（演示）",
    ),
    # Good ones.
    _r(LC, 1, "exemplary", "区级诚信经营示范单位", -180, until_on=550, source="栾城区信用办（演示）"),
    _r(LC, 10, "good_standing", "公共信用综合评价为优", -120, until_on=245, source=SOURCE),
    _r(EQ, 2, "exemplary", "诚信家政示范企业", -150, until_on=580, source="信用二七"),
    _r(LC, 2, "award", "区政府质量奖", -210, source="栾城区人民政府（演示）"),
    # Never a factor of a check.
    _r(LC, 11, "licence", "道路运输经营许可", -300, until_on=1000, document_no="演示许可1号"),
    _r(LC, 14, "registration", "自愿注册资质证照信息", -90, verified=False, source="信用中国（河北石家庄）"),
    _r(LC, 16, "warning", "承诺的检测报告即将到期", -15, source="信用预警"),
    _r(LC, 18, "complaint", "消费者投诉退费迟缓", -22, source="12315"),
)


@dataclass(frozen=True)
class Planned:
    """A visit that has to happen so that an answer of the check can be seen: who, for which item, as which type, on
    which day (counted from today)."""

    region: str
    subject: int
    item: int
    commitment_type: str
    day: int
    late: bool = False


PLANNED = (
    # Repair commitments of those who may repair; one who need not, one who is locked out.
    Planned(LC, 4, 29, "repair", -20),
    Planned(LC, 3, 29, "repair", -170),
    Planned(LC, 9, 29, "repair", -112),
    Planned(EQ, 0, 7, "repair", -130),
    Planned(LC, 1, 29, "repair", -35),
    Planned(LC, 7, 29, "repair", -6),
    # On a list whose measure names procurement: to be refused, here and nowhere else.
    Planned(LC, 5, 23, "supervisory", -30),
    Planned(ZH, 2, 3, "supervisory", -24),
    Planned(LC, 5, 24, "supervisory", -29),
    # In publicity of a breach: key review, by the ordinary route or with the commitment.
    Planned(LC, 12, 1, "approval", -12),
    Planned(LC, 12, 1, "supervisory", -11),
    # Expired without repair: the text says so. Unrepaired where only late materials depend on credit.
    Planned(LC, 6, 20, "approval", -40),
    Planned(EQ, 1, 2, "approval", -50),
    Planned(EQ, 1, 1, "approval", -49, late=True),
    # Accepted with materials to follow.
    Planned(LC, 36, 1, "approval", -18, late=True),
    # A state firm whose breach its superior and the auditor are told of.
    Planned(LC, 24, 1, "supervisory", -100),
    # Not all of these are kept: there is a breach for each story of repair, however few visits there are.
    Planned(LC, 13, 1, "supervisory", -210),
    Planned(LC, 14, 1, "supervisory", -185),
    Planned(LC, 15, 1, "supervisory", -160),
    Planned(LC, 16, 1, "supervisory", -135),
    Planned(LC, 17, 1, "supervisory", -110),
    Planned(LC, 18, 1, "supervisory", -85),
    Planned(EQ, 2, 1, "supervisory", -150),
    Planned(EQ, 3, 1, "supervisory", -90),
    # Unrepaired, but the supervisory and the voluntary types go on.
    Planned(LC, 0, 1, "supervisory", -14),
    Planned(LC, 8, 28, "voluntary", -33),
)

"""What the demonstration's texts say, in words of our own. Each kind has pledges, liability, notice and the notice on
personal information; a region's or an item's text adds what is particular to it."""

from collections.abc import Sequence

from commitments.text_rules import BlankData, ClauseData

OBEY = ("pledge", "从事与本事项有关的活动时遵守国家法律、法规和规章，该尽的义务一项不少。", ("obey_law",))
CLEAN = (
    "pledge",
    "在信用网站、主管部门网站和业务系统中没有失信记录；曾经有过的，在签署之前已经完成信用修复。",
    ("no_dishonesty",),
)
TRUE = (
    "pledge",
    "填写的内容和交来的材料合法、真实、准确、完整并且有效；情况有变化的，主动说明。",
    ("true_materials",),
)
LAWFUL = (
    "pledge",
    "依法从事生产经营，守约办事，向消费者和合作方提供合格的产品或者服务。",
    ("lawful_business",),
)
PUBLISH = (
    "pledge",
    "同意把本承诺和履行情况记入信用记录，按确定的公开类型公开；可向社会公开的，在信用网站公示。",
    ("agree_publication",),
)
WATCH = (
    "pledge",
    "接受行政机关、行业组织、社会公众和新闻媒体的监督，检查时如实提供情况。",
    ("accept_supervision",),
)
READ = ("pledge", "照告知书写明的条件和要求去做，不以不知道为由推脱。", ("other",))
BEAR = (
    "liability",
    "违背上述承诺的，接受依法给予的处罚和失信惩戒，已取得的许可或者资格依法撤销；给他人造成损失的，依法赔偿。",
    ("accept_consequences",),
)
BEAR_TRUTH = (
    "liability",
    "填报内容或者材料不实的，承担由此产生的法律责任；已取得的登记、资格、资金或者待遇依法撤销或者退回，失信情况记入信用记录。",
    ("accept_consequences",),
)
BEAR_OPENLY = (
    "liability",
    "没有做到的，愿意公开说明并改正；情节严重的，由主管部门依法处理并记入信用记录。",
    ("accept_consequences",),
)
BEAR_MEMBERS = (
    "liability",
    "没有做到的，接受协会按章程给予的提醒、通报或者除名；违法的，由主管部门依法处理。",
    ("accept_consequences",),
)
BEAR_REPAIR = (
    "liability",
    "在承诺期内再次失信的，本次修复的依据不复存在，并在规定的限制期内不再获得信用修复的机会。",
    ("accept_consequences",),
)
LATE = (
    "pledge",
    "暂缺的材料是：{缺少的材料}。保证最迟于{补交日期}全部交齐，逾期愿意由受理单位终止办理。",
    ("other",),
)
LATE_BLANKS = (
    BlankData("缺少的材料", "缺少的材料", max_length=200, help_text="逐项写明名称和份数"),
    BlankData("补交日期", "补交日期", "date", help_text="不得晚于事项的承诺办结时限"),
)
NO_RELAPSE = (
    "pledge",
    "自签署之日起十二个月内守法经营，不再发生新的失信行为；原有问题已经改正：{改正情况}。",
    ("obey_law",),
)
NO_RELAPSE_BLANKS = (
    BlankData("改正情况", "改正情况", max_length=200, help_text="例如：罚款已缴清，过期食品已下架"),
)
BUSINESS = ("pledge", "明码标价，不作虚假宣传，收到的投诉在{答复天数}日内答复。", ("other",))
BUSINESS_BLANKS = (BlankData("答复天数", "投诉答复天数", "number", max_length=2),)
MEMBERS = ("pledge", "遵守协会公约，公平竞争，不恶意压价，不诋毁同行，善待从业人员。", ("lawful_business",))

# Clauses that are neither said by a general content nor done once, by how they begin.
KEEPING = {
    READ[1]: "declared",
    BUSINESS[1]: "kept_up",
    "经营场所位于": "kept_up",
    "有{人数}名从业人员": "kept_up",
    "场所类别是": "kept_up",
    "投入{车辆数}辆": "kept_up",
    "按月足额支付": "kept_up",
    "生产场所、设备": "kept_up",
    "申请": "kept_up",
}
SEVEN = (OBEY, CLEAN, TRUE, LAWFUL, PUBLISH, WATCH)
Line = tuple[str, str, tuple[str, ...]]

KINDS: dict[str, tuple[str, tuple[Line, ...], tuple[BlankData, ...]]] = {
    "approval": ("告知承诺书", (*SEVEN, READ, BEAR), ()),
    "late": ("容缺受理承诺书", (*SEVEN, LATE, BEAR), LATE_BLANKS),
    "supervisory": ("材料真实性承诺书", (TRUE, PUBLISH, WATCH, READ, BEAR_TRUTH), ()),
    "voluntary": (
        "主动公开信用承诺书",
        (OBEY, LAWFUL, BUSINESS, PUBLISH, WATCH, BEAR_OPENLY),
        BUSINESS_BLANKS,
    ),
    "industry": ("会员自律承诺书", (OBEY, MEMBERS, PUBLISH, WATCH, BEAR_MEMBERS), ()),
    "repair": ("信用修复承诺书", (NO_RELAPSE, PUBLISH, WATCH, BEAR_REPAIR), NO_RELAPSE_BLANKS),
}
SCOPES = {
    "approval": "以告知承诺方式办理行政审批事项，且没有专用文本时使用。",
    "late": "主要材料齐全、次要材料可以后补的审批事项，申请人信用状况良好时使用。",
    "supervisory": "申请登记、资格、资金、待遇或者参加公共资源交易，需要对填报内容负责时使用。",
    "voluntary": "市场主体自愿向社会公开承诺时使用。",
    "industry": "会员加入协会或者每年续会时使用，全体会员使用同一份。",
    "repair": "失信主体申请信用修复时使用。",
}
WHAT = {
    "approval": "承诺符合办理条件、材料真实，并对违背承诺的后果负责。",
    "late": "承诺符合办理条件，按写明的日期补交暂缺的材料，并对违背承诺的后果负责。",
    "supervisory": "承诺填报的内容和交来的材料真实，并对不实的后果负责。",
    "voluntary": "自愿承诺守法诚信，并接受监督。",
    "industry": "承诺遵守法律和协会公约，并接受监督。",
    "repair": "承诺改正已有的问题，不再发生新的失信行为。",
}
REPLACES = {
    "approval": "签署后，本次不再要求您逐项证明承诺书所写的条件；承诺代替的只是证明，不是条件本身。",
    "late": "签署后，申请先行受理，审查同时进行；承诺代替的是受理时交齐材料，不是材料本身。",
    "supervisory": "签署后，由您对材料的真实性负责，窗口不再要求重复提交可以共享的证明。",
    "voluntary": "这是自愿的承诺，签不签都不影响您办理任何事项。",
    "industry": "这份承诺由全体会员共同作出，不代替任何许可。",
    "repair": "签署是申请修复的材料之一；是否准予修复，由认定单位审查后决定。",
}
FOLLOWS_USUALLY = "认定后依法处理，可能撤销已取得的许可，记入信用记录。"
FOLLOWS = {
    "repair": "认定后记入信用记录，一定时间内不予信用修复。",
    "voluntary": "认定后依法处理，记入信用记录。",
    "industry": "认定后依法处理，记入信用记录；协会按章程处理。",
}
MAY_DECLINE_USUALLY = "可以不签，改按一般程序办理，不会因此被拒绝受理；"
MAY_DECLINE = {
    "voluntary": "可以不签，不影响您办理任何事项；",
    "industry": "可以不签，办理许可等事项不受影响；",
    "repair": "可以不签；本地区规定修复须作出修复承诺的，不签就不能以修复停止公示，公示期满自行停止；",
}
AFTER_USUALLY = "有违诺信息的，改正并达到最短公示期后可以申请修复，修复后停止公示。"
AFTER = {"repair": "修复没有获准或者申请撤回的，这份承诺随即作废。"}
FOLLOW_UP = {
    "approval": "作出决定后，主管部门会抽查或者实地核对承诺的条件；信用好的少查，信用差的多查。",
    "late": "受理单位按日期核对补交的材料；到期未交齐的，终止办理并转主管部门处理。",
    "supervisory": "主管部门会把填报内容与其他机关的数据比对，必要时请您说明。",
    "voluntary": "主管部门在日常监管中了解履行情况；没有做到的，任何人都可以投诉、举报。",
    "industry": "协会每年回访，主管部门在日常监管中了解履行情况。",
    "repair": "承诺期内如有新的失信记录，系统会提示修复机关。",
}


def clauses(lines: Sequence[Line]) -> tuple[ClauseData, ...]:
    """Numbered as they stand."""
    return tuple(
        ClauseData(at, kind, body, covers, keeping=_keeping(body))
        for at, (kind, body, covers) in enumerate(lines, 1)
    )


def _keeping(body: str) -> str:
    return next((keeping for start, keeping in KEEPING.items() if body.startswith(start)), "")


def what_of(blanks: Sequence[BlankData]) -> str:
    """What is promised by a text of an item: days and figures are spoken of where the subject writes some."""
    kinds = {blank.kind for blank in blanks if blank.key != "年度"}
    typed = [word for kind, word in (("date", "日期"), ("number", "数目")) if kind in kinds]
    return "承诺做到承诺书所列的各条" + (f"，并按您填写的{'和'.join(typed)}做到。" if typed else "。")


def basis_of(*documents: str) -> str:
    """Documents, each once, in their order."""
    found = [f"{one}》" for text in documents for one in text.split("》") if one.startswith("《")]
    return "".join(dict.fromkeys(found))


def notice(kind: str, *, what: str, basis: str, credit_office: str, publicity: str) -> str:
    """The 告知书, one paragraph a line: what, by which law, what it replaces, how it is checked afterwards, what
    follows, rights, repair, no charge. Who takes it in and who sees it, the portal adds by the matter (`telling.py`)."""
    return "\n".join(
        [
            f"【承诺什么】{what}请逐条读过承诺书再决定是否签署。",
            f"【依据】{basis}。",
            f"【承诺代替什么】{REPLACES[kind]}",
            f"【事后怎样核查】{FOLLOW_UP[kind]}",
            f"【没有做到会怎样】由主管部门查明并听取您的陈述和申辩后认定；{FOLLOWS.get(kind, FOLLOWS_USUALLY)}{publicity}",
            f"【您的权利】{MAY_DECLINE.get(kind, MAY_DECLINE_USUALLY)}可以查询自己的记录；"
            "认为记录有误的可以提出异议；对认定不服的，可以申请行政复议或者提起行政诉讼。",
            f"【违诺以后】{AFTER.get(kind, AFTER_USUALLY)}",
            "【费用】签署、查询、修复和诚信教育都不收费；诚信教育看不看都不影响办理。",
            f"【信用方面的问题】问{credit_office}。",
        ]
    )


def privacy_notice(*, credit_office: str) -> str:
    """The notice on personal information: purpose, what, how long, to whom, rights; by whom and how to reach them, the
    portal adds by the matter (`telling.py`)."""
    return "\n".join(
        [
            f"【信用记录】{credit_office}负责公示和信用记录。",
            "【为什么】为履行法定职责办理您申请的事项、核查信用、留存承诺，不用于其他目的。",
            "【处理什么】签署人的姓名、身份、查验过的证件类型、签名笔迹；自然人申请的，还有身份证号码和联系电话。"
            "身份证号码和电话属于需要严格保护的信息，加密保存，查看须写明目的并留痕。",
            "【不处理什么】不采集人脸、指纹；不保存证件照片，除非您用纸质材料授权他人代办。",
            "【给谁】不向其他机关、单位和个人提供，法律另有规定或者您同意的除外；签名图像、证件号码和电话不公示。",
            "【保存多久】承诺有效期满后随办件档案保存，期限按档案规定；未签完的草稿三十天内清除。",
            "【您的权利】可以查阅、复制、更正自己的信息，可以要求说明处理规则，可以撤回同意公开的决定；"
            "不同意提供必要信息的，改按一般程序办理。",
        ]
    )


# Texts of single items: code suffix of the item, what is particular to it. They go before the general ones.
PARTICULAR: dict[str, tuple[str, str, tuple[Line, ...], tuple[BlankData, ...]]] = {
    "130111-YS001": (
        "食品经营许可告知承诺书",
        "在栾城区新办食品经营许可，以告知承诺方式办理时使用。",
        (
            (
                "pledge",
                "经营场所位于{经营场所}，面积{面积}平方米，与有毒、有害场所保持规定的距离，布局和设备与所报的一致。",
                ("other",),
            ),
            ("pledge", "有{人数}名从业人员直接接触入口食品，全部取得有效的健康证明后才上岗。", ("other",)),
            ("pledge", "在{完成日期}前建好进货查验、食品留样和过期食品处理的台账。", ("other",)),
        ),
        (
            BlankData("经营场所", "经营场所地址", max_length=100, help_text="写到门牌号"),
            BlankData("面积", "经营面积（平方米）", "number", max_length=8),
            BlankData("人数", "接触入口食品的人数", "number", max_length=4),
            BlankData("完成日期", "台账建成日期", "date"),
        ),
    ),
    "130111-YS006": (
        "公共场所卫生许可告知承诺书",
        "在栾城区新办公共场所卫生许可，以告知承诺方式办理时使用。",
        (
            ("pledge", "场所类别是{场所类别}，通风、消毒设施齐备，顾客用具一客一换一消毒。", ("other",)),
            ("pledge", "在{检测日期}前取得卫生检测合格的报告并放在场所内备查。", ("other",)),
        ),
        (
            BlankData(
                "场所类别",
                "场所类别",
                "choice",
                ("住宿场所", "沐浴场所", "美容美发场所", "游泳场所", "文化娱乐场所"),
            ),
            BlankData("检测日期", "取得检测报告的日期", "date"),
        ),
    ),
    "130111-YS009": (
        "道路货物运输经营告知承诺书",
        "在栾城区申请道路货物运输经营许可，以告知承诺方式办理时使用。",
        (
            (
                "pledge",
                "投入{车辆数}辆检测合格的货车，驾驶人员都有相应的从业资格，停车场地在{停车场地}。",
                ("other",),
            ),
            ("pledge", "不超限超载，卫星定位装置保持在线，安全生产制度在{完成日期}前上墙。", ("other",)),
        ),
        (
            BlankData("车辆数", "车辆数", "number", max_length=4),
            BlankData("停车场地", "停车场地", max_length=100),
            BlankData("完成日期", "制度上墙日期", "date"),
        ),
    ),
    "130111-YS011": (
        "建筑工程施工许可告知承诺书",
        "在栾城区申请建筑工程施工许可，以告知承诺方式办理时使用。",
        (
            (
                "pledge",
                "工程名称是{工程名称}，计划{开工日期}开工，开工前施工图审查、质量和安全措施全部到位。",
                ("other",),
            ),
            ("pledge", "按月足额支付农民工工资，工资专用账户在开工前开立。", ("other",)),
        ),
        (
            BlankData("工程名称", "工程名称", max_length=80),
            BlankData("开工日期", "计划开工日期", "date"),
        ),
    ),
    "130111-YS013": (
        "户外广告设置告知承诺书",
        "在栾城区申请户外广告设置，以告知承诺方式办理时使用。",
        (
            (
                "pledge",
                "设置地点在{设置地点}，自{开始日期}起至{拆除日期}止，期满自行拆除并恢复原状。",
                ("other",),
            ),
        ),
        (
            BlankData("设置地点", "设置地点", max_length=100),
            BlankData("开始日期", "开始日期", "date"),
            BlankData("拆除日期", "拆除日期", "date"),
        ),
    ),
    "410103-YS001": (
        "食品经营许可承诺书",
        "在二七区新办食品经营许可，以承诺方式办理时使用。",
        (
            ("pledge", "经营场所位于{经营场所}，{后厨}，消费者能看见加工过程。", ("other",)),
            ("pledge", "在{完成日期}前把进货票据录入追溯平台。", ("other",)),
        ),
        (
            BlankData("经营场所", "经营场所地址", max_length=100),
            BlankData("后厨", "后厨形式", "choice", ("后厨敞开式", "后厨视频直播", "后厨玻璃隔断")),
            BlankData("完成日期", "录入日期", "date"),
        ),
    ),
}

# A provincial model text (S2 四（二）): used as issued, without the seven contents of a place's own.
MODEL_TEXT = (
    "130000-YS001",
    "消毒产品生产企业卫生许可告知承诺书（省级示范文本，演示）",
    "全省办理消毒产品生产企业卫生许可，以告知承诺方式办理时使用。",
    (
        ("pledge", "生产场所、设备、人员和质量控制符合告知书所列的条件。", ("other",)),
        ("pledge", "在{投产日期}前完成试生产检验，检验合格后才销售产品。", ("other",)),
        (
            "liability",
            "现场核查发现与承诺不符的，接受限期整改；逾期未改或者不具备条件的，许可依法撤销。",
            ("accept_consequences",),
        ),
    ),
    (BlankData("投产日期", "计划投产日期", "date"),),
)

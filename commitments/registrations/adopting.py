"""The shipped commitment to truth: an office adopts it as drafts of an item and a text, looks them over and publishes them in
the back office. Words of our own, after S0 三（二）, S1 五 and S4 5."""

from datetime import datetime

from django.db import transaction

from commitments import texts
from commitments.models import TextVersion
from commitments.text_rules import BlankData, ClauseData
from credit_portal.registry import catalogue
from credit_portal.registry.models import CommitmentType, Department, Domain, ServiceItem, User
from credit_portal.registry.reach import KEEPERS, check_reach

from .rules import RegistrationError
from .submitting import KEY

NAME = "信用信息自愿注册真实性承诺"
TITLE = "信用信息自愿注册真实性承诺书"
SCOPE = "主体在信用门户自愿注册资质证照、生产活动、市场经营、合同履行、社会公益等信用信息时使用。"
BASIS = "信用信息自愿注册机制的有关规定"
NOTICE = (
    "自愿注册不收费；不注册不影响办理任何事项。\n"
    "您登记的信息由有关部门核实，核实以前只有您自己看得到；核实属实的，计入信用记录，供信用评价和信用报告使用。\n"
    "证明到期的自动不再计入；您可以随时撤回。\n"
    "登记不实的，撤销核实，并依程序判断是否违背承诺，可能记入信用记录。"
)
PRIVACY = (
    "处理者为接收登记的信用主管部门和负责核实的部门，目的仅为核实、记录和依规定使用您登记的信用信息。\n"
    "处理的信息：登记的内容、证明文件、签署人姓名和签名。\n"
    "您可以查询、撤回自己登记的信息，也可以提出异议。"
)
CLAUSES = (
    (
        "pledge",
        "本次登记的信息（清单 {" + KEY + "}）和证明文件真实、准确、完整、有效，没有隐瞒和伪造。",
        ("true_materials",),
    ),
    ("pledge", "情况有变化或者证明失效的，及时撤回或者更新。", ("other",)),
    (
        "pledge",
        "授权信用门户把核实属实的信息归集到信用信息共享平台，整合、共享和应用于信用评价、信用报告和信用核查。",
        ("other",),
    ),
    ("pledge", "同意把本承诺和履行情况记入信用记录并依规定公示，接受社会监督。", ("agree_publication",)),
    ("pledge", "接受行政机关、行业组织和社会公众的监督，配合核实。", ("accept_supervision",)),
    (
        "liability",
        "登记不实的，同意撤销有关信息，失信情况记入信用记录，并承担由此产生的法律责任。",
        ("accept_consequences",),
    ),
)
BLANKS = (
    BlankData(KEY, "登记清单", "text", max_length=100, help_text="由门户按您勾选的信息填写，不要修改。"),
)
ALREADY = "本地区已有自愿注册的真实性承诺（事项 {code}），请在管理后台的事项目录和承诺书文本中修改、发布。"


@transaction.atomic
def adopt(*, department: Department, actor: User | None, now: datetime, is_demo: bool = False) -> TextVersion:
    """Draft the item and its text for a department (a credit office). Raises RegistrationError where they are there already,
    PermissionDenied out of reach."""
    check_reach(actor, department.region, *KEEPERS)
    code = f"{department.region_id}-ZYZC"
    if ServiceItem.objects.filter(code=code).exists():
        raise RegistrationError(ALREADY.format(code=code))
    item = catalogue.draft_item(
        fields={
            "name": NAME,
            "pinyin": "xyxxzyzc",
            "domain": Domain.OTHER,
            "allowed_types": [CommitmentType.VOLUNTARY],
            "in_hall": False,
            "checkpoint": "none",
            "online": True,
            "legal_basis": BASIS,
        },
        code=code,
        department=department,
        actor=actor,
        now=now,
        is_demo=is_demo,
    ).item
    return texts.draft_text(
        code=f"{code}-ZD",
        department=department,
        commitment_type=CommitmentType.VOLUNTARY,
        item=item,
        words={"title": TITLE, "scope": SCOPE, "notice": NOTICE, "privacy_notice": PRIVACY},
        clauses=[
            ClauseData(number, kind, body, covers) for number, (kind, body, covers) in enumerate(CLAUSES, 1)
        ],
        blanks=BLANKS,
        actor=actor,
        now=now,
        is_demo=is_demo,
    )

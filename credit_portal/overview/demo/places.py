"""Departments and staff of the demonstration. Their codes have right check digits and belong to nobody."""

from dataclasses import dataclass

from stdnum.cn import uscc

from credit_portal.registry import groups
from credit_portal.registry.models import Department

MARK = "（演示）"
Kind = Department.Kind


@dataclass(frozen=True)
class Place:
    """A department: `key` is how the other demonstration files name it, unique within its region."""

    region: str
    key: str
    kind: str
    name: str
    short: str
    address: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Person:
    """A member of staff. `username` is the login."""

    region: str
    department: str | None
    username: str
    name: str
    groups: tuple[str, ...]
    window: str = ""


PLACES = (
    Place("130000", "credit", Kind.CREDIT_OFFICE, "河北省社会信用体系建设领导小组办公室", "省信用办"),
    Place("130000", "approval", Kind.APPROVAL_BUREAU, "河北省政务服务管理办公室", "省政务服务办"),
    Place("130000", "health", Kind.COMPETENT, "河北省卫生健康委员会", "省卫健委"),
    Place("130100", "credit", Kind.CREDIT_OFFICE, "石家庄市社会信用体系建设领导小组办公室", "市信用办"),
    Place("130100", "approval", Kind.APPROVAL_BUREAU, "石家庄市行政审批局", "市审批局"),
    Place("130100", "market", Kind.COMPETENT, "石家庄市市场监督管理局", "市市场监管局"),
    Place("130100", "builders", Kind.ASSOCIATION, "石家庄市建筑业协会", "市建筑业协会"),
    Place(
        "130111",
        "credit",
        Kind.CREDIT_OFFICE,
        "石家庄市栾城区社会信用体系建设领导小组办公室",
        "区信用办",
        "栾城区演示路1号",
        "0311-00000001",
    ),
    Place(
        "130111",
        "approval",
        Kind.APPROVAL_BUREAU,
        "石家庄市栾城区行政审批局",
        "区审批局",
        "栾城区演示路2号政务服务大厅",
        "0311-00000002",
    ),
    Place("130111", "market", Kind.COMPETENT, "石家庄市栾城区市场监督管理局", "区市场监管局"),
    Place("130111", "housing", Kind.COMPETENT, "石家庄市栾城区住房和城乡建设局", "区住建局"),
    Place("130111", "transport", Kind.COMPETENT, "石家庄市栾城区交通运输局", "区交通局"),
    Place("130111", "health", Kind.COMPETENT, "石家庄市栾城区卫生健康局", "区卫健局"),
    Place("130111", "education", Kind.COMPETENT, "石家庄市栾城区教育局", "区教育局"),
    Place("130111", "farming", Kind.COMPETENT, "石家庄市栾城区农业农村局", "区农业农村局"),
    Place("130111", "labour", Kind.COMPETENT, "石家庄市栾城区人力资源和社会保障局", "区人社局"),
    Place("130111", "culture", Kind.COMPETENT, "石家庄市栾城区文化广电体育和旅游局", "区文旅局"),
    Place("130111", "finance", Kind.COMPETENT, "石家庄市栾城区财政局", "区财政局"),
    Place("130111", "environment", Kind.COMPETENT, "石家庄市生态环境局栾城区分局", "区生态环境分局"),
    Place("130111", "town", Kind.TOWNSHIP, "石家庄市栾城区栾城镇人民政府", "栾城镇"),
    Place("130111", "caterers", Kind.ASSOCIATION, "栾城区餐饮行业协会", "区餐饮协会"),
    Place("130111", "property", Kind.ASSOCIATION, "栾城区物业管理协会", "区物业协会"),
    Place("130129", "credit", Kind.CREDIT_OFFICE, "赞皇县社会信用体系建设领导小组办公室", "县信用办"),
    Place("130129", "approval", Kind.APPROVAL_BUREAU, "赞皇县行政审批局", "县审批局"),
    Place("130129", "market", Kind.COMPETENT, "赞皇县市场监督管理局", "县市场监管局"),
    Place("130129", "farming", Kind.COMPETENT, "赞皇县农业农村局", "县农业农村局"),
    Place("130129", "finance", Kind.COMPETENT, "赞皇县财政局", "县财政局"),
    Place("130129", "town", Kind.TOWNSHIP, "赞皇县赞皇镇人民政府", "赞皇镇"),
    Place("410000", "credit", Kind.CREDIT_OFFICE, "河南省社会信用体系建设领导小组办公室", "省信用办"),
    Place("410000", "approval", Kind.APPROVAL_BUREAU, "河南省行政审批和政务信息管理局", "省审批局"),
    Place("410100", "credit", Kind.CREDIT_OFFICE, "郑州市社会信用体系建设工作领导小组办公室", "市信用办"),
    Place("410100", "approval", Kind.APPROVAL_BUREAU, "郑州市行政审批和政务信息管理局", "市审批局"),
    Place("410100", "market", Kind.COMPETENT, "郑州市市场监督管理局", "市市场监管局"),
    Place("410103", "credit", Kind.CREDIT_OFFICE, "郑州市二七区发展和改革委员会", "区发展改革委"),
    Place("410103", "approval", Kind.APPROVAL_BUREAU, "郑州市二七区政务服务中心", "区政务服务中心"),
    Place("410103", "market", Kind.COMPETENT, "郑州市二七区市场监督管理局", "区市场监管局"),
    Place("410103", "tax", Kind.TAX, "郑州市二七区税务局", "区税务局"),
    Place("410103", "civil", Kind.COMPETENT, "郑州市二七区民政局", "区民政局"),
    Place("410103", "homecare", Kind.ASSOCIATION, "二七区家政服务业协会", "区家政协会"),
    Place("410103", "street", Kind.TOWNSHIP, "郑州市二七区淮河路街道办事处", "淮河路街道"),
    Place("130111", "tax", Kind.TAX, "国家税务总局石家庄市栾城区税务局", "区税务局", "", "0311-00000012"),
    Place("130111", "justice", Kind.COMPETENT, "石家庄市栾城区司法局", "区司法局"),
)

# The main region has every role; the others those without which nothing can be shown there.
LOGIN_PREFIX = {
    "130000": "hebei",
    "130100": "sjz",
    "130111": "luancheng",
    "130129": "zanhuang",
    "410000": "henan",
    "410100": "zhengzhou",
    "410103": "erqi",
}
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"


def _staff() -> tuple[Person, ...]:
    wanted: list[tuple[str, str | None, str, tuple[str, ...], str]] = []
    for region in LOGIN_PREFIX:
        wanted += [
            (region, "approval", "clerk", (groups.CLERK,), "1 号窗口"),
            (region, "credit", "credit", (groups.CREDIT_OFFICE,), ""),
        ]
    for region in ("130000", "130111", "130129", "410103"):
        wanted += [
            (region, "credit", "credit2", (groups.CREDIT_OFFICE,), ""),
            (region, "approval", "bureau", (groups.APPROVAL_BUREAU,), ""),
        ]
    for region in ("130111", "130129", "410103"):
        wanted += [
            (region, "market", "officer", (groups.OFFICER,), ""),
            (region, "market", "head", (groups.HEAD,), ""),
            (region, "credit", "auditor", (groups.AUDITOR,), ""),
        ]
    wanted += [
        ("130111", "approval", "clerk2", (groups.CLERK,), "2 号窗口"),
        ("130111", "market", "clerk3", (groups.CLERK,), "市场监管 1 号窗口"),
        ("130111", "caterers", "association", (groups.ASSOCIATION,), ""),
        ("130111", "housing", "officer2", (groups.OFFICER,), ""),
        ("130111", "approval", "head2", (groups.HEAD,), ""),
        ("130111", "tax", "tax", (groups.OFFICER,), ""),
        ("130111", None, "security", (groups.SECURITY_ADMIN,), ""),
        ("130111", None, "system", (groups.SYSTEM_ADMIN,), ""),
        ("410103", "homecare", "association", (groups.ASSOCIATION,), ""),
        ("130100", "builders", "association", (groups.ASSOCIATION,), ""),
    ]
    return tuple(
        Person(
            region,
            key,
            f"{LOGIN_PREFIX[region]}-{role}",
            f"演示{SURNAMES[at % len(SURNAMES)]}{'甲乙丙'[at // len(SURNAMES)]}",
            roles,
            window,
        )
        for at, (region, key, role, roles, window) in enumerate(sorted(wanted, key=lambda one: one[0]))
    )


STAFF = _staff()


def department_code(place: Place) -> str:
    """A code of the place's region that no register has issued: its middle begins with YY."""
    body = f"{'51' if place.kind == Kind.ASSOCIATION else '11'}{place.region}YY{PLACES.index(place):07d}"
    return body + uscc.calc_check_digit(body)

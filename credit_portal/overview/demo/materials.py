"""What the items of the demonstration ask for, by field: name, where it comes from, and whether it may follow later."""

from typing import Any

Row = tuple[str, str, bool]
FORM: Row = ("申请书", "申请人填写", False)
IDENTITY: Row = ("法定代表人（负责人）身份证件", "申请人自备，核对后退还", False)
PREMISES: Row = ("场所使用证明", "申请人自备：产权证明或者租赁合同", True)

BY_DOMAIN: dict[str, tuple[Row, ...]] = {
    "food_drug": (FORM, IDENTITY, ("场所平面图", "申请人绘制", False), PREMISES, ("从业人员健康证明", "体检机构出具", True)),
    "health": (FORM, IDENTITY, ("卫生管理制度", "申请人自备", False), PREMISES, ("卫生检测报告", "检测机构出具", True)),
    "product_quality": (FORM, IDENTITY, PREMISES, ("检验合格证明", "检验机构出具", True)),
    "transport": (FORM, IDENTITY, ("车辆技术证明", "检测机构出具", False), PREMISES, ("安全生产制度", "申请人自备", True)),
    "construction": (FORM, IDENTITY, ("施工合同", "申请人自备", False), ("施工图审查合格书", "审查机构出具", True),
                     ("工资专用账户证明", "开户银行出具", True)),
    "environment": (FORM, IDENTITY, ("排水（污）方案", "申请人自备", False), PREMISES, ("水质检测报告", "检测机构出具", True)),
}  # fmt: skip
OTHERS: tuple[Row, ...] = (FORM, IDENTITY, PREMISES, ("从业人员资格证明", "发证机关核发", True))


def of(domain: str, *, late: bool) -> list[dict[str, Any]]:
    """As the catalogue keeps them. Where nothing may be late, everything is wanted at once."""
    return [
        {"name": name, "source": source, "late": late and may}
        for name, source, may in BY_DOMAIN.get(domain, OTHERS)
    ]

"""What the notices say of the matter at hand: who takes the commitment in, who sees it, by which law, when to bring what is
missing. One text serves many items of several departments; what differs is composed here from what holds, so that no text
has to guess it (S2 三; 个人信息保护法 17: who processes, and how to reach them). Pure but for the rows it reads."""

from credit_portal.registry import codes
from credit_portal.registry.models import CommitmentType, Department, PublicityClass

from .models import Draft

PUBLIC = "签署以后在信用承诺专栏公示，任何人可以查询；签名图像、证件号码和电话不公示。"
LIMITED = "只在特定范围内公开：您登录以后可以查看，经办单位和经您同意的单位可以查看；不在信用承诺专栏公示。"
CLOSED = "不公开，也不在信用承诺专栏公示；您登录以后可以查看。"
PERSON = "自然人的承诺不向社会公开；您本人登录以后可以查看，经您同意的单位可以查看。"
LATE = (
    "暂缺的材料按您写的日期补交，可以在网上提交，也可以送到接收单位。临近日期时系统提醒经办人；"
    "留有手机号码的，也发短信提醒您。没有收到提醒，不改变补交的日期。"
)


def class_at_signing(
    subject_kind: str, item_class: str | None, *, commitment_type: str = ""
) -> PublicityClass:
    """The class in which a commitment begins (R92). A natural person's is never public by rule, nor one that says that
    something had to be repaired. `item_class`: what the catalogue says, None without an item."""
    said = PublicityClass(item_class) if item_class else PublicityClass.PUBLIC
    if said == PublicityClass.PUBLIC and (
        subject_kind == codes.PERSON or commitment_type == CommitmentType.REPAIR
    ):
        return PublicityClass.LIMITED
    return said


def publicity(draft: Draft) -> str:
    """Who will see it, in one sentence."""
    found = class_at_signing(
        draft.subject.kind, draft.item_version.publicity_class, commitment_type=draft.commitment_type
    )
    if found == PublicityClass.CLOSED:
        return CLOSED
    if draft.subject.kind == codes.PERSON:
        return PERSON
    return PUBLIC if found == PublicityClass.PUBLIC else LIMITED


def reached(department: Department) -> str:
    """How to reach a department."""
    return department.name + (f"，电话 {department.phone}" if department.phone else "")


def notice_lines(draft: Draft, text: str) -> list[str]:
    """Below the text's own notice (`text`): of the item's law only what the text has not named already."""
    item = draft.item_version
    lines = []
    if item.legal_basis and item.legal_basis not in text:
        lines.append(f"【本事项的依据】{item.legal_basis.rstrip('。')}。")
    if draft.late_materials:
        lines.append(f"【补交材料】{LATE}")
    if item.validity_months and draft.commitment_type != CommitmentType.REPAIR:
        lines.append(f"【有效期】自签署之日起 {item.validity_months} 个月。")
    return [
        *lines,
        f"【本承诺是否公开】{publicity(draft)}",
        f"【接收和咨询】由{draft.department.name}接收；有不明白的，问{reached(draft.department)}。",
    ]


def privacy_lines(draft: Draft, own: list[str]) -> list[str]:
    """The text's own paragraphs between who processes and how to reach them."""
    department = draft.department
    return [
        f"【谁处理】个人信息由接收承诺的{department.name}处理。",
        *own,
        f"【怎么联系】{reached(department)}，也可以在它的办事窗口当面提出。",
    ]

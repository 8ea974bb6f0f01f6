"""What subjects do on their own in the demonstration: items opened online, groups of occupations with their texts and
reading, commitments signed on the telephone, a draft left, tax credit of persons."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from commitments import drafting, presenting, reading, subject_access
from commitments.concluding import Upload
from commitments.models import Commitment
from commitments.online import beginning, photos, signing
from commitments.text_rules import BlankData
from credit_portal.audit.clock import local_date
from credit_portal.registry import services as registry
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject, OccupationGroup, SubjectAccess
from verification.tax_credit import keeping

from . import people, subjects, words

if TYPE_CHECKING:
    from .timeline import Timeline

# Items of the general catalogue that their departments have opened online.
ONLINE = frozenset(
    {
        "130111-YS001", "130111-YS018", "130111-YS028", "130111-YS030", "130111-YS031", "130111-YS032",
        "410103-YS006",
    }
)  # fmt: skip
YEARLY = frozenset({"130111-YS041", "410103-YS008"})
# Item → occupational group.
GROUPS = {
    "130111-YS033": "teachers",
    "130111-YS034": "doctors",
    "130111-YS035": "guides",
    "130111-YS036": "estate-agents",
    "130111-YS037": "accountants",
    "130111-YS038": "representatives",
    "130111-YS039": "civil-servants",
    "130111-YS040": "lawyers",
}
# What is particular to each group's text: two pledges in words of our own.
PLEDGES: dict[str, tuple[str, str]] = {
    "teachers": (
        "不有偿补课，不收受家长礼品，对学生一视同仁。",
        "学历、职称、论文和获奖材料真实，不代写、不抄袭。",
    ),
    "doctors": ("合理检查、合理用药，不收红包，不拿回扣。", "如实书写病历，不出具虚假的诊断和证明。"),
    "guides": ("按合同走行程，不强迫购物，不擅自加项目、减景点。", "讲解真实，价格事先说清，投诉当天回应。"),
    "estate-agents": (
        "房源、价格、产权情况如实告知，不发布虚假房源。",
        "收费明码标价，不吃差价，不挪用客户的钱。",
    ),
    "accountants": ("依法记账、审计，不做假账，不出具虚假报告。", "保守客户秘密，遇有舞弊如实报告。"),
    "representatives": (
        "带头守法经营，不拖欠工资、税款和账款。",
        "企业作出的承诺由本人负责督促落实，出了问题不推诿。",
    ),
    "civil-servants": (
        "依法履职，一次告知，限时办结，不吃拿卡要。",
        "对群众说过的办理时间算数，办不到的提前说明。",
    ),
    "lawyers": ("如实告知委托人风险和收费，不作虚假承诺。", "不提供虚假证据，不代理有利益冲突的案件。"),
}
POSITION_BLANKS = (
    BlankData("单位", "工作单位", max_length=80, help_text="写全称，例如 栾城区第一中学"),
    BlankData("岗位", "岗位（职务）", max_length=40, help_text="例如 语文教师"),
)
OWN_RECORD = (
    "pledge",
    "同意把本承诺和履行情况记入本人信用记录；自然人的承诺不向社会公开，本人要求公开的另行决定。",
    ("agree_publication",),
)
YEAR_BLANKS = (BlankData("年度", "纳税年度", "number", max_length=4, help_text="例如 2025"),)
DECLARED = (
    (
        "pledge",
        "本人{年度}年度综合所得和专项附加扣除的申报真实、准确、完整，有遗漏的主动补报。",
        ("true_materials",),
    ),
    ("pledge", "按期申报、按期缴税；税务机关核实时如实提供资料。", ("obey_law",)),
)
READINGS = (
    ("teachers", "education", "education", "站好三尺讲台：教师诚信读本", (
        "承诺从自己做起：课堂上讲透，不把该讲的留到课外收费讲。",
        "材料上的每一个奖项、每一篇论文都经得起核对。",
        "做错了先认，再改；被投诉的，如实说明比辩解管用。",
    )),
    ("doctors", "health", "health", "病历一笔不假：医务人员诚信读本", (
        "检查单开多开少，标准只有一个：病人需要。",
        "证明是要负法律责任的，没有看过的病不写。",
        "拒绝红包的当场话术：谢谢，请您收回去，我一样尽心。",
    )),
)  # fmt: skip
# Days before today, number of the person among Luancheng's, item, what is filled in.
SIGNED = (
    (48, 0, "130111-YS033", {"单位": "栾城区演示第一中学", "岗位": "语文教师"}),
    (41, 1, "130111-YS034", {"单位": "栾城区演示医院", "岗位": "内科医师"}),
    (36, 2, "130111-YS033", {"单位": "栾城区演示第二小学", "岗位": "数学教师"}),
    (27, 3, "130111-YS035", {"单位": "演示旅行社", "岗位": "导游"}),
    (19, 4, "130111-YS037", {"单位": "演示会计师事务所", "岗位": "注册会计师"}),
    (12, 5, "130111-YS041", {"年度": "last"}),
    (6, 6, "130111-YS038", {"单位": "栾城区演示冀盛食品有限公司", "岗位": "法定代表人"}),
)


def extra_fields(code: str) -> dict[str, object]:
    """What the catalogue says of an item beyond `items.csv`."""
    group = GROUPS.get(code)
    found: dict[str, object] = {"online": code in ONLINE or code in YEARLY or group is not None}
    if code in YEARLY:
        found["once_a_year"] = True
    if group is not None:
        found["occupation"] = OccupationGroup.objects.get(code=group)
    return found


def text_of(code: str) -> tuple[str, str, str, tuple[words.Line, ...], tuple[BlankData, ...]] | None:
    """Kind, title, scope, lines and blanks of the text of one of these items; None for any other."""
    if code in YEARLY:
        return (
            "supervisory", "个人所得税申报信用承诺书", "自然人办理个人所得税综合所得年度汇算申报时使用，每个年度一份。",
            (*DECLARED, OWN_RECORD, words.WATCH, words.BEAR_TRUTH), YEAR_BLANKS,
        )  # fmt: skip
    group = GROUPS.get(code)
    if group is None:
        return None
    name = OccupationGroup.objects.get(code=group).name
    first, second = PLEDGES[group]
    lines: tuple[words.Line, ...] = (
        ("pledge", f"我在{{单位}}任{{岗位}}，遵守法律和职业道德。{first}", ("obey_law",)),
        ("pledge", second, ("true_materials",)),
        OWN_RECORD,
        words.WATCH,
        words.BEAR_OPENLY,
    )
    return "voluntary", f"{name}信用承诺书", f"{name}以个人名义自愿承诺时使用。", lines, POSITION_BLANKS


def plan(timeline: "Timeline") -> None:
    """Commitments of the last weeks, each on its day."""
    clerks = [one for one in timeline.subjects["130111"] if one.kind == PERSON]
    for before, number, code, blanks in SIGNED:
        person = clerks[number]
        moment = datetime.combine(timeline.day(-before), datetime.min.time(), timeline.until.tzinfo)
        timeline.at(moment + timedelta(hours=19, minutes=5 * number), _signs(timeline, person, code, blanks))


def _signs(
    timeline: "Timeline", person: people.Subject, code: str, blanks: dict[str, str]
) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        held = _opened(timeline, person, now)
        item = beginning.items_for(held.subject, now=now).get(item__code=code)
        year = str(local_date(now).year - 1)
        filled = {key: year if value == "last" else value for key, value in blanks.items()}
        timeline.signed.append(signed(held, item.pk, filled, ink=timeline.inks[0], now=now))

    return act


def _opened(timeline: "Timeline", person: people.Subject, now: datetime) -> SubjectAccess:
    """The window opens the person's own pages, as it does for whoever comes with an identity card."""
    clerk = timeline.world.user("130111", "clerk")
    subject = registry.find_subject(person.code) or registry.register_subject(
        kind=PERSON, code=person.code, name=person.name, name_source=CreditSubject.NameSource.IDENTITY_CARD,
        region=timeline.world.regions["130111"], actor=clerk, department=clerk.department, now=now,
        phone=person.phone, is_demo=True,
    )  # fmt: skip
    return subject_access.open_at_window(
        key=uuid5(NAMESPACE_URL, f"demo:self:{person.code}:{now.date()}"), subject=subject, name=subject.name,
        capacity=SubjectAccess.Capacity.SELF, identity_document="id_card", id_number=person.code,
        identity_seen=True, valid_until=local_date(now) + timedelta(days=90), actor=clerk, now=now,
    ).access  # fmt: skip


def signed(
    held: SubjectAccess, item_version_id: int, blanks: dict[str, str], *, ink: bytes, now: datetime
) -> Commitment:
    """From the item to the receipt, as the pages do it."""
    draft = beginning.begin(access=held, item_version_id=item_version_id, now=now)
    draft = beginning.check(
        draft_id=draft.pk, access=held, commitment_type=draft.commitment_type, case_ref="", now=now
    )
    drafting.save_blanks(draft_id=draft.pk, clerk=held, values=blanks, now=now)
    for at, part in enumerate(presenting.MUST_BE_SHOWN):
        presenting.record_presentation(
            draft_id=draft.pk, clerk=held, part=part, key=uuid5(NAMESPACE_URL, f"{draft.pk}:{part}"),
            seconds=25 + 9 * at, now=now + timedelta(seconds=40 * at),
        )  # fmt: skip
    now += timedelta(minutes=4)
    presenting.finish_reading(draft_id=draft.pk, clerk=held, now=now)
    return signing.sign(draft_id=draft.pk, access=held, signature_png=ink, now=now)


def lay(timeline: "Timeline", *, now: datetime) -> None:
    """Readings, tax credit, and the firm's draft that waits for its signature."""
    world = timeline.world
    for group, domain, key, title, paragraphs in READINGS:
        reading.publish_reading(
            domain=domain, occupation=OccupationGroup.objects.get(code=group), title=title,
            body="\n".join(paragraphs), department=world.departments["130111", key], published_on=local_date(now),
            actor=None, now=now,
        )  # fmt: skip
    _tax_credit(timeline, now)
    firm = SubjectAccess.objects.filter(subject__uscc=subjects.FIRM, scope="act").order_by("-pk").first()
    if firm is None:
        return
    item = beginning.items_for(firm.subject, now=now).get(item__code="130111-YS028")
    draft = beginning.begin(access=firm, item_version_id=item.pk, now=now)
    try:
        beginning.check(draft_id=draft.pk, access=firm, commitment_type="voluntary", case_ref="", now=now)
    except drafting.DraftError:
        return
    photos.add(
        draft_id=draft.pk, access=firm, kind="material", key=uuid.uuid5(NAMESPACE_URL, f"demo:photo:{draft.pk}"),
        upload=Upload(timeline.page, "image/png", "门头照片（演示）.png"), name="门头照片（演示）", now=now,
    )  # fmt: skip


def _tax_credit(timeline: "Timeline", now: datetime) -> None:
    """Three entries in Luancheng: kept, late and repaired, late."""
    officer = timeline.world.user("130111", "tax")
    year = local_date(now).year - 1
    persons = [one for one in timeline.subjects["130111"] if one.kind == PERSON][:3]
    for at, (person, kind, facts) in enumerate(
        zip(
            persons,
            ("kept", "late", "late"),
            (
                "按期如实申报年度汇算（演示）。",
                "逾期申报，责令后已经补报（演示）。",
                "逾期申报，尚未补报（演示）。",
            ),
            strict=True,
        )
    ):
        entry = keeping.record(
            told=keeping.Told(
                person.code, person.name, str(year), kind, facts, min(date(year + 1, 7, 3), local_date(now)),
                f"栾税演〔{year + 1}〕{at + 1}号" if kind != "kept" else "",
            ),
            actor=officer, now=now, is_demo=True,
        )  # fmt: skip
        if at == 1:
            keeping.repair(
                entry_id=entry.pk,
                on=local_date(now),
                reason="已经补报并缴清税款（演示）",
                actor=officer,
                now=now,
            )

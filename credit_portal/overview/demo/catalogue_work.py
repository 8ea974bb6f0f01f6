"""The catalogue at work in the demonstration: items' own rules and texts, a provincial model text and a place that adopts it,
what is published ahead, what was withdrawn, and a filing with the province. The documents named are made up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from commitments import adopting, model_texts, texts
from commitments.models import CommitmentText, TextVersion
from commitments.text_rules import ClauseData
from credit_portal.audit.clock import local_date
from credit_portal.registry import catalogue
from credit_portal.registry.models import User
from disclosure.catalogue import filing, own_rules

from . import items, places, words

if TYPE_CHECKING:
    from .foundation import World

# S2 is of this province: whoever is under it makes rules and a text for each item of its own choosing.
PROVINCE = "13"
MODEL, ADOPTER, ADOPTED = "130000-SF-ZS", "130111-YS007", "130111-YS007-SF"
ISSUED = date(2021, 11, 30)
DAY = timedelta(days=1)


def _bureau(world: World, region: str) -> User:
    return world.users.get(f"{places.LOGIN_PREFIX[region]}-bureau") or world.user(region, "credit")


def _own(item: items.Item) -> bool:
    """An item of the approval type that no model text of the province covers."""
    return (
        item.region.startswith(PROVINCE)
        and "a" in item.types
        and item.code not in (ADOPTER, words.MODEL_TEXT[0])
    )


def needs_own_text(item: items.Item) -> bool:
    return _own(item) and item.code not in words.PARTICULAR


def own_line(item: items.Item) -> words.Line:
    """What an item's own text says beside the general contents."""
    return (
        "pledge",
        f"申请{item.name}的场所、人员、设备和制度符合告知书所列的条件，并能随时接受核查。",
        ("other",),
    )


def lay_rules(world: World, *, now: datetime) -> None:
    """Each of these items has its own implementation rules from the first day on."""
    today = local_date(now)
    for number, item in enumerate((one for one in items.ITEMS if _own(one)), 1):
        issuer = (
            world.departments.get((item.region, "approval"))
            or world.departments[item.region, item.department]
        )
        own_rules.issue(
            item=world.items[item.code],
            title=f"{item.name}信用承诺实施细则（演示）",
            document_no=f"演示〔{today.year}〕{number} 号",
            issuer=issuer,
            issued_on=today,
            parts={
                "scope": f"申请{item.name}，自愿选择告知承诺方式的，适用本细则；有未修复失信记录的，按一般程序办理。",
                "conditions": "符合法定的办理条件；愿意承诺已经符合条件或者在约定的日期前达到条件；提交的材料真实有效。",
                "procedure": "核查信用记录，告知条件和后果，签署承诺书，受理并在承诺的时限内作出决定，承诺在专栏公示。",
                "supervision": "作出决定后由主管部门抽查或者实地核对；信用好的少查，信用差的多查；核对的结果记入履行情况。",
                "consequences": "认定违背承诺的，责令限期改正；骗取许可的，依法撤销；违诺情况记入信用记录并依规定公示。",
                "repair": "改正并消除影响后，可以按规定申请信用修复；不收取费用。",
            },
            effective_from=today,
            actor=_bureau(world, item.region),
            now=now,
        )


def enter_issue(version: TextVersion, *, actor: User, now: datetime) -> None:
    """By which document a model was issued."""
    keys = ("单位", "电话") if version.text.code == MODEL else ()
    model_texts.enter_issue(
        version=version,
        issued=model_texts.Issued(
            "关于印发告知承诺示范文本的通知（演示）", f"演示〔2021〕{7 if keys else 6} 号", ISSUED,
            model_texts.hash_of(version.text.code.encode()), keys,
        ),
        actor=actor,
        now=now,
    )  # fmt: skip


def lay_model(world: World, *, now: datetime) -> None:
    """A model for all places of the province, and one place that has adopted it."""
    office, actor = world.departments["130000", "health"], _bureau(world, "130000")
    draft = texts.draft_text(
        code=MODEL, department=office, region=world.regions["130000"], commitment_type="approval",
        origin=CommitmentText.Origin.PROVINCIAL, is_demo=True, actor=actor, now=now,
        words={
            "title": "诊所备案告知承诺书（省级示范文本，演示）",
            "scope": "全省办理诊所备案，以告知承诺方式办理时使用。",
            "notice": "本承诺书由{单位}提供，咨询电话{电话}。\n备案的条件见《诊所备案管理暂行办法》；备案后主管部门会实地核对。",
            "privacy_notice": "个人信息只用于办理本次备案和之后的核对，由{单位}保管。",
        },
        clauses=[
            ClauseData(1, "pledge", "场所、人员和设备符合诊所基本标准，提交的材料真实、准确、完整。", ("true_materials",)),
            ClauseData(2, "pledge", "接受{单位}的现场核对，情况有变化的，主动报告。", ("accept_supervision",)),
            ClauseData(3, "pledge", "同意把本承诺和履行情况记入信用记录并公示。", ("agree_publication",)),
            ClauseData(4, "liability", "核对发现与承诺不符的，限期整改；逾期未改的，依法撤销备案。", ("accept_consequences",)),
        ],
    )  # fmt: skip
    enter_issue(draft, actor=actor, now=now)
    model = texts.publish_text(version=draft, valid_from=local_date(now), actor=actor, now=now)
    place = world.departments["130111", "health"]
    world.texts[ADOPTED] = adopting.adopt(
        model=model, code=ADOPTED, department=place, item=world.items[ADOPTER],
        values={"单位": place.name, "电话": place.phone or "0311-80000000"}, valid_from=local_date(now),
        actor=_bureau(world, "130111"), now=now, is_demo=True,
    )  # fmt: skip


def lay_ahead(world: World, *, now: datetime) -> None:
    """What is under way today: an item and a text from a coming day on, a version that was withdrawn, a newer model that the
    place has not adopted yet; a filing from before with its receipt, and what has changed since."""
    today, bureau = local_date(now), _bureau(world, "130111")
    item = world.items["130111-YS013"]
    catalogue.publish_item(
        version=item.versions.get(status="draft"), valid_from=today + 18 * DAY, actor=bureau, now=now
    )
    other = world.items["130111-YS019"]
    hasty = catalogue.draft_item(item=other, fields={"promised_working_days": 5}, actor=bureau, now=now)
    hasty = catalogue.publish_item(version=hasty, valid_from=today + 7 * DAY, actor=bureau, now=now)
    catalogue.withdraw_item(
        version=hasty, reason="主管部门提出办结时限还要再核实，暂不调整。", actor=bureau, now=now
    )
    voluntary = world.texts["130111-ZD"].text
    # Its draft stays one: what is compared before it is published.
    ahead = voluntary.versions.get(status="draft")
    texts.revise_draft(
        version=ahead,
        words={"scope": ahead.scope.rstrip("。") + "，网上和窗口使用同一份。"},
        actor=bureau,
        now=now,
    )
    model = CommitmentText.objects.get(code=MODEL)
    province = _bureau(world, "130000")
    newer = texts.next_version(text=model, actor=province, now=now)
    newer = texts.revise_draft(
        version=newer,
        words={"scope": "全省办理诊所备案和变更备案，以告知承诺方式办理时使用。"},
        actor=province,
        now=now,
    )
    enter_issue(newer, actor=province, now=now)
    texts.publish_text(version=newer, valid_from=today + 25 * DAY, actor=province, now=now)
    catalogue.draft_item(item=world.items["130111-YS014"], fields={"days_spared": 6}, actor=bureau, now=now)


def lay_filing(world: World, *, now: datetime) -> None:
    """The district's catalogue was filed once, with its receipt."""
    bureau, region = _bureau(world, "130111"), world.regions["130111"]
    row = filing.pack(
        region=region, letter=filing.Letter(f"栾审批〔{now.year}〕演示 3 号"), actor=bureau, now=now
    )
    on = local_date(now)
    filing.note_filed(filing_id=row.pk, on=on, actor=bureau, now=now)
    later = now + 6 * DAY
    filing.note_receipt(
        filing_id=row.pk, receipt_no="冀信备演示-0012", on=local_date(later), actor=bureau, now=later
    )

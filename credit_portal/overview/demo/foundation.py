"""What stands before the first commitment: departments, staff, confirmed rules, catalogue, texts, reading material."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from commitments import texts
from commitments.models import CommitmentText, ReadingMaterial, TextVersion
from commitments.text_rules import BlankData
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import loading
from credit_portal.registry import catalogue, groups, staff
from credit_portal.registry.models import Department, Region, ServiceItem, User
from disclosure.models import RuleDocument
from verification.measures import loading as measures

from . import acts, catalogue_work, items, memberships, places, reading, self_service, words

RULES = Path(loading.__file__).parent / "rules"
HENAN = ("410000", "410100", "410103")
# Kind of text: code letters, commitment type.
CODES = {
    "approval": ("SP", "approval"),
    "late": ("RQ", "approval"),
    "supervisory": ("JG", "supervisory"),
    "voluntary": ("ZD", "voluntary"),
    "repair": ("XF", "repair"),
    "industry": ("HY", "industry"),
}
GENERAL = {
    "130000": ("approval", "late", "supervisory", "voluntary", "repair"),
    "410000": ("approval", "late", "supervisory", "voluntary", "repair"),
    "130111": ("approval", "late", "supervisory", "voluntary", "repair"),
    "130129": ("approval", "late"),
    "410103": ("approval", "late", "supervisory", "voluntary"),
}
ASSOCIATIONS = (
    ("130111", "caterers"),
    ("130111", "property"),
    ("130100", "builders"),
    ("410103", "homecare"),
)
BASIS = {
    "130000": "《河北省政务服务承诺制改革实施方案（试行）》",
    "130100": "《石家庄市构建以信用为基础的新型监管机制的实施方案》",
    "130111": "《栾城区信用承诺和信用核查的实施方案》《河北省政务服务承诺制改革实施方案（试行）》",
    "130129": "《赞皇县使用信用记录和信用报告的通知》《河北省政务服务承诺制改革实施方案（试行）》",
    "410000": "《河南省社会信用条例》",
    "410103": "《二七区构建以信用为基础的新型监管机制实施方案》《河南省社会信用条例》",
}
PUBLICITY = {"130111": "违诺信息公示期内再办业务的，作为重点审查对象，不适用告知承诺。"}


@dataclass
class World:
    """What later steps find by name."""

    regions: dict[str, Region] = field(default_factory=dict)
    departments: dict[tuple[str, str], Department] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    items: dict[str, ServiceItem] = field(default_factory=dict)
    texts: dict[str, TextVersion] = field(default_factory=dict)

    def user(self, region: str, role: str) -> User:
        """The member of staff of a region's role, as `places.STAFF` names it."""
        return self.users[f"{places.LOGIN_PREFIX[region]}-{role}"]

    def users_by_region(self) -> dict[str, list[User]]:
        return {
            region: [self.users[one.username] for one in places.STAFF if one.region == region]
            for region in sorted(places.LOGIN_PREFIX, key=lambda code: code != "130111")
        }


def lay(*, now: datetime) -> World:
    """Everything as of `now`, the day on which the demonstration's offices began."""
    world = World(regions={region.code: region for region in Region.objects.select_related("parent")})
    _departments(world, now)
    _policy(world, now)
    _catalogue(world, now)
    _texts(world, now)
    # Items that have no model text go into force with rules and a text of their own (R25).
    catalogue_work.lay_rules(world, now=now)
    _publish_items(world, now)
    _readings(world, local_date(now))
    acts.lay_catalogue(world, now=now)
    memberships.lay_keepers(world, now=now)
    return world


def _departments(world: World, now: datetime) -> None:
    for place in places.PLACES:
        world.departments[place.region, place.key] = staff.save_department(
            department=None,
            uscc=places.department_code(place),
            name=place.name + places.MARK,
            short_name=place.short,
            kind=place.kind,
            region=world.regions[place.region],
            address=place.address,
            phone=place.phone,
            actor=None,
            now=now,
            is_demo=True,
        )
    for person in places.STAFF:
        world.users[person.username] = staff.create_staff(
            username=person.username,
            display_name=person.name,
            groups=person.groups,
            department=world.departments[person.region, person.department] if person.department else None,
            window_label=person.window,
            actor=None,
            now=now,
            is_demo=True,
        )
        if groups.HEAD in person.groups and person.department:
            _make_head(world, person, now)


def _make_head(world: World, person: places.Person, now: datetime) -> None:
    key = (person.region, person.department or "")
    row = world.departments[key]
    world.departments[key] = staff.save_department(
        department=row,
        uscc=row.uscc,
        name=row.name,
        short_name=row.short_name,
        kind=row.kind,
        region=row.region,
        head=world.users[person.username],
        address=row.address,
        phone=row.phone,
        actor=None,
        now=now,
        is_demo=True,
    )


def _policy(world: World, now: datetime) -> None:
    """The shipped rules, and beside each unconfirmed one the same value as this demonstration's offices confirmed it."""
    measures.load(measures.SHIPPED, now=now)
    shipped = loading.read_rules(RULES)
    loading.store_rules(shipped, now=now)
    confirmed = [
        loading.RuleData(
            region=rule.region,
            key=rule.key,
            value=rule.value,
            unit=rule.unit,
            basis="演示",
            confirmed=True,
            # The day after, because one day has one rule.
            effective_from=rule.effective_from + timedelta(days=1),
            effective_to=rule.effective_to,
            domain=rule.domain,
            commitment_type=rule.commitment_type,
            grade=rule.grade,
        )
        for rule in shipped
        if not rule.confirmed
    ]
    # The eight other kinds of acts and consumers' complaints are switched on in one region.
    switched_on = {
        "act_publication.other": {"on": True, "days": 7},
        "complaint_publication": {"on": True, "months": 12},
    }
    confirmed += [
        replace(rule, region="130111", value=switched_on[rule.key])
        for rule in confirmed
        if rule.region == "000000" and rule.key in switched_on
    ]
    loading.store_rules(
        confirmed,
        now=now,
        entered_by=world.user("130000", "credit"),
        approved_by=world.user("130000", "credit2"),
    )


def bureau(world: World, region: str) -> User:
    """Whose name stands under catalogue and texts (R135)."""
    return world.users.get(f"{places.LOGIN_PREFIX[region]}-bureau") or world.user(region, "credit")


def _catalogue(world: World, now: datetime) -> None:
    for item in items.ITEMS:
        actor = bureau(world, item.region)
        version = catalogue.draft_item(
            code=item.code,
            department=world.departments[item.region, item.department],
            fields=item.fields | self_service.extra_fields(item.code),
            actor=actor,
            now=now,
            is_demo=True,
        )
        world.items[item.code] = version.item


def _publish_items(world: World, now: datetime) -> None:
    for item in items.ITEMS:
        catalogue.publish_item(
            version=world.items[item.code].versions.get(),
            valid_from=local_date(now),
            actor=bureau(world, item.region),
            now=now,
        )


def change_items(world: World, *, now: datetime) -> None:
    """Some items get their second version, one goes out of use, one has a draft waiting."""
    for code, fields in items.CHANGES.items():
        actor = bureau(world, code[:6])
        version = catalogue.draft_item(item=world.items[code], fields=fields, actor=actor, now=now)
        catalogue.publish_item(version=version, valid_from=local_date(now), actor=actor, now=now)
    for code in sorted(items.RETIRED):
        catalogue.retire_item(
            item=world.items[code], on=local_date(now), actor=bureau(world, code[:6]), now=now
        )
    catalogue.draft_item(
        item=world.items["130111-YS013"],
        fields={"promised_working_days": 3},
        actor=bureau(world, "130111"),
        now=now,
    )


def _phrases(world: World, region: str, kind: str, what: str, basis: str) -> dict[str, str]:
    credit = world.departments.get((region, "credit"))
    credit_name = credit.name if credit else "上级信用主管部门"
    return {
        "notice": words.notice(
            kind,
            what=what,
            basis=basis,
            credit_office=credit_name,
            publicity=PUBLICITY.get(region, ""),
        ),
        "privacy_notice": words.privacy_notice(credit_office=credit_name),
    }


def _publish(
    world: World,
    *,
    code: str,
    region: str,
    kind: str,
    title: str,
    scope: str,
    lines: Sequence[words.Line],
    blanks: Sequence[BlankData],
    what: str,
    basis: str,
    now: datetime,
    office: Department | None = None,
    item: ServiceItem | None = None,
    origin: str = CommitmentText.Origin.OWN,
) -> None:
    owner = office or world.departments.get((region, "approval"))
    if owner is None:
        owner = item.department if item is not None else world.departments[region, "credit"]
    actor = bureau(world, region)
    version = texts.draft_text(
        code=code,
        department=owner,
        region=world.regions[region],
        commitment_type=CODES[kind][1],
        late_materials=kind == "late",
        item=item,
        origin=origin,
        words={"title": title, "scope": scope} | _phrases(world, region, kind, what, basis),
        clauses=words.clauses(lines),
        blanks=blanks,
        actor=actor,
        now=now,
        is_demo=True,
    )
    if origin == CommitmentText.Origin.PROVINCIAL:
        catalogue_work.enter_issue(version, actor=actor, now=now)
    world.texts[code] = texts.publish_text(version=version, valid_from=local_date(now), actor=actor, now=now)


def _texts(world: World, now: datetime) -> None:
    for region, kinds in GENERAL.items():
        for kind in kinds:
            title, lines, blanks = words.KINDS[kind]
            if kind == "approval" and region in HENAN:
                # Their document ties only late materials to a clean record: the text must not ask for more (S4 1).
                lines = tuple(line for line in lines if line is not words.CLEAN)
            _publish(
                world,
                code=f"{region}-{CODES[kind][0]}",
                region=region,
                kind=kind,
                title=title,
                scope=words.SCOPES[kind],
                lines=lines,
                blanks=blanks,
                what=words.WHAT[kind],
                basis=BASIS[region],
                now=now,
            )
    for region, key in ASSOCIATIONS:
        title, lines, blanks = words.KINDS["industry"]
        owner = world.departments[region, key]
        _publish(
            world,
            code=f"{region}-HY-{key}",
            region=region,
            kind="industry",
            title=f"{owner.short_name}{title}",
            scope=words.SCOPES["industry"],
            lines=lines,
            blanks=blanks,
            what="承诺遵守协会公约，公平竞争。",
            basis=f"《{owner.name.removesuffix(places.MARK)}章程》（演示）",
            office=owner,
            origin=CommitmentText.Origin.ASSOCIATION,
            now=now,
        )
    for code, (title, scope, lines, blanks) in words.PARTICULAR.items():
        region = code[:6]
        common = tuple(line for line in words.SEVEN if not (region in HENAN and line is words.CLEAN))
        _item_text(world, code, title, scope, (*common, *lines, words.BEAR), blanks, "own", now)
    for code in world.items:
        if (told := self_service.text_of(code)) is not None:
            kind, title, scope, lines, blanks = told
            _item_text(world, code, title, scope, lines, blanks, "own", now, kind=kind)
    for item in items.ITEMS:
        if catalogue_work.needs_own_text(item):
            lines = (*words.SEVEN, catalogue_work.own_line(item), words.READ, words.BEAR)
            scope = f"办理{item.name}，以告知承诺方式办理时使用。"
            _item_text(world, item.code, f"{item.name}告知承诺书", scope, lines, (), "own", now)
    code, title, scope, lines, blanks = words.MODEL_TEXT
    _item_text(world, code, title, scope, lines, blanks, "provincial", now)
    catalogue_work.lay_model(world, now=now)


def _item_text(
    world: World,
    code: str,
    title: str,
    scope: str,
    lines: Sequence[words.Line],
    blanks: Sequence[BlankData],
    origin: str,
    now: datetime,
    kind: str = "approval",
) -> None:
    item = world.items[code]
    basis = next(one.basis for one in items.ITEMS if one.code == code)
    _publish(
        world,
        code=f"{code}-{CODES[kind][0]}",
        region=item.region_id,
        kind=kind,
        title=title,
        scope=scope,
        lines=lines,
        blanks=blanks,
        what=words.what_of(blanks),
        basis=words.basis_of(basis, BASIS[item.region_id]),
        item=item,
        origin=origin,
        now=now,
    )


def change_texts(world: World, *, now: datetime) -> None:
    """Two texts get their second version, a third has a draft waiting."""
    for code in ("130111-SP", "130111-YS001-SP"):
        actor = bureau(world, "130111")
        draft = texts.next_version(text=world.texts[code].text, actor=actor, now=now)
        texts.revise_draft(
            version=draft,
            words={"notice": draft.notice + "\n【这一版改了什么】写明了查询和异议的途径。"},
            actor=actor,
            now=now,
        )
        world.texts[code] = texts.publish_text(
            version=draft, valid_from=local_date(now), actor=actor, now=now
        )
    texts.next_version(text=world.texts["130111-ZD"].text, actor=bureau(world, "130111"), now=now)


def _readings(world: World, today: date) -> None:
    for domain, key, title, paragraphs in reading.READINGS:
        # The provinces' offices have the same ones, for whoever has none of its own below them.
        for department in (
            world.departments["130111", key],
            world.departments["130000", "credit"],
            world.departments["410000", "credit"],
        ):
            ReadingMaterial.objects.create(
                domain=domain,
                department=department,
                region=department.region,
                title=title,
                body="\n".join(paragraphs),
                published_on=today,
            )
    for document in reading.DOCUMENTS:
        RuleDocument.objects.create(
            region=world.regions[document.region],
            title=document.title,
            issuer=document.issuer,
            number=document.number,
            issued_on=document.issued_on,
            effective_from=document.issued_on,
            summary="\n".join(document.summary),
            department=world.departments[document.region, "credit"],
            is_demo=True,
        )

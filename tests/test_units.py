"""Who answers for a unit, and how its staff are trained: named, replaced, missing and asked for; recorded, put right, counted."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.outbox.models import Notice
from credit_portal.registry import contacts, groups, staff
from credit_portal.registry.contacts import ContactError
from credit_portal.registry.models import Department, UnitContact
from credit_portal.registry.visibility import departments_visible_to
from tests import factories
from tests.office import client_of
from verification import training
from verification.models import TrainingLine, TrainingSession
from verification.training import Details, TrainingError
from verification.units import chasing

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 14, 10, tzinfo=SHANGHAI)
DAY = date(2026, 9, 1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc00000030101"
    "00c9fe92ef0000000049454e44ae426082"
)


class County:
    """An office and two units: one with a head and an officer, one without any account."""

    def __init__(self) -> None:
        self.unit = factories.department(region="130129", name="赞皇县测试局")
        self.bare = factories.department(region="130129", name="赞皇县测试镇", kind="township")
        self.office = factories.department(region="130129", kind="credit_office", name="赞皇县测试信用办")
        factories.department(region="130129", kind="association")
        self.head = factories.staff(groups.HEAD, department=self.unit, display_name="负责甲")
        self.officer = factories.staff(groups.OFFICER, department=self.unit, display_name="经办乙")
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)

    def named(self, *, role: str = "contact", on: date = DAY, **more: Any) -> UnitContact:
        told = {"person": self.officer, "office_phone": "0311-80000000", "actor": self.head, "now": NOW}
        return contacts.appoint(department=self.unit, role=role, from_on=on, **(told | more))

    def held(self, **more: Any) -> TrainingSession:
        details = Details("核查操作", date(2026, 3, 2), Decimal("2.5"), "王老师", "怎样核查。")
        told = {"people": [self.head.pk, self.officer.pk], "others": {self.unit.pk: 3}, "actor": self.officer}
        return training.record_training(**{"details": details, "now": NOW, **told, **more})


@pytest.fixture
def county() -> County:
    return County()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


# ---- who answers -------------------------------------------------------------------------------------------


@pytest.mark.req("R117")
def test_a_unit_has_one_person_in_a_role_and_keeps_those_before(county: County) -> None:
    first = county.named(mobile="138-0000 0000")
    assert (first.name, first.mobile, first.until_on) == ("经办乙", "13800000000", None)
    assert "13800000000" not in str(UnitContact.objects.filter(pk=first.pk).values())
    with pytest.raises(ContactError, match="晚于现任经办乙") as refused:
        county.named(person=None, name="丙")
    assert refused.value.field == "from_on"
    second = county.named(on=date(2026, 9, 10), person=None, name=" 丙 ")
    first.refresh_from_db()
    assert (first.until_on, second.name) == (date(2026, 9, 9), "丙")
    assert first.history.count() == 2
    assert contacts.reporter_of(county.unit.pk) == "丙"
    assert [event.verb for event in AuditEvent.objects.filter(target_type="unit_contact").order_by("pk")] == (
        ["unit.contact"] * 3
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitContact.objects.filter(pk=first.pk).update(until_on=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitContact.objects.filter(pk=first.pk).delete()


@pytest.mark.req("R117")
@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"person": None, "name": ""}, "name"),
        ({"person": None, "name": "甲\x00"}, "name"),
        ({"person": None, "name": "甲" * 61}, "name"),
        ({"office_phone": ""}, "office_phone"),
        ({"office_phone": "1" * 41}, "office_phone"),
        ({"mobile": "12"}, "mobile"),
        ({"on": date(2026, 9, 15)}, "from_on"),
        ({"role": "king"}, "role"),
        ({"post": "长" * 61}, "post"),
    ],
)
def test_what_is_told_wrongly_of_a_person_is_said_at_its_field(county: County, told: Any, field: str) -> None:
    with pytest.raises(ContactError) as refused:
        county.named(**told)
    assert refused.value.field == field
    assert not UnitContact.objects.exists()


@pytest.mark.req("R117")
def test_only_the_units_head_and_the_office_name_somebody(county: County) -> None:
    for actor in (county.officer, factories.staff(groups.HEAD, department=county.bare),
                  factories.staff(groups.CREDIT_OFFICE, department=factories.department(kind="credit_office"))):  # fmt: skip
        with pytest.raises(ContactError, match="负责人或者信用办"):
            county.named(actor=actor)
    assert county.named(actor=county.credit)
    with pytest.raises(ContactError, match="本单位"):
        county.named(role="leader", person=county.credit)
    with pytest.raises(ContactError, match="不需要"):
        contacts.appoint(
            department=county.office, role="leader", name="甲", office_phone="1", from_on=DAY,
            actor=county.credit, now=NOW,
        )  # fmt: skip


@pytest.mark.req("R117")
def test_whoever_leaves_or_moves_answers_for_it_no_more(county: County) -> None:
    security = factories.staff(groups.SECURITY_ADMIN)
    row = county.named()
    staff.mark_left(user=county.officer, on=date(2026, 9, 11), actor=security, now=NOW)
    row.refresh_from_db()
    assert row.until_on == date(2026, 9, 11)
    leader = county.named(role="leader", person=county.head)
    staff.change_staff(
        user=county.head,
        actor=security,
        now=NOW,
        display_name="负责甲",
        department=county.bare,
        groups=[groups.HEAD],
    )
    leader.refresh_from_db()
    assert leader.until_on == NOW.date()
    assert contacts.lacking(Department.objects.all()).filter(pk=county.unit.pk).exists()


@pytest.mark.req("R117")
def test_the_office_asks_those_who_lack_somebody_once_a_day(county: County) -> None:
    reach = departments_visible_to(county.credit)
    assert set(contacts.lacking(reach)) == {county.unit, county.bare}
    county.named()
    assert set(contacts.lacking(reach)) == {county.unit, county.bare}
    everybody = [county.unit.pk, county.bare.pk, county.office.pk]
    assert chasing.chase(what="contact", unit_ids=everybody, actor=county.credit, now=NOW) == (2, 1)
    chasing.chase(what="contact", unit_ids=everybody, actor=county.credit, now=NOW + timedelta(hours=2))
    assert list(Notice.objects.values_list("user", "kind")) == [(county.head.pk, "unit")]
    county.named(role="leader", person=county.head)
    assert list(contacts.lacking(reach)) == [county.bare]
    with pytest.raises(chasing.ChaseError):
        chasing.chase(what="contact", unit_ids=everybody, actor=county.head, now=NOW)


@pytest.mark.req("R117")
def test_a_head_names_corrects_and_ends_at_the_desk(county: County, moment: None) -> None:
    desk = client_of(county.head)
    page = desk.get("/desk/unit/").content.decode()
    assert "还没有登记：分管领导、联络员（经办）" in page
    told = {"role": "contact", "person": county.officer.pk, "office_phone": "0311-1", "from_on": "2026-09-01"}
    answer = desk.post("/desk/unit/appoint/", told | {"mobile": "1"})
    assert answer.status_code == 422 and "11 位数字" in answer.content.decode()
    assert desk.post("/desk/unit/appoint/", told | {"mobile": "13800000000"}).status_code == 302
    row = UnitContact.objects.get()
    prefix = f"c{row.pk}-"
    path = f"/desk/unit/{row.uuid}/"
    assert desk.post(f"{path}correct/", {f"{prefix}name": ""}).status_code == 422
    wrong = {f"{prefix}person": county.credit.pk, f"{prefix}office_phone": "1"}
    assert desk.post(f"{path}correct/", wrong).status_code == 422
    right = {f"{prefix}name": "乙", f"{prefix}office_phone": "0311-2"}
    assert desk.post(f"{path}correct/", right).status_code == 302
    assert "0311-2" in desk.get("/desk/unit/").content.decode()
    # Its own staff see who it is, not the mobile number and no form.
    page = client_of(county.officer).get("/desk/unit/").content.decode()
    assert "0311-2" in page and "appoint" not in page
    assert client_of(county.officer).post("/desk/unit/appoint/", told).status_code == 403
    assert desk.post(f"{path}end/", {f"e{row.pk}-until_on": "2026-09-30"}).status_code == 422
    assert desk.post(f"{path}end/", {f"e{row.pk}-until_on": "2026-09-14"}).status_code == 302
    assert desk.post(f"{path}end/", {f"e{row.pk}-until_on": "2026-09-14"}).status_code == 422
    assert "以前的责任人" in desk.get("/desk/unit/").content.decode()
    stranger = factories.staff(groups.HEAD, department=county.bare)
    assert client_of(stranger).post(f"{path}end/", {}).status_code == 404


@pytest.mark.req("R117")
def test_the_office_sees_all_units_and_keeps_them_in_the_back_office(
    county: County, moment: None, django_assert_max_num_queries: Any
) -> None:
    county.named(mobile="13800000000")
    for _ in range(20):
        factories.department(region="130129")
    office = client_of(county.credit)
    office.get("/desk/unit/")
    with django_assert_max_num_queries(15):
        page = office.get("/desk/unit/?show=lacking").content.decode()
    assert "没有登记齐 22 个" in page and "经办乙" in page
    office.post("/desk/unit/chase/", {"unit": [county.unit.pk, "x", "9" * 30]})
    assert Notice.objects.get().user == county.head
    base = "/admin/registry/unitcontact/"
    told = {
        "department": county.bare.pk,
        "role": "leader",
        "name": "镇长",
        "office_phone": "1",
        "from_on": "2026-09-01",
    }
    answer = office.post(f"{base}add/", told | {"person": "nobody"})
    assert "没有这个用户名" in answer.content.decode()
    assert office.post(f"{base}add/", told).status_code == 302
    row = UnitContact.objects.get(department=county.bare)
    answer = office.post(f"{base}{row.pk}/edit/", {"name": "副镇长", "office_phone": "2"})
    assert answer.status_code == 302
    page = office.get(f"{base}{UnitContact.objects.get(department=county.unit).pk}/change/").content.decode()
    assert "13800000000" in page and ReadLog.objects.filter(what="单位责任人").exists()
    assert office.post(f"{base}{row.pk}/end/", {"until_on": "2026-09-14"}).status_code == 302
    found = office.get("/admin/registry/department/?contacts=lacking").context["cl"].result_list
    assert county.bare in found and county.unit in found and county.office not in found
    assert not office.get("/admin/registry/department/?contacts=complete").context["cl"].result_list


@pytest.mark.req("R107", "R117")
def test_the_monthly_list_offers_the_contact_as_its_reporter(county: County, moment: None) -> None:
    row = factories.usage_list(department=county.unit)
    desk = client_of(county.head)
    assert desk.get(f"/desk/usage/{row.uuid}/").context["form"].initial["reporter"] == "负责甲"
    county.named()
    assert desk.get(f"/desk/usage/{row.uuid}/").context["form"].initial["reporter"] == "经办乙"


# ---- training ----------------------------------------------------------------------------------------------


@pytest.mark.req("R118")
def test_training_is_recorded_and_put_right_by_a_new_row(county: County) -> None:
    first = county.held()
    assert (first.number[:7], first.people, first.lines.count()) == ("K130129", 5, 3)
    second = training.correct_training(
        session_id=first.pk, details=Details("核查操作", date(2026, 3, 3), Decimal(3), "", "怎样核查。"),
        people=[county.officer.pk], others={}, reason="日期写错", actor=county.head, now=NOW,
    )  # fmt: skip
    counting = training.counting(TrainingSession.objects.all())
    assert list(counting) == [second] and second.corrects == first
    with pytest.raises(TrainingError, match="已经更正"):
        training.void_training(session_id=first.pk, reason="重复", actor=county.head, now=NOW)
    void = training.void_training(session_id=second.pk, reason="没有举办", actor=county.head, now=NOW)
    assert not counting.all().exists() and void.people == 0
    with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
        TrainingLine.objects.all().delete()
    for row in (TrainingSession.objects, TrainingLine.objects):
        with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
            row.update(people=7)
    verbs = AuditEvent.objects.filter(target_type="training").order_by("pk")
    assert [event.facts["deed"] for event in verbs] == ["登记", "更正", "作废"]


@pytest.mark.req("R118")
def test_what_is_told_wrongly_of_a_training_is_said_at_its_field(county: County) -> None:
    sound = Details("核查操作", date(2026, 3, 2), Decimal(2), "", "怎样核查。")
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("title", {"details": replace(sound, title=" ")}),
        ("title", {"details": replace(sound, title="长" * 201)}),
        ("content", {"details": replace(sound, content="")}),
        ("held_on", {"details": replace(sound, held_on=date(2026, 9, 15))}),
        ("held_on", {"details": replace(sound, held_on=date(1999, 9, 15))}),
        ("hours", {"details": replace(sound, hours=Decimal(0))}),
        ("hours", {"details": replace(sound, hours=Decimal(201))}),
        ("material", {"details": replace(sound, material=("a.exe", "application/pdf", b"MZ"))}),
        ("people", {"people": [], "others": {}}),
        ("people", {"people": [county.credit.pk]}),
        ("people", {"others": {county.bare.pk: 1}}),
        ("people", {"others": {county.unit.pk: -1}}),
        ("", {"actor": factories.staff(groups.CLERK, department=county.unit)}),
    ]
    for field, told in wrong:
        with pytest.raises(TrainingError) as refused:
            county.held(**told)
        assert refused.value.field == field, told
    assert not TrainingSession.objects.exists()


@pytest.mark.req("R118")
def test_units_are_counted_by_where_their_people_worked(county: County) -> None:
    county.held()
    office_held = county.held(
        actor=county.credit, people=[county.officer.pk, county.credit.pk], others={county.bare.pk: 4},
        details=Details("修复", date(2026, 5, 6), Decimal(2), "", "怎样修复。"),
    )  # fmt: skip
    county.held(details=Details("去年的", date(2025, 5, 6), Decimal(2), "", "内容。"))
    units = Department.objects.filter(pk__in=[county.unit.pk, county.bare.pk]).order_by("pk")
    own, bare = training.totals_of(units, year=2026)
    assert (own.sessions, own.people, own.person_hours) == (2, 6, Decimal("14.5"))
    assert (bare.sessions, bare.people, bare.person_hours) == (1, 4, Decimal(8))
    assert not training.without_training(Department.objects.all(), year=2026).exists()
    assert list(training.without_training(units, year=2025)) == [county.bare]
    # Those who took part see it, others of the region do not.
    assert office_held in training.sessions_visible_to(county.officer)
    assert office_held not in training.sessions_visible_to(
        factories.staff(groups.OFFICER, department=factories.department(region="130129"))
    )


@pytest.mark.req("R118")
def test_a_unit_records_corrects_voids_and_downloads_at_the_desk(county: County, moment: None) -> None:
    desk = client_of(county.officer)
    assert "本单位 2026 年还没有培训" in desk.get("/desk/training/").content.decode()
    told = {
        "title": "=核查操作",
        "held_on": "2026-03-02",
        "hours": "2.5",
        "content": "怎样核查。",
        "person": [county.officer.pk],
    }
    key = f"others-{county.unit.pk}"
    answer = desk.post("/desk/training/new/", told | {key: "-1"})
    assert answer.status_code == 422 and "其他人数应为" in answer.content.decode()
    assert desk.post("/desk/training/new/", told | {"person": []}).status_code == 422
    file = SimpleUploadedFile("签到.png", PNG, "image/png")
    answer = desk.post("/desk/training/new/", told | {key: "3", "material": file})
    assert answer.status_code == 302
    page = desk.get(answer.url).content.decode()
    assert "共 4 人次" in page and "其他 3 人" in page and "经办乙" in page
    assert desk.get(f"{answer.url}material/").content == PNG
    assert desk.post(f"{answer.url}correct/", told).status_code == 422
    assert 'value="3"' in desk.get(f"{answer.url}correct/").content.decode()
    again = desk.post(f"{answer.url}correct/", told | {"reason": "人数", key: ""})
    assert "材料" in desk.get(again.url).content.decode()
    assert "已更正" in desk.get(answer.url).content.decode()
    book = load_workbook(BytesIO(desk.get("/desk/training/training.xlsx").content))
    assert book.sheetnames == ["各单位合计", "培训记录"]
    cell = book["培训记录"].cell(2, 3)
    assert (cell.value, cell.data_type) == ("=核查操作", "s")
    assert [cell.value for cell in book["各单位合计"][2]] == ["赞皇县测试局", "1", "1", "2.5"]
    assert desk.post(f"{again.url}void/", {"reason": ""}).status_code == 422
    assert desk.post(f"{again.url}void/", {"reason": "重复"}).status_code == 302
    stranger = factories.staff(groups.OFFICER, department=county.bare)
    assert client_of(stranger).get(again.url).status_code == 404
    assert client_of(stranger).get(f"{answer.url}material/").status_code == 404


@pytest.mark.req("R118")
def test_the_office_sees_totals_names_those_without_and_asks_them(
    county: County, moment: None, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        county.held()
        factories.department(region="130129")
    office = client_of(county.credit)
    office.get("/desk/training/")
    with django_assert_max_num_queries(16):
        page = office.get("/desk/training/").content.decode()
    assert "13 个单位" in page
    with django_assert_max_num_queries(15):
        page = office.get("/desk/training/units/").content.decode()
    assert "60" in page and "没有培训" in page
    page = office.get("/desk/training/units/?show=none&year=2026").content.decode()
    assert county.bare.name in page and county.unit.name not in page
    factories.staff(groups.OFFICER, department=county.bare)
    office.post("/desk/training/chase/", {"unit": [county.bare.pk, county.unit.pk]})
    assert Notice.objects.get().title == "请开展并登记 2026 年信用工作培训"
    assert client_of(county.head).get("/desk/training/units/").status_code == 403
    form = office.get("/desk/training/new/").content.decode()
    assert county.unit.name in form and f'name="others-{county.bare.pk}"' in form
    for address in ("?year=9999", "?year=x", "?page=x", "units/?year=²&page=0"):
        assert office.get(f"/desk/training/{address}").status_code == 200

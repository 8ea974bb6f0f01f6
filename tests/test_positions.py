"""Key occupational groups and positions, and the declaration of each tax year: what is counted by (R9, R19, R32)."""

from datetime import timedelta

import pytest

from commitments import presenting, reading, text_rules, texts
from commitments.concluding import DuplicateToday
from commitments.draft_steps import DraftError
from commitments.models import Commitment, CommitmentParticulars
from commitments.online import beginning
from credit_portal.audit import clock
from credit_portal.registry import catalogue, groups, occupations
from credit_portal.registry.models import Department, OccupationGroup
from tests import factories as make
from tests import office, self_service, subjects
from tests.scenes import mine
from tests.self_service import SIGNED, Phone, walk
from verification.models import TaxCreditEntry
from verification.tax_credit import keeping
from verification.tax_credit.keeping import TaxCreditError, Told

pytestmark = pytest.mark.django_db
NOW = make.NOW
POSITION = ({"key": "单位"}, {"key": "岗位"})
POSITION_CLAUSES = (("pledge", "我在{单位}任{岗位}，为人师表。", ()), make.CLAUSES[-1])
YEAR = ({"key": "年度", "kind": "number"},)
YEAR_CLAUSES = (("pledge", "{年度}年度综合所得申报真实、完整。", ()), make.CLAUSES[-1])


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def teachers() -> Phone:
    return Phone.on(
        subject=make.person(),
        item={"name": "教师诚信执教承诺", "pinyin": "jscxzj", "occupation": self_service.group()},
        clauses=POSITION_CLAUSES,
        blanks=POSITION,
    )


@pytest.fixture(scope="module")
def built(scene) -> Phone:
    return scene(teachers)


@pytest.fixture
def phone(built, db) -> Phone:
    return mine(built)


@pytest.mark.req("R9", "R19")
def test_a_person_commits_with_unit_and_position_and_is_counted_and_not_published(phone):
    client = phone.client()
    assert "以个人名义承诺" in client.get("/me/sign/?q=教育").content.decode()
    address = walk(client, phone.item, blanks={"单位": "栾城区第一中学", "岗位": "语文教师"})
    client.post(f"{address}sign/", SIGNED)
    one = Commitment.objects.get()
    tag = one.particulars
    assert (tag.occupation.code, tag.occupation_name, tag.unit, tag.position, tag.year) == (
        "teachers", "教育从业人员", "栾城区第一中学", "语文教师", None,
    )  # fmt: skip
    assert (one.publicity_class, one.public_from) == ("limited", None)
    desk = office.client_of(make.staff(groups.OFFICER, department=phone.hall.clerk.department))
    page = desk.get("/desk/positions/").content.decode()
    assert "教育从业人员" in page and "合计 1 人" in page
    listed = desk.get("/desk/positions/teachers/").content.decode()
    assert one.code in listed and "语文教师" in listed and phone.subject.name not in listed
    other = office.client_of(make.staff(groups.OFFICER))
    assert "合计 0 人" in other.get("/desk/positions/").content.decode()
    assert one.code not in other.get("/desk/positions/teachers/").content.decode()
    assert desk.get("/desk/positions/nobody/").status_code == 404
    assert office.client_of(phone.hall.clerk).get("/desk/positions/").status_code == 403
    assert desk.get("/desk/positions/?year=١٩٩٩").status_code == 200
    with pytest.raises(Exception, match="commitmentparticulars"):
        CommitmentParticulars.objects.filter(pk=tag.pk).update(unit="别的学校")


@pytest.mark.req("R9")
def test_numbers_of_a_person_do_not_get_into_the_text(phone):
    client = phone.client()
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    client.post(f"{address}check/", {"commitment_type": "voluntary"})
    for unit, position, words in (
        ("栾城区第一中学", "13812345678", "像手机号码或者身份证号码，不能写进承诺书"),
        ("栾城区第一中学，电话 138 1234 5678", "教师", "“138 1234 5678”像手机号码"),
        ("栾城区第一中学", "12345", "应写岗位或者职务的名称"),
        ("110", "教师", "应写单位的名称"),
    ):
        answer = client.post(f"{address}blanks/", {"blank-单位": unit, "blank-岗位": position})
        assert answer.status_code == 422 and words in answer.content.decode(), words
    # A blank that asks for a telephone takes one.
    asks = text_rules.BlankData("电话", "联系电话")
    assert not text_rules.blank_errors([asks], {"电话": "13812345678"})


@pytest.mark.req("R9")
def test_an_organisation_is_not_asked_and_the_counter_signs_for_persons_the_same_way(phone):
    company = subjects.opened(phone.hall.subject, actor=phone.hall.clerk)
    assert phone.item not in beginning.items_for(phone.hall.subject, now=NOW)
    with pytest.raises(DraftError, match="不能在网上承诺"):
        beginning.begin(access=company, item_version_id=phone.item.pk, now=NOW)
    choice = {"item_version_id": phone.item.pk, "commitment_type": "voluntary"}
    with pytest.raises(DraftError, match="以个人名义"):
        phone.hall.checked(**choice)
    phone.hall.subject = phone.subject
    ready = phone.hall.ready(blanks={"单位": "栾城区第二中学", "岗位": "校长"}, **choice)
    one = phone.hall.sign(ready)
    assert (one.channel, one.particulars.position) == ("window", "校长")


@pytest.mark.req("R19")
def test_education_for_the_positions_goes_before_that_of_the_field(phone):
    unit = phone.hall.clerk.department
    common = {"department": unit, "published_on": NOW.date(), "actor": None, "now": NOW}
    field = reading.publish_reading(domain="approval", title="领域读本", body="一段。", **common)
    draft = phone.checked()
    assert presenting.reading_for(draft) == field
    first = reading.publish_reading(
        domain="education", occupation=phone.item.occupation, title="师德读本", body="一段。", **common
    )
    second = reading.publish_reading(
        domain="education", occupation=phone.item.occupation, title="师德读本第二版", body="一段。", **common
    )
    first.refresh_from_db()
    field.refresh_from_db()
    assert not first.is_current and field.is_current
    assert presenting.reading_for(draft) == second
    phone.show(draft)
    address = f"/me/sign/{draft.pk}/"
    client = phone.client()
    client.post(f"{address}blanks/", {"blank-单位": "一中", "blank-岗位": "教师"})
    phone.show(draft)
    page = client.get(address).content.decode()
    assert "师德读本第二版" in page and "可看可不看，不影响办理，不收费" in page
    assert "看完了" in client.get(f"{address}?part=education").content.decode()
    # Not looked at: it blocks nothing (R17).
    client.post(f"{address}finish/")
    assert client.post(f"{address}sign/", SIGNED)["Location"] == address
    assert Commitment.objects.count() == 1


def test_a_text_for_positions_must_ask_for_them_and_the_list_of_groups_is_dated(phone):
    version = make.text_version(
        text=phone.text.text, status="draft", valid_from=None, published_at=None, sha256="", blanks=(POSITION[0],),
        clauses=(("pledge", "我在{单位}工作。", ()), make.CLAUSES[-1]),
    )  # fmt: skip
    with pytest.raises(texts.TextError, match="该事项的文本须有必填的填写项“岗位”"):
        texts.publish_text(version=version, valid_from=NOW.date() + timedelta(days=1), actor=None, now=NOW)
    group = phone.item.occupation
    assert group in occupations.current_groups(NOW.date())
    credit = make.staff(groups.CREDIT_OFFICE)
    fields = {
        "name": group.name,
        "positions": "教师",
        "basis": "S4",
        "valid_from": group.valid_from,
        "actor": credit,
    }
    occupations.save_group(group=group, valid_to=NOW.date(), now=NOW, **fields)
    assert group not in occupations.current_groups(NOW.date() + timedelta(days=1))
    assert OccupationGroup.history.filter(id=group.pk).latest("history_id").history_user == credit
    for wrong, field in (
        ({"basis": ""}, "basis"),
        ({"name": ""}, "name"),
        ({"valid_to": group.valid_from - timedelta(days=1)}, "__all__"),
    ):
        with pytest.raises(occupations.OccupationError) as refused:
            occupations.save_group(group=group, now=NOW, **(fields | wrong))
        assert refused.value.field == field
    with pytest.raises(occupations.OccupationError, match="由信用办维护"):
        occupations.save_group(group=group, now=NOW, **(fields | {"actor": make.staff(groups.OFFICER)}))
    for problem, change in (
        ("只用于主动型和行业自律型", {"allowed_types": ["approval"], "occupation": group}),
        ("在修复申请中签署", {"allowed_types": ["repair"], "online": True, "occupation": None}),
        ("须留存查询截屏的事项由窗口办理", {"online": True, "evidence_required": True}),
    ):
        with pytest.raises(catalogue.CatalogueError, match=problem):
            catalogue.draft_item(item=phone.item.item, fields=change, actor=None, now=NOW)


@pytest.mark.req("R32")
def test_the_declaration_of_a_tax_year_is_signed_once_a_second_asks():
    phone = Phone.on(
        subject=make.person(),
        item={"name": "个人所得税申报信用承诺", "allowed_types": ["supervisory"], "once_a_year": True},
        commitment_type="supervisory", clauses=YEAR_CLAUSES, blanks=YEAR,
    )  # fmt: skip
    client = phone.client()
    address = client.post(f"/me/sign/items/{phone.item.pk}/")["Location"]
    client.post(f"{address}check/", {"commitment_type": "supervisory"})
    for wrong in ("2018", "2027", "去年"):
        answer = client.post(f"{address}blanks/", {"blank-年度": wrong})
        assert answer.status_code == 422 and "年度" in answer.content.decode()
    client.post(f"{address}discard/")
    later = NOW + timedelta(days=30)
    for year, now in (("2024", NOW), ("2025", NOW + timedelta(days=1))):
        one = phone.sign(phone.ready(blanks={"年度": year}, kind="supervisory", now=now), now=now)
        assert one.particulars.year == int(year)
        assert f"{year}年度综合所得" in one.content[0]["text"]
    again = phone.ready(blanks={"年度": "2024"}, kind="supervisory", now=later)
    with pytest.raises(DuplicateToday, match="该主体已就 2024 年度签署承诺"):
        phone.sign(again, now=later)
    phone.sign(again, now=later, confirm_duplicate=True)
    # At the counter, too.
    phone.hall.subject = phone.subject
    choice = {"item_version_id": phone.item.pk, "commitment_type": "supervisory"}
    at_counter = phone.hall.ready(blanks={"年度": "2025"}, now=later, **choice)
    with pytest.raises(DuplicateToday, match="2025 年度"):
        phone.hall.sign(at_counter, now=later)
    assert Commitment.objects.count() == 3


@pytest.mark.req("R32", "R122")
def test_a_tax_entry_names_only_the_declaration_of_the_same_person_and_year():
    phone = Phone.on(
        subject=make.person(),
        item={"name": "个人所得税申报信用承诺", "allowed_types": ["supervisory"], "once_a_year": True},
        commitment_type="supervisory", clauses=YEAR_CLAUSES, blanks=YEAR,
    )  # fmt: skip
    one = phone.sign(phone.ready(blanks={"年度": "2025"}, kind="supervisory", now=NOW), now=NOW)
    Department.objects.filter(pk=phone.item.item.department_id).update(kind="tax")
    officer = make.staff(groups.OFFICER, department=make.department(kind="tax"))

    def broken(**fields: str) -> TaxCreditEntry:
        told = {
            "id_number": phone.subject.id_number, "name": phone.subject.name, "tax_year": "2025", "kind": "broken",
            "facts": "申报不实，责令后仍未更正", "found_on": NOW.date(), "commitment_code": one.code,
        }  # fmt: skip
        return keeping.record(told=Told(**(told | fields)), actor=officer, now=NOW)

    stranger = make.person()
    for fields, words in (
        ({"commitment_code": ""}, "请填写申报承诺编码"),
        ({"tax_year": "2024"}, "是就 2025 年度作出的"),
        ({"commitment_code": "1" * 20}, "没有找到这个人的这份纳税申报承诺"),
        (
            {"id_number": stranger.id_number, "name": stranger.name},
            "没有找到这个人的这份纳税申报承诺",
        ),
    ):
        with pytest.raises(TaxCreditError, match=words) as refused:
            broken(**fields)
        assert refused.value.field == "commitment_code"
    assert broken().commitment_code == one.code
    assert broken(commitment_code="", document_no="税认〔2026〕5号").document_no

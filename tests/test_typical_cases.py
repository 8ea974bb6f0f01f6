"""Typical cases: nobody can be recognised in them, and they go from the unit to the office, upward, to the public and back."""

import string
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.outbox.models import Notice
from credit_portal.registry import groups
from credit_portal.registry.services import set_responsible
from disclosure.models import TypicalCase, TypicalPublication, TypicalReport
from disclosure.typical import anonymity, publishing, sending, writing
from disclosure.typical.anonymity import find_traces
from disclosure.typical.writing import TellsWho, Told, TypicalError
from disclosure.typical_gate import (
    LISTED_FIELDS,
    PUBLIC_FIELDS,
    find_case,
    listed_row,
    public_cases,
    record_row,
)
from tests import factories
from tests.office import client_of
from tests.paper_reading import text_of
from tests.reading import english
from verification import services
from verification.models import Check

NOW = datetime(2026, 9, 14, 10, tzinfo=SHANGHAI)
PLACES = ("河北省", "石家庄市", "栾城区")
NAME = "石家庄市栾城区冀盛粮油食品有限公司"

# ---- whom a text tells (pure) ------------------------------------------------------------------------------


def traces(text: str, **more: Any) -> list[tuple[str, str]]:
    return [(one.text, one.what) for one in find_traces({"f": text}, **more)]


@pytest.mark.req("R88")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"走访{NAME}时发现", NAME),
        ("冀盛粮油一度失信", "冀盛粮油"),
        ("冀 盛-粮\n油一度失信", "冀 盛-粮\n油"),
        ("栾城区冀盛的仓库", "栾城区冀盛"),
        ("某食品有限公司", "食品有限公司"),
        ("某有限公司在石家庄市栾城区办理", ""),
        ("一家粮油企业", ""),
        ("冀盛", ""),
    ],
)
def test_a_name_and_what_is_its_own_of_four_characters_tells_who_it_is(text: str, found: str) -> None:
    assert traces(text, names=[NAME], places=PLACES) == ([(found, anonymity.NAME)] if found else [])


@pytest.mark.req("R88")
@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("张伟", "由张伟负责", "张伟"),
        ("栾城区恒瑞有限公司", "恒瑞主动整改", "恒瑞"),
        ("买买提·艾力", "买买提艾力来窗口", "买买提艾力"),
        ("ＡＢＣ商贸", "abc商贸", "abc商贸"),
        ("伟", "伟", ""),
        ("", "什么也没有", ""),
    ],
)
def test_short_names_count_whole(name: str, text: str, found: str) -> None:
    assert [one for one, _ in traces(text, names=[name], places=PLACES)] == ([found] if found else [])


@pytest.mark.req("R88")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (factories.organisation_code(7), anonymity.USCC),
        (" ".join(factories.organisation_code(7)).lower(), anonymity.USCC),
        (factories.id_number(7), anonymity.ID_NUMBER),
        (f"他{factories.id_number(7)}12人", anonymity.ID_NUMBER),
        ("13011120260914000001", anonymity.COMMITMENT),
        ("H1301112026000012", anonymity.CODE),
        ("130111850307123", anonymity.CODE),
        ("138 0000 0000", anonymity.MOBILE),
        ("１３８００００００００", anonymity.MOBILE),
        ("+86-13800000000", anonymity.MOBILE),
        ("0311-8000 0001", anonymity.PHONE),
        ("400-800-1234", anonymity.PHONE),
        ("电话：8800001", anonymity.PHONE),
        ("栾市监罚〔2026〕5号", anonymity.FILE),
        ("（2026）冀0111民初12号", anonymity.FILE),
        ("someone@example.cn", anonymity.MAIL),
    ],
)
def test_codes_numbers_and_files_tell_who_it_is(text: str, what: str) -> None:
    found = find_traces({"f": f"办理时{text}，已经记下"})
    assert [one.what for one in found] == [what]
    assert found[0].text in f"办理时{text}，已经记下"
    assert any(char.isalnum() for char in found[0].text)


@pytest.mark.req("R88")
@pytest.mark.parametrize(
    "text",
    [
        "2026年9月14日至2026年12月，15个工作日内办结3000万元",
        "2026-09-14 2026-12-01 的两次",
        "依据石政办〔2019〕12号和冀政办字〔2021〕136号",
        "核查 1200 次，占 35.5%，涉及 100000000 元",
        "第一百二十三条",
        "A级 3A 景区，5G",
    ],
)
def test_days_sums_and_documents_of_policy_tell_nobody(text: str) -> None:
    assert traces(text, names=[NAME], places=PLACES) == []


@pytest.mark.req("R88")
def test_numbers_of_files_that_are_known_count_however_they_look() -> None:
    assert traces("案卷 栾审（2026） 7", numbers=["栾审〔2026〕7"]) == [("栾审（2026） 7", anonymity.FILE)]


HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
OWN = st.text(HAN, min_size=4, max_size=12)
FILLER = st.text(st.sampled_from("，。；甲乙丙丁 \n"), max_size=8)
NOISE = st.sampled_from(["", " ", "\n", "-", "·", "\u200b", "\u3000"])


@pytest.mark.req("R88")
@given(name=OWN, before=FILLER, after=FILLER, data=st.data())
def test_any_piece_of_four_is_found_where_it_stands_whatever_is_put_between(
    name: str, before: str, after: str, data: st.DataObject
) -> None:
    # What stands behind a name's own part (有限公司) tells nobody by itself: a piece begins before it.
    form = next((form for form in anonymity.FORMS if name.endswith(form)), "")
    own = len(name) - len(form) or len(name)
    start = data.draw(st.integers(0, min(len(name) - 4, own - 1)))
    end = data.draw(st.integers(start + 4, len(name)))
    piece = "".join(char + data.draw(NOISE) for char in name[start : end - 1]) + name[end - 1]
    text = before + piece + after
    found = [one for one in find_traces({"f": text}, names=[name]) if one.what == anonymity.NAME]
    assert found
    for one in found:
        assert text[one.start : one.start + len(one.text)] == one.text
    first, last = found[0].start, found[-1].start + len(found[-1].text)
    assert first <= len(before) and last >= len(before) + len(piece)


@pytest.mark.req("R88")
@given(name=OWN, text=st.text(HAN, max_size=60))
def test_a_text_without_a_piece_of_the_name_is_let_through(name: str, text: str) -> None:
    assume(not any(name[i : i + 4] in text for i in range(len(name) - 3)))
    form = next((form for form in anonymity.FORMS if name.endswith(form)), "")
    assume(not form)
    assert find_traces({"f": text}, names=[name]) == []


@pytest.mark.req("R88")
@given(
    code=st.one_of(
        st.integers(0, 9_999_999).map(factories.organisation_code),
        st.integers(1, 999).map(factories.id_number),
        st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
        st.from_regex(r"[0-9]{20}", fullmatch=True),
    ),
    before=st.text(HAN, max_size=10),
    after=st.text(HAN, max_size=10),
    data=st.data(),
)
def test_any_code_is_found_where_it_stands(code: str, before: str, after: str, data: st.DataObject) -> None:
    spread = "".join(char + data.draw(NOISE) for char in code)
    text = before + spread + after
    found = find_traces({"f": text})
    assert found
    assert any(
        one.start <= len(before) + len(spread) and text[one.start :].startswith(one.text) for one in found
    )


@pytest.mark.req("R88")
@given(text=st.text(max_size=80), name=st.text(max_size=12), place=st.text(max_size=4))
def test_whatever_is_typed_gets_an_answer(text: str, name: str, place: str) -> None:
    for one in find_traces({"f": text}, names=[name], numbers=[name], places=[place]):
        assert text[one.start : one.start + len(one.text)] == one.text
        assert anonymity.in_words(one)


def test_digits_of_other_scripts_are_digits() -> None:
    assert [what for _, what in traces("".join(chr(0x660 + int(d)) for d in "13800000000"))] == [
        anonymity.MOBILE
    ]
    assert traces(string.ascii_letters) == []


# ---- the way of a case -------------------------------------------------------------------------------------


class Place:
    """A district with a unit and an office of two, the city's office above it, and none above that."""

    def __init__(self) -> None:
        self.unit = factories.department(name="栾城区测试局")
        self.office = factories.department(kind="credit_office", name="栾城区测试信用办")
        self.city = factories.department(region="130100", kind="credit_office", name="石家庄市测试信用办")
        self.officer = factories.staff(groups.OFFICER, department=self.unit)
        self.credit = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.second = factories.staff(groups.CREDIT_OFFICE, department=self.office)
        self.above = factories.staff(groups.CREDIT_OFFICE, department=self.city)

    def check(self) -> Check:
        subject = factories.subject(name=NAME)
        set_responsible(
            subject=subject, capacity="legal_representative", name="钱多多", source="licence", actor=self.officer,
            department=self.unit, now=NOW,
        )  # fmt: skip
        return services.check_subject(
            subject=subject, item_version=factories.item_version(department=self.unit),
            commitment_type="supervisory", operator=self.officer, now=NOW, case_ref="栾审2026-77",
        )  # fmt: skip

    def told(self, **more: Any) -> Told:
        told = {"kind": "repair", "title": "某企业主动修复", "problem": "一度失信。", "action": "上门辅导。",
                "effect": "已经修复。", "hidden_names": "无"}  # fmt: skip
        return Told(**(told | more))

    def case(self, state: str = "draft", **more: Any) -> TypicalCase:
        case = writing.save_case(case_id=None, told=self.told(**more), actor=self.officer, now=NOW)
        if state != "draft":
            writing.submit_case(case_id=case.pk, actor=self.officer, now=NOW)
        if state == "accepted":
            writing.accept_case(case_id=case.pk, actor=self.credit, now=NOW)
        case.refresh_from_db()
        return case

    def published(self, **more: Any) -> TypicalCase:
        case = self.case("accepted", **more)
        publishing.propose(case_id=case.pk, actor=self.credit, now=NOW)
        publishing.approve(case_id=case.pk, actor=self.second, now=NOW)
        return case


@pytest.fixture
def place(db: None) -> Place:
    return Place()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.req("R88")
def test_a_case_that_tells_who_it_is_about_is_not_handed_in(place: Place) -> None:
    check = place.check()
    case = place.case(
        check_number=check.number, hidden_names="",
        problem=f"冀盛粮油由钱多多经营，编号{check.number}", action="办件栾审2026-77", effect="成效",
    )  # fmt: skip
    with pytest.raises(TellsWho) as refused:
        writing.submit_case(case_id=case.pk, actor=place.officer, now=NOW)
    assert [(one.field, one.start, one.text) for one in refused.value.traces] == [
        ("problem", 0, "冀盛粮油"), ("problem", 5, "钱多多"), ("problem", 13, check.number),
        ("action", 2, "栾审2026-77"),
    ]  # fmt: skip
    case.refresh_from_db()
    assert case.state == "draft"
    writing.save_case(
        case_id=case.pk, told=place.told(check_number=check.number), actor=place.officer, now=NOW
    )
    writing.submit_case(case_id=case.pk, actor=place.officer, now=NOW)
    nobody = place.case(hidden_names="")
    with pytest.raises(TypicalError, match="不涉及具体主体的写“无”"):
        writing.submit_case(case_id=nobody.pk, actor=place.officer, now=NOW)


@pytest.mark.req("R88")
def test_a_case_goes_from_the_unit_to_the_office_and_back(place: Place) -> None:
    case = place.case("submitted")
    assert (case.office, case.number[:7]) == (place.office, "D130111")
    assert Notice.objects.filter(user=place.second, kind="typical").exists()
    with pytest.raises(TypicalError, match="不能修改"):
        writing.save_case(case_id=case.pk, told=place.told(), actor=place.officer, now=NOW)
    with pytest.raises(TypicalError, match="受理的信用办"):
        writing.accept_case(case_id=case.pk, actor=place.above, now=NOW)
    with pytest.raises(TypicalError, match="理由"):
        writing.return_case(case_id=case.pk, reason=" ", actor=place.credit, now=NOW)
    writing.return_case(case_id=case.pk, reason="补充成效", actor=place.credit, now=NOW)
    assert Notice.objects.filter(user=place.officer, title__contains="已退回").exists()
    with pytest.raises(TypicalError, match="不能放弃"):
        writing.discard_case(case_id=case.pk, actor=place.officer, now=NOW)
    writing.save_case(case_id=case.pk, told=place.told(effect="好多了。"), actor=place.officer, now=NOW)
    writing.submit_case(case_id=case.pk, actor=place.officer, now=NOW)
    writing.accept_case(case_id=case.pk, actor=place.credit, now=NOW)
    for change in ({"title": "另一个"}, {"state": "draft"}):
        with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
            TypicalCase.objects.filter(pk=case.pk).update(**change)
    with pytest.raises(IntegrityError, match="不能删除"), transaction.atomic():
        TypicalCase.objects.filter(pk=case.pk).delete()
    # The office's own case is answered by another of it.
    own = writing.save_case(case_id=None, told=place.told(), actor=place.credit, now=NOW)
    writing.submit_case(case_id=own.pk, actor=place.credit, now=NOW)
    with pytest.raises(TypicalError, match="报送人以外"):
        writing.accept_case(case_id=own.pk, actor=place.credit, now=NOW)
    writing.accept_case(case_id=own.pk, actor=place.second, now=NOW)
    steps = AuditEvent.objects.filter(target_type="typical_case", target_id=str(case.pk)).order_by("pk")
    assert [event.facts["step"] for event in steps] == ["起草", "报送", "退回", "修改", "报送", "采用"]
    writing.discard_case(case_id=place.case().pk, actor=place.officer, now=NOW)


@pytest.mark.req("R88")
def test_what_is_told_wrongly_of_a_case_is_said_at_its_field(place: Place) -> None:
    stranger = factories.department()
    other = services.check_subject(
        subject=factories.subject(), item_version=factories.item_version(department=stranger),
        commitment_type="supervisory", operator=factories.staff(groups.CLERK, department=stranger), now=NOW,
    )  # fmt: skip
    for field, value in (("kind", "x"), ("title", ""), ("effect", "长" * 2001), ("check_number", other.number),
                         ("breach_number", "W1"), ("commitment_code", "1" * 20), ("hidden_names", "长" * 501)):  # fmt: skip
        with pytest.raises(TypicalError) as refused:
            place.case(**{field: value})
        assert refused.value.field == field
    assert not TypicalCase.objects.exists()


@pytest.mark.req("R130")
def test_cases_go_up_level_by_level_once_each(place: Place) -> None:
    case = place.case("accepted")
    draft = place.case()
    up = {"to_name": "", "on": NOW.date(), "now": NOW}
    with pytest.raises(TypicalError, match="采用或者收到"):
        sending.report_up(case_id=case.pk, actor=place.above, **up)
    with pytest.raises(TypicalError, match="之间") as refused:
        sending.report_up(case_id=case.pk, actor=place.credit, **up | {"on": date(2026, 9, 1)})
    assert refused.value.field == "on"
    assert case not in writing.cases_visible_to(factories.staff(groups.OFFICER, department=place.city))
    first = sending.report_up(case_id=case.pk, actor=place.credit, **up)
    assert (first.to_office, first.to_name) == (place.city, place.city.name)
    assert Notice.objects.filter(user=place.above, title__contains="下级上报").count() == 1
    with pytest.raises(TypicalError, match="一个机关上报一次"):
        sending.report_up(case_id=case.pk, actor=place.second, **up)
    # Nobody is known above the city: it says to whom.
    with pytest.raises(TypicalError) as refused:
        sending.report_up(case_id=case.pk, actor=place.above, **up)
    assert refused.value.field == "to_name"
    sending.report_up(case_id=case.pk, actor=place.above, **up | {"to_name": sending.AT_LAST})
    assert [one.to_name for one in case.reports.all()] == [place.city.name, "省信用信息共享平台"]
    assert draft not in writing.cases_visible_to(place.credit)
    with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
        TypicalReport.objects.update(to_name="别处")


@pytest.mark.req("R88")
def test_a_case_is_public_by_two_people_and_gone_when_one_withdraws_it(place: Place, client: Any) -> None:
    case = place.case("accepted")
    with pytest.raises(TypicalError, match="采用案例的信用办"):
        publishing.propose(case_id=case.pk, actor=place.above, now=NOW)
    publishing.propose(case_id=case.pk, actor=place.credit, now=NOW)
    with pytest.raises(TypicalError, match="另一人决定"):
        publishing.approve(case_id=case.pk, actor=place.credit, now=NOW)
    with pytest.raises(TypicalError, match="正在等待"):
        publishing.propose(case_id=case.pk, actor=place.second, now=NOW)
    assert not public_cases().exists()
    publishing.refuse(case_id=case.pk, reason="再改改", actor=place.second, now=NOW)
    publishing.propose(case_id=case.pk, actor=place.second, now=NOW)
    publishing.approve(case_id=case.pk, actor=place.credit, now=NOW)
    path = f"/cases/{case.uuid}/"
    assert client.get(path).status_code == 200 and "某企业主动修复" in client.get("/cases/").content.decode()
    publishing.withdraw(case_id=case.pk, reason="有人认出来了", actor=place.second, now=NOW)
    assert client.get(path).status_code == 404 and find_case(case.uuid) is None
    assert "某企业主动修复" not in client.get("/cases/").content.decode()
    assert list(case.publications.values_list("state", flat=True)) == ["refused", "withdrawn"]
    with pytest.raises(IntegrityError), transaction.atomic():
        TypicalPublication.objects.filter(state="withdrawn").update(
            state="public", proposed_by=place.credit, decided_by=place.credit
        )


@pytest.mark.req("R88")
def test_a_name_that_became_known_since_stops_the_publication(place: Place) -> None:
    check = place.check()
    case = place.case("accepted", check_number=check.number, problem="孙大圣经营的店一度失信。")
    publishing.propose(case_id=case.pk, actor=place.credit, now=NOW)
    set_responsible(
        subject=check.subject, capacity="controller", name="孙大圣", source="licence", actor=place.officer,
        department=place.unit, now=NOW,
    )  # fmt: skip
    with pytest.raises(TellsWho):
        publishing.approve(case_id=case.pk, actor=place.second, now=NOW)
    assert not public_cases().exists()


# ---- public pages ------------------------------------------------------------------------------------------


@pytest.mark.req("R88", "R92")
def test_the_public_sees_what_the_gate_names_and_nothing_of_where_it_comes_from(
    place: Place, client: Any, django_assert_num_queries: Any
) -> None:
    factories.region()
    assert "还没有公开的典型案例" in client.get("/cases/").content.decode()
    check = place.check()
    case = place.published(check_number=check.number, hidden_names="钱多多")
    row = public_cases().values().get()
    assert not {"hidden_names"} & set(PUBLIC_FIELDS) and row["public_at"] == NOW
    record = find_case(case.uuid)
    assert record is not None and tuple(record) == PUBLIC_FIELDS
    assert set(LISTED_FIELDS) < set(PUBLIC_FIELDS)
    for path in ("/cases/", f"/cases/{case.uuid}/"):
        answer = client.get(path)
        page = answer.content.decode()
        assert "no-store" in answer["Cache-Control"] and not answer.cookies
        assert client.head(path).status_code == 200 and client.post(path).status_code == 405
        assert page.count("<h1") == 1 and "<script" not in page and english(page) == set()
        assert 'content="index,follow"' in page
        for secret in (check.number, NAME, "钱多多", "冀盛", check.subject_code, place.officer.display_name):
            assert secret not in page
    for number in range(24):
        place.published(title=f"案例{number}", kind="use", problem="长" * 200)
    with django_assert_num_queries(2):
        page = client.get("/cases/").content.decode()
    assert "第 1 页，共 2 页" in page and "某企业主动修复" not in page
    assert "某企业主动修复" in client.get("/cases/?page=2").content.decode()
    page = client.get("/cases/?kind=repair").content.decode()
    assert "某企业主动修复" in page and "案例1" not in page and "noindex,follow" in page
    for odd in ("?kind=%00", "?kind=x&page=0", "?page=²", "?page=99999999999"):
        assert client.get(f"/cases/{odd}").status_code == 200
    assert (
        "/cases/" in client.get("/").content.decode() and "/cases/" in client.get("/rules/").content.decode()
    )
    assert listed_row.__module__ == record_row.__module__


# ---- the desk ----------------------------------------------------------------------------------------------


@pytest.mark.req("R88")
def test_a_unit_writes_and_hands_in_at_the_desk(place: Place, moment: None) -> None:
    check = place.check()
    desk = client_of(place.officer)
    told = vars(place.told(problem="冀盛粮油一度失信。", check_number=check.number, hidden_names=""))
    assert desk.post("/desk/typical/new/", told | {"title": ""}).status_code == 422
    answer = desk.post("/desk/typical/new/", told | {"breach_number": "W1"})
    assert answer.status_code == 422 and "没有这个违诺认定案号" in answer.content.decode()
    path = desk.post("/desk/typical/new/", told).url
    page = desk.get(path).content.decode()
    assert "第 1 个字起“冀盛粮油”是主体名称" in page
    assert ReadLog.objects.filter(what="典型案例", actor_id=place.officer.pk).exists()
    answer = desk.post(f"{path}do/submit/")
    assert answer.status_code == 422 and "请隐去" in answer.content.decode()
    assert desk.post(f"{path}edit/", told | {"problem": "一度失信。"}).status_code == 302
    assert "没有发现" in desk.get(path).content.decode()
    assert desk.post(f"{path}do/submit/").status_code == 302
    assert "已报送" in desk.get("/desk/typical/").content.decode()
    assert desk.get(f"{path}edit/").status_code == 404
    assert desk.post(f"{path}do/accept/").status_code == 403
    assert desk.post(f"{path}do/nothing/").status_code == 404
    stranger = client_of(factories.staff(groups.OFFICER))
    assert stranger.get(path).status_code == 404
    assert client_of(factories.staff(groups.CLERK, department=place.unit)).get(path).status_code == 403


@pytest.mark.req("R88", "R130")
def test_the_office_answers_reports_prints_publishes_and_withdraws_at_the_desk(
    place: Place, moment: None, django_assert_max_num_queries: Any
) -> None:
    case = place.case("submitted")
    office, second, above = (client_of(user) for user in (place.credit, place.second, place.above))
    path = f"/desk/typical/{case.uuid}/"
    assert case.title in office.get("/desk/typical/").content.decode()
    assert office.post(f"{path}do/return/", {"reason": ""}).status_code == 422
    assert office.post(f"{path}do/accept/").status_code == 302
    assert office.post(f"{path}do/report/", {"on": "2026-09-30"}).status_code == 422
    assert office.post(f"{path}do/report/", {"on": "2026-09-14"}).status_code == 302
    assert case.title in above.get("/desk/typical/?tab=below").content.decode()
    assert "省信用信息共享平台" in above.get(path).content.decode()
    assert above.post(f"{path}do/report/", {"on": "2026-09-14", "to_name": ""}).status_code == 422
    assert above.post(f"{path}do/report/", {"on": "2026-09-14", "to_name": "省平台"}).status_code == 302
    assert above.post(f"{path}do/propose/").status_code == 403
    assert office.post(f"{path}do/propose/").status_code == 302
    assert office.post(f"{path}do/approve/").status_code == 422
    assert second.post(f"{path}do/approve/").status_code == 302
    assert "公众看到的页面" in second.get(path).content.decode()
    for _ in range(15):
        place.case("accepted", kind="use", title="另一个案例")
    with django_assert_max_num_queries(14):
        page = office.get("/desk/typical/?tab=accepted&year=2026").content.decode()
    assert "公开中" in page and "已上报" in page
    answer = office.get("/desk/typical/collection.pdf", {"case": [str(case.uuid), "x"], "year": "2026"})
    assert answer.content.startswith(b"%PDF") and case.title in text_of(answer.content)
    assert office.get("/desk/typical/collection.pdf").status_code == 302
    assert client_of(place.officer).get("/desk/typical/collection.pdf").status_code == 403
    assert office.post(f"{path}do/withdraw/", {"reason": ""}).status_code == 422
    assert office.post(f"{path}do/withdraw/", {"reason": "撤下看看"}).status_code == 302
    for odd in ("?tab=x", "?tab=other&page=²", "?tab=accepted&year=99999", "?year=٣٣٣٣"):
        assert office.get(f"/desk/typical/{odd}").status_code == 200

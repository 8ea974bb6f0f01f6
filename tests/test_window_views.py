"""The counter's pages as requests and answers: who may, what is kept, what never happens."""

import json
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commitments import drafting, presenting
from commitments.forms import iso_date
from commitments.models import Commitment, Draft, Presentation
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent, ReadLog
from disclosure.models import ExchangePlatform, ExchangeRecord
from tests import factories
from tests.counter import Counter, signature_data_url, signature_png

pytestmark = pytest.mark.django_db
START = "/window/"
JSON = {"accept": "application/json"}
BLANK = {"key": "完成日期", "label": "完成日期", "kind": "date"}
CLAUSE = ("pledge", "在{完成日期}前完成整改。", ())


def browser_of(user) -> Client:
    client = Client()
    client.force_login(user, backend="credit_portal.registry.accounts.StaffBackend")
    return client


@pytest.fixture
def hall() -> Counter:
    return Counter.open()


@pytest.fixture
def counter(hall) -> Client:
    return browser_of(hall.clerk)


def at(name: str, draft: Draft) -> str:
    return reverse(f"window:{name}", args=[draft.pk])


def choice(hall: Counter, **changes) -> dict[str, str]:
    return {"item": str(hall.item.pk), "commitment_type": "approval", "case_ref": "栾审2026-7"} | changes


def signature(**changes) -> dict:
    return {
        "capacity": "legal_representative",
        "signer_name": "王一",
        "identity_document": "id_card",
        "signed_by": "pad",
        "signature": signature_data_url(),
    } | changes


# ---- who may -----------------------------------------------------------------------------------------------


def test_nobody_reaches_the_counter_without_logging_in():
    answer = Client().get(START)
    assert answer.status_code == 302 and answer["Location"] == f"{reverse('account_login')}?next=/window/"


def test_a_script_without_a_session_is_told_so_instead_of_getting_the_login_page(hall):
    draft = hall.ready(now=clock.now())
    for name in ("state", "sign", "present", "signer"):
        answer = Client().post(at(name, draft), headers=JSON)
        assert (answer.status_code, answer.json()) == (401, {"login": True}), name


@pytest.mark.parametrize(
    "group", ["officer", "head", "credit_office", "auditor", "security_admin", "system_admin", "association"]
)
def test_other_roles_are_refused_in_plain_words(group):
    answer = browser_of(factories.staff(group)).get(START)
    assert answer.status_code == 403 and "没有窗口办理权限" in answer.content.decode()


def test_a_clerk_without_department_is_told_what_is_missing():
    clerk = factories.staff("clerk")
    clerk.department = None
    clerk.save()
    answer = browser_of(clerk).get(START)
    assert answer.status_code == 403 and "没有归属部门" in answer.content.decode()


def test_a_clerk_of_a_closed_department_is_told_so(hall, counter):
    type(hall.clerk.department).objects.filter(pk=hall.clerk.department_id).update(is_active=False)
    answer = counter.get(START)
    assert answer.status_code == 403 and "已停用" in answer.content.decode()


def test_drafts_belong_to_their_clerk_and_commitments_to_their_department(hall):
    draft = hall.ready(now=clock.now())
    commitment = hall.sign(draft, now=clock.now())
    colleague = browser_of(factories.staff("clerk", department=hall.clerk.department))
    stranger = browser_of(factories.staff("clerk"))
    for name in ("draft", "present", "state", "discard", "ordinary_notice"):
        assert colleague.get(at(name, draft)).status_code == 404, name
        assert stranger.get(at(name, draft)).status_code == 404, name
    for name in ("sign", "turn", "check", "blanks", "finish_reading", "another", "rename", "reread"):
        assert stranger.post(at(name, draft)).status_code == 404, name
    papers = [
        reverse("window:commitment", args=[commitment.code]),
        reverse("window:void", args=[commitment.code]),
        reverse("window:correct", args=[commitment.code]),
        reverse("window:paper_pdf", args=[commitment.code, "commitment"]),
        reverse("window:print", args=[commitment.code, "receipt"]),
    ]
    for address in papers:
        assert stranger.get(address).status_code == 404, address
        assert stranger.post(address, {"reason": "信息录入错误"}).status_code in (404, 405), address
    assert colleague.get(papers[0]).status_code == 200
    commitment.refresh_from_db()
    assert commitment.voided_at is None


def test_pages_are_kept_by_no_cache(hall, counter):
    draft = hall.ready(now=clock.now())
    for address in (START, at("draft", draft), at("present", draft), at("state", draft)):
        assert "no-store" in counter.get(address)["Cache-Control"], address


# ---- code and subject --------------------------------------------------------------------------------------


def test_a_wrong_code_is_an_answer_that_names_the_part(counter):
    answer = counter.post(START, {"code": "91130111MA0000000O"})
    assert answer.status_code == 422
    assert "第 18 位" in answer.content.decode()
    assert Draft.objects.count() == 0


def test_the_code_never_stands_in_an_address_and_scanning_twice_finds_the_draft(hall, counter):
    first = counter.post(START, {"code": hall.code})
    again = counter.post(START, {"code": hall.code.lower()})
    assert first["Location"] == again["Location"] == at("draft", Draft.objects.get())
    assert hall.code not in first["Location"]


def test_a_newcomer_is_entered_with_the_source_of_the_name(counter):
    code = factories.organisation_code()
    page = counter.post(START, {"code": code}, follow=True)
    assert code in page.content.decode() and "库中还没有" in page.content.decode()
    draft = Draft.objects.get()
    empty = counter.post(at("subject", draft), {"kind": "organisation", "name": "", "name_source": "licence"})
    assert empty.status_code == 422 and "名称不能为空" in empty.content.decode()
    known = {
        "kind": "organisation",
        "name": "新来的公司",
        "name_source": "licence",
        "legal_representative": "欧阳修",
    }
    page = counter.post(at("subject", draft), known, follow=True)
    assert "新来的公司" in page.content.decode()
    assert "欧阳＊" in page.content.decode() and "欧阳修" not in page.content.decode()


@pytest.mark.req("R113")
def test_a_persons_number_is_masked_from_the_moment_of_entry(counter):
    number = factories.id_number()
    page = counter.post(START, {"code": number}, follow=True)
    assert number not in page.content.decode()
    draft = Draft.objects.get()
    for address in (START, reverse("window:drafts"), at("discard", draft)):
        assert number not in counter.get(address).content.decode(), address
    page = counter.post(
        at("subject", draft), {"kind": "person", "name": "李四", "name_source": "identity_card"}, follow=True
    )
    assert number not in page.content.decode() and number[0] + "*" * 16 + number[-1] in page.content.decode()


def test_a_name_that_the_licence_shows_otherwise_is_corrected_at_the_counter(hall, counter):
    draft = drafting.open_draft(clerk=hall.clerk, code=hall.code, now=clock.now())
    old = hall.subject.name
    page = counter.post(at("rename", draft), {"name": "", "name_source": "licence"})
    assert page.status_code == 422
    page = counter.post(at("rename", draft), {"name": "更名后的公司", "name_source": "licence"}, follow=True)
    assert "更名后的公司" in page.content.decode()
    assert hall.subject.names.filter(name=old, valid_to__isnull=False).exists()


# ---- check and reading -------------------------------------------------------------------------------------


def test_what_is_missing_in_a_check_is_named_beside_its_field(hall, counter):
    draft = drafting.open_draft(clerk=hall.clerk, code=hall.code, now=clock.now())
    for changes, words in (
        ({"item": ""}, "请选择事项"),
        ({"item": "abc"}, "请选择事项"),
        ({"item": "999999"}, "请选择目录中的现行事项"),
        ({"commitment_type": ""}, "请选择承诺类型"),
        ({"commitment_type": "nonsense"}, "nonsense"),
        ({"case_ref": "x" * 61}, "最多 60 个字"),
    ):
        answer = counter.post(at("check", draft), choice(hall, **changes))
        assert answer.status_code == 422, changes
        assert "field-error" in answer.content.decode() and words in answer.content.decode(), changes
    assert not hall.subject.checks.exists()


@pytest.mark.req("R38", "R39", "R59")
def test_the_check_answers_in_one_line_with_its_article_and_keeps_itself(hall, counter):
    draft = drafting.open_draft(clerk=hall.clerk, code=hall.code, now=clock.now())
    page = counter.post(at("check", draft), choice(hall), follow=True)
    check = hall.subject.checks.get()
    assert check.case_ref == "栾审2026-7"
    text = page.content.decode()
    assert "可适用承诺制。" in text and check.number in text and 'aria-current="step">2 阅读' in text


def test_blanks_are_kept_while_they_are_typed_and_the_paper_follows(counter):
    hall = Counter.open(clauses=(*factories.CLAUSES, CLAUSE), blanks=(BLANK,))
    counter = browser_of(hall.clerk)
    draft = hall.checked(now=clock.now())
    answer = counter.post(at("blanks", draft), {"blank-完成日期": "20261220"}, headers={"hx-request": "true"})
    assert "2026年12月20日" in answer.content.decode() and 'hx-swap-oob="true"' in answer.content.decode()
    draft.refresh_from_db()
    assert draft.blanks == {"完成日期": "2026-12-20"}
    answer = counter.post(at("blanks", draft), {"blank-完成日期": "明天"}, headers={"hx-request": "true"})
    assert "应为日期" in answer.content.decode()
    turned = counter.post(at("turn", draft), {"blank-完成日期": ""})
    assert turned.status_code == 422 and "没有填写" in turned.content.decode()
    turned = counter.post(at("turn", draft), {"blank-完成日期": "2026/12/20"})
    assert turned["Location"] == at("present", draft)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("20261220", "2026-12-20"),
        ("２０２６１２２０", "2026-12-20"),
        ("2026-1-2", "2026-01-02"),
        ("2026年12月3日", "2026-12-03"),
        ("2026.12.31", "2026-12-31"),
        ("12-20", "12-20"),
        ("明天", "明天"),
        ("", ""),
    ],
)
def test_dates_are_taken_as_clerks_type_them(typed, kept):
    assert iso_date(typed) == kept


def seals_of(counter, draft) -> dict[str, str]:
    """What the turned screen was given to report with, by part."""
    page = counter.get(at("present", draft)).content.decode()
    return dict(re.findall(r'data-part="(\w+)" data-key="[^"]+" data-seal="([^"]+)"', page))


@pytest.mark.req("R18")
def test_a_report_speaks_of_what_was_on_the_screen_whatever_the_draft_holds_by_then():
    clause = ("pledge", "在 {完成日期} 前完成。", ())
    hall = Counter.open(clauses=(*factories.CLAUSES, clause), blanks=(BLANK,))
    counter, draft = browser_of(hall.clerk), hall.checked(now=clock.now())

    def fill(value: str) -> None:
        values = {"完成日期": value}
        drafting.save_blanks(draft_id=draft.pk, clerk=hall.clerk, values=values, now=clock.now())

    fill("2026-12-20")
    seals = seals_of(counter, draft)
    fill("2027-12-20")
    shown = [
        {"key": str(uuid.uuid4()), "seal": seals[part], "seconds": 4} for part in presenting.MUST_BE_SHOWN
    ]
    page = counter.post(at("finish_reading", draft), {"shown": json.dumps(shown)}, follow=True)
    assert "申请人还没有看到：承诺书" in page.content.decode()
    fill("2026-12-20")
    counter.post(at("finish_reading", draft), {"shown": json.dumps(shown)})
    draft.refresh_from_db()
    assert draft.step == "sign"


@pytest.mark.req("R18")
def test_a_showing_reported_twice_only_grows_longer(hall, counter):
    draft = hall.checked(now=clock.now())
    key, seal = str(uuid.uuid4()), seals_of(counter, draft)["notice"]
    for seconds in ("3", "9", "5"):
        answer = counter.post(
            at("present", draft),
            {"part": "notice", "key": key, "seal": seal, "seconds": seconds},
            headers=JSON,
        )
        assert answer.status_code == 200
    assert [shown.seconds for shown in Presentation.objects.all()] == [9]
    for bad in (
        {"part": "notice", "key": "x", "seal": seal},
        {"part": "privacy", "key": str(uuid.uuid4()), "seal": seal, "seconds": "1"},
        {},
    ):
        assert counter.post(at("present", draft), bad, headers=JSON).status_code == 400
    forged = {"part": "notice", "key": str(uuid.uuid4()), "seal": "1767225600.0", "seconds": "1"}
    assert counter.post(at("present", draft), forged, headers=JSON).status_code == 400


@pytest.mark.req("R18")
def test_nobody_comes_to_signing_without_having_been_shown_everything(hall, counter):
    draft = hall.checked(now=clock.now())
    page = counter.post(at("finish_reading", draft), follow=True)
    assert "申请人还没有看到" in page.content.decode()
    broken = counter.post(at("finish_reading", draft), {"shown": "{not json"}, follow=True)
    assert "申请人还没有看到" in broken.content.decode()
    seals = seals_of(counter, draft)
    shown = [
        {"key": str(uuid.uuid4()), "seal": seals[part], "seconds": 4} for part in presenting.MUST_BE_SHOWN
    ]
    answer = counter.post(at("finish_reading", draft), {"shown": json.dumps(shown)}, headers=JSON)
    assert answer.json() == {"next": at("draft", draft)}
    draft.refresh_from_db()
    assert draft.step == "sign"


# ---- signing -----------------------------------------------------------------------------------------------


@pytest.mark.req("R34", "R36")
def test_signing_answers_a_script_and_a_plain_form_alike(hall, counter):
    draft = hall.ready(now=clock.now())
    answer = counter.post(at("sign", draft), signature(), headers=JSON)
    commitment = Commitment.objects.get()
    target = reverse("window:commitment", args=[commitment.code])
    assert answer.json() == {"step": "done", "next": target}
    assert counter.post(at("sign", draft), signature())["Location"] == target
    assert counter.get(at("draft", draft))["Location"] == target
    assert counter.get(at("state", draft)).json() == {"step": "done", "code": commitment.code, "next": target}
    assert Commitment.objects.count() == 1


def test_what_is_wrong_with_a_signature_is_named_and_nothing_is_stored(hall, counter):
    draft = hall.ready(now=clock.now())
    no_png = SimpleUploadedFile("a.png", b"not a picture", "image/png")
    for changes, field in (
        ({"signature": ""}, "signature"),
        ({"signature": "data:image/png;base64,AAAA"}, "signature"),
        ({"capacity": "self"}, "capacity"),
        ({"identity_document": "library_card"}, "identity_document"),
        ({"signer_name": ""}, "signer_name"),
        ({"signed_by": "paper"}, "paper_scan"),
        ({"signed_by": "paper", "paper_scan": no_png}, "paper_scan"),
        ({"capacity": "agent"}, "authorisation"),
    ):
        answer = counter.post(at("sign", draft), signature(**changes), headers=JSON)
        assert answer.status_code == 422, changes
        assert list(answer.json()["errors"]) == [field], changes
    plain = counter.post(at("sign", draft), signature(signer_name=""))
    assert plain.status_code == 422 and "签署人姓名" in plain.content.decode()
    assert Commitment.objects.count() == 0
    assert counter.get(at("state", draft)).json() == {"step": "sign", "code": None}


def test_a_second_one_on_the_same_day_has_to_be_confirmed(hall, counter):
    first = hall.sign(hall.ready(now=clock.now()), now=clock.now())
    draft = hall.ready(now=clock.now())
    answer = counter.post(at("sign", draft), signature(), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["duplicate"] == reverse("window:commitment", args=[first.code])
    plain = counter.post(at("sign", draft), signature())
    assert first.code in plain.content.decode()
    assert counter.post(at("sign", draft), signature(confirm_duplicate="on"), headers=JSON).status_code == 200
    assert Commitment.objects.count() == 2


def test_who_signs_is_kept_while_it_is_typed(hall, counter):
    draft = hall.ready(now=clock.now())
    answer = counter.post(at("signer", draft), {"capacity": "agent", "signer_name": "赵代理"})
    assert "草稿已保存" in answer.content.decode()
    page = counter.get(at("draft", draft)).content.decode()
    assert 'value="赵代理"' in page


def test_addresses_that_take_forms_only_lead_back_to_the_draft_after_a_login(hall, counter):
    draft = hall.ready(now=clock.now())
    for name in (
        "subject",
        "check",
        "blanks",
        "turn",
        "finish_reading",
        "signer",
        "sign",
        "reread",
        "another",
        "rename",
    ):
        assert counter.get(at(name, draft))["Location"] == at("draft", draft), name


@pytest.mark.parametrize("step", ["subject", "check", "read", "sign", "ordinary", "done", "discarded"])
def test_no_address_breaks_at_any_step(hall, counter, step):
    """Back buttons, old tabs and hand-made requests meet every address at every step: never a fault of the server."""
    now = clock.now()
    if step == "subject":
        draft = drafting.open_draft(clerk=hall.clerk, code=factories.organisation_code(), now=now)
    elif step == "check":
        draft = drafting.open_draft(clerk=hall.clerk, code=hall.code, now=now)
    elif step == "ordinary":
        factories.credit_entry(subject=hall.subject)
        draft = hall.checked(now=now)
    elif step == "read":
        draft = hall.checked(now=now)
    else:
        draft = hall.ready(now=now)
        if step == "done":
            hall.sign(draft, now=now)
        if step == "discarded":
            drafting.discard_draft(draft_id=draft.pk, clerk=hall.clerk, now=now)
    draft.refresh_from_db()
    assert draft.step == step
    names = [
        "draft", "subject", "check", "rename", "another", "ordinary_notice", "blanks", "turn", "present",
        "finish_reading", "reread", "signer", "sign", "state", "discard",
    ]  # fmt: skip
    for name in names:
        assert counter.get(at(name, draft)).status_code in (200, 302), name
    for headers in ({}, JSON):
        for name in names:
            assert counter.post(at(name, draft), headers=headers).status_code < 500, name
        draft.refresh_from_db()


# ---- papers, today, void -----------------------------------------------------------------------------------


@pytest.mark.req("R67")
def test_papers_open_as_stored_and_both_printing_and_reading_are_noted(hall, counter):
    commitment = hall.sign(hall.ready(now=clock.now()), now=clock.now())
    for paper in ("commitment", "receipt"):
        answer = counter.post(reverse("window:print", args=[commitment.code, paper]), follow=True)
        assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
        assert "no-store" in answer["Cache-Control"] and answer["X-Frame-Options"] == "SAMEORIGIN"
    assert AuditEvent.objects.filter(verb="commitment.printed").count() == 2
    assert ReadLog.objects.filter(actor_id=hall.clerk.pk, purpose="print").count() == 2
    assert counter.get(reverse("window:paper_pdf", args=[commitment.code, "other"])).status_code == 404


@pytest.mark.req("R40")
def test_the_ordinary_route_is_no_dead_end(hall, counter):
    factories.credit_entry(subject=hall.subject)
    draft = hall.checked(now=clock.now())
    text = counter.get(at("draft", draft)).content.decode()
    assert "不是拒绝受理" in text and "信用修复" in text and "异议" in text and "接下来去哪里" in text
    answer = counter.post(at("ordinary_notice", draft), follow=True)
    assert answer.content.startswith(b"%PDF-")
    assert AuditEvent.objects.filter(verb="notice.printed").count() == 1
    again = counter.post(at("another", draft))
    assert again["Location"] != at("draft", draft)


def test_today_is_searched_by_code_by_its_end_and_by_the_receipts_qr_code(hall, counter):
    now = clock.now()
    first = hall.sign(hall.ready(now=now), now=now)
    hall.subject = factories.person()
    second = hall.sign(hall.ready(now=now), now=now)
    page = counter.get(reverse("window:today")).content.decode()
    assert first.code in page and second.code in page
    found = {
        first.code: first,
        first.code[-6:]: first,
        first.subject_code: first,
        hall.subject.id_number: second,
        f"http://localhost:8000/verify/{second.verify_token}/": second,
    }
    for typed, expected in found.items():
        answer = counter.post(reverse("window:today"), {"code": typed})
        assert answer["Location"] == reverse("window:commitment", args=[expected.code]), typed
    nothing = counter.post(reverse("window:today"), {"code": "999999"})
    assert "今日没有查到" in nothing.content.decode()


def test_voiding_asks_for_a_reason_and_keeps_the_code(hall, counter):
    commitment = hall.sign(hall.ready(now=clock.now()), now=clock.now())
    address = reverse("window:void", args=[commitment.code])
    assert counter.get(address).status_code == 200
    assert counter.post(address, {"reason": "错"}).status_code == 422
    page = counter.post(address, {"reason": "信息录入错误"}, follow=True).content.decode()
    assert "已作废" in page and commitment.code in page.replace(" ", "")
    correcting = counter.post(reverse("window:correct", args=[commitment.code]), {"reason": "补交日期写错"})
    assert correcting.status_code == 422


def test_giving_up_a_draft_asks_first_and_clears_what_was_typed(hall, counter):
    draft = hall.ready(now=clock.now())
    assert "不能恢复" in counter.get(at("discard", draft)).content.decode()
    draft.refresh_from_db()
    assert draft.step == "sign"
    counter.post(at("discard", draft))
    draft.refresh_from_db()
    assert (draft.step, draft.signer, draft.blanks) == ("discarded", {}, {})


# ---- speed and policy --------------------------------------------------------------------------------------


def test_check_and_sign_ask_the_database_a_fixed_number_of_times(
    hall, counter, django_assert_max_num_queries
):
    for _ in range(12):
        factories.item_version(department=hall.clerk.department)
    draft = drafting.open_draft(clerk=hall.clerk, code=hall.code, now=clock.now())
    counter.get("/window/")  # the name of the place is read once a minute
    with django_assert_max_num_queries(14):
        counter.get(at("draft", draft))
    with django_assert_max_num_queries(29):
        counter.post(at("check", draft), choice(hall))
    with django_assert_max_num_queries(17):
        counter.get(at("draft", draft))
    hall.show(draft, now=clock.now())
    presenting.finish_reading(draft_id=draft.pk, clerk=hall.clerk, now=clock.now())
    with django_assert_max_num_queries(15):
        counter.get(at("draft", draft))
    with django_assert_max_num_queries(61):
        counter.post(at("sign", draft), signature(), headers=JSON)
    assert Commitment.objects.count() == 1


def test_a_platform_above_costs_the_counter_a_fixed_number_of_questions_more(
    hall, counter, django_assert_max_num_queries
):
    ExchangePlatform.objects.create(
        region_id=hall.clerk.department.region_id, name="平台", since="2020-01-01", running="apart"
    )
    draft = hall.ready(now=clock.now())
    with django_assert_max_num_queries(68):
        counter.post(at("sign", draft), signature(), headers=JSON)
    assert ExchangeRecord.objects.get().number == Commitment.objects.get().code


def test_pages_hold_nothing_that_the_strict_policy_forbids(hall, counter):
    draft = hall.ready(now=clock.now())
    for address in (START, at("draft", draft), at("draft", draft) + "?change=item", at("present", draft)):
        answer = counter.get(address)
        text = answer.content.decode()
        assert "'unsafe" not in answer["Content-Security-Policy"]
        for forbidden in (" style=", " onclick=", " onload=", "javascript:", "http://fonts", "<style"):
            assert forbidden not in text, (address, forbidden)


def test_scans_are_read_from_the_request_once(hall, counter):
    draft = hall.ready(now=clock.now())
    scan = SimpleUploadedFile("委托书.png", signature_png(), "image/png")
    answer = counter.post(
        at("sign", draft), signature(capacity="agent", signer_name="赵代理", authorisation=scan), headers=JSON
    )
    assert answer.status_code == 200
    assert Commitment.objects.get().authorisation.original_name == "委托书.png"

"""Pages of the column: what they show, and how they are searched."""

import re
from datetime import date

import pytest
from django.urls import reverse
from stdnum.cn import uscc

from commitments.models import Commitment
from credit_portal.registry.models import CreditSubject
from disclosure.views_search import may_be_private
from tests import factories
from tests.column import READ_AT, body, copies, links, main_of, read_at, rule_document, sign, walk, words
from tests.counter import Counter
from tests.partner_stage import PAGE_WORDS
from tests.reading import english

pytestmark = pytest.mark.usefixtures("blank_papers")

SEARCH = "/commitments/"
NAME = "栾城区演示恒泰食品有限公司"
# What the guide to the interface has to name in Latin letters.
INTERFACE = (
    "api public commitments subjects catalogue texts export csv jsonl curl http localhost page size json utf"
    " openapi etag none match if next rfc cursor breaches changes duties statistics since more false reference"
    " published changed withdrawn acts post credit entries idempotency key checks"
)


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    with read_at(READ_AT, monkeypatch):
        yield


@pytest.fixture
def counter(db) -> Counter:
    found = Counter.open(title="食品经营许可告知承诺书")
    CreditSubject.objects.filter(pk=found.subject.pk).update(name=NAME)
    found.subject.names.update(name=NAME)
    found.subject.refresh_from_db()
    return found


@pytest.fixture
def signed(counter) -> Commitment:
    return counter.sign()


def detail(row: Commitment) -> str:
    return reverse("disclosure:commitment", args=[row.code])


def record_of(subject: CreditSubject) -> str:
    return reverse("disclosure:subject", args=[subject.uscc])


# ---- the frame of every page ----


@pytest.mark.req("R90")
def test_every_link_of_the_column_leads_somewhere_and_every_page_is_chinese(client, signed, settings):
    copies(signed, 45)
    rule_document()
    pages = walk(client)
    assert {"/", SEARCH, "/catalogue/", "/texts/", "/rules/", "/api/", detail(signed)} <= set(pages)
    assert record_of(signed.subject) in pages
    assert any("cursor=" in address for address in pages)
    for address, page in pages.items():
        if address == "/api/integration/":
            # What a program is told stands in it as it is.
            page = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", page, flags=re.S)
        # How a draw is done again is told in the words of whoever programs it.
        again = "SHA higher ordinary lower"
        known = {
            "/api/": (INTERFACE,), "/api/integration/": (PAGE_WORDS,), "/supervision/rechecks/": (again,)
        }.get(address, ())  # fmt: skip
        # The page's own address, for its printout, is in no language.
        shown = page.replace(settings.SITE["address"] + address.partition("?")[0], "")
        assert english(shown, *known) - _hash_words(page) == set(), address
        assert page.count("<h1") == 1, address
        assert re.search(r'<meta name="description" content="[^"]{12,}">', page), address
        assert "style=" not in page and "<script" not in page and " onclick" not in page, address


def _hash_words(page: str) -> set[str]:
    """Runs of letters inside the groups of a printed hash are no words."""
    groups = re.findall(r"\b[0-9a-f]{8}\b", page)
    return {run for group in groups for run in re.findall("[a-f]{3,}", group)}


def test_a_page_names_its_one_address_and_filters_make_no_page_of_their_own(client, signed, settings):
    settings.SITE = {**settings.SITE, "address": "https://credit.example"}
    for path in ("/", SEARCH, detail(signed), record_of(signed.subject), "/catalogue/", "/texts/", "/rules/"):
        page = body(client, path)
        assert f'<link rel="canonical" href="https://credit.example{path}">' in page
        assert 'name="robots" content="index,follow"' in page
    for path in (f"{SEARCH}?q=恒泰", "/catalogue/?q=事项"):
        page = body(client, path)
        assert 'name="robots" content="noindex,follow"' in page
        assert f'href="https://credit.example{path.partition("?")[0]}"' in page
    page = body(client, reverse("disclosure:verify", args=[signed.verify_token]))
    assert 'content="noindex,nofollow"' in page and "canonical" not in page


def test_robots_are_kept_from_counter_admin_codes_and_endless_lists(client):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    for path in ("/admin/", "/window/", "/verify/", "/accounts/", "/commitments/?*"):
        assert f"Disallow: {path}\n" in answer.content.decode()


def test_pages_are_only_read_and_leave_nothing_with_the_visitor(client, signed):
    for path in ("/", SEARCH, detail(signed), record_of(signed.subject)):
        answer = client.get(path)
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405


# ---- front page ----


def test_the_front_page_has_the_search_the_figures_and_the_newest(client, signed):
    rule_document()
    page = body(client, "/")
    assert 'action="/commitments/"' in page
    text = words(page)
    assert "1 份，最近一份 2026-03-05" in text
    assert "1 项采用信用承诺" in text and "1 份现行文本" in text and "公示中 1 份" in text
    assert NAME in text and "2026-09-14" in text and "履行中" in text


def test_an_empty_portal_says_what_will_be_there(client, db):
    factories.region()
    for path, expected in (
        ("/", "还没有公示的承诺"),
        (SEARCH, "还没有公示的承诺"),
        ("/catalogue/", "还没有发布的事项"),
        ("/texts/", "还没有发布的承诺书文本"),
        ("/rules/", "还没有发布的制度文件"),
        ("/api/", "接口与数据"),
    ):
        assert expected in words(main_of(body(client, path)))


def test_the_front_page_answers_even_before_regions_are_loaded(client, db):
    assert "还没有公示的承诺" in body(client, "/")


# ---- one commitment ----


@pytest.mark.req("R90")
def test_a_commitment_reads_like_a_record_with_the_text_as_signed(client, signed):
    text = words(main_of(body(client, detail(signed))))
    for expected in (
        signed.item_name,
        NAME,
        signed.subject_code,
        signed.code,
        "审批替代型",
        signed.department_name,
        "2026-09-14 至 2027-09-14",
        "共 7 条",
        "一、守法经营，履行法律规定的义务。",
        "违诺责任 七、没有履行的",
        f"承诺人：{NAME}",
        "2026年9月14日",
    ):
        assert expected in text, expected
    assert signed.text_sha256 in text.replace(" ", "") and signed.pdf_sha256 in text.replace(" ", "")


def test_the_course_ends_with_the_day_the_term_is_over_and_what_that_means(client, signed, monkeypatch):
    course = body(client, detail(signed)).partition('class="course"')[2]
    assert "核查通过并签署，同日公示" in course
    ahead = words(course.partition('class="ahead"')[2])
    assert "2027-09-14" in ahead and "承诺有效期届满，此前应当持续履行" in ahead
    with read_at(READ_AT.replace(year=2028), monkeypatch):
        text = words(body(client, detail(signed)))
        assert "2027-09-14 ，已届满" in text and "履行情况尚待认定" in text
        Commitment.objects.update(fulfilment="fulfilled")
        page = body(client, detail(signed))
        assert "尚待认定" not in page and "全部履行" in page and 'class="ahead"' not in page


def test_rare_characters_and_markup_in_a_name_are_shown_as_they_are(client, counter):
    name = "石家庄𬭎䶮㛃<b>科技</b>·有限公司"
    row = sign(counter, subject=factories.subject(name=name))
    for path in ("/", detail(row), record_of(row.subject), f"{SEARCH}?q=𬭎䶮", f"{SEARCH}?q=<b>"):
        page = body(client, path)
        assert "石家庄𬭎䶮㛃&lt;b&gt;科技&lt;/b&gt;·有限公司" in page
        assert "<b>科技" not in page


def test_a_code_that_leads_to_nothing_says_how_to_search_otherwise(client, signed):
    page = body(client, f"/commitments/{factories.misprinted(signed.code)}/", status=404)
    assert "20 位数字" in page and 'action="/commitments/"' in page


# ---- search ----


@pytest.mark.req("R90")
def test_a_part_of_a_name_finds_and_what_was_typed_stays(client, counter, signed):
    other = sign(counter, subject=factories.subject(name="河北演示瑞丰建材有限公司"))
    page = main_of(body(client, f"{SEARCH}?q=恒泰"))
    assert NAME in page and other.subject_name not in page
    assert "共 1 条：名称含“恒泰”" in words(page)
    assert 'name="q" value="恒泰"' in page
    both = main_of(body(client, f"{SEARCH}?q=演示"))
    assert NAME in both and other.subject_name in both and "共 2 条" in words(both)


def test_a_whole_code_finds_however_it_was_typed(client, signed):
    code = signed.subject_code
    for typed in (code, code.lower(), f"{code[:8]} {code[8:]}", f" {code} ", f"统一社会信用代码：{code}"):
        text = words(main_of(body(client, f"{SEARCH}?q={typed}")))
        assert f"共 1 条：代码 {code}" in text, typed


def test_a_commitment_code_opens_its_page(client, signed):
    for typed in (signed.code, f"{signed.code[:6]} {signed.code[6:14]} {signed.code[14:]}"):
        answer = client.get(SEARCH, {"q": typed})
        assert answer.status_code == 302 and answer["Location"] == detail(signed)
    missing = factories.misprinted(signed.code)
    assert "没有查到" in body(client, f"{SEARCH}?q={missing}")


def test_filters_narrow_the_list_and_are_said_in_words(client, counter, signed):
    second = factories.item_version(department=counter.clerk.department, name="道路运输经营许可")
    other = sign(counter, subject=factories.subject(name="栾城区演示顺达运输有限公司"), item=second)
    Commitment.objects.filter(pk=other.pk).update(fulfilment="fulfilled")
    elsewhere = Counter.open(region="130129").sign()
    cases = {
        f"item={second.item.code}": ({other}, "道路运输经营许可"),
        "status=fulfilled": ({other}, "全部履行"),
        "status=running": ({signed, elsewhere}, "履行中"),
        "type=approval": ({signed, other, elsewhere}, "审批替代型"),
        "type=voluntary": (set(), ""),
        f"department={counter.clerk.department.uscc}": ({signed, other}, counter.clerk.department.name),
        "region=130111": ({signed, other}, "栾城区"),
        "region=130100": ({signed, other, elsewhere}, "130100"),
        "made_from=2026-09-15": (set(), ""),
        "made_from=2026-09-14&made_to=2026-09-14": (
            {signed, other, elsewhere},
            "2026-09-14 至 2026-09-14 作出",
        ),
        "made_to=2026-09-13": (set(), ""),
        "q=顺达&status=running": (set(), ""),
        "q=顺达&status=fulfilled": ({other}, "名称含“顺达”，全部履行"),
    }
    for query, (expected, said) in cases.items():
        page = main_of(body(client, f"{SEARCH}?{query}"))
        shown = {row for row in (signed, other, elsewhere) if detail(row) in page}
        assert shown == expected, query
        assert said in words(page)
        assert ("没有查到" in page) == (not expected), query
        if "=" in query and not query.startswith("q="):
            assert "<details open>" in page, query


def test_a_wrong_entry_is_named_at_its_field_and_kept(client, signed):
    code = signed.subject_code
    wrong = factories.misprinted(code)
    cases = {
        f"q={wrong}": ("q-error", "第 18 位校验码不符", f'value="{wrong}"'),
        f"q={code[:4]}I{code[5:]}": ("q-error", "第 5 位“I”不是允许的字符", "value="),
        f"q={code[:16]}": ("q-error", "现为 16 位", f'value="{code[:16]}"'),
        f"q={signed.code}0": ("q-error", "承诺编码应为 20 位，现为 21 位", "value="),
        "q=" + "长" * 60: ("q-error", "最多输入 50 个字", "长" * 60),
        "made_from=2026-02-30": ("f-made_from-error", "日期应写作 2026-01-31", "2026-02-30"),
        "made_from=2026-09-02&made_to=2026-09-01": ("f-made_to-error", "不能早于", 'value="2026-09-01"'),
        "type=anything": ("f-type-error", "请从列表中选择", ""),
        "item=anything": ("f-item-error", "请从列表中选择", ""),
        "department=anything": ("f-department-error", "请从列表中选择", ""),
        "region=990000": ("f-region-error", "请从列表中选择", ""),
        "status=partial": ("f-status-error", "请从列表中选择", ""),
    }
    for query, (field, message, kept) in cases.items():
        page = main_of(body(client, f"{SEARCH}?{query}"))
        assert message in page.partition(f'id="{field}"')[2][:120], query
        assert f'aria-describedby="{field}"' in page or f"q-help {field}" in page, query
        assert 'aria-invalid="true"' in page and kept in page, query
        assert '<table class="records"' not in page, query
        assert ("<details open>" in page) == (not query.startswith("q=")), query


def test_any_bytes_get_an_answer(client, signed):
    for typed in (
        "%00",
        "a%00b",
        "%FF%FE",
        "％＿",
        "' OR 1=1 --",
        "<script>",
        "\u202e",
        "%",
        "_",
        "\\",
        "🏛" * 40,
    ):
        for name in ("q", "type", "department", "item", "region", "made_from", "cursor"):
            assert client.get(f"{SEARCH}?{name}={typed}").status_code in (200, 302)
    assert "不能从这里翻页" in body(client, f"{SEARCH}?q=恒泰&cursor=abc")
    assert client.get("/catalogue/?q=%00&domain=%00&page=%00").status_code == 200
    assert client.get("/texts/%00/").status_code == client.get("/verify/%00/").status_code == 404


def test_a_long_list_is_paged_there_and_back_without_gaps(client, signed):
    rows = [signed, *copies(signed, 44)]
    expected = [detail(row) for row in sorted(rows, key=lambda row: -row.pk)]
    for start in (f"{SEARCH}?q=恒泰&status=running", record_of(signed.subject)):
        address, seen, pages = start, [], []
        while address:
            page = main_of(body(client, address))
            pages.append(address)
            seen += re.findall(r"/commitments/[0-9]{20}/", page)
            found = re.search(r'href="([^"]+)" rel="next', page)
            address = (
                start.partition("?")[0] + "?" + found[1].partition("?")[2].replace("&amp;", "&")
                if found
                else ""
            )
        assert len(pages) == 3 and seen == expected, start
        previous = re.search(r'href="([^"]+)" rel="prev', main_of(body(client, pages[-1])))
        back = main_of(body(client, previous[1].replace("&amp;", "&")))
        assert re.findall(r"/commitments/[0-9]{20}/", back) == expected[20:40], start
        assert "共 45 条" in words(back) or "45 份" in words(back)


def test_nothing_found_says_how_to_search_otherwise(client, signed):
    page = main_of(body(client, f"{SEARCH}?q=没有这家&status=running"))
    text = words(page)
    assert "没有查到" in text and "名称含“没有这家”，履行中" in text
    assert "20 位的承诺编码" in text and "18 位的统一社会信用代码" in text
    assert "清除条件" in text and SEARCH in links(page, SEARCH)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("130111198503071234", True),
        ("13011119850307123x", True),
        ("１３０１１１１９８５０３０７１２３４", True),
        ("130111 19850307 1234", True),
        ("130111-19850307-1234", True),
        ("张三 130111198503071234", True),
        ("张三130111198503071234", True),
        ("130111850307123", True),
        ("13912345678", True),
        ("139-1234-5678", True),
        ("91130111MA0000015D", False),
        ("13011120260914000001", False),
        ("130111 20260914 000001", False),
        ("恒泰", False),
        ("2026", False),
        ("", False),
    ],
)
def test_numbers_that_may_be_a_person_s_are_recognised(typed, expected):
    assert may_be_private(typed) is expected


# ---- one subject ----


@pytest.mark.req("R90")
def test_a_subject_s_record_has_its_names_figures_and_commitments(client, counter, signed):
    copies(signed, 2, fulfilment="fulfilled")
    copies(signed, 1, commitment_type="voluntary", made_on=date(2026, 9, 1))
    copies(signed, 1, subject_name="栾城区演示恒泰食品店")
    page = main_of(body(client, record_of(signed.subject)))
    text = words(page)
    assert text.count("曾用名称 栾城区演示恒泰食品店") == 1
    assert "公示中的承诺 5 份，最早 2026-09-01 ，最近 2026-09-14" in text
    assert "主动型 1 0 1 审批替代型 2 2 4" in text and "合计 3 2 5" in text
    assert signed.department_name in text and page.count("badge-kept") == 2


def test_a_subject_is_found_in_either_case_under_one_address(client, signed, settings):
    settings.SITE = {**settings.SITE, "address": "https://credit.example"}
    page = body(client, record_of(signed.subject).replace(signed.subject_code, signed.subject_code.lower()))
    assert f'rel="canonical" href="https://credit.example{record_of(signed.subject)}"' in page


def test_a_wrong_subject_code_is_told_which_part_and_a_wrong_place_leads_to_the_first_page(client, signed):
    code = signed.subject_code
    wrong = factories.misprinted(code)
    assert "第 18 位校验码不符" in body(client, f"/subjects/{wrong}/", status=404)
    assert "第 5 位“O”" in body(client, f"/subjects/{code[:4]}O{code[5:]}/", status=404)
    answer = client.get(record_of(signed.subject) + "?cursor=abc")
    assert answer.status_code == 302 and answer["Location"] == record_of(signed.subject)


def organisation_code_like_an_id_number() -> str:
    for serial in range(1000):
        start = f"91130119850307{serial:03d}"
        if uscc.calc_check_digit(start) in "0123456789X":
            return start + uscc.calc_check_digit(start)
    raise AssertionError


def test_an_organisation_whose_code_looks_like_an_id_number_is_found_all_the_same(client, counter):
    code = organisation_code_like_an_id_number()
    assert may_be_private(code)
    row = sign(counter, subject=factories.subject(uscc=code))
    assert detail(row) in body(client, f"{SEARCH}?q={code}")
    assert detail(row) in body(client, f"/subjects/{code}/")

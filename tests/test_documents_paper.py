"""What the papers say: the commitment, its receipt, and the two notices, as printed."""

import base64
from typing import Any

import pytest
from django.template.loader import render_to_string

from credit_portal.documents import fonts
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri, qr_svg
from credit_portal.documents.templatetags.paper import (
    chinese_number,
    day,
    grouped,
    moment,
    unbroken,
    without_stop,
)
from tests import paper_samples
from tests.paper_reading import embedded_fonts, page_count, qr_texts, text_of


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    fonts.prepare()


def printed(paper: str, data: dict[str, Any]) -> bytes:
    html = render_to_string(f"commitments/paper/{paper}.html", data)
    return render_pdf(html, identifier=b"paper", title=data.get("title", "文书"))


PAPERS = {
    "commitment": paper_samples.commitment,
    "receipt": paper_samples.receipt,
    "ordinary_notice": paper_samples.notice,
    "refusal_notice": paper_samples.notice,
}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_paper_has_embedded_fonts_a_readable_qr_code_and_fits_one_page(paper: str) -> None:
    content = printed(paper, PAPERS[paper]())
    assert any("Serif" in name for name in embedded_fonts(content))
    assert qr_texts(content) == [paper_samples.VERIFY_URL]
    assert page_count(content) == 1
    assert "第1页共1页" in text_of(content)


@pytest.mark.parametrize("paper", PAPERS)
def test_demonstration_data_say_so_and_real_papers_do_not(paper: str) -> None:
    assert "演示数据" in text_of(printed(paper, PAPERS[paper](demonstration=True)))
    assert "演示数据，不具" not in text_of(printed(paper, PAPERS[paper](demonstration=False)))


@pytest.mark.req("R18", "R67")
def test_the_commitment_prints_who_promised_what_to_whom_and_its_hash() -> None:
    data = paper_samples.commitment()
    text = text_of(printed("commitment", data))
    for part in (
        data["title"],
        data["code"],
        data["subject_name"],
        data["subject_code_shown"],
        data["item_name"],
        data["department_name"],
        data["case_ref"],
        "2026年11月21日",
        "2029年11月20日",
        data["text_sha256"],
        data["verify_url"],
        "第4版",
        "张顺达",
        "委托代理人",
        "居民身份证",
        "1****************6",
        "授权委托书已查验并存档",
    ):
        assert part in text, part
    for clause in data["clauses"] + data["liability_clauses"]:
        assert f"{chinese_number(clause['no'])}、{clause['text']}" in text
    assert text.index("违反承诺的责任") < text.index("八、违反承诺的")


def test_a_pad_signature_is_a_picture_and_a_paper_one_is_referred_to() -> None:
    uri = "data:image/png;base64," + base64.b64encode(paper_samples.signature_png()).decode()
    drawn = printed("commitment", paper_samples.commitment(signature_data_uri=uri))
    referred = printed("commitment", paper_samples.commitment(signature_data_uri=None))
    assert "签名见所附纸质扫描件" in text_of(referred)
    assert "签名见所附纸质扫描件" not in text_of(drawn)
    assert b"/Subtype /Image" in drawn
    assert b"/Subtype /Image" not in referred


def test_someone_who_signs_for_themselves_has_no_line_on_authority() -> None:
    signer = {
        "name": "张顺达",
        "capacity_label": "本人",
        "identity_document_label": "",
        "identity_number_masked": "",
        "agent": False,
        "authorisation": False,
    }
    text = text_of(printed("commitment", paper_samples.commitment(signer=signer)))
    assert "委托授权" not in text
    assert "查验证件" not in text


def test_a_correction_names_what_it_corrects_and_no_end_is_said_not_to_be_agreed() -> None:
    old = "13011120261118000003"
    text = text_of(printed("commitment", paper_samples.commitment(corrects_code=old, valid_until=None)))
    assert f"更正并取代承诺编码为{old}的承诺书" in text
    assert "有效期至未约定" in text
    assert "更正并取代" not in text_of(printed("commitment", paper_samples.commitment()))


def test_a_long_commitment_runs_over_pages_that_are_numbered_and_carry_the_code() -> None:
    clauses = [
        {"no": number, "text": "按期提交材料并对其真实性负责，接受监督。" * 4} for number in range(1, 31)
    ]
    content = printed("commitment", paper_samples.commitment(clauses=clauses))
    pages = page_count(content)
    text = text_of(content)
    assert pages > 1
    for number in range(1, pages + 1):
        assert f"第{number}页共{pages}页" in text
    assert text.count(f"承诺编码{paper_samples.CODE}") >= pages
    assert "三十、按期提交材料" in text


def test_what_people_typed_is_text_and_never_markup() -> None:
    name = '<img src="file:///etc/hostname">&<b>某</b>公司'
    text = text_of(printed("commitment", paper_samples.commitment(subject_name=name)))
    assert name.replace(" ", "") in text


def test_the_receipt_says_how_to_look_it_up_and_what_comes_next() -> None:
    text = text_of(printed("receipt", paper_samples.receipt()))
    for part in (
        paper_samples.CODE,
        "2026年11月21日09:05",
        "按名称、统一社会信用代码或者承诺编码查到",
        "1.许可决定",
    ):
        assert part in text
    private = text_of(printed("receipt", paper_samples.receipt(published=False, next_steps=[])))
    assert "不向社会公开" in private
    assert "可以随时向受理单位提出" in private


@pytest.mark.req("R40")
def test_a_receipt_with_a_material_to_bring_and_four_steps_stays_on_one_page() -> None:
    to_bring = {
        "number": 1,
        "name": "场所使用证明",
        "source": "申请人自备：产权证明或者租赁合同",
        "due_on": "2026-12-09",
    }
    content = printed(
        "receipt",
        paper_samples.receipt(
            demonstration=True, to_bring=[to_bring], published=True, valid_until="2031-11-30",
            where_to_bring="登录 https://xy.example.cn/me/supplements/ 提交照片或者扫描件，或者送到石家庄市栾城区市场监督管理局。逾期没有补齐的，办理终止，由受理单位依法处理。",
            next_steps=[
                "请妥善保存本回执；凭承诺编码或扫描二维码可以核验。", "本承诺已在信用承诺专栏公示，任何人可以查询。",
                "办理部门将在受理后 8 个工作日内办结。", "承诺有效期至 2031-11-30，主管部门会核实履行情况。",
            ],
        ),
    )  # fmt: skip
    assert page_count(content) == 1 and "2026年12月9日以前" in text_of(content)


def test_what_stands_in_brackets_at_the_end_of_a_title_is_not_torn() -> None:
    assert unbroken("年度承诺（演示）") == '年度承诺<span class="whole">（演示）</span>'
    assert unbroken("<b>（一）年度承诺") == "&lt;b&gt;（一）年度承诺"


def test_the_ordinary_notice_says_why_what_to_do_and_that_it_is_no_refusal() -> None:
    data = paper_samples.notice()
    text = text_of(printed("ordinary_notice", data))
    for part in (
        "按一般程序办理告知书",
        data["notice_number"],
        data["subject_name"],
        "这不是拒绝受理",
        data["reasons"][0]["text"],
        data["reasons"][0]["article"].replace(" ", ""),
        "信用中国（河北）",
        "栾交罚〔2026〕17号",
        "2026年8月3日起，至2027年8月3日止",
        "自2026年11月4日起，可以向作出认定的单位申请信用修复，不收取费用",
        "提出异议",
        data["contact"].replace(" ", ""),
        "2026年11月21日",
    ):
        assert part in text, part


def test_a_notice_without_a_page_of_its_own_prints_its_number_and_no_code() -> None:
    content = printed("ordinary_notice", paper_samples.notice(verify_url="", qr_data_uri=""))
    assert qr_texts(content) == []
    assert "二维码" not in text_of(content)
    assert "告知书编号G1301112026000012" in text_of(content)


@pytest.mark.req("R61")
def test_the_notice_limits_later_proof_to_this_procedure_only() -> None:
    text = text_of(printed("ordinary_notice", paper_samples.notice()))
    for part in ("结案证明", "信用修复证明", "法律文书", "在本事项作出决定之前"):
        assert part in text
    assert "仅不用于本次办理；提出异议、申请修复、行政复议和行政诉讼的权利不受影响" in text


@pytest.mark.req("R41")
def test_key_scrutiny_is_said_only_where_it_applies() -> None:
    assert "重点审查" in text_of(printed("ordinary_notice", paper_samples.notice(key_scrutiny=True)))
    assert "重点审查" not in text_of(printed("ordinary_notice", paper_samples.notice()))


def test_given_remedies_are_numbered_and_what_the_notice_says_anyway_is_not_repeated() -> None:
    remedies = [
        {
            "code": "repair_from",
            "text": "行政处罚：自2026年11月4日起可以申请信用修复，不收费。",
            "article": "甲办法五",
        },
        {"code": "show_in_procedure", "text": "重复的话", "article": ""},
        {"code": "object", "text": "认为记录有误的，可以提出异议", "article": ""},
        {"code": "ordinary_route", "text": "又一句重复的话", "article": ""},
    ]
    text = text_of(printed("ordinary_notice", paper_samples.notice(remedies=remedies)))
    assert "1.行政处罚：自2026年11月4日起可以申请信用修复，不收费（甲办法五）。" in text
    assert "2.认为记录有误的，可以提出异议。" in text
    assert "重复的话" not in text


@pytest.mark.req("R53")
def test_the_refusal_names_its_legal_basis_and_the_ways_open() -> None:
    text = text_of(printed("refusal_notice", paper_samples.notice()))
    for part in (
        "依规定应当拒绝告知书",
        "本次申请应当拒绝",
        "事实和法律依据",
        "行政复议",
        "行政诉讼",
        "退出名单",
    ):
        assert part in text
    assert "不是拒绝受理" not in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (35, "三十五"),
        (99, "九十九"),
        (100, "100"),
        (0, "0"),
        ("甲", "甲"),
    ],
)
def test_clauses_are_numbered_in_chinese(value: Any, shown: str) -> None:
    assert chinese_number(value) == shown


def test_dates_are_written_in_chinese_whatever_they_come_as() -> None:
    from datetime import UTC, date, datetime

    late = datetime(2026, 2, 3, 17, 5, tzinfo=UTC)
    assert (
        day(date(2026, 2, 4))
        == day("2026-02-04")
        == day("2026-02-04T09:00:00+08:00")
        == day(late)
        == "2026年2月4日"
    )
    assert moment(late) == "2026年2月4日 01:05"
    assert day(None) == day("") == day("不是日期") == ""
    assert grouped("abcdefghij", 4) == "abcd efgh ij"
    assert without_stop("到此为止。") == "到此为止"


def test_the_same_text_gives_the_same_qr_code_and_none_is_an_error() -> None:
    assert qr_data_uri("https://a.example/verify/x/") == qr_data_uri("https://a.example/verify/x/")
    assert qr_data_uri("a") != qr_data_uri("b")
    assert qr_svg("https://a.example/").startswith("<svg")
    assert "style=" not in qr_svg("https://a.example/")
    with pytest.raises(ValueError, match="为空"):
        qr_data_uri("")

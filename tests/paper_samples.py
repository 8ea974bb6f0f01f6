"""What the paper tests print: one whole set of data for each template."""

import io
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from credit_portal.documents.qr import qr_data_uri

VERIFY_URL = "https://credit.example.gov.cn/verify/Zk3tq9mXw4Lr8Yb2Vn6Pd1/"
CODE = "13011120261121000017"
SHA256 = "3f9ad2c7b1e84c06a5f2d8e7190b6c4d2e1f0a9b8c7d6e5f4a3b2c1d0e9fc21e"
NOW = datetime(2026, 11, 21, 9, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


def signature_png(size: tuple[int, int] = (600, 240), ink: str = "black") -> bytes:
    """A drawn stroke on nothing, as a signature pad sends it."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    width, height = size
    points = [(60 + 40 * n, height // 2 + (50 if n % 2 else -50)) for n in range((width - 120) // 40)]
    ImageDraw.Draw(picture).line(points, fill=ink, width=5)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def commitment(**changes: Any) -> dict[str, Any]:
    return {
        "title": "信用承诺书",
        "code": CODE,
        "department_name": "石家庄市栾城区行政审批局",
        "subject_name": "栾城区演示顺达运输有限公司",
        "subject_code_label": "统一社会信用代码",
        "subject_code_shown": "91130111MA0D2K6W3F",
        "item_name": "道路货物运输经营许可（普通货运）",
        "made_on": date(2026, 11, 21),
        "valid_until": date(2029, 11, 20),
        "clauses": [
            {"no": 1, "text": "遵守法律、法规、规章和行业规范，认真履行应尽的义务。"},
            {"no": 2, "text": "截至签署之日没有失信记录，或者虽有失信记录但已经完成修复。"},
            {"no": 3, "text": "提交的材料合法、真实、准确、完整、有效，与原件一致，并对其内容负责。"},
            {"no": 4, "text": "依法从事经营活动，按约定提供合格的运输服务，投入运营的车辆全部检测合格。"},
            {"no": 5, "text": "在2026年12月20日以前补交全部车辆的检测报告。"},
            {"no": 6, "text": "同意将本承诺和履行情况记入信用记录，并依照规定向社会公开。"},
            {"no": 7, "text": "接受主管部门、行业组织和社会公众的监督，配合检查并如实提供有关情况。"},
        ],
        "liability_clauses": [
            {
                "no": 8,
                "text": "违反承诺的，愿意接受依法作出的处理，包括限期整改、撤销许可和公示，并承担由此产生的责任。",
            },
        ],
        "case_ref": "LC-2026-11-00421",
        "signer": {
            "name": "张顺达",
            "capacity_label": "委托代理人",
            "identity_document_label": "居民身份证",
            "identity_number_masked": "1****************6",
            "agent": True,
            "authorisation": True,
        },
        "signature_data_uri": None,
        "text_sha256": SHA256,
        "verify_url": VERIFY_URL,
        "qr_data_uri": qr_data_uri(VERIFY_URL),
        "version_label": "道路运输审批替代型承诺书，第 4 版",
        "demonstration": True,
        "corrects_code": "",
        **changes,
    }


def receipt(**changes: Any) -> dict[str, Any]:
    return {
        "code": CODE,
        "subject_name": "栾城区演示顺达运输有限公司",
        "subject_code_label": "统一社会信用代码",
        "subject_code_shown": "91130111MA0D2K6W3F",
        "item_name": "道路货物运输经营许可（普通货运）",
        "department_name": "石家庄市栾城区行政审批局",
        "contact": "0311-85500000",
        "case_ref": "LC-2026-11-00421",
        "signed_at": NOW,
        "valid_until": date(2029, 11, 20),
        "published": True,
        "next_steps": ["许可决定将于2026年11月24日前作出。", "请在2026年12月20日以前补交车辆检测报告。"],
        "verify_url": VERIFY_URL,
        "qr_data_uri": qr_data_uri(VERIFY_URL),
        "demonstration": False,
        **changes,
    }


def notice(**changes: Any) -> dict[str, Any]:
    return {
        "notice_number": "G1301112026000012",
        "department_name": "石家庄市栾城区行政审批局",
        "contact": "0311-85500000，栾城区政务服务大厅 3 号窗口",
        "subject_name": "栾城区演示顺达运输有限公司",
        "subject_code_label": "统一社会信用代码",
        "subject_code_shown": "91130111MA0D2K6W3F",
        "item_name": "道路货物运输经营许可（普通货运）",
        "issued_on": date(2026, 11, 21),
        "case_ref": "LC-2026-11-00421",
        "reasons": [
            {
                "text": "有一条尚未修复的行政处罚记录，暂不适用信用承诺。",
                "article": "《河北省政务服务承诺制改革实施方案》四（四）1",
                "source": "信用中国（河北）",
                "document_no": "栾交罚〔2026〕17号",
                "from_on": date(2026, 8, 3),
                "until_on": "2027-08-03",
            }
        ],
        "repairable_from": date(2026, 11, 4),
        "objection_where": "",
        "evidence_until": None,
        "verify_url": VERIFY_URL,
        "qr_data_uri": qr_data_uri(VERIFY_URL),
        "demonstration": False,
        **changes,
    }

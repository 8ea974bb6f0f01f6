"""The papers of an objection: receipt, what is missing, refusal, answer. Same row, same bytes.

Receipt and answer can be verified by whoever is shown them. The token of their QR code is the objection's own random number
with a seal over it, so that nobody can make one up and none leads to the address by which the objector acts."""

import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from commitments.models import BreachCase
from commitments.papers import code_label, verify_url
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri
from disclosure.models import Objection

from .records import owner_of

Outcome = Objection.Outcome
RECEIPT, ASKED, REFUSAL, ANSWER = "异议回执", "异议补正告知书", "异议不予受理告知书", "异议处理答复书"
TEMPLATE = "disclosure/paper/objection.html"
VERIFIABLE = {"r": RECEIPT, "a": ANSWER}
SEAL = 24
# How to go on, whatever was answered (S4 17, R133).
COMPLAIN = "认为办理超过期限、不当拒绝、违规收费或者泄露信息的，可以在本网站“投诉”栏目向信用办投诉。"


def follow_url(row: Objection) -> str:
    """Where the objector follows it: a random address, on the receipt alone."""
    return f"{settings.SITE['address']}{reverse('objections:follow', args=[row.token])}"


def receipt_pdf(row: Objection) -> bytes:
    """That it was received, what becomes of it, and where to follow it."""
    known = "已核实" if row.identity else "尚未核实"
    then = [
        "受理后交作出单位核实；作出单位书面答复维持、修改或者撤下，本网站照此执行，并书面告知结果和理由。不收取费用。"
    ]
    if not row.identity:
        then.insert(
            0,
            "信用办核实您的身份以后才受理；在此以前，记录不会标注“异议处理中”，也不会有变动。请保持电话畅通，或者持证件到信用办、窗口办理。",
        )
    return _paper(
        row, RECEIPT, at=row.filed_at, sections=[("事实和理由", _lines(row.reasons)), ("接下来", then)],
        facts=[("途径", row.get_way_display()), ("身份", known), ("请求", row.get_wanted_display())],
        follow=True, verify="r",
    )  # fmt: skip


def asked_pdf(row: Objection) -> bytes:
    """All that is missing, told at once."""
    return _paper(
        row, ASKED, at=row.asked_at or row.filed_at, sections=[("请补正", _lines(row.asked_for))],
        ways_title="怎样补正",
        ways=["打开下面的地址提交，或者送到信用办、窗口。补正一次即可；补正后重新计算受理期限。"], follow=True,
    )  # fmt: skip


def refusal_pdf(row: Objection) -> bytes:
    """Not accepted: why, and how to go on."""
    at = row.steps.filter(label="不予受理").values_list("at", flat=True).first() or row.filed_at
    return _paper(
        row, REFUSAL, at=at, sections=[("理由", _lines(row.refused_for))], ways_title="您可以",
        ways=[
            "补齐材料或者改正对象以后，重新提出异议，没有次数限制；",
            f"直接向{row.department.name}提出；对行政行为本身不服的，依法申请行政复议或者提起行政诉讼；",
            COMPLAIN,
        ],
    )  # fmt: skip


def answer_pdf(row: Objection) -> bytes:
    """What was found, what was done of it, why, and how to go on."""
    who = "本网站" if row.site_fault else row.department.name
    done = {
        Outcome.KEEP: f"{who}经核实，信息无误，维持公示。",
        Outcome.CHANGE: f"{who}经核实，信息有误，已按下列内容更正。",
        Outcome.WITHDRAW: f"{who}经核实，信息不应当公示，已撤下，有关记录同时撤销。",
    }[Outcome(row.outcome)]
    case = _case_of(row)
    sections = [("结论", [done]), ("理由", _lines(row.answer))]
    if row.outcome != Outcome.KEEP:
        sections.append(
            (
                "消除影响",
                ["收到过原信息的平台、单位和系统已逐一告知，据此采取的措施随之纠正，由信用办督促确认。"],
            )
        )
    return _paper(
        row, ANSWER, at=row.carried_out_at or row.filed_at, sections=sections, changes=row.changes,
        ways_title="对结果不服的", ways=[*_remedies(row, case), COMPLAIN], verify="a",
    )  # fmt: skip


def _case_of(row: Objection) -> BreachCase | None:
    if row.publication is not None:
        return row.publication.case
    owner = owner_of(row.entry) if row.entry is not None else None
    return owner if isinstance(owner, BreachCase) else None


def _remedies(row: Objection, case: BreachCase | None) -> list[str]:
    if case is not None and row.outcome == Outcome.WITHDRAW and not row.site_fault:
        # Revoked with the answer: the time limits that stand in it lead nowhere any more.
        return [
            "认定已经撤销，原认定书不再有效，不必再就它申请行政复议或者提起行政诉讼；"
            "已经申请或者起诉的，可以把本答复书交给复议机关或者人民法院。对答复有其他意见的，可以再次提出异议。"
        ]
    if case is not None and case.reconsideration_body:
        return [
            f"可以依法向{case.reconsideration_body}申请行政复议，或者向{case.court}提起行政诉讼；期限以认定书所载为准。"
        ]
    return [
        "对所依据的行政行为不服的，可以依法申请行政复议或者提起行政诉讼；有新的证据的，可以再次提出异议。"
    ]


def _paper(
    row: Objection,
    title: str,
    *,
    at: datetime,
    sections: list[tuple[str, list[str]]],
    facts: list[tuple[str, str]] | None = None,
    changes: list[dict[str, str]] | None = None,
    ways_title: str = "",
    ways: list[str] | None = None,
    follow: bool = False,
    verify: str = "",
) -> bytes:
    context: dict[str, Any] = {
        "title": title,
        "number": row.number,
        "addressee": row.by_name,
        "facts": [
            *_subject_of(row),
            ("异议的记录", row.record_title),
            ("文书号或编码", row.record_no),
            ("作出单位", row.department.name),
            ("提出日期", local_date(row.filed_at).isoformat()),
            *(facts or []),
        ],
        "sections": sections,
        "changes": changes or [],
        "ways_title": ways_title,
        "ways": ways or [],
        "unit": row.office,
        "on": local_date(at),
        "demonstration": _demonstration(row),
    }
    if follow:
        context |= {"address": follow_url(row), "qr_data_uri": qr_data_uri(follow_url(row))}
    if verify:
        address = verify_url(verify_token(row, verify))
        context |= {"verify_url": address, "verify_uri": qr_data_uri(address)}
        if verify == "r":
            context["sha256"] = row.text_sha256
    html = render_to_string(TEMPLATE, context)
    return render_pdf(html, identifier=f"{row.number} {title}".encode(), title=f"{title} {row.number}")


def _subject_of(row: Objection) -> list[tuple[str, str]]:
    """Whose record it is. A person's number is masked, and the name too as long as nobody has seen who objects."""
    if row.subject is None:
        return []
    return [
        ("主体", row.subject.name if row.identity else str(row.subject)),
        (code_label(row.subject.kind), row.subject.shown_code),
    ]


def verify_token(row: Objection, paper: str) -> str:
    """What the QR code of a paper («r» receipt, «a» answer) carries."""
    return f"{paper}{row.uuid.hex}{_seal(row.uuid, paper)}"


def _seal(uuid: UUID, paper: str) -> str:
    return keyed_hash(f"{paper}:{uuid.hex}", purpose="objection.paper")[:SEAL]


def find_paper(token: str, *, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """What the QR code of a receipt or answer opens: that it is genuine, its number and hash, nothing else."""
    paper, number, seal = token[:1], token[1:33], token[33:]
    if paper not in VERIFIABLE or not token.isascii():
        return None
    try:
        uuid = UUID(hex=number)
    except ValueError:
        return None
    if number != uuid.hex or not hmac.compare_digest(seal, _seal(uuid, paper)):
        return None
    row = Objection.objects.select_related("document").filter(uuid=uuid).first()
    if row is None or (paper == "a" and row.document is None):
        return None
    sha256 = row.document.sha256 if paper == "a" and row.document else row.text_sha256
    return "objections/verify.html", {
        "title": VERIFIABLE[paper],
        "number": row.number,
        "sha256": sha256,
        "answer": paper == "a",
        "demonstration": _demonstration(row),
    }


def _demonstration(row: Objection) -> bool:
    """Also where somebody tries it out on an invented record."""
    return row.is_demo or (row.subject is not None and row.subject.is_demo)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

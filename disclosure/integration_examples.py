"""Commands for the developers of departments' systems, made from this deployment's own catalogue, so that they work as
they stand: only the token is filled in."""

import json
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from stdnum.cn import uscc

from commitments import texts
from commitments.models import Blank, TextVersion
from credit_portal.registry import catalogue
from credit_portal.registry.models import CommitmentType, Region, ServiceItemVersion

# A subject that nobody is: with the last number of its region.
NAME, NUMBER = "接口演示有限公司", "MA9999999"
# How many items are looked at for one that has a text.
TRIED = 20
WANTED = (
    CommitmentType.APPROVAL,
    CommitmentType.SUPERVISORY,
    CommitmentType.VOLUNTARY,
    CommitmentType.INDUSTRY,
)
PDF = (
    r"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    r"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    r"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n%%%%EOF\n"
)


@dataclass(frozen=True)
class Example:
    """`path` is the address it is about; `commands` are for a shell, each after those before it."""

    path: str
    title: str
    about: str
    commands: str


@dataclass(frozen=True)
class Shell:
    """What a shell is to put in: `${NAME}` or `$(date …)`; everything else is quoted for it."""

    text: str


def examples(region: Region, *, address: str, today: date) -> list[Example]:
    """In the order in which they are to be run; none where the catalogue has no item with a text yet."""
    found = _usable(region, today)
    if found is None:
        return []
    item, kind, version = found
    return [
        Example("", "先设好地址和令牌", "地址已经是本门户的；令牌换成签发给您的。", _beginning(address)),
        _check(region, item, kind),
        _commitment(version, today, "check.json", "commitment.json", "CODE"),
        Example(
            "GET /api/v1/commitments",
            "读取本部门的承诺",
            "按办件编号找回刚才的一份；不写条件的，最新的在前，用返回的 next 取下一页。",
            _get("commitments?case_ref=DEMO-${RUN}", "list.json"),
        ),
        Example(
            "GET /api/v1/duties", "读取本部门的办理期限", "先到期的在前。", _get("duties", "duties.json")
        ),
        Example(
            "POST /api/v1/fulfilments",
            "报告承诺已全部履行",
            "核实以后报告，由部门人员确认后登记为全部履行；有条款要持续做到某日的，到期以后才能报告，在此以前答复 409。部分履行和没有履行的不能报告，请用 breaches 提请立案。",
            _post(
                "fulfilments",
                "fulfilment.json",
                {
                    "commitment": Shell("${CODE}"),
                    "status": "fulfilled",
                    "note": Shell("$(date +%F) 现场核实，承诺的事项均已落实"),
                },
            ),
        ),
        _breach(region, item, kind, version, today),
        Example(
            "POST /api/v1/credit-entries",
            "推送一条行政许可",
            "处罚和其他信息的字段见接口描述文件；推送的信息由部门人员确定公开类型以后才公示。",
            _post(
                "credit-entries",
                "entry.json",
                {
                    "kind": "licence",
                    "subject": _subject(region),
                    "document_name": "接口演示决定书",
                    "document_no": Shell("演示〔${RUN}〕1号"),
                    "category": "普通",
                    "content": "接口演示，没有实际内容",
                    "decided_on": Shell("$(date +%F)"),
                    "valid_from": Shell("$(date +%F)"),
                },
            ),
        ),
    ]


def _usable(region: Region, today: date) -> tuple[ServiceItemVersion, str, TextVersion] | None:
    for item in catalogue.current_items(lineage=region.lineage, on=today)[:TRIED]:
        for kind in WANTED:
            if kind not in item.allowed_types:
                continue
            version = texts.text_for(
                item_version=item, commitment_type=kind, late_materials=False, region=region, on=today
            )
            if version is not None:
                return item, str(kind), version
    return None


def _beginning(address: str) -> str:
    return "\n".join(
        [
            f"HOST={address}",
            "TOKEN=xy_换成您的令牌",
            "RUN=$(date +%s)",
            f"printf '{PDF}' > demo.pdf",
            r"FILE=$(base64 demo.pdf | tr -d '\n')",
        ]
    )


def _subject(region: Region) -> dict[str, Any]:
    body = f"91{region.code}{NUMBER}"
    return {"kind": "organisation", "name": NAME, "code": body + uscc.calc_check_digit(body)}


def _check_commands(region: Region, item: ServiceItemVersion, kind: str, out: str, ref: str) -> str:
    told = {
        "subject": _subject(region),
        "item": item.item.code,
        "type": kind,
        "purpose": "approval",
        "case_ref": Shell(ref),
    }
    return _post("checks", out, told, key=f"checks-{out.partition('.')[0]}")


def _check(region: Region, item: ServiceItemVersion, kind: str) -> Example:
    return Example(
        "POST /api/v1/checks",
        "核查信用记录",
        "回答中的 number 是核查编号，route 为 commitment 的才可以递交承诺。",
        _check_commands(region, item, kind, "check.json", "DEMO-${RUN}"),
    )


def _commitment(version: TextVersion, today: date, check: str, out: str, name: str) -> Example:
    told = {
        "check": Shell("${CHECK}"),
        "text": {"code": version.text.code, "version": version.number},
        "signer": {"name": "张三", "capacity": "legal_representative", "identity_document": "id_card"},
        "signed_at": Shell("$(date +%FT%T%z)"),
        "read_confirmed": True,
        "confirm_duplicate": True,
        "blanks": {blank.key: _sample(blank, today) for blank in version.blanks.all()},
        "file": {"name": "demo.pdf", "content": Shell("${FILE}")},
    }
    commands = "\n".join(
        [
            _taken("CHECK", "number", check),
            _post("commitments", out, told, key=f"commitments-{out.partition('.')[0]}"),
            _taken(name, "code", out),
        ]
    )
    return Example(
        "POST /api/v1/commitments",
        "递交签署的承诺",
        "核查、签署在同一天，最迟次日递交；同一主体当天就同一事项再签一份的，confirm_duplicate 须为 true。",
        commands,
    )


def _breach(
    region: Region, item: ServiceItemVersion, kind: str, version: TextVersion, today: date
) -> Example:
    told = {
        "commitment": Shell("${OTHER}"),
        "source": "inspection",
        "facts": Shell("$(date +%F) 现场检查，承诺的内容没有落实（接口演示）。"),
    }
    commands = "\n".join(
        [
            _check_commands(region, item, kind, "check2.json", "DEMO-${RUN}-2"),
            _commitment(version, today, "check2.json", "commitment2.json", "OTHER").commands,
            _post("breaches", "breach.json", told),
        ]
    )
    return Example(
        "POST /api/v1/breaches",
        "提请违诺立案",
        "先另做一次核查、递交一份承诺，再对它立案。只立案：本部门人员收到通知，核实以后告知、听取陈述申辩、认定。",
        commands,
    )


def _sample(blank: Blank, today: date) -> str:
    match blank.kind:
        case Blank.Kind.DATE:
            return (today + timedelta(days=30)).isoformat()
        case Blank.Kind.NUMBER:
            return "1"
        case Blank.Kind.CHOICE:
            return blank.choices[0]
    return "演示"[: blank.max_length]


def _taken(name: str, field: str, out: str) -> str:
    return rf"""{name}=$(sed -n 's/.*"{field}":"\([^"]*\)".*/\1/p' {out})"""


def _get(path: str, out: str) -> str:
    return "\n".join(
        [
            f"curl -sS -o {out} -w '%{{http_code}}\\n' \"$HOST/api/v1/{path}\" \\",
            '  -H "Authorization: Bearer $TOKEN"',
        ]
    )


def _post(path: str, out: str, told: dict[str, Any], *, key: str = "") -> str:
    return "\n".join(
        [
            f"curl -sS -o {out} -w '%{{http_code}}\\n' \"$HOST/api/v1/{path}\" \\",
            '  -H "Authorization: Bearer $TOKEN" \\',
            f'  -H "Idempotency-Key: {key or path}-$RUN" \\',
            "  -H 'Content-Type: application/json' --data-binary @- <<JSON",
            for_shell(told),
            "JSON",
        ]
    )


def for_shell(told: dict[str, Any]) -> str:
    """JSON for the inside of an unquoted here-document: what the shell is to put in stays, everything else is quoted."""
    puts: dict[str, str] = {}

    def mark(value: Any) -> Any:
        if isinstance(value, Shell):
            sign = secrets.token_hex(8)
            puts[sign] = value.text
            return sign
        if isinstance(value, dict):
            return {key: mark(part) for key, part in value.items()}
        return value

    text = json.dumps(mark(told), ensure_ascii=False, indent=1)
    for char in "\\$`":
        text = text.replace(char, f"\\{char}")
    for sign, put in puts.items():
        text = text.replace(sign, put)
    return text

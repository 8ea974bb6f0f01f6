"""What a page shows of a commitment that came by a hand-over: its source, and what the register told of before."""

from datetime import date

from commitments.models import Commitment, HandedHistory, HandedOver


def source_of(commitment: Commitment) -> list[tuple[str, str]]:
    """(label, text); nothing where it did not come so."""
    handed = HandedOver.objects.select_related("owner", "mapping", "job").filter(pk=commitment.pk).first()
    if handed is None:
        return []
    code = "由本系统编给（原登记簿没有承诺编码）" if handed.own_code else "原登记簿载明"
    return [
        ("来源", f"{handed.owner.name}的“{handed.register}”"),
        ("原编号", handed.number),
        ("移交日期", handed.handed_on.isoformat()),
        ("原登记的状态", handed.state_word or "没有载明"),
        ("承诺编码", code),
        ("文件", f"{handed.job.name}第 {handed.row} 行，对照第 {handed.mapping.version} 版"),
    ]


def history_of(commitment: Commitment) -> list[tuple[str, str]]:
    """(kind, what the register told of it), in the order of the file."""
    return [(_title(row), _text(row)) for row in HandedHistory.objects.filter(commitment=commitment.pk)]


def _title(row: HandedHistory) -> str:
    label = str(HandedHistory.Kind(row.kind).label)
    if row.kind != HandedHistory.Kind.BREACH:
        return label
    return f"{label}（{'移交前已了结' if row.settled else '未了结，由受理单位核实'}）"


def _text(row: HandedHistory) -> str:
    parts = [f"原表载明：{row.what}"] if row.what else []
    if row.document_no:
        parts.append(f"文书号 {row.document_no}")
    if row.found_on or row.found_by:
        parts.append("认定 " + "，".join(filter(None, (_day(row.found_on), row.found_by))))
    if row.from_on or row.until_on:
        parts.append(f"公示 {_day(row.from_on) or '未载明'} 至 {_day(row.until_on) or '未载明'}")
    if row.repaired_on:
        parts.append(f"修复 {_day(row.repaired_on)}")
    return "；".join(parts) or "没有更多内容"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""

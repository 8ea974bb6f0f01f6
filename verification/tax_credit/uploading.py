"""A file of entries: read as a whole, every fault by its row, then taken in as a whole or not at all. Sent again, what is
there already stays as it is."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.recording import together
from credit_portal.documents import writing
from credit_portal.documents.intake import IntakeRefused, List
from credit_portal.registry.models import User

from .keeping import NOT_TAX, Kind, TaxCreditError, Told, keeps, record

HEADS = {
    "id_number": "身份证号码",
    "name": "姓名",
    "tax_year": "纳税年度",
    "kind": "信息类型",
    "facts": "事实",
    "found_on": "认定日期",
    "document_no": "文书号",
    "commitment_code": "申报承诺编码",
}
MOST_ROWS = 1_000
LIST = List(
    {head: key for key, head in HEADS.items()},
    needed=[HEADS[key] for key in ("id_number", "name", "tax_year", "kind", "facts", "found_on")],
    most_rows=MOST_ROWS,
    beside=None,
)
KINDS = {str(label): str(code) for code, label in Kind.choices}


class RowsRefused(TaxCreditError):
    """Nothing was taken in; `faults` say what is wrong with which row."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        super().__init__(f"有 {len(faults)} 行需要改正，全部没有采集。", field="file")
        self.faults = faults


@dataclass(frozen=True)
class Taken:
    rows: int
    new: int


def template() -> bytes:
    """An empty xlsx with the head."""
    return writing.write("xlsx", list(HEADS.values()), [], title="纳税信用信息", lists={3: tuple(KINDS)})


def take(*, name: str, content: bytes, actor: User, now: datetime) -> Taken:
    """Take a file in. Raises TaxCreditError where it cannot be read, RowsRefused by row."""
    if not keeps(actor) or actor.department is None:
        raise TaxCreditError(NOT_TAX)
    try:
        rows = LIST.read(name, content)
    except IntakeRefused as error:
        raise TaxCreditError(str(error), field="file") from error
    faults: list[tuple[int, str]] = []
    new = 0
    with transaction.atomic(), together():
        for place, row in rows:
            try:
                with transaction.atomic():
                    made = record(told=_told(row), actor=actor, now=now)
            except TaxCreditError as wrong:
                label = HEADS.get(wrong.field, "")
                faults.append((place, f"{label}：{wrong}" if label else str(wrong)))
            else:
                new += made.recorded_at == now
        if faults:
            raise RowsRefused(faults)
        events.tax_credit_upload(
            now=now,
            actor_id=actor.pk,
            department_id=actor.department.pk,
            sha256=hashlib.sha256(content).hexdigest(),
            rows=len(rows),
        )
    return Taken(len(rows), new)


def _told(row: dict[str, str]) -> Told:
    cell = {key: row.get(key, "").replace("\0", "").strip() for key in HEADS}
    typed = cell["found_on"].split(" ")[0].replace("/", "-").replace(".", "-")
    try:
        found_on = date.fromisoformat(typed)
    except ValueError as error:
        raise TaxCreditError("应写成 2026-05-31 的样子。", field="found_on") from error
    return Told(**(cell | {"kind": KINDS.get(cell["kind"], cell["kind"]), "found_on": found_on}))

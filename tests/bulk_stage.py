"""Files of collected commitments for tests: right rows by number, and workbooks with whatever is to be wrong in them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import openpyxl
import xlsxwriter
from PIL import Image as Image

from commitments.bulk import jobs, results
from commitments.bulk.columns import BY_LABEL
from commitments.collection_format import FIELDS
from commitments.models import BulkJob
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import Department, User

from . import factories as make

NOW = make.NOW
MINUTE = timedelta(minutes=1)  # a part is a moment later than its run began
HEAD = [one.label for one in FIELDS]


@dataclass
class Place:
    unit: Department = field(default_factory=lambda: make.department(name="栾城区测试审批局"))
    officer: User = field(init=False)
    head: User = field(init=False)

    def __post_init__(self) -> None:
        self.officer = make.staff("officer", department=self.unit)
        self.head = make.staff("head", department=self.unit)
        PolicyRule.objects.create(
            region=self.unit.region, key="bulk_breach", value=10, unit="working_days", basis="测试",
            confirmed=True, effective_from=date(2020, 1, 1),
        )  # fmt: skip

    def row(self, number: int, **changed: str) -> dict[str, str]:
        return row(self.unit, number, **changed)

    def bring(self, content: bytes, *, name: str = "承诺.xlsx", run: bool = True, **more: Any) -> BulkJob:
        """Upload a file and carry it out."""
        job = jobs.start(
            file=jobs.Upload(name, content), department=self.unit, actor=self.officer,
            now=more.pop("now", NOW), queue=False, **more,
        )  # fmt: skip
        return jobs.carry_on(job_id=job.pk, now=NOW) if run else job


def row(unit: Department, number: int, **changed: str) -> dict[str, str]:
    """A right row, by label; `changed` by field, as f4="…"."""
    made = date(2026, 1, 5) + timedelta(days=number % 60)
    values = {
        "承诺编码": f"{unit.region_id}{made:%Y%m%d}{number + 1:06d}",
        "承诺人名称": f"栾城区测试商贸{number}有限公司",
        "承诺人类别": "法人及非法人组织",
        "承诺人代码": make.organisation_code(500_000 + number),
        "承诺类型": "审批替代型",
        "承诺事由": "食品经营许可新办",
        "承诺内容": "已知悉许可条件，所提交的材料真实、准确、完整，依法经营，接受监督。",
        "违诺责任": "违反承诺的，自愿接受撤销许可等处理，并承担相应责任。",
        "承诺作出日期": made.isoformat(),
        "承诺有效期": (made + timedelta(days=365)).isoformat(),
        "承诺履行状态": "",
        "承诺受理单位": unit.name,
        "承诺受理单位代码": unit.uscc,
        "公开类型": "可向社会公开",
    }
    labels = {f"f{number}": label for label, number in BY_LABEL.items()}
    return values | {labels[key]: value for key, value in changed.items()}


def person(number: int) -> dict[str, str]:
    return {"f2": f"王小{'一二三四五六七八九'[number % 9]}", "f3": "自然人", "f4": make.id_number(number)}


BREACH = {"f11": "部分履行", "f12": "第 2 条没有做到", "f13": "责令改正", "f14": "2026-06-01"}


def xlsx(
    rows: Iterable[Mapping[str, Any]],
    head: list[str] | None = None,
    *,
    sheet: str = "承诺信息",
    title: str = "",
) -> bytes:
    """A workbook with text cells; a value that is no str is written as what it is."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_numbers": False})
    page = book.add_worksheet(sheet)
    start = 0
    if title:
        page.write_string(0, 0, title)
        start = 1
    labels = head or HEAD
    for column, label in enumerate(labels):
        page.write_string(start, column, label)
    for line, one in enumerate(rows, start + 1):
        for column, label in enumerate(labels):
            value = one.get(label, "")
            if isinstance(value, str):
                if value:
                    page.write_string(line, column, value)
            elif isinstance(value, tuple):
                page.write_formula(line, column, *value)
            else:
                page.write(line, column, value)
    book.close()
    return out.getvalue()


def as_csv(rows: Iterable[Mapping[str, str]], *, encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([one.get(label, "") for label in HEAD] for one in rows)
    return out.getvalue().encode(encoding)


def result_of(job: BulkJob) -> list[list[str]]:
    """The first sheet of a job's error workbook."""
    return sheets_of(results.content_of(job, "xlsx"))[0]


def sheets_of(content: bytes) -> list[list[list[str]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [
        [["" if cell is None else str(cell) for cell in line] for line in page.iter_rows(values_only=True)]
        for page in book.worksheets
    ]


class _GbkInfo(zipfile.ZipInfo):
    def _encodeFilenameFlags(self):
        return self.filename.encode("gb18030"), self.flag_bits & ~0x800


def zipped(files: Mapping[str, bytes], *, gbk: bool = False) -> bytes:
    """A zip; `gbk`: with names as Chinese Windows writes them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = (_GbkInfo if gbk else zipfile.ZipInfo)(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()

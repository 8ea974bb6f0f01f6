"""A hundred thousand collected rows brought into a table of millions, one in a hundred of them wrong in one of twelve ways.

The floor is `COPY` of as many rows of the same shape into the same table with all its indexes, rolled back. The import is the
command, in a process of its own: its time, its peak memory, its error workbook; and the list's p95 beside it.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import psycopg2
import xlsxwriter
from django.core.management import call_command
from django.db import connection

from commitments.collection_format import FIELDS
from commitments.models import BulkJob, Commitment
from credit_portal.audit import clock
from credit_portal.registry.models import Department
from disclosure.gate import LISTED_COLUMNS, listed_commitments
from tests import factories as make

from .measuring import p95

ROWS = int(os.environ.get("BENCH_ROWS") or 100_000)
# The first row's number, so that another file can follow in the same table.
FIRST = int(os.environ.get("BENCH_FIRST") or 0)
MOST_TIMES, MOST_MB, MOST_SLOWER = 25.0, 160.0, 1.3
HEAD = [one.label for one in FIELDS]
# The way to be wrong: field, value, and the column that the error workbook has to name.
WRONG: list[tuple[int, str, str]] = [
    (1, "1301", "承诺编码"), (2, "", "承诺人名称"), (3, "公司", "承诺人类别"), (4, "91130111MA000000I1", "承诺人代码"),
    (5, "承诺型", "承诺类型"), (7, "", "承诺内容"), (9, "2026-13-01", "承诺作出日期"), (10, "1999-01-01", "承诺有效期"),
    (11, "部分履行", "未履行的承诺内容"), (17, "别的单位", "承诺受理单位"), (19, "公开", "公开类型"), (20, "注" * 600, "备注"),
]  # fmt: skip


def run(say: Callable[[str], None]) -> bool:
    """Fill, measure, judge. True where the goals are met."""
    size = int(os.environ.get("BENCH_COMMITMENTS") or 3_000_000)
    call_command("seed_scale", commitments=size, seed=1)
    unit = Department.objects.filter(region_id="130111").order_by("pk")[0]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "承诺.xlsx"
        wrong = _write(file, unit)
        floor = min(_raw_copy() for _ in range(3))
        quiet = _list_times(lambda taken: taken < 300)
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "import_commitments", str(file), "--department", unit.uscc],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        beside: list[float] = []
        peaks = [0.0]
        watching = [
            threading.Thread(
                target=lambda: beside.extend(_list_times(lambda taken: process.poll() is None)), daemon=True
            ),
            threading.Thread(target=_watch_memory, args=(process, peaks), daemon=True),
        ]
        for one in watching:
            one.start()
        out, err = process.communicate()
        took = time.perf_counter() - began
        for one in watching:
            one.join(30)
        peak = max(peaks)
        job = BulkJob.objects.latest("pk")
        if job.state != "done":
            say(out + err)
            return False
        exact = _is_exact(file.with_name("承诺-错误.xlsx"), wrong)
    say(
        f"{ROWS:,} 行导入 {size:,} 条的表：{took:.1f} 秒（其中启动和读取文件在内），原样 COPY {floor:.2f} 秒，导入 {job.good:,}，"
        f"有误 {job.bad:,}；列表 p95 平时 {p95(quiet):.2f} ms、其间 {p95(beside):.2f} ms（{len(beside)} 次）"
    )
    met = exact and job.good == ROWS - len(wrong)
    say(f"{'达到' if exact else '未达到'}：错误表与预期逐行相同（{len(wrong):,} 行，{len(WRONG)} 种）")
    for what, value, most, unit_ in (
        ("用时 / 原样 COPY", took / floor, MOST_TIMES, "倍"),
        ("导入进程最多占用", peak, MOST_MB, "MB"),
        ("其间列表 p95 / 平时", p95(beside) / p95(quiet), MOST_SLOWER, "倍"),
    ):
        met = met and value <= most
        say(f"{'达到' if value <= most else '未达到'}：{what} {value:.2f} {unit_}（目标 ≤ {most:g}）")
    return met


def _watch_memory(process: subprocess.Popen[str], peaks: list[float]) -> None:
    """The most that a process has held, in MB, as the kernel keeps it (VmHWM). What `getrusage` tells of a child begins with
    its parent's size."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        except OSError:
            return
        if found:
            peaks.append(int(found[1]) / 1024)
        time.sleep(0.2)


def _write(file: Path, unit: Department) -> dict[int, str]:
    """The file; its wrong rows by number, each with the column that is wrong."""
    book = xlsxwriter.Workbook(str(file), {"strings_to_numbers": False, "strings_to_formulas": False})
    page = book.add_worksheet("承诺信息")
    for column, label in enumerate(HEAD):
        page.write_string(0, column, label)
    wrong, first = {}, clock.today() - timedelta(days=400)
    for number in range(ROWS):
        made = first + timedelta(days=number % 365)
        values = _values(FIRST + number, made, unit)
        if number % 100 == 7:
            field, value, label = WRONG[number // 100 % len(WRONG)]
            values[field - 1] = value
            wrong[number + 2] = label
        for column, value in enumerate(values):
            if value:
                page.write_string(number + 1, column, value)
    book.close()
    return wrong


def _values(number: int, made: date, unit: Department) -> list[str]:
    values = [""] * 20
    values[:10] = [
        f"{unit.region_id}{made:%Y%m%d}{800_000 + number // 365:06d}", f"规模测试第{number}商贸有限公司", "法人及非法人组织",
        make.organisation_code(number, prefix="93"), "审批替代型", "食品经营许可新办",
        f"本单位已知悉许可的条件、标准和要求，所提交的材料合法、真实、准确、完整、有效；于 {made} 起依法经营，接受监督。",
        "违反承诺的，自愿接受撤销许可等处理，并依法承担相应的责任。", made.isoformat(), (made + timedelta(days=365)).isoformat(),
    ]  # fmt: skip
    values[10] = "全部履行" if number % 3 == 0 else ""
    values[16:19] = [unit.name, unit.uscc, "可向社会公开"]
    return values


def _raw_copy() -> float:
    """Seconds for as many rows as clean text into the same table, undone."""
    columns = [field.column for field in Commitment._meta.concrete_fields]
    changed = {
        "id": "id + 4000000000", "code": "'99' || right(code, 18)", "verify_token": "left(md5(verify_token), 32)",
    }  # fmt: skip
    chosen = ", ".join(changed.get(name, name) for name in columns)
    link = psycopg2.connect(os.environ["DATABASE_URL"])
    with link.cursor() as cursor:
        text = io.StringIO()
        cursor.copy_expert(
            f"COPY (SELECT {chosen} FROM commitments_commitment ORDER BY id DESC LIMIT {ROWS}) TO STDOUT",
            text,
        )
        text.seek(0)
        began = time.perf_counter()
        cursor.copy_expert(f"COPY commitments_commitment ({', '.join(columns)}) FROM STDIN", text)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = time.perf_counter() - began
    link.rollback()
    link.close()
    return took


def _list_times(go_on: Callable[[int], bool]) -> list[float]:
    """Milliseconds of the public list's first page, again and again."""
    taken: list[float] = []
    while go_on(len(taken)):
        began = time.perf_counter()
        list(listed_commitments(clock.now()).order_by("-id").values(*LISTED_COLUMNS)[:20])
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
    connection.close()
    return taken


def _is_exact(file: Path, wrong: dict[int, str]) -> bool:
    page = openpyxl.load_workbook(file, read_only=True).worksheets[0]
    found = {}
    for line in page.iter_rows(min_row=2, values_only=True):
        named = re.search(r"【(.+?)】", str(line[-2]))
        found[int(str(line[-1]))] = named[1] if named else ""
    return found == wrong

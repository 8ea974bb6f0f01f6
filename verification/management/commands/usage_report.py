"""`usage_report --department CODE --month 2026-11 --out FILE.xlsx`: a unit's monthly list in the annex's shape."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credit_portal.registry.models import Department
from verification.models import UsageList
from verification.usage import files, gathering


class Command(BaseCommand):
    help = "把一个单位一个月使用信用记录和信用报告的情况清单写成 xlsx"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--department", help="单位的统一社会信用代码")
        parser.add_argument("--month", help="月份，例如 2026-11")
        parser.add_argument("--out", help="写到哪个文件（.xlsx）")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if missing := [f"--{name}" for name in ("department", "month", "out") if not options[name]]:
            raise CommandError(f"缺少 {'、'.join(missing)}。")
        month = _month(options["month"])
        unit = Department.objects.filter(uscc=options["department"].strip().upper()).first()
        if unit is None:
            raise CommandError(f"没有统一社会信用代码为 {options['department']} 的单位。")
        row = UsageList.objects.filter(department=unit, month=month).select_related("department").first()
        if row is None:
            raise CommandError(f"{unit.name}没有 {month:%Y-%m} 的月报：本地区没有开通，或者该月还没有形成。")
        sheet = gathering.sheet_of(row)
        out = Path(options["out"])
        try:
            out.write_bytes(files.workbook([sheet]))
        except OSError as error:
            raise CommandError(f"不能写到 {out}：{error.strerror}。") from error
        if not sheet.reporter:
            self.stderr.write("这个月还没有报送，写出的是现在的内容。")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise CommandError(f"月份“{text}”应写作 2026-11 的形式。") from error

"""`progress_report --region CODE --half 2026H2 --out FILE.xlsx`: a region's half-year, an overview and a sheet a unit."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credit_portal.audit import clock
from credit_portal.overview.progress import gathering
from credit_portal.registry.models import Region
from disclosure.progress import periods


class Command(BaseCommand):
    help = "把一个地区一个半年的工作进展（总表、合计和各单位的报告）写成 xlsx"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", help="行政区划代码，例如 410103")
        parser.add_argument("--half", help="半年，例如 2026H2")
        parser.add_argument("--out", help="写到哪个文件（.xlsx）")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if missing := [f"--{name}" for name in ("region", "half", "out") if not options[name]]:
            raise CommandError(f"缺少 {'、'.join(missing)}。")
        try:
            half = periods.parse(options["half"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        region = Region.objects.filter(code=options["region"]).first()
        if region is None:
            raise CommandError(f"没有行政区划 {options['region']}。")
        rows = gathering.region_rows(region, half)
        if not rows:
            raise CommandError(
                f"{region.name}没有{half.in_words}的进展报告：本地区没有开通，或者该半年还没有形成。"
            )
        out = Path(options["out"])
        try:
            out.write_bytes(gathering.region_workbook(region, half, rows, clock.today()))
        except OSError as error:
            raise CommandError(f"不能写到 {out}：{error.strerror}。") from error
        waiting = sum(1 for row in rows if row.submitted_on is None)
        if waiting:
            self.stderr.write(f"还有 {waiting} 个单位没有报送，写出的是它们现在的数字。")

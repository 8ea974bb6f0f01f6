"""`export_commitments --region CODE --format xlsx|csv|json --out FILE`: a place's commitments in the twenty fields."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credit_portal.audit import clock
from credit_portal.registry.models import Region
from disclosure.exchange import exporting


class Command(BaseCommand):
    help = "把一个地区（及以下）的承诺按统一归集格式二十项写成 xlsx、csv 或 json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", help="行政区划代码，例如 130111")
        parser.add_argument("--format", help="xlsx、csv 或 json")
        parser.add_argument("--out", help="写到哪个文件")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if missing := [f"--{name}" for name in ("region", "format", "out") if not options[name]]:
            raise CommandError(f"缺少 {'、'.join(missing)}。")
        region = Region.objects.filter(code=options["region"]).first()
        if region is None:
            raise CommandError(f"没有代码为 {options['region']} 的行政区划。")
        if options["format"] not in exporting.FORMATS:
            raise CommandError(f"格式应为 {'、'.join(exporting.FORMATS)}，现为“{options['format']}”。")
        content, rows = exporting.export(region=region, file_format=options["format"], now=clock.now())
        out = Path(options["out"])
        try:
            # It may hold numbers of persons who have made theirs public: for nobody else of the machine.
            out.touch(mode=0o600)
            out.write_bytes(content)
        except OSError as error:
            raise CommandError(f"不能写到 {out}：{error.strerror}。") from error
        self.stdout.write(f"{region.name} {rows} 条，写到 {out}。")

"""`load_measures [FILE|DIR]`: bring lists and the measures that follow into the database; run again, it adds only what is new."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from verification.measures.loading import SHIPPED, MeasuresError, load


class Command(BaseCommand):
    help = "装入名单和奖惩措施清单文件（TOML）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, nargs="?", default=SHIPPED, help="文件或文件夹")

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        try:
            loaded = load(path, now=clock.now())
        except MeasuresError as error:
            self.stderr.write(f"{error}\n没有装入任何内容。")
            sys.exit(1)
        self.stdout.write(
            f"新增 {loaded.lists} 份名单、{loaded.measures} 项措施、{loaded.sources} 个查询来源，{loaded.unchanged} 条已有。"
        )

"""`load_policy FILE|DIR`: bring dated policy rules into the database; run again, it adds only what is new."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from credit_portal.deadlines.loading import PolicyError, read_rules, store_rules


class Command(BaseCommand):
    help = "装入地区规则文件（TOML）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="规则文件或文件夹")

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        try:
            loaded = store_rules(read_rules(path), now=clock.now())
        except PolicyError as error:
            self.stderr.write(f"{error}\n没有装入任何规则。")
            sys.exit(1)
        self.stdout.write(f"新增 {len(loaded.added)} 条规则，{loaded.unchanged} 条已有。")
        for line in loaded.kept:
            self.stdout.write(line)

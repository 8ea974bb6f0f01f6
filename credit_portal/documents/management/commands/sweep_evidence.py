"""`sweep_evidence`: remove stored files that no record names."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credit_portal.audit import clock
from credit_portal.documents.services import sweep_orphans


class Command(BaseCommand):
    help = "清理没有任何记录指向的证据文件（回滚的办理留下的）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than-hours", type=float, default=24, metavar="N", help="只清理 N 小时前的"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = sweep_orphans(now=clock.now(), older_than=timedelta(hours=options["older_than_hours"]))
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已清理 {len(removed)} 个无主文件。")

"""`demo`: demonstration data, once. Standard output is the table of accounts and nothing else."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from credit_portal.overview.demo import build


class Command(BaseCommand):
    help = "装入演示数据（只装一次；有真实数据时拒绝）"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = build.build(now=clock.now())
        except build.NotEmpty as error:
            self.stderr.write(str(error))
            sys.exit(1)
        if result.commitments is None:
            self.stderr.write("演示数据已经装入，没有改动。")
        else:
            self.stderr.write(f"已装入演示数据，含 {result.commitments} 份信用承诺。")
        self.stdout.write(result.logins)

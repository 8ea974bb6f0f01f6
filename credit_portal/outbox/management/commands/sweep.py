"""`sweep`: one pass over everything that is due. The scheduler does it each minute; by hand it does no harm."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from credit_portal.outbox import sweeping, worker_clock


class Command(BaseCommand):
    help = "把到期该做的事做一遍（提醒、公示的开始和结束、外发事项）。"

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        try:
            worker_clock.check(now)
        except worker_clock.ClockOff as error:
            self.stderr.write(str(error))
            sys.exit(1)
        done = sweeping.sweep(now=now)
        if not done:
            self.stdout.write("另一遍正在进行，这次不做。")
            return
        for name, number in done.items():
            self.stdout.write(f"{name} {number}")
        if failed := [name for name, number in done.items() if number < 0]:
            self.stderr.write(f"有步骤没有完成：{'、'.join(failed)}，原因见日志。")
            sys.exit(1)

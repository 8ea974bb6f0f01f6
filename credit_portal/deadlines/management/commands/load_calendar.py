"""`load_calendar FILE`: a year's notice of holidays; open duties that it touches are counted anew."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credit_portal.audit import clock
from credit_portal.deadlines.holiday_notices import CalendarError, read_notice
from credit_portal.deadlines.switching.notices import load_notice


class Command(BaseCommand):
    help = "载入一年的放假安排（TOML），并重算受影响的未办结期限。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="放假安排文件")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            change, sums = load_notice(read_notice(Path(options["file"])), actor=None, now=clock.now())
        except CalendarError as error:
            self.stderr.write(f"{error}\n没有载入放假安排。")
            sys.exit(1)
        year = change.notice.year
        if change.same:
            self.stdout.write(f"{year} 年放假安排没有变化。")
            return
        moved = sum(one.moved for one in sums)
        self.stdout.write(
            f"已载入 {year} 年放假安排：{len(change.days)} 天有变，{moved} 项期限的日期改变，"
            f"{sum(one.settled for one in sums)} 项由暂定变为确定或重列计入日。"
        )

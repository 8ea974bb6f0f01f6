"""`due_date --from 2026-09-28 --working-days 7`: the last day of a period, and whether it is provisional."""

import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credit_portal.deadlines.calendar import count
from credit_portal.deadlines.calendars import current_calendar


class Command(BaseCommand):
    help = "计算期限的最后一日：起算日不计入；途经尚无放假安排的年份时标明 provisional（暂定）。"

    def add_arguments(self, parser: CommandParser) -> None:
        # What is missing is said below, in Chinese: the parser knows English only.
        parser.add_argument("--from", dest="start", default="", help="起算日，如 2026-09-28")
        parser.add_argument("--working-days", dest="working_days", help="工作日数")
        parser.add_argument("--days", help="日数，最后一日逢休息日顺延")
        parser.add_argument("--months", help="月数，最后一日逢休息日顺延")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            start, (unit, length) = _day(options["start"]), _length(options)
            counted = count(current_calendar(), start, length, unit)
        except ValueError as error:
            self.stderr.write(str(error))
            sys.exit(1)
        self.stdout.write(f"{counted.due}{' provisional' if counted.provisional else ''}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"--from 应为日期（如 2026-09-28），现为“{text}”。") from error


def _length(options: dict[str, Any]) -> tuple[str, int]:
    given = [unit for unit in ("working_days", "days", "months") if options[unit] is not None]
    if len(given) != 1:
        raise ValueError("请写明 --working-days、--days、--months 中的一项，且只写一项。")
    text = options[given[0]]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"期限长度应为不小于 0 的整数，现为“{text}”。")
    return given[0], int(text)

"""`prepare_fonts`: make the paper fonts once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credit_portal.documents import fonts


class Command(BaseCommand):
    help = "制作纸面字体（已制作且来源未变时立即结束）"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            paper_fonts, made = fonts.prepare()
        except fonts.FontsMissing as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"纸面字体{'已制作' if made else '已就绪'}：{paper_fonts.folder}")

"""Count how common the fragments of names are: after a large import, without waiting for the night."""

from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from disclosure import fragments


class Command(BaseCommand):
    help = "重新统计名称用字的频率（查询据此选择路径；每天夜里自动进行，大批导入后可立即运行）。"

    def handle(self, *args: Any, **options: Any) -> None:
        kept = fragments.refresh(now=clock.now())
        self.stdout.write(f"常见的字和两字组合 {kept} 个。")

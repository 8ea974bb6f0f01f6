"""`demo_codes`: one-time codes for two subjects of the demonstration, new ones each time. Standard output is the table."""

from typing import Any

from django.core.management.base import BaseCommand

from credit_portal.audit import clock
from credit_portal.overview.demo import subjects


class Command(BaseCommand):
    help = "为演示主体签发网上查询的一次性代码"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(subjects.codes_table(now=clock.now()))

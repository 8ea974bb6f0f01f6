from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from credit_portal.audit import clock
from credit_portal.registry import codes, groups, staff
from credit_portal.registry.models import Department


class Command(BaseCommand):
    help = "开设一个工作人员账号，打印一次性的设置密码链接。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", help="用户名")
        parser.add_argument(
            "--group",
            action="append",
            help="角色，可重复：" + "，".join(f"{name} {label}" for name, label in groups.LABELS.items()),
        )
        parser.add_argument("--department", help="部门的统一社会信用代码（安全管理员和系统管理员可以不填）")
        parser.add_argument("--name", default="", help="姓名，不填则与用户名相同")
        parser.add_argument("--window", default="", help="窗口，例如 3 号窗口")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if missing := [f"--{name}" for name in ("username", "group") if not options[name]]:
            raise CommandError(f"缺少 {'、'.join(missing)}。")
        department = self.department(options["department"]) if options["department"] else None
        now = clock.now()
        try:
            with transaction.atomic():
                user = staff.create_staff(
                    username=options["username"],
                    display_name=options["name"] or options["username"],
                    groups=options["group"],
                    department=department,
                    window_label=options["window"],
                    actor=None,
                    now=now,
                )
                link = staff.issue_link(user=user, actor=None, now=now)
        except staff.StaffError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已开设账号：{user.username}（{user.display_name}）")
        self.stdout.write(
            f"请本人在 {settings.PASSWORD_RESET_TIMEOUT // 3600} 小时内打开链接设置密码，只能用一次："
        )
        self.stdout.write(f"{settings.SITE['address']}{link}")

    def department(self, code: str) -> Department:
        found = Department.objects.filter(uscc=codes.clean(code)).first()
        if found is None:
            raise CommandError(
                f"没有统一社会信用代码为 {code} 的部门。先用 create_department 登记部门，再开设账号。"
            )
        return found

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credit_portal.audit import clock
from credit_portal.registry import staff
from credit_portal.registry.models import Department, Region


class Command(BaseCommand):
    help = "登记一个部门（空白部署的第一个部门由此登记，以后可在管理后台维护）。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--uscc", help="统一社会信用代码")
        parser.add_argument("--name", help="名称")
        parser.add_argument(
            "--kind",
            help="类别：" + "，".join(f"{value} {label}" for value, label in Department.Kind.choices),
        )
        parser.add_argument("--region", help="行政区划代码，例如 130111")
        parser.add_argument("--short-name", default="", help="简称")
        parser.add_argument("--address", default="", help="地址")
        parser.add_argument("--phone", default="", help="公开电话")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if missing := [f"--{name}" for name in ("uscc", "name", "kind", "region") if not options[name]]:
            raise CommandError(f"缺少 {'、'.join(missing)}。")
        region = Region.objects.filter(code=options["region"]).first()
        if region is None:
            known = "、".join(f"{row.code} {row.name}" for row in Region.objects.all())
            raise CommandError(f"没有行政区划 {options['region']}。现有：{known}。")
        if options["kind"] not in Department.Kind.values:
            raise CommandError(f"没有部门类别 {options['kind']}，可用：{'、'.join(Department.Kind.values)}。")
        try:
            department = staff.save_department(
                department=None,
                uscc=options["uscc"],
                name=options["name"],
                short_name=options["short_name"],
                kind=options["kind"],
                region=region,
                address=options["address"],
                phone=options["phone"],
                actor=None,
                now=clock.now(),
            )
        except staff.StaffError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已登记部门：{department.name}（{department.uscc}）")

"""`import_commitments FILE --department CODE [--dry-run]`: a file of collected commitments, by the same engine as the page."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from commitments.bulk import jobs, results
from commitments.handover import running
from commitments.models import BulkJob
from credit_portal.audit import clock
from credit_portal.registry.models import Department


class Command(BaseCommand):
    # The checks load every page and form, thirty megabytes that an import has no use for; the services make them at each start.
    requires_system_checks: list[str] = []
    help = "导入归集的承诺（xlsx 或 csv，统一归集格式二十项）；有误的行写入原文件旁边的错误表"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="xlsx 或 csv")
        parser.add_argument("--department", help="受理单位（或者信用办）的统一社会信用代码")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不导入")
        parser.add_argument("--scans", help="扫描件 zip，文件名为承诺编码或办件编号")
        parser.add_argument("--mapping", help="登记簿移交：已确认的对照的名称")
        parser.add_argument("--other-as", default="", help="“其他”类型归入哪一类，例如 voluntary")

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked here and not by the parser, whose refusal would be English.
        if not options["file"] or not options["department"]:
            raise CommandError("用法：import_commitments 文件 --department 单位代码 [--dry-run]")
        file, department = Path(options["file"]), options["department"]
        unit = Department.objects.select_related("region").filter(uscc=department, is_active=True).first()
        if unit is None:
            raise CommandError(f"没有代码为 {department} 的单位，或者它已停用。")
        try:
            job = (
                self._handed_over(file, unit, options)
                if options["mapping"]
                else jobs.start(
                    file=_upload(file),
                    scans=_upload(Path(options["scans"])) if options["scans"] else None,
                    department=unit,
                    actor=None,
                    dry_run=options["dry_run"],
                    other_as=options["other_as"],
                    queue=False,
                    now=clock.now(),
                )
            )
        except jobs.BulkRefused as error:
            raise CommandError(str(error)) from error
        job = jobs.carry_on(job_id=job.pk, now=clock.now())
        self.report(job)
        if job.result_name:
            for kind in ("xlsx", "csv") if job.kind == BulkJob.Kind.CSV else ("xlsx",):
                beside = file.with_name(f"{file.stem}-错误.{kind}")
                beside.write_bytes(results.content_of(job, kind))
                self.stdout.write(f"错误表：{beside}")
        if job.state != BulkJob.State.DONE:
            raise CommandError(job.failure or f"没有办完：{job.get_state_display()}。")
        if job.bad or job.different:
            raise CommandError(f"有 {job.bad + job.different} 行没有导入，见错误表。")

    def _handed_over(self, file: Path, unit: Department, options: dict[str, Any]) -> BulkJob:
        """A register by its mapping: tried, or received after a trial of the same file that a person has made at the desk."""
        if options["scans"]:
            raise CommandError("登记簿移交不收扫描件。")
        saved = running.confirmed_by_name(unit, options["mapping"])
        if saved is None:
            raise CommandError(f"{unit.name}没有名为“{options['mapping']}”的、已确认的对照。")
        held = _upload(file)
        if options["dry_run"]:
            return running.try_out(
                mapping_id=saved.pk, file=held, department=unit, actor=None, now=clock.now(),
                other_as=options["other_as"], queue=False,
            )  # fmt: skip
        trial = running.trial_of(saved, hashlib.sha256(held.content).hexdigest())
        if trial is None:
            raise jobs.BulkRefused(running.NO_TRIAL)
        return running.receive(trial_id=trial.pk, actor=None, now=clock.now(), queue=False)

    def report(self, job: BulkJob) -> None:
        would = "可导入" if job.dry_run else "导入"
        for label, number in (
            ("共", job.total), (would, job.good), ("其中载有违诺、待认定", job.breaches),
            ("新登记主体", job.new_subjects), ("原已导入、内容相同", job.same), ("内容不同、没有覆盖", job.different),
            ("有误", job.bad),
        ):  # fmt: skip
            self.stdout.write(f"{label} {number:,}" + (" 个" if label == "新登记主体" else " 行"))


def _upload(path: Path) -> jobs.Upload:
    try:
        return jobs.Upload(path.name, path.read_bytes())
    except OSError as error:
        raise CommandError(f"文件 {path} 打不开：{error.strerror}。") from error

"""Who is told how an upload went."""

from datetime import datetime

from django.db.models import Count

from commitments.models import BulkJob, ImportedCommitment
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.models import User


def notify(job: BulkJob, *, now: datetime) -> None:
    """The uploader on how it went; a colleague where something waits for a second person; the units that
    have breaches to look into."""
    link = f"/desk/handover/jobs/{job.uuid}/" if job.mapping_id else f"/desk/bulk/{job.uuid}/"
    if job.owner is not None:
        what = ("移交" if job.mapping_id else "") + (
            "试运行" if job.dry_run else "接收" if job.mapping_id else "批量上传"
        )
        notices.notify(
            users=[job.owner], key=f"bulk:{job.pk}:{job.state}", kind="bulk",
            title=f"{what}{job.get_state_display()}：导入 {job.good} 行，有误 {job.bad} 行", body="", link=link, now=now,
        )  # fmt: skip
    if job.kept and not job.dry_run and job.owner is not None:
        colleagues = User.objects.filter(
            department=job.department, groups__name__in=list(AT_THE_DESK), is_active=True
        ).exclude(pk=job.owner_id)
        notices.notify(
            users=colleagues.distinct(), key=f"bulk:{job.pk}:kept", kind="bulk",
            title=f"{'移交的登记簿' if job.mapping_id else '归集文件'}写明全部履行 {job.kept} 份，请另一人确认", body="", link=link, now=now,
        )  # fmt: skip
    waiting = (
        ImportedCommitment.objects.filter(job=job, breach=ImportedCommitment.Breach.WAITING)
        .values("department")
        .annotate(number=Count("pk"))
        .order_by("department")
    )
    for row in waiting:
        people = User.objects.filter(
            department=row["department"], groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
        )
        notices.notify(
            users=people.distinct(), key=f"bulk:{job.pk}:breaches", kind="bulk",
            title=f"归集文件载有违诺 {row['number']} 件，请核实认定", body="", link="/desk/bulk/breaches/", now=now,
        )  # fmt: skip

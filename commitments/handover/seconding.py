"""What a register tells of as kept in full: two persons have dealt with it, the one of the trial and the one of the reception.
So it is confirmed by the rule that holds for every file (another person than the one who brought it), without being asked again."""

from datetime import datetime

from commitments.models import BulkJob, FulfilmentReview

NOTE = "登记簿移交：试运行和正式接收由两人分别办理，履行状态按原登记簿保存。"


def seconded_by(job: BulkJob) -> int | None:
    """Who has made the trial, where it was another person than the one of the reception."""
    trial = job.trial
    return trial.owner_id if trial is not None and trial.owner_id != job.owner_id else None


def confirm_kept(job: BulkJob, *, now: datetime) -> bool:
    """Begin the confirmation of a reception that is done; in the caller's transaction, which asks for it to be carried on."""
    person = seconded_by(job)
    waiting = FulfilmentReview.objects.filter(
        state=FulfilmentReview.State.WAITING, commitment__imported__job=job
    )
    if job.dry_run or person is None or not waiting.exists():
        return False
    job.state, job.kept_by_id, job.kept_note = BulkJob.State.KEEPING, person, NOTE
    job.kept_upto, job.beat_at = 0, now
    job.save(update_fields=["state", "kept_by", "kept_note", "kept_upto", "beat_at"])
    return True

"""What the office has brought in bulk: a file of collected commitments, a register handed over, papers captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commitments.bulk import jobs as bulk_jobs
from commitments.capture import keying as capturing
from commitments.concluding import Upload
from commitments.handover import protocol as handover_protocol
from commitments.handover import running as handing
from credit_portal.registry import groups

from . import bulk_stage, factories, handover_stage
from .counter import signature_png

if TYPE_CHECKING:
    from .office import Office

NOW = factories.NOW


def bulk(office: Office) -> None:
    """A file of collected commitments with a breach and a row that is wrong."""
    rows = [
        bulk_stage.row(office.department, 1, **bulk_stage.BREACH),
        bulk_stage.row(office.department, 2, f4="91130111MA0000000X"),
    ]
    job = bulk_jobs.start(
        file=bulk_jobs.Upload("承诺.xlsx", bulk_stage.xlsx(rows)), department=office.department,
        actor=office.people[groups.OFFICER], now=NOW, queue=False,
    )  # fmt: skip
    office.bulk_job = bulk_jobs.carry_on(job_id=job.pk, now=NOW)
    office.imported = office.bulk_job.imported.get()


def handover(office: Office) -> None:
    """A register handed over by the same unit, with its signed list."""
    people = office.people[groups.OFFICER], office.people[groups.HEAD]
    suggested = handing.begin(
        name="承诺台账", source="workbook", actor=people[0], now=NOW,
        file=bulk_jobs.Upload("样表.xlsx", handover_stage.xlsx([handover_stage.row(1)])),
    )  # fmt: skip
    office.mapping = handover_stage.confirmed(suggested, people[0])
    rows = [handover_stage.row(1), handover_stage.row(2, 状态="注销")]
    trial = handing.try_out(
        mapping_id=office.mapping.pk, file=bulk_jobs.Upload("台账.xlsx", handover_stage.xlsx(rows)),
        department=office.department, actor=people[0], now=NOW, queue=False,
    )  # fmt: skip
    bulk_jobs.carry_on(job_id=trial.pk, now=NOW)
    job = handing.receive(trial_id=trial.pk, actor=people[1], now=NOW, queue=False)
    office.handover_job = bulk_jobs.carry_on(job_id=job.pk, now=NOW)
    office.protocol = handover_protocol.make(
        job_id=job.pk, actor=people[1], now=NOW,
        sides=handover_protocol.Sides("赵一", "栾城区信用办", "钱二", NOW.date()),
    )  # fmt: skip


def capture(office: Office) -> None:
    """A paper commitment whose scan waits to be keyed."""
    batch, _ = capturing.start(
        files=[Upload(signature_png(), "image/png", "承诺书.png")], name="集市",
        actor=office.people[groups.OFFICER], now=NOW,
    )  # fmt: skip
    office.capture = batch.sheets.get()

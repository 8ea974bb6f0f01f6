"""An upload of collected commitments whose worker is killed half way, again and again."""

import time

from .ground import Ground, Red

SLOW = {"DRILL_SLOW_BULK": "0.15"}
# What each commitment of a file has exactly once; `%s` are the codes.
ONCE = {
    "commitments_commitment": "SELECT code FROM commitments_commitment WHERE code = ANY (%s)",
    "imported": "SELECT c.code FROM commitments_importedcommitment JOIN commitments_commitment c ON c.id = commitment_id WHERE c.code = ANY (%s)",
    "course": "SELECT c.code FROM commitments_commitmentevent e JOIN commitments_commitment c ON c.id = e.commitment_id WHERE e.kind = 'imported' AND c.code = ANY (%s)",
    "published": "SELECT c.code FROM commitments_commitmentevent e JOIN commitments_commitment c ON c.id = e.commitment_id WHERE e.kind = 'published' AND c.code = ANY (%s)",
    "decision": "SELECT c.code FROM disclosure_publicitydecision d JOIN commitments_commitment c ON c.id = d.commitment_id WHERE c.code = ANY (%s)",
    "obligation": "SELECT c.code FROM commitments_obligation o JOIN commitments_commitment c ON c.id = o.commitment_id WHERE c.code = ANY (%s)",
    "feed": "SELECT reference FROM outbox_publicchange WHERE resource = 'commitment' AND reference = ANY (%s)",
    "log": "SELECT facts->>'code' FROM audit_auditevent WHERE verb = 'commitment.imported' AND facts->>'code' = ANY (%s)",
    "subject": "SELECT c.code FROM commitments_commitment c JOIN registry_creditsubject s ON s.id = c.subject_id AND s.uscc = c.subject_code JOIN registry_historicalcreditsubject h ON h.id = s.id JOIN registry_subjectname n ON n.subject_id = s.id WHERE c.code = ANY (%s)",
}  # fmt: skip


def bulk_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """导入一半时任务进程被 kill -9；再次启动后接着导入，与干净的文件逐条相同"""
    from commitments.bulk import jobs
    from commitments.models import BulkJob
    from credit_portal.audit import clock
    from tests import bulk_stage
    from tests import factories as make

    unit = make.department(name=f"演练归集单位{clock.now():%H%M%S%f}")
    officer = make.staff("officer", department=unit)
    first = int(clock.now().timestamp()) % 300_000
    rows = [bulk_stage.row(unit, first + number) for number in range(10 * (times + 6))]
    for place in range(5, len(rows), 50):
        rows[place]["承诺人代码"] = "9113"
    clean = {row["承诺编码"] for row in rows if row["承诺人代码"] != "9113"}
    job = jobs.start(
        file=jobs.Upload("演练.xlsx", bulk_stage.xlsx(rows)), department=unit, actor=officer, now=clock.now()
    )
    more = SLOW | ({"DRILL_OFF": "sweep"} if off else {})
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)

    def done() -> tuple[int, str]:
        ((number, state),) = ground.query("SELECT done, state FROM commitments_bulkjob WHERE id = %s", job.pk)
        return number, state

    for _ in range(times):
        before, until = done()[0], time.monotonic() + (6 if off else 40)
        while done()[0] == before and done()[1] in ("waiting", "running") and time.monotonic() < until:
            time.sleep(0.02)
        # Somewhere in the next part: before, in or after its commit.
        time.sleep(ground.chance.uniform(0, 0.3))
        ground.stop(worker)
        worker = ground.worker(**more)
    until = time.monotonic() + (8 if off else 120)
    while done()[1] != "done" and time.monotonic() < until:
        time.sleep(0.2)
    ground.stop(worker, scheduler)
    found = _compare(ground, clean, len(rows)) | {"acts": len(clean), "kills": times}
    ended = BulkJob.objects.get(pk=job.pk)
    if found["lost"] or found["doubled"] or (ended.state, ended.good, ended.same, ended.bad) != (
        "done", len(clean), 0, len(rows) - len(clean),
    ):  # fmt: skip
        raise Red(f"{found}，{ended.state}，导入 {ended.good}，相同 {ended.same}，有误 {ended.bad}")
    return found


def _compare(ground: Ground, clean: set[str], rows: int) -> dict[str, int]:
    """What is missing of, and what is more than, the clean file."""
    lost = doubled = 0
    for sql in ONCE.values():
        seen = [code for (code,) in ground.query(sql, sorted(clean))]
        lost += len(clean - set(seen))
        doubled += len(seen) - len(set(seen))
    return {"lost": lost, "doubled": doubled, "rows": rows}

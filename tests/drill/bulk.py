"""An upload of collected commitments, and the reception of a register, whose worker is killed half way, again and again."""

import itertools
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
# Each run brings other subjects: the database is the same.
_FIRST = itertools.count(0, 1_000)
# Of them, what only a commitment before the public has.
PUBLIC = {"published", "decision", "feed"}


def bulk_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """导入一半时任务进程被 kill -9；再次启动后接着导入，与干净的文件逐条相同"""
    from commitments.bulk import jobs
    from credit_portal.audit import clock
    from tests import bulk_stage
    from tests import factories as make

    # Sweeps that were asked for before, and not done yet, would take the job up where nothing protects it.
    ground.broker.flush()
    unit = make.department(name=f"演练归集单位{clock.now():%H%M%S%f}")
    officer = make.staff("officer", department=unit)
    first = next(_FIRST)
    rows = [bulk_stage.row(unit, first + number) for number in range(10 * (times + 6))]
    for place in range(5, len(rows), 50):
        rows[place]["承诺人代码"] = "9113"
    clean = {row["承诺编码"] for row in rows if row["承诺人代码"] != "9113"}
    job = jobs.start(
        file=jobs.Upload("演练.xlsx", bulk_stage.xlsx(rows)), department=unit, actor=officer, now=clock.now()
    )
    _kill(ground, job.pk, times, off=off)
    return _told(ground, job.pk, clean, len(rows), times)


def handover_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """接收移交的登记簿一半时任务进程被 kill -9；再次启动后接着接收，来源和历史逐行齐全，发出的编码不重、不空"""
    from commitments.bulk import jobs
    from commitments.handover import running
    from commitments.models import HandedHistory, HandedOver
    from credit_portal.audit import clock
    from tests import factories as make
    from tests import handover_stage as stage

    now = clock.now()
    ground.broker.flush()
    unit = make.department(name=f"演练移交单位{now:%H%M%S%f}")
    officer, head = (make.staff(role, department=unit) for role in ("officer", "head"))
    first = next(_FIRST)
    rows = [stage.row(first + number) for number in range(10 * (times + 6))]
    for place in range(5, len(rows), 50):
        rows[place]["统一社会信用代码"] = "9113"
    over = [place for place in range(7, len(rows), 20) if place % 50 != 5]
    for place in over:
        rows[place] |= stage.OVER | {"未履行内容": "没有按期公示", "处理措施": "责令改正"}
    clean = {row["台账编号"] for row in rows if row["统一社会信用代码"] != "9113"}
    read = running.begin(
        name="演练台账", source="workbook", file=jobs.Upload("样表.xlsx", stage.xlsx(rows[:1])), actor=officer, now=now
    )  # fmt: skip
    trial = running.try_out(
        mapping_id=stage.confirmed(read, officer).pk, file=jobs.Upload("演练.xlsx", stage.xlsx(rows)),
        department=unit, actor=officer, other_as="", now=now, queue=False,
    )  # fmt: skip
    jobs.carry_on(job_id=trial.pk, now=now)
    job = running.receive(trial_id=trial.pk, actor=head, now=now)
    _kill(ground, job.pk, times, off=off)
    handed = HandedOver.objects.filter(job=job)
    codes = list(handed.values_list("commitment__code", flat=True))
    quiet = set(HandedHistory.objects.filter(job=job).values_list("commitment__code", flat=True))
    found = _told(ground, job.pk, set(codes), len(rows), times, quiet)
    numbers = list(handed.values_list("number", flat=True))
    histories = list(HandedHistory.objects.filter(job=job).values_list("row", flat=True))
    serials = sorted(int(code[-6:]) for code in codes)
    found["lost"] += len(clean - set(numbers)) + abs(len(over) - len(set(histories)))
    found["doubled"] += len(numbers) - len(set(numbers)) + len(histories) - len(set(histories))
    # In the order of their rows, without a gap: nothing has taken a number and died with it.
    found["gaps"] = serials[-1] - serials[0] + 1 - len(serials) if serials else 0
    if found["lost"] or found["doubled"] or found["gaps"] or len(numbers) != len(clean):
        raise Red(f"{found}，接收 {len(numbers)}，应为 {len(clean)}")
    return found


def _kill(ground: Ground, job_id: int, times: int, *, off: bool) -> None:
    """Kill the worker of a job so often, and wait for its end."""
    more = SLOW | ({"DRILL_OFF": "sweep"} if off else {})
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)

    def done() -> tuple[int, str]:
        ((number, state),) = ground.query("SELECT done, state FROM commitments_bulkjob WHERE id = %s", job_id)
        return number, state

    for number in range(times):
        # The first kill has to come in the middle, whatever the machine does beside; unprotected, nothing moves after it.
        before, until = done()[0], time.monotonic() + (6 if off and number else 40)
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


def _told(
    ground: Ground,
    job_id: int,
    clean: set[str],
    rows: int,
    times: int,
    quiet: frozenset[str] | set[str] = frozenset(),
) -> dict[str, int]:
    """What a job has left, beside what it should have. Raises Red."""
    from commitments.models import BulkJob

    found = _compare(ground, clean, rows, quiet) | {"acts": len(clean), "kills": times}
    ended = BulkJob.objects.get(pk=job_id)
    bad = rows // 50 + (rows % 50 > 5)
    if found["lost"] or found["doubled"] or (ended.state, ended.good, ended.same, ended.bad) != (
        "done", rows - bad, 0, bad,
    ):  # fmt: skip
        raise Red(f"{found}，{ended.state}，导入 {ended.good}，相同 {ended.same}，有误 {ended.bad}")
    return found


def _compare(ground: Ground, clean: set[str], rows: int, quiet: frozenset[str] | set[str]) -> dict[str, int]:
    """What is missing of, and what is more than, the clean file. What is history alone is before nobody."""
    lost = doubled = 0
    for name, sql in ONCE.items():
        wanted = clean - quiet if name in PUBLIC else clean
        seen = [code for (code,) in ground.query(sql, sorted(clean))]
        lost += len(wanted - set(seen))
        doubled += len(seen) - len(set(seen)) + len(set(seen) - wanted)
    return {"lost": lost, "doubled": doubled, "rows": rows}

"""The faults. Each does its harm so many times and then has everything looked at: nothing lost, doubled, early, late or
unaudited; and each is done once more with its protection off, when it has to be seen."""

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

from .bulk import bulk_killed, handover_killed
from .ground import Ground, Red
from .office import NotAcknowledged
from .unpublication import unpublication

NO_SWEEP = {"DRILL_OFF": "sweep"}


def worker_killed_at_random(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """任务进程在任意时刻被 kill -9"""
    more = NO_SWEEP if off else {}
    ground.open_office(4 * times)
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    for number in range(times):
        before = len(ground.happened())
        for _ in range(4):
            ground.act(takes=0.15)
        if number % 5:
            # In the middle of its work, as far as chance has it.
            _until_working(ground, before)
        time.sleep(ground.chance.uniform(0, 0.4))
        ground.stop(worker)
        worker = ground.worker(**more)
    found = ground.green(within=10 if off else 120, off=off)
    ground.stop(worker, scheduler)
    return found


def _until_working(ground: Ground, before: int) -> None:
    _until(lambda: len(ground.happened()) > before)


def worker_stopped_and_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """任务进程被 SIGSTOP，其间写入事项，再被 kill -9"""
    more = NO_SWEEP if off else {}
    ground.open_office(times)
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    time.sleep(3)
    for number in range(times):
        os.kill(worker.pid, signal.SIGSTOP)
        ground.act()
        # Some time for the message to be handed to the process that cannot take it.
        time.sleep(0.1)
        worker.kill()
        worker.wait(30)
        ground.processes.remove(worker)
        worker = ground.worker(**more)
        time.sleep(1.5 if number % 10 == 0 else 0.2)
    if off:
        # What a worker had in its hands is in no queue any more: the broker gives it to nobody within the hour.
        ground.broker.flush()
    found = ground.green(within=10 if off else 120, off=off)
    ground.stop(worker, scheduler)
    return found


def web_killed_after_commit(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """网页进程在 COMMIT 之后、通知队列之前被 kill -9；没有得到答复的人再点一次"""
    more = NO_SWEEP if off else {}
    ground.open_office(times)
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    for _ in range(times):
        ground.act_and_die()
    found = ground.green(within=8 if off else 120, off=off)
    ground.stop(worker, scheduler)
    return found


def broker_emptied_and_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """队列被 FLUSHALL 并 kill -9，随后在原端口重新启动"""
    more = NO_SWEEP if off else {}
    ground.open_office(6 * times)
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    time.sleep(3)
    for _ in range(times):
        for _ in range(5):
            ground.act(takes=0.05)
        ground.broker.flush()
        ground.broker.kill()
        ground.act()
        ground.broker.start()
    found = ground.green(within=10 if off else 120, off=off)
    ground.stop(worker, scheduler)
    return found


def broker_away(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """队列离开 10 秒（代替 10 分钟：扫描间隔由 60 秒缩到 0.5 秒），其间照常办理"""
    more = NO_SWEEP if off else {}
    seconds = 2 if off else 10
    ground.open_office(4 * seconds * times)
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    time.sleep(3)
    slowest = 0.0
    for _ in range(times):
        ground.broker.kill()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            ground.act()
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.1)
        ground.broker.start()
    if slowest > 3:
        raise Red(f"队列不在时一次办理等了 {slowest:.1f} 秒")
    found = ground.green(within=10 if off else 120, off=off)
    ground.stop(worker, scheduler)
    return found | {"slowest_ms": int(slowest * 1000)}


def delivered_ten_times(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """每条消息投递十次，次序打乱，四个线程同时"""
    from django.db import connection

    from credit_portal.audit import clock
    from credit_portal.outbox import services
    from credit_portal.outbox.models import Message

    now = clock.now()
    Message.objects.bulk_create(
        [
            Message(key=f"shuffled-{number}", effect="drill.row", payload={}, created_at=now, due_at=now)
            for number in range(times)
        ],
        batch_size=5_000,
    )
    for key in (f"shuffled-{number}" for number in range(times)):
        ground.ledger.file.write(key + "\n")
    ground.ledger.file.flush()
    ids = list(Message.objects.values_list("pk", flat=True)) * 10
    random.Random(3).shuffle(ids)
    kept = services._claim, services._still_ours
    if off:
        services._claim = lambda message_id, now: Message.objects.get(pk=message_id)  # type: ignore[assignment]
        services._still_ours = lambda message: True  # type: ignore[assignment]

    def work(part: list[int]) -> None:
        for message_id in part:
            services.deliver(message_id=message_id, now=clock.now())
        connection.close()

    threads = [threading.Thread(target=work, args=(ids[at::4],)) for at in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        services._claim, services._still_ours = kept
    return ground.green(within=2) | {"deliveries": len(ids)}


# ---- duties and publications -------------------------------------------------------------------------------


def _duties(ground: Ground, name: str, days: list[date]) -> list[int]:
    """Open duties of one department with an officer, due on these days."""
    from credit_portal.audit import clock
    from credit_portal.deadlines.models import Duty
    from tests import factories

    department = factories.department()
    factories.staff("officer", department=department)
    made = Duty.objects.bulk_create(
        Duty(
            rule_key="breach_report", matter_type=name, matter_id=at, number=f"{name}{at}", department=department,
            region=department.region, triggered_on=day - timedelta(days=9), length=7, unit="working_days",
            counted=[], due_on=day, calendar_version="drill", basis="演练", confirmed=True, opened_at=clock.now(),
        )
        for at, day in enumerate(days)
    )  # fmt: skip
    return [duty.pk for duty in made]


def _told(ground: Ground, ids: list[int], *, stage: int) -> dict[str, int]:
    """How the duties stand: at the stage once, with one event of the log each."""
    from credit_portal.audit.models import AuditEvent
    from credit_portal.deadlines.models import Duty

    stages = dict(Duty.objects.filter(pk__in=ids).values_list("pk", "stage"))
    audited: dict[int, int] = {}
    for facts in AuditEvent.objects.filter(verb="duty.reminded").values_list("facts", flat=True):
        for pk in facts["duties"]:
            audited[pk] = audited.get(pk, 0) + 1
    return {
        "acts": len(ids),
        "lost": sum(1 for pk in ids if stages[pk] < stage),
        "early": sum(1 for pk in ids if stages[pk] > stage),
        "doubled": sum(1 for pk in ids if audited.get(pk, 0) > 1),
        "unaudited": sum(1 for pk in ids if stages[pk] >= stage and not audited.get(pk)),
    }


def _green_duties(ground: Ground, ids: list[int], *, stage: int, within: float) -> dict[str, int]:
    until = time.monotonic() + within
    while True:
        found = _told(ground, ids, stage=stage)
        if not found["lost"] or time.monotonic() > until:
            break
        time.sleep(0.2)
    time.sleep(1.5)
    found = _told(ground, ids, stage=stage)
    if any(number for what, number in found.items() if what != "acts"):
        raise Red(str(found))
    return found


def three_schedulers(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """三个定时进程、三个任务进程同时扫描"""
    from credit_portal.audit import clock

    total = {"acts": 0}
    if off:
        return _raced_without_locks(ground)
    workers = [ground.worker() for _ in range(3)]
    schedulers = [ground.scheduler(number) for number in range(3)]
    for number in range(times):
        ids = _duties(ground, f"three{number}", [clock.today()] * 40)
        found = _green_duties(ground, ids, stage=3, within=60)
        total["acts"] += found["acts"]
    ground.stop(*workers, *schedulers)
    return total | {"doubled": 0, "lost": 0}


def _raced_without_locks(ground: Ground) -> dict[str, int]:
    """The row's own condition and the locks taken away: two passes at once tell everything twice."""
    from django.db import connection

    from credit_portal.audit import clock
    from credit_portal.deadlines import reminders

    ids = _duties(ground, "raced", [clock.today()] * 40)
    kept = reminders._RAISE
    reminders._RAISE = kept.replace("AND stage < %(stage)s", "AND %(stage)s > 0").replace(
        "FOR UPDATE SKIP LOCKED", ""
    )
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        reminders._raise(reminders.Stage.TODAY, clock.today(), people=reminders._People(), now=clock.now())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reminders._RAISE = kept
    return _green_duties(ground, ids, stage=3, within=1)


def scheduler_dead_across_a_deadline(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """定时进程停着过了期限；重新启动后直接到应有的阶段，只提醒一次"""
    from credit_portal.audit import clock
    from credit_portal.deadlines import reminders

    total = {"acts": 0}
    kept = reminders._RAISE
    if off:
        # As a reminder on the very day would be: whoever was not there on that day is never told.
        reminders._RAISE = kept.replace("due_on <= %(day)s", "due_on = %(day)s")
        ids = _duties(ground, "exact", [clock.today() - timedelta(days=30)] * 10)
        reminders.remind(now=clock.now())
        reminders._RAISE = kept
        return _green_duties(ground, ids, stage=5, within=1)
    for number in range(times):
        ids = _duties(ground, f"dead{number}", [clock.today() - timedelta(days=12 + number)] * 20)
        worker, scheduler = ground.worker(), ground.scheduler()
        total["acts"] += _green_duties(ground, ids, stage=5, within=60)["acts"]
        ground.stop(worker, scheduler)
    return total | {"lost": 0, "doubled": 0, "late": 0}


def clock_jumped(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """任务进程的时钟跳到 +30 天、−400 天、+2 小时、−2 小时"""
    from credit_portal.audit import clock
    from credit_portal.deadlines.models import Duty

    more = {"DRILL_OFF": "guard"} if off else {}
    total = {"acts": 0}
    for number in range(times):
        for hours in (24 * 30,) if off else (24 * 30, -24 * 400, 2, -2):
            # Not due for weeks: whoever says otherwise has a wrong clock.
            ids = _duties(ground, f"clock{int(off)}{number}{hours}", [clock.today() + timedelta(days=25)] * 5)
            worker = ground.worker(DRILL_CLOCK_HOURS=str(hours), **more)
            scheduler = ground.scheduler(**more)
            time.sleep(5)
            stages = set(Duty.objects.filter(pk__in=ids).values_list("stage", flat=True))
            ground.stop(worker, scheduler)
            if stages != {0}:
                raise Red(f"时钟偏 {hours} 小时，提前进入阶段 {stages}")
            total["acts"] += len(ids)
    return total | {"early": 0}


def last_day_over_with_nobody_there(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """公示期满时没有任何任务进程：页面当日即不再显示；任务进程回来后补记停止公示，只记一次"""
    if off:
        return _each_kind_of_harm(ground)
    total = {"acts": 0}
    for _ in range(times):
        ground.clear()
        ground.open_office(6)
        for _ in range(6):
            ground.act()
        seen = ground.look()
        if seen["early"] or seen["late"] or seen["unaudited"] or not seen["lost"]:
            raise Red(f"任务进程不在时：{seen}")
        worker, scheduler = ground.worker(), ground.scheduler()
        total["acts"] += ground.green()["acts"]
        ground.stop(worker, scheduler)
    return total | {"lost": 0, "doubled": 0, "early": 0, "late": 0, "unaudited": 0}


def _each_kind_of_harm(ground: Ground) -> dict[str, int]:
    """Done on purpose, one after the other, each has to be seen."""
    ground.open_office(3, DRILL_OFF="gate")
    for _ in range(3):
        ground.act()
    seen = {"early": ground.look()["early"]}
    assert ground.web is not None
    ground.stop(ground.web)
    ground.start_web()
    worker, scheduler = ground.worker(), ground.scheduler()
    ground.green()
    ground.stop(worker, scheduler)
    ground.query("DELETE FROM outbox_publicchange WHERE kind = 'withdrawn'")
    seen["lost"] = ground.look()["lost"]
    ground.query("UPDATE commitments_commitment SET withdrawn_at = now() WHERE id IN (" + _COMMITMENTS + ")")
    seen["late"] = ground.look()["late"]
    # The faults after this one look at every page again.
    ground.query("UPDATE commitments_commitment SET withdrawn_at = NULL WHERE withdrawn_at IS NOT NULL")
    ground.query("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
    ground.query("DELETE FROM audit_auditevent WHERE verb = 'report.accepted'")
    ground.query("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
    seen["unaudited"] = ground.look()["unaudited"]
    if not all(seen.values()):
        raise AssertionError(f"没有看出全部：{seen}")
    raise Red(str(seen))


# A commitment whose breach is in publicity: hidden by the gate for a reason that its dates do not know.
_COMMITMENTS = """
    SELECT c.commitment_id FROM disclosure_breachpublication AS p JOIN commitments_breachcase AS c ON c.id = p.case_id
    WHERE p.ended_at IS NULL AND p.public_until >= current_date LIMIT 1
"""


def database_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """PostgreSQL 在写入时被 kill -9，随后自行恢复"""
    from django.db import Error, connections

    ground.open_office(8 * times)
    worker, scheduler = ground.worker(), ground.scheduler()
    unanswered = 0
    for _ in range(times):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        # One backend killed hard: the server ends all the others and replays its log, as after a power cut.
        stop = threading.Timer(ground.chance.uniform(0.1, 0.8), os.kill, args=(pid, signal.SIGKILL))
        stop.start()
        while True:
            was_up = stop.is_alive()
            try:
                # Acknowledged before it was committed, with the protection off: the crash takes what was promised.
                ground.promise() if off else ground.act()
            except (NotAcknowledged, Error):
                unanswered += 1
                break
            if not was_up:
                break
        stop.join()
        connections.close_all()
        ground.until_served()
    # A worker whose connection died in the middle may have ended: as the process manager would, start another.
    ground.stop(worker, scheduler)
    worker, scheduler = ground.worker(), ground.scheduler()
    found = ground.green(within=10 if off else 150, off=off)
    ground.stop(worker, scheduler)
    return found | {"unanswered": unanswered}


def _until(true: Callable[[], bool], within: float = 15) -> None:
    until = time.monotonic() + within
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


# ---- the platform above ------------------------------------------------------------------------------------

WAYS = ("ok", "late", "error", "silent", "twice", "away", "killed")


def platform_difficult(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """上级平台慢、报错、收下后不答、重复送达、离开、任务进程在推送中被 kill -9，各若干次"""
    from tests.platform_server import platform

    from . import exchange

    total: dict[str, int] = {"records": 0, "kills": 0}
    with platform() as city:
        city.knows_keys = not off
        exchange.set_up(city.address)
        worker, scheduler = ground.worker(), ground.scheduler()
        for _ in range(times):
            for way in ("silent",) if off else WAYS:
                city.mode = {"away": "error", "killed": "late"}.get(way, way)
                if way == "away":
                    exchange.move_to("http://127.0.0.1:1")
                asked = len(city.requests)
                exchange.sign(3)
                total["records"] += 3
                if off:
                    # Until it has been sent once without an answer.
                    _until(lambda: len(city.requests) > asked)  # noqa: B023 - called at once
                # Within these the sweep makes a batch and the worker tries it, the killed one five times over.
                for _again in range(5 if way == "killed" else 1):
                    time.sleep(ground.chance.uniform(0.3, 0.9))
                    if way == "killed":
                        ground.stop(worker)
                        worker = ground.worker()
                        total["kills"] += 1
                if way == "away":
                    exchange.move_to(city.address)
                city.mode = "ok"
        until = time.monotonic() + 120
        while exchange.unanswered() and time.monotonic() < until:
            time.sleep(0.5)
        ground.stop(worker, scheduler)
        found = exchange.compared(city)
        exchange.give_up()
    if found["lost"] or found["doubled"]:
        raise Red(str(total | found))
    return total | found


def packing_killed(ground: Ground, times: int, off: bool = False) -> dict[str, int]:
    """任务进程在打包、放入交接文件夹时被 kill -9"""
    from . import exchange

    folder = ground.folder / "handed-over"
    shutil.rmtree(folder, ignore_errors=True)
    more = {"EXCHANGE_FOLDER": str(folder), "DRILL_SLOW_PACK": "1" if off else "0.1"} | (
        NO_SWEEP if off else {}
    )
    exchange.set_up_files(folder)
    if off:
        # What the run before has left in the queue would take the place of the sweep: its messages have the same numbers.
        ground.broker.flush()
    worker, scheduler = ground.worker(**more), ground.scheduler(**more)
    kills = 0
    for _ in range(times):
        exchange.sign(7)
        exchange.pack()
        for _again in range(1 if off else 5):
            if off:
                # In its hands for certain: without the sweep nobody takes it up again.
                _until(exchange.begun)
            time.sleep(ground.chance.uniform(0, 0.1) if off else ground.chance.uniform(0.1, 0.7))
            ground.stop(worker)
            worker = ground.worker(**more)
            kills += 1
    _until(lambda: not exchange.unpacked(), 10 if off else 120)
    ground.stop(worker, scheduler)
    found = {"kills": kills} | exchange.compared_files(folder)
    exchange.give_up()
    if found["lost"] or found["doubled"]:
        raise Red(str(found))
    return found


Fault = Callable[..., dict[str, int]]
# The fault, how often in the whole drill, and how often with its protection off.
FAULTS: list[tuple[Fault, int, int]] = [
    (worker_killed_at_random, 50, 20),
    (worker_stopped_and_killed, 50, 2),
    (web_killed_after_commit, 50, 3),
    (broker_emptied_and_killed, 20, 2),
    (broker_away, 3, 1),
    (three_schedulers, 10, 1),
    (scheduler_dead_across_a_deadline, 5, 1),
    (last_day_over_with_nobody_there, 5, 1),
    (delivered_ten_times, 10_000, 20),
    (database_killed, 20, 12),
    (clock_jumped, 1, 1),
    (platform_difficult, 10, 3),
    (packing_killed, 10, 1),
    (bulk_killed, 20, 2),
    (handover_killed, 20, 2),
    (unpublication, 100, 2),
]


def stamp() -> str:
    from credit_portal.audit import clock

    now: datetime = clock.now()
    return f"{now:%H:%M:%S}"

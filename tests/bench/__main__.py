"""`python -m tests.bench`: speed at size, against goals that are ratios to a look-up by code in the same run.

Makes a database of its own beside the one that DATABASE_URL names, fills it to half, measures, fills it up, measures.
Exits 1 when a goal is missed. `--here` measures the database at hand instead; `BENCH_COMMITMENTS` is the size;
`--duties` measures the sweep of duties only, `--exchange` packing for the platform above, `--checks` a check only,
`--law` the preview of a change of law, `--draws` drawing a round of re-checks, `--grades` grading `BENCH_SUBJECTS`,
`--bulk` an upload of `BENCH_ROWS` rows.
"""

import os
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg2

NAME = "credit_portal_bench"
MOST, RARE_TWO, DOUBLED, COUNT_MS = 60.0, 8.0, 1.4, 40.0


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def own_database() -> str:
    """A fresh database on the same server; its address."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{NAME}"))
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        # `BENCH_TEMPLATE`: a database that is migrated already, as the suite leaves one.
        template = os.environ.get("BENCH_TEMPLATE", "template0")
        cursor.execute(f'CREATE DATABASE {NAME} TEMPLATE "{template}"')
    connection.close()
    return address


def drop_own() -> None:
    from django.db import connections

    connections.close_all()
    connection = psycopg2.connect(os.environ["DATABASE_URL_BEFORE"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
    connection.close()


def show(measured) -> None:
    from .fragments import CLASSES, LENGTHS
    from .measuring import p95

    floor = measured.floor_p50
    say()
    say(
        f"{measured.rows:,} 条承诺；按统一社会信用代码查询 p50 {floor:.2f} ms，p95 {p95(measured.floor):.2f} ms"
    )
    say(f"{'':　<4}字数　个数　  p50 ms　  p95 ms　 p95/底数　首次p95 ms")
    for kind in CLASSES:
        for length in LENGTHS:
            values = measured.found.get((kind, length))
            if values:
                middle, high = sorted(values)[len(values) // 2], p95(values)
                say(
                    f"{kind}　{length:>4}　{len(values):>4}　{middle:>8.2f}　{high:>8.2f}　{high / floor:>8.1f}"
                    f"　{p95(measured.first[kind, length]):>8.2f}"
                )
    say(f"条数 p95 {p95(measured.counts):.1f} ms；与 LIKE 比对 {measured.compared} 个片段")


def judge(half, full) -> bool:
    """Whether every goal is met; says each."""
    from .measuring import p95

    met = True

    def goal(what: str, value: float, most: float, unit: str = "倍") -> None:
        nonlocal met
        met = met and value <= most
        say(f"{'达到' if value <= most else '未达到'}：{what} {value:.2f} {unit}（目标 ≤ {most:g}）")

    say()
    for measured in (half, full):
        if measured is None:
            continue
        floor = measured.floor_p50
        size = f"{measured.rows:,} 条"
        goal(f"{size}，各类片段 p95 / 代码查询 p50", p95(measured.times()) / floor, MOST)
        for kind in ("没有", "少见"):
            goal(f"{size}，两字、{kind} p95 / 代码查询 p50", p95(measured.times((kind, 2))) / floor, RARE_TWO)
        goal(f"{size}，条数 p95", p95(measured.counts), COUNT_MS, "ms")
        goal(f"{size}，与 LIKE 不同的片段", len(measured.differing), 0, "个")
    if half is not None:
        growth = (p95(full.times()) / full.floor_p50) / (p95(half.times()) / half.floor_p50)
        goal("条数加倍后，片段查询 p95 相对代码查询的增长", growth, DOUBLED)
    return met


def main() -> int:
    here = "--here" in sys.argv[1:]
    size = int(os.environ.get("BENCH_COMMITMENTS") or 3_000_000)
    if not here:
        os.environ["DATABASE_URL_BEFORE"] = os.environ["DATABASE_URL"]
        os.environ["DATABASE_URL"] = own_database()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from credit_portal.audit import clock

    from . import bulk, checks, draws, duties, exchange, grades, law
    from .fragments import draw
    from .measuring import measure

    half = None
    swept = True
    if not here:
        call_command("migrate", verbosity=0)
        parts = {
            "--checks": checks, "--duties": duties, "--exchange": exchange, "--law": law, "--grades": grades,
            "--bulk": bulk,
        }  # fmt: skip
        only = set(parts) & set(sys.argv[1:])
        if "--draws" in sys.argv[1:]:
            call_command("seed_scale", commitments=size, seed=1)
            drawn = draws.run(say)
            drop_own()
            return 0 if drawn else 1
        for name, part in parts.items():
            # An upload wants the table full: asked for by name.
            if name in only or (not only and part is not bulk):
                swept = part.run(say) and swept
        if only:
            drop_own()
            return 0 if swept else 1
        call_command("seed_scale", commitments=size // 2, seed=1)
        half = measure(draw(), clock.now())
        show(half)
        call_command("seed_scale", commitments=size - size // 2, seed=2)
    full = measure(draw(), clock.now())
    show(full)
    met = judge(half, full) and draws.run(say) and swept
    if not here:
        drop_own()
    say("全部达到。" if met else "有目标未达到。")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())

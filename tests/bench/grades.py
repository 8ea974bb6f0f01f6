"""All subjects of a region graded by a standard, for the first time and again when a hundredth has changed. The floor counts
each subject's entries in one statement: less no grading can do."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry.models import Region
from tests import factories as make
from tests.test_grades import told
from verification.grades import grading, keeping

MOST_FIRST, MOST_AGAIN = 90.0, 90.0
NOW = datetime(2026, 11, 16, 9, tzinfo=SHANGHAI)

_SUBJECTS = """
INSERT INTO registry_creditsubject (uuid, kind, uscc, id_number_sealed, name, name_source, region_id, phone_sealed, state_owned,
    registered_at, is_demo)
SELECT gen_random_uuid(), 'organisation', 'G' || lpad(n::text, 17, '0'), '', '主体' || n, 'licence', '130111', '', false,
    %(now)s, false FROM generate_series(1, %(number)s) AS n RETURNING id
"""
_ENTRIES = """
INSERT INTO verification_creditentry (uuid, subject_id, kind, title, source, region_id, document_no, basis, grade, from_on,
    end_reason, remark, state, verified, objection_under_way, entered_at, is_demo)
SELECT gen_random_uuid(), subject.id, (ARRAY['penalty', 'list', 'fulfilment', 'exemplary'])[1 + (subject.id + n) %% 4],
    '第 ' || n || ' 条', '演示', '130111', '', '', '', %(today)s - (subject.id %% 900)::int, '', '', 'effective', true, false,
    %(now)s, false
FROM registry_creditsubject AS subject, generate_series(1, 2) AS n WHERE subject.uscc LIKE 'G%%' AND subject.id %% 2 = 0
"""
_FLOOR = """
CREATE TEMPORARY TABLE bench_grades ON COMMIT DROP AS
SELECT subject.id, count(entry.id) AS number FROM registry_creditsubject AS subject
LEFT JOIN verification_creditentry AS entry ON entry.subject_id = subject.id GROUP BY subject.id
"""
_CHANGE = "UPDATE verification_creditentry SET verified = false WHERE subject_id %% 100 = 0 AND kind = 'list'"


def run(say: Callable[[str], None]) -> bool:
    """Measure on `BENCH_SUBJECTS`, judge. True where the goals are met; nothing of it stays."""
    with transaction.atomic():
        met = _run(say, int(os.environ.get("BENCH_SUBJECTS") or 500_000))
        transaction.set_rollback(True)
    return met


def _run(say: Callable[[str], None], number: int) -> bool:
    region = make.region()
    office = make.department(kind="credit_office", region=Region.objects.get(code=region.code))
    first, second = (make.staff("credit_office", department=office) for _ in range(2))
    made = keeping.save_draft(region=region, told=told(effective_from=NOW.date()), actor=first, now=NOW)
    keeping.approve(standard_id=made.pk, actor=second, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(_SUBJECTS, {"number": number, "now": NOW})
        cursor.execute(_ENTRIES, {"now": NOW, "today": NOW.date()})
        cursor.execute("ANALYZE registry_creditsubject")
        cursor.execute("ANALYZE verification_creditentry")
        began = time.perf_counter()
        cursor.execute(_FLOOR)
        floor = time.perf_counter() - began
        seconds = []
        for day in range(2):
            began = time.perf_counter()
            graded = grading.grade_all(standard_id=made.pk, now=NOW + timedelta(days=day))
            seconds.append(time.perf_counter() - began)
            if not day:
                cursor.execute("ANALYZE verification_subjectgrade")
                cursor.execute(_CHANGE.replace("%%", "%"))
            say(
                f"评定 {graded.graded:,} 个主体，写下 {graded.changed:,} 行：{seconds[day]:.1f} 秒，"
                f"为计数底数 {floor:.1f} 秒的 {seconds[day] / floor:.1f} 倍"
            )
    return seconds[0] / floor <= MOST_FIRST and seconds[1] / floor <= MOST_AGAIN

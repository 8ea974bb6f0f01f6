"""Fast bulk data for measuring: subjects streamed by COPY, commitments made set-wise by the database itself."""

import io
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from commitments import texts
from commitments.models import (
    Commitment,
    CommitmentText,
    Obligation,
    ObligationFinding,
    RequiredContent,
    TextVersion,
)
from commitments.obligations import making
from commitments.text_rules import ClauseData
from credit_portal.audit import clock
from credit_portal.overview import scale_names
from credit_portal.registry import catalogue, crypto
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItem,
    ServiceItemVersion,
)
from credit_portal.registry.staff import save_department
from disclosure import fragments
from disclosure.catalogue import own_rules

DAYS = 4 * 365
PERSON_EVERY = 100  # one subject in so many is a natural person, whose commitments are not public
SHOP_SHARE = 4  # one in so many is a sole trader
AT_ONCE = 100_000  # commitments whose obligations are made in one statement
MANY = 20_000  # from so many rows on, indexes are cheaper made afterwards
# Numbers in made-up codes start here, far from what demonstrations and tests count up from 1.
FIRST_NUMBER = 7_000_000_000

DEPARTMENTS = (
    ("130111", "栾城区行政审批局（规模数据）", Department.Kind.APPROVAL_BUREAU),
    ("130111", "栾城区市场监督管理局（规模数据）", Department.Kind.COMPETENT),
    ("130111", "栾城区交通运输局（规模数据）", Department.Kind.COMPETENT),
    ("130129", "赞皇县行政审批局（规模数据）", Department.Kind.APPROVAL_BUREAU),
    ("410103", "二七区行政审批局（规模数据）", Department.Kind.APPROVAL_BUREAU),
)
# name, domain, type, in how many of a hundred commitments, valid for months
ITEMS = (
    ("食品经营许可（新办）", Domain.FOOD_DRUG, CommitmentType.APPROVAL, 30, 60),
    ("公共场所卫生许可", Domain.HEALTH, CommitmentType.APPROVAL, 16, 48),
    ("道路货物运输经营许可", Domain.TRANSPORT, CommitmentType.APPROVAL, 14, 48),
    ("政府采购供应商资格", Domain.PROCUREMENT, CommitmentType.SUPERVISORY, 16, 12),
    ("行业自律公约", Domain.INDUSTRY, CommitmentType.INDUSTRY, 12, 12),
    ("市场主体主动信用承诺", Domain.OTHER, CommitmentType.VOLUNTARY, 11, 24),
    ("信用修复承诺", Domain.OTHER, CommitmentType.REPAIR, 1, 12),
)
CLAUSES = (
    ("pledge", "遵守国家法律、法规、规章和有关标准，自觉履行各项法定义务，依法从事经营活动。", RequiredContent.OBEY_LAW),
    ("pledge", "在办理本事项前没有尚未修复的失信记录，或者已按规定完成信用修复。", RequiredContent.NO_DISHONESTY),
    ("pledge", "提交的全部材料合法、真实、准确、完整、有效，复印件与原件一致。", RequiredContent.TRUE_MATERIALS),
    ("pledge", "诚信经营，履行合同约定，提供合格的产品和服务，不侵害消费者权益。", RequiredContent.LAWFUL_BUSINESS),
    ("pledge", "同意将本承诺及履行情况记入信用记录，并按规定向社会公示。", RequiredContent.AGREE_PUBLICATION),
    ("pledge", "接受行政机关、行业组织、社会公众和新闻媒体的监督，配合检查。", RequiredContent.ACCEPT_SUPERVISION),
    ("pledge", "承诺事项发生变化的，自变化之日起十日内告知受理单位。", RequiredContent.OTHER),
    ("liability", "违反承诺的，接受依法作出的处罚和失信惩戒，并承担相应责任。", RequiredContent.ACCEPT_CONSEQUENCES),
)  # fmt: skip


class Command(BaseCommand):
    help = "生成大量演示承诺，用于测量速度。只用于没有真实承诺的库；不写逐条日志和经过。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--commitments", type=int, required=True, help="再生成多少条承诺")
        parser.add_argument("--subjects", type=int, help="再生成多少个主体（默认为承诺数的十分之三）")
        parser.add_argument(
            "--obligations", action="store_true", help="也生成逐条的义务和核实（每条承诺约十行）"
        )
        parser.add_argument("--seed", type=int, default=1, help="随机数种子：同样的种子得到同样的名称")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["commitments"]
        subjects = options["subjects"] if options["subjects"] is not None else max(1, wanted * 3 // 10)
        if wanted < 1 or subjects < 1:
            raise CommandError("承诺数和主体数须为正整数。")
        if Commitment.objects.filter(is_demo=False).exists():
            raise CommandError("库中已有真实承诺，不能生成规模数据。")
        now, began = clock.now(), time.monotonic()
        with transaction.atomic():
            slots = references(now)
            with connection.cursor() as cursor:
                # References have their checks outstanding until here; tables with such cannot be altered.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET LOCAL synchronous_commit = off")
                cursor.execute("SET LOCAL work_mem = '256MB'")
                cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
                cursor.execute("SELECT setseed(%s)", [(options["seed"] % 1000) / 1000])
                first = add_subjects(cursor, subjects, options["seed"], now)
                self.say(f"主体 {subjects:,} 个", began)
                add_commitments(cursor, wanted, first, subjects, slots, now)
                self.say(f"承诺 {wanted:,} 条", began)
                if options["obligations"]:
                    add_obligations(cursor, wanted)
                    self.say("逐条的义务", began)
        with connection.cursor() as cursor:
            for model in (CreditSubject, CreditSubject.names.rel.related_model, Commitment):
                cursor.execute(f"VACUUM (ANALYZE) {connection.ops.quote_name(model._meta.db_table)}")
        fragments.refresh(now=now)
        self.say("统计信息和词频", began)

    def say(self, what: str, began: float) -> None:
        self.stdout.write(f"{what}：{time.monotonic() - began:.0f} 秒")


def references(now: datetime) -> list[dict[str, Any]]:
    """Departments, items and texts by the ordinary services, once; a hundred slots that commitments are dealt from."""
    codes = scale_names.uscc_numbers(FIRST_NUMBER, prefix="11130111")
    departments = []
    for region, name, kind in DEPARTMENTS:
        uscc = next(codes)
        found = Department.objects.filter(uscc=uscc).first()
        if found is None:
            place = Region.objects.get(pk=region)
            found = save_department(
                department=None,
                uscc=uscc,
                name=name,
                kind=kind,
                region=place,
                actor=None,
                now=now,
                is_demo=True,
            )
        departments.append(found)
    slots: list[dict[str, Any]] = []
    for number, (name, domain, type_, share, months) in enumerate(ITEMS):
        for department in departments if share > len(departments) else departments[:1]:
            row = _slot(department, number, name, domain, type_, months, now)
            slots += [row] * (share // len(departments) or 1)
    return slots


def _slot(
    department: Department, number: int, name: str, domain: str, kind: str, months: int, now: datetime
) -> dict[str, Any]:
    code = f"SCALE-{department.pk}-{number}"
    valid_from = date(2020, 1, 1)
    item = ServiceItem.objects.filter(code=code).first()
    if item is None:
        fields = {
            "name": name, "domain": domain, "allowed_types": [kind], "legal_basis": "规模数据", "validity_months": months,
            "checkpoint": ServiceItemVersion.Checkpoint.ACCEPTANCE,
        }  # fmt: skip
        draft = catalogue.draft_item(
            fields=fields, actor=None, now=now, code=code, department=department, is_demo=True
        )
        item = draft.item
        words = {
            "title": "信用承诺书", "scope": f"办理{name}时使用", "notice": "承诺的内容和违诺的后果见正文。",
            "privacy_notice": "个人信息只用于办理本事项。",
        }  # fmt: skip
        clauses = [
            ClauseData(no, clause, body, (str(covers),))
            for no, (clause, body, covers) in enumerate(CLAUSES, 1)
        ]
        written = texts.draft_text(
            code=code, department=department, commitment_type=kind, words=words, clauses=clauses, item=item,
            actor=None, now=now, is_demo=True,
        )  # fmt: skip
        texts.publish_text(version=written, valid_from=valid_from, actor=None, now=now)
        own_rules.issue(
            item=item, title=f"{name}实施细则", issuer=department, issued_on=valid_from, effective_from=valid_from,
            parts=dict.fromkeys(own_rules.PARTS, "规模数据。"), actor=None, now=now,
        )  # fmt: skip
        catalogue.publish_item(version=draft, valid_from=valid_from, actor=None, now=now)
    version = item.versions.get(status=ServiceItemVersion.Status.PUBLISHED)
    text = CommitmentText.objects.get(code=code).versions.get(status=TextVersion.Status.PUBLISHED)
    content = [
        {"no": row.number, "kind": row.kind, "clause": row.pk, "text": row.body}
        for row in text.clauses.order_by("number")
    ]
    return {
        "item_id": item.pk, "item_version_id": version.pk, "item_name": version.name, "kind": kind,
        "months": months, "department_id": department.pk, "department_name": department.name,
        "department_uscc": department.uscc, "region": department.region_id, "text_version_id": text.pk,
        "title": text.title, "content": content, "sha256": text.sha256,
    }  # fmt: skip


SUBJECT_COLUMNS = (
    "id, uuid, kind, uscc, id_number_sealed, id_number_index, name, name_source, region_id, phone_sealed, state_owned,"
    " registered_at, is_demo"
)
SUBJECT_HISTORY = """
INSERT INTO registry_historicalcreditsubject (
    id, uuid, kind, uscc, id_number_sealed, id_number_index, name, name_source, region_id, phone_sealed, state_owned,
    registered_at, is_demo, history_date, history_type)
SELECT id, uuid, kind, uscc, id_number_sealed, id_number_index, name, name_source, region_id, phone_sealed,
    state_owned, registered_at, is_demo, registered_at, '+'
FROM registry_creditsubject WHERE id BETWEEN %s AND %s
"""
SUBJECT_NAMES = """
INSERT INTO registry_subjectname (subject_id, name, source, searchable, recorded_at)
SELECT id, name, name_source, kind <> 'person', registered_at
FROM registry_creditsubject WHERE id BETWEEN %s AND %s ORDER BY id
"""


def add_subjects(cursor: Any, count: int, seed: int, now: datetime) -> int:
    """Subjects with their names and row history. Returns the first id; the others follow it without gaps."""
    table = CreditSubject._meta.db_table
    with unhindered(cursor, table, count), unhindered(cursor, "registry_subjectname", count):
        first = _reserve(cursor, table, count)
        lines = _subjects(first, count, seed + first, now)
        cursor.copy_expert(f"COPY {table} ({SUBJECT_COLUMNS}) FROM STDIN", _Lines(lines))
        span = [first, first + count - 1]
        cursor.execute(SUBJECT_HISTORY, span)
        cursor.execute(SUBJECT_NAMES, span)
    return first


def _subjects(first: int, count: int, seed: int, now: datetime) -> Iterator[str]:
    names = scale_names.Names(seed)
    organisations = scale_names.uscc_numbers(FIRST_NUMBER + first, prefix="91130111")
    shops = scale_names.uscc_numbers(FIRST_NUMBER + first, prefix="92130111")
    persons = scale_names.id_numbers(first)
    stamp = now.isoformat()
    for key in range(first, first + count):
        own = uuid.UUID(int=(seed << 64 | key) & (2**128 - 1))
        uscc, sealed, index = "\\N", "", "\\N"
        if key % PERSON_EVERY == 0:
            kind, name, source = CreditSubject.Kind.PERSON, names.person(), "identity_card"
            number = next(persons)
            sealed = crypto.seal(number, aad=f"subject:{own}:id_number_sealed")
            index = CreditSubject.id_number.index_of(number)
        elif key % SHOP_SHARE == 0:
            kind, name, source, uscc = (
                CreditSubject.Kind.SOLE_TRADER,
                names.sole_trader(),
                "licence",
                next(shops),
            )
        else:
            kind, name, source = CreditSubject.Kind.ORGANISATION, names.organisation(), "licence"
            uscc = next(organisations)
        yield (
            f"{key}\t{own}\t{kind.value}\t{uscc}\t{sealed}\t{index}\t{name}\t{source}\t130111\t\tf\t{stamp}\tt\n"
        )


COMMITMENTS = """
WITH drawn AS MATERIALIZED (
    SELECT i, %(start)s::date + (i * %(days)s / %(count)s)::int AS day,
        %(subject)s + floor(%(subjects)s * power(random(), 1.5))::bigint AS subject_id,
        1 + floor(%(slots)s * random())::int AS slot, random() AS fate, random() AS outcome
    FROM generate_series(0, %(count)s::bigint - 1) AS i
), dealt AS (
    SELECT drawn.*, scale_slot.*,
        coalesce(taken.last, 0) + row_number() OVER (PARTITION BY region, day ORDER BY i) AS serial,
        day + time '09:00' + interval '8 hours' * ((i * %(days)s %% %(count)s)::float / %(count)s) AS signed
    FROM drawn JOIN scale_slot USING (slot)
    LEFT JOIN registry_numbercounter AS taken
        ON taken.series = 'commitment:' || region || ':' || to_char(day, 'YYYYMMDD')
), fated AS (
    SELECT dealt.*, subject.kind AS subject_kind, subject.name, subject.uscc,
        CASE WHEN subject.kind = 'person' OR fate < 0.02 THEN 'limited' WHEN fate < 0.03 THEN 'closed' ELSE 'public' END
            AS class
    FROM dealt JOIN registry_creditsubject AS subject ON subject.id = dealt.subject_id
)
INSERT INTO commitments_commitment (
    id, code, region_id, made_on, signed_at, commitment_type, late_materials, channel, subject_id, subject_kind,
    subject_name, subject_code, item_id, item_version_id, item_name, department_id, department_name, department_uscc,
    case_ref, text_version_id, title, content, text_sha256, valid_until, signer_name, signer_capacity,
    identity_document, signed_by, pdf_sha256, verify_token, fulfilment, publicity_class, public_from, withdrawn_at,
    voided_at, is_demo)
SELECT %(first)s + i, region || to_char(day, 'YYYYMMDD') || lpad(serial::text, 6, '0'), region, day,
    signed AT TIME ZONE 'Asia/Shanghai', kind, false, 'bulk', subject_id, subject_kind, name, coalesce(uscc, ''),
    item_id, item_version_id, item_name, department_id, department_name, department_uscc, '', text_version_id, title,
    content, sha256, (day + months * interval '1 month')::date, '规模数据',
    CASE WHEN subject_kind = 'person' THEN 'self' ELSE 'legal_representative' END, 'id_card', 'pad',
    encode(sha256(convert_to('pdf:' || %(first)s + i, 'UTF8')), 'hex'), lpad(to_hex(%(first)s + i), 12, '0') || right(replace(gen_random_uuid()::text, '-', ''), 20),
    CASE WHEN day + 365 > %(today)s OR outcome < 0.3 THEN 'running' WHEN outcome < 0.31 THEN 'partial'
        WHEN outcome < 0.315 THEN 'unfulfilled' ELSE 'fulfilled' END,
    class, CASE WHEN class = 'public' THEN signed AT TIME ZONE 'Asia/Shanghai' END,
    CASE WHEN class = 'public' AND fate > 0.995 THEN (signed + interval '2 hours') AT TIME ZONE 'Asia/Shanghai' END,
    CASE WHEN fate > 0.998 THEN (signed + interval '2 hours') AT TIME ZONE 'Asia/Shanghai' END, true
FROM fated ORDER BY i
"""
SLOTS = """
CREATE TEMPORARY TABLE scale_slot ON COMMIT DROP AS
SELECT row_number() OVER ()::int AS slot, dealt.* FROM jsonb_to_recordset(%s) AS dealt (
    item_id bigint, item_version_id bigint, item_name text, kind text, months int, department_id bigint,
    department_name text, department_uscc text, region text, text_version_id bigint, title text, content jsonb,
    sha256 text)
"""
COUNTERS = """
INSERT INTO registry_numbercounter (series, last)
SELECT 'commitment:' || left(code, 6) || ':' || substr(code, 7, 8), max(right(code, 6)::int)
FROM commitments_commitment WHERE id BETWEEN %s AND %s GROUP BY left(code, 6), substr(code, 7, 8)
ON CONFLICT (series) DO UPDATE SET last = greatest(registry_numbercounter.last, excluded.last)
"""


def add_commitments(
    cursor: Any, count: int, subject: int, subjects: int, slots: list[dict[str, Any]], now: datetime
) -> None:
    """Commitments of the given subjects over the last four years, in the order of their days."""
    table = Commitment._meta.db_table
    today = clock.local_date(now)
    cursor.execute(SLOTS, [json.dumps(slots, ensure_ascii=False)])
    with unhindered(cursor, table, count):
        first = _reserve(cursor, table, count)
        cursor.execute(
            COMMITMENTS,
            {
                "start": today - timedelta(days=DAYS), "days": DAYS, "count": count, "subject": subject,
                "subjects": subjects, "slots": len(slots), "first": first, "today": today,
            },
        )  # fmt: skip
        cursor.execute(COUNTERS, [first, first + count - 1])


def add_obligations(cursor: Any, count: int) -> None:
    """Of the newest so many commitments, as they stand."""
    cursor.execute("SELECT max(id) FROM commitments_commitment")
    last = cursor.fetchone()[0]
    with (
        unhindered(cursor, Obligation._meta.db_table, count),
        unhindered(cursor, ObligationFinding._meta.db_table, count),
    ):
        for first in range(last - count + 1, last + 1, AT_ONCE):
            making.make_between(first, min(first + AT_ONCE - 1, last))


@contextmanager
def unhindered(cursor: Any, table: str, rows: int) -> Iterator[None]:
    """Without the table's foreign keys and plain indexes while many rows go in; made again, and checked, afterwards."""
    if rows < MANY:
        yield
        return
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY conname",
        [table],
    )
    keys = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY indexrelid",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in keys:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        cursor.execute(definition)
    for name, definition in keys:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _reserve(cursor: Any, table: str, count: int) -> int:
    """A run of free ids from the table's sequence; the first of them."""
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    cursor.execute(f"SELECT nextval({sequence})")
    first = cursor.fetchone()[0]
    cursor.execute(f"SELECT setval({sequence}, %s)", [first + count - 1])
    return first


class _Lines(io.TextIOBase):
    """An iterator of lines as the file that COPY reads."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        parts, length = [], 0
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if size is not None and 0 < size <= length:
                break
        return "".join(parts)

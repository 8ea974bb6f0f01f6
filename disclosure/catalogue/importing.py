"""A file of the catalogue is kept as it was handed in, looked through, and taken in once: what is right becomes drafts, never
more; what is wrong goes back in the same workbook with what is wrong."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import workbook
from credit_portal.documents.services import clean_name
from credit_portal.registry.catalogue_in_sets import Wanted, draft_many
from credit_portal.registry.models import User
from credit_portal.registry.reach import KEEPERS, check_reach
from disclosure.models import CatalogueImport

from . import columns
from .planning import CHANGED, NEW, REFUSED, SAME, Plan, plan

State = CatalogueImport.State


class ImportRefused(ValueError):
    """It cannot be taken in so; the message says why in Chinese."""


def imports_of(user: User) -> QuerySet[CatalogueImport]:
    """A department's own files, the newest first, without their content."""
    return (
        CatalogueImport.objects.filter(department=user.department)
        .select_related("uploaded_by")
        .defer("content")
        .order_by("-pk")
    )


@transaction.atomic
def hand_in(*, name: str, content: bytes, actor: User, now: datetime) -> CatalogueImport:
    """Keep a file and what it would do. The same file that waits already is that one. Raises IntakeRefused, PermissionDenied."""
    check_reach(actor, actor.department.region if actor.department else None, *KEEPERS)
    sha256 = hashlib.sha256(content).hexdigest()
    waiting = imports_of(actor).filter(sha256=sha256, state=State.CHECKED, uploaded_by=actor).first()
    if waiting is not None:
        return waiting
    looked = plan(name=name, content=content, actor=actor, today=local_date(now))
    row = CatalogueImport.objects.create(
        department=actor.department, name=clean_name(name) or "目录", sha256=sha256, content=content,
        same=len(looked.of(SAME)), refused=len(looked.of(REFUSED)), uploaded_at=now, uploaded_by=actor,
    )  # fmt: skip
    _tell(row, "检查", actor, now)
    return row


def plan_of(row: CatalogueImport, actor: User, *, today: date) -> Plan:
    """What a kept file would do now."""
    return plan(name=row.name, content=bytes(row.content), actor=actor, today=today)


@transaction.atomic
def take_in(
    *, import_id: int, seen: str, overwrite: Collection[str], actor: User, now: datetime
) -> CatalogueImport:
    """Write the drafts of a file. `seen`: the digest of what the person was shown; where it is something else by now,
    nothing happens. `overwrite`: items that a person said yes to although somebody else has opened their draft, or a version is scheduled.
    Asked again, nothing more happens. Raises ImportRefused."""
    row = _own(import_id, actor)
    if row.state == State.DONE:
        return row
    if row.state != State.CHECKED:
        raise ImportRefused("这个文件已经放弃，请重新上传。")
    looked = plan_of(row, actor, today=local_date(now))
    if looked.digest != seen:
        raise ImportRefused("在您查看期间目录有了变动，下面是按现在的目录重新比较的结果，请再看一遍。")
    good = [
        line for line in (*looked.of(NEW), *looked.of(CHANGED)) if not line.asks or line.code in overwrite
    ]
    drafts = draft_many(
        wanted=[Wanted(line.code, line.fields, line.department) for line in good], actor=actor, now=now
    )
    row.written = [[one.item.code, one.number, one.name] for one in drafts]
    row.drafts, row.same = len(drafts), len(looked.of(SAME))
    row.refused = len(looked.lines) - row.drafts - row.same
    row.state, row.finished_at = State.DONE, now
    row.save()
    _tell(row, "导入", actor, now)
    return row


@transaction.atomic
def discard(*, import_id: int, actor: User, now: datetime) -> CatalogueImport:
    """Take nothing in. Raises ImportRefused where that has happened."""
    row = _own(import_id, actor)
    if row.state == State.DONE:
        raise ImportRefused("已经导入，不能放弃；不要的草稿请在草稿上修改。")
    if row.state == State.CHECKED:
        row.state, row.finished_at = State.DISCARDED, now
        row.save()
        _tell(row, "放弃", actor, now)
    return row


def faults_book(looked: Plan) -> bytes:
    """The rows that are refused, as they stand in the file, with their line and what is wrong: to be mended and handed in
    again as it is."""
    wrong = looked.of(REFUSED)
    heads = [head for head in looked.heads if head and head not in columns.EXTRA]
    lines = [
        [
            *(line.cells.get(head, "") for head in heads),
            str(line.row),
            "；".join(f"{label}：{text}" for label, text in line.faults),
        ]
        for line in wrong
    ]
    pages = [(columns.ITEMS, [[*heads, columns.LINE, columns.FAULT], *lines])]
    if looked.materials is not None:
        codes = {line.code for line in wrong}
        named = list(columns.MATERIAL_HEADS)
        pages.append(
            (
                columns.MATERIALS,
                [
                    named,
                    *(
                        [cells.get(head, "") for head in named]
                        for _, cells in looked.materials.rows
                        if columns.plain(cells.get(columns.CODE, "")) in codes
                    ),
                ],
            )
        )
    return workbook.tables([*pages, (columns.LEGEND, columns.legend_lines())])


def _own(import_id: int, actor: User) -> CatalogueImport:
    check_reach(actor, actor.department.region if actor.department else None, *KEEPERS)
    row = CatalogueImport.objects.select_for_update(of=("self",)).get(pk=import_id)
    if row.department_id != actor.department_id:
        raise ImportRefused("目录文件由上传的单位办理。")
    return row


def _tell(row: CatalogueImport, deed: str, actor: User, now: datetime) -> None:
    events.catalogue_import(
        now=now, actor_id=actor.pk, department_id=row.department_id, import_id=row.pk, deed=deed,
        drafts=row.drafts, refused=row.refused, sha256=row.sha256,
    )  # fmt: skip

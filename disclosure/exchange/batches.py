"""Records that go up together. A record is in one batch; of one commitment only one version is under way at a time."""

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox import services as outbox
from credit_portal.registry import groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord

Adapter = ExchangePlatform.Adapter
State = ExchangeBatch.State
Record = ExchangeRecord.State
PUSH, PACK = "exchange.push", "exchange.pack"
# One table of a package; beyond it people would not open it, and the next batch takes the rest.
PACKAGE_ROWS = 100_000
ROLES = (groups.CREDIT_OFFICE,)


class ExchangeError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def platforms_of(user: User) -> QuerySet[ExchangePlatform]:
    """Platforms of the user's own region and below, for whoever may see a whole region."""
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) or user.department is None:
        return ExchangePlatform.objects.none()
    path = user.department.region.path
    return ExchangePlatform.objects.filter(within(path))


def waiting(platform: ExchangePlatform, *, running: bool) -> QuerySet[ExchangeRecord]:
    """What can go up now: the oldest first, and nothing of a commitment or measure whose last version has no answer yet."""
    under_way = ExchangeRecord.objects.filter(platform=OuterRef("platform"), state=Record.BATCHED)
    return (
        ExchangeRecord.objects.filter(
            ~Exists(under_way.filter(commitment=OuterRef("commitment"))),
            ~Exists(under_way.filter(measure=OuterRef("measure"))),
            platform=platform,
            state=Record.WAITING,
            running=running,
        )
        .order_by("id")
    )  # fmt: skip


def push_waiting(*, now: datetime) -> int:
    """Step of the sweep: put what waits for platforms with an interface into batches. Gives the number of records."""
    number = 0
    for platform in ExchangePlatform.objects.filter(is_active=True, adapter=Adapter.HTTP).order_by("id"):
        for running in (False, True):
            while (batch := _next_push(platform.pk, running=running, now=now)) is not None:
                number += batch.rows
    return number


@transaction.atomic
def _next_push(platform_id: int, *, running: bool, now: datetime) -> ExchangeBatch | None:
    platform = ExchangePlatform.objects.select_for_update().get(pk=platform_id)
    batch = _batch(platform, running=running, most=platform.batch_rows, actor=None, now=now)
    if batch is not None:
        outbox.enqueue(effect=PUSH, key=f"exchange:{batch.number}", payload={"batch": batch.pk}, now=now)
    return batch


@transaction.atomic
def make_package(*, platform_id: int, running: bool, actor: User, now: datetime) -> ExchangeBatch:
    """Take what waits into a package, which is written in the background. Raises ExchangeError."""
    _may(actor, platform_id)
    platform = ExchangePlatform.objects.select_for_update().get(pk=platform_id)
    if platform.adapter != Adapter.FILE:
        raise ExchangeError("该平台以接口推送，不用打包。")
    batch = _batch(platform, running=running, most=PACKAGE_ROWS, actor=actor, now=now)
    if batch is None:
        raise ExchangeError("没有待报送的记录。")
    outbox.enqueue(effect=PACK, key=f"exchange:{batch.number}", payload={"batch": batch.pk}, now=now)
    return batch


def _batch(
    platform: ExchangePlatform, *, running: bool, most: int, actor: User | None, now: datetime
) -> ExchangeBatch | None:
    ids = list(waiting(platform, running=running).values_list("pk", flat=True)[:most])
    if not ids:
        return None
    by_file = platform.adapter == Adapter.FILE
    batch = ExchangeBatch.objects.create(
        number=numbering.document_number("X", platform.region_id, local_date(now).year),
        platform=platform,
        adapter=platform.adapter,
        file_format=platform.file_format if by_file else "",
        running=running,
        rows=len(ids),
        state=State.PACKING if by_file else State.READY,
        created_at=now,
        created_by=actor,
    )
    _put_in(batch, ids)
    events.exchange_batched(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        batch_id=batch.pk,
        number=batch.number,
        rows=batch.rows,
    )
    return batch


def _put_in(batch: ExchangeBatch, ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE disclosure_exchangerecord AS record SET batch_id = %s, state = 'batched', place = given.place "
            "FROM unnest(%s::bigint[]) WITH ORDINALITY AS given(id, place) "
            "WHERE record.id = given.id AND record.state = 'waiting'",
            [batch.pk, ids],
        )
        if cursor.rowcount != len(ids):
            raise RuntimeError("待报送的记录在编批时变动，请重试。")


@transaction.atomic
def note_sent(*, batch_id: int, now: datetime) -> None:
    """The batch has left the house."""
    batch = ExchangeBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state in (State.READY, State.PACKING):
        batch.state = State.SENT
    batch.sent_at = batch.sent_at or now
    batch.save(update_fields=["state", "sent_at"])


@transaction.atomic
def note_forwarded(*, batch_id: int, on: date, reference: str, actor: User, now: datetime) -> ExchangeBatch:
    """R6: the city has sent it on to the province, on that day, as its paper says. Raises ExchangeError."""
    batch = ExchangeBatch.objects.select_for_update().get(pk=batch_id)
    _may(actor, batch.platform_id)
    if batch.answered_at is None or batch.sent_at is None:
        raise ExchangeError("回执齐全之后才登记上送省平台的情况。")
    if not local_date(batch.sent_at) <= on <= local_date(now):
        raise ExchangeError(f"上送日期应在送出之日 {local_date(batch.sent_at)} 与今天之间。", field="on")
    if not reference.strip() or len(reference.strip()) > 100:
        raise ExchangeError("请填写上送的凭据（如文号、流水号），最多 100 个字。", field="reference")
    if batch.forwarded_on is not None:
        raise ExchangeError(f"已于 {batch.forwarded_on} 登记（{batch.forwarded_reference}）。")
    batch.forwarded_on, batch.forwarded_reference, batch.forwarded_by = on, reference.strip(), actor
    batch.save(update_fields=["forwarded_on", "forwarded_reference", "forwarded_by"])
    events.exchange_forwarded(
        now=now, actor_id=actor.pk, department_id=actor.department_id, batch_id=batch.pk, on=on
    )
    return batch


def _may(actor: User, platform_id: int) -> None:
    if not has_role(actor, *ROLES) or not platforms_of(actor).filter(pk=platform_id).exists():
        raise ExchangeError("报送由该平台所属地区的信用办办理。")

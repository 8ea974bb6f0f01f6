"""What a listing stands on, and whether it still does (S1 八, S4 8): a ground that is repaired, over or revoked carries nobody onto
a list any more, and whoever has put somebody there on it is told."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from credit_portal.audit.clock import local_date
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, User

from . import chains
from .facts import as_entry
from .models import CreditEntry, Listing
from .record import standing
from .vocabulary import ADVERSE, STATE_LABELS, Standing, State

_COUNTS = frozenset({Standing.UNREPAIRED, Standing.IN_PUBLICITY})
_KINDS = [str(kind) for kind in ADVERSE]
_OVER = (Listing.State.REFUSED, Listing.State.EXITED, Listing.State.REVOKED)
TOLD_TITLE = "名单 {number}：所依据的记录{state}"
TOLD_RUNNING = (
    "没有其他有效依据的，不能再告知、提出、批准或者送达。请核实，由负责人“不予列入”；还没有告知的，撤回立案。"
)
TOLD_IN_FORCE = "请核实列入是否还成立：本不应列入的，由负责人撤销列入决定；应当移出的，提出移出。"
PASSED = "已期满"
NO_FACTOR = "不再影响核查"


@dataclass(frozen=True)
class Ground:
    """What stands today in the place of a ground. `gone`: why it is none any more, in words; `taken_out`: not by its days alone,
    somebody has taken it out of the record."""

    words: str
    gone: str
    taken_out: bool


def grounds_of(subject: CreditSubject, *, on: date) -> list[CreditEntry]:
    """What of a record somebody can be put on a list for: what counts against it in a check of that day, the newest first.
    A determination that was not served is as if it were not there (the settled table of a check)."""
    rows = CreditEntry.objects.filter(subject=subject, kind__in=_KINDS, state=State.EFFECTIVE)
    return [row for row in rows.order_by("-from_on", "-pk") if _counts(row, on)]


def _counts(row: CreditEntry, on: date) -> bool:
    return row.state == State.EFFECTIVE and standing(as_entry(row), on) in _COUNTS


def shown(listing: Listing, on: date) -> list[Ground]:
    """The grounds of a listing as they are on that day; what was put right is shown as it stands now. The same number of queries,
    however many there are."""
    stand = _latest(_first_of(listing))
    rows = CreditEntry.objects.in_bulk(stand)
    return [_ground(rows[pk], on) for pk in stand]


def locked(listing: Listing, on: date) -> list[Ground]:
    """The same, and nobody changes them before the end of the transaction; `listing` is locked already."""
    stand = _latest(_first_of(listing))
    while True:
        rows = CreditEntry.objects.select_for_update(of=("self",)).filter(pk__in=stand).order_by("pk")
        found = {row.pk: row for row in rows}
        if (now := _latest(stand)) == stand:
            return [_ground(found[pk], on) for pk in stand]
        # Put right while this waited for the lock.
        stand = now


def _first_of(listing: Listing) -> list[int]:
    return list(listing.grounds.order_by("pk").values_list("pk", flat=True))


def _latest(entries: list[int]) -> list[int]:
    """What stands in the place of each by now, in their order."""
    last = {first: pk for pk, first in chains.after(entries).items()}
    return [last.get(pk, pk) for pk in entries]


def _ground(row: CreditEntry, on: date) -> Ground:
    number = f"（{row.document_no}）" if row.document_no else ""
    gone = ""
    if row.state != State.EFFECTIVE:
        gone = STATE_LABELS[State(row.state)]
    elif not _counts(row, on):
        gone = PASSED if standing(as_entry(row), on) is Standing.EXPIRED else NO_FACTOR
    return Ground(
        words=f"{row.get_kind_display()}，{row.title}{number}",
        gone=gone,
        taken_out=row.state != State.EFFECTIVE,
    )


def tell(entries: Collection[CreditEntry], *, now: datetime) -> None:
    """Tell the departments whose listings, running or in force, stand on entries that have just ceased to count. For use in the
    transaction of that fact. The same number of queries, however many there are."""
    on = local_date(now)
    gone = {row.pk: row for row in entries if row.kind in _KINDS and not _counts(row, on)}
    if not gone:
        return
    # A listing names the entry that stood when it was opened.
    named = {pk: pk for pk in gone} | chains.before(pk for pk, row in gone.items() if row.corrects_id)
    links = list(
        Listing.grounds.through.objects.filter(creditentry__in=named)
        .exclude(listing__state__in=_OVER)
        .order_by("pk")
        .values_list("creditentry_id", "listing__pk", "listing__uuid", "listing__number", "listing__state",
                     "listing__department_id")
    )  # fmt: skip
    if not links:
        return
    people: dict[int | None, list[User]] = defaultdict(list)
    for user in User.objects.filter(
        department__in={department for *_, department in links},
        is_active=True,
        groups__name__in=[groups.OFFICER, groups.HEAD],
    ).distinct():
        people[user.department_id].append(user)
    told = []
    for entry, pk, uuid, number, state, department in links:
        row = gone[named[entry]]
        words = STATE_LABELS[State(row.state)] if row.state != State.EFFECTIVE else NO_FACTOR
        told.append(
            notices.Told(
                users=people[department],
                key=f"listing:{pk}:ground:{row.pk}",
                kind="listing",
                title=TOLD_TITLE.format(number=number, state=words),
                body=TOLD_IN_FORCE if state == Listing.State.IN_FORCE else TOLD_RUNNING,
                link=f"/desk/lists/{uuid}/",
            )
        )
    notices.notify_many(told, now=now)

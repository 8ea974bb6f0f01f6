"""Everything of a subject in the order of days (R67, R68): what each room has of it, as rows of one shape.

The unified code identifies one record, but the record lies in the tables of many rooms. Each room registers its arms in
`AppConfig.ready()`; an arm gives the rows that a reader may see, all with the columns of `Row`, so that the look across
rooms is one UNION and one page of it one query. Every row carries both axes: `day`, on which it counts, and `at`, when
this portal came to know it (style: two time axes).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Cast, Coalesce, TruncDate

from . import codes, groups
from .models import CreditSubject, ResponsiblePerson, SubjectName, User
from .visibility import has_role

PUBLIC, OWN, UNIT = "public", "own", "unit"
SEEN = {PUBLIC: "公开", OWN: "本人、办理部门和经同意的", UNIT: "本部门"}
Said = str | Combinable | Q
KINDS: dict[str, str] = {}


class Row(NamedTuple):
    """One line. `first` and `last`: the period it speaks of; `gone_at`: since when it is known that it should not have been;
    `following`: the address of what has taken its place."""

    day: date
    at: datetime
    arm: int
    pk: int
    what: str
    title: str
    by: str
    document: str
    first: date | None
    last: date | None
    state: str
    seen: str
    ref: str
    note: str
    gone_at: datetime | None
    following: str


COLUMNS = tuple(f"t_{name}" for name in Row._fields)


@dataclass(frozen=True)
class Look:
    """Whose record is looked at, and by whom: a member of staff, or (`user` None) the subject itself."""

    subject: CreditSubject
    user: User | None
    today: date

    @property
    def own(self) -> bool:
        return self.user is None


@dataclass(frozen=True)
class Arm:
    """Rows of one table. `deeds` and `states` say in words what `what` and `state` hold (where they do not already);
    `tones` colour a state; `staff` and `own`: the address of a row, empty where there is no page; `sees`: who of the staff
    may open it; `shown`: a last change before a row is shown."""

    name: str
    kind: str
    rows: Callable[[Look], QuerySet[Any]]
    deeds: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)
    staff: Callable[[str], str] | None = None
    own: Callable[[str], str] | None = None
    sees: frozenset[str] = frozenset(
        {groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE, groups.AUDITOR}
    )
    shown: Callable[[Row, Look], Row] | None = None

    def address(self, row: Row, look: Look) -> str:
        """Where the reader may go on from a row."""
        if not row.ref:
            return ""
        if look.user is None:
            return self.own(row.ref) if self.own else ""
        return self.staff(row.ref) if self.staff and has_role(look.user, *self.sees) else ""


_arms: dict[str, Arm] = {}


def register(kind: str, label: str, *arms: Arm) -> None:
    """A kind of line, with the arms that bring it. Registered twice, it stands once."""
    KINDS[kind] = label
    for arm in arms:
        _arms[arm.name] = arm


def arms() -> list[Arm]:
    return list(_arms.values())


def lines(
    rows: QuerySet[Any],
    *,
    day: str | BaseExpression,
    at: str | BaseExpression,
    what: Said = "",
    title: Said = "",
    by: Said = "",
    document: Said = "",
    first: str | BaseExpression | None = None,
    last: str | BaseExpression | None = None,
    state: Said = "",
    seen: Said = UNIT,
    ref: Said = "",
    note: Said = "",
    pk: str = "pk",
    gone_at: BaseExpression | None = None,
    following: Said = "",
) -> QuerySet[Any]:
    """`rows` in the columns of `Row`. Days and moments are named by their fields; words are taken as they stand, unless they
    are expressions (`F("title")`). A day may be the name of a moment's field ending in `_at`."""
    return rows.order_by().annotate(
        t_day=_day(day),
        # Rows made without a history are known since their day.
        t_at=F(at) if isinstance(at, str) else Coalesce(at, Cast(_day(day), DateTimeField())),
        t_pk=Cast(F(pk), BigIntegerField()),
        t_what=_text(what),
        t_title=_text(title),
        t_by=_text(by),
        t_document=_text(document),
        t_first=_day(first),
        t_last=_day(last),
        t_state=_text(state),
        t_seen=_text(seen),
        t_ref=_text(ref),
        t_note=_text(note),
        t_gone_at=gone_at if gone_at is not None else Cast(Value(None), DateTimeField()),
        t_following=_text(following),
    )


def _text(said: Said) -> Any:
    if isinstance(said, str):
        return Value(said, output_field=TextField())
    return Coalesce(Cast(said, TextField()), Value("", output_field=TextField()))


def _day(said: str | BaseExpression | None) -> Any:
    if said is None:
        return Cast(Value(None), DateField())
    if isinstance(said, str):
        return TruncDate(said) if said == "at" or said.endswith(("_at", "_date")) else F(said)
    return said


def columns(rows: QuerySet[Any], arm: int) -> QuerySet[Any]:
    """The rows of an arm as the UNION takes them."""
    return rows.annotate(t_arm=Value(arm, output_field=IntegerField())).values_list(*COLUMNS)


def word(said: str) -> Value:
    """A word of one's own in every row."""
    return Value(said, output_field=TextField())


def day_of(moment: BaseExpression) -> TruncDate:
    """The day of a moment."""
    return TruncDate(moment)


def written_first(model: type[Model], **said: Any) -> Subquery:
    """When a row was first written so, by the history that is kept of it."""
    known = model.history.model.objects.filter(id=OuterRef("pk"), **said)  # type: ignore[attr-defined]
    return Subquery(known.order_by("history_id").values("history_date")[:1])


def states_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """What became of rows, by the history that is kept of them: of each the first version that says a state. What a row says
    later changes no line of before."""
    known = rows.model.history.model.objects  # type: ignore[attr-defined]
    sooner = known.filter(id=OuterRef("id"), state=OuterRef("state"), history_id__lt=OuterRef("history_id"))
    found: QuerySet[Any] = known.filter(id__in=rows.order_by().values("pk")).exclude(Exists(sooner))
    return found


def in_words(name: str, choices: Iterable[tuple[Any, Any]]) -> Case:
    """What a field of codes says, in the words of its choices."""
    return Case(
        *(When(**{name: code}, then=Value(str(label))) for code, label in choices),
        default=Value(""),
        output_field=TextField(),
    )


# ---- what this room has ------------------------------------------------------------------------------------

_SOURCES = CreditSubject.NameSource.choices


def _registered(look: Look) -> QuerySet[Any]:
    return lines(
        CreditSubject.objects.filter(pk=look.subject.pk),
        day="registered_at", at="registered_at", what="登记主体", title=F("name"),
        by=in_words("name_source", _SOURCES), document=F("uscc"), seen=OWN,
    )  # fmt: skip


def _names(look: Look) -> QuerySet[Any]:
    return lines(
        SubjectName.objects.filter(subject=look.subject),
        day=Coalesce(F("valid_from"), TruncDate("recorded_at")), at="recorded_at", what="启用名称",
        title=F("name"), by=in_words("source", _SOURCES), first="valid_from", last="valid_to",
        seen=OWN if look.subject.kind == CreditSubject.Kind.PERSON else PUBLIC,
    )  # fmt: skip


def _persons(look: Look) -> QuerySet[Any]:
    """Who answers for a subject, from when to when, as it was known: by the history of each row."""
    known = ResponsiblePerson.history.model.objects.filter(subject_id=look.subject.pk)
    same = known.filter(id=OuterRef("id"), until_on=OuterRef("until_on")).order_by()
    first = same.values("id").annotate(first=Min("history_id")).values("first")
    ended = Q(until_on__isnull=False, history_id=Subquery(first))
    return lines(
        known.filter(Q(history_type="+") | ended),
        pk="history_id", day=Coalesce(F("until_on"), F("from_on"), TruncDate("history_date")), at="history_date",
        what=in_words("capacity", ResponsiblePerson.Capacity.choices), title=F("name"),
        by=in_words("source", _SOURCES), first="from_on", last="until_on", seen=OWN,
        state=Case(When(until_on=None, then=Value("任职")), default=Value("任职结束"), output_field=TextField()),
    )  # fmt: skip


def _masked(row: Row, look: Look) -> Row:
    return row if look.own else row._replace(title=codes.mask_person_name(row.title))


def _masked_if_person(row: Row, look: Look) -> Row:
    return _masked(row, look) if look.subject.kind == CreditSubject.Kind.PERSON else row


def bring_arms() -> None:
    """What this room itself has of a subject."""
    register(
        "identity",
        "主体登记",
        Arm("identity.registered", "identity", _registered, shown=_masked_if_person),
        Arm("identity.name", "identity", _names, shown=_masked_if_person),
        Arm("identity.person", "identity", _persons, shown=_masked),
    )

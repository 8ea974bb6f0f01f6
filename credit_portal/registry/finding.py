"""Finding subjects for staff: by whole code, by ID number (through its blind index), by a piece of a name."""

from collections.abc import Callable, Iterable
from datetime import date
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from . import codes
from .models import CreditSubject, SubjectName
from .services import find_subject

MOST = 1_000
NOBODY = "none"


def subjects_matching(query: str, *, today: date) -> QuerySet[CreditSubject]:
    """Subjects whose code is `query` or whose present or former name contains it. Persons are found by their whole
    number only. At most 1,000: whoever gets so many types more of the name."""
    query = query.strip()
    try:
        code = codes.parse_subject_code(query, today=today).value
    except codes.CodeError:
        pass
    else:
        found = find_subject(code)
        return CreditSubject.objects.filter(pk=found.pk) if found else CreditSubject.objects.none()
    pieces = [query[i : i + 2] for i in range(len(query) - 1)] or [query]
    named = SubjectName.objects.filter(fragments__contains=pieces, name__contains=query)
    return CreditSubject.objects.filter(pk__in=list(named.values_list("subject_id", flat=True)[:MOST]))


def looked_up(
    sought: str,
    rows: Iterable[Any],
    *,
    today: date,
    person: UUID | None = None,
    of: Callable[[Any], int | None] = attrgetter("subject_id"),
) -> int | None:
    """Whose record a search in a list has looked up, for the log of readings: the one subject that all rows shown are about; of
    a code that shows no row, its subject all the same: that there is nothing has been read. None where nobody was sought, and
    for several. `person`: what the address asked for instead (`person_of`); `of`: whom a row is about."""
    if not sought and person is None:
        return None
    found = {of(row) for row in rows} - {None}
    if found:
        return found.pop() if len(found) == 1 else None
    if person is not None:
        return CreditSubject.objects.filter(uuid=person).values_list("pk", flat=True).first()
    try:
        subject = find_subject(codes.parse_subject_code(sought, today=today).value)
    except codes.CodeError:
        return None
    return subject.pk if subject else None


def address_of(typed: QueryDict, *, today: date) -> str:
    """The query of the address that a search leads to. What is typed may be a person's number: that never stands in an
    address, where it would be remembered; the person's own random number does (`person`; `none` for one not known)."""
    kept = {key: typed[key] for key in ("tab",) if typed.get(key)}
    sought = typed.get("q", "").replace("\0", "").strip()[:100]
    try:
        parsed = codes.parse_subject_code(sought, today=today)
    except codes.CodeError:
        return urlencode(kept | {"q": sought})
    if codes.PERSON not in parsed.kinds:
        return urlencode(kept | {"q": sought})
    found = find_subject(parsed.value)
    return urlencode(kept | {"person": str(found.uuid) if found else NOBODY})


def person_of(asked: QueryDict) -> UUID | None:
    """The random number that an address asks for; None where it asks for none."""
    try:
        return UUID(asked["person"]) if asked.get("person") else None
    except ValueError:
        return UUID(int=0)

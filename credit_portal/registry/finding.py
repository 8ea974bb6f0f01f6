"""Finding subjects for staff: by whole code, by ID number (through its blind index), by a piece of a name."""

from datetime import date

from django.db.models import QuerySet

from . import codes
from .models import CreditSubject, SubjectName
from .services import find_subject

MOST = 1_000


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

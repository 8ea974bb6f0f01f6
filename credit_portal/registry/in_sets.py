"""Credit subjects looked up and registered by the thousand: what `services` does for one, in a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.copying import copy_models, copy_with_history
from credit_portal.audit.hashing import keyed_hash
from credit_portal.audit.recording import together

from . import codes
from .models import CreditSubject, Department, SubjectName, User
from .services import ERROR_NAME, ERROR_PERSON_NAME

AT_ONCE = 1_000


@dataclass(frozen=True)
class Named:
    """A subject as somebody names it; the code has been checked."""

    kind: str
    code: str
    name: str


@dataclass
class Known:
    """The subjects of some codes, and every name that each has borne."""

    by_code: dict[str, CreditSubject] = field(default_factory=dict)
    names: dict[int, set[str]] = field(default_factory=dict)

    def name_problem(self, named: Named) -> str:
        """Why a name does not fit the subject of its code; empty where it does, or where nobody knows the code. Of a person
        the registered name is not said."""
        subject = self.by_code.get(named.code)
        if subject is None or named.name == subject.name or named.name in self.names.get(subject.pk, ()):
            return ""
        return ERROR_PERSON_NAME if subject.kind == codes.PERSON else ERROR_NAME.format(name=subject.name)


def find_subjects(named: Iterable[Named]) -> Known:
    """The subjects that are registered under these codes. Three queries."""
    wanted = {one.code: one.kind for one in named}
    indexes = {
        CreditSubject.id_number.index_of(code): code for code, kind in wanted.items() if kind == codes.PERSON
    }
    known = Known()
    for subject in CreditSubject.objects.filter(
        uscc__in=[code for code, kind in wanted.items() if kind != codes.PERSON]
    ):
        known.by_code[str(subject.uscc)] = subject
    for subject in CreditSubject.objects.filter(id_number_index__in=list(indexes)):
        known.by_code[indexes[str(subject.id_number_index)]] = subject
    rows = SubjectName.objects.filter(subject__in=[one.pk for one in known.by_code.values()])
    for subject_id, name in rows.values_list("subject_id", "name"):
        known.names.setdefault(subject_id, set()).add(name)
    return known


@transaction.atomic
def register_subjects(
    named: Sequence[Named],
    *,
    department: Department,
    actor: User | None,
    now: datetime,
    is_demo: bool = False,
) -> dict[str, CreditSubject]:
    """Register subjects whom nobody has known of, by the word of a department; gives them by their codes. Whoever else
    registers one of them in the meantime has this fail with IntegrityError: asked again, it is known."""
    made: dict[str, CreditSubject] = {}
    for one in named:
        if one.code in made:
            continue
        subject = CreditSubject(
            kind=one.kind,
            uscc=None if one.kind == codes.PERSON else one.code,
            name=one.name,
            name_source=CreditSubject.NameSource.DEPARTMENT,
            region=department.region,
            registered_at=now,
            registered_by=actor,
            is_demo=is_demo,
        )
        if one.kind == codes.PERSON:
            subject.id_number = one.code
        made[one.code] = subject
    if not made:
        return made
    with together():
        copy_with_history(list(made.values()), actor_id=actor.pk if actor else None, now=now)
        copy_models(
            [
                SubjectName(
                    subject=subject,
                    name=subject.name,
                    source=subject.name_source,
                    searchable=subject.kind != codes.PERSON,
                    recorded_at=now,
                    recorded_by=actor,
                )
                for subject in made.values()
            ]
        )
        for code, subject in made.items():
            events.subject_registered(
                now=now,
                actor_id=actor.pk if actor else None,
                department_id=department.pk,
                subject_id=subject.pk,
                kind=subject.kind,
                code_hash=keyed_hash(code, purpose="subject_code"),
            )
    return made

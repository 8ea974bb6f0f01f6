"""Everybody of the demonstration in a browser of their own, and where their walk begins and goes."""

import re
from datetime import datetime

from django.test import Client

from commitments.models import BreachCase, Commitment
from credit_portal.registry.models import CreditSubject, SubjectAccess, User
from tests import office, subjects
from verification.models import Check

STAFF = re.compile(r"^/(?:desk|window|admin|accounts)/(?!.*/history/)")
# The back office costs the most time to walk through; what is odd in its forms is tried by test_odd_input.py as well.
AT_WORK = re.compile(r"^/(?:desk|window|accounts)/")
OWN = re.compile(r"^/me/")
PUBLIC = re.compile(r"^/(?!desk/|window/|admin/|me/|api/v1/|accounts/password)")
PLACE = "luancheng"
# Who sees what nobody else sees; the others see the same forms again.
FEW = ("officer", "credit", "head", "clerk")

Person = tuple[Client, str, list[str], re.Pattern[str]]


def everybody(*, now: datetime, whole: bool) -> list[Person]:
    """`whole`: all of them, everywhere; else who sees what nobody else sees, in front of the back office."""
    found: list[Person] = []
    rooms = ["/desk/", "/window/", "/accounts/2fa/", "/accounts/password/change/"]
    for user in User.objects.filter(username__startswith=f"{PLACE}-").order_by("username"):
        if not whole and user.username.partition("-")[2] not in FEW:
            continue
        client = office.client_of(user)
        found.append(
            (client, user.username, [*rooms, "/admin/"] if whole else rooms, STAFF if whole else AT_WORK)
        )
    accesses = SubjectAccess.objects.filter(ended_at=None).select_related("subject").order_by("pk")
    by_kind = {access.subject.kind: access for access in accesses if access.valid_until > now.date()}
    for kind, access in by_kind.items():
        found.append(
            (
                subjects.client_of(access, now=now),
                f"subject {kind}",
                ["/me/", "/me/sign/", "/me/repair/"],
                OWN,
            )
        )
    found.append((Client(), "anybody", ["/", "/me/enter/", "/accounts/login/", "/objections/new/"], PUBLIC))
    for client, *_ in found:
        client.raise_request_exception = False
    return found


def samples() -> dict[str, str]:
    """What names something that is there, by patterns of field names."""
    known = CreditSubject.objects.filter(kind="organisation", region__code="130111").order_by("pk")
    first = known.first()
    person = CreditSubject.objects.filter(kind="person", region__code="130111").order_by("pk").first()
    return {
        r"id_number": person.id_number,
        r"check_number": Check.objects.filter(region__code="130111").latest("pk").number,
        r"breach_number": BreachCase.objects.filter(region__code="130111").latest("pk").number,
        r"commitment_code|^commitment$": Commitment.objects.filter(department__region__code="130111")
        .latest("pk")
        .code,
        r"(?:^|subject_|uscc_?)code$|uscc": first.uscc,
        r"subject_name|^name$": first.name,
    }

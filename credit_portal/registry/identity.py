"""A natural person opens its own pages by the national identity service, and those of the subjects that it represents.

OpenID Connect, authorisation code with PKCE. The portal's accounts are for staff, so nothing here makes or touches one:
what the service says of a person only finds the subjects for which it may act. (S0 一（四）, R58.)
"""

import base64
import hashlib
import json
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from django.conf import settings
from django.db import transaction

from credit_portal.audit.clock import local_date

from . import access, access_rules, codes, crypto, id_token
from .id_token import Person, TokenRefused
from .models import CreditSubject, ResponsiblePerson, SubjectAccess

Capacity, Channel = SubjectAccess.Capacity, SubjectAccess.Channel
TIMEOUT = 8.0
REMEMBER_SECONDS = 600.0
MOST_CHOICES = 200
NO_ANSWER = "身份认证服务没有应答，请稍后再试，或者用窗口的一次性代码进入。"
REFUSED = "身份认证没有完成，请重新开始。"
_remembered: dict[str, tuple[float, dict[str, Any]]] = {}
log = logging.getLogger(__name__)


class IdentityError(Exception):
    """The login by the identity service did not succeed; the message says in Chinese what to do."""


@dataclass(frozen=True)
class Begun:
    """A login that has begun: where the browser goes, and what it has to bring back."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Choice:
    """A subject for which a person may act, and as what; `held`: the access by which, where there is one."""

    subject: CreditSubject
    capacity: str
    held: SubjectAccess | None = None

    @property
    def label(self) -> str:
        return str(Capacity(self.capacity).label)


def enabled() -> bool:
    """Whether the deployment has named an identity service."""
    return bool(settings.OIDC["issuer"] and settings.OIDC["client_id"])


# ---- there and back ----------------------------------------------------------------------------------------


def begin(*, back: str) -> Begun:
    """Where to send a browser to; `back` is the address of ours to which it returns. Raises IdentityError."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC["client_id"],
        "redirect_uri": back,
        "scope": settings.OIDC["scope"],
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    endpoint = _metadata()["authorization_endpoint"]
    joint = "&" if urlsplit(endpoint).query else "?"
    return Begun(f"{endpoint}{joint}{urlencode(asked)}", state, nonce, verifier)


def person_of(*, code: str, back: str, nonce: str, verifier: str, now: datetime) -> Person:
    """Who has come back with this code. Raises IdentityError."""
    metadata, own = _metadata(), settings.OIDC
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
        "client_id": own["client_id"],
    }
    ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    basic = own["client_secret"] and "client_secret_basic" in ways
    if own["client_secret"] and not basic:
        asked["client_secret"] = own["client_secret"]
    # RFC 6749, 2.3.1: both are form-encoded first.
    auth = httpx.BasicAuth(quote_plus(own["client_id"]), quote_plus(own["client_secret"])) if basic else None
    answer = _fetch("POST", metadata["token_endpoint"], data=asked, auth=auth)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise IdentityError(REFUSED)
    try:
        claims = id_token.check(
            token,
            keys=_fetch("GET", metadata["jwks_uri"]),
            issuer=own["issuer"],
            client_id=own["client_id"],
            nonce=nonce,
            now=now,
        )
        return id_token.person_in(claims, number_claim=own["number_claim"], name_claim=own["name_claim"])
    except TokenRefused as error:
        log.warning("identity token refused: %s", error)
        raise IdentityError(REFUSED) from error


def _metadata() -> dict[str, Any]:
    """What the issuer says of itself, asked for at most every ten minutes."""
    issuer = settings.OIDC["issuer"]
    known = _remembered.get(issuer)
    if known and time.monotonic() - known[0] < REMEMBER_SECONDS:
        return known[1]
    found = _fetch("GET", f"{issuer}/.well-known/openid-configuration")
    ends = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if str(found.get("issuer", "")).rstrip("/") != issuer or not all(_is_safe(end) for end in ends):
        log.error("identity service: its description does not fit OIDC_ISSUER")
        raise IdentityError(NO_ANSWER)
    _remembered[issuer] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Ask the issuer anew."""
    _remembered.clear()


def _is_safe(address: object) -> bool:
    parts = urlsplit(address) if isinstance(address, str) else None
    if parts is None:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    )


def _fetch(method: str, address: str, **more: Any) -> dict[str, Any]:
    try:
        answer = httpx.request(
            method, address, timeout=TIMEOUT, headers={"accept": "application/json"}, **more
        )
        found = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError) as error:
        log.warning("identity service: %s", type(error).__name__)
        raise IdentityError(NO_ANSWER) from error
    if not isinstance(found, dict):
        log.warning("identity service: status %s", answer.status_code)
        raise IdentityError(REFUSED if answer.status_code in (400, 401) else NO_ANSWER)
    return found


# ---- for whom ----------------------------------------------------------------------------------------------


def choices_for(person: Person, *, today: date) -> list[Choice]:
    """The subjects for which a person may act: itself, those that it represents by the register, those that have
    authorised it and let it in at a window. Each subject once, the nearer relation first."""
    found: dict[int, Choice] = {}
    for subject in CreditSubject.objects.filter(
        id_number_index=CreditSubject.id_number.index_of(person.number)
    ):
        found[subject.pk] = Choice(subject, Capacity.SELF)
    represented = (
        ResponsiblePerson.objects.filter(
            id_number_index=ResponsiblePerson.id_number.index_of(person.number),
            capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE,
            until_on__isnull=True,
        )
        .select_related("subject")
        .order_by("-pk")[:MOST_CHOICES]
    )
    for row in represented:
        trader = row.subject.kind == codes.SOLE_TRADER
        capacity = Capacity.OPERATOR if trader else Capacity.LEGAL_REPRESENTATIVE
        found.setdefault(row.subject_id, Choice(row.subject, capacity))
    let_in = SubjectAccess.objects.filter(id_number_index=SubjectAccess.id_number.index_of(person.number))
    rows = access.running(let_in, today=today)
    for held in rows.select_related("subject").order_by("-scope", "-pk")[:MOST_CHOICES]:
        known = found.get(held.subject_id)
        if known is None:
            found[held.subject_id] = Choice(held.subject, held.capacity, held)
        elif known.held is None and known.capacity == held.capacity and held.channel == Channel.IDENTITY:
            found[held.subject_id] = Choice(known.subject, known.capacity, held)
    return list(found.values())


@transaction.atomic
def enter_as(person: Person, choice: Choice, *, now: datetime) -> access.Entered:
    """Open the pages of a chosen subject on this device. Raises AccessError."""
    held = choice.held or access.open_access(
        subject=choice.subject,
        name=person.name,
        capacity=choice.capacity,
        id_number=person.number,
        valid_until=local_date(now) + timedelta(days=access_rules.TERM_DAYS),
        channel=Channel.IDENTITY,
        actor=None,
        now=now,
    )
    return access.begin_session(access=held, now=now)


# ---- between the two pages ---------------------------------------------------------------------------------


def sealed(person: Person) -> str:
    """A person between its login and its choice, for the browser to carry and not to read."""
    return crypto.seal(json.dumps([person.number, person.name]), aad="identity:pending")


def unsealed(text: str) -> Person | None:
    try:
        kept: Any = json.loads(crypto.open_sealed(text, aad="identity:pending") or "null")
    except (crypto.SealBroken, ValueError):
        return None
    return Person(*kept) if isinstance(kept, list) and len(kept) == 2 else None

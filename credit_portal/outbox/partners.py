"""Partner systems: registering them, issuing and revoking their tokens, knowing them again, and answering one request
once."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import has_role

from .models import IdempotentAnswer, PartnerSystem, PartnerToken, Scope

LONGEST = timedelta(days=366)
AT_ONCE = 2
KEY_LENGTH = 100
MARK = "xy"


class PartnerError(ValueError):
    """What was asked cannot be done; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class KeyReused(PartnerError):
    """The Idempotency-Key came before with another request."""


def owners_of(numbers: set[int]) -> dict[int, int]:
    """The department of each system, by their numbers. No query where there are none."""
    if not numbers:
        return {}
    return dict(PartnerSystem.objects.filter(pk__in=numbers).values_list("pk", "department_id"))


def _may(actor: User) -> None:
    if not has_role(actor, groups.SECURITY_ADMIN):
        raise PartnerError("对接系统由安全管理员登记和签发令牌。")


@transaction.atomic
def save_partner(
    *,
    system_id: int | None,
    name: str,
    department: Department,
    scopes: Sequence[str],
    contact: str,
    is_active: bool,
    actor: User,
    now: datetime,
    is_demo: bool = False,
) -> PartnerSystem:
    """Register a system or change what is known of it. Raises PartnerError by field."""
    _may(actor)
    name = name.strip()
    if not name:
        raise PartnerError("请填写系统名称。", field="name")
    if not scopes or set(scopes) - set(Scope.values):
        raise PartnerError("请选择权限范围。", field="scopes")
    if PartnerSystem.objects.exclude(pk=system_id).filter(name=name).exists():
        raise PartnerError("已有同名的对接系统。", field="name")
    system = (
        PartnerSystem(created_at=now, created_by=actor, is_demo=is_demo)
        if system_id is None
        else PartnerSystem.objects.select_for_update().get(pk=system_id)
    )
    system.name, system.department, system.scopes = name, department, sorted(scopes)
    system.contact, system.is_active = contact.strip(), is_active
    note(system, actor=actor, now=now)
    system.save()
    events.partner_saved(
        now=now,
        actor_id=actor.pk,
        department_id=department.pk,
        system_id=system.pk,
        scopes=",".join(system.scopes),
        is_active=is_active,
    )
    return system


@transaction.atomic
def issue_token(
    *, system_id: int, expires_on: date, actor: User, now: datetime, issued: int | None = None
) -> str:
    """A new token; what is returned is shown once and kept nowhere. Raises PartnerError by field.

    `issued`: how many the system had when it was asked for; where there are more, it has been issued already.
    """
    _may(actor)
    system = PartnerSystem.objects.select_for_update().get(pk=system_id)
    today = local_date(now)
    if issued is not None and system.tokens.count() != issued:
        raise PartnerError("刚刚已签发过令牌，没有再次签发。令牌只显示一次；没有记下的，请作废后重新签发。")
    if not system.is_active:
        raise PartnerError("这个对接系统已停用，不能签发令牌。")
    if not today < expires_on <= today + LONGEST:
        raise PartnerError("有效期应在明天至一年之内。", field="expires_on")
    if system.tokens.filter(revoked_at__isnull=True, expires_on__gte=today).count() >= AT_ONCE:
        raise PartnerError(f"最多同时有 {AT_ONCE} 个有效令牌，请先作废一个。")
    token = f"{MARK}_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"
    row = PartnerToken.objects.create(
        system=system,
        prefix=token[: len(MARK) + 9],
        sha256=_hash(token),
        issued_at=now,
        issued_by=actor,
        expires_on=expires_on,
    )
    events.partner_token(
        now=now, actor_id=actor.pk, system_id=system.pk, prefix=row.prefix, deed="签发", expires_on=expires_on
    )
    return token


@transaction.atomic
def revoke_token(*, token_id: int, actor: User, now: datetime) -> PartnerToken:
    """The token is known no longer, from the next request on. Asked again, nothing changes."""
    _may(actor)
    row = PartnerToken.objects.select_for_update().get(pk=token_id)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now, actor
        row.save(update_fields=["revoked_at", "revoked_by"])
        events.partner_token(
            now=now,
            actor_id=actor.pk,
            system_id=row.system_id,
            prefix=row.prefix,
            deed="作废",
            expires_on=row.expires_on,
        )
    return row


def known_by(token: str, *, now: datetime) -> PartnerSystem | None:
    """The system of a token that is valid now; None alike for one that is unknown, expired, revoked or mistyped."""
    if not token.isascii() or not token.startswith(f"{MARK}_") or len(token) > 100:
        return None
    today = local_date(now)
    row = (
        PartnerToken.objects.select_related("system__department__region")
        .filter(
            prefix=token[: len(MARK) + 9],
            revoked_at__isnull=True,
            expires_on__gte=today,
            system__is_active=True,
            system__department__is_active=True,
        )
        .first()
    )
    if row is None or not hmac.compare_digest(row.sha256, _hash(token)):
        return None
    if row.last_used_on != today:
        PartnerToken.objects.filter(pk=row.pk).update(last_used_on=today)
    return row.system


def answer_once(
    *,
    system: PartnerSystem,
    key: str,
    request: bytes,
    now: datetime,
    act: Callable[[], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any], bool]:
    """Status, body and whether it is a repetition. `act` runs in the transaction that keeps its answer; where it raises,
    nothing is kept and the key is free again. Two at once: the second waits for the first one's answer.

    Raises KeyReused where the key came with another request, PartnerError where there is no usable key.
    """
    if not key or len(key) > KEY_LENGTH or not key.isprintable() or not key.isascii():
        raise PartnerError(
            f"请在 Idempotency-Key 中给出 1 至 {KEY_LENGTH} 个字符，只用英文字母、数字和符号。",
            field="Idempotency-Key",
        )
    fingerprint = hashlib.sha256(request).hexdigest()
    with transaction.atomic():
        # Waits here for another request of the same key to commit, or to give up.
        IdempotentAnswer.objects.bulk_create(
            [IdempotentAnswer(system=system, key=key, request_sha256=fingerprint, at=now)],
            ignore_conflicts=True,
        )
        row = IdempotentAnswer.objects.get(system=system, key=key)
        if row.request_sha256 != fingerprint:
            raise KeyReused("这个 Idempotency-Key 已用于另一个请求，请换一个。", field="Idempotency-Key")
        # Only a committed row has a status: without one it is our own of a moment ago.
        if row.status:
            return row.status, row.body, True
        row.status, row.body = act()
        row.save(update_fields=["status", "body"])
        return row.status, row.body, False


def _hash(token: str) -> str:
    # Of 256 random bits nothing can be guessed: a slow hash would only cost time.
    return hashlib.sha256(token.encode()).hexdigest()

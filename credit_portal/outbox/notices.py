"""Telling members of staff: a line in the inbox, and by e-mail and SMS to whom there is an address or a number.

Notices carry numbers and dates, no names of subjects: they leave the house.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from credit_portal.registry.models import User

from .models import Message, Notice
from .services import enqueue_many

EMAIL, SMS = "notice.email", "notice.sms"


@dataclass(frozen=True)
class Told:
    """One thing to tell to some people; `key` names it, so that nobody is told twice."""

    users: Sequence[User]
    key: str
    kind: str
    title: str
    body: str = ""
    link: str = ""


def notify(
    *, users: Iterable[User], key: str, kind: str, title: str, body: str, link: str, now: datetime
) -> int:
    """Tell each of `users` once for this key, in the caller's transaction. Gives how many had not been told."""
    return notify_many([Told(list(users), key, kind, title, body, link)], now=now)


def notify_many(things: Iterable[Told], *, now: datetime) -> int:
    """Tell many things at once, in a fixed number of queries. Gives how many lines are new."""
    wanted = {(user.pk, told.key): (user, told) for told in things for user in told.users if user.is_active}
    if not wanted:
        return 0
    keys = {key for _, key in wanted}
    had = set(Notice.objects.filter(key__in=keys).values_list("user_id", "key"))
    fresh = {place: both for place, both in wanted.items() if place not in had}
    Notice.objects.bulk_create(
        [
            Notice(
                user=user, key=told.key, kind=told.kind, title=told.title, body=told.body, link=told.link,
                created_at=now,
            )
            for user, told in fresh.values()
        ],
        ignore_conflicts=True,
        batch_size=1_000,
    )  # fmt: skip
    outside = {user.pk for user, _ in fresh.values() if user.email or user.mobile_sealed}
    if outside:
        rows = Notice.objects.filter(key__in=keys, user__in=outside).select_related("user")
        enqueue_many(
            [
                Message(
                    key=f"{effect}:{notice.pk}", effect=effect, payload={"notice": notice.pk},
                    created_at=now, due_at=now,
                )
                for notice in rows
                for effect, reachable in ((EMAIL, notice.user.email), (SMS, notice.user.mobile_sealed))
                if reachable
            ]
        )  # fmt: skip
    return len(fresh)


def inbox(user: User) -> QuerySet[Notice]:
    """A user's notices, the newest first."""
    return Notice.objects.filter(user=user).order_by("-id")


def unread(user: User) -> int:
    return Notice.objects.filter(user=user, read_at__isnull=True).count()


def mark_read(*, user: User, notice_ids: Iterable[int] | None, now: datetime) -> int:
    """Mark a user's own notices as read, all where `notice_ids` is None."""
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    if notice_ids is not None:
        rows = rows.filter(pk__in=notice_ids)
    return rows.update(read_at=now)


# ---- going out ---------------------------------------------------------------------------------------------


def send_email(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect. The same message has the same Message-ID, so that a mailbox shows a repetition once."""
    notice = Notice.objects.select_related("user").get(pk=payload["notice"])
    host = settings.SITE["address"].split("//")[-1].split("/")[0].split(":")[0] or "localhost"
    mail = EmailMessage(
        subject=notice.title,
        body=_text(notice),
        to=[notice.user.email],
        headers={"Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{host}>"},
    )
    mail.send()


def send_sms(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect, by the backend of SMS_BACKEND: `console`, `file`, or the dotted path of a callable
    `send(*, number, text, key)`."""
    notice = Notice.objects.select_related("user").get(pk=payload["notice"])
    text_message(number=notice.user.mobile, text=notice.title, key=key)


def text_message(*, number: str, text: str, key: str) -> None:
    """Send an SMS now: for handlers of external effects. `key` lets the other side know a repetition."""
    _sms_backend()(number=number, text=text, key=key)


def _text(notice: Notice) -> str:
    link = f"{settings.SITE['address']}{notice.link}" if notice.link else ""
    return "\n\n".join(part for part in (notice.title, notice.body, link) if part)


def _sms_backend() -> Any:
    known = {"console": sms_to_console, "file": sms_to_file}
    return known.get(settings.SMS_BACKEND) or import_string(settings.SMS_BACKEND)


def sms_to_console(*, number: str, text: str, key: str) -> None:
    print(f"短信 {number}：{text}", flush=True)  # noqa: T201 - this is what this backend is for


def sms_to_file(*, number: str, text: str, key: str) -> None:
    """One file a message in DATA_DIR/sms, named by its key: a repetition finds it there."""
    folder = Path(settings.DATA_DIR) / "sms"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        handle = os.open(folder / f"{name}.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{number}\n{text}\n")

"""Whether a consent lets a record go to somebody at a moment. Pure. (S3 三（三）, R113.)"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

REPORT, RECORD = "report", "record"


class Why(StrEnum):
    """Why not. In the order in which they are looked at: the later, the nearer it was."""

    NONE = "none"
    OTHER_SUBJECT = "other_subject"
    OTHER_RECIPIENT = "other_recipient"
    NOT_YET = "not_yet"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OUT_OF_SCOPE = "out_of_scope"


WORDS = {
    Why.NONE: "没有主体的同意，不能提供。请主体在网上或者到窗口作出同意。",
    Why.OTHER_SUBJECT: "这份同意是另一个主体作出的，不能提供。",
    Why.OTHER_RECIPIENT: "主体没有同意提供给这个接收方，不能提供。",
    Why.NOT_YET: "主体的同意还没有生效，不能提供。",
    Why.WITHDRAWN: "主体已经撤回同意，不能提供。",
    Why.EXPIRED: "主体的同意已经到期，不能提供；仍然需要的，请主体重新同意。",
    Why.OUT_OF_SCOPE: "主体同意的范围不包括这些内容，不能提供。",
}


@dataclass(frozen=True)
class Given:
    """A consent as the rule reads it. `recipient`: a key that is one and the same for one and the same recipient."""

    subject: int
    recipient: str
    scope: str
    parts: frozenset[str]
    given_at: datetime
    expires_on: date
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """What is to go to whom, at which moment, and which day that is here."""

    subject: int
    recipient: str
    scope: str
    parts: frozenset[str]
    at: datetime
    on: date


def why_not(given: Given | None, asked: Asked) -> Why | None:
    """None where the consent lets it go. Its last day counts; a withdrawal counts from its own moment on."""
    if given is None:
        return Why.NONE
    if given.subject != asked.subject:
        return Why.OTHER_SUBJECT
    if given.recipient != asked.recipient:
        return Why.OTHER_RECIPIENT
    if asked.at < given.given_at:
        return Why.NOT_YET
    if given.withdrawn_at is not None and given.withdrawn_at <= asked.at:
        return Why.WITHDRAWN
    if given.expires_on < asked.on:
        return Why.EXPIRED
    # A report is more than the parts of a record: whoever agreed to a record did not agree to a report.
    if asked.scope == REPORT and given.scope != REPORT:
        return Why.OUT_OF_SCOPE
    return None if asked.parts and asked.parts <= given.parts else Why.OUT_OF_SCOPE


def nearest(refusals: Iterable[Why]) -> Why:
    """Of several consents that all do not fit, why the one that comes nearest does not."""
    order = list(Why)
    return max(refusals, key=order.index, default=Why.NONE)

"""When a one-time code opens a subject's own pages, and who may act for which kind of subject. Pure.

A code is bound to one subject, is used once, lives for 72 hours and dies of five wrong tries. Its first characters only
find it: a stranger who knows a business's public code and not these cannot use up its tries. (S0 一（四）, R58.)
"""

import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hmac import compare_digest

# No character that another one is taken for: 0 O D Q, 1 I L, 2 Z, 5 S, 8 B, U V.
LETTERS = "34679ACEFGHJKMNPRTWXY"
LENGTH = 10
FINDS = 4
CODE_LIVES = timedelta(hours=72)
MOST_TRIES = 5
# A season: long enough for a procedure with its objection, short enough that a forgotten telephone is no lasting door.
TERM_DAYS = 90
# Longer than a year nobody remembers whom it was given; whoever needs it longer comes to the window again.
MOST_TERM_DAYS = 365
IDLE = timedelta(days=30)
# Wrong codes within WINDOW: from one address for one subject (as for passwords of staff), from one address in all (a
# telephone network or a hall shares one), and for one subject wherever they come from.
WINDOW = timedelta(minutes=15)
MOST_WRONG_TOGETHER, MOST_WRONG_BY_ADDRESS, MOST_WRONG_BY_SUBJECT = 5, 40, 60


@dataclass(frozen=True)
class Code:
    """A one-time code as it is stored, with the term of the access that it opens."""

    subject_id: int
    digest: str
    expires_at: datetime
    valid_from: date
    valid_until: date
    ended: bool = False
    used: bool = False
    withdrawn: bool = False
    tries: int = 0

    def lives(self, *, now: datetime, today: date) -> bool:
        """Whether it can still open anything."""
        return (
            not (self.used or self.withdrawn or self.ended)
            and self.tries < MOST_TRIES
            and now < self.expires_at
            and self.valid_from <= today <= self.valid_until
        )


def attempt(code: Code, *, subject_id: int, digest: str, now: datetime, today: date) -> tuple[Code, bool]:
    """What becomes of a code that is tried for a subject, and whether it opens. A dead one stays as it is."""
    fits = compare_digest(code.digest, digest) and code.subject_id == subject_id
    if not code.lives(now=now, today=today):
        return code, False
    return (replace(code, used=True), True) if fits else (replace(code, tries=code.tries + 1), False)


def new_code() -> str:
    """Ten characters at random, about 44 bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def shown(code: str) -> str:
    """As it stands on the slip, in two groups that can be read aloud."""
    return f"{code[:5]} {code[5:]}"


def cleaned(typed: str) -> str:
    """What somebody typed, reduced to the code: width folded, upper case, spaces and hyphens out."""
    folded = unicodedata.normalize("NFKC", typed).upper()
    return "".join(char for char in folded if char.isascii() and char.isalnum())[:40]


def too_many(*, together: int, by_address: int, by_subject: int) -> bool:
    """Whether so many wrong codes of late are reason to answer no more for a while."""
    return (
        together >= MOST_WRONG_TOGETHER
        or by_address >= MOST_WRONG_BY_ADDRESS
        or by_subject >= MOST_WRONG_BY_SUBJECT
    )


def session_lives(*, seen_at: datetime, ended: bool, access_runs: bool, now: datetime) -> bool:
    """A device stays in for the term of its access, and for 30 days at most without being used."""
    return access_runs and not ended and now - seen_at < IDLE


def runs(*, valid_from: date, valid_until: date, ended: bool, today: date) -> bool:
    """Whether an access is in its term; both days are included."""
    return not ended and valid_from <= today <= valid_until


def check_term(*, today: date, valid_until: date) -> str:
    """What is wrong with the last day of an access, in Chinese; empty where nothing is."""
    if valid_until < today:
        return "开通期限不能早于今天。"
    if valid_until > today + timedelta(days=MOST_TERM_DAYS):
        return f"开通期限最长 {MOST_TERM_DAYS} 天。"
    return ""

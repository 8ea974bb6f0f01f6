"""Every field of every form that a walk through the portal finds, with the naughty strings."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle

from tests.naughty import naughty_strings

from .people import everybody, samples
from .reading import Field
from .trying import WORDS, Sound, send, soundly, stands_in, unlike, wrong_with, wrong_with_file
from .walking import Found, forms_of

# Fields whose words are not kept, and why. By route and name of the field.
NOT_KEPT = [
    # What is looked for, chosen by its name or number, or proved: read, and nothing is stored of it.
    (r".*", r"^q$|^code$|password|sum_answer|^next$|^expect$|^key$|^seen$|^tab$|^login$|^id_number$"),
    # A shorthand of pinyin is kept in small letters without spaces.
    (r"/admin/registry/serviceitemversion/", r"^pinyin$"),
    # Sealed: what is stored is not to be read in the database.
    (r"/tips/|/complaints/|/objections/|/(?:me|desk)/repair/", r"^contact$|phone"),
    (r"/(?:desk/)?list-methods/", r"^name$|^contact$"),
    (r"/desk/capture/sheets/", r".*"),
    # Where an account was chosen, the name is that of the account.
    (r"/desk/unit/", r"^(?:c\d+-)?name$"),
    # Going back to read once more: who signs is said when it is signed.
    (r"/window/d/.*/reread/", r"^signer_"),
    # On how a statement was taken up, where there is none.
    (r"/desk/cases/", r"^statement_considered$"),
]


@dataclass
class Report:
    wrong: list[str] = field(default_factory=list)
    forms: int = 0
    asked: int = 0
    accepted: int = 0
    fields: int = 0
    sent: int = 0
    used: set[str] = field(default_factory=set)
    routes: set[str] = field(default_factory=set)
    finished: bool = True

    def __str__(self) -> str:
        return (
            f"{self.asked} questions, {self.forms} forms ({self.accepted} of them taken as filled in), {self.fields} fields, {self.sent} requests,"
            f" {len(self.used)} strings, {len(self.wrong)} wrong{'' if self.finished else ', stopped by the clock'}"
        )


def found_forms(*, now: datetime, whole: bool) -> dict[object, list[Found]]:
    """By kind, the forms that somebody of the demonstration finds; `whole`: everybody, everywhere, two of a kind."""
    found: dict[object, list[Found]] = {}
    for client, who, start, within in everybody(now=now, whole=whole):
        for one in forms_of(client, who, start, each=2 if whole else 1, within=within):
            found.setdefault(one.key(), []).append(one)
    return found


def kinds_of(sound: Sound) -> list[Field]:
    """The fields of a form, of rows with numbers the first."""
    by_name: dict[str, Field] = {}
    for one in sound.found.texts():
        by_name.setdefault(re.sub(r"\d+|[0-9a-f-]{32,}", "#", one.name), one)
    return list(by_name.values())


def files_of(sound: Sound) -> list[Field]:
    by_name = {re.sub(r"\d+", "#", one.name): one for one in sound.found.form.fields if one.kind == "file"}
    return list(by_name.values())


def try_file(sound: Sound, one: Field, text: str, report: Report) -> None:
    report.sent += 3
    report.used.add(text)
    if wrong := wrong_with_file(sound, one, text):
        report.wrong.append(told(sound, one, text, wrong))


def ask(found: Found, strings: Iterator[str], report: Report) -> None:
    """A form that only asks: an answer to whatever stands in one of its fields, and nothing of it unescaped."""
    report.asked += 1
    for one in dict.fromkeys(found.form.names()):
        text = next(strings)
        report.sent += 1
        report.used.add(text)
        answer = found.client.get(found.action, {one: text})
        page = "" if answer.streaming else answer.content.decode(errors="replace")
        if answer.status_code >= 500 or stands_in(text, page):
            report.wrong.append(f"{found.who} {found.action}?{one}={text[:40]!r}: {answer.status_code}")


def may_vanish(sound: Sound, one: Field) -> bool:
    return any(re.match(route, sound.found.route) and re.search(name, one.name) for route, name in NOT_KEPT)


def told(sound: Sound, one: Field, text: str, wrong: str) -> str:
    found = sound.found
    return f"{found.who} {found.page} → {found.route} {found.button} {one.name} ({one.kind}) {text[:40]!r}: {wrong}"


def one_by_one(sounds: list[Sound], report: Report, *, offset: int, until: float) -> None:
    """Every string in every field by itself, field by field in turns, so that a run that is stopped has been everywhere."""
    strings = naughty_strings()
    places = [(sound, one) for sound in sounds for one in kinds_of(sound)]
    for turn in range(len(strings)):
        for number, (sound, one) in enumerate(places):
            if turn >= 5 and one.kind not in WORDS:
                continue
            if time.monotonic() > until:
                report.finished = False
                return
            text = strings[(offset + turn + number * 7) % len(strings)]
            report.sent += 1
            report.used.add(text)
            if wrong := wrong_with(sound, one, text, may_vanish=may_vanish(sound, one)):
                report.wrong.append(told(sound, one, text, wrong))


def all_at_once(sound: Sound, strings: Iterator[str], report: Report, *, follow: bool) -> None:
    """Another string in each field where words are written, in one request; what is refused by name is put right and the
    rest sent again. Where the answer leaves open which field it means, each is sent by itself."""
    trial = {one.name: (one, next(strings)) for one in kinds_of(sound) if one.kind in WORDS}
    report.used.update(text for _, text in trial.values())
    while trial:
        report.sent += 1
        sent = send(
            sound.found,
            {**sound.data, **{name: [text] for name, (_, text) in trial.items()}},
            sound.files,
            follow=follow,
        )
        named = {
            name for name in trial if any(key == name or key.endswith(f"-{name}") for key in sent.errors)
        }
        clear = sent.status < 500 and (sent.accepted or named)
        if not clear and len(trial) > 1:
            for one, text in trial.values():
                report.sent += 1
                if wrong := wrong_with(sound, one, text, may_vanish=may_vanish(sound, one)):
                    report.wrong.append(told(sound, one, text, wrong))
            return
        for name, (one, text) in trial.items():
            if (name in named or sent.accepted or len(trial) == 1) and (
                wrong := unlike(sound, sent, one, text, may_vanish=may_vanish(sound, one))
            ):
                report.wrong.append(told(sound, one, text, wrong))
        if not named:
            return
        trial = {name: one for name, one in trial.items() if name not in named}


def sweep(
    *, now: datetime, whole: bool, seed: int = 0, seconds: float = 0, rounds: int = 1, only: str = ""
) -> Report:
    """`whole`: every string in every field of everything, for `seconds` at most, beginning with the string `seed`; else
    `rounds` strings in each field, all 485 among all fields. `only`: a pattern of routes, to look at one finding again."""
    report, known = Report(), samples()
    sounds = []
    until = time.monotonic() + seconds
    strings = cycle(naughty_strings()[seed:] + naughty_strings()[:seed])
    for kinds in found_forms(now=now, whole=whole).values():
        if not re.search(only, kinds[0].route):
            continue
        if kinds[0].form.method == "get":
            ask(kinds[0], strings, report)
            continue
        sound = soundly(kinds[:4], today=now.date(), samples=known)
        sounds.append(sound)
        report.forms += 1
        report.accepted += sound.accepted
        report.fields += len(kinds_of(sound))
        report.routes.add(sound.found.route)
        if sound.sent.status >= 500:
            report.wrong.append(f"{sound.found.who} {sound.found.action}: {sound.sent.status} as filled in")
    if whole:
        for number, sound in enumerate(sounds):
            for one in files_of(sound):
                for text in naughty_strings()[(seed + number) % 20 :: 20]:
                    try_file(sound, one, text, report)
        one_by_one(sounds, report, offset=seed, until=until)
        return report
    for sound in sounds:
        for one in files_of(sound):
            try_file(sound, one, next(strings), report)
    for turn in range(rounds):
        for sound in sounds:
            all_at_once(sound, strings, report, follow=turn == 0)
    again = cycle(sounds)
    while rounds and len(report.used) < len(set(naughty_strings())):
        all_at_once(next(again), strings, report, follow=False)
    return report

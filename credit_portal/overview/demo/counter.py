"""One visit to a window, through the same services as a real one: check, read, sign, print."""

import base64
import io
import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from PIL import Image, ImageDraw

from commitments import drafting, presenting, signing
from commitments.models import Commitment, Draft
from commitments.supplements import promising
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.documents.signatures import signature_png_from_data_url
from credit_portal.registry.codes import ORGANISATION, PERSON
from credit_portal.registry.models import ServiceItemVersion, User

from .days import working_days_from
from .people import Subject

# How long each step takes at the window, in seconds.
TYPING, READING, SIGNING = 15, 25, 30
VISIT = timedelta(seconds=TYPING + 4 * READING + SIGNING)


@dataclass(frozen=True)
class Visit:
    """Who comes to which window for what. `blanks` override what the text's blanks would be filled with."""

    clerk: User
    subject: Subject
    item: ServiceItemVersion
    commitment_type: str
    late: bool = False
    on_paper: bool = False
    by_agent: bool = False
    reads_education: bool = False


def strokes(chance: random.Random) -> list[list[tuple[int, int]]]:
    """A scrawl as of a name: a few strokes from left to right."""
    found = []
    for part in range(3):
        left = 40 + part * 130
        line = [(left + chance.randint(-10, 10), chance.randint(40, 70))]
        for step in range(1, 6):
            line.append((left + step * 20 + chance.randint(-12, 12), chance.randint(30, 170)))
        found.append(line)
        found.append([(left + 10, chance.randint(90, 130)), (left + 95, chance.randint(80, 140))])
    return found


def signature(chance: random.Random) -> bytes:
    """A small PNG as the signature pad's page sends it and the server keeps it."""
    picture = Image.new("RGB", (460, 200), "white")
    pen = ImageDraw.Draw(picture)
    for line in strokes(chance):
        pen.line(line, fill="black", width=5, joint="curve")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    encoded = base64.b64encode(stream.getvalue()).decode()
    return signature_png_from_data_url(f"data:image/png;base64,{encoded}")


def scanned_page(chance: random.Random) -> bytes:
    """A scanned page: lines of grey for writing, a scrawl below."""
    picture = Image.new("L", (620, 877), 250)
    pen = ImageDraw.Draw(picture)
    for row in range(90, 640, 36):
        pen.line([(60, row), (chance.randint(420, 560), row)], fill=150, width=9)
    for line in strokes(chance):
        pen.line([(x + 120, y + 660) for x, y in line], fill=30, width=5)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def blanks_for(draft: Draft, today: date, chance: random.Random) -> dict[str, str]:
    """Something plausible for each blank of the text."""
    version = draft.text_version
    filled = {}
    later = today + timedelta(days=chance.randint(7, 13))
    for blank in version.blanks.all() if version else ():
        if blank.kind == "date":
            filled[blank.key] = later.isoformat()
            later += timedelta(days=365)
        elif blank.kind == "number":
            filled[blank.key] = str(chance.randint(3, 60))
        elif blank.kind == "choice":
            filled[blank.key] = chance.choice(blank.choices)
        else:
            filled[blank.key] = WORDS.get(blank.key, "演示内容").format(chance.randint(1, 180))
    return filled


WORDS = {
    "经营场所": "演示大街{}号",
    "停车场地": "演示路{}号院内",
    "设置地点": "演示商场外墙{}区",
    "工程名称": "演示项目{}号楼",
    "改正情况": "罚款已缴清，问题已改正（演示{}）",
}


def open_visit(visit: Visit, *, now: datetime) -> Draft:
    """The draft with its subject: registered on the spot when the window has never seen it."""
    subject = visit.subject
    draft = drafting.open_draft(clerk=visit.clerk, code=subject.code, now=now, fresh=True)
    if draft.step != Draft.Step.SUBJECT:
        return draft
    return drafting.register_draft_subject(
        draft_id=draft.pk,
        clerk=visit.clerk,
        kind=subject.kind,
        name=subject.name,
        name_source="identity_card" if subject.kind == PERSON else "licence",
        legal_representative=subject.representative,
        phone=subject.phone,
        now=now,
    )


def check(visit: Visit, draft: Draft, *, now: datetime) -> Draft:
    return drafting.check_draft(
        draft_id=draft.pk,
        clerk=visit.clerk,
        item_version_id=visit.item.pk,
        commitment_type=visit.commitment_type,
        late_materials=visit.late,
        case_ref=f"演{now:%m%d%H%M}",
        now=now,
    )


def promise_late(clerk: User, draft: Draft, *, now: datetime) -> None:
    """Tick what is missing: the last two that may be late, the second by the last day, the first some days before."""
    item, today = draft.item_version, local_date(now)
    if item is None:
        return
    last = promising.limits_for(item, draft.department.region, today, corrects=draft.corrects).default_on
    names = [one["name"] for one in item.late_ones][-2:]
    earlier = max(
        working_days_from(current_calendar(), last, -2), working_days_from(current_calendar(), today, 1)
    )
    days = dict(zip(names, (earlier, last) if len(names) == 2 else (last,), strict=True))
    promising.keep(
        draft_id=draft.pk,
        clerk=clerk,
        days={name: min(day, last).isoformat() for name, day in days.items()},
        now=now,
    )


def read(visit: Visit, draft: Draft, *, now: datetime, chance: random.Random) -> Draft:
    """Fill the blanks and show everything; up to the point where only the signature is missing."""
    values = blanks_for(draft, local_date(now), chance)
    if draft.late_materials:
        promise_late(visit.clerk, draft, now=now)
        values = {key: value for key, value in values.items() if key not in promising.OWN_BLANKS}
        draft.refresh_from_db(fields=["promised", "blanks"])
    if values:
        drafting.save_blanks(draft_id=draft.pk, clerk=visit.clerk, values=values, now=now)
    parts = [*presenting.MUST_BE_SHOWN]
    if visit.reads_education and presenting.reading_for(draft) is not None:
        parts.insert(0, "education")
    for part in parts:
        now += timedelta(seconds=READING)
        presenting.record_presentation(
            draft_id=draft.pk,
            clerk=visit.clerk,
            part=part,
            key=uuid.UUID(int=chance.getrandbits(128), version=4),
            seconds=READING - chance.randint(1, 12),
            now=now,
        )
    return presenting.finish_reading(draft_id=draft.pk, clerk=visit.clerk, now=now)


def sign(
    visit: Visit, draft: Draft, *, now: datetime, ink: bytes, page: bytes, print_papers: bool
) -> Commitment:
    subject = visit.subject
    if visit.by_agent:
        capacity = "agent"
    else:
        capacity = "legal_representative" if subject.kind == ORGANISATION else "self"
    scan = signing.Upload(page, "image/png", "演示扫描件.png")
    commitment = signing.sign(
        draft_id=draft.pk,
        clerk=visit.clerk,
        signer_name="代办人（演示）" if visit.by_agent else subject.representative or subject.name,
        capacity=capacity,
        identity_document="id_card",
        signature_png=None if visit.on_paper else ink,
        paper_scan=scan if visit.on_paper else None,
        authorisation=scan if visit.by_agent else None,
        now=now,
    )
    if print_papers:
        signing.record_print(commitment_id=commitment.pk, clerk=visit.clerk, paper="承诺书", now=now)
    return commitment


def handle(
    visit: Visit, *, now: datetime, chance: random.Random, ink: bytes, page: bytes
) -> Commitment | None:
    """The whole visit. None where the record leads to the ordinary route (its notice is printed) or where the text
    would not be true for this subject (the draft is given up)."""
    draft = open_visit(visit, now=now)
    return finish(visit, draft, now=now, chance=chance, ink=ink, page=page)


def finish(
    visit: Visit, draft: Draft, *, now: datetime, chance: random.Random, ink: bytes, page: bytes
) -> Commitment | None:
    """From a draft that has its subject to the signed commitment; see `handle`."""
    now += timedelta(seconds=TYPING)
    try:
        draft = check(visit, draft, now=now)
    except drafting.DraftError:
        drafting.discard_draft(draft_id=draft.pk, clerk=visit.clerk, now=now)
        return None
    if draft.step == Draft.Step.ORDINARY:
        if draft.check_made is not None and draft.check_made.route != "not_needed":
            signing.record_notice_print(check_id=draft.check_made.pk, clerk=visit.clerk, now=now)
        return None
    draft = read(visit, draft, now=now, chance=chance)
    now += timedelta(seconds=4 * READING + SIGNING)
    try:
        return sign(visit, draft, now=now, ink=ink, page=page, print_papers=chance.random() < 0.7)
    except signing.DuplicateToday:
        # The same has been signed that day: the one at the counter says so, and nothing more is wanted.
        drafting.discard_draft(draft_id=draft.pk, clerk=visit.clerk, now=now)
        return None

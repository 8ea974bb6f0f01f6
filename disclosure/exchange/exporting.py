"""The public commitments of a place in the twenty fields, as one file: those in force, kept ones, and those whose breach is
public today, whether or not a platform is set up."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef

from commitments import collection_format as form
from commitments.models import Commitment
from credit_portal.audit import events
from credit_portal.documents import writing
from credit_portal.registry.below import within
from credit_portal.registry.models import Region
from disclosure.models import BreachReport

from .noting import accepted_breach, facts_of
from .wanting import PUBLIC, Setting, wanted

FORMATS = ("xlsx", "csv", "json")
HEAD = tuple(one.label for one in form.FIELDS)
AT_ONCE = 2_000
EVERYTHING = Setting(hold_running=False, supervisory_as_proof=False)


def export(*, region: Region, file_format: str, now: datetime) -> tuple[bytes, int]:
    """The file and how many rows it has. Closed and limited commitments, what was withdrawn and what natural persons have
    not made public are not in it; that the file was made is logged."""
    rows = list(_rows(region))
    content = writing.write(file_format, HEAD, rows, title="承诺信息")
    events.collection_exported(
        now=now,
        region_code=int(region.code),
        rows=len(rows),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return content, len(rows)


def _rows(region: Region) -> Iterator[list[str]]:
    reported = BreachReport.objects.filter(case__commitment=OuterRef("pk"), state=BreachReport.State.ACCEPTED)
    found = (
        Commitment.objects.filter(within(region.path))
        .select_related("subject")
        .annotate(reported=Exists(reported))
        .order_by("made_on", "code")
    )
    for one in found.iterator(chunk_size=AT_ONCE):
        _, breach, breach_class = accepted_breach(one) if one.reported else (None, None, "")
        if breach_class != PUBLIC:
            # On whose publication nobody has decided yet is told to the platform, which keeps it to itself; not to a file.
            breach = None
        want = wanted(
            facts_of(one, breach=breach, breach_class=breach_class), EVERYTHING,
            commitment_type=one.commitment_type, late_materials=one.late_materials,
        )  # fmt: skip
        if want is None:
            continue
        values = want.values
        if values["4"] == form.SEALED:
            values = values | {"4": one.subject.id_number}
        yield [values.get(str(field.number), "") for field in form.FIELDS]

"""What the upload's engine asks of a saved mapping: how its file is laid out, and what did not go in by reason."""

from commitments.models import BulkFault, BulkJob, HandoverMapping
from credit_portal.documents.intake import Table

from . import mapping as mappings
from . import summing
from .fields import WORDS
from .mapping import Reading

AT_ONCE = 2_000


def reading_of(saved: HandoverMapping | None) -> Reading | None:
    if saved is None:
        return None
    return mappings.of_saved(saved.head, saved.columns, saved.constants, saved.words, saved.day_order)


def head_problem_of(reading: Reading, table: Table) -> str:
    return mappings.head_problem(reading, list(table.head.labels.values()))


def sum_up(job: BulkJob) -> dict[str, object]:
    """The summary of a job's rows that did not go in, piece by piece as they are read."""
    reading = reading_of(job.mapping)
    names = {reading.name_of(number): number for number in WORDS} if reading is not None else {}
    rows = BulkFault.objects.filter(job=job).order_by("row").values_list("row", "number", "kind", "faults")
    found = (
        (row, number, faults if kind == BulkFault.Kind.BAD else [["", summing.DIFFERENT]])
        for row, number, kind, faults in rows.iterator(chunk_size=AT_ONCE)
    )
    return summing.summary(found, names)

"""Tables of the exchange: the portal's own way of writing and reading them, with the words of this room for what is wrong."""

from collections.abc import Iterator

from credit_portal.documents import sheets
from credit_portal.documents.sheets import MOST_BYTES as MOST_BYTES
from credit_portal.documents.sheets import write as write

from .batches import ExchangeError


def read(name: str, content: bytes) -> Iterator[dict[str, str]]:
    """Rows of a table that somebody else wrote, by the words of its head. Raises ExchangeError naming the row."""
    try:
        yield from sheets.read(name, content)
    except sheets.SheetError as error:
        raise ExchangeError(str(error), field="file") from error

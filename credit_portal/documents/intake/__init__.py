"""The one way in for spreadsheets and zip files of others: looked at as what they are, read row by row in bounded memory,
refused by name in Chinese where they could do harm or cannot be read. Mechanism only; what the rows say is the rooms'."""

from .archives import Entry, Scans, open_scans
from .cells import Broken, Cell, Formula, Number
from .refusing import MOST_BYTES, IntakeRefused
from .tables import Head, Table, open_table

__all__ = [
    "MOST_BYTES",
    "Broken",
    "Cell",
    "Entry",
    "Formula",
    "Head",
    "IntakeRefused",
    "Number",
    "Scans",
    "Table",
    "open_scans",
    "open_table",
]

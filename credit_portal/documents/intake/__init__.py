"""The one way in for spreadsheets and zip files of others: looked at as what they are, read row by row in bounded memory,
refused by name in Chinese where they could do harm or cannot be read. Mechanism only; what the rows say is the rooms'."""

from .archives import Entry, Scans, open_scans
from .cells import Broken, Cell, Formula, Number
from .refusing import MOST_BYTES, IntakeRefused
from .tables import Head, Table, open_table
from .texts import LIST_BYTES, List, TextTable, open_sheets, open_texts

__all__ = [
    "LIST_BYTES",
    "MOST_BYTES",
    "Broken",
    "Cell",
    "Entry",
    "Formula",
    "Head",
    "IntakeRefused",
    "List",
    "Number",
    "Scans",
    "Table",
    "TextTable",
    "open_scans",
    "open_sheets",
    "open_table",
    "open_texts",
]

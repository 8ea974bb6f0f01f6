"""Which characters a text may have: the one rule for everything that people type and systems send. Pure.

Control characters, halves of a character and what Unicode has not assigned come from broken copies and old input methods;
they can be neither searched nor printed. They are refused by their place, never taken out silently: what is stored is
what was written.
"""

import unicodedata

# Tab and line ends; where a text is one line they are made into spaces or refused by the field itself.
SPACING = "\t\r\n"
_ILLEGIBLE = frozenset({"Cc", "Cs", "Co", "Cn"})


def illegible(text: str, *, spared: str = SPACING) -> tuple[int, str] | None:
    """The place (from 1) of the first character that nobody can read, and its name (U+…); None where all can be."""
    for place, char in enumerate(text, 1):
        if unicodedata.category(char) in _ILLEGIBLE and char not in spared:
            return place, f"U+{ord(char):04X}"
    return None

"""ID numbers and mobile numbers within a text that is about to be published. Pure."""

import re
import unicodedata

from . import codes

_GAP = r"[\s\-－—·.]{0,2}"
_ID_NUMBER = re.compile(rf"(?<![0-9A-Z])[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9X](?![0-9A-Z])")
_MOBILE = re.compile(rf"(?<![0-9])1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}(?![0-9])")


def passages(text: str) -> list[str]:
    """What in a text reads as an ID number with a valid check digit or as a mobile number, as it stands there, in its order."""
    plain = "".join(_plain(char) for char in text)
    found = {found.span() for found in _ID_NUMBER.finditer(plain) if _is_id_number(found[0])}
    found |= {
        (start, end)
        for start, end in (one.span() for one in _MOBILE.finditer(plain.replace("+86", "   ")))
        if not any(first < end and start < last for first, last in found)
    }
    return [text[start:end] for start, end in sorted(found)]


def _plain(char: str) -> str:
    """The same character in half width and capitals: one for one, so that places stay."""
    folded = unicodedata.normalize("NFKC", char).upper()
    return folded if len(folded) == 1 else char


def _is_id_number(run: str) -> bool:
    try:
        codes.check_id_number(run)
    except codes.CodeError:
        return False
    return True

"""What a client sends where a number or an address is due: read within bounds, for it may be anything."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from werkzeug.routing import IntegerConverter

#: digits of the longest number: any database can hold it and count with it, and no list or count comes near it
DIGITS = 9
_WHOLE = f"[0-9]{{1,{DIGITS}}}"


def whole_number(text: str) -> int:
    """Return the whole number that is written in ASCII digits. Raises ValueError for anything else, or a longer one.

    `str.isdigit` also passes “²”, and `int` fails on thousands of digits.
    """
    if not re.fullmatch(_WHOLE, text):
        raise ValueError(f"not a whole number of up to {DIGITS} digits")
    return int(text)


def whole_number_or(text: str | None, otherwise: int) -> int:
    """Return the whole number that is written, or `otherwise` where none is."""
    try:
        return whole_number(text or "")
    except ValueError:
        return otherwise


class BoundedInteger(IntegerConverter):
    """The ``int`` of routes: a number too long for the database is part of no address, so the answer is 404."""

    regex = _WHOLE


def address_parts(address: str | None) -> SplitResult:
    """Return the parts of an address as a client sent it; those of an empty one where it is none (“http://[x”)."""
    try:
        return urlsplit(address or "")
    except ValueError:
        return urlsplit("")

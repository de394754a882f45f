"""ANSI/NIST-ITL transactions: the statements and the one frontal photograph of a file.

NIST SP 500-290 (ANSI/NIST-ITL 1-2011, update 2015): Type-1 is the transaction, Type-2 the department's own fields,
Type-10 an image of a face or a mark. Which field states which column is policy (`itl` of gallery/rules.toml). nistitl
reads the records; what it cannot read is one clear sentence about one file, never the end of an import.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nistitl
from nistitl import NistError, NistException
from PIL import Image, ImageFile

from app.imaging import ImageLimits, UnusableImage
from app.imaging.sniffing import check_size
from app.policy import policy
from app.policy.gallery.itl import columns_of

SUFFIXES = (".an2", ".eft", ".nist", ".nst", ".xnist")
#: a transaction may hold fingerprints beside the photograph
MAX_BYTES = 64 * 1024 * 1024
_SAID = {
    NistError.NIST_TOO_SHORT: "The file is incomplete: a record states more bytes than there are.",
    NistError.NIST_TOO_LONG: "A record of the file states fewer bytes than it has.",
    NistError.BAD_CONTENT: "The records of the file are not those that its first record lists (field 1.003).",
}
_DAMAGED = "The file is no ANSI/NIST-ITL transaction, or it is damaged."
#: field 1.015, character encoding: 3 is UTF-8 (Table 4 of the standard); without it, fields are read as Latin-1
_UTF8 = "3"
_JP2 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")


class ItlFault(Exception):
    """Why a file or its photograph cannot be used: the rule it comes under and a sentence."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Transaction:
    """values: manifest column -> what the file states. images: (compression as stated, bytes) of frontal faces.

    others: how many Type-10 records show something else.
    """

    values: Mapping[str, str]
    images: tuple[tuple[str, bytes], ...]
    others: int

    def photograph(self, limits: ImageLimits) -> bytes:
        """Return the one frontal photograph: JPEG and PNG as they are, JPEG 2000 as a PNG of the same pixels.

        Raises ItlFault when there is none, or several, or one of a compression that cannot be read; UnusableImage for
        a JPEG 2000 picture that is damaged or too large.
        """
        if not self.images:
            what = f"none of its {self.others} images is a frontal face" if self.others else "it has no Type-10 record"
            raise ItlFault("intake-no-image", f"The file holds no photograph: {what}.")
        if len(self.images) > 1:
            raise ItlFault(
                "intake-several-images", f"The file holds {len(self.images)} frontal photographs; one is needed."
            )
        stated, data = self.images[0]
        if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
            return data
        if data.startswith(_JP2):
            return _as_png(data, limits)
        if not data:
            raise ItlFault("intake-no-image", "The Type-10 record of the file holds no image.")
        named = re.sub(r"[^A-Za-z0-9]", "", stated)[:10] or "an unnamed way"
        raise ItlFault(
            "intake-compression", f"The image is compressed as {named}; JPEG, PNG and JPEG 2000 can be read."
        )


def parse(data: bytes) -> Transaction:
    """Read a transaction. Raises ItlFault for a file that is not a transaction, is cut short or contradicts itself."""
    message = nistitl.Message()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # obsolete binary fingerprint records are passed over
            message.parse(data)
        if not len(message) or not re.match(rb"1\.0*1:\d", data):
            raise ItlFault("intake-itl", _DAMAGED)
        return _transaction(message)
    except ItlFault:
        raise
    except NistException as fault:
        raise ItlFault("intake-itl", _SAID.get(fault.error, _DAMAGED)) from fault
    # a damaged file makes the parser raise nearly anything: ValueError, KeyError, struct.error, AttributeError …
    except Exception as fault:
        raise ItlFault("intake-itl", _DAMAGED) from fault


def _transaction(message: nistitl.Message) -> Transaction:
    encoding = "utf-8" if _text(message[0], 15, "latin-1").split(", ")[0].lstrip("0") == _UTF8 else "latin-1"
    faces, others = [], 0
    for record in message.iter(10):
        frontal = _text(record, 3, encoding).upper() == "FACE" and _text(record, 20, encoding).upper() in ("", "F")
        if frontal:
            faces.append(record)
        else:
            others += 1
    first = {1: message[0], 2: next(message.iter(2), None), 10: faces[0] if faces else None}
    mapping = policy().gallery.itl
    stated = {one.field: _field(one.field, first, encoding) for one in mapping}
    images = tuple((_text(record, 11, encoding), bytes(getattr(record[999], "value", b""))) for record in faces)
    return Transaction(columns_of(mapping, stated), images, others)


def _field(name: str, records: Mapping[int, Mapping[int, Any] | None], encoding: str) -> str:
    kind, number = (int(part) for part in name.split("."))
    record = records[kind]
    return _text(record, number, encoding) if record is not None else ""


def _text(record: Mapping[int, Any], number: int, encoding: str) -> str:
    """Return a field as one line, its subfields and items joined by commas. Raises UnicodeDecodeError."""
    field = record[number]
    if field is None:
        return ""
    value = field.value
    parts = (
        [item for part in value for item in (part if isinstance(part, list) else [part])]
        if isinstance(value, list)
        else [value]
    )
    # the parser has read every byte as Latin-1
    return ", ".join(text for part in parts if (text := str(part).encode("latin-1").decode(encoding).strip()))


def _as_png(data: bytes, limits: ImageLimits) -> bytes:
    """Convert a JPEG 2000 picture, which browsers do not show, to PNG without loss. Raises UnusableImage."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    kept = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as image:
            check_size(image.width, image.height, limits)
            image.convert("L" if image.mode in ("L", "I;16", "LA") else "RGB").save(kept, "PNG")
    except UnusableImage:
        raise
    # damaged pictures make the decoder raise nearly anything
    except Exception as fault:
        raise UnusableImage("truncated", "The JPEG 2000 image is incomplete or damaged and cannot be read.") from fault
    return kept.getvalue()

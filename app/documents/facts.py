"""What the facts of several areas' documents are made of, as frozen values that are checked when they are made.

``None`` means "not recorded" and is printed as such; nothing is left out silently. Times carry their zone and are
printed in it.
"""

import io
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, UnidentifiedImageError

from app.documents.errors import FactsError

_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who took part: ``role`` is what they were in this request, e.g. "peer reviewer"."""

    name: str
    rank: str | None = None
    role: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG or PNG shown in the document, upright and without EXIF; ``sha256`` is the *stored original's*
    digest.

    Raises FactsError when the bytes are neither, or still carry EXIF (a place or a device must not leak).
    """

    data: bytes
    sha256: str

    def __post_init__(self) -> None:
        check_digest(self.sha256, "a photograph")
        try:
            with Image.open(io.BytesIO(self.data)) as image:
                kind, has_exif = image.format, bool(image.getexif())
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
            raise FactsError("A photograph for the report could not be read.") from error
        if kind not in ("JPEG", "PNG"):
            raise FactsError(f"A photograph for the report is {kind}; only JPEG and PNG are embedded.")
        if has_exif:
            raise FactsError("A photograph for the report still carries EXIF data; give the stripped rendition.")

    @property
    def media_type(self) -> str:
        """``image/jpeg`` or ``image/png``."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        with Image.open(io.BytesIO(self.data)) as image:
            return image.size


def check_aware(moment: datetime | None, of_what: str) -> None:
    """Raise FactsError for a moment without its time zone."""
    if moment is not None and moment.utcoffset() is None:
        raise FactsError(f"The time of {of_what} has no time zone.")


def check_digest(sha256: str | None, of_what: str) -> None:
    """Raise FactsError for anything but a SHA-256 as 64 lower-case hexadecimal digits."""
    if sha256 is not None and (len(sha256) != _SHA256_DIGITS or set(sha256) - set("0123456789abcdef")):
        raise FactsError(f"The digest of {of_what} is not a SHA-256 in lower-case hexadecimal digits.")

"""A small, safe summary of a photograph's EXIF, kept as provenance."""

from typing import TypedDict

from PIL import ExifTags, Image

from app.imaging.errors import UnusableImage
from app.imaging.sniffing import DEFAULT_LIMITS, ImageLimits, opened

_TEXT_LIMIT = 80


class ExifFacts(TypedDict):
    """Texts are trimmed to 80 printable characters; None where nothing is said. JSON-safe.

    ``taken`` is the camera's own clock, unverified; ``gps`` says whether a place is recorded, never which.
    """

    taken: str | None
    camera_make: str | None
    camera_model: str | None
    software: str | None
    orientation: int
    gps: bool


def exif_facts(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> ExifFacts:
    """Summarise an upload's EXIF. Never raises: bytes that are no usable image say nothing."""
    try:
        with opened(data, limits) as (image, _):
            return facts_of(image)
    except UnusableImage:
        return _nothing()


def facts_of(image: Image.Image) -> ExifFacts:
    """Summarise an opened image's EXIF (EXIF 2.32 tags), passing over whatever part cannot be read."""
    facts = _nothing()
    # Corrupt metadata makes Pillow raise many kinds of errors; the picture may be sound all the same.
    try:
        facts["gps"] = b"GPSLatitude" in _xmp(image)
        exif = image.getexif()
        facts["camera_make"] = _text(exif.get(ExifTags.Base.Make))
        facts["camera_model"] = _text(exif.get(ExifTags.Base.Model))
        facts["software"] = _text(exif.get(ExifTags.Base.Software))
        facts["orientation"] = _orientation(exif.get(ExifTags.Base.Orientation))
        facts["gps"] = facts["gps"] or ExifTags.IFD.GPSInfo in exif
        facts["taken"] = _text(exif.get(ExifTags.Base.DateTime))
        original = _text(exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal))
        facts["taken"] = original or facts["taken"]
    except Exception:
        return facts
    return facts


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    printable = "".join(letter for letter in value[: 4 * _TEXT_LIMIT] if letter.isprintable())
    return printable.strip()[:_TEXT_LIMIT] or None


def _orientation(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp", b"")
    return xmp.encode("utf-8", "replace") if isinstance(xmp, str) else bytes(xmp or b"")


def _nothing() -> ExifFacts:
    return ExifFacts(taken=None, camera_make=None, camera_model=None, software=None, orientation=1, gps=False)

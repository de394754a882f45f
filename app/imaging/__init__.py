"""Uploads: told apart by their bytes, decoded within limits, shown without metadata. No Flask in here."""

from app.imaging.decoding import Decoded, decode
from app.imaging.errors import Code, UnusableImage
from app.imaging.exif import ExifFacts, exif_facts
from app.imaging.rendering import display_copy, shown_copy, thumbnail
from app.imaging.sniffing import DEFAULT_LIMITS, MEDIA_TYPES, ImageLimits, Sniffed, sniff

__all__ = [
    "DEFAULT_LIMITS",
    "MEDIA_TYPES",
    "Code",
    "Decoded",
    "ExifFacts",
    "ImageLimits",
    "Sniffed",
    "UnusableImage",
    "decode",
    "display_copy",
    "exif_facts",
    "shown_copy",
    "sniff",
    "thumbnail",
]

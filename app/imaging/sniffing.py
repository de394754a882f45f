"""The sniffing of an upload: its kind by its own bytes, never by its name, without decoding a pixel."""

import contextlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from app.imaging.errors import UnusableImage

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)

_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/heic": "HEIF",
}
_LABELS = {"WEBP": "WebP", "HEIF": "HEIC"}
MEDIA_TYPES = tuple(_FORMATS)

# ISO/IEC 23008-12: still HEVC images, and the sequences that are refused as several frames.
_STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_SEQUENCE_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
_GENERAL_BRAND = b"mif1"
_DNG_VERSION_TAG = 50706


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The limits of an upload: bytes, pixels (width × height), longer to shorter side, Pillow format names.

    Pillow's own guard refuses anything above 179 megapixels whatever is set here.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 60_000_000
    max_aspect: float = 20.0
    formats: tuple[str, ...] = tuple(_FORMATS.values())


DEFAULT_LIMITS = ImageLimits()


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The header's claims: media type, width and height in pixels (before EXIF orientation), frames (1)."""

    media_type: str
    width: int
    height: int
    frames: int


def sniff(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Sniffed:
    """Read an upload's header and check it against the limits. Raises UnusableImage and nothing else."""
    with opened(data, limits) as (image, media_type):
        return Sniffed(media_type, image.width, image.height, 1)


@contextlib.contextmanager
def opened(data: bytes, limits: ImageLimits) -> Iterator[tuple[Image.Image, str]]:
    """Give the checked image, opened but not decoded, and its media type. Raises UnusableImage.

    Whatever the decoding libraries raise inside the block becomes UnusableImage("truncated").
    """
    media_type = _media_type(data, limits)
    # importing WeasyPrint makes Pillow accept half a picture everywhere in the process; a probe is whole or refused
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        _check_declared_size(media_type, data, limits)
        with Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]]) as image:
            check_size(image.width, image.height, limits)
            _refuse_raw(image, data)
            _refuse_several_frames(image, media_type, data)
            yield image, media_type
    except UnusableImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise _too_many_pixels(limits) from fault
    # Damaged files make the decoders raise nearly anything: OSError, SyntaxError, struct.error, KeyError …
    except Exception as fault:
        raise UnusableImage(
            "truncated",
            "The image is incomplete or damaged and cannot be read. Export it again from its source.",
        ) from fault


def check_size(width: int, height: int, limits: ImageLimits) -> None:
    """Raise UnusableImage when an image of this size in pixels is not acceptable."""
    if width <= 0 or height <= 0:
        raise UnusableImage("no_pixels", "The image is empty: its width or height is zero.")
    if width * height > limits.max_pixels:
        raise _too_many_pixels(limits)
    if max(width, height) > limits.max_aspect * min(width, height):
        raise UnusableImage(
            "extreme_shape",
            f"The image is a strip: one side is more than {limits.max_aspect:g} times the other.",
        )


def _media_type(data: bytes, limits: ImageLimits) -> str:
    if not data:
        raise UnusableImage("empty", "The file is empty. Choose the photograph again.")
    if len(data) > limits.max_bytes:
        megabytes = limits.max_bytes / (1024 * 1024)
        raise UnusableImage("too_large", f"The file is larger than {megabytes:g} MB.")
    media_type = _told_by_magic(data)
    if media_type is None or _FORMATS[media_type] not in limits.formats:
        accepted = ", ".join(_LABELS.get(name, name) for name in limits.formats)
        raise UnusableImage("unknown_format", f"The file is not an image of a kind the portal accepts: {accepted}.")
    return media_type


def _told_by_magic(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "image/tiff"
    if data[4:8] == b"ftyp" and _is_heic(data):
        return "image/heic"
    return None


def _is_heic(data: bytes) -> bool:
    major, end = data[8:12], min(int.from_bytes(data[:4], "big"), len(data), 256)
    compatible = {data[start : start + 4] for start in range(16, end - 3, 4)}
    return major in _STILL_BRANDS | _SEQUENCE_BRANDS or (
        major == _GENERAL_BRAND and not compatible.isdisjoint(_STILL_BRANDS)
    )


def _check_declared_size(media_type: str, data: bytes, limits: ImageLimits) -> None:
    """Check what Pillow would allocate memory for, or report as damage, while it opens the file."""
    if media_type == "image/png" and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        check_size(width, height, limits)
    if media_type == "image/webp" and data[12:16] == b"VP8X" and len(data) >= 30:
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        check_size(width, height, limits)


def _refuse_raw(image: Image.Image, data: bytes) -> None:
    if isinstance(image, TiffImageFile) and (data[8:10] == b"CR" or _DNG_VERSION_TAG in image.tag_v2):
        raise UnusableImage(
            "raw_file",
            "The file is a camera's raw recording with a small preview. Upload a JPEG or TIFF made from it.",
        )


def _refuse_several_frames(image: Image.Image, media_type: str, data: bytes) -> None:
    # A JPEG's further pictures (depth, gain map, preview) belong to its one photograph.
    several = media_type != "image/jpeg" and getattr(image, "n_frames", 1) != 1
    if several or (media_type == "image/heic" and data[8:12] in _SEQUENCE_BRANDS):
        raise UnusableImage(
            "several_frames",
            "The file holds several pictures or an animation. Upload the one still photograph by itself.",
        )


def _too_many_pixels(limits: ImageLimits) -> UnusableImage:
    return UnusableImage("too_many_pixels", f"The image has more than {limits.max_pixels / 1_000_000:g} megapixels.")

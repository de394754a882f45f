"""The decoding of an upload's bytes to pixels: upright, sRGB, opaque, eight bits."""

import contextlib
import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.imaging.errors import UnusableImage
from app.imaging.exif import ExifFacts, facts_of
from app.imaging.sniffing import DEFAULT_LIMITS, ImageLimits, opened

# EXIF 2.32, tag 0x0112: what turns the stored picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BIT = {"I;16", "I;16L", "I;16B", "I;16N"}
_DIRECT = {"L", "RGB", "CMYK", "LAB"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded upload: ``bgr`` is (H, W, 3) uint8, upright, sRGB; ``exif_summary`` as `exif_facts`."""

    bgr: NDArray[np.uint8]
    media_type: str
    exif_summary: ExifFacts


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Decoded:
    """Decode an upload fully. Raises UnusableImage and nothing else.

    The EXIF orientation is applied, an embedded ICC profile converted to sRGB (an unreadable one is passed
    over) and transparency flattened onto white. The limits bound the memory: some 15 bytes per pixel.
    """
    with opened(data, limits) as (image, media_type):
        summary = facts_of(image)
        # Pillow turns TIFFs upright itself while loading, and libheif HEICs, whose EXIF value is history.
        turn = None if media_type in ("image/tiff", "image/heic") else _UPRIGHT.get(summary["orientation"])
        image.load()
        rgb = _to_srgb(_opaque(image), image.info.get("icc_profile"))
        if turn is not None:
            rgb = rgb.transpose(turn)
        return Decoded(np.asarray(cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR), np.uint8), media_type, summary)


def _opaque(image: Image.Image) -> Image.Image:
    """Return the image as L, RGB, CMYK or LAB, eight bits a channel, transparency flattened onto white."""
    if image.mode in _SIXTEEN_BIT:
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise UnusableImage(
            "unknown_colour",
            "The image's pixels have a form made for measurements. Export it as an ordinary photograph.",
        )
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _DIRECT else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        # A broken profile, or one for another kind of colour, says nothing about this picture.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if shown is not None:  # None only where it is told to write into the image
                return shown
    return image.convert("RGB")

"""Pictures for tests of image handling: drawn, encoded in every accepted format, with a camera's Exif."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from app.imaging import UnusableImage, decode, sniff

FORMATS = {
    "image/jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"lossless": True}),
    "image/tiff": ("TIFF", {}),
    "image/heic": ("HEIF", {"quality": 90}),
}


def picture(width=96, height=64):
    """A picture whose four corners differ, so that every turn and every swapped channel shows."""
    image = Image.new("RGB", (width, height), (120, 120, 120))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, width // 2 - 1, height // 2 - 1], fill=(220, 30, 30))
    draw.rectangle([width // 2, 0, width, height // 2 - 1], fill=(30, 200, 30))
    draw.rectangle([0, height // 2, width // 2 - 1, height], fill=(40, 40, 220))
    return image


def encoded(image, name="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def sample(media_type, image=None):
    name, options = FORMATS[media_type]
    return encoded(image or picture(), name, **options)


def camera_exif(orientation=1, note=b""):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Imaginary Optics"
    exif[ExifTags.Base.Model] = "Model \x00\x07Nine" + "x" * 300
    exif[ExifTags.Base.Software] = "Retoucher 3"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:04 05:06:07"
    if note:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = note
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (40.0, 42.0, 46.0)
    return exif.tobytes()


def png(width, height):
    """A PNG of this declared size with no pixels behind it."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def refusal(data, limits=None):
    """The code with which `decode` refuses, having seen that `sniff` never objects in another way."""
    arguments = (data,) if limits is None else (data, limits)
    early = None
    with contextlib.suppress(UnusableImage):
        early = sniff(*arguments)
    with pytest.raises(UnusableImage) as late:
        decode(*arguments)
    if early is None:
        with pytest.raises(UnusableImage) as again:
            sniff(*arguments)
        assert again.value.code == late.value.code
    assert late.value.message.endswith(".")
    return late.value.code


def assert_upright(bgr, tolerance=30):
    height, width = bgr.shape[:2]
    corners = [bgr[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    expected = [(30, 30, 220), (30, 200, 30), (220, 40, 40), (120, 120, 120)]
    for corner, colour in zip(corners, expected, strict=True):
        assert np.abs(corner.astype(int) - colour).max() <= tolerance, (corners, expected)

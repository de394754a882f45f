"""Images that are refused, each with its reason, and bytes of any kind that are only ever refused (REQ-2, REQ-6)."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.imaging import ImageLimits, UnusableImage, decode, exif_facts, sniff
from tests.pictures import FORMATS, camera_exif, encoded, picture, png, refusal, sample

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")


@pytest.mark.clause("REQ-3")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"Dear sir, this text was named face.jpg", "unknown_format"),
        (b"GIF89a" + bytes(50), "unknown_format"),
        (b"BM" + bytes(60), "unknown_format"),
        (b"%PDF-1.7 ...", "unknown_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown_format"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "unknown_format"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "unknown_format"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"RIFF\x10\0\0\0WEBP", "truncated"),
        (b"II*\0", "truncated"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "truncated"),
        (png(60_000, 60_000), "too_many_pixels"),
        (png(0, 100), "no_pixels"),
        (png(100, 0), "no_pixels"),
        (png(5000, 2), "extreme_shape"),
        (png(2, 5000), "extreme_shape"),
        (b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", "too_many_pixels"),
        (png(50, 50), "truncated"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_files_are_refused_with_their_reason(data, code):
    assert refusal(data) == code


def test_a_bomb_is_refused_before_memory_is_spent():
    """A JPEG, a TIFF and a HEIC that claim more than the limit, with hardly any data behind the claim."""
    jpeg = bytearray(encoded(Image.new("L", (8, 8)), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    assert refusal(bytes(jpeg)) == "too_many_pixels"
    tags = {256: 60_000, 257: 60_000, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 60_000, 279: 9}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    assert refusal(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)) == "too_many_pixels"
    heic = sample("image/heic")
    at = heic.index(b"ispe") + 8
    claimed = heic[:at] + struct.pack(">II", 60_000, 60_000) + heic[at + 8 :]
    assert refusal(claimed) in {"too_many_pixels", "truncated"}


def test_a_heic_that_decodes_to_another_size_than_declared_is_refused():
    heic = sample("image/heic")
    at = heic.index(b"ispe") + 8
    for size in ((40, 30), (96, 30), (1, 1), (95, 64)):
        lying = heic[:at] + struct.pack(">II", *size) + heic[at + 8 :]
        assert refusal(lying) == "truncated"


@pytest.mark.parametrize("media_type", FORMATS)
def test_the_pixel_limit_holds_for_every_format(media_type):
    assert refusal(sample(media_type), ImageLimits(max_pixels=96 * 64 - 1)) == "too_many_pixels"
    assert refusal(sample(media_type), ImageLimits(max_aspect=1.4)) == "extreme_shape"


def test_limits_are_parameters():
    data = sample("image/png")
    assert refusal(data, ImageLimits(max_bytes=len(data) - 1)) == "too_large"
    assert refusal(data, ImageLimits(max_pixels=96 * 64 - 1)) == "too_many_pixels"
    assert refusal(data, ImageLimits(max_aspect=1.4)) == "extreme_shape"
    exact = ImageLimits(max_bytes=len(data), max_pixels=96 * 64, max_aspect=1.5)
    assert sniff(data, exact).width == 96
    assert decode(data, exact).bgr.shape == (64, 96, 3)
    assert refusal(b"\xff\xd8\xff" + bytes(25 * 1024 * 1024)) == "too_large"
    only_jpeg = ImageLimits(formats=("JPEG",))
    assert refusal(data, only_jpeg) == "unknown_format"
    assert sniff(sample("image/jpeg"), only_jpeg).media_type == "image/jpeg"
    with pytest.raises(UnusableImage, match="accepts: JPEG, HEIC"):
        sniff(b"text", ImageLimits(formats=("JPEG", "HEIF")))


def test_several_pictures_in_one_file_are_refused():
    more = [picture().rotate(turn) for turn in (90, 180)]
    for name in ("TIFF", "WEBP", "PNG", "HEIF"):
        assert refusal(encoded(picture(), name, save_all=True, append_images=more)) == "several_frames", name
    heic = sample("image/heic")
    assert refusal(heic.replace(b"ftypheic", b"ftyphevc", 1)) == "several_frames"


def test_raw_recordings_and_measurement_pixels_are_refused():
    negative = encoded(picture(), "TIFF", tiffinfo={50706: (1, 4, 0, 0)})
    assert refusal(negative) == "raw_file"
    assert refusal(encoded(Image.new("F", (20, 20)), "TIFF")) == "unknown_colour"
    assert refusal(encoded(Image.new("I", (20, 20)), "TIFF")) == "unknown_colour"


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_file_cut_short_anywhere_is_refused(media_type):
    noise = Image.fromarray(np.random.default_rng(7).integers(0, 255, (64, 96, 3), np.uint8))
    data = sample(media_type, noise)
    for part in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        cut = data[: max(12, int(len(data) * part))]
        assert refusal(cut) == "truncated", part


SAMPLES = [encoded(picture(40, 30), name, exif=camera_exif(), **options) for name, options in FORMATS.values()]
SMALL = ImageLimits(max_pixels=4_000_000)


def only_ever_refused(data):
    for use in (sniff, decode):
        with contextlib.suppress(UnusableImage):
            use(data, SMALL)
    exif_facts(data, SMALL)


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 ", b"II*\0", b"MM\0*"])
    | st.just(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    rest=st.binary(max_size=600),
)
def test_random_bytes_are_only_ever_refused(start, rest):
    only_ever_refused(start + rest)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.sampled_from(SAMPLES),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6),
    cut=st.floats(0.05, 1),
)
def test_changed_images_are_decoded_or_refused(data, changes, cut):
    changed = bytearray(data)
    for place, content in changes:
        position = int(place * len(changed))
        changed[position : position + len(content)] = content
    only_ever_refused(bytes(changed[: int(len(changed) * cut) or 1]))

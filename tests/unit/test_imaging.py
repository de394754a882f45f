"""Uploads: what is accepted, what is refused and why, and what the decoded pixels look like."""

import contextlib
import io
import json
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw

from app.imaging import ImageLimits, UnusableImage, decode, display_copy, exif_facts, sniff, thumbnail

FORMATS = {
    "image/jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"lossless": True}),
    "image/tiff": ("TIFF", {}),
    "image/heic": ("HEIF", {"quality": 90}),
}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")


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


# What is accepted


@pytest.mark.clause("REQ-3")
@pytest.mark.parametrize("media_type", FORMATS)
def test_each_accepted_format_is_told_by_its_bytes_and_decoded(media_type):
    data = sample(media_type)
    seen = sniff(data)
    assert (seen.media_type, seen.width, seen.height, seen.frames) == (media_type, 96, 64, 1)
    decoded = decode(data)
    assert decoded.bgr.shape == (64, 96, 3)
    assert decoded.bgr.dtype == np.uint8
    assert decoded.bgr.flags.c_contiguous
    assert decoded.media_type == media_type
    assert_upright(decoded.bgr)


def test_sniffing_decodes_no_pixels(monkeypatch):
    samples = [sample(media_type) for media_type in FORMATS]
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr("PIL.TiffImagePlugin.TiffImageFile.load", lambda self: pytest.fail("decoded"))
    for data in samples:
        sniff(data)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", FORMATS)
def test_every_orientation_ends_upright(media_type, orientation):
    stored = picture() if orientation == 1 else picture().transpose(UNDO[orientation])
    name, options = FORMATS[media_type]
    data = encoded(stored, name, exif=camera_exif(orientation), **options)
    decoded = decode(data)
    assert decoded.bgr.shape == (64, 96, 3)
    assert_upright(decoded.bgr)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_compressed_tiffs_end_upright(orientation):
    stored = picture().transpose(UNDO[orientation])
    data = encoded(stored, "TIFF", tiffinfo={274: orientation}, compression="tiff_lzw")
    assert_upright(decode(data).bgr)


def test_in_a_heic_the_turn_is_the_containers_and_exif_is_history():
    data = sample("image/heic", picture().transpose(UNDO[6]))
    turned = encoded(picture().transpose(UNDO[6]), "HEIF", exif=camera_exif(6))
    assert b"irot" in turned
    assert decode(turned).bgr.shape == (64, 96, 3)
    assert decode(data).bgr.shape == (96, 64, 3)
    assert decode(turned.replace(b"irot", b"free")).bgr.shape == (96, 64, 3)


UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_cmyk_becomes_the_colours_it_stands_for(name):
    assert_upright(decode(encoded(picture().convert("CMYK"), name)).bgr)


def test_sixteen_bit_greys_keep_their_brightness():
    grey = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None], 32, axis=0)
    for data in (cv2.imencode(".png", grey)[1].tobytes(), encoded(Image.fromarray(grey), "TIFF")):
        bgr = decode(data).bgr
        assert bgr.shape == (32, 64, 3)
        assert np.abs(bgr[0, :, 0].astype(int) - (grey[0] >> 8)).max() <= 1
    colour = cv2.imencode(".png", np.asarray(picture())[:, :, ::-1].astype(np.uint16) * 257)[1].tobytes()
    assert_upright(decode(colour).bgr, tolerance=2)


def test_transparency_is_flattened_onto_white():
    clear = picture().convert("RGBA")
    clear.putalpha(0)
    half = picture().convert("RGBA")
    half.putalpha(128)
    for name, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})):
        assert decode(encoded(clear, name, **options)).bgr.min() == 255
        mixed = decode(encoded(half, name, **options)).bgr[10, 10]
        assert np.abs(mixed.astype(int) - (142, 142, 237)).max() <= 2
    grey = Image.merge("LA", (Image.new("L", (9, 9), 10), Image.new("L", (9, 9), 0)))
    assert decode(encoded(grey)).bgr.min() == 255


def test_palettes_with_transparency_keep_their_colours():
    palette = picture().quantize(8)
    assert_upright(decode(encoded(palette)).bgr, tolerance=3)
    opaque_index = palette.getpixel((90, 60))
    flattened = decode(encoded(palette, transparency=opaque_index)).bgr
    assert flattened[60, 90].min() == 255
    assert np.abs(flattened[10, 10].astype(int) - (30, 30, 220)).max() <= 3


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_pictures_get_three_channels(mode):
    hard = picture().convert("L").point(lambda value: 255 if value > 100 else 0)
    bgr = decode(encoded(hard.convert(mode))).bgr
    assert bgr.shape == (64, 96, 3)
    assert set(np.unique(bgr)) == {0, 255}


def swapped_profile():
    """sRGB's profile with its red and blue primaries exchanged: converting it must exchange the colours."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for position in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        tag = bytes(profile[position : position + 4])
        if tag in (b"rXYZ", b"bXYZ"):
            profile[position : position + 4] = b"bXYZ" if tag == b"rXYZ" else b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_embedded_profile_is_converted_to_srgb(name):
    data = encoded(Image.new("RGB", (40, 30), (200, 60, 20)), name, icc_profile=swapped_profile())
    blue, green, red = decode(data).bgr[15, 20].astype(int)
    assert abs(blue - 200) < 12
    assert abs(green - 60) < 12
    assert abs(red - 20) < 12


@pytest.mark.parametrize("profile", [b"no profile at all", swapped_profile()[:200], b"\0" * 3000])
def test_a_broken_profile_is_passed_over(profile):
    assert_upright(decode(encoded(picture(), icc_profile=profile)).bgr, tolerance=1)


def test_lab_pictures_are_converted():
    lab = ImageCms.profileToProfile(
        picture(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    del lab.info["icc_profile"]
    assert_upright(decode(encoded(lab, "TIFF")).bgr, tolerance=10)


def test_further_pictures_inside_a_jpeg_are_left_aside():
    data = encoded(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    assert sniff(data).media_type == "image/jpeg"
    assert_upright(decode(data).bgr)


# What is refused


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


# Provenance


@pytest.mark.parametrize("media_type", FORMATS)
def test_exif_is_summarised_in_small_clean_words(media_type):
    name, options = FORMATS[media_type]
    data = encoded(picture(), name, exif=camera_exif(), **options)
    facts = exif_facts(data)
    assert facts["camera_make"] == "Imaginary Optics"
    assert facts["camera_model"].startswith("Model")
    assert facts["camera_model"].isprintable()
    assert len(facts["camera_model"]) <= 80
    assert facts["software"] == "Retoucher 3"
    assert facts["taken"] == "2026:03:04 05:06:07"
    assert facts["gps"] is True
    assert decode(data).exif_summary == facts
    assert len(json.dumps(facts)) < 500
    assert "40" not in json.dumps(facts)


def test_a_place_in_xmp_counts_too():
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>40,42N</exif:GPSLatitude></x:xmpmeta>"
    assert exif_facts(encoded(picture(), "JPEG", xmp=xmp))["gps"] is True
    assert exif_facts(encoded(picture(), "JPEG"))["gps"] is False


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xe1", png(60_000, 60_000)])
def test_useless_bytes_say_nothing(data):
    assert exif_facts(data) == {
        "taken": None,
        "camera_make": None,
        "camera_model": None,
        "software": None,
        "orientation": 1,
        "gps": False,
    }


@pytest.mark.parametrize("name", ["PNG", "WEBP", "HEIF", "TIFF"])
def test_huge_exif_is_tolerated(name):
    note = b"ASCII\0\0\0" + b"n" * 8_000_000
    options = {"tiffinfo": {270: note, 271: "Imaginary Optics"}} if name == "TIFF" else {"exif": camera_exif(note=note)}
    data = encoded(picture(), name, **options)
    assert len(data) > 8_000_000
    facts = exif_facts(data)
    assert facts["camera_make"] == "Imaginary Optics"
    assert decode(data).bgr.shape == (64, 96, 3)
    assert len(json.dumps(facts)) < 500


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x63\0\0\0" * 500,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\0",
        b"Exif\0\0garbage",
        b"Exif\0\0",
    ],
)
def test_corrupt_exif_does_not_cost_the_picture(block):
    plain = encoded(picture(), "JPEG", quality=95, subsampling=0)
    data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + plain[2:]
    assert_upright(decode(data).bgr)
    assert exif_facts(data)["orientation"] == 1


def test_no_failure_in_reading_exif_costs_the_picture(monkeypatch):
    def fail(image):
        raise struct.error("unpack requires a buffer of 4 bytes")

    data = encoded(picture(), "JPEG", quality=95, subsampling=0, exif=camera_exif())
    monkeypatch.setattr("PIL.Image.Image.getexif", fail)
    assert_upright(decode(data).bgr)
    assert exif_facts(data)["camera_make"] is None


# Copies to look at


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("lossless", [False, True])
def test_a_display_copy_holds_pixels_only(media_type, lossless):
    name, options = FORMATS[media_type]
    data = encoded(picture(), name, exif=camera_exif(), **options)
    copy = display_copy(decode(data).bgr, 48, lossless=lossless)
    seen = sniff(copy)
    assert (seen.width, seen.height) == (48, 32)
    assert seen.media_type == ("image/png" if lossless else "image/jpeg")
    with Image.open(io.BytesIO(copy)) as image:
        assert not image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys()
    for trace in (b"Exif", b"Imaginary", b"GPS", b"Retoucher", b"2026"):
        assert trace not in copy
    assert_upright(decode(copy).bgr)


def test_copies_shrink_but_never_grow():
    bgr = decode(sample("image/png")).bgr
    assert sniff(display_copy(bgr, 5000)).width == 96
    assert np.array_equal(decode(display_copy(bgr, 96, lossless=True)).bgr, bgr)
    assert sniff(thumbnail(bgr, 24)).height == 16
    strip = np.zeros((1, 400, 3), np.uint8)
    assert sniff(display_copy(strip, 100), ImageLimits(max_aspect=1000)).height == 1


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((5, 5), np.uint8), ((5, 5, 4), np.uint8), ((5, 5, 3), np.float32), ((0, 5, 3), np.uint8)],
)
def test_only_colour_pixels_can_be_shown(shape, kind):
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        display_copy(np.zeros(shape, kind), 100)


# Whatever the bytes


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

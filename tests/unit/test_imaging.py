"""Images people send: which are decoded and how, and the copies made of them (REQ-2, REQ-6)."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from app.imaging import ImageLimits, decode, display_copy, sniff, thumbnail
from tests.pictures import FORMATS, assert_upright, camera_exif, encoded, picture, sample

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")


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

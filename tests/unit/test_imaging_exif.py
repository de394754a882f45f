"""What is read from the Exif of an image, and that no Exif costs the picture."""

import json
import struct

import pytest

from app.imaging import decode, exif_facts
from tests.pictures import FORMATS, assert_upright, camera_exif, encoded, picture, png

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")


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

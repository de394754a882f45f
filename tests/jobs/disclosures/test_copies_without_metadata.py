"""What a camera or a program wrote into an image's file leaves for discovery and a court's order alone (EXT-6)."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from app.domain.disclosures.papers import as_originals
from app.extensions import stores
from app.imaging import decode
from app.imaging.rendering import shown_copy
from app.policy import policy
from tests.disclosure_factory import set_back
from tests.pictures import picture

pytestmark = pytest.mark.clause("EXT-6", "EXT-7", "ACC-13")
NAME = "Witness Wren Siskin"
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif"}


def told(media_type: str) -> bytes:
    """An image whose file holds a name and a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = exif[ExifTags.Base.ImageDescription] = NAME
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (40.0, 42.0, 46.0)
    options: dict[str, object] = {"exif": exif.tobytes()} if media_type == "image/jpeg" else {"exif": exif}
    if media_type == "image/png":
        chunks = PngInfo()
        chunks.add_text("Author", NAME)
        chunks.add_itxt("XML:com.adobe.xmp", f"<x>{NAME}</x>")
        options["pnginfo"] = chunks
    buffer = io.BytesIO()
    picture().save(buffer, {"jpg": "JPEG", "png": "PNG", "tif": "TIFF"}[SUFFIXES[media_type]], **options)
    assert NAME.encode() in buffer.getvalue()
    return buffer.getvalue()


def package_of(disclose, recipient: str, media_type: str = "image/jpeg", *, readable: bool = True):
    """The package for this recipient of a case whose images are such files, and the bytes of one."""
    rules = policy().disclosure
    disclosure = disclose(state="approved", recipient=recipient, basis=rules.recipients[recipient].bases[0])
    data = told(media_type)
    for item in disclosure.items:
        if item.image is None:
            continue
        key = item.image.key_id
        # as the job that checks an image keeps them
        kept, shown = (stores().blobs.put(key, one) for one in (data, shown_copy(decode(data).bgr)))
        columns = {"shown_blob_id": shown.id, "shown_sha256": shown.sha256} if readable else {"shown_blob_id": None}
        if not readable:
            columns["state"] = "unreadable"
        set_back(item.image, blob_id=kept.id, sha256=kept.sha256, media_type=media_type, **columns)
        set_back(item, sha256=kept.sha256)
    disclose.go_on(disclosure, "released", "approved")
    package = disclosure.current_package
    content = stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256)
    return disclosure, zipfile.ZipFile(io.BytesIO(content)), content, data


def test_who_gets_originals_stands_in_the_rules(app):
    """A new kind of recipient gets copies unless somebody writes otherwise."""
    kinds = policy().disclosure.recipients
    assert {kind for kind in kinds if as_originals(kind)} == {"prosecutor", "court"}


@pytest.mark.parametrize(
    ("recipient", "media_type"),
    [
        ("media", "image/jpeg"),
        ("media", "image/png"),
        ("media", "image/tiff"),
        *((kind, "image/jpeg") for kind in ("community", "foil", "individual", "law_enforcement", "city_agency")),
    ],
)
def test_neither_place_nor_name_leaves_with_the_picture_bypass(disclose, recipient, media_type):
    """Whatever format carries it, and whatever agency asks: the whole package is searched."""
    disclosure, archive, content, data = package_of(disclose, recipient, media_type)
    assert NAME.encode() not in content and data not in content, "nothing in the package is compressed"
    copies = [name for name in archive.namelist() if name.startswith("copies/")]
    images = [item for item in disclosure.items if item.image is not None]
    assert len(copies) == len(images) and not any(name.startswith("originals/") for name in archive.namelist())
    for name in copies:
        with Image.open(io.BytesIO(archive.read(name))) as shown:
            assert shown.size == picture().size and not dict(shown.getexif())
            assert not {"exif", "xmp", "Author", "comment", "icc_profile"} & set(shown.info)
    assert "a copy without what is written into the file" in archive.read("manifest.json").decode()


@pytest.mark.clause("EXT-2")
@pytest.mark.parametrize("recipient", ["prosecutor", "court"])
def test_discovery_and_an_order_get_the_file_as_it_was_submitted(disclose, recipient):
    _, archive, _, data = package_of(disclose, recipient)
    originals = [name for name in archive.namelist() if name.startswith("originals/")]
    assert originals and not any(name.startswith("copies/") for name in archive.namelist())
    for name in originals:
        assert hashlib.sha256(archive.read(name)).digest() == hashlib.sha256(data).digest()


def test_an_image_of_which_there_is_no_copy_leaves_as_a_line(disclose):
    disclosure, archive, content, _ = package_of(disclose, "media", readable=False)
    assert NAME.encode() not in content and not any("image" in name for name in archive.namelist())
    assert set(disclosure.current_package.withheld) == {row.uid for row in disclosure.items if row.image is not None}
    assert "could be made of it" in archive.read("manifest.json").decode()

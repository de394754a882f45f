"""ANSI/NIST-ITL files enter as manifests do; what a file does not state keeps it out (CAP-3)."""

from __future__ import annotations

import io
from datetime import date

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from app.domain.gallery.intake_checks import check_row
from app.domain.gallery.intake_itl import ItlFault, parse
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.intake_sources import ItlSource, OpenedRecord, Refusal, source_of
from app.domain.requests.images import limits
from app.extensions import db, stores
from app.imaging import UnusableImage, decode
from app.models import GalleryPerson, GalleryPhoto
from tests.drawn_gallery import arrest_photograph, needs_models, run_import
from tests.itl_files import STATED, transaction

SMALL = cv2.imencode(".png", np.arange(48, dtype=np.uint8).reshape(4, 4, 3))[1].tobytes()


def fault_of(data: bytes) -> ItlFault:
    with pytest.raises(ItlFault) as caught:
        parse(data).photograph(limits())
    assert "\n" not in str(caught.value)
    return caught.value


def as_jp2(data: bytes) -> bytes:
    kept = io.BytesIO()
    Image.open(io.BytesIO(data)).save(kept, "JPEG2000", irreversible=False)
    return kept.getvalue()


@pytest.mark.clause("CAP-3")
def test_every_statement_of_a_file_is_read_as_policy_maps_it(app):
    found = parse(transaction())
    assert dict(found.values) == {
        "record_number": "R-0001-0",
        "person_number": "P-0001",
        "taken_on": "2024-01-15",
        "source": "arrest",
        "source_record": "ARR-00001-0",
        "charge": "Petit larceny",
        "charged": "yes",
        "jurisdiction": "criminal",
        "status": "active",
        "name": "Demo, Person",
        "born_on": "1980-05-04",
        "height_in": "70",
        "weight_lb": "160",
        "marks": "SC L EYE",
    }
    assert found.photograph(limits()) == arrest_photograph(1)
    assert parse(transaction(utf8=True, f2_018="Demö, Zoë")).values["name"] == "Demö, Zoë"
    assert parse(transaction(f2_018="Demö")).values["name"] == "Demö"


@pytest.mark.parametrize(
    ("field", "written", "column", "read"),
    [
        ("f2_027", "N69", "height_in", "69"),
        ("f2_027", "000", "height_in", None),
        ("f2_027", "599", "height_in", "599"),
        ("f2_022", "1980", "born_on", "1980"),
        ("f2_029", "099", "weight_lb", "99"),
        ("f2_029", "000", "weight_lb", None),
        ("f2_901", "license", "source", "license"),
        ("f2_901", "p", "source", "parole"),
    ],
)
def test_codes_and_measures_are_read_and_what_is_strange_is_left_for_the_check(app, field, written, column, read):
    assert parse(transaction(**{field: written})).values.get(column) == read


@pytest.mark.clause("CAP-3")
@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("f2_901", None, "gallery-source"),
        ("f2_902", None, "gallery-charged"),
        ("f2_903", None, "gallery-jurisdiction"),
        ("f2_904", None, "gallery-status"),
        ("f2_901", "D", "gallery-source"),
        ("f2_902", "N", "gallery-charged"),
        ("f2_903", "FA", "gallery-jurisdiction"),
        ("f2_903", "JU", "gallery-jurisdiction"),
        ("f2_904", "S", "gallery-status"),
        ("f2_904", "E", "gallery-status"),
        ("f2_904", "V", "gallery-status"),
        ("f2_904", "D", "gallery-status"),
    ],
)
def test_what_a_file_does_not_state_or_states_otherwise_keeps_it_out(app, field, value, rule):
    values = {**parse(transaction(**{field: value})).values, "file": "a.an2"}
    refusal = check_row(Row(1, values), date(2026, 1, 1))
    assert refusal is not None and refusal.rules == (rule,)
    lawful = {**parse(transaction()).values, "file": "a.an2"}
    assert check_row(Row(1, lawful), date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("images", "rule", "said"),
    [
        ([], "intake-no-image", "no Type-10 record"),
        ([(SMALL, {"10.003": "SCAR"}), (SMALL, {"10.020": "R"})], "intake-no-image", "none of its 2 images"),
        ([SMALL, SMALL], "intake-several-images", "2 frontal photographs"),
        ([(b"\xff\xa0wsq bytes", {"10.011": "WSQ20"})], "intake-compression", "compressed as WSQ20"),
        ([(b"rawrawraw", {"10.011": "NONE"})], "intake-compression", "compressed as NONE"),
        ([b""], "intake-no-image", "holds no image"),
    ],
)
def test_a_photograph_that_cannot_be_used_is_one_sentence(app, images, rule, said):
    fault = fault_of(transaction(images))
    assert fault.rule == rule and said in str(fault)


def test_marks_and_profiles_beside_the_frontal_photograph_are_passed_over(app):
    images = [(SMALL, {"10.003": "TATTOO"}), arrest_photograph(1), (SMALL, {"10.020": "L"})]
    found = parse(transaction(images))
    assert found.photograph(limits()) == arrest_photograph(1) and found.others == 2


def test_a_jpeg_2000_picture_keeps_every_pixel_as_png(app):
    png = parse(transaction([(as_jp2(SMALL), {"10.011": "JP2L"})])).photograph(limits())
    assert png.startswith(b"\x89PNG") and (decode(png).bgr == decode(SMALL).bgr).all()
    damaged = as_jp2(arrest_photograph(1))[:3000]
    with pytest.raises(UnusableImage):
        parse(transaction([damaged])).photograph(limits())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:-40], "incomplete"),
        (lambda data: data.replace(b"2.001:", b"2.001:9", 1), ""),
        (lambda data: data.replace(b"\x1e10\x1f1\x1d", b"\x1d", 1), ""),
        (lambda data: b"", ""),
        (lambda data: b"\xff\xd8\xff\xe0 a JPEG", ""),
        (lambda data: b"1.001:0\x1d", ""),
    ],
)
def test_a_damaged_file_is_one_sentence(app, change, said):
    fault = fault_of(change(transaction([SMALL])))
    assert fault.rule == "intake-itl" and said in str(fault)


def test_a_file_cut_at_any_place_is_a_refusal_and_never_a_traceback(app):
    data = transaction([SMALL])
    for end in range(len(data)):
        with pytest.raises(ItlFault):
            parse(data[:end]).photograph(limits())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), put=st.binary(max_size=8), cut=st.integers(0, 12))
def test_a_file_with_bytes_put_in_or_taken_out_never_ends_in_a_traceback(app, at, put, cut):
    data = transaction([SMALL])
    at %= len(data)
    try:
        found = parse(data[:at] + put + data[at + cut :])
        assert isinstance(found.photograph(limits()), bytes)
    except ItlFault as fault:
        assert "\n" not in str(fault) and fault.rule.startswith("intake-")


@needs_models
@pytest.mark.clause("CAP-3")
def test_a_folder_of_files_is_imported_like_a_manifest(app, tmp_path):
    folder = tmp_path / "booking"
    (folder / "later").mkdir(parents=True)
    second = transaction([arrest_photograph(1, 1)], f1_009="R-0001-1", f10_005="20250115")
    (folder / "a.an2").write_bytes(transaction())
    (folder / "b.EFT").write_bytes(transaction(f1_009="R-0002-0", f2_904="S"))
    (folder / "later" / "c.an2").write_bytes(second)
    (folder / "d.an2").write_bytes(transaction([SMALL, SMALL], f1_009="R-0003-0"))
    (folder / "e.an2").write_bytes(second[:-900])
    (folder / "notes.txt").write_text("passed over")
    source = source_of(folder)
    assert isinstance(source, ItlSource)
    names = [row["file"] for row in source.rows()]
    assert names == ["a.an2", "b.EFT", "d.an2", "e.an2", "later/c.an2"]
    outcome = run_import(folder)
    assert list(outcome.outcomes.values()) == ["enrolled", "refused", "refused", "unreadable", "enrolled"]
    assert [refusal.rules[0] for _, refusal in outcome.refused] == [
        "gallery-status",
        "intake-several-images",
        "intake-itl",
    ]
    [person] = db.session.scalars(select(GalleryPerson))
    assert person.private["name"] == "Demo, Person" and person.private["height_in"] == 70
    photos = db.session.scalars(select(GalleryPhoto).order_by(GalleryPhoto.id)).all()
    assert [photo.record_number for photo in photos] == ["R-0001-0", "R-0001-1"]
    assert stores().blobs.get(photos[0].blob_id, photos[0].key_id, photos[0].sha256) == arrest_photograph(1)
    again = run_import(folder)
    assert (again.enrolled, again.already) == (0, 2)


def test_a_listed_file_that_is_not_there_or_leads_out_is_a_refusal(app, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.an2").write_bytes(transaction([SMALL]))
    source = ItlSource(tmp_path / "in")
    assert source.open(Row(1, {"file": "gone.an2"})).rules == ("intake-file",)
    assert source.open(Row(1, {"file": "../out.an2"})).rules == ("intake-path",)
    (tmp_path / "in" / "here.an2").write_bytes(transaction([SMALL, SMALL]))
    opened = source.open(Row(1, {"file": "here.an2"}))
    assert isinstance(opened, OpenedRecord) and opened.row["record_number"] == STATED["1.009"]
    assert isinstance(opened.photograph(), Refusal)

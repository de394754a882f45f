"""Reports that may not exist cannot be made: what the facts refuse, and what their manifest and code are
worth.
"""

import hashlib
import io
import json
from dataclasses import fields, is_dataclass, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.documents import facts as shared
from app.documents.approval import facts as approval
from app.documents.approval.facts import NegativeReason, Step
from app.documents.approval.manifest import (
    manifest,
    manifest_digest,
    normalise_code,
    verification_code,
)
from app.documents.errors import FactsError
from app.documents.examination import facts as examination
from app.documents.facts import Picture
from app.documents.identification import facts as identification
from tests.documents.approval.documents_facts import (
    FEATURES,
    SECRET,
    SUPERVISOR,
    candidate,
    drawing,
    negative,
    picture,
    possible_match,
    verified,
)


@pytest.mark.clause("SRC-5", "SRC-8")
def test_a_possible_match_without_the_supervisors_decision_is_refused() -> None:
    with pytest.raises(FactsError, match="approval"):
        possible_match(decision=None)


@pytest.mark.clause("SRC-8")
@pytest.mark.parametrize("absent", ["candidate", "algorithm", "gallery"])
def test_a_possible_match_without_its_substance_is_refused(absent: str) -> None:
    with pytest.raises(FactsError):
        possible_match(**{absent: None})


@pytest.mark.clause("SRC-7")
def test_a_negative_report_states_its_reason_and_names_nobody() -> None:
    with pytest.raises(FactsError, match="reason"):
        negative(negative_reason=None)
    with pytest.raises(FactsError, match="names no candidate"):
        negative(candidate=candidate())
    with pytest.raises(FactsError, match="supervisor"):
        negative(negative_reason=NegativeReason.NOT_APPROVED)


@pytest.mark.clause("SRC-2", "SRC-8")
@pytest.mark.parametrize("left_out", FEATURES)
def test_every_feature_is_compared(left_out: str) -> None:
    rows = tuple(row for row in candidate().comparison if row.feature != left_out)
    with pytest.raises(FactsError, match="SRC-2"):
        candidate(comparison=rows)


@pytest.mark.parametrize("name", ["department", "unit", "report_number", "request_number", "case_number"])
def test_a_report_without_its_numbers_is_refused(name: str) -> None:
    with pytest.raises(FactsError, match=name.replace("_", " ")):
        possible_match(**{name: "  "})


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(FactsError, match="time zone"):
        Step(datetime(2026, 11, 20, 9, 0), "Something", (), SUPERVISOR)
    with pytest.raises(FactsError, match="time zone"):
        possible_match(issued_at=datetime(2026, 11, 20, 9, 0))


def test_a_picture_that_still_carries_exif_is_refused() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera that must not be known"
    data = drawing("peru", exif=exif)
    with pytest.raises(FactsError, match="EXIF"):
        Picture(data, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("data", [b"", b"not a picture", drawing("peru")[:60], drawing("peru", "GIF")])
def test_bytes_that_are_no_jpeg_or_png_are_refused(data: bytes) -> None:
    with pytest.raises(FactsError):
        Picture(data, "ab" * 32)


@pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, "zz" * 32])
def test_a_digest_that_is_none_is_refused(digest: str) -> None:
    with pytest.raises(FactsError, match="SHA-256"):
        Picture(drawing("peru"), digest)


@pytest.mark.clause("CAP-6", "SRC-8")
def test_no_field_of_the_facts_can_carry_a_score() -> None:
    rooms = (shared, identification, examination, approval)
    types = {kind for module in rooms for kind in vars(module).values() if is_dataclass(kind)}
    names = {field.name for kind in types for field in fields(kind)}
    assert {"report_number", "verdict", "generation"} <= names
    assert not [name for name in names if any(word in name for word in ("score", "similarity", "distance", "place"))]
    assert names & {"rank"} == {"rank"}
    assert [kind for kind in types if "rank" in {field.name for field in fields(kind)}] == [shared.Person]


def test_the_manifest_is_canonical_and_holds_pictures_by_digest_only() -> None:
    facts = possible_match()
    text = manifest(facts)
    assert text == manifest(possible_match())
    assert hashlib.sha256(text).hexdigest() == manifest_digest(facts)
    told = json.loads(text)
    assert told["probe"]["picture"] == {
        "sha256": facts.probe.picture.sha256,
        "shown_sha256": hashlib.sha256(facts.probe.picture.data).hexdigest(),
    }
    assert told["issued_at"] == "2026-11-21T14:12:05+00:00"
    assert told["candidate"]["photographs"][1]["arrest_date"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"case_number": "2026-041-004513"},
        {"demonstration": True},
        {"candidate": candidate(background="Something else.")},
        {"probe": replace(possible_match().probe, picture=picture("plum"))},
        {"steps": possible_match().steps[:-1]},
    ],
)
def test_any_changed_fact_changes_the_digest_and_the_code(changed: dict) -> None:
    before, after = verified(possible_match()), verified(possible_match(**changed))
    assert before.manifest_digest != after.manifest_digest
    assert before.code != after.code


@given(digest=st.binary(max_size=40).map(lambda data: hashlib.sha256(data).hexdigest()))
def test_a_code_survives_how_people_type_and_fits_only_its_digest(digest: str) -> None:
    code = verification_code(digest, SECRET)
    assert len(code) == 19
    assert not set(code) & set("ILOU")
    typed = " " + code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert normalise_code(typed) == code
    assert verification_code(digest, SECRET + b"another") != code
    assert verification_code(digest[::-1] + "0", SECRET) != code


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 16, "7K3M-Q2RT-9WXA-4HBC-1", "7K3M-Q2RT-9WXA-4HB!", "é" * 16])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert normalise_code(typed) is None


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        verification_code("ab" * 32, b"short")


def test_the_drawings_of_these_tests_differ() -> None:
    first, second = (Image.open(io.BytesIO(drawing(hue))).convert("RGB") for hue in ("peru", "plum"))
    assert first.tobytes() != second.tobytes()

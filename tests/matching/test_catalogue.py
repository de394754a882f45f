"""The catalogue refuses what it does not know; the NIST gate fails closed."""

from datetime import date, timedelta

import msgspec
import pytest

from app.clauses import registry
from app.matching.catalogue import (
    CATALOGUE_FILE,
    NistDataset,
    NistDemographics,
    NistEvaluation,
    catalogue,
    load_catalogue,
)
from app.matching.errors import CatalogueError
from app.matching.nist import nist_status, review_due

MODEL = catalogue().extractors["dlib-resnet-v1"]
TODAY = date(2026, 11, 23)

# An invented record, for these tests only: no bundled model has one.
RECORD = NistEvaluation(
    developer="Invented for a test",
    algorithm_id="test-000",
    submission_date=date(2026, 1, 5),
    track="FRTE 1:N",
    report_edition_date=date(2026, 6, 1),
    report_url="https://example.invalid/report.pdf",
    report_sha256="0" * 64,
    datasets=(
        NistDataset(
            gallery_type="mugshot",
            probe_type="mugshot",
            gallery_size=1000,
            fnir_at_fpir_0_003=0.5,
            fnir_rank1_investigation=0.5,
        ),
    ),
    template_bytes=512,
    template_ms=10.0,
    search_ms=10.0,
    demographics=NistDemographics(
        source="test", false_positive_differential=2.0, false_negative_differential=2.0, groups=("a", "b")
    ),
    artefact_sha256=MODEL.sha256,
    artefact_version=MODEL.version,
    equals_evaluated_version=True,
    reviewed_by="A. Tester",
    reviewed_on=date(2026, 7, 1),
    next_review_due=date(2027, 1, 1),
)


def status(record, digest=MODEL.sha256, today=TODAY, longest=365):
    return nist_status(msgspec.structs.replace(MODEL, nist=record), digest, today, longest)


@pytest.mark.clause("FAIR-2")
def test_no_bundled_model_claims_an_evaluation():
    for model in catalogue().extractors.values():
        assert model.nist is None
        found = nist_status(model, model.sha256, TODAY, 365)
        assert not found.ok
        assert "no NIST evaluation record" in found.reason


@pytest.mark.clause("FAIR-2")
def test_a_current_record_of_the_loaded_file_is_accepted():
    found = status(RECORD)
    assert found.ok
    assert "test-000" in found.reason


@pytest.mark.clause("FAIR-2")
def test_a_record_of_another_file_is_not():
    found = status(RECORD, digest="f" * 64)
    assert not found.ok
    assert "f" * 64 in found.reason
    assert MODEL.sha256 in found.reason


@pytest.mark.clause("FAIR-2")
@pytest.mark.parametrize("changes", [{"equals_evaluated_version": False}, {"artefact_version": "2"}])
def test_a_record_of_another_version_is_not(changes):
    assert not status(msgspec.structs.replace(RECORD, **changes)).ok


@pytest.mark.clause("FAIR-2", "FAIR-3")
def test_a_record_lapses_the_day_after_its_review_was_due():
    due = RECORD.next_review_due
    assert status(RECORD, today=due).ok
    lapsed = status(RECORD, today=due + timedelta(days=1))
    assert not lapsed.ok
    assert "lapsed" in lapsed.reason
    assert not status(RECORD, today=RECORD.reviewed_on - timedelta(days=1)).ok


@pytest.mark.clause("FAIR-3")
def test_a_review_put_off_for_years_is_due_after_the_rules_days_bypass():
    """Whatever day the record names: the rule bounds it, and an earlier day of the record stands."""
    far = msgspec.structs.replace(RECORD, next_review_due=date(2099, 1, 1))
    last = RECORD.reviewed_on + timedelta(days=365)
    assert status(far, today=last).ok and review_due(far, 365) == last
    assert "lapsed" in status(far, today=last + timedelta(days=1)).reason
    assert review_due(RECORD, 365) == RECORD.next_review_due
    before = msgspec.structs.replace(RECORD, report_edition_date=RECORD.reviewed_on + timedelta(days=1))
    assert "before its report" in status(before, today=RECORD.reviewed_on).reason


@pytest.mark.clause("FAIR-2")
def test_the_gate_is_registered():
    assert "app.matching.nist:nist_status" in registry()["FAIR-2"]


@pytest.mark.clause("FAIR-2")
def test_a_record_without_its_demographic_part_cannot_be_written(tmp_path):
    encoded = msgspec.to_builtins(RECORD)
    del encoded["demographics"]
    with pytest.raises(msgspec.ValidationError, match="demographics"):
        msgspec.convert(encoded, NistEvaluation)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("opt_in = true", "opt_in = true\nnickname = 'x'", "nickname"),
        ("dims = 128", "dims = 0", "dims"),
        ('licence = "MIT"', 'licence = ""', "licence"),
        ('sha256 = "09189d', 'sha256 = "X9189d', "sha256"),
        ('file = "centerface.onnx"', 'file = "../centerface.onnx"', "file"),
        ('detector = "centerface"', 'detector = "nobody"', "default"),
        ('file = "face_recognition_sface_2021dec.onnx"', 'file = "centerface.onnx"', "share a file"),
        ("[extractors.sface-2021dec]", "[extractors.centerface]", "share an id"),
        ('detector = "centerface"', "detector = ", "models.toml"),
    ],
)
def test_a_faulty_catalogue_is_refused_and_the_fault_named(tmp_path, old, new, said):
    text = CATALOGUE_FILE.read_text()
    assert old in text
    faulty = tmp_path / "models.toml"
    faulty.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError, match=said):
        load_catalogue(faulty)


def test_an_unknown_model_is_named_with_the_known_ones():
    with pytest.raises(CatalogueError, match="sface-2021dec"):
        catalogue().model("arcface")


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(AttributeError):
        MODEL.sha256 = "0" * 64

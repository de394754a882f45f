"""Probes never enter the repository (CAP-4): by digest refused, an edited copy of its photograph held for a person."""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain.algorithms import networks
from app.domain.gallery import intake, intake_batch, intake_checks, intake_holds
from app.domain.gallery.look_alikes import PICTURE_BITS
from app.extensions import db, stores
from app.matching.perceptual import hash_distance, perceptual_hash
from app.matching.same_photograph import Look, aligned
from app.models import GalleryHold, GalleryPerson, GalleryPhoto, ImportOutcome, ProbeImage, Template
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import arrest_photograph, encoded, needs_models, row, run_import, write_folder
from tests.events_and_notices import events
from tests.request_factory import SHOP_CAMERA
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[3]


def pixels(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def signals(one: bytes, other: bytes) -> tuple[int, bool]:
    """Distance of the hashes of two whole photographs, and whether their pixels are one photograph's."""
    hashes, faces = [], []
    for data in (one, other):
        picture = pixels(data)
        hashes.append(perceptual_hash(picture))
        faces.append(aligned(picture, networks.detector().detect(picture)[0].points))
    return hash_distance(*hashes), Look([faces[0]], hashes[0]).shows(faces[1])


def face_box(picture: np.ndarray) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = networks.detector().detect(picture)[0].box
    return max(0, int(x1)), max(0, int(y1)), int(x2), int(y2)


def with_face_of(data: bytes, other: bytes) -> bytes:
    """The same picture in the large, with another person's face."""
    picture, source = pixels(data).copy(), pixels(other)
    x1, y1, x2, y2 = face_box(picture)
    a1, b1, a2, b2 = face_box(source)
    face = cv2.resize(source[b1:b2, a1:a2], (x2 - x1, y2 - y1))
    oval = np.zeros(face.shape[:2], np.uint8)
    cv2.ellipse(oval, ((x2 - x1) // 2, (y2 - y1) // 2), ((x2 - x1) // 2, (y2 - y1) // 2), 0, 0, 360, 255, cv2.FILLED)
    picture[y1:y2, x1:x2][oval > 0] = face[oval > 0]
    return encoded(picture)


def cropped(data: bytes) -> bytes:
    """The same face in another picture: cut out off its centre."""
    picture = pixels(data)
    x1, y1, x2, y2 = face_box(picture)
    return encoded(picture[max(0, y1 - 30) : y2 + 60, max(0, x1 - 60) : x2 + 20])


def copied(data: bytes) -> bytes:
    """The same picture as another file: smaller, darker, compressed harder."""
    small = cv2.resize(pixels(data), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return encoded(cv2.convertScaleAbs(small, alpha=0.92), 70)


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def probe(make):
    """probe(data): an image submitted as a probe, checked by the worker."""
    return lambda data: make.image(make.empty(), data)


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_probes_file_is_refused_by_its_digest_as_submitted_and_as_shown(app, probe, tmp_path):
    submitted = probe(arrest_photograph(1))
    assert submitted.state == "ready"
    shown = stores().blobs.get(submitted.shown_blob_id, submitted.key_id, submitted.shown_sha256)
    rows = [row(1), row(2, file="shown.png")]
    outcome = run_import(write_folder(tmp_path, rows, {"shown.png": shown}))
    assert [refusal.rules for _, refusal in outcome.refused] == [("probe-same-file",)] * 2
    assert outcome.enrolled == outcome.held == 0
    assert count(GalleryPhoto) == count(GalleryPerson) == count(GalleryHold) == count(Template) == 0


def booked(make, data):
    """The booking photograph of a person under arrest, submitted to identify them (USE-5)."""
    return make.image(make.empty(), data, describe=replace(SHOP_CAMERA, source="arrest_processing", source_facts={}))


@needs_models
@pytest.mark.clause("CAP-4", "CAP-3", "USE-5")
def test_a_booking_photograph_that_was_asked_about_waits_for_a_person_and_enters_by_their_decision(app, make, tmp_path):
    submitted = booked(make, arrest_photograph(1))
    outcome = run_import(write_folder(tmp_path, [row(1)]))
    assert outcome.held == 1 and outcome.enrolled == 0 and not outcome.refused
    held = db.session.scalars(select(GalleryHold)).one()
    assert held.probe_image_id == submitted.id
    [kept] = db.session.scalars(select(ImportOutcome).where(ImportOutcome.outcome == "held"))
    assert kept.rules == ["probe-booking-photograph"]
    assert intake_holds.decide(held, True, "The arrest was charged: court docket seen.") is None
    assert db.session.scalars(select(GalleryPhoto)).one().sha256 == submitted.sha256


@needs_models
@pytest.mark.clause("CAP-4", "USE-5")
def test_a_file_that_was_also_submitted_as_something_else_stays_out_bypass(app, make, probe, tmp_path):
    """Filing a surveillance still a second time, as a booking photograph, opens nothing."""
    probe(arrest_photograph(1))
    booked(make, arrest_photograph(1))
    outcome = run_import(write_folder(tmp_path, [row(1)]))
    assert [refusal.rules for _, refusal in outcome.refused] == [("probe-same-file",)] and outcome.held == 0


@needs_models
@pytest.mark.clause("CAP-4", "USE-5")
def test_a_held_booking_photograph_that_is_submitted_otherwise_meanwhile_is_not_admitted_bypass(
    app, make, probe, tmp_path
):
    booked(make, arrest_photograph(1))
    run_import(write_folder(tmp_path, [row(1)]))
    probe(arrest_photograph(1))
    held = db.session.scalars(select(GalleryHold)).one()
    refusal = intake_holds.decide(held, True, "The arrest was charged: court docket seen.")
    assert refusal is not None and refusal.rules == ("probe-same-file",)
    assert count(GalleryPhoto) == 0


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_prepared_image_is_refused_by_its_digest(app, make, tmp_path):
    prepared = make.prepare(make.request(state="documented"))
    kept = stores().blobs.get(prepared.blob_id, prepared.key_id, prepared.sha256)
    outcome = run_import(write_folder(tmp_path, [row(2, file="kept.png")], {"kept.png": kept}))
    assert [refusal.rules for _, refusal in outcome.refused] == [("probe-same-file",)]
    assert count(GalleryPhoto) == count(GalleryHold) == 0


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_probe_that_is_submitted_while_the_import_runs_is_refused_too(app, probe, tmp_path, monkeypatch):
    examine = intake.examine

    def overtaken(given, data):
        found = examine(given, data)
        probe(data)
        return found

    monkeypatch.setattr(intake, "examine", overtaken)
    outcome = run_import(write_folder(tmp_path, [row(1)]))
    assert [refusal.rules for _, refusal in outcome.refused] == [("probe-same-file",)]
    assert count(GalleryPhoto) == 0 and set(stores().keys.iter_ids()) == {image.key_id for image in _probes()}


def _probes() -> list[ProbeImage]:
    return list(db.session.scalars(select(ProbeImage)))


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_look_alike_that_is_submitted_while_the_import_runs_is_held(app, probe, tmp_path, monkeypatch):
    store = intake_batch.Batch._store
    submitted = []

    def overtaken(self, alike):
        if not submitted:
            submitted.append(probe(copied(arrest_photograph(1))))
        return store(self, alike)

    monkeypatch.setattr(intake_batch.Batch, "_store", overtaken)
    outcome = run_import(write_folder(tmp_path, [row(1)]))
    assert (outcome.enrolled, outcome.held) == (0, 1)
    # what the first attempt had stored for nothing is gone
    kept = {hold.blob_id for hold in db.session.scalars(select(GalleryHold))}
    kept |= {blob for image in _probes() for blob in (image.blob_id, image.shown_blob_id)}
    assert set(stores().blobs.iter_ids()) == kept


@needs_models
@pytest.mark.clause("CAP-4")
def test_the_same_picture_with_another_face_is_another_photograph(app, probe, tmp_path):
    other = with_face_of(arrest_photograph(2), arrest_photograph(3))
    distance, same = signals(arrest_photograph(2), other)
    assert distance <= PICTURE_BITS and not same
    assert probe(other).state == "ready"
    outcome = run_import(write_folder(tmp_path, [row(2)]))
    assert (outcome.enrolled, outcome.held) == (1, 0)


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_cropped_copy_of_a_probe_is_held_bypass(app, probe, tmp_path):
    """Another picture in the large, so that nothing is found by the look of the whole of it."""
    other = cropped(arrest_photograph(5, 1))
    distance, same = signals(arrest_photograph(5, 1), other)
    assert distance > PICTURE_BITS and same
    assert probe(other).state == "ready"
    outcome = run_import(write_folder(tmp_path, [row(5, 1)]))
    assert (outcome.enrolled, outcome.held) == (0, 1)


@needs_models
@pytest.mark.clause("CAP-4", "LIM-5")
def test_another_photograph_of_somebody_in_a_probe_enters(app, probe, tmp_path):
    """The same photograph, never the same person: nobody is looked for among the probes."""
    probe(arrest_photograph(5, 1))
    outcome = run_import(write_folder(tmp_path, [row(5, 0), row(5, 2)]))
    assert (outcome.enrolled, outcome.held) == (2, 0)


@needs_models
@pytest.mark.clause("CAP-4")
def test_an_edited_copy_holds_a_photograph_outside_the_repository(app, probe, tmp_path):
    submitted = probe(copied(arrest_photograph(5, 1)))
    folder = write_folder(tmp_path, [row(5, 1), row(5, 2)])
    outcome = run_import(folder)
    assert (outcome.enrolled, outcome.held) == (1, 1)
    [hold] = db.session.scalars(select(GalleryHold))
    [photo] = db.session.scalars(select(GalleryPhoto))
    assert hold.probe_image_id == submitted.id and hold.key_id not in (photo.key_id, submitted.key_id)
    assert events("gallery.held") == [{"batch": photo.batch, "record": hold.uid, "image": submitted.uid}]
    again = run_import(folder)
    assert (again.already, again.held, again.enrolled) == (2, 0, 0) and count(GalleryHold) == 1
    listed = app.test_cli_runner().invoke(args=["gallery", "held"])
    assert hold.uid in listed.output and submitted.request.number in listed.output


@needs_models
@pytest.mark.clause("CAP-4", "CAP-3", "USE-5")
@pytest.mark.parametrize("rule", ["probe-look-alike", "probe-booking-photograph", "gallery-same-picture"])
def test_import_does_with_a_photograph_what_the_rule_says(app, make, probe, tmp_path, monkeypatch, rule):
    """Where a department's rule says “refuse”, nothing is held for a person who could admit it."""
    gallery = policy().gallery
    stricter = tuple(
        msgspec.structs.replace(one, action="refuse") if one.id == rule else one for one in gallery.exclusions
    )
    changed = dataclasses.replace(policy(), gallery=dataclasses.replace(gallery, exclusions=stricter))
    monkeypatch.setattr(intake_checks, "policy", lambda: changed)
    data = arrest_photograph(5, 1)
    if rule == "probe-look-alike":
        probe(copied(data))
    elif rule == "probe-booking-photograph":
        booked(make, data)
    else:
        assert run_import(write_folder(tmp_path, [row(5, 1)])).enrolled == 1
    entering = [row(5, 1)] if rule.startswith("probe") else [row(6, 0, file=row(5, 1)["file"])]
    outcome = run_import(write_folder(tmp_path, entering))
    assert [refusal.rules for _, refusal in outcome.refused] == [
        ("probe-same-file" if rule == "probe-booking-photograph" else rule,)
    ]
    assert (outcome.enrolled, outcome.held) == (0, 0)
    assert count(GalleryHold) == 0


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_person_admits_a_held_photograph_only_while_every_other_rule_holds(app, probe, tmp_path):
    probe(copied(arrest_photograph(5, 1)))
    folder = write_folder(tmp_path, [row(5, 1)])
    run_import(folder)
    [hold] = db.session.scalars(select(GalleryHold))
    uid, key_id, blob_id = hold.uid, hold.key_id, hold.blob_id
    taken = write_folder(tmp_path, [row(2, 0, record_number="R-0005-1")])
    assert run_import(taken).enrolled == 1
    run = app.test_cli_runner().invoke
    refused = run(args=["gallery", "decide", uid, "--admit", "--reason", "It is the record's own photograph."])
    assert refused.exit_code == 1 and "stays held" in refused.output
    assert run(args=["gallery", "remove", "R-0005-1", "--reason", "voided"]).exit_code == 0
    db.session.rollback()
    assert hold.decision is None and count(GalleryPhoto) == 1

    with unit_of_work():
        left = db.session.scalars(select(GalleryPhoto)).one()
        left.number_index = GalleryPhoto.index_of("R-0002-0")
        from app import audit

        audit.record("gallery.removed", left, record="R-0005-1", generation=2)
    admitted = run(args=["gallery", "decide", uid, "--admit", "--reason", "It is the record's own photograph."])
    assert admitted.exit_code == 0, admitted.output
    db.session.rollback()
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == "R-0005-1")).one()
    assert (
        photo.sha256 == hold.sha256 and photo.private["charge"] == "Theft of a drawn coat" and len(photo.templates) == 1
    )
    assert hold.decision == "admitted" and hold.sealed is None
    assert stores().keys.is_destroyed(key_id) and not stores().blobs.exists(blob_id)
    assert run(args=["gallery", "decide", uid, "--refuse", "--reason", "Second thoughts"]).exit_code == 1
    assert events("gallery.hold_decided") == [{"hold": uid, "decision": "admitted"}]


@needs_models
@pytest.mark.clause("CAP-4")
def test_a_held_photograph_that_a_person_refuses_is_erased_and_stays_out(app, probe, tmp_path):
    probe(copied(arrest_photograph(5, 1)))
    folder = write_folder(tmp_path, [row(5, 1)])
    run_import(folder)
    [hold] = db.session.scalars(select(GalleryHold))
    decide = ["gallery", "decide", hold.uid, "--refuse", "--reason", "It is a probe."]
    result = app.test_cli_runner().invoke(args=decide)
    assert result.exit_code == 0, result.output
    db.session.rollback()
    assert hold.decision == "refused" and stores().keys.is_destroyed(hold.key_id)
    outcome = run_import(folder)
    assert [refusal.rules for _, refusal in outcome.refused] == [("probe-look-alike",)] and count(GalleryPhoto) == 0


@needs_models
@pytest.mark.clause("CAP-4")
def test_an_erased_probe_holds_nothing_and_a_damaged_one_leaves_it_to_a_person(app, probe, settings, tmp_path):
    erased = probe(copied(arrest_photograph(5, 1)))
    stores().blobs.destroy(erased.blob_id)
    damaged = probe(copied(arrest_photograph(1)))
    path = settings.blob_dir / damaged.blob_id[:2] / damaged.blob_id
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    outcome = run_import(write_folder(tmp_path, [row(5, 1), row(1)]))
    assert [given["record_number"] for given in outcome.held_rows] == ["R-0001-0"] and outcome.enrolled == 1


@needs_models
@pytest.mark.clause("CAP-4")
def test_the_database_keeps_one_photograph_per_digest(app, tmp_path):
    run_import(write_folder(tmp_path, [row(1)]))
    [photo] = db.session.scalars(select(GalleryPhoto))
    copy = {
        c.name: getattr(photo, c.name) for c in GalleryPhoto.__table__.columns if c.name not in ("id", "uid", "sealed")
    }
    with pytest.raises(IntegrityError):
        with unit_of_work():
            db.session.add(GalleryPhoto(**{**copy, "record_number": "R-other"}))
            db.session.flush()


@pytest.mark.clause("CAP-4")
def test_only_the_intake_makes_rows_of_the_repository():
    """Whatever writes these tables passes the digest check and the comparison; nothing else may construct a row."""
    makers: dict[str, set[str]] = {}
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(source_tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in {"GalleryPhoto", "GalleryHold", "GalleryPerson", "enrol"}:
                    makers.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    verbs = {"app/domain/gallery/verbs.py"}
    assert makers == {
        "GalleryPhoto": verbs,
        "GalleryHold": verbs,
        "GalleryPerson": verbs,
        "enrol": {"app/domain/gallery/intake_batch.py", "app/domain/gallery/intake_holds.py"},
    }

"""What enters the repository and what does not (CAP-3), in batches that survive a kill, unreadable at rest (ACC-10)."""

from __future__ import annotations

import json
import multiprocessing
from datetime import date

import cv2
import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.audit.chain import verify
from app.domain.algorithms import networks
from app.domain.gallery import loaded_index
from app.domain.gallery.intake_checks import check_row
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.repository_index import generation, open_template
from app.extensions import db, stores
from app.models import AuditEvent, GalleryImport, GalleryPerson, GalleryPhoto, Template
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import (
    arrest_photograph,
    encoded,
    import_people,
    killed_import,
    needs_models,
    row,
    run_import,
    write_folder,
)
from tests.events_and_notices import events

TODAY = date(2026, 11, 23)
JPEG_START = b"\xff\xd8\xff\xe0\x00\x10JFIF"


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.clause("CAP-3")
@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("source", "driver licence", "gallery-source"),
        ("source", "", "gallery-source"),
        ("charged", "no", "gallery-charged"),
        ("charged", "", "gallery-charged"),
        ("jurisdiction", "family", "gallery-jurisdiction"),
        ("jurisdiction", "juvenile", "gallery-jurisdiction"),
        ("jurisdiction", "civil", "gallery-jurisdiction"),
        ("status", "sealed", "gallery-status"),
        ("status", "expunged", "gallery-status"),
        ("status", "voided", "gallery-status"),
        ("status", "dismissed", "gallery-status"),
        ("status", "", "gallery-status"),
    ],
)
def test_each_rule_refuses_a_row_by_its_id(column, value, rule):
    assert check_row(Row(2, row(1)), TODAY) is None
    refusal = check_row(Row(2, row(1, **{column: value})), TODAY)
    assert refusal is not None and refusal.rules == (rule,)
    assert "CAP-3" in policy().rule(rule).authority


@needs_models
@pytest.mark.clause("CAP-3")
def test_an_import_takes_in_what_is_lawful_and_says_why_not(app, tmp_path):
    one, other = (cv2.imdecode(np.frombuffer(arrest_photograph(seed), np.uint8), 1) for seed in (1, 2))
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(arrest_photograph(3))
    rows = [
        row(1),
        row(1, 1, source="PAROLE"),
        row(2, status="sealed"),
        row(10, file="broken.jpg"),
        row(11, file="wall.jpg"),
        row(12, file="two.jpg"),
        row(13, file="../outside.jpg"),
        row(14, file="absent.jpg"),
        row(1, record_number="R-copy"),
        row(15, file="copy.jpg"),
        row(16, file="empty.jpg"),
        row(17, file="text.webp"),
        row(2, record_number="R-0001-0"),
    ]
    files = {
        "broken.jpg": arrest_photograph(1)[:2000],
        "wall.jpg": encoded(np.full((300, 300, 3), 90, np.uint8)),
        "two.jpg": encoded(np.hstack([one, other])),
        "copy.jpg": arrest_photograph(1),
        "empty.jpg": b"",
        "text.webp": b"<script>",
        "2-0.jpg": arrest_photograph(2),
    }
    outcome = run_import(write_folder(tmp_path, rows, files))
    assert outcome.rows == len(rows)
    assert (outcome.enrolled, outcome.already, outcome.held) == (2, 0, 1)
    assert [given["file"] for given in outcome.held_rows] == ["copy.jpg"]
    assert list(outcome.outcomes.values()) == [
        "enrolled",
        "enrolled",
        "refused",
        "unreadable",
        "no_face",
        "several_faces",
        "unreadable",
        "unreadable",
        "duplicate",
        "held",
        "unreadable",
        "unreadable",
        "refused",
    ]
    assert {given["file"]: refusal.rules for given, refusal in outcome.refused} == {
        "2-0.jpg": ("intake-record-taken",),
        "broken.jpg": ("intake-unreadable",),
        "wall.jpg": ("intake-no-face",),
        "two.jpg": ("intake-several-faces",),
        "../outside.jpg": ("intake-path",),
        "absent.jpg": ("intake-file",),
        "empty.jpg": ("intake-unreadable",),
        "text.webp": ("intake-unreadable",),
    }
    [person] = db.session.scalars(select(GalleryPerson))
    assert [photo.source for photo in person.photos] == ["arrest", "parole"]
    assert person.private["name"].startswith("Demo") and person.private["height_in"] == 70
    assert {photo.private["charge"] for photo in person.photos} == {"Theft of a drawn coat"}
    [enrolled] = events("gallery.enrolled")
    assert enrolled == {"batch": person.photos[0].batch, "photos": 2, "generation": 1} and generation() == 1
    [refused] = events("gallery.refused")
    assert refused["rows"] == 9 and refused["rules"]["gallery-status"] == 1
    assert "copy.jpg" not in json.dumps(refused)
    for photo in person.photos:
        assert stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256)[:2] == b"\xff\xd8"
        (left, top), (right, bottom) = photo.eyes
        assert 0 < left < right < photo.width and 0 < top < photo.height and abs(top - bottom) < right - left
    assert b"eyes" not in person.photos[0].sealed, "where the eyes are is sealed with the photograph"


@needs_models
@pytest.mark.clause("CAP-3")
def test_running_again_does_nothing_twice(app, tmp_path):
    folder = import_people(tmp_path, [0, 1])
    keys = set(stores().keys.iter_ids())
    again = run_import(folder)
    assert (again.enrolled, again.already) == (0, 3)
    assert generation() == 1 and len(events("gallery.enrolled")) == 1
    assert count(GalleryPhoto) == count(Template) == 3 and set(stores().keys.iter_ids()) == keys


@needs_models
def test_a_later_photograph_joins_its_person_and_the_latest_statement_stands(app, tmp_path):
    run_import(write_folder(tmp_path, [row(2, 1, weight_lb="180", marks="")]))
    run_import(write_folder(tmp_path, [row(2, 0, weight_lb="150", marks="Old scar"), row(2, 2, weight_lb="200")]))
    [person] = db.session.scalars(select(GalleryPerson))
    assert [photo.record_number for photo in person.photos] == ["R-0002-0", "R-0002-1", "R-0002-2"]
    assert person.private["weight_lb"] == 200 and generation() == 2
    assert len({person.key_id, *(photo.key_id for photo in person.photos)}) == 4, "a key each, so that one can go alone"


@needs_models
@pytest.mark.long
@pytest.mark.timeout(300)
def test_killed_in_mid_batch_and_run_again_it_ends_complete_without_duplicates(app, settings, tmp_path):
    folder = write_folder(tmp_path, [row(seed, n) for seed in (1, 2) for n in range(seed + 1)])
    child = multiprocessing.get_context("spawn").Process(target=killed_import, args=(settings, folder, 2, 2))
    child.start()
    child.join(200)
    assert child.exitcode == -9
    assert count(GalleryPhoto) == 2 and len(events("gallery.enrolled")) == 1
    outcome = run_import(folder)
    # the same import went on: what the killed run took in is counted once
    assert (outcome.enrolled, outcome.already) == (5, 0) and count(GalleryImport) == 1
    db.session.rollback()
    assert count(GalleryPhoto) == count(Template) == 5 and count(GalleryPerson) == 2
    for photo in db.session.scalars(select(GalleryPhoto)):
        assert stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256)
    assert not list(verify(db.session.scalars(select(AuditEvent).order_by(AuditEvent.sequence))))


@needs_models
@pytest.mark.clause("ACC-10")
def test_no_photograph_template_or_name_can_be_read_from_the_disk(app, settings, tmp_path):
    folder = import_people(tmp_path, [0, 1])
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == "R-0000-0")).one()
    digest = networks.extractor().digest
    vector = open_template(photo.key_id, photo.uid, digest, photo.templates[0].box).vector
    original = (folder / "0-0.jpg").read_bytes()
    name = photo.person.private["name"]
    db.session.rollback()
    kinds = ("<f4", ">f4", "<f8")
    needles = [vector[start : start + 4].astype(kind).tobytes() for start in (0, 40, 120) for kind in kinds]
    needles += [original[start : start + 24] for start in (0, 600, len(original) // 2)]
    needles += [JPEG_START, name.encode(), b"Theft of a drawn coat", b"1980-05-04", b"Scar over"]
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > len(original)
    assert original.startswith(JPEG_START) and any("sqlite" in path.name for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path


@needs_models
@pytest.mark.clause("CAP-3", "CAP-6")
def test_a_removed_photograph_is_absent_from_the_very_next_search(app, tmp_path):
    import_people(tmp_path, [0, 2])
    index = loaded_index.repository()
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == "R-0002-1")).one()
    probe = open_template(photo.key_id, photo.uid, index.index.model_digest, photo.templates[0].box)
    ranking, _, people, photos = index.search(probe, 25)
    assert [len(person.photos) for person in ranking] == [3, 1] and (people, photos) == (2, 4)
    assert ranking[0].photo_id == photo.uid
    result = app.test_cli_runner().invoke(args=["gallery", "remove", "R-0002-1", "--reason", "sealed"])
    assert result.exit_code == 0, result.output
    ranking, at, people, photos = index.search(probe, 25)
    assert (at, people, photos) == (2, 2, 3)
    assert photo.uid not in {uid for person in ranking for uid, _ in person.photos}


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_what_leaves_is_erased_and_with_the_last_photograph_the_persons_key(app, tmp_path):
    folder = import_people(tmp_path, [1])
    first, second = db.session.scalars(select(GalleryPhoto).order_by(GalleryPhoto.taken_on)).all()
    keys, key_id, blobs = [first.key_id, second.key_id], first.person.key_id, [first.blob_id, second.blob_id]
    run = app.test_cli_runner().invoke
    assert run(args=["gallery", "remove", "R-0001-0", "--reason", "sealed"]).exit_code == 0
    assert [stores().blobs.exists(blob) for blob in blobs] == [False, True]
    assert [stores().keys.is_destroyed(key) for key in (*keys, key_id)] == [True, False, False]
    assert count(Template) == 1 and stores().blobs.get(second.blob_id, second.key_id, second.sha256)
    assert run(args=["gallery", "remove", "R-0001-1", "--reason", "expunged"]).exit_code == 0
    assert all(stores().keys.is_destroyed(key) for key in (*keys, key_id)) and count(Template) == 0
    assert not any(stores().blobs.exists(blob) for blob in blobs)
    db.session.rollback()
    [person] = db.session.scalars(select(GalleryPerson))
    assert person.sealed is None and all(photo.sealed is None for photo in person.photos)
    assert [keys["record"] for keys in events("gallery.removed")] == [first.uid, second.uid]
    # the same photographs do not come back; a later arrest does, under a key of its own
    again = run_import(folder)
    assert {refusal.rules for _, refusal in again.refused} == {("gallery-status",)} and again.enrolled == 0
    later = write_folder(tmp_path, [row(1, 2)])
    assert run_import(later).enrolled == 1
    db.session.rollback()
    assert person.key_id != key_id and person.private["height_in"] == 70


@needs_models
def test_an_erasure_that_a_crash_cut_short_is_finished_later(app, tmp_path, monkeypatch):
    from app.domain.gallery import verbs as gallery

    import_people(tmp_path, [0])
    photo = db.session.scalars(select(GalleryPhoto)).one()
    key_id, blob_id = photo.key_id, photo.blob_id
    monkeypatch.setattr(gallery, "_erase", lambda *_: None)
    with unit_of_work():
        gallery.remove(photo, "sealed")
    monkeypatch.undo()
    assert stores().keys.exists(key_id) and stores().blobs.exists(blob_id)
    assert gallery.finish_erasures() == 1 and gallery.finish_erasures() == 0
    assert stores().keys.is_destroyed(key_id) and not stores().blobs.exists(blob_id)


@needs_models
@pytest.mark.clause("CAP-3")
@pytest.mark.parametrize(("column", "value"), [("source", "licence"), ("jurisdiction", "family"), ("charged", False)])
def test_the_database_itself_refuses_what_is_not_lawful(app, tmp_path, column, value):
    import_people(tmp_path, [0])
    photo = db.session.scalars(select(GalleryPhoto)).one()
    with pytest.raises(IntegrityError):
        with unit_of_work():
            setattr(photo, column, value)
            db.session.flush()


@needs_models
@pytest.mark.clause("SRC-1")
def test_reindex_computes_what_is_missing_and_only_that(app, tmp_path):
    import_people(tmp_path, [0, 1])
    before = {template.photo_id: template.uid for template in db.session.scalars(select(Template))}
    with unit_of_work():
        gone = db.session.scalars(select(Template)).first()
        missing, vector = gone.photo_id, gone.box
        db.session.delete(gone)
        from app import audit

        audit.record("gallery.embedded", algorithm="test", photos=0)
    run = app.test_cli_runner().invoke
    result = run(args=["gallery", "reindex"])
    assert result.exit_code == 0 and "1 templates computed" in result.output
    db.session.rollback()
    after = {template.photo_id: template for template in db.session.scalars(select(Template))}
    assert after.keys() == before.keys() and after[missing].uid != before[missing]
    assert all(after[photo].uid == before[photo] for photo in after if photo != missing)
    photo = db.session.get(GalleryPhoto, missing)
    digest = networks.extractor().digest
    old, new = (open_template(photo.key_id, photo.uid, digest, box).vector for box in (vector, after[missing].box))
    assert old @ new == pytest.approx(1, abs=1e-5)
    assert generation() == 2
    assert "Every photograph has a template" in run(args=["gallery", "reindex"]).output and generation() == 2

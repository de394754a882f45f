"""An import as a whole: chunks, outcomes, going on after a stop, several processes, one picture under two people."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import cv2
import numpy as np
import pytest
from sqlalchemy import func, select

from app.audit.chain import verify
from app.domain.algorithms import networks
from app.domain.gallery import imports, intake
from app.domain.gallery import verbs as gallery
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.intake_sources import source_of
from app.extensions import db, stores
from app.jobs.gallery import import_workers
from app.jobs.gallery import intake as intake_job
from app.jobs.sweeper import lost
from app.models import AuditEvent, GalleryHold, GalleryImport, GalleryPhoto, ImportChunk, ImportOutcome, Job
from app.outbox.kinds import LOCAL
from app.storage import DiskFailure
from tests.drawn_gallery import arrest_photograph, encoded, needs_models, row, run_import, write_folder
from tests.events_and_notices import events
from tests.noise_gallery import NoiseDetector, NoiseExtractor, faults, write_records


@pytest.fixture
def noise(app, monkeypatch):
    """The stand-ins for the two networks, in this process."""
    detector, extractor = NoiseDetector(), NoiseExtractor()
    monkeypatch.setattr(networks, "detector", lambda: detector)
    monkeypatch.setattr(networks, "extractor", lambda: extractor)
    monkeypatch.setattr(imports, "CHUNK_ROWS", 5)


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.clause("CAP-3")
def test_an_import_is_cut_into_jobs_and_each_chunk_is_counted_by_an_event(noise, tmp_path):
    folder = write_records(tmp_path / "import", 12)
    done = []
    of = import_workers.run(source_of(folder), lambda so_far: done.append(so_far.done))
    assert done == [0, 5, 10, 12] and faults(12) == []
    assert [job.state for job in db.session.scalars(select(Job).order_by(Job.id))] == ["done"] * 3
    assert [keys["records"] for keys in events("gallery.examined")] == [5, 5, 2]
    [ended] = events("gallery.import_finished")
    assert ended == {"batch": of.uid, "outcomes": {"enrolled": 12}}
    assert set(db.session.scalars(select(GalleryPhoto.batch))) == {of.uid}


def test_rows_wait_sealed_and_nothing_of_them_is_left_afterwards(noise, tmp_path, settings):
    folder = write_records(tmp_path / "import", 7)
    of = imports.begin(source_of(folder))
    assert stores().keys.exists(of.key_id) and count(ImportChunk) == 2
    waiting = db.session.scalars(select(ImportChunk).order_by(ImportChunk.number)).first()
    assert waiting.private["rows"][0][1]["name"] == "Noise 0"
    db.session.rollback()
    for path in settings.data_dir.glob("corroborate.sqlite*"):
        assert b"Noise 0" not in path.read_bytes() and b"0000000.png" not in path.read_bytes()
    key_id = of.key_id
    import_workers.run(source_of(folder))
    assert stores().keys.is_destroyed(key_id)
    assert not list(db.session.scalars(select(ImportChunk.id).where(ImportChunk.sealed.is_not(None))))


def test_a_stopped_import_goes_on_and_one_with_another_list_gives_way(noise, tmp_path):
    folder = write_records(tmp_path / "import", 15)
    started = []

    def stop(of: GalleryImport) -> None:
        started.append(of.uid)
        if of.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_workers.run(source_of(folder), stop)
    assert count(GalleryPhoto) == 5
    of = import_workers.run(source_of(folder))
    assert of.uid == started[0] and of.tally == {"enrolled": 15} and faults(15) == []
    # a list that changed while it waited: what is done stays done, the rest is the new list's
    other = write_records(tmp_path / "other", 15)
    unfinished = imports.begin(source_of(other))
    uid, key_id = unfinished.uid, unfinished.key_id
    lines = (other / "manifest.csv").read_text().splitlines()
    (other / "manifest.csv").write_text("\n".join(lines[:6]) + "\n")
    newer = import_workers.run(source_of(other))
    db.session.rollback()
    replaced = db.session.scalars(select(GalleryImport).where(GalleryImport.uid == uid)).one()
    assert replaced.state == "replaced" and stores().keys.is_destroyed(key_id) and not replaced.chunks
    assert newer.tally == {"already": 5}


def test_a_chunk_that_is_given_up_stops_the_import_with_its_cause_and_the_next_run_takes_it_up(
    noise, tmp_path, monkeypatch
):
    folder = write_records(tmp_path / "import", 12)

    def full(*_: object) -> None:
        raise DiskFailure("The storage directory cannot be used: No space left on device.")

    monkeypatch.setattr("app.jobs.runner.delay", lambda _attempts: timedelta(0))
    with monkeypatch.context() as patch:
        patch.setattr(intake_job, "import_chunk", full)
        with pytest.raises(IntakeError, match=r"No space left on device. Run the import again"):
            import_workers.run(source_of(folder))
    assert count(GalleryPhoto) == 0 and stores().keys.exists(db.session.scalars(select(GalleryImport)).one().key_id)
    import_workers.run(source_of(folder))
    assert faults(12) == []


def test_a_run_stopped_in_the_middle_of_a_chunk_goes_on_after_its_last_batch(noise, tmp_path, monkeypatch):
    folder = write_records(tmp_path / "import", 12)
    enrol, calls = gallery.enrol, []

    def stopped(*given: object) -> int:
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return enrol(*given)

    monkeypatch.setattr(intake, "BATCH_BYTES", 1)  # each record is a batch of its own
    with monkeypatch.context() as patch:
        patch.setattr(gallery, "enrol", stopped)
        with pytest.raises(KeyboardInterrupt):
            import_workers.run(source_of(folder))
    assert count(GalleryPhoto) == count(ImportOutcome) == 3
    import_workers.run(source_of(folder))
    assert faults(12) == []


def test_no_sweep_sends_what_a_commands_own_processes_take_up(noise, tmp_path):
    of = imports.begin(source_of(write_records(tmp_path / "import", 12)))
    assert [job.queue for job in db.session.scalars(select(Job))] == [LOCAL] * 3 and lost() == []
    imports.hand_over(of, 2)
    assert [queue for queue, _ in lost()] == ["gallery", "gallery"]
    assert imports.waiting(of) == 1


def test_running_workers_hand_over_chunk_after_chunk_and_close_the_import(noise, tmp_path, run_jobs):
    of = imports.begin(source_of(write_records(tmp_path / "import", 23)))
    imports.hand_over(of, 2)
    run_jobs()
    assert faults(23) == []


@needs_models
@pytest.mark.timeout(240)
@pytest.mark.long
def test_two_processes_share_an_import(app, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)
    folder = write_folder(tmp_path, [row(seed, n) for seed in range(1, 7) for n in range(2)])
    outcome = run_import(folder, workers=2)
    assert outcome.enrolled == 12 and count(GalleryPhoto) == 12
    owners = {job.state for job in db.session.scalars(select(Job))}
    assert owners == {"done"}
    assert not list(verify(db.session.scalars(select(AuditEvent).order_by(AuditEvent.sequence))))


@needs_models
@pytest.mark.clause("CAP-3")
def test_one_picture_under_two_people_is_held_for_a_decision(app, tmp_path):
    original = arrest_photograph(3)
    picture = cv2.imdecode(np.frombuffer(original, np.uint8), cv2.IMREAD_COLOR)
    small = encoded(cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), 60)
    rows = [
        row(3),
        row(8, file="same.jpg"),
        row(9, file="small.jpg"),
        row(3, record_number="R-again", file="again.jpg"),
        row(3, 1),
        row(4),
    ]
    files = {"same.jpg": original, "small.jpg": small, "again.jpg": encoded(picture, 55)}
    outcome = run_import(write_folder(tmp_path, rows, files))
    # the same person photographed again, and the same picture again for them, are fine
    assert list(outcome.outcomes.values()) == ["enrolled", "held", "held", "enrolled", "enrolled", "enrolled"]
    first, second = db.session.scalars(select(GalleryHold).order_by(GalleryHold.id))
    assert first.photo_id == second.photo_id and first.probe_image_id is None
    there = db.session.get_one(GalleryPhoto, first.photo_id)
    assert there.record_number == "R-0003-0"
    assert [keys["other"] for keys in events("gallery.same_picture")] == [there.uid] * 2
    run = app.test_cli_runner().invoke
    listed = run(args=["gallery", "held"]).output
    assert listed.count("the picture of record R-0003-0, of another person") == 2
    # the very file cannot be two people's; another file can, when a person says so
    refused = run(args=["gallery", "decide", first.uid, "--admit", "--reason", "They are twins."])
    assert refused.exit_code == 1 and "of another person" in refused.output
    assert run(args=["gallery", "decide", first.uid, "--refuse", "--reason", "Misfiled."]).exit_code == 0
    assert run(args=["gallery", "decide", second.uid, "--admit", "--reason", "They are twins."]).exit_code == 0
    again = run_import(tmp_path / "import")
    assert list(again.outcomes.values()) == ["already", "refused", "already", "already", "already", "already"]
    assert again.refused[0][1].rules == ("gallery-same-picture",)


@needs_models
@pytest.mark.clause("CAP-3")
def test_one_picture_under_two_people_is_noticed_across_imports(app, tmp_path):
    run_import(write_folder(tmp_path, [row(3)]))
    (tmp_path / "later").mkdir()
    later = write_folder(tmp_path / "later", [row(9, file="same.jpg")], {"same.jpg": arrest_photograph(3)})
    assert run_import(later).held == 1 and count(GalleryHold) == 1


def test_outcomes_are_told_without_a_name_or_a_file(noise, app, tmp_path):
    folder = write_records(tmp_path / "import", 4)
    lines = (folder / "manifest.csv").read_text().splitlines()
    lines[2] = lines[2].replace(",yes,", ",no,").replace("0000001.png", "=cmd.png")
    lines[3] = lines[3].replace("N-0000002", "Jane Doe!?")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    run = app.test_cli_runner().invoke
    assert run(args=["gallery", "import", str(folder)]).exit_code == 0
    of = db.session.scalars(select(GalleryImport)).one()
    assert f"{of.uid}" in run(args=["gallery", "imports"]).output
    result = run(args=["gallery", "outcomes", of.uid])
    assert result.exit_code == 0 and "4 of 4 records, done" in result.output and "2  refused" in result.output
    rows = list(csv.DictReader(io.StringIO(run(args=["gallery", "outcomes", of.uid, "--csv"]).stdout)))
    assert [(one["line"], one["outcome"], one["rules"]) for one in rows] == [
        ("2", "enrolled", ""),
        ("3", "refused", "gallery-charged"),
        ("4", "refused", "intake-value"),
        ("5", "enrolled", ""),
    ]
    assert "record_number" not in rows[2] and "Jane" not in json.dumps(rows)
    kept = [str(value) for one in db.session.scalars(select(ImportOutcome)) for value in vars(one).values()]
    assert not [text for text in kept if "Jane" in text or "Noise" in text or ".png" in text]
    missing = run(args=["gallery", "outcomes", "0" * 32])
    assert missing.exit_code == 1 and "There is no import" in missing.stderr


@pytest.mark.parametrize("argument", [["--workers", "2", "--running"], ["--running"]])
def test_an_import_that_cannot_be_shared_says_so(noise, app, tmp_path, argument):
    folder = write_records(tmp_path / "import", 2)
    result = app.test_cli_runner().invoke(args=["gallery", "import", str(folder), *argument])
    assert result.exit_code == 1 and result.stderr.startswith("Error: ") and count(GalleryImport) == 0

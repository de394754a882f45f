"""The check of an uploaded image: plain, twice, without its network, with a disk that fails."""

from __future__ import annotations

import dataclasses

import pytest

from app.domain.algorithms import networks
from app.domain.requests import images as probe_images
from app.extensions import db, stores
from app.imaging import sniff
from app.jobs.registry import Retry
from app.jobs.requests import images
from app.models import AuditEvent, Job
from app.storage import DiskFailure
from app.unit_of_work import unit_of_work
from tests.request_factory import picture


def uploaded(make, data: bytes | None = None):
    """An image whose check is asked for and not yet done."""
    request = make.empty()
    data = data or picture()
    stored = stores().blobs.put(request.key_id, data)
    actor = make.people.actor("d.lark")
    with unit_of_work():
        return probe_images.add_image(request, actor, stored, sniff(data), "still.jpg")


def checks() -> list[str]:
    return [event.keys for event in db.session.query(AuditEvent).filter_by(event="image.checked")]


@pytest.mark.clause("REQ-3")
def test_faces_are_recorded_left_to_right_with_their_measures(make, run_jobs):
    image = uploaded(make)
    assert run_jobs() == 1
    assert image.state == "ready"
    assert image.phash is not None
    (face,) = image.faces
    x1, y1, x2, y2 = face.box
    assert 0 <= x1 < x2 <= image.width
    assert 0 <= y1 < y2 <= image.height
    assert len(face.points) == 5
    assert set(face.quality) == {"version", "policy", "measures", "findings"}
    assert face.quality["measures"]["inter_eye"] == pytest.approx(face.inter_eye, abs=1e-3)
    assert face.quality["measures"]["faces"] == 1
    assert face.inter_eye > 10
    assert len(checks()) == 1


def test_running_twice_leaves_the_same_rows(make, run_jobs):
    image = uploaded(make)
    run_jobs()
    before = (image.shown_blob_id, [face.uid for face in image.faces], sorted(stores().blobs.iter_ids()))
    images.check_image(db.session.query(Job).one())
    db.session.rollback()
    assert (image.shown_blob_id, [face.uid for face in image.faces], sorted(stores().blobs.iter_ids())) == before
    assert len(checks()) == 1


def test_a_removed_image_is_not_checked(make, run_jobs):
    image = uploaded(make)
    actor = make.people.actor("d.lark")
    with unit_of_work():
        probe_images.remove_image(image, actor)
    run_jobs()
    assert (image.state, image.faces) == ("checking", [])


def test_without_its_network_the_image_says_why_and_can_be_checked_again(app, make, run_jobs, tmp_path):
    image = uploaded(make)
    actor = make.people.actor("d.lark")
    complete = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(complete, models_dir=tmp_path)
    run_jobs()
    assert image.state == "not_checked"
    assert "not installed" in image.problem
    assert db.session.query(Job).one().state == "failed"
    app.extensions["settings"] = complete
    with unit_of_work():
        probe_images.check_again(image, actor)
    run_jobs()
    assert image.state == "ready"


def test_a_failing_disk_is_tried_again(make, monkeypatch):
    uploaded(make)

    def fails(*_args: object) -> bytes:
        raise DiskFailure("The disk is full.")

    monkeypatch.setattr(stores().blobs, "get", fails, raising=True)
    with pytest.raises(Retry, match="disk is full"):
        images.check_image(db.session.query(Job).one())


def test_the_original_is_checked_against_its_digest(make, run_jobs, settings):
    image = uploaded(make)
    path = settings.blob_dir / image.blob_id[:2] / image.blob_id
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    run_jobs()
    assert image.state == "not_checked"


def test_networks_are_loaded_once_per_process(app):
    assert networks.detector() is networks.detector()

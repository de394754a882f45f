"""New, failed, left-out and sealed photographs while an algorithm is changed: nothing drops out."""

from __future__ import annotations

import json

import pytest

from app.domain.algorithms import changes, networks
from app.domain.algorithms import registry as algorithms
from app.domain.gallery import embedding, loaded_index
from app.domain.gallery import verbs as gallery
from app.extensions import db
from app.models import AuditEvent, GalleryPhoto, Unembedded
from app.policy.refused import Refused
from app.unit_of_work import Conflict, unit_of_work
from tests.drawn_gallery import needs_models, row, run_import, write_folder
from tests.second_network import PEOPLE, begin, evaluate, ready, refused, step, templates

pytestmark = [needs_models, pytest.mark.clause("FAIR-2", "FAIR-3", "CAP-3")]


def test_new_photographs_get_templates_of_both(make, admin, run_jobs, tmp_path, first, second):
    change = ready(make, admin, run_jobs)
    run_import(write_folder(tmp_path, [row(31), row(32)]))
    assert refused(changes.cut_over, change, admin) == "every_photograph_embedded"
    run_jobs()
    assert (templates(first), templates(second)) == (8, 8)
    step(changes.cut_over, change, admin)
    networks.follow()
    run_import(write_folder(tmp_path, [row(33)]))
    assert (templates(first), templates(second)) == (8, 9), "taken in with the algorithm in use now"
    assert refused(changes.revert, change, admin) == "every_photograph_embedded"
    run_jobs()
    assert (templates(first), templates(second)) == (9, 9)
    step(changes.revert, change, admin)
    assert (change.state, algorithms.active().sha256) == ("reverted", first)


def test_what_was_embedded_before_the_algorithm_changed_for_good_does_not_enter(make, admin, run_jobs, tmp_path):
    """An import that began under the former algorithm and writes after the change was settled is refused, whole."""
    from app.domain.gallery import intake
    from app.domain.gallery.intake_manifest import IntakeError

    change = ready(make, admin, run_jobs)
    networks.extractor()
    step(changes.cut_over, change, admin)
    step(lambda c, a, r: changes.end(c, "settle", a, r), change, admin)
    folder = write_folder(tmp_path, [row(31)])
    follow, intake.networks.follow = intake.networks.follow, lambda: None
    try:
        with pytest.raises(IntakeError):
            run_import(folder)
    finally:
        intake.networks.follow = follow
    assert db.session.query(GalleryPhoto).count() == 6
    outcome = run_import(folder)
    assert outcome.enrolled == 1


def test_a_photograph_without_a_template_is_listed_and_bars_the_cut_over(
    make, admin, run_jobs, settings, first, second
):
    make.enrol(PEOPLE, photos=2)
    photo = db.session.query(GalleryPhoto).filter_by(id=3).one()
    path = next(path for path in settings.blob_dir.rglob("*") if path.is_file() and photo.blob_id in path.name)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + b"x")
    change = begin(admin)
    run_jobs()
    assert (change.state, templates(second)) == ("ready", 5)
    listed = db.session.query(Unembedded).one()
    assert (listed.photo.record_number, listed.algorithm_digest) == (photo.record_number, second) and listed.cause
    event = db.session.query(AuditEvent).filter_by(event="algorithm.unembedded").one()
    assert json.loads(event.keys)["records"] == [photo.uid]
    evaluate(change, admin)
    with pytest.raises(Refused, match=photo.record_number):
        step(changes.cut_over, change, admin)
    assert algorithms.active().sha256 == first

    # mended and tried again, it is like any other
    path.write_bytes(whole)
    with unit_of_work():
        assert changes.try_again(change, admin) == 1
    run_jobs()
    assert templates(second) == 6 and not db.session.query(Unembedded).count()
    step(changes.cut_over, change, admin)


def test_a_person_may_leave_a_listed_photograph_out_with_a_reason(make, admin, run_jobs, monkeypatch, second):
    make.enrol(PEOPLE, photos=2)
    plain = embedding._chip
    monkeypatch.setattr(
        embedding, "_chip", lambda photo, net: "No face is found." if photo.id == 3 else plain(photo, net)
    )
    change = begin(admin)
    run_jobs()
    evaluate(change, admin)
    listed = db.session.query(Unembedded).one()
    with pytest.raises(Refused), unit_of_work():
        changes.leave_out(change, admin, listed, "  ")
    with unit_of_work():
        changes.leave_out(change, admin, listed, "The photograph shows the back of a head.")
    with pytest.raises(Conflict), unit_of_work():
        changes.leave_out(change, admin, listed, "Twice.")
    switch = step(changes.cut_over, change, admin)
    assert switch.counts["left_out"] == 1 and switch.counts["target"] == 5
    assert listed.photo.removed_at is None, "it stays in the repository"


def test_a_listed_photograph_that_leaves_the_repository_bars_nothing(make, admin, run_jobs, monkeypatch):
    make.enrol(PEOPLE, photos=2)
    plain = embedding._chip
    monkeypatch.setattr(embedding, "_chip", lambda photo, net: "No face." if photo.id == 3 else plain(photo, net))
    change = begin(admin)
    run_jobs()
    evaluate(change, admin)
    assert refused(changes.cut_over, change, admin) == "unembedded_decided"
    with unit_of_work():
        gallery.remove(db.session.get_one(GalleryPhoto, 3), "sealed")
    step(changes.cut_over, change, admin)
    assert change.state == "in_use"


def test_a_photograph_sealed_during_the_change_is_in_neither_index(make, admin, run_jobs, first, second):
    change = ready(make, admin, run_jobs)
    photo = db.session.get_one(GalleryPhoto, 1)
    with unit_of_work():
        gallery.remove(photo, "sealed")
    assert (templates(first), templates(second)) == (5, 5)
    for digest in (first, second):
        index = loaded_index.repository(networks.extractor_of(digest))
        index.refresh()
        assert photo.uid not in index.index.photo_ids
    step(changes.cut_over, change, admin)

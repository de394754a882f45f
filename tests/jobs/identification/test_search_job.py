"""The search job: real networks on drawn people; plainly, twice, too late, each named failure (SRC-1, CAP-5)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from app.audit import record
from app.calendar import today
from app.domain.algorithms import networks
from app.domain.gallery import loaded_index
from app.domain.gallery.repository_index import next_generation
from app.domain.identification import verbs as identification
from app.extensions import db
from app.jobs import runner
from app.jobs.identification import search as search_job
from app.matching.catalogue import catalogue
from app.models import Candidate, GalleryPhoto, Notification
from app.models.base import now
from app.models.engine import AuditEvent, Job
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.conftest import models_directory
from tests.second_network import fictitious_record

pytestmark = pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
)
PEOPLE = [person(seed) for seed in (7, 21, 22)]


@pytest.fixture
def searching(make):
    """A request whose search is queued, and a repository that holds the person on its probe."""
    make.enrol(PEOPLE, photos=2)
    return make.request(state="searching")


def remove(photo: GalleryPhoto) -> None:
    """A photograph leaves the repository, as sealing would have it."""
    with unit_of_work():
        photo.removed_at, photo.removed_because = now(), "sealed"
        record("gallery.enrolled", batch="tests", photos=0, generation=next_generation())


def again(request) -> Job:
    """The search job of the request as if it had never run: a second delivery of the same id."""
    job = db.session.query(Job).filter_by(kind="search").one()
    with unit_of_work():
        job.state, job.finished_at = "queued", None
    return job


@pytest.mark.clause("SRC-1", "CAP-5", "CAP-6")
def test_a_search_lists_each_person_once_best_first(searching, run_jobs):
    run_jobs()
    search = searching.current_search
    assert searching.state == "searched"
    assert sorted(c.rank for c in search.candidates) == [1, 2, 3]
    best = min(search.candidates, key=lambda c: c.rank)
    assert best.person.private["name"] == PEOPLE[0].name, "the person on the probe comes first"
    scores = [c.score for c in sorted(search.candidates, key=lambda c: c.rank)]
    assert scores == sorted(scores, reverse=True)
    assert sorted(c.shown_order for c in search.candidates) == [1, 2, 3]
    assert (search.gallery_people, search.gallery_photos) == (3, 6)
    assert search.algorithm_digest == networks.extractor().digest
    assert search.probe_sha256 == search.image.sha256


@pytest.mark.clause("SRC-2")
def test_the_order_shown_can_be_drawn_again_from_its_seed(searching, run_jobs):
    from random import Random

    run_jobs()
    search = searching.current_search
    order = list(range(1, len(search.candidates) + 1))
    Random(search.order_seed).shuffle(order)
    assert [c.shown_order for c in sorted(search.candidates, key=lambda c: c.rank)] == order


def test_run_twice_there_is_one_list(searching, run_jobs):
    run_jobs()
    listed = {c.uid for c in searching.current_search.candidates}
    again(searching)
    run_jobs()
    db.session.rollback()
    assert {c.uid for c in db.session.query(Candidate)} == listed
    assert db.session.query(AuditEvent).filter_by(event="request.searched").count() == 1


def test_two_workers_at_once_leave_one_list(searching, run_jobs, monkeypatch):
    """A second worker finishes the same search while the first still ranks."""
    job = db.session.query(Job).filter_by(kind="search").one()
    plain, entered = search_job._embed, []

    def slow(search, extractor):
        template = plain(search, extractor)
        if not entered:
            entered.append(True)
            search_job.run_search(db.session.get(Job, job.id))
        return template

    monkeypatch.setattr(search_job, "_embed", slow)
    runner.perform(job.uid)
    assert db.session.query(Candidate).count() == 3
    assert searching.state == "searched"


@pytest.mark.clause("CAP-1", "SRC-1")
def test_a_request_that_moved_on_is_not_searched(make, run_jobs):
    make.enrol(PEOPLE)
    request = make.request(state="searching")
    with unit_of_work():
        identification.fail_search(request.current_search, "The examiner ended it.")
    run_jobs()
    assert request.state == "search_failed"
    assert db.session.query(Candidate).count() == 0


@pytest.mark.clause("SRC-1")
def test_an_empty_repository_is_a_named_failure(make, run_jobs):
    request = make.request(state="searching")
    run_jobs()
    assert request.state == "search_failed"
    assert request.current_search.cause == "The repository holds no photograph with a template of this algorithm."
    notice = db.session.query(Notification).filter_by(kind="search_failed").one()
    assert notice.account.name == "k.rowan"


def test_a_missing_network_is_a_named_failure(searching, run_jobs, app, settings, tmp_path):
    app.extensions["settings"] = dataclasses.replace(settings, models_dir=tmp_path)
    run_jobs()
    assert searching.state == "search_failed"
    assert "install" in searching.current_search.cause


def test_an_altered_original_is_a_named_failure(searching, run_jobs, settings):
    image = searching.current_search.image
    path = next(p for p in settings.blob_dir.rglob("*") if p.is_file() and image.blob_id in p.name)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    run_jobs()
    assert searching.state == "search_failed"
    assert searching.current_search.cause


@pytest.mark.clause("FAIR-2")
def test_casework_searches_with_no_unevaluated_algorithm(searching, run_jobs, app, settings):
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    run_jobs()
    assert searching.state == "search_failed"
    assert "NIST" in searching.current_search.cause


@pytest.mark.clause("FAIR-3", "FAIR-2")
def test_a_search_begun_on_the_last_day_does_not_run_on_the_next_bypass(
    searching, make, run_jobs, app, settings, monkeypatch
):
    """By waiting in the queue: begun while the record stood, it is asked again by the worker; nor is it begun anew."""
    entry = catalogue().extractors["dlib-resnet-v1"]
    recorded = msgspec.structs.replace(entry, nist=fictitious_record(entry, today()))
    monkeypatch.setattr(networks.extractor(), "entry", recorded)
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    monkeypatch.setattr(search_job, "today", lambda: today() + timedelta(days=1))
    run_jobs()
    assert searching.state == "search_failed" and "lapsed" in searching.current_search.cause
    assert searching.current_search.candidates == []


def test_after_a_failure_the_probe_is_selected_and_searched_anew(make, run_jobs):
    request = make.request(state="searching")
    run_jobs()
    make.enrol(PEOPLE)
    make.select(request)
    make.search(request)
    run_jobs()
    assert request.state == "searched"
    assert [search.state for search in request.searches] == ["failed", "finished"]


@pytest.mark.clause("CAP-3")
def test_what_was_sealed_before_is_never_listed(searching, run_jobs):
    for photo in db.session.query(GalleryPhoto).all():
        if photo.person.private["name"] == PEOPLE[0].name:
            remove(photo)
    run_jobs()
    names = {c.person.private["name"] for c in searching.current_search.candidates}
    assert names == {PEOPLE[1].name, PEOPLE[2].name}


@pytest.mark.clause("CAP-3")
@pytest.mark.parametrize("whole_person", [True, False])
def test_what_is_sealed_during_the_search_is_not_delivered(searching, run_jobs, monkeypatch, whole_person):
    from app.domain.gallery.repository_index import RepositoryIndex

    plain = RepositoryIndex.search

    def sealing(self, probe, limit):
        found = plain(self, probe, limit)
        best = db.session.query(GalleryPhoto).filter_by(uid=found[0][0].photo_id).one()
        for photo in best.person.photos if whole_person else [best]:
            remove(photo)
        return found

    monkeypatch.setattr(RepositoryIndex, "search", sealing)
    run_jobs()
    candidates = searching.current_search.candidates
    assert all(candidate.photo.removed_at is None for candidate in candidates)
    names = {candidate.person.private["name"] for candidate in candidates}
    assert (PEOPLE[0].name in names) is not whole_person
    assert sorted(c.rank for c in candidates) == list(range(1, len(candidates) + 1))


def test_an_unforeseen_fault_is_tried_again_and_then_named(searching, run_jobs, monkeypatch):
    def broken(*_args):
        raise RuntimeError("the machine is on fire")

    monkeypatch.setattr(search_job, "_embed", broken)
    job = db.session.query(Job).filter_by(kind="search").one()
    for _ in range(4):
        assert searching.state == "searching"
        with unit_of_work():
            job.not_before = now()
        runner.perform(job.uid)
        db.session.rollback()
    assert searching.state == "search_failed"
    assert "fire" not in searching.current_search.cause, "a fault of ours is not shown to people in its own words"


def test_worker_reads_no_template_twice(searching, run_jobs):
    """The index is brought up to date, not built again, when a photograph leaves."""
    loaded_index.repository().refresh()
    known = loaded_index.repository().index.photo_ids
    remove(db.session.query(GalleryPhoto).filter_by(uid=next(iter(known))).one())
    loaded_index.repository().refresh()
    assert len(loaded_index.repository().index.photo_ids) == len(known) - 1

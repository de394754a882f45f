"""The whole repository is embedded by another algorithm: resumable, killed, side by side."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta

import pytest

from app.domain.algorithms import changes, networks
from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.progress import progress_of
from app.domain.algorithms.upkeep import running
from app.domain.gallery import loaded_index
from app.domain.gallery import verbs as gallery
from app.extensions import db
from app.jobs import runner
from app.jobs.algorithms import embedding as embedding_job
from app.matching.catalogue import catalogue
from app.models import AuditEvent, GalleryPhoto
from app.models.base import now
from app.models.engine import Job
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.second_network import PEOPLE, SECOND, begin, ready, refused, second_entry, templates

pytestmark = [needs_models, pytest.mark.clause("FAIR-2", "FAIR-3", "CAP-3")]


def test_the_whole_repository_is_embedded_beside_what_is_in_use(make, admin, run_jobs, first, second):
    change = ready(make, admin, run_jobs)
    assert change.state == "ready"
    assert (templates(first), templates(second)) == (6, 6)
    held = db.session.get_one(GalleryPhoto, 1)
    assert {len(one.box) for one in held.templates if one.algorithm_digest == second} != {
        len(one.box) for one in held.templates if one.algorithm_digest == first
    }
    assert algorithms.active().sha256 == first, "nothing is cut over by itself"
    both = [loaded_index.repository(networks.extractor_of(digest)) for digest in (first, second)]
    assert [len(one.index) for one in both] == [6, 6] and both[0] is not both[1]
    found = progress_of(change)
    assert (found.missing, found.pace) == (0, "Nothing is left to embed.") and found.rate
    told = [event.event for event in db.session.query(AuditEvent).filter(AuditEvent.event.startswith("algorithm."))]
    assert told == ["algorithm.change_begun", "algorithm.embedded", "algorithm.evaluated"]


def test_embedding_twice_makes_nothing_twice(make, admin, run_jobs, second):
    change = ready(make, admin, run_jobs)
    job = db.session.query(Job).filter_by(kind="embed").first()
    with unit_of_work():
        job.state = "queued"
    run_jobs()
    assert (templates(second), change.state) == (6, "ready")


def killed_embedding(settings, entry, uid: str, batch: int) -> None:
    """In a process of its own: SIGKILL strikes in the n-th batch, all written and nothing committed."""
    from app.factory import create_app

    catalogue().extractors[SECOND] = entry
    embedding_job.BATCH_PHOTOS = 2
    calls, plain = [], gallery.embedded

    def die(*given):
        plain(*given)
        calls.append(given)
        if len(calls) == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    gallery.embedded = die
    with create_app(settings).app_context():
        from app.jobs import handlers

        handlers.load()
        runner.perform(uid)


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.long
def test_killed_while_embedding_it_ends_complete(make, admin, run_jobs, settings, first, second, batch, app):
    make.enrol(PEOPLE, photos=2)
    change = begin(admin)
    uid = db.session.query(Job).filter_by(kind="embed").one().uid
    db.session.remove()
    process = multiprocessing.get_context("spawn").Process(
        target=killed_embedding, args=(settings, second_entry(), uid, batch)
    )
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert templates(second) == 2 * (batch - 1), "whole batches or nothing"
    change = running()
    assert change.state == "embedding"
    assert refused(changes.cut_over, change, admin) == "WF-algorithm-cut-over"
    db.session.rollback()
    with unit_of_work():
        job = db.session.query(Job).filter_by(uid=uid).one()
        assert job.state == "running"
        job.lease_until = now() - timedelta(seconds=1)
    runner.perform(uid)  # as the sweeper sends it again
    run_jobs()
    change = running()
    assert (templates(first), templates(second), change.state) == (6, 6, "ready")


def test_a_slice_gives_way_and_the_next_goes_on(make, admin, run_jobs, second, monkeypatch):
    monkeypatch.setattr(embedding_job, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(embedding_job, "BATCH_PHOTOS", 2)
    make.enrol(PEOPLE, photos=2)
    change = begin(admin)
    run_jobs()
    once = [job.once.rsplit(":", 1)[1] for job in db.session.query(Job).filter_by(kind="embed").order_by(Job.id)]
    assert once == ["begin", "begin+1", "begin+2", "begin+3"]
    assert (templates(second), change.state) == (6, "ready")

"""From one algorithm to another: real networks, real jobs; killed, cut over, taken back; nothing drops out (FAIR-3)."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import signal
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app import audit
from app.demo.people import person
from app.domain import algorithm_changes as changes
from app.domain import algorithms, embedding, gallery
from app.domain.algorithm_progress import progress_of
from app.domain.algorithm_upkeep import running
from app.domain.search_replays import replay
from app.extensions import db
from app.jobs import embedding as embedding_job
from app.jobs import engines, runner
from app.matching.catalogue import catalogue
from app.models import AlgorithmSwitch, AuditEvent, Candidate, GalleryPhoto, Search, Template, Unembedded
from app.models.base import now
from app.models.engine import Job
from app.unit import Conflict, unit_of_work
from app.workflow import Refused
from tests.changing import SECOND, fictitious_record, second_entry, two_networks
from tests.conftest import models_directory
from tests.gallery import row, run_import, write_folder

pytestmark = [
    pytest.mark.skipif(
        not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
    ),
    pytest.mark.clause("FAIR-2", "FAIR-3", "CAP-3"),
]
PEOPLE = [person(seed) for seed in (7, 21, 22)]
WHY = "The vendor's later version was evaluated."


@pytest.fixture
def settings(settings, monkeypatch):
    """With a second network installed and in the catalogue."""
    monkeypatch.setitem(catalogue().extractors, SECOND, second_entry())
    return two_networks(settings)


@pytest.fixture
def admin(people):
    return people.actor("f.spruce")


@pytest.fixture
def first(app) -> str:
    return algorithms.active().sha256


@pytest.fixture
def second() -> str:
    return second_entry().sha256


def begin(admin):
    with unit_of_work():
        return changes.begin(SECOND, admin)


def evaluate(change, admin, data="d" * 64):
    """Both measured on the same photographs, as the command line has it (tests/unit/test_matching_change_cli.py)."""
    numbers = [
        {"data": {"sha256": data}, "algorithm": {"sha256": digest}}
        for digest in (change.source_digest, change.target_digest)
    ]
    with unit_of_work():
        changes.evaluated(change, admin, *numbers)


def step(verb, change, admin, reason=WHY):
    with unit_of_work():
        return verb(change, admin, reason)


def refused(verb, change, admin, reason=WHY) -> str:
    with pytest.raises(Refused) as refusal:
        step(verb, change, admin, reason)
    return refusal.value.rule_id


def ready(make, admin, run_jobs):
    """A change whose repository is embedded, and both evaluated."""
    make.enrol(PEOPLE, photos=2)
    change = begin(admin)
    run_jobs()
    evaluate(change, admin)
    return change


def templates(digest) -> int:
    return db.session.query(Template).filter_by(algorithm_digest=digest).count()


def test_the_whole_repository_is_embedded_beside_what_is_in_use(make, admin, run_jobs, first, second):
    change = ready(make, admin, run_jobs)
    assert change.state == "ready"
    assert (templates(first), templates(second)) == (6, 6)
    held = db.session.get_one(GalleryPhoto, 1)
    assert {len(one.box) for one in held.templates if one.algorithm_digest == second} != {
        len(one.box) for one in held.templates if one.algorithm_digest == first
    }
    assert algorithms.active().sha256 == first, "nothing is cut over by itself"
    both = [engines.repository(engines.extractor_of(digest)) for digest in (first, second)]
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
    from app import create_app

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


def test_a_search_after_the_cut_over_uses_the_other_algorithm_and_earlier_ones_replay(
    make, admin, run_jobs, first, second
):
    make.enrol(PEOPLE, photos=2)
    before = make.request(state="searching")
    run_jobs()
    change = begin(admin)
    run_jobs()
    evaluate(change, admin)
    switch = step(changes.cut_over, change, admin)
    assert (switch.from_digest, switch.to_digest, switch.by_id) == (first, second, admin.id)
    assert switch.reason == WHY
    assert switch.counts == {"photographs": 6, "source": 6, "target": 6, "left_out": 0}
    assert algorithms.active().sha256 == second
    after = make.request(state="searching", seed=21, case_number="2026-075-04321")
    run_jobs()
    searches = before.current_search, after.current_search
    assert [search.algorithm_digest for search in searches] == [first, second]
    best = min(after.current_search.candidates, key=lambda line: line.rank)
    assert best.person.private["name"] == PEOPLE[1].name
    assert [replay(search).verdict for search in searches] == ["identical", "identical"]
    event = db.session.query(AuditEvent).filter_by(event="algorithm.cut_over").one()
    assert json.loads(event.keys) == {"source": first, "target": second, "counts": switch.counts}


def test_a_cut_over_is_taken_back(make, admin, run_jobs, first, second):
    change = ready(make, admin, run_jobs)
    step(changes.cut_over, change, admin)
    request = make.request(state="searching")
    run_jobs()
    step(changes.revert, change, admin, "Lists were worse than before.")
    assert (change.state, algorithms.active().sha256) == ("reverted", first)
    assert [row.kind for row in db.session.query(AlgorithmSwitch)] == ["cut_over", "reverted"]
    assert request.current_search.algorithm_digest == second
    assert replay(request.current_search).verdict == "identical"
    again = make.request(state="searching", seed=22, case_number="2026-075-09999")
    run_jobs()
    assert again.current_search.algorithm_digest == first


@pytest.mark.parametrize("verb", ["cut_over", "revert"])
def test_a_search_ends_with_the_algorithm_it_began_with(make, admin, run_jobs, first, second, verb):
    change = ready(make, admin, run_jobs)
    if verb == "revert":
        step(changes.cut_over, change, admin)
    request = make.request(state="searching")
    began = algorithms.active().sha256
    step(getattr(changes, verb), change, admin)
    assert algorithms.active().sha256 != began
    run_jobs()
    assert request.state == "searched"
    assert request.current_search.algorithm_digest == began
    assert {line.algorithm_digest for line in request.current_search.candidates} == {began}


def test_a_search_whose_network_is_gone_is_refused_clearly(make, admin, run_jobs, monkeypatch, first):
    change = ready(make, admin, run_jobs)
    request = make.request(state="searching")
    step(changes.cut_over, change, admin)
    monkeypatch.delitem(catalogue().extractors, "dlib-resnet-v1")
    run_jobs()
    assert request.state == "search_failed" and first in request.current_search.cause


def test_new_photographs_get_templates_of_both(make, admin, run_jobs, tmp_path, first, second):
    change = ready(make, admin, run_jobs)
    run_import(write_folder(tmp_path, [row(31), row(32)]))
    assert refused(changes.cut_over, change, admin) == "every_photograph_embedded"
    run_jobs()
    assert (templates(first), templates(second)) == (8, 8)
    step(changes.cut_over, change, admin)
    engines.follow()
    run_import(write_folder(tmp_path, [row(33)]))
    assert (templates(first), templates(second)) == (8, 9), "taken in with the algorithm in use now"
    assert refused(changes.revert, change, admin) == "every_photograph_embedded"
    run_jobs()
    assert (templates(first), templates(second)) == (9, 9)
    step(changes.revert, change, admin)
    assert (change.state, algorithms.active().sha256) == ("reverted", first)


def test_what_was_embedded_before_the_algorithm_changed_for_good_does_not_enter(make, admin, run_jobs, tmp_path):
    """An import that began under the former algorithm and writes after the change was settled is refused, whole."""
    from app.domain import intake
    from app.domain.intake_manifest import IntakeError

    change = ready(make, admin, run_jobs)
    engines.extractor()
    step(changes.cut_over, change, admin)
    step(lambda c, a, r: changes.end(c, "settle", a, r), change, admin)
    folder = write_folder(tmp_path, [row(31)])
    follow, intake.engines.follow = intake.engines.follow, lambda: None
    try:
        with pytest.raises(IntakeError):
            run_import(folder)
    finally:
        intake.engines.follow = follow
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
    assert json.loads(event.keys)["records"] == [photo.record_number]
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
        index = engines.repository(engines.extractor_of(digest))
        index.refresh()
        assert photo.uid not in index.index.photo_ids
    step(changes.cut_over, change, admin)


def test_what_a_cut_over_needs(make, admin, run_jobs, app, settings, monkeypatch, people, second):
    make.enrol(PEOPLE[:1])
    change = begin(admin)
    run_jobs()
    assert refused(changes.cut_over, change, admin) == "both_evaluated"
    with pytest.raises(Refused) as other, unit_of_work():
        changes.evaluated(
            change, admin, {"data": {"sha256": "a" * 64}, "algorithm": {"sha256": change.source_digest}},
            {"data": {"sha256": "b" * 64}, "algorithm": {"sha256": change.target_digest}},
        )  # fmt: skip
    assert other.value.rule_id == "evaluated_on_both"
    evaluate(change, admin)
    assert refused(changes.cut_over, change, admin, " ") == "reason_given"
    assert refused(changes.cut_over, change, people.actor("k.rowan")) == "algorithm.change"
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    assert refused(changes.cut_over, change, admin) == "next_algorithm_evaluated"
    due = now().date() + timedelta(days=100)
    entry = second_entry()
    import msgspec

    monkeypatch.setitem(
        catalogue().extractors, SECOND, msgspec.structs.replace(entry, nist=fictitious_record(entry, due))
    )
    step(changes.cut_over, change, admin)
    assert refused(changes.revert, change, admin) == "next_algorithm_evaluated", "the former one was never evaluated"


def test_one_change_at_a_time_and_never_to_itself_or_to_what_is_not_there(
    make, admin, run_jobs, settings, app, tmp_path
):
    def rule(model):
        with pytest.raises(Refused) as refusal, unit_of_work():
            changes.begin(model, admin)
        return refusal.value.rule_id

    assert rule("dlib-resnet-v1") == "target_installed"
    assert rule("nobody-knows-it") == "target_installed"
    assert rule("sface-2021dec") == "target_installed"
    change = ready(make, admin, run_jobs)
    assert rule(SECOND) == "one_change_at_a_time"
    step(lambda c, a, r: changes.end(c, "withdraw", a, r), change, admin)
    again = begin(admin)
    run_jobs()
    assert (change.state, again.state, again.number) == ("withdrawn", "ready", "AC-" + f"{now():%Y}-000002")


# Mixed models ------------------------------------------------------------------------------------------------


def test_the_database_refuses_a_candidate_of_another_algorithm(make, admin, run_jobs, first, second):
    make.enrol(PEOPLE, photos=1)
    request = make.request(state="searching")
    run_jobs()
    search = request.current_search
    spare = make.enrol([person(8)])[0]
    line = {
        "search_id": search.id, "person_id": spare.person_id, "photo_id": spare.id, "rank": 9, "score": 0.5,
        "shown_order": 9,
    }  # fmt: skip

    def add(**changed):
        with unit_of_work() as rows:
            rows.add(Candidate(**{**line, **changed}))
            audit.record("audit.read", filter={})

    # while a change runs a photograph has templates of both: having one of the other is not enough
    with unit_of_work() as rows:
        rows.add(Template(photo_id=spare.id, algorithm_digest=second, box=b"of the other network"))
        audit.record("audit.read", filter={})
    for given in ({"algorithm_digest": second}, {"algorithm_digest": ""}, {}):
        with pytest.raises(DatabaseError, match="templates of one algorithm"):
            add(**given)
    without = make.enrol([person(9)])[0]
    with unit_of_work() as rows:
        rows.execute(text("DELETE FROM template WHERE photo_id = :id").bindparams(id=without.id))
        audit.record("audit.read", filter={})
    with pytest.raises(DatabaseError, match="templates of one algorithm"):
        add(algorithm_digest=first, photo_id=without.id, person_id=without.person_id)
    add(algorithm_digest=first)
    for statement in (
        "UPDATE search SET algorithm_digest = 'other'", "UPDATE candidate SET algorithm_digest = 'other'",
        "UPDATE template SET algorithm_digest = 'other'", "UPDATE candidate SET photo_id = photo_id + 1",
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="templates of one algorithm"), unit_of_work() as rows:
            rows.execute(text(statement))


def test_a_search_whose_list_comes_from_another_network_is_not_kept(make, run_jobs, monkeypatch, second):
    """Were a fault of ours to hand over the list of another network, the database refuses it."""
    from app.jobs import search as search_job

    make.enrol(PEOPLE, photos=1)
    request = make.request(state="searching")
    plain = search_job.finish_search
    monkeypatch.setattr(
        search_job, "finish_search", lambda *given, **said: plain(*given, **{**said, "algorithm_digest": second})
    )
    run_jobs()
    db.session.rollback()
    assert request.state == "searching" and not db.session.query(Candidate).count()
    assert db.session.scalars(select(Search.algorithm_digest)).one() != second


def test_a_switch_is_never_changed_or_removed(make, admin, run_jobs):
    step(changes.cut_over, ready(make, admin, run_jobs), admin)
    for statement in ("UPDATE algorithm_switch SET reason = 'another'", "DELETE FROM algorithm_switch"):
        with pytest.raises(DatabaseError, match="append-only"), unit_of_work() as rows:
            rows.execute(text(statement))

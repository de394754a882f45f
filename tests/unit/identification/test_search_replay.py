"""A recorded search done again: identical here, whatever came or left since, with whichever index (SRC-1)."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text, update

from app.domain.algorithms import networks
from app.domain.gallery import loaded_index
from app.domain.gallery import verbs as gallery
from app.domain.identification import search_replays
from app.domain.identification.search_replays import replay
from app.extensions import db, stores
from app.models import AuditEvent, Candidate, GalleryPhoto, Search, SearchReplay
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.conftest import models_directory

pytestmark = [
    pytest.mark.skipif(
        not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
    ),
    pytest.mark.clause("SRC-1", "CAP-6"),
]
PEOPLE = [person(seed) for seed in (7, 21, 22)]


@pytest.fixture
def search(make) -> Search:
    """A finished search over three people."""
    return make.request(state="searched", gallery=PEOPLE, photos=2).current_search


def run(app, record: str, *more: str):
    return app.test_cli_runner().invoke(args=["matching", "replay", record, *more])


def ranked(search: Search) -> list[Candidate]:
    return sorted(search.candidates, key=lambda line: line.rank)


def altered(statement) -> None:
    """Change rows as somebody with the database file could."""
    from app import audit

    with unit_of_work() as rows:
        rows.execute(statement)
        audit.record("audit.read", filter={})
    db.session.expire_all()


def test_a_search_records_what_a_replay_needs(search):
    kept = search.parameters
    assert kept["environment"]["opencv"] and kept["environment"]["numpy"] and kept["environment"]["index package"]
    assert kept["searched"] == search.probe_sha256 and kept["recipe"] is None
    assert kept["delivered_generation"] == search.gallery_generation == 3
    assert {line.algorithm_digest for line in search.candidates} == {search.algorithm_digest}


@pytest.mark.parametrize("kind", ["exact", "faiss", "milvus"])
def test_the_same_search_is_identical_with_every_index(search, app, settings, kind, tmp_path):
    import dataclasses

    if kind == "milvus":
        pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed (pip install .[test])")
        app.extensions["settings"] = dataclasses.replace(settings, milvus_uri=str(tmp_path / "milvus.db"))
    answer = run(app, search.uid, "--index", kind)
    assert answer.exit_code == 0, answer.output
    assert "Identical" in answer.output and f"index {kind}" in answer.output
    kept = db.session.query(SearchReplay).one()
    assert (kept.verdict, kept.result["worst"], kept.asked_by_id) == ("identical", 0.0, None)
    event = db.session.query(AuditEvent).filter_by(event="search.replayed").one()
    assert json.loads(event.keys) == {"replay": kept.uid, "verdict": "identical", "missing": 0}


def test_photographs_that_came_since_are_left_out(search, app, make):
    before = [line.photo.record_number for line in ranked(search)]
    # the very person on the probe is enrolled again, under another number, in a better photograph
    make.enrol([person(8), person(9)], photos=1)
    network = networks.extractor_of(search.algorithm_digest)
    nearer = db.session.query(GalleryPhoto).order_by(GalleryPhoto.id.desc()).first()
    vector = search_replays.embed(search, network)
    from app.domain.gallery.repository_index import seal_template

    box = seal_template(nearer.key_id, nearer.uid, vector)
    altered(text("UPDATE template SET box = :box WHERE photo_id = :id").bindparams(box=box, id=nearer.id))
    found = replay(search)
    assert (found.verdict, found.later, found.compared) == ("identical", 2, len(before))
    # searched now, without the generation, it would stand first: the replay has something to leave out
    now_listed = loaded_index.repository().search(vector, 5)[0]
    assert now_listed[0].photo_id == nearer.uid


def test_a_record_that_was_listed_and_left_is_named_and_the_rest_compared(search, app):
    gone = ranked(search)[0].photo
    with unit_of_work():
        gallery.remove(gone, "sealed")
    number = gone.record_number
    answer = run(app, search.uid)
    assert answer.exit_code == 2, answer.output
    assert f"Record {number} was on the list and has left" in answer.output
    assert "2 of 3 people on the list compared" in answer.output
    kept = db.session.query(SearchReplay).one()
    assert (kept.verdict, kept.result["missing"]) == ("incomplete", [number])


def test_one_that_left_and_was_not_listed_changes_nothing(search, app):
    listed = {line.photo_id for line in search.candidates}
    other = db.session.query(GalleryPhoto).filter(GalleryPhoto.id.not_in(listed)).first()
    with unit_of_work():
        gallery.remove(other, "sealed")
    found = replay(search)
    assert (found.verdict, found.left, found.missing) == ("identical", 1, ())


def test_a_listed_score_that_was_altered_is_found(search, app):
    line = ranked(search)[1]
    altered(update(Candidate).where(Candidate.id == line.id).values(score=line.score - 1e-3))
    answer = run(app, search.uid)
    assert answer.exit_code == 1 and "Not the same." in answer.output
    assert "the largest difference of a score is 0.001" in answer.output


@pytest.mark.parametrize(("other", "verdict", "status"), [(False, "differs", 1), (True, "same", 0)])
def test_a_tiny_difference_counts_only_in_the_recorded_environment(search, app, other, verdict, status):
    line = ranked(search)[1]
    altered(update(Candidate).where(Candidate.id == line.id).values(score=line.score - 4e-6))
    if other:
        told = {**search.parameters, "environment": {**search.parameters["environment"], "opencv": "4.0.0"}}
        altered(update(Search).where(Search.id == search.id).values(parameters=told))
    answer = run(app, search.uid)
    assert answer.exit_code == status, answer.output
    assert db.session.query(SearchReplay).one().verdict == verdict
    assert ("The environment differs in opencv: recorded 4.0.0" in answer.output) is other


def test_an_order_that_was_altered_is_told_by_rank_and_record(search, app):
    first, second, _ = ranked(search)
    numbers = first.photo.record_number, second.photo.record_number
    swap = "UPDATE candidate SET rank = CASE rank WHEN 101 THEN 2 WHEN 102 THEN 1 ELSE rank END"
    altered(text("UPDATE candidate SET rank = rank + 100 WHERE rank < 3"))
    altered(text(swap))
    answer = run(app, search.uid)
    assert answer.exit_code == 1
    assert f"Rank 1: recorded {numbers[1]}, here {numbers[0]}." in answer.output


def test_somebody_taken_off_the_list_is_found(search, app):
    altered(text("DELETE FROM candidate WHERE rank = 3"))
    found = replay(search)
    assert (found.verdict, [place[:2] for place in found.places]) == ("differs", [(3, "")])


def test_what_left_between_ranking_and_delivery_is_no_difference(make, run_jobs, monkeypatch):
    from app.domain.gallery.repository_index import RepositoryIndex

    make.enrol(PEOPLE, photos=2)
    request = make.request(state="searching")
    plain = RepositoryIndex.search

    def sealing(self, probe, limit):
        found = plain(self, probe, limit)
        best = db.session.query(GalleryPhoto).filter_by(uid=found[0][0].photo_id).one()
        with unit_of_work():
            for photo in list(best.person.photos):
                gallery.remove(photo, "sealed")
        return found

    monkeypatch.setattr(RepositoryIndex, "search", sealing)
    run_jobs()
    monkeypatch.undo()
    search = request.current_search
    assert search.parameters["delivered_generation"] > search.gallery_generation
    found = replay(search)
    assert (found.verdict, found.compared) == ("identical", 2)


def test_without_the_probe_nothing_can_be_compared(search, app):
    stores().keys.destroy(search.request.key_id)
    answer = run(app, search.uid)
    assert answer.exit_code == 2 and "The probe cannot be read" in answer.output
    assert db.session.query(SearchReplay).one().cause.startswith("The probe cannot be read")


def test_without_the_network_nothing_can_be_compared(search, app, monkeypatch):
    from app.matching.catalogue import catalogue

    monkeypatch.delitem(catalogue().extractors, "dlib-resnet-v1")
    answer = run(app, search.uid)
    assert answer.exit_code == 2 and search.algorithm_digest in answer.output


def test_a_search_from_before_says_so(search, app):
    altered(update(Search).where(Search.id == search.id).values(parameters={"k": 25}))
    answer = run(app, search.uid)
    assert answer.exit_code == 2 and "from before searches recorded" in answer.output


def test_a_prepared_probe_is_replayed_by_its_recipe(app, make, run_jobs):
    make.enrol(PEOPLE, photos=1)
    request = make.request(state="documented")
    derived = make.prepare(request)
    make.advance_to(request, "searching", derived=derived)
    run_jobs()
    search = request.current_search
    assert search.parameters["recipe"] == derived.recipe_digest
    answer = run(app, request.number)
    assert answer.exit_code == 0, answer.output
    assert "Prepared image 1" in answer.output and "Identical: the same list" in answer.output


def test_the_templates_of_a_generation_are_counted_with_it(search, make):
    from app.models import Template

    make.enrol([person(8)], photos=1)
    assert [row.since for row in db.session.query(Template).order_by(Template.id)] == [1, 1, 2, 2, 3, 3, 4]

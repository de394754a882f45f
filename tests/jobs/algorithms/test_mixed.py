"""A search has the templates of one algorithm only: the database itself refuses a mixture."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app import audit
from app.domain.algorithms import changes
from app.extensions import db
from app.models import Candidate, Search, Template
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.second_network import PEOPLE, ready, step

pytestmark = [needs_models, pytest.mark.clause("FAIR-2", "FAIR-3", "CAP-3")]


def test_the_database_refuses_a_candidate_of_another_algorithm(make, admin, run_jobs, first, second):
    make.enrol(PEOPLE, photos=1)
    request = make.request(state="searching")
    run_jobs()
    search = request.current_search
    spare = make.enrol([person(8)])[0]
    line = {
        "search_id": search.id,
        "person_id": spare.person_id,
        "photo_id": spare.id,
        "rank": 9,
        "score": 0.5,
        "shown_order": 9,
    }

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
        "UPDATE search SET algorithm_digest = 'other'",
        "UPDATE candidate SET algorithm_digest = 'other'",
        "UPDATE template SET algorithm_digest = 'other'",
        "UPDATE candidate SET photo_id = photo_id + 1",
    ):
        with pytest.raises(DatabaseError, match="templates of one algorithm"), unit_of_work() as rows:
            rows.execute(text(statement))


def test_a_search_whose_list_comes_from_another_network_is_not_kept(make, run_jobs, monkeypatch, second):
    """Were a fault of ours to hand over the list of another network, the database refuses it."""
    from app.jobs.identification import search as search_job

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

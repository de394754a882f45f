"""Searches before and after a cut-over and its revert; what bars either."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest

from app.calendar import today
from app.domain.algorithms import changes
from app.domain.algorithms import registry as algorithms
from app.domain.identification.search_replays import replay
from app.extensions import db
from app.matching.catalogue import catalogue
from app.models import AlgorithmSwitch, AuditEvent
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.second_network import (
    PEOPLE,
    SECOND,
    WHY,
    begin,
    evaluate,
    fictitious_record,
    ready,
    refused,
    second_entry,
    step,
)

pytestmark = [needs_models, pytest.mark.clause("FAIR-2", "FAIR-3", "CAP-3")]


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


def test_what_a_cut_over_needs(make, admin, run_jobs, app, settings, monkeypatch, people, second):
    make.enrol(PEOPLE[:1])
    change = begin(admin)
    run_jobs()
    assert refused(changes.cut_over, change, admin) == "both_evaluated"
    with pytest.raises(Refused) as other, unit_of_work():
        changes.evaluated(
            change,
            admin,
            {"data": {"sha256": "a" * 64}, "algorithm": {"sha256": change.source_digest}},
            {"data": {"sha256": "b" * 64}, "algorithm": {"sha256": change.target_digest}},
        )
    assert other.value.rule_id == "evaluated_on_both"
    evaluate(change, admin)
    assert refused(changes.cut_over, change, admin, " ") == "reason_given"
    assert refused(changes.cut_over, change, people.actor("k.rowan")) == "algorithm.change"
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    assert refused(changes.cut_over, change, admin) == "next_algorithm_evaluated"
    due = today() + timedelta(days=100)
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
    assert (change.state, again.state, again.number) == ("withdrawn", "ready", "AC-" + f"{today():%Y}-000002")

"""`Options`: what a page is told of a step is what `advance` would answer, short of what only the form can show."""

from __future__ import annotations

from collections import Counter

import pytest

from app.access.actor import system_actor
from app.extensions import db
from app.matching.nist import NistStatus
from app.policy import policy
from app.workflow import explain
from app.workflow.options import options
from app.workflow.registry import CONDITIONS, SEPARATIONS, WRITTEN_BY
from tests.drawn_gallery import needs_models

EVERYBODY = ("d.lark", "s.alder", "k.rowan", "j.maple", "c.hawthorn", "b.juniper")
UNCHECKED = {"algorithm_status": NistStatus(False, "It has no record of NIST."), "demonstration": False}


@needs_models
@pytest.mark.parametrize("state", ["draft", "submitted", "discussed", "documented", "probe_selected"])
def test_what_bars_a_step_on_a_page_bars_it_in_the_engine(make, people, state):
    """For everybody and every verb; the first rule is the same, where the form has nothing to say about it."""
    request = make.request(state=state)
    facts = {**UNCHECKED, "examiner_available": True}
    asked = 0
    for actor in [*map(people.actor, EVERYBODY), system_actor()]:
        able = options(request, actor, **facts)
        for verb in {row.verb for row in request.flow().transitions}:
            barred, refused = able.why(verb), None
            if barred is not None:
                refused = explain(request, verb, actor, **facts)
                assert refused is not None, (actor.name, verb, barred.rule_id)
                asked += 1
            if barred is not None and barred.rule_id not in CONDITIONS:
                assert (refused.rule_id, refused.detail) == (barred.rule_id, barred.detail)
    assert asked > 100


@needs_models
@pytest.mark.clause("FAIR-2")
def test_a_known_fact_is_judged_and_an_unknown_one_left_to_the_step(make, people):
    request, examiner = make.request(state="probe_selected"), people.actor("k.rowan")
    assert options(request, examiner, **UNCHECKED).why("start_search").rule_id == "algorithm_evaluated"
    assert "start_search" in options(request, examiner)


def test_a_fact_given_as_a_function_is_asked_when_it_matters_and_once(make, people):
    calls = Counter()

    def available() -> bool:
        calls["available"] += 1
        return True

    request, other = make.request(state="documented"), people.actor("j.maple")
    able = options(request, other, examiner_available=available)
    assert able.permits("take_over")
    assert able.why("select_probe").rule_id == "actor_is_examiner"
    assert calls == {}
    assert able.why("take_over").rule_id == "examiner_unavailable"
    assert [one.rule_id for one in able.blockers("take_over")] == ["examiner_unavailable"]
    assert calls == {"available": 1}


def test_what_the_form_of_a_step_writes_is_left_to_that_step_alone(make, people):
    """The face and its suitability are written by the form that selects the probe; a search asks for them."""
    request, examiner = make.request(state="documented"), people.actor("k.rowan")
    assert "select_probe" in options(request, examiner)
    assert explain(request, "select_probe", examiner).rule_id == "one_face_selected"
    chosen = make.request(state="probe_selected")
    with db.session.no_autoflush:
        chosen.current_search.state = "replaced"
        assert options(chosen, examiner).why("start_search").rule_id == "one_face_selected"
        db.session.rollback()


def test_only_a_step_with_the_condition_writes_what_it_judges():
    rows = [row for flow in policy().workflows.values() for row in flow.transitions]
    judged = {(name, row.verb) for row in rows for name in row.conditions}
    assert {(name, verb) for name, verbs in WRITTEN_BY.items() for verb in verbs} - judged == set()


def test_all_that_blocks_a_step_is_told_and_nothing_is_asked_twice(make, people, monkeypatch):
    calls: Counter[str] = Counter()
    for table in (CONDITIONS, SEPARATIONS):
        for name, function in list(table.items()):

            def counted(*given, name=name, function=function):
                calls[name] += 1
                return function(*given)

            monkeypatch.setitem(table, name, counted)
    request, author = make.empty(), people.actor("d.lark")
    able = options(request, author)
    first = able.why("submit")
    told = [one.rule_id for one in able.blockers("submit")]
    assert told[0] == first.rule_id
    assert len(told) > 3
    assert told == [one.rule_id for one in able.blockers("submit")]
    assert "submit" not in able
    assert "withdraw" in able
    assert set(calls.values()) == {1}


def test_a_verb_that_no_workflow_knows_is_a_fault_of_ours(make, people):
    with pytest.raises(LookupError):
        options(make.empty(), people.actor("d.lark")).why("submitt")

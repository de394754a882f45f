"""Every state × verb, every capability, every training gate, every separation: the engine against the table.

The expectations are read from the policy files; what is tested is that nothing passes `advance` beside them.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor
from app.extensions import db
from app.models import Transition
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import Conflict, unit_of_work
from app.workflow import advance, explain
from app.workflow.engine import StateAssignedOutside, check_separations, subjects
from app.workflow.options import options
from app.workflow.registry import CONDITIONS
from tests.policy.subjects import MAKERS
from tests.sources import source_tree

FLOW = policy().workflow("request")
FLOWS = policy().workflows
ROWS = [(subject, row) for subject, flow in FLOWS.items() for row in flow.transitions]


def somebody(account, *, capabilities=None, trained=("fr",)) -> Actor:
    """A person with every capability there is, unless told otherwise."""
    every = frozenset(policy().capabilities) if capabilities is None else frozenset(capabilities)
    return Actor(account.id, account.name, "", "", "", frozenset(), every, frozenset(trained), "present")


@pytest.fixture
def in_state(app, people):
    """A subject put straight into a state, as a row: for tests of `advance` alone."""
    return lambda state, subject="request": MAKERS[subject].in_state(people, state)


def test_every_workflow_can_be_tested():
    """A workflow without a maker would escape every test below."""
    assert set(MAKERS) == set(FLOWS) == set(subjects())


@pytest.mark.parametrize("subject", FLOWS)
def test_the_table_and_the_database_know_the_same_states(subject):
    assert {state.id for state in FLOWS[subject].states} == set(MAKERS[subject].states)


def refused_by(subject, verb, actor) -> str | None:
    """The rule that refuses the step, or None when it was taken."""
    try:
        with unit_of_work():
            advance(subject, verb, actor)
    except Refused as refusal:
        return refusal.rule_id
    return None


@pytest.mark.clause("CAP-1", "ACC-7", "EXT-7", "EXT-10")
@pytest.mark.parametrize("subject", FLOWS)
def test_every_verb_is_refused_where_the_table_does_not_list_it(in_state, people, subject):
    flow, actor, wrong = FLOWS[subject], somebody(people.account("c.hawthorn")), []
    for state in flow.states:
        moved = in_state(state.id, subject)
        listed = {row.verb for row in flow.transitions if state.id in row.sources}
        for verb in {row.verb for row in flow.transitions} - listed:
            rules = {row.id for row in flow.transitions if row.verb == verb}
            if refused_by(moved, verb, actor) not in rules or moved.state != state.id:
                wrong.append((state.id, verb))
    assert wrong == []


@pytest.mark.clause("ACC-7", "ACC-1")
@pytest.mark.parametrize("subject", FLOWS)
def test_every_step_needs_its_capability(in_state, people, subject):
    wrong = []
    for row in FLOWS[subject].transitions:
        moved = in_state(row.sources[0], subject)
        actor = somebody(people.account("c.hawthorn"), capabilities=set(policy().capabilities) - {row.capability})
        if refused_by(moved, row.verb, actor) != row.capability:
            wrong.append(row.id)
    assert wrong == []


@pytest.mark.clause("ACC-4")
def test_every_fr_function_needs_current_training(in_state, people):
    actor, wrong = somebody(people.account("c.hawthorn"), trained=()), []
    gated = [(subject, row) for subject, row in ROWS if policy().capability(row.capability).training]
    assert gated
    for subject, row in gated:
        moved = in_state(row.sources[0], subject)
        refusal = explain(moved, row.verb, actor)
        if refusal is None or refusal.rule_id != row.capability or "training" not in refusal.detail:
            wrong.append(row.id)
    assert wrong == []


@pytest.mark.clause("ACC-4", "ACC-1")
def test_every_examiners_capability_needs_training():
    """No FR function may be added without the gate."""
    reading = {"portal.use", "request.read", "report.read"}
    # which numbers are one case is for examiners and records officers to say: it opens no request and searches nothing
    unit = set(policy().roles["examiner"].capabilities) - reading - {"matter.link"}
    assert unit
    assert {name for name in unit if policy().capability(name).training != "fr"} == set()


PAIRS = [(subject, row, name) for subject, row in ROWS for name in row.separations]


@pytest.mark.clause("SRC-4", "SRC-5", "FAIR-1", "REQ-4", "AUD-1", "ACC-12", "EXT-7")
@pytest.mark.parametrize("subject", dict.fromkeys(subject for subject, _, _ in PAIRS))
def test_every_separation_keeps_the_same_person_out(in_state, people, subject):
    wrong = []
    for _, row, part in [pair for pair in PAIRS if pair[0] == subject]:
        moved = in_state(row.sources[0], subject)
        ids = MAKERS[subject].with_parts(moved, people)
        with db.session.no_autoflush:
            if separated_by(row, moved, ids[part]) != part or separated_by(row, moved, 10_000) is not None:
                wrong.append((row.id, part))
        db.session.rollback()
    assert wrong == []


def separated_by(row, subject, account_id) -> str | None:
    """The separation that keeps this person out of the step, or None."""
    try:
        check_separations(row, subject, Actor(account_id, "", "", "", "", frozenset(), frozenset()))
    except Refused as refusal:
        return refusal.rule_id
    return None


@pytest.mark.clause("SRC-4", "SRC-5", "FAIR-1")
def test_the_parts_that_must_differ_are_separated():
    """Requester ≠ examiner ≠ each peer ≠ supervisor: written here from the clauses, not read from the table."""
    needed = {
        "accept": {"requester"},
        "select_probe": {"requester", "peer", "supervisor"},
        "start_search": {"requester", "peer", "supervisor"},
        "begin_examination": {"requester", "peer", "supervisor"},
        "nominate": {"requester", "peer", "supervisor"},
        "record_peer_review": {"requester", "examiner", "peer", "supervisor"},
        "approve": {"requester", "examiner", "peer"},
        "disapprove": {"requester", "examiner", "peer"},
        "continue_investigation": {"requester", "examiner", "peer"},
        "recall_report": {"requester", "examiner", "peer"},
        "reissue_report": {"requester", "examiner", "peer"},
        "confirm_discussion": {"requester"},
    }
    listed = {row.verb: set(row.separations) for row in FLOW.transitions}
    assert {verb: parts - listed[verb] for verb, parts in needed.items() if parts - listed[verb]} == {}


@pytest.mark.clause("ACC-12", "EXT-7")
def test_whoever_asks_for_a_disclosure_never_decides_and_whoever_decides_never_hands_out():
    """Written here from the clauses, not read from the table."""
    listed = {row.verb: set(row.separations) for row in FLOWS["disclosure"].transitions}
    deciding = ("approve", "determine", "refuse", "return_for_changes")
    handing_out = ("release", "begin_fetch", "fetch", "reissue")
    assert all("disclosure_asker" in listed[verb] for verb in deciding)
    assert all("disclosure_decider" in listed[verb] for verb in handing_out)


@pytest.mark.parametrize("subject", FLOWS)
def test_a_state_is_assigned_by_advance_alone(in_state, subject):
    flow = FLOWS[subject]
    moved = in_state(flow.initial, subject)
    with pytest.raises(StateAssignedOutside):
        moved.state = flow.states[-1].id
    db.session.rollback()


def test_no_code_outside_the_engine_assigns_a_state():
    """`.state = ` of a request appears in no module but the engine (searches, jobs, images have their own)."""
    root = Path(__file__).resolve().parents[2] / "app"
    offenders = []
    for path in root.rglob("*.py"):
        if path.name == "engine.py" and path.parent.name == "workflow":
            continue
        for node in ast.walk(source_tree(path)):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    owner = ast.unparse(target.value)
                    if owner.split(".")[-1] in {"request", "subject", "req", "item", "disclosure", "incident"}:
                        offenders.append(f"{path.relative_to(root)}:{node.lineno}")
    assert offenders == []


def test_two_people_deciding_at_once_cannot_both(app, in_state, people):
    """The version column: the second of two decisions on the same state of the row is refused."""
    request = in_state("submitted")
    with pytest.raises(Conflict), unit_of_work() as rows:
        request.discussion_confirmed_at = request.created_at
        rows.connection().execute(
            text("UPDATE fr_request SET version = version + 1 WHERE id = :id"), {"id": request.id}
        )
        from app import audit

        audit.record("request.saved", request, fields=[])


def test_a_refused_step_changes_nothing(in_state, people):
    request = in_state("submitted")
    actor = somebody(people.account("j.maple"))
    with pytest.raises(Refused), unit_of_work():
        advance(request, "accept", actor, use="USE-1", submission=1)
    assert request.state == "submitted"
    assert db.session.query(Transition).count() == 0


def test_explain_says_what_advance_would(in_state, people):
    request = in_state("submitted")
    actor = somebody(people.account("j.maple"))
    refusal = explain(request, "accept", actor, use="USE-1")
    assert refusal is not None
    assert refusal.rule_id == "discussion_confirmed"
    assert refusal.unblock
    assert options(request, actor).permits("accept")


def test_every_registered_condition_names_its_clauses():
    from app.clauses import registry

    known = {point for points in registry().values() for point in points}
    missing = [
        name for name, function in CONDITIONS.items() if f"{function.__module__}:{function.__qualname__}" not in known
    ]
    assert missing == []


@pytest.mark.clause("CAP-5")
def test_the_database_refuses_a_search_of_no_or_two_probes(app):
    columns = db.metadata.tables["search"].columns
    assert not columns["image_id"].nullable
    assert not columns["face_id"].nullable
    # no table joins a search to several images or faces
    joins = [
        table.name
        for table in db.metadata.tables.values()
        if {"search", "probe_image"} <= {key.column.table.name for key in table.foreign_keys}
    ]
    assert joins == []


@pytest.mark.clause("REQ-4")
def test_the_database_refuses_a_requester_who_examines(app, in_state, people):
    request = in_state("submitted")
    with pytest.raises(IntegrityError, match="requester_is_not_examiner"), unit_of_work() as rows:
        rows.execute(text("UPDATE fr_request SET examiner_id = requester_id WHERE id = :id"), {"id": request.id})

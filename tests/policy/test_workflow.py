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
from app.models import FinalReview, FRRequest, PeerReview, Round, Transition
from app.models.request import STATES
from app.policy import policy
from app.unit import Conflict, unit_of_work
from app.workflow import Refused, advance, allowed, explain
from app.workflow.engine import StateAssignedOutside, check_separations
from app.workflow.registry import CONDITIONS

FLOW = policy().workflow("request")
VERBS = sorted({row.verb for row in FLOW.transitions})
FACTS = [
    "search",
    "image",
    "face",
    "job",
    "candidates",
    "algorithm",
    "generation",
    "cause",
    "round",
    "candidate",
    "opinion",
    "submission",
    "use",
    "rule",
    "reasons",
    "report",
    "kind",
    "sha256",
    "outcome",
    "previous",
]


def somebody(account, *, capabilities=None, trained=("fr",)) -> Actor:
    """A person with every capability there is, unless told otherwise."""
    every = frozenset(policy().capabilities) if capabilities is None else frozenset(capabilities)
    return Actor(account.id, account.name, "", "", "", frozenset(), every, frozenset(trained))


@pytest.fixture
def in_state(app, people):
    """A request put straight into a state, as a row: for tests of `advance` alone."""
    requester, examiner = people.account("d.lark"), people.account("k.rowan")
    supervisor = people.account("s.alder")

    def make(state: str) -> FRRequest:
        with unit_of_work() as rows:
            from app import audit
            from app.extensions import stores

            request = FRRequest(
                number=f"FR-T-{state}"[:20], key_id=stores().keys.create(), policy_version=policy().version,
                requester_id=requester.id, command="", case_number="DB-2026-1", use_id="USE-1", submission=1,
                examiner_id=examiner.id, discussing_supervisor_id=supervisor.id,
            )  # fmt: skip
            rows.add(request)
            rows.flush()
            audit.record("request.created", request, case_number="DB-2026-1")
            rows.execute(
                text("UPDATE fr_request SET state = :state WHERE id = :id"), {"state": state, "id": request.id}
            )
        db.session.expire_all()
        return request

    return make


def test_the_table_and_the_database_know_the_same_states():
    assert {state.id for state in FLOW.states} == set(STATES)


@pytest.mark.clause("CAP-1", "ACC-7")
@pytest.mark.parametrize("state", STATES)
def test_every_verb_is_refused_where_the_table_does_not_list_it(in_state, people, state):
    request = in_state(state)
    actor = somebody(people.account("c.hawthorn"))
    for verb in VERBS:
        listed = any(row.verb == verb and state in row.sources for row in FLOW.transitions)
        facts = dict.fromkeys(FACTS) | {"algorithm_status": None, "missing": ["x"], "demonstration": False}
        if listed:
            continue
        with pytest.raises(Refused) as refusal, unit_of_work():
            advance(request, verb, actor, **facts)
        assert refusal.value.rule_id in {row.id for row in FLOW.transitions if row.verb == verb}
        assert request.state == state


@pytest.mark.clause("ACC-7", "ACC-1")
@pytest.mark.parametrize("row", FLOW.transitions, ids=lambda row: row.id)
def test_every_step_needs_its_capability(in_state, people, row):
    request = in_state(row.sources[0])
    actor = somebody(people.account("c.hawthorn"), capabilities=set(policy().capabilities) - {row.capability})
    with pytest.raises(Refused) as refusal, unit_of_work():
        advance(request, row.verb, actor)
    assert refusal.value.rule_id == row.capability


@pytest.mark.clause("ACC-4")
@pytest.mark.parametrize(
    "row", [row for row in FLOW.transitions if policy().capability(row.capability).training], ids=lambda row: row.id
)
def test_every_fr_function_needs_current_training(in_state, people, row):
    request = in_state(row.sources[0])
    actor = somebody(people.account("c.hawthorn"), trained=())
    with pytest.raises(Refused, match="training") as refusal, unit_of_work():
        advance(request, row.verb, actor)
    assert refusal.value.rule_id == row.capability


@pytest.mark.clause("ACC-4", "ACC-1")
def test_every_examiners_capability_needs_training():
    """No FR function may be added without the gate."""
    unit = set(policy().roles["examiner"].capabilities) - {"portal.use", "request.read", "report.read"}
    assert unit
    assert {name for name in unit if policy().capability(name).training != "fr"} == set()


def _with_parts(request: FRRequest, people) -> dict[str, int]:
    """Give every part of a request to a different person; returns part -> account id."""
    parts = {"requester": "d.lark", "examiner": "k.rowan", "peer": "j.maple", "supervisor": "c.hawthorn",
             "discussing_supervisor": "s.alder"}  # fmt: skip
    ids = {part: people.account(name).id for part, name in parts.items()}
    round_ = Round(request_id=request.id, search_id=0, number=1, examiner_id=ids["examiner"])
    round_.peer_reviews = [PeerReview(peer_id=ids["peer"], opinion="supported")]
    round_.final_reviews = [FinalReview(supervisor_id=ids["supervisor"], decision="continued", policy_version="")]
    with db.session.no_autoflush:
        request.rounds = [round_]
        db.session.expunge(round_)
    return ids


PAIRS = [(row, name) for row in FLOW.transitions for name in row.separations]


@pytest.mark.clause("SRC-4", "SRC-5", "FAIR-1", "REQ-4", "AUD-1")
@pytest.mark.parametrize(("row", "part"), PAIRS, ids=lambda value: getattr(value, "id", value))
def test_every_separation_keeps_the_same_person_out(in_state, people, row, part):
    request = in_state(row.sources[0])
    ids = _with_parts(request, people)
    with db.session.no_autoflush, pytest.raises(Refused) as refusal:
        check_separations(row, request, Actor(ids[part], "", "", "", "", frozenset(), frozenset()))
    assert refusal.value.rule_id in row.separations
    stranger = Actor(10_000, "", "", "", "", frozenset(), frozenset())
    with db.session.no_autoflush:
        check_separations(row, request, stranger)
    db.session.rollback()


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


def test_a_state_is_assigned_by_advance_alone(in_state):
    request = in_state("submitted")
    with pytest.raises(StateAssignedOutside):
        request.state = "approved"
    db.session.rollback()


def test_no_code_outside_the_engine_assigns_a_state():
    """`.state = ` of a request appears in no module but the engine (searches, jobs, images have their own)."""
    root = Path(__file__).resolve().parents[2] / "app"
    offenders = []
    for path in root.rglob("*.py"):
        if path.name == "engine.py" and path.parent.name == "workflow":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    owner = ast.unparse(target.value)
                    if owner.split(".")[-1] in {"request", "subject", "req", "item"}:
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
    assert "accept" in {row.verb for row in allowed(request, actor)}


def test_every_registered_condition_names_its_clauses():
    from app.policy.enforcement import registry

    known = {point for points in registry().values() for point in points}
    missing = [name for name, function in CONDITIONS.items()
               if f"{function.__module__}:{function.__qualname__}" not in known]  # fmt: skip
    assert missing == []


@pytest.mark.clause("CAP-5")
def test_the_database_refuses_a_search_of_no_or_two_probes(app):
    columns = db.metadata.tables["search"].columns
    assert not columns["image_id"].nullable
    assert not columns["face_id"].nullable
    # no table joins a search to several images or faces
    joins = [
        table.name for table in db.metadata.tables.values()
        if {"search", "probe_image"} <= {key.column.table.name for key in table.foreign_keys}
    ]  # fmt: skip
    assert joins == []


@pytest.mark.clause("REQ-4")
def test_the_database_refuses_a_requester_who_examines(app, in_state, people):
    request = in_state("submitted")
    with pytest.raises(IntegrityError, match="requester_is_not_examiner"), unit_of_work() as rows:
        rows.execute(text("UPDATE fr_request SET examiner_id = requester_id WHERE id = :id"), {"id": request.id})

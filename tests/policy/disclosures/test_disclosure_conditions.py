"""The conditions of a disclosure, asked of the engine itself: each alone refuses, at every step that names it.

A disclosure that the real verbs made is taken to the state before each step, one thing is spoiled in memory, and
`explain` must name exactly that condition. Whole tables of what may leave are asked the same way.
"""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from app.calendar import today
from app.domain.disclosures.verbs import create_draft
from app.extensions import db
from app.models.base import now
from app.policy import policy
from app.policy.disclosures.examples import RELEASED, cells, decision_of
from app.policy.examples import load_worked
from app.policy.loader import DEFAULT_DIRECTORY
from app.policy.refused import Refused
from app.workflow import explain
from tests.disclosure_factory import answers, disclose, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.policy.disclosures.stand import Stand, everything

pytestmark = needs_models
FLOW = policy().workflow("disclosure")
WORKED = load_worked(DEFAULT_DIRECTORY)

#: what each step must ask, written from the clauses and not read from the table
STATED = {
    "not_immigration",
    "recipient_named",
    "basis_serves_recipient",
    "purpose_serves_recipient",
    "basis_facts_complete",
    "basis_documents_attached",
    "designation_in_force",
    "identity_confirmed",
    "minimum_stated",
    "agreement_in_place",
    "package_complete",
}
DECIDED = STATED | {"items_included", "decision_written", "release_by_within_bounds", "password_confirmed"}
HOLDS = STATED | {"decided_by_another", "decision_in_force", "decision_document_rendered", "items_included"}
NEEDED = {
    "submit": STATED | {"actor_asked", "items_chosen", "changed_answer_explained"},
    "resubmit": STATED | {"actor_asked", "items_chosen", "changed_answer_explained"},
    "return_for_changes": {"decider_suits_basis", "nothing_fetched", "reason_given"},
    "approve": DECIDED | {"contradictions_answered"},
    "determine": DECIDED | {"determination_suffices"},
    "refuse": {"decider_suits_basis", "decision_written", "password_confirmed"},
    "withdraw": {"actor_asked", "nothing_fetched", "reason_given"},
    "release": HOLDS | {"actor_may_release"},
    "finish_release": HOLDS | {"package_built"},
    "fail_release": {"reason_given"},
    "begin_fetch": HOLDS | {"actor_may_release", "package_single_use", "package_fresh", "download_free"},
    "fetch": HOLDS | {"actor_may_release", "package_single_use", "package_fresh", "download_begun"},
    "reissue": HOLDS | {"actor_may_release", "reason_given"},
    "acknowledge": {"actor_may_release", "package_fetched", "receipt_stated"},
    "expire": {"time_has_passed"},
}


@pytest.fixture(autouse=True)
def _nothing_is_kept(app):
    with db.session.no_autoflush:
        yield
        db.session.rollback()


@pytest.fixture
def stand(disclose, people) -> Stand:
    with db.session.no_autoflush:
        disclosure = disclose("submitted")
    return Stand(disclosure, people)


Spoiler = Callable[[Stand, dict[str, Any]], object]


def spoil(stand: Stand, **columns: Any) -> None:
    for name, value in columns.items():
        set_committed_value(stand.disclosure, name, value)


#: an answer that ends a disclosure, given once and changed since
CHANGED = {
    "name": "immigration",
    "question": "Would the disclosure further immigration enforcement?",
    "answer": "yes",
    "by": "Det. Dana Lark",
    "at": "2026-03-01T10:00:00+00:00",
}
#: condition -> ways to break it alone. Each is tried at every step that names the condition.
#: what hangs on photographs of the repository is broken in tests/jobs/sealing/test_serving.py
OF_THE_REPOSITORY = {"sealed_material_kept_back", "package_without_sealed"}
#: of the requests of the case: tests/unit/disclosures/test_concluded.py
OF_THE_CASE = {"case_concluded"}
SPOILED: dict[str, list[Spoiler]] = {
    "not_immigration": [lambda s, f: spoil(s, immigration=True), lambda s, f: spoil(s, immigration=None)],
    "changed_answer_explained": [lambda s, f: s.say(prohibited_answers=[CHANGED])],
    "contradictions_answered": [
        lambda s, f: s.say(prohibited_answers=[CHANGED]),
        lambda s, f: s.say(purpose_text="He is to be deported after the trial, says the office."),
    ],
    "recipient_named": [
        lambda s, f: s.say(recipient={**s.private["recipient"], "name": " "}),
        lambda s, f: s.say(recipient={**s.private["recipient"], "address": ""}),
        lambda s, f: s.say(recipient_facts={**s.private["recipient_facts"], "jurisdiction": "no"}),
    ],
    "basis_serves_recipient": [lambda s, f: spoil(s, basis="D7")],
    "purpose_serves_recipient": [
        lambda s, f: spoil(s, purpose="civil_litigation"),
        lambda s, f: spoil(s, purpose=None),
        lambda s, f: s.request("media", "D6") or spoil(s, purpose="unusual_incident"),
    ],
    "basis_facts_complete": [
        lambda s, f: s.say(facts={}),
        lambda s, f: s.request("city_agency", "D7") or s.say(person=""),
        lambda s, f: s.request("city_agency", "D7") or s.say(facts={**answers(basis("D7")), "open": "no"}),
    ],
    "basis_documents_attached": [lambda s, f: s.request("prosecutor", "D4") or s.documents("other_document")],
    "designation_in_force": [
        lambda s, f: s.request("prosecutor", "D5") or s.designation(None),
        lambda s, f: s.request("prosecutor", "D5") or s.designation(["media"]),
        lambda s, f: s.request("prosecutor", "D5") or s.designation(["prosecutor"], purposes=["own_information"]),
        lambda s, f: s.request("prosecutor", "D5") or s.designation(["prosecutor"], item_kinds=["report"]),
        lambda s, f: s.request("prosecutor", "D5") or s.designation(["prosecutor"], revoked_at=now()),
        lambda s, f: (
            s.request("prosecutor", "D5") or s.designation(["prosecutor"], expires_on=today() - timedelta(days=1))
        ),
        lambda s, f: (
            s.request("prosecutor", "D5") or s.designation(["prosecutor"], effective_on=today() + timedelta(days=1))
        ),
    ],
    "identity_confirmed": [
        lambda s, f: s.say(identity={}),
        lambda s, f: s.say(identity={**s.private["identity"], "by": ""}),
        lambda s, f: s.say(identity={**s.private["identity"], "affiliation_how": ""}),
    ],
    "minimum_stated": [lambda s, f: s.say(necessity="Useful."), lambda s, f: s.say(purpose_text="")],
    "agreement_in_place": [
        lambda s, f: s.request("law_enforcement", "D6") or s.say(agreement={}),
        lambda s, f: s.request("city_agency", "D6") or s.say(agreement={**agreement(), "onward": "no"}),
    ],
    "items_chosen": [lambda s, f: s.request("media", "D6") or spoil(s, items=[])],
    "package_complete": [lambda s, f: leave_out(s, f, 0), lambda s, f: leave_out(s, f, -1)],
    "items_included": [lambda s, f: nothing_included(s, f), lambda s, f: foreign_item(s, f)],
    "decision_written": [
        lambda s, f: f.update(text="Yes."),
        lambda s, f: f.update(reason=""),
        lambda s, f: f.update(reason="The request is good"),  # one character short
    ],
    "release_by_within_bounds": [
        lambda s, f: f.update(release_by=today() - timedelta(days=1)),
        lambda s, f: f.update(release_by=today() + timedelta(days=91)),
        lambda s, f: f.update(release_by=None),
    ],
    "password_confirmed": [lambda s, f: f.update(password_confirmed=False)],
    "determination_suffices": [
        lambda s, f: s.request("prosecutor", "D1"),
        lambda s, f: s.request("prosecutor", "D2"),
        lambda s, f: s.request("prosecutor", "D3"),
    ],
    "decided_by_another": [lambda s, f: s.decision("approved", s.asker)],
    "decision_in_force": [
        lambda s, f: s.decision(None, None),
        lambda s, f: s.decision("refused", s.officer),
        lambda s, f: s.decision("approved", s.officer, submission=0),
        lambda s, f: s.decision("approved", s.officer, today() - timedelta(days=1)),
        lambda s, f: s.request("prosecutor", "D3") or s.decision("determined", s.third),
    ],
    "decision_document_rendered": [
        lambda s, f: s.request("prosecutor", "D3") or s.decision("approved", s.officer, rendered=False)
    ],
    "package_built": [
        lambda s, f: f.update(size=0),
        lambda s, f: f.update(sha256=None),
        lambda s, f: f.update(size=256 * 2**20 + 1),
    ],
    "nothing_fetched": [lambda s, f: s.package(now())],
    "package_single_use": [lambda s, f: s.package(now()), lambda s, f: spoil(s, packages=[])],
    "package_fresh": [lambda s, f: s.package(expires_at=now() - timedelta(minutes=1))],
    "download_free": [lambda s, f: f.update(session="another")],
    "download_begun": [lambda s, f: f.update(session="another"), lambda s, f: s.package(number=2)],
    "package_fetched": [lambda s, f: s.package(None)],
    "receipt_stated": [
        lambda s, f: f["receipt"].update(received_by=""),
        lambda s, f: f["receipt"].update(how=""),
        lambda s, f: f["receipt"].update(on=today() - timedelta(days=5)),
        lambda s, f: f["receipt"].update(on=today() + timedelta(days=5)),
    ],
    "time_has_passed": [lambda s, f: spoil(s, release_by=today())],
    "reason_given": [lambda s, f: f.update(reason="  ")],
}
#: conditions on who acts: (condition, the verbs' actor instead)
WHO = {
    "actor_asked": lambda s: everything(s.third),
    "actor_may_release": lambda s: everything(s.third, without=("disclosure.custody",)),
    "decider_suits_basis": lambda s: everything(s.records, without=("disclosure.decide",)),
}


def basis(name: str):
    return policy().disclosure.bases[name].facts


def agreement() -> dict[str, str]:
    return answers(policy().disclosure.agreement.facts)


def leave_out(stand: Stand, facts: dict[str, Any], which: int) -> None:
    """One thing of the case is missing: from the request, or from what is let out."""
    if "included" in facts:
        facts["included"].pop(which)
    elif stand.disclosure.state in {"draft", "returned"}:
        kept = list(stand.items)
        kept.pop(which)
        set_committed_value(stand.disclosure, "items", kept)
    else:
        set_committed_value(stand.items[which], "included", False)


def nothing_included(stand: Stand, facts: dict[str, Any]) -> None:
    stand.request("media", "D6")
    for item in stand.items:
        set_committed_value(item, "included", False)
    if "included" in facts:
        facts["included"] = []


def foreign_item(stand: Stand, facts: dict[str, Any]) -> None:
    if "included" in facts:
        facts["included"].append("f" * 32)
    else:
        nothing_included(stand, facts)


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-5", "EXT-8", "EXT-2", "ACC-13")
def test_each_step_asks_what_the_clauses_demand():
    listed = {row.verb: set(row.conditions) for row in FLOW.transitions}
    assert {verb: needed - listed[verb] for verb, needed in NEEDED.items() if needed - listed[verb]} == {}
    assert set(NEEDED) == set(listed)


@pytest.mark.clause("EXT-1", "EXT-2", "EXT-3", "EXT-4", "EXT-5", "EXT-6", "EXT-7", "EXT-8", "ACC-12", "ACC-13", "PUB-1")
def test_each_condition_alone_refuses_each_step_that_names_it(stand):
    wrong, tried = [], 0
    for row in FLOW.transitions:
        actor, facts = stand.before(row)
        refusal = explain(stand.disclosure, row.verb, actor, **facts)
        assert refusal is None, f"{row.verb} in order: {refusal}"
        for name in row.conditions:
            for number, break_it in enumerate(SPOILED.get(name, ())):
                actor, facts = stand.before(row)
                break_it(stand, facts)
                refusal = explain(stand.disclosure, row.verb, actor, **facts)
                tried += 1
                if refusal is None or refusal.rule_id != name or not refusal.detail:
                    wrong.append((row.verb, name, number, refusal and refusal.rule_id))
    assert wrong == []
    assert tried > 250


@pytest.mark.clause("ACC-7", "ACC-12", "EXT-7")
def test_conditions_on_who_acts_refuse_everybody_else(stand):
    wrong = []
    for row in FLOW.transitions:
        for name in set(row.conditions) & set(WHO):
            _, facts = stand.before(row, basis="D3")
            refusal = explain(stand.disclosure, row.verb, WHO[name](stand), **facts)
            if refusal is None or refusal.rule_id != name:
                wrong.append((row.verb, name, refusal and refusal.rule_id))
    assert wrong == []
    named = {name for row in FLOW.transitions for name in row.conditions}
    assert named - set(SPOILED) - set(WHO) == OF_THE_REPOSITORY | OF_THE_CASE, "a condition that no test breaks"


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-1", "EXT-3", "EXT-4", "EXT-6", "PUB-1")
def test_the_engine_answers_every_cell_of_the_tables(stand):
    """All of basis × recipient × state of the decision, through the conditions of the release itself."""
    row = next(row for row in FLOW.transitions if row.verb == "release")
    wrong, count = [], 0
    for table in WORKED.release:
        for recipient, state, expected in cells(table):
            actor, _ = stand.before(row)
            stand.request(recipient, table.basis)
            decided = decision_of(state, today())
            by = stand.asker if decided and decided.by_asker else stand.officer
            stand.decision(decided.kind if decided else None, by, decided.release_by if decided else None)
            stand.designation(list(table.designated) or None)
            # approved even where nobody could have approved: the conditions alone must refuse
            refusal = explain(stand.disclosure, "release", actor)
            agrees = refusal is None if expected == RELEASED else refusal and expected in refusal.rule.authority
            if not agrees:
                wrong.append((table.basis, recipient, state, expected, refusal and refusal.rule_id))
            for earlier in ("draft", "submitted", "returned", "refused", "withdrawn", "expired"):
                stand.state(earlier)
                refusal = explain(stand.disclosure, "release", actor)
                if refusal is None or refusal.rule_id != row.id:
                    wrong.append((table.basis, recipient, earlier, row.id, refusal))
            count += 1
    assert wrong == []
    assert count == 7 * 8 * 6


@pytest.mark.clause("ACC-12", "EXT-7")
def test_nobody_decides_their_own_disclosure_whatever_their_roles(stand):
    for row in FLOW.transitions:
        if row.verb in {"approve", "determine", "refuse", "return_for_changes"}:
            _, facts = stand.before(row)
            refusal = explain(stand.disclosure, row.verb, everything(stand.asker), **facts)
            assert refusal is not None and refusal.rule_id == "disclosure_asker", row.verb
        if row.verb in {"release", "begin_fetch", "fetch", "reissue"}:
            _, facts = stand.before(row)
            refusal = explain(stand.disclosure, row.verb, everything(stand.officer), **facts)
            assert refusal is not None and refusal.rule_id == "disclosure_decider", row.verb


@pytest.mark.clause("ACC-6", "ACC-11")
def test_nobody_discloses_from_a_case_of_which_they_have_no_request(disclose, people):
    stranger = people.actor("i.kestrel")
    with pytest.raises(Refused) as refusal:
        create_draft(stranger, "2026-075-01234")
    assert refusal.value.rule_id == "disclosure.any_case"
    assert "disclosure.any_case" in people.actor("b.juniper").capabilities
    bare = replace(stranger, capabilities=stranger.capabilities - {"disclosure.file"})
    with pytest.raises(Refused) as refusal:
        create_draft(bare, "2026-075-01234")
    assert refusal.value.rule_id == "disclosure.file"

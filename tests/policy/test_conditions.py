"""Conditions that the pages also guard: asked of the engine itself, past whatever stands before it.

Each test takes a request the real verbs made, spoils one thing in memory, and asks what `advance` would answer. (The
pages alone would hide a condition that no longer holds.)
"""

from __future__ import annotations

import pytest

from app.extensions import db
from app.matching.nist import NistStatus
from app.models.base import now
from app.policy import policy
from app.workflow import explain
from app.workflow.registry import CONDITIONS
from tests.drawn_gallery import needs_models

pytestmark = needs_models
EVALUATED = {"algorithm_status": NistStatus(True, ""), "demonstration": False}


@pytest.fixture(autouse=True)
def _nothing_is_kept(app):
    with db.session.no_autoflush:
        yield
        db.session.rollback()


def refused_by(request, verb, actor, **facts) -> str | None:
    refusal = explain(request, verb, actor, **facts)
    return refusal.rule_id if refusal else None


@pytest.mark.clause("REQ-4", "REQ-5", "CAP-1")
def test_a_confirmation_of_an_earlier_submission_does_not_count(make, people):
    request, examiner = make.request(state="documented"), people.actor("k.rowan")
    steps = policy().transitions("request", "documented")
    assert "basis_in_force" in next(row.conditions for row in steps if row.verb == "select_probe")
    assert CONDITIONS["basis_in_force"](request, examiner, {}) is None
    request.submission += 1
    assert refused_by(request, "select_probe", examiner) == "basis_in_force"


@pytest.mark.clause("REQ-5", "CAP-1")
def test_an_undocumented_confirmation_does_not_count(make, people):
    request, examiner = make.request(state="probe_selected"), people.actor("k.rowan")
    decision = request.basis_decisions[-1]
    decision.documented_at = decision.entry_reference = None
    assert refused_by(request, "start_search", examiner, **EVALUATED) == "basis_in_force"


@pytest.mark.clause("CAP-5", "REQ-6")
def test_without_one_selected_face_nothing_is_searched(make, people):
    request, examiner = make.request(state="probe_selected"), people.actor("k.rowan")
    assert refused_by(request, "start_search", examiner, **EVALUATED) is None
    request.current_search.state = "replaced"
    assert refused_by(request, "start_search", examiner, **EVALUATED) == "one_face_selected"
    request.current_search.state = "prepared"
    request.current_search.image.removed_at = now()
    assert refused_by(request, "start_search", examiner, **EVALUATED) == "one_face_selected"


@pytest.mark.clause("SRC-7")
def test_a_searched_request_is_not_withdrawn(make, people):
    request, requester = make.request(state="probe_selected"), people.actor("d.lark")
    assert refused_by(request, "withdraw", requester, reason="Found otherwise.") is None
    request.current_search.started_at = now()
    assert refused_by(request, "withdraw", requester, reason="Found otherwise.") == "no_search_run"


@pytest.mark.clause("LIM-4")
def test_an_image_of_unsaid_origin_is_not_submitted(make, people):
    request, requester = make.request(state="draft"), people.actor("d.lark")
    assert refused_by(request, "submit", requester) is None
    request.current_images[0].obtained = None
    assert refused_by(request, "submit", requester) == "images_lawful"


@pytest.mark.clause("LIM-1")
def test_a_body_worn_still_without_the_facts_of_the_exception_is_refused(make, people):
    request, requester = make.request(state="draft"), people.actor("d.lark")
    assert CONDITIONS["body_worn_exception"](request, requester, {}) is None
    request.current_images[0].source = "body_worn_camera"
    assert CONDITIONS["body_worn_exception"](request, requester, {}) is not None
    steps = policy().transitions("request", "draft")
    assert "body_worn_exception" in next(row.conditions for row in steps if row.verb == "submit")


@pytest.mark.clause("SRC-2", "CAP-6", "FAIR-1")
def test_nobody_is_nominated_or_ruled_out_before_each_candidate_was_compared(make, people):
    request, examiner = make.request(state="under_examination"), people.actor("k.rowan")
    assert refused_by(request, "nominate", examiner) == "every_candidate_disposed"
    assert refused_by(request, "conclude_none", examiner, reason="Nobody.") == "every_candidate_disposed"


@pytest.mark.clause("SRC-2", "SRC-4", "CAP-6")
def test_only_a_retained_and_fully_compared_candidate_is_nominated(make, people):
    request, examiner = make.request(state="nominated"), people.actor("k.rowan")
    round_ = request.current_round
    disposition = round_.disposition_of(round_.nominee)
    for name in ("nominee_retained", "worksheet_complete"):
        assert CONDITIONS[name](request, examiner, {}) is None
    disposition.seal(features={})
    assert CONDITIONS["worksheet_complete"](request, examiner, {}) is not None
    disposition.verdict = "excluded"
    assert CONDITIONS["nominee_retained"](request, examiner, {}) is not None
    steps = policy().transitions("request", "under_examination")
    needed = next(row.conditions for row in steps if row.verb == "nominate")
    assert {"worksheet_complete", "nominee_retained", "background_checked"} <= set(needed)


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_one_peer_is_not_enough(make, people):
    request = make.request(state="nominated")
    assert refused_by(request, "close_peer_review", people.actor("j.maple")) == "enough_peers"


@pytest.mark.clause("REQ-2")
def test_a_case_number_of_no_accepted_form_is_not_submitted(make, people):
    request, requester = make.request(state="draft"), people.actor("d.lark")
    request.case_number = "somewhere"
    assert refused_by(request, "submit", requester) == "case_number_valid"


@pytest.mark.clause("AUD-1")
def test_another_supervisor_does_not_answer_for_the_discussion(make, people):
    request = make.request(state="submitted")
    facts = {"answers": request.private["answers"], "political": "no", "shown": ()}
    assert refused_by(request, "confirm_discussion", people.actor("s.alder"), **facts) is None
    assert refused_by(request, "confirm_discussion", people.actor("t.birch"), **facts) == "actor_is_named_supervisor"

"""Conditions that a verb, a page or another condition guards as well: each asked of the engine by itself.

Two lines of defense hold, and a test of the first says nothing of the second. Here the first is passed over: the rows
are put as no verb would leave them, and the step itself must refuse by the condition's own name.
"""

from __future__ import annotations

from itertools import product

import pytest

from app.access.actor import system_actor
from app.domain.approval import verbs as approvals
from app.domain.examination import verbs as examination
from app.domain.peers import nomination
from app.extensions import db
from app.models import Report
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from app.workflow.registry import CONDITIONS
from tests.drawn_gallery import needs_models
from tests.unit_stages import BACKGROUND, SAME, worksheet

pytestmark = needs_models


@pytest.fixture(autouse=True)
def _nothing_is_kept(app):
    with db.session.no_autoflush:
        yield
        db.session.rollback()


def refused_by(request, verb, actor, **facts) -> str | None:
    refusal = explain(request, verb, actor, **facts)
    return refusal.rule_id if refusal else None


@pytest.mark.clause("SRC-7", "CAP-6")
def test_a_list_that_names_somebody_is_not_ended_unexamined_bypass(make, people):
    request, examiner = make.request(state="searched"), people.actor("k.rowan")
    assert request.current_search.candidates
    assert refused_by(request, "conclude_empty", examiner) == "no_candidates"
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.conclude_empty(request, examiner)
    assert (refused.value.rule_id, request.state) == ("no_candidates", "searched")
    request.current_search.candidates = []
    assert refused_by(request, "conclude_empty", examiner) is None
    request.searches = []
    assert refused_by(request, "conclude_empty", examiner) == "no_candidates", "nothing was searched"


@pytest.mark.clause("SRC-2")
def test_nothing_is_examined_where_nobody_is_listed(make, people):
    request, examiner = make.request(state="searched"), people.actor("k.rowan")
    assert refused_by(request, "begin_examination", examiner) is None
    request.current_search.candidates = []
    assert refused_by(request, "begin_examination", examiner) == "candidates_present"


@pytest.mark.clause("SRC-3")
def test_nobody_is_nominated_whose_background_was_not_checked(make, people):
    request, examiner = make.request(state="under_examination"), people.actor("k.rowan")
    round_, first = request.current_round, min(request.current_round.search.candidates, key=lambda one: one.rank)
    make.dispose_all(request, retain=first)
    with pytest.raises(Refused) as refused, unit_of_work():
        nomination.nominate(request, examiner, first, "p2", SAME)
    assert (refused.value.rule_id, request.state) == ("background_checked", "under_examination")
    with unit_of_work():
        examination.check_background(request, examiner, first, BACKGROUND)
    round_.nominee, round_.opinion = first, "p2"
    assert refused_by(request, "nominate", examiner) is None
    check = round_.background_of(first)
    check.seal(items={})
    assert refused_by(request, "nominate", examiner) == "background_checked", "a check of nothing"
    check.seal(items={key: value for key, value in BACKGROUND.items() if key != "records_checked"})
    assert refused_by(request, "nominate", examiner) == "background_checked", "one item left out"


@pytest.mark.clause("SRC-3")
def test_the_check_of_another_candidate_does_not_serve_bypass(make, people):
    request, examiner = make.request(state="under_examination"), people.actor("k.rowan")
    first, second, *_ = sorted(request.current_round.search.candidates, key=lambda one: one.rank)
    make.dispose_all(request, retain=first)
    with unit_of_work():
        examination.dispose(request, examiner, second, "retained", worksheet(), "")
    with unit_of_work():
        examination.check_background(request, examiner, second, BACKGROUND)
    with pytest.raises(Refused) as refused, unit_of_work():
        nomination.nominate(request, examiner, first, "p2", SAME)
    assert refused.value.rule_id == "background_checked"


@pytest.mark.clause("SRC-4", "FAIR-1")
@pytest.mark.parametrize("opinion", ["p1", "0", "m2", "ns", None])
def test_the_step_itself_asks_for_an_opinion_that_supports(make, people, opinion):
    """The verb asks before it writes the opinion; here the row holds it already."""
    request, examiner = make.request(state="under_examination"), people.actor("k.rowan")
    round_, first = request.current_round, min(request.current_round.search.candidates, key=lambda one: one.rank)
    make.dispose_all(request, retain=first)
    with unit_of_work():
        examination.check_background(request, examiner, first, BACKGROUND)
    round_.nominee, round_.opinion = first, "p2"
    assert refused_by(request, "nominate", examiner) is None
    round_.opinion = opinion
    assert refused_by(request, "nominate", examiner) == "nomination_supported"


@pytest.mark.clause("SRC-2", "SRC-4")
def test_the_step_itself_asks_for_every_comparison_of_the_line(make, people):
    """The verb looks through the line before the step; here it is asked for at once."""
    request, peer = make.request(state="nominated"), people.actor("j.maple")
    line_up = make.line_up(request, "j.maple")
    facts = {"line_up": line_up, "round": request.current_round.uid, "opinion": "p2"}
    assert refused_by(request, "record_peer_review", peer, **facts) == "peer_worksheet_complete"
    make.compare_line(line_up)
    assert refused_by(request, "record_peer_review", peer, **facts) is None
    subject = line_up.subject_place
    whole = subject.private["features"]
    subject.seal(features={name: given for name, given in whole.items() if name != "nose"})
    assert refused_by(request, "record_peer_review", peer, **facts) == "peer_worksheet_complete", "one feature left out"
    subject.seal(features=whole)
    foil = line_up.foil_places[0]
    foil.seal(features={})
    assert refused_by(request, "record_peer_review", peer, **facts) == "peer_worksheet_complete", "one foil left out"


@pytest.mark.clause("SRC-7", "SRC-8")
def test_a_report_counts_as_reported_only_with_a_receipt_of_the_case_file(make, people):
    request, portal = make.request(state="approved"), system_actor()
    facts = {"missing": [], "report": "R-1", "kind": "possible_match", "sha256": "0"}
    assert refused_by(request, "deliver_report", portal, **facts) == "report_attached_to_case_file", "no report"
    report = Report(number="R-1", kind="possible_match")
    request.reports = [report]
    assert refused_by(request, "deliver_report", portal, **facts) == "report_attached_to_case_file", "only rendered"
    report.delivered_at = now()
    assert refused_by(request, "deliver_report", portal, **facts) == "report_attached_to_case_file", "no receipt"
    report.receipt = {"path": "2026-075-01234/R-1/R-1.pdf"}
    assert refused_by(request, "deliver_report", portal, **facts) is None
    report.delivered_at = None
    assert refused_by(request, "deliver_report", portal, **facts) == "report_attached_to_case_file", "not delivered"
    db.session.expunge(report)


@pytest.mark.clause("SRC-5", "SRC-6")
def test_what_was_not_approved_is_not_reissued_as_a_possible_match_bypass(make, people, run_jobs):
    """Peers agreed, the supervisor did not: recalling the negative report opens no way to a possible match."""
    request, supervisor = make.request(state="peer_reviewed"), people.actor("c.hawthorn")
    with unit_of_work():
        approvals.disapprove(request, supervisor, "The ears differ.", password_confirmed=True)
    run_jobs()
    assert request.state == "reported"
    with unit_of_work():
        approvals.recall(request, supervisor, "The wrong case file was named.", password_confirmed=True)
    with pytest.raises(Refused) as refused, unit_of_work():
        approvals.reissue(request, supervisor, "It was a possible match.", password_confirmed=True)
    assert (refused.value.rule_id, request.state) == ("round_was_approved", "superseded")
    final = request.current_round.final_reviews[-1]
    final.decision = "approved"
    facts = {"reason": "With the right number.", "password_confirmed": True, "report": "R-1"}
    assert refused_by(request, "reissue_report", supervisor, **facts) is None, "nothing else stood in the way"


@pytest.mark.clause("SRC-5", "SRC-6", "CAP-3", "SRC-4", "SRC-7")
def test_a_review_under_way_is_ended_only_where_it_cannot_go_on_bypass(make, people):
    """With peers at work and the photograph in the repository a supervisor neither stops nor decides before them."""
    request, supervisor = make.request(state="nominated"), people.actor("c.hawthorn")
    facts = {"reason": "It takes long.", "password_confirmed": True, "round": request.current_round.uid}
    assert refused_by(request, "stop_peer_review", supervisor, **facts) == "peer_review_stuck"
    for verb in ("continue_investigation", "disapprove"):
        assert refused_by(request, verb, supervisor, **facts) == "nominee_gone"
    request.current_round.nominee.photo.removed_at = now()
    for verb in ("continue_investigation", "disapprove"):
        assert refused_by(request, verb, supervisor, **facts) is None
        assert refused_by(request, verb, supervisor, **{**facts, "password_confirmed": False}) == "password_confirmed"


@pytest.mark.clause("SRC-5", "SRC-6", "CAP-3", "FAIR-1")
def test_an_approval_asks_for_the_photograph_every_opinion_and_the_password(make, people):
    request, supervisor = make.request(state="peer_reviewed"), people.actor("c.hawthorn")
    facts = {"reason": "Unanimous.", "password_confirmed": True, "round": request.current_round.uid}
    assert refused_by(request, "approve", supervisor, **facts) is None
    for given in (False, None, "yes"):
        assert refused_by(request, "approve", supervisor, **{**facts, "password_confirmed": given}) == (
            "password_confirmed"
        )
    for verb, said in product(("approve", "disapprove", "continue_investigation"), (" \n", "ok", "As discussed.")):
        assert refused_by(request, verb, supervisor, **{**facts, "reason": said}) == "reason_given", verb
    review, nominee = request.current_round.peer_reviews[-1], request.current_round.nominee
    for opinion in ("0", "m1", "ns"):
        review.opinion = opinion
        assert refused_by(request, "approve", supervisor, **facts) == "peers_unanimous", opinion
    review.opinion = "p2"
    nominee.photo.removed_at = now()
    assert refused_by(request, "approve", supervisor, **facts) == "nominee_in_repository"


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_a_verdict_is_given_on_ones_own_open_line_with_a_level_for_each_photograph(make, people):
    request, peer, other = make.request(state="nominated"), people.actor("j.maple"), people.actor("n.finch")
    line_up = make.line_up(request, "j.maple")
    make.compare_line(line_up)
    facts = {"line_up": line_up, "round": request.current_round.uid, "opinion": "p2"}
    assert refused_by(request, "record_peer_review", peer, **facts) is None
    assert refused_by(request, "record_peer_review", other, **facts) == "peer_assigned", "a colleague's line"
    assert refused_by(request, "record_peer_review", peer, **{**facts, "line_up": None}) == "peer_assigned"
    level, line_up.subject_place.level = line_up.subject_place.level, None
    assert refused_by(request, "record_peer_review", peer, **facts) == "peer_opinion_given"
    line_up.subject_place.level = level
    line_up.ended = "declined"
    assert refused_by(request, "record_peer_review", peer, **facts) == "peer_assigned", "declined before"


@pytest.mark.clause("AUD-1")
def test_an_agreement_to_search_again_answers_a_question_that_was_put(make, people):
    request = make.request(state="probe_selected")
    examiner, supervisor = people.actor("k.rowan"), people.actor("c.hawthorn")
    assert refused_by(request, "ask_to_repeat", examiner, reason="A newer repository.") == "searched_before"
    for verb in ("agree_to_repeat", "decline_repeat"):
        assert refused_by(request, verb, supervisor, reason="Agreed.") == "repeat_asked"


@pytest.mark.clause("USE-8")
def test_nothing_at_all_is_no_further_evidence(make, people):
    request, requester = make.request(state="reported"), people.actor("d.lark")
    assert refused_by(request, "record_corroboration", requester, kind="", evidence={}) == "evidence_given"
    assert CONDITIONS["evidence_given"](request, requester, {"kind": "", "evidence": {}}) is not None
    make.corroborate(request)

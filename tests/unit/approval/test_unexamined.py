"""A search that a supervisor ends unexamined: who may, with what reason, and as what it is told (SRC-7)."""

from __future__ import annotations

import re

import pytest

from app.domain.approval import unexamined
from app.domain.approval import verbs as approvals
from app.domain.identification import lineage
from app.domain.workload import verbs as workload
from app.extensions import db
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.events_and_notices import events, notices_of
from tests.unit_stages import NEEDLESS

pytestmark = [needs_models, pytest.mark.clause("SRC-7")]


def refused_by(request, actor, reason: str = NEEDLESS, *, signed: bool = True) -> str:
    with pytest.raises(Refused) as refused, unit_of_work():
        unexamined.end_unexamined(request, actor, reason, password_confirmed=signed)
    db.session.rollback()
    return refused.value.rule_id


@pytest.fixture
def supervisor(people):
    return people.actor("c.hawthorn")


def test_it_is_told_to_whoever_asked_and_whoever_has_it_and_is_no_result(make, people):
    request = make.request(state="under_examination")
    make.end_unexamined(request)
    assert request.state == "unexamined"
    assert request.private["unexamined"]["reason"] == NEEDLESS
    assert request.private["unexamined"]["by"] == people.account("c.hawthorn").display_name
    assert {("search_unexamined", "d.lark"), ("search_unexamined", "k.rowan")} <= notices_of(request.number)
    assert events("request.ended_unexamined") == [{"search": request.current_search.uid}]
    make.run_jobs()
    assert (request.reports, request.result, approvals.result_of(request)) == ([], None, None)
    assert lineage.result_of(request.current_search) == "not examined"
    assert request.current_round.concluded_at is not None


def test_its_words_call_it_neither_negative_nor_a_lead():
    rule, state = policy().request.conclusion, policy().workflow("request").state("unexamined")
    said = (rule.meanwhile, rule.unexamined, state.title, state.text)
    assert not [words for words in said if re.search(r"\bnegative|\blead\b|eliminated", words, re.IGNORECASE)]


@pytest.mark.parametrize(
    "reason",
    [
        "x",
        "Not needed any more.",
        "x" * 60,
        "found found found found found found found found found",
        "          " * 10,
    ],
)
def test_the_reason_says_something_bypass(make, supervisor, reason):
    """Wording: neither its length alone nor the same word over and over is a reason."""
    request = make.request(state="searched")
    assert refused_by(request, supervisor, reason) == "end_reasoned"


def test_the_bounds_of_the_reason_stand_here_too():
    rule = policy().request.conclusion
    assert (rule.min_reason, rule.min_words) == (40, 6)


def test_it_is_signed_and_ended_by_nobody_with_another_part(make, people, supervisor):
    request = make.request(state="searched")
    assert refused_by(request, supervisor, signed=False) == "password_confirmed"
    assert refused_by(request, people.actor("k.rowan")) == "approval.decide"
    assert refused_by(request, people.actor("d.lark")) == "approval.decide"


@pytest.mark.clause("SRC-2")
def test_what_was_compared_to_the_end_is_told_as_its_own_result_bypass(make, supervisor):
    request = make.request(state="under_examination")
    first, *others = request.current_round.search.candidates
    for candidate in others:
        make.exclude(request, candidate)
    assert refused_by(request, supervisor, "too short") == "end_reasoned"
    make.exclude(request, first)
    assert refused_by(request, supervisor) == "examination_unfinished"
    assert request.state == "under_examination"


@pytest.mark.clause("SRC-2")
def test_nor_after_the_finished_round_was_handed_to_somebody_else_bypass(make, people, supervisor):
    """Another route: a hand-over ends the round, and the fresh one has nothing in it."""
    request = make.request(state="under_examination")
    make.dispose_all(request)
    receiver, giver = people.actor("j.maple"), people.actor("v.osprey")
    with unit_of_work():
        workload.assign(request, giver, receiver, "All candidates were compared; nobody remains.")
    assert refused_by(request, supervisor) == "examination_unfinished"


@pytest.mark.clause("SRC-6")
def test_what_peers_judged_is_not_told_as_nothing_bypass(make, supervisor):
    """Repeating: after a dissent another search of the request is not ended unexamined either."""
    request = make.request(state="continued")
    make.select(request)
    make.search(request)
    make.run_jobs()
    assert request.state == "searched"
    assert refused_by(request, supervisor) == "examination_unfinished"


def test_a_search_that_listed_nobody_is_negative_bypass(make, supervisor):
    request = make.request(state="searched")
    with db.session.no_autoflush:
        request.current_search.candidates = []
        with pytest.raises(Refused) as refused:
            unexamined.end_unexamined(request, supervisor, NEEDLESS, password_confirmed=True)
    db.session.rollback()
    assert refused.value.rule_id == "candidates_present"


@pytest.mark.parametrize("state", ["documented", "nominated", "peer_reviewed", "approved", "reported"])
def test_only_a_search_before_its_nomination_ends_so_bypass(make, supervisor, state):
    request = make.request(state=state)
    assert refused_by(request, supervisor) == "WF-unexamined"

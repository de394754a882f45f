"""Who judged a person or a photograph is not drawn for it again while others are left (SRC-4, FAIR-1)."""

from __future__ import annotations

import pytest

from app.domain.examination import verbs as examination
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.peers import nomination
from app.domain.peers.conditions import line_ups_of
from app.matching.line_up import drawn_reviewer
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.request_factory import picture
from tests.unit_stages import BACKGROUND, SAME, all_answered
from tests.web.page_reading import soup, words

pytestmark = pytest.mark.clause("SRC-4", "FAIR-1")
OTHER = {"requester": "m.heron", "supervisor": "t.birch"}
#: more people beside the nominee than the line needs
GALLERY = [person(seed) for seed in (7, 21, 22, 23, 24)]


@pytest.fixture
def before(make):
    """A request of the matter whose two peers, Maple and Finch, have judged the person."""
    return make.request(state="peer_reviewed", gallery=GALLERY)


def drawn(request) -> set[str]:
    return {row.peer.name for row in line_ups_of(request.current_round)}


@pytest.mark.parametrize("photograph", ["the same", "another"])
def test_another_request_of_the_matter_gets_other_peers_bypass(make, people, before, monkeypatch, photograph):
    for name in ("a.plover", "i.linnet"):
        people.account(name)
    if photograph == "another":
        data = picture(7, moment=2)
        monkeypatch.setattr("tests.request_factory.picture", lambda *_: data)
    again = make.request(state="nominated", gallery=GALLERY, peers=("a.plover", "i.linnet"), **OTHER)
    assert again.current_round.nominee.person_id == before.current_round.nominee.person_id
    assert drawn(again) == {"a.plover", "i.linnet"}


def test_another_person_on_the_same_photograph_gets_other_peers_bypass(make, people, before):
    for name in ("a.plover", "i.linnet"):
        people.account(name)
    again = make.request(state="under_examination", gallery=GALLERY, **OTHER)
    other = next(
        one for one in again.current_round.search.candidates if one.person_id != before.current_round.nominee.person_id
    )
    make.dispose_all(again, retain=other)
    actor = people.actor("k.rowan")
    with unit_of_work():
        examination.check_background(again, actor, other, BACKGROUND, all_answered())
    make.agree(again)
    with unit_of_work():
        nomination.nominate(again, actor, other, "p2", SAME)
    make.run_jobs()
    assert again.current_round.nominee.person_id == other.person_id
    assert drawn(again) == {"a.plover", "i.linnet"}


def test_where_too_few_are_left_whoever_saw_it_least_is_drawn_and_everything_says_so(make, people, before, sign_in):
    people.account("a.plover")
    again = make.request(state="nominated", gallery=GALLERY, peers=("a.plover", "j.maple"), **OTHER)
    rows = line_ups_of(again.current_round)
    fresh, seen = sorted(rows, key=lambda row: row.peer.name != "a.plover")
    assert fresh.peer.name == "a.plover"
    assert "seen_before" not in fresh.private["draw"]
    earliest = before.current_round.peer_reviews[0].peer.name
    assert seen.peer.name == earliest, "both judged it once; of them whoever did it longest ago"
    draw = seen.private["draw"]
    assert draw["seen_before"]["times"] == 1
    assert drawn_reviewer(draw["considered"], draw["seed"]) == seen.peer.uid
    round_ = again.current_round
    make.parts |= {"peers": ("a.plover", earliest)}
    make.peer(again, earliest)
    assert printed_contradictions(round_, round_.nominee).not_fresh == (), "nobody learns who reviews before all did"
    make.peer(again, "a.plover")
    [said] = printed_contradictions(round_, round_.nominee).not_fresh
    assert f"{before.number}, round 1" in said
    assert "too few other examiners were left" in said
    file = words(soup(sign_in("c.hawthorn").get(f"/final-review/{again.number}")).select_one("main"))
    assert said in file
    make.approve(again)
    make.report(again)
    assert again.reports, "the report is read back: it says what the file says, or it is not delivered"

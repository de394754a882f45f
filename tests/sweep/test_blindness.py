"""What a peer must not see is on no page a peer can open: not the score, not the notes, not a colleague's opinion.

The words are unmistakable (tests/sweep/world.py SECRETS); every page of every area is read for them.
"""

from __future__ import annotations

import pytest

from tests.sweep import pages as opened
from tests.sweep.world import SECRETS

pytestmark = [pytest.mark.clause("SRC-4", "FAIR-1"), pytest.mark.timeout(300)]

NOTES = {
    name: words.split()[1 if name == "background" else 0]
    for name, words in {
        "background": SECRETS["background"]["records_checked"],
    }.items()
} | {"nomination_note": "Zanzibar", "difference": "Quagmire", "peer_reason": "Xylophone", "mark": "Krakatoa"}


def pages(world, persona: str, *, on: set[str] | None = None) -> dict[str, str]:
    """address -> text of every page this person can open."""
    return {
        page.address: page.text
        for page in opened.pages(world, persona)
        if page.text and (on is None or page.row.get("on") in on | {None})
    }


def scores(world) -> set[str]:
    """Every score of the world, as it would be printed to three figures or more."""
    with world.app.app_context():
        shown = [c.score for c in world.get("nominated").current_round.search.candidates]
    return {f"{score:.{digits}f}" for score in shown for digits in (3, 4)} | {f"{score * 100:.1f}" for score in shown}


@pytest.mark.parametrize("persona", ["peer", "free_examiner"])
def test_a_peer_who_has_not_spoken_finds_no_note_no_score_no_opinion(world, persona):
    found = pages(world, persona, on={"nominated", "line"})
    opened = any("/review/line-ups/" in address for address in found)
    assert opened == (persona == "peer"), "the blind page itself is opened by its peer alone"
    for address, text in found.items():
        leaks = [word for word in (*NOTES.values(), *scores(world)) if word in text]
        assert leaks == [], f"{address} shows {leaks}"


def test_a_peer_is_not_told_who_nominated_or_who_spoke_or_which_it_is(world):
    """Every byte of the line's pages, headers included."""
    with world.app.app_context():
        line, request = world.get("line"), world.get("nominated")
        number, letters = line.number, [place.letter for place in line.places]
        hidden = [world.account(one).display_name for one in ("examiner", "peer_done")]
        round_ = request.current_round
        hidden += [request.number, request.case_number, round_.uid, round_.nominee.uid, round_.nominee.photo.uid]
        hidden += [place.photo.record_number for place in line.places] + [line.private["seed"]]
    for address in (f"/review/line-ups/{number}", *(f"/review/line-ups/{number}/{letter}" for letter in letters)):
        answer = world.client("peer").get(address)
        assert answer.status_code == 200
        body = answer.get_data() + str(answer.headers).encode()
        assert [word for word in hidden if word.encode() in body] == [], address


def test_a_peer_who_has_spoken_still_does_not_see_the_examiners_notes(world):
    """The verdict is locked, but there may be a further round: the notes stay with the round's own people."""
    hidden = {name: word for name, word in NOTES.items() if name != "peer_reason"}
    for address, text in pages(world, "peer_done", on={"nominated", "line_given"}).items():
        leaks = [word for word in (*hidden.values(), *scores(world)) if word in text]
        assert leaks == [], f"{address} shows {leaks}"


def test_these_words_are_there_to_be_found(world):
    """The supervisor reads them in the file; else the tests above could not fail."""
    with world.app.app_context():
        number = world.get("peer_reviewed").number
    text = world.client("supervisor").get(f"/final-review/{number}").get_data(as_text=True)
    assert [word for word in NOTES.values() if word not in text] == []


@pytest.mark.clause("SRC-2", "CAP-6")
@pytest.mark.parametrize("page", ["list", "first candidate"])
def test_the_examiner_sees_no_score_and_no_rank_before_every_disposition(world, page):
    with world.app.app_context():
        round_ = world.get("under_examination").current_round
        shown = [c.shown_order for c in round_.search.candidates]
        address = f"/review/rounds/{round_.uid}" + ("/candidates/1" if page != "list" else "")
        printed = {f"{c.score:.{n}f}" for c in round_.search.candidates for n in (2, 3, 4)}
    assert shown == sorted(shown)
    text = world.client("examiner").get(address).get_data(as_text=True)
    assert [one for one in printed if one in text] == []


@pytest.mark.clause("CAP-6", "SRC-8")
@pytest.mark.parametrize("persona", ["requester", "named_supervisor"])
def test_an_investigator_never_reads_a_score_a_candidate_or_a_note(world, persona):
    for address, text in pages(world, persona).items():
        leaks = [word for word in (*NOTES.values(), *scores(world)) if word in text]
        assert leaks == [], f"{address} shows {leaks}"

"""Peers are assigned by the system and review a line of photographs (SRC-4); what they may and what they may not."""

from __future__ import annotations

import json

import pytest
import sqlalchemy

from app.domain.approval import verbs as approvals
from app.domain.approval.conditions import peers_unanimous
from app.domain.examination import verbs as examination
from app.domain.gallery import verbs as gallery
from app.domain.peers import nomination, renomination, selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.conditions import line_ups_of
from app.extensions import db
from app.matching.line_up import drawn_order, drawn_reviewer
from app.models import AuditEvent, GalleryPhoto, LineUp, PeerReview
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import advance
from tests.events_and_notices import notified
from tests.nominated_request import at, filed, nominated_data, settings
from tests.unit_stages import BACKGROUND, SAME, worksheet

__all__ = ["at", "filed", "nominated_data", "settings"]
pytestmark = pytest.mark.clause("SRC-4", "FAIR-1")
NOSE = {"nose": {"verdict": "different_unexplained", "note": "The bridge is broader."}}
SAY = "I know the person in one of the pictures."


def noted(note: str) -> dict:
    """The one differing feature of an exclusion, with this note."""
    return {"nose": NOSE["nose"] | {"note": note}}


def leave(photo: GalleryPhoto) -> None:
    """The photograph leaves the repository."""
    with unit_of_work():
        gallery.remove(db.session.get_one(GalleryPhoto, photo.id), "sealed")


def refused(action) -> str:
    with pytest.raises(Refused) as found, unit_of_work():
        action()
    return found.value.rule_id


def present() -> set[int]:
    return selection.available(selection.trained_examiners())


# The line ------------------------------------------------------------------------------------------------------


def test_the_line_is_the_nominee_among_foils_and_each_peer_has_an_order_of_its_own(filed):
    round_ = filed.current_round
    rows = line_ups_of(round_)
    assert {row.peer.name for row in rows} == {"j.maple", "n.finch"}
    for row in rows:
        photos = {place.photo.uid for place in row.places}
        assert round_.nominee.photo.uid in photos
        assert len({place.photo.person_id for place in row.places}) == len(row.places) == 3
        assert [p.photo.uid for p in row.places] == drawn_order(photos, row.private["seed"]), "drawn again"
    assert rows[0].private["seed"] != rows[1].private["seed"]
    assert {p.photo_id for p in rows[0].places} == {p.photo_id for p in rows[1].places}
    assert rows[0].private["seed"].encode() not in (rows[0].sealed or b""), "the seed is sealed"


@pytest.mark.clause("CAP-3")
def test_a_retained_candidate_is_no_foil(make):
    """Three people beside the nominee; the one that was retained as well never stands in the line."""
    from demo.people import person

    request = make.request(state="under_examination", gallery=[person(seed) for seed in (7, 21, 22, 23)])
    also = next(c for c in request.current_round.search.candidates if c.rank == 2)
    actor = make.people.actor("k.rowan")
    make.nominate_beside(request, also)
    lines = line_ups_of(request.current_round)
    assert lines
    assert also.person_id not in {place.photo.person_id for row in lines for place in row.places}
    assert actor.id == request.examiner_id


@pytest.mark.clause("CAP-3", "SRC-4", "FAIR-1")
def test_four_others_stand_beside_the_nominee_where_the_repository_gives_them(make):
    from demo.people import person

    request = make.request(state="nominated", gallery=[person(seed) for seed in (7, 21, 22, 23, 24, 25)])
    assert {len(row.places) for row in line_ups_of(request.current_round)} == {5}


@pytest.mark.clause("CAP-3")
def test_nobody_is_nominated_without_enough_others_to_stand_beside(filed, make):
    request = make.request(state="under_examination")
    nominee, *others = sorted(request.current_round.search.candidates, key=lambda candidate: candidate.rank)
    make.dispose_all(request, retain=nominee)
    actor = make.people.actor("k.rowan")
    with unit_of_work():
        examination.check_background(request, actor, nominee, BACKGROUND)
    leave(others[0].photo)
    assert refused(lambda: nomination.nominate(request, actor, nominee, "p2", SAME)) == "line_up_possible"
    assert request.state == "under_examination"


# Assignment ----------------------------------------------------------------------------------------------------


def test_assignment_follows_load_and_the_recorded_draw(filed):
    for row in line_ups_of(filed.current_round):
        draw, chosen = row.private["draw"], row.peer.uid
        assert drawn_reviewer(draw["considered"], draw["seed"]) == chosen
    assert set(notified("peer_review_open")) == {"j.maple", "n.finch"}


def test_whoever_holds_a_part_or_lacks_training_is_never_drawn(make, people):
    for name in ("o.teal", "d.lark", "a.plover"):
        people.account(name)
    request = make.request(state="nominated", peers=("j.maple", "n.finch"))
    possible = {one.name for one in selection.possible_peers(request)}
    assert possible == {"j.maple", "n.finch", "a.plover"}


def test_only_an_assigned_peer_reviews(filed, people):
    stranger, line_up = people.actor("a.plover"), line_ups_of(filed.current_round)[0]
    assert refused(lambda: line_ups.give(line_up, stranger)) == "peer_assigned"
    given = {"line_up": line_up, "round": filed.current_round.uid, "opinion": "p2"}
    assert refused(lambda: advance(filed, "record_peer_review", stranger, **given)) == "peer_assigned"
    assert db.session.query(PeerReview).count() == 0


def test_declining_is_recorded_and_the_next_peer_is_assigned(filed, people):
    people.account("a.plover")
    first = line_ups_of(filed.current_round)[0]
    actor, here = people.actor(first.peer.name), present()
    assert refused(lambda: line_ups.decline(first, actor, "No.", here)) == "line-up"
    with unit_of_work():
        line_ups.decline(first, actor, SAY, here)
    rows = line_ups_of(filed.current_round)
    assert [row.ended for row in rows] == ["declined", None, None]
    assert rows[2].peer.name == "a.plover"
    assert rows[0].private["reason"] == SAY
    assert {p.photo_id for p in rows[2].places} == {p.photo_id for p in rows[1].places}, "the same photographs"
    assert refused(lambda: line_ups.give(first, actor)) == "peer_assigned"


def test_when_nobody_is_left_the_supervisors_are_told_and_may_end_the_peer_review(filed, people):
    people.account("c.hawthorn")
    supervisor, here = people.actor("c.hawthorn"), present()
    stop = lambda: line_ups.stop(filed, supervisor, "Nobody is left.", password_confirmed=True)  # noqa: E731
    assert refused(stop) == "peer_review_stuck", "peers are at work"
    first = line_ups_of(filed.current_round)[0]
    with unit_of_work():
        line_ups.decline(first, people.actor(first.peer.name), SAY, here)
    assert set(notified("peers_short")) == {"c.hawthorn"}
    with unit_of_work():
        stop()
    assert filed.state == "peer_reviewed"
    assert {row.ended for row in line_ups_of(filed.current_round)} == {"declined", "withdrawn"}
    assert peers_unanimous(filed, supervisor, {}) is not None
    with unit_of_work():
        approvals.continue_investigation(filed, supervisor, "Compare the ears again.", password_confirmed=True)


# The verdict ---------------------------------------------------------------------------------------------------


def test_the_opinion_is_the_level_given_to_the_nominated_photograph(filed, make):
    make.peer(filed, "j.maple", "p1", foils="m3")
    [row] = db.session.query(PeerReview).all()
    assert (row.opinion, row.peer.name, row.private["reason"]) == ("p1", "j.maple", SAME)


def test_a_verdict_needs_every_photograph_compared(filed, people):
    line_up = line_ups_of(filed.current_round)[0]
    actor, place = people.actor(line_up.peer.name), line_up.places[0]
    with unit_of_work():
        line_ups.compare(line_up, actor, place, level="m2", features=NOSE, quick=True)
    assert refused(lambda: line_ups.give(line_up, actor)) == "line-up"
    assert filed.state == "nominated"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"level": "0", "features": NOSE, "quick": True}, "line-up"),
        ({"level": "m1", "features": {}, "quick": True}, "line-up"),
        ({"level": "", "features": worksheet(), "reason": SAME}, "opinion-scale"),
        ({"level": "p2", "features": worksheet(), "reason": "Yes."}, "peer-review"),
        ({"level": "p2", "features": worksheet(), "reason": "The nose is broader"}, "peer-review"),
        ({"level": "p2", "features": NOSE, "reason": SAME}, "facial-identification"),
        ({"level": "p2", "features": worksheet(), "reason": "." * 25}, "peer-review"),
        ({"level": "p2", "features": worksheet(), "reason": "\u200b" * 25}, "peer-review"),
        *(({"level": "m1", "features": noted(said), "quick": True}, "line-up") for said in ("\u200b", ".", "—", "x")),
    ],
)
def test_a_comparison_that_lacks_something_is_not_kept_bypass(filed, people, given, rule):
    line_up = line_ups_of(filed.current_round)[0]
    actor, place = people.actor(line_up.peer.name), line_up.places[0]
    assert refused(lambda: line_ups.compare(line_up, actor, place, **given)) == rule
    assert place.level is None


def test_the_database_keeps_a_verdict_as_it_was_given(filed, make):
    make.peer(filed, "j.maple")
    line_up = next(row for row in line_ups_of(filed.current_round) if row.ended == "given")
    for statement in (
        f"UPDATE line_up SET ended = 'withdrawn' WHERE id = {line_up.id}",
        f"UPDATE line_up_place SET level = 'p3' WHERE line_up_id = {line_up.id}",
    ):
        with pytest.raises(sqlalchemy.exc.IntegrityError, match="fixed once the line-up has ended"), unit_of_work():
            db.session.execute(sqlalchemy.text(statement))
    actor = make.people.actor("j.maple")
    assert (
        refused(
            lambda: line_ups.compare(line_up, actor, line_up.places[0], level="p3", features=worksheet(), reason=SAME)
        )
        == "peer_assigned"
    )


@pytest.mark.clause("SRC-6")
@pytest.mark.parametrize(
    ("opinion", "foils", "approved"),
    [("p1", "m2", True), ("0", "m2", False), ("ns", "m2", False), ("p3", "p1", False), ("p3", "0", True)],
)
def test_a_peer_below_the_bar_or_in_favor_of_a_foil_blocks_approval(filed, make, people, opinion, foils, approved):
    make.peer(filed, "j.maple", "p2")
    make.peer(filed, "n.finch", opinion, foils=foils)
    assert filed.state == "peer_reviewed"
    supervisor = people.actor("c.hawthorn")
    approve = lambda: approvals.approve(filed, supervisor, "As they say.", password_confirmed=True)  # noqa: E731
    if not approved:
        assert refused(approve) == "peers_unanimous"
        return
    with unit_of_work():
        approve()
    assert filed.state == "approved"


@pytest.mark.clause("CAP-3")
def test_a_photograph_that_left_is_not_compared_and_the_nominees_counts_as_no_opinion(filed, make, people):
    leave(filed.current_round.nominee.photo)
    line_up = line_ups_of(filed.current_round)[0]
    gone, actor = line_up.subject_place, people.actor(line_up.peer.name)
    assert refused(lambda: line_ups.compare(line_up, actor, gone, level="m1", features=NOSE, quick=True)) == "line-up"
    make.compare_line(line_up)
    with unit_of_work():
        line_ups.give(line_up, actor)
    [row] = db.session.query(PeerReview).all()
    assert row.opinion == "ns"


@pytest.mark.clause("CAP-3", "SRC-6", "SRC-7")
@pytest.mark.parametrize(
    ("decide", "ends"), [(approvals.continue_investigation, "continued"), (approvals.disapprove, "negative")]
)
def test_the_supervisor_decides_without_the_peers_once_the_nominees_photograph_left(filed, make, people, decide, ends):
    """The verdict that was given stays; the line that is open is taken back, and its peer is told."""
    supervisor = people.actor("c.hawthorn")
    decision = lambda: decide(filed, supervisor, "It left the repository.", password_confirmed=True)  # noqa: E731
    assert refused(decision) == "nominee_gone"
    make.peer(filed, "j.maple", "p2")
    leave(filed.current_round.nominee.photo)
    stop = lambda: line_ups.stop(filed, supervisor, "It left the repository.", password_confirmed=True)  # noqa: E731
    assert refused(stop) == "peer_review_stuck", "the request itself is decided on"
    round_ = filed.current_round
    with unit_of_work():
        decision()
    assert filed.state == ends
    assert {row.peer.name: row.ended for row in line_ups_of(round_)} == {"j.maple": "given", "n.finch": "withdrawn"}
    withdrawn = db.session.query(AuditEvent).filter_by(event="line_up.withdrawn").one()
    assert json.loads(withdrawn.keys)["because"] == "decided"
    assert set(notified("peer_withdrawn")) == {"n.finch"}


@pytest.mark.clause("CAP-3")
def test_a_foil_that_left_is_left_out_and_the_verdict_still_counts(filed, make):
    line_up = next(row for row in line_ups_of(filed.current_round) if row.peer.name == "j.maple")
    foil = line_up.foil_places[0]
    leave(foil.photo)
    make.peer(filed, "j.maple", "p2")
    assert db.session.get_one(LineUp, line_up.id).ended == "given"
    assert foil.level is None
    assert db.session.query(PeerReview).one().opinion == "p2"


# Continuation --------------------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-6", "SRC-7")
def test_a_continuation_keeps_the_earlier_round_and_asks_fresh_peers(filed, make, people):
    make.peer(filed, "j.maple", "p2")
    make.peer(filed, "n.finch", "m1")
    first = filed.current_round
    kept = [
        (row.id, row.ended, row.sealed, [(p.id, p.level, p.sealed) for p in row.places]) for row in line_ups_of(first)
    ]
    reviews = [(row.id, row.opinion, row.sealed) for row in first.peer_reviews]
    supervisor = people.actor("c.hawthorn")
    with unit_of_work():
        approvals.continue_investigation(filed, supervisor, "Look at the ears.", password_confirmed=True)
        # the same person comes before fresh peers only with something new
        renomination.record_mistake(filed, supervisor, "The second peer read the mole of a mirrored still.")
    people.account("a.plover")
    examiner = people.actor("k.rowan")
    with unit_of_work():
        examination.begin(filed, examiner)
    make.parts = {**make.parts, "peers": ("a.plover",)}
    make.nominate(filed)
    assert filed.current_round.number == 2
    assert {row.peer.name for row in line_ups_of(filed.current_round)} == {"a.plover"}, "nobody reviews twice"
    assert "c.hawthorn" in set(notified("peers_short"))
    db.session.expire_all()
    assert kept == [
        (row.id, row.ended, row.sealed, [(p.id, p.level, p.sealed) for p in row.places]) for row in line_ups_of(first)
    ]
    assert reviews == [(row.id, row.opinion, row.sealed) for row in first.peer_reviews]


def test_what_happens_to_a_line_is_in_the_audit_trail_without_a_name(filed, make):
    make.peer(filed, "j.maple")
    events = {row.event: row for row in db.session.query(AuditEvent).filter(AuditEvent.event.like("line_up.%"))}
    assert set(events) == {"line_up.assigned", "line_up.compared", "line_up.given"}
    assert "maple" not in " ".join(row.keys.lower() for row in events.values())
    assert policy().event("line_up.given").keys == ()

"""A dissent follows the photograph and the matter: no other number, ended link or withdrawn line leaves it behind."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from app import audit
from app.domain.algorithms import networks
from app.domain.examination.contradictions import contradictions_of
from app.domain.examination.earlier_verdicts import earlier_verdicts
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.gallery import repository_index as repository
from app.domain.gallery.same_picture import is_same_picture
from app.domain.matters import links
from app.domain.peers import renomination, selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.conditions import line_ups_of
from app.extensions import db, stores
from app.imaging import decode
from app.matching.perceptual import perceptual_hash
from app.models import CaseNumber, GalleryPhoto, Template
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests import unit_stages
from tests.request_factory import picture
from tests.unit.peers.test_renomination import MISTAKE, first_of, recompressed, try_again
from tests.web.page_reading import text

pytestmark = pytest.mark.clause("SRC-6", "EXT-2")
OTHER = "2026-075-05555"
SQUAD = {"requester": "m.heron", "supervisor": "t.birch"}
PARTED = "They turned out to be two robberies, says the squad."


@pytest.fixture(autouse=True)
def reviewers(people):
    for name in ("a.plover", "i.linnet", "v.osprey", "g.sorrel", "j.maple", "n.finch", "c.hawthorn"):
        people.account(name)


def another(make, data: bytes | None = None, monkeypatch=None, **parts):
    """The second request, of another detective under another number."""
    if data is not None:
        monkeypatch.setattr("tests.request_factory.picture", lambda *_: data)
    return make.request("under_examination", **{"case_number": OTHER, **SQUAD, **parts})


# Another number ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", [None, recompressed(picture(7))], ids=("the same file", "an edited copy"))
@pytest.mark.parametrize("left", ["peer_reviewed", "continued"])
def test_the_same_photograph_under_another_number_leaves_no_dissent_behind_bypass(
    make, people, monkeypatch, sign_in, probe, left
):
    first = make.request("peer_reviewed", opinions=("m2", "m2"))
    if left == "continued":
        make.carry_on(first)
    again = another(make, probe, monkeypatch)
    assert try_again(make, people, again) == "something_new"
    told = printed_contradictions(again.current_round, first_of(again)).verdicts
    assert [(one.against, first.number in one.where) for one in told] == [(True, True)] * 2
    where = f"/review/rounds/{again.current_round.uid}/candidates/{first_of(again).shown_order}/background"
    assert first.number in text(sign_in("k.rowan").get(where))


def test_final_review_names_it_and_refuses_bypass(make, people, sign_in):
    """By another order: the dissent comes when the other request is before its peers already."""
    first = make.request("nominated")
    again = make.request("peer_reviewed", case_number=OTHER, peers=("a.plover", "i.linnet"), **SQUAD)
    make.parts = {"peers": ("j.maple", "n.finch"), "opinions": ("m2", "m2")}
    make.peers(first)
    page = text(sign_in("c.hawthorn").get(f"/final-review/{again.number}"))
    assert f"{first.number}, round 1" in page
    with pytest.raises(Refused) as refused:
        make.approve(again)
    assert refused.value.rule_id == "something_new"


@pytest.mark.clause("SRC-3")
def test_what_contradicts_the_person_follows_the_photograph_bypass(make):
    stated = {"description": {"height_in": "60", "build": "medium"}}
    first = make.request("peer_reviewed", values=stated, background={"height": "contradicts"})
    found = {one.rule_id for one in contradictions_of(first.current_round, first.current_round.nominee)}
    again = another(make)
    assert found
    assert {one.rule_id for one in contradictions_of(again.current_round, first_of(again))} >= found


def test_a_draft_that_holds_the_photograph_brings_no_matters_together(make, monkeypatch):
    make.request("peer_reviewed", opinions=("m2", "m2"))
    make.request("draft", case_number=OTHER, **SQUAD)
    other = another(make, picture(7, moment=2), monkeypatch)
    assert earlier_verdicts(other.current_round, first_of(other)) == []


# A link that ended ---------------------------------------------------------------------------------------------


def linked(people, by="b.juniper"):
    first, actor = db.session.query(CaseNumber).filter_by(number="2026-075-01234").one(), people.actor(by)
    with unit_of_work():
        return first, links.link(first, actor, OTHER, "Both files are of one robbery, says the squad.")


def part(people, first, row, by="b.juniper"):
    actor = people.actor(by)
    with unit_of_work():
        links.part(first, actor, row, PARTED)


def test_an_examiner_of_the_matter_does_not_end_its_link_bypass(make, people, monkeypatch):
    make.request("peer_reviewed", opinions=("m2", "m2"))
    another(make, picture(7, moment=2), monkeypatch, examiner="g.sorrel")
    first, row = linked(people)
    for name in ("k.rowan", "g.sorrel"):
        with pytest.raises(Refused, match="somebody else ends the link") as refused:
            part(people, first, row, name)
        assert refused.value.rule_id == "one-matter"
    part(people, first, row)
    assert row.standing == "parted"


def test_what_was_said_until_the_link_ended_keeps_counting_bypass(make, people, monkeypatch):
    first = make.request("peer_reviewed", opinions=("m2", "m2"))
    again = another(make, picture(7, moment=2), monkeypatch)
    assert earlier_verdicts(again.current_round, first_of(again)) == [], "two photographs under two numbers"
    part(people, *linked(people))
    kept = earlier_verdicts(again.current_round, first_of(again))
    assert [one.label for one in kept] == ["Support for two people"] * 2
    printed = printed_contradictions(again.current_round, first_of(again)).verdicts
    assert [first.number in one.where for one in printed] == [True, True]


def test_what_was_said_after_the_link_ended_does_not(make, people, monkeypatch):
    first = make.request("nominated")
    data = picture(7, moment=2)
    again = another(make, data, monkeypatch)
    part(people, *linked(people))
    make.parts = {"peers": ("j.maple", "n.finch"), "opinions": ("m2", "m2")}
    make.peers(first)
    assert earlier_verdicts(again.current_round, first_of(again)) == []


# A picture saved again -----------------------------------------------------------------------------------------


def saved_again(photo: GalleryPhoto, how) -> GalleryPhoto:
    """The picture of a photograph enters the repository a second time, under the same person."""
    shown = how(decode(unit_stages.photograph(7, 0)).bgr)
    data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 97])[1].tobytes()
    pixels = decode(data).bgr
    face = networks.detector().detect(pixels)[0]
    vector = networks.extractor().templates(pixels, [face])[0]
    key_id = stores().keys.create()
    stored = stores().blobs.put(key_id, data)
    row = GalleryPhoto(
        person=photo.person,
        record_number=f"{photo.record_number}P",
        source="parole",
        jurisdiction="criminal",
        charged=True,
        taken_on=photo.taken_on,
        sha256=stored.sha256,
        blob_id=stored.id,
        key_id=key_id,
        phash=perceptual_hash(pixels),
        width=pixels.shape[1],
        height=pixels.shape[0],
        batch="parole",
    )
    row.seal(charge="Robbery", eyes=face.eyes)
    box = repository.seal_template(key_id, row.uid, vector)
    row.templates = [Template(algorithm_digest=vector.model_digest, box=box)]
    with unit_of_work() as rows:
        rows.add(row)
        audit.record("gallery.enrolled", batch="parole", photos=1, generation=repository.next_generation())
    return row


SAVED = {
    "saved": lambda pixels: pixels,
    "cropped": lambda pixels: np.ascontiguousarray(pixels[12:-8, 10:-14]),
    "lighter": lambda pixels: cv2.convertScaleAbs(pixels, alpha=1.05, beta=10),
}


@pytest.mark.parametrize("how", SAVED)
def test_the_booking_picture_saved_again_is_no_other_photograph_bypass(make, how):
    request = make.request("peer_reviewed", opinions=("p2", "m2"))
    before = request.current_round.nominee
    make.carry_on(request)
    again = saved_again(before.photo, SAVED[how])
    make.examine(request)
    listed = SimpleNamespace(person_id=before.person_id, photo=again)  # as a later search would list it
    assert len(renomination.open_doubts(request.current_round, listed)) == 1


def test_another_booking_of_the_person_is_another_photograph(make):
    first, second = make.enrol([unit_stages.person(7)], photos=2)
    assert not is_same_picture(first, second)


# A line taken back ---------------------------------------------------------------------------------------------


def lines(request):
    return [one for one in line_ups_of(request.current_round) if one.ended is None]


def given(make, line_up, opinion):
    make.compare_line(line_up, opinion)
    actor = make.people.actor(line_up.peer.name)
    with unit_of_work():
        line_ups.give(line_up, actor)


def taken_back(make, how: str, recorded: str):
    """A request one of whose peers recorded a level and was taken off the line before the verdict was locked."""
    request = make.request("nominated")
    first, second = lines(request)
    given(make, first, "p2")
    make.compare_line(second, recorded)
    present = selection.available(selection.trained_examiners())
    actor = make.people.actor(second.peer.name)
    with unit_of_work():
        if how == "withdrawn":
            selection.reassign(second, "The peer is on leave from tomorrow on.", present)
        else:
            line_ups.decline(second, actor, "I am on leave from tomorrow on, for a week.", present)
    make.run_jobs()
    given(make, lines(request)[0], "p2")
    assert request.state == "peer_reviewed"
    return request, second.peer.display_name


@pytest.mark.parametrize("how", ["withdrawn", "declined"])
def test_what_a_peer_recorded_before_the_line_was_taken_back_stays_bypass(make, people, sign_in, how):
    request, who = taken_back(make, how, "m2")
    [kept] = printed_contradictions(request.current_round, request.current_round.nominee).verdicts
    assert kept.against and kept.who.name == who and "not locked" in kept.said
    page = text(sign_in("c.hawthorn").get(f"/final-review/{request.number}"))
    assert "recorded before the line was taken back" in page
    with pytest.raises(Refused) as refused:
        make.approve(request)
    assert refused.value.rule_id == "something_new"


def test_a_supervisor_who_says_what_was_mistaken_in_it_may_approve_and_it_stays_printed(make, people):
    request, who = taken_back(make, "withdrawn", "m2")
    supervisor = people.actor("c.hawthorn")
    with unit_of_work():
        renomination.record_mistake(request, supervisor, MISTAKE)
    make.approve(request)
    make.report(request)
    found = printed_contradictions(request.current_round, request.current_round.nominee)
    assert [one.who.name for one in found.verdicts] == [who]
    assert any(MISTAKE in one for one in found.new_since)


def test_what_supported_the_person_is_no_verdict_when_it_is_taken_back(make):
    request, _ = taken_back(make, "withdrawn", "p2")
    assert earlier_verdicts(request.current_round, request.current_round.nominee) == []
    make.approve(request)
    assert request.state == "approved"


def test_nothing_of_it_is_told_while_the_peers_judge_blind(make):
    request = make.request("nominated")
    line_up = lines(request)[1]
    make.compare_line(line_up, "m2")
    present = selection.available(selection.trained_examiners())
    with unit_of_work():
        selection.reassign(line_up, "The peer is on leave from tomorrow on.", present)
    assert now() - line_up.ended_at < timedelta(minutes=5)
    assert earlier_verdicts(request.current_round, request.current_round.nominee) == []

"""A search by a detour: an old confirmation, a message of one's own, a second probe, other hands."""

from __future__ import annotations

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.domain.approval import verbs as approvals
from app.domain.examination import verbs as examination
from app.domain.identification import verbs as identification
from app.domain.requests import verbs as requests
from app.extensions import db
from app.models import Candidate, Report
from app.models.engine import Job
from app.outbox import ask
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.request_factory import picture

pytestmark = needs_models
PEOPLE = [person(seed) for seed in (7, 21, 22)]


def refusal(verb, *given, **named) -> str:
    with pytest.raises(Refused) as caught, unit_of_work():
        verb(*given, **named)
    db.session.rollback()
    return caught.value.rule_id


def forged(kind: str, subject: str, number: int = 1) -> None:
    """Put a message on the queue past the verb that asks for it."""
    with unit_of_work():
        ask(kind, subject, once=f"forged:{kind}:{subject}:{number}")


@pytest.mark.clause("CAP-1")
def test_the_confirmation_of_an_earlier_submission_searches_nothing_later_bypass(make, people):
    """By splitting: confirmed and documented for one picture, then another is submitted."""
    request, examiner, requester = make.request("documented"), people.actor("k.rowan"), people.actor("d.lark")
    make.send_back(request)
    other = make.image(request, picture(9, 1))
    with unit_of_work():
        requests.resubmit(request, requester)
    chosen = (other, other.faces[0], "suitable", "")
    assert refusal(identification.select_probe, request, examiner, *chosen) == "WF-select"
    with unit_of_work():
        requests.confirm_discussion(
            request, people.actor("s.alder"), request.private["answers"], make.read_refusals(request)
        )
    with unit_of_work():
        identification.accept(request, examiner, "USE-1", "", make.read_refusals(request))
    assert refusal(identification.select_probe, request, examiner, *chosen) == "WF-select"
    # and by the database: the state alone is no basis either
    set_committed_value(request, "state", "documented")
    assert explain(request, "select_probe", examiner).rule_id == "basis_in_force"
    db.session.rollback()


@pytest.mark.clause("CAP-1", "SRC-1")
def test_a_message_on_the_queue_is_neither_a_basis_nor_a_review_bypass(make, people, run_jobs):
    """By another route: whoever reaches the queue asks it for the search, or for the report of a bare list."""
    request, examiner = make.request("probe_selected", gallery=PEOPLE), people.actor("k.rowan")
    make.enrol(PEOPLE)
    forged("search", request.current_search.uid)
    run_jobs()
    db.session.refresh(request)
    assert (request.state, request.current_search.state) == ("probe_selected", "prepared")
    assert db.session.query(Candidate).count() == 0
    make.advance_to(request, "searched")
    for kind in ("match_report", "negative_report"):
        forged(kind, request.number)
    run_jobs()
    assert {job.state for job in db.session.query(Job)} == {"done"}
    assert request.state == "searched"
    assert db.session.query(Report).count() == 0
    assert refusal(examination.conclude_empty, request, examiner) == "no_candidates"
    assert refusal(approvals.prepare_report, request, examiner) == "WF-prepare"
    assert refusal(approvals.approve, request, people.actor("c.hawthorn"), "", password_confirmed=True) == "WF-approve"


@pytest.mark.clause("CAP-5")
def test_a_second_probe_is_not_searched_beside_the_first_bypass(make, people, run_jobs):
    """By repeating: two selections, two messages, and one list all the same."""
    request, examiner = make.request("probe_selected", images=2), people.actor("k.rowan")
    make.enrol(PEOPLE)
    first, (one, two) = request.current_search, request.current_images
    with unit_of_work():
        identification.select_probe(request, examiner, two, two.faces[0], "suitable", "")
    forged("search", first.uid, 0)
    make.search(request)
    assert refusal(identification.select_probe, request, examiner, one, one.faces[0], "suitable", "") == "WF-select"
    for number in (1, 2):
        forged("search", first.uid, number)
        forged("search", request.current_search.uid, number)
    run_jobs()
    assert [(search.state, bool(search.candidates)) for search in request.searches] == [
        ("replaced", False),
        ("finished", True),
    ]
    assert len(request.current_search.candidates) == len(PEOPLE)
    assert request.current_search.image_id == two.id


@pytest.mark.clause("CAP-5", "REQ-6")
def test_a_face_and_a_picture_that_do_not_belong_together_are_no_probe_bypass(make, people):
    """By composing one: the face of another image, of another request, and a prepared image of another face."""
    request, examiner = make.request("documented", images=2), people.actor("k.rowan")
    foreign = make.request("submitted", requester="m.heron", case_number="2026-075-09999", seed=9).current_images[0]
    one, two = request.current_images
    prepared = make.prepare(request, image=1)
    for image, face, derived in (
        (one, two.faces[0], None),
        (foreign, foreign.faces[0], None),
        (one, foreign.faces[0], None),
        (one, one.faces[0], prepared),
    ):
        chosen = (image, face, "suitable", "", derived)
        assert refusal(identification.select_probe, request, examiner, *chosen) == "one_face_selected"
    assert request.searches == []


@pytest.mark.clause("REQ-6")
def test_what_limits_a_probe_is_not_said_by_a_dot_nor_found_suitable_afterwards_bypass(make, people):
    request, examiner = make.request("documented"), people.actor("k.rowan")
    (image,) = request.current_images
    for note in ("", ".", "\u200b\u200b", "- - -", "xxxx"):
        chosen = (image, image.faces[0], "limited", note)
        assert refusal(identification.select_probe, request, examiner, *chosen) == "suitability_recorded", note
    for verdict in ("unsuitable", "Suitable", ""):
        chosen = (image, image.faces[0], verdict, "Every feature can be told.")
        assert refusal(identification.select_probe, request, examiner, *chosen) == "suitability_recorded", verdict
    make.advance_to(request, "searched")
    late = (image, image.faces[0], "limited", "The left ear is covered.")
    assert refusal(identification.select_probe, request, examiner, *late) == "WF-select"


@pytest.mark.clause("REQ-6")
def test_an_examiner_who_files_chooses_no_probe_of_their_own_bypass(make, people, change_person):
    """By another group: the same person in both, the work handed to them or not."""
    change_person("k.rowan", groups=["investigators", "fr-examiners"])
    request = make.request("documented", requester="k.rowan", examiner="j.maple")
    (image,) = request.current_images
    own, chosen = people.actor("k.rowan"), (image, image.faces[0], "suitable", "")
    assert own.can("probe.select")
    assert refusal(identification.select_probe, request, own, *chosen) == "requester"
    with db.session.no_autoflush:
        request.examiner_id = own.id
        assert explain(request, "select_probe", own).rule_id == "requester"
        assert explain(request, "prepare_probe", own, reason="The face lies in the shade.").rule_id == "requester"
        db.session.rollback()


@pytest.mark.clause("SRC-1")
def test_nobody_but_the_examiner_who_has_the_work_and_may_still_do_it_searches_bypass(make, people, change_person):
    """By other hands; and by waiting, until the examiner's own right has ended."""
    request, status = make.request("probe_selected"), algorithms.status(today())
    for name, rule in (
        ("d.lark", "search.run"),
        ("s.alder", "search.run"),
        ("c.hawthorn", "search.run"),
        ("f.spruce", "search.run"),
        ("h.larch", "search.run"),
        ("o.teal", "search.run"),
        ("j.maple", "actor_is_examiner"),
    ):
        assert refusal(identification.start_search, request, people.actor(name), status) == rule, name
    change_person("k.rowan", groups=["investigators", "auditors", "fr-supervisors"])
    assert refusal(identification.start_search, request, people.actor("k.rowan"), status) == "search.run"
    assert request.state == "probe_selected"
    assert db.session.query(Job).filter_by(kind="search").count() == 0

"""Taking, assigning and handing over: who may receive work, what stays recorded, what an open round becomes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.domain.approval.request_file import gather_file
from app.domain.examination import verbs as examination
from app.domain.identification import verbs as identification
from app.domain.peers import selection
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import Assignment, AuditEvent, Notification, Round
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from app.workflow.registry import SEPARATIONS
from tests.drawn_gallery import needs_models

NOTES = "Candidates 1 and 2 are excluded by the nose; the light on the probe comes from the left."


def passed(verb, request, actor, receiver, notes=NOTES) -> str | None:
    """The rule that refuses the step, or None when it was taken."""
    try:
        with unit_of_work():
            verb(request, actor, receiver, notes)
    except Refused as refusal:
        return refusal.rule_id
    return None


@pytest.fixture
def rowan(people):
    return people.actor("k.rowan")


@pytest.fixture
def maple(people):
    return people.actor("j.maple")


@pytest.fixture
def hawthorn(people):
    return people.actor("c.hawthorn")


# Taking and assigning --------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-4", "ACC-6", "ACC-7")
def test_a_submitted_request_is_taken_by_one(make, rowan, maple):
    request = make.request(state="discussed")
    with unit_of_work():
        workload.take(request, rowan)
    assert request.examiner_id == rowan.id
    assert explain(request, "take", maple).rule_id == "work_unassigned"
    # whoever has it alone decides on the basis, refuses it, or sends it back
    for verb, facts in (
        ("accept", {"use": request.use_id, "shown": ()}),
        ("refuse", {"rule": "refuse-crowd", "reason": "It is one."}),
        ("return_for_images", {"reasons": ["blurred"]}),
    ):
        assert explain(request, verb, maple, **facts).rule_id == "actor_is_examiner", verb
        assert explain(request, verb, rowan, **facts) is None, verb
    assert [(row.kind, row.from_id, row.to_id) for row in workload.history(request)] == [("taken", None, rowan.id)]


@pytest.mark.clause("REQ-4")
def test_what_nobody_took_is_still_anybodys_to_accept(make, maple):
    request = make.request(state="discussed")
    assert explain(request, "accept", maple, use=request.use_id, shown=()) is None


@pytest.mark.clause("AUD-2", "SRC-4", "ACC-7")
def test_a_supervisor_assigns_and_the_examiner_is_told(make, rowan, maple, hawthorn):
    request = make.request(state="discussed")
    assert passed(workload.assign, request, maple, rowan) == "work.assign", "an examiner assigns nobody"
    assert passed(workload.assign, request, hawthorn, rowan, "") is None, "what nobody had needs no notes"
    assert passed(workload.assign, request, hawthorn, maple, "") == "hand_over_noted"
    assert passed(workload.assign, request, hawthorn, maple) is None
    notices = {(row.account_id, row.kind) for row in db.session.scalars(select(Notification))}
    assert {(rowan.id, "work_assigned"), (maple.id, "work_received"), (rowan.id, "work_reassigned")} <= notices
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "request.assigned")).all()
    assert len(events) == 2
    assert all(NOTES not in event.keys for event in events)


@pytest.mark.clause("REQ-4", "SRC-4", "ACC-2", "ACC-4", "AUD-1")
@pytest.mark.parametrize("who", ["requester", "discussing", "untrained", "gone", "not_an_examiner", "same", "nobody"])
def test_who_may_not_receive_work(make, people, change_person, rowan, hawthorn, who):
    change_person("d.lark", groups=["investigators", "fr-examiners"])
    parts = {"requester": "d.lark"}
    if who == "discussing":
        change_person("s.alder", groups=["precinct-supervisors", "fr-examiners"])
    request = make.request(state="documented", **parts)
    name = {
        "requester": "d.lark",
        "discussing": "s.alder",
        "untrained": "o.teal",
        "gone": "j.maple",
        "not_an_examiner": "h.larch",
        "same": "k.rowan",
    }.get(who)
    account = people.account(name) if name else None
    if who == "gone":
        change_person("j.maple", disabled=True)
    receiver = workload.receiver_of(account)
    if who in ("requester", "discussing"):
        # trained, so that the part alone keeps them out
        from dataclasses import replace

        receiver = replace(receiver, trained=frozenset({"fr"}))
    for verb, actor in ((workload.hand_over, rowan), (workload.assign, hawthorn)):
        assert passed(verb, request, actor, receiver) == "receiver_may_examine"
    assert request.examiner_id == rowan.id
    assert db.session.query(Assignment).count() == 0


@pytest.mark.clause("SRC-2", "ACC-7")
def test_only_its_holder_hands_work_over_and_with_notes(make, rowan, maple, people):
    request = make.request(state="documented")
    finch = people.actor("n.finch")
    assert passed(workload.hand_over, request, maple, finch) == "actor_holds_work"
    short = "x" * (policy().request.workload.min_notes - 1)
    assert passed(workload.hand_over, request, rowan, maple, short) == "hand_over_noted"
    assert passed(workload.hand_over, request, rowan, maple) is None
    assert request.examiner_id == maple.id
    assert passed(workload.hand_over, request, rowan, finch) == "actor_holds_work", "it is no longer theirs"
    image = request.current_images[0]
    with pytest.raises(Refused, match="Another examiner works on this request"), unit_of_work():
        identification.select_probe(request, rowan, image, image.faces[0], "suitable", "")


def test_receivers_leave_out_whoever_has_a_part(make, people):
    request = make.request(state="documented")
    for name in ("j.maple", "n.finch", "o.teal", "h.larch"):
        people.account(name)
    assert {one.name for one in workload.receivers(request)} == {"j.maple", "n.finch"}


# What stays ------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-10", "SRC-2")
def test_notes_are_sealed_and_history_is_never_changed(app, make, rowan, maple):
    request = make.request(state="documented")
    passed(workload.hand_over, request, rowan, maple)
    row = workload.history(request)[0]
    assert row.private["notes"] == NOTES
    stored = db.session.execute(text("SELECT * FROM assignment")).all()
    assert NOTES not in repr(stored)
    with pytest.raises((IntegrityError, OperationalError), match="append-only"), unit_of_work() as rows:
        rows.execute(text("UPDATE assignment SET to_id = from_id + 100"))


@needs_models
@pytest.mark.clause("SRC-2", "SRC-4", "SRC-5", "FAIR-1")
def test_an_open_round_ends_as_it_stands_and_a_fresh_one_begins(make, people, rowan, maple, hawthorn):
    request = make.request(state="under_examination")
    first = request.current_round
    make.exclude(request, first.search.candidates[0])
    assert passed(workload.hand_over, request, rowan, maple) is None
    fresh = request.current_round
    assert (fresh.number, fresh.examiner_id, fresh.search_id) == (2, maple.id, first.search_id)
    assert fresh.dispositions == []
    # what the first examiner recorded stays theirs, and is closed
    assert (first.examiner_id, len(first.dispositions), first.nominee) == (rowan.id, 1, None)
    with pytest.raises(Refused) as refusal:
        examination.open_round(request, rowan)
    assert refusal.value.rule_id == "actor_is_examiner"
    assert workload.endings(request)[first.id].private["notes"] == NOTES
    # the receiver compares every candidate: one exclusion of the first examiner does not count for the second
    assert explain(request, "conclude_none", maple, reason="None.").rule_id == "every_candidate_disposed"
    assert len(examination.open_candidates(fresh)) == len(first.search.candidates)
    # the supervisor reads both rounds and how the first ended
    file = gather_file(request, make.people.actor("c.hawthorn"))
    assert [round_.examiner.split()[-1] for round_ in file.rounds] == ["Rowan", "Maple"]
    assert NOTES in file.rounds[0].conclusion


@needs_models
@pytest.mark.clause("SRC-4", "SRC-5", "FAIR-1")
def test_whoever_examined_or_held_the_examination_never_becomes_a_peer_or_approves(
    make, people, rowan, maple, hawthorn
):
    request, finch = make.request(state="under_examination"), people.actor("n.finch")
    people.account("a.plover")
    passed(workload.hand_over, request, rowan, maple)
    # a supervisor gives it on: j.maple held it without a step of their own
    assert passed(workload.assign, request, hawthorn, finch) is None
    held = {rowan.id, maple.id, finch.id}
    assert held <= SEPARATIONS["examiner"](request)
    assert [one.name for one in selection.possible_peers(request)] == ["a.plover"]
    # even when no round of theirs were left to tell it
    for round_ in db.session.query(Round).filter_by(request_id=request.id, examiner_id=maple.id):
        round_.examiner_id = finch.id
    with db.session.no_autoflush:
        assert maple.id in SEPARATIONS["examiner"](request)
    db.session.rollback()


@pytest.mark.clause("SRC-4")
def test_whoever_only_had_the_basis_before_them_may_still_be_a_peer(make, rowan, maple):
    request = make.request(state="discussed")
    with unit_of_work():
        workload.take(request, rowan)
    passed(workload.hand_over, request, rowan, maple)
    assert rowan.id not in SEPARATIONS["examiner"](request)


@needs_models
@pytest.mark.clause("SRC-4", "FAIR-1")
def test_a_peer_of_an_earlier_round_receives_nothing(make, people, rowan):
    request = make.request(state="continued")
    make.examine(request)
    for name in ("j.maple", "n.finch"):
        assert passed(workload.hand_over, request, rowan, people.actor(name)) == "receiver_may_examine"
    assert not {"j.maple", "n.finch"} & {one.name for one in workload.receivers(request)}


@needs_models
@pytest.mark.clause("ACC-2", "SRC-2")
def test_work_taken_over_from_somebody_who_left_begins_a_fresh_round_too(make, people, maple, rowan, change_person):
    request = make.request(state="under_examination")
    make.exclude(request, request.current_round.search.candidates[0])
    with pytest.raises(Refused), unit_of_work():
        identification.take_over(request, maple, available=True)
    with unit_of_work():
        identification.take_over(request, maple, available=False)
    assert [(r.number, r.examiner_id, len(r.dispositions)) for r in request.rounds] == [
        (1, rowan.id, 1),
        (2, maple.id, 0),
    ]
    assert [(row.kind, row.from_id, row.to_id) for row in workload.history(request)] == [
        ("taken_over", rowan.id, maple.id)
    ]


@pytest.mark.clause("ACC-2", "REQ-4")
def test_a_submitted_request_is_taken_over_from_whoever_left_but_not_from_nobody(make, rowan, maple):
    request = make.request(state="discussed")
    assert explain(request, "take_over", maple, examiner_available=False).rule_id == "examiner_unavailable"
    with unit_of_work():
        workload.take(request, rowan)
    assert explain(request, "take_over", maple, examiner_available=True).rule_id == "examiner_unavailable"
    with unit_of_work():
        identification.take_over(request, maple, available=False)
    assert request.examiner_id == maple.id


@needs_models
@pytest.mark.clause("SRC-1")
def test_the_search_is_told_to_whoever_has_the_request(make, people, rowan, maple):
    request = make.request(state="probe_selected")
    passed(workload.hand_over, request, rowan, maple)
    make.parts["examiner"] = "j.maple"
    make.search(request)
    make.finish(request)
    notices = db.session.query(Notification).filter_by(kind="search_finished").one()
    assert notices.account_id == maple.id

"""Marks of a comparison: whose they are, when they may change, where they may lie, who may read them (SRC-2)."""

from __future__ import annotations

import json

import pytest

from app.access.scoping import visible
from app.domain.examination import annotations
from app.domain.examination.annotations import Drawn, marks_on
from app.extensions import db
from app.models import Annotation, AuditEvent
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models

pytestmark = [needs_models, pytest.mark.clause("SRC-2")]
HERE = Drawn("point", [(20.04, 30)], [(40, 50)], " A scar. ")


@pytest.fixture
def request_(make):
    return make.request(state="under_examination")


@pytest.fixture
def actor(people):
    return people.actor("k.rowan")


def first(request):
    return request.current_round.search.candidates[0]


def add(request, actor, drawn=HERE, **other):
    candidate = other.get("candidate") or first(request)
    with unit_of_work():
        return annotations.add(request, actor, candidate, other.get("photo") or candidate.photo, drawn)


def refused(action, rule="comparison-marks"):
    with pytest.raises(Refused) as caught, unit_of_work():
        action()
    assert caught.value.rule_id == rule
    return caught.value


def test_a_mark_is_numbered_sealed_and_recorded_without_a_word_of_it(request_, actor):
    rows = [add(request_, actor), add(request_, actor, Drawn("line", [(1, 1), (9, 9)], [], "Only on the probe"))]
    assert [row.number for row in rows] == [1, 2]
    assert dict(rows[0].private) == {
        "kind": "point",
        "probe": [[20.0, 30.0]],
        "photo": [[40.0, 50.0]],
        "note": "A scar.",
    }
    assert rows[0].key_id == request_.key_id
    assert b"scar" not in rows[0].sealed
    assert add(request_, actor, candidate=request_.current_round.search.candidates[1]).number == 1
    event = db.session.query(AuditEvent).filter_by(event="comparison.marked").first()
    assert json.loads(event.keys) == {
        "round": request_.current_round.uid,
        "candidate": first(request_).uid,
        "photo": first(request_).photo.uid,
        "mark": 1,
    }


def test_where_and_what_may_be_marked(request_, actor):
    image, photo = request_.current_search.image, first(request_).photo
    for drawn, field, words in (
        (Drawn("star", [(1, 1)], [], "x"), "kind", "Choose what to draw."),
        (Drawn("point", [], [], "x"), "probe", "Say where the mark is"),
        (Drawn("point", [(1, 1), (2, 2)], [], "x"), "probe", "has 1 point"),
        (Drawn("region", [], [(1, 1)], "x"), "photo", "has 2 points"),
        (Drawn("line", [(5, 5), (5.01, 5)], [], "x"), "probe", "are the same"),
        (Drawn("point", [(image.width + 1, 1)], [], "x"), "probe", f"{image.width} × {image.height}"),
        (Drawn("point", [], [(1, photo.height + 1)], "x"), "photo", "outside the photograph"),
        (Drawn("point", [(-1, 1)], [], "x"), "probe", "outside the probe"),
        (Drawn("point", [(1, 1)], [], "  "), "note", "Write what the mark shows."),
        (Drawn("point", [(1, 1)], [], "x" * 501), "note", "at most"),
    ):
        refusal = refused(lambda drawn=drawn: annotations.add(request_, actor, first(request_), photo, drawn))
        assert [fault.field for fault in refusal.faults] == [field], words
        assert words in refusal.faults[0].message
    add(request_, actor, Drawn("point", [(image.width, image.height)], [(0, 0)], "the corners belong to the picture"))
    other = request_.current_round.search.candidates[1]
    refused(lambda: annotations.add(request_, actor, first(request_), other.photo, HERE))


def test_no_more_than_the_rule_says_and_no_number_twice(request_, actor, monkeypatch):
    import dataclasses

    import msgspec

    few = msgspec.structs.replace(policy().review.marks, max_count=2)
    review = dataclasses.replace(policy().review, marks=few)
    monkeypatch.setattr(
        "app.domain.examination.annotations.policy", lambda: dataclasses.replace(policy(), review=review)
    )
    rows = [add(request_, actor), add(request_, actor)]
    assert "at most 2" in str(
        refused(lambda: annotations.add(request_, actor, first(request_), first(request_).photo, HERE))
    )
    with unit_of_work():
        annotations.remove(request_, actor, rows[1])
    assert add(request_, actor).number == 3
    assert [row.number for row in marks_on(request_.current_round, actor)] == [1, 3]
    refused(lambda: annotations.change(request_, actor, rows[1], rows[1].photo, HERE))


def test_a_candidate_has_forty_marks_and_no_more(request_, actor):
    candidate = first(request_)
    with unit_of_work():
        for _ in range(39):
            annotations.add(request_, actor, candidate, candidate.photo, HERE)
    assert add(request_, actor).number == 40
    refused(lambda: annotations.add(request_, actor, candidate, candidate.photo, HERE))


@pytest.mark.clause("ACC-7")
def test_a_change_is_recorded_once_and_a_mark_is_its_authors(request_, actor, people, make):
    row = add(request_, actor)
    for note in ("A mole.", "A mole."):
        with unit_of_work():
            annotations.change(request_, actor, row, row.photo, Drawn("point", [(1, 2)], [], note))
    assert (row.version, row.private["note"]) == (2, "A mole.")
    assert db.session.query(AuditEvent).filter_by(event="comparison.mark_changed").count() == 1
    other = people.actor("j.maple")
    refused(lambda: annotations.remove(request_, other, row), "actor_is_examiner")
    refused(lambda: annotations.change(request_, other, row, row.photo, HERE), "actor_is_examiner")
    refused(lambda: annotations.add(request_, other, first(request_), first(request_).photo, HERE), "actor_is_examiner")


@pytest.mark.clause("SRC-4", "ACC-1")
def test_with_the_nomination_marks_are_fixed_and_read_by_others_only_when_the_peers_have_spoken(make, actor, people):
    request = make.request(state="under_examination")
    nominee = min(request.current_round.search.candidates, key=lambda candidate: candidate.rank)
    row = make.mark(request, nominee)
    supervisor, peers = people.actor("c.hawthorn"), [people.actor(name) for name in ("j.maple", "n.finch")]

    def readers():
        everybody = {"examiner": actor, "supervisor": supervisor, "first": peers[0], "second": peers[1]}
        return {name for name, one in everybody.items() if db.session.scalars(visible(Annotation, one)).all()}

    assert readers() == {"examiner"}
    make.nominate(request)
    assert readers() == {"examiner"}
    refused(lambda: annotations.change(request, actor, row, row.photo, HERE), "WF-examine")
    refused(lambda: annotations.remove(request, actor, row), "WF-examine")
    refused(lambda: annotations.add(request, actor, nominee, nominee.photo, HERE), "WF-examine")
    make.peer(request, "j.maple")
    assert readers() == {"examiner"}, "nor to the peer who has spoken"
    make.peer(request, "n.finch", "0")
    assert readers() == {"examiner", "supervisor"}
    make.carry_on(request)
    make.parts["examiner"] = "a.plover"
    make.examine(request)
    continuing = people.actor("a.plover")
    assert marks_on(request.rounds[0], continuing) == [row], "an earlier round is open to whoever continues"
    refused(lambda: annotations.remove(request, continuing, row), "WF-examine")
    add(request, continuing)
    assert marks_on(request.current_round, supervisor) == []


def test_a_photograph_that_left_is_not_marked(request_, actor):
    from app import audit
    from app.models.base import now

    candidate = first(request_)
    with unit_of_work():
        candidate.photo.removed_at, candidate.photo.removed_because = now(), "sealed"
        audit.record("candidate.disposed", request_, candidate=candidate.uid, disposition="excluded")
    refused(lambda: annotations.add(request_, actor, candidate, candidate.photo, HERE), "nominee_retained")

"""Comparisons whose truth is known: unmarked, apart from every case, and what their answers say (FAIR-1)."""

from __future__ import annotations

import json
import re
import secrets

import pytest

from app.cli.review import group
from app.domain.disclosures import error_rates
from app.domain.peers import proficiency, selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.conditions import line_ups_of
from app.domain.peers.proficiency_results import answers, by_examiner, result
from app.extensions import db
from app.models import AuditEvent, FRRequest, LineUp, PeerReview, ProficiencyItem, Transition
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.nominated_request import at, filed, nominated_data, settings

__all__ = ["at", "filed", "nominated_data", "settings"]
pytestmark = pytest.mark.clause("FAIR-1", "SRC-4")


@pytest.fixture
def items(app, filed, run_jobs) -> list[ProficiencyItem]:
    """Two drawn comparisons, the first of one person, the second of two; measured by the worker."""
    done = app.test_cli_runner().invoke(group, ["proficiency", "add", "--drawn", "2"])
    assert done.exit_code == 0, done.output
    run_jobs()
    return db.session.query(ProficiencyItem).order_by(ProficiencyItem.id).all()


def put(item: ProficiencyItem) -> LineUp:
    present = selection.available(selection.trained_examiners())
    with unit_of_work():
        return proficiency.put(item, present)


def answered(make, item: ProficiencyItem, level: str, foils: str = "m2") -> LineUp:
    line_up = put(item)
    make.compare_line(line_up, level, foils=foils)
    actor = make.people.actor(line_up.peer.name)
    with unit_of_work():
        line_ups.give(line_up, actor)
    return line_up


def test_the_truth_is_sealed_and_a_worker_chooses_the_foils(items):
    assert [item.private["same"] for item in items] == [True, False]
    for item in items:
        assert proficiency.ready(item)
        assert b"same" not in (item.sealed or b"")
        assert [picture.role for picture in item.pictures] == ["probe", "subject", "foil", "foil", "foil"]


def test_a_proficiency_line_looks_like_a_real_one(items, filed, sign_in, make, app):
    """The same page but for number, pictures' addresses and days: nothing else differs."""
    from flask.testing import FlaskClient

    app.test_client_class = FlaskClient
    line_up = put(items[0])
    real = line_ups_of(filed.current_round)[0]
    while len(real.places) < len(line_up.places):
        with unit_of_work():
            db.session.delete(line_up.places[-1])
            db.session.flush()
            db.session.expire(line_up)
            from app import audit

            audit.record("line_up.compared", line_up, position=1)
    clients = {row.id: sign_in(row.peer.name) for row in (line_up, real)}

    def shape(row: LineUp, letter: str = "") -> str:
        body = clients[row.id].get(f"/review/line-ups/{row.number}{letter}").get_data(as_text=True)
        body = body[
            body.index("<main") : body.index("</main>")
        ]  # what stands around it is the person's, not the line's
        body = body.replace(row.number, "L-NUMBER").replace(row.peer.display_name, "Name")
        body = re.sub(r"/images/[\w.-]+", "/images/x", body)
        body = re.sub(r'(value="|X-CSRFToken": ")[\w.-]{60,}', "", body)
        body = re.sub(r"\d{1,2} \w{3} \d{4}|in \d+ \w+|\d+ \w+ ago|just now", "day", body)
        body = re.sub(r"<time[^>]*>.*?</time>", "day", body)
        body = re.sub(r'data-eyes="[\d. ]+"', 'data-eyes="there"', body)  # where they are, not whether they are known
        return re.sub(r'viewBox="[^"]+"|width="\d+"|height="\d+"|[xy]="[\d.]+"|(width|height)="[\d.]+"', "", body)

    assert shape(line_up) == shape(real)
    assert shape(line_up, "/A") == shape(real, "/A")
    assert re.fullmatch(r"L-[2-9BCDFGHJKMNPQRTVWXZ]{7}", line_up.number)
    assert len(line_up.number) == len(real.number)


def test_it_touches_no_case(items, make, filed):
    before = (filed.state, filed.version, db.session.query(Transition).count(), db.session.query(PeerReview).count())
    about = db.session.query(AuditEvent).filter_by(subject_type="request").count()
    answered(make, items[1], "p2")
    db.session.expire_all()
    assert before == (
        filed.state,
        filed.version,
        db.session.query(Transition).count(),
        db.session.query(PeerReview).count(),
    )
    assert db.session.query(AuditEvent).filter_by(subject_type="request").count() == about
    assert db.session.query(FRRequest).count() == 1


def test_an_item_is_given_to_nobody_twice_and_not_when_retired(items, make):
    first, second = put(items[0]), put(items[0])
    assert first.peer_id != second.peer_id
    assert len({first.peer_id, second.peer_id} | {row.peer_id for row in [first]}) == 2
    with unit_of_work():
        proficiency.retire(db.session.get_one(ProficiencyItem, items[1].id))
    assert put(items[1]) is None


def test_items_arrive_with_real_assignments_one_time_in_so_many(items, monkeypatch):
    present = selection.available(selection.trained_examiners())
    monkeypatch.setattr(secrets, "randbelow", lambda most: most - 1)
    with unit_of_work():
        assert proficiency.deal(present) is None
    monkeypatch.setattr(secrets, "randbelow", lambda most: 0)
    with unit_of_work():
        dealt = proficiency.deal(present)
    assert dealt is not None
    events = db.session.query(AuditEvent).filter_by(event="line_up.assigned").order_by(AuditEvent.sequence).all()
    assert json.loads(events[-1].keys)["item"] == dealt.item.uid


def test_errors_are_counted_by_kind_with_their_intervals(items, make):
    answered(make, items[0], "m2")  # one person, said to be two
    answered(make, items[1], "p1")  # two people, said to be one
    answered(make, items[1], "0")  # two people, inconclusive
    answered(make, items[0], "p3", foils="p1")  # right, but every foil is favored as well
    given = answers()
    unit = result("The unit", given)
    assert (unit.false_negatives.errors, unit.false_negatives.trials) == (1, 2)
    assert (unit.false_positives.errors, unit.false_positives.trials) == (1, 2)
    assert unit.inconclusive == 1
    assert unit.foils_favored.errors == 3
    assert unit.few
    assert unit.false_positives.high > 0.9, "two answers say little"
    assert sum(row.answered for row in by_examiner(given)) == 4


@pytest.mark.clause("EXT-2")
def test_the_statement_of_a_prosecutors_package_says_small_numbers_plainly(items, make, filed):
    answered(make, items[1], "p1")
    at = now()
    said = error_rates.statement(filed.case_number, at)
    assert "False positives: 1 of 1 (100.0 percent; interval 2.5 to 100.0 percent)" in said
    assert "These numbers are small" in said
    assert "Kit Rowan: " in said, "the examiner of the case"
    answered(make, items[1], "m1")
    assert error_rates.statement(filed.case_number, at) == said, "the same answers give the same bytes"


def test_a_faulty_listing_is_one_clear_line(app, tmp_path):
    (tmp_path / "items.csv").write_text("probe,photograph,same,photograph_taken_on\na.jpg,b.jpg,perhaps,2020-01-02\n")
    done = app.test_cli_runner().invoke(group, ["proficiency", "add", str(tmp_path)])
    assert done.exit_code != 0
    assert "line 2: same is yes or no" in done.output
    assert db.session.query(ProficiencyItem).count() == 0


def test_a_stranger_gives_no_verdict_on_it(items, people):
    line_up = put(items[0])
    other = people.actor("a.plover" if line_up.peer.name != "a.plover" else "j.maple")
    with pytest.raises(Refused) as refused, unit_of_work():
        line_ups.give(line_up, other)
    assert refused.value.rule_id == "peer_assigned"

"""Figures of the unit: from the steps that were taken, honest with few, and without any case."""

from __future__ import annotations

import math
import random
import statistics
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, literal, select, union_all

from app.domain.workload import turnaround
from app.extensions import db
from app.models import FRRequest, Transition
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.policy.subjects import MAKERS

HOUR = timedelta(hours=1)
#: verb, source, target, hours after submission
WAY = (
    ("submit", "draft", "submitted", 0),
    ("accept", "submitted", "accepted", 1),
    ("document", "accepted", "documented", 2),
    ("finish_search", "documented", "searched", 3),
    ("begin_examination", "searched", "under_examination", 4),
    ("nominate", "under_examination", "nominated", 6),
    ("close_peer_review", "nominated", "peer_reviewed", 7),
    ("approve", "peer_reviewed", "approved", 8),
    ("deliver", "approved", "reported", 10),
)


@pytest.fixture
def answered(app, people):
    """answered(priority="other", factor=1, ago=…): a request that took `factor` times ten hours, as rows."""

    def make(
        *,
        priority: str = "other",
        factor: float = 1,
        ago: timedelta = timedelta(days=2),
        state: str = "reported",
        way=WAY,
    ):
        request = MAKERS["request"].in_state(people, state)
        begun = now() - ago
        with unit_of_work() as rows:
            from app import audit

            request.priority, request.submitted_at = priority, begun
            audit.record("request.saved", request, fields=["priority"])
            for verb, source, target, hours in way:
                step = Transition(
                    subject_type="request",
                    subject_id=request.id,
                    verb=verb,
                    rule="WF",
                    source=source,
                    target=target,
                    policy_version="",
                    created_at=begun + hours * factor * HOUR,
                )
                rows.add(step)
        return request

    return make


def test_a_figure_needs_enough_requests(answered):
    rule = policy().request.workload
    empty = turnaround.figures(now(), 30).together
    assert (empty.count, empty.median, empty.percentile, empty.late) == (0, None, None, 0)
    found = {}
    for n in range(1, rule.least_for_percentile + 1):
        answered(factor=n / 10, ago=timedelta(days=2))
        found[n] = turnaround.figures(now(), 30).together
    few = found[rule.least_for_median - 1]
    assert (few.count, few.median, few.percentile) == (rule.least_for_median - 1, None, None)
    some = found[rule.least_for_percentile - 1]
    assert some.median is not None
    assert some.percentile is None
    enough = found[rule.least_for_percentile]
    assert (enough.median, enough.percentile) == (HOUR * 5.5, HOUR * 9)


@pytest.mark.parametrize("count", [10, 11, 19, 20, 37, 60])
def test_median_and_percentile_are_those_of_the_statistics(count):
    """Against another calculation, and a database of numbers alone."""
    hours = random.Random(count).choices(range(1, 3000), k=count)
    ordered = sorted(hours)
    rows = union_all(
        *(
            select(literal("all").label("part"), literal(float(n)).label("length"), literal(0).label("late"))
            for n in hours
        )
    ).subquery("lengths")
    with create_engine("sqlite://").connect() as connection:
        [row] = connection.execute(turnaround.measures(rows))
    assert row.number == len(hours)
    assert row.median == statistics.median(hours)
    assert row.high == ordered[math.ceil(0.9 * len(hours)) - 1]


@pytest.mark.clause("AUD-2")
def test_times_by_priority_and_by_step(answered):
    for factor in (1, 2, 3, 4, 5):
        answered(factor=factor, ago=timedelta(days=10))
    answered(priority="threat_to_life")
    found = turnaround.figures(now(), 30)
    by_label = {figure.label: figure for figure in found.priorities}
    assert (by_label["Other"].count, by_label["Other"].median, by_label["Other"].late) == (5, 30 * HOUR, 0)
    urgent = by_label["Threat to life"]
    assert (urgent.count, urgent.median, urgent.late) == (1, None, 1), "ten hours, due after two; one is no median"
    steps = {figure.label: figure for figure in found.steps}
    assert (steps["Examination"].count, steps["Examination"].median) == (6, 3 * 2.5 * HOUR)
    assert steps["Better images"].count == 0
    assert found.together.count == 6
    total = sum((steps[label].count and 1) for label in steps)
    assert total == 7, "every step but the images' has its time"


def test_a_second_visit_to_a_step_adds_to_the_first(answered):
    """A round that was continued: examination, peers and final review twice before the report."""
    back = (
        ("x", "peer_reviewed", "continued", 7 + 1 / 6),
        ("x", "continued", "under_examination", 7 + 2 / 6),
        ("x", "under_examination", "nominated", 7 + 3 / 6),
        ("x", "nominated", "peer_reviewed", 7 + 5 / 6),
    )
    answered(priority="threat_to_life", way=(*WAY[:7], *back, *WAY[7:]))
    lengths = turnaround.lengths(now() - timedelta(days=30), now())
    spans = {part: length for part, length, _ in db.session.execute(select(lengths))}
    spent = {phase.title: spans[phase.id] for phase in FRRequest.flow().phases if phase.id in spans}
    assert spans["all"] == spans["priority threat_to_life"] == pytest.approx(10 * 3600)
    assert sum(spent.values()) == pytest.approx(10 * 3600)
    assert spent["Peer review"] == pytest.approx(3600 + 1200)
    assert spent["Final review"] == pytest.approx(600 + 600)


def test_only_first_reports_of_the_period_count(answered):
    answered(ago=timedelta(days=40))
    answered(state="disposed")
    assert turnaround.figures(now(), 30).together.count == 0
    assert turnaround.figures(now(), 90).together.count == 1


def test_corroboration_and_a_replaced_report_do_not_answer_twice(answered):
    request = answered(ago=timedelta(days=40))
    with unit_of_work() as rows:
        from app import audit

        audit.record("request.saved", request, fields=[])
        for source in ("reported", "approved"):
            rows.add(
                Transition(
                    subject_type="request",
                    subject_id=request.id,
                    verb="x",
                    rule="WF",
                    source=source,
                    target="reported",
                    policy_version="",
                )
            )
    assert turnaround.figures(now(), 30).together.count == 0


def test_how_things_stand_now(people, app):
    from app import audit

    free, held = MAKERS["request"].in_state(people, "submitted"), MAKERS["request"].in_state(people, "documented")
    with unit_of_work():
        free.examiner_id = None
        free.submitted_at, held.submitted_at = now() - timedelta(days=30), now()
        audit.record("request.saved", free, fields=[])
    other = next(row for row in turnaround.figures(now(), 30).standing if row.label == "Other")
    assert (other.open, other.overdue, other.unassigned) == (2, 1, 1)
    assert db.session.query(FRRequest).count() == 2

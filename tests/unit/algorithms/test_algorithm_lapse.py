"""FAIR-3: a warning 60 days before the evaluation record lapses, once; afterwards casework is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta

import msgspec
import pytest

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.extensions import db
from app.jobs.algorithms import watch as watching
from app.jobs.algorithms.watch import watch
from app.matching.catalogue import NistEvaluation, catalogue, load_catalogue
from app.models import AuditEvent, Notification
from app.policy import policy
from tests.second_network import fictitious_record

pytestmark = pytest.mark.clause("FAIR-2", "FAIR-3")
IN_USE = "dlib-resnet-v1"
UNIT = ("k.rowan", "c.hawthorn", "f.spruce")


@pytest.fixture
def recorded(app, monkeypatch):
    """recorded(days): the algorithm in use has a (fictitious) record whose review is due in that many days."""
    plain = catalogue().extractors[IN_USE]

    def enter(days: int, **changes):
        record = fictitious_record(plain, today() + timedelta(days=days), **changes)
        monkeypatch.setitem(catalogue().extractors, IN_USE, msgspec.structs.replace(plain, nist=record))

    return enter


@pytest.mark.parametrize(
    ("days", "said"),
    [(61, None), (60, "in 60 days"), (1, "in 1 day"), (0, "today"), (-1, "lapsed on")],
)
def test_the_warning_begins_sixty_days_before(recorded, days, said):
    assert policy().algorithm.lapse_warning.count == 60
    recorded(days)
    warning = algorithms.lapse_warning(today())
    assert (warning is None) if said is None else said in warning


def test_without_a_record_there_is_nothing_that_lapses(app):
    assert algorithms.lapse_warning(today()) is None
    assert not algorithms.status(today()).ok


@pytest.mark.parametrize(("days", "ok"), [(1, True), (0, True), (-1, False)])
def test_the_day_itself_still_counts(recorded, days, ok):
    recorded(days)
    assert algorithms.status(today()).ok is ok


@pytest.mark.parametrize(("days", "shown"), [(61, False), (60, True), (-1, True)])
def test_the_unit_and_the_administrators_see_it_and_nobody_else(recorded, sign_in, days, shown):
    recorded(days)
    for name in UNIT:
        assert ("The NIST evaluation record of" in sign_in(name).get("/").get_data(as_text=True)) is shown, name
    for name in ("d.lark", "y.hazel"):
        assert "The NIST evaluation record of" not in sign_in(name).get("/").get_data(as_text=True), name


def test_a_day_far_ahead_does_not_put_the_review_off_bypass(recorded):
    """The rule's longest time counts, for the gate and for the warning."""
    recorded(9999, reviewed_on=today() - timedelta(days=policy().algorithm.longest_review.count))
    assert algorithms.status(today()).ok and "today" in algorithms.lapse_warning(today())
    recorded(9999, reviewed_on=today() - timedelta(days=policy().algorithm.longest_review.count + 1))
    assert not algorithms.status(today()).ok and "lapsed" in algorithms.lapse_warning(today())


def test_everybody_concerned_is_told_once(recorded, people, run_jobs):
    accounts = [people.account(name).id for name in (*UNIT, "d.lark")]
    recorded(61)
    watch()
    run_jobs()
    assert not db.session.query(Notification).filter_by(kind="algorithm_lapses").count()
    recorded(60)
    for _ in range(3):
        watch()
        run_jobs()
    told = [row.account_id for row in db.session.query(Notification).filter_by(kind="algorithm_lapses")]
    assert sorted(told) == sorted(accounts[:3])
    event = db.session.query(AuditEvent).filter_by(event="algorithm.lapse_warned").one()
    assert json.loads(event.keys)["due"] == (today() + timedelta(days=60)).isoformat()
    # killed right after its commit, the job runs again and says nothing twice
    from app.models.engine import Job

    watching.run_warning(db.session.query(Job).filter_by(kind="warn_of_lapse").one())
    assert db.session.query(Notification).filter_by(kind="algorithm_lapses").count() == 3
    # a renewed record is another matter
    recorded(30)
    watch()
    run_jobs()
    assert db.session.query(Notification).filter_by(kind="algorithm_lapses").count() == 6


def test_the_periodic_command_gives_the_warning(recorded, app, run_jobs, people):
    people.account("k.rowan")
    recorded(10)
    assert app.test_cli_runner().invoke(args=["jobs", "sweep"]).exit_code == 0
    run_jobs()
    assert db.session.query(Notification).filter_by(kind="algorithm_lapses").count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"artefact_sha256": "0" * 64}, "is for the file"),
        ({"equals_evaluated_version": False}, "is not the version that NIST evaluated"),
        ({"artefact_version": "another"}, "is not the version that NIST evaluated"),
        ({"reviewed_on": date(2999, 1, 1)}, "dated in the future"),
    ],
)
def test_a_record_of_anything_else_opens_nothing(recorded, changes, said):
    recorded(100, **changes)
    found = algorithms.status(today())
    assert not found.ok and said in found.reason


def test_casework_begins_no_search_with_the_bundled_model_and_demonstration_says_so_everywhere(
    make, app, settings, sign_in
):
    from app.policy.refused import Refused

    request = make.request(state="probe_selected")
    page = sign_in("k.rowan").get(f"/review/{request.number}").get_data(as_text=True)
    assert "Demonstration, not for casework" in page and "has no NIST evaluation record" in page
    app.extensions["settings"] = dataclasses.replace(settings, mode="casework")
    with pytest.raises(Refused) as refusal:
        make.search(request)
    assert refusal.value.rule_id == "algorithm_evaluated"


@pytest.mark.parametrize("part", ["demographics", "datasets", "report_url", "next_review_due", "artefact_sha256"])
def test_an_incomplete_record_cannot_be_entered(part):
    record = msgspec.to_builtins(fictitious_record(catalogue().extractors[IN_USE], date(2030, 1, 1)))
    msgspec.convert(record, NistEvaluation)
    del record[part]
    with pytest.raises(msgspec.ValidationError, match=part):
        msgspec.convert(record, NistEvaluation)


def test_the_product_ships_no_record():
    assert all(entry.nist is None for entry in load_catalogue().extractors.values())

"""The edition of the Schedule: stated, reviewed each year, previewed before another is in force (RET-12)."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import timedelta

import msgspec
import pytest

from app.domain.retention import schedule
from app.extensions import db
from app.models import ScheduleReview
from app.policy import policy
from app.policy.loader import DEFAULT_DIRECTORY, tried
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.retention_factory import RetentionFactory

FOUND = "Each period was compared with the chapter on law enforcement; none differs."


def rules(edition: str, **classes: int):
    """Return the rules with this edition, and other years for some classes."""
    held = policy().retention
    changed = {name: msgspec.structs.replace(held.classes[name], years=years) for name, years in classes.items()}
    named = msgspec.structs.replace(held.schedule, edition=edition)
    retention = dataclasses.replace(held, schedule=named, classes={**held.classes, **changed})
    return dataclasses.replace(policy(), retention=retention)


@pytest.fixture
def review(people):
    """review(edition, outcome): a records officer records it; returns the refusal's sentence, None when recorded."""

    def recorded(edition: str, outcome: str = "in_force", note: str = FOUND) -> str | None:
        actor = people.actor("b.juniper")
        try:
            with unit_of_work():
                schedule.record_review(actor, edition, outcome, note)
        except Refused as refusal:
            db.session.rollback()
            assert refusal.rule_id == "schedule-edition"
            return refusal.detail
        return None

    return recorded


@pytest.mark.clause("RET-12")
def test_an_edition_that_nobody_stated_is_overdue_whatever_is_reviewed_bypass(app, review):
    assert policy().retention.schedule.edition == "" and "do not state" in schedule.schedule_standing().overdue
    assert "name no edition yet" in review("Edition of this year")
    assert review("Edition of this year", "new_edition") is None
    assert "do not state" in schedule.schedule_standing().overdue


@pytest.mark.clause("RET-12")
def test_a_review_counts_for_a_year_and_for_the_edition_it_looked_at(app, review):
    with tried(rules("First edition")):
        assert "never reviewed" in schedule.schedule_standing().overdue
        assert review("first  EDITION") is None
        standing = schedule.schedule_standing()
        assert standing.overdue == "" and standing.due_on is not None
        last = db.session.query(ScheduleReview).one()
        assert last.reviewed_by.name == "b.juniper" and last.policy_version
        last.created_at -= timedelta(days=367)  # the day after a year and a day, whatever the rules say
        with db.session.no_autoflush:
            assert "overdue" in schedule.schedule_standing().overdue
        db.session.rollback()
        assert review("Second edition", "new_edition") is None
        assert "Second edition" in schedule.schedule_standing().overdue
    with tried(rules("Second edition")):
        assert "Second edition" in review("First edition")
        assert schedule.schedule_standing().overdue


@pytest.mark.clause("RET-12")
def test_a_review_says_what_was_looked_at_and_found_bypass(app, review):
    with tried(rules("First edition")):
        for edition, outcome, note in (
            ("", "in_force", FOUND),
            ("...", "in_force", FOUND),
            ("First edition", "", FOUND),
            ("First edition", "fine", FOUND),
            ("First edition", "new_edition", FOUND),
            ("First edition", "in_force", ""),
            ("First edition", "in_force", "x" * 60),
            ("First edition", "in_force", "Looked at."),
        ):
            assert review(edition, outcome, note), (edition, outcome, note)
    assert db.session.query(ScheduleReview).count() == 0


@needs_models
@pytest.mark.clause("RET-12")
def test_another_edition_is_in_force_only_after_a_preview_of_what_it_changes_bypass(app, make, people, review):
    keep = RetentionFactory(make, people)
    keep.record(classes=["misdemeanor"])
    with tried(rules("First edition")):
        assert review("First edition") is None
    second = rules("Second edition", misdemeanor=90)
    with tried(second):
        assert "Nobody previewed this edition" in review("Second edition")
    found = schedule.preview(second)
    assert (found.compared, found.different) == (1, 1)
    [(kind, before, after)] = found.changes
    assert kind == "case record" and before.startswith("disposable") and after.startswith("upcoming")
    assert policy().retention.schedule.edition == "", "the process goes by its own rules again"
    with unit_of_work():
        schedule.record_preview(found)
    with tried(second):
        assert review("Second edition") is None
        assert schedule.schedule_standing().overdue == ""
    assert [(one.edition, one.different) for one in schedule.previews()] == [("Second edition", 1)]


@pytest.mark.clause("RET-12")
def test_only_a_records_officer_records_a_review(app, people):
    actor = people.actor("s.alder")
    with pytest.raises(Refused) as refusal, unit_of_work():
        schedule.record_review(actor, "First edition", "in_force", FOUND)
    assert refusal.value.rule_id == "retention.keep"


@pytest.mark.clause("RET-12")
def test_the_command_previews_rule_files_and_records_that_it_did(app, tmp_path):
    folder = shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "policy")
    run = app.test_cli_runner().invoke
    assert "do not state their edition" in run(args=["retention", "preview", str(folder)]).output
    file = folder / "retention" / "rules.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace('edition = ""', 'edition = "Second edition"'), encoding="utf-8"
    )
    told = run(args=["retention", "preview", str(folder)])
    assert told.exit_code == 0 and "Edition Second edition: 0 of 0 records would stand otherwise." in told.output
    assert schedule.was_previewed("Second edition")
    file.write_text("[[class", encoding="utf-8")
    assert "These rules cannot be used" in run(args=["retention", "preview", str(folder)]).output

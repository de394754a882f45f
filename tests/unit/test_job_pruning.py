"""Finished jobs go after the days of the setting; whatever a next job, a page or a warning asks of them stays."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.domain.approval.verbs import deliveries, last_delivery
from app.domain.oversight import job_pruning
from app.domain.oversight.job_pruning import prune
from app.extensions import db
from app.models import Job
from app.models.base import now
from app.outbox import ask, ask_once
from app.unit_of_work import unit_of_work

LONG_AGO = now() - timedelta(days=91)


@pytest.fixture
def ended(app):
    """ended("search", "subject", …): a job that ended long ago, unless told otherwise."""

    def make(kind: str, subject: str, *, once: str = "", state: str = "done", at=LONG_AGO) -> None:
        with unit_of_work() as rows:
            rows.add(
                Job(
                    kind=kind,
                    queue="documents",
                    subject_id=subject,
                    once=once or f"{kind}:{subject}",
                    state=state,
                    finished_at=at if state in ("done", "failed") else None,
                )
            )

    return make


def left() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Job.once)))


def test_what_is_done_and_long_over_goes(ended):
    ended("mail", "old")
    ended("mail", "young", at=now() - timedelta(days=89))
    assert prune() == 1
    assert left() == {"mail:young"}
    assert prune() == 0


def test_the_setting_says_after_how_many_days(ended, app):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], keep_jobs_days=88)
    ended("mail", "young", at=now() - timedelta(days=89))
    assert prune() == 1


@pytest.mark.parametrize("state", ["queued", "failed"])
def test_all_jobs_of_a_subject_go_or_none(ended, state):
    """The next one is numbered by those there are: one of two, gone, would give its number again."""
    ended("disclosure_package", "D-1", once="p:1")
    ended("disclosure_package", "D-1", once="p:2", state=state)
    ended("disclosure_package", "D-2", once="q:1", state="failed")
    ended("disclosure_package", "D-2", once="q:2")
    assert prune() == 2
    assert left() == {"p:1", "p:2"}, "what waits, or failed and may be tried again on a page, keeps the others"


def test_one_kind_that_failed_keeps_the_other_kinds_of_its_subject(ended):
    ended("negative_report", "FR-1", state="failed")
    ended("match_report", "FR-1")
    assert prune() == 0


def test_a_warning_that_was_given_is_not_given_again(ended):
    ended("warn_of_lapse", "algorithm")
    assert prune() == 0


def test_many_subjects_go_in_several_units(ended, monkeypatch):
    monkeypatch.setattr(job_pruning, "BATCH", 2)
    for number in range(5):
        ended("mail", f"n{number}")
        ended("mail", f"kept{number}", state="failed")
    assert prune() == 5
    assert left() == {f"mail:kept{number}" for number in range(5)}


def test_another_job_is_asked_for_under_a_number_of_its_own(ended):
    """Whoever counts the jobs there are begins anew; no number meets a row that is left."""
    ended("disposal", "DSP-1", once="disposal:DSP-1:0")
    prune()
    with unit_of_work():
        again = ask_once("disposal", "DSP-1")
        assert again.state == "queued"
        assert ask_once("disposal", "DSP-1") is again
        assert ask("disposal", "DSP-1", again.once) is again


def test_a_request_whose_delivery_is_gone_says_so(make, run_jobs):
    request = make.request(state="draft")
    assert (deliveries(request), last_delivery(request)) == ([], None)


def test_jobs_are_looked_up_by_their_subject(app):
    from tests.bulk_rows import plans
    from tests.sql_statements import queries, recorded

    with recorded() as asked:
        rows = select(Job).where(Job.kind == "search", Job.subject_id == "s").order_by(Job.id.desc())
        db.session.scalars(rows).all()
        db.session.scalars(select(Job).where(Job.subject_id.in_(["a", "b"]))).all()
    assert len(queries(asked)) == 2
    found = plans([one for one in asked if one[0].startswith("SELECT")])
    assert all("USING INDEX ix_job_subject" in plan[0] for _, plan in found), found

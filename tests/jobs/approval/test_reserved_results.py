"""What a search came to is not reported past a request that became reserved after it (LIM-7): by waiting."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import pytest

from app.domain.approval import verbs as approvals
from app.domain.examination import verbs as examination
from app.domain.requests import verbs as requests
from app.domain.requests.reserved_matters import RESERVED
from app.extensions import db
from app.models import Job, Notification
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow.engine import explain
from tests.drawn_gallery import needs_models
from tests.jobs.approval.test_report_job import case_files
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)
from tests.web.page_reading import text
from tests.web.requests.test_political_requests import named, office, political  # noqa: F401  (fixtures)

pytestmark = [needs_models, pytest.mark.clause("LIM-7", "ACC-1")]


class Beside:
    """A draft of the Bureau's on the matter of a request, until it is filed."""

    def __init__(self, reserved, people) -> None:
        self.reserved, self.people = reserved, people

    def file(self) -> None:
        with unit_of_work():
            requests.submit(self.reserved, self.people.actor("i.kestrel"))

    def clear(self, *names: str) -> None:
        for name in names:
            named(self.reserved, self.people, name)


@pytest.fixture
def bureau(political, office, people):
    """bureau(request) -> the Bureau's draft on the same matter."""

    def drafted(request, **parts) -> Beside:
        return Beside(political("draft", **{"case_number": request.case_number, "seed": 8, **parts}), people)

    return drafted


def refused_to(step, rule="reserved_matter_cleared") -> None:
    with pytest.raises(Refused) as refused, unit_of_work():
        step()
    assert (refused.value.rule_id, refused.value.reason) == (rule, RESERVED)


def test_what_the_peers_support_is_decided_and_reported_by_cleared_people_only_bypass(at, make, people, bureau):
    request = at("peer_reviewed")
    beside = bureau(request)
    beside.file()
    supervisor, examiner = people.actor("c.hawthorn"), people.actor(request.examiner.name)
    make.agree(request)
    why = "Unanimous, and the background supports it."
    refused_to(lambda: approvals.approve(request, supervisor, why, password_confirmed=True))
    refused_to(lambda: approvals.disapprove(request, supervisor, why, password_confirmed=True))
    beside.clear("c.hawthorn")
    make.approve(request)
    refused_to(lambda: approvals.prepare_report(request, examiner))
    beside.clear(request.examiner.name)
    make.report(request)
    assert request.state == "reported"


def test_what_was_approved_before_is_not_prepared_by_a_cleared_examiner_alone_bypass(at, make, people, bureau):
    request = at("approved")
    beside = bureau(request)
    beside.file()
    beside.clear(request.examiner.name)
    examiner = people.actor(request.examiner.name)
    refused_to(lambda: approvals.prepare_report(request, examiner), "reserved_result_cleared")
    beside.clear("c.hawthorn")
    make.report(request)


def test_nor_when_only_the_photograph_is_the_same_bypass(at, make, people, bureau):
    request = at("peer_reviewed")
    bureau(request, case_number="2026-075-07777", seed=7).file()
    make.agree(request)
    supervisor, why = people.actor("c.hawthorn"), "Unanimous, and the background supports it."
    refused_to(lambda: approvals.approve(request, supervisor, why, password_confirmed=True))


def test_a_recalled_report_is_not_issued_again_bypass(at, people, bureau):
    request = at("superseded")
    bureau(request).file()
    supervisor, why = people.actor("c.hawthorn"), "The case file is the right one now."
    refused_to(lambda: approvals.reissue(request, supervisor, why, password_confirmed=True))


def test_the_job_attaches_nothing_where_the_reserved_one_came_before_the_delivery_bypass(
    at, people, bureau, run_jobs, sign_in
):
    """Between the decision and the file: the report is asked for, and waits in the queue."""
    request = at("approved")
    beside = bureau(request)
    with unit_of_work():
        approvals.prepare_report(request, people.actor(request.examiner.name))
    beside.file()
    run_jobs()
    assert (request.state, case_files(request)) == ("approved", [])
    [job] = db.session.query(Job).filter_by(kind="match_report")
    assert (job.state, job.error) == ("failed", RESERVED)
    assert db.session.query(Notification).filter_by(kind="report_failed").count() > 0
    page = text(sign_in("c.hawthorn").get(f"/approvals/{request.number}"))
    assert beside.reserved.number not in page and "political activity" not in page
    beside.clear("c.hawthorn")
    with unit_of_work():
        approvals.retry_delivery(request, people.actor("c.hawthorn"))
    run_jobs()
    assert request.state == "reported" and len(case_files(request)) == 1


def test_a_negative_result_is_a_result_bypass(make, people, bureau, run_jobs):
    request = make.request("under_examination")
    beside = bureau(request)
    beside.file()
    make.dispose_all(request)
    examiner, why = people.actor(request.examiner.name), "Every candidate differs from the probe in the nose."
    refused_to(lambda: examination.conclude_none(request, examiner, why))
    assert explain(request, "nominate", examiner).rule_id == "reserved_matter_cleared"
    beside.clear(examiner.name)
    assert explain(request, "nominate", examiner, nominee=None).rule_id != "reserved_matter_cleared"
    with unit_of_work():
        examination.conclude_none(request, examiner, why)
    run_jobs()
    assert request.state == "reported"


def test_a_negative_result_waits_when_it_was_concluded_before_bypass(make, people, bureau, run_jobs):
    request = make.request("under_examination")
    beside = bureau(request)
    make.conclude(request)
    beside.file()
    run_jobs()
    assert (request.state, case_files(request)) == ("negative", [])
    beside.clear(request.examiner.name)
    with unit_of_work():
        approvals.retry_delivery(request, people.actor(request.examiner.name))
    run_jobs()
    assert request.state == "reported"

"""The delivery job: once, twice, killed at each point, a case file that cannot be written (SRC-7, SRC-8, SRC-9)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import current_app

from app.calendar import today
from app.documents.checks import page_texts
from app.domain.approval import verbs as approvals
from app.extensions import db, stores
from app.jobs import runner
from app.jobs.approval import reports as job_module
from app.models import Notification, Report
from app.models.base import now
from app.models.engine import AuditEvent, Job, Transition
from app.outbox.kinds import KINDS
from app.unit_of_work import unit_of_work
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the job or the runner may see it."""


def case_folder() -> Path:
    return current_app.extensions["settings"].case_files_dir


def case_files(request) -> list[Path]:
    folder = case_folder() / request.case_number
    return sorted(path for path in folder.rglob("*.pdf")) if folder.is_dir() else []


def ask_for_report(request, people) -> Job:
    with unit_of_work():
        return approvals.prepare_report(request, people.actor(request.examiner.name))


def again(job: Job) -> None:
    """As if the lease of a killed worker had run out, or the wait after a failure were over."""
    with unit_of_work():
        if job.state == "running":
            job.lease_until = now() - timedelta(seconds=1)
        job.not_before = now() - timedelta(seconds=1)


def delivered_once(request) -> Report:
    """The one report of the request, if what every part says of it agrees."""
    assert request.state == "reported"
    [report] = request.reports
    [pdf] = case_files(request)
    assert hashlib.sha256(pdf.read_bytes()).hexdigest() == report.sha256 == report.receipt["sha256"]
    assert stores().blobs.get(report.blob_id, report.key_id, report.sha256) == pdf.read_bytes()
    assert db.session.query(Transition).filter_by(verb="deliver_report").count() == 1
    told = db.session.query(Notification).filter_by(kind="report_delivered", account_id=request.requester_id)
    assert told.count() == 1
    for event in ("report.begun", "request.reported"):
        assert db.session.query(AuditEvent).filter_by(event=event).count() == 1, event
    return report


@pytest.mark.clause("SRC-8", "SRC-9")
def test_report_is_attached_with_manifest_and_receipt(at, people, run_jobs):
    request = at("approved")
    ask_for_report(request, people)
    run_jobs()
    report = delivered_once(request)
    assert (report.kind, report.prepared_by.name) == ("possible_match", "k.rowan")
    folder = case_folder() / request.case_number / report.number
    assert {path.name for path in folder.iterdir()} == {"manifest.json", f"{report.number}.pdf"}
    assert report.receipt["path"] == f"{request.case_number}/{report.number}/{report.number}.pdf"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["pdf"]["sha256"] == report.sha256
    assert manifest["facts_sha256"] == report.manifest_digest
    assert manifest["verification_code"] == report.code
    assert manifest["signature"]["algorithm"] == "Ed25519"
    assert manifest["facts"]["probe"]["picture"]["sha256"] == request.current_search.probe_sha256
    assert report.private["facts"] == json.dumps(
        manifest["facts"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


@pytest.mark.clause("SRC-8")
def test_run_twice_delivers_once(at, people, run_jobs):
    request = at("approved")
    job = ask_for_report(request, people)
    run_jobs()
    job_module.match_report(job)
    job_module.match_report(job)
    delivered_once(request)


@pytest.mark.clause("SRC-8")
def test_asked_twice_is_one_job(at, people, run_jobs):
    request = at("approved")
    first, second = ask_for_report(request, people), ask_for_report(request, people)
    assert first.uid == second.uid
    run_jobs()
    delivered_once(request)


@pytest.mark.parametrize("point", ["gather", "keep", "connector", "delivery_of", "deliver"])
@pytest.mark.clause("SRC-8")
def test_killed_at_any_point_ends_in_one_report(at, people, run_jobs, monkeypatch, point):
    """A kill before rendering, before the rendered file is kept, before, and after it stands in the case file."""
    request = at("approved")
    job = ask_for_report(request, people)

    def killed(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(job_module, point, killed)
        with pytest.raises(Killed):
            runner.perform(job.uid)
    before = [path.read_bytes() for path in case_files(request)]
    assert len(before) == (point == "deliver")
    assert request.state == "approved"
    again(job)
    runner.perform(job.uid)
    report = delivered_once(request)
    assert job.state == "done"
    if before:
        assert hashlib.sha256(before[0]).hexdigest() == report.sha256


@pytest.mark.clause("SRC-8")
def test_change_between_two_tries_leaves_the_rendered_bytes(at, people, run_jobs, monkeypatch):
    """Killed after the case file took it; then a name and the department change: the same bytes are recorded."""
    request = at("approved")
    job = ask_for_report(request, people)

    def killed(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "deliver", killed)
        with pytest.raises(Killed):
            runner.perform(job.uid)
    [first] = [path.read_bytes() for path in case_files(request)]
    from app import audit

    with unit_of_work():
        request.requester.display_name = "Dana Lark-Heron"
        audit.record("account.changed", request.requester, account=request.requester_id, added=[], removed=[])
    again(job)
    runner.perform(job.uid)
    delivered_once(request)
    assert case_files(request)[0].read_bytes() == first


@pytest.mark.clause("SRC-8")
def test_case_files_that_cannot_be_written_are_tried_again(at, people, run_jobs):
    request = at("approved")
    case_folder().write_text("a file where the folder should be")
    job = ask_for_report(request, people)
    runner.perform(job.uid)
    assert (job.state, job.attempts) == ("queued", 1)
    assert "cannot be written" in job.error
    assert job.not_before > now()
    assert request.state == "approved"
    case_folder().unlink()
    again(job)
    runner.perform(job.uid)
    delivered_once(request)


@pytest.mark.clause("SRC-7", "SRC-8")
def test_delivery_that_gives_up_is_told_and_can_be_asked_for_again(at, people, run_jobs):
    request = at("approved")
    people.account("v.osprey")
    case_folder().write_text("a file where the folder should be")
    job = ask_for_report(request, people)
    for _ in range(KINDS["match_report"].tries):
        again(job)
        runner.perform(job.uid)
    assert job.state == "failed"
    told = {row.account.name for row in db.session.query(Notification).filter_by(kind="report_failed")}
    assert told == {"k.rowan", "c.hawthorn", "v.osprey"}
    case_folder().unlink()
    with unit_of_work():
        second = approvals.retry_delivery(request, people.actor("v.osprey"))
    assert second.uid != job.uid
    run_jobs()
    delivered_once(request)


@pytest.mark.clause("SRC-8")
def test_number_taken_by_another_document_is_never_overwritten(at, people, run_jobs):
    request = at("approved")
    job = ask_for_report(request, people)
    taken = case_folder() / request.case_number / f"R-{today():%Y}-000001"
    taken.mkdir(parents=True)
    for folder in (case_folder(), taken.parent):
        folder.chmod(0o750)
    (taken / f"{taken.name}.pdf").write_bytes(b"another document")
    runner.perform(job.uid)
    assert job.state == "queued"
    again(job)
    runner.perform(job.uid)
    assert request.state == "reported"
    [report] = request.reports
    assert report.number == f"R-{today():%Y}-000002"
    assert (taken / f"{taken.name}.pdf").read_bytes() == b"another document"
    pdf = case_folder() / report.receipt["path"]
    assert all(report.number in text for text in page_texts(pdf.read_bytes()))
    [event] = db.session.query(AuditEvent).filter_by(event="report.renumbered")
    assert json.loads(event.keys) == {"report": report.number, "previous": taken.name}


@pytest.mark.clause("SRC-9")
def test_file_without_probe_or_notice_is_not_delivered(at, people, run_jobs, monkeypatch):
    request = at("approved")
    job = ask_for_report(request, people)
    true_delivery = job_module.delivery_of
    monkeypatch.setattr(job_module, "delivery_of", lambda report: (true_delivery(report)[0], ["the probe image"]))
    runner.perform(job.uid)
    assert (job.state, job.error) == ("failed", "The rendered report lacks the probe image.")
    assert request.state == "approved"
    assert case_files(request) == []


@pytest.mark.clause("SRC-9")
def test_engine_refuses_a_report_that_lacks_the_notice(at, people):
    """Whatever the job does: the step itself needs what SRC-9 demands, and a receipt (SRC-8)."""
    from app.access.actor import system_actor
    from app.policy.refused import Refused
    from app.workflow import advance

    request = at("approved")
    for missing, rule in ((["the notice"], "report_carries_probe_and_notice"), ([], "report_attached_to_case_file")):
        with pytest.raises(Refused) as refused, unit_of_work():
            facts = {"report": "R-1", "kind": "possible_match", "sha256": "0", "missing": missing}
            advance(request, "deliver_report", system_actor(), **facts)
        assert refused.value.rule_id == rule


@pytest.mark.clause("CAP-3")
def test_photograph_that_left_the_repository_is_not_reported(at, people, run_jobs):
    from app import audit

    request = at("approved")
    photo = request.current_round.nominee.photo
    job = ask_for_report(request, people)
    with unit_of_work():
        photo.removed_at, photo.removed_because = now(), "sealed"
        audit.record("gallery.enrolled", batch="tests", photos=0, generation=0)
    run_jobs()
    assert job.state == "failed"
    assert "left the repository" in job.error
    assert case_files(request) == []


# Negative reports ------------------------------------------------------------------------------------------


def negative_text(request) -> str:
    report = request.current_report
    assert (request.state, report.kind) == ("reported", "negative")
    return " ".join(page_texts(case_files(request)[-1].read_bytes()))


def names_nobody(request, text: str) -> bool:
    people = {candidate.person for search in request.searches for candidate in search.candidates}
    words = {photo.record_number for person in people for photo in person.photos}
    words |= {person.private["name"] for person in people} | {person.person_number for person in people}
    return not any(word in text for word in words)


@pytest.mark.clause("SRC-7", "ACC-1")
def test_none_identified_is_reported_without_anybody_asking(make, run_jobs):
    request = make.request(state="negative")
    run_jobs()
    text = negative_text(request)
    assert "A possible match candidate was not identified." in text
    assert names_nobody(request, text)


@pytest.mark.clause("SRC-7", "ACC-1")
def test_not_approved_is_reported_without_anybody_asking(at, people, run_jobs):
    request = at("peer_reviewed")
    supervisor = people.actor("c.hawthorn")
    with unit_of_work():
        approvals.disapprove(request, supervisor, "The ears differ.", password_confirmed=True)
    run_jobs()
    text = negative_text(request)
    assert "A possible match candidate was not approved by the supervisor." in text
    assert names_nobody(request, text)
    assert "The ears differ" not in text


@pytest.mark.clause("SRC-7")
def test_empty_list_is_reported_without_anybody_asking(make, people, run_jobs):
    from app.domain.examination import verbs as examination
    from app.domain.identification import verbs as identification

    request = make.request(state="searching")
    search = request.current_search
    with unit_of_work():
        identification.finish_search(
            search,
            [],
            algorithm="dlib-resnet-v1",
            algorithm_digest="a" * 64,
            detector_digest="b" * 64,
            generation=1,
            people=0,
            photos=0,
            parameters={},
        )
    with unit_of_work():
        examination.conclude_empty(request, people.actor("k.rowan"))
    run_jobs()
    assert "A possible match candidate was not identified." in negative_text(request)
    assert request.current_report.round is None
    assert request.current_report.prepared_by.name == "k.rowan"


@pytest.mark.clause("SRC-7")
def test_negative_job_of_a_request_that_moved_on_does_nothing(at, people, run_jobs):
    request = at("approved")
    with unit_of_work():
        from app.outbox import ask

        ask("negative_report", request.number, "stray")
    run_jobs()
    assert (request.state, request.reports) == ("approved", [])

"""Decision and package made by the worker: what is in it, done twice, cut off midway, or no longer lawful (EXT-7)."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from datetime import timedelta

import pytest

from app.calendar import local
from app.documents import checks
from app.domain.disclosures import designations
from app.domain.disclosures.ledgers import ledger_of
from app.domain.requests import outcomes
from app.extensions import db, stores
from app.jobs.disclosures import documents as work
from app.models.approval import Report
from app.models.base import now
from app.models.engine import Job
from app.models.oversight import Notification
from app.policy import policy
from app.storage import DiskFailure
from app.unit_of_work import unit_of_work
from app.workflow.options import options
from tests.disclosure_factory import set_back
from tests.unit_stages import READ_THE_PAPER, fingerprint_for

pytestmark = pytest.mark.clause("EXT-7")


def packed(disclosure) -> zipfile.ZipFile:
    package = disclosure.current_package
    return zipfile.ZipFile(io.BytesIO(stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256)))


def text_of(pdf: bytes) -> str:
    return "".join("".join(checks.page_texts(pdf)).split())


def job_of(kind: str) -> Job:
    return db.session.query(Job).filter_by(kind=kind).order_by(Job.id.desc()).first()


@pytest.mark.clause("EXT-1", "EXT-2", "SRC-9", "USE-7")
def test_the_prosecutors_package_holds_the_whole_case_and_checks(disclose, tmp_path):
    disclosure = disclose(state="released", basis="D2")
    archive = packed(disclosure)
    names = set(archive.namelist())
    requests = {item.request for item in disclosure.items}
    assert len(requests) == 2
    wanted = {f"reports/{report.number}.pdf" for request in requests for report in request.reports}
    images = {
        f"originals/{request.number}-image-{n}.jpg"
        for request in requests
        for n, _ in enumerate(request.current_images, 1)
    }
    papers = {
        "cover-letter.pdf",
        "decision.pdf",
        "error-rates.txt",
        "evidence-and-arrests.txt",
        "SHA256SUMS",
        "manifest.json",
    }
    possible = [report for request in requests for report in request.reports if report.kind == "possible_match"]
    against = {f"contradictions-{report.number}.txt" for report in possible}
    assert len(against) == 1, "what contradicts a candidate goes with its report"
    negative = [report for request in requests for report in request.reports if report.kind == "negative"]
    counted = {f"examined-{report.number}.txt" for report in negative}
    assert len(counted) == 1, "what became of the candidates goes with the negative result"
    papers |= {"SHA256SUMS.sig", "signing-key.pem", "VERIFY.txt"}
    assert names == wanted | images | papers | against | counted
    assert "so nothing is known" in archive.read("error-rates.txt").decode(), "FAIR-1: said plainly"
    for request in requests:
        for number, image in enumerate(request.current_images, 1):
            content = archive.read(f"originals/{request.number}-image-{number}.jpg")
            assert hashlib.sha256(content).hexdigest() == image.sha256
    archive.extractall(tmp_path)
    if shutil.which("sha256sum"):
        result = subprocess.run(
            ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=False, timeout=60, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.count(": OK") == len(names) - 2
    assert hashlib.sha256(archive.read("SHA256SUMS")).hexdigest() == disclosure.current_package.sums_sha256
    if shutil.which("pdfsig"):
        for name in sorted(name for name in names if name.endswith(".pdf")):
            shown = subprocess.run(
                ["pdfsig", name], cwd=tmp_path, check=False, timeout=60, capture_output=True, text=True
            )
            assert "Signature is Valid" in shown.stdout and "Total document signed" in shown.stdout, name
    manifest = json.loads(archive.read("manifest.json"))
    assert {entry["item"] for entry in manifest["files"]} == {item.uid for item in disclosure.items} | {None}
    assert manifest["disclosure"] == disclosure.number
    letter = text_of(archive.read("cover-letter.pdf"))
    for notice in ("lead-only", "no-probable-cause"):
        assert "".join(policy().notice(notice).text.split()) in letter
    assert all(item.sha256 in letter for item in disclosure.items)
    assert f"Filesenclosed{len(names)}" in letter, "the letter counts every file of the package"
    rates = archive.read("error-rates.txt").decode().splitlines()
    told = [line.strip() for line in rates if line.strip().endswith(".")]
    assert len(set(told)) == len(told)
    assert "".join(policy().notice("onward-disclosure").text.split()) not in letter
    decision = text_of(archive.read("decision.pdf"))
    assert "".join(policy().disclosure.bases["D2"].text.split()) in decision
    assert "APPROVED" in decision
    assert decision.count("Mayleave") == len(disclosure.items)


@pytest.mark.clause("EXT-8")
def test_an_agency_is_told_what_it_may_not_pass_on(disclose):
    disclosure = disclose(state="released", recipient="law_enforcement", basis="D6")
    archive = packed(disclosure)
    assert "decision.pdf" not in archive.namelist()
    letter = text_of(archive.read("cover-letter.pdf"))
    assert "".join(policy().notice("onward-disclosure").text.split()) in letter
    assert "".join(disclosure.agreement_reference.split()) in letter


@pytest.mark.clause("EXT-7")
def test_what_the_decision_left_out_is_not_in_the_package(disclose):
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    left_out = next(item for item in disclosure.items if item.kind == "original")
    disclose.parts["left_out"] = [left_out.uid]
    disclose.parts["conditions"] = "Only for the hearing of this docket."
    disclose.go_on(disclosure, "released", since="submitted")
    archive = packed(disclosure)
    digests = {hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert left_out.sha256 not in digests
    assert len(disclosure.items) - 1 == sum("/" in name for name in archive.namelist())
    decision, letter = text_of(archive.read("decision.pdf")), text_of(archive.read("cover-letter.pdf"))
    assert "APPROVEDINPART" in decision
    assert decision.count("Stays") == 1
    assert "Onlyforthehearingofthisdocket." in letter


def test_a_refusal_of_the_privacy_officer_is_written_down_too(disclose, run_jobs):
    disclosure = disclose(state="refused", recipient="foil", basis="D2")
    run_jobs()
    db.session.expire_all()
    decision = disclosure.current_decision
    written = text_of(stores().blobs.get(decision.document_blob_id, decision.key_id, decision.document_sha256))
    assert "REFUSED" in written
    assert "Mayleave" not in written
    assert written.count("Stays") == len(disclosure.items)


@pytest.mark.clause("EXT-2")
def test_a_recalled_report_is_enclosed_and_marked(make, disclose):
    # not to the prosecutor: what was recalled is an open search again, and a package said to be complete waits for it
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    request = next(item.report for item in disclosure.items if item.kind == "report" and item.report.round_id).request
    make.recall(request)
    disclose.go_on(disclosure, "released", since="submitted")
    assert "Recalledon" in text_of(packed(disclosure).read("cover-letter.pdf"))


def test_each_job_done_twice_changes_nothing(disclose):
    disclosure = disclose(state="released", basis="D2")
    decision, package = disclosure.current_decision, disclosure.current_package
    before = (decision.document_sha256, package.sha256, len(set(stores().blobs.iter_ids())))
    work.disclosure_decision(job_of("disclosure_decision"))
    work.disclosure_package(job_of("disclosure_package"))
    db.session.expire_all()
    assert len(disclosure.packages) == 1
    assert (decision.document_sha256, package.sha256, len(set(stores().blobs.iter_ids()))) == before


def test_a_worker_cut_off_after_building_leaves_one_package_of_the_same_bytes(disclose, monkeypatch):
    """Two workers build the same release: the bytes agree, the second file is destroyed."""
    disclosure = disclose(state="releasing", basis="D2")
    first = work.pack(disclosure)
    real = work.finish_release

    def killed(*_args: object) -> None:
        raise SystemExit

    monkeypatch.setattr(work, "finish_release", killed)
    kept = set(stores().blobs.iter_ids())
    with pytest.raises(SystemExit):
        work.disclosure_package(job_of("disclosure_package"))
    assert disclosure.state == "releasing"
    assert set(stores().blobs.iter_ids()) == kept
    monkeypatch.setattr(work, "finish_release", real)
    work.disclosure_package(job_of("disclosure_package"))
    db.session.expire_all()
    assert disclosure.state == "released"
    assert disclosure.current_package.sha256 == first.sha256


@pytest.mark.clause("EXT-7")
def test_a_designation_revoked_while_the_package_is_built_stops_it(disclose, people, run_jobs):
    disclosure = disclose(state="releasing", basis="D5")
    officer = people.actor("y.hazel")
    with unit_of_work():
        designations.revoke(disclosure.designation, officer, "The arrangement has ended.")
    kept = set(stores().blobs.iter_ids())
    run_jobs()
    db.session.expire_all()
    assert (disclosure.state, disclosure.packages) == ("approved", [])
    assert "not in force" in disclosure.private["release_failure"]
    assert set(stores().blobs.iter_ids()) == kept
    notices = db.session.query(Notification).filter_by(kind="disclosure_failed", subject_key=disclosure.number)
    assert disclosure.asked_by_id in {row.account_id for row in notices}


def test_an_item_that_is_not_what_it_was_never_leaves(disclose, run_jobs):
    disclosure = disclose(state="releasing")
    item = next(item for item in disclosure.items if item.kind == "original")
    set_back(item, sha256="0" * 64)
    run_jobs()
    db.session.expire_all()
    assert disclosure.state == "approved"
    assert "digests differ" in disclosure.private["release_failure"]


def test_a_full_disk_is_tried_again(disclose, run_jobs, monkeypatch):
    disclosure = disclose(state="releasing")
    monkeypatch.setattr(stores().blobs, "put", _full)
    run_jobs()
    db.session.expire_all()
    assert (disclosure.state, job_of("disclosure_package").state) == ("releasing", "queued")
    monkeypatch.undo()
    with unit_of_work():
        job_of("disclosure_package").not_before = now() - timedelta(seconds=1)
    run_jobs()
    db.session.expire_all()
    assert disclosure.state == "released"


def _full(*_args: object) -> None:
    raise DiskFailure("The disk is full.")


def test_an_approval_that_cannot_be_rendered_is_told_and_tried_again(disclose, people, run_jobs, monkeypatch):
    disclosure = disclose(state="submitted", basis="D2")
    real = work.decision_facts
    monkeypatch.setattr(work, "decision_facts", _unrenderable)
    disclose.go_on(disclosure, "approved", since="submitted")
    assert disclosure.current_decision.document_blob_id is None
    assert job_of("disclosure_decision").state == "failed"
    asker = people.actor("d.lark")
    assert options(disclosure, asker).why("release").rule_id == "decision_document_rendered"
    monkeypatch.setattr(work, "decision_facts", real)
    from app.domain.disclosures.papers import retry_document
    from app.policy.refused import Refused

    with unit_of_work():
        retry_document(disclosure, asker)
    run_jobs()
    db.session.expire_all()
    assert disclosure.current_decision.document_blob_id is not None
    with pytest.raises(Refused), unit_of_work():
        retry_document(disclosure, asker)


def _unrenderable(*_args: object) -> None:
    from app.documents.errors import FactsError

    raise FactsError("The facts contradict each other.")


@pytest.mark.clause("EXT-2", "USE-8")
def test_the_prosecutor_is_told_of_an_arrest_on_no_independent_evidence_bypass(disclose, people):
    """By what is left out: evidence that was recorded after the report of the arrest does not wipe that out."""
    request = db.session.query(Report).filter_by(kind="possible_match").one().request
    asker, at = people.actor("d.lark"), local(now())
    facts = {"arrest_number": "M26600002", "arrested_on": f"{at:%Y-%m-%d}", "arrested_time": f"{at:%H:%M}"}
    with unit_of_work():
        outcomes.report_arrest(request, asker, facts)
        outcomes.record_corroboration(request, asker, "trace_evidence", fingerprint_for(request))
    ledger = packed(disclose(state="released")).read("evidence-and-arrests.txt").decode()
    assert "Arrest M26600002: Made after the result was received." in ledger
    assert "MADE ON NO INDEPENDENT EVIDENCE" in ledger
    assert "waits for a supervisor's word" in ledger and "traces: stands without the result" not in ledger
    assert "No arrest is on record." in ledger, "of the other request"
    supervisor = people.actor(request.discussing_supervisor.name)
    with unit_of_work():
        outcomes.judge_evidence(request, supervisor, request.evidence[0].uid, agreed=True, words=READ_THE_PAPER)
    agreed = ledger_of(request.case_number, now())
    assert (
        "traces: stands without the result" in agreed
        and "Sergeant Sam Alder agrees" in agreed
        and READ_THE_PAPER in agreed
    )
    media = packed(disclose(state="released", recipient="media", basis="D6"))
    assert "evidence-and-arrests.txt" not in media.namelist()

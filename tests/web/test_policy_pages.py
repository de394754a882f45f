"""The policy as pages, and the check of a printed report."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from sqlalchemy import select

from app.blueprints.policy.reading import drawing
from app.extensions import db
from app.models import AuditEvent, Report
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.web.page_reading import soup

CODE = "7K3M-Q2RT-9WXA-4HBC"
PDF = b"%PDF-1.7 a report of the test"


def test_every_clause_has_its_anchor_text_and_status_signed_out(app) -> None:
    page = soup(app.test_client().get("/policy"))
    for clause in policy().clauses.values():
        anchor = page.find(id=clause.id)
        assert anchor is not None, clause.id
        article = anchor.find_parent("article").get_text(" ")
        assert clause.text in article
        assert policy().version in page.get_text()
    use7 = page.find(id="USE-7").find_parent("article").get_text(" ")
    assert all(name in use7 for name in policy().citing("USE-7"))


@pytest.mark.parametrize(
    "path",
    ["/policy/uses", "/policy/disclosures", "/policy/workflow", "/policy/roles", "/policy/notices", "/policy/versions"],
)
def test_the_other_pages_open_signed_out(app, path) -> None:
    assert app.test_client().get(path).status_code == 200


def test_the_workflow_of_nothing_we_know_is_not_found(app) -> None:
    assert app.test_client().get("/policy/workflow/lamp").status_code == 404


@pytest.mark.parametrize("subject", policy().workflows)
def test_workflow_page_tells_every_change_and_draws_every_state(app, subject) -> None:
    text = soup(app.test_client().get(f"/policy/workflow/{subject}")).get_text(" ")
    flow = policy().workflow(subject)
    assert all(step.text in text for step in flow.transitions)
    drawn = drawing(subject)
    assert [box.title for box in drawn.boxes] == [state.title for state in flow.states]
    assert all(0 <= box.y <= drawn.height for box in drawn.boxes)


def test_a_way_back_is_drawn_as_one() -> None:
    drawn = drawing("request")
    back = {arc.title for arc in drawn.arcs if arc.back}
    assert "Submitted to Draft" in back
    assert "Draft to Submitted" not in back


def test_the_page_of_disclosures_shows_every_basis_recipient_and_purpose(app) -> None:
    text = " ".join(soup(app.test_client().get("/policy/disclosures")).get_text(" ").split())
    rules = policy().disclosure
    for rule in (
        *rules.bases.values(),
        *rules.recipients.values(),
        rules.immigration,
        rules.completeness,
        rules.copies,
    ):
        assert rule.text in text, rule.id
    assert all(purpose.title in text for purpose in rules.purposes.values())


@pytest.fixture
def report(app, make) -> Report:
    """A delivered report with a known code; how reports come about is tested elsewhere."""
    request = make.request(state="submitted")
    with unit_of_work() as rows:
        from app import audit

        row = Report(
            number="R-2026-000001",
            request_id=request.id,
            kind="negative",
            blob_id="b" * 32,
            pages=2,
            sha256=hashlib.sha256(PDF).hexdigest(),
            manifest_digest="d" * 64,
            code=CODE,
            delivered_at=now(),
            receipt={"path": "x"},
        )
        rows.add(row)
        rows.flush()
        audit.record("report.rendered", row, report=row.uid, sha256=row.sha256)
    return row


def ask(client, post, code: str, file: bytes | None = None):
    data: dict = {"code": code}
    if file is not None:
        data["file"] = (io.BytesIO(file), "report.pdf")
    return post(client, "/verify", data, content_type="multipart/form-data")


@pytest.mark.clause("SRC-8")
def test_a_code_answers_without_names_or_case(app, post, report) -> None:
    answer = ask(app.test_client(), post, " 7k3m q2rt 9wxa 4hbc ")
    text = soup(answer).get_text()
    assert answer.status_code == 200
    assert all(word in text for word in (report.number, "In force", "Negative-results report", report.sha256))
    request = report.request
    for secret in (request.case_number, request.number, request.requester.display_name, request.requester.name):
        assert secret not in text
    db.session.rollback()  # the event was written beside this session's reading transaction
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "verification.asked")).one()
    assert (json.loads(event.keys), event.subject_id) == ({"found": True}, report.number)


@pytest.mark.clause("SRC-8")
def test_unknown_undelivered_and_malformed_codes(app, post, report) -> None:
    client = app.test_client()
    assert ask(client, post, "0000-0000-0000-0000").status_code == 404
    assert ask(client, post, "not a code").status_code == 422
    with unit_of_work():
        from app import audit

        report.delivered_at = report.receipt = None
        audit.record("report.rendered", report, report=report.uid, sha256=report.sha256)
    assert ask(client, post, CODE).status_code == 404, "a report that was not delivered was not issued"


@pytest.mark.clause("SRC-8")
def test_a_recalled_report_is_not_in_force(app, post, report, people) -> None:
    supervisor = people.account("c.hawthorn")
    with unit_of_work():
        from app import audit

        report.recalled_at, report.recalled_by_id = now(), supervisor.id
        audit.record("report.rendered", report, report=report.uid, sha256=report.sha256)
    text = soup(ask(app.test_client(), post, CODE)).get_text(" ")
    assert "This report was recalled" in text
    assert supervisor.display_name not in text


@pytest.mark.clause("SRC-8")
@pytest.mark.parametrize(
    ("file", "said"), [(PDF, "is that report, unchanged"), (PDF + b"x", "the file is not")], ids=["same", "altered"]
)
def test_a_file_is_compared_and_not_kept(app, post, report, settings, file, said) -> None:
    answer = ask(app.test_client(), post, CODE, file)
    assert said in soup(answer).get_text(" ")
    assert not any(file in path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())


def test_the_printed_address_fills_in_the_code_and_records_nothing(app, report) -> None:
    page = soup(app.test_client().get(f"/verify/{CODE}"))
    assert page.find(id="code")["value"] == CODE
    assert "opening an address checks nothing by itself" in " ".join(page.get_text(" ").split())
    assert db.session.scalars(select(AuditEvent).where(AuditEvent.event == "verification.asked")).first() is None


def test_an_address_with_no_code_of_a_report_says_so(app, post) -> None:
    client = app.test_client()
    for answer in (client.get("/verify/7K3M-Q2RT"), ask(client, post, "7K3M-Q2RT")):
        page = soup(answer)
        assert page.select_one(".cor-error-summary h2").get_text(strip=True) == "Correct 1 entry:"
        assert "This is not a report's code" in page.find(id="code-error").get_text()
        assert "Not checked yet" not in page.get_text()


def test_health_says_ok_and_nothing_else(app) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_data()) == (200, b"ok\n")

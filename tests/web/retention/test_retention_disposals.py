"""Disposals over HTTP: preview, two approvals with the password, what bars them, the certificate (RET-11)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from app.calendar import today
from app.extensions import db
from app.models import Disposal
from app.models.engine import AuditEvent, Job
from app.unit_of_work import unit_of_work
from tests.retention_factory import RetentionFactory
from tests.web.page_reading import soup, text
from tests.web.retention.test_retention import page_of, send

PASSWORD = "corroborate-demo"

pytestmark = pytest.mark.clause("RET-11")


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


def page(disposal: Disposal) -> str:
    return f"/retention/disposals/{disposal.number}"


def forms(client, disposal: Disposal) -> set[str]:
    shown = soup(client.get(page(disposal))).select("main form")
    return {form["action"].rsplit("/", 1)[1] for form in shown}


def raw(client, disposal: Disposal, action: str, **given):
    """Sent past the page: with the token of another page, since this one offers no form."""
    token = soup(client.get("/report-misuse")).select_one("input[name=csrf_token]")["value"]
    answer = client.post(f"{page(disposal)}/{action}", data={"csrf_token": token, **given})
    db.session.expire_all()
    return answer


def refused(answer, rule: str) -> bool:
    db.session.rollback()
    rows = db.session.query(AuditEvent).filter_by(event="workflow.refused").order_by(AuditEvent.sequence)
    return answer.status_code == 403 and json.loads(rows.all()[-1].keys)["rule"] == rule


def approve(client, disposal: Disposal, status: int = 303, password: str = PASSWORD):
    given = {"approve-password": password}
    return send(client, page(disposal), "/approval", status, **given)


def test_the_preview_says_what_goes_and_why_and_changes_nothing(keep, sign_in):
    record = keep.record(request="withdrawn")
    victim = keep.person(record)
    client = sign_in("b.juniper")
    said = text(client.get(f"/retention/disposals/new?item=case_record:{record.case_number}"))
    assert "2 records" in said, "the file on the victim goes with its only case record"
    assert f"Person file {victim.uid[:8]}" in said
    assert "Goes with its case record" in said
    assert "1 request, 2 images and 0 reports" in said or "1 request, 1 image and 0 reports" in said
    assert "RET-5" in said
    assert db.session.query(Disposal).count() == 0


def test_nothing_chosen_leads_back_to_the_list(keep, sign_in):
    client = sign_in("b.juniper")
    assert client.get("/retention/disposals/new").headers["Location"] == "/retention?list=due"
    assert client.get("/retention/disposals/new?item=case_record:2026-075-99999").status_code == 404
    assert client.get("/retention/disposals/new?item=secret:1").status_code == 404


def test_what_is_not_due_cannot_be_proposed(keep, sign_in):
    record = keep.record(classes=["other_felony"])
    client = sign_in("b.juniper")
    shown = client.get(f"/retention/disposals/new?item=case_record:{record.case_number}")
    assert "may be disposed of from 2 Mar 2040 on" in text(shown)
    assert not soup(shown).select("main form[method=post]")
    token = soup(client.get("/report-misuse")).select_one("input[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "item": f"case_record:{record.case_number}", "reason": "Too early."}
    answer = client.post("/retention/disposals/new", data=sent)
    assert answer.status_code == 422
    assert "Each record of the proposal is due" in text(answer)
    assert db.session.query(Disposal).count() == 0


def test_from_the_list_to_the_certificate(keep, sign_in, run_jobs):
    record = keep.record(request="withdrawn")
    number = record.case_number
    keeper, first, second = sign_in("b.juniper"), sign_in("p.aspen"), sign_in("y.hazel")
    key = soup(keeper.get("/retention?list=due")).select_one("input[name=item]")["value"]
    preview = f"/retention/disposals/new?item={key}"
    assert "Write the reason." in text(send(keeper, preview, "/new", 422, reason=" "))
    send(keeper, preview, "/new", reason="Its period has run.")
    disposal = db.session.query(Disposal).one()
    assert forms(keeper, disposal) == {"withdrawal"}
    assert "Nobody approves or declines a disposal they proposed." in text(keeper.get(page(disposal)))
    assert forms(first, disposal) == {"approval", "decline"}
    assert "why each record may go" in text(first.get(page(disposal)))
    assert "The password is wrong. Nothing was approved." in text(approve(first, disposal, 422, "wrong"))
    assert "Enter your password again." in text(approve(first, disposal, 422, ""))
    assert disposal.state == "proposed"
    approve(first, disposal)
    assert disposal.state == "once_approved"
    assert forms(first, disposal) == {"decline"}
    assert "Nobody approves a disposal twice." in text(first.get(page(disposal)))
    approve(second, disposal)
    assert disposal.state == "approved"
    waiting = second.get(page(disposal), headers={"HX-Request": "true"}).get_data(as_text=True)
    assert 'aria-busy="true"' in waiting
    assert "<h1" not in waiting, "the part alone"
    assert second.get(f"{page(disposal)}/certificate").status_code == 404
    run_jobs()
    db.session.expire_all()
    assert disposal.state == "disposed"
    answer = second.get(f"{page(disposal)}/certificate")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert "no-store" in answer.headers["Cache-Control"]
    said = text(keeper.get(page(disposal)))
    assert "Erased" in said
    assert "Download the certificate" in said
    gone = text(keeper.get(f"/retention/cases/{number}"))
    assert "This record was disposed of." in gone
    assert not soup(keeper.get(f"/retention/cases/{number}")).select("main form")
    assert keeper.get(f"/requests/{number}/retention").status_code in {403, 404}
    assert "PDF" in text(keeper.get("/retention/disposals"))


def test_nobody_approves_their_own_proposal_nor_twice(keep, sign_in):
    disposal = keep.disposal("proposed")
    keeper, first = sign_in("b.juniper"), sign_in("p.aspen")
    given = {"approve-password": PASSWORD, "approve-version": disposal.version}
    assert refused(raw(keeper, disposal, "approval", **given), "disposal_proposer")
    assert refused(raw(keeper, disposal, "decline", reason="Mine."), "disposal_proposer")
    approve(first, disposal)
    given["approve-version"] = disposal.version
    assert refused(raw(first, disposal, "approval", **given), "disposal_first_approver")
    assert refused(raw(keeper, disposal, "approval", **given), "disposal_proposer")
    assert (disposal.state, disposal.second_approver_id) == ("once_approved", None)


def test_a_hold_placed_after_the_proposal_bars_its_approval(keep, sign_in):
    record = keep.record()
    disposal = keep.disposal("proposed", targets=[record])
    keep.hold(record)
    client = sign_in("p.aspen")
    said = text(client.get(page(disposal)))
    assert "Kept: a hold is in force." in said
    assert forms(client, disposal) == {"decline"}
    answer = raw(client, disposal, "approval", **{"approve-password": PASSWORD, "approve-version": disposal.version})
    assert answer.status_code == 422
    assert disposal.state == "proposed"


def test_it_is_declined_or_withdrawn_with_a_reason(keep, sign_in):
    declined, withdrawn = keep.disposal("proposed"), keep.disposal("proposed")
    other, keeper = sign_in("y.hazel"), sign_in("b.juniper")
    send(other, page(declined), "/decline", 422, reason="")
    send(other, page(declined), "/decline", reason="The unit asked to wait.")
    send(keeper, page(withdrawn), "/withdrawal", reason="Proposed by mistake.")
    assert (declined.state, withdrawn.state) == ("declined", "withdrawn")
    assert "The unit asked to wait." in text(keeper.get(page(declined)))
    assert "Proposed by mistake." in text(other.get(page(withdrawn)))
    assert forms(keeper, withdrawn) == set()
    assert raw(keeper, withdrawn, "withdrawal", reason="Again.").status_code == 409


def test_an_approval_of_an_older_page_is_not_taken(keep, sign_in):
    disposal = keep.disposal("proposed")
    client = sign_in("y.hazel")
    form = soup(client.get(page(disposal))).select_one("form[action$='/approval']")
    hidden = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    keep.approve(disposal, "p.aspen")
    answer = client.post(form["action"], data={**hidden, "approve-password": PASSWORD})
    assert answer.status_code == 409
    assert "Somebody else changed this first" in text(answer)
    db.session.expire_all()
    assert disposal.state == "once_approved"


def test_an_execution_that_gave_up_is_asked_for_again(keep, sign_in):
    disposal = keep.disposal("approved")
    client = sign_in("b.juniper")
    assert raw(client, disposal, "execution").status_code == 409, "nothing gave up"
    job = db.session.query(Job).filter_by(kind="disposal").one()
    with unit_of_work():
        fail(job)
    assert "The execution stopped" in text(client.get(page(disposal)))
    send(client, page(disposal), "/execution")
    assert [row.state for row in db.session.query(Job).filter_by(kind="disposal").order_by(Job.id)] == [
        "failed",
        "queued",
    ]


def fail(job: Job) -> None:
    """As the runner leaves a job that gave up."""
    from app import audit
    from app.models.base import now

    job.state, job.error, job.finished_at = "failed", "The disk is full.", now()
    audit.record("policy.loaded", None, version="0" * 64)


def test_home_and_notifications_lead_to_what_waits(keep, sign_in):
    disposal = keep.disposal("proposed")
    client = sign_in("y.hazel")
    assert "1 disposal to be approved" in text(client.get("/"))
    link = soup(client.get("/notifications")).select_one(f"a[href='{page(disposal)}']")
    assert link is not None
    assert "needs a first approval" in link.get_text()


def test_a_record_in_a_disposal_under_way_is_not_offered_again(keep, sign_in):
    record = keep.record()
    disposal = keep.disposal("proposed", targets=[record])
    client = sign_in("b.juniper")
    assert not soup(client.get("/retention?list=due")).select("input[name=item]")
    shown = text(client.get(f"/retention/disposals/new?item=case_record:{record.case_number}"))
    assert f"Already in {disposal.number}, which is under way." in shown
    assert disposal.number in text(client.get(page_of(record)))


@pytest.mark.clause("RET-5", "RET-11")
def test_a_violation_of_this_year_is_not_slipped_in_among_what_is_due_bypass(keep, sign_in):
    """A forged form names it beside a record that is due, in either order, or twice."""
    due = keep.record()
    early = keep.record(case_number="2026-075-00077", closed_on=today() - timedelta(days=200))
    client = sign_in("b.juniper")
    token = soup(client.get("/report-misuse")).select_one("input[name=csrf_token]")["value"]
    keys = [f"case_record:{record.case_number}" for record in (due, early)]
    for items in (keys, keys[::-1], [keys[1], keys[1]]):
        sent = {"csrf_token": token, "item": items, "reason": "Their periods have run."}
        answer = client.post("/retention/disposals/new", data=sent)
        assert answer.status_code == 422
        assert early.case_number in text(answer) and "Each record of the proposal is due" in text(answer)
    assert db.session.query(Disposal).count() == 0
    sent = {"csrf_token": token, "item": keys[0], "reason": "Its period has run."}
    assert client.post("/retention/disposals/new", data=sent).status_code == 303, "what is due goes by itself"

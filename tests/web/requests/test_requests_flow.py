"""The investigator's way through the pages, and the supervisor's, by real requests against the real rules."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from app import steps
from app.extensions import db
from app.models import AuditEvent, FRRequest, Notification
from app.models.base import now
from app.policy import policy
from tests.purposes import purposes
from tests.request_factory import FACTS, NARRATIVE, picture
from tests.web.page_reading import soup, text


def draft_fields(use: str = "USE-1", supervisor: str = "s.alder", **changes: str) -> dict[str, str]:
    """What a browser sends for a complete draft."""
    fields = {
        "shown_use": use,
        "use_id": use,
        "case_number": "2026-075-01234",
        "narrative": NARRATIVE,
        "priority": "other",
        "priority_reason": "The store opens again on Friday.",
        "supervisor": supervisor,
        "person_height_in": "70",
        "matter_place": "Example Street 12",
        "matter_date": "2026-11-21",
        "matter_time": "22:40",
    }
    fields |= {f"fact_{name}": value for name, value in FACTS[use].items()}
    fields |= {f"answer_{rule}": "no" for rule in policy().request.prohibitions}
    return fields | changes


def origin_fields(**changes: str) -> dict[str, str]:
    """What a browser sends for the provenance of a still from a shop's camera."""
    fields = {
        "shown_source": "surveillance_still",
        "source": "surveillance_still",
        "source_camera": "Example Grocery, counter",
        "shown_obtained": "owner_consent",
        "obtained": "owner_consent",
        "obtained_who": "The owner, 22 November 2026",
        "taken_on": "2026-11-21",
        "taken_time": "22:40",
        "attested": "y",
    }
    return fields | changes


def version(client, url: str) -> str:
    return re.search(r'name="version"[^>]*value="(\d+)"', client.get(url).text).group(1)


def begin(client, post, case_number: str = "2026-075-01234") -> FRRequest:
    """A draft begun through the page."""
    answer = post(client, "/requests/new", {"case_number": case_number})
    assert answer.status_code == 303
    number = answer.headers["Location"].split("/")[2]
    return db.session.query(FRRequest).filter_by(number=number).one()


def upload(client, post, number: str, data: bytes, name: str = "still.jpg"):
    return post(
        client,
        f"/requests/{number}/images",
        {"image": (io.BytesIO(data), name)},
        page=f"/requests/{number}",
        content_type="multipart/form-data",
    )


@pytest.mark.clause("REQ-1", "REQ-2", "REQ-3", "AUD-1", "LIM-4")
def test_from_case_number_to_confirmed_discussion(sign_in, post, people, run_jobs):
    people.account("k.rowan")
    client = sign_in("d.lark")
    request = begin(client, post)
    number = request.number
    assert client.get(f"/requests/{number}").status_code == 200
    edit = f"/requests/{number}/edit"
    saved = post(client, edit, draft_fields(version=version(client, edit)))
    assert saved.status_code == 303
    assert saved.headers["Location"] == f"/requests/{number}"

    added = upload(client, post, number, picture())
    assert added.status_code == 303
    assert "Being checked" in client.get(f"/requests/{number}").text
    refused = post(client, f"/requests/{number}/submit", page=f"/requests/{number}")
    assert refused.status_code == 422
    assert "still being checked" in refused.text
    run_jobs()
    where = added.headers["Location"]
    assert post(client, where, origin_fields()).status_code == 303
    page = client.get(f"/requests/{number}").text
    assert "Ready to submit" in page
    assert post(client, f"/requests/{number}/submit", page=f"/requests/{number}").status_code == 303
    db.session.rollback()
    assert (request.state, request.submission, request.use_id) == ("submitted", 1, "USE-1")
    assert [n.kind for n in db.session.query(Notification)] == ["discussion_asked"]

    supervisor = sign_in("s.alder")
    assert number in supervisor.get("/discussions").text
    asked = f"/discussions/{number}"
    assert "Yes, it was discussed" in supervisor.get(asked).text
    seen = version(supervisor, asked)
    assert post(supervisor, f"{asked}/confirm", {"version": seen, **purposes()}, page=asked).status_code == 303
    db.session.rollback()
    assert request.discussion_confirmed_at is not None
    examiner = people.account("k.rowan")
    assert {n.kind for n in db.session.query(Notification).filter_by(account_id=examiner.id)} == {"request_submitted"}


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize("number", ["", "12", "2026-75-1", "x" * 60])
def test_a_wrong_case_number_is_refused_on_the_page_and_kept(sign_in, post, number):
    client = sign_in("d.lark")
    answer = post(client, "/requests/new", {"case_number": number})
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.text
    assert db.session.query(FRRequest).count() == 0


def test_beginning_twice_from_one_page_makes_one_draft(sign_in, post):
    client = sign_in("d.lark")
    once = re.search(r'name="once"[^>]*value="(\w+)"', client.get("/requests/new").text).group(1)
    first = post(client, "/requests/new", {"case_number": "2026-075-01234", "once": once})
    second = post(client, "/requests/new", {"case_number": "2026-075-01234", "once": once})
    assert first.headers["Location"] == second.headers["Location"]
    assert db.session.query(FRRequest).count() == 1


def test_one_persons_token_does_not_open_anothers_draft(sign_in, post):
    lark, heron = sign_in("d.lark"), sign_in("m.heron")
    post(lark, "/requests/new", {"case_number": "2026-075-01234", "once": "a" * 32})
    theirs = post(heron, "/requests/new", {"case_number": "2026-075-01234", "once": "a" * 32})
    assert theirs.status_code == 303
    assert heron.get(theirs.headers["Location"]).status_code == 200
    assert db.session.query(FRRequest).count() == 2


def test_an_expired_form_saves_nothing_and_gives_the_text_back(sign_in, make):
    number = make.empty().number
    client = sign_in("d.lark")
    answer = client.post(f"/requests/{number}/edit", data=draft_fields(csrf_token="stale"))
    assert answer.status_code == 400
    assert NARRATIVE[:60] in answer.text
    assert "narrative" not in db.session.query(FRRequest).one().private


def test_two_windows_do_not_overwrite_each_other_unseen(sign_in, post, make):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    seen = version(client, edit)
    assert post(client, edit, draft_fields(version=seen, matter_place="First window")).status_code == 303
    late = post(client, edit, draft_fields(version=seen, matter_place="Second window"))
    assert late.status_code == 409
    assert "Second window" in late.text
    stored = db.session.query(FRRequest).one()
    assert stored.private["circumstances"]["place"] == "First window"
    again = re.search(r'name="version"[^>]*value="(\d+)"', late.text).group(1)
    assert post(client, edit, draft_fields(version=again, matter_place="Second window")).status_code == 303
    db.session.rollback()
    assert stored.private["circumstances"]["place"] == "Second window"


def test_back_button_after_submitting_changes_nothing(sign_in, post, make):
    request = make.request("submitted")
    client, edit = sign_in("d.lark"), f"/requests/{request.number}/edit"
    assert client.get(edit).status_code == 303
    fields = draft_fields(version=str(request.version), matter_place="Later")
    answer = post(client, edit, fields, page=f"/requests/{request.number}/withdraw")
    assert answer.status_code == 409
    assert "Later" in answer.text
    db.session.rollback()
    assert request.private["circumstances"]["place"] == "Example Street 12"


def test_submitting_twice_is_told_and_done_once(sign_in, post, make):
    request = make.request("submitted")
    client = sign_in("d.lark")
    page = f"/requests/{request.number}"
    answer = post(client, f"{page}/submit", page=f"{page}/withdraw")
    assert answer.status_code == 409
    assert "Submitted" in answer.text
    db.session.rollback()
    assert request.submission == 1
    assert db.session.query(AuditEvent).filter_by(event="request.submitted").count() == 1


@pytest.mark.clause("USE-1", "USE-2", "USE-3", "USE-4", "USE-5", "USE-6", "CAP-2")
@pytest.mark.parametrize("use", list(FACTS))
def test_each_use_asks_its_own_facts_and_no_others(sign_in, post, make, use):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    form = post(client, edit, {"use_id": use, "choose_use": "1", "narrative": "typed before"})
    assert form.status_code == 200
    asked = set(re.findall(r'name="fact_(\w+)"', form.text))
    assert asked == {fact.name for fact in policy().use(use).facts}
    assert "typed before" in form.text
    fields = draft_fields(use, version=version(client, edit))
    assert post(client, edit, fields).status_code == 303
    assert "use_facts_complete" not in blocked_rules(client, number)
    needed = next(fact.name for fact in policy().use(use).facts if fact.required)
    post(client, edit, fields | {f"fact_{needed}": "", "version": version(client, edit)})
    assert "use_facts_complete" in blocked_rules(client, number)
    assert policy().rule("use_facts_complete").text in client.get(f"/requests/{number}").text


def blocked_rules(client, number: str) -> set[str]:
    """The rules the request's own page says still block it."""
    from app.workflow.registry import CONDITIONS

    page = client.get(f"/requests/{number}").get_data(as_text=True)
    return {name for name in CONDITIONS if policy().rule(name).text in page}


def test_a_use_chosen_without_its_questions_is_asked_before_saving(sign_in, post, make):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    answer = post(client, edit, {"use_id": "USE-3", "shown_use": "", "narrative": "typed"})
    assert answer.status_code == 422
    assert 'name="fact_found"' in answer.text
    assert "typed" in answer.text


def test_htmx_swaps_only_the_questions(sign_in, post, make):
    number = make.empty().number
    client = sign_in("d.lark")
    part = post(
        client,
        f"/requests/{number}/edit/use",
        {"use_id": "USE-6"},
        page=f"/requests/{number}/edit",
        headers={"HX-Request": "true"},
    )
    assert part.text.lstrip().startswith('<div id="use-facts"')
    assert 'name="fact_threat"' in part.text


@pytest.mark.clause("LIM-2", "LIM-3", "EXT-5", "CAP-7")
@pytest.mark.parametrize("purpose", ["open-warrant-sweep", "crowd-or-rally", "immigration-enforcement", "live-video"])
def test_a_prohibited_purpose_is_refused_with_its_rule(sign_in, post, make, purpose):
    answers = dict.fromkeys(policy().request.prohibitions, "no") | {purpose: "yes"}
    request = make.request("draft", values={"answers": answers})
    client = sign_in("d.lark")
    answer = post(client, f"/requests/{request.number}/submit", page=f"/requests/{request.number}")
    assert answer.status_code == 422
    assert policy().rule(purpose).refusal in answer.get_data(as_text=True)
    db.session.rollback()
    assert request.state == "draft"
    refused = db.session.query(AuditEvent).filter_by(event="workflow.refused").one()
    assert '"rule":"purpose_permitted"' in refused.keys


def test_a_purpose_left_open_is_to_be_answered_and_told_as_no_refusal(sign_in, make):
    request = make.request("draft", values={"answers": {}})
    said = text(sign_in("d.lark").get(f"/requests/{request.number}"))
    assert "Answer each of these questions." in said
    assert "no exception" not in said
    assert "Refer the matter" not in said


@pytest.mark.clause("LIM-7")
@pytest.mark.parametrize(("who", "supervisor", "status"), [("d.lark", "s.alder", 422), ("i.kestrel", "l.wren", 303)])
def test_political_activity_is_the_intelligence_bureaus_alone(sign_in, post, make, who, supervisor, status):
    answers = dict.fromkeys(policy().request.prohibitions, "no") | {"political-activity": "yes"}
    request = make.request("draft", requester=who, supervisor=supervisor, values={"answers": answers})
    assert request.political
    client = sign_in(who)
    answer = post(client, f"/requests/{request.number}/submit", {"version": request.version}, page="/report-misuse")
    assert answer.status_code == status
    if status == 422:
        assert "LIM-7" in answer.text


@pytest.mark.clause("AUD-1")
def test_a_supervisor_is_somebody_else_whom_the_directory_has_as_one(sign_in, post, make):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    for wrong in ("d.lark", "m.heron", "k.rowan"):
        answer = post(client, edit, draft_fields(version=version(client, edit), supervisor=wrong))
        assert answer.status_code == 422, wrong
        assert "AUD-1" in answer.text
    assert post(client, edit, draft_fields(version=version(client, edit), supervisor="")).status_code == 303
    assert "supervisor_named" in blocked_rules(client, number)


def test_everything_to_correct_in_a_draft_is_told_at_once_each_at_its_field(sign_in, make):
    request = make.request("draft", values={"answers": {}, "priority_reason": "", "circumstances": {}})
    client = sign_in("d.lark")
    assert f"/requests/{request.number}/edit?missing=1" in client.get(f"/requests/{request.number}").text
    page = soup(client.get(f"/requests/{request.number}/edit?missing=1"))
    linked = [link["href"] for link in page.select(".cor-error-summary a")]
    asked = [f"#answer_{rule}-0" for rule in policy().request.prohibitions]
    assert set(linked) == {"#priority_reason", *asked, "#matter_place", "#matter_date"}
    assert f"Before you submit: correct {len(linked)} entries" in page.select_one(".cor-error-summary h2").text
    assert all(page.select_one(target) for target in linked)
    assert not soup(client.get(f"/requests/{request.number}/edit")).select(".cor-error-summary")


def test_a_draft_that_is_not_kept_says_all_that_is_wrong(sign_in, post, make):
    number = make.empty().number
    client, edit = sign_in("d.lark"), f"/requests/{number}/edit"
    wrong = {"case_number": "75/1234", "supervisor": "m.heron", "priority_reason": "x" * 2001}
    for changes in (wrong, {name: wrong[name] for name in ("case_number", "supervisor")}):
        answer = post(client, edit, draft_fields(version=version(client, edit), **changes))
        linked = {link["href"] for link in soup(answer).select(".cor-error-summary a")}
        assert linked == {f"#{name}" for name in changes}


@pytest.mark.clause("AUD-1")
def test_the_page_of_a_request_leads_the_named_supervisor_to_the_discussion(sign_in, make):
    request = make.request("submitted")
    asked = f'href="/discussions/{request.number}"'
    assert asked in sign_in("s.alder").get(f"/requests/{request.number}").text
    assert asked not in sign_in("d.lark").get(f"/requests/{request.number}").text


@pytest.mark.clause("AUD-1")
def test_a_denied_discussion_goes_back_with_its_reason(sign_in, post, make):
    request = make.request("submitted")
    supervisor, asked = sign_in("s.alder"), f"/discussions/{request.number}"
    silent = post(supervisor, f"{asked}/deny", {"version": str(request.version)}, page=asked)
    assert silent.status_code == 422
    reason = "We spoke about another case."
    sent = post(supervisor, f"{asked}/deny", {"version": str(request.version), "reason": reason}, page=asked)
    assert sent.status_code == 303
    db.session.rollback()
    assert request.state == "draft"
    client = sign_in("d.lark")
    assert reason in client.get(f"/requests/{request.number}").text
    assert post(client, f"/requests/{request.number}/submit", page=f"/requests/{request.number}").status_code == 303
    db.session.rollback()
    assert request.submission == 2


@pytest.mark.clause("AUD-1", "ACC-11")
def test_only_the_named_supervisor_answers(sign_in, make):
    request = make.request("submitted")
    for other in ("t.birch", "c.hawthorn"):
        assert sign_in(other).get(f"/discussions/{request.number}").status_code == 404
    assert sign_in("d.lark").get(f"/discussions/{request.number}").status_code == 403


@pytest.mark.clause("AUD-1")
def test_an_answer_to_an_older_page_is_a_conflict(sign_in, post, make):
    request = make.request("submitted")
    asked = f"/discussions/{request.number}"
    answer = post(sign_in("s.alder"), f"{asked}/confirm", {"version": "1", **purposes()}, page=asked)
    assert answer.status_code == 409
    db.session.rollback()
    assert request.discussion_confirmed_at is None


@pytest.mark.clause("ACC-6", "ACC-11")
def test_a_request_is_nobody_elses(sign_in, make):
    request = make.request("draft")
    tails = ("", "/edit", "/withdraw", f"/images/{request.images[0].uid}")
    pages = [f"/requests/{request.number}{tail}" for tail in tails]
    other = sign_in("m.heron")
    assert {other.get(page).status_code for page in pages} == {404}
    assert request.number not in other.get("/requests").text
    # the supervisor named in a draft does not know it yet
    assert sign_in("s.alder").get(f"/discussions/{request.number}").status_code == 404


@pytest.mark.clause("REQ-1")
def test_what_was_changed_in_another_window_is_not_submitted_unseen(sign_in, post, make):
    """The button stands below what the page shows; what it shows no longer is what would be filed."""
    request = make.request("draft")
    client, page, edit = sign_in("d.lark"), f"/requests/{request.number}", f"/requests/{request.number}/edit"
    shown = str(request.version)
    saved = post(client, edit, draft_fields(version=shown, matter_place="Other window"))
    assert saved.status_code == 303
    late = post(client, f"{page}/submit", {"version": shown}, page=page)
    assert late.status_code == 409
    db.session.rollback()
    assert (request.state, request.submission) == ("draft", 0)
    assert post(client, f"{page}/submit", page=page).status_code == 303


@pytest.mark.clause("SRC-7")
def test_what_moved_on_meanwhile_is_not_withdrawn_unseen(sign_in, post, make):
    request = make.request("submitted")
    client, page = sign_in("d.lark"), f"/requests/{request.number}/withdraw"
    shown = str(request.version)
    make.advance_to(request, "accepted")
    assert post(client, page, {"reason": "The victim named him.", "version": shown}).status_code == 409
    db.session.rollback()
    assert request.state == "accepted"
    assert post(client, page, {"reason": "The victim named him."}).status_code == 303


@pytest.mark.clause("SRC-7")
def test_withdrawing_needs_a_reason_and_is_final(sign_in, post, make):
    request = make.request("submitted")
    client, page = sign_in("d.lark"), f"/requests/{request.number}/withdraw"
    assert post(client, page, {"reason": ""}).status_code == 422
    assert post(client, page, {"reason": "Identified by the victim."}).status_code == 303
    db.session.rollback()
    assert request.state == "withdrawn"
    assert request.private["withdrawal_reason"] == "Identified by the victim."
    shown = soup(client.get(f"/requests/{request.number}")).select_one("#withdrawn")
    assert "Identified by the victim." in shown.get_text(), "the page says why"
    again = post(client, page, {"reason": "Identified by the victim."})
    assert again.status_code == 409


def test_the_list_filters_sorts_and_pages(sign_in, make):
    drafts = [make.empty(case_number=f"DB-2026-{n}") for n in range(1, 23)]
    submitted = make.request("submitted", case_number="2026-075-09999")
    client = sign_in("d.lark")
    first, second = client.get("/requests").text, client.get("/requests?page=2").text
    assert submitted.number in first
    assert drafts[0].number in second
    assert drafts[0].number not in first
    only = client.get("/requests?state=submitted").text
    assert submitted.number in only
    assert drafts[-1].number not in only
    assert drafts[4].number in client.get("/requests?case=db-2026-5").text
    upwards = client.get("/requests?sort=number").text
    assert drafts[0].number in upwards
    for nonsense in ("?sort=secret", "?page=999", "?page=x", "?state=nominated", "?case=%25"):
        assert client.get(f"/requests{nonsense}").status_code == 200


@pytest.mark.clause("ACC-11")
def test_a_page_with_faces_records_which_it_shows(sign_in, make):
    request = make.request("draft", images=2)
    client = sign_in("d.lark")
    client.get(f"/requests/{request.number}")
    db.session.rollback()
    events = db.session.query(AuditEvent).filter_by(event="faces.viewed").all()
    assert len(events) == 1
    assert all(image.uid in events[-1].keys for image in request.images)


def test_an_older_moment_is_stored_in_the_departments_time(sign_in, post, make):
    request = make.empty()
    image = make.image(request, describe=None)
    client = sign_in("d.lark")
    where = f"/requests/{request.number}/images/{image.uid}"
    assert post(client, where, origin_fields(taken_on="2026-07-01", taken_time="12:00")).status_code == 303
    db.session.rollback()
    assert image.taken_at.utcoffset() == timedelta(0)
    assert image.taken_at.hour == 16
    assert image.attested_at <= now()


@pytest.mark.parametrize("fault", [RuntimeError("unforeseen"), OperationalError("SELECT 1", {}, Exception("lost"))])
@pytest.mark.parametrize(("where", "saved"), [("redirect_after_post", True), ("attempt", False)])
def test_the_page_of_a_fault_says_whether_something_was_saved(
    app, make, sign_in, post, monkeypatch, fault, where, saved
):
    """The session, moved on by every request, and a refusal that was recorded are no saving."""
    request = make.request(state="submitted")
    client, page = sign_in("d.lark"), f"/requests/{request.number}/withdraw"

    def fail(*_given, **_named):
        raise fault

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(steps, where, fail)
    answer = post(client, page, {"reason": "Identified by the victim.", "version": version(client, page)})
    assert answer.status_code == (500 if isinstance(fault, RuntimeError) else 503)
    db.session.expire_all()
    assert (request.state == "withdrawn") is saved
    assert ("was saved before this happened" in answer.text) is saved
    assert ("Nothing was saved" in answer.text) is not saved

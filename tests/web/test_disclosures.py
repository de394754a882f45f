"""Disclosures over HTTP: asked for, decided, handed out once, received; each refusal cites its rule (EXT, ACC-12)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from app.domain import disclosures as domain
from app.domain.disclosure_items import available
from app.extensions import db
from app.models import Disclosure
from app.models.base import now
from app.models.engine import AuditEvent
from app.policy import policy
from app.unit import unit_of_work
from tests.disclosing import CASE, answers, disclose, reported_data, set_back, settings, values  # noqa: F401  (fixtures)

PASSWORD = "corroborate-demo"
ASKER, OFFICER, RECORDS, AUDITOR = "d.lark", "y.hazel", "b.juniper", "w.sparrow"


def soup_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def text_of(answer) -> str:
    return " ".join(soup_of(answer).get_text(" ").split())


def url(disclosure, end: str = "") -> str:
    return f"/disclosures/{disclosure.number}{end}"


def hidden(client, page: str, form: str) -> dict:
    """The hidden fields of the form on a page, as the browser would send them."""
    found = soup_of(client.get(page)).select_one(form)
    assert found is not None, f"no {form} on {page}"
    return {field["name"]: field.get("value", "") for field in found.select("input[type=hidden]")}


def events(name: str) -> list[dict]:
    db.session.rollback()
    rows = db.session.query(AuditEvent).filter_by(event=name).order_by(AuditEvent.sequence)
    return [json.loads(row.keys) for row in rows]


def stated(recipient: str = "prosecutor", basis: str = "D2", **changes) -> dict:
    """Everything the form of a draft asks for this recipient and basis."""
    rules = policy().disclosure
    fields = {
        "recipient_kind": recipient, "shown_recipient": recipient, "basis": basis, "shown_basis": basis,
        "purpose": "criminal_prosecution", "immigration": "no", **answers(rules.minimum.facts),
        "items": [f"{thing.kind}:{thing.uid}" for thing in available(CASE)],
    }  # fmt: skip
    for prefix, facts in (
        ("to_", rules.addressee.facts), ("kind_", rules.recipients[recipient].facts),
        ("fact_", rules.bases[basis].facts), ("identity_", rules.identity.facts),
    ):  # fmt: skip
        fields |= {prefix + name: value for name, value in answers(facts).items()}
    return {**fields, **changes}


def decision_of(client, disclosure, verb: str, **changes) -> dict:
    given = hidden(client, url(disclosure, "/decide"), "#decision form")
    form = {
        **given, "decision": verb, "text": "The disclosure is lawful on this basis.",
        "reason": "The recipient is who it says, and no more is asked for than needed.", "password": PASSWORD,
        "included": [item.uid for item in disclosure.items],
        "release_by": (now().date() + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    return {**form, **changes}


# From the request to the receipt ---------------------------------------------------------------------------


@pytest.mark.clause("EXT-1", "EXT-2", "EXT-7", "ACC-12")
def test_a_prosecutor_disclosure_through_the_pages_alone(reported_data, sign_in, run_jobs, people, app):
    asker, officer = sign_in(ASKER), sign_in(OFFICER)
    assert "Disclose" in text_of(asker.get("/requests/" + available(CASE)[0].request.number))
    begun = asker.post("/disclosures/new", data={**hidden(asker, "/disclosures/new", "main form"), "case_number": CASE})
    disclosure = db.session.query(Disclosure).one()
    assert begun.headers["Location"] == url(disclosure, "/edit")
    form = {**hidden(asker, url(disclosure, "/edit"), "main form"), **stated()}
    saved = asker.post(url(disclosure, "/edit"), data=form)
    assert saved.headers["Location"] == url(disclosure)
    page = text_of(asker.get(url(disclosure)))
    assert "Attach: Subpoena, court order or written demand." in page
    upload = hidden(asker, url(disclosure), "#documents form[enctype]")
    upload |= {"kind": "legal_demand", "document": (io.BytesIO(b"%PDF-1.7 a subpoena"), "subpoena.pdf")}
    assert asker.post(url(disclosure, "/documents"), data=upload).status_code == 303
    submit = hidden(asker, url(disclosure), "#next form")
    assert asker.post(url(disclosure, "/submit"), data=submit).status_code == 303
    assert disclosure.state == "submitted"
    assert f"{disclosure.number} waits for your decision." in text_of(officer.get("/notifications"))
    assert "Decide on it" in text_of(officer.get("/disclosures"))
    taken = officer.post(url(disclosure, "/decide"), data=decision_of(officer, disclosure, "approve"))
    assert taken.status_code == 303, text_of(taken)
    assert "not yet rendered" in text_of(asker.get(url(disclosure)))
    run_jobs()
    assert disclosure.current_decision.document_blob_id
    release = hidden(asker, url(disclosure), "#next form")
    assert asker.post(url(disclosure, "/release"), data=release).status_code == 303
    run_jobs()
    fetched = asker.post(url(disclosure, "/package"), data=hidden(asker, url(disclosure), "#next form"))
    assert fetched.mimetype == "application/zip"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(fetched.data))
    assert archive.testzip() is None
    assert sum("/" in name for name in archive.namelist()) == len(disclosure.items)
    receipt = hidden(asker, url(disclosure, "/receipt"), "main form")
    receipt |= {"received_by": "Noel Egret", "how": "In person, against signature", "on": now().date().isoformat()}
    assert asker.post(url(disclosure, "/receipt"), data=receipt).status_code == 303
    assert disclosure.state == "acknowledged"
    final = text_of(asker.get(url(disclosure)))
    assert "Receipt recorded" in final
    assert "In person, against signature" in final
    assert [event["package"] for event in events("disclosure.fetched")] == [1]


@pytest.mark.clause("EXT-7", "ACC-12")
def test_the_package_is_fetched_once_and_the_page_says_by_whom(disclose, sign_in):
    disclosure = disclose(state="released")
    client, records = sign_in(ASKER), sign_in(RECORDS)
    token = hidden(client, url(disclosure), "#next form")
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200
    again = client.post(url(disclosure, "/package"), data=token)
    assert again.status_code == 422
    page = text_of(again)
    assert policy().rule("package_single_use").text in page
    assert "Fetched" in page
    assert "by Detective" in page
    assert "Have another package released" in page
    assert disclosure.current_package.fetched_by.name == ASKER
    other = records.post(url(disclosure, "/package"), data=hidden(records, "/disclosures/new", "main form"))
    assert other.status_code in (403, 422)


@pytest.mark.clause("EXT-7")
def test_another_package_needs_a_reason_and_is_another_package(disclose, sign_in, run_jobs):
    disclosure = disclose(state="fetched")
    client = sign_in(ASKER)
    form = hidden(client, url(disclosure, "/reissue"), "main form")
    assert client.post(url(disclosure, "/reissue"), data={**form, "reason": " "}).status_code == 422
    assert client.post(url(disclosure, "/reissue"), data={**form, "reason": "The disc broke."}).status_code == 303
    run_jobs()
    assert [package.number for package in disclosure.packages] == [1, 2]
    token = hidden(client, url(disclosure), "#next form")
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200
    assert client.post(url(disclosure, "/package"), data=token).status_code == 422


@pytest.mark.clause("EXT-7")
def test_a_package_whose_time_has_passed_is_not_handed_out(disclose, sign_in):
    disclosure = disclose(state="released")
    client = sign_in(ASKER)
    token = hidden(client, url(disclosure), "#next form")
    package = disclosure.current_package
    set_back(package, built_at=now() - timedelta(days=9), expires_at=now() - timedelta(days=6))
    answer = client.post(url(disclosure, "/package"), data=token)
    assert answer.status_code == 422
    assert policy().rule("package_fresh").text in text_of(answer)
    assert package.fetched_at is None


def test_a_damaged_package_does_not_use_up_its_only_fetch(disclose, sign_in):
    disclosure = disclose(state="released")
    client, package = sign_in(ASKER), disclosure.current_package
    token, whole = hidden(client, url(disclosure), "#next form"), package.sha256
    set_back(package, sha256="0" * 64)
    assert client.post(url(disclosure, "/package"), data=token).status_code == 500
    assert package.fetched_at is None
    set_back(package, sha256=whole)
    assert client.post(url(disclosure, "/package"), data=token).status_code == 200


# Asking ----------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-5")
def test_immigration_enforcement_is_refused_with_its_rule_and_no_way_round(disclose, sign_in):
    disclosure = disclose(state="draft", values={"immigration": "yes"})
    client = sign_in(ASKER)
    page = text_of(client.get(url(disclosure)))
    assert "Nothing is shared in furtherance of immigration enforcement" in page
    assert "EXT-5" in page
    token = hidden(client, "/disclosures/new", "main form")
    answer = client.post(url(disclosure, "/submit"), data={**token, "version": disclosure.version})
    assert answer.status_code == 422
    assert disclosure.state == "draft"


@pytest.mark.clause("EXT-7", "EXT-6")
def test_only_the_bases_and_purposes_of_the_recipient_are_offered(disclose, sign_in):
    disclosure = disclose(state="draft", recipient="media", basis="D6")
    client = sign_in(ASKER)
    page = soup_of(client.get(url(disclosure, "/edit")))
    assert [f["value"] for f in page.select("input[name=basis]")] == ["D1", "D3", "D4", "D5", "D6"]
    assert [f["value"] for f in page.select("input[name=purpose]")] == ["further_investigation"]
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), "recipient_kind": "city_agency", "basis": "D7"}
    part = client.post(url(disclosure, "/edit/questions"), data=form, headers={"HX-Request": "true"})
    swapped = soup_of(part)
    assert swapped.select_one("#disclosure-questions") is not None
    assert [f["value"] for f in swapped.select("input[name=basis]")] == [f"D{n}" for n in range(1, 8)]
    assert [f["value"] for f in swapped.select("input[name=purpose]")] == ["welfare_investigation"]
    assert "Whose welfare?" in text_of(part)
    assert "Reference of the written agreement" in text_of(part)


def test_without_javascript_another_recipient_asks_its_questions_first(disclose, sign_in):
    disclosure = disclose(state="draft", recipient="media", basis="D6")
    client = sign_in(ASKER)
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), "recipient_kind": "court", "necessity": "Kept."}
    shown = client.post(url(disclosure, "/edit"), data={**form, "choose": "recipient"})
    assert shown.status_code == 200
    assert "Docket or index number" in text_of(shown)
    assert soup_of(shown).select_one("#necessity").text.strip() == "Kept."
    refused = client.post(url(disclosure, "/edit"), data=form)
    assert refused.status_code == 422
    assert "You chose another recipient or basis" in text_of(refused)
    assert disclosure.recipient_kind == "media"


def test_a_draft_saved_in_another_window_is_not_overwritten_unseen(disclose, sign_in):
    disclosure = disclose(state="draft")
    client = sign_in(ASKER)
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), **stated(basis="D6")}
    assert client.post(url(disclosure, "/edit"), data={**form, "necessity": "First window, saved."}).status_code == 303
    answer = client.post(url(disclosure, "/edit"), data={**form, "necessity": "Second window, typed."})
    assert answer.status_code == 409
    assert "Second window, typed." in answer.get_data(as_text=True)
    assert disclosure.private["necessity"] == "First window, saved."


@pytest.mark.clause("EXT-2")
def test_an_incomplete_package_for_the_prosecutor_is_named_before_submitting(disclose, sign_in):
    first = available(CASE)[0]
    disclosure = disclose(state="draft", items=[(first.kind, first.uid)])
    page = text_of(sign_in(ASKER).get(url(disclosure)))
    assert "things of the case are left out" in page
    assert "EXT-2" in page


@pytest.mark.clause("ACC-6")
def test_nobody_discloses_from_a_case_that_is_not_theirs(sign_in, reported_data):
    client = sign_in("d.lark")
    form = {**hidden(client, "/disclosures/new", "main form"), "case_number": "2026-075-99999"}
    answer = client.post("/disclosures/new", data=form)
    assert answer.status_code in (403, 422)
    assert "no request of your own" in text_of(answer)


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"%PDF-1.7 fine", "", "Choose what kind of document"),
        (b"", "legal_demand", "Choose a file first"),
        (b"MZ a program", "legal_demand", "none of these"),
        (b"<html>%PDF-", "legal_demand", "none of these"),
        (b"\x89PNG\r\n\x1a\nbroken", "legal_demand", "none of these"),
    ],
)
def test_a_document_that_does_not_do_is_refused_in_words(disclose, sign_in, content, kind, words):
    disclosure = disclose(state="draft")
    client = sign_in(ASKER)
    form = hidden(client, url(disclosure), "#documents form[enctype]")
    file = (io.BytesIO(content), "a.pdf" if content else "")
    answer = client.post(url(disclosure, "/documents"), data={**form, "kind": kind, "document": file})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert disclosure.documents == []


def test_a_document_that_is_too_large_is_refused(disclose, sign_in):
    disclosure = disclose(state="draft")
    client = sign_in(ASKER)
    form = hidden(client, url(disclosure), "#documents form[enctype]")
    large = b"%PDF-" + bytes(policy().disclosure.documents.max_bytes)
    answer = client.post(
        url(disclosure, "/documents"), data={**form, "kind": "agreement", "document": (io.BytesIO(large), "a.pdf")}
    )
    assert answer.status_code == 422
    assert "larger than 15 MB" in text_of(answer)


@pytest.mark.clause("ACC-11")
def test_every_look_at_a_document_item_or_decision_is_recorded(disclose, sign_in):
    disclosure = disclose(state="approved", basis="D2")
    client = sign_in(OFFICER)
    document, decision = disclosure.documents[0], disclosure.current_decision
    shown = client.get(url(disclosure, f"/documents/{document.uid}"))
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert client.get(url(disclosure, f"/decision/{decision.uid}")).data.startswith(b"%PDF-")
    kinds = set()
    for item in disclosure.items:
        kinds.add(client.get(url(disclosure, f"/items/{item.uid}")).mimetype)
    assert kinds in ({"image/jpeg", "application/pdf"}, {"image/png", "application/pdf"})
    assert {e["item"] for e in events("disclosure.item_viewed")} == {item.uid for item in disclosure.items}
    assert [e["document"] for e in events("disclosure.document_viewed")] == [document.uid, decision.uid]
    assert client.get(url(disclosure, "/items/" + "0" * 32)).status_code == 404
    other = disclose(state="submitted")
    assert client.get(url(other, f"/items/{disclosure.items[0].uid}")).status_code == 404


# Deciding --------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-7", "ACC-3")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "The password is wrong"),
        ({"password": ""}, "Enter your password again"),
        ({"text": "Short"}, "Write the decision in at least"),
        ({"reason": ""}, "Write the reason in at least"),
        ({"included": []}, "Include at least one item"),
        ({"release_by": "2020-01-01"}, "already passed"),
        ({"release_by": "2099-01-01"}, "At most 90 days"),
        ({"release_by": "soon"}, "Name the last day"),
        ({"decision": ""}, "Choose a decision"),
        ({"decision": "nonsense"}, "Choose one of the decisions"),
    ],
)
def test_a_decision_that_lacks_something_decides_nothing_and_keeps_what_was_typed(disclose, sign_in, changes, words):
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    client = sign_in(OFFICER)
    form = decision_of(client, disclosure, "approve", conditions="Only for the docket.", **changes)
    answer = client.post(url(disclosure, "/decide"), data=form)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "Only for the docket." in answer.get_data(as_text=True)
    assert (disclosure.state, disclosure.decisions) == ("submitted", [])


@pytest.mark.clause("EXT-7")
def test_a_partial_approval_lets_the_marked_items_out_and_says_so(disclose, sign_in):
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    kept = [item.uid for item in disclosure.items if item.kind == "report"]
    client = sign_in(OFFICER)
    taken = client.post(
        url(disclosure, "/decide"),
        data=decision_of(client, disclosure, "approve", included=kept, conditions="For this docket only."),
    )
    assert taken.status_code == 303
    assert {item.uid for item in disclosure.items if item.included} == set(kept)
    page = text_of(client.get(url(disclosure)))
    assert page.count("May leave") == len(kept)
    assert "Stays" in page
    assert "For this docket only." in page


@pytest.mark.clause("ACC-12", "EXT-7")
def test_a_basis_for_the_privacy_officer_is_not_offered_to_a_records_officer(disclose, sign_in):
    disclosure = disclose(state="submitted", basis="D2")
    client = sign_in(RECORDS)
    page = text_of(client.get(url(disclosure, "/decide")))
    assert "Not offered: Find the release lawful" in page
    assert "This basis needs the Agency Privacy Officer's written approval." in page
    assert "Waiting for your decision" not in text_of(client.get(url(disclosure)))


@pytest.mark.clause("ACC-12")
def test_whoever_asks_is_not_offered_the_decision_and_cannot_take_it(disclose, sign_in, change_person):
    change_person(RECORDS, groups=["records-officers", "privacy-officers", "investigators"])
    disclosure = disclose(state="submitted", asker=RECORDS)
    client = sign_in(RECORDS)
    assert "Waiting for your decision" not in text_of(client.get(url(disclosure)))
    page = text_of(client.get(url(disclosure, "/decide")))
    assert "Not offered: Approve in writing" in page
    assert policy().rule("disclosure_asker").text in page
    token = hidden(client, "/disclosures/new", "main form")
    for verb in ("approve", "determine", "refuse", "return_for_changes"):
        form = {
            **token, "version": disclosure.version, "decision": verb, "password": PASSWORD,
            "text": "The disclosure is lawful on this basis.", "reason": "A reason that is long enough to do.",
            "included": [item.uid for item in disclosure.items],
            "release_by": (now().date() + timedelta(days=3)).isoformat(),
        }  # fmt: skip
        answer = client.post(url(disclosure, "/decide"), data=form)
        assert answer.status_code == 403, verb
        assert policy().rule("disclosure_asker").text in text_of(answer)
    assert (disclosure.state, disclosure.decisions) == ("submitted", [])


def test_two_deciders_at_once_the_second_is_told(disclose, sign_in):
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    client = sign_in(OFFICER)
    form = decision_of(client, disclosure, "approve")
    disclose.send_back(disclosure)
    answer = client.post(url(disclosure, "/decide"), data=form)
    assert answer.status_code == 409
    assert "Somebody else changed this disclosure first" in text_of(answer)
    assert form["reason"] in text_of(answer)
    assert disclosure.state == "returned"


def test_returned_for_changes_it_can_be_changed_and_submitted_again(disclose, sign_in):
    disclosure = disclose(state="submitted")
    officer, asker = sign_in(RECORDS), sign_in(ASKER)
    form = decision_of(officer, disclosure, "return_for_changes", text="", reason="Say who confirmed the identity.")
    assert officer.post(url(disclosure, "/decide"), data=form).status_code == 303
    page = text_of(asker.get(url(disclosure)))
    assert "Say who confirmed the identity." in page
    assert asker.post(url(disclosure, "/submit"), data=hidden(asker, url(disclosure), "#next form")).status_code == 303
    assert (disclosure.state, disclosure.submission) == ("submitted", 2)


@pytest.mark.clause("EXT-7")
def test_a_release_that_no_longer_holds_says_which_rule_and_how_to_go_on(disclose, sign_in):
    disclosure = disclose(state="approved")
    set_back(disclosure, release_by=now().date() - timedelta(days=1))
    set_back(disclosure.current_decision, release_by=now().date() - timedelta(days=1))
    client = sign_in(ASKER)
    page = text_of(client.get(url(disclosure)))
    assert "The decision has lapsed; a fresh one is needed." in page
    assert policy().rule("decision_in_force").remedy in page
    token = hidden(client, "/disclosures/new", "main form")
    answer = client.post(url(disclosure, "/release"), data={**token, "version": disclosure.version})
    assert answer.status_code == 422
    assert disclosure.state == "approved"


# The register ----------------------------------------------------------------------------------------------


@pytest.fixture
def registered(disclose):
    """Three disclosures of the register, and a draft that is not in it."""
    first = disclose(state="released", values={"person": "Robin Sandpiper"})
    second = disclose(state="refused", recipient="court", basis="D2", values={"person": "Dana Curlew"})
    third = disclose(state="submitted", recipient="media", basis="D3")
    return first, second, third, disclose(state="draft")


def listed(client, query: str = "") -> list[str]:
    page = soup_of(client.get(f"/disclosures/register{query}"))
    return [" ".join(cell.text.split()) for cell in page.select("tbody th")]


@pytest.mark.clause("EXT-7")
def test_the_register_is_filtered_and_its_reading_recorded(registered, sign_in):
    first, second, third, _draft = registered
    client = sign_in(AUDITOR)
    assert listed(client) == [third.number, second.number, first.number]
    assert listed(client, "?person=sandpiper+robin") == [third.number, first.number]
    assert listed(client, "?person=curlew+dana") == [second.number]
    assert listed(client, "?recipient=media") == [third.number]
    assert listed(client, "?basis=D2") == [second.number]
    assert listed(client, "?state=refused") == [second.number]
    assert listed(client, "?case=2026-075-01234") == [third.number, second.number, first.number]
    tomorrow = (now().date() + timedelta(days=2)).isoformat()
    assert listed(client, f"?since={tomorrow}") == []
    assert len(listed(client, f"?until={tomorrow}&since=2020-01-01")) == 3
    assert "Write a date as year-month-day" in text_of(client.get("/disclosures/register?since=soon"))
    looked = events("disclosure.register_read")
    assert {"filters": ["person"], "export": False} in looked
    assert "sandpiper" not in json.dumps(looked).lower()
    assert soup_of(client.get("/disclosures/register")).select("tbody th a") == []


@pytest.mark.clause("EXT-7")
def test_no_cell_of_the_exported_register_runs_as_a_formula(disclose, sign_in, people):
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =HYPERLINK(0)", 'plain, with "quotes"']
    for index, name in enumerate(evil):
        disclosure = disclose(state="draft")
        recipient = {"name": name, "affiliation": name, "address": "Example Street 1"}
        stated_so = replace(values(), recipient=recipient, purpose_text=f"Purpose {index} of the tests, in words.")
        actor = people.actor(ASKER)
        with unit_of_work():
            domain.save_draft(disclosure, actor, stated_so)
        disclose.submit(disclosure)
    answer = sign_in(RECORDS).get("/disclosures/register.csv?recipient=prosecutor")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == 1 + len(evil)
    assert all(len(row) == len(rows[0]) for row in rows)
    for row in rows:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    assert events("disclosure.register_read")[-1] == {"filters": ["recipient"], "export": True}


# Routine designations --------------------------------------------------------------------------------------


def designation_form(client, **changes) -> dict:
    today = now().date()
    return {
        **hidden(client, "/designations/new", "main form"), "title": "Prosecutors of this county",
        "scope": "Reports and images of reported cases, for prosecutions of this county.",
        "recipient_kinds": ["prosecutor"], "purposes": ["criminal_prosecution"], "item_kinds": ["report", "original"],
        "effective_on": today.isoformat(), "expires_on": (today + timedelta(days=200)).isoformat(), **changes,
    }  # fmt: skip


@pytest.mark.clause("EXT-7")
def test_a_routine_designation_is_made_read_and_revoked(sign_in, disclose):
    officer, asker = sign_in(OFFICER), sign_in(ASKER)
    made = officer.post("/designations/new", data=designation_form(officer))
    assert made.status_code == 303
    place = made.headers["Location"]
    assert "In force" in text_of(asker.get(place))
    assert soup_of(asker.get(place)).select_one("#revoke") is None
    form = hidden(officer, place, "#revoke form")
    assert officer.post(f"{place}/revoke", data={**form, "reason": " "}).status_code == 422
    assert officer.post(f"{place}/revoke", data={**form, "reason": "No longer needed."}).status_code == 303
    page = text_of(asker.get(place))
    assert "Revoked" in page
    assert "No longer needed." in page
    assert officer.post(f"{place}/revoke", data={**form, "reason": "Once more."}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Write a title"),
        ({"expires_on": "never"}, "Write a date as year-month-day"),
        ({"expires_on": "2099-01-01"}, "lasts at most"),
        ({"recipient_kinds": []}, "Choose at least one recipient"),
        ({"purposes": ["nonsense"]}, "Choose at least one purpose"),
    ],
)
def test_a_designation_that_does_not_do_is_refused_in_words(sign_in, people, changes, words):
    officer = sign_in(OFFICER)
    answer = officer.post("/designations/new", data=designation_form(officer, **changes))
    assert answer.status_code == 422
    assert words in text_of(answer)


# Incidents -------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-10")
def test_an_incident_from_awareness_to_closing(disclose, sign_in):
    disclosure = disclose(state="fetched")
    client = sign_in(OFFICER)
    assert "Record an incident" in text_of(client.get(url(disclosure)))
    form = hidden(client, f"/incidents/new?disclosure={disclosure.number}", "main form")
    today = now().date().isoformat()
    wrong = {**form, "disclosure": "D-2026-999999", "day": "yesterday", "time": "", "what": "Too short"}
    answer = client.post("/incidents/new", data=wrong)
    assert answer.status_code == 422
    assert "There is no disclosure of this number" in text_of(answer)
    assert "Write the day as year-month-day" in text_of(answer)
    given = {**form, "disclosure": "", "day": "2026-01-02", "time": "10:30"}
    given["what"] = "The package went to another office than the one named."
    place = client.post("/incidents/new", data=given).headers["Location"]

    def step(name: str, **values: str):
        fields = {f"{name}-{key}": value for key, value in values.items()}
        return client.post(f"{place}/{name}", data={**hidden(client, place, f"#{name} form"), **fields})

    refused = step("report", reference="", day=today, time="00:00")
    assert refused.status_code == 422
    assert policy().rule("report_referenced").text in text_of(refused)
    assert step("report", reference="CPO-17", day="2020-01-01", time="00:00").status_code == 422
    assert step("report", reference="CPO-17", day="2026-01-03", time="09:00").status_code == 303
    assert step("harm", harm="potential", reason="The address of a witness was among it.").status_code == 303
    declined = step("notice", give="no", required_by_law="no", consulted="yes", reason="It seems not to be needed.")
    assert declined.status_code == 422
    assert policy().rule("notice_not_declined_against_law").text in text_of(declined)
    assert soup_of(client.get(place)).select_one("#close") is None
    notice = {"give": "yes", "required_by_law": "no", "consulted": "yes", "reason": "There is potential risk of harm."}
    assert step("notice", **notice, text="").status_code == 422
    assert step("notice", **notice, text="On that day information about you was given out.").status_code == 303
    assert step("close", efforts="").status_code == 422
    assert step("close", efforts="Letter sent, then called twice.").status_code == 303
    page = text_of(client.get(place))
    for words in ("Closed", "CPO-17", "On that day information about you was given out.", "Letter sent"):
        assert words in page
    assert place.rsplit("/", 1)[1] in text_of(client.get("/incidents"))


@pytest.mark.clause("ACC-7", "ACC-11")
def test_drafts_and_foreign_disclosures_do_not_exist_for_others(disclose, sign_in):
    draft, sent = disclose(state="draft"), disclose(state="submitted")
    for name in (OFFICER, RECORDS, "m.heron"):
        assert sign_in(name).get(url(draft)).status_code == 404
    assert sign_in("m.heron").get(url(sent)).status_code == 404
    assert sign_in(OFFICER).get(url(sent)).status_code == 200
    assert domain.OPEN_STATES["draft"] == "submit"


@pytest.mark.clause("EXT-7")
def test_the_home_page_leads_to_what_waits(disclose, sign_in):
    disclose(state="submitted", basis="D2")
    page = text_of(sign_in(OFFICER).get("/"))
    assert "1 disclosures waiting for you" in page
    assert "not decided or recorded in this version" not in page

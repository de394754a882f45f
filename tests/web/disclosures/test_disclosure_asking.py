"""Asking for a disclosure over HTTP: what is offered, what is refused, documents (EXT-5, EXT-7, ACC-6)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

import io

import pytest

from app.domain.disclosures.items import available
from app.extensions import db
from app.models import Disclosure
from app.policy import policy
from tests.disclosure_factory import CASE, disclose, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.events_and_notices import events
from tests.web.disclosure_pages import ASKER, OFFICER, draft_fields, url
from tests.web.page_reading import hidden, soup, text


@pytest.mark.clause("EXT-5")
def test_immigration_enforcement_is_refused_with_its_rule_and_no_way_round(disclose, sign_in):
    disclosure = disclose(state="draft", values={"immigration": "yes"})
    client = sign_in(ASKER)
    page = text(client.get(url(disclosure)))
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
    page = soup(client.get(url(disclosure, "/edit")))
    assert [f["value"] for f in page.select("input[name=basis]")] == ["D1", "D3", "D4", "D5", "D6"]
    assert [f["value"] for f in page.select("input[name=purpose]")] == ["further_investigation"]
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), "recipient_kind": "city_agency", "basis": "D7"}
    part = client.post(url(disclosure, "/edit/questions"), data=form, headers={"HX-Request": "true"})
    swapped = soup(part)
    assert swapped.select_one("#disclosure-questions") is not None
    assert [f["value"] for f in swapped.select("input[name=basis]")] == [f"D{n}" for n in range(1, 8)]
    assert [f["value"] for f in swapped.select("input[name=purpose]")] == ["welfare_investigation"]
    assert "Whose welfare?" in text(part)
    assert "Reference of the written agreement" in text(part)


def test_without_javascript_another_recipient_asks_its_questions_first(disclose, sign_in):
    disclosure = disclose(state="draft", recipient="media", basis="D6")
    client = sign_in(ASKER)
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), "recipient_kind": "court", "necessity": "Kept."}
    shown = client.post(url(disclosure, "/edit"), data={**form, "choose": "recipient"})
    assert shown.status_code == 200
    assert "Docket or index number" in text(shown)
    assert soup(shown).select_one("#necessity").text.strip() == "Kept."
    refused = client.post(url(disclosure, "/edit"), data=form)
    assert refused.status_code == 422
    assert "You chose another recipient or basis" in text(refused)
    assert disclosure.recipient_kind == "media"


def test_a_draft_saved_in_another_window_is_not_overwritten_unseen(disclose, sign_in):
    disclosure = disclose(state="draft")
    client = sign_in(ASKER)
    form = {**hidden(client, url(disclosure, "/edit"), "main form"), **draft_fields(basis="D6")}
    assert client.post(url(disclosure, "/edit"), data={**form, "necessity": "First window, saved."}).status_code == 303
    answer = client.post(url(disclosure, "/edit"), data={**form, "necessity": "Second window, typed."})
    assert answer.status_code == 409
    assert "Second window, typed." in answer.get_data(as_text=True)
    assert disclosure.private["necessity"] == "First window, saved."


@pytest.mark.clause("EXT-2")
def test_an_incomplete_package_for_the_prosecutor_is_named_before_submitting(disclose, sign_in):
    first = available(CASE)[0]
    disclosure = disclose(state="draft", items=[(first.kind, first.uid)])
    page = text(sign_in(ASKER).get(url(disclosure)))
    assert "things of the case are left out" in page
    assert "EXT-2" in page


@pytest.mark.clause("ACC-6")
def test_nobody_discloses_from_a_case_that_is_not_theirs(sign_in, reported_data):
    client = sign_in("d.lark")
    form = {**hidden(client, "/disclosures/new", "main form"), "case_number": "2026-075-99999"}
    answer = client.post("/disclosures/new", data=form)
    assert answer.status_code in (403, 422)
    assert "no request of your own" in text(answer)


@pytest.mark.clause("ACC-6", "ACC-11")
@pytest.mark.parametrize("state", ["draft", "submitted", "withdrawn"])
def test_a_case_number_typed_into_a_request_opens_nothing_bypass(make, sign_in, reported_data, state):
    """By another route: a draft on somebody's case, never submitted, offered that case's images and reports."""
    assert available(CASE), "there is something to get at"
    assert make.request(state, requester="i.kestrel", case_number=CASE).case_number == CASE
    client = sign_in("i.kestrel")
    form = {**hidden(client, "/disclosures/new", "main form"), "case_number": CASE}
    answer = client.post("/disclosures/new", data=form)
    assert answer.status_code == 403 and "no request of your own in this case whose basis" in text(answer)
    assert db.session.query(Disclosure).count() == 0


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
    assert words in text(answer)
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
    assert "larger than 15 MB" in text(answer)


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


@pytest.mark.clause("EXT-7")
def test_what_was_decided_meanwhile_is_not_withdrawn_unseen(disclose, sign_in):
    disclosure = disclose(state="submitted")
    client, page = sign_in(ASKER), url(disclosure, "/withdraw")
    form = hidden(client, page, "main form")
    disclose.go_on(disclosure, "approved", since="submitted")
    assert client.post(page, data={**form, "reason": "It was solved."}).status_code == 409
    assert disclosure.state == "approved"
    assert client.post(page, data={**hidden(client, page, "main form"), "reason": "It was solved."}).status_code == 303
    assert disclosure.state == "withdrawn"

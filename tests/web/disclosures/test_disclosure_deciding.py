"""Deciding on a disclosure over HTTP: by whom, on what, and what happens when two decide at once (EXT-7, ACC-12)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

from datetime import timedelta

import pytest

from app.calendar import today
from app.policy import policy
from tests.disclosure_factory import disclose, reported_data, set_back, settings  # noqa: F401  (fixtures)
from tests.web.disclosure_pages import ASKER, OFFICER, PASSWORD, RECORDS, decision_of, url
from tests.web.page_reading import hidden, text


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
    assert words in text(answer)
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
    page = text(client.get(url(disclosure)))
    assert page.count("Approved for release") == len(kept)
    assert "Stays" in page
    assert "For this docket only." in page


@pytest.mark.clause("ACC-12", "EXT-7")
def test_a_basis_for_the_privacy_officer_is_not_offered_to_a_records_officer(disclose, sign_in):
    disclosure = disclose(state="submitted", basis="D2")
    client = sign_in(RECORDS)
    page = text(client.get(url(disclosure, "/decide")))
    assert "Not offered: Find the release lawful" in page
    assert "This basis needs the Agency Privacy Officer's written approval." in page
    assert "Waiting for your decision" not in text(client.get(url(disclosure)))


@pytest.mark.clause("ACC-12")
def test_whoever_asks_is_not_offered_the_decision_and_cannot_take_it(disclose, sign_in, change_person):
    change_person(RECORDS, groups=["records-officers", "privacy-officers", "investigators"])
    disclosure = disclose(state="submitted", asker=RECORDS)
    client = sign_in(RECORDS)
    assert "Waiting for your decision" not in text(client.get(url(disclosure)))
    page = text(client.get(url(disclosure, "/decide")))
    assert "Not offered: Approve in writing" in page
    assert policy().rule("disclosure_asker").text in page
    token = hidden(client, "/disclosures/new", "main form")
    for verb in ("approve", "determine", "refuse", "return_for_changes"):
        form = {
            **token,
            "version": disclosure.version,
            "decision": verb,
            "password": PASSWORD,
            "text": "The disclosure is lawful on this basis.",
            "reason": "A reason that is long enough to do.",
            "included": [item.uid for item in disclosure.items],
            "release_by": (today() + timedelta(days=3)).isoformat(),
        }
        answer = client.post(url(disclosure, "/decide"), data=form)
        assert answer.status_code == 403, verb
        assert policy().rule("disclosure_asker").text in text(answer)
    assert (disclosure.state, disclosure.decisions) == ("submitted", [])


def test_two_deciders_at_once_the_second_is_told(disclose, sign_in):
    disclosure = disclose(state="submitted", recipient="court", basis="D2")
    client = sign_in(OFFICER)
    form = decision_of(client, disclosure, "approve")
    disclose.send_back(disclosure)
    answer = client.post(url(disclosure, "/decide"), data=form)
    assert answer.status_code == 409
    assert "Somebody else changed this disclosure first" in text(answer)
    assert form["reason"] in text(answer)
    assert disclosure.state == "returned"


def test_returned_for_changes_it_can_be_changed_and_submitted_again(disclose, sign_in):
    disclosure = disclose(state="submitted")
    officer, asker = sign_in(RECORDS), sign_in(ASKER)
    form = decision_of(officer, disclosure, "return_for_changes", text="", reason="Say who confirmed the identity.")
    assert officer.post(url(disclosure, "/decide"), data=form).status_code == 303
    page = text(asker.get(url(disclosure)))
    assert "Say who confirmed the identity." in page
    assert asker.post(url(disclosure, "/submit"), data=hidden(asker, url(disclosure), "#next form")).status_code == 303
    assert (disclosure.state, disclosure.submission) == ("submitted", 2)


@pytest.mark.clause("EXT-7")
def test_a_release_that_no_longer_holds_says_which_rule_and_how_to_go_on(disclose, sign_in):
    disclosure = disclose(state="approved")
    set_back(disclosure, release_by=today() - timedelta(days=1))
    set_back(disclosure.current_decision, release_by=today() - timedelta(days=1))
    client = sign_in(ASKER)
    page = text(client.get(url(disclosure)))
    assert "The decision has lapsed; a fresh one is needed." in page
    assert policy().rule("decision_in_force").remedy in page
    token = hidden(client, "/disclosures/new", "main form")
    answer = client.post(url(disclosure, "/release"), data={**token, "version": disclosure.version})
    assert answer.status_code == 422
    assert disclosure.state == "approved"


@pytest.mark.clause("EXT-7")
def test_a_refused_disclosure_promises_no_package_and_leaves_nothing_undecided(disclose, sign_in):
    disclosure = disclose(state="refused", recipient="court", basis="D2")
    page = text(sign_in(ASKER).get(url(disclosure)))
    assert "Decision (ended here) Package (not taken) Handed out (not taken) Receipt (not taken)" in page
    assert "to come" not in page
    assert page.count("Not released") == len(disclosure.items)
    assert "Not decided" not in page

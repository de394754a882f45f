"""Ways to give somebody what their kind of recipient may not have, each refused (PUB-1, EXT-1, EXT-3, EXT-4, EXT-6)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import pytest

from app.domain.disclosures import verbs as disclosures
from app.extensions import db
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.disclosure_factory import CASE, disclose, refused, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models

pytestmark = needs_models


def agency(kind: str) -> str:
    """A registered agency of this kind and no other."""
    known = policy().registers.agencies.values()
    return next(one.title for one in known if list(one.kinds) == [kind])


def answered(kind: str, basis: str, changes: dict) -> dict[str, object]:
    """The changes, with the answers about the recipient put among those that pass."""
    facts = {**values(kind, basis).recipient_facts, **changes}
    own = {fact.name for fact in policy().disclosure.recipients[kind].facts}
    return {"recipient_facts": facts} if own >= set(changes) else changes


# PUB-1 -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("PUB-1")
@pytest.mark.parametrize(
    ("basis", "changes", "rule"),
    [
        ("D6", {}, "basis_serves_recipient"),
        ("D2", {"reviewed": "Reviewed."}, "recipient_named"),
        ("D2", {"reviewed": "." * 40}, "recipient_named"),
        ("D2", {"reviewed": "x" * 40}, "recipient_named"),
        ("D2", {"foil_number": "\u200b\u200b\u200b"}, "recipient_named"),
        ("D2", {"received_on": "2099-01-01"}, "recipient_named"),
        ("D2", {"purpose": "further_investigation"}, "purpose_serves_recipient"),
    ],
    ids=["as an investigation", "too short", "dots", "one letter", "invisible number", "not received yet", "purpose"],
)
def test_a_public_request_is_answered_only_after_a_review_in_words_bypass(disclose, basis, changes, rule):
    with refused(rule):
        disclose("submitted", recipient="foil", basis=basis, values=answered("foil", basis, changes))


# EXT-1 -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-1")
def test_what_the_case_grew_by_since_the_decision_is_turned_over_too_bypass(disclose, make):
    """By waiting: a third report is delivered after the decision; the package of two does not leave."""
    made = disclose("approved")
    parts = {"requester": "m.heron", "supervisor": "t.birch", "seed": 21, "gallery": [person(31)]}
    assert make.request(state="negative", case_number=CASE, **parts)
    make.run_jobs()
    with refused("package_complete"):
        disclose.release(made)
    assert made.state == "approved"


@pytest.mark.clause("EXT-1")
@pytest.mark.parametrize(
    ("recipient", "basis", "changes", "rule"),
    [
        ("prosecutor", "D6", {"jurisdiction": "no"}, "recipient_named"),
        ("prosecutor", "D6", {"jurisdiction": ""}, "recipient_named"),
        ("prosecutor", "D6", {"jurisdiction": "maybe"}, "recipient_named"),
        ("law_enforcement", "D6", {"agency": "Example County District Attorney"}, None),
    ],
    ids=["without jurisdiction", "left open", "neither yes nor no", "called an agency"],
)
def test_no_other_prosecutor_is_given_the_case_under_whatever_name_bypass(disclose, recipient, basis, changes, rule):
    with refused(rule or "agreement_in_place"):
        disclose("submitted", recipient=recipient, basis=basis, values=answered(recipient, basis, changes))


# EXT-3 -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-3", "EXT-8")
@pytest.mark.parametrize(
    ("basis", "changes", "rule"),
    [
        ("D7", {}, "basis_serves_recipient"),
        ("D6", {"purpose": "community_concern"}, "purpose_serves_recipient"),
        ("D6", {"agency_number": "--"}, "recipient_named"),
        ("D6", {"agency_number": "\u2060\u2060\u2060"}, "recipient_named"),
        ("D6", {"agency": agency("city_agency")}, "recipient_named"),
    ],
    ids=["a welfare case", "a purpose of others", "signs for a number", "invisible number", "another kind of agency"],
)
def test_another_agency_is_given_nothing_without_its_own_case_bypass(disclose, basis, changes, rule):
    with refused(rule):
        disclose(
            "submitted", recipient="law_enforcement", basis=basis, values=answered("law_enforcement", basis, changes)
        )


@pytest.mark.clause("EXT-3")
def test_what_was_asked_for_the_prosecutor_is_not_turned_to_an_agency_bypass(disclose, people):
    """By another route: nothing changes once it is asked for; sent back, the agency's conditions are asked anew."""
    made = disclose("submitted")
    asker, another = people.actor("d.lark"), values("law_enforcement", "D6", agreement={})
    with pytest.raises(Refused), unit_of_work():
        disclosures.save_draft(made, asker, another)
    disclose.send_back(made)
    with unit_of_work():
        disclosures.save_draft(made, asker, another)
    with refused("agreement_in_place"):
        disclose.submit(made)
    db.session.refresh(made)
    assert (made.state, made.included_items) == ("returned", [])


# EXT-4 -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-4")
@pytest.mark.parametrize(
    ("basis", "changes", "rule"),
    [
        ("D6", {"purpose": "welfare_investigation"}, "purpose_serves_recipient"),
        ("D6", {"purpose": "civil_litigation"}, "purpose_serves_recipient"),
        ("D3", {"purpose": "unusual_incident"}, "purpose_serves_recipient"),
        ("D3", {"purpose": "criminal_prosecution"}, "purpose_serves_recipient"),
        ("D5", {"purpose": "public_information_request"}, "purpose_serves_recipient"),
        ("D3", {"purpose": None}, "purpose_serves_recipient"),
        ("D3", {"purpose": "Criminal_Investigation "}, "purpose_serves_recipient"),
    ],
)
def test_a_city_agency_is_given_nothing_for_a_purpose_of_others_bypass(disclose, basis, changes, rule):
    """Not on the basis of welfare's neighbor, nor where a routine designation covers every recipient and purpose."""
    with refused(rule):
        disclose("submitted", recipient="city_agency", basis=basis, values=answered("city_agency", basis, changes))


# EXT-6 -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-6")
@pytest.mark.parametrize("kind", ["media", "community"])
def test_no_designation_widens_what_the_public_is_told_bypass(disclose, kind):
    """D5 with a designation of everything: its purposes count only where the recipient may have them."""
    own = set(policy().disclosure.recipients[kind].purposes)
    assert own == {"further_investigation", "unusual_incident", "community_concern"}
    designation = disclose.designation()
    for purpose in sorted(set(policy().disclosure.purposes) - own):
        with refused("purpose_serves_recipient"):
            disclose("submitted", recipient=kind, basis="D5", values=changed(designation, purpose))
    made = disclose("submitted", recipient=kind, basis="D5", values=changed(designation, "unusual_incident"))
    assert made.state == "submitted"


def changed(designation, purpose: str) -> dict[str, object]:
    return {"designation": designation.number, "purpose": purpose}


@pytest.mark.clause("EXT-6")
@pytest.mark.parametrize("basis", ["D2", "D7"])
def test_the_media_are_not_given_by_law_or_welfare_bypass(disclose, basis):
    with refused("basis_serves_recipient"):
        disclose("submitted", recipient="media", basis=basis, values={"purpose": "community_concern"})


# EXT-4, EXT-6, EXT-8 ---------------------------------------------------------------------------------------


@pytest.mark.clause("EXT-4", "EXT-6", "EXT-8")
@pytest.mark.parametrize("kind", ["community", "media", "court", "foil", "individual", "prosecutor", "city_agency"])
@pytest.mark.parametrize(
    "said",
    [
        {"affiliation": "Example County Sheriff"},
        {"affiliation": "The SHERIFF of Example\u200b County, press office"},
        {"name": "Deputy Moss, Example County Sheriff's Office"},
        {"address": "Send it to Records@Sheriff.example"},
    ],
    ids=["by name", "otherwise written", "in the name", "by its channel"],
)
def test_a_registered_agency_is_of_its_registered_kind_alone_bypass(disclose, kind, said):
    """As media, community or a party in court it would need no agreement."""
    basis = policy().disclosure.recipients[kind].bases[0]
    named = {**values(kind, basis).recipient, **said}
    with pytest.raises(Refused, match=r"^recipient_named: .*is registered as") as refusal:
        disclose("submitted", recipient=kind, basis=basis, values={"recipient": named})
    assert "Other law-enforcement agency" in refusal.value.detail


@pytest.mark.clause("EXT-6", "EXT-8")
@pytest.mark.parametrize(("kind", "fact"), [("community", "organization"), ("media", "outlet"), ("court", "court")])
def test_nor_is_it_named_among_the_answers_bypass(disclose, kind, fact):
    basis = policy().disclosure.recipients[kind].bases[0]
    facts = {**values(kind, basis).recipient_facts, fact: "Administration for Children's Services"}
    with pytest.raises(Refused, match=r"^recipient_named: .*is registered as: Partner city agency"):
        disclose("submitted", recipient=kind, basis=basis, values={"recipient_facts": facts})

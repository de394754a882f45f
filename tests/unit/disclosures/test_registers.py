"""What is said is held against the registers: agreements, immigration enforcement, references that say something."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import msgspec
import pytest

from app.domain.disclosures import verbs as disclosures
from app.policy import policy
from app.policy.disclosures.registers import immigration_in
from app.policy.disclosures.rules import check_register
from app.policy.facts import check_questions
from app.policy.words import is_filler, plain, spoken
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import disclose, refused, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.events_and_notices import notified

ICE = "U.S. Immigration and Customs Enforcement, ERO"
REMOVE = "Locate and remove the person from the US, as the unit was asked to."


def said(recipient: str, purpose: str = "Find the witness of the robbery."):
    return immigration_in(policy().registers, [recipient], [purpose])


@pytest.mark.clause("EXT-5")
@pytest.mark.parametrize(
    "name",
    [
        ICE,
        "Immigration & Customs Enforcement",
        "immigration and customs enforcement",
        "I.C.E.",
        "I C E, New York field office",
        "ICE",
        "U.S. Immigration  and Customs-Enforcement",
        "Enforcement and Removal Operations",
        "Ímmigration and Customs Enforcement",
        "CBP",
        "Homeland Security Investigations",
        "ІСЕ",
        "I\u200bC\u200bE",
        "ＩＣＥ",
        "Immigr\u00adation and Cus\u2060toms Enforcement",
        "Immigration\u200band\u200bCustoms\u200bEnforcement",
        "Вorder Рatrol",
        "Border Pat-rol",
        "ice",
        "Ice",
        "i.c.e.",
        "i c e, new york field office",
        "ice field office, new york",
        "U.S.ICE",
        "U.S. I.C.E.",
        "DHS.ICE",
        "Building A, I C E",
        "duty.officer@ice.dhs.gov",
        "ICE/ERO",
        "ICE-ERO",
        "ICE’s field office",
        "ⒾⒸⒺ",
        "I\u00a0C\u00a0E",
        "E.R.O. New York",
    ],
)
def test_an_agency_is_known_however_it_is_written_bypass(name: str) -> None:
    assert said(name).agencies, plain(name)


@pytest.mark.clause("EXT-5")
@pytest.mark.parametrize(
    "purpose",
    [REMOVE, "Serve an I-205.", "Detention under 8 U.S.C. § 1226(a).", "A 287(g) task force.", "He is to be DEPORTED"],
)
def test_a_purpose_is_known_by_its_words_and_citations_bypass(purpose: str) -> None:
    found = said("A police department", purpose)
    assert found.terms or "DEPORTED" in purpose
    assert not found.is_civil_enforcement and not found.agencies


@pytest.mark.clause("EXT-5")
@pytest.mark.parametrize(
    "purpose",
    [
        "He is being deported.",
        "Deporting him needs a picture.",
        "He is to be removed from the country by the federal officers.",
        "The picture serves to remove him from the United States.",
        "Removing the man named above from U.S. territory.",
        "A removable alien.",
        "I247A",
        "Form I 247D",
        "8USC §1226",
        "He is to be dep\u200borted.",
        "He is to be de-ported.",
        "Removed\u200bfrom\u200bthe\u200bcountry.",
        "He is to be dероrtеd.",
        "He overstayed his visa.",
        "Immigration custody.",
        "An immigration hold.",
        "Expelled from the United States.",
        "He is to be returned to his country of origin.",
        "Repatriating the man.",
        "He has no lawful status.",
        "He is in the country illegally.",
        "An inadmissible noncitizen.",
    ],
)
def test_a_purpose_is_known_by_its_family_of_words_bypass(purpose: str) -> None:
    assert said("A police department", purpose).terms, plain(purpose)


def test_the_page_shows_the_words_of_the_form_once() -> None:
    found = said(ICE, "To deport him. He is to be DEPORTED; deport him.")
    assert found.is_civil_enforcement
    assert [one for one in found.sentences if "“" in one] == [
        "The form speaks of “deport”.",
        "The form speaks of “DEPORTED”.",
    ]


@pytest.mark.parametrize(
    "purpose",
    [
        "The gun was removed from the scene and the report came from the United States Attorney.",
        "He was sent back to the station; the country road was closed.",
        "The status of the case is open; its form 247 was filed.",
        "A deposition: her deportment in court, and import papers.",
        "An Immigrant Street address.",
    ],
)
def test_words_that_only_resemble_them_are_left_alone(purpose: str) -> None:
    assert not said("Enforcement Bureau of the county", purpose).terms


def test_a_family_is_not_filled_from_recipient_and_purpose_together() -> None:
    assert not said(ICE, "From the United States Marshal comes the warrant of a homicide.").is_civil_enforcement


@pytest.mark.parametrize(
    ("recipient", "purpose"),
    [
        ("Office of the District Attorney", "The police found ice on the pavement; a justice will remove the record."),
        ("Nice Police Department", "The hero of the story is named as a witness."),
    ],
)
def test_other_words_are_left_alone(recipient: str, purpose: str) -> None:
    assert not said(recipient, purpose).speaks
    assert not list(spoken(["ICE"], "ice on the road", any_case=False))


@pytest.mark.clause("EXT-5")
@pytest.mark.parametrize(
    "recipient",
    [
        "Justice Court of the Town of Rye",
        "New York State Police Service",
        "Jus\u00adtice Court",
        "Hero Street Clinic",
        "Office of Juvenile Justice",
        "St. Cero Hospital",
        "Zero Harm Project",
        "Bureau of Notices, Apt. I",
        "A.I.C.E.R. Foundation",
        "Nice, Police-Service",
    ],
)
def test_an_abbreviation_within_another_word_names_nobody(recipient: str) -> None:
    found = said(recipient, "He is to be deported.")
    assert not found.agencies and not found.resembling and found.terms


@pytest.mark.clause("EXT-5")
@pytest.mark.parametrize(
    "recipient", ["Court of Ice County", "Ice House Lane Clinic", "Mr. Ero Santos", "Police Serv-ice"]
)
def test_a_word_that_only_resembles_one_refuses_nobody_and_is_shown_to_the_privacy_officer(recipient: str) -> None:
    """Nor is it a way around the register: the officer decides, with what may be meant in view."""
    found = said(recipient, "He is to be deported.")
    assert not found.is_civil_enforcement and not found.agencies
    assert found.resembling and found.speaks
    assert any(one.startswith("A word of the form may name U.S. Immigration") for one in found.sentences)


@needs_models
@pytest.mark.clause("EXT-5")
def test_the_no_in_the_box_does_not_stand_against_recipient_and_purpose_bypass(disclose):
    """The package to ERO with the purpose “remove the person from the US” was released: the box said no."""
    rules = values("law_enforcement", "D6")
    changes = {
        "recipient": {**rules.recipient, "affiliation": ICE},
        "purpose_text": REMOVE,
        "immigration": "no",
    }
    with refused("not_immigration"):
        disclose("submitted", recipient="law_enforcement", basis="D6", values=changes)


@needs_models
@pytest.mark.clause("EXT-5", "EXT-7")
def test_any_other_contradiction_goes_to_the_privacy_officer_with_both_shown(disclose, people, sign_in):
    rules = values("law_enforcement", "D6")
    changes = {"recipient": {**rules.recipient, "affiliation": "Homeland Security Investigations, Group 4"}}
    people.account("y.hazel")
    disclosure = disclose("submitted", recipient="law_enforcement", basis="D6", values=changes)
    officer = people.account("y.hazel").id
    assert disclosures.deciders(disclosure) == {officer}, "a records officer is not asked"
    assert notified("disclosure_submitted") == ["y.hazel"]
    with refused("determination_suffices"):
        disclose.decide(disclosure)
    page = sign_in("y.hazel").get(f"/disclosures/{disclosure.number}/decide").get_data(as_text=True)
    assert "The form names U.S. Department of Homeland Security: “Homeland Security Investigations”." in page
    assert "The answer given: no." in page
    disclose.parts["decider"] = "y.hazel"
    disclose.decide(disclosure)
    assert (disclosure.state, disclosure.current_decision.kind) == ("approved", "approved")
    disclose.release(disclosure)
    disclose.build(disclosure)


@needs_models
@pytest.mark.clause("EXT-5")
def test_a_finding_from_before_the_register_named_the_agency_lets_nothing_out_bypass(disclose, monkeypatch):
    """By waiting: the register learns a name after somebody else found the release lawful."""
    disclosure = disclose("approved", recipient="law_enforcement", basis="D6")
    assert disclosure.current_decision.kind == "determined"
    registers = policy().registers
    learned = msgspec.structs.replace(
        registers.immigration_agencies["immigration-ice"], names=("Example County Sheriff",)
    )
    agencies = {**registers.immigration_agencies, learned.id: learned}
    monkeypatch.setattr(
        "app.domain.disclosures.contradictions.policy",
        lambda: dataclasses.replace(policy(), registers=dataclasses.replace(registers, immigration_agencies=agencies)),
    )
    with refused("decision_in_force"):
        disclose.release(disclosure)


@pytest.mark.clause("EXT-8")
@pytest.mark.parametrize(
    ("agency", "reference", "day", "said"),
    [
        ("Example County Sheriff's Office", "MOU-2025-014", date(2026, 11, 28), None),
        ("Sheriff of Example County, Detective Bureau", "mou 2025 014", date(2026, 11, 28), None),
        ("Example County Sheriff's Office", "xxx", date(2026, 11, 28), "another agreement"),
        ("Example County Sheriff's Office", "MOU-2025-021", date(2026, 11, 28), "another agreement"),
        ("Somebody Else's Office", "MOU-2025-014", date(2026, 11, 28), "no agreement with an agency of this name"),
        ("Example County Sheriff's Office", "MOU-2025-014", date(2030, 3, 3), "ended on 2030-03-02"),
    ],
)
def test_an_agreement_is_the_registered_one_and_in_force_bypass(agency, reference, day, said) -> None:
    found = check_register(policy(), "law_enforcement", "D6", agency, reference, day)
    assert (found[0].message if found else None) is None if said is None else said in found[0].message
    assert check_register(policy(), "law_enforcement", "D2", agency, "xxx", day) == [], "the law asks for none"


@needs_models
@pytest.mark.clause("EXT-8")
def test_an_agency_without_a_registered_agreement_is_given_nothing(disclose):
    rules = values("law_enforcement", "D6")
    for changes in (
        {"agreement": {**rules.agreement, "reference": "xxx"}},
        {"agreement": {**rules.agreement, "reference": "MOU-1999-001"}},
        {"recipient_facts": {**rules.recipient_facts, "agency": "Another County Sheriff's Office"}},
    ):
        with refused("agreement_in_place"):
            disclose("submitted", recipient="law_enforcement", basis="D6", values=changes)


@needs_models
@pytest.mark.clause("EXT-8")
def test_an_agreement_that_ends_before_the_release_lets_nothing_out_bypass(disclose, people, monkeypatch):
    """By waiting: in force when it was decided, ended when the package is asked for."""
    disclosure = disclose("approved", recipient="law_enforcement", basis="D2")
    assert disclosure.state == "approved"
    other = disclose("approved", recipient="law_enforcement", basis="D6")
    known = policy().registers.agencies["agency-county-sheriff"]
    import app.domain.disclosures.conditions as conditions

    monkeypatch.setattr(conditions, "today", lambda: known.expires + timedelta(days=1))
    with refused("agreement_in_place"), unit_of_work():
        from app.workflow.registry import CONDITIONS

        missing = CONDITIONS["agreement_in_place"](other, people.actor("d.lark"), {})
        from app.policy.refused import Refused

        raise Refused("agreement_in_place", missing or "")


@pytest.mark.clause("REQ-5", "EXT-8", "ACC-12")
@pytest.mark.parametrize("answer", ["x", "xxx", "X x X", "---", "...", "?", "aaaaaaaa"])
def test_an_answer_that_only_fills_its_field_does_not_pass_bypass(answer: str) -> None:
    assert is_filler(answer)
    faults = check_questions(policy().disclosure.agreement, {"reference": answer})
    assert any(fault.field == "reference" for fault in faults)


@pytest.mark.parametrize("answer", ["CMS-2026-0815", "1", "000", "7", "Ng", "D4", "No. 5", "aab"])
def test_what_says_something_passes(answer: str) -> None:
    assert not is_filler(answer)


@needs_models
@pytest.mark.clause("REQ-5")
def test_a_case_entry_named_x_documents_nothing_bypass(make, people):
    from app.domain.requests import verbs as requests

    request = make.request("accepted")
    for given in ("x", "xxx", " - "):
        with refused("entry_reference_given"), unit_of_work():
            requests.document(request, people.actor("d.lark"), given, "")
    assert request.state == "accepted"

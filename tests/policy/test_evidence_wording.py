"""USE-8: an identification made from the lead depends on it, by whatever kind, words or day somebody records it."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from app.policy.evidence import (
    Item,
    arrested_at,
    basis_of,
    check_arrest,
    check_item,
    contradicts_request,
    depends,
    in_hand,
    item_of,
    lacking,
    same_words,
)
from app.policy.types import Policy

pytestmark = pytest.mark.clause("USE-8", "USE-7")
LEAD = datetime(2026, 3, 18, 15, 30)
ACCOUNT = {
    "what": "The neighbor saw the person she knows from school carry the bag.",
    "source": "The neighbor",
    "thing_number": "Record 7000123",
    "obtained_on": "2026-03-19",
    "speaks": "for",
    "stands_alone": "yes",
    "why": "She has known the person for ten years.",
    "shown_or_told": "no",
    "told_since": "no",
    "told_source": "The detective asked her on the first evening; his notes say so.",
}


@pytest.mark.parametrize(
    "words",
    [
        "The clerk picked him in a line-up.",
        "The clerk picked him in a L I N E   U P.",
        "The clerk picked him in a line_up of six.",
        "After a photo array the clerk said that is the man.",
        "The clerk was shown his photo and said yes.",
        "The clerk identified him from the still and from the picture.",
        "The clerk chose the photograph of the candidate.",
        "A SHOW-UP at the store.",
        "The six‑pack was read by the clerk.",
        "The clerk was handed six photographs and put a finger on number three.",
        "The clerk was shown photographs and picked number three.",
        "The clerk recognised him in the photo.",
        "She picked him out.",
        "She was picking him out at once.",
        "She looked through some pictures and said that it was the second.",
        "Of the photographs she chose the third.",
        "The clerk pointed to one of the portraits.",
        "The clerk was shown his most recent image.",
        "The clerk identified the man by his photograph.",
        "A line\u200bup.",
        "Shown\u200ba\u200bphotograph.",
        "The clerk was shоwn a рhоtо.",
        "She was shown six photo\u00adgraphs.",
    ],
)
@pytest.mark.parametrize("field", ["what", "source", "why"])
def test_an_identification_by_another_name_depends_wherever_it_is_written_bypass(rules: Policy, words, field):
    said = ACCOUNT | {field: words}
    assert not depends(rules, "witness_account", ACCOUNT, after_lead=True)
    assert depends(rules, "witness_account", said, after_lead=True)
    assert depends(rules, "witness_account", said, after_lead=False), "whatever its day"


@pytest.mark.parametrize(
    "words",
    [
        "A fingerprint on the counter, which the laboratory compared with the person's.",
        "Transit records place his card at the station, number 14, at that hour.",
        "A jacket with a torn sleeve was found in his car and selected for the laboratory.",
        "Another camera recorded the same man leaving the store with the bag.",
        "The neighbor recognized his voice, which she has heard for ten years.",
        "The photograph of the car shows its plate number, which is his.",
        "The detective viewed the recording of the bus, in which he pays with his card.",
        "He pointed the officers to the place where the knife lay.",
    ],
)
def test_other_evidence_is_left_alone(rules: Policy, words):
    assert not depends(rules, "other_evidence", ACCOUNT | {"what": words}, after_lead=True)


SILENT = ACCOUNT | {"shown_or_told": "", "told_since": "", "told_source": ""}


@pytest.mark.parametrize(
    "answers",
    [
        {"shown_or_told": "yes"},
        {"shown_or_told": ""},
        {"shown_or_told": "maybe"},
        {"told_since": "yes"},
        {"told_since": ""},
        {"told_source": "  "},
        {"shown_or_told": "no_person"},
        {"shown_or_told": "", "told_since": "", "told_source": ""},
    ],
    ids=str,
)
def test_a_witness_who_was_shown_or_told_or_of_whom_it_is_not_said_depends_on_the_lead_bypass(rules: Policy, answers):
    """By wording that no list of words knows, and by leaving the question open."""
    assert not depends(rules, "witness_account", ACCOUNT, after_lead=True)
    assert depends(rules, "witness_account", ACCOUNT | answers, after_lead=True)
    told = "yes" in answers.values()
    assert depends(rules, "witness_account", ACCOUNT | answers, after_lead=False) is told, "told is told on any day"


@pytest.mark.parametrize(
    "words",
    [
        "The clerk says it was him, no doubt.",
        "The clerk recognises the man from the store.",
        "The cashier, asked who it was, named the candidate.",
        "She identified the person at the precinct.",
        "The doorman told the detective that is the man.",
        "The owner knows him from the block.",
        "The guard confirmed it is the same person.",
    ],
)
@pytest.mark.parametrize("kind", ["other_evidence", "records", "other_recording"])
def test_a_person_s_recognition_told_as_another_kind_is_asked_about_bypass(rules: Policy, words, kind):
    said = SILENT | {"what": words + " It was said at the counter.", "shown_or_told": "no_person", "why": "As told."}
    assert depends(rules, kind, said, after_lead=True)
    said |= {"why": "The counter stands there, the hour is known."}
    faults = check_item(rules, kind, said, LEAD.replace(month=4))
    assert [fault.field for fault in faults] == ["shown_or_told"]
    open_ = said | {"shown_or_told": ""}
    assert check_item(rules, kind, open_, LEAD.replace(month=4)) == [], "what happened can always be recorded"
    assert depends(rules, kind, open_, after_lead=True)


def test_a_thing_rests_on_nobody(rules: Policy):
    found = SILENT | {"what": "The bag of the owner was found in his car, with her papers.", "why": "It is hers."}
    assert not depends(rules, "property_found", found | {"shown_or_told": "no_person"}, after_lead=True)
    assert depends(rules, "property_found", found, after_lead=True), "not said"


@pytest.mark.parametrize("kind", ["eyewitness_identification", "photo_line_up"])
def test_whoever_says_that_a_line_up_stands_alone_is_not_believed_bypass(rules: Policy, kind):
    assert depends(rules, kind, ACCOUNT, after_lead=True)
    assert depends(rules, kind, ACCOUNT, after_lead=False), "nobody was a candidate before the result"
    assert depends(rules, "property_found", ACCOUNT | {"stands_alone": "no"}, after_lead=False)


def test_many_depending_items_are_not_one_that_stands_bypass(rules: Policy):
    arrest = rules.request.outcomes["arrest"]
    many = [item_of(ACCOUNT, True, agreed=True)] * 20
    assert "depends on it" in str(lacking(arrest, many))
    against = item_of(ACCOUNT | {"speaks": "against"}, False, agreed=True)
    assert lacking(arrest, [*many, against]) is not None
    assert "agreement of the supervisor" in str(lacking(arrest, [*many, item_of(ACCOUNT, False)]))
    assert lacking(arrest, [*many, item_of(ACCOUNT, False, agreed=True)]) is None
    eliminated = rules.request.outcomes["eliminated"]
    assert lacking(eliminated, [item_of(ACCOUNT | {"speaks": "against"}, False)]) is not None
    assert lacking(eliminated, [against]) is None


@pytest.mark.parametrize(
    ("clock", "counted"), [(None, 0), (time(14, 4), 1), (time(14, 5), 0), (time(14, 6), 0)], ids=str
)
def test_an_item_of_the_day_of_the_arrest_was_in_hand_only_with_an_earlier_time_bypass(clock, counted):
    arrested = arrested_at({"arrested_on": "2026-03-20", "arrested_time": "14:05"})
    assert arrested is not None
    assert basis_of(arrested, LEAD) == "on_lead"
    assert in_hand([Item(arrested.date(), clock, depends=False, speaks_for=True, agreed=True)], arrested) == counted


def test_an_arrest_of_the_minute_of_the_lead_rests_on_it_bypass():
    assert [basis_of(LEAD, one) for one in (LEAD, None)] == ["on_lead", "no_lead"]
    assert basis_of(LEAD.replace(minute=29), LEAD) == "before_lead"


def test_the_same_number_is_the_same_arrest_however_it_is_written_bypass():
    assert same_words("M26-104712", " m26 104 712.")
    assert not same_words("M26-104712", "M26-104713")


@pytest.mark.parametrize("kind", ["trace_evidence", "property_found", "records", "other_recording"])
@pytest.mark.parametrize("number", ["", "in the bag", "\u200b"])
def test_a_thing_has_a_number_that_identifies_it_bypass(rules: Policy, kind, number):
    """By wording: “nothing further was found”, filed as a trace."""
    said = SILENT | {
        "what": "The bag of the owner was found in his car, with her papers.",
        "shown_or_told": "no_person",
        "why": "The papers are hers. They were in it.",
    }
    present = LEAD.replace(month=4)
    assert check_item(rules, kind, said, present) == []
    assert [fault.field for fault in check_item(rules, kind, said | {"thing_number": number}, present)] == [
        "thing_number"
    ]
    assert check_item(rules, "other_evidence", said | {"thing_number": ""}, present) == []


@pytest.mark.clause("USE-8")
def test_a_witness_who_knows_the_person_rests_on_recognition_bypass(rules: Policy):
    """Answered with “nobody recognized anybody”, in words of no list: the kind says otherwise."""
    said = ACCOUNT | {
        "what": "The teacher of the fourth grade gave the address of the man with the bag.",
        "why": "She had taught him there for six years.",
        "told_source": "",
        "told_since": "",
        "shown_or_told": "no_person",
    }
    assert depends(rules, "witness_account", said, after_lead=True)
    assert not depends(rules, "other_evidence", said, after_lead=True)
    assert "shown_or_told" in [
        fault.field for fault in check_item(rules, "witness_account", said, LEAD.replace(month=4))
    ]


EARLY = {
    "arrest_number": "M26-104712",
    "arrested_on": "2026-03-18",
    "arrested_time": "09:10",
    "ground": "on_warrant",
    "record_in": "Arrest report 26-104712",
    "record_on": "2026-03-18",
    "record_time": "09:40",
    "record_by": "Officer Heron",
}


@pytest.mark.clause("USE-8", "AUD-7")
@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, []),
        ({"record_in": ""}, ["record_in"]),
        ({"record_on": "", "record_by": " "}, ["record_on", "record_by"]),
        ({"record_in": "The book of the squad"}, ["record_in"]),
        ({"record_time": "09:00"}, ["record_on"]),
        ({"record_time": "15:30"}, ["record_on"]),
        ({"record_time": ""}, ["record_on"]),
        ({"record_on": "2026-03-19"}, ["record_on"]),
        ({"ground": "under_arrest"}, ["ground"]),
        ({"ground": ""}, ["ground"]),
    ],
    ids=str,
)
def test_an_arrest_dated_before_the_result_cites_where_it_stood_bypass(rules: Policy, changed, fields):
    """By a false day: it is reported after the result, and nothing shows that it was made before."""
    later = datetime(2026, 3, 25, 9, 0)
    found = check_arrest(rules, EARLY | changed, lead=LEAD, matter=None, present=later, use="USE-1")
    assert [fault.field for fault in found] == fields
    assert (
        check_arrest(rules, EARLY | {"ground": "under_arrest"}, lead=LEAD, matter=None, present=later, use="USE-5")
        == []
    )


@pytest.mark.clause("USE-8", "AUD-7")
def test_an_arrest_before_the_request_contradicts_it_but_of_a_person_under_arrest(rules: Policy):
    filed = datetime(2026, 3, 17, 8, 0)
    before, after = filed.replace(hour=7), filed.replace(hour=9)
    told = [contradicts_request(rules, at, filed, use) for at in (before, after) for use in ("USE-1", "USE-5")]
    assert told == [True, False, False, False]

"""No typed day of the past ends a period before its request existed and its least years ran since (RET-1 to RET-11).

The years stand here as the published policy has them; the days are swept, so that no class and no day is left out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from app.policy.retention import standing_of_case, standing_of_person
from app.policy.retention.types import CaseFacts, HistoryEntry, LinkedCase, LinkedPerson, PersonFacts
from app.policy.types import Policy

FILED = date(2026, 11, 28)
#: class -> fewest years after a request of the case was filed; None: never on days alone
LEAST = {
    "homicide": None,
    "suicide": None,
    "arson_1_2_3": None,
    "aggravated_sexual_assault_1": None,
    "course_sexual_conduct_child_1": None,
    "missing_person": 1,
    "active_warrant": 1,
    "firearms": 1,
    "arson_4": 10,
    "non_fatal": 10,
    "other_felony": 25,
    "misdemeanor": 5,
    "violation": 1,
    "child_victims_act": 1,
    "no_offense_adult": 5,
    "juvenile": 1,
}
PAST = (date(1900, 1, 1), date(1990, 1, 1), date(2008, 11, 28), date(2008, 11, 29), date(2012, 2, 29), FILED)
ENDS = {"missing_person": "located", "active_warrant": "warrant_ended", "firearms": "recovered_or_destroyed"}


def years_later(years: int) -> date:
    return FILED.replace(year=FILED.year + years)


def case_of(name: str, closed: date, event: date, born: date, began: date | None = FILED) -> CaseFacts:
    history = [HistoryEntry("disposition", event, name)]
    classes: tuple[str, ...] = (name,)
    if name in ENDS:
        history.append(HistoryEntry("event", event, ENDS[name]))
        classes = (name, "violation")
    history.append(HistoryEntry("closed", closed, "without_arrest"))
    young = LinkedPerson("P-1", "witness", born, born, born, child_victim=True, juvenile=True)
    return CaseFacts(classes, len(history), tuple(history), (young,), filed_on=FILED, began_on=began)


@pytest.mark.clause("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-11")
@pytest.mark.parametrize("name", LEAST)
def test_no_typed_day_of_the_past_makes_a_record_due_sooner_than_its_class_allows_bypass(rules: Policy, name: str):
    assert set(LEAST) == set(rules.retention.classes)
    least = LEAST[name]
    for closed, event, born, began in product(PAST, PAST, PAST, (*PAST, None)):
        facts = case_of(name, closed, event, born, began)
        for day in (FILED, years_later(least or 80) - timedelta(days=1)):
            standing = standing_of_case(rules.retention, facts, day)
            assert standing.status != "disposable", (closed, event, born, began, standing.why.sentence)
            if standing.earliest is not None:
                assert least is not None
                assert standing.earliest >= years_later(least)


@pytest.mark.clause("RET-6", "RET-8", "RET-11")
@pytest.mark.parametrize("name", ["juvenile", "child_victims_act"])
def test_whoever_was_eighteen_on_the_day_of_the_matter_ends_no_period_of_the_young_bypass(rules: Policy, name: str):
    far = date(2090, 1, 1)
    for born, status in (
        (date(1990, 1, 1), "unknown"),
        (date(2008, 11, 28), "unknown"),
        (date(2008, 11, 29), "disposable"),
        (date(2012, 2, 29), "disposable"),
    ):
        facts = case_of(name, FILED, FILED, born)
        standing = standing_of_case(rules.retention, facts, far)
        assert standing.status == status, born
        if status == "unknown":
            [told] = [one for one in standing.why.children if "before the matter began" in one.sentence]
            assert f"{born.year + 18}" not in told.sentence, "no birth where everybody reads"
            assert "the matter is of 28 Nov 2026" in told.children[0].sentence
            undated = replace(facts, began_on=None)
            assert standing_of_case(rules.retention, undated, far).status == "disposable", "no day to hold it against"


@pytest.mark.clause("RET-8", "RET-11")
def test_a_juvenile_long_grown_keeps_the_record_a_year_after_the_request(rules: Policy):
    """The matter is of their youth, the request of today."""
    facts = case_of("juvenile", FILED, FILED, date(1990, 1, 1), began=date(2005, 6, 1))
    assert standing_of_case(rules.retention, facts, FILED).earliest == years_later(1)


@pytest.mark.clause("RET-9", "RET-11")
@pytest.mark.parametrize("field", ["died_on", "born_on", "last_arrest_on"])
def test_no_typed_day_of_a_suspect_makes_the_file_due_within_five_years_of_the_request_bypass(
    rules: Policy, field: str
):
    gone = LinkedCase("C-1", None, FILED, filed_on=FILED)
    for day in (date(1900, 1, 1), date(1930, 5, 5), date(2010, 5, 5)):
        known = {"born_on": date(1900, 1, 1), "arrests_checked_on": FILED, field: day}
        facts = PersonFacts("criminal_or_suspect", cases=(gone,), **known)
        standing = standing_of_person(rules.retention, facts, FILED)
        assert (standing.status, field) == ("upcoming", field), known
        assert standing.earliest is not None
        assert standing.earliest >= years_later(5), known


@pytest.mark.clause("RET-9", "RET-11")
def test_who_died_before_the_matter_is_no_suspect_of_it_bypass(rules: Policy):
    dead = PersonFacts("criminal_or_suspect", died_on=date(2010, 5, 5))
    for began, status in ((date(2010, 5, 6), "unknown"), (date(2010, 5, 5), "disposable"), (None, "disposable")):
        case = LinkedCase("C-1", None, date(2016, 1, 1), suspected_from=began)
        standing = standing_of_person(rules.retention, replace(dead, cases=(case,)), FILED)
        assert standing.status == status
    assert "contradicts" in " ".join(
        one.sentence
        for one in standing_of_person(
            rules.retention,
            replace(dead, cases=(LinkedCase("C-1", None, FILED, suspected_from=FILED),)),
            FILED,
        ).why.children
    )

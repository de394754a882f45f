"""The retention calculation on named cases, among them those that are easily got wrong."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.policy.retention import closed_on, proposal, standing_of_case, standing_of_person, what_if
from app.policy.retention.dates import anniversary
from app.policy.retention.types import (
    CaseFacts,
    HistoryEntry,
    Hold,
    LinkedCase,
    LinkedPerson,
    PersonFacts,
    Reason,
    Standing,
)
from app.policy.types import Policy

TODAY = date(2026, 6, 1)


def closed(on: date, why: str = "prosecution_concluded") -> HistoryEntry:
    return HistoryEntry("closed", on, why)


def case(*classes: str, history: tuple[HistoryEntry, ...] = (closed(date(2020, 5, 4)),), **more) -> CaseFacts:
    return CaseFacts(classes=classes, history=history, history_seen=len(history), **more)


def person(**known) -> LinkedPerson:
    return LinkedPerson("P-1", "victim", **known)


def suspect(**known) -> PersonFacts:
    return PersonFacts("criminal_or_suspect", **known)


def every(reason: Reason) -> list[Reason]:
    return [reason, *(inner for child in reason.children for inner in every(child))]


@pytest.mark.clause("RET-9")
def test_death_known_and_ninety_years_after_birth_later(rules: Policy) -> None:
    facts = suspect(born_on=date(1960, 1, 2), died_on=date(2015, 3, 4))
    standing = standing_of_person(rules.retention, facts, TODAY)
    assert (standing.status, standing.earliest) == ("disposable", date(2020, 3, 4))  # not 2050


@pytest.mark.clause("RET-9")
def test_ninety_years_after_birth_sooner_than_five_after_death(rules: Policy) -> None:
    facts = suspect(born_on=date(1935, 1, 2), died_on=date(2024, 3, 4), arrests_checked_on=date(2026, 6, 1))
    assert standing_of_person(rules.retention, facts, TODAY).earliest == date(2025, 1, 2)


@pytest.mark.clause("RET-9")
def test_that_there_was_no_arrest_is_known_only_once_somebody_looked(rules: Policy) -> None:
    ninety = suspect(born_on=date(1930, 1, 2))
    standing = standing_of_person(rules.retention, ninety, TODAY)
    assert (standing.status, standing.earliest) == ("unknown", None)
    assert any("is not known" in reason.sentence for reason in every(standing.why))
    looked = standing_of_person(rules.retention, replace(ninety, arrests_checked_on=date(2026, 5, 25)), TODAY)
    assert (looked.status, looked.earliest) == ("disposable", date(2020, 1, 2))
    dead = standing_of_person(rules.retention, replace(ninety, died_on=date(2020, 3, 4)), TODAY)
    assert dead.earliest == date(2025, 3, 4), "of the two periods the known one counts"


@pytest.mark.clause("RET-9")
def test_date_of_birth_unknown(rules: Policy) -> None:
    standing = standing_of_person(rules.retention, suspect(), TODAY)
    assert (standing.status, standing.earliest) == ("unknown", None)
    dead = standing_of_person(rules.retention, suspect(died_on=date(2021, 6, 1)), TODAY)
    assert (dead.status, dead.earliest) == ("disposable", date(2026, 6, 1))


@pytest.mark.clause("RET-9")
def test_arrest_four_years_and_eleven_months_ago_at_age_ninety(rules: Policy) -> None:
    facts = suspect(born_on=date(1936, 6, 1), last_arrest_on=date(2021, 7, 1))
    standing = standing_of_person(rules.retention, facts, TODAY)
    assert (standing.status, standing.earliest) == ("upcoming", date(2026, 7, 1))
    looked = replace(facts, arrests_checked_on=date(2026, 6, 20))
    assert standing_of_person(rules.retention, looked, date(2026, 7, 1)).status == "disposable"


@pytest.mark.clause("RET-9")
@pytest.mark.parametrize(
    ("given", "day", "status"),
    [
        ({"arrests_checked_on": date(1995, 1, 1)}, TODAY, "unknown"),
        ({"arrests_checked_on": TODAY - timedelta(days=31)}, TODAY, "unknown"),
        ({"arrests_checked_on": TODAY - timedelta(days=30)}, TODAY, "disposable"),
        # by naming an arrest of long ago instead of looking
        ({"last_arrest_on": date(1995, 1, 1)}, TODAY, "unknown"),
        ({"last_arrest_on": date(1995, 1, 1), "arrests_checked_on": TODAY}, TODAY, "disposable"),
        # by waiting
        ({"arrests_checked_on": TODAY}, TODAY + timedelta(days=31), "unknown"),
    ],
)
def test_a_look_at_the_arrest_records_proves_nothing_of_later_days_bypass(rules: Policy, given, day, status) -> None:
    standing = standing_of_person(rules.retention, suspect(born_on=date(1930, 1, 2), **given), day)
    assert standing.status == status
    if status == "unknown":
        assert standing.why.rule_id == "look_up_recent" and "looked up again" in standing.why.sentence
    dead = suspect(born_on=date(1930, 1, 2), died_on=date(2019, 1, 1), **given)
    if "last_arrest_on" not in given:
        assert standing_of_person(rules.retention, dead, day).status == "disposable", "the period after death has run"


@pytest.mark.clause("RET-9")
@pytest.mark.parametrize(
    "dates",
    [
        {"born_on": date(1930, 1, 1), "died_on": date(1929, 1, 1)},
        {"born_on": date(1930, 1, 1), "last_arrest_on": date(1929, 1, 1)},
        {"died_on": date(2000, 1, 1), "last_arrest_on": date(2001, 1, 1)},
        {"born_on": date(1900, 1, 1), "died_on": date(2026, 6, 2)},
    ],
)
def test_contradictory_dates_are_unknown(rules: Policy, dates: dict[str, date]) -> None:
    standing = standing_of_person(rules.retention, suspect(**dates), TODAY)
    assert standing.status == "unknown"
    assert any("contradict" in reason.sentence for reason in every(standing.why))


@pytest.mark.clause("RET-3", "RET-5", "RET-11")
def test_a_plea_down_from_felony_to_violation_shortens(rules: Policy) -> None:
    line = HistoryEntry("disposition", date(2019, 4, 1), "other_felony")
    convicted = (line, closed(date(2020, 5, 4)))
    pleaded = (
        *convicted,
        HistoryEntry("reopened", date(2021, 1, 1)),
        HistoryEntry("disposition", date(2022, 2, 2), "violation"),
        closed(date(2022, 2, 2)),
    )
    assert proposal(rules.retention, convicted).classes == ("other_felony",)
    assert standing_of_case(rules.retention, case("other_felony", history=convicted), TODAY).earliest == date(
        2045, 5, 4
    )
    stale = replace(case("other_felony", history=pleaded), history_seen=len(convicted))
    assert standing_of_case(rules.retention, stale, TODAY).status == "unclassified"
    proposed = proposal(rules.retention, pleaded)
    assert (proposed.classes, proposed.superseded) == (("violation",), ("other_felony",))
    standing = standing_of_case(rules.retention, what_if(stale, proposed.classes), TODAY)
    assert (standing.status, standing.earliest) == ("disposable", date(2023, 2, 2))


@pytest.mark.clause("RET-11")
def test_an_appeal_reopens_and_voids_the_closing_day(rules: Policy) -> None:
    first = (closed(date(2010, 5, 4)),)
    assert standing_of_case(rules.retention, case("misdemeanor", history=first), TODAY).status == "disposable"
    appealed = (*first, HistoryEntry("reopened", date(2012, 1, 1)))
    assert closed_on(rules.retention, appealed, TODAY) is None
    assert standing_of_case(rules.retention, case("misdemeanor", history=appealed), TODAY).status == "open"
    again = (*appealed, closed(date(2023, 1, 5)))
    standing = standing_of_case(rules.retention, case("misdemeanor", history=again), TODAY)
    assert (standing.status, standing.earliest) == ("upcoming", date(2028, 1, 5))


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    "history",
    [
        (HistoryEntry("reopened", date(2012, 1, 1)), closed(date(2010, 5, 4))),  # closing entered late, dated before
        (closed(date(2010, 5, 4)), HistoryEntry("reopened", date(2010, 1, 1))),  # reopening dated too early
        (closed(date(2010, 5, 4), "because we say so"),),
        (closed(date(2026, 6, 2)),),
        (),
    ],
)
def test_nothing_else_closes_a_case(rules: Policy, history: tuple[HistoryEntry, ...]) -> None:
    standing = standing_of_case(rules.retention, case("violation", history=history), TODAY)
    assert (standing.status, standing.earliest) == ("open", None)


@pytest.mark.clause("RET-11")
def test_each_of_the_four_reasons_closes(rules: Policy) -> None:
    assert set(rules.retention.closures) == {"prosecution_concluded", "settled", "without_arrest", "restitution_ended"}
    for why in rules.retention.closures:
        facts = case("violation", history=(closed(date(2020, 5, 4), why),))
        assert standing_of_case(rules.retention, facts, TODAY).status == "disposable"


@pytest.mark.clause("RET-1")
def test_a_firearm_recovered(rules: Policy) -> None:
    stolen = (HistoryEntry("disposition", date(2009, 1, 1), "firearms"), closed(date(2010, 5, 4), "without_arrest"))
    facts = case("firearms", "misdemeanor", history=stolen)
    assert standing_of_case(rules.retention, facts, TODAY).status == "permanent"
    found = (*stolen, HistoryEntry("event", date(2024, 8, 9), "recovered_or_destroyed"))
    standing = standing_of_case(rules.retention, case("firearms", "misdemeanor", history=found), TODAY)
    assert (standing.status, standing.earliest) == ("disposable", date(2024, 8, 9))  # not before it was recovered
    assert proposal(rules.retention, found).classes == ()  # a person names the class of the final disposition
    alone = standing_of_case(rules.retention, case("firearms", history=found), TODAY)
    assert (alone.status, alone.earliest) == ("unknown", None)
    gone_again = (*found, HistoryEntry("disposition", date(2025, 1, 1), "firearms"))
    assert standing_of_case(rules.retention, case("firearms", "misdemeanor", history=gone_again), TODAY).status == (
        "permanent"
    )


@pytest.mark.clause("RET-1")
@pytest.mark.parametrize(
    ("class_id", "event"),
    [("missing_person", "located"), ("active_warrant", "warrant_ended"), ("firearms", "recovered_or_destroyed")],
)
def test_only_its_own_event_ends_a_permanent_period(rules: Policy, class_id: str, event: str) -> None:
    for other in rules.retention.events:
        history = (closed(date(2010, 5, 4)), HistoryEntry("event", date(2015, 1, 1), other))
        facts = case(class_id, "violation", history=history)
        expected = "disposable" if other == event else "permanent"
        assert standing_of_case(rules.retention, facts, TODAY).status == expected


@pytest.mark.clause("RET-8")
def test_a_juvenile_born_on_leap_day_turns_eighteen_on_march_first(rules: Policy) -> None:
    people = (person(born_on=date(2004, 2, 29), juvenile=True),)
    facts = case("juvenile", history=(closed(date(2020, 5, 4), "without_arrest"),), people=people)
    assert standing_of_case(rules.retention, facts, date(2023, 2, 28)).status == "upcoming"
    standing = standing_of_case(rules.retention, facts, date(2023, 3, 1))
    assert (standing.status, standing.earliest) == ("disposable", date(2023, 3, 1))
    assert any("turns 18 on 1 Mar 2022" in reason.sentence for reason in every(standing.why))


@pytest.mark.clause("RET-8", "RET-11")
def test_an_age_attained_before_the_closing_day_does_not_allow_disposal_before_it(rules: Policy) -> None:
    people = (person(born_on=date(1980, 1, 1), juvenile=True),)
    assert standing_of_case(rules.retention, case("juvenile", people=people), TODAY).earliest == date(2020, 5, 4)


@pytest.mark.clause("RET-6")
def test_a_child_whose_date_of_birth_is_unknown(rules: Policy) -> None:
    known = person(born_on=date(1960, 1, 1), child_victim=True)
    facts = case("child_victims_act", people=(known, person(child_victim=True)))
    assert standing_of_case(rules.retention, facts, TODAY).status == "unknown"
    assert standing_of_case(rules.retention, case("child_victims_act"), TODAY).status == "unknown"
    unmarked = case("child_victims_act", people=(person(born_on=date(1960, 1, 1)),))
    assert standing_of_case(rules.retention, unmarked, TODAY).status == "unknown"


@pytest.mark.clause("RET-6")
def test_the_youngest_child_decides(rules: Policy) -> None:
    people = tuple(person(born_on=date(year, 7, 8), child_victim=True) for year in (1960, 1971, 1965))
    standing = standing_of_case(rules.retention, case("child_victims_act", people=people), TODAY)
    assert (standing.status, standing.earliest) == ("upcoming", date(2026, 7, 8))


@pytest.mark.clause("RET-1", "RET-6")
def test_the_two_crimes_excepted_from_the_child_victims_act_stay_permanent(rules: Policy) -> None:
    for class_id in ("aggravated_sexual_assault_1", "course_sexual_conduct_child_1"):
        people = (person(born_on=date(1950, 1, 1), child_victim=True),)
        standing = standing_of_case(rules.retention, case("child_victims_act", class_id, people=people), TODAY)
        assert standing.status == "permanent"


@pytest.mark.clause("RET-2", "RET-3", "RET-4", "RET-5", "RET-7")
@pytest.mark.parametrize(
    ("class_id", "years"),
    [
        ("arson_4", 10),
        ("non_fatal", 10),
        ("other_felony", 25),
        ("misdemeanor", 5),
        ("violation", 1),
        ("no_offense_adult", 5),
    ],
)
def test_years_after_closing(rules: Policy, class_id: str, years: int) -> None:
    facts = case(class_id)
    first = date(2020 + years, 5, 4)
    assert standing_of_case(rules.retention, facts, date(2020 + years, 5, 3)).status == "upcoming"
    standing = standing_of_case(rules.retention, facts, first)
    assert (standing.status, standing.earliest) == ("disposable", first)


@pytest.mark.clause("RET-4", "RET-5")
def test_the_longest_of_several_periods_wins_and_says_so(rules: Policy) -> None:
    standing = standing_of_case(rules.retention, case("violation", "misdemeanor"), TODAY)
    assert standing.earliest == date(2025, 5, 4)
    assert [child.rule_id for child in standing.why.children if child.decides] == ["misdemeanor"]


@pytest.mark.clause("RET-11")
def test_a_hold_wins_over_everything(rules: Policy) -> None:
    hold = (Hold("H-7", "litigation", date(2026, 1, 1)),)
    for facts in (case("violation", holds=hold), CaseFacts(holds=hold), case("homicide", holds=hold)):
        assert standing_of_case(rules.retention, facts, TODAY).status == "held"
    unheard_of = case("violation", holds=(Hold("H-8", "no-such-kind", date(2026, 1, 1)),))
    assert standing_of_case(rules.retention, unheard_of, TODAY).status == "held"
    assert standing_of_person(rules.retention, suspect(died_on=date(2000, 1, 1), holds=hold), TODAY).status == "held"


@pytest.mark.clause("RET-11")
def test_requests_at_work_and_missing_classes_keep_a_record(rules: Policy) -> None:
    assert standing_of_case(rules.retention, case("violation", open_requests=1), TODAY).status == "open"
    assert standing_of_case(rules.retention, case(), TODAY).status == "unclassified"
    assert standing_of_case(rules.retention, replace(case("violation"), history_seen=0), TODAY).status == "unclassified"
    assert standing_of_case(rules.retention, case("violation", "of another policy"), TODAY).status == "unknown"


@pytest.mark.clause("RET-10")
def test_an_associated_file_is_kept_as_long_as_all_its_case_records(rules: Policy) -> None:
    soon = standing_of_case(rules.retention, case("violation"), TODAY)
    later = standing_of_case(rules.retention, case("other_felony"), TODAY)
    facts = PersonFacts("associated", cases=(LinkedCase("C-1", soon), LinkedCase("C-2", later)))
    standing = standing_of_person(rules.retention, facts, TODAY)
    assert (standing.status, standing.earliest, standing.only_with) == ("upcoming", date(2045, 5, 4), ("C-1", "C-2"))
    gone = PersonFacts("associated", cases=(LinkedCase("C-1", None, date(2024, 1, 1)),))
    standing = standing_of_person(rules.retention, gone, TODAY)
    assert (standing.status, standing.earliest, standing.only_with) == ("disposable", date(2024, 1, 1), ())
    assert standing_of_person(rules.retention, PersonFacts("associated"), TODAY).status == "unknown"


@pytest.mark.clause("RET-9", "RET-10")
@pytest.mark.parametrize("status", ["held", "open", "unclassified", "permanent", "unknown"])
def test_no_file_goes_while_a_case_record_is_kept(rules: Policy, status: str) -> None:
    kept = Standing(status, None, Reason("hold_wins", "RET-11", "Kept."))
    for facts in (suspect(died_on=date(2000, 1, 1)), PersonFacts("associated")):
        both = replace(facts, cases=(LinkedCase("C-1", kept), LinkedCase("C-2", None, date(2024, 1, 1))))
        assert standing_of_person(rules.retention, both, TODAY).status == status


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2020, 2, 29), 1, date(2021, 3, 1)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
        (date(2020, 2, 28), 1, date(2021, 2, 28)),
        (date(2000, 2, 29), 100, date(2100, 3, 1)),
        (date(2020, 12, 31), 90, date(2110, 12, 31)),
    ],
)
def test_anniversaries(day: date, years: int, expected: date) -> None:
    assert anniversary(day, years) == expected


def test_an_anniversary_beyond_the_calendar_is_an_overflow() -> None:
    with pytest.raises(OverflowError, match="beyond the calendar"):
        anniversary(date(9990, 1, 1), 25)


def test_every_reason_cites_a_rule_and_a_clause_and_names_nobody(rules: Policy) -> None:
    people = (person(born_on=date(1990, 1, 1), child_victim=True, juvenile=True),)
    facts = case(*rules.retention.classes, people=people, holds=(Hold("H-1", "discovery", date(2026, 1, 1)),))
    for reason in every(standing_of_case(rules.retention, facts, TODAY).why):
        assert reason.rule_id in rules.rules
        assert reason.clause in rules.clauses
        assert reason.sentence.endswith(".")

"""A second opinion on retention, written from the sentences of the published policy and not from the calculation.

Nothing is calculated forward: ``may_dispose_of_case`` and ``may_dispose_of_file`` ask of one day whether any sentence
of the policy still demands that the record be kept. Only the types of the facts are shared with the program.
"""

from datetime import date, timedelta

from app.policy.retention.types import CaseFacts, LinkedPerson, PersonFacts

Day = tuple[int, int, int]


def years_have_passed(since: date, years: int, day: date) -> bool:
    """Whether ``years`` whole years lie between ``since`` and ``day``: compared as year, month and day of the month.

    Nobody who looks at a calendar on February 28 would say that February 29 has come round: it has on March 1.
    """
    asked: Day = (day.year - years, day.month, day.day)
    began: Day = (since.year, since.month, since.day)
    return asked >= began


# "case investigations are not considered closed unless it results in prosecution and appeals are exhausted, it
# results in a settlement, it results in no arrest, or when restitution is no longer sought."
RESULTS = ("prosecution_concluded", "settled", "without_arrest", "restitution_ended")

# "... homicide, suicide, arson (first, second or third degree), ... aggravated sexual assault (first degree), course
# of sexual conduct against a child (first degree) ... must be retained permanently."
FOREVER = ("homicide", "suicide", "arson_1_2_3", "aggravated_sexual_assault_1", "course_sexual_conduct_child_1")

# "missing person (until located), ... active warrant, or stolen or missing firearms (until recovered or destroyed),
# must be retained permanently."
UNTIL = {
    "missing_person": "located",
    "active_warrant": "warrant_ended",
    "firearms": "recovered_or_destroyed",
}

# "fourth degree arson or non-fatal (including vehicular accidents) must be retained for a minimum of ten (10) years
# after the case is closed. ... any other felony ... twenty-five (25) years after the case is closed. ... misdemeanor
# ... five (5) years after the case is closed. ... violation or traffic infraction ... one (1) year after the case is
# closed." and "an investigation that reveals no offense has been committed by an adult must be kept for a minimum of
# five (5) years after the case is closed."
AFTER_CLOSING = {
    "arson_4": 10,
    "non_fatal": 10,
    "other_felony": 25,
    "misdemeanor": 5,
    "violation": 1,
    "no_offense_adult": 5,
}


def closing_day(facts: CaseFacts, day: date) -> date | None:
    """The last closing that nothing reopened, as known on ``day``; None while the case is open."""
    last: date | None = None
    for place, line in enumerate(facts.history):
        if line.kind != "closed" or line.value not in RESULTS:
            continue
        reopened_later = any(other.kind == "reopened" for other in facts.history[place + 1 :])
        reopened_since = any(other.kind == "reopened" and other.on > line.on for other in facts.history)
        if not reopened_later and not reopened_since and (last is None or line.on > last):
            last = line.on
    return last if last is not None and last <= day else None


def is_ended(name: str, facts: CaseFacts, day: date) -> bool:
    """Whether on ``day`` nobody is missing any more, every firearm is back ...: the last line on it says so."""
    timeline = sorted(
        (line.on, line.kind == "event")
        for line in facts.history
        if (line.kind, line.value) in {("event", UNTIL[name]), ("disposition", name)}
    )
    if not timeline:
        return False
    on, is_event = timeline[-1]
    return is_event and on <= day


def everyone_is(people: list[LinkedPerson], age: int, more: int, day: date) -> bool:
    """Whether each of them attained the age and ``more`` years went by since; unknown births never did."""
    if not people:
        return False
    for person in people:
        if person.born_on is None or not years_have_passed(person.born_on, age, day):
            return False
        if more and not years_have_passed(_birthday(person.born_on, age), more, day):
            return False
    return True


def _birthday(born: date, age: int) -> date:
    leap = born.month == 2 and born.day == 29
    year = born.year + age
    is_leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 3, 1) if leap and not is_leap_year else date(year, born.month, born.day)


def must_be_kept(name: str, facts: CaseFacts, closed: date, day: date) -> bool:
    """Whether the sentence on this class still demands on ``day`` that the record be kept."""
    if name in FOREVER:
        return True
    if name in UNTIL:
        return not is_ended(name, facts, day)
    if name in AFTER_CLOSING:
        return not years_have_passed(closed, AFTER_CLOSING[name], day)
    if name == "child_victims_act":
        # "an offense against a child as defined by the Child Victims Act, excluding aggravated sexual assault (first
        # degree), course of sexual conduct against a child (first degree), must be retained until the child attains
        # at least age fifty-five (55)."
        return not everyone_is([p for p in facts.people if p.child_victim], 55, 0, day)
    if name == "juvenile":
        # "the individual involved was a juvenile and no arrest was made or no offense was committed must be kept for
        # at least one (1) year after the juvenile attains age eighteen (18)."
        return not everyone_is([p for p in facts.people if p.juvenile], 18, 1, day)
    return True  # a class the policy does not name


def may_dispose_of_case(facts: CaseFacts, day: date) -> bool:
    """Whether no sentence demands on ``day`` that the case record be kept."""
    closed = closing_day(facts, day)
    if closed is None or facts.open_requests or facts.holds:
        return False
    # "The retention period ... depends on the classification ... based on the final disposition of the case": without
    # a classification of the case as it stands, and one that is a disposition, no period is known.
    if len(facts.history) != facts.history_seen:
        return False
    if not [name for name in facts.classes if name not in UNTIL]:
        return False
    return not any(must_be_kept(name, facts, closed, day) for name in facts.classes)


def may_dispose_of_file(facts: PersonFacts, case_records: list[CaseFacts | date], day: date, known_on: date) -> bool:
    """Whether no sentence demands on ``day`` that the file be kept, when its case records go with it.

    ``known_on`` is the day on which the facts were recorded: none of them can lie after it.
    ``case_records`` are the facts of each linked case record, or the day on which it was disposed of.
    """
    if facts.holds:
        return False
    for record in case_records:
        if isinstance(record, CaseFacts):
            if not may_dispose_of_case(record, day):
                return False
        elif record > day:
            return False
    if facts.role == "associated":
        # "associated persons, such as victims, relatives and witnesses must be retained as long as, or information
        # as part of relevant case investigation record."
        return bool(case_records)
    return _suspect_file_has_run(facts, day, known_on)


def _suspect_file_has_run(facts: PersonFacts, day: date, known_on: date) -> bool:
    # "at least five (5) years after the death of the criminal or suspect, or ninety (90) years after the criminal or
    # suspect's date of birth as long as there has been no arrest in the last five (5) years, whichever is shorter."
    born, died, arrested = facts.born_on, facts.died_on, facts.last_arrest_on
    in_order = [d for d in (born, arrested, died) if d is not None]
    looked = facts.arrests_checked_on
    if in_order != sorted(in_order) or any(d > known_on for d in (*in_order, looked or known_on)):
        return False  # nobody is arrested before birth or after death, nor on a day to come
    dead_long_enough = died is not None and years_have_passed(died, 5, day)
    # that there was none is known only if somebody looked
    no_recent_arrest = looked is not None if arrested is None else years_have_passed(arrested, 5, day)
    old_enough = born is not None and years_have_passed(born, 90, day)
    # what has run already when the facts were recorded rests on that look, and a look says nothing of later days
    ran = born is not None and years_have_passed(born, 90, known_on)
    ran = ran and (arrested is None or years_have_passed(arrested, 5, known_on))
    if ran and (looked is None or looked < known_on - timedelta(days=30)):
        no_recent_arrest = False
    return dead_long_enough or (old_enough and no_recent_arrest)

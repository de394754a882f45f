"""The standing of a personal information file (RET-9, RET-10)."""

from datetime import date

from app.clauses import enforces
from app.policy.retention.dates import anniversary, said
from app.policy.retention.types import (
    FileRule,
    LinkedCase,
    PersonFacts,
    Reason,
    RetentionRules,
    Standing,
    Status,
)
from app.policy.retention.words import BLOCKING, STATUS_WORDS, held_reasons, kept_standing, marked, summary

#: the principle under which a look at the arrest records grows old
LOOK_UP = "look_up_recent"


@enforces("RET-9", "RET-10")
def standing_of_person(rules: RetentionRules, facts: PersonFacts, today: date) -> Standing:
    """Calculate the standing of a personal information file on ``today``.

    A hold wins. Then every case record the file belongs to keeps it: a file on an associated person for that alone,
    one on a criminal or suspect beside its own period. When only undisposed case records stand in the way that are
    themselves due, the file is due together with them: ``only_with`` names them.
    """
    holds = held_reasons(rules, facts.holds)
    rule = next(rule for rule in rules.files.values() if rule.role == facts.role)
    own = Reason(rule.id, rule.authority[0], rule.text) if rule.with_case else _own_period(rule, facts, today)
    cases = _case_reasons(facts.cases)
    records = _records_reason(facts, cases)
    children = (*holds, records) if rule.with_case else (*holds, own, records)
    if holds:
        return kept_standing(rules, "held", "hold_wins", "Kept: a hold is in force.", children, holds)
    kept = tuple(case for case in facts.cases if case.disposed_on is None)
    for status in BLOCKING:
        if any(case.standing is None or case.standing.status == status for case in kept):
            words = f"Kept with its case record, which is {STATUS_WORDS[status]}."
            return kept_standing(rules, status, "file_with_records", words, children, (records,))
    days = [day for day in map(_day_of, facts.cases) if day is not None]
    if rule.with_case and not facts.cases:
        words = "Kept: the file belongs to no case record, so that its period is not known."
        return kept_standing(rules, "unknown", "unknown_is_kept", words, children, (records,))
    if not rule.with_case:
        if own.on is None and own.rule_id == LOOK_UP:
            return kept_standing(rules, "unknown", LOOK_UP, f"Kept: {own.sentence}", children, (own,))
        if own.on is None:
            words = "Kept: the period of the file cannot be calculated."
            return kept_standing(rules, "unknown", "unknown_is_kept", words, children, (own,))
        days.append(own.on)
    earliest = max(days)
    deciding = (own,) if not rule.with_case and own.on == earliest else (records,)
    status_now: Status = "disposable" if earliest <= today else "upcoming"
    why = Reason(
        "longest_period" if not rule.with_case else rule.id,
        rule.authority[0],
        summary(earliest, today, several=len(days) > 1),
        earliest,
        marked(children, deciding),
        True,
    )
    return Standing(status_now, earliest, why, tuple(case.case_number for case in kept))


def _own_period(rule: FileRule, facts: PersonFacts, today: date) -> Reason:
    assert rule.after_death and rule.after_birth  # the loader refuses the rule without them
    assert rule.arrest_free and rule.look_up_days
    clause = rule.authority[0]
    if _contradict(facts, today):
        words = "The dates of birth, death and last arrest contradict each other, or lie in the future."
        return Reason(rule.id, clause, words)
    early = [case for case in facts.cases if _died_before(facts, case)]
    if early and facts.died_on is not None:
        words = f"A death on {said(facts.died_on)} contradicts the matter of case {early[0].case_number}, in which the "
        words += f"person is a suspect: it is of {said(early[0].suspected_from or facts.died_on)}."
        return Reason("unknown_is_kept", clause, words)
    death = _death_reason(rule, facts)
    birth = _birth_reason(rule, facts, today)
    ends = [reason.on for reason in (death, birth) if reason.on is not None]
    if not ends and birth.rule_id == LOOK_UP:
        return Reason(LOOK_UP, clause, "the arrest records must be looked up again.", None, (death, birth))
    if not ends:
        words = "Neither of the two periods is known, so that none can be calculated."
        return Reason(rule.id, clause, words, None, (death, birth))
    end = min(ends)
    floor = _least(rule, facts)
    if floor is not None and floor > end:
        words = f"File on a criminal or suspect: kept until {said(floor)}, no shorter after a request of its case was "
        return Reason("least_after_filing", clause, f"{words}filed than the shortest of its periods.", floor)
    words = f"File on a criminal or suspect: kept until {said(end)}."
    if len(ends) > 1:
        words += " The shorter of the two periods counts."
    first = (death if death.on == end else birth,)
    return Reason(rule.id, clause, words, end, marked((death, birth), first))


def _died_before(facts: PersonFacts, case: LinkedCase) -> bool:
    """Whether a suspect of a case died before the earliest day of its matter."""
    return bool(facts.died_on and case.suspected_from and facts.died_on < case.suspected_from)


def _least(rule: FileRule, facts: PersonFacts) -> date | None:
    """Return the day before which no typed birth, death or arrest ends the period of a file."""
    filed = max((case.filed_on for case in facts.cases if case.filed_on is not None), default=None)
    years = min(years for years in (rule.after_death, rule.after_birth) if years)
    return None if filed is None else anniversary(filed, years)


def _death_reason(rule: FileRule, facts: PersonFacts) -> Reason:
    clause = rule.authority[0]
    if facts.died_on is None:
        return Reason(rule.id, clause, "No death is recorded.")
    end = anniversary(facts.died_on, rule.after_death or 0)
    words = f"Died on {said(facts.died_on)}; {rule.after_death} years later is {said(end)}."
    return Reason(rule.id, clause, words, end)


def _birth_reason(rule: FileRule, facts: PersonFacts, today: date) -> Reason:
    """The end of the period after birth; no end once it has run and nobody looked for arrests lately (`LOOK_UP`)."""
    found = _after_birth(rule, facts)
    if found.on is None or found.on > today:
        return found
    looked, clause = facts.arrests_checked_on, rule.authority[0]
    if looked is None:
        words = f"{found.sentence} Whether there was an arrest since is not known: nobody looked the records up."
        return Reason(LOOK_UP, clause, words)
    if (today - looked).days > (rule.look_up_days or 0):
        words = f"{found.sentence} That look-up, of {said(looked)}, is more than {rule.look_up_days} days old."
        return Reason(LOOK_UP, clause, words)
    return found


def _after_birth(rule: FileRule, facts: PersonFacts) -> Reason:
    clause = rule.authority[0]
    if facts.born_on is None:
        return Reason(rule.id, clause, "The day of birth is not known.")
    end = anniversary(facts.born_on, rule.after_birth or 0)
    words = f"Born on {said(facts.born_on)}; {rule.after_birth} years later is {said(end)}."
    if facts.last_arrest_on is None:
        if facts.arrests_checked_on is None:
            unknown = f"Whether there was an arrest in the last {rule.arrest_free} years is not known."
            return Reason(rule.id, clause, f"{words} {unknown}")
        looked = said(facts.arrests_checked_on)
        return Reason(rule.id, clause, f"{words} No arrest is on record, as looked up on {looked}.", end)
    free = anniversary(facts.last_arrest_on, rule.arrest_free or 0)
    words += f" The last arrest was on {said(facts.last_arrest_on)}: "
    words += f"{rule.arrest_free} years without arrest end on {said(free)}."
    return Reason(rule.id, clause, words, max(end, free))


def _contradict(facts: PersonFacts, today: date) -> bool:
    days = (facts.born_on, facts.died_on, facts.last_arrest_on, facts.arrests_checked_on)
    known = [day for day in days if day is not None]
    born, died, arrested = facts.born_on, facts.died_on, facts.last_arrest_on
    return (
        any(day > today for day in known)
        or bool(born and died and died < born)
        or bool(born and arrested and arrested < born)
        or bool(died and arrested and arrested > died)
    )


def _case_reasons(cases: tuple[LinkedCase, ...]) -> tuple[Reason, ...]:
    found = []
    for case in cases:
        if case.disposed_on is not None:
            found.append(
                Reason(
                    "file_with_records",
                    "RET-10",
                    f"Case {case.case_number} was disposed of on {said(case.disposed_on)}.",
                    case.disposed_on,
                )
            )
        elif case.standing is None:
            found.append(Reason("file_with_records", "RET-10", f"Case {case.case_number} is kept."))
        else:
            why = case.standing.why
            words = f"Case {case.case_number}: {why.sentence}"
            found.append(Reason("file_with_records", "RET-10", words, case.standing.earliest, (why,)))
    return tuple(found)


def _records_reason(facts: PersonFacts, cases: tuple[Reason, ...]) -> Reason:
    if not cases:
        return Reason("file_with_records", "RET-10", "The file belongs to no case record.")
    days = [_day_of(case) for case in facts.cases]
    on = None if None in days else max(day for day in days if day is not None)
    kept = sum(case.disposed_on is None for case in facts.cases)
    if not kept:
        return Reason("file_with_records", "RET-10", "Every case record it belongs to was disposed of.", on, cases)
    words = f"The file is kept as long as every case record it belongs to; {kept} of {len(cases)} are kept."
    if len(cases) == 1:
        words = "The file is kept as long as the case record it belongs to."
    if on is not None:
        words = f"{words.removesuffix('.')}, so until {said(on)}."
    return Reason("file_with_records", "RET-10", words, on, cases)


def _day_of(case: LinkedCase) -> date | None:
    if case.disposed_on is not None:
        return case.disposed_on
    return case.standing.earliest if case.standing else None

"""How the records of one matter keep each other: none goes before the last of them is due (RET-11)."""

from dataclasses import replace
from datetime import date

from app.clauses import enforces
from app.policy.retention.types import LinkedCase, Reason, RetentionRules, Standing, Status
from app.policy.retention.words import BLOCKING, STATUS_WORDS, kept_standing, marked, summary

RULE = "one_matter"


@enforces("RET-11")
def of_matter(rules: RetentionRules, own: Standing, others: tuple[LinkedCase, ...], today: date) -> Standing:
    """Return the standing of a record among the others of its matter, each of which stands as it would alone.

    What was disposed of keeps nothing.
    """
    kept = [(case, case.standing) for case in others if case.standing is not None]
    if not kept:
        return own
    told = {case.case_number: _told(case, standing) for case, standing in kept}
    children = (*own.why.children, *told.values())
    if own.status in BLOCKING:
        return replace(own, why=replace(own.why, children=children))
    for status in BLOCKING:
        deciding = tuple(told[case.case_number] for case, standing in kept if standing.status == status)
        if deciding:
            words = f"Kept with a case of the same matter, which is {STATUS_WORDS[status]}."
            return kept_standing(rules, status, RULE, words, children, deciding)
    earliest = max(on for on in (own.earliest, *(standing.earliest for _, standing in kept)) if on is not None)
    if earliest == own.earliest:
        return replace(own, why=replace(own.why, children=children))
    deciding = tuple(reason for reason in told.values() if reason.on == earliest)
    status_now: Status = "disposable" if earliest <= today else "upcoming"
    sentence = f"{summary(earliest, today, several=False)} A case of the same matter is kept longest."
    why = Reason(RULE, rules.principles[RULE].authority[0], sentence, earliest, marked(children, deciding), True)
    return Standing(status_now, earliest, why)


def _told(case: LinkedCase, standing: Standing) -> Reason:
    words = f"Case {case.case_number}, of the same matter: {standing.why.sentence}"
    return Reason(RULE, "RET-11", words, standing.earliest, (standing.why,))

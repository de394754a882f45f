"""The standing of a case record on a day, with its reasons in plain words (RET-1 to RET-11).

Pure: ``standing_of_case(rules, facts, today)`` reads nothing but its arguments, so that a page can ask what would hold
if the facts were others. All periods are minimums: whatever is unknown, open, unconfirmed or held is kept.
"""

from dataclasses import replace
from datetime import date

from app.clauses import enforces
from app.policy.retention.dates import said
from app.policy.retention.matter import of_matter
from app.policy.retention.periods import Period, ended_on, period_of
from app.policy.retention.types import (
    CaseFacts,
    HistoryEntry,
    Proposal,
    Reason,
    RetentionRules,
    Standing,
)
from app.policy.retention.words import held_reasons, kept_standing, marked, summary


@enforces("RET-11")
def standing_of_case(rules: RetentionRules, facts: CaseFacts, today: date) -> Standing:
    """Calculate the standing of a case record on ``today``.

    A hold wins over everything; then a case that is not closed, a class nobody confirmed since the last change, a
    permanent class, an unknown day; else the longest of all periods decides. The other records of the matter keep it.
    """
    return of_matter(rules, _alone(rules, facts, today), facts.matter, today)


def _alone(rules: RetentionRules, facts: CaseFacts, today: date) -> Standing:
    closure = closed_on(rules, facts.history, today, facts.filed_on)
    holds = held_reasons(rules, facts.holds)
    closing, requests = _closing_reason(rules, facts, closure), _request_reasons(facts)
    classifying = _class_reason(rules, facts)
    periods = tuple(period_of(rules, class_id, facts, closure, today) for class_id in facts.classes)
    children = (*holds, closing, *requests, classifying, *(period.reason for period in periods))
    if holds:
        return kept_standing(rules, "held", "hold_wins", "Kept: a hold is in force.", children, holds)
    if closure is None or requests:
        waiting = requests if closure else (closing, *requests)
        return kept_standing(rules, "open", "closed_cases_only", "Kept: the case is at work.", children, waiting)
    if not _is_confirmed(facts):
        words = "Kept: the class of the final disposition is not confirmed."
        return kept_standing(rules, "unclassified", "class_confirmed", words, children, (classifying,))
    return _longest(rules, closing, today, children, periods)


def what_if(facts: CaseFacts, classes: tuple[str, ...]) -> CaseFacts:
    """Return the same facts as if a person had confirmed ``classes`` just now."""
    return replace(facts, classes=classes, history_seen=len(facts.history))


@enforces("RET-11")
def closed_on(
    rules: RetentionRules, history: tuple[HistoryEntry, ...], today: date, filed_on: date | None = None
) -> HistoryEntry | None:
    """Return the closure in force on ``today``, or None while the case is open.

    A closure from before a request of the case was filed (``filed_on``) does not stand: who files a request is at work
    on the case, whatever was recorded of it, and no period ends before what it keeps has begun.

    Only the four reasons close a case. A reopening (an appeal for example) voids every closure recorded before it
    or dated before its day, in whatever order they were entered; of several closures that stand the latest counts.
    """
    reopened = [(n, entry.on) for n, entry in enumerate(history) if entry.kind == "reopened"]
    standing = [
        entry
        for n, entry in enumerate(history)
        if entry.kind == "closed"
        and entry.value in rules.closures
        and (filed_on is None or entry.on >= filed_on)
        and not any(n < later or entry.on < on for later, on in reopened)
    ]
    last = max(standing, key=lambda entry: entry.on, default=None)
    return last if last is not None and last.on <= today else None


@enforces("RET-11")
def proposal(rules: RetentionRules, history: tuple[HistoryEntry, ...]) -> Proposal:
    """Return the proposed classes of a history: those of dispositions since the last reopening, else those before it.

    A class that an event ended is not proposed: the final disposition decides (INT-j). A person confirms.
    """
    last = max((n for n, entry in enumerate(history) if entry.kind == "reopened"), default=-1)
    found: tuple[list[str], list[str]] = ([], [])
    for n, entry in enumerate(history):
        known = rules.classes.get(entry.value) if entry.kind == "disposition" else None
        if known is not None and ended_on(known, history, date.max) is None:
            found[n > last].append(known.id)
    before, since = (tuple(dict.fromkeys(classes)) for classes in found)
    if not since:
        return Proposal(classes=before)
    return Proposal(classes=since, superseded=tuple(c for c in before if c not in since))


def _is_confirmed(facts: CaseFacts) -> bool:
    return bool(facts.classes) and facts.history_seen == len(facts.history)


def _closing_reason(rules: RetentionRules, facts: CaseFacts, closure: HistoryEntry | None) -> Reason:
    if closure is not None:
        title = rules.closures[closure.value].title
        return Reason(
            closure.value, "RET-11", f"The case was closed on {said(closure.on)}. Reason: {title}.", closure.on
        )
    closings = [entry.on for entry in facts.history if entry.kind == "closed"]
    if closings and facts.filed_on is not None and max(closings) < facts.filed_on:
        words = f"The closing on record, of {said(max(closings))}, lies before a request of the case was filed"
        return Reason("closing_after_filing", "RET-11", f"{words}, on {said(facts.filed_on)}.")
    if closings:
        return Reason("closed_cases_only", "RET-11", "The case was closed before, and is open again.")
    return Reason("closed_cases_only", "RET-11", "The case is not closed.")


def _request_reasons(facts: CaseFacts) -> tuple[Reason, ...]:
    at_work = (("request of", facts.open_requests), ("disclosure from", facts.open_disclosures))
    return tuple(_at_work(what, count) for what, count in at_work if count)


def _at_work(what: str, count: int) -> Reason:
    noun, _, link = what.partition(" ")
    words = f"One {noun} {link} the case is" if count == 1 else f"{count} {noun}s {link} the case are"
    return Reason("closed_cases_only", "RET-11", f"{words} still at work.")


def _class_reason(rules: RetentionRules, facts: CaseFacts) -> Reason:
    if not facts.classes:
        return Reason("class_confirmed", "RET-11", "No class has been confirmed for this record.")
    titles = ", ".join(rules.classes[c].title if c in rules.classes else f"'{c}' (unknown)" for c in facts.classes)
    if not _is_confirmed(facts):
        words = f"The history changed after the class was confirmed ({titles}); it must be confirmed again."
    else:
        words = f"The class is confirmed: {titles}."
    return Reason("class_confirmed", "RET-11", words)


def _longest(
    rules: RetentionRules, closing: Reason, today: date, children: tuple[Reason, ...], periods: tuple[Period, ...]
) -> Standing:
    kinds = {period.kind: tuple(p.reason for p in periods if p.kind == period.kind) for period in periods}
    if "permanent" in kinds:
        return kept_standing(rules, "permanent", "longest_period", "Kept permanently.", children, kinds["permanent"])
    if "unknown" in kinds:
        words = "Kept: a day or a class that the period depends on is not known."
        return kept_standing(rules, "unknown", "unknown_is_kept", words, children, kinds["unknown"])
    if "until" not in kinds:
        words = "Kept: the permanent period has ended, and no class of the final disposition is confirmed."
        return kept_standing(rules, "unknown", "unknown_is_kept", words, children, kinds["ended"])
    # An age may have been attained before the case was closed: the day of closing is the earliest of all.
    dated = (closing, *(period.reason for period in periods))
    earliest = max(reason.on for reason in dated if reason.on is not None)
    deciding = tuple(reason for reason in dated if reason.on == earliest)
    sentence = summary(earliest, today, several=len(periods) > 1)
    why = Reason("longest_period", "RET-11", sentence, earliest, marked(children, deciding), True)
    return Standing("disposable" if earliest <= today else "upcoming", earliest, why)

"""The comparison of a person's record with a request: what contradicts it, and what is not known (SRC-3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.clauses import enforces
from app.policy.examination.against import Against, Answers, findings, silence_faults
from app.policy.examination.types import Inconsistency
from app.policy.facts import Fault, check_questions
from app.policy.types import Policy
from app.policy.words import says_something

INTERVAL = re.compile(r"(\d{4}-\d{2}-\d{2})\s+to\s+(\d{4}-\d{2}-\d{2}|today)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One rule's judgement. ``computed``: what the portal held against what; ``finding``: what the examiner found.

    ``missing`` says what is not known, where nothing is. ``holds``: the contradiction is one that holds a nomination.
    ``contrary``: what was computed contradicts by itself; ``by_hand``: the examiner's finding does.
    """

    rule: Inconsistency
    status: Literal["inconsistent", "consistent", "not_known"]
    computed: str = ""
    finding: str = ""
    missing: str = ""
    holds: bool = False
    contrary: bool = False
    by_hand: bool = False

    @property
    def text(self) -> str:
        """Return all of it in one sentence or two."""
        said = f"The examiner's own finding: {self.finding}." if self.finding else ""
        return " ".join(part for part in (self.computed, said, self.missing) if part)


@enforces("SRC-3")
def compare(policy: Policy, against: Against) -> list[Comparison]:
    """Return every rule's judgement, in the order of the rules; none is left out for want of data."""
    return [_judged(policy, rule, against) for rule in policy.review.inconsistencies.values()]


def inconsistencies(policy: Policy, against: Against) -> list[Comparison]:
    """The judgements that must be answered before a nomination."""
    return [one for one in compare(policy, against) if one.status == "inconsistent"]


def check_items(policy: Policy, against: Against) -> list[Fault]:
    """Return what the answers of a background check lack: unreadable custody periods, support found in silence."""
    questions, items = policy.review.background, against.items
    found = check_questions(questions, items) + silence_faults(policy, against)
    try:
        list(intervals_of(items))
    except ValueError as error:
        found.append(Fault("custody_intervals", str(error), questions.id))
    for rule in policy.review.inconsistencies.values():
        named = says_something(items.get(rule.source_fact), policy.review.inconsistency_answer.min_source)
        if rule.source_fact and items.get(rule.fact) == "contradicts" and not named:
            least = policy.review.inconsistency_answer.min_source
            message = f"{rule.title}: say in at least {least} characters who or what it comes from."
            found.append(Fault(rule.source_fact, message, rule.id))
    return found


@enforces("CAP-3", "SRC-3")
def record_fault(items: Answers) -> Fault | None:
    """The fault of a photograph whose arrest is found to be sealed, voided, dismissed or expunged, or None."""
    if items.get("record_status") != "contradicts":
        return None
    message = "The arrest behind the photograph is no longer eligible; the candidate cannot be nominated."
    return Fault("record_status", message, "nominee_record_eligible")


def intervals_of(items: Answers) -> Iterator[tuple[date, date]]:
    """Return (first day, last day) of each recorded confinement, inclusive. Raises ValueError for any other line."""
    for line in filter(None, (line.strip() for line in str(items.get("custody_intervals") or "").splitlines())):
        wrong = f"Custody: \u201c{line[:60]}\u201d is not two days, such as 2026-01-02 to 2026-03-09."
        read = INTERVAL.fullmatch(line)
        if read is None:
            raise ValueError(wrong)
        try:
            first = date.fromisoformat(read[1])
            last = date.max if read[2].lower() == "today" else date.fromisoformat(read[2])
        except ValueError:
            raise ValueError(wrong) from None
        if first > last:
            raise ValueError(f"Custody: \u201c{line}\u201d ends before it begins.")
        yield first, last


def age_on(born: object, day: object) -> int | None:
    """Whole years from one ISO date to another, or None when either is not known."""
    birth, then = _day(born), _day(day)
    if birth is None or then is None:
        return None
    return then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))


def _judged(policy: Policy, rule: Inconsistency, against: Against) -> Comparison:
    measured = {"height": _height, "weight": _weight, "age": _age, "custody": _custody}.get(rule.kind)
    found = measured(rule, against) if measured else None
    finding = findings(policy, against).get(rule.fact)
    computed, said = found[1] if found else "", _finding_words(policy, rule, finding, against)
    contrary, by_hand = bool(found and found[0]), finding == "contradicts"
    if contrary or by_hand:
        holds = rule.holds and (rule.kind != "custody" or by_hand or _confined_throughout(against))
        return Comparison(rule, "inconsistent", computed, said, holds=holds, contrary=contrary, by_hand=by_hand)
    if found or finding == "supports":
        return Comparison(rule, "consistent", computed, said)
    return Comparison(rule, "not_known", missing=_missing(rule, against))


def _finding_words(policy: Policy, rule: Inconsistency, finding: object, against: Against) -> str:
    fact = next(fact for fact in policy.review.background.facts if fact.name == rule.fact)
    label = next((choice.label for choice in fact.choices if choice.value == finding), None)
    if not label or finding == "unknown":
        return ""
    source = str(against.items.get(rule.source_fact) or "").strip() if finding == "contradicts" else ""
    return f"{label} (source: {source})" if source else label


def _height(rule: Inconsistency, against: Against) -> tuple[bool, str] | None:
    return _apart(rule, against, "height_in")


def _weight(rule: Inconsistency, against: Against) -> tuple[bool, str] | None:
    return _apart(rule, against, "weight_lb")


def _apart(rule: Inconsistency, against: Against, name: str) -> tuple[bool, str] | None:
    recorded, stated = _number(against.recorded.get(name)), _number(against.description.get(name))
    if recorded is None or stated is None:
        return None
    off = abs(recorded - stated)
    return off > rule.limit, rule.says.format(recorded=f"{recorded:g}", stated=f"{stated:g}", off=f"{off:g}")


def _age(rule: Inconsistency, against: Against) -> tuple[bool, str] | None:
    born, taken = _day(against.recorded.get("born_on")), _day(against.circumstances.get("taken_on"))
    if rule.says_unborn and born is not None and taken is not None and taken < born:
        return True, rule.says_unborn.format(recorded=born.isoformat(), stated=taken.isoformat())
    years = age_on(against.recorded.get("born_on"), against.circumstances.get("date"))
    least, most = (_number(against.description.get(name)) for name in ("age_from", "age_to"))
    if years is None or (least is None and most is None):
        return None
    outside = (least is not None and years < least - rule.limit) or (most is not None and years > most + rule.limit)
    band = f"{least:g} to {most:g}" if least is not None and most is not None else ""
    stated = band or (f"{least:g} or older" if least is not None else f"{most:g} or younger")
    return outside, rule.says.format(recorded=years, stated=stated, off="")


def _custody(rule: Inconsistency, against: Against) -> tuple[bool, str] | None:
    day = _day(against.circumstances.get("date"))
    try:
        intervals = list(intervals_of(against.items))
    except ValueError:
        return None
    if day is None or not intervals:
        return None
    held = next((one for one in _joined(intervals) if one[0] <= day <= one[1]), None)
    if held is None:
        return False, f"No recorded confinement covers {day.isoformat()}."
    recorded = f"{held[0].isoformat()} to {'today' if held[1] == date.max else held[1].isoformat()}"
    return True, rule.says.format(recorded=recorded, stated=day.isoformat(), off="")


def _joined(intervals: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """Join confinements without a free day between them: no way of writing them down makes a gap."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(intervals):
        if found and first.toordinal() <= found[-1][1].toordinal() + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _confined_throughout(against: Against) -> bool:
    """Tell whether a recorded confinement began before the day of the matter and ended after it."""
    day = _day(against.circumstances.get("date"))
    return day is not None and any(first < day < last for first, last in _joined(list(intervals_of(against.items))))


def _missing(rule: Inconsistency, against: Against) -> str:
    if rule.kind in ("height", "weight"):
        name = "height_in" if rule.kind == "height" else "weight_lb"
        lacking = [
            words
            for words, source in (("on record", against.recorded), ("described", against.description))
            if _number(source.get(name)) is None
        ]
        return f"Not known: none is {' and none '.join(lacking)}."
    if rule.kind == "age":
        born = _day(against.recorded.get("born_on")) is None
        return "Not known: no date of birth is on record." if born else "Not known: no age or date is stated."
    return "Not known."


def _number(value: object) -> float | None:
    try:
        return float(str(value).strip())
    except ValueError:
        return None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError:
        return None

"""The numbering schemes of cases: whether a number has an accepted form, and how the same number is always written.

People type one number in several ways ("2026-075-1234", "2026-075-01234"). What stands in the rows is its canonical
form, so that everything that compares numbers compares those.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.clauses import enforces
from app.policy.days import present_day
from app.policy.facts import Fault
from app.policy.forms import CaseNumber
from app.policy.types import Policy

#: every stroke that people and their keyboards use between the parts of a number
_STROKES = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number as it was read: its canonical form, and the id of its scheme (none: it fits no scheme)."""

    canonical: str
    scheme: str | None


def plain_number(text: str) -> str:
    """Return a number in capital letters, plain strokes and characters, without spaces; its form is not looked at."""
    visible = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return _STROKES.sub("-", visible.strip().upper())


@enforces("REQ-2")
def read_number(policy: Policy, text: str) -> Numbered:
    """Read a number by the schemes of the rules; one that fits none stands as it was typed."""
    plain = plain_number(text)
    for scheme in policy.request.case_numbers:
        # by ASCII digits alone: those of other scripts would make another number that looks the same
        found = re.fullmatch(scheme.pattern, plain, re.ASCII)
        if found:
            return Numbered(_padded(scheme, found), scheme.id)
    return Numbered(plain, None)


def _padded(scheme: CaseNumber, found: re.Match[str]) -> str:
    written = found.string
    # from the right, so that what was padded moves no part still to come
    for padding in sorted(scheme.padding, key=lambda one: found.start(one.part), reverse=True):
        digits = found[padding.part].lstrip("0").rjust(padding.digits, "0")
        written = written[: found.start(padding.part)] + digits + written[found.end(padding.part) :]
    return written


def scheme_faults(scheme: CaseNumber) -> Iterator[str]:
    """Yield what is wrong with a numbering scheme: a pattern that is none, examples that are not one number."""
    try:
        pattern = re.compile(scheme.pattern, re.ASCII)
    except re.error as error:
        yield f"the pattern is not a regular expression: {error}"
        return
    unknown = [padding.part for padding in scheme.padding if padding.part not in pattern.groupindex]
    yield from (f"the pattern has no part '{part}' to be padded" for part in unknown)
    if unknown:
        return
    for written in (scheme.example, *scheme.also):
        found = pattern.fullmatch(plain_number(written))
        if found is None:
            yield f"the example does not fit the pattern: '{written}'"
        elif _padded(scheme, found) != scheme.example:
            yield f"'{written}' is written '{_padded(scheme, found)}', which is not the example"


def canonical_number(policy: Policy, text: str) -> str:
    """Return the one form in which this number stands in every row."""
    return read_number(policy, text).canonical


@enforces("REQ-2")
def check_case_number(policy: Policy, number: str, *, linked: bool = False, today: date | None = None) -> list[Fault]:
    """Check that a number fits one of the schemes under which requests are filed, its year none to come.

    `linked`: any scheme.
    """
    schemes = [scheme for scheme in policy.request.case_numbers if linked or scheme.files]
    read = read_number(policy, number)
    scheme = next((one for one in schemes if one.id == read.scheme), None)
    if scheme is not None:
        return _year_faults(scheme, read.canonical, today or present_day())
    examples = " or ".join(f"a {scheme.title.lower()} such as {scheme.example}" for scheme in schemes)
    problem = f"'{read.canonical[:40]}' has no accepted form" if read.canonical else "Give the number of the matter"
    return [Fault("case_number", f"{problem}: {examples}.", schemes[0].id)]


def _year_faults(scheme: CaseNumber, canonical: str, today: date) -> list[Fault]:
    found = re.fullmatch(scheme.pattern, canonical, re.ASCII)
    year = int(found["year"]) if found and "year" in found.groupdict() else today.year
    if scheme.future or year <= today.year:
        return []
    said = f"'{canonical[:40]}': the year {year} lies in the future. Check the number; it is {today.year} now."
    return [Fault("case_number", said, scheme.id)]

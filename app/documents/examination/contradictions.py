"""The contradictions of a candidate in documents that speak of one: printed first, and read back (SRC-3, EXT-2)."""

from __future__ import annotations

from app.clauses import enforces
from app.documents import checks, fonts
from app.documents.errors import RenderError
from app.documents.examination.facts import Contradiction, Contradictions, Judged
from app.documents.facts import Person

NOTHING_FOUND = "No contradiction between the record of the candidate and the request is recorded."
NOT_CHECKED = "No background check of the candidate is recorded."
UNANSWERED = "Not answered."
UNJUDGED = "No supervisor's agreement with an answer is recorded."


@enforces("SRC-3", "EXT-2")
def require_contradictions(pdf: bytes, contradictions: Contradictions) -> None:
    """Raise RenderError unless the finished file says everything that contradicts the candidate."""
    printed = [fonts.printable(text) for text in contradictions.texts]
    lacking = checks.missing_words(checks.page_texts(pdf), printed)
    if lacking is not None:
        raise RenderError(f"The document leaves out what contradicts the candidate (SRC-3): {lacking[:60]}")


@enforces("SRC-3", "EXT-2")
def require_heads(pdf: bytes, contradictions: Contradictions) -> None:
    """Raise RenderError unless page 1 names each contradiction and each unexplained difference."""
    heads = [fonts.printable(text) for text in contradictions.heads]
    lacking = checks.missing_words(checks.page_texts(pdf)[:1], heads)
    if lacking is not None:
        raise RenderError(f"Page 1 does not name what contradicts the candidate (SRC-3): {lacking[:60]}")


@enforces("SRC-3", "EXT-2")
def statement(department: str, case_number: str, report_number: str, found: Contradictions) -> str:
    """Return the same as plain text, for a package beside a report of before or after."""
    lines = [
        department,
        f"What contradicts the candidate of report {report_number}, case {case_number}",
        "A possible match candidate is an investigative lead. It is not probable cause.",
        "",
    ]
    lines += [] if found.checked else [NOT_CHECKED, ""]
    if found.checked and not found.found:
        lines += [NOTHING_FOUND, ""]
    for one in found.found:
        lines += [*_lines(one), ""]
    if found.unexplained:
        lines += [f"Different in the faces, and unexplained: {'; '.join(found.unexplained)}"]
        lines += [f"  The examiner's justification: {found.justification or 'none is recorded'}", ""]
    if found.not_known:
        lines += [f"Not known, and so not compared: {', '.join(found.not_known)}.", ""]
    lines += _verdicts(found)
    return "\n".join(lines)


def _verdicts(found: Contradictions) -> list[str]:
    """Return the verdicts of peers in a part of their own, those against first, and what came after the report so."""
    lines = ["Verdicts of peers on this person in other rounds of the matter", ""] if found.verdicts else []
    for one in found.verdicts:
        weight = " (did not carry a possible match)" if one.against else ""
        when = f"{one.at:%Y-%m-%d %H:%M:%S} {one.at.tzname()}" if one.at else ""
        label = "Later verdict, after this report" if one.later else "Earlier verdict"
        lines.append(", ".join(part for part in (label, when, one.where) if part) + f": {one.said}{weight}")
        lines += [f"  {_name(one.who)}: {one.reason}"] if one.who is not None else []
    lines += [f"New since: {text}" for text in found.new_since]
    lines += [f"Not new to a peer reviewer: {text}" for text in found.not_fresh]
    return [*lines, ""] if lines else []


def _lines(one: Contradiction) -> list[str]:
    found = [f"{one.title}: {one.head}", *(f"  Found before: {text}" for text in one.earlier)]
    for label, each in one.told:
        when = f", {each.at:%Y-%m-%d %H:%M:%S} {each.at.tzname()}" if each.at else ""
        found += [f"  {label}{when}:", f"    The portal computed: {each.computed or 'nothing'}"]
        found.append(f"    The examiner found: {each.finding or 'nothing recorded'}")
    found += [] if one.standing else ["  The last check does not find it any more."]
    found.append(f"  Answer of {_name(one.answered_by)}: {one.answer or UNANSWERED}")
    found += [f"  Why it does not stand: {one.ground}"] if one.ground else []
    found += [f"  Source: {one.source}"] if one.source else []
    found += [f"  {_judged(judged)}" for judged in one.judged] or [f"  {UNJUDGED}"]
    return found


def _judged(judged: Judged) -> str:
    of = f" (of the earlier answer: {judged.of})" if judged.of else ""
    said = "agrees" if judged.agreed else "does not agree"
    return f"{_name(judged.who)} {said}{of}: {judged.words}"


def _name(person: Person) -> str:
    return " ".join(part for part in (person.rank, person.name) if part)

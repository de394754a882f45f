"""The portal's own knowledge of a case, beside what a person typed of it: class, days, contradictions (RET-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.calendar import day_of
from app.clauses import enforces
from app.domain.matters.links import parted_from
from app.domain.retention.contradictions import of_closings, of_events, of_people
from app.domain.retention.eligibility import filed_on, history_of, requests_of
from app.extensions import db
from app.models.approval import Arrest, Report
from app.models.base import filled
from app.models.identification import Search
from app.models.matters import in_matter_of
from app.models.requests import FRRequest
from app.models.retention import CaseHistory, CaseRecord
from app.policy import policy
from app.policy.retention.dates import said
from app.policy.retention.periods import ended_on
from app.policy.retention.types import RetentionClass
from app.policy.words import different_words, long_enough
from app.storage.errors import StorageError

#: longer than any period of years
FOR_EVER = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """A case as the portal knows it.

    `confirmed` and `suspected` are classes by title; `days` are (what happened, on which day).
    `contradictions`: sentences, without any name. `sources` of final dispositions, in the words of whoever recorded
    them, which may name somebody: sealed wherever they are kept.
    """

    confirmed: tuple[str, ...]
    suspected: tuple[str, ...]
    days: tuple[tuple[str, date], ...]
    contradictions: tuple[str, ...]
    sources: tuple[str, ...] = ()


def kept_for(rule: RetentionClass) -> int:
    """Return how long a class is kept at least, for comparing classes: years after the closing, or after the matter."""
    if rule.keep in ("permanent", "permanent_until"):
        return FOR_EVER
    return (rule.age or 0) - (rule.under or 0) + (rule.years or 0)


@enforces("RET-11")
def suspected(record: CaseRecord) -> list[RetentionClass]:
    """Return the classes that the offenses named in the requests of the case suggest, the longest kept first."""
    rules, found = policy().retention, []
    for request in requests_of(record):
        try:
            facts = request.private.get("facts") or {}
        except StorageError:
            continue  # what cannot be opened keeps the record by itself
        named = str(facts.get(rules.suspicion.fact) or "").casefold()
        listed = policy().request.seriousness.offense(facts.get(policy().request.seriousness.fact))
        if listed is not None:
            found.append(rules.classes[listed.kept_as])
        for offense in rules.suspicion.offenses:
            if any(word in named for word in offense.words):
                found.append(rules.classes[offense.class_id])
    return sorted(dict.fromkeys(found), key=kept_for, reverse=True)


def below(record: CaseRecord, class_id: str) -> RetentionClass | None:
    """Return the class that the requests suspected, where this one is kept for less long."""
    rule, longest = policy().retention.classes.get(class_id), next(iter(suspected(record)), None)
    return longest if rule is not None and longest is not None and kept_for(rule) < kept_for(longest) else None


@enforces("RET-11")
def unsourced(record: CaseRecord, class_id: str, source: str) -> str | None:
    """Return what a disposition below the suspected class lacks: words that name its source."""
    longest, rule = below(record, class_id), policy().retention.suspicion
    words = different_words(source)
    if longest is None or (long_enough(source, rule.min_length) and len(words) >= rule.min_words):
        return None
    return f"A request of this case suspected “{longest.title}”: name the source of this disposition."


def _last(column: object, *where: object) -> date | None:
    moment = db.session.scalar(select(func.max(column)).where(*where))  # type: ignore[arg-type]
    return None if moment is None else day_of(moment)


def last_arrest(record: CaseRecord) -> date | None:
    """Return the day on which an arrest of the matter was last reported."""
    ids = select(FRRequest.id).where(in_matter_of(FRRequest.case_number, record.case_number))
    return _last(Arrest.created_at, Arrest.request_id.in_(ids))


@enforces("RET-11")
def known_of(record: CaseRecord) -> Known:
    """Gather class, days and contradictions of a case record, for whoever decides about it."""
    rules, ids = policy().retention, select(FRRequest.id).where(in_matter_of(FRRequest.case_number, record.case_number))
    seen = (
        ("Last request filed", filed_on(record)),
        ("Last search finished", _last(Search.finished_at, Search.request_id.in_(ids))),
        ("Last report delivered", _last(Report.delivered_at, Report.request_id.in_(ids))),
        ("Last arrest reported", last_arrest(record)),
    )
    days = tuple((what, on) for what, on in seen if on is not None)
    closings = [line.on for line in record.history if line.kind == "closed"]
    told = tuple(("Closing recorded", on) for on in closings)
    found = list(of_people(record))
    found += [
        f"{what} on {said(on)}, after the closing that is recorded for {said(max(closings))}."
        for what, on in days
        if closings and max(closings) < on
    ]
    found += of_closings(record, last_arrest(record))
    found += of_events(record, suspected(record))
    for line in record.history:
        found += _of_disposition(record, line)
    found += _longer_than_confirmed(record)
    found += [
        f"Until {said(day_of(filled(row.ended_at)))} it was of one matter with case "
        f"{row.other(record.case_number).number}; a person ended the link."
        for row in parted_from(record.case_number)
    ]
    return Known(
        confirmed=tuple(rules.classes[name].title if name in rules.classes else name for name in record.classes),
        suspected=tuple(rule.title for rule in suspected(record)),
        days=(*days, *told),
        contradictions=tuple(found),
        sources=tuple(_sources(record)),
    )


def _sources(record: CaseRecord) -> Iterator[str]:
    classes = policy().retention.classes
    for line in record.history:
        if line.kind != "disposition":
            continue
        try:
            note = str(line.private.get("note") or "no source is recorded")
        except StorageError:
            note = "the source cannot be read"
        yield f"{classes[line.value].title if line.value in classes else line.value}, {said(line.on)}: {note}"


def _of_disposition(record: CaseRecord, line: CaseHistory) -> list[str]:
    if line.kind != "disposition":
        return []
    longest, title = below(record, line.value), policy().retention.classes.get(line.value)
    if longest is None or title is None:
        return []
    try:
        note = str(line.private.get("note") or "")
        source = "its source is printed with it" if note else "no source is recorded"
    except StorageError:
        source = "its source cannot be read"
    return [f"“{title.title}” of {said(line.on)} is below “{longest.title}”, which a request suspected; {source}."]


def _longer_than_confirmed(record: CaseRecord) -> list[str]:
    """Return the dispositions, also of before a reopening, of a class kept for longer than the class confirmed.

    An event of its own may have ended a permanent one: then the final disposition decides.
    """
    rules, history = policy().retention, history_of(record)
    confirmed = [rules.classes[name] for name in record.classes if name in rules.classes]
    if not confirmed:
        return []
    longest = max(confirmed, key=kept_for)
    found = []
    for line in history:
        rule = rules.classes.get(line.value) if line.kind == "disposition" else None
        if rule is None or kept_for(rule) <= kept_for(longest) or ended_on(rule, history, date.max):
            continue
        found.append(
            f"“{rule.title}” of {said(line.on)} is kept for longer than “{longest.title}”, which is confirmed."
        )
    return list(dict.fromkeys(found))


def written(known: Known) -> dict[str, Any]:
    """Return the same as a disposal keeps it, for the certificate; the sources are sealed with the disposal."""
    return {
        "confirmed": list(known.confirmed),
        "suspected": list(known.suspected),
        "days": [[what, on.isoformat()] for what, on in known.days],
        "contradictions": list(known.contradictions),
    }

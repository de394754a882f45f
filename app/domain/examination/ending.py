"""The end of a round without a candidate: what became of each one listed, and why nobody is put forward (SRC-7)."""

from __future__ import annotations

import re
from datetime import datetime

from app.access.actor import Actor
from app.clauses import enforces
from app.documents.examination.findings import Examined
from app.domain.examination.earlier_verdicts import verdicts_of
from app.models.approval import Report
from app.models.base import filled, now
from app.models.examination import Round
from app.models.identification import Search
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.words import plain
from app.storage import KeyDestroyed
from app.workflow.facts import Facts
from app.workflow.registry import condition

#: printed in the place of a reason of before, which names a person of the gallery
KEPT_BACK = "What was written names a candidate; it stays in the file of the request."


@enforces("SRC-2", "SRC-7")
def examined(search: Search, round_: Round | None) -> Examined:
    """Count what became of each candidate of a search; nothing is counted as compared that has no disposition."""
    rows = round_.dispositions if round_ is not None else []
    verdicts = [row.verdict for row in rows]
    ended = (round_.concluded_at if round_ is not None else None) or now()
    done = {row.candidate_id for row in rows}
    put_forward = round_ is not None and round_.nominee_id is not None
    peers = verdicts_of(round_) if round_ is not None else []
    against = sum(one.stands_against for one in peers)
    open_ones = [one for one in search.candidates if one.id not in done]
    return Examined(
        listed=len(search.candidates),
        excluded=verdicts.count("excluded"),
        retained=verdicts.count("retained"),
        incomparable=verdicts.count("incomparable"),
        left=sum(_left(one.photo.removed_at, ended) for one in open_ones),
        left_compared=sum(_left(one.photo.removed_at, ended) for one in search.candidates if one.id in done),
        reason=_printed(round_, "conclusion"),
        retained_reason=_printed(round_, "retained_reason"),
        supporting=len(peers) - against if put_forward else None,
        opposing=against if put_forward else None,
    )


def examined_for(report: Report) -> Examined:
    """Count the same for a report of before or now."""
    round_ = report.round
    return examined(round_.search if round_ is not None else filled(report.request.current_search), round_)


def _left(removed_at: datetime | None, ended: datetime) -> bool:
    return removed_at is not None and removed_at <= ended


def _printed(round_: Round | None, name: str) -> str | None:
    # what a supervisor decided has its own words; those of an earlier round are no reason of this result
    text = str(round_.private.get(name) or "") if round_ is not None and round_.nominee_id is None else ""
    return (KEPT_BACK if round_ is not None and named_in(round_, text) else text) or None


@enforces("SRC-7", "ACC-1")
def named_in(round_: Round, text: str) -> str | None:
    """Return the record number or the name of a candidate of the round that a text holds, or None."""
    said = _words(text)
    for candidate in round_.search.candidates:
        try:
            name = str(candidate.person.private.get("name") or "")
        except KeyDestroyed:
            name = ""
        for known in (candidate.photo.record_number, name):
            words = _words(known)
            if words and f" {words} " in f" {said} ":
                return known
    return None


def _words(text: str) -> str:
    """Return a text as its words alone: no hyphen, comma or capital letter hides a name."""
    return " ".join(re.findall(r"[^\W_]+", plain(text).casefold()))


def retained_in(round_: Round) -> int:
    """Count the candidates that the examiner retained."""
    return sum(row.verdict == "retained" for row in round_.dispositions)


@condition("retained_explained", "SRC-2", "SRC-7", written_by=("conclude_none",))
def retained_explained(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask why nobody is put forward although somebody was retained: a text of its own, not the reason once more."""
    round_ = request.current_round
    kept = retained_in(round_) if round_ is not None else 0
    said = str(facts.get("retained_reason") or "")
    if not kept:
        return None
    if not gives_reason(policy(), said):
        return f"{kept} retained, and nobody is put forward: write why not."
    if _words(said) == _words(str(facts.get("reason") or "")):
        return "Why no retained candidate is put forward is the reason once more: say what speaks against them."
    return None


@condition("result_names_nobody", "SRC-7", "ACC-1", written_by=("conclude_none",))
def result_names_nobody(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Keep candidates out of the reasons, which the negative report prints."""
    round_ = request.current_round
    for name in ("reason", "retained_reason"):
        named = named_in(round_, str(facts.get(name) or "")) if round_ is not None else None
        if named:
            return f"The report prints what you write and names no candidate: leave out \u201c{named}\u201d."
    return None

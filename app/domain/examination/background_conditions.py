"""Before a nomination: differences justified, the record still eligible, inconsistencies answered (SRC-2, SRC-3)."""

from __future__ import annotations

from typing import Any

from app.access.actor import Actor
from app.calendar import day_of
from app.domain.examination.contradictions import WITHHELD, Contradiction, contradictions_of, lacking, of_nominee
from app.models.examination import BackgroundCheck
from app.models.gallery import GalleryPerson
from app.models.identification import Candidate
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.examination.against import UNKNOWN, Against, findings
from app.policy.examination.background import inconsistencies, record_fault
from app.policy.examination.worksheet import check_justified
from app.storage import KeyDestroyed
from app.workflow.facts import Facts, first
from app.workflow.registry import condition


def against_of(request: FRRequest, person: GalleryPerson, check: BackgroundCheck | None) -> Against:
    """Gather a person's record, the request's statements and the examiner's findings, to be compared."""
    try:
        recorded = person.private
    except KeyDestroyed:
        recorded = {}  # an erased record holds nothing
    return Against(
        recorded=recorded,
        description=request.private.get("description") or {},
        circumstances={**(request.private.get("circumstances") or {}), **_taken(request, check)},
        items=check.private.get("items", {}) if check else {},
    )


def _taken(request: FRRequest, check: BackgroundCheck | None) -> dict[str, str]:
    """Return the day on which the probe of the round was taken, as it was stated."""
    round_ = check.round if check else request.current_round
    taken = round_.search.image.taken_at if round_ else None
    return {"taken_on": day_of(taken).isoformat()} if taken else {}


def findings_of(check: BackgroundCheck) -> dict[str, Any]:
    """Return what a recorded check found, as it may be shown: what was found in silence is not known (SRC-3)."""
    return findings(policy(), against_of(check.round.request, check.candidate.person, check))


def compared_in(check: BackgroundCheck) -> list[dict[str, str]]:
    """Return how each rule judged when a check was recorded: {rule, status, text}, support found in silence undone."""
    stands, rules = findings_of(check), policy().review.inconsistencies
    kept = []
    for one in check.private.get("compared", ()):
        rule = rules.get(one["rule"])
        silent = one["status"] == "consistent" and rule is not None and stands.get(rule.fact) == UNKNOWN
        kept.append({**one, "status": "not_known", "text": ""} if silent else one)
    return kept


def nominee_in(request: FRRequest, facts: Facts) -> Candidate | None:
    """Return whom a step is about: the candidate that a page asks about beforehand, else the nominee of the round."""
    if "nominee" in facts:
        return facts["nominee"]
    return request.current_round.nominee if request.current_round else None


def _check(request: FRRequest, facts: Facts) -> BackgroundCheck | None:
    round_, nominee = request.current_round, nominee_in(request, facts)
    return round_.background_of(nominee) if round_ and nominee else None


@condition("unexplained_justified", "SRC-2", "SRC-4", "SRC-5", written_by=("nominate",), chosen_as="nominee")
def unexplained_justified(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    nominee = nominee_in(request, facts)
    disposition = round_.disposition_of(nominee) if round_ and nominee else None
    if disposition is None:
        return "The nominated candidate was not compared."
    given = disposition.private
    return first(check_justified(policy(), given.get("features", {}), str(given.get("justification") or "")))


@condition("nominee_record_eligible", "CAP-3", "SRC-3", written_by=("nominate",), chosen_as="nominee")
def nominee_record_eligible(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    check = _check(request, facts)
    fault = record_fault(check.private.get("items", {}) if check else {})
    return fault.message if fault else None


@condition("inconsistencies_answered", "SRC-3", "EXT-2", written_by=("nominate",), chosen_as="nominee")
def inconsistencies_answered(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Compare with the record as it is now, not as it was when the check was made."""
    check = _check(request, facts)
    if check is None:
        return "No background check of the nominated candidate is recorded."
    found = contradictions_of(check.round, check.candidate)
    return _unrecorded(request, check, found) or first(lacking(found))


def _unrecorded(request: FRRequest, check: BackgroundCheck, found: list[Contradiction]) -> str | None:
    """Return what contradicts the candidate and is not in the round's check: the record, or another check, is newer."""
    elsewhere = [one.title for one in found if one.check is not check or one.computed == WITHHELD]
    told = {(one.rule_id, said) for one in found for said in (one.computed, one.text)}
    fresh = [
        one.rule.title
        for one in inconsistencies(policy(), against_of(request, check.candidate.person, check))
        if not {(one.rule.id, one.computed), (one.rule.id, one.text)} & told
    ]
    missing = ", ".join(dict.fromkeys([*fresh, *elsewhere]))
    return (
        f"{missing}: found since the check was recorded. Record the check anew, with the answer." if missing else None
    )


@condition("holding_agreed", "SRC-3", "EXT-2", written_by=("nominate",), chosen_as="nominee")
def holding_agreed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask for a second person: the examiner alone cannot set a confinement or an alibi aside."""
    round_, nominee = request.current_round, nominee_in(request, facts)
    found = contradictions_of(round_, nominee) if round_ and nominee else []
    waiting = [one for one in found if one.holds and not one.agreed]
    return f"No supervisor agrees yet with the answer on {_titles(waiting)}." if waiting else None


@condition("contradictions_agreed", "SRC-3", "SRC-5", "EXT-2")
def contradictions_agreed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Ask for agreement with each by whoever decides: that of somebody else, or with other words, is none."""
    found = of_nominee(request.current_round)
    open_ones = [one for one in found if not one.agreed_by(actor.id)]
    if not open_ones:
        return None
    opposed = [one for one in open_ones if one.opposed]
    said = f" A supervisor does not agree with the answer on {_titles(opposed)}." if opposed else ""
    return f"Your own agreement is missing with the answer on {_titles(open_ones)}.{said}"


def _titles(found: list[Contradiction]) -> str:
    return ", ".join(one.title.lower() for one in found)

"""The offense a request names, and the crime a supervisor stated for one that names none (CAP-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import audit
from app.access.actor import Actor
from app.domain.requests.retractions import told
from app.models.base import now
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.facts import answered
from app.policy.offenses import Offense, no_crime, statement_fault
from app.workflow.facts import Facts
from app.workflow.registry import condition

#: what stands for the offense of a request that was filed before it was chosen from a list
NOT_ASKED = "Not asked then"


def not_a_crime(request: FRRequest) -> str | None:
    """Return why what the request suspects is no crime, or None."""
    return no_crime(policy().request.seriousness, request.use_id, request.private.get("facts") or {})


def named_offense(request: FRRequest) -> Offense | None:
    """Return the offense chosen from the list; None under another use, and of a request of before."""
    rule = policy().request.seriousness
    facts = request.private.get("facts") or {}
    return rule.offense(facts.get(rule.fact)) if request.use_id in rule.uses else None


def note_class(request: FRRequest) -> None:
    """Keep the class of the offense with the row, for the figures; what was stated for an earlier filing is gone."""
    offense = named_offense(request)
    request.offense_class, request.stated_class = (offense.class_id if offense else None), None
    request.seal(stated_crime=None)


def state_crime(request: FRRequest, actor: Actor, stated: Mapping[str, str]) -> None:
    """Record the crime that the supervisor of the discussion states, with when and by whom."""
    rule = policy().request.seriousness
    crime, offense = rule.offense(stated.get("crime")), named_offense(request)
    if crime is None or offense is None:
        return
    request.stated_class = crime.class_id
    said = {"crime": crime.id, "because": stated.get("because", "").strip()}
    request.seal(stated_crime={**said, "by": actor.display_name, "by_id": actor.id, "at": now().isoformat()})
    audit.record("request.crime_stated", request, actor=actor, **{"crime": crime.id, "class": offense.class_id})


def _unstated(lacking: str, stated: Mapping[str, Any]) -> str | None:
    """Return what a statement lacks that goes with a request which names no crime, or None."""
    fault = statement_fault(policy(), stated.get("crime"), stated.get("because"))
    return f"{lacking} {fault}" if fault else None


@condition("crime_stated", "CAP-9")
def crime_stated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    lacking = not_a_crime(request)
    return None if lacking is None else _unstated(lacking, facts["stated"])


@condition("crime_on_record", "CAP-9")
def crime_on_record(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    lacking, stated = not_a_crime(request), request.private.get("stated_crime") or {}
    if lacking is None:
        return None
    if stated.get("by_id") != request.discussing_supervisor_id:
        return f"{lacking} The supervisor of the discussion stated no crime."
    return _unstated(lacking, stated)


def basis_answers(request: FRRequest) -> list[tuple[str, Any]]:
    """(question, answer) for every fact of the use; then the crime that a supervisor stated, by whom, when and why.

    Last, answers that would have refused the request and were changed: so they stand in the file and in the report.
    """
    use, rule, private = policy().uses.get(request.use_id or ""), policy().request.seriousness, request.private
    if use is None:
        return []
    given = dict(private.get("facts") or {})
    if use.id in rule.uses and request.state != "draft" and not given.get(rule.fact):
        given[rule.fact] = NOT_ASKED
    stated = private.get("stated_crime") or {}
    crime = rule.offense(stated.get("crime"))
    rows = answered(use.facts, given)
    if crime is not None:
        said = f"{rule.named(crime)}. {stated['because']}"
        rows.append((f"Crime suspected, as {stated['by']} stated on {stated['at'][:10]}", said))
    return rows + told(request)

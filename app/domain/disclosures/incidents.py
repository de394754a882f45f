"""Disclosures that broke the identifying information law: record, report, harm, notice (EXT-10).

Every verb needs an open unit of work and raises Refused; none commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.numbers import draw
from app.extensions import db, stores
from app.models.base import now
from app.models.disclosures import Disclosure, Incident
from app.policy import policy
from app.policy.names import IncidentVerb
from app.policy.reasons import gives_reason
from app.workflow.engine import advance, explain, refuse_if

SHORTEST = 20


@enforces("EXT-10")
def record(actor: Actor, disclosure: Disclosure | None, aware_at: datetime, what: str) -> Incident:
    """Record an incident from when it became known. Raises Refused for a future time and for too few words."""
    check_capability(actor, "incident.keep")
    rule = policy().disclosure.incident.id
    refuse_if(rule, aware_at > now(), "The moment of awareness lies in the future.")
    early = disclosure is not None and aware_at < disclosure.created_at
    refuse_if(rule, early, "The moment of awareness lies before the disclosure began.")
    refuse_if(
        rule, not gives_reason(policy(), what, SHORTEST), f"Describe what happened in at least {SHORTEST} characters."
    )
    incident = Incident(
        number=draw("I"),
        key_id=stores().keys.create(),
        policy_version=policy().version,
        disclosure=disclosure,
        aware_at=aware_at,
        recorded_by_id=actor.id,
    )
    incident.seal(what=what.strip())
    db.session.add(incident)
    db.session.flush()
    number = disclosure.number if disclosure is not None else None
    audit.record("incident.recorded", incident, actor=actor, disclosure=number)
    return incident


def _advance_with(incident: Incident, verb: IncidentVerb, actor: Actor, columns: dict[str, Any], **facts: Any) -> None:
    """Take a step whose conditions read its own columns; it is checked first, so that a refusal changes nothing."""
    refused = explain(incident, verb, actor, **facts)
    if refused is not None:
        raise refused
    for name, value in columns.items():
        setattr(incident, name, value)
    advance(incident, verb, actor, **facts)


def judgements(incident: Incident, name: str) -> list[dict[str, Any]]:
    """Return every assessment of harm, or every decision on notice, oldest first; the last is the one that stands.

    Of what an earlier version recorded only the last is there, without a day.
    """
    private = incident.private
    if name in private:
        return list(private[name])
    if name == "assessments" and "harm_reason" in private:
        return [{"harm": incident.harm, "reason": private["harm_reason"]}]
    if name == "notices" and "notice_reason" in private and incident.notice is not None:
        answers = {key: getattr(incident, key) for key in ("notice", "required_by_law", "consulted")}
        return [{**answers, "reason": private["notice_reason"], "text": private.get("notice_text", "")}]
    return []


def _keep(incident: Incident, earlier: Mapping[str, Any], name: str, actor: Actor, **said: Any) -> None:
    """Add a judgement to those of before the step: what was decided once stays on record with its reason."""
    made = {**said, "by": actor.display_name, "at": now().isoformat(), "policy_version": policy().version}
    incident.seal(**{**earlier, name: [*earlier[name], made]})


def _all_judgements(incident: Incident) -> dict[str, Any]:
    return {name: judgements(incident, name) for name in ("assessments", "notices")}


@enforces("EXT-10")
def report_to_cpo(incident: Incident, actor: Actor, reference: str, at: datetime) -> None:
    """Record the report to the City Chief Privacy Officer."""
    _advance_with(incident, "report_to_cpo", actor, {"reported_at": at}, reference=reference, at=at)
    incident.seal(report_reference=reference.strip())


@enforces("EXT-10")
def assess_harm(incident: Incident, actor: Actor, harm: str, reason: str) -> None:
    """Record whether there is potential risk of harm; a later assessment undoes the decision on notice."""
    earlier = _all_judgements(incident)
    columns = {"harm": harm, "notice": None, "required_by_law": None, "consulted": None}
    _advance_with(incident, "assess_harm", actor, columns, harm=harm, reason=reason)
    _keep(incident, earlier, "assessments", actor, harm=harm, reason=reason.strip())


@enforces("EXT-10")
def decide_notice(
    incident: Incident,
    actor: Actor,
    give: bool | None,
    required_by_law: bool | None,
    consulted: bool | None,
    reason: str,
    text: str = "",
) -> None:
    """Decide whether the individuals affected are notified in writing; `text` is the notice."""
    notice = "give" if give else "not_give"
    earlier = _all_judgements(incident)
    columns = {"notice": notice, "required_by_law": required_by_law, "consulted": consulted}
    _advance_with(
        incident,
        "decide_notice",
        actor,
        columns,
        give=give,
        required_by_law=required_by_law,
        consulted=consulted,
        reason=reason,
        text=text,
        notice=notice,
    )
    _keep(
        incident,
        earlier,
        "notices",
        actor,
        notice=notice,
        required_by_law=required_by_law,
        consulted=consulted,
        reason=reason.strip(),
        text=text.strip() if give else "",
    )


@enforces("EXT-10")
def close(incident: Incident, actor: Actor, efforts: str = "") -> None:
    """Close the incident; where notice is given, `efforts` says what was done to notify."""
    _advance_with(incident, "close", actor, {"closed_at": now()}, efforts=efforts)
    incident.seal(efforts=efforts.strip())

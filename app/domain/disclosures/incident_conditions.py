"""The conditions of an incident: the report, the harm, the notice (EXT-10)."""

from __future__ import annotations

from datetime import datetime

from app.access.actor import Actor
from app.models.base import now
from app.models.disclosures import HARMS, Incident
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.words import says_something
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("report_referenced", "EXT-10")
def report_referenced(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    given = says_something(facts.get("reference"))
    return None if given else "Enter the reference of the report to the City Chief Privacy Officer."


@condition("report_moment_sound", "EXT-10")
def report_moment_sound(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    at = facts.get("at")
    if not isinstance(at, datetime) or at.tzinfo is None:
        return "Enter the moment of the report."
    if at > now():
        return "The moment of the report lies in the future."
    return "The report cannot lie before the moment of awareness." if at < incident.aware_at else None


@condition("harm_stated", "EXT-10")
def harm_stated(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("harm") in HARMS else "Say whether there is potential risk of harm."


@condition("notice_answers_complete", "EXT-10")
def notice_answers_complete(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    given = [facts.get(name) for name in ("give", "required_by_law", "consulted")]
    complete = all(isinstance(answer, bool) for answer in given)
    return None if complete else "Answer each of the three questions with yes or no."


@condition("notice_not_declined_against_law", "EXT-10")
def notice_not_declined_against_law(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    if facts.get("give"):
        return None
    if incident.harm != "none":
        return "There is potential risk of harm: the individuals affected are notified."
    return "Law requires notice: the individuals affected are notified." if facts.get("required_by_law") else None


@condition("notice_consulted", "EXT-10")
def notice_consulted(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    if facts.get("give") or facts.get("consulted"):
        return None
    return "Notice is declined only after consulting the City Chief Privacy Officer and the Law Department."


@condition("notice_written", "EXT-10")
def notice_written(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    written = gives_reason(policy(), facts.get("text"))
    return "Write the notice to the individuals affected." if facts.get("give") and not written else None


@condition("notice_decided", "EXT-10")
def notice_decided(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    return None if incident.notice is not None else "Whether notice is given is not decided yet."


@condition("efforts_recorded", "EXT-10")
def efforts_recorded(incident: Incident, actor: Actor, facts: Facts) -> str | None:
    described = gives_reason(policy(), facts.get("efforts"))
    return "Describe the efforts made to notify." if incident.notice == "give" and not described else None

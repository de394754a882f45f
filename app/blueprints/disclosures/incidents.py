"""Incidents: a disclosure that broke the identifying information law, from awareness to closing (EXT-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request, url_for
from flask_wtf import FlaskForm

from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.access.scoping import find, visible
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.incident_forms import CloseForm, HarmForm, NoticeForm, RecordForm, ReportForm
from app.blueprints.disclosures.rendering import timeline_of
from app.blueprints.fact_fields import moment_of, read_moment
from app.blueprints.options import options_of
from app.calendar import time_zone
from app.domain.disclosures import incidents as domain
from app.extensions import db
from app.models.base import filled, now
from app.models.disclosures import Disclosure, Incident
from app.once import Making
from app.policy.names import IncidentVerb
from app.steps import Answer, Why, take_step
from app.web.pages import page

STEP_TITLES = {
    "report_to_cpo": "Reported to the City Chief Privacy Officer",
    "assess_harm": "Risk of harm assessed",
    "decide_notice": "Notice decided",
    "close": "Closed",
}
FORMS: dict[str, type[FlaskForm]] = {"report": ReportForm, "notice": NoticeForm, "close": CloseForm, "harm": HarmForm}
#: form -> the step it takes; in the order of the page
VERBS: dict[str, IncidentVerb] = {
    "report": "report_to_cpo",
    "notice": "decide_notice",
    "close": "close",
    "harm": "assess_harm",
}


@bp.get("/incidents")
@needs("incident.keep")
def incidents() -> str:
    """Every incident, newest first."""
    rows = visible(Incident, current_actor()).order_by(Incident.id.desc())
    pages = db.paginate(rows, per_page=25, max_per_page=25, error_out=False)
    return page("disclosures/incidents.html", pages=pages, now=now())


@bp.get("/incidents/new")
@needs("incident.keep")
def new_incident() -> str:
    moment = now().astimezone(time_zone())
    form = RecordForm(
        formdata=None,
        disclosure=request.args.get("disclosure", "")[:20],
        day=moment.date().isoformat(),
        time=f"{moment:%H:%M}",
    )
    return page("disclosures/incident_new.html", form=form, refusal=None)


@bp.post("/incidents/new")
@needs("incident.keep")
def record_incident() -> Answer:
    """Record an incident from the moment of awareness."""
    form, actor = RecordForm(), current_actor()
    meant: list[Disclosure | None] = []
    aware: list[datetime] = []
    made = Making(Incident)

    def sound() -> bool:
        good = form.validate()
        aware_at = read_moment(form.day, form.time)
        number = (form.disclosure.data or "").upper()
        disclosure = find(Disclosure, number, actor) if number else None
        if number and disclosure is None:
            words = "There is no disclosure of this number. Leave it empty if none is meant."
            form.disclosure.errors, good = [words], False
        meant.append(disclosure)
        if aware_at is not None:
            aware.append(aware_at)
        return good and aware_at is not None

    return take_step(
        None,
        "record_incident",
        form,
        lambda: domain.record(actor, meant[0], aware[0], form.what.data or ""),
        makes=made,
        sound=sound,
        again=lambda why: page("disclosures/incident_new.html", form=form, refusal=why),
        done=lambda: (
            f"{made.row.number} is recorded. Report it to the City Chief Privacy Officer as soon as practicable."
        ),
        to=lambda: url_for("disclosures.incident", number=made.row.number),
    )


@bp.get("/incidents/<number>/report")
@bp.get("/incidents/<number>/harm")
@bp.get("/incidents/<number>/notice")
@bp.get("/incidents/<number>/close")
@bp.get("/incidents/<number>")  # registered first, so that links lead here
@needs("incident.keep", of=Incident)
def incident(subject: Incident) -> str:
    """One incident, with the form of its next step."""
    return _page(subject)


def _page(subject: Incident, *, refusal: Why = None, typed: dict[str, FlaskForm] | None = None) -> str:
    moment = now().astimezone(time_zone())
    filled = {"version": subject.version, "day": moment.date().isoformat(), "time": f"{moment:%H:%M}"}
    forms = {
        name: (typed or {}).get(name) or FORMS[name](prefix=f"{name}-", formdata=None, data=filled)
        for name, verb in VERBS.items()
        if verb in options_of(subject)
    }
    by = subject.recorded_by.titled
    wrong = next(iter((typed or {}).values()), None)
    return page(
        "disclosures/incident.html",
        item=subject,
        private=subject.private,
        assessments=_dated(subject, "assessments"),
        notices=_dated(subject, "notices"),
        forms=forms,
        refusal=refusal,
        state_rule=subject.stands,
        timeline=timeline_of(subject, STEP_TITLES, "Recorded", by),
        now=now(),
        form=wrong,
    )


def _dated(subject: Incident, name: str) -> list[dict[str, Any]]:
    """Return the judgements of one kind, each with its moment as a moment."""
    found = domain.judgements(subject, name)
    return [{**one, "at": datetime.fromisoformat(one["at"])} if "at" in one else one for one in found]


def _yes(value: str | None) -> bool | None:
    return {"yes": True, "no": False}.get(value or "")


def _report(subject: Incident, actor: Actor, form: Any) -> None:
    at = filled(moment_of(form.day.data, form.time.data))
    domain.report_to_cpo(subject, actor, form.reference.data or "", at)


def _harm(subject: Incident, actor: Actor, form: Any) -> None:
    domain.assess_harm(subject, actor, form.harm.data or "", form.reason.data or "")


def _notice(subject: Incident, actor: Actor, form: Any) -> None:
    answers = (_yes(form.give.data), _yes(form.required_by_law.data), _yes(form.consulted.data))
    domain.decide_notice(subject, actor, *answers, form.reason.data or "", form.text.data or "")


def _close(subject: Incident, actor: Actor, form: Any) -> None:
    domain.close(subject, actor, form.efforts.data or "")


def _step(subject: Incident, name: str, done: str, take: Callable[[Incident, Actor, Any], None]) -> Answer:
    form, actor = FORMS[name](prefix=f"{name}-"), current_actor()

    def sound() -> bool:
        good = form.validate()
        if "time" in form:
            good = read_moment(form["day"], form["time"]) is not None and good
        return good

    return take_step(
        subject,
        VERBS[name],
        form,
        lambda: take(subject, actor, form),
        sound=sound,
        done=done,
        again=lambda why: _page(subject, refusal=why, typed={name: form}),
        to=url_for("disclosures.incident", number=subject.number),
    )


@bp.post("/incidents/<number>/report")
@needs("incident.keep", of=Incident)
def report_incident(subject: Incident) -> Answer:
    """Record the report to the City Chief Privacy Officer."""
    return _step(subject, "report", "The report is recorded. Assess the risk of harm.", _report)


@bp.post("/incidents/<number>/harm")
@needs("incident.keep", of=Incident)
def assess_harm(subject: Incident) -> Answer:
    """Record whether there is potential risk of harm."""
    return _step(subject, "harm", "The assessment is recorded. Decide on notice.", _harm)


@bp.post("/incidents/<number>/notice")
@needs("incident.keep", of=Incident)
def decide_notice(subject: Incident) -> Answer:
    """Decide whether the individuals affected are notified."""
    return _step(subject, "notice", "The decision on notice is recorded.", _notice)


@bp.post("/incidents/<number>/close")
@needs("incident.keep", of=Incident)
def close_incident(subject: Incident) -> Answer:
    """Close the incident, with the efforts made to notify."""
    return _step(subject, "close", "The incident is closed.", _close)

"""Writing a draft: the case number first, then the form that asks exactly what the chosen use needs."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.directory import lookup, members
from app.access.guard import needs
from app.blueprints.fact_fields import answers, mark, prefilled
from app.blueprints.options import options_of
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.forms import ANSWER, FACT, PERSON, PLACE, NewForm, draft_form, purposes_in
from app.domain.matters import case_system
from app.domain.requests import verbs as domain
from app.domain.requests.draft_faults import draft_faults
from app.domain.requests.retractions import because_of, refusing_answers
from app.domain.requests.verbs import DraftValues
from app.models.requests import FRRequest
from app.once import Making
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Overtaken, Why, take_step
from app.web.pages import page, redirect_after_post

#: part of a draft -> how the names of its fields begin
PREFIXES = {"": "", "facts": FACT, "answers": ANSWER, "description": PERSON, "circumstances": PLACE}
OTHER_WINDOW = (
    "This draft was saved in another window after you opened this page. What you typed here is still below and is "
    "not saved. Saving now replaces what the other window saved."
)


@bp.get("/requests/new")
@needs("request.file")
def new() -> str:
    return page("requests/new.html", form=NewForm(formdata=None), refusal=None)


@bp.post("/requests/new")
@needs("request.file")
def create() -> Answer:
    """Begin a draft. Pressed twice, the second press finds the draft of the first."""
    form, actor, made = NewForm(), current_actor(), Making(FRRequest)

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, [])
        return page("requests/new.html", form=form, refusal=why)

    return take_step(
        None,
        "create",
        form,
        lambda: domain.create_draft(actor, form.case_number.data or ""),
        makes=made,
        again=again,
        to=lambda: url_for("requests.edit", number=made.row.number),
    )


@bp.get("/requests/<number>/edit")
@needs("request.file", of=FRRequest)
def edit(subject: FRRequest) -> WerkzeugResponse | str:
    """The draft as it is stored; with `?missing=1` each entry to correct before submitting says so."""
    if subject.state != "draft":
        flash("Only a draft can be changed; this request was already submitted.", "info")
        return redirect_after_post(url_for("requests.show", number=subject.number))
    own_draft(subject)
    form = _stored_form(subject)
    if "missing" in request.args:
        for part, faults in draft_faults(subject, current_actor(), options_of(subject).facts["looked_up"]).items():
            mark(form, faults, [PREFIXES[part]])
    return _form_page(subject, form, checked=True)


@bp.post("/requests/<number>/edit")
@needs("request.file", of=FRRequest)
def save(subject: FRRequest) -> Answer:
    """Save what was typed, complete or not. On any fault everything typed stays in the form."""
    form, actor = posted_form(), current_actor()
    use = form["use_id"].data or ""
    if "choose_use" in request.form:
        return _form_page(subject, form)
    if use != request.form.get("shown_use", ""):
        note = "You chose another use. Answer its questions below, then save."
        return _form_page(subject, form, note=note), 422

    def again(why: Why) -> str:
        if isinstance(why, Overtaken):
            return _form_page(subject, form, note=OTHER_WINDOW)
        # a text that is too long hides no other fault
        mark(form, domain.saving_faults(_values(form), actor) if why is None else why.faults, [])
        return _form_page(subject, form, refusal=why)

    def onward() -> str:
        stay = "stay" in request.form and "submit" not in options_of(subject)
        return url_for("requests.edit" if stay else "requests.show", number=subject.number)

    return take_step(
        subject,
        "save",
        form,
        lambda: domain.save_draft(subject, actor, _values(form)),
        again=again,
        done="The draft is saved.",
        to=onward,
    )


@bp.post("/requests/<number>/edit/use")
@needs("request.file", of=FRRequest)
def use_facts(subject: FRRequest) -> str:
    """The questions of the use just chosen, for the page to swap in; nothing is saved."""
    own_draft(subject)
    form = posted_form()
    return page("requests/_use_facts.html", form=form, use=policy().uses.get(form["use_id"].data))


def own_draft(subject: FRRequest) -> None:
    """Answer 404 to anybody but the requester: nobody else may edit a draft."""
    if subject.requester_id != current_actor().id:
        abort(404)


def supervisors() -> list[tuple[str, str]]:
    """Return (name, words) of the directory's supervisors, without the requester."""
    own = current_actor().name
    entries = [lookup(name) for name in members(domain.ASKED) if name != own]
    able = [entry for entry in entries if entry is not None and entry.enabled]
    ordered = sorted(able, key=lambda entry: (entry.command != current_actor().command, entry.display_name))
    return [(entry.name, f"{entry.title} {entry.display_name}, {entry.command}") for entry in ordered]


def posted_form() -> FlaskForm:
    """Return the draft form for the posted use, filled with what was typed."""
    use = request.form.get("use_id")
    form = draft_form(use if use in policy().uses else None, supervisors())
    form["shown_use"].data = form["use_id"].data or ""
    return form


def _stored_form(subject: FRRequest) -> FlaskForm:
    private = subject.private
    data: dict[str, Any] = {
        "version": subject.version,
        "shown_use": subject.use_id or "",
        "case_number": subject.case_number,
        "use_id": subject.use_id,
        "narrative": private.get("narrative", ""),
        "priority": subject.priority,
        "priority_reason": private.get("priority_reason", ""),
        "changed_because": because_of(subject),
        "supervisor": subject.discussing_supervisor.name if subject.discussing_supervisor else "",
        **prefilled(FACT, private.get("facts")),
        **prefilled(ANSWER, private.get("answers")),
        **prefilled(PERSON, private.get("description")),
        **prefilled(PLACE, private.get("circumstances")),
    }
    return draft_form(subject.use_id, supervisors(), formdata=None, data=data)


def _form_page(
    subject: FRRequest,
    form: FlaskForm,
    *,
    note: str | None = None,
    refusal: Refused | None = None,
    checked: bool = False,
) -> str:
    return page(
        "requests/edit.html",
        item=subject,
        form=form,
        use=policy().uses.get(form["use_id"].data),
        note=note,
        refusal=refusal,
        checked=checked,
        refusing=refusing_answers(subject),
        found=(found := options_of(subject).facts["looked_up"]),
        warned=found is not None and case_system.warns_of(found.standing),
    )


def _values(form: FlaskForm) -> DraftValues:
    rules = policy().request
    use = policy().uses.get(form["use_id"].data)
    asked = purposes_in(form)
    chosen = form["supervisor"].data
    priority = form["priority"].data
    return DraftValues(
        case_number=form["case_number"].data or "",
        use_id=use.id if use else None,
        facts=answers(form, FACT, use.facts) if use else {},
        narrative=form["narrative"].data or "",
        priority=priority if priority in rules.priorities else "other",
        priority_reason=form["priority_reason"].data or "",
        answers={rule: answer for rule, answer in asked.items() if answer},
        description=answers(form, PERSON, rules.description.facts),
        circumstances=answers(form, PLACE, rules.circumstances.facts),
        changed_because=form["changed_because"].data or "",
        supervisor=lookup(chosen) if chosen else None,
    )

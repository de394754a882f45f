"""Writing a disclosure request: the case number first, then one form that asks what recipient and basis need."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import (
    AGREEMENT,
    FACT,
    IDENTITY,
    KIND,
    TO,
    NewForm,
    basis_of,
    draft_form,
    purposes_of,
    recipient_of,
)
from app.blueprints.fact_fields import answers, mark, prefilled
from app.calendar import today
from app.domain.disclosures import designations
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.contradictions import earlier_answers
from app.domain.disclosures.items import offered_to
from app.domain.disclosures.papers import SHOWS_LEFT, warning_of, words_of
from app.domain.disclosures.verbs import DisclosureValues
from app.domain.serving import left_among
from app.models.disclosures import Disclosure
from app.once import Making
from app.policy import policy
from app.policy.disclosures.rules import agreement_needed
from app.policy.refused import Refused
from app.steps import Answer, Overtaken, Why, take_step
from app.web.pages import page, redirect_after_post

OTHER_WINDOW = (
    "This request was saved in another window after you opened this page. What you typed here is still below and is "
    "not saved. Saving now replaces what the other window saved."
)
OTHER_QUESTIONS = "You chose another recipient or basis. Answer its questions below, then save."


@bp.get("/disclosures/new")
@needs("disclosure.file")
def new() -> str:
    form = NewForm(formdata=None, case_number=request.args.get("case", "")[:40])
    return page("disclosures/new.html", form=form, refusal=None)


@bp.post("/disclosures/new")
@needs("disclosure.file")
def create() -> Answer:
    """Begin a draft. Pressed twice, the second press finds the draft of the first."""
    form, actor, made = NewForm(), current_actor(), Making(Disclosure)

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, [])
        return page("disclosures/new.html", form=form, refusal=why)

    return take_step(
        None,
        "create",
        form,
        lambda: domain.create_draft(actor, form.case_number.data or ""),
        makes=made,
        again=again,
        to=lambda: url_for("disclosures.edit", number=made.row.number),
    )


@bp.get("/disclosures/<number>/edit")
@needs("disclosure.file", of=Disclosure)
def edit(subject: Disclosure) -> WerkzeugResponse | str:
    """The request as it is stored."""
    own(subject)
    if not subject.takes(*domain.FILING):
        flash("A request that was submitted can be changed only after it came back.", "info")
        return redirect_after_post(url_for("disclosures.show", number=subject.number))
    return _form_page(subject, _stored_form(subject))


@bp.post("/disclosures/<number>/edit")
@needs("disclosure.file", of=Disclosure)
def save(subject: Disclosure) -> Answer:
    """Save what was typed, complete or not. On any fault everything typed stays in the form."""
    own(subject)
    form = posted_form(subject)
    if "choose" in request.form:
        return _form_page(subject, form)
    shown = (request.form.get("shown_recipient", ""), request.form.get("shown_basis", ""))
    if shown != (form["recipient_kind"].data or "", form["basis"].data or ""):
        return _form_page(subject, form, note=OTHER_QUESTIONS), 422

    def again(why: Why) -> str:
        if isinstance(why, Overtaken):
            return _form_page(subject, form, note=OTHER_WINDOW)
        if why is not None:
            mark(form, why.faults, [TO, KIND, FACT, IDENTITY, AGREEMENT])
        return _form_page(subject, form, refusal=why)

    stay = "stay" in request.form
    return take_step(
        subject,
        "save",
        form,
        lambda: _save(subject, form),
        again=again,
        done="The request is saved.",
        to=url_for("disclosures.edit" if stay else "disclosures.show", number=subject.number),
    )


@bp.post("/disclosures/<number>/edit/questions")
@needs("disclosure.file", of=Disclosure)
def questions(subject: Disclosure) -> str:
    """The questions of the recipient and basis just chosen, for the page to swap in; nothing is saved."""
    own(subject)
    form = posted_form(subject)
    return page("disclosures/_questions.html", item=subject, form=form, **_chosen(form))


def own(subject: Disclosure) -> None:
    """Answer 404 to anybody but the requester: nobody else may edit the request."""
    if subject.asked_by_id != current_actor().id:
        abort(404)


def _things(subject: Disclosure) -> list[tuple[str, str]]:
    """Return the items of the case as (kind:uid, words)."""
    found = []
    things = offered_to(subject.case_number, current_actor())
    for thing, left in zip(things, left_among([thing.row for thing in things]), strict=True):
        warning = warning_of(thing.row) or (SHOWS_LEFT if left is not None else None)
        found.append(
            (
                f"{thing.kind}:{thing.uid}",
                words_of(thing.row, subject.recipient_kind) + (f" ({warning})" if warning else ""),
            )
        )
    return found


def _designations(subject: Disclosure) -> list[tuple[str, str]]:
    """Return (number, words) of the designations in force, and of the one chosen before even where it has ended."""
    rows = designations.in_force(today())
    found = [(row.number, f"{row.number}: {row.title}") for row in rows]
    chosen = subject.designation
    if chosen is not None and chosen not in rows:
        found.append((chosen.number, f"{chosen.number}: {chosen.title} (not in force)"))
    return found


def posted_form(subject: Disclosure) -> FlaskForm:
    """Return the form for the posted recipient and basis, filled with what was typed."""
    recipient = recipient_of(request.form.get("recipient_kind"))
    basis = basis_of(request.form.get("basis"), recipient)
    form = draft_form(
        recipient.id if recipient else None,
        basis.id if basis else None,
        _things(subject),
        _designations(subject),
        bool(earlier_answers(subject)),
    )
    # a basis chosen for another recipient, or a purpose of another basis, is no longer among the answers
    if basis is None:
        form["basis"].data = None
    if form["purpose"].data not in {purpose.id for purpose in purposes_of(recipient, basis)}:
        form["purpose"].data = None
    form["shown_recipient"].data = recipient.id if recipient else ""
    form["shown_basis"].data = basis.id if basis else ""
    return form


def _stored_form(subject: Disclosure) -> FlaskForm:
    private = subject.private
    data: dict[str, Any] = {
        "version": subject.version,
        "shown_recipient": subject.recipient_kind or "",
        "shown_basis": subject.basis or "",
        "recipient_kind": subject.recipient_kind,
        "basis": subject.basis,
        "designation": subject.designation.number if subject.designation else "",
        "purpose": subject.purpose,
        "immigration": {True: "yes", False: "no", None: None}[subject.immigration],
        "items": [f"{item.kind}:{item.thing.uid}" for item in subject.items],
        **{name: private.get(name, "") for name in ("purpose_text", "necessity", "person", "changed_because")},
        **prefilled(TO, private.get("recipient")),
        **prefilled(KIND, private.get("recipient_facts")),
        **prefilled(FACT, private.get("facts")),
        **prefilled(IDENTITY, private.get("identity")),
        **prefilled(AGREEMENT, private.get("agreement")),
    }
    return draft_form(
        subject.recipient_kind,
        subject.basis,
        _things(subject),
        _designations(subject),
        bool(earlier_answers(subject)),
        formdata=None,
        data=data,
    )


def _chosen(form: FlaskForm) -> dict[str, Any]:
    recipient = recipient_of(form["recipient_kind"].data)
    basis = basis_of(form["basis"].data, recipient)
    ids = (recipient.id if recipient else None, basis.id if basis else None)
    return {"recipient": recipient, "basis": basis, "agreement": agreement_needed(policy(), *ids)}


def _form_page(subject: Disclosure, form: FlaskForm, *, note: str | None = None, refusal: Refused | None = None) -> str:
    return page(
        "disclosures/edit.html",
        item=subject,
        form=form,
        note=note,
        refusal=refusal,
        changed=earlier_answers(subject),
        **_chosen(form),
    )


def _values(form: FlaskForm) -> DisclosureValues:
    rules, chosen = policy().disclosure, _chosen(form)
    recipient, basis = chosen["recipient"], chosen["basis"]
    return DisclosureValues(
        recipient_kind=recipient.id if recipient else None,
        recipient=answers(form, TO, rules.addressee.facts),
        recipient_facts=answers(form, KIND, recipient.facts) if recipient else {},
        basis=basis.id if basis else None,
        facts=answers(form, FACT, basis.facts) if basis else {},
        designation=(form["designation"].data or None) if basis and basis.needs_designation else None,
        purpose=form["purpose"].data or None,
        purpose_text=form["purpose_text"].data or "",
        necessity=form["necessity"].data or "",
        person=form["person"].data or "",
        immigration=form["immigration"].data or "",
        changed_because=(form["changed_because"].data or "") if "changed_because" in form else "",
        identity=answers(form, IDENTITY, rules.identity.facts),
        agreement=answers(form, AGREEMENT, rules.agreement.facts) if chosen["agreement"] else {},
    )


def _save(subject: Disclosure, form: FlaskForm) -> None:
    actor = current_actor()
    domain.save_draft(subject, actor, _values(form))
    chosen = [tuple(value.split(":", 1)) for value in form["items"].data or [] if ":" in value]
    domain.set_items(subject, actor, chosen)

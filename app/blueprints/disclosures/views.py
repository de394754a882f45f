"""Pages of the disclosures area: the list and each disclosure's own page; importing it binds all the others."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.disclosures import decisions, designations, documents, drafts, incidents, packages, register
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.drafts import own
from app.blueprints.disclosures.rendering import render_disclosure
from app.blueprints.first_rows import first_rows
from app.blueprints.shared_forms import ReasonForm, VersionForm
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.overview import waiting_for, words
from app.extensions import db
from app.models.base import now
from app.models.disclosures import Disclosure
from app.steps import Answer, take_step
from app.web.pages import page

__all__ = ["bp", "decisions", "designations", "documents", "drafts", "incidents", "packages", "register"]

PER_PAGE = 20


@bp.get("/disclosures")
@needs("disclosure.read")
def index() -> str:
    """What waits for this person, and every disclosure they may know of, newest first."""
    actor = current_actor()
    waiting, which = waiting_for(actor), request.args.get("show", "")
    rows = waiting if which == "waiting" else visible(Disclosure, actor).order_by(Disclosure.id.desc())
    if which == "mine":
        rows = rows.where(Disclosure.asked_by_id == actor.id)
    rows = rows.options(joinedload(Disclosure.asked_by), selectinload(Disclosure.packages))
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page("disclosures/index.html", waiting=first_rows(waiting), words=words, pages=pages, which=which, now=now())


@bp.get("/disclosures/<number>")
@needs("disclosure.read", of=Disclosure)
def show(subject: Disclosure) -> str:
    """One disclosure: what is asked for, on which basis, decided how, handed out when, and what comes next."""
    return render_disclosure(subject)


@bp.get("/disclosures/<number>/submit")
@bp.get("/disclosures/<number>/release")
@bp.get("/disclosures/<number>/package")
@bp.get("/disclosures/<number>/documents")
@bp.get("/disclosures/<number>/decision/again")
@needs("disclosure.read", of=Disclosure)
def back(subject: Disclosure) -> WerkzeugResponse:
    """Reloading the answer to a refused form leads to the disclosure's page."""
    return redirect(url_for("disclosures.show", number=subject.number))


@bp.post("/disclosures/<number>/submit")
@needs("disclosure.file", of=Disclosure)
def submit(subject: Disclosure) -> Answer:
    """Ask for the decision, or ask again after the request came back."""
    own(subject)
    actor = current_actor()
    verb = subject.first_of(*domain.FILING) or "submit"
    file = domain.resubmit if verb == "resubmit" else domain.submit
    return take_step(
        subject,
        verb,
        VersionForm(),
        lambda: file(subject, actor),
        again=lambda why: render_disclosure(subject, refusal=why),
        done=f"{subject.number} is submitted. Another person decides on it.",
        to=url_for("disclosures.show", number=subject.number),
    )


@bp.get("/disclosures/<number>/withdraw")
@needs("disclosure.file", of=Disclosure)
def withdrawal(subject: Disclosure) -> str:
    own(subject)
    return page("disclosures/withdraw.html", item=subject, form=ReasonForm(version=subject.version), refusal=None)


@bp.post("/disclosures/<number>/withdraw")
@needs("disclosure.file", of=Disclosure)
def withdraw(subject: Disclosure) -> Answer:
    """Take the request back before anything is released."""
    own(subject)
    form, actor = ReasonForm(), current_actor()
    return take_step(
        subject,
        "withdraw",
        form,
        lambda: domain.withdraw(subject, actor, form.reason.data or ""),
        again=lambda why: page("disclosures/withdraw.html", item=subject, form=form, refusal=why),
        done=f"{subject.number} is withdrawn.",
        to=url_for("disclosures.show", number=subject.number),
    )

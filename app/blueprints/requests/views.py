"""Pages of the requests area: the list and each request's own page; importing it binds all the others."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.options import options_of
from app.blueprints.requests import afterwards, clearances, discussions, drafts, images, retention
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.forms import ListFilter
from app.blueprints.requests.rendering import render_request
from app.blueprints.requests.status import groups, since, standing
from app.blueprints.shared_forms import ReasonForm, VersionForm
from app.domain.matters.numbers import known
from app.domain.requests import verbs as domain
from app.extensions import db
from app.models.base import now
from app.models.requests import FRRequest
from app.policy.case_numbers import plain_number
from app.steps import Answer, Why, take_step
from app.web.pages import page

__all__ = ["afterwards", "bp", "clearances", "discussions", "drafts", "images", "retention"]

PER_PAGE = 20
SORTS = {"number": FRRequest.id, "case": FRRequest.case_number}


@bp.get("/requests")
@needs("request.file")
def index() -> str:
    """One's own requests: where each stands, since when, what to do next."""
    chosen, actor = ListFilter(request.args, meta={"csrf": False}), current_actor()
    rows = visible(FRRequest, actor).where(FRRequest.requester_id == actor.id).options(selectinload(FRRequest.reports))
    if chosen.state.data in groups():
        _, states = groups()[chosen.state.data]
        rows = rows.where(FRRequest.state.in_(states))
    if chosen.case.data and chosen.case.data.strip():
        wanted = FRRequest.case_number.contains(plain_number(chosen.case.data), autoescape=True)
        rows = rows.where(wanted | (FRRequest.case_number == known(chosen.case.data)))
    rows = rows.options(selectinload(FRRequest.reports), selectinload(FRRequest.basis_decisions))
    asked = request.args.get("sort", "-number")
    sort, descending = asked.removeprefix("-"), asked.startswith("-")
    if sort not in SORTS:
        sort, descending = "number", True
    column = SORTS[sort]
    rows = rows.order_by(column.desc() if descending else column, FRRequest.id.desc())
    found = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "requests/index.html",
        filter=chosen,
        pages=found,
        sort=sort,
        descending=descending,
        now=now(),
        items=[(item, standing(item, own=True), since(item)) for item in found.items],
    )


@bp.get("/requests/<number>")
@needs("request.read", "request.file", of=FRRequest)
def show(subject: FRRequest) -> str:
    """One request: what was stated, its images, what happened, what comes next."""
    return render_request(subject)


@bp.get("/requests/<number>/submit")
@bp.get("/requests/<number>/images")
@needs("request.file", of=FRRequest)
def back(subject: FRRequest) -> WerkzeugResponse:
    """Reloading the answer to a refused form leads to the request's page."""
    return redirect(url_for("requests.show", number=subject.number))


@bp.post("/requests/<number>/submit")
@needs("request.file", of=FRRequest)
def submit(subject: FRRequest) -> Answer:
    """File the draft, or send the additional images of a request that came back."""
    actor = current_actor()
    verb = subject.first_of(*domain.FILING) or "submit"
    file = domain.resubmit if verb == "resubmit" else domain.submit
    return take_step(
        subject,
        verb,
        VersionForm(),
        lambda: file(subject, actor),
        # the rule that stands in the way says more than "changed meanwhile"
        barred=lambda: options_of(subject).why(verb),
        again=lambda why: render_request(subject, refusal=why),
        done=lambda: f"{subject.number} is submitted. {standing(subject, own=True).text}",
        to=url_for("requests.show", number=subject.number),
    )


@bp.get("/requests/<number>/withdraw")
@needs("request.file", of=FRRequest)
def withdrawal(subject: FRRequest) -> str:
    return _withdraw_page(subject, ReasonForm(version=subject.version))


def _withdraw_page(subject: FRRequest, form: ReasonForm, refusal: Why = None) -> str:
    barred = options_of(subject).why("withdraw")
    return page("requests/withdraw.html", item=subject, form=form, refusal=refusal, barred=barred)


@bp.post("/requests/<number>/withdraw")
@needs("request.file", of=FRRequest)
def withdraw(subject: FRRequest) -> Answer:
    form, actor = ReasonForm(), current_actor()
    return take_step(
        subject,
        "withdraw",
        form,
        lambda: domain.withdraw(subject, actor, form.reason.data or ""),
        again=lambda why: _withdraw_page(subject, form, why),
        done=f"{subject.number} is withdrawn.",
        to=url_for("requests.show", number=subject.number),
    )

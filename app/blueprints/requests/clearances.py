"""The page on which the Deputy Commissioner's office names people for requests that involve political activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.clearance import is_member
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.options import options_of
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.forms import ClearForm, EndClearanceForm
from app.domain.requests import clearances as domain
from app.domain.workload.verbs import receiver_of
from app.extensions import db
from app.models import Account, Clearance, FRRequest
from app.policy import policy
from app.steps import Answer, Why, take_step
from app.web.pages import page

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class ReservedLine:
    """A reserved request in the list, and for how many kinds of work somebody is missing."""

    item: FRRequest
    missing: list[domain.Missing]


@bp.get("/clearances")
@needs("clearance.name")
def clearances() -> str:
    """The requests that involve political activity, and for which work nobody is cleared."""
    actor = current_actor()
    rows = visible(FRRequest, actor).where(FRRequest.is_reserved()).order_by(FRRequest.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    lines = [ReservedLine(item, domain.missing(item)) for item in pages.items]
    return page(
        "requests/clearances.html", lines=lines, pages=pages, rule=policy().request.political, member=is_member(actor)
    )


@bp.get("/clearances/<number>")
@needs("clearance.name", of=FRRequest)
def clearance(subject: FRRequest) -> str:
    """Who is named for one request, who is missing, and the form that names somebody."""
    return _page(subject, ClearForm(domain.may_be_named(subject), version=subject.version, formdata=None))


@bp.post("/clearances/<number>/name")
@needs("clearance.name", of=FRRequest)
def clear(subject: FRRequest) -> Answer:
    """Name somebody for this one request."""
    form, actor = ClearForm(domain.may_be_named(subject)), current_actor()
    chosen = select(Account).where(Account.uid == (form.person.data or ""))
    account = db.session.scalars(chosen).one_or_none()
    receiver = receiver_of(account)
    return take_step(
        subject,
        "clear",
        form,
        lambda: domain.clear(subject, actor, account, receiver, form.reason.data or ""),
        again=lambda why: _page(subject, form, why),
        done=f"{subject.number}: named.",
        to=url_for("requests.clearance", number=subject.number),
    )


@bp.post("/clearances/<number>/end/<uid>")
@needs("clearance.name", of=FRRequest)
def end_clearance(subject: FRRequest, uid: str) -> Answer:
    """Take back that somebody was named."""
    row = db.session.scalars(select(Clearance).where(Clearance.uid == uid)).one_or_none()
    form, actor = EndClearanceForm(prefix=uid), current_actor()

    def again(why: Why) -> str:
        unsent = ClearForm(domain.may_be_named(subject), version=subject.version, formdata=None)
        return _page(subject, unsent, why, {uid: form})

    return take_step(
        subject,
        "end_clearance",
        form,
        lambda: domain.end(subject, actor, row, form.why.data or ""),
        again=again,
        done=f"{subject.number}: no longer named.",
        to=url_for("requests.clearance", number=subject.number),
    )


def _page(
    subject: FRRequest, form: ClearForm, refusal: Why = None, endings: Mapping[str, EndClearanceForm] | None = None
) -> str:
    sent = endings or {}
    return page(
        "requests/clearance.html",
        item=subject,
        form=form,
        refusal=refusal,
        bar=options_of(subject).why("clear"),
        named=[(row, sent.get(row.uid) or _ending(subject, row)) for row in domain.standing(subject)],
        missing=domain.missing(subject),
        rule=policy().request.political,
    )


def _ending(subject: FRRequest, row: Clearance) -> EndClearanceForm:
    return EndClearanceForm(prefix=row.uid, version=subject.version, formdata=None)

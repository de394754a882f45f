"""Autosave: what is typed into a worksheet, a background check or a peer review is kept until it is recorded.

A page offers it with `components/draft.html`; the browser sends the form a moment after the last change, or by its
button without JavaScript. The answer to the browser is one sentence for the form's status line, marked as such by a
header: `js/draft.js` shows nothing else there. Another form of the unit joins by a name in
`app.domain.examination.drafts` and a
route like these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.rounds import candidate_at
from app.blueprints.review.examination.worksheets import worksheet_form
from app.blueprints.review.forms import background_form
from app.blueprints.review.peers.blind_view import ended_words, place_at
from app.blueprints.review.peers.forms import place_form
from app.domain.examination import drafts
from app.domain.examination.verbs import open_round
from app.domain.peers.verbs import check_open
from app.models import Draft, FRRequest, LineUp, Round
from app.policy.refused import Refused
from app.refusals import status_of
from app.steps import Answer
from app.unit_of_work import unit_of_work
from app.web.pages import page, redirect_after_post, wants_part

#: says that an answer is a sentence for the status line and no page; js/draft.js looks for it
SENTENCE = "X-Draft"


def typed(form: FlaskForm) -> dict[str, str]:
    """Return what a form holds by field name, without the hidden fields, which name the page."""
    fields = [field for field in form if field.type not in {"HiddenField", "CSRFTokenField"}]
    return {field.name: field.data for field in fields if field.data}


def restored(subject: FRRequest | LineUp, name: str) -> tuple[Draft | None, dict[str, str]]:
    """Return the signed-in person's draft of a page and its fields as form data; empty without a draft."""
    draft = drafts.kept(subject, current_actor(), name)
    return draft, dict(draft.private.get("fields", {})) if draft else {}


@bp.post("/review/rounds/<uid>/candidates/<int:place>/worksheet/draft")
@needs("examination.work", of=Round)
def keep_worksheet(subject: Round, place: int) -> Answer:
    """Keep the worksheet of a candidate as far as it is filled in."""
    candidate = candidate_at(subject, place)
    return _kept(
        subject.request,
        drafts.worksheet_page(subject, candidate),
        worksheet_form(),
        lambda: _check_open(subject),
        url_for("review.compare", uid=subject.uid, place=place),
    )


@bp.post("/review/rounds/<uid>/candidates/<int:place>/background/draft")
@needs("examination.work", of=Round)
def keep_background(subject: Round, place: int) -> Answer:
    """Keep the background check of a candidate as far as it is filled in."""
    candidate = candidate_at(subject, place)
    return _kept(
        subject.request,
        drafts.background_page(subject, candidate),
        background_form(),
        lambda: _check_open(subject),
        url_for("review.background", uid=subject.uid, place=place),
    )


@bp.post("/review/line-ups/<number>/<letter>/draft")
@needs("peer.review", of=LineUp)
def keep_place(subject: LineUp, letter: str) -> Answer:
    """SRC-4: keep a peer's own worksheet of one photograph as far as it is filled in; nobody else reads it."""
    place = place_at(subject, letter)

    def check() -> None:
        if subject.ended is not None:
            raise Refused("peer_assigned", f"{ended_words(subject)}.")
        check_open(subject, current_actor())

    back = url_for("review.line_place", number=subject.number, letter=letter)
    return _kept(subject, drafts.place_page(place), place_form(), check, back)


def _check_open(round_: Round) -> None:
    """Raise Refused unless this person examines this very round now."""
    if open_round(round_.request, current_actor()).id != round_.id:
        raise Refused("WF-examine", "This round is over.")


def _kept(subject: FRRequest | LineUp, name: str, form: Any, check: Callable[[], None], back: str) -> Answer:
    """Keep what the form holds, or answer in one sentence why not. `check` raises Refused when nothing may be kept."""
    try:
        check()
    except Refused as refusal:
        if not wants_part():
            raise
        return _sentence(status_of(refusal), fault=refusal.reason or refusal.rule.text)
    if not form.validate():
        fault = next(message for messages in form.errors.values() for message in messages)
        if wants_part():
            return _sentence(422, fault=fault)
        flash(f"The draft was not saved: {fault}", "error")
        return redirect_after_post(back)
    with unit_of_work():
        draft = drafts.keep(subject, current_actor(), name, typed(form))
    if wants_part():
        return _sentence(200, draft=draft)
    flash("The draft is saved. Only you see it." if draft else "There is nothing to save.", "success")
    return redirect_after_post(back)


def _sentence(status: int, *, draft: Draft | None = None, fault: str | None = None) -> WerkzeugResponse:
    answer = make_response(page("review/_draft.html", draft=draft, fault=fault), status)
    answer.headers[SENTENCE] = "refused" if fault else "kept"
    return answer

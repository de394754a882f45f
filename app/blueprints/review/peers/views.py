"""Peer review: a blind verdict on each photograph of an assigned line (SRC-4, FAIR-1).

These pages are built from the probe and the line alone: `blind_view` says what they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.fact_fields import mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.drafts import restored
from app.blueprints.review.examination.worksheets import features_of, worksheet_data
from app.blueprints.review.peers.blind_view import (
    ended_words,
    faces_of,
    just_compared,
    line_viewer,
    place_at,
    shown_line,
    shown_place,
)
from app.blueprints.review.peers.forms import DeclineForm, VerdictForm, exclusion_form, place_form
from app.clauses import enforces
from app.domain.approval.round_file import round_file
from app.domain.examination import drafts
from app.domain.peers import selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.results import opened_to
from app.extensions import db
from app.models import LineUp, LineUpPlace
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Answer, Overtaken, Why, take_step, typed_in
from app.web.pages import page, redirect_after_post

#: two peers who send at the same moment: the second is tried again on what the first left
TRIES = 3
#: ended assignments listed in the queue, newest first
LISTED = 50


@bp.get("/review/line-ups")
@needs("peer.review")
def peer_queue() -> str:
    """Show the line-ups assigned to this person, first due first, and those they ended."""
    mine, moment = visible(LineUp, current_actor()), now()
    waiting = mine.where(LineUp.ended.is_(None)).order_by(LineUp.due_at, LineUp.number)
    ended = mine.where(LineUp.ended.is_not(None)).order_by(LineUp.ended_at.desc()).limit(LISTED)
    return page(
        "review/peers/line_queue.html",
        now=moment,
        waiting=list(db.session.scalars(waiting)),
        ended=list(db.session.scalars(ended)),
        rule=policy().review.line_up,
    )


@bp.get("/review/line-ups/<number>")
@needs("peer.review", of=LineUp)
def line_up(subject: LineUp) -> str:
    """Show the probe and the line-up; after the verdict that verdict, and once all are in, every difference."""
    return render_line(subject)


@enforces("SRC-4")
def render_line(subject: LineUp, **changed: Any) -> str:
    """The blind page of a line; `changed` replaces what the template is given."""
    line = shown_line(subject)
    sheet = policy().review.worksheet
    context = {
        "item": subject,
        "line": line,
        "rule": policy().review.line_up,
        "sheet": sheet,
        "refusal": None,
        "verdicts": {verdict.value: verdict.label for verdict in sheet.verdicts},
        "form": None,
        "before": just_compared(line, request.args.get("after", "")),
    }
    if subject.ended is not None:
        opened = opened_to(subject)
        context["refusal"] = changed.get("refusal")
        return page(
            "review/peers/line_done.html", **context, round=round_file(opened, current_actor()) if opened else None
        )
    audit.viewed("faces.viewed", subject, page="review.line_up", faces=faces_of(subject))
    context |= {
        "verdict": VerdictForm(version=subject.stand, formdata=None),
        "decline": DeclineForm(version=subject.version, formdata=None),
        "now": now(),
    }
    return page("review/peers/line.html", **{**context, **changed})


@bp.get("/review/line-ups/<number>/<letter>")
@needs("peer.review", of=LineUp)
def line_place(subject: LineUp, letter: str) -> str | WerkzeugResponse:
    """One photograph of the line beside the probe."""
    if subject.ended is not None:
        return redirect_after_post(url_for("review.line_up", number=subject.number))
    return render_place(subject, place_at(subject, letter))


@enforces("SRC-4")
def render_place(subject: LineUp, place: LineUpPlace, **changed: Any) -> str:
    """The page that compares one photograph with the probe; `changed` replaces what the template is given."""
    audit.viewed("faces.viewed", subject, page="review.line_place", faces=faces_of(subject, [place]))
    review, stored = policy().review, place.private
    features = stored.get("features", {})
    line, entry = shown_line(subject), shown_place(place)
    draft, unsent = restored(subject, drafts.place_page(place))
    full = {} if place.quick else worksheet_data(features)
    full |= {"level": None if place.quick else place.level, "reason": stored.get("reason")}
    named = next(iter(features), None) if place.quick else None
    context = {
        "item": subject,
        "line": line,
        "entry": entry,
        "sheet": review.worksheet,
        "rule": review.line_up,
        "refusal": None,
        "form": None,
        "draft": draft,
        "before": just_compared(line, request.args.get("after", "")),
        "viewer": line_viewer(subject, line, place, entry),
        "opened": draft is not None or (bool(features) and not place.quick),
        "excluding": [
            one for one in review.scale.levels if one.number is not None and one.number <= review.line_up.quick_at_most
        ],
        "quick": exclusion_form(
            version=place.version, feature=named, note=features[named]["note"] if named else None, formdata=None
        ),
        "full": place_form(version=place.version, formdata=None, data=unsent if draft else full),
    }
    return page("review/peers/line_place.html", **{**context, **changed})


@bp.post("/review/line-ups/<number>/<letter>/exclusion")
@needs("peer.review", of=LineUp)
def exclude_in_line(subject: LineUp, letter: str) -> Answer:
    """SRC-4: exclude one photograph by a feature that differs."""
    form, place = exclusion_form(), place_at(subject, letter)
    unlike = next(verdict.value for verdict in policy().review.worksheet.verdicts if verdict.differs)
    features = {form.feature.data or "": {"verdict": _unexplained() or unlike, "note": form.note.data or ""}}

    def record() -> None:
        level = form.level.data or ""
        line_ups.compare(subject, current_actor(), place, level=level, features=features, quick=True)

    named = {"features": "feature" if not form.feature.data else "note", "level": "feature"}
    return _compared(subject, place, form, record, named | dict.fromkeys(features, "note"), "quick")


def _unexplained() -> str | None:
    """The verdict for a difference that has no explanation."""
    return next((one.value for one in policy().review.worksheet.verdicts if one.unexplained), None)


@bp.post("/review/line-ups/<number>/<letter>/worksheet")
@needs("peer.review", of=LineUp)
def compare_in_line(subject: LineUp, letter: str) -> Answer:
    """SRC-2, SRC-4: one photograph in all features, with a level and a reason."""
    form, place = place_form(), place_at(subject, letter)

    def record() -> None:
        line_ups.compare(
            subject,
            current_actor(),
            place,
            level=form.level.data or "",
            features=features_of(form),
            reason=form.reason.data or "",
        )

    return _compared(subject, place, form, record, {"features": "level"}, "full")


def _compared(
    subject: LineUp, place: LineUpPlace, form: Any, record: Callable[[], None], fields: dict[str, str], name: str
) -> Answer:
    """Record a comparison, or show the page again with what is missing beside its field."""

    def again(why: Why) -> str | tuple[str, int]:
        if subject.ended is not None:
            return _over(subject, form)
        if isinstance(why, Refused) and why.faults:
            mark(form, [_about(fault, fields) for fault in why.faults], ())
            why = None
        return render_place(subject, place, **{name: form, "form": form, "refusal": why, "opened": name == "full"})

    return take_step(
        subject,
        "compare_in_line",
        form,
        record,
        again=again,
        to=lambda: _onward(subject, place),
        own=True,
        barred=lambda: _closed(subject),
        stands=lambda: place.version,
    )


@enforces("SRC-4")
def _over(subject: LineUp, form: Any) -> tuple[str, int]:
    """Answer a page that was opened before the line-up ended: since when it is over, and what was typed."""
    return render_line(subject, refusal=Overtaken(typed_in(form), ended_words(subject), final=True)), 409


def _about(fault: Any, fields: dict[str, str]) -> Any:
    return replace(fault, field=fields.get(fault.field, fault.field))


def _onward(subject: LineUp, place: LineUpPlace) -> str:
    """Return the address of the next photograph to compare, or of the whole line-up."""
    waiting = [one for one in subject.places if one.held and one.level is None]
    after = next((one for one in waiting if one.position > place.position), waiting[0] if waiting else None)
    if after is None:
        return url_for("review.line_up", number=subject.number, after=place.letter)
    return url_for("review.line_place", number=subject.number, letter=after.letter, after=place.letter)


@bp.post("/review/line-ups/<number>/verdict")
@needs("peer.review", of=LineUp)
def give_verdict(subject: LineUp) -> Answer:
    """SRC-4: lock the verdict on the whole line. Sending it twice records it once."""
    form, actor = VerdictForm(), current_actor()
    back = url_for("review.line_up", number=subject.number)
    if subject.ended == "given":
        return redirect_after_post(back)

    def again(why: Why) -> str | tuple[str, int]:
        if why is None:
            return render_line(subject, verdict=form, form=form)
        return _over(subject, form) if subject.ended is not None else render_line(subject, refusal=why)

    return take_step(
        subject,
        "give_verdict",
        form,
        lambda: line_ups.give(subject, actor),
        again=again,
        to=back,
        done="Your verdict is recorded and locked.",
        barred=lambda: _closed(subject),
        stands=lambda: subject.stand,
        own=subject.stand != form.version.data,
        tries=TRIES,
    )


@bp.post("/review/line-ups/<number>/decline")
@needs("peer.review", of=LineUp)
def decline_line_up(subject: LineUp) -> Answer:
    """SRC-4: decline the assignment with a reason; the system assigns somebody else."""
    form, actor = DeclineForm(), current_actor()

    def decline() -> None:
        line_ups.decline(subject, actor, form.reason.data or "", present)

    def again(why: Why) -> str | tuple[str, int]:
        if subject.ended is not None:
            return _over(subject, form)
        if isinstance(why, Refused) and why.rule_id == policy().review.line_up.id:
            form.reason.errors = [*form.reason.errors, why.reason]
            why = None
        return render_line(subject, decline=form, form=form, refusal=why)

    present = selection.available(selection.trained_examiners())
    return take_step(
        subject,
        "decline",
        form,
        decline,
        again=again,
        to=url_for("review.peer_queue"),
        done=f"You declined {subject.number}. Your reason is with the supervisors.",
    )


def _closed(subject: LineUp) -> Refused | None:
    """Return the rule that closes this line-up, or None while it is open to this person."""
    try:
        line_ups.check_open(subject, current_actor())
    except Refused as refusal:
        return refusal
    return None

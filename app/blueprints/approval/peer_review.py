"""Peers as a supervisor sees them while they review: who is assigned, who declined and why; never a verdict (SRC-4)."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.approval.forms import StopForm, WithdrawalForm
from app.blueprints.options import options_of
from app.blueprints.shared_forms import VersionForm
from app.domain.approval import verbs as approvals
from app.domain.peers import selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.conditions import COMPOSING, composing, counting, line_ups_of
from app.domain.peers.results import assigned
from app.extensions import db
from app.models import FRRequest, LineUp, Round
from app.models.base import filled, now
from app.outbox import last_job
from app.policy import policy
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page

bp = Blueprint("peer_review", __name__)


@bp.get("/final-review/<number>/peers")
@needs("approval.decide", of=FRRequest)
def peers(subject: FRRequest) -> ResponseReturnValue:
    """The assignments of the round before its peers."""
    return _page(subject)


def _page(
    subject: FRRequest, why: Why = None, *, stop: StopForm | None = None, back: WithdrawalForm | None = None
) -> str:
    actor, round_ = current_actor(), subject.current_round
    if subject.state != "nominated" or round_ is None:
        abort(404)
    approvals.check_takes_no_other_part(subject, actor)
    return page(
        "approval/peers.html",
        item=subject,
        assigned=assigned(round_),
        now=now(),
        **apart(why),
        open=[one for one in line_ups_of(round_) if one.ended is None],
        rule=policy().review.peers,
        line=policy().review.line_up,
        job=last_job(COMPOSING, round_.uid),
        composing=composing(round_),
        missing=policy().review.peers.count - len(counting(round_)),
        foils=_foils(round_),
        stop=stop or StopForm(formdata=None, version=subject.version),
        back=back or WithdrawalForm(formdata=None, version=subject.version),
        options=options_of(subject),
    )


def _foils(round_: Round) -> tuple[int, int]:
    """(foils in the line, how many of them left the repository since), of the first assignment."""
    known = line_ups_of(round_)
    places = known[0].foil_places if known else []
    return len(places), sum(not place.held for place in places)


@bp.post("/final-review/<number>/peers/again")
@needs("approval.decide", of=FRRequest)
def assign_again(subject: FRRequest) -> Answer:
    """Have the system look again for peers who are missing."""
    approvals.check_takes_no_other_part(subject, current_actor())
    return take_step(
        subject,
        "compose",
        VersionForm(),
        lambda: selection.compose_again(subject, current_actor()),
        again=lambda why: _page(subject, why),
        done=f"{subject.number}: the system looks for peers again.",
        to=url_for("peer_review.peers", number=subject.number),
    )


@bp.post("/final-review/<number>/peers/withdrawal")
@needs("approval.decide", of=FRRequest)
def withdraw(subject: FRRequest) -> Answer:
    """Take an open assignment back with a reason; the system assigns the next peer."""
    approvals.check_takes_no_other_part(subject, current_actor())
    form, round_ = WithdrawalForm(), subject.current_round
    found = db.session.scalars(select(LineUp).where(LineUp.number == form.line.data)).one_or_none()

    def act() -> None:
        if found is None or round_ is None or found.round_id != round_.id:
            abort(404)
        selection.reassign(found, form.reason.data or "", present)

    present = selection.available(selection.trained_examiners())
    return take_step(
        subject,
        "withdraw_peer",
        form,
        act,
        again=lambda why: _page(subject, why, back=form),
        done=lambda: f"{filled(found).number} is withdrawn.",
        to=url_for("peer_review.peers", number=subject.number),
    )


@bp.post("/final-review/<number>/peers/stop")
@needs("approval.decide", of=FRRequest)
def stop(subject: FRRequest) -> Answer:
    """End a peer review that cannot be completed; the password is asked for again."""
    approvals.check_takes_no_other_part(subject, current_actor())
    form = StopForm()
    return take_step(
        subject,
        "stop_peer_review",
        form,
        lambda: line_ups.stop(subject, current_actor(), form.reason.data or "", password_confirmed=True),
        barred=lambda: options_of(subject).why("stop_peer_review"),
        again=lambda why: _page(subject, why, stop=form),
        done=f"{subject.number}: the peer review is ended. Decide what follows.",
        to=url_for("approval.file", number=subject.number),
    )

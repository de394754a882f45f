"""Peer review: another examiner's blind verdict on the nominated candidate (SRC-4, FAIR-1).

These pages are built from the probe, the nominee's photographs and the facts a comparison needs. Rank, score, the
worksheet, notes and opinions of others, and the names of whoever worked on the request are never loaded for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.fact_fields import mark
from app.blueprints.review.area import bp
from app.blueprints.review.forms import peer_form
from app.blueprints.review.probe import shown_photos, shown_probe
from app.blueprints.review.queue import due_at
from app.blueprints.review.steps import Overtaken, blocking, status_for, tried
from app.blueprints.review.worksheets import features_of
from app.domain import examination
from app.extensions import db
from app.models import FRRequest, PeerReview, Round
from app.models.base import now
from app.policy import policy
from app.policy.enforcement import enforces
from app.policy.facts import Fault
from app.unit import Conflict
from app.web import page, redirect_after_post
from app.workflow.conditions.worksheet import worksheet_faults
from app.workflow.registry import Refused

Answer = str | WerkzeugResponse | tuple[str, int]
#: two peers who send at the same moment: the second is tried again on what the first left
TRIES = 3


@dataclass(frozen=True, slots=True)
class Open:
    """One nominated request this person may peer-review, with nothing that tells how far others are."""

    item: FRRequest
    due: Any
    overdue: bool


def reviewable(actor: Actor) -> list[FRRequest]:
    """The nominated requests in which this person holds no part, urgent first, then oldest."""
    rows = visible(FRRequest, actor).where(FRRequest.state == "nominated").order_by(FRRequest.submitted_at)
    order = list(policy().request.priorities)
    found = [one for one in db.session.scalars(rows) if blocking(one, "record_peer_review", actor) is None]
    return sorted(found, key=lambda one: order.index(one.priority))


@bp.get("/review/peer-reviews")
@needs("peer.review")
def peer_queue() -> str:
    """What this person may peer-review, and the verdicts they have given."""
    actor, moment = current_actor(), now()
    given = visible(PeerReview, actor).options(joinedload(PeerReview.round).joinedload(Round.request))
    return page(
        "review/peer_queue.html", now=moment, opinions=_opinions(),
        waiting=[Open(one, due_at(one), due_at(one) < moment) for one in reviewable(actor)],
        given=list(db.session.scalars(given.order_by(PeerReview.id.desc()).limit(50))),
        priorities=policy().request.priorities,
    )  # fmt: skip


def _opinions() -> dict[str, str]:
    return {level.value: level.label for level in policy().review.scale.levels}


def _own(subject: FRRequest, actor: Actor) -> list[PeerReview]:
    rows = visible(PeerReview, actor).join(Round).where(Round.request_id == subject.id).order_by(PeerReview.id)
    return list(db.session.scalars(rows))


@bp.get("/review/peer-reviews/<number>")
@needs("peer.review", of=FRRequest)
def peer(subject: FRRequest) -> str | tuple[str, int]:
    """The probe beside the nominee, and the worksheet; after one's verdict, that verdict and nothing more."""
    round_ = subject.current_round
    return render_peer(subject, peer_form(round=round_.uid if round_ else "", formdata=None))


@enforces("SRC-4")
def render_peer(subject: FRRequest, form: Any, refusal: Refused | Overtaken | None = None) -> str | tuple[str, int]:
    """The blind page. 404 before a nomination; the rule that bars whoever holds another part in the request."""
    actor = current_actor()
    given = _own(subject, actor)
    if given:
        sheet = policy().review.worksheet
        verdicts = {verdict.value: verdict.label for verdict in sheet.verdicts}
        return page(
            "review/peer_done.html", item=subject, given=given, opinions=_opinions(), sheet=sheet, verdicts=verdicts
        )
    if isinstance(refusal, Refused) and subject.state != "nominated":
        return page("review/peer_barred.html", item=subject, refusal=refusal), status_for(refusal)
    if subject.state != "nominated":
        abort(404)
    barred = blocking(subject, "record_peer_review", actor)
    if barred is not None:
        return page("review/peer_barred.html", item=subject, refusal=barred), status_for(barred)
    round_ = subject.current_round
    photos = shown_photos(round_.nominee.person.photos)
    if not photos:
        abort(404, "The photograph left the repository; there is nothing to review.")
    faces = [round_.search.image.uid, *(one.photo.uid for one in photos)]
    audit.viewed("faces.viewed", subject, page="review.peer", faces=faces)
    asked = request.args.get("photo", "")
    shown = next((one for one in photos if one.photo.uid == asked), None)
    listed = next((one for one in photos if one.photo.id == round_.nominee.photo_id), photos[-1])
    return page(
        "review/peer.html", item=subject, form=form, refusal=refusal, probe=shown_probe(round_.search), photos=photos,
        shown=shown or listed, sheet=policy().review.worksheet, rule=policy().review.peers,
        taken=round_.search.image.taken_at, source=policy().request.sources.get(round_.search.image.source or ""),
        use=policy().uses[subject.use_id],
    )  # fmt: skip


@bp.post("/review/peer-reviews/<number>")
@needs("peer.review", of=FRRequest)
def review_as_peer(subject: FRRequest) -> Answer:
    """SRC-4: record one's verdict; it is locked with that. Sending it twice records it once."""
    form, actor = peer_form(), current_actor()
    if _own(subject, actor) and form.round.data in {review.round.uid for review in _own(subject, actor)}:
        return redirect_after_post(url_for("review.peer", number=subject.number))
    if not form.validate_on_submit():
        answer = render_peer(subject, form)
        return answer if isinstance(answer, tuple) else (answer, 422)

    def record() -> None:
        current = subject.current_round
        if current is None or current.uid != form.round.data:
            raise Conflict("another nomination stands now")
        examination.review_as_peer(subject, actor, form.opinion.data or "", features_of(form), form.reason.data or "")

    refusal = _patiently(subject, record, form)
    if refusal is not None:
        if isinstance(refusal, Refused) and status_for(refusal) == 422:
            mark(form, worksheet_faults(features_of(form)), ())
            if refusal.rule_id == "peer_opinion_given":
                mark(form, [Fault("reason" if form.opinion.data else "opinion", refusal.reason, refusal.rule_id)], ())
        answer = render_peer(subject, form, refusal)
        return answer if isinstance(answer, tuple) else (answer, status_for(refusal))
    flash("Your verdict is recorded and locked.", "success")
    return redirect_after_post(url_for("review.peer", number=subject.number))


def _patiently(subject: FRRequest, record: Any, form: Any) -> Refused | Overtaken | None:
    """Two verdicts at the same moment are both good: the later one is recorded on what the earlier left."""
    fault = None
    for _ in range(TRIES):
        fault = tried("record_peer_review", subject, record, form)
        if not isinstance(fault, Overtaken):
            break
    return fault

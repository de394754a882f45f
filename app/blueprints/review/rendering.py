"""The rendering of a request's working page, shared by the views that answer with it."""

from __future__ import annotations

from typing import Any

from app import audit
from app.access.actor import current_actor
from app.access.scoping import visible
from app.blueprints.images.links import face_url
from app.blueprints.options import options_of
from app.blueprints.review.examination import request_facts
from app.blueprints.review.examination.rounds import earlier_rounds
from app.blueprints.review.forms import RepeatForm, accept_form, refuse_form, return_form
from app.blueprints.review.identification.probe import rectangle, shown_probe
from app.blueprints.review.queue import assignment, due_at
from app.blueprints.review.steps import job_of
from app.domain.identification.lineage import last_asked
from app.domain.requests.copies import copies_of
from app.domain.requests.earlier_refusals import earlier_refusals
from app.domain.workload.verbs import history
from app.extensions import db, settings
from app.models import FRRequest, Round
from app.models.base import now
from app.policy import policy
from app.web.pages import page


def render_work(subject: FRRequest, **changed: Any) -> str:
    """The working page; `changed` replaces what the template is given (a refusal, a form as typed)."""
    faces = [image.uid for image in subject.current_images if image.shown_blob_id]
    if faces:
        audit.viewed("faces.viewed", subject, page="review.work", faces=faces)
    given = {**work_context(subject), **changed}
    given["accept"].shown.data = " ".join(one.id for one in given["refused"])
    return page("review/work.html", **given)


def work_context(subject: FRRequest) -> dict[str, Any]:
    """Build the working page's values; nothing of a round, its search or its people but for its examiner."""
    actor = current_actor()
    own = subject.examiner_id == actor.id
    rounds = visible(Round, actor).where(Round.request_id == subject.id).order_by(Round.number)
    known = list(db.session.scalars(rounds))
    search = subject.current_search
    options = options_of(subject)
    answers = own or subject.examiner_id is None  # whoever may be asked as a peer later learns of no other request
    gone = not own and subject.takes("take_over") and not options.facts["examiner_available"]
    return {
        "item": subject,
        "state": subject.stands,
        "refused": earlier_refusals(subject) if subject.takes("accept", "refuse") else [],
        "copies": copies_of(subject) if answers and subject.takes("accept", "refuse") else [],
        "due": due_at(subject),
        "now": now(),
        "assigned": assignment(subject, actor, {subject.examiner_id} if gone and subject.examiner_id else set()),
        "own": own,
        "request_facts": request_facts,
        "images": [
            (number, image, face_url("probe", image.uid), [rectangle(face) for face in image.faces])
            for number, image in enumerate(subject.current_images, 1)
            if image.shown_blob_id
        ],
        "options": options,
        "decision": subject.basis_decisions[-1] if own and subject.basis_decisions else None,
        "search": search,
        "probe": shown_probe(search) if own and search and subject.state != "continued" else None,
        "suitabilities": {choice.value: choice.label for choice in policy().review.suitability.choices},
        "searched_before": options.facts["searched_before"] if own and subject.state == "probe_selected" else [],
        "asked": last_asked(search) if own and search else None,
        "repeat_form": RepeatForm(version=subject.version, formdata=None),
        "algorithm": options.facts["algorithm_status"] if own and subject.state == "probe_selected" else None,
        "demonstration_mode": settings().demonstration,
        "job": job_of(search) if subject.state == "searching" else None,
        "round": known[-1] if own and known else None,
        "earlier": earlier_rounds(known, subject),
        "passed": history(subject) if own else [],
        "accept": accept_form(version=subject.version, formdata=None),
        "refuse": refuse_form(version=subject.version, formdata=None),
        "returning": return_form(version=subject.version, formdata=None),
        "opened": None,
        "refusal": None,
    }

"""The rendering of a request's page, shared by the views that answer with it."""

from __future__ import annotations

from typing import Any

from app import audit
from app.access.actor import current_actor
from app.access.clearance import private_for
from app.blueprints.options import options_of
from app.blueprints.requests.forms import UploadForm
from app.blueprints.requests.status import reports_for, since, standing, timeline
from app.blueprints.shared_forms import VersionForm
from app.domain.examination.ending import examined_for
from app.domain.requests import clearances
from app.domain.requests import verbs as domain
from app.domain.requests.images import check_of, may_be_removed
from app.domain.requests.new_images import not_discussed
from app.domain.requests.purposes import answered_purposes, answers_open
from app.domain.requests.seriousness import basis_answers
from app.domain.workload.conclusions import awaited
from app.models.base import now
from app.models.requests import FRRequest
from app.policy import policy
from app.web.pages import page


def render_request(subject: FRRequest, **changed: Any) -> str:
    """The page of a request; `changed` replaces what is given to the template (a refusal, a form with its fault).

    Records which faces it shows.
    """
    faces = [image.uid for image in subject.current_images if image.shown_blob_id]
    if faces:
        audit.viewed("faces.viewed", subject, page="requests.show", faces=faces)
    return page("requests/show.html", **{**request_context(subject), **changed})


def request_context(subject: FRRequest) -> dict[str, Any]:
    """Build the template values of a request's page and its parts."""
    actor = current_actor()
    verb = subject.first_of(*domain.FILING)
    own = subject.requester_id == actor.id
    reports = reports_for(subject, actor)
    return {
        "item": subject,
        "private": private_for(subject, actor),
        "purposes": [] if answers_open(subject, actor) else answered_purposes(subject),
        "basis_answers": basis_answers(subject),
        "own": own,
        "standing": standing(subject, own=own),
        "since": since(subject),
        "conclusion": awaited(subject),
        "verb": verb,
        "discussed_anew": verb == "resubmit" and bool(not_discussed(subject)),
        "options": options_of(subject),
        "decision": subject.basis_decisions[-1] if subject.basis_decisions else None,
        "reports": reports,
        "examined": {report.number: examined_for(report) for report in reports if report.kind == "negative"},
        "timeline": timeline(subject, actor),
        "removable": {image.uid for image in subject.current_images if may_be_removed(image)},
        "checks": {image.uid: check_of(image) for image in subject.current_images},
        "limits": policy().request.images,
        "upload": UploadForm(version=subject.version, formdata=None),
        "submission": VersionForm(version=subject.version, formdata=None),
        "refusal": None,
        "missing": clearances.missing(subject),
        "namers": clearances.namers() if subject.reserved else [],
        "now": now(),
    }

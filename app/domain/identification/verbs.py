"""From a submitted request to a finished search: basis, probe, search (REQ-4 to REQ-7, SRC-1, CAP-5)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from random import Random

from app.access.actor import Actor, actor_of, system_actor
from app.access.directory import lookup
from app.calendar import today
from app.clauses import enforces
from app.domain.algorithms import registry as algorithms
from app.domain.identification.lineage import searched_before
from app.domain.notices.notifications import tell
from app.domain.numbers import take_turn
from app.domain.workload.verbs import pass_on
from app.extensions import db, settings
from app.matching.errors import CatalogueError
from app.matching.nist import NistStatus
from app.models import (
    Account,
    BasisDecision,
    Candidate,
    DerivedImage,
    DetectedFace,
    FRRequest,
    GalleryPhoto,
    ProbeImage,
    Search,
)
from app.models.base import filled, now
from app.outbox import ask
from app.policy import policy
from app.policy.refused import Refused
from app.workflow import advance


def _decide(request: FRRequest, actor: Actor, decision: str, **fields: object) -> BasisDecision:
    row = BasisDecision(
        request=request, submission=request.submission, examiner_id=actor.id, decision=decision, **fields
    )
    db.session.add(row)
    return row


@enforces("REQ-4", "CAP-1")
def accept(request: FRRequest, actor: Actor, use: str, note: str, shown: Collection[str] = ()) -> None:
    """Confirm that the basis is this authorized use; the request becomes the examiner's. Raises Refused.

    `shown`: the ids of the earlier refusals the examiner had before them.
    """
    # set first: an accepted request without an examiner is refused by the database itself; what fails otherwise than by
    # a rule is rolled back with its unit of work, whose broken transaction takes no more changes
    previous, request.examiner_id = request.examiner_id, actor.id
    try:
        advance(request, "accept", actor, use=use, submission=request.submission, shown=shown)
    except Refused:
        request.examiner_id = previous
        raise
    _decide(request, actor, "confirmed").seal(note=note)
    tell("basis_confirmed", [request.requester_id], request)


@enforces("REQ-4")
def refuse(request: FRRequest, actor: Actor, rule: str, reason: str) -> None:
    """Refuse the basis, citing the rule it fails. Raises Refused."""
    advance(request, "refuse", actor, rule=rule, reason=reason)
    _decide(request, actor, "refused", rule=rule).seal(note=reason)
    tell("request_refused", [request.requester_id], request)


@enforces("REQ-7")
def return_for_images(request: FRRequest, actor: Actor, reasons: list[str], note: str) -> None:
    """Send the request back for better images, with the reasons the investigator will read. Raises Refused."""
    advance(request, "return_for_images", actor, reasons=sorted(reasons))
    _decide(request, actor, "returned", reasons=sorted(reasons)).seal(note=note)
    tell("images_returned", [request.requester_id], request)


@enforces("REQ-6", "REQ-7", "CAP-5")
def select_probe(
    request: FRRequest,
    actor: Actor,
    image: ProbeImage,
    face: DetectedFace,
    suitability: str,
    note: str,
    derived: DerivedImage | None = None,
) -> Search:
    """Select one face of one image as the probe; its suitability is recorded before any candidate is seen.

    With `derived` the search uses that prepared image of the same face; comparison stays on the original (SRC-2).
    A failed quality measure is overridden by the note alone (REQ-7). Raises Refused.
    """
    failing = face.failing
    for earlier in request.searches:
        if earlier.state == "prepared":
            earlier.state = "replaced"
    search = Search(
        request=request,
        submission=request.submission,
        image=image,
        face=face,
        examiner_id=actor.id,
        suitability=suitability,
        probe_sha256=image.sha256,
        derived=derived,
    )
    search.seal(
        suitability_note=note, overridden=[{"rule": finding["rule"], "text": finding["text"]} for finding in failing]
    )
    db.session.add(search)
    db.session.flush()
    advance(
        request,
        "select_probe",
        actor,
        search=search.uid,
        image=image.uid,
        face=face.position,
        derived=derived.uid if derived else None,
        overridden=[finding["rule"] for finding in failing],
    )
    # after a continuation whoever selects the next probe works on the request
    request.examiner_id = actor.id
    return search


@enforces("SRC-1", "FAIR-2")
def start_search(request: FRRequest, actor: Actor, algorithm: NistStatus) -> Search:
    """Queue the search of the selected probe. Raises Refused, for one when the algorithm is not evaluated (FAIR-2).

    The search keeps the algorithm it begins with, whatever is cut over to before a worker takes it up; the worker asks
    for its record again. `algorithm`: algorithms.status, asked before the unit of work opens, for it may read the whole
    file.
    """
    # two related searches at once are started one after the other, so that each sees the other (AUD-1)
    take_turn("searches")
    search = request.current_search
    job = ask("search", search.uid, f"search:{search.uid}") if search else None
    try:
        begins_with = algorithms.active()
    except CatalogueError as error:
        raise Refused("algorithm_evaluated", str(error)) from error
    advance(
        request,
        "start_search",
        actor,
        search=search.uid if search else None,
        job=job.uid if job else None,
        algorithm_status=algorithm,
        searched_before=searched_before(request),
        demonstration=settings().demonstration,
    )
    search = filled(search)
    search.state, search.started_at = "queued", now()
    search.algorithm, search.algorithm_digest = begins_with.name, begins_with.sha256
    return search


@enforces("CAP-6", "SRC-1")
def finish_search(
    search: Search,
    ranking: list[tuple[GalleryPhoto, float]],
    *,
    algorithm: str,
    algorithm_digest: str,
    detector_digest: str,
    generation: int,
    people: int,
    photos: int,
    parameters: dict[str, object],
) -> None:
    """Store what the search listed, best first, one row a person; draws the order in which people will see them.

    `ranking`: (best photograph, cosine) for each person. Nothing here accepts or rejects anybody by a score.
    """
    # said first: the database refuses a candidate of another algorithm than the search's own
    search.algorithm, search.algorithm_digest, search.detector_digest = algorithm, algorithm_digest, detector_digest
    db.session.flush()
    seed = secrets.randbits(31)
    order = list(range(1, len(ranking) + 1))
    Random(seed).shuffle(order)  # noqa: S311  (a recorded order, not a secret)
    for rank, ((photo, score), shown) in enumerate(zip(ranking, order, strict=True), 1):
        line = Candidate(
            search=search,
            person_id=photo.person_id,
            photo_id=photo.id,
            algorithm_digest=algorithm_digest,
            rank=rank,
            score=score,
            shown_order=shown,
        )
        db.session.add(line)
    search.gallery_generation, search.gallery_people, search.gallery_photos = generation, people, photos
    search.limit, search.order_seed, search.parameters = policy().review.candidates.count, seed, parameters
    search.state, search.finished_at = "finished", now()
    db.session.flush()
    advance(
        search.request,
        "finish_search",
        system_actor(),
        search=search.uid,
        candidates=len(ranking),
        algorithm=algorithm_digest,
        generation=generation,
    )
    tell("search_finished", [search.request.examiner_id], search.request)


def fail_search(search: Search, cause: str) -> None:
    """Record that the search failed, with the cause the examiner reads."""
    search.state, search.cause = "failed", cause[:300]
    advance(search.request, "fail_search", system_actor(), search=search.uid, cause=cause[:300], reason=cause)
    tell("search_failed", [search.request.examiner_id], search.request)


@enforces("ACC-2", "ACC-4")
def is_available(examiner: Account | None) -> bool:
    """Ask the directory and the register whether an examiner is still in the unit, enabled and trained.

    Raises DirectoryUnavailable. Ask before opening a unit of work.
    """
    if examiner is None:
        return False
    entry = lookup(examiner.name)
    if entry is None or not entry.enabled:
        return False
    return actor_of(examiner, entry.roles, today()).can("examination.work")


@enforces("ACC-2")
def take_over(request: FRRequest, actor: Actor, *, available: bool) -> None:
    """Take over another examiner's abandoned work; what was recorded stays. `available`: is_available, asked before."""
    advance(request, "take_over", actor, previous=request.examiner_id, examiner_available=available)
    pass_on(request, "taken_over", to=filled(actor.id), by=filled(actor.id))
    tell("taken_over", [request.requester_id], request)

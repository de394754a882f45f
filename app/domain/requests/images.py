"""Probe images of a request: added one by one, described, checked by the worker (REQ-3, LIM-1, LIM-4).

Every function that changes something needs an open unit of work and raises Refused; none commits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.requests.provenance import Provenance, said_by, source_faults
from app.domain.requests.verbs import open_for_changes
from app.extensions import db
from app.imaging import ImageLimits, Sniffed
from app.models.base import now
from app.models.engine import Job
from app.models.requests import FRRequest, ProbeImage
from app.outbox import ask, last_job
from app.policy import policy
from app.policy.facts import Fault, check_lawful_basis, signs
from app.policy.refused import Refused
from app.storage import BlobRef
from app.workflow.engine import refuse_if

JOB = "check_image"
#: of a file name, as every file system has it: what the name says of its camera may stand at its beginning
LONGEST_NAME = 255


def limits() -> ImageLimits:
    """Return the policy's limits on an upload."""
    rule = policy().request.images
    formats = tuple(kind.value for kind in rule.formats)
    return ImageLimits(max_bytes=rule.max_bytes, max_pixels=rule.max_pixels, formats=formats)


def may_be_removed(image: ProbeImage) -> bool:
    """Tell whether an image may be removed: any of a draft; after a return only those added since."""
    request = image.request
    if image.removed_at is not None:
        return False
    return request.state == "draft" or (request.state == "awaiting_images" and image.submission > request.submission)


def duplicate_of(request: FRRequest, sha256: str) -> int | None:
    """Return the number, from 1, of this request's image with the same bytes, or None."""
    found = (n for n, image in enumerate(request.current_images, 1) if image.sha256 == sha256)
    return next(found, None)


@enforces("REQ-3", "CAP-7")
def may_add(request: FRRequest, actor: Actor, sha256: str) -> None:
    """Refuse when the request takes no more images, or already holds these very bytes."""
    open_for_changes(request, actor)
    rule = policy().request.images
    number = duplicate_of(request, sha256)
    refuse_if(rule.id, number is not None, f"This photograph is already in the request, as image {number}.")
    full = len(request.current_images) >= rule.max_images
    refuse_if(rule.id, full, f"The request already holds {rule.max_images} images. Remove one first.")


@enforces("REQ-3", "CAP-5")
def add_image(request: FRRequest, actor: Actor, stored: BlobRef, sniffed: Sniffed, file_name: str) -> ProbeImage:
    """Add one stored upload to the request and ask the worker to check it. Raises Refused as `may_add`."""
    # two uploads at once are taken one after the other, so that each sees the other's image
    db.session.execute(select(FRRequest.id).where(FRRequest.id == request.id).with_for_update())
    may_add(request, actor, stored.sha256)
    image = ProbeImage(
        request=request,
        submission=request.submission + 1,
        state="checking",
        media_type=sniffed.media_type,
        width=sniffed.width,
        height=sniffed.height,
        size=stored.size,
        sha256=stored.sha256,
        blob_id=stored.id,
    )
    image.seal(file_name=file_name[-LONGEST_NAME:])
    db.session.add(image)
    db.session.flush()
    audit.record("image.added", request, actor=actor, image=image.uid, sha256=image.sha256)
    ask(JOB, image.uid, once=f"check-image:{image.uid}")
    return image


@enforces("LIM-1", "LIM-4")
def describe_image(image: ProbeImage, actor: Actor, values: Provenance) -> None:
    """Record the provenance of an image. Raises Refused with every fault when a rule on images is not met."""
    request = image.request
    open_for_changes(request, actor)
    rule = policy().request.images
    refuse_if(rule.id, not may_be_removed(image), "This image was already submitted; add a new one instead.")
    said = said_by(image, values)
    source = source_faults(image, values)
    lawful = check_lawful_basis(policy(), values.obtained, values.obtained_facts)
    told = source + lawful + _time_faults(values)
    unattested = "" if values.attested else "Confirm the attestation, or remove the image."
    faults = [*told, Fault("attested", unattested, "attested")] if unattested else told
    asked = {fact.name for fact in signs(policy(), values.source, said)}
    if source and (values.source == "body_worn_camera" or any(fault.field in asked for fault in source)):
        raise Refused("body_worn_exception", source[0].message, faults=faults)
    if told:
        raise Refused("images_lawful", told[0].message, faults=faults)
    if faults:
        raise Refused("attested", unattested, faults=faults)
    image.source, image.obtained, image.taken_at = values.source, values.obtained, values.taken_at
    image.attested_at = now()
    image.seal(source_facts=dict(values.source_facts), obtained_facts=dict(values.obtained_facts))
    db.session.flush()
    audit.record("image.described", request, actor=actor, image=image.uid)


def _time_faults(values: Provenance) -> list[Fault]:
    if values.taken_at is None:
        return [Fault("taken_at", "Say when the photograph was taken: date and time.", "images_lawful")]
    if values.taken_at > now():
        return [Fault("taken_at", "This moment lies in the future.", "images_lawful")]
    return []


def remove_image(image: ProbeImage, actor: Actor) -> None:
    """Remove an image before it is submitted. Row and bytes stay, but it is neither shown nor submitted."""
    open_for_changes(image.request, actor)
    if image.removed_at is not None:
        return
    rule = policy().request.images
    refuse_if(rule.id, not may_be_removed(image), "An image that was submitted stays with the request.")
    image.removed_at = now()
    db.session.flush()
    audit.record("image.removed", image.request, actor=actor, image=image.uid)


def check_of(image: ProbeImage) -> Job | None:
    """Return the job that checks an image, or None once it is checked."""
    return last_job(JOB, image.uid) if image.state == "checking" else None


def check_again(image: ProbeImage, actor: Actor) -> None:
    """Ask the worker again about an image that could not be checked. Asking twice is one job."""
    open_for_changes(image.request, actor)
    if image.state != "not_checked" or image.removed_at is not None:
        return
    image.state, image.problem = "checking", None
    tries = db.session.scalar(
        select(func.count(Job.id)).where(Job.kind == JOB, Job.subject_id == image.uid, Job.state == "failed")
    )
    ask(JOB, image.uid, once=f"check-image:{image.uid}:{tries}")
    audit.record("image.checked", image.request, actor=actor, image=image.uid, state="checking", faces=0)


def finish_check(image: ProbeImage, actor: Actor, state: str, problem: str | None, **columns: Any) -> None:
    """Set what the worker found; `columns` are those of the shown copy."""
    image.state, image.problem = state, problem[:300] if problem else None
    for name, value in columns.items():
        setattr(image, name, value)
    db.session.flush()
    audit.record("image.checked", image.request, actor=actor, image=image.uid, state=state, faces=len(image.faces))

"""What is stated of a probe image, and what its source is asked because of it and of its file (LIM-1, LIM-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from app.calendar import day_of
from app.clauses import enforces
from app.domain.matters.photographs import with_copies
from app.extensions import db
from app.models.matters import CaseNumber
from app.models.requests import FRRequest, ProbeImage
from app.policy import policy
from app.policy.base import Fact
from app.policy.capture import check_capture, day_asked
from app.policy.facts import Fault, answered, check_source, signs, source_asked
from app.policy.forms import Source
from app.storage import StorageError

#: the metadata that may name the device
_METADATA = ("camera_make", "camera_model", "software")


@dataclass(frozen=True, slots=True)
class Provenance:
    """An image's source, how it was lawfully obtained and when it was taken (aware time).

    `attested`: the requester says that it is an unaltered photograph of the unknown person.
    """

    source: str
    source_facts: Mapping[str, str] = field(default_factory=dict)
    obtained: str = ""
    obtained_facts: Mapping[str, str] = field(default_factory=dict)
    taken_at: datetime | None = None
    attested: bool = False


def stated_of(image: ProbeImage) -> Provenance:
    """Return what stands in the record of an image."""
    private = image.private
    return Provenance(
        image.source or "",
        private.get("source_facts") or {},
        image.obtained or "",
        private.get("obtained_facts") or {},
        image.taken_at,
        image.attested_at is not None,
    )


@enforces("LIM-1")
def said_by(image: ProbeImage, stated: Provenance) -> tuple[str, ...]:
    """Return what is said of an image: by its file's names, by what its metadata names as its device, by the requester.

    Its name is every one under which anybody uploaded the same bytes or the same photograph in the matter, removed or
    not: another name makes it no other file. The metadata is known once the worker has read the file. What answers a
    question on such a sign is none itself.
    """
    told: dict[str | None, None] = {}
    for private in (image.private, *_elsewhere(image)):
        metadata = private.get("exif") or {}
        told[private.get("file_name")] = None
        told |= dict.fromkeys(metadata.get(name) for name in _METADATA)
    for given in (stated.source_facts, stated.obtained_facts):
        told |= dict.fromkeys(str(answer) for name, answer in given.items() if name not in _asked_besides())
    return tuple(text for text in told if text)


def _elsewhere(image: ProbeImage) -> Iterator[Mapping[str, Any]]:
    """Yield what is known of the same photograph as it was uploaded elsewhere in the matter, the earliest first."""
    # one statement: pages ask this of every image
    number = image.request.case_number
    linked = select(CaseNumber.matter).where(CaseNumber.number == number)
    others = (
        select(ProbeImage)
        .join(FRRequest, ProbeImage.request_id == FRRequest.id)
        .where(
            ProbeImage.id != image.id,
            or_(ProbeImage.sha256 == image.sha256, ProbeImage.id.in_(with_copies([image.id]))),
            or_(
                FRRequest.case_number == number,
                FRRequest.case_number.in_(select(CaseNumber.number).where(CaseNumber.matter.in_(linked))),
            ),
        )
        .order_by(ProbeImage.id)
    )
    for other in db.session.scalars(others):
        try:
            yield other.private
        except StorageError:
            continue  # what was erased says nothing any more


def source_of(image: ProbeImage, stated: Provenance | None = None) -> Source | None:
    """Return the source of an image (as it stands, or as it is being stated) with every fact that it is asked for."""
    stated = stated or stated_of(image)
    return source_asked(policy(), stated.source, said_by(image, stated), owed_by(image, stated))


def owed_by(image: ProbeImage, stated: Provenance) -> tuple[Fact, ...]:
    """Return what a source is asked because of the day on which the image was taken."""
    taken = day_of(stated.taken_at) if stated.taken_at else None
    return day_asked(policy(), stated.source, taken, _day_of_matter(image))


def source_faults(image: ProbeImage, stated: Provenance, *, of_day: bool = True) -> list[Fault]:
    """Return what is wrong with an image's source; `of_day`: also with the day on which it was taken.

    An answer that is asked for no longer, since the day or the words changed, does no harm.
    """
    said, owed = said_by(image, stated), owed_by(image, stated) if of_day else ()
    asked = {fact.name for fact in (*signs(policy(), stated.source, said), *owed)}
    given = {name: one for name, one in stated.source_facts.items() if name in asked or name not in _asked_besides()}
    found = check_source(policy(), stated.source, given, image.request.use_id, said, owed)
    return found + (check_capture(policy(), day_of(stated.taken_at)) if of_day and stated.taken_at else [])


def told_of(image: ProbeImage) -> list[tuple[str, Any]]:
    """Return where an image comes from, how and when it was obtained, as (question, answer)."""
    private, source = image.private, source_of(image)
    basis = policy().request.lawful_bases.get(image.obtained or "")
    rows: list[tuple[str, Any]] = [("Source", source.title if source else None)]
    rows += answered(source.facts, private.get("source_facts")) if source else []
    rows += [("Lawfully obtained", basis.title if basis else None)]
    return rows + (answered(basis.facts, private.get("obtained_facts")) if basis else [])


def _asked_besides() -> set[str]:
    rules = policy().request
    return {sign.fact.name for sign in rules.source_signs} | {fact.name for fact in rules.capture.facts}


def _day_of_matter(image: ProbeImage) -> date | None:
    circumstances: Mapping[str, Any] = image.request.private.get("circumstances") or {}
    try:
        return date.fromisoformat(str(circumstances.get("date") or ""))
    except ValueError:
        return None

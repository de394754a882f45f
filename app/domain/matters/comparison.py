"""What a request has in common with other numbers: one photograph, one place and day, one text. Only reads.

The same photograph, never the same person: nothing here compares faces. What may be compared with anything is said in
`comparable` alone: no request that is its investigator's alone, reserved, or disposed of (LIM-7, RET-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import load_only

from app.clauses import enforces
from app.domain.matters import numbers
from app.domain.matters.evidence import MOMENT, SAME, Evidence
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db
from app.models.base import filled, now
from app.models.requests import FRRequest, ProbeImage
from app.policy import policy
from app.policy.matters.comparison import Told, Window, compare, read
from app.storage import StorageError

#: number -> what a request has in common with it, in the order in which it is proposed
Found = Mapping[str, list[Evidence]]


@enforces("LIM-7", "ACC-11", "RET-11")
def comparable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for requests that may be compared with those of other numbers."""
    return (
        FRRequest.submission > 0,
        FRRequest.state != "draft",
        FRRequest.state != "disposed",
        ~FRRequest.political,
    )


@enforces("REQ-2", "RET-11")
def window() -> Window:
    """Open what may be compared of the days of the rule, the last filed first and no more than the rule says."""
    rule = policy().request.proposal
    rows = (
        select(FRRequest)
        .options(load_only(FRRequest.uid, FRRequest.number, FRRequest.case_number, FRRequest.use_id, FRRequest.key_id))
        .options(load_only(FRRequest.submitted_at, FRRequest.sealed))
        .where(*comparable(), FRRequest.submitted_at >= now() - timedelta(days=rule.window_days))
        .order_by(FRRequest.submitted_at.desc(), FRRequest.id.desc())
        .limit(rule.most_compared)
    )
    return Window(told for row in db.session.scalars(rows) if (told := _told(row)) is not None)


def _told(request: FRRequest) -> Told | None:
    try:
        told, texts = answers_of(request), texts_of(request)
    except StorageError:
        return None  # what cannot be opened is compared with nothing
    filed = filled(request.submitted_at)
    return read(policy().request.proposal, request.number, request.case_number, filed, told, texts)


def answers_of(request: FRRequest) -> dict[str, str]:
    """Return the answers of a request by name, of which some name the place and the day. Raises StorageError."""
    return {**(request.private.get("facts") or {}), **(request.private.get("circumstances") or {})}


def texts_of(request: FRRequest) -> list[str]:
    """Return what a request tells in words, wherever it does: the narrative, the basis. Raises StorageError."""
    facts, use = request.private.get("facts") or {}, policy().uses.get(request.use_id or "")
    return [
        request.private.get("narrative") or "",
        *(facts.get(fact.name) or "" for fact in (use.facts if use else ())),
    ]


@enforces("REQ-2", "AUD-1")
def evidence_for(request: FRRequest, opened: Window | None = None) -> Found:
    """Return what a request has in common with other numbers; photographs first. Only reads."""
    compared = window() if opened is None else opened
    mine = next((one for one in compared if one.request == request.number), None)
    if not db.session.scalar(select(FRRequest.id).where(FRRequest.id == request.id, *comparable())):
        return {}
    found = _photographs(request)
    if mine is not None:
        matter = numbers.of_matter(request.case_number)
        for number, alike in compare(policy().request.proposal, compared, mine, matter).items():
            found.setdefault(number, []).extend(
                Evidence(one.kind, one.requests, one.marks, one.percent) for one in alike
            )
    return found


def _photographs(request: FRRequest) -> dict[str, list[Evidence]]:
    images = request.current_images
    digests, ids = {image.sha256 for image in images}, [image.id for image in images]
    rows = (
        select(FRRequest.case_number, FRRequest.number, ProbeImage.sha256)
        .join(ProbeImage, ProbeImage.request_id == FRRequest.id)
        .where(
            or_(ProbeImage.sha256.in_(digests), ProbeImage.id.in_(of_same_photograph(ids))),
            *comparable(),
            FRRequest.case_number.not_in(numbers.of_matter(request.case_number)),
        )
        .order_by(FRRequest.case_number, FRRequest.id, ProbeImage.id)
    )
    seen: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for number, other, digest in db.session.execute(rows):
        kind = SAME if digest in digests else MOMENT
        seen.setdefault(number, {}).setdefault(kind, []).append((other, digest))
    return {number: list(_evidence(request, kinds)) for number, kinds in seen.items()}


def _evidence(request: FRRequest, kinds: Mapping[str, list[tuple[str, str]]]) -> Iterator[Evidence]:
    for kind in (SAME, MOMENT):
        pairs = kinds.get(kind, [])
        if pairs:
            others, marks = (dict.fromkeys(values) for values in zip(*pairs, strict=True))
            yield Evidence(kind, (request.number, *others), tuple(marks))

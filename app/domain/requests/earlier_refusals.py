"""Earlier refusals of a matter: by supervisors asked before, of a basis, by an answer since changed (AUD-1, REQ-4).

Whoever is asked next reads them, whatever number, use or draft the request now stands under. This module only reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, union
from sqlalchemy.orm import selectinload

from app.access.actor import Actor
from app.access.clearance import is_member, may_know
from app.clauses import enforces
from app.domain.matters.photographs import with_copies
from app.domain.requests.retractions import because_of, refusing_answers, retracted
from app.extensions import db
from app.models.requests import BasisDecision, FRRequest, ProbeImage
from app.workflow.facts import Facts
from app.workflow.registry import condition


@dataclass(frozen=True, slots=True)
class EarlierRefusal:
    """A refusal: of which request, what was refused, by whom, when and why; `id` names it in a form.

    `rule`: the rule that a refused basis failed; empty for a discussion. `answered`: the answer, once saved, for which
    the rules refuse a request.
    """

    id: str
    request: FRRequest
    of_basis: bool
    use_id: str
    rule: str
    by: str
    at: datetime
    reason: str
    answered: str = ""

    def known_to(self, actor: Actor) -> bool:
        """Tell whether this person may read whose it was and why; that there was one, everybody must know (LIM-7)."""
        return (
            not self.request.political or is_member(actor) or (self.request.reserved and may_know(self.request, actor))
        )


@enforces("AUD-1", "REQ-4")
def earlier_refusals(request: FRRequest) -> list[EarlierRefusal]:
    """Return every refusal of this request and of those of its matter or with its images, newest first."""
    rows = select(FRRequest).where(
        FRRequest.state != "disposed", or_(request.in_same_matter(), with_images(request.images))
    )
    # at once: a matter may have many requests, and this is asked on every page of an answer
    rows = rows.options(selectinload(FRRequest.basis_decisions).joinedload(BasisDecision.examiner))
    found = [
        one
        for other in db.session.scalars(rows)
        for one in (*_discussions(other), *_bases(other), *_answers(other, request))
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def with_images(images: Collection[ProbeImage]) -> ColumnElement[bool]:
    """Return the condition for requests that hold one of these images, or an edited copy of one."""
    digests = {image.sha256 for image in images}
    holds = select(ProbeImage.request_id)
    # in the statement that asks, each by its own index: one page asks for refusals and for what is reserved
    copies = holds.where(ProbeImage.id.in_(with_copies([image.id for image in images])))
    return FRRequest.id.in_(union(holds.where(ProbeImage.sha256.in_(digests)), copies))


def denials_of(request: FRRequest) -> list[dict[str, Any]]:
    """Return what supervisors wrote who did not confirm the discussion, oldest first; older rows keep one."""
    private = request.private
    return list(private.get("denials") or ([private["denial"]] if private.get("denial") else []))


def _discussions(request: FRRequest) -> Iterator[EarlierRefusal]:
    for number, denial in enumerate(denials_of(request), 1):
        yield EarlierRefusal(
            f"{request.uid}-{number}",
            request,
            False,
            str(denial.get("use") or request.use_id or ""),
            "",
            denial["by"],
            datetime.fromisoformat(denial["at"]),
            denial["reason"],
        )


def _bases(request: FRRequest) -> Iterator[EarlierRefusal]:
    decisions: list[BasisDecision] = [one for one in request.basis_decisions if one.decision == "refused"]
    for decision in decisions:
        yield EarlierRefusal(
            decision.uid,
            request,
            True,
            request.use_id or "",
            decision.rule or "",
            decision.examiner.display_name,
            decision.created_at,
            str(decision.private.get("note") or ""),
        )


def _answers(other: FRRequest, request: FRRequest) -> Iterator[EarlierRefusal]:
    """Yield what was answered once for which the rules refuse a request: here, or under another number or draft.

    A colleague's draft that was never filed is theirs; what stands in a request of the Bureau is its purpose (LIM-7).
    """
    if other.requester_id != request.requester_id and not other.submission:
        return
    found = retracted(other) if other is request or other.reserved else refusing_answers(other)
    for one in found:
        yield EarlierRefusal(
            f"{other.uid}-{one.asked.id}-{one.at.isoformat()}",
            other,
            False,
            other.use_id or "",
            one.asked.id,
            one.by,
            one.at,
            because_of(other),
            f"{one.asked.question} {one.said}.",
        )


@condition("refusals_read", "AUD-1", "REQ-4")
def refusals_read(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`shown`: the ids of the refusals that stood on the page of the answer."""
    shown = facts["shown"]  # first: a page that only the form completes need not look for them
    found = earlier_refusals(request)
    unread = [one for one in found if one.id not in shown]
    if not unread:
        return None
    return f"{len(unread)} of {len(found)} earlier refusals did not stand on the page that you answered."

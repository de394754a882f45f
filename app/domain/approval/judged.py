"""The judgments of a request, each with the policy version it was made under, for final review and reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.domain.approval.round_file import DECISIONS
from app.models import FRRequest, Round
from app.policy import policy

#: the words for a decision on the basis
BASIS = {"confirmed": "Basis confirmed", "refused": "Basis refused", "returned": "Returned for images"}


@dataclass(frozen=True, slots=True)
class DatedJudgment:
    """Something that was judged: what, when, under which policy version (empty: not recorded)."""

    what: str
    at: datetime
    policy_version: str


def judgments(request: FRRequest) -> tuple[DatedJudgment, ...]:
    """Return every judgment of the request up to its decision, oldest first."""
    found = [*_before_rounds(request)]
    for round_ in request.rounds:
        found += _of_round(round_)
    return tuple(sorted(found, key=lambda judgment: judgment.at))


def _before_rounds(request: FRRequest) -> Iterator[DatedJudgment]:
    for decision in request.basis_decisions:
        yield DatedJudgment(BASIS[decision.decision], decision.created_at, decision.policy_version)
    for search in request.searches:
        yield DatedJudgment("Probe selected for a search", search.created_at, search.policy_version)


def _of_round(round_: Round) -> Iterator[DatedJudgment]:
    where = f"round {round_.number}"
    # under each version one line, at the first comparison of it: a report says nothing of who else was compared
    seen = set()
    for disposition in round_.dispositions:
        if disposition.policy_version not in seen:
            seen.add(disposition.policy_version)
            yield DatedJudgment(
                f"Comparison of candidates, {where}", disposition.created_at, disposition.policy_version
            )
    for check in round_.background_checks:
        yield DatedJudgment(f"Background check, {where}", check.created_at, check.policy_version)
    for n, review in enumerate(round_.peer_reviews, 1):
        yield DatedJudgment(f"Peer review {n}, {where}", review.created_at, review.policy_version)
    for final in round_.final_reviews:
        title = policy().review.decisions[DECISIONS[final.decision]].title
        yield DatedJudgment(f"Final review, {where}: {title}", final.created_at, final.policy_version)

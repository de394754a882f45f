"""The preview of a disposal: what it would destroy and why each record is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.retention import verbs as retention
from app.domain.retention.disposals import with_their_files
from app.domain.retention.eligibility import NotDue, Target, is_disposed, not_due, under_way
from app.domain.retention.known import Known, known_of
from app.models.retention import CaseRecord, Disposal
from app.policy import policy
from app.policy.base import Rule
from app.policy.retention.types import Standing


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One record of a proposal. `added`: a file that goes with its records; `blocked`: why it cannot go now."""

    target: Target
    standing: Standing | None
    added: bool
    blocked: NotDue | None
    requests: int = 0
    images: int = 0
    reports: int = 0
    photographs: int = 0
    known: Known | None = None

    @property
    def rule(self) -> Rule | None:
        """The rule that keeps the record."""
        return policy().rule(self.blocked.rule_id) if self.blocked else None


def preview(chosen: Sequence[Target], disposal: Disposal | None = None) -> list[PreviewLine]:
    """Return the chosen records and the files that go with them (with `disposal`: exactly its items)."""
    targets = list(chosen) if disposal is not None else with_their_files(chosen)
    return [_line(target, target not in chosen, disposal) for target in targets]


def _line(target: Target, added: bool, disposal: Disposal | None) -> PreviewLine:
    other = under_way(target)
    blocked = not_due(target)
    if blocked is None and other is not None and (disposal is None or other.id != disposal.id):
        blocked = NotDue("records_chosen", f"Already in {other.number}, which is under way.")
    standing = None if is_disposed(target) else retention.standing_of(target)
    if not isinstance(target, CaseRecord):
        photographs = len(target.gallery_person.photos) if target.gallery_person else 0
        return PreviewLine(target, standing, added, blocked, photographs=photographs)
    requests = retention.requests_of(target)
    return PreviewLine(
        target,
        standing,
        added,
        blocked,
        requests=len(requests),
        images=sum(len(request.images) for request in requests),
        reports=sum(len(request.reports) for request in requests),
        known=None if is_disposed(target) else known_of(target),
    )

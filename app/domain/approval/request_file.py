"""The whole file of a request as the final review reads it: every round, every opinion, nothing summed up (SRC-5).

A view model: frozen, gathered from the records; it holds no rank and no score of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.access.actor import Actor
from app.access.clearance import narrative_for
from app.audit.policy_texts import rule_as_of, rule_of, words_of
from app.calendar import day_of
from app.domain.algorithms.registry import entry_of, longest_review
from app.domain.approval.judged import BASIS, DatedJudgment, judgments
from app.domain.approval.round_file import RoundFile, answered, gather_round
from app.domain.requests.provenance import source_of
from app.domain.requests.seriousness import basis_answers
from app.domain.workload.verbs import endings
from app.matching.nist import nist_status
from app.models import (
    FRRequest,
    Search,
)
from app.models.base import filled
from app.policy import policy
from app.workflow.history import steps_of


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """What a result depends on (FAIR-2): the algorithm, the digest of its file, the gallery it saw."""

    uid: str
    state: str
    cause: str
    at: datetime | None
    examiner: str
    suitability: str
    suitability_note: str
    searched: str
    overridden: tuple[str, ...]
    algorithm: str
    digest: str
    nist: str
    generation: int | None
    photos: int | None
    people: int | None
    candidates: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """REQ-4 and REQ-5: a decision on the basis and where it is documented."""

    label: str
    who: str
    at: datetime
    note: str
    rule: Any
    reference: str
    documented_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileStep:
    """One step of the timeline with the rule it was taken under."""

    at: datetime
    title: str
    by: str
    rule: Any
    policy_version: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything about one request on one page."""

    request: FRRequest
    use: Any
    stated: tuple[tuple[str, str], ...]
    narrative: str
    description: tuple[tuple[str, str], ...]
    circumstances: tuple[tuple[str, str], ...]
    priority: str
    priority_reason: str
    probe: Search | None
    provenance: tuple[tuple[str, Any], ...]
    confirmations: tuple[Confirmation, ...]
    searches: tuple[SearchFacts, ...]
    rounds: tuple[RoundFile, ...]
    timeline: tuple[FileStep, ...]
    judged: tuple[DatedJudgment, ...]

    @property
    def current(self) -> RoundFile | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def faces(self) -> list[str]:
        """The uids of all face images the file shows: probes and nominees' photographs."""
        shown = [self.probe.image.uid] if self.probe else []
        for round_ in self.rounds:
            derived = round_.row.search.derived
            shown += [round_.probe_uid, *([derived.uid] if derived and round_.nominee else [])]
            shown += [photo.uid for photo in round_.photos]
        return list(dict.fromkeys(shown))


def gather_file(request: FRRequest, actor: Actor) -> CaseFile:
    """The file of a request. Raises StorageError when its private text cannot be opened."""
    private, rules = request.private, policy().request
    use = policy().use(filled(request.use_id))
    probe = request.current_round.search if request.current_round else request.current_search
    passed = endings(request)
    return CaseFile(
        request=request,
        use=use,
        stated=tuple((label, "" if said is None else str(said)) for label, said in basis_answers(request)),
        narrative=narrative_for(request, actor),
        description=answered(rules.description.facts, private.get("description", {}), left_out=True),
        circumstances=answered(rules.circumstances.facts, private.get("circumstances", {})),
        priority=rules.priorities[request.priority].title,
        priority_reason=str(private.get("priority_reason") or ""),
        probe=probe,
        provenance=_provenance(probe),
        confirmations=tuple(_confirmation(row) for row in request.basis_decisions),
        searches=tuple(_search(row) for row in request.searches if row.started_at is not None),
        rounds=tuple(
            gather_round(row, actor, row is request.current_round, passed.get(row.id)) for row in request.rounds
        ),
        timeline=_timeline(request),
        judged=judgments(request),
    )


def _provenance(search: Search | None) -> tuple[tuple[str, Any], ...]:
    if search is None:
        return ()
    image = search.image
    rules = policy().request
    source, basis = source_of(image), rules.lawful_bases.get(image.obtained or "")
    return (
        ("Source", source.title if source else ""),
        *(answered(source.facts, image.private.get("source_facts", {}), left_out=True) if source else ()),
        ("How lawfully obtained", basis.title if basis else ""),
        *(answered(basis.facts, image.private.get("obtained_facts", {}), left_out=True) if basis else ()),
    )


def _confirmation(row: Any) -> Confirmation:
    return Confirmation(
        label=BASIS[row.decision],
        who=row.examiner.titled,
        at=row.created_at,
        note=str(row.private.get("note") or ""),
        rule=(rule_as_of(row.policy_version, row.rule) or policy().rules.get(row.rule)) if row.rule else None,
        reference=row.entry_reference or "",
        documented_at=row.documented_at,
    )


def _search(row: Search) -> SearchFacts:
    suitability = {choice.value: choice.label for choice in policy().review.suitability.choices}
    reason = "The search did not finish."
    if row.algorithm_digest is not None and row.finished_at is not None:
        entry = entry_of(row.algorithm_digest)
        if entry is not None:
            reason = nist_status(entry, row.algorithm_digest, day_of(row.finished_at), longest_review()).reason
        else:
            reason = "This algorithm left the registry since; its record stands in the registry of that time."
    return SearchFacts(
        uid=row.uid,
        state=row.state,
        cause=row.cause or "",
        at=row.finished_at or row.started_at,
        examiner=row.examiner.titled,
        suitability=suitability.get(row.suitability, row.suitability),
        suitability_note=str(row.private.get("suitability_note") or ""),
        searched=f"Prepared image {row.derived.number}; compared on its original" if row.derived else "The original",
        overridden=tuple(finding["text"] for finding in row.overridden),
        algorithm=row.algorithm or "",
        digest=row.algorithm_digest or "",
        nist=reason,
        generation=row.gallery_generation,
        photos=row.gallery_photos,
        people=row.gallery_people,
        candidates=len(row.candidates),
    )


def _timeline(request: FRRequest) -> tuple[FileStep, ...]:
    entries = []
    for row in steps_of(request):
        who = row.actor.titled if row.actor else "The portal"
        entries.append(FileStep(row.created_at, words_of(row), who, rule_of(row), row.policy_version))
    return tuple(entries)

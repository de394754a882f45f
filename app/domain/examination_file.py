"""The whole file of a request as the final review reads it: every round, every opinion, nothing summed up (SRC-5).

A view model: frozen, gathered from the records; it holds no rank and no score of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.domain.algorithms import entry_of
from app.domain.opened_round import Assigned, LinePhoto, assigned, line_results
from app.domain.workload import endings
from app.matching.nist import nist_status
from app.models import (
    Assignment,
    BackgroundCheck,
    Candidate,
    Disposition,
    FinalReview,
    FRRequest,
    GalleryPhoto,
    PeerReview,
    Round,
    Search,
)
from app.policy import policy
from app.policy.base import Fact
from app.policy.worksheets import unexplained_in
from app.workflow.history import steps_of

DECISIONS = {"approved": "approve", "not_approved": "do_not_approve", "continued": "continue"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one person said of one feature. `differs` when it is not what the examiner said.

    `parts`: (detail, verdict in words) of each detail that was judged.
    """

    label: str
    note: str
    differs: bool
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature of the worksheet, the examiner's finding first, then each peer's."""

    feature: str
    findings: tuple[Finding, ...]

    @property
    def differs(self) -> bool:
        return any(finding.differs for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Opinion:
    """An examiner's or a peer's verdict on the nominee, with its reason."""

    role: str
    who: str
    label: str
    supports: bool
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Answered:
    """How one rule judged the record against the request when it was checked, and what the examiner answered."""

    rule: Any
    title: str
    status: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class DisposedCandidate:
    """What became of one candidate: the features that differ, as named, and the note."""

    record_number: str
    verdict: str
    title: str
    differences: tuple[str, ...]
    note: str
    nominated: bool


@dataclass(frozen=True, slots=True)
class Judgment:
    """A supervisor's decision on a round."""

    title: str
    who: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RoundFile:
    """One round of examination. `opinions` begins with the examiner's own when somebody was nominated."""

    number: int
    current: bool
    examiner: str
    began: datetime
    probe_uid: str
    row: Round
    nominee: Candidate | None
    photos: tuple[GalleryPhoto, ...]
    worksheet: tuple[FeatureRow, ...]
    note: str
    background: tuple[tuple[str, str], ...]
    compared: tuple[Answered, ...]
    unexplained: tuple[str, ...]
    justification: str
    opinions: tuple[Opinion, ...]
    dispositions: tuple[DisposedCandidate, ...]
    conclusion: str
    judgments: tuple[Judgment, ...]
    line: tuple[LinePhoto, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    stopped: str = ""

    @property
    def favored(self) -> int:
        """How many peers found support for one person in a photograph that was not the nominated one."""
        places = list(zip(*(photo.given for photo in self.line), strict=True))
        return sum(any(given.favored for given in column) for column in places)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many candidates were excluded and retained."""
        titles = [disposed.title for disposed in self.dispositions]
        return {title: titles.count(title) for title in dict.fromkeys(titles)}

    @property
    def dissent(self) -> int:
        """How many opinions do not support the possible match."""
        return sum(not opinion.supports for opinion in self.opinions)

    @property
    def differing_features(self) -> int:
        return sum(row.differs for row in self.worksheet)


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
    nist_ok: bool
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
class Entry:
    """One step of the timeline with the rule it was taken under."""

    at: datetime
    title: str
    by: str
    rule: Any


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
    timeline: tuple[Entry, ...]

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


def gather_file(request: FRRequest) -> CaseFile:
    """The file of a request. Raises StorageError when its private text cannot be opened."""
    private, rules = request.private, policy().request
    use = policy().use(request.use_id)
    probe = request.current_round.search if request.current_round else request.current_search
    passed = endings(request)
    return CaseFile(
        request=request,
        use=use,
        stated=answered(use.facts, private.get("facts", {})),
        narrative=str(private.get("narrative") or ""),
        description=answered(rules.description.facts, private.get("description", {}), left_out=True),
        circumstances=answered(rules.circumstances.facts, private.get("circumstances", {})),
        priority=rules.priorities[request.priority].title,
        priority_reason=str(private.get("priority_reason") or ""),
        probe=probe,
        provenance=_provenance(probe),
        confirmations=tuple(_confirmation(row) for row in request.basis_decisions),
        searches=tuple(_search(row) for row in request.searches if row.started_at is not None),
        rounds=tuple(_round(row, row is request.current_round, passed.get(row.id)) for row in request.rounds),
        timeline=_timeline(request),
    )


def answered(
    facts: tuple[Fact, ...], given: Mapping[str, Any], *, left_out: bool = False
) -> tuple[tuple[str, str], ...]:
    """(question, answer in words) for each question; with `left_out`, those without an answer are left out."""
    rows = []
    for fact in facts:
        words = {"yes": "Yes", "no": "No"} if fact.kind == "yesno" else {c.value: c.label for c in fact.choices}
        answer = given.get(fact.name)
        text = words.get(answer, "" if answer is None else str(answer))
        if fact.kind == "date" and text:
            text = f"{date.fromisoformat(text):%-d %b %Y}"
        if text or not left_out:
            rows.append((fact.label, text))
    return tuple(rows)


def _provenance(search: Search | None) -> tuple[tuple[str, Any], ...]:
    if search is None:
        return ()
    image = search.image
    source, basis = policy().request.sources.get(image.source), policy().request.lawful_bases.get(image.obtained)
    return (
        ("Source", source.title if source else ""),
        *(answered(source.facts, image.private.get("source_facts", {}), left_out=True) if source else ()),
        ("How lawfully obtained", basis.title if basis else ""),
        *(answered(basis.facts, image.private.get("obtained_facts", {}), left_out=True) if basis else ()),
    )


def _confirmation(row: Any) -> Confirmation:
    labels = {"confirmed": "Basis confirmed", "refused": "Basis refused", "returned": "Returned for images"}
    return Confirmation(
        label=labels[row.decision], who=_name(row.examiner), at=row.created_at, note=str(row.private.get("note") or ""),
        rule=policy().rule(row.rule) if row.rule else None, reference=row.entry_reference or "",
        documented_at=row.documented_at,
    )  # fmt: skip


def _search(row: Search) -> SearchFacts:
    suitability = {choice.value: choice.label for choice in policy().review.suitability.choices}
    reason, ok = "The search did not finish.", False
    if row.algorithm_digest is not None and row.finished_at is not None:
        entry = entry_of(row.algorithm_digest)
        if entry is not None:
            status = nist_status(entry, row.algorithm_digest, row.finished_at.date())
            reason, ok = status.reason, status.ok
        else:
            reason = "This algorithm left the registry since; its record stands in the registry of that time."
    return SearchFacts(
        uid=row.uid, state=row.state, cause=row.cause or "", at=row.finished_at or row.started_at,
        examiner=_name(row.examiner), suitability=suitability.get(row.suitability, row.suitability),
        suitability_note=str(row.private.get("suitability_note") or ""),
        searched=f"Prepared image {row.derived.number}; compared on its original" if row.derived else "The original",
        overridden=tuple(finding["text"] for finding in row.overridden), algorithm=row.algorithm or "",
        digest=row.algorithm_digest or "", nist=reason, nist_ok=ok, generation=row.gallery_generation,
        photos=row.gallery_photos, people=row.gallery_people, candidates=len(row.candidates),
    )  # fmt: skip


def round_file(row: Round) -> RoundFile:
    """One round by itself, for those who took part in it. Raises StorageError."""
    return _round(row, row is row.request.current_round, endings(row.request).get(row.id))


def _round(row: Round, current: bool, passed: Assignment | None) -> RoundFile:
    nominee = row.nominee
    own = row.disposition_of(nominee) if nominee else None
    peers = row.peer_reviews
    check = row.background_of(nominee) if nominee else None
    photos: tuple[GalleryPhoto, ...] = ()
    if nominee is not None:
        others = [photo for photo in nominee.person.photos if photo.id != nominee.photo_id]
        photos = tuple(photo for photo in (nominee.photo, *others) if photo.removed_at is None)
    note = str(row.private.get("nomination_note") or "")
    return RoundFile(
        number=row.number, current=current, examiner=_name(row.examiner), began=row.created_at,
        probe_uid=row.search.image.uid, row=row, nominee=nominee, photos=photos,
        worksheet=_worksheet(own, peers) if own else (), note=note,
        background=answered(policy().review.background.facts, check.private.get("items", {})) if check else (),
        compared=_compared(check) if check else (),
        unexplained=tuple(unexplained_in(policy(), own.private.get("features", {}))) if own else (),
        justification=str(own.private.get("justification") or "") if own else "",
        opinions=_opinions(row, note) if nominee else (),
        dispositions=tuple(
            _disposed(d, nominee) for d in sorted(row.dispositions, key=lambda d: (d.verdict, d.candidate.shown_order))
        ),
        conclusion=_passed_on(passed) if passed else str(row.private.get("conclusion") or ""),
        judgments=tuple(_judgment(review) for review in row.final_reviews), line=line_results(row),
        assigned=assigned(row), stopped=str(row.private.get("peers_stopped") or ""),
    )  # fmt: skip


def _passed_on(passed: Assignment) -> str:
    """How a round ended that went to another examiner before its end."""
    notes = str(passed.private.get("notes") or "")
    return f"Passed on to {_name(passed.receiver)} by {_name(passed.by)} before its end. {notes}".strip()


def _worksheet(own: Disposition, peers: list[PeerReview]) -> tuple[FeatureRow, ...]:
    sheet = policy().review.worksheet
    words = {verdict.value: verdict.label for verdict in sheet.verdicts}
    sheets = [own.private.get("features", {}), *(peer.private.get("features", {}) for peer in peers)]
    rows = []
    for feature in sheet.everything:
        given = [features.get(feature.value) or {} for features in sheets]
        if feature not in sheet.features and not any(given):
            continue
        first = given[0].get("verdict")
        findings = []
        for one in given:
            verdict, judged = one.get("verdict"), one.get("parts") or {}
            parts = tuple((p.label, words[judged[p.value]]) for p in feature.parts if p.value in judged)
            label, note = words.get(verdict, "No verdict"), str(one.get("note") or "")
            # a further component is compared on demand: whoever left it out does not differ
            differs = verdict != first and (feature in sheet.features or bool(verdict and first))
            findings.append(Finding(label, note, differs, parts))
        rows.append(FeatureRow(feature.label, tuple(findings)))
    return tuple(rows)


def _compared(check: BackgroundCheck) -> tuple[Answered, ...]:
    answers = check.private.get("answers", {})
    found = []
    for one in check.private.get("compared", ()):
        rule = policy().review.inconsistencies.get(one["rule"])
        title = rule.title if rule else one["rule"]
        found.append(Answered(rule, title, one["status"], one["text"], answers.get(one["rule"], "")))
    return tuple(found)


def _opinions(row: Round, note: str) -> tuple[Opinion, ...]:
    rules = policy().review
    given = [("Examiner", rules.nomination, row.examiner, row.opinion, note, row.nominated_at)]
    for number, peer in enumerate(row.peer_reviews, 1):
        reason = str(peer.private.get("reason") or "")
        given.append((f"Peer {number}", rules.peers, peer.peer, peer.opinion, reason, peer.created_at))
    found = []
    for role, review, who, opinion, reason, at in given:
        level = rules.scale.level(opinion)
        found.append(Opinion(role, _name(who), level.label, review.supported_by(level), reason, at))
    return tuple(found)


def _disposed(row: Disposition, nominee: Candidate | None) -> DisposedCandidate:
    sheet = policy().review.worksheet
    differing = {verdict.value for verdict in sheet.verdicts if verdict.differs}
    given = row.private.get("features", {})
    named = []
    for feature in sheet.everything:
        one = given.get(feature.value) or {}
        if one.get("verdict") in differing:
            named.append(f"{feature.label}: {one['note']}" if one.get("note") else feature.label)
    return DisposedCandidate(
        record_number=row.candidate.photo.record_number, verdict=row.verdict,
        title=policy().review.dispositions[row.verdict].title, differences=tuple(named),
        note=str(row.private.get("note") or ""), nominated=nominee is not None and row.candidate_id == nominee.id,
    )  # fmt: skip


def _judgment(row: FinalReview) -> Judgment:
    title = policy().review.decisions[DECISIONS[row.decision]].title
    return Judgment(title, _name(row.supervisor), row.created_at, str(row.private.get("reason") or ""))


def _timeline(request: FRRequest) -> tuple[Entry, ...]:
    entries = []
    for row in steps_of(request):
        rule = policy().rule(row.rule)
        entries.append(Entry(row.created_at, rule.text, _name(row.actor) if row.actor else "The portal", rule))
    return tuple(entries)


def _name(account: Any) -> str:
    return f"{account.title} {account.display_name}"

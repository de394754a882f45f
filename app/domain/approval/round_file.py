"""One round of examination as the final review, and whoever took part in it, reads it: nothing summed up (SRC-5).

A view model: frozen, gathered from the records; it holds no rank and no score of anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from app.access.actor import Actor
from app.clauses import enforces
from app.documents.examination.findings import Examined
from app.domain.examination.background_conditions import compared_in, findings_of
from app.domain.examination.contradictions import Contradiction, of_nominee
from app.domain.examination.earlier_verdicts import (
    ToldVerdict,
    earlier_verdicts,
    grounds_for,
    not_fresh,
    told_grounds,
    told_verdicts,
)
from app.domain.examination.ending import examined
from app.domain.peers.results import Assigned, LinePhoto, assigned, line_results, shown_number
from app.domain.workload.verbs import endings
from app.models import (
    Assignment,
    BackgroundCheck,
    Candidate,
    Disposition,
    FinalReview,
    GalleryPhoto,
    NewGround,
    PeerReview,
    Round,
)
from app.models.base import filled
from app.policy import policy
from app.policy.base import Fact
from app.policy.examination.worksheet import differences_in_words, differing_in, unexplained_in

DECISIONS = {"approved": "approve", "not_approved": "do_not_approve", "continued": "continue"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One person's finding on one feature. `differs`: it is not the examiner's finding.

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
    """A candidate's disposition: the features named as different, and the note."""

    record_number: str
    verdict: str
    title: str
    differences: tuple[str, ...]
    note: str
    nominated: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of exclusions: ``quick`` of them within the rule's seconds of the one before.

    ``reasons``: component -> how many exclusions name it, the most frequent first.
    """

    exclusions: int
    seconds: int
    quick: int
    reasons: tuple[tuple[str, int], ...]


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
    contradictions: tuple[Contradiction, ...]
    earlier: tuple[ToldVerdict, ...]
    new_grounds: tuple[NewGround, ...]
    not_fresh: tuple[str, ...]
    unexplained: tuple[str, ...]
    justification: str
    opinions: tuple[Opinion, ...]
    dispositions: tuple[DisposedCandidate, ...]
    pace: Pace | None
    examined: Examined
    conclusion: str
    judgments: tuple[Judgment, ...]
    line: tuple[LinePhoto, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    stopped: str = ""

    @property
    def favored(self) -> int:
        """Count the peers who found support for one person in a photograph other than the nominated one."""
        places = list(zip(*(photo.given for photo in self.line), strict=True))
        return sum(any(given.favored for given in column) for column in places)

    @property
    def counts(self) -> Mapping[str, int]:
        """Count the candidates excluded and retained."""
        titles = [disposed.title for disposed in self.dispositions]
        return {title: titles.count(title) for title in dict.fromkeys(titles)}

    @property
    def dissent(self) -> int:
        """Count the opinions that do not support the possible match."""
        return sum(not opinion.supports for opinion in self.opinions)

    @property
    def differing_features(self) -> int:
        return sum(row.differs for row in self.worksheet)


def answered(
    facts: tuple[Fact, ...], given: Mapping[str, Any], *, left_out: bool = False
) -> tuple[tuple[str, str], ...]:
    """(question, answer in words) for each question; with `left_out`, those without an answer are left out."""
    rows = []
    for fact in facts:
        words = {"yes": "Yes", "no": "No"} if fact.kind == "yesno" else {c.value: c.label for c in fact.choices}
        answer = given.get(fact.name)
        text = "" if answer is None else words.get(answer, str(answer))
        if fact.kind == "date" and text:
            text = f"{date.fromisoformat(text):%-d %b %Y}"
        if text or not left_out:
            rows.append((fact.label, text))
    return tuple(rows)


def round_file(row: Round, reader: Actor) -> RoundFile:
    """Return one round by itself, for those who took part in it. Raises StorageError."""
    return gather_round(row, reader, row is row.request.current_round, endings(row.request).get(row.id))


def gather_round(row: Round, reader: Actor, current: bool, passed: Assignment | None) -> RoundFile:
    """Gather a round of a file; `passed`: how it ended when it was handed to another examiner. Raises StorageError."""
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
        number=row.number,
        current=current,
        examiner=row.examiner.titled,
        began=row.created_at,
        probe_uid=row.search.image.uid,
        row=row,
        nominee=nominee,
        photos=photos,
        worksheet=_worksheet(own, peers) if own else (),
        note=note,
        background=answered(policy().review.background.facts, findings_of(check)) if check else (),
        compared=_compared(check) if check else (),
        contradictions=tuple(of_nominee(row)),
        earlier=tuple(told_verdicts(row, earlier_verdicts(row, nominee), reader)) if nominee else (),
        new_grounds=tuple(told_grounds(row, grounds_for(row, nominee), reader)) if nominee else (),
        not_fresh=not_fresh(row),
        unexplained=tuple(unexplained_in(policy(), own.private.get("features", {}))) if own else (),
        justification=str(own.private.get("justification") or "") if own else "",
        opinions=_opinions(row, note) if nominee else (),
        dispositions=tuple(
            _disposed(d, nominee) for d in sorted(row.dispositions, key=lambda d: (d.verdict, d.candidate.shown_order))
        ),
        pace=pace_of(row),
        examined=examined(row.search, row),
        conclusion=_passed_on(passed) if passed else str(row.private.get("conclusion") or ""),
        judgments=tuple(_judgment(review) for review in row.final_reviews),
        line=line_results(row),
        assigned=assigned(row),
        stopped=str(row.private.get("peers_stopped") or ""),
    )


@enforces("SRC-2", "SRC-5", "FAIR-1")
def pace_of(row: Round) -> Pace | None:
    """Return how fast the candidates of a round were excluded, and on what; None where nobody was."""
    excluded = sorted((d for d in row.dispositions if d.verdict == "excluded"), key=lambda one: one.created_at)
    if not excluded:
        return None
    moments = [one.created_at for one in excluded]
    quick = sum((b - a).total_seconds() <= policy().review.pace.count for a, b in pairwise(moments))
    named = Counter(label for one in excluded for label, _ in differing_in(policy(), one.private.get("features", {})))
    seconds = round((moments[-1] - moments[0]).total_seconds())
    return Pace(len(excluded), seconds, quick, tuple(named.most_common()))


def _passed_on(passed: Assignment) -> str:
    """Return how a round ended that went to another examiner before it was finished."""
    notes = str(passed.private.get("notes") or "")
    return f"Passed on to {passed.receiver.titled} by {passed.by.titled} before its end. {notes}".strip()


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
            label, note = words.get(verdict or "", "No verdict"), str(one.get("note") or "")
            # a further component is compared on demand: whoever left it out does not differ
            differs = verdict != first and (feature in sheet.features or bool(verdict and first))
            findings.append(Finding(label, note, differs, parts))
        rows.append(FeatureRow(feature.label, tuple(findings)))
    return tuple(rows)


def _compared(check: BackgroundCheck) -> tuple[Answered, ...]:
    answers = check.private.get("answers", {})
    found = []
    for one in compared_in(check):
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
        level = filled(rules.scale.level(filled(opinion)))
        found.append(Opinion(role, who.titled, level.label, review.supported_by(level), reason, at))
    return tuple(found)


def _disposed(row: Disposition, nominee: Candidate | None) -> DisposedCandidate:
    return DisposedCandidate(
        record_number=shown_number(row.candidate.photo),
        verdict=row.verdict,
        title=policy().review.dispositions[row.verdict].title,
        differences=differences_in_words(policy(), row.private.get("features", {})),
        note=str(row.private.get("note") or ""),
        nominated=nominee is not None and row.candidate_id == nominee.id,
    )


def _judgment(row: FinalReview) -> Judgment:
    title = policy().review.decisions[DECISIONS[row.decision]].title
    return Judgment(title, row.supervisor.titled, row.created_at, str(row.private.get("reason") or ""))

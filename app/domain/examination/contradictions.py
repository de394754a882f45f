"""The contradictions found of a candidate, with the answers and what supervisors said of them (SRC-3, EXT-2).

One place answers it for conditions, pages and documents. What was once found stays: a check that is recorded anew,
another round or another request of the matter hides nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.clauses import enforces
from app.documents.examination.findings import Found, in_order
from app.domain.requests.one_matter import counts_with, kept_apart
from app.extensions import db
from app.models import AnswerJudgment, BackgroundCheck, Candidate, FRRequest, GalleryPerson, Round
from app.models.base import now
from app.policy import policy
from app.policy.examination.answers import Answer, answer_faults
from app.policy.examination.background import Comparison
from app.policy.examination.types import Inconsistency
from app.policy.facts import Fault

#: what stands for the words of a check whose request is kept apart (LIM-7)
WITHHELD = "Found in a request that is kept apart from this one; what was found is not told here."


@dataclass(frozen=True, slots=True)
class Judgment:
    """A supervisor's word on an answer; ``answer`` is the one judged, ``current`` whether it still stands."""

    supervisor_id: int
    who: Any
    at: datetime
    agreed: bool
    words: str
    answer: Answer
    current: bool


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One contradiction on record of a person.

    ``standing``: the last check found it still; ``earlier``: what older ones had found in its place.
    ``holds``: it holds a nomination until a supervisor agrees with the answer.
    """

    check: BackgroundCheck
    rule_id: str
    title: str
    computed: str
    finding: str
    standing: bool
    holds: bool
    earlier: tuple[str, ...]
    answer: Answer
    judgments: tuple[Judgment, ...] = ()
    record: tuple[Found, ...] = ()

    @property
    def told(self) -> tuple[tuple[str, Found], ...]:
        """Return what each check found of it with its label, found first to found now."""
        return in_order(self.record)

    @property
    def untold(self) -> tuple[str, ...]:
        """Return what checks of before found, of which the record holds nothing."""
        held = {text for one in self.record for text in (one.computed, _found_by_hand(one.finding))}
        return tuple(text for text in self.earlier if text not in held)

    @property
    def rule(self) -> Inconsistency | None:
        """Return the rule as it is today, or None when the policy has it no longer."""
        return policy().review.inconsistencies.get(self.rule_id)

    @property
    def ground(self) -> str:
        """Return the ground of the answer in words."""
        grounds = self.rule.grounds if self.rule is not None else ()
        return next((one.label for one in grounds if one.value == self.answer.ground), self.answer.ground)

    @property
    def text(self) -> str:
        """Return all that was found, in words."""
        return " ".join((self.computed, self.finding, *self.earlier)).strip()

    @property
    def about(self) -> dict[str, Any]:
        """Return what a judgment is about: whatever of it changes, the judgment stands no longer."""
        parts = {"text": self.answer.text, "ground": self.answer.ground, "source": self.answer.source}
        return {"computed": self.computed, "finding": self.finding, "earlier": list(self.earlier), **parts}

    @property
    def opposed(self) -> bool:
        """Tell whether somebody's last word on the answer as it stands is that they do not agree."""
        return any(not one.agreed for one in self._last_words().values())

    @property
    def agreed(self) -> bool:
        """Tell whether a supervisor agrees with the answer as it stands, and none disagrees."""
        return bool(self._last_words()) and not self.opposed

    def agreed_by(self, person_id: int | None) -> bool:
        """Tell whether this person agrees with the answer as it stands, and nobody disagrees."""
        return self.agreed and person_id in self._last_words()

    def _last_words(self) -> dict[int, Judgment]:
        return {one.supervisor_id: one for one in self.judgments if one.current}


# What a check keeps ----------------------------------------------------------------------------------------


def found_anew(
    found: Iterable[Comparison], kept: Iterable[Contradiction], at: datetime | None = None
) -> list[dict[str, Any]]:
    """Return what a check keeps: every contradiction found now, and each that was ever found of the person before.

    `record` holds in order what each check found of it: what is no contradiction now stands beside what was one.
    """
    rows: dict[str, dict[str, Any]] = {}
    fresh = {one.rule.id: _entry(one, at or now()) for one in found}
    for one in found:
        if one.status == "inconsistent":
            rows[one.rule.id] = {
                "rule": one.rule.id,
                "title": one.rule.title,
                "computed": one.computed,
                "finding": one.finding,
                "standing": True,
                "holds": one.holds,
                "earlier": [],
                "record": [fresh[one.rule.id]],
            }
    for before in kept:
        gone = {"rule": before.rule_id, "title": before.title, "computed": "", "finding": "", "standing": False}
        row = rows.setdefault(before.rule_id, {**gone, "holds": False, "earlier": []})
        row["holds"] = row["holds"] or before.holds
        older = (*before.earlier, before.computed, _found_by_hand(before.finding))
        now_said = (row["computed"], _found_by_hand(row["finding"]))
        row["earlier"] += [text for text in older if text and text not in row["earlier"] and text not in now_said]
        row["record"] = [asdict(one) | {"at": one.at.isoformat() if one.at else None} for one in before.record]
        last, new = row["record"][-1:], fresh.get(before.rule_id)
        # what is found once more as it was keeps the time of when it was found
        if new and [{**one, "at": None} for one in last] != [{**new, "at": None}]:
            row["record"].append(new)
    return list(rows.values())


def _entry(one: Comparison, at: datetime) -> dict[str, Any]:
    said = {"computed": one.computed or one.missing, "finding": one.finding}
    return {"at": at.isoformat(), **said, "contrary": one.contrary, "by_hand": one.by_hand}


def _record(row: Mapping[str, Any]) -> tuple[Found, ...]:
    """Read what each check found; a row of before kept no record, and what it found last is all that is known."""
    if "record" in row:
        return tuple(
            Found(**{**one, "at": datetime.fromisoformat(one["at"]) if one["at"] else None}) for one in row["record"]
        )
    if not row["computed"] and not row["finding"]:
        return ()
    by_hand = _speaks_against(row["rule"], row["finding"])
    return (Found(None, row["computed"], row["finding"], bool(row["computed"]) and not by_hand, by_hand),)


def _speaks_against(rule_id: str, finding: str) -> bool:
    rule = policy().review.inconsistencies.get(rule_id)
    fact = next((one for one in policy().review.background.facts if rule and one.name == rule.fact), None)
    against = [one.label for one in fact.choices if one.value == "contradicts"] if fact else []
    return any(finding == label or finding.startswith(f"{label} (source: ") for label in against)


def _found_by_hand(finding: str) -> str:
    return f"Found by the examiner: {finding}." if finding else ""


def kept_in(check: BackgroundCheck) -> list[Contradiction]:
    """Return the contradictions that one check keeps, without their judgments, what holds a nomination first."""
    private = check.private
    answers: Mapping[str, Any] = private.get("answers") or {}
    rows = private["contradictions"] if "contradictions" in private else _of_before(private.get("compared", ()))
    found = [
        Contradiction(
            check,
            row["rule"],
            row["title"],
            row["computed"],
            row["finding"],
            row["standing"],
            row["holds"],
            tuple(row["earlier"]),
            Answer.of(row["rule"], answers),
            record=_record(row),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.holds)


def _of_before(compared: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Read what a check of before this was kept told in one text."""
    rules = policy().review.inconsistencies
    return [
        {
            "rule": one["rule"],
            "title": rules[one["rule"]].title if one["rule"] in rules else one["rule"],
            "computed": one["text"],
            "finding": "",
            "standing": True,
            "holds": one["rule"] in rules and rules[one["rule"]].holds,
            "earlier": [],
        }
        for one in compared
        if one["status"] == "inconsistent"
    ]


# Of a person in a matter -----------------------------------------------------------------------------------


def checks_in_matter(request: FRRequest, person: GalleryPerson) -> list[BackgroundCheck]:
    """Return every background check of a person in the requests that count as one matter, oldest first."""
    rows = (
        select(BackgroundCheck)
        .join(BackgroundCheck.round)
        .join(Round.request)
        .join(BackgroundCheck.candidate)
        .where(
            counts_with(request, BackgroundCheck.created_at),
            FRRequest.state != "disposed",
            Candidate.person_id == person.id,
        )
    )
    return list(db.session.scalars(rows.order_by(BackgroundCheck.id)))


@enforces("SRC-3", "EXT-2", "LIM-7")
def contradictions_of(round_: Round, candidate: Candidate) -> list[Contradiction]:
    """Return everything on record that contradicts a candidate, what holds a nomination first.

    What the round's own check keeps comes before whatever any other check of this person in the matter found besides.
    Of what a check in a request kept apart found, this record holds that it was found, and no word of it.
    """
    everything = checks_in_matter(round_.request, candidate.person)
    apart = [one for one in everything if kept_apart(round_.request, one.round.request)]
    checks = [one for one in everything if one not in apart]
    own = round_.background_of(candidate)
    ordered = [*([own] if own is not None else []), *(one for one in reversed(checks) if one is not own)]
    found: list[Contradiction] = []
    for check in ordered:
        for one in kept_in(check):
            known = next((other for other in found if other.rule_id == one.rule_id), None)
            if known is None:
                found.append(one)
                continue
            extra = tuple(text for text in (one.computed, *one.earlier) if text and text not in known.text)
            record = _together(known.record, one.record)
            if extra or record != known.record:
                found[found.index(known)] = replace(known, earlier=(*known.earlier, *extra), record=record)
    for check in apart:
        known_rules = {one.rule_id for one in found}
        found += [_without_words(one, own) for one in kept_in(check) if one.rule_id not in known_rules]
    judged = [row for check in checks for row in check.judgments]
    return sorted((_judged(one, judged) for one in found), key=lambda one: not one.holds)


def _together(known: tuple[Found, ...], other: tuple[Found, ...]) -> tuple[Found, ...]:
    """Return the findings of two checks in order of time; a check that follows another holds what that one found."""
    undated = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(dict.fromkeys((*known, *other)), key=lambda one: one.at or undated))


def _without_words(one: Contradiction, own: BackgroundCheck | None) -> Contradiction:
    answers: Mapping[str, Any] = (own.private.get("answers") or {}) if own is not None else {}
    bare = replace(one, check=own or one.check, answer=Answer.of(one.rule_id, answers))
    return replace(bare, computed=WITHHELD, finding="", standing=True, earlier=(), record=())


def of_nominee(round_: Round | None) -> list[Contradiction]:
    """Return everything on record that contradicts the nominee of a round; nothing where nobody is nominated."""
    return contradictions_of(round_, round_.nominee) if round_ is not None and round_.nominee is not None else []


def _judged(one: Contradiction, rows: Iterable[AnswerJudgment]) -> Contradiction:
    found = []
    for row in sorted(rows, key=lambda row: row.id):
        if row.rule == one.rule_id:
            about = row.private["about"]
            answer = Answer(about["text"], about["ground"], about["source"])
            given = (row.supervisor_id, row.supervisor, row.created_at, row.agreed, row.private["words"], answer)
            found.append(Judgment(*given, about == one.about))
    return replace(one, judgments=tuple(found))


def lacking(found: Iterable[Contradiction]) -> list[Fault]:
    """Return what the answers lack, each by itself; the field is that of the form of the background check."""
    everything = list(found)
    faults = []
    for one in everything:
        others = [other.answer.text for other in everything if other.rule_id != one.rule_id]
        faults += answer_faults(policy(), one.rule_id, one.text, one.answer, others)
    return faults

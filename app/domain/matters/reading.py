"""Evidence of proposals as a person may read it: places and passages only of requests that they may read (ACC-11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.matters import evidence, numbers
from app.domain.matters.comparison import answers_of, comparable, texts_of
from app.domain.matters.evidence import Evidence
from app.extensions import db
from app.models.matters import MatterLink
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.matters.passages import passages_of, told
from app.storage import StorageError


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of evidence as a person reads it; `places` and `passages` are empty where they may not read both ends.

    `places`: number of the request, what it says of the place, the day. `withheld`: there are words, not for them.
    """

    kind: str
    percent: int
    requests: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...] = ()
    passages: tuple[str, ...] = ()
    withheld: bool = False


@enforces("ACC-11", "LIM-7")
def evidence_read(rows: Sequence[MatterLink], actor: Actor) -> dict[int, list[Read]]:
    """Return the evidence of each link (by id) as this person may read it."""
    kept = {row.id: evidence.of_link(row) for row in rows}
    named = {name for several in kept.values() for one in several for name in one.requests}
    readable = visible(FRRequest, actor).where(FRRequest.number.in_(named), *comparable())
    known = {one.number: one for one in db.session.scalars(readable)}
    matters = numbers.of_matters([row.first.number for row in rows])
    return {row.id: [_read(one, known, matters[row.first.number]) for one in kept[row.id]] for row in rows}


def _read(one: Evidence, known: Mapping[str, FRRequest], first: Collection[str]) -> Read:
    there = [known[name] for name in one.requests if name in known]
    sides = [[each for each in there if (each.case_number in first) is side] for side in (True, False)]
    in_words = one.kind in (evidence.PLACE, evidence.TEXT)
    names = tuple(each.number for each in there)
    if not in_words or not all(sides):
        return Read(one.kind, one.percent, names, withheld=in_words)
    try:
        if one.kind == evidence.PLACE:
            return Read(one.kind, one.percent, names, places=tuple(map(_place, there)))
        return Read(one.kind, one.percent, names, passages=_passages(*sides))
    except StorageError:
        return Read(one.kind, one.percent, names, withheld=True)


def _place(request: FRRequest) -> tuple[str, str, str]:
    answers = answers_of(request)
    said = (answers.get(name) for name in policy().request.proposal.place.facts)
    return request.number, "; ".join(filter(None, said)), answers.get("date") or ""


def _passages(first: Sequence[FRRequest], second: Sequence[FRRequest]) -> tuple[str, ...]:
    rule = policy().request.proposal
    texts = [text for one in first for text in texts_of(one)]
    theirs = passages_of(rule, (text for one in second for text in texts_of(one)))
    return tuple(told(rule, texts, passages_of(rule, texts) & theirs))

"""The evidence of a proposal: what two numbers have in common, in which requests, and what people already saw of it.

It is sealed with the link, under its key. The words themselves are not kept: a page reads them where they stand, for
whoever may read both requests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.clauses import enforces
from app.extensions import stores
from app.models.matters import MatterLink
from app.policy import policy
from app.storage import StorageError

#: what a proposal rests on: one number in two forms, one photograph, one moment, one place and day, one text
NUMBER, SAME, MOMENT, PLACE, TEXT = KINDS = ("number", "photograph", "moment", "place", "text")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two numbers have in common. `marks` tell the same evidence again; none where that is not known."""

    kind: str
    requests: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    percent: int = 0


def of_link(row: MatterLink) -> list[Evidence]:
    """Return the evidence of a proposal; of one without marks, or whose words were erased, only its kinds."""
    try:
        kept: Sequence[Mapping[str, Any]] = row.private.get("evidence", ()) if row.key_id else ()
    except StorageError:
        kept = ()
    found = [Evidence(one["kind"], tuple(one["requests"]), tuple(one["marks"]), one["percent"]) for one in kept]
    return found + [Evidence(kind) for kind in row.because if kind not in {one.kind for one in found}]


@enforces("REQ-2", "RET-11")
def unseen(rows: Iterable[MatterLink], found: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence that none of these proposals rests on: what people declined does not come back."""
    seen: dict[str, list[Evidence]] = {}
    for row in rows:
        for one in of_link(row):
            seen.setdefault(one.kind, []).append(one)
    return [one for one in found if _is_new(one, seen.get(one.kind, ()))]


def _is_new(found: Evidence, seen: Collection[Evidence]) -> bool:
    if not seen:
        return True
    if any(not one.marks for one in seen):
        return False
    more = set(found.marks).difference(*(one.marks for one in seen))
    # of a text some words more are not another one; a place or photograph is another where nothing of it was seen
    least = policy().request.proposal.texts.least if found.kind == TEXT else len(found.marks)
    return len(more) >= max(1, least)


def add(row: MatterLink, found: Sequence[Evidence]) -> None:
    """Add evidence to a proposal. Needs an open unit of work."""
    kinds = {*row.because, *(one.kind for one in found)}
    row.because = [kind for kind in KINDS if kind in kinds]
    marked = [one for one in found if one.marks]
    if marked:
        row.key_id = row.key_id or stores().keys.create()
        row.seal(evidence=[*row.private.get("evidence", ()), *map(asdict, marked)])

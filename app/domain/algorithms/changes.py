"""A change from one face algorithm to another, without a photograph dropping out of a search (FAIR-3, CAP-3).

Both sets of templates and both indexes stand side by side while it runs; a cut-over says which of them searches begin
with. Every verb needs an open unit of work and raises Refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from app.access.actor import Actor, system_actor
from app.calendar import today
from app.clauses import enforces
from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.upkeep import running
from app.domain.gallery import embedding
from app.domain.numbers import draw
from app.extensions import db, settings
from app.matching.catalogue import Extractor, catalogue
from app.matching.nist import NistStatus
from app.models import AlgorithmChange, AlgorithmSwitch, GalleryPhoto, Unembedded
from app.models.base import now
from app.outbox import ask
from app.policy.names import AlgorithmChangeVerb
from app.policy.refused import Refused
from app.unit_of_work import Conflict
from app.workflow.engine import advance, refuse_if


def every_change() -> Sequence[AlgorithmChange]:
    """Return all changes, newest first."""
    return db.session.scalars(select(AlgorithmChange).order_by(AlgorithmChange.id.desc())).all()


def next_digest(change: AlgorithmChange) -> str:
    """Return the digest that the next switch leads to: the target's, or the source's once the target is in use."""
    return change.source_digest if change.state == "in_use" else change.target_digest


@enforces("FAIR-3")
def begin(model_id: str, actor: Actor) -> AlgorithmChange:
    """Begin a change to another extractor of the catalogue; workers embed the repository in the background."""
    target, source_id = catalogue().extractors.get(model_id), algorithms.active_id()
    if target is None:
        raise Refused("target_installed", f"The catalogue has no extractor “{model_id}”.")
    source = catalogue().extractors[source_id]
    same = source.sha256 == target.sha256
    refuse_if("target_installed", same, f"{target.name} is the algorithm in use already.")
    change = AlgorithmChange(
        number=draw("AC"),
        source_model=source_id,
        source_digest=source.sha256,
        target_model=model_id,
        target_digest=target.sha256,
        begun_by_id=actor.id,
    )
    other = running()
    db.session.add(change)
    db.session.flush()
    advance(
        change,
        "begin",
        actor,
        running=other.number if other else None,
        installed=_installed(target),
        source=source.sha256,
        target=target.sha256,
        photographs=embedding.photographs(),
    )
    ask("embed", change.uid, f"embed:{change.uid}:begin")
    return change


def _installed(entry: Extractor) -> str:
    """Return what is wrong with the installed file; empty when it is present and has the right digest."""
    digest = algorithms.installed_digest(entry)
    if digest is None:
        return f"{entry.name} is not installed."
    return "" if digest == entry.sha256 else f"The installed file of {entry.name} is not the one of the catalogue."


def accounted_for(change: AlgorithmChange) -> int:
    """Count the photographs that lack a template of either algorithm and are not listed as failed."""
    return sum(embedding.count_missing(digest, change) for digest in (change.source_digest, change.target_digest))


@enforces("FAIR-3")
def embedded(change: AlgorithmChange) -> None:
    """Record that nothing is left to embed: both sets of templates are complete."""
    listed = [row for row in change.unembedded if row.photo.removed_at is None]
    advance(
        change,
        "embedded",
        system_actor(),
        missing=accounted_for(change),
        photographs=embedding.photographs(),
        listed=len(listed),
    )


@enforces("FAIR-2", "FAIR-3")
def evaluated(change: AlgorithmChange, actor: Actor, source: dict[str, Any], target: dict[str, Any]) -> None:
    """Record that both algorithms were measured. source, target: the description that `evaluations` gives of each."""
    data = source["data"]["sha256"]
    pair = (source["algorithm"]["sha256"], target["algorithm"]["sha256"])
    measured_both = pair == (change.source_digest, change.target_digest) and target["data"]["sha256"] == data
    advance(
        change,
        "evaluate",
        actor,
        measured_both=measured_both,
        source=change.source_digest,
        target=change.target_digest,
        data=data,
    )
    change.evaluated_on, change.evaluated_at = data, now()
    db.session.flush()


def undecided(change: AlgorithmChange, digest: str | None = None) -> list[Unembedded]:
    """Return the listed photographs, still in the repository, that nobody decided on; of one algorithm or of both."""
    return [
        row
        for row in change.unembedded
        if row.left_out_at is None and row.photo.removed_at is None and digest in (None, row.algorithm_digest)
    ]


@enforces("CAP-3")
def leave_out(change: AlgorithmChange, actor: Actor, row: Unembedded, reason: str) -> None:
    """Record the decision that a listed photograph stays out of searches with the algorithm that cannot embed it."""
    if row.left_out_at is not None:
        raise Conflict("somebody else decided on this photograph first")
    advance(change, "leave_out", actor, reason=reason, record=row.photo.uid, algorithm=row.algorithm_digest)
    row.left_out_at, row.left_out_by_id, row.reason = now(), actor.id, reason.strip()[:300]
    db.session.flush()


@enforces("CAP-3")
def try_again(change: AlgorithmChange, actor: Actor) -> int:
    """Have workers try the undecided photographs and all missing ones again; returns how many were listed."""
    rows = undecided(change)
    advance(change, "try_again", actor, records=sorted(row.photo.uid for row in rows))
    db.session.execute(delete(Unembedded).where(Unembedded.id.in_([row.id for row in rows])))
    db.session.expire(change, ["unembedded"])
    ask("embed", change.uid, f"embed:{change.uid}:again{change.version}")
    return len(rows)


def _switch_facts(change: AlgorithmChange, reason: str) -> dict[str, object]:
    """Gather the facts that the conditions of a cut-over or its reversal need, under the unit's write lock."""
    digest = next_digest(change)
    counts = {
        "photographs": embedding.photographs(),
        "source": embedding.with_template(change.source_digest),
        "target": embedding.with_template(change.target_digest),
        "left_out": sum(
            row.left_out_at is not None and row.photo.removed_at is None and row.algorithm_digest == digest
            for row in change.unembedded
        ),
    }
    return {
        "reason": reason,
        "counts": counts,
        "source": change.source_digest,
        "target": change.target_digest,
        "missing": embedding.count_missing(digest, change),
        "undecided": [row.photo.record_number for row in undecided(change, digest)],
        "algorithm_status": _status(digest),
        "demonstration": settings().demonstration,
    }


def _status(digest: str) -> NistStatus:
    entry = algorithms.entry_of(digest)
    if entry is None:
        return NistStatus(False, f"The algorithm {digest} is not in the catalogue any more.")
    return algorithms.status(today(), entry)


def switch_facts(change: AlgorithmChange) -> dict[str, object]:
    """Gather the same facts, without the reason, for a page that lists what still prevents the switch."""
    return _switch_facts(change, "not yet asked for")


@enforces("FAIR-2", "FAIR-3", "CAP-3")
def cut_over(change: AlgorithmChange, actor: Actor, reason: str) -> AlgorithmSwitch:
    """Searches that begin from now on use the target; those that run end with the algorithm they began with."""
    facts = _switch_facts(change, reason)
    advance(change, "cut_over", actor, **facts)
    return _switched(change, "cut_over", actor, reason, facts["counts"])


@enforces("FAIR-2", "FAIR-3", "CAP-3")
def revert(change: AlgorithmChange, actor: Actor, reason: str) -> AlgorithmSwitch:
    """Searches that begin from now on use the source again."""
    facts = _switch_facts(change, reason)
    advance(change, "revert", actor, **facts)
    return _switched(change, "reverted", actor, reason, facts["counts"])


def _switched(change: AlgorithmChange, kind: str, actor: Actor, reason: str, counts: object) -> AlgorithmSwitch:
    ends = [(change.source_model, change.source_digest), (change.target_model, change.target_digest)]
    (from_model, from_digest), (to_model, to_digest) = ends if kind == "cut_over" else reversed(ends)
    row = AlgorithmSwitch(
        change=change,
        kind=kind,
        from_model=from_model,
        from_digest=from_digest,
        to_model=to_model,
        to_digest=to_digest,
        by_id=actor.id,
        reason=reason.strip()[:300],
        counts=counts,
    )
    db.session.add(row)
    db.session.flush()
    return row


@enforces("FAIR-3")
def end(change: AlgorithmChange, verb: AlgorithmChangeVerb, actor: Actor, reason: str) -> None:
    """Settle a change for good, or withdraw it before its cut-over (verb: settle or withdraw)."""
    advance(change, verb, actor, reason=reason)
    change.end_reason = reason.strip()[:300]
    db.session.flush()


def listed_photo(change: AlgorithmChange, record: str) -> list[Unembedded]:
    """Return the undecided entries of one record number."""
    rows = (
        select(Unembedded)
        .join(GalleryPhoto)
        .where(
            Unembedded.change_id == change.id, GalleryPhoto.record_number == record, Unembedded.left_out_at.is_(None)
        )
    )
    return list(db.session.scalars(rows))

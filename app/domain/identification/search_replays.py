"""The replay of a recorded search against the repository as of its generation, with the lists compared (SRC-1).

Left out are photographs that came later; those on the recorded list that left since are named by record number. The
scores depend on probe, recipe, network and templates alone, so any index gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.algorithms import networks
from app.domain.gallery import loaded_index
from app.domain.identification.probe_templates import embed
from app.domain.identification.search_environment import environment
from app.extensions import db, settings
from app.imaging import UnusableImage
from app.imaging.recipe_ops import differences
from app.matching.errors import CatalogueError, MatchingError
from app.matching.evaluation.comparison import TOLERANCE, Comparison, RecordedCandidate, compare
from app.models import Candidate, GalleryPerson, GalleryPhoto, Search, SearchReplay, Template
from app.models.base import now
from app.outbox import ask
from app.storage.errors import StorageError

#: places named where two lists differ
NAMED = 10


class CannotReplay(Exception):
    """Raised when the search cannot be replayed at all; the sentence says what is missing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay.

    verdict: identical (every score to the last bit), same (the order, scores within 1e-5), incomplete (the same, but
    people on the list have left), differs. missing: record numbers of the recorded photographs that left. places:
    (rank, record recorded, record found). differences: name -> (recorded, here) of the environment. left: how many
    photographs left since, listed or not; later: how many came since.
    """

    verdict: str
    compared: int
    worst: float
    missing: tuple[str, ...] = ()
    places: tuple[tuple[int, str, str], ...] = ()
    differences: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    left: int = 0
    later: int = 0
    index: str = ""

    @property
    def sound(self) -> bool:
        """Tell whether everything that can be compared is the same."""
        return self.verdict != "differs"

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values for its row."""
        return {
            "compared": self.compared,
            "worst": self.worst,
            "missing": list(self.missing),
            "places": [list(place) for place in self.places],
            "differences": {name: list(values) for name, values in self.differences.items()},
            "left": self.left,
            "later": self.later,
            "index": self.index,
        }


@enforces("SRC-1", "AUD-2")
def replay(search: Search, kind: str = "") -> Replayed:
    """Replay a finished search without changing anything. kind: the index to use, by default that of the settings.

    Raises CannotReplay when probe, network or what was recorded is missing.
    """
    recorded_in = _recorded_environment(search)
    kind = kind or settings().matching_index
    try:
        network = networks.extractor_of(str(search.algorithm_digest))
    except CatalogueError as error:
        raise CannotReplay(str(error)) from error
    except MatchingError as error:
        raise CannotReplay(f"The network of the search cannot be loaded: {error}") from error
    if search.derived is not None and networks.detector().digest != search.detector_digest:
        raise CannotReplay(f"The detector of the search, {search.detector_digest}, is not installed.")
    try:
        probe = embed(search, network)
    except (StorageError, UnusableImage) as error:
        raise CannotReplay(f"The probe cannot be read: {error}") from error
    except MatchingError as error:
        raise CannotReplay(str(error)) from error
    try:
        found = loaded_index.repository(network, kind).search_as_of(
            probe, search.limit or 1, search.gallery_generation or 0
        )
    except MatchingError as error:
        raise CannotReplay(f"The index cannot be used: {error}") from error
    recorded, gone = _recorded(search)
    compared = compare(recorded, found, gone, _dropped(search))
    return _told(search, compared, differences(recorded_in, environment(kind)), kind)


def _recorded_environment(search: Search) -> Mapping[str, str]:
    if search.state != "finished":
        raise CannotReplay("Only a search that finished has a list to compare with.")
    recorded = search.parameters.get("environment")
    if not isinstance(recorded, dict):
        raise CannotReplay("The search is from before searches recorded what a replay needs.")
    return recorded


def _recorded(search: Search) -> tuple[list[RecordedCandidate], set[str]]:
    """Return the list as recorded, best first, and which of its photographs left the repository since."""
    rows = db.session.execute(
        select(GalleryPerson.uid, GalleryPhoto.uid, Candidate.score, GalleryPhoto.removed_at)
        .join(GalleryPerson, Candidate.person_id == GalleryPerson.id)
        .join(GalleryPhoto, Candidate.photo_id == GalleryPhoto.id)
        .where(Candidate.search_id == search.id)
        .order_by(Candidate.rank)
    ).all()
    lines = [RecordedCandidate(person, photo, score) for person, photo, score, _ in rows]
    return lines, {photo for _, photo, _, removed in rows if removed is not None}


def _dropped(search: Search) -> int:
    """Count the photographs that left between the ranking and the delivery of the list."""
    if search.parameters.get("delivered_generation") == search.gallery_generation:
        return 0
    removed = GalleryPhoto.removed_at
    return _count(select(func.count(GalleryPhoto.id)).where(removed.between(search.started_at, search.finished_at)))


def _told(search: Search, compared: Comparison, differences: Mapping[str, tuple[str, str]], kind: str) -> Replayed:
    numbers = _records(
        {photo for place in compared.places for photo in (place.recorded, place.found)} | set(compared.missing)
    )
    if not compared.same or (not compared.exact and not differences):
        verdict = "differs"
    elif compared.missing:
        verdict = "incomplete"
    else:
        verdict = "identical" if compared.exact else "same"
    left = select(func.count(GalleryPhoto.id)).where(
        GalleryPhoto.removed_at > search.finished_at, GalleryPhoto.created_at <= search.finished_at
    )
    later = (
        select(func.count(Template.id))
        .join(GalleryPhoto, Template.photo_id == GalleryPhoto.id)
        .where(
            GalleryPhoto.removed_at.is_(None),
            Template.algorithm_digest == search.algorithm_digest,
            Template.since > search.gallery_generation,
        )
    )
    return Replayed(
        verdict,
        compared.compared,
        compared.worst,
        tuple(sorted(numbers[photo] for photo in compared.missing)),
        tuple((at.rank, numbers.get(at.recorded, ""), numbers.get(at.found, "")) for at in compared.places[:NAMED]),
        differences,
        _count(left),
        _count(later),
        kind,
    )


def _records(photos: set[str]) -> dict[str, str]:
    rows = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.uid.in_(photos)))
    return {photo.uid: photo.record_number for photo in rows}


def _count(statement: Any) -> int:
    return db.session.scalar(statement) or 0


def words(verdict: str) -> str:
    """Return a verdict as a sentence."""
    return {
        "identical": "Identical: the same list, every score to the last bit.",
        "same": f"The same order, scores within {TOLERANCE:g}; the environment is another.",
        "incomplete": "The same as far as it can be compared: people on the list have left the repository since.",
        "differs": "Not the same.",
    }[verdict]


def lines(search: Search, found: Replayed) -> list[str]:
    """Return the result of a replay line by line, for the terminal and the page."""
    said = [
        f"Repository as of generation {search.gallery_generation}, index {found.index}, network "
        f"{search.algorithm_digest}.",
        f"{found.compared} of {len(search.candidates)} people on the list compared; the largest difference of a score "
        f"is {found.worst:.2g}.",
    ]
    said += [f"Record {record} was on the list and has left the repository since." for record in found.missing]
    said += [f"Rank {rank}: recorded {was or 'nobody'}, here {here or 'nobody'}." for rank, was, here in found.places]
    said.append(f"{found.later:,} photographs came since and were left out; {found.left:,} left since.")
    said += [
        f"The environment differs in {name}: recorded {recorded}, here {here}."
        for name, (recorded, here) in found.differences.items()
    ]
    return said


# Asked for on a page, done by a worker -----------------------------------------------------------------------


@enforces("AUD-2", "AUD-5")
def ask_for(search: Search, actor: Actor) -> SearchReplay:
    """Have a worker replay a search, unless a replay of it waits already. Needs an open unit of work."""
    waiting = select(SearchReplay).where(SearchReplay.search_id == search.id, SearchReplay.finished_at.is_(None))
    known = db.session.scalars(waiting).first()
    if known is not None:
        return known
    row = SearchReplay(search=search, asked_by_id=actor.id)
    db.session.add(row)
    db.session.flush()
    ask("replay", row.uid, f"replay:{row.uid}")
    audit.record("search.replay_asked", search, replay=row.uid)
    return row


def keep(row: SearchReplay, found: Replayed | CannotReplay) -> None:
    """Record the result of a replay. Needs an open unit of work."""
    row.finished_at = now()
    if isinstance(found, CannotReplay):
        row.cause = str(found)[:300]
        verdict, missing = "cannot", 0
    else:
        row.verdict, row.result = found.verdict, found.as_json()
        verdict, missing = found.verdict, len(found.missing)
    db.session.flush()
    audit.record("search.replayed", row.search, replay=row.uid, verdict=verdict, missing=missing)


def kept_lines(search: Search, row: SearchReplay) -> list[str]:
    """Return the result of a kept replay line by line; nothing for one that failed or still waits."""
    told: Any = row.result
    if row.verdict is None:
        return []
    found = Replayed(
        row.verdict,
        told["compared"],
        told["worst"],
        tuple(told["missing"]),
        tuple(map(tuple, told["places"])),
        {name: tuple(values) for name, values in told["differences"].items()},
        told["left"],
        told["later"],
        told["index"],
    )
    return lines(search, found)


def last_verdicts(searches: Sequence[Search]) -> dict[int, str]:
    """Map search ids to the verdict of the latest finished replay; “cannot” for one that could not run."""
    rows = db.session.execute(
        select(SearchReplay.search_id, SearchReplay.verdict)
        .where(SearchReplay.search_id.in_([search.id for search in searches]), SearchReplay.finished_at.is_not(None))
        .order_by(SearchReplay.id)
    )
    return {search_id: verdict or "cannot" for search_id, verdict in rows}


def kept_of(search: Search) -> list[SearchReplay]:
    """Return the replays of a search, newest first."""
    rows = select(SearchReplay).where(SearchReplay.search_id == search.id).order_by(SearchReplay.id.desc())
    return list(db.session.scalars(rows))

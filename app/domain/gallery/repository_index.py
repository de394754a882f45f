"""The repository as workers search it: its generation, its templates, the index kept in step with the database.

The database is the truth; the index is a copy in memory that each worker brings up to date before every search, so that
a photograph that left the repository is absent from the very next one (CAP-3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select, update

from app.clauses import enforces
from app.extensions import db, stores
from app.matching.index.choice import ALL, Eligible, Index, open_index
from app.matching.types import GalleryTemplate, PersonRank
from app.matching.types import Template as Vector
from app.models import Counter, GalleryImport, GalleryPerson, GalleryPhoto, ImportSample, Template
from app.storage.errors import StorageError

SERIES = "gallery-generation"


def generation() -> int:
    """Return the generation: how often the repository has changed. Each search records the one it saw."""
    return db.session.scalar(select(Counter.value).where(Counter.series == SERIES)) or 0


def unsigned() -> Select[str]:
    """Select the batches of imports whose sample no second person has signed for: no search sees them."""
    agreed = select(ImportSample.import_id).where(ImportSample.verdict == "agrees")
    asked = select(ImportSample.import_id).where(ImportSample.import_id == GalleryImport.id)
    return select(GalleryImport.uid).where(asked.exists(), GalleryImport.id.not_in(agreed))


@enforces("CAP-3")
def searchable() -> ColumnElement[bool]:
    """Select the photographs that are in the repository and signed for."""
    return GalleryPhoto.removed_at.is_(None) & GalleryPhoto.batch.not_in(unsigned())


@enforces("CAP-3")
def next_generation(*, waiting: bool = False) -> int:
    """Count a change of the repository, after it was made. Needs an open unit of work.

    Templates of imports that wait for a second person's signature stay uncounted, so that no search sees them.
    waiting: what changed is such an import, so that there is none to count.

    The templates that came since the last count are part of this generation: a replay asks from which one a template
    was there. Whoever holds the counter's row is the only one who counts, so no earlier search saw them.
    """
    row = db.session.get(Counter, SERIES, with_for_update=True)
    if row is None:
        row = Counter(series=SERIES, value=0)
        db.session.add(row)
    row.value += 1
    db.session.flush()
    if waiting:
        return row.value
    db.session.execute(
        update(Template)
        .where(
            Template.since.is_(None),
            select(GalleryPhoto.id)
            .where(GalleryPhoto.id == Template.photo_id, GalleryPhoto.batch.not_in(unsigned()))
            .exists(),
        )
        .values(since=row.value),
        execution_options={"synchronize_session": False},
    )
    return row.value


def lock_repository() -> None:
    """Keep others from changing the repository until the open unit of work ends (SQLite has one writer in any case)."""
    db.session.get(Counter, SERIES, with_for_update=True)


def template_purpose(photo_uid: str, algorithm_digest: str) -> bytes:
    """Return the purpose that an encrypted template is bound to."""
    return f"template:{photo_uid}:{algorithm_digest}".encode()


def seal_template(key_id: str, photo_uid: str, vector: Vector) -> bytes:
    """Encrypt a template (float32, little endian) under its photograph's key (ACC-10)."""
    plain = np.ascontiguousarray(vector.vector, dtype="<f4").tobytes()
    return stores().keys.encrypt(key_id, plain, template_purpose(photo_uid, vector.model_digest))


@enforces("ACC-10")
def open_template(key_id: str, photo_uid: str, algorithm_digest: str, box: bytes) -> Vector:
    """Decrypt a template. Raises StorageError when its photograph's key was destroyed or the box was altered."""
    plain = stores().keys.decrypt(key_id, box, template_purpose(photo_uid, algorithm_digest))
    return Vector(np.frombuffer(plain, "<f4"), algorithm_digest)


#: templates decrypted and taken in at once
BATCH = 2000


class StoredTemplates:
    """The float32 templates of one algorithm, decrypted from the database as an index asks for them."""

    def __init__(self, algorithm_digest: str) -> None:
        self.algorithm_digest = algorithm_digest

    def rows(self, photo_ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Yield templates by public photograph id, without those that left or whose key was destroyed."""
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(photo_ids), BATCH):
            chosen = GalleryPhoto.uid.in_(photo_ids[start : start + BATCH])
            found |= {one.photo_id: one.template.vector for one in self.read(chosen)}
        return found

    def read(self, *which: ColumnElement[bool]) -> list[GalleryTemplate]:
        """Return the templates of those of the photographs that may be searched now."""
        rows = db.session.execute(
            select(Template.box, GalleryPhoto.uid, GalleryPerson.uid, GalleryPhoto.key_id)
            .join(GalleryPhoto, Template.photo_id == GalleryPhoto.id)
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .where(Template.algorithm_digest == self.algorithm_digest, GalleryPhoto.removed_at.is_(None), *which)
        )
        loaded = []
        for box, photo_uid, person_uid, key_id in rows:
            try:
                vector = open_template(key_id, photo_uid, self.algorithm_digest, box)
            except StorageError:
                continue  # its key was destroyed meanwhile: erased is erased
            loaded.append(GalleryTemplate(person_uid, photo_uid, vector))
        return loaded


@dataclass(slots=True)
class RepositoryIndex:
    """The index of one algorithm in one process, and how far it follows the database."""

    index: Index
    #: called when photographs left, before anything else: copies of the index elsewhere still hold them
    on_removal: Callable[[], object] = lambda: None
    people: int = 0
    _in_step: bool = False
    _newest: int = 0
    _gone: set[str] = field(default_factory=set)

    @classmethod
    def empty(
        cls, algorithm_digest: str, dims: int, *, kind: str = "exact", threads: int = 1, milvus_uri: str = ""
    ) -> RepositoryIndex:
        """Return an empty index of the kind that the settings name. Raises MatchingError when it cannot be loaded."""
        store = StoredTemplates(algorithm_digest)
        return cls(open_index(kind, algorithm_digest, dims, rows=store, threads=threads, milvus_uri=milvus_uri))

    @enforces("CAP-3")
    def refresh(self, on_progress: Callable[[int, int], object] = lambda _done, _of: None) -> None:
        """Bring the index in step with the database; quick when nothing changed. It then holds what may be searched.

        What left is taken out, what is new is taken in; then both are counted. An index that holds nothing else than
        what may be searched, and as much, holds exactly that. Where the numbers differ, every id is compared.
        on_progress: called with (photographs taken in, photographs to take in).
        """
        now_at = generation()
        if self._in_step and now_at == self.index.generation:
            return
        self._in_step = False
        if now_at < self.index.generation:
            # the database was put back to an earlier state: what this holds may belong to another history
            self.index.start_over()
            self._newest, self._gone = 0, set()
            self.on_removal()
        gone = set(db.session.scalars(select(GalleryPhoto.uid).where(GalleryPhoto.removed_at.is_not(None))))
        if self.index.remove(gone - self._gone, generation=now_at):
            self.on_removal()
        self._gone = gone
        # nothing that was counted after this generation, so that the index holds exactly what its generation says
        counted = Template.since <= now_at
        held = self._held(counted, Template.id > self._newest)
        unread = self._take_in(held, now_at, on_progress)
        people, photos = self._counted(counted)
        if len(self.index) + unread != photos:
            held = self._held(counted)
            self.index.remove(self.index.photo_ids - held.keys(), generation=now_at)
            self._take_in(held, now_at, on_progress)
        self.people, self._newest, self._in_step = people, max(held.values(), default=self._newest), True

    def _take_in(self, held: dict[str, int], now_at: int, on_progress: Callable[[int, int], object]) -> int:
        """Add those of the photographs (template ids by photograph) that are not there; how many cannot be read."""
        photos, unread = list(held), 0
        for start in range(0, len(photos), BATCH):
            part = photos[start : start + BATCH]
            known = self.index.holding(part)
            missing = [held[photo] for photo in part if photo not in known]
            fresh = self._store.read(Template.id.in_(missing)) if missing else []
            self.index.add(fresh, generation=now_at)
            unread += len(missing) - len(fresh)
            on_progress(start + len(part), len(photos))
        return unread

    def _held(self, *which: ColumnElement[bool]) -> dict[str, int]:
        """Map the public id of every searchable photograph to its template id."""
        found = db.session.execute(
            select(GalleryPhoto.uid, Template.id)
            .join(Template, Template.photo_id == GalleryPhoto.id)
            .where(GalleryPhoto.removed_at.is_(None), Template.algorithm_digest == self.index.model_digest, *which)
        )
        # .all() first: a Result has keys(), so dict() would take it for a mapping
        return dict(found.all())

    def _counted(self, *which: ColumnElement[bool]) -> tuple[int, int]:
        """Count (people, photographs) that may be searched."""
        people, photos = db.session.execute(
            select(func.count(func.distinct(GalleryPhoto.person_id)), func.count())
            .join(Template, Template.photo_id == GalleryPhoto.id)
            .where(GalleryPhoto.removed_at.is_(None), Template.algorithm_digest == self.index.model_digest, *which)
        ).one()
        return people, photos

    @property
    def _store(self) -> StoredTemplates:
        return StoredTemplates(self.index.model_digest)

    @enforces("CAP-3", "SRC-1")
    def search(self, probe: Vector, limit: int) -> tuple[list[PersonRank], int, int, int]:
        """(ranking, generation, people, photographs): eligibility is applied before anybody is ranked.

        After the refresh the index holds what may be searched and nothing else, so that all of it may be looked at.
        """
        self.refresh()
        return self.index.search(probe, limit, ALL), self.index.generation, self.people, len(self.index)

    @enforces("CAP-3", "SRC-1")
    def search_as_of(self, probe: Vector, limit: int, generation: int) -> list[PersonRank]:
        """The ranking among what the repository held at an earlier generation and still holds.

        Photographs that came later are left out before anybody is ranked. Those that left are in no index any more:
        the caller names them.
        """
        self.refresh()
        later = db.session.scalars(
            select(GalleryPhoto.uid)
            .join(Template, Template.photo_id == GalleryPhoto.id)
            .where(
                GalleryPhoto.removed_at.is_(None),
                Template.algorithm_digest == self.index.model_digest,
                Template.since > generation,
            )
        )
        return self.index.search(probe, limit, Eligible.all_but(later))

"""The repository as workers search it: its generation, its templates, the index kept in step with the database.

The database is the truth; the index is a copy in memory that each worker brings up to date before every search, so that
a photograph that left the repository is absent from the very next one (CAP-3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from app.extensions import db, stores
from app.matching.index import ExactIndex
from app.matching.types import GalleryTemplate, PersonRank
from app.matching.types import Template as Vector
from app.models import Counter, GalleryPerson, GalleryPhoto, Template
from app.policy.enforcement import enforces
from app.storage.errors import StorageError

SERIES = "gallery-generation"


def generation() -> int:
    """How often the repository has changed. Each search records the generation it saw."""
    return db.session.scalar(select(Counter.value).where(Counter.series == SERIES)) or 0


def next_generation() -> int:
    """Count a change of the repository. Needs an open unit of work."""
    row = db.session.get(Counter, SERIES, with_for_update=True)
    if row is None:
        row = Counter(series=SERIES, value=0)
        db.session.add(row)
    row.value += 1
    db.session.flush()
    return row.value


def template_purpose(photo_uid: str, algorithm_digest: str) -> bytes:
    """What an encrypted template is bound to."""
    return f"template:{photo_uid}:{algorithm_digest}".encode()


def seal_template(key_id: str, photo_uid: str, vector: Vector) -> bytes:
    """Encrypt a template (float32, little endian) under its person's key (ACC-10)."""
    plain = np.ascontiguousarray(vector.vector, dtype="<f4").tobytes()
    return stores().keys.encrypt(key_id, plain, template_purpose(photo_uid, vector.model_digest))


@enforces("ACC-10")
def open_template(key_id: str, photo_uid: str, algorithm_digest: str, box: bytes) -> Vector:
    """Decrypt a template. Raises StorageError when its person's key was destroyed or the box was altered."""
    plain = stores().keys.decrypt(key_id, box, template_purpose(photo_uid, algorithm_digest))
    return Vector(np.frombuffer(plain, "<f4"), algorithm_digest)


@enforces("CAP-3")
def eligible_photos() -> set[str]:
    """The public ids of every photograph that may be searched now."""
    return set(db.session.scalars(select(GalleryPhoto.uid).where(GalleryPhoto.removed_at.is_(None))))


@dataclass(slots=True)
class RepositoryIndex:
    """The index of one algorithm in one process."""

    index: ExactIndex

    @classmethod
    def empty(cls, algorithm_digest: str, dims: int) -> RepositoryIndex:
        return cls(ExactIndex(algorithm_digest, dims))

    def refresh(self) -> None:
        """Bring the index in step with the database; quick when nothing changed."""
        now_at = generation()
        if now_at == self.index.generation and len(self.index):
            return
        digest = self.index.model_digest
        held = db.session.execute(
            select(GalleryPhoto.uid, Template.id)
            .join(Template, Template.photo_id == GalleryPhoto.id)
            .where(GalleryPhoto.removed_at.is_(None), Template.algorithm_digest == digest)
        )
        # .all() first: a Result has keys(), so dict() would take it for a mapping
        wanted = dict(held.all())
        known = self.index.photo_ids
        self.index.remove(known - wanted.keys(), generation=now_at)
        missing = [template_id for uid, template_id in wanted.items() if uid not in known]
        entries: list[GalleryTemplate] = []
        for start in range(0, len(missing), 500):
            entries += self._load(missing[start : start + 500])
        self.index.add(entries, generation=now_at)

    def _load(self, template_ids: list[int]) -> list[GalleryTemplate]:
        rows = db.session.execute(
            select(Template.box, GalleryPhoto.uid, GalleryPerson.uid, GalleryPerson.key_id)
            .join(GalleryPhoto, Template.photo_id == GalleryPhoto.id)
            .join(GalleryPerson, GalleryPhoto.person_id == GalleryPerson.id)
            .where(Template.id.in_(template_ids))
        )
        loaded = []
        for box, photo_uid, person_uid, key_id in rows:
            try:
                vector = open_template(key_id, photo_uid, self.index.model_digest, box)
            except StorageError:
                continue  # its key was destroyed meanwhile: erased is erased
            loaded.append(GalleryTemplate(person_uid, photo_uid, vector))
        return loaded

    @enforces("CAP-3", "SRC-1")
    def search(self, probe: Vector, limit: int) -> tuple[list[PersonRank], int, int, int]:
        """(ranking, generation, people, photographs): eligibility is applied before anybody is ranked."""
        self.refresh()
        eligible = eligible_photos() & self.index.photo_ids
        people = db.session.scalar(
            select(func.count(func.distinct(GalleryPhoto.person_id)))
            .join(Template, Template.photo_id == GalleryPhoto.id)
            .where(GalleryPhoto.removed_at.is_(None), Template.algorithm_digest == self.index.model_digest)
        )
        return self.index.search(probe, limit, eligible), self.index.generation, people or 0, len(eligible)

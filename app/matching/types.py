"""Faces and ranked people, as plain frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNIT_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face, in pixels of the image it was found in.

    box: (x1, y1, x2, y2), x to the right, y down; may reach over the image border.
    score: the detector's confidence, 0..1; never shown to anybody as a likelihood of identity.
    points: (5, 2) float32, read-only: image-left eye, image-right eye, nose tip, left and right mouth corner.
    """

    box: tuple[float, float, float, float]
    score: float
    points: np.ndarray

    def __post_init__(self) -> None:
        points = np.array(self.points, np.float32)
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise ValueError("A face needs five finite (x, y) points.")
        points.flags.writeable = False
        object.__setattr__(self, "points", points)

    @property
    def inter_eye(self) -> float:
        """Distance between the eyes, in pixels: the one unit of face size that the product shows."""
        return float(np.hypot(*(self.points[1] - self.points[0])))

    @property
    def eyes(self) -> list[list[float]]:
        """The two eyes, (x, y) in pixels to a tenth, image-left first."""
        return [[round(float(x), 1), round(float(y), 1)] for x, y in self.points[:2]]

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What a network made of a face, and which network: templates of two networks are never compared.

    vector: (d,) float32 of length 1, read-only. model_digest: hex SHA-256 of the network file that ran.
    Raises ValueError for another shape, a length other than 1, or a number that is not finite.
    """

    vector: np.ndarray
    model_digest: str

    def __post_init__(self) -> None:
        vector = np.array(self.vector, np.float32)
        if vector.ndim != 1 or not vector.size or not abs(float(np.linalg.norm(vector)) - 1) < UNIT_TOLERANCE:
            raise ValueError("A template must be one row of numbers of length 1.")
        vector.flags.writeable = False
        object.__setattr__(self, "vector", vector)


@dataclass(frozen=True, slots=True)
class GalleryTemplate:
    """The template of one photograph of one person in the repository."""

    person_id: str
    photo_id: str
    template: Template


@dataclass(frozen=True, slots=True, eq=False)
class GalleryBatch:
    """Many photographs' templates of one network, side by side: row i is photograph i of person i.

    vectors: (n, d) float32, each row of length 1. Raises ValueError for another shape, another number of ids, a row
    of another length or a number that is not finite.
    """

    person_ids: Sequence[str]
    photo_ids: Sequence[str]
    vectors: np.ndarray
    model_digest: str

    def __post_init__(self) -> None:
        vectors = np.ascontiguousarray(self.vectors, np.float32)
        count = len(self.photo_ids)
        if vectors.ndim != 2 or len(self.person_ids) != count or len(vectors) != count:
            raise ValueError("A batch needs as many rows and people as photographs.")
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        # the accepting way round, so that a NaN is refused
        if not (np.abs(lengths - 1) < UNIT_TOLERANCE).all():
            raise ValueError("A template must be one row of numbers of length 1.")
        object.__setattr__(self, "vectors", vectors)

    def __len__(self) -> int:
        return len(self.photo_ids)

    @classmethod
    def of(cls, entries: Sequence[GalleryTemplate]) -> GalleryBatch:
        """Of single templates, at least one. Raises ValueError when they differ in dimensions or network."""
        if len({entry.template.model_digest for entry in entries}) != 1:
            raise ValueError("A batch holds the templates of one network.")
        return cls(
            [entry.person_id for entry in entries],
            [entry.photo_id for entry in entries],
            np.stack([entry.template.vector for entry in entries]),
            entries[0].template.model_digest,
        )


@dataclass(frozen=True, slots=True)
class PersonRank:
    """One person on a ranked list (CAP-6: a candidate to be reviewed, never an answer).

    photo_id and score are those of the person's best photograph; ``photos`` holds every photograph of the
    person that was eligible, best first. score: cosine of the two templates, -1..1; only comparable within
    one network. rank: 1 for the best person.
    """

    person_id: str
    photo_id: str
    score: float
    rank: int
    photos: tuple[tuple[str, float], ...]

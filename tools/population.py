"""Vectors for benchmarks, distributed like the templates of drawn faces: embedding a million faces would take a day.

A thousand random directions would be too easy a gallery: the templates of a real network are squeezed together, so
that many people lie close behind the last one listed. A Gaussian with the mean and the covariances of real templates,
one between people and one between the photographs of a person, keeps that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from app.matching.detector import FaceDetector
from app.matching.extractor import TemplateExtractor
from demo.people import mugshot, person

#: people drawn for the fit, and arrest photographs of each; no seed of the demonstration or of a test is among them
PEOPLE, PHOTOS, FIRST_SEED = 2600, 2, 200_000
LEAST_FACES = 5000


@dataclass(frozen=True, slots=True)
class Population:
    """What a network's templates of drawn people look like together.

    mean: (d,). between, within: (d, d) factors F, such that F @ F.T is the covariance of people and of the
    photographs of one person. faces: number of templates in the fit. All float64.
    """

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    faces: int

    @classmethod
    def fit(cls, vectors: np.ndarray) -> Population:
        """From (people, photographs, d) templates. Raises ValueError below two people or two photographs."""
        people, photos, dims = vectors.shape
        if people < 2 or photos < 2:
            raise ValueError("A population is fitted to two photographs each of two people, at least.")
        vectors = vectors.astype(np.float64)
        own = vectors.mean(axis=1)
        apart = (vectors - own[:, None]).reshape(-1, dims)
        within = apart.T @ apart / (people * (photos - 1))
        # a person's own mean still carries the deviation of their few photographs
        between = np.cov(own, rowvar=False) - within / photos
        return cls(own.mean(axis=0), _factor(between), _factor(within), people * photos)

    def people(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Centers of ``count`` people, (count, d) float32, not of length 1."""
        return (self.mean + random.standard_normal((count, len(self.mean))) @ self.between.T).astype(np.float32)

    def photographs(self, random: np.random.Generator, centers: np.ndarray) -> np.ndarray:
        """One template of each of the people, (n, d) float32 of length 1."""
        apart = random.standard_normal(centers.shape, np.float32) @ self.within.T.astype(np.float32)
        vectors = centers + apart
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def save(self, path: Path) -> None:
        """Keep the fit."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Population:
        """A kept fit. Raises OSError, ValueError, KeyError for what is none."""
        with np.load(path, allow_pickle=False) as held:
            return cls(held["mean"], held["between"], held["within"], int(held["faces"]))


def drawn_face(detector: FaceDetector, extractor: TemplateExtractor, seed: int) -> np.ndarray | None:
    """The (PHOTOS, d) templates of a drawn person's arrest photographs; None when no face was found on one of them."""
    templates = []
    for n in range(PHOTOS):
        picture = mugshot(person(seed), n)
        faces = detector.detect(picture)
        if not faces:
            return None
        templates.append(extractor.embed(picture, faces[:1])[0])
    return np.stack(templates)


def population(
    path: Path, detector: FaceDetector, extractor: TemplateExtractor, on_progress: Callable[[str], object]
) -> Population:
    """The fit kept at ``path``, made first when it is not there: half an hour of one processor, once for each network.

    What was embedded is kept beside it every hundred people, so that a run that was ended goes on where it was.
    Raises ValueError when fewer than 5,000 drawn faces were found, and MatchingError.
    """
    if path.is_file():
        return Population.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished.npz")
    found: list[np.ndarray] = []
    start = 0
    if unfinished.is_file():
        with np.load(unfinished, allow_pickle=False) as kept:
            found, start = list(kept["templates"]), int(kept["done"])
    for done in range(start + 1, PEOPLE + 1):
        templates = drawn_face(detector, extractor, FIRST_SEED + done - 1)
        if templates is not None:
            found.append(templates)
        if done % 100 == 0 and found:
            on_progress(f"{done:,} of {PEOPLE:,} drawn people embedded")
            _write(unfinished, templates=np.stack(found), done=done)
    if len(found) * PHOTOS < LEAST_FACES:
        raise ValueError(f"Only {len(found) * PHOTOS} drawn faces were found; the fit needs {LEAST_FACES}.")
    fitted = Population.fit(np.stack(found))
    fitted.save(path)
    unfinished.unlink(missing_ok=True)
    return fitted


def _write(path: Path, **arrays: np.ndarray | int) -> None:
    """Write arrays; a crash leaves the file that was there before."""
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    part.replace(path)


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with F @ F.T = the covariance; what sampling made slightly negative counts as nothing."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.clip(values, 0, None))

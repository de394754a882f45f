"""The trials behind the quality limits: labelled photographs and drawn people, made worse and searched for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.cli.evaluation_labels import EvaluationError, from_identities
from app.domain.algorithms import networks
from app.domain.requests.images import limits
from app.imaging import UnusableImage, decode
from app.matching.types import Face
from demo.people import draw, mugshot, person
from tools.quality_trial import Gallery, Spoiled, Trial, try_one

#: drawn people beside the labelled ones in the gallery
STRANGERS = 120
#: drawn people whose head is turned, and by how many degrees: no labelled photograph shows a turned head
TURNED, ANGLES = 16, (-40, -30, -20, -10, 0, 10, 20, 30, 40)
IDENTITIES = "identities.csv"


@dataclass(frozen=True, slots=True)
class Photograph:
    """A labelled photograph with its largest face. bgr: (h, w, 3) uint8."""

    person: str
    bgr: np.ndarray
    face: Face


@dataclass(frozen=True, slots=True)
class Set:
    """The labelled photographs that show a face, and the SHA-256 over their names, labels and bytes."""

    digest: str
    photographs: tuple[Photograph, ...]

    @property
    def people(self) -> int:
        return len({photograph.person for photograph in self.photographs})


def read_set(folder: Path) -> Set:
    """Read the photographs that ``folder``/identities.csv labels. Raises EvaluationError, MatchingError."""
    digest, found = hashlib.sha256(), []
    for file in from_identities(folder / IDENTITIES, folder, []).files:
        data = file.path.read_bytes()
        digest.update(f"{file.name}\0{file.person}\0{hashlib.sha256(data).hexdigest()}\n".encode())
        try:
            bgr = decode(data, limits()).bgr
        except UnusableImage:
            continue
        faces = networks.detector().detect(bgr)
        if faces:
            found.append(Photograph(file.person, bgr, faces[0]))
    people = [photograph.person for photograph in found]
    if not any(people.count(who) > 1 for who in people):
        raise EvaluationError("No person has two photographs with a usable face, so nothing can be measured.")
    return Set(digest.hexdigest(), tuple(found))


def gallery_of(photographs: Sequence[Photograph], strangers: int = STRANGERS) -> Gallery:
    """The clean gallery: the photographs themselves and one arrest photograph each of drawn people."""
    extract, drawn = networks.extractor(), []
    for seed in range(1, strangers + 1):
        picture = mugshot(person(seed))
        faces = networks.detector().detect(picture)
        if not faces:
            raise EvaluationError(f"No face was found on the drawn photograph of person {seed}.")
        drawn += list(extract.embed(picture, faces[:1]))
    known = np.array([extract.embed(one.bgr, [one.face])[0] for one in photographs])
    width = known.shape[1]
    return Gallery(known, tuple(one.person for one in photographs), np.array(drawn).reshape(-1, width))


def run(
    photographs: Sequence[Photograph], gallery: Gallery, chosen: Iterable[Spoiled], on_progress: Callable[[str], None]
) -> list[Trial]:
    """Try every degradation on every photograph whose person has another one; calls ``on_progress`` at each sweep."""
    trials, last = [], None
    for way in chosen:
        if way.sweep != last:
            on_progress(way.sweep)
            last = way.sweep
        for number, one in enumerate(photographs):
            if gallery.people.count(one.person) < 2:
                continue

            def first(probe: np.ndarray, who: str = one.person, itself: int = number) -> float:
                return gallery.first(probe, who, itself)

            trials.append(try_one(way, one.bgr, one.face, number, networks.detector(), networks.extractor(), first))
    return trials


def turned(photographs: Sequence[Photograph], gallery: Gallery, on_progress: Callable[[str], None]) -> list[Trial]:
    """Drawn people with a turned head, searched among the drawn and the labelled: sweeps "yaw" and "pitch"."""
    everybody = np.concatenate([gallery.strangers, gallery.templates])
    trials = []
    for axis in ("yaw", "pitch"):
        on_progress(f"{axis}, drawn people")
        for seed in range(1, TURNED + 1):
            own = seed - 1
            rivals = Gallery(everybody[own : own + 1], ("self",), np.delete(everybody, own, axis=0))

            def first(probe: np.ndarray, rivals: Gallery = rivals) -> float:
                return rivals.first(probe, "self", None)

            for angle in ANGLES:
                way = Spoiled(axis, str(abs(angle)), lambda image, _face, _seed: image)
                yaw, pitch = (float(angle), 0.0) if axis == "yaw" else (0.0, float(angle))
                picture = draw(person(seed), seed=5, yaw=yaw, pitch=pitch)
                trials.append(
                    try_one(
                        way,
                        picture,
                        photographs[0].face,
                        seed,
                        networks.detector(),
                        networks.extractor(),
                        first,
                    )
                )
    return trials

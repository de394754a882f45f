"""Where the limits of app/domain/gallery/intake_checks.py come from: hash distances and cosines, measured.

    python -m tests.bench.look_alikes [PEOPLE] [FOLDER OF PHOTOGRAPHS]

Prints three groups. "copy": the same picture again, compressed, scaled, brightened. "same person": two pictures of
one person. "others": pictures of different people. The limits must take in the copies; either signal alone takes in
some of the others or of the same person's other pictures too, both together none.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from app.matching.detector import FaceDetector
from app.matching.extractor import TemplateExtractor
from app.matching.perceptual import hash_distance, perceptual_hash
from demo.people import mugshot, person

MODELS = Path(__file__).resolve().parents[2] / "var" / "models"


def copies(image: np.ndarray) -> Iterator[np.ndarray]:
    """Ways in which a probe comes back as another file."""
    for quality in (90, 60, 35):
        yield cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    for scale in (0.5, 0.75, 1.5):
        yield cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    yield cv2.LUT(image, (255 * (np.arange(256) / 255) ** 0.75).astype(np.uint8))
    yield cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


class Measure:
    def __init__(self) -> None:
        self.detector, self.extractor = FaceDetector(MODELS), TemplateExtractor(MODELS)

    def __call__(self, image: np.ndarray) -> tuple[str, np.ndarray] | None:
        faces = self.detector.detect(image)
        return (perceptual_hash(image), self.extractor.embed(image, faces[:1])[0]) if faces else None


def show(name: str, pairs: list[tuple[int, float]]) -> None:
    """One line per group: quantiles of both signals and how many pairs both limits would take in."""
    if not pairs:
        return
    distance, cosine = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    print(
        f"{name:12} {len(pairs):7} pairs  hash {np.quantile(distance, (0, 0.001, 0.01, 0.5, 0.99, 1)).round(1)}"
        f"  cosine {np.quantile(cosine, (0, 0.01, 0.5, 0.99, 0.999, 1)).round(4)}"
    )
    for bits, least in itertools.product((6, 8, 10, 12), (0.93, 0.95, 0.97)):
        near, alike = distance <= bits, cosine >= least
        print(
            f"    hash <= {bits:2}: {near.mean():.5f}   cosine >= {least}: {alike.mean():.5f}"
            f"   both: {(near & alike).mean():.6f}"
        )


def pair(one: tuple[str, np.ndarray], other: tuple[str, np.ndarray]) -> tuple[int, float]:
    return hash_distance(one[0], other[0]), float(one[1] @ other[1])


def main(people: int, folder: Path | None) -> None:
    measure = Measure()
    if folder is None:
        pictures = [(n, mugshot(person(9000 + n), shot)) for n in range(people) for shot in (0, 1)]
    else:
        pictures = [(i, cv2.imread(str(path))) for i, path in enumerate(sorted(folder.glob("*.jpg")))]
    groups: dict[str, list[tuple[int, float]]] = {"copy": [], "same person": [], "others": []}
    known = []
    for who, picture in pictures:
        measured = measure(picture)
        if measured is None:
            continue
        for copy in copies(picture) if len(known) < 60 else ():
            again = measure(copy)
            groups["copy"] += [pair(measured, again)] if again else []
        for other, earlier in known:
            groups["same person" if other == who else "others"].append(pair(measured, earlier))
        known.append((who, measured))
    for name, pairs in groups.items():
        show(name, pairs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120, Path(sys.argv[2]) if len(sys.argv) > 2 else None)

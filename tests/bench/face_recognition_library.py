"""The public `face_recognition` library (dlib) on the same labelled photographs, beside our own networks.

    python -m tests.bench.face_recognition_library FOLDER

FOLDER holds photographs and identities.csv. The library is used as its documentation has it: its own detector, its five
points, its 128 numbers, the Euclidean distance; the largest face of each photograph. Both are measured by
app/matching/evaluation/verification.py and identification.py on the same pairs. A photograph in which one of them
finds no face gets
the lowest likeness in all of its pairs: whoever cannot find a face cannot find the person.

`pip install .[compare]` brings the library; dlib needs a C++ compiler and CMake, its twin dlib-bin does not.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from app.matching.detector import FaceDetector
from app.matching.evaluation.verification import all_pairs, curve
from app.matching.extractor import TemplateExtractor

MODELS = Path(__file__).resolve().parents[2] / "var" / "models"
#: Width of the detector's face box to which photographs are shrunk, after which they are as they are.
WIDTHS = (None, 48, 32, 24)


@dataclass(frozen=True)
class Result:
    """faces: photographs in which a face was found. The rest as in app/matching."""

    faces: int
    tar: float
    equal_error: float
    rank1: float


def photographs(folder: Path) -> tuple[list[np.ndarray], list[int]]:
    """Images (BGR) and person numbers of a folder with identities.csv."""
    with (folder / "identities.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["identity"] for row in rows})
    return [cv2.imread(str(folder / row["file"])) for row in rows], [names.index(row["identity"]) for row in rows]


def ours(images: list[np.ndarray], detector: FaceDetector, extractor: TemplateExtractor) -> list[np.ndarray | None]:
    """One unit vector a photograph, None without a face."""
    found = [(image, detector.detect(image)) for image in images]
    return [extractor.embed(image, faces[:1])[0] if faces else None for image, faces in found]


def theirs(images: list[np.ndarray]) -> list[np.ndarray | None]:
    """One 128-d vector a photograph, None without a face. Raises ImportError where the library is not installed."""
    import face_recognition

    vectors: list[np.ndarray | None] = []
    for image in images:
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        boxes = face_recognition.face_locations(rgb)
        largest = sorted(boxes, key=lambda b: (b[2] - b[0]) * (b[1] - b[3]))[-1:]
        vectors.append(face_recognition.face_encodings(rgb, largest)[0] if largest else None)
    return vectors


def cosines(one: list[np.ndarray | None], other: list[np.ndarray | None]) -> np.ndarray:
    """(n, n) likeness of every pair by cosine; -inf where a face is missing."""
    return _likeness(one, other, lambda a, b: float(a.astype(np.float64) @ b))


def distances(one: list[np.ndarray | None], other: list[np.ndarray | None]) -> np.ndarray:
    """(n, n) likeness of every pair by Euclidean distance, its sign turned."""
    return _likeness(one, other, lambda a, b: -float(np.linalg.norm(a - b)))


def _likeness(one, other, of) -> np.ndarray:
    return np.array([[-np.inf if a is None or b is None else of(a, b) for b in other] for a in one])


def measure(likeness: np.ndarray, persons: list[int], faces: int) -> Result:
    """TAR at FAR 1 %, EER, and rank-1 leaving one out, from the likeness of probes (rows) to gallery (columns)."""
    numbers = np.array(persons)
    one, other = all_pairs(persons, seed=1).T
    # a likeness of -inf is below every threshold but the last, which accepts all
    scores = np.maximum(np.minimum(likeness[one, other], likeness[other, one]), -1e9)
    points = curve(scores, numbers[one] == numbers[other])
    np.fill_diagonal(left := likeness.copy(), -np.inf)
    found = (numbers[left.argmax(axis=1)] == numbers) & (left.max(axis=1) > -np.inf)
    return Result(faces, points.true_accept_rate(0.01), points.equal_error_rate(), float(found.mean()))


def shrunk(images: list[np.ndarray], detector: FaceDetector, width: int | None) -> list[np.ndarray]:
    """Photographs made so small that the face box is `width` pixels wide; as they are for None."""
    if width is None:
        return images
    scales = [width / detector.detect(image)[0].width for image in images]
    return [
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
        for image, scale in zip(images, scales, strict=True)
    ]


def compare(
    images: list[np.ndarray],
    persons: list[int],
    widths: Sequence[int | None],
    detector: FaceDetector,
    extractor: TemplateExtractor,
) -> Iterator[tuple[int | None, Result, Result]]:
    """Each width with our result and the library's: probes so small against the whole photographs."""
    for_us, for_them = partial(ours, detector=detector, extractor=extractor), theirs
    whole = for_us(images), for_them(images)
    for width in widths:
        probes = shrunk(images, detector, width)
        mine, other = whole if width is None else (for_us(probes), for_them(probes))
        yield (
            width,
            measure(cosines(mine, whole[0]), persons, sum(vector is not None for vector in mine)),
            measure(distances(other, whole[1]), persons, sum(vector is not None for vector in other)),
        )


def main() -> None:
    """Print a table."""
    images, persons = photographs(Path(sys.argv[1]))
    detector, extractor = FaceDetector(MODELS), TemplateExtractor(MODELS)
    print(f"{'face box':10} {'':18} {'faces':>5} {'TAR@FAR 1 %':>12} {'EER':>7} {'rank 1':>7}")
    for width, *results in compare(images, persons, WIDTHS, detector, extractor):
        for name, found in zip(("Corroborate", "face_recognition"), results, strict=True):
            print(
                f"{'whole' if width is None else f'{width} px':10} {name:18} {found.faces:5} {found.tar:12.3f} "
                f"{found.equal_error:7.3f} {found.rank1:7.3f}"
            )


if __name__ == "__main__":
    main()

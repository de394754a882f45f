"""Models and photographs for the matching tests; where they are absent, the tests skip with the reason."""

import csv
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.matching.catalogue import catalogue
from app.matching.detector import FaceDetector
from app.matching.extractor import TemplateExtractor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def models_dir():
    folder = Path(os.environ.get("CORROBORATE_MODELS_DIR", ROOT / "var" / "models"))
    known = catalogue()
    for model_id in (known.detector, known.extractor):
        if not (folder / known.model(model_id).file).is_file():
            pytest.skip(f"The face model {model_id} is not installed (flask matching models install).")
    return folder


@pytest.fixture(scope="session")
def detector(models_dir):
    return FaceDetector(models_dir)


@pytest.fixture(scope="session")
def extractor(models_dir):
    return TemplateExtractor(models_dir)


@pytest.fixture(scope="session")
def photographs():
    """The labelled photographs as (file name, person, image), read in place."""
    folder = Path(os.environ.get("CORROBORATE_FACES", ROOT.parent / "shared" / "faces")) / "deepface"
    if not (folder / "identities.csv").is_file():
        pytest.skip("The labelled photographs are not on this machine (CORROBORATE_FACES).")
    with (folder / "identities.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return [(row["file"], row["identity"], cv2.imread(str(folder / row["file"]))) for row in rows]


@pytest.fixture(scope="session")
def portraits(photographs, detector):
    """The labelled photographs with the largest face of each: (image, face, person)."""
    found = [(image, detector.detect(image), person) for _, person, image in photographs]
    return [(image, faces[0], person) for image, faces, person in found if faces]


@pytest.fixture
def unit_vectors():
    """Seeded unit vectors: call with (count, dims) for (count, dims) float32."""

    def make(count, dims=8, seed=0):
        raw = np.random.default_rng(seed).normal(size=(count, dims))
        return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)

    return make

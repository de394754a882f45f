"""A search of a prepared image: its pixels are embedded, the same face in it, and the record says so (CAP-5, SRC-2)."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn

from app.domain.algorithms import networks
from app.domain.approval.report_facts import gather
from app.extensions import stores
from app.imaging import decode
from app.imaging.recipe_ops import pixels_of
from app.jobs.identification.search import _embed
from app.matching.types import Face
from demo.people import person
from tests.conftest import models_directory
from tests.unit_stages import around

pytestmark = pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
)


@pytest.fixture
def prepared(make):
    """A request with a prepared image that is turned, enlarged and lighter, selected as its probe."""
    request = make.request(state="documented")
    face = request.current_images[0].faces[0]
    steps = [*around(face), {"op": "rotate", "degrees": 9, "about": "eyes"}, {"op": "resize", "factor": 1.5}]
    make.parts["derived"] = make.prepare(request, steps)
    make.select(request)
    make.search(request)
    return request


@pytest.mark.clause("CAP-5", "SRC-1", "LL55-3")
def test_the_prepared_pixels_are_searched_and_the_person_is_still_found(prepared, make, run_jobs):
    make.enrol([person(seed) for seed in (7, 21, 22)])
    search, derived = prepared.current_search, prepared.current_search.derived
    template = _embed(search, networks.extractor())
    pixels = pixels_of(stores().blobs.get(derived.blob_id, prepared.key_id, derived.sha256))
    own = networks.extractor().templates(pixels, [networks.detector().detect(pixels)[0]])[0]
    image, found = search.image, search.face
    original = decode(stores().blobs.get(image.blob_id, prepared.key_id, image.sha256)).bgr
    face = Face(tuple(found.box), found.detector_score, found.points)
    plain = networks.extractor().templates(original, [face])[0]
    assert np.allclose(template.vector, own.vector)
    assert not np.allclose(template.vector, plain.vector, atol=1e-3)
    run_jobs()
    assert prepared.state == "searched", search.cause
    best = min(search.candidates, key=lambda candidate: candidate.rank)
    assert best.person.private["name"] == person(7).name
    assert search.parameters["searched"] == derived.sha256
    assert (search.parameters["index"], search.parameters["index_version"]) == ("exact", sklearn.__version__)
    assert search.probe_sha256 == image.sha256


@pytest.mark.clause("CAP-5")
def test_a_prepared_image_without_its_face_is_a_named_failure(make, run_jobs):
    make.enrol([person(7)])
    request = make.request(state="documented")
    cut = around(request.current_images[0].faces[0])[:1]
    dark = [
        *cut,
        {"op": "brightness", "amount": -100},
        {"op": "gamma", "value": 0.4},
        {"op": "contrast", "factor": 2},
    ]
    make.parts["derived"] = make.prepare(request, dark)
    make.select(request)
    make.search(request)
    run_jobs()
    assert request.state == "search_failed"
    assert "not found in prepared image 1" in request.current_search.cause


@pytest.mark.clause("SRC-8", "LL55-1")
def test_the_report_says_that_a_prepared_image_was_searched(prepared, make):
    make.advance_to(prepared, "negative")
    make.run_jobs()
    derived = prepared.current_search.derived
    custody = {entry.what: entry.sha256 for entry in gather(prepared.current_report).custody}
    said = next(what for what in custody if what.startswith("Prepared image 1 made from the original: Cut to"))
    assert "Gamma 1.2." in said
    assert custody[said] == derived.sha256
    assert custody["Searched as prepared image 1; digest checked on reading"] == derived.sha256
    assert custody["Selected as the probe"] == prepared.current_images[0].sha256

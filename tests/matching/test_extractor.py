"""Templates against dlib itself, and against what must never change them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.matching.catalogue import catalogue
from app.matching.errors import CatalogueError, ModelDigestError, ModelMissing
from app.matching.extractor import TemplateExtractor
from app.matching.types import Face

ORACLE = np.load(Path(__file__).parent / "oracles" / "dlib_embeddings.npy")


def oracle_chips():
    """Two (150, 150, 3) RGB chips, noise and ramps, from integer arithmetic alone."""
    index = np.arange(150 * 150 * 3, dtype=np.uint64)
    noise = ((index * np.uint64(2654435761)) % np.uint64(1 << 32) >> np.uint64(24)).astype(np.uint8)
    y, x = np.mgrid[:150, :150]
    ramps = np.stack([x * 255 // 149, y * 255 // 149, (x + y) * 255 // 298], axis=2).astype(np.uint8)
    return [noise.reshape(150, 150, 3), ramps]


def bgr(chip):
    return np.ascontiguousarray(chip[:, :, ::-1])


def test_the_converted_network_is_dlibs(extractor):
    found = extractor.embed_chips([bgr(chip) for chip in oracle_chips()])
    expected = ORACLE / np.linalg.norm(ORACLE, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_channel_order_matters(extractor):
    """Guards the oracle: with red and blue exchanged the numbers are plainly others."""
    found = extractor.embed_chips(oracle_chips())
    assert np.abs(found - ORACLE / np.linalg.norm(ORACLE, axis=1, keepdims=True)).max() > 0.01


def test_a_batch_gives_what_single_chips_give(extractor):
    chips = [bgr(chip) for chip in oracle_chips()] * 6
    together = extractor.embed_chips(chips)
    alone = np.concatenate([extractor.embed_chips([chip]) for chip in chips])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_the_same_input_gives_the_same_bytes(extractor):
    chips = [bgr(chip) for chip in oracle_chips()]
    assert extractor.embed_chips(chips).tobytes() == extractor.embed_chips(chips).tobytes()


def test_no_faces_no_templates(extractor):
    assert extractor.embed(np.zeros((10, 10, 3), np.uint8), []).shape == (0, 128)


def test_grey_and_alpha_images_are_taken(extractor):
    grey = np.random.default_rng(0).integers(0, 256, (150, 150), np.uint8)
    face = Face((0, 0, 150, 150), 1.0, np.array(extractor.entry.template))
    from_grey = extractor.embed(grey, [face])
    from_bgr = extractor.embed(np.dstack([grey] * 3), [face])
    from_bgra = extractor.embed(np.dstack([grey] * 4), [face])
    assert np.array_equal(from_grey, from_bgr)
    assert np.array_equal(from_bgr, from_bgra)


def test_templates_carry_the_digest_of_what_ran(extractor):
    face = Face((0, 0, 150, 150), 1.0, np.array(extractor.entry.template))
    (template,) = extractor.templates(bgr(oracle_chips()[0]), [face])
    assert template.model_digest == extractor.digest == catalogue().extractors["dlib-resnet-v1"].sha256


def test_a_changed_file_is_refused(models_dir, tmp_path):
    entry = catalogue().extractors["dlib-resnet-v1"]
    data = bytearray((models_dir / entry.file).read_bytes())
    data[-1] ^= 1
    (tmp_path / entry.file).write_bytes(data)
    with pytest.raises(ModelDigestError, match=entry.sha256):
        TemplateExtractor(tmp_path)


def test_a_missing_file_and_an_unknown_model_are_said_so(tmp_path):
    with pytest.raises(ModelMissing, match="flask matching models install"):
        TemplateExtractor(tmp_path)
    with pytest.raises(CatalogueError, match="no-such"):
        TemplateExtractor(tmp_path, "no-such")


@pytest.mark.parametrize("points", [np.zeros((4, 2)), np.full((5, 2), np.nan)])
def test_a_face_has_five_finite_points(points):
    with pytest.raises(ValueError, match="five"):
        Face((0, 0, 1, 1), 1.0, points)


def test_a_face_cannot_be_changed():
    face = Face((0, 0, 1, 1), 1.0, np.zeros((5, 2)))
    with pytest.raises(ValueError, match="read-only"):
        face.points[0] = 1
    assert replace(face, points=np.array([[0, 0], [3, 4], [1, 1], [0, 1], [1, 2]])).inter_eye == 5.0

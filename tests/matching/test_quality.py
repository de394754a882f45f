"""Quality measures, perceptual hashes and the thread setting."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.perceptual import hash_distance, perceptual_hash
from app.matching.quality import Quality, hints, measure
from app.matching.threads import configure_threads
from app.matching.types import Face

GOOD = Quality(inter_eye=60, sharpness=500, luminance=140, dark_share=0, bright_share=0)
FACE = Face((0, 0, 256, 256), 1.0, np.array([[81, 80], [171, 80], [126, 131], [86, 176], [167, 176]]))


def texture(seed=0):
    noise = np.random.default_rng(seed).integers(60, 200, (64, 64, 3), np.uint8)
    return cv2.resize(noise, (256, 256), interpolation=cv2.INTER_CUBIC)


def test_the_distance_between_the_eyes_is_in_pixels_of_the_photograph():
    assert measure(texture(), FACE).inter_eye == pytest.approx(90)


@pytest.mark.parametrize(("level", "dark", "bright"), [(10, 1, 0), (128, 0, 0), (252, 0, 1)])
def test_exposure_of_an_even_picture(level, dark, bright):
    found = measure(np.full((256, 256, 3), level, np.uint8), FACE)
    assert found.luminance == pytest.approx(level)
    assert (found.dark_share, found.bright_share) == (dark, bright)
    assert found.sharpness == 0


def test_only_the_face_is_measured():
    image = np.full((256, 256), 128, np.uint8)
    image[:15], image[:, :15], image[:, -15:] = 255, 0, 255
    found = measure(image, FACE)
    assert (found.luminance, found.dark_share, found.bright_share) == (128, 0, 0)


@given(st.floats(1, 3), st.floats(1, 3))
def test_more_blur_is_never_sharper(one, more):
    image = texture()
    mild, strong = (measure(cv2.GaussianBlur(image, (0, 0), sigma), FACE) for sigma in (one, one + more))
    assert strong.sharpness < mild.sharpness


def test_sharpness_does_not_depend_on_contrast():
    image = texture()
    pale = np.uint8(np.round(100 + (image.astype(float) - 128) * 0.5))
    assert measure(pale, FACE).sharpness == pytest.approx(measure(image, FACE).sharpness, rel=0.1)


def test_a_good_face_has_no_hints():
    assert hints(GOOD) == ()


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"inter_eye": 13.9}, ["face_very_small"]),
        ({"inter_eye": 14}, ["face_small"]),
        ({"inter_eye": 20}, []),
        ({"sharpness": 34}, ["blurred"]),
        ({"luminance": 49}, ["dark"]),
        ({"dark_share": 0.3}, ["dark"]),
        ({"luminance": 226}, ["bright"]),
        ({"bright_share": 0.2}, ["bright"]),
    ],
)
@pytest.mark.clause("REQ-7")
def test_each_fault_is_named(changes, codes):
    quality = Quality(**{**{name: getattr(GOOD, name) for name in Quality.__slots__}, **changes})
    assert [hint.code for hint in hints(quality)] == codes


@pytest.mark.clause("CAP-8")
def test_nothing_about_the_person_is_measured():
    assert set(Quality.__slots__) == {"inter_eye", "sharpness", "luminance", "dark_share", "bright_share"}


def test_real_faces_pass_and_their_blurred_copies_do_not(portraits, detector):
    blurred, sharp = 0, 0
    for image, face, _ in portraits:
        sharp += "blurred" not in {hint.code for hint in hints(measure(image, face))}
        smeared = cv2.GaussianBlur(image, (0, 0), 0.04 * face.width)
        blurred += "blurred" in {hint.code for hint in hints(measure(smeared, face))}
    assert sharp == len(portraits)
    assert blurred >= 0.95 * len(portraits)


def test_a_recompressed_smaller_copy_keeps_its_hash():
    image = cv2.GaussianBlur(texture(3), (0, 0), 9)
    small = cv2.resize(image, (180, 180), interpolation=cv2.INTER_AREA)
    copy = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
    one = perceptual_hash(image)
    assert len(one) == 16
    assert hash_distance(one, one) == 0
    assert hash_distance(one, perceptual_hash(copy)) <= 6
    assert hash_distance(one, perceptual_hash(cv2.GaussianBlur(texture(4), (0, 0), 9))) > 12


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_hash_distance_counts_bits(one, other):
    expected = f"{one ^ other:b}".count("1")
    assert hash_distance(f"{one:016x}", f"{other:016x}") == expected


@pytest.mark.parametrize("bad", ["", "f" * 15, "f" * 17, "x" * 16])
def test_what_is_no_hash_is_refused(bad):
    with pytest.raises(ValueError, match=r"hexadecimal|base 16"):
        hash_distance(bad, "0" * 16)


def test_threads_are_set_for_opencv():
    before = cv2.getNumThreads()
    try:
        configure_threads(1)
        assert cv2.getNumThreads() == 1
    finally:
        configure_threads(max(1, before))
    with pytest.raises(ValueError, match="at least one"):
        configure_threads(0)

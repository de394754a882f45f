"""The similarity fit against the SVD form of Umeyama's paper, and the chip."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.matching.alignment import face_chip, similarity
from app.matching.catalogue import catalogue

TEMPLATE = np.array(catalogue().extractors["dlib-resnet-v1"].template)
coordinates = st.floats(-2000, 2000, allow_nan=False)


def umeyama(source, target):
    """The oracle: Umeyama 1991 by singular value decomposition, in double precision."""
    middle, goal = source.mean(0), target.mean(0)
    a, b = source - middle, target - goal
    u, d, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.diag([1, np.linalg.det(u) * np.linalg.det(vt)])
    turn = u @ sign @ vt * (d * np.diag(sign)).sum() / a.var(0).sum()
    return np.hstack([turn, (goal - turn @ middle)[:, None]])


@given(arrays(np.float64, (5, 2), elements=coordinates), arrays(np.float64, (5, 2), elements=coordinates))
def test_similarity_is_umeyamas(source, target):
    if min(source.std(0).sum(), target.std(0).sum()) < 1:
        return
    found = similarity(source, target)
    moved, expected = source @ found[:, :2].T + found[:, 2], umeyama(source, target)
    error = ((moved - target) ** 2).sum()
    best = ((source @ expected[:, :2].T + expected[:, 2] - target) ** 2).sum()
    assert error == pytest.approx(best, rel=1e-6, abs=1e-6)


@given(st.floats(-3.1, 3.1), st.floats(0.1, 20), coordinates, coordinates)
def test_similarity_undoes_a_turn_a_scale_and_a_shift(angle, scale, dx, dy):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = TEMPLATE @ turn.T + (dx, dy)
    back = similarity(moved, TEMPLATE)
    np.testing.assert_allclose(moved @ back[:, :2].T + back[:, 2], TEMPLATE, atol=1e-6)


def test_a_mirrored_face_is_not_mirrored_back():
    mirrored = TEMPLATE * (-1, 1)
    assert np.linalg.det(similarity(mirrored, TEMPLATE)[:, :2]) >= 0


@pytest.mark.parametrize(
    ("source", "target"), [(np.ones((5, 2)), TEMPLATE), (TEMPLATE[:4], TEMPLATE), (np.ones(5), np.ones(5))]
)
def test_points_that_fix_nothing_are_refused(source, target):
    with pytest.raises(ValueError, match="points"):
        similarity(source, target)


def test_all_five_points_count():
    """Least squares spreads an outlier over all points; a sampling estimator would leave it out."""
    moved = TEMPLATE.copy()
    moved[2] += (15, 0)
    found = similarity(moved, TEMPLATE)
    np.testing.assert_allclose(found, umeyama(moved, TEMPLATE), atol=1e-9)
    assert not np.allclose(found, [[1, 0, 0], [0, 1, 0]], atol=0.5)


@pytest.mark.parametrize("scale", [1.0, 3.0, 10.0])
def test_points_land_on_the_template(scale):
    """Bright spots painted at the points of a face of any size are found at the template's points."""
    canvas = np.zeros((round(160 * scale), round(170 * scale), 3), np.uint8)
    points = TEMPLATE * scale + (5 * scale, 2 * scale)
    radius = round(3 * scale * 16)
    for x, y in points:
        cv2.circle(canvas, (round(x * 16), round(y * 16)), radius, (255,) * 3, -1, cv2.LINE_AA, 4)
    chip = face_chip(canvas, points, TEMPLATE, 150)[:, :, 0].astype(float)
    assert chip.shape == (150, 150)
    for x, y in TEMPLATE:
        left, top = round(x) - 6, round(y) - 6
        spot = chip[top : top + 13, left : left + 13]
        ys, xs = np.mgrid[:13, :13]
        centre = (xs * spot).sum() / spot.sum() + left, (ys * spot).sum() / spot.sum() + top
        np.testing.assert_allclose(centre, (x, y), atol=0.12)


def test_a_large_face_is_shrunk_without_aliasing():
    """One-pixel stripes of a face ten times too large must become even grey, not a moiré pattern."""
    stripes = np.zeros((1500, 1500, 3), np.uint8)
    stripes[:, ::2] = 255
    chip = face_chip(stripes, TEMPLATE * 10, TEMPLATE, 150)
    assert chip[10:140, 10:140].std() < 2
    assert chip[10:140, 10:140].mean() == pytest.approx(127.5, abs=30)

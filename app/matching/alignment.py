"""Bringing a face into the upright square chip that a network was trained on."""

from collections.abc import Sequence

import cv2
import numpy as np


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, uniform scale and shift that bring ``source`` onto ``target`` with least squared error.

    source, target: (n, 2) points, n >= 2. Returns a (2, 3) float64 matrix M such that M[:, :2] @ p + M[:, 2]
    is near the target; never a mirror image. Umeyama, IEEE PAMI 13(4), 1991, in its closed form for the plane.

    Own code because cv2.estimateAffinePartial2D samples point pairs (RANSAC, LMEDS) and may leave some of the
    five points out as outliers: on a turned face it fits three or four of them exactly and ignores the rest,
    where the networks were trained on the least-squares fit of all five.
    Raises ValueError for unlike shapes or when all source points coincide.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ValueError("Two equally long lists of (x, y) points are needed.")
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    a, b = source - middle, target - goal
    spread = (a**2).sum()
    if not spread > 0:
        raise ValueError("The points of the face all coincide.")
    # with points as complex numbers the best factor is sum(conj(a) b) / sum(|a|^2)
    real = (a * b).sum() / spread
    imaginary = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / spread
    turn = np.array([[real, -imaginary], [imaginary, real]])
    return np.hstack([turn, (goal - turn @ middle)[:, None]])


def face_chip(
    bgr: np.ndarray,
    points: np.ndarray,
    template: Sequence[tuple[float, float]],
    size: int,
    border: int = cv2.BORDER_CONSTANT,
) -> np.ndarray:
    """The face as a (size, size[, 3]) uint8 chip, its ``points`` (5, 2) as near ``template`` as they can be.

    bgr: (h, w[, 3]) uint8. A face more than twice the chip's scale is first shrunk by area averaging, since
    bilinear sampling alone would skip pixels (aliasing). What lies outside the image is black,
    or as ``border`` of OpenCV says.
    Raises ValueError when the points coincide.
    """
    matrix = similarity(points, np.asarray(template))
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        rows, columns = bgr.shape[:2]
        width, height = max(1, round(columns * 2 * scale)), max(1, round(rows * 2 * scale))
        bgr = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA)
        kx, ky = columns / width, rows / height
        # INTER_AREA maps pixel areas: centre x of the small image is kx * (x + 0.5) - 0.5 of the large one
        grow = np.array([[kx, 0, kx / 2 - 0.5], [0, ky, ky / 2 - 0.5], [0, 0, 1]])
        matrix = matrix @ grow
    return cv2.warpAffine(bgr, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)

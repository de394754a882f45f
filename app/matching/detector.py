"""Finding faces and their five landmarks with CenterFace (Xu et al., 2019, arXiv:1911.03599)."""

from pathlib import Path

import cv2
import numpy as np

from app.matching.catalogue import Detector as DetectorEntry
from app.matching.catalogue import catalogue
from app.matching.images import as_bgr
from app.matching.networks import load_network
from app.matching.types import Face

_OUTPUTS = ["537", "538", "539", "540"]
_STRIDE, _MULTIPLE = 4, 32
_BORDER_SHARE = 0.3
# A box of 32 px is the least that recognition can use, 14 px what CenterFace finds nearly always (measured).
_SMALLEST_FACE, _SMALLEST_SEEN = 32, 14


class FaceDetector:
    """CenterFace on OpenCV's DNN. One per process and thread; see ``app.matching.threads``."""

    def __init__(self, models_dir: Path, entry: DetectorEntry | None = None) -> None:
        """Load the network. Raises ModelMissing, ModelDigestError or ModelSelfTestError."""
        self.entry = entry or catalogue().detectors[catalogue().detector]
        self._net, self.digest = load_network(models_dir / self.entry.file, self.entry.sha256)

    def detect(self, image: np.ndarray) -> list[Face]:
        """All faces of an image, largest first, in its own pixels.

        image: (h, w[, 1|3|4]) uint8, BGR(A) or grey, any size from one pixel up. The longest side is brought
        down to 640 pixels; an image so large that its 32 px faces would be lost then (beyond 1463 pixels) is
        looked at a second time, larger (at most 1920). When nothing is found, the image may be a tight crop
        of a face: a black border of 30 % is put around it and it is tried once more. Raises ValueError for
        anything that is no image.
        """
        bgr = as_bgr(image)
        found = [self._look(bgr, self.entry.side)]
        needed = max(bgr.shape[:2]) * _SMALLEST_SEEN / _SMALLEST_FACE
        if needed > self.entry.side:
            found.append(self._look(bgr, min(round(needed), self.entry.large_side)))
        faces = self._merge(found)
        if not faces:
            faces = self._detect_with_border(bgr)
        return sorted(faces, key=lambda face: (-face.width * face.height, face.box))

    def _detect_with_border(self, bgr: np.ndarray) -> list[Face]:
        border = max(1, round(_BORDER_SHARE * max(bgr.shape[:2])))
        padded = cv2.copyMakeBorder(bgr, border, border, border, border, cv2.BORDER_CONSTANT)
        faces = self._merge([self._look(padded, self.entry.side)])
        return [Face(tuple(np.subtract(face.box, border).tolist()), face.score, face.points - border) for face in faces]

    def _look(self, bgr: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One pass: boxes (n, 4), scores (n,), points (n, 5, 2) in pixels of ``bgr``, before suppression."""
        rows, columns = bgr.shape[:2]
        scale = min(1.0, side / max(rows, columns))
        width, height = max(1, round(columns * scale)), max(1, round(rows * scale))
        small = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else bgr
        padded = cv2.copyMakeBorder(small, 0, -height % _MULTIPLE, 0, -width % _MULTIPLE, cv2.BORDER_CONSTANT)
        self._net.setInput(cv2.dnn.blobFromImage(padded, swapRB=True))
        heat, size, offset, marks = self._net.forward(_OUTPUTS)
        boxes, scores, points = _decode(heat, size, offset, marks, self.entry.score)
        # each axis by its own factor: rounding a thin image to whole pixels changes its aspect
        factor = np.array([columns / width, rows / height])
        return boxes * np.tile(factor, 2), scores, points * factor

    def _merge(self, found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> list[Face]:
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if not len(boxes):
            return []
        corners_and_sizes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
        kept = cv2.dnn.NMSBoxes(corners_and_sizes.tolist(), scores.tolist(), self.entry.score, self.entry.overlap)
        return [Face(tuple(boxes[i].tolist()), float(scores[i]), points[i]) for i in kept]


def _decode(
    heat: np.ndarray, size: np.ndarray, offset: np.ndarray, marks: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CenterFace's maps at a quarter of the resolution, each (1, c, rows, columns), as boxes and points.

    A box is centred on its cell plus ``offset`` (y, x) and e**``size`` (height, width) cells large; landmarks
    are shares of the box (y, x) from its upper left corner.
    """
    ys, xs = np.nonzero(heat[0, 0] >= threshold)
    extent = np.exp(size[0][::-1, ys, xs].T.astype(np.float64)) * _STRIDE
    centre = (np.stack([xs, ys], axis=1) + offset[0][::-1, ys, xs].T + 0.5) * _STRIDE
    corner = centre - extent / 2
    shares = marks[0][:, ys, xs].T.reshape(-1, 5, 2)[:, :, ::-1]
    points = shares * extent[:, None] + corner[:, None]
    return np.hstack([corner, corner + extent]), heat[0, 0, ys, xs], points

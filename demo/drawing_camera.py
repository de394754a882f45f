"""What a poor camera does to a picture: small, tilted, too dark or bright, sharpened, noisy, compressed."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

SCENE_FACE_PX = 185.0  # the widest face box that CenterFace reported on pictures of ``people.scene``


def degrade(
    image: Image, seed: int, face_px: float = 48, quality: int = 55, face_width: float = SCENE_FACE_PX
) -> Image:
    """Probe-like version of ``image`` (H, W, 3) uint8, smaller, same type; the same seed gives the same bytes.

    ``face_width`` is the width of the face box in ``image``; the result's is about 0.965 ``face_px`` wide.
    Gamma 0.6 to 1.5, rotation within 9 degrees, a camera's sharpening, sensor noise, one JPEG of ``quality``.
    ValueError: sizes that would enlarge, quality outside 1..100.
    """
    if not 1 <= quality <= 100:
        raise ValueError("JPEG quality lies between 1 and 100.")
    rng = np.random.default_rng([9, seed])
    shrink = face_px / face_width * float(rng.uniform(0.95, 0.98))
    if not 0 < shrink <= 1:
        raise ValueError("Degrading makes a face smaller, never larger.")
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-9, 9)), 1.0)
    turned = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(turned, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    # cameras sharpen what they shrink, before they compress it
    small = np.clip(small + 0.9 * (small - cv2.GaussianBlur(small, (0, 0), 1.0)), 0, 1)
    gamma = float(np.exp(rng.uniform(np.log(0.6), np.log(1.5))))
    noisy = small**gamma + rng.standard_normal(small.shape, np.float32) * float(rng.uniform(0.006, 0.016))
    pixels = np.clip(noisy * 255, 0, 255).astype(np.uint8)
    done, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("The picture could not be compressed.")
    shown = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    if shown is None:
        raise ValueError("The compressed picture could not be read.")
    return np.asarray(shown, np.uint8)

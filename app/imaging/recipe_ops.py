"""What the operations of a recipe do to pixels: the same bytes each time in the same environment (LL55-1).

Levels go through tables and integers, so that rounding does not depend on the processor. What remains in floating
point (rotation, scaling, noise reduction) and what decodes the original is named in `environment`.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import msgspec
import numpy as np
import PIL
import pillow_heif
from numpy.typing import NDArray
from PIL import features

from app.clauses import enforces
from app.imaging import recipe as kinds
from app.imaging.decoding import decode
from app.imaging.recipe import Crop, Eyes, Operation, Point, Recipe, Resize, Rotate, Stage, trace
from app.imaging.sniffing import DEFAULT_LIMITS, ImageLimits

Pixels = NDArray[np.uint8]
#: raised whenever the same recipe would give other pixels than before
ENGINE = 1
_PNG = {cv2.IMWRITE_PNG_COMPRESSION: 1, cv2.IMWRITE_PNG_FILTER: cv2.IMWRITE_PNG_FILTER_SUB}
_DENOISE_DIAMETER = 7


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived image: PNG bytes, their SHA-256 (hex), size in pixels, and the environment that made it."""

    png: bytes
    sha256: str
    width: int
    height: int
    environment: dict[str, str]


@enforces("LL55-1")
def derive(original: bytes, recipe: Recipe, limits: ImageLimits = DEFAULT_LIMITS) -> Derived:
    """Decode an original and apply a recipe. Raises UnusableImage for the bytes, RecipeError for the recipe."""
    bgr = apply(decode(original, limits).bgr, recipe)
    png = encode(bgr)
    return Derived(png, hashlib.sha256(png).hexdigest(), bgr.shape[1], bgr.shape[0], environment())


def apply(original: Pixels, recipe: Recipe) -> Pixels:
    """(H, W, 3) uint8 BGR pixels after every step; the input is left alone. Raises RecipeError."""
    height, width = original.shape[:2]
    stages = trace(recipe, (width, height))
    bgr = original
    for before, operation in zip(stages, recipe.operations, strict=False):
        bgr = _DOES[type(operation)](bgr, operation, before, recipe.eyes)
    return bgr.copy() if bgr is original else np.ascontiguousarray(bgr)


def encode(bgr: Pixels) -> bytes:
    """The pixels as PNG with fixed settings. Raises ValueError for another array than (H, W, 3) uint8."""
    if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or 0 in bgr.shape:
        raise ValueError("A derived image is (H, W, 3) uint8 with at least one pixel a side.")
    done, encoded = cv2.imencode(".png", bgr, [number for pair in _PNG.items() for number in pair])
    if not done:
        raise ValueError("The derived image cannot be encoded.")
    return encoded.tobytes()


def pixels_of(png: bytes) -> Pixels:
    """The (H, W, 3) uint8 BGR pixels of a PNG of ours. Raises ValueError for other bytes."""
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) if png else None
    if bgr is None:
        raise ValueError("The bytes are no image.")
    return np.asarray(bgr, np.uint8)


def environment() -> dict[str, str]:
    """Everything the bytes of a derived image may depend on besides original and recipe, as JSON text values."""
    return {
        "engine": str(ENGINE),
        "encoder": "PNG, level 1, filter sub",
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "libjpeg": features.version("libjpeg_turbo") or features.version("jpg") or "none",
        "libwebp": features.version("webp") or "none",
        "libtiff": features.version("libtiff") or "none",
        "libheif": pillow_heif.libheif_version(),
        "littlecms": features.version("littlecms2") or "none",
        "machine": platform.machine(),
        "cpu": " ".join(cv2.getCPUFeaturesLine().split()),
    }


def differences(recorded: Mapping[str, str], here: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """name -> (recorded, here) where two environments are not the same, in the order of the names."""
    return {
        name: (recorded.get(name, "not recorded"), here.get(name, "not known"))
        for name in sorted(set(here) | set(recorded))
        if recorded.get(name) != here.get(name)
    }


def working_copy(shown: Pixels, original_width: int, recipe: Recipe, budget: int) -> tuple[Pixels, Recipe, float]:
    """A smaller picture and recipe that look like the whole ones: no step of it holds more than `budget` pixels.

    `shown` is a copy of the original, perhaps shrunk. Gives the pixels, the recipe for them, and how large one pixel
    of the full result is in it. A first cut is taken out before shrinking, so that a small face keeps its pixels.
    """
    scale = shown.shape[1] / original_width
    first = recipe.operations[0] if recipe.operations else None
    eyes, rest, part = recipe.eyes, recipe.operations, shown
    if isinstance(first, Crop):
        cut = _scaled_cut(first, scale, (shown.shape[1], shown.shape[0]))
        part, rest = _crop(shown, cut), recipe.operations[1:]
        eyes = _each(eyes, lambda x, y: (x - first.x, y - first.y))
    # frames of the real size are traced, for their largest decides how much smaller the copy has to be
    real = (max(1, round(part.shape[1] / scale)), max(1, round(part.shape[0] / scale)))
    largest = max(stage.pixels for stage in trace(Recipe(eyes=eyes, operations=_within(rest, real, eyes)), real))
    shrink = min(1.0, (budget / (largest * scale * scale)) ** 0.5)
    if shrink < 1:
        size = kinds.resized((part.shape[1], part.shape[0]), shrink)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    factor = scale * shrink
    near = _each(eyes, lambda x, y: (x * factor, y * factor))
    return part, Recipe(eyes=near, operations=_steps(rest, factor, (part.shape[1], part.shape[0]), near)), factor


def _each(eyes: Eyes, moved: Callable[[float, float], Point]) -> Eyes:
    left, right = eyes
    return moved(*left), moved(*right)


def _within(rest: tuple[Any, ...], size: tuple[int, int], eyes: Eyes) -> tuple[Any, ...]:
    """The steps for a frame that rounding may have made a pixel smaller than the recipe's own."""
    return _steps(rest, 1.0, size, eyes)


def _steps(rest: tuple[Any, ...], factor: float, size: tuple[int, int], eyes: Eyes) -> tuple[Any, ...]:
    steps: list[Any] = []
    for operation in rest:
        now = trace(Recipe(eyes=eyes, operations=tuple(steps)), size)[-1]
        steps.append(_scaled(operation, factor, now.size))
    return tuple(steps)


def _scaled_cut(cut: Crop, factor: float, size: tuple[int, int]) -> Crop:
    x = min(max(0, round(cut.x * factor)), size[0] - 1)
    y = min(max(0, round(cut.y * factor)), size[1] - 1)
    width = min(max(1, round(cut.width * factor)), size[0] - x)
    height = min(max(1, round(cut.height * factor)), size[1] - y)
    return Crop(x=x, y=y, width=width, height=height)


def _scaled(operation: Operation, factor: float, size: tuple[int, int]) -> Operation:
    if isinstance(operation, Crop):
        return _scaled_cut(operation, factor, size)
    if isinstance(operation, kinds.Sharpen):
        return msgspec.structs.replace(operation, radius=max(0.3, operation.radius * factor))
    return operation


# The steps. Each takes and gives (H, W, 3) uint8 -----------------------------------------------------------


def _crop(bgr: Pixels, step: Crop, *_: Any) -> Pixels:
    return bgr[step.y : step.y + step.height, step.x : step.x + step.width]


def _rotate(bgr: Pixels, step: Rotate, before: Stage, eyes: Eyes) -> Pixels:
    if step.about == "center" and step.degrees in kinds.QUARTERS:
        return np.rot90(bgr, kinds.QUARTERS[step.degrees])
    turn, size = kinds.rotation(step, before.size, kinds.midpoint(before.points(eyes)))
    # warpAffine counts from the middle of the first pixel, our coordinates from its corner
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = (np.linalg.inv(half) @ turn @ half)[:2]
    # what lies outside the picture is unknown and stays black: it is never filled from inside
    turned = cv2.warpAffine(bgr, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(turned, np.uint8)


def _brightness(bgr: Pixels, step: kinds.Brightness, *_: Any) -> Pixels:
    return _table(bgr, lambda level: level + step.amount)


def _contrast(bgr: Pixels, step: kinds.Contrast, *_: Any) -> Pixels:
    return _table(bgr, lambda level: (level - 128) * step.factor + 128)


def _gamma(bgr: Pixels, step: kinds.Gamma, *_: Any) -> Pixels:
    return _table(bgr, lambda level: 255 * (level / 255) ** (1 / step.value))


def _table(bgr: Pixels, level: Callable[[float], float]) -> Pixels:
    table = [min(255, max(0, int(np.floor(level(float(value)) + 0.5)))) for value in range(256)]
    return np.asarray(cv2.LUT(np.ascontiguousarray(bgr), np.array(table, np.uint8)), np.uint8)


def _denoise(bgr: Pixels, step: kinds.Denoise, *_: Any) -> Pixels:
    smooth = 5.0 * step.strength
    clean = cv2.bilateralFilter(
        np.ascontiguousarray(bgr), _DENOISE_DIAMETER, smooth, _DENOISE_DIAMETER / 2, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(clean, np.uint8)


def _sharpen(bgr: Pixels, step: kinds.Sharpen, *_: Any) -> Pixels:
    # for eight bits OpenCV blurs in fixed point, the same on every processor; the rest is integers
    blurred = cv2.GaussianBlur(np.ascontiguousarray(bgr), (0, 0), step.radius, borderType=cv2.BORDER_REPLICATE)
    difference = bgr.astype(np.int32) - np.asarray(blurred, np.uint8)
    sharp = bgr + ((difference * round(step.amount * 256) + 128) >> 8)
    return np.clip(sharp, 0, 255).astype(np.uint8)


def _resize(bgr: Pixels, step: Resize, before: Stage, _eyes: Eyes) -> Pixels:
    way = cv2.INTER_AREA if step.factor < 1 else cv2.INTER_CUBIC
    size = kinds.resized(before.size, step.factor)
    return np.asarray(cv2.resize(np.ascontiguousarray(bgr), size, interpolation=way), np.uint8)


def _greyscale(bgr: Pixels, *_: Any) -> Pixels:
    grey = cv2.cvtColor(np.ascontiguousarray(bgr), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


_DOES: Mapping[type[Operation], Callable[..., Pixels]] = {
    kinds.Crop: _crop,
    kinds.Rotate: _rotate,
    kinds.Brightness: _brightness,
    kinds.Contrast: _contrast,
    kinds.Gamma: _gamma,
    kinds.Denoise: _denoise,
    kinds.Sharpen: _sharpen,
    kinds.Resize: _resize,
    kinds.Greyscale: _greyscale,
}

"""A probe's preparation as a recipe: an ordered list of operations with numbers, and nothing else (REQ-6, LL55-1).

What is not one of the nine types here cannot be written down, so it cannot be asked for, stored or replayed: nothing
is pasted, filled, blended, restored or invented. The bounds of the numbers are rules (`[[edit]]`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Eyes = tuple[Point, Point]
Size = tuple[int, int]
Matrix = NDArray[np.float64]
#: these turns about the center move every pixel to a pixel: nothing is interpolated and nothing cut off
QUARTERS = {90.0: 1, 180.0: 2, -180.0: 2, -90.0: 3}


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="op"):
    """One step. Coordinates are pixels of the picture as it enters the step, x to the right, y down."""


class Crop(Operation, frozen=True, kw_only=True, tag="crop"):
    """Keep the rectangle whose upper left corner is (x, y)."""

    x: int
    y: int
    width: int
    height: int


class Rotate(Operation, frozen=True, kw_only=True, tag="rotate"):
    """Turn in the plane, counterclockwise for positive degrees; the frame keeps its size, corners turn black.

    A quarter or half turn about the center turns the frame with it and keeps every pixel.
    """

    degrees: float
    about: Literal["center", "eyes"]


class Brightness(Operation, frozen=True, kw_only=True, tag="brightness"):
    """Add `amount` to every level (0 to 255)."""

    amount: int


class Contrast(Operation, frozen=True, kw_only=True, tag="contrast"):
    """Stretch the levels about the middle (128) by `factor`."""

    factor: float


class Gamma(Operation, frozen=True, kw_only=True, tag="gamma"):
    """Raise each level, as a part of 255, to the power 1 / `value`: above 1 lightens the dark parts."""

    value: float


class Denoise(Operation, frozen=True, kw_only=True, tag="denoise"):
    """Smooth within areas, keep edges: bilateral filter over 7 pixels. Tomasi, Manduchi, ICCV 1998."""

    strength: int


class Sharpen(Operation, frozen=True, kw_only=True, tag="sharpen"):
    """Unsharp mask: add `amount` of the difference to the picture blurred by a Gaussian of `radius` pixels."""

    amount: float
    radius: float


class Resize(Operation, frozen=True, kw_only=True, tag="resize"):
    """Scale both sides by `factor`; enlarging interpolates and adds no detail."""

    factor: float


class Greyscale(Operation, frozen=True, kw_only=True, tag="greyscale"):
    """Replace color by brightness (ITU-R BT.601 weights)."""


AnyOperation = Crop | Rotate | Brightness | Contrast | Gamma | Denoise | Sharpen | Resize | Greyscale
#: name -> type of every operation there is
KINDS: Mapping[str, type[Operation]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyOperation)}


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Operations in order. `eyes`: (x, y) of the face's two eyes in pixels of the original, image-left first."""

    eyes: Eyes
    operations: tuple[AnyOperation, ...]

    def digest(self) -> str:
        """Hex SHA-256 of the recipe's one JSON form."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def plain(self) -> dict[str, Any]:
        """The recipe as JSON values; `recipe_from` reads them back."""
        return msgspec.to_builtins(self)


class RecipeError(ValueError):
    """The recipe does not fit the picture. `position` counts the operation from 1, `what` says what is wrong."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"Step {position}: {what}")
        self.position = position
        self.what = what


def recipe_from(stored: Mapping[str, Any]) -> Recipe:
    """A stored recipe. Raises msgspec.ValidationError for anything that is no recipe."""
    return msgspec.convert(stored, Recipe)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The picture after a step: `size` (width, height) and the (3, 3) map from pixels of the original to its own."""

    size: Size
    matrix: Matrix

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]

    def points(self, points: Iterable[Point]) -> list[Point]:
        """Points of the original where they lie now."""
        mapped = self.matrix @ np.array([(x, y, 1.0) for x, y in points]).T
        return [(float(x), float(y)) for x, y in mapped[:2].T]

    def region(self) -> tuple[float, float, float, float]:
        """(x, y, width, height) of the part of the original that this frame covers, as an upright rectangle."""
        w, h = self.size
        corners = np.linalg.inv(self.matrix) @ np.array([(0, 0, 1), (w, 0, 1), (0, h, 1), (w, h, 1)]).T
        (left, top), (right, bottom) = corners[:2].min(axis=1), corners[:2].max(axis=1)
        return float(left), float(top), float(right - left), float(bottom - top)


def trace(recipe: Recipe, size: Size) -> list[Stage]:
    """The frames of a picture of `size` (width, height): the original, then one after each step.

    Raises RecipeError for a crop that leaves the picture.
    """
    stages = [Stage(size, np.eye(3))]
    for position, operation in enumerate(recipe.operations, 1):
        stages.append(_next(stages[-1], operation, recipe.eyes, position))
    return stages


def _next(stage: Stage, operation: Operation, eyes: Eyes, position: int) -> Stage:
    width, height = stage.size
    if isinstance(operation, Crop):
        inside = operation.x >= 0 and operation.y >= 0 and operation.width > 0 and operation.height > 0
        if not inside or operation.x + operation.width > width or operation.y + operation.height > height:
            raise RecipeError(position, f"The cut leaves the picture, which is {width} × {height} pixels here.")
        return Stage((operation.width, operation.height), _shift(-operation.x, -operation.y) @ stage.matrix)
    if isinstance(operation, Rotate):
        turn, grown = rotation(operation, stage.size, midpoint(stage.points(eyes)))
        return Stage(grown, turn @ stage.matrix)
    if isinstance(operation, Resize):
        wide, high = resized(stage.size, operation.factor)
        return Stage((wide, high), np.diag([wide / width, high / height, 1.0]) @ stage.matrix)
    return stage


def rotation(operation: Rotate, size: Size, eyes: Point) -> tuple[Matrix, Size]:
    """The (3, 3) map of a rotation and the size after it; `eyes` is the point between the eyes."""
    width, height = size
    if operation.about == "center" and operation.degrees in QUARTERS:
        quarters = QUARTERS[operation.degrees]
        turned = {1: [[0, 1, 0], [-1, 0, width]], 2: [[-1, 0, width], [0, -1, height]], 3: [[0, -1, height], [1, 0, 0]]}
        return np.array([*turned[quarters], [0, 0, 1]], float), (size if quarters == 2 else (height, width))
    x, y = eyes if operation.about == "eyes" else (width / 2, height / 2)
    angle = np.deg2rad(operation.degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return _shift(x, y) @ turn @ _shift(-x, -y), size


def resized(size: Size, factor: float) -> Size:
    """(width, height) after scaling, each at least one."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def midpoint(points: list[Point]) -> Point:
    """The point in the middle of two."""
    (ax, ay), (bx, by) = points
    return (ax + bx) / 2, (ay + by) / 2


def leveling(stage: Stage, eyes: Eyes) -> float:
    """The rotation in degrees, to a tenth, that makes the eyes level in this frame."""
    (ax, ay), (bx, by) = stage.points(eyes)
    return round(float(np.rad2deg(np.arctan2(by - ay, bx - ax))), 1) + 0.0


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def in_words(operation: Operation) -> str:
    """A step as a sentence with every number of it, for pages and the register of modifications (LL55-1)."""
    match operation:
        case Crop(x=x, y=y, width=width, height=height):
            return f"Cut to {width} × {height} pixels, {x} pixels from the left and {y} from the top."
        case Rotate(degrees=degrees, about=about):
            way = "counterclockwise" if degrees >= 0 else "clockwise"
            return f"Turned {abs(degrees):g}° {way} about {'the eyes' if about == 'eyes' else 'the center'}."
        case Brightness(amount=amount):
            return f"Brightness {amount:+d} levels of 255."
        case Contrast(factor=factor):
            return f"Contrast × {factor:g} about the middle level."
        case Gamma(value=value):
            return f"Gamma {value:g}."
        case Denoise(strength=strength):
            return f"Noise reduced, strength {strength}."
        case Sharpen(amount=amount, radius=radius):
            return f"Sharpened, amount {amount:g}, radius {radius:g} pixels."
        case Resize(factor=factor):
            return f"Scaled × {factor:g}."
        case Greyscale():
            return "Color replaced by shades of grey."
    raise TypeError(f"{type(operation).__name__} is no operation of a recipe.")

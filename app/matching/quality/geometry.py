"""Measures of how a face stands in the picture: its size, how the head is turned, the room around it.

Everything comes from the detector's five points, so these are estimates; they describe the picture, never the person
(CAP-8). Aligned with, not conformant to, ISO/IEC 29794-5.
"""

from dataclasses import dataclass

import numpy as np

from app.matching.types import Face

#: The five points of a head that looks straight ahead, in units of the distance between the eyes: x to the right of
#: the picture, y down, z towards the camera. x and y are the median of what the bundled detector finds on the 25
#: labelled photographs, its one-sided mouth included; the depths are those of an average adult head. An angle is
#: therefore known to some ten degrees for any one person.
HEAD = np.array(
    [
        (-0.500, 0.000, 0.00),
        (0.500, 0.000, 0.00),
        (0.000, 0.553, 0.45),
        (-0.466, 0.949, 0.10),
        (0.394, 0.949, 0.10),
    ]
)


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is turned, in degrees. yaw: to the picture's right is positive; pitch: down is positive;
    roll: clockwise, as seen in the picture, is positive. 0, 0, 0 looks straight into an upright camera."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Margins:
    """From the middle between the eyes to each edge of the picture, in units of the distance between the eyes."""

    left: float
    right: float
    above: float
    below: float


def pose(points: np.ndarray) -> Pose:
    """Estimate how the head is turned from its five points, (5, 2), y down.

    The average head is laid over the points by least squares under weak perspective (an affine camera, then the
    nearest rotation: Horn, JOSA A 5(7), 1988, for the nearest orthonormal matrix). Raises ValueError when the points
    coincide.
    """
    wanted = np.asarray(points, np.float64)
    wanted = wanted - wanted.mean(axis=0)
    if not (wanted**2).sum() > 0:
        raise ValueError("The points of the face all coincide.")
    model = HEAD - HEAD.mean(axis=0)
    camera = np.linalg.lstsq(model, wanted, rcond=None)[0].T
    left, _, right = np.linalg.svd(camera, full_matrices=False)
    first, second = left @ right
    third = np.cross(first, second)
    # the rotation is roll after pitch after yaw; its third row holds the latter two, its middle column the roll
    yaw = np.arctan2(-third[0], third[2])
    pitch = -np.arctan2(third[1], np.hypot(third[0], third[2]))
    roll = np.arctan2(-first[1], second[1])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def margins(face: Face, width: int, height: int) -> Margins:
    """The room around a face in a picture of ``width`` × ``height`` pixels. Raises ValueError without a distance."""
    apart = face.inter_eye
    if not apart > 0:
        raise ValueError("The eyes of the face coincide.")
    x, y = (float(value) for value in face.points[:2].mean(axis=0))
    return Margins(x / apart, (width - x) / apart, y / apart, (height - y) / apart)

"""`flask matching same-photographs`: edited copies found, and other photographs of the same person wrongly reported.

The two rates on which the limits of app/matching/same_photograph.py rest, each with its exact interval. Photographs
are edited in memory; nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import click
import cv2
import numpy as np
from flask.cli import with_appcontext

from app.matching.errors import MatchingError
from app.matching.evaluation.error_rates import Rate, rate
from app.matching.perceptual import perceptual_hash
from app.matching.same_photograph import SAME_BITS, AlignedFace, Look, aligned
from app.matching.types import Face

CONFIDENCE = 0.95
#: pixels of the longer side beyond which photographs are measured smaller: as large as stills of cameras are
LARGEST = 640
Detect = Callable[[np.ndarray], Sequence[Face]]
Edit = Callable[[np.ndarray], np.ndarray]


def _crop(left: float, top: float, right: float, bottom: float) -> Edit:
    def edit(bgr: np.ndarray) -> np.ndarray:
        rows, columns = bgr.shape[:2]
        return bgr[
            round(rows * top) : rows - round(rows * bottom), round(columns * left) : columns - round(columns * right)
        ]

    return edit


def _scale(factor: float) -> Edit:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return lambda bgr: cv2.resize(bgr, None, fx=factor, fy=factor, interpolation=way)


def _turn(degrees: float) -> Edit:
    def edit(bgr: np.ndarray) -> np.ndarray:
        rows, columns = bgr.shape[:2]
        return cv2.warpAffine(bgr, cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1), (columns, rows))

    return edit


def _jpeg(quality: int) -> Edit:
    def edit(bgr: np.ndarray) -> np.ndarray:
        data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))

    return edit


def _light(gain: float, shift: float = 0, gamma: float = 1) -> Edit:
    levels = 255 * (np.arange(256) / 255) ** gamma * gain + shift
    return lambda bgr: cv2.LUT(bgr, np.clip(levels, 0, 255).astype(np.uint8))


def _noise(sigma: float) -> Edit:
    def edit(bgr: np.ndarray) -> np.ndarray:
        drawn = np.random.default_rng(0).normal(0, sigma, bgr.shape)
        return np.clip(bgr + drawn, 0, 255).astype(np.uint8)

    return edit


def _blur(sigma: float) -> Edit:
    return lambda bgr: cv2.GaussianBlur(bgr, (0, 0), sigma)


def _perspective(share: float) -> Edit:
    """As a picture is photographed from a screen a little from the side."""

    def edit(bgr: np.ndarray) -> np.ndarray:
        rows, columns = bgr.shape[:2]
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        moved = corners + np.array([[1, 0.5], [0, 0], [-0.5, 0], [0, -1]], np.float32) * share
        size = np.array([columns, rows], np.float32)
        return cv2.warpPerspective(bgr, cv2.getPerspectiveTransform(corners * size, moved * size), (columns, rows))

    return edit


def _grey(bgr: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def _all(*edits: Edit) -> Edit:
    def edit(bgr: np.ndarray) -> np.ndarray:
        for one in edits:
            bgr = one(bgr)
        return bgr

    return edit


#: how a photograph comes back: the edits of somebody who saves, cuts or retouches it
EDITS: dict[str, Edit] = {
    "cropped by 5 %": _crop(0.05, 0.05, 0.05, 0.05),
    "cropped by 10 %": _crop(0.1, 0.1, 0.1, 0.1),
    "cropped by 20 %": _crop(0.2, 0.2, 0.2, 0.2),
    "cropped off its centre": _crop(0.2, 0, 0, 0.1),
    "half as large": _scale(0.5),
    "twice as large": _scale(2),
    "turned by 3 degrees": _turn(3),
    "turned by 15 degrees": _turn(15),
    "turned by 90 degrees": lambda bgr: cv2.rotate(bgr, cv2.ROTATE_90_CLOCKWISE),
    "turned by 180 degrees": lambda bgr: cv2.rotate(bgr, cv2.ROTATE_180),
    "compressed, JPEG 90": _jpeg(90),
    "compressed, JPEG 30": _jpeg(30),
    "brighter": _light(1, 40),
    "darker": _light(1, -40),
    "less contrast": _light(0.6, 30),
    "more contrast": _light(1.4, -30),
    "gamma 0.6": _light(1, gamma=0.6),
    "gamma 1.7": _light(1, gamma=1.7),
    "grey": _grey,
    "gamma 2.5": _light(1, gamma=2.5),
    "noise 15": _noise(15),
    "noise 25": _noise(25),
    "blurred, sigma 2": _blur(2),
    "blurred, sigma 3": _blur(3),
    "blurred and noise 15": _all(_blur(2), _noise(15)),
    "perspective 5 %": _perspective(0.05),
    "perspective 10 %": _perspective(0.1),
    "mirrored": lambda bgr: np.ascontiguousarray(bgr[:, ::-1]),
    "cropped, smaller, JPEG 40": _all(_crop(0.08, 0.05, 0.1, 0.02), _scale(0.6), _jpeg(40)),
    "turned, cropped, brighter": _all(_turn(5), _crop(0.1, 0.1, 0.1, 0.1), _light(1.15, 10), _jpeg(60)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A photograph as an earlier probe is kept: who is on it, its pixels, its aligned faces."""

    person: str
    bgr: np.ndarray
    faces: list[AlignedFace]


@dataclass(slots=True)
class Outcome:
    """Found edited copies, by edit; pairs of different photographs of one person, and how many were reported."""

    found: dict[str, int] = field(default_factory=dict)
    trials: dict[str, int] = field(default_factory=dict)
    reported: int = 0
    pairs: int = 0

    @property
    def copies(self) -> Rate:
        return rate(sum(self.found.values()), sum(self.trials.values()), CONFIDENCE)

    @property
    def others(self) -> Rate:
        return rate(self.reported, self.pairs, CONFIDENCE)


def look_of(bgr: np.ndarray, detect: Detect) -> Look:
    """Look at a picture as the check of an uploaded image does: turned by quarters too."""
    pictures = [bgr, *(cv2.rotate(bgr, quarter) for quarter in range(3))]
    faces = [aligned(picture, face.points) for picture in pictures for face in detect(picture)]
    return Look(faces, perceptual_hash(bgr))


def same(look: Look, known: Known) -> bool:
    """Tell whether the hashes name a photograph, and its pixels decide that it is the one that is looked at."""
    hashes = np.array([face.hash for face in known.faces], np.uint64)
    return bool((look.distances(hashes) <= SAME_BITS).any()) and any(look.shows(face) for face in known.faces)


def measure(
    known: Sequence[Known],
    detect: Detect,
    edits: Mapping[str, Edit],
    on_progress: Callable[[str], None] = lambda _text: None,
) -> Outcome:
    """Edit each photograph in each way, and compare each with the others of its person. Raises MatchingError."""
    outcome = Outcome()
    looks = []
    for number, one in enumerate(known, 1):
        looks.append(look_of(one.bgr, detect))
        for name, edit in edits.items():
            outcome.trials[name] = outcome.trials.get(name, 0) + 1
            outcome.found[name] = outcome.found.get(name, 0) + same(look_of(edit(one.bgr), detect), one)
        on_progress(f"{number} of {len(known)} photographs")
    for (one, _), (other, look) in combinations(zip(known, looks, strict=True), 2):
        if one.person == other.person:
            outcome.pairs += 1
            outcome.reported += same(look, one)
    return outcome


def lines(outcome: Outcome, photographs: int) -> list[str]:
    """The two rates, and the first by edit."""
    told = [
        f"{photographs} photographs",
        f"Edited copies found: {_said(outcome.copies)}",
        f"Other photographs of the same person reported: {_said(outcome.others)}",
    ]
    return told + [f"  {name}: {outcome.found[name]} of {count}" for name, count in outcome.trials.items()]


def _said(found: Rate) -> str:
    if found.share is None:
        return "no pairs"
    interval = f"{found.low:.2%} to {found.high:.2%}"
    return f"{found.errors:,} of {found.trials:,}, {found.share:.2%} ({interval}, exact, {CONFIDENCE:.0%})"


def known_photographs(labelled: Iterable[tuple[str, np.ndarray]], detect: Detect) -> list[Known]:
    """Photographs with a face, as they are kept."""
    sized = ((person, _no_larger(bgr)) for person, bgr in labelled)
    found = ((person, bgr, [aligned(bgr, face.points) for face in detect(bgr)]) for person, bgr in sized)
    return [Known(person, bgr, faces) for person, bgr, faces in found if faces]


def _no_larger(bgr: np.ndarray) -> np.ndarray:
    factor = LARGEST / max(bgr.shape[:2])
    return _scale(factor)(bgr) if factor < 1 else bgr


@click.command("same-photographs")
@click.option("--faces", type=click.Path(path_type=Path), help="Folder of photographs with its identities.csv.")
@click.option("--drawn", type=click.IntRange(min=0), default=12, show_default=True, help="Drawn people besides.")
@with_appcontext
def same_photographs(faces: Path | None, drawn: int) -> None:
    """Edited copies found, and other photographs of the same person wrongly reported, with intervals."""
    from app.cli.evaluation_labels import EvaluationError, from_identities
    from app.domain.algorithms import networks
    from demo.people import mugshot, person, scene

    try:
        detect = networks.detector().detect
        groups = {}
        if faces is not None:
            labels = from_identities(faces / "identities.csv", faces, ())
            read = ((one.person, cv2.imread(str(one.path), cv2.IMREAD_COLOR)) for one in labels.files)
            groups["Photographs"] = known_photographs(((who, bgr) for who, bgr in read if bgr is not None), detect)
        seeds = range(7000, 7000 + drawn)
        pictures = (
            (f"{seed}", draw(person(seed), shot)) for seed in seeds for draw in (mugshot, scene) for shot in (0, 1)
        )
        groups["Drawn faces"] = known_photographs(pictures, detect)
        for name, known in groups.items():
            outcome = measure(known, detect, EDITS, lambda text: click.echo(text, err=True))
            click.echo(f"{name}: " + "\n".join(lines(outcome, len(known))))
    except (MatchingError, EvaluationError) as error:
        raise click.ClickException(str(error)) from None

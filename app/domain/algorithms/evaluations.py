"""Evaluations with the department's own photographs, kept as files beside the algorithm they are of: numbers, no faces.

`data_dir/evaluations/<SHA-256 of the algorithm>/<moment>-<SHA-256 of the data set>.json`, written once, never changed.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from app.documents.algorithms.words import say
from app.extensions import settings
from app.matching.catalogue import Detector, Extractor
from app.matching.evaluation.bootstrap import LEVEL, Estimate

if TYPE_CHECKING:  # pages read what is kept, and need not load what measures it
    from app.matching.evaluation.assessment import Assessment
    from app.matching.evaluation.groups import Cell

log = structlog.get_logger()

#: Stands with every evaluation, wherever it is shown.
CAUTION = (
    "These numbers are from this data set and do not carry over to other images. "
    "Accuracy on clean photographs says nothing of accuracy on surveillance stills."
)
LIBRARIES = ("numpy", "opencv-contrib-python-headless", "pillow", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class Failure:
    """A photograph that counts in no rate: its name in the labels, its digest, and why."""

    file: str
    sha256: str
    reason: str


def described(
    found: Assessment,
    *,
    at: datetime,
    algorithm: tuple[str, Extractor, str],
    detector: tuple[str, Detector, str],
    data_sha256: str,
    failures: Sequence[Failure],
    pairs_left_out: int = 0,
) -> dict[str, Any]:
    """An evaluation as plain numbers and words, for programs, the terminal, the report and the registry alike.

    algorithm, detector: id, catalogue entry and hex SHA-256 of the network that ran. Rates are shares, 0..1; an
    estimate is {value, low, high}; what is not defined is None.
    """
    tested, plan = found.verification, found.plan
    genuine = int(tested.comparisons.genuine.sum())
    identified = found.identification
    return {
        "format": 1,
        "date": at.astimezone(UTC).isoformat(timespec="seconds"),
        "algorithm": _network(*algorithm),
        "detector": _network(*detector),
        "data": {
            "sha256": data_sha256,
            "labels": "pairs" if identified is None else "identities",
            "photographs": found.photographs,
            "people": found.people,
            "people_with_several": found.people_mated,
            "genuine_pairs": genuine,
            "impostor_pairs": len(tested.comparisons.scores) - genuine,
            "impostor_pairs_possible": tested.impostors_possible,
            "pairs_left_out": pairs_left_out,
            "failures": [{"file": f.file, "sha256": f.sha256, "reason": f.reason} for f in failures],
        },
        "intervals": {"level": LEVEL, "draws_of_people": plan.resamples, "seed": plan.seed},
        "verification": {
            "at": [
                {
                    "far": far,
                    "threshold": _finite(threshold),
                    "tar": _estimate(rate),
                    # with fewer impostor pairs than 1/far the rate means: none accepted at all
                    "resolved": bool(far * (len(tested.comparisons.scores) - genuine) >= 1),
                }
                for far, (threshold, rate) in tested.at.items()
            ],
            "equal_error_rate": _estimate(tested.equal_error),
        },
        "identification": None
        if identified is None
        else {
            "searches": int(identified.searches.mated.sum()),
            "searches_for_strangers": len(identified.searches.rank),
            "ranks": [{"rank": rank, "found": _estimate(rate)} for rank, rate in identified.rates.items()],
            "open_set": [
                {"fpir": rate, "threshold": _finite(threshold), "ranks": plan.ranks[-1], "fnir": _estimate(missed)}
                for rate, (threshold, missed) in identified.at.items()
            ],
        },
        "cells": {"threshold_far": plan.far[0], "small_below_people": plan.small},
        "inter_eye_bands": [_cell(cell) for cell in found.bands],
        "groups": {column: [_cell(cell) for cell in cells] for column, cells in found.groups.items()},
        "software": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "caution": CAUTION,
    }


def _network(model_id: str, entry: Detector | Extractor, digest: str) -> dict[str, str]:
    return {
        "id": model_id,
        "name": entry.name,
        "version": entry.version,
        "developer": entry.developer,
        "sha256": digest,
    }


def _estimate(found: Estimate | None) -> dict[str, float | None] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "people": cell.people,
        "genuine_pairs": cell.genuine,
        "impostor_pairs": cell.impostor,
        "fnmr": _estimate(cell.fnmr),
        "fnmr_ratio": _estimate(cell.fnmr_ratio),
        "fmr": _estimate(cell.fmr),
        "fmr_ratio": _estimate(cell.fmr_ratio),
        "small": cell.small,
    }


def _finite(threshold: float) -> float | None:
    return threshold if abs(threshold) != float("inf") else None


# The registry ----------------------------------------------------------------------------------------------


class _Estimate(msgspec.Struct, frozen=True):
    value: float
    low: float | None
    high: float | None


class _Tar(msgspec.Struct, frozen=True):
    far: float
    tar: _Estimate


class _Found(msgspec.Struct, frozen=True):
    rank: int
    found: _Estimate


class _Verification(msgspec.Struct, frozen=True):
    at: list[_Tar]
    equal_error_rate: _Estimate


class _Identification(msgspec.Struct, frozen=True):
    ranks: list[_Found]


class _Data(msgspec.Struct, frozen=True):
    sha256: str
    photographs: int
    people: int


class KeptEvaluation(msgspec.Struct, frozen=True):
    """The headline of one kept evaluation."""

    date: datetime
    data: _Data
    verification: _Verification
    identification: _Identification | None

    @property
    def headline(self) -> list[tuple[str, str]]:
        """Label and value with interval, in words."""
        rows = [(f"TAR at FAR {at.far:g}", say(at.tar)) for at in self.verification.at]
        rows.append(("EER", say(self.verification.equal_error_rate)))
        if self.identification is not None and self.identification.ranks:
            first = self.identification.ranks[0]
            rows.append((f"Rank {first.rank}", say(first.found)))
        return rows


def keep(numbers: dict[str, Any]) -> Path:
    """Write an evaluation beside its algorithm and say where. Names of files stay out. Raises OSError.

    Written to the end under another name first, so that a reader never sees half of one.
    """
    data = dict(numbers["data"])
    data["failures"] = [{"sha256": f["sha256"], "reason": f["reason"]} for f in data["failures"]]
    folder = _folder(numbers["algorithm"]["sha256"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = datetime.fromisoformat(numbers["date"]).strftime("%Y-%m-%dT%H%M%SZ")
    path = folder / f"{moment}-{data['sha256']}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(numbers | {"data": data}, indent=2, allow_nan=False) + "\n", "utf-8")
    part.replace(path)
    return path


def kept(algorithm_sha256: str) -> list[KeptEvaluation]:
    """The kept evaluations of an algorithm, newest first; a file that cannot be read is logged and passed over."""
    found = []
    for path in sorted(_folder(algorithm_sha256).glob("*.json"), reverse=True):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=KeptEvaluation))
        except (OSError, msgspec.MsgspecError) as error:
            log.error("evaluation_unreadable", file=path.name, cause=str(error))
    return found


def _folder(algorithm_sha256: str) -> Path:
    return settings().data_dir / "evaluations" / algorithm_sha256

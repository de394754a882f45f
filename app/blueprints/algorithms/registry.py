"""The rows of the algorithm registry page: pinned files, installed files, NIST evaluations (FAIR-2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from app.domain.algorithms.evaluations import KeptEvaluation, kept
from app.domain.algorithms.registry import active_or_none, due_of, longest_review
from app.domain.gallery.embedding import with_template
from app.extensions import settings
from app.matching.catalogue import Detector, Extractor, NistEvaluation, catalogue
from app.matching.nist import nist_status
from app.models import AlgorithmChange


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """One model. digest: the installed file's, or None. evaluation: NIST's, as a sentence. measured: our own ones.

    templates: photographs of the repository that have a template of it.
    """

    id: str
    role: str
    model: Detector | Extractor
    digest: str | None
    in_use: bool
    evaluated: bool
    evaluation: str
    measured: list[KeptEvaluation]
    templates: int = 0

    @property
    def preprocessing(self) -> str:
        """Return in words how a picture becomes the network's input."""
        model = self.model
        if isinstance(model, Detector):
            return (
                f"RGB, at most {model.side} pixels wide or high, a second look at {model.large_side}; score at least "
                f"{model.score:g}, overlap at most {model.overlap:g}"
            )
        mean = ", ".join(f"{value:g}" for value in model.mean)
        return (
            f"five points brought onto a square of {model.size} pixels, {model.channels}, less ({mean}), divided by "
            f"{model.divisor:g}; {model.dims} numbers"
        )

    @property
    def nist(self) -> NistEvaluation | None:
        """Return NIST's record, when one is entered."""
        return self.model.nist if isinstance(self.model, Extractor) else None

    @property
    def due(self) -> date | None:
        """Return the last day on which NIST's record counts."""
        return due_of(self.nist) if self.nist is not None else None

    @property
    def intact(self) -> bool:
        """Tell whether the installed file is the one the catalogue pins."""
        return self.digest == self.model.sha256


def entries(today: date) -> list[RegisteredModel]:
    """Return every model of the catalogue, those in use first."""
    known = catalogue()
    found = [_entry(key, "Detector", model, key == known.detector, today) for key, model in known.detectors.items()]
    in_use = active_or_none()
    found += [
        _entry(key, "Template extractor", model, model is in_use, today) for key, model in known.extractors.items()
    ]
    return sorted(found, key=lambda entry: not entry.in_use)


def _entry(key: str, role: str, model: Detector | Extractor, in_use: bool, today: date) -> RegisteredModel:
    digest = _digest(model.file)
    if isinstance(model, Detector):
        said = "A detector finds faces and compares nobody; NIST's evaluation is of the comparison."
        return RegisteredModel(key, role, model, digest, in_use, False, said, [])
    answer = nist_status(model, digest or "", today, longest_review())
    return RegisteredModel(
        key, role, model, digest, in_use, answer.ok, answer.reason, kept(model.sha256), with_template(model.sha256)
    )


def _digest(file: str) -> str | None:
    path = settings().models_dir / file
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def side_by_side(change: AlgorithmChange) -> list[tuple[str, str, KeptEvaluation | None]]:
    """Return (which, name, evaluation) of both algorithms of a change, on the photographs common to both."""
    return [
        (which, model, next((one for one in kept(digest) if one.data.sha256 == change.evaluated_on), None))
        for which, model, digest in (
            ("Source", change.source_model, change.source_digest),
            ("Target", change.target_model, change.target_digest),
        )
    ]

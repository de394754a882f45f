"""The algorithm registry as a page shows it: what is pinned, what is installed, what NIST evaluated (FAIR-2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from app.domain.algorithms import active
from app.domain.evaluations import Kept, kept
from app.extensions import settings
from app.matching.catalogue import Detector, Extractor, catalogue
from app.matching.nist import nist_status


@dataclass(frozen=True, slots=True)
class Entry:
    """One model. digest: the installed file's, or None. evaluation: NIST's, as a sentence. measured: our own ones."""

    id: str
    role: str
    model: Detector | Extractor
    digest: str | None
    in_use: bool
    evaluated: bool
    evaluation: str
    measured: list[Kept]

    @property
    def intact(self) -> bool:
        """Whether the installed file is the one the catalogue pins."""
        return self.digest == self.model.sha256


def entries(today: date) -> list[Entry]:
    """Every model of the catalogue, those in use first."""
    known = catalogue()
    found = [_entry(key, "Detector", model, key == known.detector, today) for key, model in known.detectors.items()]
    in_use = active()
    found += [
        _entry(key, "Template extractor", model, model is in_use, today) for key, model in known.extractors.items()
    ]
    return sorted(found, key=lambda entry: not entry.in_use)


def _entry(key: str, role: str, model: Detector | Extractor, in_use: bool, today: date) -> Entry:
    digest = _digest(model.file)
    if isinstance(model, Detector):
        said = "A detector finds faces and compares nobody; NIST's evaluation is of the comparison."
        return Entry(key, role, model, digest, in_use, False, said, [])
    answer = nist_status(model, digest or "", today)
    return Entry(key, role, model, digest, in_use, answer.ok, answer.reason, kept(model.sha256))


def _digest(file: str) -> str | None:
    path = settings().models_dir / file
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

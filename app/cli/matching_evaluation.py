"""Accuracy on a folder of labelled photographs, through the same classes that search the repository."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.intake_manifest import file_below
from app.domain.probe_images import limits
from app.imaging import UnusableImage, decode
from app.jobs import engines
from app.matching.evaluation import Identification, leave_one_out, pair_scores, true_accept_rate
from app.matching.types import Template

FALSE_ACCEPT_RATES = (0.01, 0.001)


class EvaluationError(Exception):
    """The photographs cannot be evaluated; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured. verification: false accept rate -> true accept rate, 0..1.

    unusable: photographs in which no face was found, or that cannot be read; they count in no rate.
    """

    algorithm_digest: str
    photographs: int
    people: int
    unusable: tuple[str, ...]
    identification: Identification
    genuine: int
    impostor: int
    verification: dict[float, float]

    def rows(self) -> list[tuple[str, str]]:
        """Label and value, in the order they are printed."""
        found = self.identification
        return [
            ("Algorithm (SHA-256)", self.algorithm_digest),
            ("Photographs, people", f"{self.photographs}, {self.people}"),
            ("Without a usable face", ", ".join(self.unusable) or "none"),
            ("Rank-1, leave one out", f"{found.rank1:.1%} ({found.right} of {found.total})"),
            ("Pairs: same person, different", f"{self.genuine}, {self.impostor}"),
            *((f"True accepts at false accepts ≤ {far:.1%}", f"{tar:.1%}") for far, tar in self.verification.items()),
        ]

    def as_numbers(self) -> dict[str, Any]:
        """The same for programs; rates 0..1."""
        return {
            "algorithm_digest": self.algorithm_digest, "photographs": self.photographs, "people": self.people,
            "unusable": list(self.unusable), "rank1": self.identification.rank1, "probes": self.identification.total,
            "genuine_pairs": self.genuine, "impostor_pairs": self.impostor,
            "true_accept_rate": {str(far): tar for far, tar in self.verification.items()},
        }  # fmt: skip


def evaluate_folder(identities: Path, images: Path) -> Evaluation:
    """Measure the algorithm in use. Raises EvaluationError, MatchingError.

    A photograph is a probe only if its person has another one; the largest face of each is taken.
    """
    labelled = labels(identities)
    templates: list[Template] = []
    people: list[str] = []
    unusable = []
    for name, person in labelled:
        template = _template(images, name)
        if template is None:
            unusable.append(name)
        else:
            templates.append(template)
            people.append(person)
    several = [i for i, person in enumerate(people) if people.count(person) > 1]
    if not several:
        raise EvaluationError("No person has two photographs with a usable face, so nothing can be measured.")
    genuine, impostor = pair_scores(templates, people)
    whole = leave_one_out(templates, people)
    # whoever has one photograph stands in the gallery for others, but cannot be found
    misses = tuple(miss for miss in whole.misses if miss in several)
    found = Identification(len(several) - len(misses), len(several), misses)
    rates = {far: true_accept_rate(genuine, impostor, far) for far in FALSE_ACCEPT_RATES} if len(impostor) else {}
    return Evaluation(
        engines.extractor().digest, len(templates), len(set(people)), tuple(unusable), found,
        len(genuine), len(impostor), rates,
    )  # fmt: skip


def labels(path: Path) -> list[tuple[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not {"file", "identity"} <= set(reader.fieldnames or ()):
                raise EvaluationError(f"{path} must have the columns file and identity.")
            return [(row["file"], row["identity"]) for row in reader if row["file"] and row["identity"]]
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise EvaluationError(f"{path} is not UTF-8 CSV.") from None


def _template(folder: Path, name: str) -> Template | None:
    path = file_below(folder, name)
    if path is None:
        raise EvaluationError(f"There is no photograph {name} in {folder}.")
    try:
        bgr = decode(path.read_bytes(), limits()).bgr
    except (OSError, UnusableImage):
        return None
    faces = engines.detector().detect(bgr)
    return engines.extractor().templates(bgr, faces[:1])[0] if faces else None

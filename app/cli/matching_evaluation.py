"""Accuracy on labelled photographs, through the same classes that search the repository."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from app.cli.evaluation_labels import EvaluationError, LabelledFile, Labels, data_digest
from app.cli.tables import table_lines
from app.domain.algorithms import networks
from app.domain.algorithms.evaluations import Failure, described, say
from app.domain.requests.images import limits
from app.imaging import UnusableImage, decode
from app.matching.catalogue import catalogue
from app.matching.evaluation.assessment import Assessment, Photograph, Plan, assess
from app.matching.extractor import TemplateExtractor


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, and the same as plain numbers (app/domain/algorithms/evaluations.py)."""

    assessment: Assessment
    numbers: dict[str, Any]


def evaluate_files(
    labels: Labels, plan: Plan, columns: Sequence[str], at: datetime, extractor: TemplateExtractor | None = None
) -> Evaluation:
    """Measure an algorithm, by default the one in use, on the largest face of each photograph.

    Raises EvaluationError, MatchingError.
    """
    detector, extractor = networks.detector(), extractor or networks.extractor()
    digests: list[str] = []
    usable: list[Photograph] = []
    numbers: dict[int, int] = {}
    failures: list[Failure] = []
    first: dict[str, LabelledFile] = {}
    for i, file in enumerate(_progress(labels.files)):
        data = _bytes(file)
        digests.append(hashlib.sha256(data).hexdigest())
        same = first.setdefault(digests[-1], file)
        if same is not file and same.person != file.person:
            raise EvaluationError(f"{same.name} and {file.name} are the same file, but labelled as two people.")
        found = "the same file as another" if same is not file else _photograph(data, file, extractor)
        if isinstance(found, str):
            failures.append(Failure(file.name, digests[-1], found))
        else:
            numbers[i] = len(usable)
            usable.append(found)
    pairs = values = None
    if labels.pairs is not None:
        kept = [i for i, pair in enumerate(labels.pairs) if numbers.keys() >= set(pair)]
        pairs = [(numbers[labels.pairs[i][0]], numbers[labels.pairs[i][1]]) for i in kept]
        values = {column: [said[i] for i in kept] for column, said in (labels.pair_values or {}).items()}
    try:
        assessment = assess(usable, plan, columns, pairs, values)
    except ValueError:
        raise EvaluationError(
            "Nothing can be measured: usable photographs of one person twice, and of two people, are needed."
        ) from None
    numbers_found = described(
        assessment,
        at=at,
        algorithm=(extractor.model_id, extractor.entry, extractor.digest),
        detector=(catalogue().detector, detector.entry, detector.digest),
        data_sha256=data_digest(labels.files, digests, labels),
        failures=failures,
        pairs_left_out=0 if labels.pairs is None else len(labels.pairs) - len(pairs or ()),
    )
    return Evaluation(assessment, numbers_found)


def _photograph(data: bytes, file: LabelledFile, extractor: TemplateExtractor) -> Photograph | str:
    """The photograph as measured, or why it cannot be."""
    try:
        bgr = decode(data, limits()).bgr
    except UnusableImage:
        return "cannot be read"
    faces = networks.detector().detect(bgr)
    if not faces:
        return "no face found"
    [template] = extractor.templates(bgr, faces[:1])
    return Photograph(file.person, template, faces[0].inter_eye, file.groups)


def _bytes(file: LabelledFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{file.name} cannot be read: {error.strerror}.") from None


def _progress(files: Sequence[LabelledFile]) -> Iterable[LabelledFile]:
    if not sys.stderr.isatty():
        return files
    return _counted(files, lambda done: click.echo(f"\r{done} of {len(files)} photographs", err=True, nl=False))


def _counted(files: Sequence[LabelledFile], tell: Callable[[int], None]) -> Iterable[LabelledFile]:
    for done, file in enumerate(files, start=1):
        yield file
        if done % 10 == 0 or done == len(files):
            tell(done)
    click.echo(err=True)


def text_lines(numbers: dict[str, Any]) -> list[str]:
    """An evaluation for the terminal."""
    data, tested, searched = numbers["data"], numbers["verification"], numbers["identification"]
    rows = [
        ("Algorithm", f"{numbers['algorithm']['name']} {numbers['algorithm']['version']}"),
        ("  SHA-256", numbers["algorithm"]["sha256"]),
        ("Detector", f"{numbers['detector']['name']} {numbers['detector']['version']}"),
        ("  SHA-256", numbers["detector"]["sha256"]),
        ("Data set, SHA-256", data["sha256"]),
        (
            "Photographs, people",
            f"{data['photographs']}, {data['people']} ({data['people_with_several']} with several)",
        ),
        ("Pairs: same person, different", f"{data['genuine_pairs']}, {data['impostor_pairs']}"),
        ("Without a usable face", str(len(data["failures"]))),
        *((f"  {failure['file']}", failure["reason"]) for failure in data["failures"]),
        *((f"TAR at FAR {at['far']:g}", say(at["tar"]) + _unresolved(at)) for at in tested["at"]),
        ("Equal error rate", say(tested["equal_error_rate"])),
    ]
    if searched:
        rows += [(f"Found at rank {at['rank']} or better", say(at["found"])) for at in searched["ranks"]]
        rows += [(f"FNIR at FPIR {at['fpir']:g}", say(at["fnir"])) for at in searched["open_set"]]
    lines = table_lines(rows)
    tables = [("Inter-eye distance (pixels)", numbers["inter_eye_bands"]), *numbers["groups"].items()]
    for title, cells in tables:
        lines += ["", *_cell_lines(title, cells, numbers["cells"])]
    intervals = numbers["intervals"]
    return [
        *lines,
        "",
        f"Intervals: {intervals['level']:.0%}, people drawn {intervals['draws_of_people']} times, "
        f"seed {intervals['seed']}.",
        numbers["caution"],
    ]


def _unresolved(at: dict[str, Any]) -> str:
    return "" if at["resolved"] else "  too few pairs for this FAR: no impostor pair is accepted"


def _cell_lines(title: str, cells: list[dict[str, Any]], setting: dict[str, Any]) -> list[str]:
    headings = ("", "people", "genuine", "impostor", "FNMR", "ratio", "FMR", "ratio", "")
    rows = []
    for cell in cells:
        fnmr_ratio, fmr_ratio = (f"{r['value']:.2f}" if (r := cell[k]) else "–" for k in ("fnmr_ratio", "fmr_ratio"))
        pairs = (cell["people"], cell["genuine_pairs"], cell["impostor_pairs"])
        rates = (say(cell["fnmr"]), fnmr_ratio, say(cell["fmr"]), fmr_ratio)
        rows.append((cell["name"], *pairs, *rates, "few people" if cell["small"] else ""))
    lines = [
        f"{title}, at the threshold of FAR {setting['threshold_far']:g} for all",
        *table_lines(rows, headings, numbers=(1, 2, 3), indent=2),
    ]
    if any(cell["small"] for cell in cells):
        lines.append(
            f"  few people: fewer than {setting['small_below_people']}; their rates say little of anybody else."
        )
    return lines

"""`flask matching …`: the face models of this machine, and how well and how fast they work here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.calendar import today
from app.cli.base import Group, Place
from app.domain.algorithms.evaluations import CAUTION, keep
from app.domain.algorithms.evaluations import kept as evaluations_of
from app.domain.algorithms.registry import active_id, longest_review
from app.domain.algorithms.registry import status as nist_of_active
from app.extensions import settings
from app.matching.catalogue import Catalogue, Detector, Extractor, catalogue
from app.matching.errors import MatchingError
from app.matching.installer import install, install_file, is_installed
from app.matching.nist import nist_status
from app.matching.threads import configure_threads
from app.storage.errors import StorageError

group = Group("matching", help="Face models: installed, evaluated, measured.")
models = Group("models", help="The networks of the model catalogue.")
group.add_command(models)


def in_use(known: Catalogue) -> list[str]:
    """The ids of the detector and of the extractor that this installation uses."""
    return [known.detector, active_id()]


@models.command("install")
@click.argument("model", required=False)
@click.option("--file", "path", type=Place(), help="A local file, instead of a download.")
def install_command(model: str | None, path: Path | None) -> None:
    """Install MODEL, or the detector and extractor in use. What is there and right is left alone."""
    if path is not None and model is None:
        raise click.ClickException("Name the model that the file is for, as “flask matching models list” has it.")
    try:
        if path is not None:
            install_file(settings().models_dir, str(model), path, click.echo)
        else:
            wanted = [model] if model else in_use(catalogue())
            install(settings().models_dir, click.echo, model_ids=wanted)
    except MatchingError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{settings().models_dir} cannot be used: {error.strerror}.") from None


@models.command("list")
def list_command() -> None:
    """Every model of the catalogue: what it is, whether it is installed, whether NIST evaluated it."""
    known = _catalogue()
    chosen = in_use(known)
    models: dict[str, Detector | Extractor] = {**known.detectors, **known.extractors}
    for model_id, entry in models.items():
        here = is_installed(settings().models_dir, entry)
        used = ", in use" if model_id in chosen else ""
        click.echo(f"{model_id}: {'installed' if here else 'not installed'}{used}")
        click.echo(f"  {entry.name} {entry.version}, {entry.developer}. Licence: {entry.licence}.")
        click.echo(f"  {_evaluation(entry)}")


@models.command("status")
def status_command() -> None:
    """The models in use. Ends with 1 when one is missing or altered."""
    known = _catalogue()
    missing = []
    for model_id in in_use(known):
        entry = known.model(model_id)
        here = is_installed(settings().models_dir, entry)
        click.echo(f"{model_id}: {'installed, digest right' if here else 'not installed, or altered'}")
        click.echo(f"  SHA-256 {entry.sha256}")
        for one in evaluations_of(entry.sha256):
            click.echo(f"  Evaluated {one.date:%Y-%m-%d} on the data set {one.data.sha256}:")
            click.echo(f"    {one.data.photographs} photographs of {one.data.people} people. {CAUTION}")
            click.echo("    " + "; ".join(f"{label} {value}" for label, value in one.headline))
        if not here:
            missing.append(model_id)
    evaluated = nist_of_active(today())
    click.echo(f"NIST: {evaluated.reason}")
    if not evaluated.ok:
        click.echo("Without a current NIST evaluation record it may not be used for casework (FAIR-2).")
    if missing:
        raise click.ClickException(f"Run “flask matching models install”: {', '.join(missing)} cannot be used.")


@group.command("evaluate")
@click.option("--identities", type=Place(), help="CSV (file, identity), or a folder for each person.")
@click.option("--pairs", type=Place(), help="CSV (file_x, file_y, Decision: Yes or No), instead.")
@click.option("--images", type=Place(), help="Folder of the photographs a CSV names.")
@click.option("--group", "columns", multiple=True, help="A column of the CSV whose values are told apart.")
@click.option("--draws", type=click.IntRange(min=100), default=1000, show_default=True, help="Draws of people.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the draws.")
@click.option("--json", "as_json", is_flag=True, help="Numbers for programs.")
@click.option("--report", type=Place(), help="Folder for an HTML and a PDF report with plots.")
def evaluate(
    identities: Path | None,
    pairs: Path | None,
    images: Path | None,
    columns: tuple[str, ...],
    draws: int,
    seed: int,
    as_json: bool,
    report: Path | None,
) -> None:
    """Accuracy on labelled photographs, with intervals; kept beside the algorithm.

    With --identities every pair is compared, and each photograph in turn is searched among the others. With --pairs
    only the listed pairs are compared.
    """
    from app.cli import matching_evaluation as evaluation
    from app.cli.evaluation_labels import EvaluationError, reader_of
    from app.matching.evaluation.assessment import Plan

    labels_of = reader_of(identities, pairs)
    columns = tuple(dict.fromkeys(columns))
    configure_threads(settings().network_threads)
    if report is not None:
        _make_private(report)  # before hours of measuring, not after them
    try:
        labels = labels_of(images, columns)
        found = evaluation.evaluate_files(labels, Plan(resamples=draws, seed=seed), columns, datetime.now(UTC))
    except (MatchingError, EvaluationError) as error:
        raise click.ClickException(str(error)) from None
    try:
        kept_at = keep(found.numbers)
    except OSError as error:
        raise click.ClickException(f"The numbers cannot be kept in {settings().data_dir}: {error.strerror}.") from None
    if report is not None:
        _write_report(report, found.numbers, found.assessment)
    click.echo(json.dumps(found.numbers, indent=2) if as_json else "\n".join(evaluation.text_lines(found.numbers)))
    if not as_json:
        click.echo(f"Kept as {kept_at}.")


def _write_report(folder: Path, numbers: dict[str, Any], assessment: Any) -> None:
    """evaluation.html, .pdf and .json; they name photographs, so only this account may read them."""
    # matplotlib and WeasyPrint take seconds to load, which only a report is worth
    from app.documents.algorithms.evaluation import render_evaluation
    from app.documents.errors import DocumentError

    here = settings()
    try:
        written = render_evaluation(numbers, assessment, department=here.department, demonstration=here.demonstration)
        for suffix, data in (
            ("html", written.html),
            ("pdf", written.pdf),
            ("json", json.dumps(numbers, indent=2).encode()),
        ):
            path = folder / f"evaluation.{suffix}"
            path.write_bytes(data)
            path.chmod(0o600)
    except DocumentError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"The report cannot be written to {folder}: {error.strerror}.") from None


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise click.ClickException(f"The report cannot be written to {folder}: {error.strerror}.") from None


@group.command("snapshot")
def snapshot() -> None:
    """Write the encrypted snapshot from which a worker with CORROBORATE_INDEX=faiss starts quickly."""
    from app.domain.gallery import index_snapshot, loaded_index

    try:
        repository = loaded_index.repository()
        repository.refresh(lambda done, of: click.echo(f"{done:,} of {of:,} photographs", err=True))
        path = index_snapshot.save(repository)
    except (MatchingError, StorageError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
    if path is None:
        raise click.ClickException("Only CORROBORATE_INDEX=faiss starts from a snapshot.")
    click.echo(f"{len(repository.index):,} photographs of generation {repository.index.generation} in {path}.")


def _catalogue() -> Catalogue:
    try:
        known = catalogue()
        known.model(active_id())
    except MatchingError as error:
        raise click.ClickException(str(error)) from None
    return known


def _evaluation(entry: Detector | Extractor) -> str:
    if isinstance(entry, Detector):
        return "Finds faces; compares none."
    return nist_status(entry, entry.sha256, today(), longest_review()).reason

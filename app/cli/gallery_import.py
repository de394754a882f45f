"""`flask gallery import|imports|outcomes`: imports into the repository and the outcome of each record."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from app.cli.base import Place
from app.cli.gallery import group, one_line_errors, progress
from app.cli.tables import show
from app.domain.gallery import imports, samples
from app.domain.gallery.intake_manifest import NAME, IntakeError, Row, well_formed
from app.domain.gallery.intake_sources import Refusal, Source, source_of
from app.extensions import db
from app.jobs.gallery.import_workers import run, run_by_portal
from app.models import GalleryImport, ImportOutcome

_LISTED = 20
_WORDS = {"already": "already there", "no_face": "without a face", "several_faces": "with several faces"}


@group.command("import")
@click.argument("folder", type=Place())
@click.option("--manifest", type=Place(), help=f"CSV; FOLDER/{NAME} by default.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes of this machine.")
@click.option("--running", is_flag=True, help="Let the portal's running workers do it, and wait for them.")
@click.option("--report", type=Place(), help="Write the records that did not enter to this CSV file.")
def import_command(folder: Path, manifest: Path | None, workers: int, running: bool, report: Path | None) -> None:
    """Take the photographs of FOLDER into the repository, each record checked against CAP-3 and CAP-4.

    FOLDER holds photographs and a manifest, or ANSI/NIST-ITL files. Can be stopped and run again at any time.
    """
    with one_line_errors():
        source = source_of(folder, manifest)
        if report is not None and not report.parent.is_dir():
            raise IntakeError(f"There is no folder {report.parent} for the report.")
        if running and workers > 1:
            raise IntakeError("Say --workers or --running, not both.")
        records = sum(1 for _ in source.rows())
        with progress(records, "Import", resumed=True) as update:
            work = run_by_portal if running else lambda *given: run(*given, workers=workers)
            of = work(source, lambda so_far: update(so_far.done, summary(so_far)))
        click.echo(f"The import ran to its end: {summary(of)}.")
        _say_kept_out(of, source, report)
        if report is not None:
            write_report(report, source, of)
            click.echo(f"Report: {report}")
        click.echo(f"All outcomes: flask gallery outcomes {of.uid}")
        click.echo(f"Second person: {samples.standing(of)} flask gallery sample {of.uid}")


def summary(of: GalleryImport) -> str:
    """Return the outcomes so far in one line."""
    always = ("enrolled", "already", "held", "refused")
    counted = [(name, of.tally.get(name, 0)) for name in always]
    counted += [(name, count) for name, count in sorted(of.tally.items()) if name not in always]
    return ", ".join(f"{count:,} {_WORDS.get(name, name)}" for name, count in counted)


def _say_kept_out(of: GalleryImport, source: Source, report: Path | None) -> None:
    rules: Counter[str] = Counter()
    more = 0
    listed: dict[int, str] = {}
    for kept_out in imports.outcomes(of, only_kept_out=True):
        rules.update(kept_out.rules)
        if len(listed) < _LISTED:
            listed[kept_out.line] = kept_out.reason
        else:
            more += 1
    for rule, count in sorted(rules.items()):
        click.echo(f"  kept out by {rule}: {count:,}")
    # the number is in the list alone: the portal keeps none of what did not enter
    for row in source.rows() if listed else ():
        if (reason := listed.get(row.line)) is not None:
            number = _stated(source, row)["record_number"]
            click.echo(f"  line {row.line}, record {number if well_formed(number) else 'not stated'}: {reason}")
    if more and report is None:
        click.echo(f"  … and {more:,} more; --report FILE.csv lists them all.")
    if of.tally.get("held"):
        click.echo("A person decides on the held photographs: “flask gallery held”, “flask gallery decide”.")


def _stated(source: Source, row: Row) -> Row:
    """Return what a record states; where the list is a folder of files, its file does."""
    opened = source.open(row)
    return row if isinstance(opened, Refusal) else opened.row


def write_report(path: Path, source: Source, of: GalleryImport) -> None:
    """Write the records that did not enter as CSV, with the list's values; whole or not at all."""
    part = path.with_name(path.name + ".part")
    kept_out = {found.line: found for found in imports.outcomes(of, only_kept_out=True)}
    try:
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "record_number", "person_number", "file", "outcome", "rules", "reason"])
            for row in source.rows():
                if (found := kept_out.get(row.line)) is not None:
                    record = _stated(source, row)["record_number"]
                    cells = [record, row["person_number"], row["file"], found.outcome, *_why(found)]
                    writer.writerow([row.line, *map(plain_cell, cells)])
        part.replace(path)
    except OSError as error:
        raise IntakeError(f"The report {path} cannot be written: {error.strerror}.") from None


def plain_cell(text: str) -> str:
    """Return text that no spreadsheet runs: an apostrophe before = + - @, tab or return (OWASP, “CSV Injection”)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _why(found: ImportOutcome) -> tuple[str, str]:
    return " ".join(found.rules), found.reason


@group.command("imports")
def imports_command() -> None:
    """The imports so far, newest first; no name and no face."""
    with one_line_errors():
        rows = db.session.scalars(select(GalleryImport).order_by(GalleryImport.id.desc()).limit(50)).all()
        show(
            (of.uid, f"{of.created_at:%Y-%m-%d %H:%M} UTC", of.state, f"{of.done:,} of {of.records:,}: {summary(of)}")
            for of in rows
        )
        if not rows:
            click.echo("Nothing was imported yet.")


@group.command("outcomes")
@click.argument("batch")
@click.option("--csv", "as_csv", is_flag=True, help="Every record, as CSV on standard output.")
def outcomes_command(batch: str, as_csv: bool) -> None:
    """What became of the records of the import BATCH: counts, or every record by its line in the list."""
    with one_line_errors():
        of = db.session.scalars(select(GalleryImport).where(GalleryImport.uid == batch)).one_or_none()
        if of is None:
            raise click.ClickException(f"There is no import {batch}; “flask gallery imports” lists them.")
        if as_csv:
            _write_csv(sys.stdout, imports.outcomes(of))
            return
        click.echo(f"{of.done:,} of {of.records:,} records, {of.state}")
        counted = sorted(of.tally.items())
        show(((f"{count:,}", _WORDS.get(name, name)) for name, count in counted), numbers=(0,), indent=2)


def _write_csv(file: Any, found: Iterable[ImportOutcome]) -> None:
    writer = csv.writer(file)
    writer.writerow(["line", "outcome", "rules", "reason"])
    for one in found:
        writer.writerow([one.line, *map(plain_cell, (one.outcome, *_why(one)))])

"""`flask gallery import|status|held|decide|remove|reindex`: the repository of arrest and parole photographs."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.domain import gallery
from app.domain.intake import Outcome, decide, import_rows
from app.domain.intake_checks import Refusal
from app.domain.intake_manifest import NAME, IntakeError, read_manifest
from app.domain.intake_reindex import missing_templates, reindex
from app.domain.repository import generation
from app.extensions import db
from app.matching.errors import MatchingError
from app.models import GalleryHold, GalleryPerson, GalleryPhoto, ProbeImage, Template
from app.storage import StorageError
from app.unit import Conflict, unit_of_work

group = AppGroup("gallery", help="The repository of arrest and parole photographs.")
Told = Callable[[int, str], None]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What can go wrong, as one line on standard error and a status of 1."""
    try:
        yield
    except (IntakeError, MatchingError, StorageError) as error:
        raise click.ClickException(str(error)) from None
    except Conflict as error:
        raise click.ClickException(f"Nothing was done: {error}.") from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {cause}.") from None
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. What was reported as written stays; run it again to go on.") from None


@contextmanager
def progress(total: int, what: str) -> Iterator[Told]:
    """told(done, text): a bar on a terminal, plain lines elsewhere; both say how many a second."""
    began = time.monotonic()
    console = Console()
    if console.is_terminal:
        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(what, total=total, rate="")
            yield lambda done, text: bar.update(task, completed=done, rate=f"{_rate(done, began)}  {text}")
    else:
        yield lambda done, text: click.echo(f"{what}: {done:,} of {total:,}, {_rate(done, began)}. {text}")


def _rate(done: int, began: float) -> str:
    return f"{done / max(time.monotonic() - began, 1e-6):.1f}/s"


@group.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--manifest", type=click.Path(path_type=Path), help=f"CSV; FOLDER/{NAME} by default.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the refused and held rows to this CSV file.")
def import_command(folder: Path, manifest: Path | None, report: Path | None) -> None:
    """Take the photographs of FOLDER into the repository, each row checked against CAP-3 and CAP-4.

    Can be stopped and run again at any time: what is there already is passed over.
    """
    with one_line_errors():
        rows = read_manifest(manifest or folder / NAME)
        if report is not None and not report.parent.is_dir():
            raise IntakeError(f"There is no folder {report.parent} for the report.")
        with progress(len(rows), "Import") as told:
            outcome = import_rows(folder, rows, lambda so_far: told(so_far.rows, _summary(so_far)))
        if report is not None:
            write_report(report, outcome)
    click.echo(f"The import ran to its end: {_summary(outcome)}.")
    _say_refused(outcome, report)


def _summary(outcome: Outcome) -> str:
    return (
        f"{outcome.enrolled:,} enrolled, {outcome.already:,} already there, "
        f"{outcome.held:,} held, {len(outcome.refused):,} refused"
    )


def _say_refused(outcome: Outcome, report: Path | None) -> None:
    for rule, count in sorted(outcome.by_rule().items()):
        click.echo(f"  refused by {rule}: {count:,}")
    for row, refusal in outcome.refused[:20]:
        click.echo(f"  line {row.line}, record {row['record_number'][:40]!r}: {refusal.reason}")
    if len(outcome.refused) > 20:
        click.echo(f"  … and {len(outcome.refused) - 20:,} more; --report FILE.csv lists them all.")
    if outcome.held:
        click.echo("A person decides on the held photographs: “flask gallery held”, “flask gallery decide”.")
    if report is not None:
        click.echo(f"Report: {report}")


def write_report(path: Path, outcome: Outcome) -> None:
    """Refused and held rows as CSV, whole or not at all; no cell can be taken for a formula by a spreadsheet."""
    part = path.with_name(path.name + ".part")
    lines = [(row, "refused", " ".join(refusal.rules), refusal.reason) for row, refusal in outcome.refused]
    held = [(row, "held", "probe-look-alike", "Looks like a submitted probe.") for row in outcome.held_rows]
    try:
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "record_number", "person_number", "file", "outcome", "rules", "reason"])
            for row, what, rules, reason in sorted(lines + held, key=lambda entry: entry[0].line):
                cells = [row["record_number"], row["person_number"], row["file"], what, rules, reason]
                writer.writerow([row.line, *map(plain_cell, cells)])
        part.replace(path)
    except OSError as error:
        raise IntakeError(f"The report {path} cannot be written: {error.strerror}.") from None


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe before = + - @, tab or return (OWASP, “CSV Injection”)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


@group.command("status")
def status() -> None:
    """People, photographs, templates of each algorithm, generation, held photographs."""
    with one_line_errors():
        here = GalleryPhoto.removed_at.is_(None)
        photos = db.session.scalar(select(func.count()).select_from(GalleryPhoto).where(here))
        people = db.session.scalar(select(func.count(func.distinct(GalleryPhoto.person_id))).where(here))
        left = db.session.scalar(select(func.count()).select_from(GalleryPhoto).where(~here))
        held = db.session.scalar(select(func.count()).select_from(GalleryHold).where(GalleryHold.decision.is_(None)))
        templates = db.session.execute(
            select(Template.algorithm_digest, func.count()).group_by(Template.algorithm_digest)
        ).all()
        click.echo(f"people       {people:,}")
        click.echo(f"photographs  {photos:,}")
        click.echo(f"left         {left:,}")
        click.echo(f"held         {held:,}")
        click.echo(f"generation   {generation():,}")
        for digest, count in templates:
            click.echo(f"templates    {count:,} of the algorithm {digest}")


@group.command("held")
def held() -> None:
    """The photographs that wait for a person's decision, and the probe each looks like. Shows no face."""
    with one_line_errors():
        rows = db.session.execute(
            select(GalleryHold, ProbeImage)
            .join(ProbeImage, GalleryHold.probe_image_id == ProbeImage.id)
            .where(GalleryHold.decision.is_(None))
            .order_by(GalleryHold.id)
        ).all()
        for hold, probe in rows:
            click.echo(
                f"{hold.uid}  record {hold.record_number}  held {hold.created_at:%Y-%m-%d %H:%M} UTC  "
                f"looks like image {probe.uid} of {probe.request.number}"
            )
        if not rows:
            click.echo("No photograph is held.")


@group.command("decide")
@click.argument("uid")
@click.option("--admit/--refuse", "admitted", default=None, help="It is lawfully the record's, or it is a probe.")
@click.option("--reason", required=True, help="Why; without names, for it is kept when the photograph is not.")
def decide_command(uid: str, admitted: bool | None, reason: str) -> None:
    """Decide on the held photograph UID. Admitted, it enters only if every other rule still lets it."""
    if admitted is None:
        raise click.ClickException("Say --admit or --refuse.")
    reason = reason.strip()
    if not 5 <= len(reason) <= 300:
        raise click.ClickException("The reason must have 5 to 300 characters.")
    with one_line_errors():
        hold = db.session.scalars(select(GalleryHold).where(GalleryHold.uid == uid)).one_or_none()
        if hold is None:
            raise click.ClickException(f"No photograph is held as {uid}.")
        if hold.decision is not None:
            raise click.ClickException(f"This photograph was {hold.decision} already.")
        record = hold.record_number
        refusal = decide(hold, admitted, reason)
    if isinstance(refusal, Refusal):
        raise click.ClickException(f"Record {record} stays held: {refusal.reason} ({', '.join(refusal.rules)})")
    click.echo(f"Record {record} {'entered the repository' if admitted else 'does not enter; its file is erased'}.")


@group.command("remove")
@click.argument("record")
@click.option("--reason", required=True, help="sealed, expunged, voided, dismissed or ineligible.")
def remove(record: str, reason: str) -> None:
    """Take the photograph RECORD out of the repository at once (CAP-3): no search sees it from now on."""
    reasons = gallery.removal_reasons()
    if reason not in reasons:
        raise click.ClickException(f"“{reason}” is no reason to remove a record; known are {', '.join(reasons)}.")
    with one_line_errors():
        photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == record)).one_or_none()
        if photo is None:
            raise click.ClickException(f"There is no record {record} in the repository.")
        if photo.removed_at is None:
            with unit_of_work():
                now_at = gallery.remove(photo, reason)
            click.echo(f"Record {record} left the repository; generation {now_at}.")
        else:
            click.echo(f"Record {record} left the repository on {photo.removed_at:%Y-%m-%d}.")
        gallery.finish_erasures()
        remaining = db.session.scalar(
            select(func.count()).select_from(GalleryPhoto)
            .join(GalleryPerson).where(GalleryPerson.id == photo.person_id, GalleryPhoto.removed_at.is_(None))
        )  # fmt: skip
    click.echo("Its file and template are destroyed." if remaining else
               "Its file and template are destroyed, and with this last photograph the person's key.")  # fmt: skip


@group.command("reindex")
def reindex_command() -> None:
    """Compute the templates that are missing for the algorithm in use. Can be stopped and run again."""
    with one_line_errors():
        gallery.finish_erasures()
        missing = missing_templates()
        if not missing:
            click.echo("Every photograph has a template of the algorithm in use.")
            return
        with progress(len(missing), "Templates") as told:
            result = reindex(missing, told)
    click.echo(f"{result.done:,} templates computed.")
    if result.failed:
        named = ", ".join(list(result.failed)[:10])
        raise click.ClickException(f"{len(result.failed):,} photographs have none, no search finds them: {named}.")

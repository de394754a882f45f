"""`flask gallery samples|sample|sign|draw-again`: a second person compares an import with its sources (CAP-3)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import select

from app.access.actor import Actor, actor_of
from app.access.directory import DirectoryUnavailable, lookup
from app.access.sessions import SignInRefused, confirm_password, sync_account
from app.calendar import day_of, today
from app.cli.base import Place
from app.cli.gallery import group, one_line_errors
from app.cli.gallery_import import plain_cell
from app.cli.tables import show
from app.domain.gallery import samples
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.sample_extract import read_extract
from app.extensions import db
from app.models import GalleryImport
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work


@group.command("samples")
def samples_command() -> None:
    """Whether each import is searched, and what it waits for; newest first."""
    with one_line_errors():
        rows = db.session.scalars(select(GalleryImport).order_by(GalleryImport.id.desc()).limit(50)).all()
        show((of.uid, f"{day_of(of.created_at)}", samples.standing(of)) for of in rows)


@group.command("sample")
@click.argument("batch")
def sample_command(batch: str) -> None:
    """The drawn records of the import BATCH as CSV: their numbers here and in their source. Shows no statement."""
    with one_line_errors():
        of = _import(batch)
        if not of.samples or not of.samples[-1].records:
            raise click.ClickException(samples.standing(of))
        writer = csv.writer(sys.stdout)
        writer.writerow(["record_number", "source_record"])
        for photo in samples.drawn(of.samples[-1]):
            source = str(photo.private.get("source_record") or "")
            writer.writerow([plain_cell(photo.record_number), plain_cell(source)])


@group.command("sign")
@click.argument("batch")
@click.argument("extract", type=Place())
@click.option("--by", "name", required=True, help="Who signs; the password of the directory is asked for.")
@click.password_option("--password", confirmation_prompt=False, help="Asked for where it is not given.")
@click.option("--reason", default="", help="Why a record that differed at a look before agrees now.")
def sign_command(batch: str, extract: Path, name: str, password: str, reason: str) -> None:
    """Compare the sample of the import BATCH with EXTRACT, a CSV file from the source system, and sign for it."""
    with one_line_errors(), _refusals():
        of, said, actor = _import(batch), _extract_at(extract), _person(name, password)
        with unit_of_work():
            signed = samples.sign(of, actor, said, reason)
            differing = dict(signed.differing)
        for number, uid in sorted(samples.numbers(differing).items()):
            columns = differing[uid]
            click.echo(f"  {number}: {', '.join(columns) if columns else 'no such record in the source'}", err=True)
        if differing:
            raise click.ClickException(samples.standing(_import(batch)))
        click.echo(samples.standing(_import(batch)))


@group.command("draw-again")
@click.argument("batch")
@click.option("--by", "name", required=True, help="Who draws; the password of the directory is asked for.")
@click.password_option("--password", confirmation_prompt=False, help="Asked for where it is not given.")
def draw_again_command(batch: str, name: str, password: str) -> None:
    """Draw another sample: when the time ran out, or after a difference, once the records that differ are removed."""
    with one_line_errors(), _refusals():
        of, actor = _import(batch), _person(name, password)
        with unit_of_work():
            samples.draw_again(of, actor)
        click.echo(samples.standing(_import(batch)))


def _extract_at(path: Path) -> dict[str, dict[str, str]]:
    """Read what the source system says, by record number. Raises IntakeError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntakeError(f"{path} cannot be read: {error.strerror}.") from None
    return read_extract(data, str(path))


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn refusals into one line on standard error."""
    try:
        yield
    except Refused as refusal:
        raise click.ClickException(refusal.detail) from None
    except (DirectoryUnavailable, SignInRefused) as error:
        raise click.ClickException(str(error)) from None


def _person(name: str, password: str) -> Actor:
    """Return whoever signs, by the directory's word; nobody can sign in another name."""
    entry = lookup(name)
    if entry is None or not entry.enabled:
        raise click.ClickException("The directory does not accept this name and password.")
    with unit_of_work():
        account = sync_account(entry)
        actor = actor_of(account, frozenset(entry.roles), today())
    if not confirm_password(actor, password):
        raise click.ClickException("The directory does not accept this name and password.")
    return actor


def _import(batch: str) -> GalleryImport:
    of = db.session.scalars(select(GalleryImport).where(GalleryImport.uid == batch)).one_or_none()
    if of is None:
        raise click.ClickException(f"There is no import {batch}; “flask gallery imports” lists them.")
    return of

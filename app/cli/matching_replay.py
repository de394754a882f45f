"""`flask matching replay`: what was recorded done again, and compared with what was kept (LL55-3)."""

from __future__ import annotations

import click
from sqlalchemy import select

from app.domain.probe_preparation import all_prepared
from app.domain.replay import Replayed, replay
from app.extensions import db
from app.models import DerivedImage, FRRequest


@click.command("replay")
@click.argument("record")
def replay_command(record: str) -> None:
    """Derive again every prepared image of RECORD: a request's number, or the id of one prepared image.

    Ends with 1 when one is not identical in the environment in which it was made, or a part of its record is missing
    or altered.
    """
    found = _prepared(record.strip())
    unsound = 0
    for row in found:
        result = replay(row)
        unsound += not result.sound
        click.echo(f"Prepared image {row.number} of {row.request.number} ({row.uid}): {_words(row, result)}")
        if result.differences:
            click.echo("  The environment differs:")
            for name, (recorded, here) in result.differences.items():
                click.echo(f"    {name}: recorded {recorded}, here {here}")
    if unsound:
        raise click.ClickException(f"{unsound} of {len(found)} could not be replayed as recorded.")


def _prepared(record: str) -> list[DerivedImage]:
    request = db.session.scalars(select(FRRequest).where(FRRequest.number == record)).one_or_none()
    if request is not None:
        rows = all_prepared(request)
        if not rows:
            click.echo(f"{request.number} has no prepared image.")
        return rows
    row = db.session.scalars(select(DerivedImage).where(DerivedImage.uid == record)).one_or_none()
    if row is None:
        raise click.ClickException(f"There is neither a request nor a prepared image “{record}”.")
    return [row]


def _words(row: DerivedImage, result: Replayed) -> str:
    if result.problem:
        return f"not replayed. {result.problem}"
    if result.identical:
        return f"identical, SHA-256 {result.sha256}"
    if result.largest is None:
        far = "The size differs."
    else:
        far = f"The largest difference of a level is {result.largest} of 255."
    return f"not identical. {far} Recorded SHA-256 {row.sha256}, here {result.sha256}"

"""`flask gallery seal | watch-orders | rekey`: sealing orders on the command line (CAP-3; docs/sealing.md)."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from app.access.actor import system_actor
from app.calendar import today
from app.cli.base import Place
from app.cli.gallery import group, one_line_errors, progress
from app.domain.gallery import photo_keys
from app.domain.sealing import order_files
from app.domain.sealing import verbs as sealing
from app.domain.sealing.lookback import counts, look_back
from app.domain.sealing.order_files import OrderFault
from app.domain.sealing.order_statement import OrderStatement, faults, sentences
from app.extensions import db
from app.jobs import handlers, runner
from app.models import Job, SealingOrder
from app.models.numbered import named_by
from app.models.sealing import KINDS
from app.storage import StorageError
from app.unit_of_work import Conflict, unit_of_work, wait


@group.command("seal")
@click.argument("records", nargs=-1)
@click.option("--order", "order_number", default="", help="The number of the order, as the court writes it. Mandatory.")
@click.option("--authority", default="", help="The court or authority it comes from. Mandatory.")
@click.option("--dated", type=click.DateTime(["%Y-%m-%d"]), help="The date of the order. Mandatory.")
@click.option("--kind", default="sealed", show_default=True, help=f"One of {', '.join(KINDS)}.")
@click.option("--person", default="", help="Everything of the person with this number until the date of the order.")
@click.option("--csv", "table", type=Place(), help="A CSV file with a column record_number.")
@click.option("--preview", is_flag=True, help="Say what would go and where it was shown; change nothing.")
def seal(
    records: tuple[str, ...],
    order_number: str,
    authority: str,
    dated: datetime | None,
    kind: str,
    person: str,
    table: Path | None,
    preview: bool,
) -> None:
    """Carry out a sealing order on RECORDS at once: no search sees them from then on, and nothing can read them."""
    with one_line_errors():
        statement = _statement(records, order_number, authority, dated, kind, person, table)
        if preview:
            _preview(statement)
            return
        began = time.monotonic()
        order, fresh = sealing.execute(statement, system_actor(), "command")
        gone = time.monotonic() - began
        if fresh:
            removed = sum(row.outcome == "removed" for row in order.records)
            click.echo(
                f"{order.number}: {removed:,} photographs out of the repository and unreadable after {gone:.3f} s."
            )
        else:
            click.echo(f"{order.number}: this order was carried out on {order.removed_at:%Y-%m-%d %H:%M} UTC.")
        for row in order.records:
            if row.outcome != "removed":
                click.echo(
                    f"  {row.record_number}: {'left before' if row.outcome == 'left_before' else 'not held here'}"
                )
        _complete(order)


def _statement(
    records: tuple[str, ...],
    order_number: str,
    authority: str,
    dated: datetime | None,
    kind: str,
    person: str,
    table: Path | None,
) -> OrderStatement:
    try:
        named = [*records, *(order_files.records_of_csv(table) if table else ())]
    except OrderFault as fault:
        raise click.ClickException(str(fault)) from None
    statement = OrderStatement(
        kind,
        order_number.strip(),
        authority.strip(),
        dated.date() if dated else None,
        tuple(dict.fromkeys(named)),
        person.strip(),
    )
    wrong = faults(statement, today())
    if wrong:
        raise click.ClickException(sentences(wrong.values()))
    return statement


def _preview(statement: OrderStatement) -> None:
    photos = sealing.chosen(statement)
    held = [photo for photo in photos if photo.removed_at is None]
    here = set(named_by(statement.records, photos).values())
    click.echo(f"{len(held):,} photographs would leave: {', '.join(photo.record_number for photo in held) or 'none'}")
    for number in statement.records:
        if number not in here:
            click.echo(f"  {number}: not held here; it would be kept out")
    for kind, count in counts(look_back(photos)).items():
        click.echo(f"  shown before, {kind}: {count:,}")


def _complete(order: SealingOrder) -> None:
    """Destroy, clean and certify in this process, unless a worker is at it already."""
    if order.state == "certified":
        # once more: a key store restored from a backup may have brought keys back
        sealing.destroy(order.destroyed["keys"], order.destroyed["blobs"])
        click.echo(f"  certificate {order.certificate_sha256}")
        return
    number = order.number
    handlers.load()
    with unit_of_work():
        uid = sealing.ask_for_completion(sealing.order_by_number(number)).uid
    runner.perform(uid)
    db.session.rollback()
    order = sealing.order_by_number(number)
    if order.state == "certified":
        click.echo(f"  keys and files destroyed, indexes and database cleaned; certificate {order.certificate_sha256}")
    else:
        job = db.session.scalars(select(Job).where(Job.uid == uid)).one()
        click.echo(f"  not certified yet: {job.error or 'a worker completes it'}")


@group.command("watch-orders")
@click.argument("folder", type=Place())
@click.option(
    "--every", type=click.FloatRange(0.1, 3600), default=5.0, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Look once and end, for a timer of the machine.")
def watch_orders(folder: Path, every: float, once: bool) -> None:
    """Carry out the orders that are put into FOLDER as .toml or .csv files; they move to done/ or refused/.

    Ends with 1 after a single look in which a file was refused.
    """
    with one_line_errors():
        if not folder.is_dir():
            raise click.ClickException(f"There is no folder {folder}.")
        while True:
            refused = 0
            try:
                for handled in order_files.take(folder, _complete):
                    refused += bool(handled.reason)
                    click.echo(f"{handled.name}: {', '.join(handled.orders) or f'refused. {handled.reason}'}")
            except (Conflict, StorageError) as trouble:
                if once:
                    raise
                click.echo(f"Tried again in {every:g} s: {trouble}", err=True)
            except OSError as trouble:
                raise click.ClickException(f"{folder} cannot be used: {trouble.strerror}.") from None
            if once:
                if refused:
                    raise click.ClickException(f"{refused:,} files were refused; the reasons lie beside them.")
                return
            wait(every)


@group.command("rekey")
def rekey() -> None:
    """Give each photograph of earlier versions a key of its own. Can be stopped and run again."""
    with one_line_errors():
        people = photo_keys.sharing()
        if not people:
            click.echo("Every photograph has a key of its own.")
            return
        moved = 0
        with progress(len(people), "People") as update:
            for done, number in enumerate(people, 1):
                moved += photo_keys.separate([number])
                update(done, f"{moved:,} photographs")
    click.echo(f"{moved:,} photographs were given keys of their own.")

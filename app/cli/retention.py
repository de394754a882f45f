"""`flask retention due|run|recalculate|adopt`: what is due, execution of what was approved, the lists, old cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import click
from sqlalchemy import select

from app.calendar import today
from app.cli.base import Group, Place
from app.cli.gallery import one_line_errors
from app.domain.retention import disposals
from app.domain.retention import verbs as retention
from app.domain.retention.eligibility import NotDue, Target, label, not_due, standing_of
from app.domain.retention.eligibility_many import MOST, standings_of_cases, standings_of_files
from app.domain.retention.recalculation import recalculate
from app.domain.retention.schedule import preview, record_preview
from app.extensions import db
from app.jobs import handlers, runner
from app.models import CaseRecord, Disposal, Job, PersonFile
from app.policy.loader import PolicyError, load
from app.unit_of_work import unit_of_work

group = Group("retention", help="How long records are kept; disposal of what is due.")


@group.command("due")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day asked about; today by default.")
@click.option("--all", "every", is_flag=True, help="Every record with where it stands, not only what is due.")
def due(on: datetime | None, every: bool) -> None:
    """The records that may be disposed of, one a line, without names. Changes nothing."""
    with one_line_errors():
        day = on.date() if on else today()
        count = 0
        for target in _targets(day, every=every):
            found = not_due(target, day)
            if found is None or every:
                count += found is None
                click.echo(_line(target, found, day))
        click.echo(f"{count:,} {'record is' if count == 1 else 'records are'} due on {day}.")


def _rows(model: type[Target], ids: Collection[int]) -> Sequence[Target]:
    if model is CaseRecord:
        return db.session.scalars(select(CaseRecord).where(CaseRecord.id.in_(ids)).order_by(CaseRecord.id)).all()
    return db.session.scalars(select(PersonFile).where(PersonFile.id.in_(ids)).order_by(PersonFile.id)).all()


def _targets(day: date, *, every: bool) -> Iterator[Target]:
    """Every record that is not disposed of, or only those whose period has run, some hundred at a time."""
    for model, standings_of in ((CaseRecord, standings_of_cases), (PersonFile, standings_of_files)):
        ids = db.session.scalars(select(model.id).where(model.disposed_at.is_(None)).order_by(model.id)).all()
        for first in range(0, len(ids), MOST):
            several = ids[first : first + MOST]
            if not every:
                found = standings_of(several, day)
                several = [key for key in several if found[key].status == "disposable"]
            yield from _rows(model, several)
            db.session.expunge_all()


def _line(target: CaseRecord | PersonFile, found: NotDue | None, day: date) -> str:
    if found is None:
        return f"{label(target):28} due since {standing_of(target, day).earliest}"
    return f"{label(target):28} {standing_of(target, day).status:12} {found.sentence}"


@group.command("run")
@click.argument("number", required=False)
def run(number: str | None) -> None:
    """Execute approved disposals here and now, or only the one of this NUMBER; continues what was begun.

    Disposals that a worker is executing are left to it. Without two approvals nothing is erased.
    """
    with one_line_errors():
        rows = select(Disposal).where(Disposal.taking(*disposals.EXECUTION)).order_by(Disposal.id)
        waiting = [disposal.number for disposal in db.session.scalars(rows)]
        if number is not None and number not in waiting:
            raise click.ClickException(f"There is no approved disposal {number} to execute.")
        handlers.load()
        stopped = [name for name in waiting if number in (None, name) and not _execute(name)]
    if stopped:
        raise click.ClickException(f"Not ended: {', '.join(stopped)}.")
    if not waiting:
        click.echo("No approved disposal waits for its execution.")


def _execute(number: str) -> bool:
    """Run one disposal's job in this process; whether it ended."""
    with unit_of_work():
        disposal = _disposal(number)
        job = disposals.ask_for_execution(disposal)
        uid = job.uid
    runner.perform(uid)
    db.session.rollback()
    disposal = _disposal(number)
    if disposal.state != "disposed":
        job = db.session.scalars(select(Job).where(Job.uid == uid)).one()
        click.echo(f"{number}: {job.error or 'a worker is executing it, or it is not due to be tried again yet'}")
        return False
    erased = sum(item.state == "erased" for item in disposal.items)
    spared = len(disposal.items) - erased
    click.echo(f"{number}: {erased} erased, {spared} spared; certificate {disposal.certificate_sha256}")
    return True


def _disposal(number: str) -> Disposal:
    return db.session.scalars(select(Disposal).where(Disposal.number == number)).one()


@group.command("recalculate")
def recalculate_command() -> None:
    """Calculate anew where every record stands, as each night; what stood otherwise in the lists is recorded."""
    with one_line_errors():
        tally = recalculate()
        click.echo(f"{tally.compared:,} {_records(tally.compared)} compared, {tally.different:,} stood otherwise.")


def _records(count: int) -> str:
    return "record" if count == 1 else "records"


@group.command("preview")
@click.argument("folder", type=Place(exists=True, file_okay=False))
def preview_command(folder: Path) -> None:
    """Tell what the rule files in FOLDER, of a new edition of the Schedule, would change, and on how many records."""
    with one_line_errors():
        try:
            rules = load(folder)
        except PolicyError as error:
            raise click.ClickException(f"These rules cannot be used: {error.faults[0]}") from None
        if not rules.retention.schedule.edition:
            raise click.ClickException("These rules do not state their edition ([schedule] in retention/rules.toml).")
        found = preview(rules)
        for (kind, before, after), count in sorted(found.changes.items()):
            click.echo(f"{count:,} {kind}{'' if count == 1 else 's'}: {before} becomes {after}")
        with unit_of_work():
            record_preview(found)
        click.echo(f"Edition {found.edition}: {found.different:,} of {found.compared:,} records would stand otherwise.")


@group.command("adopt")
def adopt() -> None:
    """Begin the case records of requests from before there were any. Running it again begins none twice."""
    with one_line_errors():
        with unit_of_work():
            count = retention.adopt()
        click.echo(f"{count:,} case {'record' if count == 1 else 'records'} begun.")

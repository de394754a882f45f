"""`flask demo`: everything embedded, one case driven through the portal's own pages, then the portal left running."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from app.access.actor import actor_of
from app.access.directory import lookup
from app.access.sessions import sync_account
from app.calendar import today
from app.cli.tables import show
from app.domain.accounts.acknowledgement import acknowledge
from app.domain.accounts.training import needs_training, record_training
from app.domain.gallery import samples
from app.domain.gallery.intake_sources import FolderSource
from app.extensions import db, settings
from app.jobs.gallery import import_workers
from app.models import FRRequest, GalleryImport, GalleryPhoto, TrainingRecord
from app.policy import policy
from app.unit_of_work import end_reading, unit_of_work, wait
from demo.accounts import load_accounts
from demo.afterwards import Afterwards
from demo.browser import Astray
from demo.case import Case
from demo.gallery import draw_gallery, photographs, row
from demo.processes import ServiceError
from demo.services import Running, start_all
from demo.stages import STAGES, fill

#: who signs for the drawn gallery
RECORDS_OFFICER = "b.juniper"


def tell(clauses: str, words: str) -> None:
    """One step of the case, with the clauses it fulfils."""
    click.echo(f"  {click.style(clauses.ljust(22), fg='cyan')} {words}")


def train_examiners() -> None:
    """Record the training of whoever needs it (ACC-4); one examiner is left untrained on purpose."""
    for name, someone in load_accounts().people.items():
        entry = lookup(name)
        if not someone.trained or entry is None or not needs_training(entry.roles):
            continue
        with unit_of_work():
            account = sync_account(entry)
            known = db.session.query(TrainingRecord).filter_by(account_id=account.id, requirement="fr").count()
            if not known:
                topics = [topic.value for topic in policy().training["fr"].topics]
                record_training(account, "fr", topics, today(), None, "demonstration", today=today())


def fill_gallery(directory: Path) -> None:
    """CAP-3: draw and import the gallery, once; a killed run is taken up again."""
    wanted = sum(1 for _ in photographs())
    if db.session.query(GalleryPhoto).count() >= wanted:
        click.echo(f"Repository: {wanted} drawn photographs are already enrolled.")
        for known in db.session.query(GalleryImport).order_by(GalleryImport.id):
            if known.samples and known.samples[-1].drawn_at and known.samples[-1].verdict is None:
                sign_for(known)
        return
    click.echo(
        f"Repository: drawing and enrolling {wanted} photographs of people who do not exist (once, a few minutes)."
    )
    draw_gallery(directory, report=lambda done, of: click.echo(f"  drawn {done} of {of}"))
    of = import_workers.run(
        FolderSource(directory), lambda so_far: click.echo(f"  enrolled {so_far.done} of {so_far.records}")
    )
    kept_out = of.records - of.tally.get("enrolled", 0) - of.tally.get("already", 0)
    if kept_out:
        raise click.ClickException(f"{kept_out} drawn photographs did not enter: flask gallery outcomes {of.uid}")
    sign_for(of)


def sign_for(of: GalleryImport) -> None:
    """CAP-3: a records officer compares the drawn sample with an extract of the booking system, and signs."""
    with current_app.app_context():
        # a connection of its own: the directory ended the one of the beginning while the gallery was enrolled
        entry = lookup(RECORDS_OFFICER)
    if entry is None:
        raise click.ClickException(f"{RECORDS_OFFICER} is not in the directory")
    extract = {found["record_number"]: found for found in (row(seed, number) for seed, number in photographs())}
    with unit_of_work():
        account = sync_account(entry)
        acknowledge(account)
        actor = actor_of(account, frozenset(entry.roles), today())
        samples.sign(of, actor, extract)
    click.echo(f"  {samples.standing(of)}")


def fill_stages(running: Running) -> None:
    """Requests at every stage, once."""
    known = db.session.query(FRRequest).count()
    end_reading()
    if known > len(STAGES):
        return
    click.echo("\nRequests at every stage, through the same pages (once, a minute or two):")
    own = running.settings
    fill(
        own.public_url,
        load_accounts().password,
        own.data_dir / "demonstration-case",
        own.case_files_dir,
        lambda done, of: click.echo(f"  {done} of {of}"),
    )


def print_accounts(running: Running) -> None:
    accounts = load_accounts()
    click.echo(f"\nThe portal runs at {running.settings.public_url}. Password of every account: {accounts.password}")
    people = accounts.people.items()
    show(((name, one.rank, one.command, ", ".join(one.groups) or "no group") for name, one in people), indent=2)


def stay(running: Running) -> None:
    """Keep the demonstration up until it is stopped. Raises ServiceError when a service died."""
    while True:
        wait(1)
        running.check()


def unusable(what: str, cause: str) -> str:
    """The one sentence with which the demonstration ends where its data cannot be used."""
    return f"{what} cannot be used ({cause}); set CORROBORATE_DATA_DIR to an empty folder for a new demonstration."


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="Stop after the case.")
@with_appcontext
def demo(leave: bool) -> None:
    """Start the embedded services, drive one case from request to report, leave the portal running."""
    own = settings()
    if not own.demonstration:
        raise click.ClickException("the demonstration runs only with CORROBORATE_MODE=demonstration")
    try:
        upgrade(directory=str(Path(current_app.root_path).parent / "migrations"))
        with start_all(own) as running:
            train_examiners()
            fill_gallery(own.data_dir / "demonstration-gallery")
            end_reading()
            click.echo(f"\nOne case, by the portal's own pages at {running.settings.public_url}:")
            case = Case(
                running.settings.public_url,
                load_accounts().password,
                own.data_dir / "demonstration-case",
                own.case_files_dir,
                tell,
            )
            pdf = case.run()
            package = Afterwards(case).run()
            click.echo(f"\nReport: {pdf}\nDisclosed to the prosecutor: {package}")
            if leave:
                return
            fill_stages(running)
            print_accounts(running)
            click.echo("Stop with Ctrl-C.")
            stay(running)
    except (ServiceError, Astray) as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise click.ClickException(unusable("The database", cause)) from None
    except OSError as error:
        raise click.ClickException(unusable(str(error.filename or "A file"), error.strerror or str(error))) from None
    except KeyboardInterrupt:
        click.echo("\nStopped.")

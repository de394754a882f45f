"""`flask jobs sweep|remind|lapse|scheduler|status`: periodic work, for cron, a timer or a process of its own."""

from __future__ import annotations

import math
import time

import click
from sqlalchemy import func, select

from app.cli.base import Group
from app.cli.tables import show
from app.domain.gallery.sample_reminders import remind_of_samples
from app.domain.workload.reminders import remind
from app.extensions import db, running_app, settings
from app.jobs.algorithms.watch import watch
from app.jobs.disclosures.lapses import lapse
from app.jobs.nightly import ask_nightly
from app.jobs.sweeper import sweep
from app.models.engine import Job
from app.unit_of_work import wait

REMIND_SECONDS = 60
group = Group("jobs", help="Slow work: queued, leased, swept.")


@group.command("sweep")
def sweep_command() -> None:
    """Send lost work again, once, give the warnings that are due, and ask for the day's own work."""
    watch()
    ask_nightly()
    click.echo(f"{sweep()} jobs sent again")


@group.command("remind")
def remind_command() -> None:
    """Give the reminders that are due, each once."""
    click.echo(f"{remind() + remind_of_samples()} reminders given")


@group.command("lapse")
def lapse_command() -> None:
    """End what is over, once: decisions and packages past their time, files of long lists."""
    click.echo(f"{lapse()} lapsed")


@group.command("scheduler")
@click.option("--every", default=None, type=float, help="Seconds between sweeps; a third of the lease by default.")
def scheduler(every: float | None) -> None:
    """Run the periodic work until stopped: the sweep, and once a minute the reminders and what lapses."""
    pause = every or settings().lease_seconds / 3
    app = running_app()
    reminded = -math.inf
    while True:
        with app.app_context():
            sweep()
            watch()
            ask_nightly()
            if time.monotonic() - reminded >= REMIND_SECONDS:
                remind()
                remind_of_samples()
                lapse()
                reminded = time.monotonic()
        wait(pause)


@group.command("status")
def status() -> None:
    """Count jobs by kind and state."""
    rows = db.session.execute(
        select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state).order_by(Job.kind)
    )
    show([tuple(row) for row in rows], ("kind", "state", "jobs"), numbers=(2,))

"""`flask audit verify|export|anchor`: the chain of events, checked, written out, anchored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click
from sqlalchemy import select

from app import audit
from app.audit.anchors import AnchorForged, write_anchor
from app.audit.chain import COLUMNS
from app.cli.base import Group
from app.domain.oversight.trail_check import faults, one_moment, through, uncompared
from app.extensions import db, settings, stores
from app.models.engine import AuditEvent
from app.unit_of_work import unit_of_work

group = Group("audit", help="The chain of events.")


def events() -> Iterator[AuditEvent]:
    """Every event in order, without holding all of them in memory."""
    rows = select(AuditEvent).order_by(AuditEvent.sequence).execution_options(yield_per=1000)
    return iter(db.session.scalars(rows))


@group.command("verify")
def verify_command() -> None:
    """Check the trail: chain, anchors, steps, texts of the policy; exit non-zero when it does not hold."""
    found = 0
    with one_moment() as session:
        last = through(session)
        try:
            for fault in faults(session):
                click.echo(f"{fault.where}: {fault.what}", err=True)
                found += 1
        except AnchorForged as error:
            raise click.ClickException(str(error)) from None
        for sentence in uncompared(session):
            click.echo(sentence, err=True)
    if found:
        raise click.ClickException(f"the trail does not hold: {found} {'fault' if found == 1 else 'faults'}")
    click.echo(f"{last} events, unbroken; every step has its event")


@group.command("export")
@click.option("--from", "start", default=1, show_default=True, help="First event.")
def export(start: int) -> None:
    """Write the events as JSON lines to standard output."""
    for row in events():
        if row.sequence >= start:
            line = {name: getattr(row, name) for name in (*COLUMNS, "digest")}
            sys.stdout.write(json.dumps(line, sort_keys=True, default=repr) + "\n")


@group.command("anchor")
def anchor() -> None:
    """Sign the head of the chain and write it to the anchor directory (keep that where the database is not)."""
    head = db.session.execute(
        select(AuditEvent.sequence, AuditEvent.digest).order_by(AuditEvent.sequence.desc()).limit(1)
    ).one_or_none()
    if head is None:
        raise click.ClickException("there is no event yet")
    path = write_anchor(settings().anchor_dir, stores().signer, head.sequence, head.digest)
    with unit_of_work():
        audit.record("audit.anchored", sequence=head.sequence)
    click.echo(f"event {head.sequence} anchored in {path}")

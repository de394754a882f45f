"""`flask audit verify|export|anchor`: the chain of events, checked, written out, anchored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app import audit
from app.audit.anchors import AnchorForged, read_anchors, write_anchor
from app.audit.chain import COLUMNS, Fault, verify
from app.extensions import db, settings, stores
from app.models.engine import AuditEvent, Transition
from app.unit import unit_of_work

group = AppGroup("audit", help="The chain of events.")


def events() -> Iterator[AuditEvent]:
    """Every event in order, without holding all of them in memory."""
    rows = select(AuditEvent).order_by(AuditEvent.sequence).execution_options(yield_per=1000)
    return iter(db.session.scalars(rows))


def faults() -> Iterator[Fault]:
    """Everything that does not hold: the chain, the anchors, transitions that have lost their event."""
    yield from verify(events(), read_anchors(settings().anchor_dir, stores().signer))
    steps = db.session.scalar(select(db.func.count(Transition.id)))
    told = db.session.scalar(
        select(db.func.count(AuditEvent.sequence)).where(
            AuditEvent.subject_type == "request", AuditEvent.event.in_(_step_events())
        )
    )
    if steps > told:
        yield Fault(0, f"{steps - told} steps of requests have lost their event: the tail was removed")


def _step_events() -> list[str]:
    from app.policy import policy

    return [row.event for flow in policy().workflows.values() for row in flow.transitions]


@group.command("verify")
def verify_command() -> None:
    """Walk the whole chain; exit non-zero when it does not hold."""
    try:
        found = list(faults())
    except AnchorForged as error:
        raise click.ClickException(str(error)) from None
    for fault in found:
        click.echo(f"event {fault.sequence}: {fault.what}", err=True)
    if found:
        raise click.ClickException(f"the chain does not hold: {len(found)} faults")
    last = db.session.scalar(select(db.func.max(AuditEvent.sequence))) or 0
    click.echo(f"{last} events, unbroken")


@group.command("export")
@click.option("--from", "start", default=1, show_default=True, help="First event.")
def export(start: int) -> None:
    """Write the events as JSON lines to standard output."""
    for row in events():
        if row.sequence >= start:
            line = {name: getattr(row, name) for name in (*COLUMNS, "digest")}
            sys.stdout.write(json.dumps(line, sort_keys=True) + "\n")


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

"""`flask keys rewrap | clear`: the key store in another master key's hands, and after a backup (docs/running.md)."""

from __future__ import annotations

import json

import click
from sqlalchemy import select

from app import audit
from app.cli.base import Group
from app.cli.gallery import one_line_errors, progress
from app.extensions import db, stores
from app.models.engine import AuditEvent
from app.unit_of_work import unit_of_work

group = Group("keys", help="The key store.")


@group.command("rewrap")
def rewrap() -> None:
    """Wrap every data key under CORROBORATE_MASTER_KEY instead of CORROBORATE_MASTER_KEY_BEFORE.

    The portal and its workers, started with both, go on meanwhile. Can be stopped and run again.
    """
    with one_line_errors():
        keys = stores().keys
        master, before = keys.master_fingerprints
        if before is None:
            raise click.ClickException(
                "Set CORROBORATE_MASTER_KEY to the new master key, "
                "CORROBORATE_MASTER_KEY_BEFORE to the one it replaces."
            )
        if not keys.rewrap_due():
            click.echo(
                "Every data key is wrapped under CORROBORATE_MASTER_KEY; take CORROBORATE_MASTER_KEY_BEFORE away."
            )
            return
        changed = 0
        with progress(sum(1 for _ in keys.iter_ids()), "Data keys", resumed=True) as update:
            changed = keys.rewrap(lambda done, _total: update(done, ""))
        _record(changed, master, before)
        keys.end_rewrap()
    click.echo(
        f"{changed:,} data {'key' if changed == 1 else 'keys'} wrapped anew. The old master key opens nothing here now."
    )
    click.echo(
        "Take CORROBORATE_MASTER_KEY_BEFORE away, start the portal and its workers anew, and destroy the old key."
    )


def _record(changed: int, master: str, before: str) -> None:
    """Record the change once, also when a first run ended between its event and its end."""
    last = db.session.scalars(
        select(AuditEvent.keys)
        .where(AuditEvent.event == "keys.rewrapped")
        .order_by(AuditEvent.sequence.desc())
        .limit(1)
    ).first()
    told = json.loads(last) if last else {}
    if not changed and (told.get("master"), told.get("before")) == (master, before):
        return
    with unit_of_work():
        total = sum(1 for _ in stores().keys.iter_ids())
        audit.record("keys.rewrapped", keys=total, master=master, before=before)


@group.command("clear")
def clear() -> None:
    """Wipe key files that a backup brought back although their keys had been destroyed."""
    with one_line_errors():
        found = stores().keys.brought_back()
        if found:
            with unit_of_work():
                audit.record("keys.cleared", keys=len(found))
        for key_id in found:
            stores().keys.destroy(key_id)
    click.echo(f"{len(found):,} key {'file' if len(found) == 1 else 'files'} of destroyed keys wiped.")

"""`flask users sync|train`: people of the directory, and their training records."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy import select

from app.access.directory import DirectoryUnavailable, lookup, members
from app.access.sessions import end_all_sessions, sync_account
from app.calendar import today
from app.cli.base import Group
from app.domain.accounts.training import record_training
from app.extensions import db
from app.models.accounts import Account
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

group = Group("users", help="People of the directory.")


@group.command("sync")
def sync() -> None:
    """Bring every known or eligible person up to date with the directory; whoever left is out at once."""
    try:
        names = {name for role in policy().roles.values() if role.group for name in members(role.id)}
        names |= set(db.session.scalars(select(Account.name)))
        entries = {name: lookup(name) for name in sorted(names)}
    except DirectoryUnavailable as error:
        raise click.ClickException(str(error)) from None
    for name, entry in entries.items():
        if entry is not None and entry.enabled and entry.roles:
            with unit_of_work():
                sync_account(entry)
        else:
            account = db.session.scalars(select(Account).where(Account.name == name)).one_or_none()
            if account is not None and account.enabled:
                end_all_sessions(account, "left the directory group or disabled")
    click.echo(f"{len(entries)} people")


@group.command("train")
@click.argument("name")
@click.option("--completed", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Day of completion.")
@click.option("--requirement", default="fr", show_default=True)
@click.option("--note", default="")
def train(name: str, completed: datetime, requirement: str, note: str) -> None:
    """Record that a person completed the mandatory training on a day."""
    try:
        entry = lookup(name)
        if entry is None:
            raise click.ClickException(f"{name} is not in the directory")
        with unit_of_work():
            account = sync_account(entry)
            topics = [topic.value for topic in policy().training[requirement].topics]
            record = record_training(account, requirement, topics, completed.date(), None, note, today=today())
            expires = record.expires_on
    except DirectoryUnavailable as error:
        raise click.ClickException(str(error)) from None
    except KeyError:
        raise click.ClickException(f"there is no training requirement {requirement}") from None
    except Refused as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(f"{name}: trained until {expires}")

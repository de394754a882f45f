"""Prepared subjects, copied as far as the cache has their stages: the first of a portal that only saw people yet."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from app.extensions import db
from app.models.accounts import Account, LoginSession
from app.models.engine import AuditEvent
from demo.people import Person
from demo.services import directory_state
from tests.data_cache import DataCache, close, replace_data

#: the events of a portal that has but seen people (`People.account`)
SEEN = {"account.seen", "policy.acknowledged", "training.recorded"}


class StageCopies:
    """Copies of a portal after each stage; empty-handed where this run of the tests has none of the like.

    Only what a portal does after its beginning (`starting_at`), when it has but seen people, can be a copy, and only
    when the stages and what is stated besides are plain values.
    """

    def __init__(
        self, app: Flask, data_cache: DataCache | None = None, patched: Callable[[], bool] = lambda: False
    ) -> None:
        """`patched`: whether the test has changed the program by now, so that the cache holds nothing of the like."""
        self.app, self.data_cache, self.patched = app, data_cache, patched
        self.settings = app.extensions["settings"]
        self.beginning = ("", 0)

    def starting_at(self, name: str) -> None:
        """The portal's beginning is what it holds now: a prepared folder of this name."""
        self.beginning = (name, db.session.query(AuditEvent).count())

    def names(self, stages: Sequence[str], *stated: Any) -> list[str]:
        """The name on the cache of the portal after each stage; none where the cache is not to be used."""
        name, events = self.beginning
        if self.data_cache is None or self.patched() or db.session.query(LoginSession).count():
            return []
        if self.app.extensions["settings"] != self.settings or directory_state(self.settings).exists():
            return []
        since = db.session.query(AuditEvent.event).filter(AuditEvent.sequence > events)
        if {event for (event,) in since} - SEEN:
            return []
        seen = [account for (account,) in db.session.query(Account.name).order_by(Account.id)]
        try:
            text = json.dumps([name, seen, stated], sort_keys=True, default=_plain)
        except TypeError:
            return []
        return [f"{stages[: n + 1]} of {text}" for n in range(len(stages))]

    def put_back(self, names: Sequence[str]) -> int:
        """Put the last of these copies under the running portal; returns after how many stages it was made."""
        done = next((n for n in range(len(names), 0, -1) if self.data_cache.find(names[n - 1])), 0)
        if done:
            replace_data(self.app, self.data_cache.find(names[done - 1]))
        return done

    def keep(self, name: str) -> None:
        """Keep the portal as it is now."""
        close(self.app)
        self.data_cache.keep(name, self.settings.data_dir)


def _plain(value: object) -> dict[str, Any]:
    """A drawn person as plain values. Raises TypeError for anything else."""
    if not isinstance(value, Person):
        raise TypeError
    return dataclasses.asdict(dataclasses.replace(value, birth_date=value.birth_date.isoformat()))

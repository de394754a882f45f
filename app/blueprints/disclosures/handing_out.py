"""One transfer of a package: checked once more before its last piece, recorded once it has arrived (EXT-7).

The view has returned when the web server sends the pieces, so each step makes a context of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Flask
from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.disclosures import verbs as domain
from app.extensions import db
from app.models.disclosures import Disclosure
from app.policy.refused import Refused
from app.unit_of_work import Conflict, unit_of_work
from app.web.downloads import Withheld

log = structlog.get_logger()
#: somebody else may write to the disclosure at the same moment
TRIES = 5


@dataclass(frozen=True, slots=True)
class HandingOut:
    """A transfer: which package of which disclosure is sent to whom, in which session."""

    app: Flask
    number: str
    package: int
    actor: Actor
    session: str | None

    @enforces("EXT-7", "ACC-12")
    def ask_again(self) -> None:
        """Raise Withheld when the package may no longer leave: it lapsed, or another takes its place.

        A second transfer to the same person, begun before the first one arrived, ends as it may: it is one download.
        """
        with self.app.app_context():
            disclosure = self._disclosure()
            package = disclosure.current_package
            if package is None or package.number != self.package:
                raise Withheld(f"{self.number}: another package takes the place of package {self.package}.")
            if self._recorded(disclosure):
                return
            refusal = domain.withheld(disclosure, self.actor, self.session)
            if refusal is not None:
                self._refused(refusal)
                raise Withheld(f"{self.number}: {refusal.reason}")

    @enforces("EXT-7", "ACC-12")
    def record(self) -> None:
        """Record that the package has arrived: it is fetched and used up."""
        with self.app.app_context():
            for _ in range(TRIES):
                try:
                    with unit_of_work():
                        disclosure = self._disclosure()
                        if not self._recorded(disclosure):
                            domain.fetch(disclosure, self.actor, self.session)
                    return
                except Conflict:
                    continue
                except Refused as refusal:
                    # it lapsed between the last piece and now: what has happened is recorded with the rule it breaks
                    log.error("package_arrived_after_all", disclosure=self.number, rule=refusal.rule_id)
                    self._refused(refusal)
                    return
            log.error("package_arrival_not_recorded", disclosure=self.number)

    @enforces("EXT-7", "ACC-12")
    def leave(self, upto: int) -> None:
        """Record that the transfer broke off, and how much of the package was handed over by then, at most."""
        with self.app.app_context():
            audit.viewed(
                "disclosure.package_left", self._disclosure(), actor=self.actor, package=self.package, upto=upto
            )

    def _disclosure(self) -> Disclosure:
        return db.session.scalars(select(Disclosure).where(Disclosure.number == self.number)).one()

    def _recorded(self, disclosure: Disclosure) -> bool:
        package = disclosure.current_package
        return package is not None and package.number == self.package and package.fetched_by_id == self.actor.id

    def _refused(self, refusal: Refused) -> None:
        audit.viewed("workflow.refused", self._disclosure(), actor=self.actor, verb="fetch", rule=refusal.rule_id)

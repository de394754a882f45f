"""A disclosure whose facts a test changes in memory, one per condition, without keeping anything."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from app import audit
from app.access.actor import Actor
from app.calendar import today
from app.domain.disclosures.claims import BEGUN
from app.extensions import db
from app.models import Disclosure, DisclosureDecision, DisclosureDocument, DisclosurePackage, RoutineDesignation
from app.models.base import now
from app.models.disclosures import ITEM_KINDS
from app.policy import policy
from tests.disclosure_factory import REASON, TEXT, values


def everything(account_id: int | None, *, without: tuple[str, ...] = ()) -> Actor:
    """A person with every capability there is, but some."""
    held = frozenset(policy().capabilities) - set(without)
    return Actor(account_id, "", "", "", "", frozenset(), held, frozenset({"fr"}), "present")


class Stand:
    """One disclosure put before each step in turn, in memory; `seal` and lists are put back for each."""

    def __init__(self, disclosure: Disclosure, people: Any) -> None:
        # the download of its package was begun, which is asked of the trail and not of the row
        audit.viewed(BEGUN, disclosure, actor=people.account("b.juniper"), package=1, sha256=None, session=None)
        db.session.rollback()
        self.disclosure = disclosure
        self.asker = disclosure.asked_by_id
        self.officer, self.records = people.account("y.hazel").id, people.account("b.juniper").id
        self.third = people.account("s.alder").id
        self.private, self.sealed = dict(disclosure.private), disclosure.sealed
        self.items = list(disclosure.items)
        for item in self.items:
            assert item.thing.request  # loaded before anything is spoiled

    def before(self, row: Any, recipient: str = "prosecutor", basis: str = "D6") -> tuple[Actor, dict[str, Any]]:
        """Put the disclosure where the step begins, everything in order; returns who takes it and with which facts."""
        self.state(row.sources[0])
        self.request(recipient, basis)
        self.decision("approved", self.officer)
        granted = row.verb not in {"submit", "resubmit", "approve", "determine", "refuse"}
        for item in self.items:
            set_committed_value(item, "included", True if granted else None)
        fetched = now() if row.verb == "acknowledge" else None
        self.package(fetched)
        actor = {
            "disclosure.file": self.asker,
            "disclosure.release": self.records,
            "disclosure.decide": self.officer,
            "disclosure.determine": self.officer,
            "system.disclosure": None,
        }[row.capability]
        facts: dict[str, Any] = {"reason": REASON}
        if row.verb in {"approve", "determine", "refuse"}:
            facts |= {"text": TEXT, "password_confirmed": True}
        if row.verb in {"approve", "determine"}:
            soon = today() + timedelta(days=5)
            facts |= {"included": [item.uid for item in self.items], "release_by": soon}
        if row.verb == "finish_release":
            facts |= {"size": 10, "sha256": "a" * 64, "sums_sha256": "b" * 64}
        if row.verb == "acknowledge":
            facts["receipt"] = {"received_by": "Noel Egret", "how": "In person", "on": today()}
        if row.verb == "expire":
            set_committed_value(self.disclosure, "release_by", today() - timedelta(days=1))
        return everything(actor), facts

    def state(self, state: str) -> None:
        set_committed_value(self.disclosure, "state", state)

    def request(self, recipient: str, basis: str) -> None:
        """Everything that a request to this recipient on this basis must state."""
        stated = values(recipient, basis)
        for name in ("recipient_kind", "basis", "purpose"):
            set_committed_value(self.disclosure, name, getattr(stated, name))
        set_committed_value(self.disclosure, "immigration", False)
        set_committed_value(self.disclosure, "submission", 1)
        set_committed_value(self.disclosure, "release_by", today() + timedelta(days=5))
        self.say(
            recipient=dict(stated.recipient),
            recipient_facts=dict(stated.recipient_facts),
            facts=dict(stated.facts),
            identity=dict(stated.identity),
            agreement=dict(stated.agreement),
            person=stated.person,
            purpose_text=stated.purpose_text,
            necessity=stated.necessity,
            prohibited_answers=[],
        )
        set_committed_value(self.disclosure, "items", list(self.items))
        self.documents(*policy().disclosure.bases[basis].documents)
        self.designation(list(policy().disclosure.recipients))

    def say(self, **fields: Any) -> None:
        self.disclosure.seal(**fields)

    def documents(self, *kinds: str) -> None:
        rows = [DisclosureDocument(kind=kind) for kind in kinds]
        set_committed_value(self.disclosure, "documents", rows)

    def designation(self, recipients: list[str] | None, **changes: Any) -> None:
        row = None
        if recipients is not None:
            day = today()
            covered = {
                "recipient_kinds": recipients,
                "purposes": list(policy().disclosure.purposes),
                "item_kinds": list(ITEM_KINDS),
                "effective_on": day,
                "expires_on": day,
            }
            row = RoutineDesignation(**{**covered, **changes})
        set_committed_value(self.disclosure, "designation", row)

    def decision(
        self,
        kind: str | None,
        by: int | None,
        release_by: date | None = None,
        *,
        rendered: bool = True,
        submission: int = 1,
    ) -> None:
        rows = []
        if kind is not None:
            rows = [
                DisclosureDecision(
                    kind=kind,
                    decided_by_id=by,
                    submission=submission,
                    asked_by_id=self.asker,
                    release_by=release_by or today() + timedelta(days=5),
                    document_blob_id="d" * 32 if rendered else None,
                )
            ]
        set_committed_value(self.disclosure, "decisions", rows)

    def package(self, fetched_at: Any = None, expires_at: Any = None, number: int = 1) -> None:
        expires_at = expires_at or now() + timedelta(hours=1)
        rows = [DisclosurePackage(number=number, fetched_at=fetched_at, expires_at=expires_at)]
        set_committed_value(self.disclosure, "packages", rows)

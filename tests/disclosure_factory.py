"""Disclosures at any stage, made through the real domain verbs, from one case prepared once for the session.

A module that imports `settings` and `disclose` from here starts every test with a case of two reported requests: a
possible match filed by d.lark, a negative result filed by m.heron under the same case number.

    disclosure = disclose(state="approved")                               # prosecutor, D6, all items, asked by d.lark
    disclosure = disclose(state="released", recipient="court", basis="D2")

People unless told otherwise: d.lark asks, y.hazel (Agency Privacy Officer) approves, b.juniper (records officer)
determines where the basis needs no approval.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask

from app.calendar import today
from app.domain.disclosures import designations
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.contradictions import contradictions_of
from app.domain.disclosures.designations import DesignationValues
from app.domain.disclosures.items import required
from app.domain.disclosures.verbs import DisclosureValues
from app.extensions import db, stores
from app.models import Disclosure, RoutineDesignation
from app.models.disclosures import ITEM_KINDS
from app.policy import policy
from app.policy.base import Fact
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from config.settings import Settings
from demo.people import person
from tests.conftest import fresh_settings
from tests.data_cache import DataCache
from tests.nominated_request import prepared
from tests.request_factory import RequestFactory
from tests.stage_copies import StageCopies

CASE = "2026-075-01234"
DEMAND = b"%PDF-1.4 a supporting document of the tests"
TEXT = "The disclosure is lawful on the basis that the request names."
ANSWERED = "The officer asked the recipient and saw the order of the court."
REASON = "The recipient is who it says, and the items are no more than the purpose needs."


def answer(fact: Fact) -> str:
    """Return an answer that the question accepts."""
    if fact.must_be:
        return fact.must_be
    if fact.kind == "choice":
        return fact.choices[0].value
    if fact.kind == "date":
        return (today() - timedelta(days=3)).isoformat()
    if fact.kind in ("yesno", "number"):
        return "yes" if fact.kind == "yesno" else "1"
    return {"person": "Robin Sandpiper", "name": "Noel Egret"}.get(fact.name, f"As written down for {fact.label}")[:200]


def answered(disclosure: Disclosure) -> dict[str, str]:
    """Return an answer to everything that speaks against the request."""
    return {one.key: f"{ANSWERED} It was said: {one.said[:40]}" for one in contradictions_of(disclosure)}


def answers(facts: tuple[Fact, ...]) -> dict[str, str]:
    """Return answers that all of the questions accept."""
    return {fact.name: answer(fact) for fact in facts}


def purpose_for(kind: str, basis: str) -> str:
    """Return a purpose that this recipient may have on this basis; any of its own where the basis does not serve it."""
    rules = policy().disclosure
    own, covered = rules.recipients[kind].purposes, rules.bases[basis].purposes
    return next((purpose for purpose in own if purpose in covered), own[0])


def values(kind: str = "prosecutor", basis: str = "D6", /, **changes: Any) -> DisclosureValues:
    """A complete request to this kind of recipient on this basis; `changes` replace fields."""
    rules = policy().disclosure
    asked = rules.recipients[kind]
    stated: dict[str, Any] = {
        "recipient_kind": kind,
        "basis": basis,
        "recipient": answers(rules.addressee.facts),
        "recipient_facts": answers(asked.facts),
        "facts": answers(rules.bases[basis].facts),
        "purpose": purpose_for(kind, basis),
        "immigration": "no",
        "identity": answers(rules.identity.facts),
        "agreement": answers(rules.agreement.facts) if asked.needs_agreement else {},
        **answers(rules.minimum.facts),
    }
    if asked.needs_agreement:
        known = next(one for one in policy().registers.agencies.values() if kind in one.kinds)
        stated["recipient_facts"]["agency"], stated["agreement"]["reference"] = known.title, known.reference
    return DisclosureValues(**{**stated, **changes})


def required_items(case_number: str) -> list[tuple[str, str]]:
    """(kind, uid) of what the prosecutor's package must hold."""
    return [(thing.kind, thing.uid) for thing in required(case_number)]


#: stages after which many tests go different ways
WAYPOINTS = {"submit", "decide", "build"}


class DisclosureFactory:
    """Makes disclosures; each stage takes one a step on and can be called by itself."""

    PATH: ClassVar[dict[str, tuple[str, ...]]] = {
        "draft": ("fill",),
        "submitted": ("submit",),
        "approved": ("decide",),
        "releasing": ("release",),
        "released": ("build",),
        "fetched": ("fetch",),
        "acknowledged": ("acknowledge",),
    }
    #: states beside the path: (state they branch off, stages)
    BRANCHES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {
        "returned": ("submitted", ("send_back",)),
        "refused": ("submitted", ("refuse",)),
        "withdrawn": ("submitted", ("withdraw",)),
        "expired": ("approved", ("lapse",)),
    }

    def __init__(self, app: Flask, people: Any, run_jobs: Callable[[], int], copies: StageCopies | None = None) -> None:
        """`copies`: where the first disclosure of a portal that only saw people yet may be taken from, and is put."""
        self.app, self.people, self.run_jobs = app, people, run_jobs
        self.copies = copies or StageCopies(app)
        self.parts: dict[str, Any] = {}

    def __call__(
        self,
        state: str = "submitted",
        *,
        recipient: str = "prosecutor",
        basis: str = "D6",
        asker: str = "d.lark",
        case_number: str = CASE,
        **parts: Any,
    ) -> Disclosure:
        """A disclosure in `state` ("fetched" is released with its package taken out); `parts` go to the stages."""
        self.parts = {"recipient": recipient, "basis": basis, **parts}
        actor = self.people.actor(asker)
        for name in ("y.hazel", "b.juniper"):
            self.people.account(name)
        stages = self.stages_to(state)
        names = self.copies.names(stages, asker, case_number, self.parts)
        if done := self.copies.put_back(names):
            disclosure = db.session.query(Disclosure).order_by(Disclosure.id.desc()).first()
        else:
            with unit_of_work():
                disclosure = disclosures.create_draft(actor, case_number)
        for number, stage in enumerate(stages[done:], done):
            getattr(self, stage)(disclosure)
            if names and (stage in WAYPOINTS or number == len(stages) - 1):
                self.copies.keep(names[number])
        return disclosure

    def go_on(self, disclosure: Disclosure, state: str, since: str) -> Disclosure:
        """Take an existing disclosure on to `state` from the state `since`."""
        for stage in self.stages_to(state, since):
            getattr(self, stage)(disclosure)
        return disclosure

    def stages_to(self, state: str, since: str | None = None) -> list[str]:
        """The stages to `state`, from nothing or from the state `since`."""
        before, last = self.BRANCHES.get(state, (state, ()))
        path = list(self.PATH)
        begin = 0 if since is None else path.index(since) + 1
        return [stage for name in path[begin : path.index(before) + 1] for stage in self.PATH[name]] + list(last)

    def designation(self, **changes: Any) -> RoutineDesignation:
        """A routine designation in force, covering everything unless told otherwise."""
        officer, rules, day = self.people.actor("y.hazel"), policy().disclosure, today()
        stated: dict[str, Any] = {
            "title": "Routine disclosures of the tests",
            "scope": "Everything that a test asks for, for one year.",
            "recipient_kinds": list(rules.recipients),
            "purposes": list(rules.purposes),
            "item_kinds": list(ITEM_KINDS),
            "effective_on": day - timedelta(days=30),
            "expires_on": day + timedelta(days=30),
        }
        with unit_of_work():
            return designations.designate(officer, DesignationValues(**{**stated, **changes}))

    # Stages ------------------------------------------------------------------------------------------------

    def fill(self, disclosure: Disclosure) -> None:
        """Complete the draft: values, items, the documents of its basis."""
        actor, parts = self.people.actor(disclosure.asked_by.name), self.parts
        changes = dict(parts.get("values", {}))
        if parts["basis"] == "D5" and "designation" not in changes:
            changes["designation"] = self.designation().number
        with unit_of_work():
            disclosures.save_draft(disclosure, actor, values(parts["recipient"], parts["basis"], **changes))
            disclosures.set_items(disclosure, actor, parts.get("items", required_items(disclosure.case_number)))
        for kind in policy().disclosure.bases[parts["basis"]].documents:
            self.document(disclosure, kind)

    def document(self, disclosure: Disclosure, kind: str, content: bytes = DEMAND) -> None:
        """Attach a supporting document."""
        actor = self.people.actor(disclosure.asked_by.name)
        stored = stores().blobs.put(disclosure.key_id, content)
        with unit_of_work():
            disclosures.add_document(disclosure, actor, kind, stored, "application/pdf", "document.pdf")

    def submit(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(disclosure.asked_by.name)
        with unit_of_work():
            (disclosures.submit if disclosure.state == "draft" else disclosures.resubmit)(disclosure, actor)

    def decide(self, disclosure: Disclosure) -> None:
        """The Agency Privacy Officer approves where the basis needs it, else a records officer determines."""
        officer = policy().disclosure.bases[disclosure.basis].decided_by == "privacy_officer"
        actor = self.people.actor(self.parts.get("decider", "y.hazel" if officer else "b.juniper"))
        included = {item.uid for item in disclosure.items} - set(self.parts.get("left_out", ()))
        with unit_of_work():
            verb = disclosures.approve if officer or actor.name == "y.hazel" else disclosures.determine
            verb(
                disclosure,
                actor,
                text=TEXT,
                reason=REASON,
                included=included,
                conditions=self.parts.get("conditions", ""),
                release_by=self.parts.get("release_by"),
                answers=answered(disclosure),
                password_confirmed=True,
            )
        self.run_jobs()
        db.session.refresh(disclosure)

    def release(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(self.parts.get("releaser", disclosure.asked_by.name))
        with unit_of_work():
            disclosures.release(disclosure, actor)

    def build(self, disclosure: Disclosure) -> None:
        """Do the worker's part."""
        self.run_jobs()
        db.session.refresh(disclosure)
        assert disclosure.state == "released", disclosure.private.get("release_failure", disclosure.state)

    def fetch(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(self.parts.get("releaser", disclosure.asked_by.name))
        with unit_of_work():
            disclosures.begin_fetch(disclosure, actor, None)
        with unit_of_work():
            disclosures.fetch(disclosure, actor, None)

    def acknowledge(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(self.parts.get("releaser", disclosure.asked_by.name))
        with unit_of_work():
            disclosures.acknowledge(disclosure, actor, "Noel Egret", "Handed over in person", today())

    def send_back(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(self.parts.get("decider", "y.hazel"))
        with unit_of_work():
            disclosures.return_for_changes(disclosure, actor, "Say how the identity was confirmed.")

    def refuse(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(self.parts.get("decider", "y.hazel"))
        with unit_of_work():
            disclosures.refuse(disclosure, actor, text=TEXT, reason=REASON, password_confirmed=True)

    def withdraw(self, disclosure: Disclosure) -> None:
        actor = self.people.actor(disclosure.asked_by.name)
        with unit_of_work():
            disclosures.withdraw(disclosure, actor, "The recipient no longer needs it.")

    def lapse(self, disclosure: Disclosure) -> None:
        """Let the last day pass, as the calendar would, and run the sweep."""
        set_back(disclosure, release_by=today() - timedelta(days=1))
        with unit_of_work():
            disclosures.expire_due()


def set_back(row: Any, **columns: Any) -> None:
    """Move times of a row into the past, which no verb does."""
    from app import audit

    with unit_of_work():
        for name, value in columns.items():
            setattr(row, name, value)
        audit.record("disclosure.saved", row, fields=sorted(columns))


def refused(rule: str) -> Any:
    """Expect a refusal by this rule, and a unit of work that keeps nothing."""
    return pytest.raises(Refused, match=f"^{rule}: ")


@pytest.fixture(scope="session")
def reported_data(
    data_cache: DataCache, session_settings: Settings, empty_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder that holds a case of two reported requests: a possible match and a negative result."""

    def work(make: RequestFactory) -> None:
        make.request(state="reported", images=2, case_number=CASE)
        unknown = {"requester": "m.heron", "supervisor": "t.birch", "seed": 9, "gallery": [person(7)]}
        other = make.request(state="negative", case_number=CASE, **unknown)
        make.run_jobs()
        assert other.state == "reported"

    return prepared("reported", data_cache, session_settings, empty_data, tmp_path_factory.mktemp("reported"), work)


@pytest.fixture
def settings(session_settings: Settings, reported_data: Path, data_folder: Path) -> Settings:
    """Settings of one test, on a copy of the prepared case."""
    return fresh_settings(session_settings, reported_data, data_folder)


@pytest.fixture
def disclose(app: Flask, people: Any, run_jobs: Callable[[], int], copies: StageCopies) -> DisclosureFactory:
    """disclose(state="approved") makes a disclosure from the prepared case."""
    copies.starting_at("reported")
    return DisclosureFactory(app, people, run_jobs, copies)


__all__ = ["CASE", "DisclosureFactory", "answers", "disclose", "reported_data", "set_back", "settings", "values"]

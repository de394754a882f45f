"""One portal with requests in every stage, built once and put back after every change."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import audit
from app.calendar import today
from app.domain.disclosures import incidents
from app.domain.identification import repeats
from app.domain.oversight import exports
from app.domain.oversight.audit_trail import Filter
from app.domain.peers import proficiency
from app.extensions import db, stores
from app.jobs import handlers
from app.jobs.runner import perform
from app.models import (
    Account,
    AlgorithmChange,
    Disclosure,
    FRRequest,
    GalleryImport,
    ImportSample,
    Incident,
    LeftCopy,
    LineUp,
    LoginSession,
    MisuseReport,
    ProficiencyItem,
    RoutineDesignation,
    SealedCopy,
    SealingNotice,
    TrainingRecord,
)
from app.models.base import now
from app.unit_of_work import unit_of_work
from demo.people import person
from demo.proficiency import drawn_items
from tests.conftest import People, token_of
from tests.disclosure_factory import DisclosureFactory
from tests.request_factory import NARRATIVE, RequestFactory
from tests.sweep.keeping import Keeping
from tests.sweep.personas import PERSONAS
from tests.web.page_checker import CheckedClient

if TYPE_CHECKING:
    from tests.sweep.pages import Shown
    from tests.sweep.questions import Row

#: words that only the examiner, one peer, or the investigator wrote; where they appear is what the sweep looks at
SECRETS = {
    "nomination_note": "Nominated because the Zanzibar ear lobe agrees.",
    "difference": "Quagmire bridge of the nose is broader.",
    "peer_reason": "Peer opinion Xylophone: the chin agrees as well.",
    "mark": "Krakatoa scar above the brow.",
    "background": {"records_checked": "Background Pernambuco: custody records were read."},
}
LONG = "Unterhaltungselektronikgroßhandelsgesellschaft" * 6
#: what the requests of the world are brought to; all by d.lark, discussed with s.alder, examined by k.rowan
STATES = (
    "draft",
    "submitted",
    "discussed",
    "awaiting_images",
    "accepted",
    "probe_selected",
    "searched",
    "under_examination",
    "peer_reviewed",
    "approved",
    "reported",
    "closed",
)
#: what the disclosures of the world are brought to; "d_" stands before each name
DISCLOSED = ("draft", "submitted", "approved", "released", "fetched")


class SweepClient(CheckedClient):
    """As CheckedClient, but an error page that looked right once is not checked again for the same person."""

    def _check(self, response: TestResponse) -> None:
        seen = self.__dict__.setdefault("_seen", set())
        if response.status_code in {400, 401, 403, 404}:
            if response.status_code in seen:
                return
            seen.add(response.status_code)
        super()._check(response)


@dataclasses.dataclass
class World:
    """The portal, its people and its requests by name."""

    app: Flask
    store: Keeping
    make: RequestFactory
    requests: dict[str, int] = dataclasses.field(default_factory=dict)
    #: what is no request, by name: its table and id
    others: dict[str, tuple[type, int]] = dataclasses.field(default_factory=dict)
    tokens: dict[str, str] = dataclasses.field(default_factory=dict)
    sessions: dict[str, str] = dataclasses.field(default_factory=dict)
    misuse: str = ""
    #: what retention is about, by name: the value that stands in its address
    kept: dict[str, str] = dataclasses.field(default_factory=dict)
    #: what was asked of it once as it was built (tests/sweep/questions.py): addresses by method, fields of forms
    questions: dict[str, list[tuple[Row, str]]] = dataclasses.field(default_factory=dict)
    forms: list[dict[str, str]] = dataclasses.field(default_factory=list)
    #: what each persona was shown of it (tests/sweep/pages.py)
    shown: dict[str, list[Shown]] = dataclasses.field(default_factory=dict)

    @classmethod
    def build(cls, settings: Any, data: Path, run_jobs: Callable[[], int]) -> World:
        from app.factory import create_app

        app = create_app(settings)
        app.testing = True
        app.test_client_class = SweepClient
        with app.app_context():
            world = cls(app, Keeping(app, data), RequestFactory(app, People(), run_jobs))
            world.fill()
        return world

    # What there is -----------------------------------------------------------------------------------------

    def fill(self) -> None:
        people = self.make.people
        for account in filter(None, PERSONAS.values()):
            if account != "p.puffin":
                people.account(account)
        for index, state in enumerate(STATES):
            # nothing related to this one's probe was searched before, so that its search can be started
            own = {"seed": 33} if state == "probe_selected" else {}
            # a height that nobody in the repository comes near: there is something for a supervisor to judge
            own |= {"values": {"description": {"height_in": "40"}}} if state == "peer_reviewed" else {}
            self._request(state, state, index, **own)
        examined = self.get("under_examination")
        self.make.mark(examined, examined.current_round.search.candidates[0])
        self.make.prepare(self.get("probe_selected"), reason="Prepared because the Serendipity lamp stood behind.")
        self._request("nominated", "nominated", 90)
        with self._parts(peer_reason=SECRETS["peer_reason"]):
            self.make.peer(self.get("nominated"), "j.maple")
            for name, person in (("line_given", "j.maple"), ("line", "n.finch")):
                self.others[name] = (LineUp, self.make.line_up(self.get("nominated"), person).id)
        self._proficiency()
        self._request("negative", "negative", 91)
        self.make.run_jobs()
        self._request(
            "long", "discussed", 92, values={"narrative": f"{NARRATIVE} {LONG * 12}", "priority_reason": LONG}
        )
        self._request("colleague", "submitted", 93, requester="m.heron")
        self._request("repeat", "probe_selected", 94)
        with unit_of_work():
            repeats.ask(self.get("repeat"), self.make.people.actor("k.rowan"), "The repository changed since.")
        self._misuse()
        self._change()
        self._disclosures()
        self._retention()
        self._sealings()
        self._import()
        self._files()
        self._sign_in_all()

    def _proficiency(self) -> None:
        """One known-truth comparison, measured and given to nobody yet."""
        [(probe, photograph, same, note)] = drawn_items(1)
        key = stores().keys.create()
        first, second = proficiency.store(key, (probe, photograph))
        with unit_of_work():
            item = proficiency.add(
                None, key, (probe, first), (photograph, second), same=same, source="drawn", note=note
            )
            self.others["item"] = (ProficiencyItem, item.id)
        self.make.run_jobs()

    def _disclosures(self) -> None:
        """Disclosures from the case of the reported request, all asked for by d.lark, decided by y.hazel."""
        case = self.get("reported").case_number
        disclose = DisclosureFactory(self.app, self.make.people, self.make.run_jobs)
        for state in DISCLOSED:
            made = disclose(state=state, basis="D2", case_number=case)
            self.others[f"d_{state}"] = (Disclosure, made.id)
        self.others["designation"] = (RoutineDesignation, disclose.designation().id)
        officer, released = self.make.people.actor("y.hazel"), self.get("d_fetched")
        with unit_of_work():
            made = incidents.record(officer, released, now(), "A page was added to the package by hand afterwards.")
        self.others["incident"] = (Incident, made.id)

    def _request(self, name: str, state: str, index: int, **parts: Any) -> None:
        made = self.make.request(state=state, case_number=f"2026-075-{10_000 + index}", **{**SECRETS, **parts})
        self.requests[name] = made.id

    def _parts(self, **parts: Any) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def changed() -> Any:
            before, self.make.parts = self.make.parts, {**self.make.parts, **parts}
            yield
            self.make.parts = before

        return changed()

    def _misuse(self) -> None:
        from app.domain.oversight.misuse import report_misuse

        actor = self.make.people.actor("d.lark")
        with unit_of_work():
            self.misuse = report_misuse(actor, "Somebody searched for a neighbor.", "/", named=True).uid

    def _change(self) -> None:
        """A change of the algorithm that was only written down."""
        begun_by = self.make.people.account("f.spruce")
        with unit_of_work() as rows:
            change = AlgorithmChange(
                number="AC-2026-000001",
                source_model="one",
                source_digest="1" * 64,
                target_model="two",
                target_digest="2" * 64,
                begun_by_id=begun_by.id,
            )
            rows.add(change)
            rows.flush()
            audit.record("gallery.measured", change, photos=0, version="1")
            self.others["change"] = (AlgorithmChange, change.id)

    def _retention(self) -> None:
        """Case records by state, holds by who placed them, disposals by how far they are; all kept by b.juniper."""
        from tests.retention_factory import RetentionFactory

        keep, kept = RetentionFactory(self.make, self.make.people), self.kept
        kept["open"] = keep.record("open", case_number="2026-075-20001").case_number
        kept["closed"] = keep.record("closed", case_number="2026-075-20002").case_number
        due = keep.record(case_number="2026-075-20003")
        kept["due"] = due.case_number
        kept["file"] = keep.person(due, "Robin Quill").uid
        held = keep.record(case_number="2026-075-20004")
        kept["hold"] = keep.hold(held).number
        kept["other_hold"] = keep.hold(held, placer="y.hazel").number
        first = {"first": "y.hazel", "second": "p.aspen"}
        for number, state in enumerate(("proposed", "once_approved", "disposed"), 20005):
            targets = [keep.record(case_number=f"2026-075-{number}")]
            kept[state] = keep.disposal(state, targets=targets, **first).number

    def _sealings(self) -> None:
        """Orders about people whom no request of the world listed: one certified, with a notice; one not yet."""
        from app.domain.sealing import verbs as sealing
        from app.domain.sealing.order_statement import OrderStatement

        keeper = self.make.people.actor("b.juniper")
        for name, seed in (("sealed", 55), ("sealing", 56)):
            [photo] = self.make.enrol([person(seed)])
            statement = OrderStatement("sealed", f"IND-{seed}", "Criminal Court", today(), (photo.record_number,))
            order, _ = sealing.execute(statement, keeper, "page")
            if name == "sealed":
                self.make.run_jobs()
            self.kept[name] = order.number
        order = sealing.order_by_number(self.kept["sealed"])
        with unit_of_work():
            notice = SealingNotice(order=order, kind="privacy_officer", about_type="disclosure", about="D-2026-000001")
            db.session.add(notice)
            notice.seal(text="A photograph in the disclosure was sealed.")
            audit.record("sealing.notice_edited", order, actor=keeper, notice=notice.kind, about=notice.about)
            copy = SealedCopy(order=order, kind="package", about="D-2026-000001", number="R-1", delivered_at=now())
            key = stores().keys.create()
            left = LeftCopy(key_id=key, kind="package", about="D-2026-000001", number="R-1", delivered_at=now())
            db.session.add_all([copy, left])
        self.kept["notice"], self.kept["copy"], self.kept["left_copy"] = notice.uid, copy.uid, left.uid

    def _import(self) -> None:
        """An import that ended and whose sample waits; none of its records is there any more."""
        with unit_of_work() as rows:
            of = GalleryImport(kind="folder", folder="import", content="c" * 64, records=1, state="done")
            of.key_id = stores().keys.create()
            of.samples.append(ImportSample(number=1, drawn_at=now(), records=[]))
            rows.add(of)
            rows.flush()
            audit.record("gallery.sample_drawn", of, batch=of.uid, sample=1, records=0)
        self.kept["import"] = of.uid

    def _files(self) -> None:
        """The file of the audit trail, for h.larch who asked for it."""
        watcher = self.make.people.actor("h.larch")
        with unit_of_work():
            self.kept["export"] = exports.ask_for("audit", Filter(), watcher).uid
        handlers.load()
        perform(self.kept["export"])  # this one alone: another job of the world would end what a row needs open

    def _sign_in_all(self) -> None:
        from app.access.directory import lookup
        from app.access.sessions import accept_terms, digest, sync_account
        from app.domain.accounts.acknowledgement import acknowledge

        for persona, name in PERSONAS.items():
            if name is None:
                continue
            token = secrets.token_urlsafe(16)
            with unit_of_work():
                account = sync_account(lookup(name))
                acknowledge(account)
                opened = LoginSession(
                    token_digest=digest(token),
                    account_id=account.id,
                    last_seen_at=now(),
                    expires_at=now() + timedelta(hours=8),
                )
                db.session.add(opened)
            if persona != "no_terms":
                accept_terms(account)
            self.tokens[persona], self.sessions[persona] = token, opened.uid

    def get(self, name: str) -> Any:
        """A request, disclosure, designation or incident by its name, in the open application context."""
        if name in self.others:
            return db.session.get_one(*self.others[name])
        return db.session.get_one(FRRequest, self.requests[name])

    def account(self, persona: str) -> Account:
        return db.session.query(Account).filter_by(name=PERSONAS[persona]).one()

    # Putting back ------------------------------------------------------------------------------------------

    def keep(self, name: str = "kept") -> None:
        """Remember the present contents, under a name, as those to put back."""
        self.store.keep(name)

    def restore(self, name: str = "kept") -> None:
        """Everything as it was kept."""
        self.store.restore(name)

    # Asking ------------------------------------------------------------------------------------------------

    def client(self, persona: str) -> FlaskClient:
        """The browser of a persona."""
        from app.access.sessions import TOKEN

        client = self.app.test_client()
        if persona in self.tokens:
            with client.session_transaction() as session:
                session[TOKEN] = self.tokens[persona]
        return client

    def csrf(self, client: FlaskClient, persona: str) -> str:
        """A token from a page this person really gets."""
        page = {"anonymous": "/sign-in", "no_terms": "/terms"}.get(persona, "/report-misuse")
        return token_of(client, page)

    def address(self, rule: Rule, on: str) -> str:
        """The address of a route for an object of the world."""
        from tests.sweep.addresses import values_of

        with self.app.test_request_context():
            return rule.build(values_of(self, rule, on))[1]

    def training_of(self, persona: str) -> TrainingRecord:
        return self.account(persona).training[-1]

    def report_of_misuse(self) -> MisuseReport:
        return db.session.query(MisuseReport).filter_by(uid=self.misuse).one()


def outcome(response: TestResponse) -> str:
    """Return the outcome of a question: in, refused, hidden, not_now, sign-in, terms, or a status nobody should get."""
    status, place = response.status_code, response.headers.get("Location", "")
    led, sign_in = status in {302, 303}, place.startswith("/sign-in?next=")
    if "HX-Redirect" in response.headers:  # what a redirect is to htmx, which tells of no page to go on with
        led, place = status == 200, response.headers["HX-Redirect"]
        sign_in = place.split("?")[0] == "/sign-in"
    if status == 401 or (led and sign_in):
        return "sign-in"
    if led and place.split("?")[0] == "/terms":
        return "terms"
    if status == 403:
        return "refused"
    if status == 404:
        return "hidden"
    if status == 409:
        return "not_now"
    if status < 400 or status in {410, 422}:
        return "in"
    return f"status {status}"

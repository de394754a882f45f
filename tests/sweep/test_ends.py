"""After a case came to every end there is, every list and home still opens, for everyone concerned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.calendar import today
from app.domain.disclosures import incidents
from app.domain.identification import verbs as identification
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db
from app.models import FRRequest, Incident
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from app.workflow.engine import subjects
from demo.people import person
from tests.disclosure_factory import DisclosureFactory
from tests.drawn_gallery import needs_models
from tests.policy.subjects import MAKERS
from tests.retention_factory import RetentionFactory
from tests.sweep.world import World

pytestmark = [needs_models, pytest.mark.timeout(600)]

#: everybody with a part in what ended, and those who watch over it: the pages of a request that are theirs
CONCERNED: dict[str, tuple[str, ...]] = {
    "requester": ("/requests/{}", "/requests/{}/retention"),
    "named_supervisor": ("/discussions/{}",),
    "examiner": ("/review/{}",),
    "peer_done": (),
    "supervisor": ("/final-review/{}", "/workload/{}"),
    "privacy": (),
    "records": (),
    "integrity": (),
    "administrator": (),
}
#: lists that can be narrowed to a state, and who reads them
NARROWED = {"requester": "/requests", "examiner": "/review"}
#: ends and turns of a request that the world does not have yet; each is filed by d.lark
REQUESTS = ("withdrawn", "refused", "superseded", "continued", "documented", "unexamined")
DISCLOSURES = ("returned", "refused", "withdrawn", "expired", "acknowledged")


@pytest.fixture(scope="module")
def ends(built_world: World) -> Iterator[World]:
    """The world, with one case at each end."""
    built_world.restore()
    with built_world.app.app_context():
        _end(built_world)
        db.session.remove()
    built_world.keep("ends")
    yield built_world
    built_world.restore()


def _end(world: World) -> None:
    make, people = world.make, world.make.people
    keep, disclose = RetentionFactory(make, people), DisclosureFactory(world.app, people, make.run_jobs)
    for number, state in enumerate(REQUESTS, 30_001):
        make.request(state=state, case_number=f"2026-075-{number}", seed=61)
    _fail_search(make.request(state="searching", case_number="2026-075-30009", seed=64))
    _seal_nominee(world)
    for state in DISCLOSURES:
        disclose(state=state, basis="D2", case_number=world.get("reported").case_number)
    for number, state in enumerate(("withdrawn", "refused", "closed"), 30_020):
        record = keep.record(request=state, case_number=f"2026-075-{number}", seed=61)
        if state == "closed":
            disclose(state="acknowledged", basis="D2", case_number=record.case_number)
        keep.disposal("disposed", targets=[record], first="y.hazel", second="p.aspen")
    for state in ("declined", "withdrawn", "approved"):
        keep.disposal(state)
    keep.hold(keep.record(case_number=keep.free_number()), state="released")
    _close_incident(world)
    for state in policy().workflow("algorithm_change").states:
        if state.final:
            MAKERS["algorithm_change"].in_state(people, state.id)


def _fail_search(request: FRRequest) -> None:
    with unit_of_work():
        identification.fail_search(request.current_search, "The photograph could not be read.")


def _seal_nominee(world: World) -> None:
    """A sealing order about the one who stands before the peers."""
    request = world.make.request(
        state="nominated", case_number="2026-075-30010", seed=62, gallery=[person(62), person(63)]
    )
    record = request.current_round.nominee.photo.record_number
    statement = OrderStatement("sealed", "IND-62", "Criminal Court", today(), (record,))
    sealing.execute(statement, world.make.people.actor("b.juniper"), "page")
    world.make.run_jobs()


def _close_incident(world: World) -> None:
    officer = world.make.people.actor("y.hazel")
    with unit_of_work():
        made = incidents.record(officer, world.get("d_fetched"), now(), "A second page was added.")
    for step in (
        lambda: incidents.report_to_cpo(made, officer, "CPO-2026-17", now()),
        lambda: incidents.assess_harm(made, officer, "none", "The page named nobody."),
        lambda: incidents.decide_notice(made, officer, False, False, True, "No harm can come of it."),
        lambda: incidents.close(made, officer, "Nobody had to be notified."),
    ):
        with unit_of_work():
            step()
    assert db.session.get_one(Incident, made.id).state == "closed"


@pytest.fixture
def ended(ends: World) -> Iterator[World]:
    """As built; that each page is sound is checked elsewhere, here that it opens."""
    ends.restore("ends")
    ends.app.test_client_class, checked = FlaskClient, ends.app.test_client_class
    ends.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield ends
    ends.app.test_client_class = checked
    ends.app.config["PROPAGATE_EXCEPTIONS"] = None


@pytest.mark.clause("RET-11")
def test_the_world_holds_every_end_of_every_workflow(ended):
    """What is missing here would be missed by the tests below."""
    with ended.app.app_context():
        missing = [
            (name, state.id)
            for name, model in subjects().items()
            for state in policy().workflow(name).states
            if state.final and not db.session.scalars(select(model.id).where(model.state == state.id)).first()
        ]
    assert missing == []


def lists(world: World, persona: str) -> list[str]:
    """Every page whose address needs nothing in it: homes, lists, registers; and a list narrowed to each state."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]
    rules = [rule for rule in rules if not rule.rule.endswith(".csv")]
    states = [*(state.id for state in policy().workflow("request").states), "with_unit"]
    narrowed = [f"{NARROWED[persona]}?state={state}" for state in states if persona in NARROWED]
    shown = [f"/review?show={name}" for name in ("mine", "unassigned", "open", "ended") if persona == "examiner"]
    return [*sorted({rule.rule for rule in rules}), *narrowed, *shown]


@pytest.mark.clause("RET-11", "ACC-1")
@pytest.mark.parametrize("persona", CONCERNED)
def test_every_list_and_home_opens_after_every_end(ended, persona):
    client, faults = ended.client(persona), []
    with ended.app.app_context():
        numbers = list(db.session.scalars(select(FRRequest.number)))
    pages = [page.format(number) for page in CONCERNED[persona] for number in numbers]
    for address in (*lists(ended, persona), *pages):
        answer = client.get(address)
        if answer.status_code >= 500:
            faults.append(f"{address}: {answer.status_code}")
    assert faults == []


@pytest.mark.clause("RET-11", "ACC-11")
@pytest.mark.parametrize(("persona", "address"), [("requester", "/requests"), ("named_supervisor", "/discussions")])
def test_a_disposed_request_is_in_no_list(ended, persona, address):
    """No page of it exists for anybody (app/access/scoping.py), so no list leads to one."""
    with ended.app.app_context():
        gone = list(db.session.scalars(select(FRRequest.number).where(FRRequest.state == "disposed")))
    client = ended.client(persona)
    pages = [client.get(f"{address}?page={number}").get_data(as_text=True) for number in (1, 2, 3)]
    assert len(gone) == 3
    assert [number for number in gone if any(number in page for page in pages)] == []

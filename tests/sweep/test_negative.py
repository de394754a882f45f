"""A negative result is never called a lead: every page of such a request, as everybody, in every state it comes to.

What stands in the footer of every page is about possible matches. Lists hold other requests too: of them the rows are
read that name this one.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.access.directory import lookup
from app.access.sessions import TOKEN
from app.domain.approval import verbs as approvals
from app.domain.notices.mail import kind_of
from app.domain.notices.notifications import SENTENCES
from app.domain.requests import outcomes
from app.extensions import db
from app.models import Notification
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.request_factory import NARRATIVE
from tests.sweep.personas import PERSONAS, SIGNED_IN
from tests.web.page_reading import form_at, soup

pytestmark = pytest.mark.timeout(600)
LEAD = re.compile(r"\bleads?\b", re.IGNORECASE)
#: areas whose addresses name a request, one of its rounds or one of its searches
AREAS = {"requests", "review", "answers", "approval", "repeats", "workload", "peer_review", "replays"}
#: files and pictures, which other tests read; rendering each for everybody takes minutes
FILES = {
    "review.comparison_document",
    "review.modifications",
    "review.preview",
    "requests.report",
    "images.show",
    "oversight.export",
    "disclosures.export",
    "static",
}


def pages(world: Any, persona: str, *, of_something: bool) -> list[Rule]:
    """The routes of pages that the persona's roles open, of something or of nothing in particular."""
    held = policy().capabilities_of(lookup(PERSONAS[persona]).roles)
    return [
        rule
        for rule in world.app.url_map.iter_rules()
        if "GET" in rule.methods
        and rule.endpoint not in FILES
        and bool(rule.arguments) == of_something
        and held.intersection(world.app.view_functions[rule.endpoint].access.capabilities)
    ]


def addresses(world: Any, persona: str) -> list[str]:
    """Every page of the request "negative"; a route that needs what it lacks, such as a line, is left out."""
    found = []
    for rule in pages(world, persona, of_something=True):
        area, name = rule.endpoint.split(".")
        try:
            if area in AREAS:
                found.append(world.address(rule, "negative"))
        except (AttributeError, IndexError, KeyError):
            continue
        if (area, name) == ("retention", "case"):
            found.append(f"/retention/cases/{world.get('negative').case_number}")
    return found


def lists(world: Any, persona: str) -> list[str]:
    """The pages that hold other subjects too; the policy's own pages speak of none."""
    return [rule.rule for rule in pages(world, persona, of_something=False) if not rule.endpoint.startswith("policy.")]


def reader(world: Any, persona: str) -> FlaskClient:
    """The browser of a persona, of which no page is checked: the other sweeps do that with the same pages."""
    client = FlaskClient(world.app, world.app.response_class)
    with client.session_transaction() as session:
        session[TOKEN] = world.tokens[persona]
    return client


def leads_in(page: BeautifulSoup) -> list[str]:
    """The sentences of a page's main part that hold the word; what the investigator typed may say anything."""
    words = " ".join(page.get_text(" ").replace(NARRATIVE, " ").split())
    return [words[max(0, found.start() - 60) : found.end() + 30] for found in LEAD.finditer(words)]


def faults(world: Any, personas: list[str]) -> tuple[list[str], int]:
    """Where the word stands, and how many pages were read."""
    found, read = [], 0
    for persona in personas:
        client = reader(world, persona)
        with world.app.app_context():
            number = world.get("negative").number
            own, other = addresses(world, persona), lists(world, persona)
            db.session.remove()
        for address in own:
            answer = client.get(address)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                read += 1
                found += [f"{address} as {persona}: {words}" for words in leads_in(soup(answer).main)]
        for address in other:
            answer = client.get(address)
            if answer.status_code == 200 and answer.mimetype == "text/html" and number in answer.text:
                rows = [row for row in soup(answer).select("main tr, main li") if number in row.get_text()]
                read += len(rows)
                found += [f"{address} as {persona}: {words}" for row in rows for words in leads_in(row)]
    return found, read


@pytest.mark.clause("SRC-7", "USE-7")
def test_no_page_of_a_negative_request_speaks_of_a_lead(world):
    found, read = faults(world, SIGNED_IN)
    assert not found, "\n".join(found)
    assert read > 60, "the pages were not there to be read"


@pytest.mark.clause("SRC-7", "USE-8")
def test_nor_when_its_outcome_is_recorded_or_its_report_recalled(world):
    involved = ["requester", "named_supervisor", "examiner", "supervisor", "free_supervisor"]
    client = world.client("requester")
    with world.app.app_context():
        where = f"/requests/{world.get('negative').number}"
    form = soup(client.get(f"{where}/outcome"))
    offered = [radio["value"] for radio in form.select("input[name=outcome]")]
    assert offered == ["arrest", "identified_other_way", "no_arrest"], "nobody was listed who could be eliminated"
    for outcome in (*offered, "eliminated"):
        sent = form_at(client, f"{where}/outcome", f"{where}/outcome", outcome=outcome)
        part = client.post(f"{where}/outcome/questions", data=sent, headers={"HX-Request": "true"})
        assert part.status_code == 200
        refused = client.post(f"{where}/outcome", data={**sent, "shown_outcome": outcome})
        assert refused.status_code == 422
        assert not leads_in(soup(part)) + leads_in(soup(refused).main)
    assert "does not fit the result" in soup(refused).main.get_text()
    with world.app.app_context():
        request, actor = world.get("negative"), world.make.people.actor("d.lark")
        with unit_of_work():
            outcomes.close(request, actor, "no_arrest", {"why": "The complainant withdrew the complaint."})
        db.session.remove()
    found, _ = faults(world, involved)
    with world.app.app_context():
        request, supervisor = world.get("negative"), world.make.people.actor("c.hawthorn")
        with unit_of_work():
            approvals.recall(request, supervisor, "The probe was another image.", password_confirmed=True)
        db.session.remove()
    again, read = faults(world, involved)
    assert not found + again, "\n".join(found + again)
    assert read > 20, "the pages were not there to be read"


@pytest.mark.clause("SRC-7")
def test_nor_does_the_notification_or_the_mail(world):
    with world.app.app_context():
        request = world.get("negative")
        rows = db.session.query(Notification).filter_by(subject_type="request", subject_key=request.number).all()
        kinds = {row.kind for row in rows}
        db.session.remove()
    assert "negative_delivered" in kinds
    assert not [kind for kind in kinds if LEAD.search(SENTENCES[kind])]
    assert kind_of("negative_delivered") is kind_of("report_delivered"), "a mail does not tell which it is"
    assert "A result is" not in kind_of("negative_delivered").text


def test_the_words_of_a_result_stand_in_the_rule_file():
    results = policy().request.results
    assert set(results) == {"possible_match", "negative"}
    negative = results["negative"]
    assert not negative.is_lead
    said = (negative.title, negative.text, negative.heading, policy().notice(negative.notice).text)
    assert not [words for words in said if LEAD.search(words)]

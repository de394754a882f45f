"""What a page asks of the engine: each verb, condition and part of its subject at most once, with few statements."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.extensions import db
from app.workflow import engine
from app.workflow import options as asking
from app.workflow.registry import CONDITIONS
from demo.people import person
from tests.disclosure_factory import disclose, reported_data, settings  # noqa: F401  (fixtures)
from tests.sql_statements import queries, recorded
from tests.web.page_reading import form_at


class Asked:
    """What is asked while pages are looked at: (verb or condition, subject type, id) -> how often."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[tuple[str, str, int]] = Counter()
        real = engine.rule_for

        def step(subject: Any, verb: str, *rest: Any) -> Any:
            self.calls[verb, subject.subject_type, subject.id] += 1
            return real(subject, verb, *rest)

        patch.setattr(engine, "rule_for", step)
        patch.setattr(asking, "rule_for", step)
        for name, function in list(CONDITIONS.items()):

            def judged(subject: Any, *rest: Any, name: str = name, function: Any = function) -> str | None:
                self.calls[name, subject.subject_type, subject.id] += 1
                return function(subject, *rest)

            patch.setitem(CONDITIONS, name, judged)

    def page(self, client: Any, url: str, *, most: int, verbs: int = 1) -> None:
        """Open a page: nothing is asked twice, at least `verbs` verbs are, with at most `most` statements.

        As over the network, nothing is known at its beginning: what a test's session still held would not be asked for.
        """
        db.session.remove()
        self.calls.clear()
        with recorded() as statements:
            assert client.get(url).status_code == 200, url
        again = {asked: times for asked, times in self.calls.items() if times > 1}
        assert again == {}, f"{url} asks more than once"
        assert sum(name not in CONDITIONS for name, *_ in self.calls) >= verbs, f"{url} asks nothing"
        found = queries(statements)
        assert len(found) <= most, f"{url}: {len(found)} statements\n" + "\n".join(found)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def test_the_page_of_a_request_asks_once(make, sign_in, asked):
    client = sign_in("d.lark")
    draft, filed = make.request(state="draft"), make.request(state="submitted")
    asked.page(client, f"/requests/{draft.number}", most=23, verbs=2)
    asked.page(client, f"/requests/{filed.number}", most=17, verbs=2)
    asked.page(sign_in("s.alder"), f"/discussions/{filed.number}", most=14)


def test_the_pages_of_an_examination_ask_once(make, sign_in, asked):
    filed, chosen = make.request(state="discussed"), make.request(state="probe_selected")
    make.enrol([person(seed) for seed in (7, 21, 22, 23)])
    examined = make.request(state="under_examination", gallery=[person(7)])
    client, opened = sign_in("k.rowan"), examined.current_round.uid
    filed, chosen, examined = filed.number, chosen.number, examined.number
    asked.page(client, f"/review/{filed}", most=23, verbs=5)
    asked.page(client, f"/review/{chosen}", most=30, verbs=4)
    asked.page(client, f"/review/{chosen}/probe", most=13, verbs=2)
    asked.page(client, f"/review/{chosen}/prepare", most=12)
    asked.page(client, f"/review/{examined}", most=26)
    asked.page(client, f"/review/rounds/{opened}", most=13, verbs=0)


def test_the_file_of_a_final_review_asks_once(make, sign_in, asked):
    request = make.request(state="peer_reviewed", gallery=[person(7)])
    asked.page(sign_in("c.hawthorn"), f"/final-review/{request.number}", most=89, verbs=3)


@pytest.mark.parametrize(
    ("state", "most"),
    [
        ("draft", {"d.lark": 37}),
        ("submitted", {"d.lark": 24, "y.hazel": 32, "b.juniper": 26}),
        ("approved", {"d.lark": 34, "b.juniper": 36}),
        ("released", {"d.lark": 38, "b.juniper": 40}),
    ],
)
def test_the_page_of_a_disclosure_asks_once(disclose, sign_in, asked, state, most):
    disclosure = disclose(state=state, recipient="court", basis="D2")
    for name, statements in most.items():
        asked.page(sign_in(name), f"/disclosures/{disclosure.number}", most=statements)
    if state == "submitted":
        asked.page(sign_in("y.hazel"), f"/disclosures/{disclosure.number}/decide", most=37, verbs=3)


def test_a_page_made_again_after_a_refusal_asks_nothing_again(make, sign_in, asked):
    """The rule that bars the step and the page that says so are one answer."""
    full, bare, client = make.request(state="draft"), make.empty(), sign_in("d.lark")
    form = form_at(client, f"/requests/{full.number}", f"/requests/{full.number}/submit", version=bare.version)
    asked.calls.clear()
    answer = client.post(f"/requests/{bare.number}/submit", data=form)
    assert answer.status_code == 422
    assert asked.calls["submit", "request", bare.id] == 1
    assert {name: times for name, times in asked.calls.items() if times > 1} == {}

"""The pages of the world as each persona gets them, asked once for all tests that read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sweep.questions import Row, questions
from tests.sweep.world import World, outcome


@dataclass(frozen=True)
class Shown:
    """One page: what became of the question, what it said where it opened, its kind, and the tables that changed."""

    row: Row
    address: str
    outcome: str
    text: str
    kind: str
    changed: frozenset[str]


def ask(send: Any, address: str, **given: Any) -> tuple[str, Any]:
    """The outcome of one question and its answer; the page checker's complaint, when it has one, and no answer."""
    try:
        answer = send(address, **given)
    except AssertionError as faults:
        return f"a faulty page: {faults}", None
    return outcome(answer), answer


def pages(world: World, persona: str) -> list[Shown]:
    """Every page there is, asked as this persona of the world as it was built; needs it as built the first time."""
    if persona not in world.shown:
        client, found = world.client(persona), []
        for row, address in questions(world, "GET"):
            got, answer = ask(client.get, address)
            kind = answer.mimetype if got == "in" else ""
            legible = kind in {"text/html", "text/csv"}
            text = answer.get_data(as_text=True) if legible else ""
            found.append(Shown(row, address, got, text, kind, frozenset(world.store.changes())))
        world.shown[persona] = found
    return world.shown[persona]

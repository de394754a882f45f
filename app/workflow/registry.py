"""The Python side of the conditions and separations that the workflow files name.

A condition returns None when it holds, else a sentence that says what is missing in this case.
A separation returns the ids of the accounts that already hold that part in the subject.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.clauses import enforces

Condition = Callable[[Any, Any, Mapping[str, Any]], str | None]
Separation = Callable[[Any], set[int]]

CONDITIONS: dict[str, Condition] = {}
SEPARATIONS: dict[str, Separation] = {}
#: condition -> the verbs whose own form writes what it judges
WRITTEN_BY: dict[str, frozenset[str]] = {}
#: condition -> the fact by which a page names what that form may choose, to ask about it beforehand
CHOSEN_AS: dict[str, str] = {}


def condition(
    name: str, *clauses: str, written_by: Collection[str] = (), chosen_as: str = ""
) -> Callable[[Condition], Condition]:
    """Register the function behind a condition of a workflow file, as the enforcement point of these clauses.

    `written_by`: the verbs that write what the condition judges just before the step, from their form: no page can say
    beforehand whether it holds for them. `chosen_as`: unless it names the choice of that form in this fact, and asks
    about it.
    """

    def keep(function: Condition) -> Condition:
        if name in CONDITIONS:
            raise RuntimeError(f"condition {name} is written twice")
        CONDITIONS[name], WRITTEN_BY[name], CHOSEN_AS[name] = function, frozenset(written_by), chosen_as
        return enforces(*clauses)(function) if clauses else function

    return keep


def separation(name: str, *clauses: str) -> Callable[[Separation], Separation]:
    """Register the function behind a separation of persons."""

    def keep(function: Separation) -> Separation:
        if name in SEPARATIONS:
            raise RuntimeError(f"separation {name} is written twice")
        SEPARATIONS[name] = function
        return enforces(*clauses)(function) if clauses else function

    return keep

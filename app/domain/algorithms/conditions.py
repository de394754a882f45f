"""The conditions of a change of the algorithm (FAIR-2, FAIR-3), and that no photograph drops out by it (CAP-3)."""

from __future__ import annotations

from app.access.actor import Actor
from app.models.algorithms import AlgorithmChange
from app.workflow.facts import Facts
from app.workflow.registry import condition

NAMED = 5


@condition("one_change_at_a_time", "FAIR-3")
def one_change_at_a_time(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    other = facts.get("running")
    return f"The change {other} is not ended yet." if other else None


@condition("target_installed", "FAIR-2", "FAIR-3")
def target_installed(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    return str(facts.get("installed", "It is not known whether the other algorithm is installed.")) or None


@condition("every_photograph_accounted_for", "CAP-3", "FAIR-3")
def every_photograph_accounted_for(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    return _missing(facts, "one of both algorithms")


@condition("every_photograph_embedded", "CAP-3", "FAIR-3")
def every_photograph_embedded(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    return _missing(facts, "the algorithm to come")


def _missing(facts: Facts, of: str) -> str | None:
    count = facts.get("missing")
    if count is None:
        return "The photographs were not counted."
    what = "1 photograph has" if count == 1 else f"{count:,} photographs have"
    return f"{what} no template of {of} yet." if count else None


@condition("unembedded_decided", "CAP-3", "FAIR-1")
def unembedded_decided(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    records = facts.get("undecided")
    if records is None:
        return "The listed photographs were not looked through."
    if not records:
        return None
    named = ", ".join(records[:NAMED]) + (f" and {len(records) - NAMED:,} more" if len(records) > NAMED else "")
    return f"No template can be made of {named}, and nobody has decided on {'it' if len(records) == 1 else 'them'}."


@condition("evaluated_on_both", "FAIR-2", "FAIR-3")
def evaluated_on_both(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("measured_both") else "The two were not measured on the same photographs."


@condition("both_evaluated", "FAIR-2", "FAIR-3")
def both_evaluated(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    return None if change.evaluated_on else "The two algorithms were not evaluated in this change yet."


@condition("next_algorithm_evaluated", "FAIR-2", "FAIR-3")
def next_algorithm_evaluated(change: AlgorithmChange, actor: Actor, facts: Facts) -> str | None:
    status = facts.get("algorithm_status")
    if status is None:
        return "It is not known whether NIST evaluated the algorithm to come."
    return None if status.ok or facts.get("demonstration") else status.reason

"""The conditions of the workflows, each the enforcement point of the clauses it names; a module for each part.

A condition sees the subject as stored, the actor, and the facts given to `advance`; it answers None, or a sentence
that says what is missing in this case.
"""

from app.workflow.conditions import (
    algorithm,
    background,
    decision,
    disclosure,
    examination,
    filing,
    identification,
    incident,
    line_up,
    lineage,
    retention,
    sealing,
    workload,
)

__all__ = [
    "algorithm", "background", "decision", "disclosure", "examination", "filing", "identification", "incident",
    "line_up", "lineage", "retention", "sealing", "workload",
]  # fmt: skip

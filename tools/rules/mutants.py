"""The mutants: the program with one part of its rules taken away, in this process and nowhere else."""

from __future__ import annotations

from typing import Any

import msgspec

from app.access.scoping import SCOPES
from app.cli.enforcement_points import enforcement_points
from app.policy import loader, policy
from app.policy.bounds import bounds
from app.policy.proof import Enforced, Provable, provables
from app.policy.types import Policy
from app.workflow.registry import CONDITIONS, SEPARATIONS


def enforced() -> Enforced:
    """Return what the whole program registers."""
    points, faults = enforcement_points()
    if faults:
        raise RuntimeError("\n".join(faults))
    return Enforced(CONDITIONS, SEPARATIONS, {model.__name__: scope for model, scope in SCOPES.items()}, points)


def everything() -> list[Provable]:
    """Return all that must be proven of this checkout."""
    return list(provables(policy(), enforced()))


def take_away(one: Provable) -> None:
    """Weaken the running program by this one part; nothing puts it back, so the process must end with the mutant."""
    if one.kind == "condition":
        CONDITIONS[one.name] = lambda subject, actor, facts: None
    elif one.kind == "separation":
        SEPARATIONS[one.name] = lambda subject: set()
    elif one.kind == "scope":
        model = next(model for model in SCOPES if model.__name__ == one.name)
        SCOPES[model] = lambda rows, actor: rows
    else:
        _unbind(policy(), one.name)
        _unbind_whatever_is_loaded(one.name)


def _unbind(rules: Policy, name: str) -> None:
    for bound in bounds(rules):
        if f"{bound.path}.{bound.field}" == name:
            for field, value in bound.weaker.items():
                msgspec.structs.force_setattr(bound.table, field, value)
            return
    raise LookupError(name)


def _unbind_whatever_is_loaded(name: str) -> None:
    """A test may load the rule files itself: it gets the weakened rules too."""
    build: Any = loader._build

    def weakened(*args: Any) -> Policy:
        rules: Policy = build(*args)
        try:
            _unbind(rules, name)
        except LookupError:  # a copy that a test broke need not hold the rule
            pass
        return rules

    loader._build = weakened  # type: ignore[assignment]

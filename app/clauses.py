"""The register of where each clause is enforced, for the policy check and the compliance matrix."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

Enforcer = TypeVar("Enforcer", bound=Callable[..., object])

_points: defaultdict[str, set[str]] = defaultdict(set)


def enforces(*clause_ids: str) -> Callable[[Enforcer], Enforcer]:
    """Mark a function or class as the place that enforces the given clauses, e.g. ``@enforces("CAP-5")``.

    The object itself is returned unchanged. Raises ValueError when no clause is named.
    """
    if not clause_ids or not all(isinstance(clause_id, str) and clause_id for clause_id in clause_ids):
        raise ValueError('enforces() needs at least one clause id, for example @enforces("CAP-5").')

    def record(point: Enforcer) -> Enforcer:
        for clause_id in clause_ids:
            _points[clause_id].add(f"{point.__module__}:{point.__qualname__}")
        return point

    return record


def registry() -> Mapping[str, tuple[str, ...]]:
    """Clause id -> sorted ``module:qualname`` of every enforcement point imported so far (a snapshot)."""
    return MappingProxyType({clause_id: tuple(sorted(points)) for clause_id, points in _points.items()})

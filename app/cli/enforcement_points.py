"""The enforcement points of the whole program, for the policy check and the matrix."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import app
from app.clauses import registry


def enforcement_points() -> tuple[Mapping[str, tuple[str, ...]], list[str]]:
    """Clause id -> every place marked as enforcing it, after importing the whole program; and what cannot be imported.

    A module that fails to import hides its enforcement points, whatever its failure is.
    """
    faults: list[str] = []
    for module in pkgutil.walk_packages(app.__path__, "app.", onerror=lambda name: None):
        try:
            importlib.import_module(module.name)
        except Exception as error:
            faults.append(f"{module.name}: cannot be imported: {type(error).__name__}: {error}")
    return registry(), faults

"""A portal with a second network installed."""

from __future__ import annotations

import pytest

from app.domain.algorithms import registry as algorithms
from tests.second_network import second_entry, settings  # noqa: F401  (a fixture)


@pytest.fixture
def admin(people):
    return people.actor("f.spruce")


@pytest.fixture
def first(app) -> str:
    return algorithms.active().sha256


@pytest.fixture
def second() -> str:
    return second_entry().sha256

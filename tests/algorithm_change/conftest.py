"""A portal with a second network installed."""

from __future__ import annotations

import pytest

from app.domain import algorithms
from app.matching.catalogue import catalogue
from tests.changing import SECOND, second_entry, two_networks


@pytest.fixture
def settings(settings, monkeypatch):
    """With a second network installed and in the catalogue."""
    monkeypatch.setitem(catalogue().extractors, SECOND, second_entry())
    return two_networks(settings)


@pytest.fixture
def admin(people):
    return people.actor("f.spruce")


@pytest.fixture
def first(app) -> str:
    return algorithms.active().sha256


@pytest.fixture
def second() -> str:
    return second_entry().sha256

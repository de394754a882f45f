"""Copies of the rule files that a test may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.policy.loader import DEFAULT_DIRECTORY, load
from app.policy.types import Policy

Break = Callable[..., Path]


@pytest.fixture(scope="session")
def rules() -> Policy:
    return load(DEFAULT_DIRECTORY)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A whole copy of the rule files."""
    return Path(shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "policy"))


@pytest.fixture
def broken(copy: Path) -> Break:
    """Replaces the first ``old`` in a rule file by ``new``, appends when ``old`` is empty; gives the copy."""

    def edit(file: str, old: str, new: str) -> Path:
        path = copy / file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert old in text, f"{file} no longer holds {old!r}: the test must be renewed"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
        return copy

    return edit

"""Another version of the policy, for a test in which the rules change while people work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.policy import loader, policy

#: a sentence of the rules and what it becomes: a change that counts
FILE, BEFORE, AFTER = "identification/probe.toml", "effective = 2026-01-01", "effective = 2026-01-02"

Change = Callable[..., str]


@pytest.fixture
def another_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """another_policy(file, old, new): from now on the portal applies the rules so changed; returns their version.

    Without arguments the day of a file changes. What was changed before stays so.
    """
    folder = tmp_path / "another-policy"
    shutil.copytree(loader.DEFAULT_DIRECTORY, folder)

    def change(file: str = FILE, old: str = BEFORE, new: str = AFTER) -> str:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not say {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        monkeypatch.setattr(loader._held, "applied", loader.load(folder))
        return policy().version

    return change

"""The repository is bounded and counted by source (CAP-9)."""

from __future__ import annotations

from collections import Counter

import pytest

from app.domain.gallery import by_source
from app.domain.gallery.by_source import Room
from app.policy import policy
from tests.drawn_gallery import needs_models, row, run_import, write_folder

MOST = {"arrest": 3_000_000, "parole": 500_000}


@needs_models
@pytest.mark.clause("CAP-9")
def test_what_would_pass_the_bound_stays_out_also_in_parts_bypass(app, tmp_path, monkeypatch) -> None:
    """One place is left: of two records in one import, and of those of a second import, one enters."""
    there = by_source.standing
    nearly = Counter({("arrest", "criminal"): MOST["arrest"] - 1})
    monkeypatch.setattr(by_source, "standing", lambda: there() + nearly)
    for name, seeds in (("a", (1, 2)), ("b", (3,))):
        (tmp_path / name).mkdir()
        outcome = run_import(write_folder(tmp_path / name, [row(seed) for seed in seeds]))
        assert outcome.enrolled == (name == "a")
        assert [refusal.rules for _, refusal in outcome.refused] == [("gallery-arrest-bound",)]
    (tmp_path / "c").mkdir()
    assert run_import(write_folder(tmp_path / "c", [row(4, source="parole")])).enrolled == 1, "a bound for each source"
    told = {one.title: (one.count, one.most) for one in by_source.figures()}
    assert told == {"Arrest photographs": (MOST["arrest"], MOST["arrest"]), "Parole photographs": (1, MOST["parole"])}


@pytest.mark.clause("CAP-9")
@pytest.mark.parametrize("source", ["driver license", "", "arrest ", "Arrest photograph"])
def test_a_source_that_is_not_listed_has_no_room_bypass(app, source) -> None:
    assert Room().take(source).rules == ("gallery-source",)
    assert {name: rule.most for name, rule in policy().gallery.sources.items()} == MOST
    assert Room().take("ARREST") is None

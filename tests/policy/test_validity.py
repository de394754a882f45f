"""Rules begin and end on their days, take another form on a day, and the version says which of them applied."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from app.policy import loader
from app.policy.loader import Held, PolicyError, RuleFiles, load
from app.policy.texts import digest_of

OLD = 'id = "one-probe"\n'
ENDS = 'id = "one-probe"\nuntil = 2027-06-30\n'
NEXT = """
[[safeguard]]
id = "one-probe"
title = "One probe at a time"
text = "A search compares one face; the Deputy Commissioner may order another way."
authority = ["CAP-5"]
effective = 2027-07-01
"""
LAST, FIRST = date(2027, 6, 30), date(2027, 7, 1)


@pytest.fixture
def two_forms(broken) -> Path:
    """The rule files with a safeguard that takes another form on July 1, 2027."""
    broken("safeguards.toml", OLD, ENDS)
    return broken("safeguards.toml", "", NEXT)


def faults(copy: Path, day: date) -> str:
    with pytest.raises(PolicyError) as refused:
        load(copy, day)
    return str(refused.value)


def test_a_rule_takes_its_next_form_on_its_day(two_forms: Path) -> None:
    before, after = load(two_forms, LAST), load(two_forms, FIRST)
    assert "no search with several images" in before.safeguards["one-probe"].text
    assert "may order another way" in after.safeguards["one-probe"].text
    assert before.rules["one-probe"].until == LAST and after.rules["one-probe"].until is None


def test_the_same_files_are_another_version_once_another_form_applies(two_forms: Path) -> None:
    before, after = load(two_forms, LAST), load(two_forms, FIRST)
    assert before.texts == after.texts
    assert (before.since, before.ends, after.since, after.ends) == (None, FIRST, FIRST, None)
    assert before.version == digest_of(before.texts) != after.version == digest_of(after.texts, FIRST)
    assert load(two_forms, FIRST + timedelta(days=400)).version == after.version


def test_a_rule_that_ended_is_gone_the_day_after(broken) -> None:
    copy = broken("safeguards.toml", OLD, ENDS)
    assert "one-probe" in load(copy, LAST).rules
    assert "one-probe" not in load(copy, FIRST).rules


def test_a_process_that_runs_on_turns_to_the_rules_of_the_new_day(two_forms: Path, monkeypatch) -> None:
    """A portal that nobody restarts at midnight does not go on under rules that ended (waiting is no way around)."""
    held, today = Held(), [LAST]
    held.files = RuleFiles(two_forms, LAST)
    monkeypatch.setattr(loader, "present_day", lambda: today[0])
    first = held.policy()
    assert held.policy() is first
    today[0] = FIRST
    assert held.policy().version != first.version
    assert "may order another way" in held.policy().safeguards["one-probe"].text


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ('id = "one-probe"\nuntil = 2025-06-30\n', "one-probe: until 2025-06-30 lies before effective 2026-01-01"),
        ('id = "one-probe"\nuntil = "soon"\n', "safeguards.toml: one-probe: .*date"),
    ],
)
def test_days_that_cannot_be_are_named(broken, day, said) -> None:
    with pytest.raises(PolicyError, match=said):
        load(broken("safeguards.toml", OLD, day), date(2026, 11, 1))


def test_two_forms_never_apply_on_one_day(broken) -> None:
    broken("safeguards.toml", OLD, ENDS.replace("06-30", "07-01"))
    copy = broken("safeguards.toml", "", NEXT)
    assert "from 2027-07-01: safeguards.toml: one-probe: duplicate id" in faults(copy, date(2026, 11, 1))


def test_a_table_that_must_be_there_does_not_end(broken) -> None:
    copy = broken("identification/search.toml", "[candidates]\n", "[candidates]\nuntil = 2027-06-30\n")
    assert "[candidates] must always be there, so it cannot end" in faults(copy, date(2026, 11, 1))


def test_a_day_on_which_the_rules_would_not_fit_together_is_refused_at_once(broken) -> None:
    """Not on the day itself, when the portal is running and nobody looks."""
    own = 'id = "portal.use"\nuntil = 2027-06-30\n'
    said = faults(broken("roles.toml", 'id = "portal.use"\n', own), date(2026, 11, 1))
    assert "from 2027-07-01: roles.toml: " in said and "unknown capability 'portal.use'" in said

"""What a request has in common with other numbers, on words alone (REQ-2, RET-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.policy.matters.comparison import Likeness, Told, Window, compare, read
from app.policy.types import Policy
from tests.policy.matters.test_passages import OTHER, TEXT

FILED = datetime(2026, 11, 22, 12, tzinfo=UTC)


def told(rules: Policy, number: str, text: str, *, place: str = "", day: str = "2026-11-21", hours: int = 0) -> Told:
    answers = {"place": place, "date": day}
    return read(rules.request.proposal, f"FR-{number}", number, FILED - timedelta(hours=hours), answers, [text])


def common(rules: Policy, mine: Told, *others: Told) -> dict[str, list[Likeness]]:
    return compare(rules.request.proposal, Window([mine, *others]), mine, {mine.number})


@pytest.mark.clause("REQ-2")
def test_a_form_of_words_that_stands_under_many_numbers_counts_for_nothing(rules: Policy) -> None:
    """Until it is one each number was proposed, so that copies filed by the dozen hide none of the first."""
    many = 15
    mine = told(rules, "A", TEXT)
    copies = [told(rules, f"B-{one}", f"{TEXT} Of case {one} no more is known.") for one in range(many)]
    assert len(common(rules, mine, *copies[:-1])) == many - 1
    assert common(rules, mine, *copies) == {}


@pytest.mark.clause("REQ-2")
def test_both_kinds_come_first_then_the_larger_share_then_the_nearer_filing(rules: Policy) -> None:
    mine = told(rules, "A", TEXT, place="120 Fulton St")
    half = TEXT[: len(TEXT) // 2] + OTHER
    found = common(
        rules,
        mine,
        told(rules, "far", TEXT, hours=9),
        told(rules, "near", TEXT, hours=2),
        told(rules, "half", half, hours=1),
        told(rules, "both", half, place="120 Fulton Street", hours=20),
        told(rules, "nothing", OTHER, place="122 Fulton Street"),
    )
    assert list(found) == ["both", "near", "far", "half"]
    assert [one.kind for one in found["both"]] == ["place", "text"]


@pytest.mark.clause("REQ-2")
def test_a_day_that_is_none_makes_no_place_the_same(rules: Policy) -> None:
    mine = told(rules, "A", TEXT, place="120 Fulton St", day="last Friday")
    assert common(rules, mine, told(rules, "B", OTHER, place="120 Fulton St", day="last Friday")) == {}
    later = told(rules, "B", OTHER, place="120 Fulton St", day="2026-11-23")
    assert common(rules, told(rules, "A", TEXT, place="120 Fulton St"), later) == {}
    night = told(rules, "B", OTHER, place="120 Fulton St", day="2026-11-22")
    assert common(rules, told(rules, "A", TEXT, place="120 Fulton St"), night)["B"][0].marks == (
        "2026-11-21 120 fulton",
    )

"""The line before a peer: who stands in it, in which order, and who reviews it (SRC-4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.line_up import Portrait, choose_foils, difference, drawn_order, drawn_reviewer, new_seed
from app.matching.quality.measures import Quality

PLAIN = Quality(
    inter_eye=60,
    detail=50,
    brightness=120,
    bright_share=0,
    levels=150,
    side_ratio=1.1,
    blocks=2,
    yaw=3,
    pitch=2,
    roll=1,
    margin_side=2,
    margin_above=1.5,
    margin_below=2,
    faces=1,
    chroma=15,
)
pytestmark = pytest.mark.clause("SRC-4", "FAIR-1")


def portrait(key: str, person: str | None = None, age: float | None = None, **measures: float) -> Portrait:
    return Portrait(key, person or f"p-{key}", replace(PLAIN, **measures), age)


NOMINEE = portrait("n", "nominee")


def test_the_most_alike_as_pictures_stand_in_the_line():
    turned, dark, alike = portrait("a", yaw=35), portrait("b", brightness=30), portrait("c", brightness=125)
    assert [one.key for one in choose_foils(NOMINEE, [turned, dark, alike], [], 2)] == ["c", "b"]


def test_recorded_age_counts_where_both_are_recorded():
    old, young = portrait("a", age=70), portrait("b", age=31)
    nominee = replace(NOMINEE, age=30)
    assert [one.key for one in choose_foils(nominee, [old, young], [], 1)] == ["b"]
    assert difference(NOMINEE, old) == difference(NOMINEE, portrait("a"))


def test_excluded_candidates_come_before_people_drawn_at_random():
    near, other = portrait("a", yaw=20), portrait("b")
    assert [one.key for one in choose_foils(NOMINEE, [near], [other], 2)] == ["a", "b"]
    assert [one.key for one in choose_foils(NOMINEE, [near], [other], 1)] == ["a"]


@pytest.mark.clause("CAP-3")
def test_nobody_stands_in_the_line_twice_and_the_nominee_only_once():
    again = portrait("x", "nominee")
    twice = [portrait("a", "same"), portrait("b", "same", yaw=9)]
    assert [one.key for one in choose_foils(NOMINEE, [again, *twice], [again], 4)] == ["a"]


def test_a_line_without_a_foil_is_not_asked_for():
    with pytest.raises(ValueError, match="at least one foil"):
        choose_foils(NOMINEE, [], [], 0)


@given(st.sets(st.text("abcdef0123456789", min_size=8, max_size=8), min_size=2, max_size=9))
def test_an_order_is_drawn_again_from_its_seed(keys):
    seed = new_seed()
    order = drawn_order(keys, seed)
    assert sorted(order) == sorted(keys)
    assert drawn_order(sorted(keys, reverse=True), seed) == order


def test_an_order_is_that_of_the_written_formula():
    """Reproducible by anybody with the seed: SHA-256 of seed, colon, key."""
    import hashlib

    keys, seed = [f"{n:032x}" for n in range(5)], "00ff"
    by_hand = sorted(keys, key=lambda key: hashlib.sha256(f"00ff:{key}".encode()).hexdigest())
    assert drawn_order(keys, seed) == by_hand


def test_every_place_is_drawn_alike():
    """The nominated photograph stands in each of five places in about one line of five."""
    places = [drawn_order("abcde", new_seed()).index("c") for _ in range(2000)]
    assert all(300 < places.count(place) < 500 for place in range(5))


def test_whoever_has_least_to_do_reviews_and_a_tie_is_drawn():
    assert drawn_reviewer({"a": 2, "b": 0, "c": 1}, new_seed()) == "b"
    drawn = {drawn_reviewer({"a": 1, "b": 1, "c": 4}, f"{n}") for n in range(40)}
    assert drawn == {"a", "b"}
    assert drawn_reviewer({}, "1") is None

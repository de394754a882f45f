"""Places as people type them: what is one place however it is written, and what is not (REQ-2, RET-11)."""

from __future__ import annotations

import pytest

from app.policy.matters.places import read_places, shared
from app.policy.types import Policy
from tests.policy.test_loader import faults


def common(rules: Policy, first: str, second: str) -> frozenset[str]:
    place = rules.request.proposal.place
    return shared(read_places(place, first, alone=True), read_places(place, second, alone=True))


@pytest.mark.clause("REQ-2", "RET-11")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("120 Fulton St", "120 FULTON STREET, Brooklyn"),
        ("120 Fulton St", "one hundred twenty Fulton Street"),
        ("120 Fulton St", "in front of 120, Fulton str."),
        ("120 Fulton St", "120 Fulton"),
        ("120 Fulton St", "Example Grocery, 120 Fulton St at Nostrand Ave"),
        ("12\u041e Fult\u043en St", "120 Fulton Street"),
        ("12O Fulton St", "120 Fulton Street"),
        ("120 Ful\u200bton St", "１２０ Fulton St"),
        ("120\u200bFulton\u200bSt", "120 Fulton St"),
        ("89-17 Jamaica Ave", "8917 Jamaica Avenue"),
        ("120 St Marks Pl", "120 Saint Mark's Place"),
        ("120 Broadway, Apt 3", "120 BROADWAY"),
        ("120 Ave D", "Avenue D 120, in front of 120 Avenue D"),
        ("120 W 42nd St", "120 West Forty-Second Street"),
        ("120 W 42nd St", "120 42 St"),
        ("W 42nd St & 8th Ave", "Eighth Avenue and West Forty-Second Street"),
        ("Fulton St/Nostrand Avenue", "corner of Nostrand & Fulton"),
        ("Fulton St @ Nostrand Ave", "Nostrand Ave, at the corner of Fulton St, Brooklyn"),
        ("Penn Station", "Penn Station, lower level, New York"),
        ("Example Grocery", "the grocery, EXAMPLE"),
        ("Golden Lion Tavern", "Golden-Lion Tavern, in the back room"),
    ],
)
def test_one_place_in_two_spellings_is_one_bypass(rules: Policy, first: str, second: str) -> None:
    assert common(rules, first, second)
    assert common(rules, second, first) == common(rules, first, second)


@pytest.mark.clause("REQ-2", "RET-11")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("120 Fulton St", "122 Fulton St"),
        ("120 Fulton St", "120 Fulton Ave"),
        ("120 W 42 St", "120 E 42 St"),
        ("5 Ave & 9 St", "9 Ave & 5 St"),
        ("Fulton St & Nostrand Ave", "Fulton St & Bedford Ave"),
        ("120 Fulton St", "Fulton St & Nostrand Ave"),
        ("Golden Lion Tavern", "Golden Fleece Tavern"),
        ("120 Broadway", "130 Broadway"),
        ("Brooklyn", "Brooklyn"),
        ("store", "the store"),
        ("unknown", "unknown"),
        ("see narrative", "See narrative."),
        ("75 Precinct", "75 Pct"),
        ("", ""),
    ],
)
def test_two_places_are_two_and_what_names_none_is_none(rules: Policy, first: str, second: str) -> None:
    assert common(rules, first, second) == frozenset()


@pytest.mark.clause("REQ-2")
def test_of_an_answer_that_tells_more_than_the_place_only_addresses_and_crossings_are_read(rules: Policy) -> None:
    place = rules.request.proposal.place
    told = read_places(place, "21 November 2026, 22:40, in front of 120 Fulton Street, near the Golden Lion Tavern")
    assert {(one.kind, one.mark) for one in told} == {("address", "120 fulton")}
    broadway = read_places(place, "21 November 2026, 22:40, on the steps of 120 Broadway")
    assert {(one.kind, one.mark) for one in broadway} == {("address", "120 broadway")}
    assert read_places(place, "On 21 November 2026 at about ten, by two men") == frozenset()


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('facts = ["place",', 'facts = ["where",', "no request is asked for 'where' among its circumstances"),
        ('"when_where", "found"]', '"when_where", "lost"]', "no use asks for 'lost'"),
        ('rd = ["road"]', 'rd = ["road", "street"]', "'street' is a spelling of two words"),
        ('rd = ["road"]', 'rd = ["ave"]', "'ave' is a word and a spelling of another"),
    ],
)
def test_a_rule_that_reads_no_place_stops_the_start(broken, old, new, fault) -> None:
    assert f"matters/rules.toml: {fault}" in faults(broken("matters/rules.toml", old, new))

"""The list of offenses with its classes, and when a crime must be stated (CAP-9); the bounds by source."""

from __future__ import annotations

import pytest

from app.policy.offenses import no_crime, statement_fault
from app.policy.types import Policy
from tests.policy.test_loader import faults

WHY = "The same person was seen an hour later with a knife at the next store."


def facts(listed: str, offense: str = "As the list says") -> dict[str, str]:
    return {"listed": listed, "offense": offense}


@pytest.mark.clause("CAP-9")
def test_a_violation_and_a_traffic_infraction_are_no_crime_under_use_1_alone(rules: Policy) -> None:
    rule = rules.request.seriousness
    for offense in rule.offenses:
        found = no_crime(rule, "USE-1", facts(offense.id))
        assert bool(found) == (offense.class_id in ("violation", "traffic_infraction")), offense.id
        assert all(no_crime(rule, f"USE-{n}", facts(offense.id)) is None for n in range(2, 7))
    asked = {use.id for use in rules.uses.values() for fact in use.facts if fact.choices_from}
    assert asked == {"USE-1"}, "no other use is asked for seriousness"


@pytest.mark.clause("CAP-9")
@pytest.mark.parametrize("said", ["Disorderly conduct", "DISORDERLY  conduct there", "trespassing", "Ran a red light"])
@pytest.mark.parametrize("listed", ["robbery", "other_felony", "other_misdemeanor"])
def test_a_crime_chosen_for_what_is_called_a_violation_is_none_bypass(rules: Policy, listed, said) -> None:
    rule = rules.request.seriousness
    assert "That is no crime." in (no_crime(rule, "USE-1", facts(listed, said)) or "")
    assert no_crime(rule, "USE-1", facts(listed, f"Robbery, then {said}")) is None


@pytest.mark.clause("CAP-9")
def test_what_a_supervisor_states_is_a_crime_of_the_list_with_a_reason_bypass(rules: Policy) -> None:
    assert statement_fault(rules, "robbery", WHY) is None
    for crime, because in (
        ("", WHY),
        ("high_treason", WHY),
        ("disorderly_conduct", WHY),
        ("traffic", WHY),
        ("robbery", ""),
        ("robbery", "x" * 60),
        ("robbery", "." * 60),
        ("robbery", "A robbery."),
    ):
        assert statement_fault(rules, crime, because), (crime, because)


@pytest.mark.clause("CAP-9")
@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "requests/offenses.toml",
            'class = "felony"',
            'class = "great"',
            "homicide: unknown class",
        ),
        ("requests/offenses.toml", 'kept_as = "homicide"', 'kept_as = "x"', "homicide: no case record is kept as 'x'"),
        ("requests/offenses.toml", 'uses = ["USE-1"]', "uses = []", "USE-1: this use is never asked for seriousness"),
        ("gallery/rules.toml", 'source = "parole"', 'source = "license"', "source 'license' may not enter"),
    ],
)
def test_the_list_and_the_bounds_by_source_are_whole(broken, file, old, new, fault) -> None:
    assert fault in faults(broken(file, old, new))

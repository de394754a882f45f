"""Routine designations: for whom, for what and until when; revoked, they stop a release (EXT-7, ACC-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

from datetime import timedelta

import pytest

from app.calendar import today
from app.domain.disclosures import designations
from app.domain.disclosures import verbs as disclosures
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import disclose, refused, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models

pytestmark = needs_models


@pytest.mark.clause("EXT-7")
def test_a_designation_revoked_after_the_package_was_built_stops_it(disclose, people):
    disclosure, officer = disclose("released", recipient="community", basis="D5"), people.actor("y.hazel")
    asker = people.actor("d.lark")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, asker, None)
    with unit_of_work():
        designations.revoke(disclosure.designation, officer, "The program ended.")
    for step in (disclosures.begin_fetch, disclosures.fetch):
        with refused("designation_in_force"), unit_of_work():
            step(disclosure, asker, None)
    assert designations.in_force(today()) == []
    with refused("routine-designation"), unit_of_work():
        designations.revoke(disclosure.designation, officer, "Once more.")


@pytest.mark.clause("EXT-7")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "x"}, "title"),
        ({"scope": "all"}, "scope"),
        ({"recipient_kinds": []}, "at least one recipient"),
        ({"recipient_kinds": ["friends"]}, "at least one recipient"),
        ({"purposes": []}, "at least one purpose"),
        ({"item_kinds": ["candidate"]}, "kind of item"),
        ({"recipient_kinds": ["media"], "purposes": ["civil_litigation"]}, "None of the purposes"),
        ({"expires_on": 400}, "at most 366 days"),
        ({"expires_on": -30}, "ends after it begins"),
        ({"effective_on": -9, "expires_on": -2}, "already"),
    ],
)
def test_a_designation_says_for_whom_for_what_and_until_when(disclose, changes, said):
    days = {name: today() + timedelta(days=ahead) for name, ahead in changes.items() if name.endswith("_on")}
    with pytest.raises(Refused, match=said) as refusal:
        disclose.designation(**{**changes, **days})
    assert refusal.value.rule_id == "routine-designation"


@pytest.mark.clause("EXT-7", "ACC-7")
def test_only_the_privacy_officer_designates(disclose, people):
    row = disclose.designation()
    assert designations.in_force(today()) == [row]
    assert designations.in_force(row.expires_on) == [row] and designations.in_force(row.effective_on) == [row]
    assert designations.in_force(row.expires_on + timedelta(days=1)) == []
    assert designations.in_force(row.effective_on - timedelta(days=1)) == []
    for actor in [people.actor(name) for name in ("d.lark", "b.juniper", "c.hawthorn")]:
        with refused("designation.keep"), unit_of_work():
            designations.revoke(row, actor, "Not needed.")

"""No form is taken without its token, with another session's token, or from another site."""

from __future__ import annotations

import pytest

from tests.sweep.questions import ROWS, forms
from tests.sweep.world import outcome

#: somebody whose question the portal would answer, for each area's forms
RIGHT_PERSON = ("requester", "named_supervisor", "examiner", "supervisor", "integrity", "no_terms")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("persona", RIGHT_PERSON)
def test_every_form_without_its_token_is_refused_and_changes_nothing(world, persona):
    client, faults = world.client(persona), []
    for row, address, data in forms(world):
        answer = client.post(address, data=data)
        if answer.status_code != 400:
            faults.append(f"{row['route']}: {answer.status_code}, not 400")
    assert faults == []
    assert world.store.changes() == set()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("persona", RIGHT_PERSON)
def test_every_form_with_the_token_of_another_session_is_refused(world, persona):
    other = "auditor"
    with world.app.app_context():
        stolen = world.csrf(world.client(other), other)
        # the person has a token of their own, so that it is the comparison that refuses
        client = world.client(persona)
        world.csrf(client, persona)
    world.store.changes()
    faults = []
    for row, address, _ in forms(world):
        answer = client.post(address, data={"csrf_token": stolen})
        if answer.status_code != 400:
            faults.append(f"{row['route']}: {answer.status_code}, not 400")
    assert faults == []
    assert world.store.changes() == set()


def test_a_form_with_its_token_is_taken(world):
    """The other side: the same question with the right token is not refused for the token."""
    with world.app.app_context():
        client = world.client("requester")
        token = world.csrf(client, "requester")
    assert outcome(client.post("/requests/new", data={"csrf_token": token})) == "in"


def test_every_form_is_asked():
    assert len([row for row in ROWS if row["route"].startswith("POST ")]) > 30

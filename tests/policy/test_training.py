"""Every capability with its training, or the reason for none (ACC-4, TRN-2): the table, and that nothing escapes it."""

from __future__ import annotations

import pytest

from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.policy import policy
from app.policy.refused import Refused

#: what touches candidates, decisions about them, assignment, proficiency, replay or the algorithm
TRAINED = {
    "algorithm.change",
    "approval.decide",
    "basis.confirm",
    "examination.work",
    "gallery.browse",
    "matter.link",
    "peer.review",
    "probe.select",
    "proficiency.keep",
    "report.prepare",
    "search.replay",
    "search.run",
    "work.assign",
}
pytestmark = pytest.mark.clause("ACC-4", "TRN-2")


@pytest.mark.parametrize("name", sorted(policy().capabilities))
def test_each_capability_names_its_training_or_why_it_needs_none(name):
    found = policy().capability(name)
    assert (found.training == "fr") == (name in TRAINED)
    assert bool(found.training) != bool(found.untrained)
    assert found.training or len(found.untrained.split()) >= 4


def test_every_step_of_the_unit_is_taken_by_the_trained():
    """Whatever leads a request on between the basis and the report; but for what others do and the portal itself."""
    others = {"request.file", "discussion.confirm", "clearance.name"}
    for step in policy().workflow("request").transitions:
        if step.capability not in others and not step.capability.startswith("system."):
            assert policy().capability(step.capability).training, step.id


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_without_its_training_a_capability_is_nothing_bypass(name):
    able = frozenset({name})
    untrained = Actor(1, "c.hawthorn", "Cleo Hawthorn", "Sergeant", "", frozenset(), able, frozenset(), "present")
    assert not untrained.can(name)
    with pytest.raises(Refused):
        check_capability(untrained, name)

"""What is closed to whoever has not acknowledged the policy, what may be read, and what is open (TRN-2)."""

from __future__ import annotations

import shutil

import pytest

from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.policy import policy
from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.refused import Refused

pytestmark = pytest.mark.clause("TRN-2")

#: with which nothing waits
OPEN = {"portal.use"}
#: with which one may read meanwhile, and not act
READING = {
    "algorithm.read",
    "audit.read",
    "disclosure.read",
    "disclosure.register",
    "figures.read",
    "gallery.imports",
    "mail.read",
    "misuse.read",
    "report.read",
    "request.read",
    "retention.read",
    "sealed.read",
}
#: what the portal does by itself
ITS_OWN = {name for name in policy().capabilities if name.startswith("system.")}
#: everything else: to act with, or to see the technology with
CLOSED = {
    "algorithm.change",
    "approval.decide",
    "basis.confirm",
    "clearance.name",
    "designation.keep",
    "disclosure.any_case",
    "disclosure.custody",
    "disclosure.decide",
    "disclosure.determine",
    "disclosure.file",
    "disclosure.release",
    "discussion.confirm",
    "disposal.approve",
    "disposal.propose",
    "examination.work",
    "gallery.browse",
    "gallery.sample",
    "hold.place",
    "hold.release",
    "incident.keep",
    "matter.link",
    "peer.review",
    "probe.select",
    "proficiency.keep",
    "report.prepare",
    "request.file",
    "request.political",
    "retention.keep",
    "sealing.order",
    "search.replay",
    "search.run",
    "training.keep",
    "work.assign",
}


def actor(acknowledged: str) -> Actor:
    """A person who may do everything, trained, and who acknowledged this."""
    every = frozenset(policy().capabilities)
    return Actor(1, "k.rowan", "Kit Rowan", "Detective", "", frozenset(), every, frozenset({"fr"}), acknowledged)


def refusal(who: Actor, name: str, *, reads: bool) -> str | None:
    try:
        check_capability(who, name, reads=reads)
    except Refused as refused:
        assert refused.rule_id == "policy-acknowledged"
        return refused.detail
    return None


def test_the_table_holds_every_capability():
    assert set(policy().capabilities) == OPEN | READING | CLOSED | ITS_OWN
    assert not OPEN & READING and not (OPEN | READING) & CLOSED
    assert (set(policy().acknowledgement.open), set(policy().acknowledgement.reading)) == (OPEN, READING)


@pytest.mark.parametrize("name", sorted(policy().capabilities))
def test_each_capability_waits_as_the_table_says(name):
    changed, never = policy().acknowledgement.refusal, policy().acknowledgement.refusal_first
    for reads in (False, True):
        left = name in OPEN or (reads and name in READING)
        assert refusal(actor("earlier"), name, reads=reads) == (None if left else changed)
        assert refusal(actor("none"), name, reads=reads) == (None if left else never)
        assert refusal(actor("present"), name, reads=reads) is None


def test_an_actor_of_whom_nothing_is_known_has_acknowledged_nothing_bypass():
    """By leaving it unsaid: an actor made anywhere else than from an account begins closed."""
    every = frozenset(policy().capabilities)
    made = Actor(1, "k.rowan", "", "", "", frozenset(), every, frozenset({"fr"}))
    assert refusal(made, "search.run", reads=False) == policy().acknowledgement.refusal_first


def test_the_portal_itself_is_nobody_who_reads():
    for name in system_actor().capabilities:
        check_capability(system_actor(), name)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('open = ["portal.use"]', 'open = ["portal.use", "search.run"]', "'search.run' asks for training"),
        ('"request.read", ', '"request.read", "peer.review", ', "'peer.review' asks for training"),
        ('open = ["portal.use"]', 'open = ["portal.user"]', "unknown capability 'portal.user'"),
        ('open = ["portal.use"]', 'open = ["portal.use", "audit.read"]', "'audit.read' is listed twice"),
        ('file = "events.toml"', 'file = "event.toml"', "unknown file 'event.toml'"),
    ],
)
def test_a_list_that_leaves_the_technology_open_stops_the_start_bypass(tmp_path, old, new, fault):
    """By the list itself: what asks for training is never left to whoever has not acknowledged the policy."""
    shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "policy")
    path = tmp_path / "policy" / "training.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyError, match=fault):
        load(tmp_path / "policy")

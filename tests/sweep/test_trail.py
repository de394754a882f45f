"""The trail of a portal with something of everything holds, and one altered step in it is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from app.domain.oversight import trail_check
from app.extensions import db
from app.models import Transition
from app.workflow.engine import subjects

pytestmark = pytest.mark.timeout(600)


def faults() -> list[str]:
    db.session.rollback()
    with trail_check.one_moment() as session:
        return [str(fault) for fault in trail_check.faults(session)]


@pytest.mark.clause("ACC-11")
def test_the_world_has_no_fault(world):
    """Requests in every state, disclosures, an incident, case records, a disposal carried out, sealing orders."""
    with world.app.app_context():
        kinds = {kind for (kind,) in db.session.query(Transition.subject_type).distinct()}
        assert len(kinds) > 4
        assert kinds <= set(subjects())
        assert faults() == []


@pytest.mark.clause("ACC-11")
def test_altered_steps_are_named(world):
    with world.app.app_context():
        altered = {}
        for name in ("d_fetched", "reported"):
            subject = world.get(name)
            steps = db.session.query(Transition).filter_by(subject_type=subject.subject_type, subject_id=subject.id)
            altered[subject.number] = steps.order_by(Transition.id).first().id
        db.session.rollback()
        with closing(sqlite3.connect(world.store.file)) as raw, raw:
            raw.execute("DROP TRIGGER transition_no_update")
            for at in altered.values():
                raw.execute("UPDATE transition SET actor_id = NULL WHERE id = ?", (at,))
        found = faults()
        for number, at in altered.items():
            [sentence] = [one for one in found if f" {number} " in one]
            assert f"its step {at} (submit) taken by the portal, but event " in sentence
        assert len(found) == len(altered)

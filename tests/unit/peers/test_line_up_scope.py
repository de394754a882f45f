"""A line-up exists for the peer whom it was given to, and for nobody else (SRC-4)."""

from __future__ import annotations

import pytest

from app.access.scoping import find, visible
from app.domain.peers.conditions import line_ups_of
from app.extensions import db
from app.models import LineUp
from tests.nominated_request import at, filed, nominated_data, settings

__all__ = ["at", "filed", "nominated_data", "settings"]
pytestmark = pytest.mark.clause("SRC-4")


def seen_by(actor) -> set[int]:
    return {row.id for row in db.session.scalars(visible(LineUp, actor))}


def test_each_peer_sees_the_own_line_alone(filed, people):
    lines = {row.peer.name: row for row in line_ups_of(filed.current_round)}
    assert set(lines) == {"j.maple", "n.finch"}
    for name, row in lines.items():
        assert seen_by(people.actor(name)) == {row.id}


@pytest.mark.parametrize("name", ["k.rowan", "d.lark", "s.alder", "c.hawthorn", "y.hazel", "b.juniper", "f.spruce"])
def test_to_everybody_else_a_line_does_not_exist_bypass(filed, people, name):
    """Neither the examiner, nor the supervisor who will decide, nor a privacy officer finds it by its number."""
    actor = people.actor(name)
    assert seen_by(actor) == set()
    assert all(find(LineUp, row.number, actor) is None for row in line_ups_of(filed.current_round))


def test_another_peers_line_has_no_page_bypass(filed, people, sign_in):
    lines = {row.peer.name: row for row in line_ups_of(filed.current_round)}
    client = sign_in("j.maple")
    assert client.get(f"/review/line-ups/{lines['j.maple'].number}").status_code == 200
    assert client.get(f"/review/line-ups/{lines['n.finch'].number}").status_code == 404

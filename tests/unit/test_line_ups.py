"""Peers are assigned by the system and review a line of photographs (SRC-4); what they may and what they may not."""

from __future__ import annotations

import pytest
import sqlalchemy

from app.domain import assignments, line_ups
from app.extensions import db
from app.matching.line_up import drawn_order, drawn_reviewer
from app.models import AuditEvent, GalleryPhoto, LineUp, Notification, PeerReview
from app.models.base import now
from app.unit import unit_of_work
from app.workflow import Refused
from app.workflow.conditions.line_up import favored_foils, line_ups_of
from tests.prepared import at, filed, nominated_data, settings
from tests.stages import SAME, worksheet

__all__ = ["at", "filed", "nominated_data", "settings"]
pytestmark = pytest.mark.clause("SRC-4", "FAIR-1")


def leave(photo: GalleryPhoto) -> None:
    """The photograph leaves the repository."""
    with unit_of_work():
        seal([db.session.get_one(GalleryPhoto, photo.id)], "sealed")


def test_the_line_is_the_nominee_among_foils_and_each_peer_has_an_order_of_its_own(filed):
    round_ = filed.current_round
    rows = line_ups_of(round_)
    assert {row.peer.name for row in rows} == {"j.maple", "n.finch"}
    for row in rows:
        photos = {place.photo.uid for place in row.places}
        assert round_.nominee.photo.uid in photos
        assert len({place.photo.person_id for place in row.places}) == len(row.places) == 3
        assert [p.photo.uid for p in row.places] == drawn_order(photos, row.private["seed"]), "drawn again"
    assert rows[0].private["seed"] != rows[1].private["seed"]

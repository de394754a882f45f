"""Orders, imports and searches in any order (CAP-3): what is held is found, what left is neither found nor readable."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.access.actor import system_actor
from app.calendar import today
from app.domain.gallery import loaded_index, repository_index, tombstones
from app.domain.gallery.intake_manifest import Row
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db, stores
from app.models import AuditEvent, GalleryPerson, GalleryPhoto
from tests.drawn_gallery import needs_models
from tests.jobs.identification.test_search_indexes import enrol, probe_of

pytestmark = [needs_models, pytest.mark.clause("CAP-3", "ACC-10")]
_numbers, _orders = itertools.count(1000), itertools.count(1)

STEP = st.one_of(
    st.tuples(st.just("enrol"), st.integers(1, 3)),
    st.tuples(st.just("seal"), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
    st.tuples(st.just("person"), st.integers(0, 9)),
    st.tuples(st.just("again"), st.just(0)),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=7))
def test_any_order_of_events_leaves_exactly_what_no_order_named(app, steps):
    photos: list[int] = []
    numbers: dict[int, str] = {}
    people: dict[int, str] = {}
    probes: dict[int, object] = {}
    expected: set[int] = set()
    last: OrderStatement | None = None
    index = loaded_index.repository()
    for what, given_ in [("enrol", 2), *steps]:
        before = repository_index.generation()
        if what == "enrol":
            made = enrol(next(_numbers), photos=given_).photos
            photos += [photo.id for photo in made]
            numbers |= {photo.id: photo.record_number for photo in made}
            people |= {photo.person.id: photo.person.person_number for photo in made}
            probes |= {photo.id: probe_of(photo) for photo in made}
            expected |= {photo.id for photo in made}
            continue
        if what == "again":
            statement = last
        elif what == "seal":
            chosen = {photos[place % len(photos)] for place in given_}
            records = tuple(sorted(numbers[one] for one in chosen))
            statement, expected = _order(records=records), expected - chosen
        else:
            person = db.session.get_one(GalleryPhoto, photos[given_ % len(photos)]).person
            statement = _order(person_number=people[person.id])
            expected -= {photo.id for photo in person.photos}
        if statement is None:
            continue
        order, fresh = sealing.execute(statement, system_actor(), "command")
        assert fresh is (what != "again") and (not fresh or order.generation > before)
        last = statement
    held = {
        photo.id
        for photo in db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.id.in_(photos)))
        if photo.removed_at is None
    }
    assert held == expected
    for one in photos:
        photo = db.session.get_one(GalleryPhoto, one)
        ranking, *_ = index.search(probes[one], 1)
        best = {uid for person in ranking for uid, _ in person.photos}
        row = Row(1, {"record_number": numbers[one], "person_number": "P-other", "taken_on": "2020-01-01"})
        assert (photo.uid in best) is (one in expected)
        assert stores().keys.is_destroyed(photo.key_id) is (one not in expected)
        assert (tombstones.barred(row, "0" * 64) is not None) is (one not in expected)
    for person in {db.session.get_one(GalleryPhoto, one).person for one in photos}:
        assert isinstance(person, GalleryPerson)
        assert stores().keys.exists(person.key_id) is any(photo.id in expected for photo in person.photos)
    _chain_in_order()


def _order(records: tuple[str, ...] = (), person_number: str = "") -> OrderStatement:
    return OrderStatement("sealed", f"IND-{next(_orders)}", "Criminal Court", today(), records, person_number)


def _chain_in_order() -> None:
    """Each order's events: received, then its removals, then carried out, whose generation is that of the last one."""
    named = ("sealing.received", "gallery.removed", "sealing.carried_out")
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.event.in_(named)).order_by(AuditEvent.sequence))
    open_order, newest, removed = None, 0, 0
    for event in rows:
        keys = json.loads(event.keys)
        if event.event == "sealing.received":
            assert open_order is None
            open_order, removed = event.subject_id, 0
        elif event.event == "gallery.removed":
            assert open_order is not None and keys["generation"] > newest
            newest, removed = keys["generation"], removed + 1
        else:
            assert event.subject_id == open_order and keys["removed"] == removed
            assert keys["generation"] == newest if removed else keys["generation"] > newest
            open_order, newest = None, keys["generation"]
    assert open_order is None

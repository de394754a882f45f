"""Preparing an image: what is recorded, who may, when, what is refused, and that nothing of it changes (LL55)."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.access.scoping import find
from app.domain.identification import preparation
from app.domain.identification import verbs as identification
from app.extensions import db, stores
from app.imaging.recipe_ops import environment, pixels_of
from app.models import DerivedImage, Transition
from app.models.engine import AuditEvent
from app.policy import policy
from app.policy.refused import Refused
from app.storage import BlobCorrupt
from app.unit_of_work import unit_of_work
from tests.unit_stages import around

REASON = "The face lies in the shade."


@pytest.fixture
def request_(make):
    return make.request(state="documented")


def developed(request, operations=None):
    face = request.current_images[0].faces[0]
    return preparation.develop(face, preparation.stated_recipe(face, operations or around(face)))


def derive(request, actor, reason=REASON, made=None):
    made = made or developed(request)
    with unit_of_work():
        return preparation.derive(request, actor, made, reason)


@pytest.mark.clause("LL55-1", "LL55-3", "REQ-6")
def test_what_is_recorded(request_, people):
    actor = people.actor("k.rowan")
    row = derive(request_, actor)
    image = request_.current_images[0]
    assert (row.number, row.made_by_id, row.image, row.face) == (1, actor.id, image, image.faces[0])
    assert row.private["reason"] == REASON
    assert row.original_sha256 == image.sha256
    assert row.recipe_digest == preparation.recipe_of_row(row).digest()
    assert row.environment == environment()
    assert row.policy_version == policy().version
    assert row.created_at is not None
    kept = stores().blobs.get(row.blob_id, request_.key_id, row.sha256)
    assert pixels_of(kept).shape == (row.height, row.width, 3)
    assert stores().blobs.get(image.blob_id, request_.key_id, image.sha256), "the original stays"
    assert request_.state == "documented"
    assert derive(request_, actor).number == 2


@pytest.mark.clause("LL55-1")
def test_the_event_carries_ids_and_digests(request_, people):
    row = derive(request_, people.actor("k.rowan"))
    event = db.session.query(AuditEvent).filter_by(event="probe.derived").one()
    assert json.loads(event.keys) == {
        "image": row.image.uid,
        "derived": row.uid,
        "original": row.original_sha256,
        "recipe": row.recipe_digest,
        "sha256": row.sha256,
    }
    assert (event.subject_type, event.subject_id) == ("request", request_.number)


@pytest.mark.clause("LL55-2")
@pytest.mark.parametrize("column", ["recipe", "sha256", "sealed", "created_at", "blob_id"])
def test_the_database_refuses_to_change_a_prepared_image(request_, people, column):
    row = derive(request_, people.actor("k.rowan"))
    with pytest.raises(IntegrityError, match="append-only"), unit_of_work():
        db.session.execute(text(f"UPDATE derived_image SET {column} = NULL WHERE id = :id"), {"id": row.id})


@pytest.mark.clause("LL55-3")
def test_a_kept_copy_that_was_altered_is_noticed(request_, people):
    row = derive(request_, people.actor("k.rowan"))
    path = stores().blobs._path(row.blob_id)
    box = bytearray(path.read_bytes())
    box[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(box))
    with pytest.raises(BlobCorrupt):
        stores().blobs.get(row.blob_id, request_.key_id, row.sha256)


@pytest.mark.clause("REQ-6", "ACC-7", "ACC-1")
@pytest.mark.parametrize(
    ("name", "rule"), [("j.maple", "actor_is_examiner"), ("d.lark", "probe.select"), ("c.hawthorn", "probe.select")]
)
def test_the_assigned_examiner_alone_prepares(request_, people, name, rule):
    actor, made = people.actor(name), developed(request_)
    with pytest.raises(Refused) as refusal:
        derive(request_, actor, made=made)
    assert refusal.value.rule_id == rule
    assert db.session.query(DerivedImage).count() == 0


@pytest.mark.clause("REQ-6")
@pytest.mark.parametrize("state", ["accepted", "searching", "refused"])
def test_a_probe_is_prepared_only_while_one_may_be_selected(make, people, state):
    request = make.request(state=state)
    with pytest.raises(Refused) as refusal:
        derive(request, people.actor("k.rowan"))
    assert refusal.value.rule_id == "WF-derive"


@pytest.mark.clause("LL55-1")
@pytest.mark.parametrize("reason", ["", "   ", "Too dark."])
def test_a_reason_is_demanded(request_, people, reason):
    with pytest.raises(Refused) as refusal:
        derive(request_, people.actor("k.rowan"), reason)
    assert refusal.value.rule_id in {"prepared-image", "reason_given"}


@pytest.mark.clause("SRC-2", "LL55-1")
def test_what_is_not_a_recipe_of_the_rules_is_refused(request_):
    face = request_.current_images[0].faces[0]
    for operations, rule in (
        ([], "prepared-image"),
        ([{"op": "mirror"}], "never-mirror"),
        ([{"op": "gamma", "value": 9.0}], "edit-gamma"),
        ([{"op": "crop", "x": 0, "y": 0, "width": 9000, "height": 900}], "edit-crop"),
    ):
        with pytest.raises(Refused) as refusal:
            preparation.stated_recipe(face, operations)
        assert refusal.value.rule_id == rule


@pytest.mark.clause("LL55-1")
def test_bounds_are_asked_again_when_it_is_recorded(request_, people, monkeypatch):
    """The rules may have changed between the preview and the saving."""
    made, plain = developed(request_), policy()
    import msgspec

    gamma = msgspec.structs.replace(
        plain.review.edits["edit-gamma"],
        parameters=(msgspec.structs.replace(plain.review.edits["edit-gamma"].parameters[0], maximum=1.1),),
    )
    import dataclasses

    stricter = dataclasses.replace(
        plain, review=dataclasses.replace(plain.review, edits={**plain.review.edits, "edit-gamma": gamma})
    )
    monkeypatch.setattr(preparation, "policy", lambda: stricter)
    with pytest.raises(Refused) as refusal:
        derive(request_, people.actor("k.rowan"), made=made)
    assert refusal.value.rule_id == "edit-gamma"


@pytest.mark.clause("SRC-2", "CAP-5", "REQ-6")
def test_a_search_names_the_prepared_image_and_keeps_to_the_original(request_, people):
    actor = people.actor("k.rowan")
    row = derive(request_, actor)
    with unit_of_work():
        search = identification.select_probe(request_, actor, row.image, row.face, "suitable", "", row)
    assert (search.derived, search.image, search.probe_sha256) == (row, row.image, row.image.sha256)
    event = db.session.query(AuditEvent).filter_by(event="request.probe_selected").one()
    assert json.loads(event.keys)["derived"] == row.uid


@pytest.mark.clause("CAP-5", "REQ-6")
def test_a_prepared_image_of_another_face_is_not_searched(make, people):
    request, actor = make.request(state="documented", images=2), people.actor("k.rowan")
    row, other = derive(request, actor), request.current_images[1]
    with pytest.raises(Refused, match="another face"), unit_of_work():
        identification.select_probe(request, actor, other, other.faces[0], "suitable", "", row)


@pytest.mark.clause("SRC-4", "ACC-1")
def test_whoever_may_become_a_peer_does_not_know_of_it(request_, people):
    row = derive(request_, people.actor("k.rowan"))
    seen = {
        name: find(DerivedImage, row.uid, people.actor(name)) is not None
        for name in ("k.rowan", "c.hawthorn", "j.maple", "d.lark", "s.alder", "h.larch", "o.teal")
    }
    assert {name for name, knows in seen.items() if knows} == {"k.rowan", "c.hawthorn"}


@pytest.mark.clause("SRC-4")
def test_whoever_prepared_an_image_is_an_examiner_of_the_request(request_, people):
    from app.workflow.registry import SEPARATIONS

    actor = people.actor("k.rowan")
    derive(request_, actor)
    assert db.session.query(Transition).filter_by(verb="prepare_probe").one().actor_id == actor.id
    request_.examiner_id = None
    with db.session.no_autoflush:
        assert actor.id in SEPARATIONS["examiner"](request_)
    db.session.rollback()

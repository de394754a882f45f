"""Sealing orders: what leaves, what can no longer be read, what stays out, what is found again (CAP-3, ACC-10)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from app.access.actor import system_actor
from app.audit.chain import verify
from app.domain.gallery import intake_batch, photo_keys
from app.domain.gallery import verbs as gallery
from app.domain.gallery.repository_index import generation
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement, faults
from app.extensions import db, settings, stores
from app.models import (
    AuditEvent,
    GalleryHold,
    GalleryPerson,
    GalleryPhoto,
    SealedRecord,
    SealingNotice,
    SealingOrder,
    Template,
)
from app.policy.refused import Refused
from app.storage import KeyDestroyed, StorageError
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.drawn_gallery import needs_models, row, run_import, write_folder
from tests.erasure_search import ErasureSearch, found, missing
from tests.events_and_notices import events

TODAY = date(2026, 1, 7)


def order(*records: str, number: str = "IND-70123-2026", **changes) -> OrderStatement:
    given = {
        "kind": "sealed",
        "order_number": number,
        "authority": "Criminal Court of the Example City",
        "dated": TODAY,
        "records": records,
    }
    return OrderStatement(**{**given, **changes})


def carry_out(statement: OrderStatement) -> SealingOrder:
    return sealing.execute(statement, system_actor(), "command")[0]


def enrolled(make, seed: int, photos: int = 1) -> list[GalleryPhoto]:
    return make.enrol([person(seed)], photos)


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_one_of_several_photographs_goes_and_the_others_stay_readable(make, run_jobs):
    first, second, third = enrolled(make, 7, photos=3)
    who = first.person
    traces = ErasureSearch()
    traces._key("sealed", first.key_id)
    traces._blob("sealed", first.blob_id, first.key_id, first.sha256)
    traces._sealed("sealed", first)
    traces.stored["template"] = first.templates[0].box[:48]
    traces.stored["look"] = first.phash.encode()
    assert not missing(traces.stored) and not found(traces.plain)
    raw = {
        photo.id: (settings().blob_dir / photo.blob_id[:2] / photo.blob_id).read_bytes() for photo in (first, second)
    }
    before = generation()

    made = carry_out(order(first.record_number))
    assert made.state == "removed" and made.generation > before
    assert [row.outcome for row in made.records] == ["removed"]
    run_jobs()
    db.session.expire_all()
    assert made.state == "certified" and made.certificate_blob_id
    assert not found(traces.stored | traces.plain), "in no file of the installation"

    for photo in (second, third):
        assert stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256) and photo.private["charge"]
    assert who.private["name"] and stores().keys.exists(who.key_id)
    assert db.session.query(Template).filter_by(photo_id=first.id).count() == 0
    # the raw bytes, from a backup say, open with none of the keys that are left
    box, readable = raw[first.id], 0
    for key_id in stores().keys.iter_ids():
        with pytest.raises(StorageError):
            stores().keys.decrypt(key_id, box, b"blob:" + first.blob_id.encode())
        try:
            stores().keys.decrypt(key_id, raw[second.id], b"blob:" + second.blob_id.encode())
            readable += 1
        except StorageError:
            pass
    assert readable == 1, "the same attempt opens a photograph that stays, so it proves something"
    with pytest.raises(KeyDestroyed):
        stores().keys.decrypt(first.key_id, box, b"blob:" + first.blob_id.encode())
    assert (first.phash, first.face_hash, first.sealed) == ("", None, None), "what recognises the picture goes"
    assert not list(verify(db.session.scalars(select(AuditEvent).order_by(AuditEvent.sequence))))


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_with_every_record_the_person_loses_name_and_facts(make, run_jobs):
    photos = enrolled(make, 7, photos=2)
    who = photos[0].person
    name, key_id = who.private["name"], who.key_id
    made = carry_out(order(person_number=who.person_number))
    run_jobs()
    db.session.expire_all()
    assert {row.outcome for row in made.records} == {"removed"} and len(made.records) == 2
    assert who.sealed is None and stores().keys.is_destroyed(key_id)
    assert set(made.destroyed["keys"]) == {key_id, *(photo.key_id for photo in photos)}
    assert not found({"name": name.encode(), "number of the order": b"IND-70123-2026", "court": b"Criminal Court of"})


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_photographs_of_earlier_versions_share_a_key_and_are_taken_apart_first(make, run_jobs):
    first, second = enrolled(make, 7, photos=2)
    who = first.person
    _share_the_persons_key(who)
    shared = who.key_id
    old = {
        photo.id: (photo.blob_id, (settings().blob_dir / photo.blob_id[:2] / photo.blob_id).read_bytes())
        for photo in (first, second)
    }
    assert photo_keys.sharing() == [who.person_number]
    carry_out(order(first.record_number))
    run_jobs()
    db.session.expire_all()
    assert photo_keys.sharing() == [] and stores().keys.is_destroyed(shared)
    assert stores().blobs.get(second.blob_id, second.key_id, second.sha256) and second.private["charge"]
    assert who.private["name"]
    for blob_id, box in old.values():
        assert not stores().blobs.exists(blob_id)
        for key_id in stores().keys.iter_ids():
            with pytest.raises(StorageError):
                stores().keys.decrypt(key_id, box, b"blob:" + blob_id.encode())
    from app.domain.gallery.repository_index import open_template

    [template] = second.templates
    assert len(open_template(second.key_id, second.uid, template.algorithm_digest, template.box).vector) == 128


def _share_the_persons_key(who: GalleryPerson) -> None:
    """Bring a person to the form of earlier versions: everything under the person's key."""
    from app import audit
    from app.domain.gallery.repository_index import open_template, seal_template

    for photo in who.photos:
        data = stores().blobs.get(photo.blob_id, photo.key_id, photo.sha256)
        blob, known = stores().blobs.put(who.key_id, data), dict(photo.private)
        boxes = [
            seal_template(who.key_id, photo.uid, open_template(photo.key_id, photo.uid, t.algorithm_digest, t.box))
            for t in photo.templates
        ]
        stores().keys.destroy(photo.key_id)
        stores().blobs.destroy(photo.blob_id)
        with unit_of_work():
            photo.key_id, photo.blob_id, photo.sealed = who.key_id, blob.id, None
            photo.seal(**known)
            for template, box in zip(photo.templates, boxes, strict=True):
                template.box = box
            audit.record("gallery.rekeyed", who, photos=1)


@needs_models
def test_a_crash_after_the_new_keys_leaves_nothing_readable_under_the_old_one(make, monkeypatch):
    first, _second = enrolled(make, 7, photos=2)
    who = first.person
    _share_the_persons_key(who)
    shared = who.key_id
    monkeypatch.setattr(photo_keys, "_destroy", lambda *_: None)
    assert photo_keys.separate([who.person_number]) == 2
    assert stores().keys.exists(shared)
    assert gallery.finish_erasures() == 1 and stores().keys.is_destroyed(shared)


@pytest.fixture
def small(tmp_path):
    """A folder with two photographs of one person."""
    return write_folder(tmp_path, [row(1, 0), row(1, 1)])


@needs_models
@pytest.mark.clause("CAP-3")
def test_what_was_sealed_never_comes_back_silently(app, small, tmp_path):
    run_import(small)
    carry_out(order("R-0001-0"))
    again = run_import(small)
    assert [(r["record_number"], refusal.rules) for r, refusal in again.refused] == [("R-0001-0", ("gallery-status",))]
    assert "sealed by order (SO-" in again.refused[0][1].reason
    # the same bytes under another number, and other bytes under the same number
    renamed = write_folder(tmp_path, [row(1, 0, record_number="R-new"), row(3, 0, record_number="R-0001-0")])
    outcome = run_import(renamed)
    assert outcome.enrolled == 0
    assert [refusal.reason.split(" was")[0] for _, refusal in outcome.refused] == ["The file", "The record number"]


@needs_models
@pytest.mark.clause("CAP-3")
def test_an_order_that_comes_before_its_photograph_keeps_it_out(app, small):
    made = carry_out(order("R-0001-0"))
    assert [(row.outcome, row.photo_id) for row in made.records] == [("not_held", None)]
    outcome = run_import(small)
    assert [r["record_number"] for r, _ in outcome.refused] == ["R-0001-0"] and outcome.enrolled == 1


@needs_models
@pytest.mark.clause("CAP-3")
def test_an_order_about_a_person_keeps_out_what_was_taken_until_its_date_and_nothing_later(app, tmp_path):
    carry_out(order(person_number="P-0001", dated=date(2024, 2, 1)))
    outcome = run_import(write_folder(tmp_path, [row(1, 0, taken_on="2024-02-01"), row(1, 1, taken_on="2024-02-02")]))
    assert [r["record_number"] for r, _ in outcome.refused] == ["R-0001-0"] and outcome.enrolled == 1
    assert "until 2024-02-01 was sealed by order" in outcome.refused[0][1].reason


@needs_models
@pytest.mark.clause("CAP-3", "CAP-4")
def test_a_photograph_that_waits_for_a_decision_is_decided_by_the_order(make, tmp_path):
    request = make.request("submitted", seed=7)
    [image] = request.current_images[:1]
    photo = row(7, 0)
    folder = write_folder(tmp_path, [photo])
    data = stores().blobs.get(image.blob_id, image.key_id, image.sha256)
    assert data
    key_id = stores().keys.create()
    blob = stores().blobs.put(key_id, (folder / photo["file"]).read_bytes())
    from app.domain.gallery.intake_manifest import Row

    with unit_of_work():
        held = gallery.hold(Row(2, photo), blob, key_id, image, "tests")
    carry_out(order("R-0007-0"))
    db.session.expire_all()
    assert (held.decision, held.sealed) == ("refused", None)
    assert stores().keys.is_destroyed(key_id) and not stores().blobs.exists(blob.id)
    assert db.session.query(GalleryHold).count() == 1


@needs_models
@pytest.mark.clause("CAP-3")
def test_the_same_order_twice_is_one_order(make):
    [photo] = enrolled(make, 7)
    record = photo.record_number
    first = carry_out(order(record))
    assert photo.record_number == f"{photo.uid[:8]} (erased)" and first.records[0].record_number == record
    again, fresh = sealing.execute(
        order(record, number=" ind-70123-2026 ", authority="criminal court of  the example city"),
        system_actor(),
        "directory",
    )
    assert (again.id, fresh) == (first.id, False)
    assert db.session.scalar(select(func.count()).select_from(SealingOrder)) == 1
    other = carry_out(order(record, number="IND-2"))
    assert [row.outcome for row in other.records] == ["left_before"] and other.destroyed["keys"] == []
    assert other.records[0].record_number == record, "the order names it, whatever was erased here"


@pytest.mark.clause("CAP-3")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_number": " "}, "order_number"),
        ({"authority": ""}, "authority"),
        ({"dated": None}, "dated"),
        ({"dated": date(2999, 1, 1)}, "dated"),
        ({"kind": "tidied"}, "kind"),
        ({"records": ()}, "records"),
        ({"records": ("=cmd",)}, "records"),
        ({"person_number": "\n"}, "person_number"),
        ({"records": tuple(f"R-{n}" for n in range(10_001))}, "records"),
        ({"order_number": "x" * 81}, "order_number"),
    ],
)
def test_no_order_without_its_reference_or_without_records(app, change, field):
    statement = order(*change.pop("records", ("R-1",)), **change)
    assert list(faults(statement, TODAY)) == [field]
    with pytest.raises(Refused) as refused, unit_of_work():
        sealing.carry_out(statement, system_actor(), "command")
    assert refused.value.rule_id == "order_stated"
    assert db.session.query(SealingOrder).count() == 0


@pytest.mark.clause("CAP-3")
def test_only_whoever_may_receive_orders_carries_one_out(app, people):
    for name in ("k.rowan", "y.hazel", "c.hawthorn"):
        actor = people.actor(name)
        with pytest.raises(Refused) as refused, unit_of_work():
            sealing.carry_out(order("R-1"), actor, "page")
        assert refused.value.rule_id == "sealing.order"


@needs_models
@pytest.mark.clause("CAP-3")
def test_events_tell_of_the_order_in_its_order(make, run_jobs):
    photos = enrolled(make, 7, photos=2)
    made = carry_out(order(*(photo.record_number for photo in photos), "R-absent"))
    run_jobs()
    db.session.rollback()
    named = ("sealing.received", "gallery.removed", "sealing.carried_out", "sealing.looked_back", "sealing.certified")
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.event.in_(named)).order_by(AuditEvent.sequence))
    assert [event.event for event in rows] == [
        "sealing.received",
        "gallery.removed",
        "gallery.removed",
        "sealing.carried_out",
        "sealing.looked_back",
        "sealing.certified",
    ]
    assert events("sealing.carried_out") == [
        {"generation": made.generation, "removed": 2, "left_before": 0, "not_held": 1}
    ]
    assert events("sealing.certified") == [{"sha256": made.certificate_sha256}]
    assert db.session.query(SealedRecord).count() == 3 and db.session.query(SealingNotice).count() == 0


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_a_kill_right_after_the_commit_is_made_good_by_the_job(make, run_jobs, monkeypatch):
    [photo] = enrolled(make, 7)
    monkeypatch.setattr(gallery, "_erase", lambda *_: None)
    monkeypatch.setattr(sealing, "destroy", lambda *_: None)
    made = carry_out(order(photo.record_number))
    monkeypatch.undo()
    assert stores().keys.exists(photo.key_id), "nothing was destroyed yet"
    run_jobs()
    db.session.expire_all()
    assert made.state == "certified"
    assert stores().keys.is_destroyed(photo.key_id) and not stores().blobs.exists(photo.blob_id)


@needs_models
@pytest.mark.clause("CAP-3", "ACC-10")
def test_nothing_is_certified_while_a_key_is_left(make, monkeypatch):
    from app.documents.typeset import Rendered
    from app.domain.sealing import certificates as sealing_certificates
    from app.storage import BlobRef

    [photo] = enrolled(make, 7)
    monkeypatch.setattr(gallery, "_erase", lambda *_: None)
    monkeypatch.setattr(sealing, "destroy", lambda *_: None)
    made = carry_out(order(photo.record_number))
    with pytest.raises(Refused) as refused, unit_of_work():
        sealing_certificates.keep(made, Rendered(b"", "0" * 64, 1), BlobRef("0" * 32, "0" * 64, 0))
    assert refused.value.rule_id == "order_keys_destroyed"


@needs_models
def test_an_import_that_examined_a_photograph_before_the_order_does_not_bring_it_in_after(app, small, monkeypatch):
    """Its batch was judged and stored; the order comes before the batch is committed."""
    plain = intake_batch.Batch._store

    def ordered_meanwhile(batch, alike):
        stored = plain(batch, alike)
        carry_out(order("R-0001-1"))
        return stored

    monkeypatch.setattr(intake_batch.Batch, "_store", ordered_meanwhile)
    outcome = run_import(small)
    assert outcome.enrolled == 1
    assert [r["record_number"] for r, _ in outcome.refused] == ["R-0001-1"]

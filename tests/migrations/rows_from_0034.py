"""Rows of earlier versions, and what the migrations from 0034 on make of them."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app.extensions import db, stores
from app.models import GalleryHold, GalleryPerson, GalleryPhoto, ImportOutcome, ImportSample, SealedRecord
from app.storage import seal_json
from tests.migrations.databases import ACCOUNT, FACE, PROBE, REQUEST, before, count, engine, run, stand
from tests.migrations.rows_from_0032 import IMPORT, SAMPLE

PERSON = (
    "INSERT INTO gallery_person (id, uid, created_at, person_number, key_id) "
    "VALUES ({id}, 'person{id}', '2026-01-01', 'PERSON-NUMBER-{id}', '{key}')"
)
PHOTO = (
    "INSERT INTO gallery_photo (id, uid, created_at, record_number, person_id, key_id, source, jurisdiction, charged, "
    "taken_on, sha256, phash, blob_id, width, height, batch, removed_at, removed_because) VALUES ({id}, 'photo{id}', "
    "'2026-01-01', 'RECORD-NUMBER-{id}', {person}, '{key}', 'arrest', 'criminal', 1, '2026-01-01', 's{id}', 'f0', "
    "'b{id}', 9, 9, 'i', {gone})"
)
HOLD = (
    "INSERT INTO gallery_hold (id, uid, created_at, key_id, batch, record_number, sha256, blob_id, decision, "
    "decided_at) VALUES ({id}, 'hold{id}', '2026-01-01', '{key}', 'i', 'RECORD-NUMBER-{id}', 'h{id}', 'b', {decided})"
)
ORDER = (
    "INSERT INTO sealing_order (id, uid, created_at, number, state, state_since, version, key_id, policy_version, "
    "kind, dated, order_digest, way, destroyed, removed_at, generation) VALUES (1, 'order1', '2026-01-01', 'SO-1', "
    "'removed', '2026-01-01', 1, '{key}', 'p', 'sealed', '2026-01-01', 'd', 'command', '{{}}', '2026-01-01', 1)"
)
TOMBSTONE = (
    "INSERT INTO sealed_record (id, uid, created_at, order_id, record_number, outcome) "
    "VALUES (1, 'tomb1', '2026-01-01', 1, 'RECORD-NUMBER-9', 'not_held')"
)
OUTCOME = (
    "INSERT INTO import_outcome (import_id, line, record_number, outcome, rules, reason) VALUES "
    "(1, 2, 'RECORD-NUMBER-1', 'duplicate', '[]', "
    "'The same file is there as record RECORD-NUMBER-1 of the same person.')"
)
SEALED = "UPDATE {table} SET sealed = x'{box}' WHERE uid = '{uid}'"


def _box(table: str, uid: str, key: str, value: dict[str, object]) -> str:
    box = seal_json(stores().keys, key, value, f"{table}:{uid}".encode())
    return SEALED.format(table=table, uid=uid, box=box.hex())


def _content(app: Flask) -> str:
    with engine(app).connect() as connection:
        return "\n".join(connection.connection.driver_connection.iterdump())


def _former(app: Flask, keys: list[str], photo_key: str = "") -> None:
    stand(app, before("0034"))
    run(
        app,
        ACCOUNT,
        IMPORT,
        SAMPLE,
        OUTCOME,
        *(PERSON.format(id=id, key=keys[0]) for id in (1, 2)),
        PHOTO.format(id=1, person=1, key=photo_key or keys[1], gone="NULL, NULL"),
        HOLD.format(id=5, key=keys[2], decided="NULL, NULL"),
        ORDER.format(key=keys[3]),
        TOMBSTONE,
        _box("gallery_person", "person1", keys[0], {"name": "Ira Longgone"}),
        _box("gallery_photo", "photo1", keys[1], {"charge": "trespass"}),
        """UPDATE import_sample SET records = '["RECORD-NUMBER-1"]'""",
        """UPDATE import_sample SET differing = '{"RECORD-NUMBER-1": ["charged"]}'""",
    )


def data_0034(app: Flask) -> None:
    """Numbers are sealed with their rows and still found; back again they stand in clear, unless one is gone."""
    keys = [stores().keys.create() for _ in range(4)]
    _former(app, keys)
    was = _content(app)
    assert was.count("RECORD-NUMBER-") == 7 and was.count("PERSON-NUMBER-") == 2
    upgrade()  # to the newest, whose columns the models read
    assert "-NUMBER-" not in _content(app)
    person = db.session.scalars(select(GalleryPerson).where(GalleryPerson.person_number == "PERSON-NUMBER-1")).one()
    assert dict(person.private) == {"name": "Ira Longgone", "person_number": "PERSON-NUMBER-1"}
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number.in_(["RECORD-NUMBER-1"]))).one()
    assert (photo.record_number, photo.private["charge"]) == ("RECORD-NUMBER-1", "trespass")
    for model, number in ((GalleryHold, "RECORD-NUMBER-5"), (SealedRecord, "RECORD-NUMBER-9")):
        assert db.session.scalars(select(model).where(model.record_number == number)).one().record_number == number
    sample = db.session.scalars(select(ImportSample)).one()
    assert (sample.records, sample.differing) == (["photo1"], {"photo1": ["charged"]})
    assert "another record number" in db.session.scalars(select(ImportOutcome.reason)).one()
    db.session.remove()
    # a person without photographs has no number any more
    with pytest.raises(SystemExit):
        downgrade(revision=before("0034"))
    run(app, "DELETE FROM gallery_person WHERE id = 2")
    downgrade(revision=before("0034"))
    again = _content(app)
    assert again.count("RECORD-NUMBER-") == 5 and again.count("PERSON-NUMBER-") == 1
    _what_left_stays_gone(app, keys)


def _what_left_stays_gone(app: Flask, keys: list[str]) -> None:
    """What left keeps an index, by which it stays out; what was disposed of keeps nothing. No key, no migration."""
    _former(app, keys)
    run(
        app,
        PHOTO.format(id=2, person=2, key=keys[1], gone="'2026-02-01', 'sealed'"),
        PHOTO.format(id=3, person=2, key=keys[1], gone="'2026-02-01', 'disposed'"),
        HOLD.format(id=6, key=keys[2], decided="'refused', '2026-02-01'"),
    )
    upgrade()

    def found(model, name: str, number: str) -> list[str]:
        return list(db.session.scalars(select(model.uid).where(getattr(model, name) == number)))

    assert found(GalleryPhoto, "record_number", "RECORD-NUMBER-2") == ["photo2"]
    assert found(GalleryPhoto, "record_number", "RECORD-NUMBER-3") == []
    assert found(GalleryPerson, "person_number", "PERSON-NUMBER-2") == []
    assert found(GalleryHold, "record_number", "RECORD-NUMBER-6") == []
    assert db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.uid == "photo2")).one().sealed is None
    db.session.remove()
    _former(app, keys, photo_key="0" * 32)
    run(app, "UPDATE gallery_photo SET sealed = NULL")
    with pytest.raises(SystemExit):
        upgrade(revision="0034")
    assert json.dumps(_content(app)).count("RECORD-NUMBER-") == 7, "nothing was lost"


def data_0035(app: Flask) -> None:
    """Faces of before have no hash until they are hashed; back again the hashes are gone and nothing else."""
    stand(app, before("0035"))
    run(app, ACCOUNT, REQUEST, PROBE, FACE)
    upgrade(revision="0035")
    assert count(app, "detected_face WHERE face_hash IS NULL") == 1
    run(app, "UPDATE detected_face SET face_hash = '00ff00ff00ff00ff'")
    downgrade(revision=before("0035"))
    assert count(app, "detected_face WHERE uid = 'f' AND inter_eye = 9") == 1
    assert "00ff00ff00ff00ff" not in _content(app)

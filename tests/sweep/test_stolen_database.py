"""A stolen copy of the database names no arrestee and no private person, and answers no guess at a number.

The bytes of the files themselves are read, the write-ahead log included, after requests, reports, disclosures, holds,
sealing orders and disposals of the world.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.extensions import db
from app.models import CaseRecord, Disclosure, GalleryPerson, GalleryPhoto, PersonFile, SealedRecord, SealingOrder

pytestmark = [pytest.mark.clause("ACC-10"), pytest.mark.timeout(300)]


def dumped(world) -> bytes:
    db.session.rollback()
    path = Path(make_url(world.app.extensions["settings"].database_url).database or "")
    files = sorted(path.parent.glob(f"{path.name}*"))
    assert files
    return b"\0".join(file.read_bytes() for file in files)


def numbers() -> set[str]:
    """Return every number of an arrestee or a record that the portal itself can still read."""
    people, photos, records = (
        db.session.scalars(select(one)).all() for one in (GalleryPerson, GalleryPhoto, SealedRecord)
    )
    rows = [row for row in (*people, *photos, *records) if not row.number_is_erased]
    orders = db.session.scalars(select(SealingOrder))
    return {row.number for row in rows} | {str(order.private["order_number"]) for order in orders}


def names() -> set[str]:
    found = {
        row.private.get("name") for model in (GalleryPerson, PersonFile) for row in db.session.scalars(select(model))
    }
    for disclosure in db.session.scalars(select(Disclosure)):
        recipient = disclosure.private.get("recipient") or {}
        found |= {recipient.get("name"), recipient.get("address"), disclosure.private.get("person")}
    return {str(one) for one in found if one}


def test_no_number_and_no_name_stands_in_the_files_of_the_database(world):
    with world.app.app_context():
        content, known = dumped(world), numbers() | names()
        assert len(known) > 10
        case = db.session.scalars(select(CaseRecord.case_number)).first()
        assert str(case).encode() in content, "what stands in clear is found by the same search"
        assert sorted(one for one in known if one.encode() in content) == []


def test_a_guess_at_a_number_cannot_be_tested_without_the_key_store_bypass(world):
    """Whoever knows how the index is made, and every number that there can be, still finds none of them."""
    with world.app.app_context():
        content = dumped(world)
        photos = [one for one in db.session.scalars(select(GalleryPhoto)) if not one.number_is_erased]
        assert photos[0].number_index.encode() in content
        for number in {photo.number for photo in photos}:
            for salt in ("", "gallery_photo.record_number\0"):
                for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
                    assert digest(f"{salt}{number}".encode()).hexdigest()[:40].encode() not in content

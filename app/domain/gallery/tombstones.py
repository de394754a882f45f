"""Tombstones of sealing orders: a photograph ordered out of the repository cannot come back unnoticed (CAP-3).

A tombstone knows the record number, the digest of the file that left, and for an order about a whole person a keyed
digest of their number and the day of the order. It holds nothing by which a face could be recognised: a perceptual hash
would find a compressed copy, and is a likeness for that very reason (docs/decisions/0019-sealing-orders.md).
"""

from __future__ import annotations

import hmac
from datetime import date

from sqlalchemy import or_, select

from app.clauses import enforces
from app.domain.gallery.intake_manifest import Row
from app.extensions import db, stores
from app.models import SealedRecord, SealingOrder
from app.storage.keys import Derived


@enforces("CAP-3")
def barred(row: Row, sha256: str) -> str | None:
    """Return the sentence why a sealing order keeps an incoming row out; None when no order does."""
    found = db.session.execute(
        select(SealingOrder.number, SealedRecord.record_number == row["record_number"])
        .join(SealedRecord, SealedRecord.order_id == SealingOrder.id)
        .where(or_(SealedRecord.record_number == row["record_number"], SealedRecord.sha256 == sha256))
        .order_by(SealingOrder.id)
        .limit(1)
    ).first()
    if found is not None:
        number, by_number = found
        return f"The {'record number' if by_number else 'file'} was sealed by order ({number})."
    order = db.session.execute(
        select(SealingOrder.number, SealingOrder.dated)
        .where(SealingOrder.person_digest == digest_of_person(row["person_number"]))
        .order_by(SealingOrder.dated.desc())
        .limit(1)
    ).first()
    if order is not None and date.fromisoformat(row["taken_on"]) <= order.dated:
        return f"Everything of this person until {order.dated} was sealed by order ({order.number})."
    return None


def digest_of_person(person_number: str) -> str:
    """Return the keyed digest of a person's number, by which tombstones find it without keeping it."""
    return keyed_digest(Derived.SEALING, person_number.encode())


def keyed_digest(purpose: Derived, content: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) under the secret of one purpose; hex."""
    return hmac.new(stores().keys.derived(purpose), content, "sha256").hexdigest()

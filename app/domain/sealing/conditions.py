"""The conditions of sealing: a photograph is out of every search before execution, unreadable before a certificate."""

from __future__ import annotations

from app.access.actor import Actor
from app.extensions import stores
from app.models.sealing import SealingOrder
from app.policy.words import says_something
from app.workflow.facts import Facts
from app.workflow.registry import condition


@condition("order_stated", "CAP-3")
def order_stated(order: SealingOrder, actor: Actor, facts: Facts) -> str | None:
    statement = order.private
    if not all(says_something(statement.get(name)) for name in ("order_number", "authority")):
        return "The order's number or the authority it comes from is missing."
    if not order.records and order.person_digest is None:
        return "The order names neither a record nor a person."
    return None


@condition("order_records_gone", "CAP-3")
def order_records_gone(order: SealingOrder, actor: Actor, facts: Facts) -> str | None:
    left = sum(row.photo is not None and row.photo.removed_at is None for row in order.records)
    return f"{left} of the order's records are still in the repository." if left else None


@condition("order_keys_destroyed", "CAP-3", "ACC-10")
def order_keys_destroyed(order: SealingOrder, actor: Actor, facts: Facts) -> str | None:
    done = order.destroyed
    keys = [key_id for key_id in done.get("keys", ()) if not stores().keys.is_destroyed(key_id)]
    blobs = [blob_id for blob_id in done.get("blobs", ()) if stores().blobs.exists(blob_id)]
    return f"{len(keys)} keys and {len(blobs)} files are not destroyed yet." if keys or blobs else None


@condition("order_certificate_stored", "CAP-3")
def order_certificate_stored(order: SealingOrder, actor: Actor, facts: Facts) -> str | None:
    return None if order.certificate_blob_id is not None else "The certificate is not stored yet."

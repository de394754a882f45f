"""The lapse of what is past its time: decisions, unfetched packages, files of long lists."""

from __future__ import annotations

from app.domain.disclosures import verbs as disclosures
from app.domain.oversight import exports
from app.unit_of_work import unit_of_work


def lapse() -> int:
    """End what is past its time; returns how much. Opens units of work of its own."""
    over = exports.expire_due()
    with unit_of_work():
        over += disclosures.expire_due()
    return over

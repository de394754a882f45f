"""The plan of an erasure: what is destroyed outside the database, and which rows are deleted (RET-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.extensions import db
from app.models import FRRequest
from app.models.base import rows_touched


@dataclass(slots=True)
class ErasurePlan:
    """What is to be destroyed outside the database, and what was delivered and stays with the department."""

    keys: list[str] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    delivered: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: ErasurePlan) -> None:
        self.keys += [key for key in other.keys if key not in self.keys]
        self.blobs += [blob for blob in other.blobs if blob not in self.blobs]
        self.delivered += other.delivered


class Eraser(Protocol):
    """Knows the rows of one area that belong to requests.

    `tables` names them. `plan` reads what must be destroyed before the rows go; `delete` removes the rows, or blanks
    what remains of them, inside the open unit of work, and answers how many of each table.
    """

    @property
    def tables(self) -> tuple[str, ...]: ...

    def plan(self, requests: Sequence[FRRequest]) -> ErasurePlan: ...

    def delete(self, requests: Sequence[FRRequest]) -> dict[str, int]: ...


def run(statement: Any) -> int:
    """Run a DELETE or UPDATE; returns how many rows it touched."""
    return rows_touched(db.session.execute(statement.execution_options(synchronize_session=False)))

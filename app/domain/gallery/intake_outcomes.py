"""What became of each record of an import, in the words in which it is kept and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.gallery.intake_checks import AlreadyThere
from app.domain.gallery.intake_manifest import Row
from app.domain.gallery.intake_sources import Refusal

#: what a refusal by one of intake's own checks is called; every other refusal is “refused”
_CALLED = {
    "intake-unreadable": "unreadable",
    "intake-file": "unreadable",
    "intake-path": "unreadable",
    "intake-itl": "unreadable",
    "intake-compression": "unreadable",
    "intake-no-image": "unreadable",
    "intake-no-face": "no_face",
    "intake-several-faces": "several_faces",
}


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """The outcome of one record, as ImportOutcome keeps it."""

    row: Row
    outcome: str
    rules: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, row: Row, verdict: Refusal | AlreadyThere) -> RecordOutcome:
        """Of a record that does not enter."""
        if isinstance(verdict, Refusal):
            return cls(row, _CALLED.get(verdict.rules[0], "refused"), verdict.rules, verdict.reason)
        if verdict.other is not None:
            said = f"The same file is there under another record number of the same person, reference {verdict.other}."
            return cls(row, "duplicate", (), said)
        return cls(row, "already")

    def kept(self, import_id: int) -> dict[str, Any]:
        """Return the values of its ImportOutcome."""
        return {
            "import_id": import_id,
            "line": self.row.line,
            "outcome": self.outcome,
            "rules": list(self.rules),
            "reason": self.reason[:500],
        }

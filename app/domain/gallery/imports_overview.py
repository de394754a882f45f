"""The figures of imports: how far each is and which rules kept records out, without names, numbers or faces."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import String, cast, func, select

from app.domain.gallery import imports, samples
from app.extensions import db
from app.models import GalleryImport, ImportOutcome
from app.models.base import now
from app.models.engine import Job
from app.policy import policy

SHOWN = 10
#: an outcome as a page names it, in this order
WORDS = {
    "enrolled": "Enrolled",
    "already": "There already",
    "duplicate": "Same file twice for one person",
    "held": "Held for a decision",
    "refused": "Refused by a rule",
    "unreadable": "File or image unreadable",
    "no_face": "No face found",
    "several_faces": "Several faces",
}
#: intake's own checks; the policy's rules have sentences of their own
_CHECKS = {
    "intake-value": "A value is malformed.",
    "intake-path": "The file's path leads out of the import folder.",
    "intake-file": "There is no such file, or it cannot be read.",
    "intake-unreadable": "The image is damaged, too large or of another kind.",
    "intake-itl": "The file is no ANSI/NIST-ITL transaction, or it is damaged.",
    "intake-no-image": "The ANSI/NIST-ITL file holds no frontal photograph.",
    "intake-several-images": "The ANSI/NIST-ITL file holds several frontal photographs.",
    "intake-compression": "The image is compressed in a way that cannot be read.",
    "intake-no-face": "No face was found.",
    "intake-several-faces": "Several faces were found.",
    "intake-record-taken": "Another photograph has the record number.",
}


@dataclass(frozen=True, slots=True)
class ImportFigures:
    """One import.

    outcomes: (word, records). rules: (id, the rule's sentence, records). sample: whether it is searched, in a sentence.
    trouble: why a chunk was given up.
    again: a chunk that is tried again, with its reason. moving: whether something was written in the last minute.
    """

    of: GalleryImport
    state: str
    outcomes: list[tuple[str, int]]
    rules: list[tuple[str, str, int]]
    sample: str
    trouble: str | None
    again: Job | None
    moving: bool

    @property
    def per_second(self) -> float | None:
        """Return the records a second of an import that ended."""
        if self.of.finished_at is None or not self.of.done:
            return None
        return self.of.done / max((self.of.finished_at - self.of.created_at).total_seconds(), 1.0)


def latest() -> list[ImportFigures]:
    """Return the latest imports, newest first."""
    found = db.session.scalars(select(GalleryImport).order_by(GalleryImport.id.desc()).limit(SHOWN))
    return [_figures(of) for of in found.all()]


def _figures(of: GalleryImport) -> ImportFigures:
    outcomes = [(word, of.tally[name]) for name, word in WORDS.items() if name in of.tally]
    moving = of.state in ("planning", "running") and imports.last_sign(of) > now() - timedelta(minutes=1)
    ended = {"done": "Ended", "replaced": "Replaced by a newer list"}
    state = ended.get(of.state) or ("Running" if moving else "Stopped")
    sample, again = samples.standing(of), imports.tried_again(of)
    return ImportFigures(of, state, outcomes, _rules(of), sample, imports.trouble(of), again, moving)


def _rules(of: GalleryImport) -> list[tuple[str, str, int]]:
    listed = cast(ImportOutcome.rules, String)
    rows = db.session.execute(select(listed, func.count()).where(ImportOutcome.import_id == of.id).group_by(listed))
    counted: Counter[str] = Counter()
    for rules, records in rows:
        counted.update(dict.fromkeys(json.loads(rules), records))
    known = _CHECKS | {rule.id: rule.text for rule in (*policy().gallery.eligibility, *policy().gallery.exclusions)}
    return [(rule, known.get(rule, ""), records) for rule, records in sorted(counted.items())]

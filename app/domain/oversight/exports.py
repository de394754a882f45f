"""Long lists as files: asked for on a page, written by a worker, kept encrypted for a while, taken by whoever asked.

A year's audit trail is hundreds of megabytes, more than one answer of a web server should take. So a worker writes it
in parts, each sealed under the key of its file, and in slices, so that a search never waits for it. The job's row is
all there is of a file beside its parts: with the row, the key and the parts everything of it is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.scoping import EXPORTS, visible
from app.clauses import enforces
from app.csv_lines import csv_line
from app.domain.disclosures import register
from app.domain.oversight import audit_trail
from app.domain.workload import overview
from app.extensions import db, settings, stores
from app.models.base import now
from app.models.engine import Job
from app.outbox import ask
from app.policy.names import CapabilityId
from app.storage import KeyDestroyed
from app.storage.blobs import BlobStore
from app.storage.sealed import open_json, seal_json
from app.unit_of_work import unit_of_work
from app.web.downloads import Download

JOB = EXPORTS
#: what a worker holds in memory, and a browser is sent at a time
PART_BYTES = 4 * 2**20
#: rows that are read in one short look at the database: a reader who stays keeps every disposal from its end
BATCH = 500
#: files of one person and kind that are kept at the same time
AT_ONCE = 5


class TooManyFiles(Exception):
    """The person has as many files as are kept at once; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A list that can be had as a file: who may have it, its columns, and how its lines are read.

    `lines(wanted, through, limit)` gives (key, cells) from the key `through` down, keys that never change.
    """

    capability: CapabilityId
    noun: str
    file_name: str
    columns: Sequence[str]
    filter: type
    newest: Callable[[], int]
    count: Callable[[Any, int], int]
    lines: Callable[[Any, int, int], list[tuple[int, Sequence[object]]]]


SOURCES = {
    "audit": Source(
        "audit.read",
        "event",
        "audit",
        audit_trail.COLUMNS,
        audit_trail.Filter,
        overview.last_sequence,
        audit_trail.count,
        audit_trail.lines,
    ),
    "register": Source(
        "disclosure.register",
        "disclosure",
        "disclosures",
        register.COLUMNS,
        register.Filters,
        register.newest,
        register.count,
        register.lines,
    ),
}


class Part(msgspec.Struct, frozen=True):
    """A piece of the file: its blob, digest and size."""

    id: str
    sha256: str
    size: int


class ExportProgress(msgspec.Struct, kw_only=True):
    """How far a file is. `wanted`: what was asked for, sealed; `below`: the key of the next row; `newest`, `oldest`:
    the first cells of the first and last row; `sha256`: of the whole file, once it is."""

    of: str
    key_id: str
    wanted: bytes
    below: int
    total: int | None = None
    rows: int = 0
    newest: str = ""
    oldest: str = ""
    parts: list[Part] = []
    sha256: str = ""
    kept_until: datetime | None = None


class Export:
    """One file, read from the row of its job."""

    subject_type: ClassVar[str] = "export"
    __tablename__: ClassVar[str] = Job.__tablename__
    lookup: ClassVar[str] = "uid"

    def __init__(self, row: Job) -> None:
        self.row, self.standing = row, msgspec.convert(row.progress, ExportProgress)

    @property
    def uid(self) -> str:
        return self.row.uid

    @property
    def source(self) -> Source:
        return SOURCES[self.standing.of]

    @property
    def ready(self) -> bool:
        """Whether it is written whole."""
        return bool(self.standing.sha256)

    @property
    def failed(self) -> bool:
        return self.row.state == "failed" and not self.ready

    @property
    def size(self) -> int:
        return sum(part.size for part in self.standing.parts)

    @property
    def file_name(self) -> str:
        return f"{self.source.file_name}-{self.row.created_at:%Y%m%d-%H%M%S}Z.csv"

    def wanted(self) -> Any:
        """What was asked for. Raises KeyDestroyed."""
        sealed = open_json(stores().keys, self.standing.key_id, self.standing.wanted, _purpose(self.standing.key_id))
        return msgspec.convert(sealed, self.source.filter)

    def keep(self) -> None:
        """Write the standing into the row, in the open unit of work."""
        self.row.progress = msgspec.to_builtins(self.standing)


def _purpose(key_id: str) -> bytes:
    return b"export:" + key_id.encode()


# Asking ----------------------------------------------------------------------------------------------------


@enforces("AUD-6", "EXT-7", "ACC-10")
def ask_for(of: str, wanted: Any, actor: Actor, **told: object) -> Export:
    """Have a worker write the file; `told` is what the audit trail keeps of the question. Needs an open unit of work.

    Raises TooManyFiles.
    """
    if len([one for one in exports_of(actor) if one.standing.of == of]) >= AT_ONCE:
        raise TooManyFiles(
            f"You have {AT_ONCE} such files already. Take what you need and remove one, then ask for this one again."
        )
    key_id = stores().keys.create()
    sealed = seal_json(stores().keys, key_id, msgspec.to_builtins(asdict(wanted)), _purpose(key_id))
    row = ask(JOB, str(actor.id), f"{JOB}:{key_id}")
    export = ExportProgress(of=of, key_id=key_id, wanted=sealed, below=SOURCES[of].newest() + 1)
    row.progress = msgspec.to_builtins(export)
    audit.record("export.asked", Export(row), actor=actor, of=of, filter=told)
    return Export(row)


def exports_of(actor: Actor) -> list[Export]:
    """A person's files, the newest first, of the lists they may read now."""
    found = [Export(row) for row in db.session.scalars(visible(Job, actor).order_by(Job.id.desc()))]
    return [export for export in found if export.source.capability in actor.capabilities]


# Writing ---------------------------------------------------------------------------------------------------


def find(uid: str, *, locked: bool = False) -> Export | None:
    """A file by its public id; `locked` until the open unit ends. None when it is gone."""
    rows = select(Job).where(Job.uid == uid, Job.kind == JOB)
    if locked:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(rows).one_or_none()
    return None if row is None else Export(row)


def write_part(uid: str) -> bool:
    """Write the next part; answers whether anything is left to write. Opens units of work of its own.

    Of two workers at once the first one's part is kept. Raises StorageError.
    """
    export = find(uid)
    if export is None or export.ready or export.standing.below <= 0:
        return False
    known = len(export.standing.parts)
    try:
        text = _next_text(export)
        stored = stores().blobs.put(export.standing.key_id, text.encode())
    except KeyDestroyed:
        return False
    kept = False
    try:
        with unit_of_work():
            present = find(uid, locked=True)
            if present is not None and len(present.standing.parts) == known:
                export.standing.parts.append(Part(stored.id, stored.sha256, stored.size))
                present.standing = export.standing
                present.keep()
                kept = True
    finally:
        if not kept:
            stores().blobs.destroy(stored.id)
    return present is not None and present.standing.below > 0


def _next_text(export: Export) -> str:
    """The lines of the next part; the standing goes on to what follows them."""
    source, standing, wanted = export.source, export.standing, export.wanted()
    if standing.total is None:
        standing.total = source.count(wanted, standing.below - 1)
    text, size = [] if standing.parts else [csv_line(source.columns)], 0
    while size < PART_BYTES and standing.below > 0:
        found = source.lines(wanted, standing.below - 1, BATCH)
        db.session.rollback()
        for key, cells in found:
            line = csv_line(cells)
            text.append(line)
            size += len(line)
            standing.below, standing.oldest = key, str(cells[0])
            standing.newest = standing.newest or standing.oldest
        standing.rows += len(found)
        if len(found) < BATCH:
            standing.below = 0
    return "".join(text)


def finish(uid: str) -> None:
    """Take the digest of the whole file and keep it from now on for the time set. Opens a unit of work of its own.

    Raises StorageError.
    """
    export = find(uid)
    if export is None or export.ready:
        return
    digest = hashlib.sha256()
    try:
        for piece in _read(stores().blobs, export.standing, 0, export.size):
            digest.update(piece)
    except KeyDestroyed:
        return
    with unit_of_work():
        present = find(uid, locked=True)
        if present is None or present.ready:
            return
        present.standing.sha256 = digest.hexdigest()
        present.standing.kept_until = now() + timedelta(hours=settings().export_hours)
        present.keep()
        audit.record(
            "export.finished",
            present,
            actor=system_actor(),
            of=present.standing.of,
            rows=present.standing.rows,
            newest=present.standing.newest,
            oldest=present.standing.oldest,
            bytes=present.size,
            sha256=present.standing.sha256,
        )


# Taking ----------------------------------------------------------------------------------------------------


def _read(blobs: BlobStore, standing: ExportProgress, first: int, stop: int) -> Iterator[bytes]:
    """The bytes from `first` to before `stop`, a part at a time, each checked; no session is used."""
    begun = 0
    for part in standing.parts:
        if begun < stop and begun + part.size > first:
            data = blobs.get(part.id, standing.key_id, part.sha256)
            yield data[max(first - begun, 0) : stop - begun]
        begun += part.size


@enforces("ACC-10", "ACC-11")
def download(export: Export) -> Download:
    """The finished file, to be sent. Nothing is read yet."""
    blobs, standing = stores().blobs, export.standing
    return Download(
        export.file_name,
        "text/csv",
        export.size,
        standing.sha256,
        lambda first, stop: _read(blobs, standing, first, stop),
    )


# Going -----------------------------------------------------------------------------------------------------


@enforces("ACC-10")
def destroy(export: Export, why: str, actor: Actor | None = None) -> None:
    """Destroy a file: its key, its parts, then its row. Opens a unit of work of its own; may be repeated."""
    uid, standing = export.uid, export.standing
    stores().erase([standing.key_id], [part.id for part in standing.parts])
    with unit_of_work():
        present = find(uid, locked=True)
        if present is not None:
            # a part that a worker kept since was read above cannot be opened any more, and goes with the others
            stores().erase([], [part.id for part in present.standing.parts])
            audit.record("export.destroyed", present, actor=actor or system_actor(), of=standing.of, why=why)
            db.session.delete(present.row)


def expire_due() -> int:
    """Destroy the files whose time is over, and what is left of those that could not be written; returns how many."""
    moment, over = now(), 0
    for row in db.session.scalars(select(Job).where(Job.kind == JOB).order_by(Job.id)).all():
        export = Export(row)
        until = export.standing.kept_until
        if export.failed and row.finished_at is not None:
            until = row.finished_at + timedelta(hours=settings().export_hours)
        if until is not None and until <= moment:
            destroy(export, "expired")
            over += 1
    return over


@enforces("RET-11")
def forget_register() -> None:
    """Destroy every file of the register: what a disposal erased may stand in it. Each can be asked for again."""
    for row in db.session.scalars(select(Job).where(Job.kind == JOB).order_by(Job.id)).all():
        export = Export(row)
        if export.standing.of == "register":
            destroy(export, "erased")

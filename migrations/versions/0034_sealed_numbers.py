"""the numbers of arrestees and of their records, sealed with their rows, with a blind index in the column of before

Needs the key store: each number goes under the key of its photograph, person, hold or order, in the form of
`app/storage/sealed.py`. A photograph that left has no key any more, so its number goes, and only the index stays. What
became of each record of an import is told by its line; a sample names photographs by their uids. Events of before are
never changed: those of a removal or a hold name the record's number.

Copies of the database from before this, and what a server keeps of old pages, hold the numbers in clear:
docs/encryption-at-rest.md says what to do about them.
"""

import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from flask import current_app

from app.storage import KeyDestroyed, KeyStore, StorageError, open_json, seal_json
from app.storage.keys import Derived

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

#: table -> the column of before, which is also the name under which the number is sealed
NUMBERED = {
    "gallery_person": "person_number",
    "gallery_photo": "record_number",
    "gallery_hold": "record_number",
    "sealed_record": "record_number",
}
#: rows of which nothing may be sealed any more: photographs and people that left, holds decided on
LEFT = {
    "gallery_photo": "SELECT id FROM gallery_photo WHERE removed_at IS NOT NULL",
    "gallery_person": "SELECT id FROM gallery_person WHERE id NOT IN "
    "(SELECT person_id FROM gallery_photo WHERE removed_at IS NULL)",
    "gallery_hold": "SELECT id FROM gallery_hold WHERE decision IS NOT NULL",
}
#: rows whose number nothing has to recognise any more
FORGOTTEN = {
    "gallery_photo": "SELECT id FROM gallery_photo WHERE removed_because = 'disposed'",
    "gallery_person": "SELECT id FROM gallery_person WHERE id NOT IN "
    "(SELECT person_id FROM gallery_photo WHERE removed_at IS NULL) "
    "AND id IN (SELECT person_id FROM gallery_photo WHERE removed_because = 'disposed')",
    "gallery_hold": LEFT["gallery_hold"],
}
#: rows read and written at a time
ROWS = 500
#: sentences that named another record
NAMED = (
    (r"This photograph left the repository as record .+\.", "This photograph left the repository before."),
    (
        r"The same file is in the repository as record .+ of another person\.",
        "The same file is in the repository as a record of another person.",
    ),
    (
        r"The same file is there as record .+ of the same person\.",
        "The same file is there under another record number of the same person.",
    ),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete = ON")
    # before the numbers go: samples name photographs by them
    _samples("record_number", "uid")
    op.execute("ALTER TABLE sealed_record ADD COLUMN sealed " + _binary())
    op.drop_index("ix_sealed_record_record_number", "sealed_record")
    for table, column in NUMBERED.items():
        # in place on both databases; a column that is built anew would take its constraints along
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO number_index")
    op.create_index("ix_sealed_record_number_index", "sealed_record", ["number_index"])
    for table, name in NUMBERED.items():
        _seal(table, name)
    op.execute("ALTER TABLE import_outcome DROP COLUMN record_number")
    _reworded()


def downgrade() -> None:
    """The earlier version keeps numbers in clear. It cannot where a key went, and a number with it."""
    for table, name in NUMBERED.items():
        _open(table, name)
    op.drop_index("ix_sealed_record_number_index", "sealed_record")
    for table, column in NUMBERED.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN number_index TO {column}")
    op.create_index("ix_sealed_record_record_number", "sealed_record", ["record_number"])
    op.execute("ALTER TABLE sealed_record DROP COLUMN sealed")
    _samples("uid", "record_number")
    _outcomes_as_before()


def _binary() -> str:
    return "BYTEA" if op.get_bind().dialect.name == "postgresql" else "BLOB"


def _keys() -> KeyStore:
    return current_app.extensions["stores"].keys


def _table(name: str, *columns: str) -> sa.TableClause:
    binary, plain = {"sealed": sa.LargeBinary}, sa.String
    return sa.table(name, sa.column("id", sa.Integer), *(sa.column(one, binary.get(one, plain)) for one in columns))


def _rows(table: str) -> Iterator[sa.Row[Any]]:
    """Yield (id, uid, number_index, sealed, key_id) of every row, some at a time; a tombstone has its order's key."""
    own = _table(table, "uid", "number_index", "sealed")
    wanted = sa.select(own.c.id, own.c.uid, own.c.number_index, own.c.sealed)
    if table == "sealed_record":
        own.append_column(sa.column("order_id", sa.Integer))
        order = _table("sealing_order", "key_id")
        wanted = wanted.add_columns(order.c.key_id).join_from(own, order, own.c.order_id == order.c.id)
    else:
        own.append_column(sa.column("key_id", sa.String))
        wanted = wanted.add_columns(own.c.key_id)
    last = 0
    while rows := op.get_bind().execute(wanted.where(own.c.id > last).order_by(own.c.id).limit(ROWS)).all():
        yield from rows
        last = rows[-1].id


def _seal(table: str, name: str) -> None:
    """Put the index of each number in its place, and the number with what is sealed of its row.

    Of a row that left nothing is sealed; what was disposed of, and a hold decided on, keep no index either.
    """
    keys, own = _keys(), _table(table, "number_index", "sealed")
    secret, domain = keys.derived(Derived.NUMBERS), f"{table}.{name}".encode() + b"\0"
    left, forgotten = (_ids(statements, table) for statements in (LEFT, FORGOTTEN))
    for row in _rows(table):
        index = hmac.digest(secret, domain + row.number_index.encode(), "sha256").hex()[:40]
        values: dict[str, Any] = {"number_index": secrets.token_hex(20) if row.id in forgotten else index}
        if row.id not in left:
            values["sealed"] = _sealed_with(keys, table, row, {name: row.number_index})
        op.execute(sa.update(own).where(own.c.id == row.id).values(**values))


def _sealed_with(keys: KeyStore, table: str, row: sa.Row[Any], more: dict[str, str]) -> bytes | None:
    """Return what is sealed of a row with the number added. Raises RuntimeError where that is not possible."""
    bound = f"{table}:{row.uid}".encode()
    try:
        held = {} if row.sealed is None else open_json(keys, row.key_id, row.sealed, bound)
        return seal_json(keys, row.key_id, {**held, **more}, bound)
    except KeyDestroyed:
        # a backup of the database from before an erasure: nothing of the row can be read, and its number goes too
        return row.sealed
    except StorageError as fault:
        # without its key the number would be lost for good, as where the portal runs on another key store
        raise RuntimeError(f"Nothing was changed: a row of {table} cannot be sealed. {fault}") from None


def _ids(statements: dict[str, str], table: str) -> set[int]:
    return set(op.get_bind().scalars(sa.text(statements[table]))) if table in statements else set()


def _open(table: str, name: str) -> None:
    keys, own = _keys(), _table(table, "number_index", "sealed")
    for row in _rows(table):
        bound = f"{table}:{row.uid}".encode()
        try:
            held = {} if row.sealed is None else open_json(keys, row.key_id, row.sealed, bound)
        except KeyDestroyed:
            held = {}
        if name not in held:
            raise RuntimeError(f"{table}: a number went with its key, and the earlier version asks for it.")
        number = held.pop(name)
        sealed = seal_json(keys, row.key_id, held, bound) if held else None
        op.execute(sa.update(own).where(own.c.id == row.id).values(number_index=number, sealed=sealed))


def _samples(before: str, after: str) -> None:
    """Name the photographs of each sample by another column of theirs; what cannot be found is left out."""
    samples = sa.table("import_sample", sa.column("id", sa.Integer))
    for column in ("records", "differing"):
        samples.append_column(sa.column(column, sa.JSON))
    photos = _table("gallery_photo", "uid", "record_number")
    asked, given = photos.c[before], photos.c[after]
    for row in op.get_bind().execute(sa.select(samples)).all():
        named = [*row.records, *row.differing]
        pairs = {}
        for start in range(0, len(named), ROWS):
            some = sa.select(asked, given).where(asked.in_(named[start : start + ROWS]))
            pairs.update({found[0]: found[1] for found in op.get_bind().execute(some)})
        values = {
            "records": sorted(pairs[one] for one in row.records if one in pairs),
            "differing": {pairs[one]: columns for one, columns in row.differing.items() if one in pairs},
        }
        op.execute(sa.update(samples).where(samples.c.id == row.id).values(**values))


def _reworded() -> None:
    outcomes = sa.table("import_outcome", sa.column("reason", sa.String))
    reasons = sa.select(outcomes.c.reason).where(outcomes.c.reason.like("%record%")).distinct()
    for reason in op.get_bind().scalars(reasons).all():
        for form, said in NAMED:
            if re.fullmatch(form, reason):
                op.execute(sa.update(outcomes).where(outcomes.c.reason == reason).values(reason=said))


def _outcomes_as_before() -> None:
    """Build the table as it was, for SQLite adds a column at the end only; the numbers are in no row any more."""
    op.execute("CREATE TABLE outcomes_kept AS SELECT import_id, line, outcome, rules, reason FROM import_outcome")
    op.drop_table("import_outcome")
    op.create_table(
        "import_outcome",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_number", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('enrolled', 'already', 'duplicate', 'held', 'refused', 'unreadable', 'no_face', "
            "'several_faces')",
            name=op.f("ck_import_outcome_known_outcome"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["gallery_import.id"], name=op.f("fk_import_outcome_import_id")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_outcome")),
    )
    op.execute(
        "INSERT INTO import_outcome (import_id, line, outcome, rules, reason) "
        "SELECT import_id, line, outcome, rules, reason FROM outcomes_kept"
    )
    op.drop_table("outcomes_kept")

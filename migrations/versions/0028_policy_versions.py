"""the texts of policy versions, and the version on every row that records a judgment

Rows of before take the version of the events of their time, since each event carries one: an event stands in the
transaction of each row. Of those versions only the digest is known; `flask policy keep` adds the texts of one.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None

JUDGED = (
    "search",
    "repeat_search",
    "basis_decision",
    "disposition",
    "background_check",
    "peer_review",
    "report",
    "outcome",
    "training_record",
    "gallery_hold",
)
#: table -> the actions that are refused, and of which rows
REFUSED = {
    "policy_version": {"UPDATE": "OLD.manifest IS NOT NULL", "DELETE": ""},
    "policy_text": {"UPDATE": "", "DELETE": ""},
}
CHANGES = (
    "SELECT at, policy_version FROM (SELECT sequence, at, policy_version, LAG(policy_version) "
    "OVER (ORDER BY sequence) AS former FROM audit_event) AS events "
    "WHERE former IS NULL OR former <> policy_version ORDER BY sequence"
)


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.Column("signature", sa.String(length=128), nullable=True),
        sa.Column("signing_key", sa.String(length=64), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(manifest IS NULL) = (signature IS NULL) AND (manifest IS NULL) = (signing_key IS NULL) "
            "AND (manifest IS NULL) = (kept_at IS NULL)",
            name=op.f("ck_policy_version_kept_texts_are_signed"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "policy_text",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_policy_text")),
    )
    changes = [(datetime.fromisoformat(at), version) for at, version in op.get_bind().exec_driver_sql(CHANGES)]
    _know(changes)
    for table in JUDGED:
        # written out: SQLite adds a column in place, where Alembic would build the table anew
        op.execute(f"ALTER TABLE {table} ADD COLUMN policy_version VARCHAR(64) NOT NULL DEFAULT ''")
    _open("peer_review")
    for table in JUDGED:
        _fill(table, changes)
    _close("peer_review")
    for table, actions in REFUSED.items():
        for action, which in actions.items():
            _refuse(table, action, which)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, actions in REFUSED.items():
        for action in actions:
            op.execute(f"DROP TRIGGER {table}_no_{action.lower()}" + (f" ON {table}" if postgresql else ""))
    for table in JUDGED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN policy_version")
    op.drop_table("policy_text")
    op.drop_table("policy_version")


def _know(changes: list[tuple[datetime, str]]) -> None:
    """Enter each version that an event names, with the time of its first; its texts are not known."""
    first: dict[str, datetime] = {}
    for at, version in changes:
        first.setdefault(version, at)
    moment = sa.DateTime(timezone=True)
    rows = sa.table("policy_version", sa.column("digest", sa.String), sa.column("first_seen", moment))
    if first:
        op.bulk_insert(rows, [{"digest": version, "first_seen": _utc(at)} for version, at in first.items()])


def _fill(table: str, changes: list[tuple[datetime, str]]) -> None:
    moment = sa.DateTime(timezone=True)
    rows = sa.table(table, sa.column("created_at", moment), sa.column("policy_version", sa.String))
    for n, (at, version) in enumerate(changes):
        # what is older than the first event was made just before it
        bounds = [rows.c.created_at >= _utc(at)] if n else []
        bounds += [rows.c.created_at < _utc(changes[n + 1][0])] if n + 1 < len(changes) else []
        op.execute(sa.update(rows).where(*bounds).values(policy_version=version))


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _open(table: str) -> None:
    """Let rows of an append-only table be filled."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(f"DROP TRIGGER {table}_no_update" + (f" ON {table}" if postgresql else ""))


def _close(table: str) -> None:
    """Refuse changes again, in the very words of the migration that did so first."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _refuse(table: str, action: str, which: str) -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    head = f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}"
    if postgresql:
        op.execute(f"{head} FOR EACH ROW {f'WHEN ({which})' if which else ''} EXECUTE FUNCTION refuse_change()")
    else:
        op.execute(
            f"{head} {f'WHEN {which} ' if which else ''}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

"""a notification names its subject as an audit event does, whatever kind of subject it is"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT = "id, uid, created_at, account_id, kind, read_at"


def upgrade() -> None:
    _replace(
        sa.Column("subject_type", sa.String(length=30), nullable=True),
        sa.Column("subject_key", sa.String(length=40), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        constraints=[
            _of_account(),
            sa.CheckConstraint(
                "(subject_type IS NULL) = (subject_key IS NULL)", name=op.f("ck_notification_whole_subject")
            ),
        ],
        copied="subject_type, subject_key",
        of="CASE WHEN request_id IS NULL THEN NULL ELSE 'request' END, "
        "(SELECT number FROM fr_request WHERE fr_request.id = former_notification.request_id)",
    )


def downgrade() -> None:
    _replace(
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        constraints=[
            _of_account(),
            sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f("fk_notification_request_id")),
        ],
        copied="request_id",
        of="(SELECT id FROM fr_request WHERE subject_type = 'request' AND number = subject_key)",
    )


def _of_account() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_account_id"))


def _replace(*columns: sa.Column, constraints: list[sa.Constraint], copied: str, of: str) -> None:
    """A new table in place of the old one, with its rows: altering it would leave SQLite another spelling of it."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_index("ix_notification_unread", "notification")
    op.rename_table("notification", "former_notification")
    if postgresql:
        # names of constraints are taken for the whole schema there
        for name in ("pk_notification", "uq_notification_uid", "fk_notification_account_id"):
            op.execute(f"ALTER TABLE former_notification RENAME CONSTRAINT {name} TO former_{name}")
        op.execute("ALTER SEQUENCE notification_id_seq RENAME TO former_notification_id_seq")
    op.create_table(
        "notification",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        *columns,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *constraints,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("uid", name=op.f("uq_notification_uid")),
    )
    # all three are constants of this file
    op.execute(f"INSERT INTO notification ({KEPT}, {copied}) SELECT {KEPT}, {of} FROM former_notification")  # noqa: S608
    if postgresql:
        op.execute("SELECT setval('notification_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM notification), false)")
    op.drop_table("former_notification")
    op.create_index("ix_notification_unread", "notification", ["account_id", "read_at"])

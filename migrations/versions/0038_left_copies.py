"""copies delivered of what left the repository without an order, and what became of them

What left before is not listed here: reports know what they show from sealed text, which no migration can read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "left_copy",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('case_file', 'download', 'print', 'package')", name=op.f("ck_left_copy_known_kind")
        ),
        sa.CheckConstraint(
            "ended IS NULL OR ended IN ('returned', 'destroyed', 'kept')", name=op.f("ck_left_copy_known_end")
        ),
        sa.CheckConstraint("(ended IS NULL) = (ended_on IS NULL)", name=op.f("ck_left_copy_ended_on_a_day")),
        sa.CheckConstraint("(ended IS NULL) = (recorded_by_id IS NULL)", name=op.f("ck_left_copy_ended_by_somebody")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_left_copy_account_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_left_copy_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_copy")),
        sa.UniqueConstraint("uid", name=op.f("uq_left_copy_uid")),
    )


def downgrade() -> None:
    op.drop_table("left_copy")

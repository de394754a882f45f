"""the class of the offense that a request names; reviews of the Schedule that the periods rest on"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests of before have none: they were not asked."""
    for column in ("offense_class", "stated_class"):
        op.add_column("fr_request", sa.Column(column, sa.String(length=30), nullable=True))
    op.create_table(
        "schedule_review",
        sa.Column("edition", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('in_force', 'new_edition')", name=op.f("ck_schedule_review_known_outcome")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["account.id"], name=op.f("fk_schedule_review_reviewed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_review")),
        sa.UniqueConstraint("uid", name=op.f("uq_schedule_review_uid")),
    )


def downgrade() -> None:
    """The statements themselves stay sealed with each request, and reviews in the chain of events."""
    op.drop_table("schedule_review")
    for column in ("stated_class", "offense_class"):
        op.drop_column("fr_request", column)

"""which version of the policy each person acknowledged, and when"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has acknowledged a version yet: each person does before their next act."""
    op.create_table(
        "policy_acknowledgement",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_policy_acknowledgement_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_acknowledgement")),
        sa.UniqueConstraint("uid", name=op.f("uq_policy_acknowledgement_uid")),
    )
    op.create_index(op.f("ix_policy_acknowledgement_account_id"), "policy_acknowledgement", ["account_id"])


def downgrade() -> None:
    """The events say who acknowledged what; the earlier version asks for nothing."""
    op.drop_table("policy_acknowledgement")

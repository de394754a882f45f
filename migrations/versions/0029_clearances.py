"""people of the unit who are named for one request that involves political activity"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clearance",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("named_by_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("account_id <> named_by_id", name=op.f("ck_clearance_nobody_names_themselves")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name=op.f("ck_clearance_withdrawn_by_somebody")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f("fk_clearance_request_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_clearance_account_id")),
        sa.ForeignKeyConstraint(["named_by_id"], ["account.id"], name=op.f("fk_clearance_named_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["account.id"], name=op.f("fk_clearance_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance")),
        sa.UniqueConstraint("uid", name=op.f("uq_clearance_uid")),
    )
    for column in ("request_id", "account_id"):
        op.create_index(op.f(f"ix_clearance_{column}"), "clearance", [column])


def downgrade() -> None:
    """Whoever was named is not known to the earlier version, in which the whole unit may read such requests."""
    named = op.get_bind().scalar(sa.text("SELECT count(*) FROM clearance WHERE withdrawn_at IS NULL"))
    if named:
        raise RuntimeError(
            f"{named} people are named for reserved requests, which the earlier version opens to everybody."
        )
    op.drop_table("clearance")

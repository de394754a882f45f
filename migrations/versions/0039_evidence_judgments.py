"""what the supervisor named in a request says of an identification recorded after the result and dated before it

Items of before have none: an identification among them that stands without the result by its day alone waits for one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TRIGGER = "evidence_judgment_no_update"


def upgrade() -> None:
    op.create_table(
        "evidence_judgment",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("supervisor_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["evidence_item.id"], name=op.f("fk_evidence_judgment_item_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["account.id"], name=op.f("fk_evidence_judgment_supervisor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_judgment")),
        sa.UniqueConstraint("item_id", name=op.f("uq_evidence_judgment_item_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_evidence_judgment_uid")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON evidence_judgment FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON evidence_judgment "
            "BEGIN SELECT RAISE(ABORT, 'evidence_judgment is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("evidence_judgment")

"""the ledger of evidence item by item, and arrests as they are reported

Evidence written before as one text stays with its outcome: what it consists of and depends on nobody but its writer
knows, so nothing of it is counted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TRIGGER = "evidence_item_no_update"


def upgrade() -> None:
    op.create_table(
        "evidence_item",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("timing", sa.String(length=20), nullable=False),
        sa.Column("depends", sa.Boolean(), nullable=False),
        *_own(),
        sa.CheckConstraint("timing IN ('before_lead', 'after_lead')", name=op.f("ck_evidence_item_known_timing")),
        *_keys("evidence_item"),
    )
    op.create_index("ix_evidence_item_request_id", "evidence_item", ["request_id"])
    op.create_table(
        "arrest",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("in_hand", sa.Integer(), nullable=False),
        *_own(),
        sa.CheckConstraint("basis IN ('no_lead', 'before_lead', 'on_lead')", name=op.f("ck_arrest_known_basis")),
        sa.CheckConstraint("in_hand >= 0", name=op.f("ck_arrest_counted")),
        *_keys("arrest"),
    )
    op.create_index("ix_arrest_request_id", "arrest", ["request_id"])
    op.create_index("ix_arrest_year", "arrest", ["year"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON evidence_item FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON evidence_item "
            "BEGIN SELECT RAISE(ABORT, 'evidence_item is append-only'); END"
        )


def _own() -> tuple[sa.Column, ...]:
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
    )


def _keys(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f(f"fk_{table}_recorded_by_id")),
        sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f(f"fk_{table}_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    op.drop_table("arrest")
    op.drop_table("evidence_item")

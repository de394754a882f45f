"""samples of imports that a second person compares with their source records"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Imports of before have no sample, which is told, and stay searched."""
    op.create_table(
        "import_sample",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("differing", sa.JSON(), nullable=False),
        sa.Column("signed_by_id", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict IN ('agrees', 'differs')", name=op.f("ck_import_sample_known_verdict")
        ),
        sa.CheckConstraint(
            "(verdict IS NULL) = (signed_at IS NULL)", name=op.f("ck_import_sample_signed_with_verdict")
        ),
        sa.CheckConstraint(
            "(verdict IS NULL) = (signed_by_id IS NULL)", name=op.f("ck_import_sample_signed_by_somebody")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["gallery_import.id"], name=op.f("fk_import_sample_import_id")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["account.id"], name=op.f("fk_import_sample_signed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_sample")),
        sa.UniqueConstraint("uid", name=op.f("uq_import_sample_uid")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_import_sample_import_id_number")),
    )
    op.create_index(op.f("ix_import_sample_import_id"), "import_sample", ["import_id"])


def downgrade() -> None:
    """The earlier version would search what nobody signed for."""
    waiting = op.get_bind().scalar(
        sa.text(
            "SELECT count(DISTINCT import_id) FROM import_sample WHERE import_id NOT IN "
            "(SELECT import_id FROM import_sample WHERE verdict = 'agrees')"
        )
    )
    if waiting:
        raise RuntimeError(f"{waiting} imports wait for a signature; the earlier version would search them.")
    op.drop_table("import_sample")

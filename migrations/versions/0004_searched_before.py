"""searched before: probes of the same moment, and agreements to search again"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "probe_resemblance",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("earlier_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("image_id <> earlier_id", name=op.f("ck_probe_resemblance_two_images")),
        sa.ForeignKeyConstraint(["earlier_id"], ["probe_image.id"], name=op.f("fk_probe_resemblance_earlier_id")),
        sa.ForeignKeyConstraint(["image_id"], ["probe_image.id"], name=op.f("fk_probe_resemblance_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_resemblance")),
        sa.UniqueConstraint("image_id", "earlier_id", name=op.f("uq_probe_resemblance_image_id_earlier_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_probe_resemblance_uid")),
    )
    op.create_index(op.f("ix_probe_resemblance_earlier_id"), "probe_resemblance", ["earlier_id"])
    op.create_index(op.f("ix_probe_resemblance_image_id"), "probe_resemblance", ["image_id"])
    op.create_table(
        "repeat_search",
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "decision IS NULL OR decision IN ('agreed', 'declined')", name=op.f("ck_repeat_search_known_decision")
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_repeat_search_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id",
            name=op.f("ck_repeat_search_asker_does_not_decide"),
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_repeat_search_asked_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_repeat_search_decided_by_id")),
        sa.ForeignKeyConstraint(["search_id"], ["search.id"], name=op.f("fk_repeat_search_search_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repeat_search")),
        sa.UniqueConstraint("uid", name=op.f("uq_repeat_search_uid")),
    )
    op.create_index(op.f("ix_repeat_search_search_id"), "repeat_search", ["search_id"])


def downgrade() -> None:
    op.drop_table("repeat_search")
    op.drop_table("probe_resemblance")

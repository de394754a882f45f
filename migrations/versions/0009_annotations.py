"""marks of a comparison: numbered places on the probe and on a candidate's photograph"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_annotation_counted_from_one")),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_annotation_author_id")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_annotation_candidate_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["gallery_photo.id"], name=op.f("fk_annotation_photo_id")),
        sa.ForeignKeyConstraint(["round_id"], ["examination_round.id"], name=op.f("fk_annotation_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
        sa.UniqueConstraint(
            "round_id",
            "candidate_id",
            "author_id",
            "number",
            name=op.f("uq_annotation_round_id_candidate_id_author_id_number"),
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_annotation_uid")),
    )
    op.create_index(op.f("ix_annotation_candidate_id"), "annotation", ["candidate_id"], unique=False)
    op.create_index(op.f("ix_annotation_round_id"), "annotation", ["round_id"], unique=False)


def downgrade() -> None:
    op.drop_table("annotation")

"""imports in chunks with what became of each record; the quality of each repository photograph"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # written out: SQLite adds a column with its reference in place, where Alembic would build the table anew
    op.execute("ALTER TABLE gallery_photo ADD COLUMN quality JSON")
    op.execute(
        "ALTER TABLE gallery_hold ADD COLUMN photo_id INTEGER "
        "CONSTRAINT fk_gallery_hold_photo_id REFERENCES gallery_photo (id)"
    )
    op.create_table(
        "gallery_import",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("folder", sa.String(length=1000), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('folder', 'itl')", name=op.f("ck_gallery_import_known_kind")),
        sa.CheckConstraint(
            "state IN ('planning', 'running', 'done', 'replaced')", name=op.f("ck_gallery_import_known_state")
        ),
        sa.CheckConstraint("records > 0", name=op.f("ck_gallery_import_has_records")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery_import")),
        sa.UniqueConstraint("uid", name=op.f("uq_gallery_import_uid")),
    )
    op.create_index(op.f("ix_gallery_import_content"), "gallery_import", ["content"], unique=False)
    op.create_index(op.f("ix_gallery_import_state"), "gallery_import", ["state"], unique=False)
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["gallery_import.id"], name=op.f("fk_import_chunk_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_chunk")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_import_chunk_import_id_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_import_chunk_uid")),
    )
    op.create_table(
        "import_outcome",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_number", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('enrolled', 'already', 'duplicate', 'held', 'refused', 'unreadable', 'no_face', "
            "'several_faces')",
            name=op.f("ck_import_outcome_known_outcome"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["gallery_import.id"], name=op.f("fk_import_outcome_import_id")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_outcome")),
    )


def downgrade() -> None:
    op.drop_table("import_outcome")
    op.drop_table("import_chunk")
    op.drop_table("gallery_import")
    op.execute("ALTER TABLE gallery_hold DROP COLUMN photo_id")
    op.execute("ALTER TABLE gallery_photo DROP COLUMN quality")

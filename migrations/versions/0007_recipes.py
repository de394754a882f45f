"""images derived from a probe by a recipe; a search may use one"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TRIGGER = "derived_image_no_update"


def upgrade() -> None:
    op.create_table(
        "derived_image",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("face_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("recipe_digest", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_derived_image_counted_from_one")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_derived_image_has_pixels")),
        sa.ForeignKeyConstraint(["face_id"], ["detected_face.id"], name=op.f("fk_derived_image_face_id")),
        sa.ForeignKeyConstraint(["image_id"], ["probe_image.id"], name=op.f("fk_derived_image_image_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_derived_image_made_by_id")),
        sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f("fk_derived_image_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derived_image")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_derived_image_request_id_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_derived_image_uid")),
    )
    op.create_index(op.f("ix_derived_image_image_id"), "derived_image", ["image_id"], unique=False)
    op.create_index(op.f("ix_derived_image_request_id"), "derived_image", ["request_id"], unique=False)
    # written out: SQLite adds a column with its reference in place, where Alembic would build the table anew
    op.execute(
        "ALTER TABLE search ADD COLUMN derived_id INTEGER CONSTRAINT fk_search_derived_id REFERENCES derived_image (id)"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON derived_image FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON derived_image "
            "BEGIN SELECT RAISE(ABORT, 'derived_image is append-only'); END"
        )


def downgrade() -> None:
    op.execute("ALTER TABLE search DROP COLUMN derived_id")
    op.drop_table("derived_image")

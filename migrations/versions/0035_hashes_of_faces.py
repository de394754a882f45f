"""hashes of aligned faces, under masks: by them an edited copy of a photograph is found"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("detected_face", "gallery_photo")


def upgrade() -> None:
    """What is there already has none until `flask gallery hash-faces` ran; whole pictures are compared meanwhile."""
    for table in TABLES:
        op.add_column(table, sa.Column("face_hash", sa.String(length=16), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN face_hash")

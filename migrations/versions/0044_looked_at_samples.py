"""what differed at a look at a sample before it was signed, and why an answer changed"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_sample", sa.Column("looked", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("import_sample", sa.Column("key_id", sa.String(length=32), nullable=True))
    op.add_column("import_sample", sa.Column("sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    looked = "SELECT count(*) FROM import_sample WHERE CAST(looked AS VARCHAR) <> '{}' OR sealed IS NOT NULL"
    if op.get_bind().scalar(sa.text(looked)):
        raise RuntimeError("What differed at a look at a sample is on record; going back would drop it.")
    op.drop_column("import_sample", "sealed")
    op.drop_column("import_sample", "key_id")
    op.drop_column("import_sample", "looked")

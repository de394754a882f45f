"""the quality of each repository photograph"""

from alembic import op

revision = "0013"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # written out: SQLite adds a column in place, where Alembic would build the table anew
    op.execute("ALTER TABLE gallery_photo ADD COLUMN quality JSON")


def downgrade() -> None:
    op.execute("ALTER TABLE gallery_photo DROP COLUMN quality")

"""the class of the offense that a request names, and of the crime that a supervisor stated"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests of before have none: they were not asked."""
    for column in ("offense_class", "stated_class"):
        op.add_column("fr_request", sa.Column(column, sa.String(length=30), nullable=True))


def downgrade() -> None:
    """The statements themselves stay sealed with each request; only the figures lose them."""
    for column in ("stated_class", "offense_class"):
        op.drop_column("fr_request", column)

"""what the portal knew of a case when its disposal was proposed: class, days, contradictions

Disposals of before have none: what was known then went with the records.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("disposal_item", sa.Column("known", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("disposal_item", "known")

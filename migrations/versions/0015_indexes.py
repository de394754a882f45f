"""indexes that lead to few rows: who left the repository, templates by generation

An index whose first column has one value in nearly every row (nobody left; one algorithm) is taken by SQLite's planner,
which knows no numbers, for a shortcut: each look-up of some hundred photographs then read the whole repository.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_LEFT = sa.text("removed_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_gallery_photo_removed_at", "gallery_photo")
    op.create_index(
        "ix_gallery_photo_left", "gallery_photo", ["removed_at"], sqlite_where=_LEFT, postgresql_where=_LEFT
    )
    op.drop_index("ix_template_algorithm_since", "template")
    op.create_index("ix_template_since", "template", ["since", "algorithm_digest"])


def downgrade() -> None:
    op.drop_index("ix_template_since", "template")
    op.create_index("ix_template_algorithm_since", "template", ["algorithm_digest", "since"])
    op.drop_index("ix_gallery_photo_left", "gallery_photo")
    op.create_index("ix_gallery_photo_removed_at", "gallery_photo", ["removed_at"])

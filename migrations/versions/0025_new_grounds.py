"""what is new about a person whom a peer did not support, and which review was mistaken; never changed"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TRIGGER = "new_ground_no_update"


def upgrade() -> None:
    op.create_table(
        "new_ground",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('information', 'mistake')", name=op.f("ck_new_ground_known_kind")),
        sa.ForeignKeyConstraint(["round_id"], ["examination_round.id"], name=op.f("fk_new_ground_round_id")),
        sa.ForeignKeyConstraint(["person_id"], ["gallery_person.id"], name=op.f("fk_new_ground_person_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_new_ground_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_new_ground")),
        sa.UniqueConstraint("uid", name=op.f("uq_new_ground_uid")),
    )
    for column in ("round_id", "person_id"):
        op.create_index(op.f(f"ix_new_ground_{column}"), "new_ground", [column], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON new_ground FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON new_ground "
            "BEGIN SELECT RAISE(ABORT, 'new_ground is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("new_ground")

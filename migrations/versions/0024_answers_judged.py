"""what a supervisor says of the answer to each contradiction, never changed; whether an answer waits for that

Checks of before keep what they had found in their sealed text, which no migration can read: a supervisor is asked about
it where the file is read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TRIGGER = "answer_judgment_no_update"


def upgrade() -> None:
    op.execute("ALTER TABLE background_check ADD COLUMN awaits BOOLEAN DEFAULT FALSE NOT NULL")
    op.create_table(
        "answer_judgment",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("supervisor_id", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["background_check.id"], name=op.f("fk_answer_judgment_check_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["account.id"], name=op.f("fk_answer_judgment_supervisor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_judgment")),
        sa.UniqueConstraint("uid", name=op.f("uq_answer_judgment_uid")),
    )
    op.create_index(op.f("ix_answer_judgment_check_id"), "answer_judgment", ["check_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON answer_judgment FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON answer_judgment "
            "BEGIN SELECT RAISE(ABORT, 'answer_judgment is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("answer_judgment")
    op.execute("ALTER TABLE background_check DROP COLUMN awaits")

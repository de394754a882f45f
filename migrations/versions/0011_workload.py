"""who had a request, and how it passed on; what of a person's notifications comes by e-mail"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TRIGGER = "assignment_no_update"


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('taken', 'assigned', 'handed_over', 'taken_over')", name=op.f("ck_assignment_known_kind")
        ),
        sa.CheckConstraint("from_id IS NULL OR from_id <> to_id", name=op.f("ck_assignment_passes_to_another")),
        sa.CheckConstraint(
            "kind <> 'handed_over' OR from_id = by_id", name=op.f("ck_assignment_handed_over_by_its_holder")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('handed_over', 'taken_over') OR from_id IS NOT NULL", name=op.f("ck_assignment_had_a_holder")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_assignment_by_id")),
        sa.ForeignKeyConstraint(["from_id"], ["account.id"], name=op.f("fk_assignment_from_id")),
        sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f("fk_assignment_request_id")),
        sa.ForeignKeyConstraint(["round_id"], ["examination_round.id"], name=op.f("fk_assignment_round_id")),
        sa.ForeignKeyConstraint(["to_id"], ["account.id"], name=op.f("fk_assignment_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("uid", name=op.f("uq_assignment_uid")),
    )
    for column in ("from_id", "request_id", "to_id"):
        op.create_index(op.f(f"ix_assignment_{column}"), "assignment", [column], unique=False)
    op.create_table(
        "mail_choice",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mail_choice_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_choice")),
        sa.UniqueConstraint("account_id", "kind", name=op.f("uq_mail_choice_account_id_kind")),
        sa.UniqueConstraint("uid", name=op.f("uq_mail_choice_uid")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON assignment FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON assignment "
            "BEGIN SELECT RAISE(ABORT, 'assignment is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("mail_choice")
    op.drop_table("assignment")

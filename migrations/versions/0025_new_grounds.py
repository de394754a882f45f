"""what is new about a person whom a peer did not support, never changed; candidates that cannot be compared"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TRIGGER = "new_ground_no_update"
BEFORE = "verdict IN ('excluded', 'retained')"
AFTER = "verdict IN ('excluded', 'retained', 'incomparable')"


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

    _replace_check(BEFORE, AFTER)


def downgrade() -> None:
    # nothing was found of them: they are open again
    op.execute("DELETE FROM disposition WHERE verdict = 'incomparable'")
    _replace_check(AFTER, BEFORE)
    op.drop_table("new_ground")


def _replace_check(before: str, after: str) -> None:
    """Change the words of the constraint where they stand, as 0008 does: rows and references stay as they are."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_disposition_known_verdict"), "disposition")
        op.create_check_constraint(op.f("ck_disposition_known_verdict"), "disposition", after)
        return
    asked = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'disposition'"
    stated = bind.exec_driver_sql(asked).scalar()
    if stated.count(before) != 1:
        raise RuntimeError(f"disposition: the definition does not hold {before!r} once")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = (stated.replace(before, after),)
    bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'disposition'", changed)
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")

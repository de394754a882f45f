"""algorithm changes and switches; one algorithm in a search by constraint; searches that can be replayed"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ONE = "a search compares templates of one algorithm"
#: trigger -> (when on which table, the condition under which it refuses)
MIXED = {
    "candidate_one_algorithm": (
        "INSERT ON candidate",
        "NEW.algorithm_digest IS {not_} (SELECT algorithm_digest FROM search WHERE id = NEW.search_id) OR NOT EXISTS "
        "(SELECT 1 FROM template WHERE photo_id = NEW.photo_id AND algorithm_digest = NEW.algorithm_digest)",
    ),
    "candidate_stays": (
        "UPDATE OF search_id, photo_id, algorithm_digest ON candidate",
        "NEW.search_id <> OLD.search_id OR NEW.photo_id <> OLD.photo_id "
        "OR NEW.algorithm_digest <> OLD.algorithm_digest",
    ),
    "search_keeps_algorithm": (
        "UPDATE OF algorithm_digest ON search",
        "NEW.algorithm_digest IS {not_} OLD.algorithm_digest "
        "AND EXISTS (SELECT 1 FROM candidate WHERE search_id = NEW.id)",
    ),
    "template_keeps_algorithm": (
        "UPDATE OF algorithm_digest ON template",
        "NEW.algorithm_digest <> OLD.algorithm_digest",
    ),
}


def upgrade() -> None:
    _searches()
    _changes()
    _replays()
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, (where, refused) in MIXED.items():
        if postgresql:
            condition = refused.format(not_="DISTINCT FROM")
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION '{ONE}'; END IF; RETURN NEW; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} BEFORE {where} FOR EACH ROW EXECUTE FUNCTION {name}()")
        else:
            condition = refused.format(not_="NOT")
            op.execute(f"CREATE TRIGGER {name} BEFORE {where} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{ONE}'); END")
    for action in ("UPDATE", "DELETE"):
        name = f"algorithm_switch_no_{action.lower()}"
        if postgresql:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON algorithm_switch FOR EACH ROW "
                "EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON algorithm_switch "
                "BEGIN SELECT RAISE(ABORT, 'algorithm_switch is append-only'); END"
            )


def _searches() -> None:
    # written out: SQLite adds a column in place, where Alembic would build the table anew
    op.execute("ALTER TABLE template ADD COLUMN since INTEGER")
    # what was there before the count began was there from the first; a search from before cannot be replayed anyway
    op.execute("UPDATE template SET since = 0")
    op.create_index("ix_template_not_counted", "template", ["id"], sqlite_where=sa.text("since IS NULL"),
                    postgresql_where=sa.text("since IS NULL"))  # fmt: skip
    op.create_index("ix_template_algorithm_since", "template", ["algorithm_digest", "since"])
    op.execute("ALTER TABLE candidate ADD COLUMN algorithm_digest VARCHAR(64) DEFAULT '' NOT NULL")
    op.execute(
        "UPDATE candidate SET algorithm_digest = "
        "COALESCE((SELECT algorithm_digest FROM search WHERE search.id = candidate.search_id), '')"
    )


def _changes() -> None:
    op.create_table(
        "algorithm_change",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("source_model", sa.String(length=80), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("target_model", sa.String(length=80), nullable=False),
        sa.Column("target_digest", sa.String(length=64), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=False),
        sa.Column("evaluated_on", sa.String(length=64), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=300), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'embedding', 'ready', 'in_use', 'reverted', 'settled', 'withdrawn')",
            name=op.f("ck_algorithm_change_known_state"),
        ),
        sa.CheckConstraint("source_digest <> target_digest", name=op.f("ck_algorithm_change_two_algorithms")),
        sa.CheckConstraint(
            "(evaluated_on IS NULL) = (evaluated_at IS NULL)", name=op.f("ck_algorithm_change_evaluated_once")
        ),
        sa.CheckConstraint(
            "state NOT IN ('in_use', 'reverted', 'settled') OR evaluated_on IS NOT NULL",
            name=op.f("ck_algorithm_change_evaluated_before_use"),
        ),
        sa.ForeignKeyConstraint(["begun_by_id"], ["account.id"], name=op.f("fk_algorithm_change_begun_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_algorithm_change")),
        sa.UniqueConstraint("number", name=op.f("uq_algorithm_change_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_algorithm_change_uid")),
    )
    op.create_index(op.f("ix_algorithm_change_state"), "algorithm_change", ["state"])
    op.create_table(
        "algorithm_switch",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("from_model", sa.String(length=80), nullable=False),
        sa.Column("from_digest", sa.String(length=64), nullable=False),
        sa.Column("to_model", sa.String(length=80), nullable=False),
        sa.Column("to_digest", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('cut_over', 'reverted')", name=op.f("ck_algorithm_switch_known_kind")),
        sa.CheckConstraint("from_digest <> to_digest", name=op.f("ck_algorithm_switch_two_algorithms")),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_algorithm_switch_by_id")),
        sa.ForeignKeyConstraint(["change_id"], ["algorithm_change.id"], name=op.f("fk_algorithm_switch_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_algorithm_switch")),
        sa.UniqueConstraint("uid", name=op.f("uq_algorithm_switch_uid")),
    )
    op.create_index(op.f("ix_algorithm_switch_change_id"), "algorithm_switch", ["change_id"])
    op.create_table(
        "unembedded",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("algorithm_digest", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("left_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_out_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(left_out_at IS NULL) = (left_out_by_id IS NULL) AND (left_out_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_unembedded_decided_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["change_id"], ["algorithm_change.id"], name=op.f("fk_unembedded_change_id")),
        sa.ForeignKeyConstraint(["left_out_by_id"], ["account.id"], name=op.f("fk_unembedded_left_out_by_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["gallery_photo.id"], name=op.f("fk_unembedded_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unembedded")),
        sa.UniqueConstraint(
            "change_id", "photo_id", "algorithm_digest", name=op.f("uq_unembedded_change_id_photo_id_algorithm_digest")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_unembedded_uid")),
    )
    op.create_index(op.f("ix_unembedded_change_id"), "unembedded", ["change_id"])


def _replays() -> None:
    op.create_table(
        "search_replay",
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("cause", sa.String(length=300), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict IN ('identical', 'same', 'differs', 'incomplete')",
            name=op.f("ck_search_replay_known_verdict"),
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (verdict IS NULL AND cause IS NULL)",
            name=op.f("ck_search_replay_finished_has_verdict_or_cause"),
        ),
        sa.CheckConstraint("verdict IS NULL OR cause IS NULL", name=op.f("ck_search_replay_verdict_or_cause")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_search_replay_asked_by_id")),
        sa.ForeignKeyConstraint(["search_id"], ["search.id"], name=op.f("fk_search_replay_search_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_replay")),
        sa.UniqueConstraint("uid", name=op.f("uq_search_replay_uid")),
    )
    op.create_index(op.f("ix_search_replay_search_id"), "search_replay", ["search_id"])


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, (where, _) in MIXED.items():
        table = where.split()[-1]
        op.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")
        if postgresql:
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("search_replay", "unembedded", "algorithm_switch", "algorithm_change"):
        op.drop_table(table)
    op.execute("ALTER TABLE candidate DROP COLUMN algorithm_digest")
    op.drop_index("ix_template_algorithm_since", "template")
    op.drop_index("ix_template_not_counted", "template")
    op.execute("ALTER TABLE template DROP COLUMN since")

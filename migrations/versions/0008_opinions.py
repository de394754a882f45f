"""opinions on the seven-point scale, the examiner's own with the nomination; drafts of forms"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BEFORE = "opinion IN ('supported', 'inconclusive', 'not_supported')"
AFTER = "opinion IN ('p3', 'p2', 'p1', '0', 'm1', 'm2', 'm3', 'ns')"
NOMINATED = "(nominee_id IS NULL) = (nominated_at IS NULL)"
WITH_OPINION = f"{NOMINATED} AND (nominee_id IS NULL) = (opinion IS NULL)"
#: what an opinion of before is read as: nobody said how strong the support was, so the least that carries a nomination
READ_AS = {"supported": "p2", "inconclusive": "0", "not_supported": "m2"}
BACK = {"p1": "supported", "p3": "supported", "ns": "inconclusive", "m1": "not_supported", "m3": "not_supported"}


def upgrade() -> None:
    op.execute(
        "ALTER TABLE examination_round ADD COLUMN opinion VARCHAR(20) "
        f"CONSTRAINT ck_examination_round_known_opinion CHECK (opinion IS NULL OR {AFTER})"
    )
    op.execute("UPDATE examination_round SET opinion = 'p2' WHERE nominee_id IS NOT NULL")
    _replace_check("examination_round", "nominated_when_nominee", NOMINATED, WITH_OPINION)
    _reword(BEFORE, AFTER, READ_AS)


def downgrade() -> None:
    _reword(AFTER, BEFORE, {**BACK, **{new: old for old, new in READ_AS.items()}})
    _replace_check("examination_round", "nominated_when_nominee", WITH_OPINION, NOMINATED)
    op.execute("ALTER TABLE examination_round DROP COLUMN opinion")


def _reword(before: str, after: str, words: dict[str, str]) -> None:
    """Read every recorded opinion in the words of the other scale; the rows are append-only before and afterwards."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER peer_review_no_update" + (" ON peer_review" if postgresql else ""))
    if postgresql:
        op.drop_constraint(op.f("ck_peer_review_known_opinion"), "peer_review")
    else:
        _edit("peer_review", before, after)
        op.execute("PRAGMA ignore_check_constraints = ON")
    for old, new in words.items():
        op.execute(f"UPDATE peer_review SET opinion = '{new}' WHERE opinion = '{old}'")  # noqa: S608 - constants
    if postgresql:
        op.create_check_constraint(op.f("ck_peer_review_known_opinion"), "peer_review", after)
        op.execute(
            "CREATE TRIGGER peer_review_no_update BEFORE UPDATE ON peer_review "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("PRAGMA ignore_check_constraints = OFF")
        op.execute(
            "CREATE TRIGGER peer_review_no_update BEFORE UPDATE ON peer_review "
            "BEGIN SELECT RAISE(ABORT, 'peer_review is append-only'); END"
        )


def _replace_check(table: str, name: str, before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, after)
    else:
        _edit(table, before, after)


def _edit(table: str, old: str, new: str) -> None:
    """Change words of a table's definition where they stand (SQLite, "Making Other Kinds Of Table Schema Changes",
    the procedure for constraints, which leaves the rows and the references of other tables alone).
    """
    bind = op.get_bind()
    before = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).scalar()
    if before.count(old) != 1:
        raise RuntimeError(f"{table}: the definition does not hold {old!r} once")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = (before.replace(old, new), table)
    bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", changed)
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")

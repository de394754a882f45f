"""append-only tables: the database itself refuses to change or remove what was recorded"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: table -> what is refused. Verdicts cannot be changed; their rows go with their request when it is disposed of.
APPEND_ONLY = {
    "audit_event": ("UPDATE", "DELETE"),
    "transition": ("UPDATE", "DELETE"),
    "peer_review": ("UPDATE",),
    "final_review": ("UPDATE",),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table, refused in APPEND_ONLY.items():
        for action in refused:
            _refuse(table, action)


def _refuse(table: str, action: str) -> None:
    name = f"{table}_no_{action.lower()}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        if action == "DELETE":
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, refused in APPEND_ONLY.items():
        for action in refused:
            where = f" ON {table}" if postgresql else ""
            op.execute(f"DROP TRIGGER {table}_no_{action.lower()}{where}")
            if postgresql and action == "DELETE":
                op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")

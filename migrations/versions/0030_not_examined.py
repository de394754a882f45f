"""a search that a supervisor ended before its candidates were examined: a state of the request"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

#: where the list of states changes, and the states before and after it
PLACE = "'closed', 'refused', {}'withdrawn', 'disposed')"
FIRST = (
    "state IN ('draft', 'submitted', 'awaiting_images', 'accepted', 'documented', 'probe_selected', 'searching', "
    "'search_failed', 'searched', 'under_examination', 'nominated', 'peer_reviewed', 'continued', 'approved', "
    "'negative', 'reported', 'superseded', "
)
BEFORE, AFTER = PLACE.format(""), PLACE.format("'unexamined', ")
NAME = "ck_fr_request_known_state"


def upgrade() -> None:
    _replace_check(BEFORE, AFTER)


def downgrade() -> None:
    """Of a search that ended unexamined the earlier version would make one that is still waited for, or a result."""
    ended = op.get_bind().scalar(sa.text("SELECT count(*) FROM fr_request WHERE state = 'unexamined'"))
    if ended:
        raise RuntimeError(f"{ended} requests ended unexamined, which the earlier version does not know.")
    _replace_check(AFTER, BEFORE)


def _replace_check(before: str, after: str) -> None:
    """Change the words of the constraint where they stand, as 0008 does: rows and references stay as they are."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f(NAME), "fr_request")
        op.create_check_constraint(op.f(NAME), "fr_request", FIRST + after)
        return
    asked = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'fr_request'"
    stated = bind.exec_driver_sql(asked).scalar()
    if stated.count(before) != 1:
        raise RuntimeError(f"fr_request: the definition does not hold {before!r} once")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = (stated.replace(before, after),)
    bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'fr_request'", changed)
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")

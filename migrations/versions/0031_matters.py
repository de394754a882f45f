"""the numbers of cases in one form, what was typed beside it, and links of the numbers of one matter"""

import re
import unicodedata
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

HOLDERS = ("fr_request", "disclosure")
#: the schemes of the rules on the day of this migration: id, form, and with how many digits the serial is written
SCHEMES = (
    ("complaint-number", r"((?:19|20)\d{2}-\d{3}-)(\d{1,6})", 5),
    ("case-number", r"([A-Z]{1,6}-(?:19|20)\d{2}-)(\d{1,6})", 1),
)
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "case_number",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("canonical", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=40), nullable=True),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_number")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_number_uid")),
    )
    for column in ("canonical", "matter"):
        op.create_index(op.f(f"ix_case_number_{column}"), "case_number", [column])
    op.create_table(
        "matter_link",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=True),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_matter_link_two_numbers_in_order")),
        sa.CheckConstraint(
            "(linked_at IS NULL) = (linked_by_id IS NULL)", name=op.f("ck_matter_link_linked_by_somebody")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_matter_link_ended_by_somebody")),
        sa.ForeignKeyConstraint(["first_id"], ["case_number.id"], name=op.f("fk_matter_link_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["case_number.id"], name=op.f("fk_matter_link_second_id")),
        sa.ForeignKeyConstraint(["linked_by_id"], ["account.id"], name=op.f("fk_matter_link_linked_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["account.id"], name=op.f("fk_matter_link_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_link")),
        sa.UniqueConstraint("uid", name=op.f("uq_matter_link_uid")),
    )
    for column in ("first_id", "second_id"):
        op.create_index(op.f(f"ix_matter_link_{column}"), "matter_link", [column])
    op.create_index(
        "ix_matter_link_open",
        "matter_link",
        ["first_id", "second_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    for table in HOLDERS:
        op.add_column(table, sa.Column("typed_number", sa.String(length=40), server_default="", nullable=False))
    _fill()


def _fill() -> None:
    """Give each number its canonical form; propose, and only propose, that numbers of one form are one matter."""
    numbers = sa.table(
        "case_number", *map(sa.column, ("id", "uid", "number", "canonical", "scheme", "matter", "version"))
    )
    numbers.append_column(sa.column("created_at", sa.DateTime(timezone=True)))
    links = sa.table("matter_link", *map(sa.column, ("uid", "first_id", "second_id")))
    links.append_column(sa.column("because", sa.JSON()))
    links.append_column(sa.column("created_at", sa.DateTime(timezone=True)))
    bind, now = op.get_bind(), datetime.now(UTC)
    held = (sa.select(sa.column("case_number")).select_from(sa.table(table)) for table in (*HOLDERS, "case_record"))
    rows, alike = [], {}
    for number in sorted(bind.scalars(sa.union(*held))):
        canonical, scheme = _read(number)
        rows.append(
            {
                "id": len(rows) + 1,
                "uid": uuid.uuid4().hex,
                "number": number,
                "canonical": canonical,
                "scheme": scheme,
                "matter": uuid.uuid4().hex,
                "version": 1,
                "created_at": now,
            }
        )
        alike.setdefault(canonical, []).append(len(rows))
    if rows:
        op.bulk_insert(numbers, rows)
    if rows and bind.dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('case_number', 'id'), (SELECT max(id) FROM case_number))")
    pairs = [(first, other) for first, *others in alike.values() for other in others]
    made = [
        {"uid": uuid.uuid4().hex, "first_id": first, "second_id": second, "because": ["number"], "created_at": now}
        for first, second in pairs
    ]
    if made:
        op.bulk_insert(links, made)


def _read(text: str) -> tuple[str, str | None]:
    """Return the canonical form and the scheme of a number; one that fits none stands as it was typed."""
    visible = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    plain = re.sub(r"\s*[-\u2010-\u2015\u2212]\s*", "-", visible.strip().upper())
    for scheme, form, digits in SCHEMES:
        found = re.fullmatch(form, plain, re.ASCII)
        if found:
            return found[1] + found[2].lstrip("0").rjust(digits, "0"), scheme
    return text, None


def downgrade() -> None:
    """A link that people made is not known to the earlier version, which would end a matter by parts."""
    linked = op.get_bind().scalar(
        sa.text("SELECT count(*) FROM matter_link WHERE linked_at IS NOT NULL AND ended_at IS NULL")
    )
    if linked:
        raise RuntimeError(f"{linked} links hold matters together, of which the earlier version knows nothing.")
    for table in HOLDERS:
        op.drop_column(table, "typed_number")
    op.drop_table("matter_link")
    op.drop_table("case_number")

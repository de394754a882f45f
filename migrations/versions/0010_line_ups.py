"""line-ups before peers, proficiency items, drafts of forms"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: table -> when a row of it is fixed: an ended line-up, and the places of one
FIXED = {
    "line_up": "OLD.ended IS NOT NULL",
    "line_up_place": "(SELECT ended FROM line_up WHERE line_up.id = OLD.line_up_id) IS NOT NULL",
}


def _common() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "proficiency_item",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *_common(),
        sa.ForeignKeyConstraint(["added_by_id"], ["account.id"], name=op.f("fk_proficiency_item_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proficiency_item")),
        sa.UniqueConstraint("uid", name=op.f("uq_proficiency_item_uid")),
    )
    op.create_table(
        "proficiency_picture",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("blob_id", sa.String(length=40), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *_common(),
        sa.CheckConstraint("role IN ('probe', 'subject', 'foil')", name=op.f("ck_proficiency_picture_known_role")),
        sa.CheckConstraint(
            "(photo_id IS NULL) = (blob_id IS NOT NULL)", name=op.f("ck_proficiency_picture_one_source")
        ),
        sa.CheckConstraint(
            "(blob_id IS NULL) = (sha256 IS NULL)", name=op.f("ck_proficiency_picture_stored_with_digest")
        ),
        sa.CheckConstraint(
            "role <> 'foil' OR photo_id IS NOT NULL",
            name=op.f("ck_proficiency_picture_foils_are_of_the_repository"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["proficiency_item.id"], name=op.f("fk_proficiency_picture_item_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["gallery_photo.id"], name=op.f("fk_proficiency_picture_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proficiency_picture")),
        sa.UniqueConstraint("uid", name=op.f("uq_proficiency_picture_uid")),
    )
    op.create_index(op.f("ix_proficiency_picture_item_id"), "proficiency_picture", ["item_id"], unique=False)
    op.create_table(
        "line_up",
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("ended", sa.String(length=10), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *_common(),
        sa.CheckConstraint("(round_id IS NULL) <> (item_id IS NULL)", name=op.f("ck_line_up_of_a_round_or_an_item")),
        sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name=op.f("ck_line_up_ended_when_ending")),
        sa.CheckConstraint(
            "ended IS NULL OR ended IN ('given', 'declined', 'withdrawn')", name=op.f("ck_line_up_known_ending")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["examination_round.id"], name=op.f("fk_line_up_round_id")),
        sa.ForeignKeyConstraint(["item_id"], ["proficiency_item.id"], name=op.f("fk_line_up_item_id")),
        sa.ForeignKeyConstraint(["peer_id"], ["account.id"], name=op.f("fk_line_up_peer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_up")),
        sa.UniqueConstraint("number", name=op.f("uq_line_up_number")),
        sa.UniqueConstraint("round_id", "peer_id", name=op.f("uq_line_up_round_id_peer_id")),
        sa.UniqueConstraint("item_id", "peer_id", name=op.f("uq_line_up_item_id_peer_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_line_up_uid")),
    )
    for column in ("round_id", "item_id", "peer_id", "ended"):
        op.create_index(op.f(f"ix_line_up_{column}"), "line_up", [column], unique=False)
    op.create_table(
        "line_up_place",
        sa.Column("line_up_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=10), nullable=True),
        sa.Column("quick", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *_common(),
        sa.CheckConstraint("position > 0", name=op.f("ck_line_up_place_counted_from_one")),
        sa.CheckConstraint("(photo_id IS NULL) <> (picture_id IS NULL)", name=op.f("ck_line_up_place_one_picture")),
        sa.CheckConstraint("NOT quick OR level IS NOT NULL", name=op.f("ck_line_up_place_quick_has_level")),
        sa.ForeignKeyConstraint(["line_up_id"], ["line_up.id"], name=op.f("fk_line_up_place_line_up_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["gallery_photo.id"], name=op.f("fk_line_up_place_photo_id")),
        sa.ForeignKeyConstraint(["picture_id"], ["proficiency_picture.id"], name=op.f("fk_line_up_place_picture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_up_place")),
        sa.UniqueConstraint("line_up_id", "position", name=op.f("uq_line_up_place_line_up_id_position")),
        sa.UniqueConstraint("uid", name=op.f("uq_line_up_place_uid")),
    )
    for column in ("line_up_id", "photo_id"):
        op.create_index(op.f(f"ix_line_up_place_{column}"), "line_up_place", [column], unique=False)
    op.create_table(
        "form_draft",
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("line_up_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *_common(),
        sa.CheckConstraint(
            "(request_id IS NULL) <> (line_up_id IS NULL)", name=op.f("ck_form_draft_of_a_request_or_a_line_up")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_form_draft_account_id")),
        sa.ForeignKeyConstraint(["request_id"], ["fr_request.id"], name=op.f("fk_form_draft_request_id")),
        sa.ForeignKeyConstraint(["line_up_id"], ["line_up.id"], name=op.f("fk_form_draft_line_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_draft")),
        sa.UniqueConstraint("line_up_id", "account_id", "page", name=op.f("uq_form_draft_line_up_id_account_id_page")),
        sa.UniqueConstraint("request_id", "account_id", "page", name=op.f("uq_form_draft_request_id_account_id_page")),
        sa.UniqueConstraint("uid", name=op.f("uq_form_draft_uid")),
    )
    for column in ("request_id", "line_up_id"):
        op.create_index(op.f(f"ix_form_draft_{column}"), "form_draft", [column], unique=False)
    for table, fixed in FIXED.items():
        _fix(table, fixed)


def _fix(table: str, fixed: str) -> None:
    name = f"{table}_no_update_once_ended"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {fixed} THEN "
            f"RAISE EXCEPTION '{table} is fixed once the line-up has ended'; END IF; RETURN NEW; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {fixed} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is fixed once the line-up has ended'); END"
        )


def downgrade() -> None:
    for table in ("form_draft", "line_up_place", "line_up", "proficiency_picture", "proficiency_item"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in FIXED:
            op.execute(f"DROP FUNCTION {table}_no_update_once_ended()")

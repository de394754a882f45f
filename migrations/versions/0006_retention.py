"""case records, person files, legal holds and disposals; a request can be disposed of"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


#: table -> what is replaced in its definition (a list of states inside a CHECK, or NOT NULL of a column)
FINAL = "'closed', 'refused', 'withdrawn'"
CHECKS = {
    "known_state": (f"{FINAL})", f"{FINAL}, 'disposed')"),
    "submitted_has_use": ("('draft', 'withdrawn') OR use_id", "('draft', 'withdrawn', 'disposed') OR use_id"),
    "submitted_is_counted": ("('draft', 'withdrawn') OR subm", "('draft', 'withdrawn', 'disposed') OR subm"),
    "accepted_has_examiner": (
        "'refused', 'withdrawn') OR examiner_id", "'refused', 'withdrawn', 'disposed') OR examiner_id"
    ),
}  # fmt: skip
PROBE = ("probe_image_id INTEGER NOT NULL", "probe_image_id INTEGER")


def upgrade() -> None:
    op.create_table(
        "case_record",
        sa.Column("case_number", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.JSON(), nullable=False),
        sa.Column("classified_by_id", sa.Integer(), nullable=True),
        sa.Column("classified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("history_seen", sa.Integer(), nullable=False),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'disposed') = (disposed_at IS NOT NULL)", name=op.f("ck_case_record_disposed_has_day")
        ),
        sa.CheckConstraint(
            "state <> 'classified' OR classified_at IS NOT NULL", name=op.f("ck_case_record_classified_is_confirmed")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'closed', 'classified', 'disposed')", name=op.f("ck_case_record_known_state")
        ),
        sa.CheckConstraint(
            "(classified_at IS NULL) = (classified_by_id IS NULL)", name=op.f("ck_case_record_classified_by_somebody")
        ),
        sa.ForeignKeyConstraint(["classified_by_id"], ["account.id"], name=op.f("fk_case_record_classified_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_record")),
        sa.UniqueConstraint("case_number", name=op.f("uq_case_record_case_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_record_uid")),
    )
    op.create_index("ix_case_record_state", "case_record", ["state"])

    op.create_table(
        "disposal",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("first_approver_id", sa.Integer(), nullable=True),
        sa.Column("second_approver_id", sa.Integer(), nullable=True),
        sa.Column("first_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate_blob_id", sa.String(length=40), nullable=True),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=True),
        sa.Column("certificate_pages", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'disposed' OR certificate_blob_id IS NOT NULL", name=op.f("ck_disposal_disposed_is_certified")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'once_approved', 'approved', 'executing', 'disposed', 'declined', 'withdrawn')",
            name=op.f("ck_disposal_known_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'executing', 'disposed') OR second_approver_id IS NOT NULL",
            name=op.f("ck_disposal_executed_is_approved_twice"),
        ),
        sa.CheckConstraint(
            "(certificate_blob_id IS NULL) = (certificate_sha256 IS NULL)",
            name=op.f("ck_disposal_certificate_has_digest"),
        ),
        sa.CheckConstraint(
            "first_approver_id <> proposed_by_id", name=op.f("ck_disposal_proposer_is_not_first_approver")
        ),
        sa.CheckConstraint("second_approver_id <> first_approver_id", name=op.f("ck_disposal_approvers_differ")),
        sa.CheckConstraint(
            "second_approver_id <> proposed_by_id", name=op.f("ck_disposal_proposer_is_not_second_approver")
        ),
        sa.CheckConstraint(
            "second_approver_id IS NULL OR first_approver_id IS NOT NULL", name=op.f("ck_disposal_first_before_second")
        ),
        sa.ForeignKeyConstraint(["first_approver_id"], ["account.id"], name=op.f("fk_disposal_first_approver_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["account.id"], name=op.f("fk_disposal_proposed_by_id")),
        sa.ForeignKeyConstraint(["second_approver_id"], ["account.id"], name=op.f("fk_disposal_second_approver_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
        sa.UniqueConstraint("number", name=op.f("uq_disposal_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_disposal_uid")),
    )
    op.create_index("ix_disposal_state", "disposal", ["state"])

    op.create_table(
        "person_file",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("gallery_person_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_person_id"], ["gallery_person.id"], name=op.f("fk_person_file_gallery_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_file")),
        sa.UniqueConstraint("gallery_person_id", name=op.f("uq_person_file_gallery_person_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_person_file_uid")),
    )
    op.create_table(
        "case_history",
        sa.Column("case_record_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'reopened') = (value = '')", name=op.f("ck_case_history_value_but_for_reopening")),
        sa.CheckConstraint(
            "kind IN ('closed', 'reopened', 'disposition', 'event')", name=op.f("ck_case_history_known_kind")
        ),
        sa.ForeignKeyConstraint(["case_record_id"], ["case_record.id"], name=op.f("fk_case_history_case_record_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_case_history_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_history")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_history_uid")),
    )
    op.create_index("ix_case_history_case_record_id", "case_history", ["case_record_id"])

    op.create_table(
        "case_person",
        sa.Column("case_record_id", sa.Integer(), nullable=False),
        sa.Column("person_file_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("child_victim", sa.Boolean(), nullable=False),
        sa.Column("juvenile", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role <> 'suspect' OR NOT child_victim", name=op.f("ck_case_person_suspect_is_no_child_victim")
        ),
        sa.CheckConstraint(
            "role IN ('suspect', 'victim', 'relative', 'witness')", name=op.f("ck_case_person_known_role")
        ),
        sa.ForeignKeyConstraint(["case_record_id"], ["case_record.id"], name=op.f("fk_case_person_case_record_id")),
        sa.ForeignKeyConstraint(["person_file_id"], ["person_file.id"], name=op.f("fk_case_person_person_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_person")),
        sa.UniqueConstraint(
            "case_record_id", "person_file_id", name=op.f("uq_case_person_case_record_id_person_file_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_case_person_uid")),
    )
    op.create_index("ix_case_person_case_record_id", "case_person", ["case_record_id"])
    op.create_index("ix_case_person_person_file_id", "case_person", ["person_file_id"])

    op.create_table(
        "disposal_item",
        sa.Column("disposal_id", sa.Integer(), nullable=False),
        sa.Column("case_record_id", sa.Integer(), nullable=True),
        sa.Column("person_file_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("earliest_on", sa.Date(), nullable=True),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("spared_because", sa.String(length=300), nullable=True),
        sa.Column("spared_by_rule", sa.String(length=40), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased", sa.JSON(), nullable=False),
        sa.Column("delivered", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'erased') = (erased_at IS NOT NULL)", name=op.f("ck_disposal_item_erased_has_moment")
        ),
        sa.CheckConstraint(
            "(state = 'spared') = (spared_because IS NOT NULL)", name=op.f("ck_disposal_item_spared_with_reason")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'erasing', 'erased', 'spared')", name=op.f("ck_disposal_item_known_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('erasing', 'erased') OR begun_at IS NOT NULL", name=op.f("ck_disposal_item_begun_has_moment")
        ),
        sa.CheckConstraint(
            "(case_record_id IS NULL) <> (person_file_id IS NULL)", name=op.f("ck_disposal_item_one_thing")
        ),
        sa.ForeignKeyConstraint(["case_record_id"], ["case_record.id"], name=op.f("fk_disposal_item_case_record_id")),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposal.id"], name=op.f("fk_disposal_item_disposal_id")),
        sa.ForeignKeyConstraint(["person_file_id"], ["person_file.id"], name=op.f("fk_disposal_item_person_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_item")),
        sa.UniqueConstraint("disposal_id", "case_record_id", name=op.f("uq_disposal_item_disposal_id_case_record_id")),
        sa.UniqueConstraint("disposal_id", "person_file_id", name=op.f("uq_disposal_item_disposal_id_person_file_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_disposal_item_uid")),
    )
    op.create_index("ix_disposal_item_case_record_id", "disposal_item", ["case_record_id"])
    op.create_index("ix_disposal_item_disposal_id", "disposal_item", ["disposal_id"])
    op.create_index("ix_disposal_item_person_file_id", "disposal_item", ["person_file_id"])
    op.create_index("ix_disposal_item_state", "disposal_item", ["state"])

    op.create_table(
        "legal_hold",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("case_record_id", sa.Integer(), nullable=True),
        sa.Column("person_file_id", sa.Integer(), nullable=True),
        sa.Column("placed_by_id", sa.Integer(), nullable=False),
        sa.Column("released_by_id", sa.Integer(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'released') = (released_by_id IS NOT NULL)", name=op.f("ck_legal_hold_released_by_somebody")
        ),
        sa.CheckConstraint("state IN ('placed', 'released')", name=op.f("ck_legal_hold_known_state")),
        sa.CheckConstraint(
            "(case_record_id IS NULL) <> (person_file_id IS NULL)", name=op.f("ck_legal_hold_holds_one_thing")
        ),
        sa.CheckConstraint(
            "(released_by_id IS NULL) = (released_at IS NULL)", name=op.f("ck_legal_hold_released_when_by_whom")
        ),
        sa.CheckConstraint(
            "released_by_id IS NULL OR released_by_id <> placed_by_id",
            name=op.f("ck_legal_hold_placer_does_not_release"),
        ),
        sa.ForeignKeyConstraint(["case_record_id"], ["case_record.id"], name=op.f("fk_legal_hold_case_record_id")),
        sa.ForeignKeyConstraint(["person_file_id"], ["person_file.id"], name=op.f("fk_legal_hold_person_file_id")),
        sa.ForeignKeyConstraint(["placed_by_id"], ["account.id"], name=op.f("fk_legal_hold_placed_by_id")),
        sa.ForeignKeyConstraint(["released_by_id"], ["account.id"], name=op.f("fk_legal_hold_released_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sa.UniqueConstraint("number", name=op.f("uq_legal_hold_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_legal_hold_uid")),
    )
    op.create_index("ix_legal_hold_case_record_id", "legal_hold", ["case_record_id"])
    op.create_index("ix_legal_hold_person_file_id", "legal_hold", ["person_file_id"])
    op.create_index("ix_legal_hold_state", "legal_hold", ["state"])
    _refuse_change_of_history()
    _widen()


def _refuse_change_of_history() -> None:
    """What was recorded of a case is never changed; its rows go with the record when that is disposed of."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER case_history_no_update BEFORE UPDATE ON case_history "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            "CREATE TRIGGER case_history_no_update BEFORE UPDATE ON case_history "
            "BEGIN SELECT RAISE(ABORT, 'case_history is append-only'); END"
        )


def _widen() -> None:
    """A request may be disposed of; a decided photograph may outlive the probe it looked like."""
    if op.get_bind().dialect.name == "postgresql":
        _replace_checks(dict(_checks(after=True)))
        op.alter_column("gallery_hold", "probe_image_id", nullable=True)
        return
    _edit("fr_request", list(CHECKS.values()))
    _edit("gallery_hold", [PROBE])


def _narrow() -> None:
    for table, column, text in (
        ("fr_request", "state = 'disposed'", "a disposed request"),
        ("gallery_hold", "probe_image_id IS NULL", "a held photograph whose probe was disposed of"),
    ):
        # both are constants of this file
        if op.get_bind().exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {column}").scalar():  # noqa: S608
            raise RuntimeError(f"the database holds {text}: the schema before this one has no place for it")
    if op.get_bind().dialect.name == "postgresql":
        _replace_checks(dict(_checks(after=False)))
        op.alter_column("gallery_hold", "probe_image_id", nullable=False)
        return
    _edit("fr_request", [(new, old) for old, new in CHECKS.values()])
    _edit("gallery_hold", [PROBE[::-1]])


def _edit(table: str, changes: list[tuple[str, str]]) -> None:
    """Change words of a table's definition where they stand (SQLite, "Making Other Kinds Of Table Schema Changes",
    the procedure for constraints, which leaves the rows and the references of other tables alone).
    """
    bind = op.get_bind()
    before = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).scalar()
    after = before
    for old, new in changes:
        if after.count(old) != 1:
            raise RuntimeError(f"{table}: the definition does not hold {old!r} once")
        after = after.replace(old, new)
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (after, table))
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _checks(*, after: bool) -> list[tuple[str, str]]:
    more = ", 'disposed'" if after else ""
    return [
        (
            "known_state",
            "state IN ('draft', 'submitted', 'awaiting_images', 'accepted', 'documented', 'probe_selected', "
            "'searching', 'search_failed', 'searched', 'under_examination', 'nominated', 'peer_reviewed', "
            f"'continued', 'approved', 'negative', 'reported', 'superseded', 'closed', 'refused', 'withdrawn'{more})",
        ),
        ("submitted_has_use", f"state IN ('draft', 'withdrawn'{more}) OR use_id IS NOT NULL"),
        ("submitted_is_counted", f"state IN ('draft', 'withdrawn'{more}) OR submission > 0"),
        (
            "accepted_has_examiner",
            f"state IN ('draft', 'submitted', 'awaiting_images', 'refused', 'withdrawn'{more}) "
            "OR examiner_id IS NOT NULL",
        ),
    ]


def _replace_checks(checks: dict[str, str]) -> None:
    for name, text in checks.items():
        op.drop_constraint(op.f(f"ck_fr_request_{name}"), "fr_request")
        op.create_check_constraint(op.f(f"ck_fr_request_{name}"), "fr_request", text)


def downgrade() -> None:
    _narrow()
    op.drop_index("ix_legal_hold_state", "legal_hold")
    op.drop_index("ix_legal_hold_person_file_id", "legal_hold")
    op.drop_index("ix_legal_hold_case_record_id", "legal_hold")

    op.drop_table("legal_hold")
    op.drop_index("ix_disposal_item_state", "disposal_item")
    op.drop_index("ix_disposal_item_person_file_id", "disposal_item")
    op.drop_index("ix_disposal_item_disposal_id", "disposal_item")
    op.drop_index("ix_disposal_item_case_record_id", "disposal_item")

    op.drop_table("disposal_item")
    op.drop_index("ix_case_person_person_file_id", "case_person")
    op.drop_index("ix_case_person_case_record_id", "case_person")

    op.drop_table("case_person")
    op.drop_index("ix_case_history_case_record_id", "case_history")

    op.drop_table("case_history")
    op.drop_table("person_file")
    op.drop_index("ix_disposal_state", "disposal")

    op.drop_table("disposal")
    op.drop_index("ix_case_record_state", "case_record")

    op.drop_table("case_record")

"""disclosures, routine designations, incidents"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "routine_designation",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("recipient_kinds", sa.JSON(), nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("item_kinds", sa.JSON(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("designated_by_id", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.Integer(), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_because IS NULL)", name=op.f("ck_routine_designation_revoked_for_a_reason")
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_id IS NULL)", name=op.f("ck_routine_designation_revoked_by_somebody")
        ),
        sa.CheckConstraint("expires_on > effective_on", name=op.f("ck_routine_designation_expires_after_effect")),
        sa.ForeignKeyConstraint(
            ["designated_by_id"], ["account.id"], name=op.f("fk_routine_designation_designated_by_id")
        ),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["account.id"], name=op.f("fk_routine_designation_revoked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routine_designation")),
        sa.UniqueConstraint("number", name=op.f("uq_routine_designation_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_routine_designation_uid")),
    )
    op.create_table(
        "disclosure",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("case_number", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("recipient_kind", sa.String(length=20), nullable=True),
        sa.Column("basis", sa.String(length=4), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("immigration", sa.Boolean(), nullable=True),
        sa.Column("designation_id", sa.Integer(), nullable=True),
        sa.Column("agreement_reference", sa.String(length=80), nullable=True),
        sa.Column("person_digest", sa.String(length=64), nullable=True),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_by", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "basis IS NULL OR basis IN ('D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7')",
            name=op.f("ck_disclosure_known_basis"),
        ),
        sa.CheckConstraint(
            "recipient_kind IS NULL OR recipient_kind IN ('prosecutor', 'law_enforcement', 'city_agency', 'court', 'foil', 'individual', 'community', 'media')",
            name=op.f("ck_disclosure_known_recipient"),
        ),
        sa.CheckConstraint(
            "state <> 'acknowledged' OR (received_on IS NOT NULL AND acknowledged_by_id IS NOT NULL)",
            name=op.f("ck_disclosure_acknowledged_has_receipt"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'approved', 'refused', 'releasing', 'released', 'acknowledged', 'expired', 'withdrawn')",
            name=op.f("ck_disclosure_known_state"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR (recipient_kind IS NOT NULL AND basis IS NOT NULL AND purpose IS NOT NULL)",
            name=op.f("ck_disclosure_submitted_has_basis"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR (submitted_at IS NOT NULL AND submission > 0)",
            name=op.f("ck_disclosure_submitted_is_counted"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR basis <> 'D5' OR designation_id IS NOT NULL",
            name=op.f("ck_disclosure_routine_is_designated"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR immigration IS FALSE", name=op.f("ck_disclosure_never_for_immigration")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'releasing', 'released', 'acknowledged') OR release_by IS NOT NULL",
            name=op.f("ck_disclosure_granted_until_a_day"),
        ),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["account.id"], name=op.f("fk_disclosure_acknowledged_by_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_disclosure_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["designation_id"], ["routine_designation.id"], name=op.f("fk_disclosure_designation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint("number", name=op.f("uq_disclosure_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_disclosure_uid")),
    )
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_asked_by_id"), ["asked_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosure_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosure_person_digest"), ["person_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosure_state"), ["state"], unique=False)
        batch_op.create_index("ix_disclosure_submitted_at", ["submitted_at"], unique=False)

    op.create_table(
        "disclosure_decision",
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("release_by", sa.Date(), nullable=True),
        sa.Column("document_blob_id", sa.String(length=40), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('approved', 'determined', 'refused', 'returned')", name=op.f("ck_disclosure_decision_known_kind")
        ),
        sa.CheckConstraint(
            "kind IN ('refused', 'returned') OR release_by IS NOT NULL",
            name=op.f("ck_disclosure_decision_granted_until_a_day"),
        ),
        sa.CheckConstraint(
            "(document_blob_id IS NULL) = (document_sha256 IS NULL)",
            name=op.f("ck_disclosure_decision_document_has_digest"),
        ),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_disclosure_decision_decided_by_another")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_disclosure_decision_asked_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_disclosure_decision_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosure.id"], name=op.f("fk_disclosure_decision_disclosure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_decision")),
        sa.UniqueConstraint("uid", name=op.f("uq_disclosure_decision_uid")),
    )
    with op.batch_alter_table("disclosure_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_decision_disclosure_id"), ["disclosure_id"], unique=False)

    op.create_table(
        "disclosure_document",
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_id", sa.String(length=40), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["account.id"], name=op.f("fk_disclosure_document_added_by_id")),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosure.id"], name=op.f("fk_disclosure_document_disclosure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_document")),
        sa.UniqueConstraint("uid", name=op.f("uq_disclosure_document_uid")),
    )
    with op.batch_alter_table("disclosure_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_document_disclosure_id"), ["disclosure_id"], unique=False)

    op.create_table(
        "disclosure_package",
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("released_by_id", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sums_sha256", sa.String(length=64), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(fetched_at IS NULL) = (fetched_by_id IS NULL)", name=op.f("ck_disclosure_package_fetched_by_somebody")
        ),
        sa.CheckConstraint("expires_at > built_at", name=op.f("ck_disclosure_package_expires_after_building")),
        sa.ForeignKeyConstraint(["disclosure_id"], ["disclosure.id"], name=op.f("fk_disclosure_package_disclosure_id")),
        sa.ForeignKeyConstraint(["fetched_by_id"], ["account.id"], name=op.f("fk_disclosure_package_fetched_by_id")),
        sa.ForeignKeyConstraint(["released_by_id"], ["account.id"], name=op.f("fk_disclosure_package_released_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_package")),
        sa.UniqueConstraint("disclosure_id", "number", name=op.f("uq_disclosure_package_disclosure_id_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_disclosure_package_uid")),
    )
    with op.batch_alter_table("disclosure_package", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_package_disclosure_id"), ["disclosure_id"], unique=False)

    op.create_table(
        "incident",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("disclosure_id", sa.Integer(), nullable=True),
        sa.Column("aware_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("harm", sa.String(length=20), nullable=True),
        sa.Column("notice", sa.String(length=20), nullable=True),
        sa.Column("required_by_law", sa.Boolean(), nullable=True),
        sa.Column("consulted", sa.Boolean(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("harm IS NULL OR harm IN ('none', 'potential')", name=op.f("ck_incident_known_harm")),
        sa.CheckConstraint(
            "notice IS NULL OR notice <> 'not_give' OR (harm = 'none' AND required_by_law IS FALSE AND consulted IS TRUE)",
            name=op.f("ck_incident_notice_not_declined_against_law"),
        ),
        sa.CheckConstraint("notice IS NULL OR notice IN ('give', 'not_give')", name=op.f("ck_incident_known_notice")),
        sa.CheckConstraint(
            "state <> 'closed' OR (notice IS NOT NULL AND closed_at IS NOT NULL)",
            name=op.f("ck_incident_closed_has_decision"),
        ),
        sa.CheckConstraint("state = 'open' OR reported_at IS NOT NULL", name=op.f("ck_incident_reported_first")),
        sa.CheckConstraint("state IN ('open', 'reported', 'assessed', 'closed')", name=op.f("ck_incident_known_state")),
        sa.CheckConstraint(
            "state NOT IN ('assessed', 'closed') OR harm IS NOT NULL", name=op.f("ck_incident_assessed_has_harm")
        ),
        sa.CheckConstraint(
            "reported_at IS NULL OR reported_at >= aware_at", name=op.f("ck_incident_reported_after_awareness")
        ),
        sa.ForeignKeyConstraint(["disclosure_id"], ["disclosure.id"], name=op.f("fk_incident_disclosure_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_incident_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_incident_uid")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_disclosure_id"), ["disclosure_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_state"), ["state"], unique=False)

    op.create_table(
        "disclosure_item",
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'original' AND image_id IS NOT NULL AND report_id IS NULL) OR (kind = 'report' AND report_id IS NOT NULL AND image_id IS NULL)",
            name=op.f("ck_disclosure_item_exactly_one_thing"),
        ),
        sa.ForeignKeyConstraint(["disclosure_id"], ["disclosure.id"], name=op.f("fk_disclosure_item_disclosure_id")),
        sa.ForeignKeyConstraint(["image_id"], ["probe_image.id"], name=op.f("fk_disclosure_item_image_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_disclosure_item_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_item")),
        sa.UniqueConstraint("disclosure_id", "image_id", name=op.f("uq_disclosure_item_disclosure_id_image_id")),
        sa.UniqueConstraint("disclosure_id", "report_id", name=op.f("uq_disclosure_item_disclosure_id_report_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_disclosure_item_uid")),
    )
    with op.batch_alter_table("disclosure_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_item_disclosure_id"), ["disclosure_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("disclosure_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_item_disclosure_id"))

    op.drop_table("disclosure_item")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_state"))
        batch_op.drop_index(batch_op.f("ix_incident_disclosure_id"))

    op.drop_table("incident")
    with op.batch_alter_table("disclosure_package", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_package_disclosure_id"))

    op.drop_table("disclosure_package")
    with op.batch_alter_table("disclosure_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_document_disclosure_id"))

    op.drop_table("disclosure_document")
    with op.batch_alter_table("disclosure_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_decision_disclosure_id"))

    op.drop_table("disclosure_decision")
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.drop_index("ix_disclosure_submitted_at")
        batch_op.drop_index(batch_op.f("ix_disclosure_state"))
        batch_op.drop_index(batch_op.f("ix_disclosure_person_digest"))
        batch_op.drop_index(batch_op.f("ix_disclosure_case_number"))
        batch_op.drop_index(batch_op.f("ix_disclosure_asked_by_id"))

    op.drop_table("disclosure")
    op.drop_table("routine_designation")

"""a key for each photograph; sealing orders, their tombstones and notices"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # written out: SQLite adds a column in place, where Alembic would build the table anew
    op.execute("ALTER TABLE gallery_photo ADD COLUMN key_id VARCHAR(32) NOT NULL DEFAULT ''")
    op.execute(
        "UPDATE gallery_photo SET key_id = "
        "(SELECT gallery_person.key_id FROM gallery_person WHERE gallery_person.id = gallery_photo.person_id)"
    )
    op.add_column("gallery_person", sa.Column("retired_key_id", sa.String(length=32), nullable=True))
    # what left before this version leaves its hash too
    op.execute("UPDATE gallery_photo SET phash = '' WHERE removed_at IS NOT NULL")
    op.create_table(
        "sealing_order",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("order_digest", sa.String(length=64), nullable=False),
        sa.Column("person_digest", sa.String(length=64), nullable=True),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("received_by_id", sa.Integer(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("destroyed", sa.JSON(), nullable=False),
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
        sa.CheckConstraint("state IN ('received', 'removed', 'certified')", name=op.f("ck_sealing_order_known_state")),
        sa.CheckConstraint(
            "kind IN ('sealed', 'expunged', 'voided', 'dismissed')", name=op.f("ck_sealing_order_known_kind")
        ),
        sa.CheckConstraint("way IN ('page', 'command', 'directory')", name=op.f("ck_sealing_order_known_way")),
        sa.CheckConstraint(
            "way <> 'page' OR received_by_id IS NOT NULL", name=op.f("ck_sealing_order_received_by_somebody")
        ),
        sa.CheckConstraint(
            "state = 'received' OR removed_at IS NOT NULL", name=op.f("ck_sealing_order_removed_has_moment")
        ),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (generation IS NULL)", name=op.f("ck_sealing_order_removed_has_generation")
        ),
        sa.CheckConstraint(
            "(certificate_blob_id IS NULL) = (certificate_sha256 IS NULL)",
            name=op.f("ck_sealing_order_certificate_has_digest"),
        ),
        sa.CheckConstraint(
            "state <> 'certified' OR certificate_blob_id IS NOT NULL",
            name=op.f("ck_sealing_order_certified_has_certificate"),
        ),
        sa.ForeignKeyConstraint(["received_by_id"], ["account.id"], name=op.f("fk_sealing_order_received_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_order")),
        sa.UniqueConstraint("number", name=op.f("uq_sealing_order_number")),
        sa.UniqueConstraint("order_digest", name=op.f("uq_sealing_order_order_digest")),
        sa.UniqueConstraint("uid", name=op.f("uq_sealing_order_uid")),
    )
    op.create_index("ix_sealing_order_person_digest", "sealing_order", ["person_digest"])
    op.create_index("ix_sealing_order_state", "sealing_order", ["state"])

    op.create_table(
        "sealed_record",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("record_number", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('removed', 'left_before', 'not_held')", name=op.f("ck_sealed_record_known_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'not_held') = (photo_id IS NULL)", name=op.f("ck_sealed_record_not_held_has_no_photograph")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sealing_order.id"], name=op.f("fk_sealed_record_order_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["gallery_photo.id"], name=op.f("fk_sealed_record_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_record")),
        sa.UniqueConstraint("order_id", "record_number", name=op.f("uq_sealed_record_order_id_record_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_sealed_record_uid")),
    )
    for column in ("order_id", "photo_id", "record_number", "sha256"):
        op.create_index(f"ix_sealed_record_{column}", "sealed_record", [column])

    op.create_table(
        "sealing_notice",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about_type", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('investigator', 'privacy_officer', 'recipient')", name=op.f("ck_sealing_notice_known_kind")
        ),
        sa.CheckConstraint("(sent_at IS NULL) = (sent_by_id IS NULL)", name=op.f("ck_sealing_notice_sent_by_somebody")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sealing_notice_account_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sealing_order.id"], name=op.f("fk_sealing_notice_order_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["account.id"], name=op.f("fk_sealing_notice_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_notice")),
        sa.UniqueConstraint("order_id", "kind", "about", name=op.f("uq_sealing_notice_order_id_kind_about")),
        sa.UniqueConstraint("uid", name=op.f("uq_sealing_notice_uid")),
    )
    op.create_index("ix_sealing_notice_order_id", "sealing_notice", ["order_id"])


def downgrade() -> None:
    """Photographs that got a key of their own cannot be read by the earlier version, so there is no way back to it."""
    apart = op.get_bind().scalar(
        sa.text(
            "SELECT count(*) FROM gallery_photo JOIN gallery_person ON gallery_person.id = gallery_photo.person_id "
            "WHERE gallery_photo.removed_at IS NULL AND gallery_photo.key_id <> gallery_person.key_id"
        )
    )
    if apart:
        raise RuntimeError(f"{apart} photographs have keys of their own, which the earlier version cannot read.")
    op.drop_table("sealing_notice")
    op.drop_table("sealed_record")
    op.drop_table("sealing_order")
    op.drop_column("gallery_person", "retired_key_id")
    op.drop_column("gallery_photo", "key_id")

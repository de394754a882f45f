"""where each record stands, kept for lists and counts; indexes of jobs by subject, steps by target, searches by image

Every record that is not disposed of gets a row. It says that the day is not known, which keeps a record, until the
first calculation: that needs the sealed days, which no migration can read. Jobs are looked up by their subject on seven
pages, and each time all of them were read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_record_id", sa.Integer(), nullable=True),
        sa.Column("person_file_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("calculated_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "status IN ('held', 'open', 'unclassified', 'permanent', 'unknown', 'upcoming', 'disposable')",
            name=op.f("ck_stored_standing_known_status"),
        ),
        sa.CheckConstraint(
            "(case_record_id IS NULL) <> (person_file_id IS NULL)", name=op.f("ck_stored_standing_of_one_thing")
        ),
        sa.CheckConstraint(
            "(earliest IS NOT NULL) = (status IN ('upcoming', 'disposable'))",
            name=op.f("ck_stored_standing_day_where_one_is_known"),
        ),
        sa.ForeignKeyConstraint(["case_record_id"], ["case_record.id"], name=op.f("fk_stored_standing_case_record_id")),
        sa.ForeignKeyConstraint(["person_file_id"], ["person_file.id"], name=op.f("fk_stored_standing_person_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_standing")),
        sa.UniqueConstraint("case_record_id", name=op.f("uq_stored_standing_case_record_id")),
        sa.UniqueConstraint("person_file_id", name=op.f("uq_stored_standing_person_file_id")),
    )
    op.create_index("ix_stored_standing_status", "stored_standing", ["status", "earliest"])
    op.create_index("ix_stored_standing_earliest", "stored_standing", ["earliest"])
    op.create_index("ix_stored_standing_policy_version", "stored_standing", ["policy_version"])
    op.execute(
        "INSERT INTO stored_standing (case_record_id, status, rule, policy_version) "
        "SELECT id, 'unknown', 'unknown_is_kept', '' FROM case_record WHERE disposed_at IS NULL ORDER BY id"
    )
    op.execute(
        "INSERT INTO stored_standing (person_file_id, status, rule, policy_version) "
        "SELECT id, 'unknown', 'unknown_is_kept', '' FROM person_file WHERE disposed_at IS NULL ORDER BY id"
    )
    op.create_index("ix_job_subject", "job", ["subject_id", "kind", "created_at"])
    op.create_index("ix_job_kind", "job", ["kind", "created_at"])
    op.create_index("ix_transition_target", "transition", ["subject_type", "target", "created_at"])
    op.create_index("ix_fr_request_state_since", "fr_request", ["state", "state_since"])
    op.create_index("ix_search_finished_at", "search", ["finished_at"])
    op.create_index("ix_search_image_id", "search", ["image_id"])


def downgrade() -> None:
    op.drop_index("ix_search_image_id", "search")
    op.drop_index("ix_search_finished_at", "search")
    op.drop_index("ix_fr_request_state_since", "fr_request")
    op.drop_index("ix_transition_target", "transition")
    op.drop_index("ix_job_kind", "job")
    op.drop_index("ix_job_subject", "job")
    op.drop_table("stored_standing")

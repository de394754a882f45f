"""The tables of policy versions and their texts, named by digest, so that a record shows the rules of its own day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Table
from app.models.base import UTCDateTime


class PolicyVersion(Table):
    """A version of the rule files, named by its digest. Once its texts are kept, the database refuses to change it.

    `manifest` is JSON {version, since, files [[name, sha256]] in the order of the digest}, `signature` is over it, with
    the department's key of the fingerprint `signing_key`. All are empty where only the digest is known.
    """

    __tablename__ = "policy_version"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    # when the portal first recorded something under it
    first_seen: Mapped[datetime | None] = mapped_column(UTCDateTime)
    manifest: Mapped[str | None] = mapped_column(Text)
    signature: Mapped[str | None] = mapped_column(String(128))
    signing_key: Mapped[str | None] = mapped_column(String(64))
    kept_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        CheckConstraint(
            "(manifest IS NULL) = (signature IS NULL) AND (manifest IS NULL) = (signing_key IS NULL) "
            "AND (manifest IS NULL) = (kept_at IS NULL)",
            name="kept_texts_are_signed",
        ),
    )


class PolicyText(Table):
    """The text of a rule file, named by its SHA-256; versions that share it share the row. Never changed."""

    __tablename__ = "policy_text"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(Text)

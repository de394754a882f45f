"""Alembic's environment: an engine of its own, for a change of schema is not a change of records (no write guard)."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool

from app.extensions import db

URL = current_app.extensions["settings"].database_url


def options() -> dict[str, object]:
    return {
        "target_metadata": db.metadata,
        "compare_type": True,
        "render_as_batch": URL.startswith("sqlite"),
    }


if context.is_offline_mode():
    context.configure(url=URL, literal_binds=True, **options())
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(URL, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, **options())
        with context.begin_transaction():
            context.run_migrations()

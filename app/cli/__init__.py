"""`flask …`: one module for each group of commands. Failure exits non-zero with one clear line."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup


def groups() -> list[AppGroup]:
    """Every group, complete: some have commands in several modules."""
    from app.cli import (  # noqa: F401  (gallery_import, _samples, _seal and matching_replay add to another's group)
        audit,
        gallery,
        gallery_import,
        gallery_samples,
        gallery_seal,
        jobs,
        keys,
        matching,
        matching_change,
        matching_replay,
        matters,
        policy,
        retention,
        review,
        users,
    )

    matching.group.add_command(matching_change.group)
    return [
        module.group for module in (audit, gallery, jobs, keys, matching, matters, policy, retention, review, users)
    ]


def register_commands(app: Flask) -> None:
    """Bind every group to the application."""
    for group in groups():
        app.cli.add_command(group)

"""`flask …`: one module for each group of commands. Failure exits non-zero with one clear line."""

from __future__ import annotations

from importlib import import_module

from flask import Flask


def register_commands(app: Flask) -> None:
    """Bind every group to the application."""
    from app.cli import (
        audit,
        gallery,
        jobs,
        matching,
        matching_change,
        matching_replay,
        policy,
        retention,
        review,
        users,
    )

    for completing in ("gallery_import", "gallery_seal"):  # further commands of the group of gallery
        import_module(f"app.cli.{completing}")
    matching.group.add_command(matching_replay.replay_command)
    matching.group.add_command(matching_change.group)
    for module in (audit, gallery, jobs, matching, policy, retention, review, users):
        app.cli.add_command(module.group)

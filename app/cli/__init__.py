"""`flask …`: one module for each group of commands. Failure exits non-zero with one clear line."""

from __future__ import annotations

from flask import Flask


def register_commands(app: Flask) -> None:
    """Bind every group to the application."""
    from app.cli import audit, demo, gallery_seal, jobs, matching, matching_replay, policy, retention, users

    matching.group.add_command(matching_replay.replay_command)
    # gallery_seal.group is the group of gallery.py, with the commands of both
    for module in (audit, gallery_seal, jobs, matching, policy, retention, users):
        app.cli.add_command(module.group)
    app.cli.add_command(demo.demo)

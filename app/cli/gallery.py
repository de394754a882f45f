"""`flask gallery …`: the repository of arrest and parole photographs."""

from __future__ import annotations

from flask.cli import AppGroup

group = AppGroup("gallery", help="The repository of arrest and parole photographs.")

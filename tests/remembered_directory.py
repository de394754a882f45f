"""The answers of the directory, remembered as long as the file of its changes stays as it is.

Asking takes two searches over a socket, on both ends in Python, and every page asks. A test that changes a person asks
again, as does each process once for each person; passwords are never answered from here.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable
from typing import Any

from flask import current_app

from app.access import directory
from config.settings import Settings
from demo.services import directory_state

#: the settings by which the directory is asked
ASKED_BY = tuple(field.name for field in dataclasses.fields(Settings) if field.name.startswith("ldap_"))
REMEMBERED = ("lookup", "members")


def remember(shared: Settings) -> None:
    """From now on everything of the program that asks the session's directory gets remembered answers."""
    for name in REMEMBERED:
        asked = getattr(directory, name)
        answered = remembering(asked, shared)
        for module in [module for key, module in sys.modules.items() if key.split(".")[0] in {"app", "tests"}]:
            if vars(module).get(name) is asked:
                setattr(module, name, answered)


def remembering(ask: Callable[[str], Any], shared: Settings) -> Callable[[str], Any]:
    """`ask`, which is asked once for each name and each state of the directory's people."""
    known: dict[tuple[bytes, str], Any] = {}
    changes = directory_state(shared)

    @functools.wraps(ask)
    def answered(name: str) -> Any:
        settings = current_app.extensions["settings"]
        if any(getattr(settings, field) != getattr(shared, field) for field in ASKED_BY):
            return ask(name)
        state = changes.read_bytes() if changes.exists() else b""
        if (state, name) not in known:
            with current_app.app_context():  # on a connection of its own: an older one may have been idle for too long
                known[state, name] = ask(name)
        answer = known[state, name]
        return list(answer) if isinstance(answer, list) else answer

    return answered

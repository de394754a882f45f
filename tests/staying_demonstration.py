"""What `flask demo` does once its case is through: it counts the requests at every stage, then stays.

A process of its own, `python -m tests.staying_demonstration`, on the portal that the environment names. Its test
imports it, so that a name it lacks is missed as soon as the tests are collected.
"""

from __future__ import annotations

import os

from app.factory import create_app
from config.settings import Settings
from demo import cli
from demo.services import Running


def main() -> None:
    """Say "stays" when the requests are counted, then stay until killed."""
    running = Running(Settings.from_env(os.environ), ())
    with create_app(running.settings).app_context():
        cli.STAGES = ()  # nothing is missing at any stage
        cli.fill_stages(running)
        print("stays", flush=True)
        cli.stay(running)


if __name__ == "__main__":
    main()

"""A long-lived worker: loads networks and index once, runs jobs in this very process, sweeps up lost work."""

from __future__ import annotations

import os
import sys
import threading

import structlog
from flask import Flask
from rq.serializers import JSONSerializer

from app.audit.policy_version import note_policy_version
from app.factory import create_app
from app.jobs import handlers
from app.jobs.algorithms.watch import watch
from app.jobs.messages import Worker
from app.jobs.nightly import ask_nightly
from app.jobs.runner import bind
from app.jobs.sweeper import sweep
from app.outbox.kinds import QUEUES
from app.outbox.send import connection, queue
from app.policy import PolicyError
from app.storage.errors import StorageError
from config.settings import Settings, SettingsError

log = structlog.get_logger()


def sweep_regularly(app: Flask, seconds: float) -> None:
    """Sweep now and then every few seconds, so that one worker alone is enough to find lost work."""

    def loop() -> None:
        pause = threading.Event()
        while True:
            try:
                with app.app_context():
                    sweep()
                    watch()
                    ask_nightly()
            except Exception:
                log.exception("sweep_failed")
            pause.wait(seconds)

    threading.Thread(target=loop, name="sweeper", daemon=True).start()


def main() -> int:
    try:
        settings = Settings.from_env(os.environ)
        app = create_app(settings)
    except (SettingsError, PolicyError, StorageError) as error:
        print(error, file=sys.stderr)
        return 2
    bind(app)
    # a context of its own: what it reads ends with it, for a reader who stays keeps the database's log from being
    # emptied, and with that every disposal and sealing from its end
    with app.app_context():
        note_policy_version()
        handlers.prepare()
    with app.app_context():
        sweep_regularly(app, settings.lease_seconds / 3)
        queues = [queue(name) for name in QUEUES]
        worker = Worker(queues, connection=connection(), serializer=JSONSerializer)
        worker.work(with_scheduler=False, logging_level="WARNING")
    return 0


if __name__ == "__main__":
    sys.exit(main())

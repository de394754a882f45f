"""The portal's log: one line an event, tracebacks without the values of variables.

A traceback that prints local variables would put narratives, names and face templates into a file nobody disposes of
(ACC-10); structlog does so by default wherever rich is installed.
"""

from __future__ import annotations

import structlog


def configure() -> None:
    """Set up structlog for this process; calling it again changes nothing."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )

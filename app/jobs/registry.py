"""The registry of handlers: each registers for a kind of job of `app.outbox.kinds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.models.engine import Job
from app.outbox.kinds import KINDS

Handler = Callable[[Job], None]
OnFailure = Callable[[Job, str], None]


class Retry(Exception):
    """Raised by a handler for a passing failure; the job runs again after a while."""


class JobFailed(Exception):
    """Raised by a handler for a cause that another try does not mend; the message is shown to people."""


class Unfinished(Exception):
    """Raised by a handler that has worked long enough at a time: the job goes on once others had their turn.

    What was done so far must be kept, for the next turn is counted as a first try.
    """


@dataclass(frozen=True, slots=True)
class Handling:
    """The handling of a kind of job: its handler, and what follows when it gives up."""

    handler: Handler
    on_failure: OnFailure | None


HANDLERS: dict[str, Handling] = {}


def handles(kind: str, *, on_failure: OnFailure | None = None) -> Callable[[Handler], Handler]:
    """Register a handler: it takes the job row, is idempotent, checks the workflow again, opens its own unit.

    Raises LookupError for a kind that the outbox does not know.
    """
    if kind not in KINDS:
        raise LookupError(f"the outbox knows no kind of job {kind!r}")

    def keep(handler: Handler) -> Handler:
        HANDLERS[kind] = Handling(handler, on_failure)
        return handler

    return keep

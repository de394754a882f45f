"""The outbox of jobs: rows written in the caller's transaction, sent to the queue after its commit."""

from app.outbox.ask import ask, ask_once, last_job

__all__ = ["ask", "ask_once", "last_job"]

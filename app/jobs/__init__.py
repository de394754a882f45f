"""Jobs that survive: the row in the database is the truth, the queue only carries its id."""

from app.outbox.ask import JobFailed, Retry, Unfinished, ask, ask_once, job, last_job

__all__ = ["JobFailed", "Retry", "Unfinished", "ask", "ask_once", "job", "last_job"]

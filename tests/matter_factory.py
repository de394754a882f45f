"""Requests of their own text, place and photograph, filed and compared with those of other numbers, as a worker does.

file = MatterFactory(make, run_jobs)
request = file("DB-2026-4711", "What happened there.", place="120 Fulton St", requester="m.heron")
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from app.models import FRRequest
from tests.request_factory import RequestFactory

DAY = "2026-11-21"


class MatterFactory:
    """Files requests that have nothing in common but what a test gives them."""

    def __init__(self, make: RequestFactory, run_jobs: Callable[[], int]) -> None:
        self.make, self.run_jobs, self.seeds = make, run_jobs, count(300)

    def __call__(
        self, number: str, text: str, *, place: str = "", day: str = DAY, state: str = "submitted", **parts: Any
    ) -> FRRequest:
        """File a request; `when_where` and `why` are its other answers, `seed` its photograph, more goes to `make`."""
        seed = parts.pop("seed", None) or next(self.seeds)
        facts = {
            "offense": "Robbery in the second degree",
            "listed": "robbery",
            "involvement": "has_committed",
            "when_where": parts.pop("when_where", f"On {day}, at {seed} o'clock by the file"),
            "why_believed": parts.pop("why", f"Still {seed} shows this person taking the bag."),
        }
        where = {"place": place or f"{seed} Example Avenue", "date": day, "time": "22:40"}
        values = {"facts": facts, "narrative": text, "circumstances": where, **parts.pop("values", {})}
        made = self.make.request(state, case_number=number, seed=seed, values=values, **parts)
        self.run_jobs()
        return made

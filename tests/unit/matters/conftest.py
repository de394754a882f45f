"""Requests of their own text, place and photograph, filed and compared with those of other numbers."""

from __future__ import annotations

import pytest

from app.models import FRRequest

DAY = "2026-11-21"


@pytest.fixture
def filed(make, run_jobs):
    """filed(number, text): a request of its own photograph, place and account, unless said otherwise; compared."""
    seeds = iter(range(300, 400))

    def file(
        number: str, text: str, *, place: str = "", day: str = DAY, state: str = "submitted", **parts
    ) -> FRRequest:
        seed = parts.pop("seed", None) or next(seeds)
        facts = {
            "offense": "Robbery in the second degree",
            "listed": "robbery",
            "involvement": "has_committed",
            "when_where": parts.pop("when_where", f"On {day}, at {seed} o'clock by the file"),
            "why_believed": parts.pop("why", f"Still {seed} shows this person taking the bag."),
        }
        where = {"place": place or f"{seed} Example Avenue", "date": day, "time": "22:40"}
        values = {"facts": facts, "narrative": text, "circumstances": where, **parts.pop("values", {})}
        made = make.request(state, case_number=number, seed=seed, values=values, **parts)
        run_jobs()
        return made

    return file

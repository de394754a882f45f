"""Requests at every stage, so that each queue of the demonstration holds something; made through the pages as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from demo.case import FILED, NOMINATED, SEARCHED, Case

#: the steps of each further request, and the person on its camera
STAGES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (21, ("file",)),
    (22, ("file", "upload", "submit")),
    (23, FILED),
    (24, (*FILED, "refuse")),
    (25, (*FILED, "send_back")),
    (26, (*FILED, "confirm_basis")),
    (27, (*FILED, "confirm_basis", "document")),
    (28, (*FILED, "confirm_basis", "document", "select_probe")),
    (29, SEARCHED),
    (30, (*SEARCHED, "begin")),
    (31, NOMINATED),
    (32, (*NOMINATED, "review")),
    (33, (*NOMINATED, "dissent", "continue_")),
    (34, (*SEARCHED, "begin", "compare", "conclude_none")),
    (35, (*NOMINATED, "review", "approve")),
    (36, ("file", "upload", "submit", "withdraw")),
)


def fill(
    base: str, password: str, work_dir: Path, case_files_dir: Path, on_progress: Callable[[int, int], None]
) -> None:
    """File a request for each stage and take it there. Calls on_progress(done, of) after each. Raises Astray."""
    browsers: dict = {}
    for done, (wanted, steps) in enumerate(STAGES, 1):
        case = Case(base, password, work_dir, case_files_dir, lambda _clauses, _words: None, wanted=wanted)
        case.browsers = browsers  # everybody stays signed in
        case.take(*steps)
        on_progress(done, len(STAGES))

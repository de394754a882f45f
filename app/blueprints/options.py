"""What the person signed in may do with a subject: one `Options` value per subject and request.

Buttons, the next action and the rule that stands in the way come from it, in views, in what they render and in
templates, which are given it as `options`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, request

from app.access.actor import current_actor
from app.calendar import today
from app.domain.algorithms import changes
from app.domain.algorithms import registry as algorithms
from app.domain.disclosures.decisions import fetch_facts
from app.domain.disclosures.leaving import proposed
from app.domain.identification.lineage import searched_before
from app.domain.identification.verbs import is_available
from app.domain.matters import case_system
from app.extensions import settings
from app.models import AlgorithmChange, Disclosure, FRRequest
from app.models.base import Stateful
from app.workflow.options import Options, options

KEPT = "corroborate.options"
Known = dict[str, Any]


def options_of(subject: Any) -> Options:
    """What the person signed in may do with a subject; made once, and anew when the subject has moved since."""
    kept: dict[tuple[str, int], tuple[tuple[str, int], Options]] = request.environ.setdefault(KEPT, {})
    name, stands = (subject.subject_type, subject.id), (subject.state, subject.version)
    if name not in kept or kept[name][0] != stands:
        facts = KNOWN.get(subject.subject_type, _nothing)(subject)
        kept[name] = (stands, options(subject, current_actor(), **facts))
    return kept[name][1]


def options_for(subject: Any, **chosen: Any) -> Options:
    """Return what may be done with a subject if its form chose this: what would refuse it is told beforehand."""
    facts = KNOWN.get(subject.subject_type, _nothing)(subject)
    return options(subject, current_actor(), **{**facts, **chosen})


def _nothing(_subject: Stateful) -> Known:
    return {}


def _of_request(subject: FRRequest) -> Known:
    return {
        "looked_up": lambda: case_system.look_up(subject.case_number),
        "examiner_available": lambda: is_available(subject.examiner),
        "algorithm_status": lambda: algorithms.status(today()),
        "searched_before": lambda: searched_before(subject),
        "demonstration": settings().demonstration,
    }


def _of_disclosure(subject: Disclosure) -> Known:
    """For a decision what its form begins with counts as included."""
    if subject.takes("approve", "determine"):
        return {"included": [item.uid for item in proposed(subject)]}
    return fetch_facts(subject, g.session_uid) if subject.takes("begin_fetch") else {}


def _of_change(subject: AlgorithmChange) -> Known:
    return changes.switch_facts(subject)


#: subject type -> what the portal knows beside the row, for the conditions of its steps
KNOWN: dict[str, Callable[[Any], Known]] = {
    "request": _of_request,
    "disclosure": _of_disclosure,
    "algorithm_change": _of_change,
}

"""The algorithms, their evaluations and how much slow work there is, for administrators (FAIR-2)."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from app.access.guard import needs
from app.blueprints.algorithms.registry import entries
from app.calendar import today
from app.domain.algorithms.evaluations import CAUTION
from app.domain.algorithms.registry import active_or_none, status
from app.extensions import db, settings
from app.models.engine import Job
from app.policy import policy
from app.web.pages import page

bp = Blueprint("algorithms", __name__)


@bp.get("/algorithms")
@needs("algorithm.read")
def index() -> ResponseReturnValue:
    """FAIR-2: models, digests and evaluations, and how much slow work there is; no face and no case."""
    rows = select(Job.kind, Job.state, func.count(Job.id)).group_by(Job.kind, Job.state).order_by(Job.kind, Job.state)
    return page(
        "algorithms/index.html",
        entries=entries(today()),
        active=active_or_none(),
        standing=status(today()),
        jobs=db.session.execute(rows).all(),
        clause=policy().clause("FAIR-2"),
        casework=not settings().demonstration,
        caution=CAUTION,
    )

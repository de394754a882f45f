"""The blueprint of the requests area, by itself so that each module of views can bind to it."""

from typing import Any

from flask import Blueprint

from app.blueprints.requests.status import REPORT_TITLES
from app.models.requests import FRRequest, ProbeImage

bp = Blueprint("requests", __name__)


def boxes(image: ProbeImage) -> list[tuple[float, float, float, float]]:
    """Return the faces of an image as (x, y, width, height) in its pixels, left to right."""
    return [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in (face.box for face in image.faces)]


@bp.context_processor
def _shared() -> dict[str, Any]:
    return {"boxes": boxes, "report_titles": REPORT_TITLES, "step_labels": FRRequest.flow().steps}

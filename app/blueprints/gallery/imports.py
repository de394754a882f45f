"""The progress of imports into the repository, for administrators; figures only (CAP-3)."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.access.guard import needs
from app.domain.gallery import imports_overview
from app.policy import policy
from app.web.pages import page

bp = Blueprint("imports", __name__)


@bp.get("/imports")
@needs("gallery.imports")
def index() -> ResponseReturnValue:
    """CAP-3: how far each import is, and which rule kept how many records out; figures only."""
    found = imports_overview.latest()
    moving = any(one.moving for one in found)
    return page(
        "gallery/imports.html", "gallery/_imports.html", found=found, moving=moving, clause=policy().clause("CAP-3")
    )

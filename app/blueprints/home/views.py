"""The first page after sign-in, and whether the portal is alive."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from app.access.actor import current_actor
from app.access.guard import needs, public
from app.extensions import db
from app.policy import policy
from app.web import page

bp = Blueprint("home", __name__)


@bp.get("/")
@needs("portal.use")
def index() -> ResponseReturnValue:
    actor = current_actor()
    roles = [role for role in policy().roles.values() if role.id in actor.roles]
    return page("home/index.html", roles=roles)


@bp.get("/healthz")
@public("a load balancer asks it; the answer holds no data")
def healthz() -> ResponseReturnValue:
    """200 when the database answers; else the error handlers make it 503."""
    db.session.execute(text("SELECT 1"))
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}

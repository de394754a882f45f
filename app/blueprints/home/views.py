"""My day, the first page after sign-in, and the health check."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from app.access.actor import Actor, actor_of, current_actor
from app.access.directory import lookup
from app.access.guard import needs, public
from app.blueprints.home import day
from app.blueprints.home.links import address_for
from app.blueprints.home.roles import duties, elsewhere, figures
from app.blueprints.requests.status import standing
from app.calendar import today
from app.domain.requests import clearances
from app.domain.workload import overview
from app.extensions import db
from app.models.accounts import Account
from app.models.base import now
from app.policy import policy
from app.web.pages import page

bp = Blueprint("home", __name__)


@bp.get("/")
@needs("portal.use")
def index() -> ResponseReturnValue:
    actor, moment = current_actor(), now()
    short = clearances.short_of_people(actor)
    return page(
        "home/index.html",
        board=overview.board(actor, _availability()),
        peer_reviews=day.peer_reviews(actor),
        others=day.others(actor),
        passed=day.passed(actor, moment),
        short=short,
        names=actor.can("clearance.name"),
        namers=clearances.namers() if short else [],
        figures=figures(actor),
        duties=duties(actor, moment),
        roles=[role for role in policy().roles.values() if role.id in actor.roles],
        elsewhere=elsewhere(actor, asked=bool(short)),
        policy_rule=policy().acknowledgement,
        training=_training(actor),
        address_for=lambda request: address_for(request, actor),
        standing=standing,
        priorities=policy().request.priorities,
        now=moment,
    )


def _availability() -> Callable[[Account], bool]:
    """Return a check, cached by person, whether the directory still lists an examiner as able to work (ACC-2)."""

    @cache
    def asked(name: str, account_id: int) -> bool:
        entry = lookup(name)
        if entry is None or not entry.enabled:
            return False
        account = db.session.get_one(Account, account_id)
        return actor_of(account, entry.roles, today()).can("examination.work")

    return lambda account: asked(account.name, account.id)


def _training(actor: Actor) -> dict[str, object] | None:
    """Return the warning that an examiner's own training is missing, over or about to end (ACC-4)."""
    if "examiner" not in actor.roles:
        return None
    standing_now = overview.training_of(g.account, today())
    if standing_now.standing == "current":
        return None
    return {"now": standing_now, "rule": policy().training["fr"], "ask": overview.unit_supervisors()}


@bp.get("/healthz")
@public("a load balancer asks it; the answer holds no data")
def healthz() -> ResponseReturnValue:
    """Answer 200 when the database responds; else the error handlers make it 503."""
    db.session.execute(text("SELECT 1"))
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}

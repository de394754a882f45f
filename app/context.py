"""The context of every page: mode, person, navigation, unread notifications, policy version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from sqlalchemy import func, select

from app.access.capabilities import unacknowledged
from app.calendar import today
from app.domain.algorithms.registry import lapse_warning
from app.domain.requests.ledger import arrest_standing, standing_of
from app.domain.serving import withheld_from
from app.extensions import db, settings
from app.models.oversight import Notification
from app.policy import policy
from app.workflow.history import steps_left_out


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation, or a menu of entries."""

    label: str
    url: str = ""
    active: bool = False
    menu: tuple[NavItem, ...] = ()


# label, endpoint, capability that shows it
NAVIGATION = (
    ("My day", "home.index", "portal.use"),
    ("My requests", "requests.index", "request.file"),
    ("Discussions", "requests.discussions", "discussion.confirm"),
    ("Clearances", "requests.clearances", "clearance.name"),
    ("Review queue", "review.index", "basis.confirm"),
    ("Peer reviews", "review.peer_queue", "peer.review"),
    ("Final review", "approval.index", "approval.decide"),
    ("Workload", "workload.index", "work.assign"),
    ("Figures", "workload.figures", "figures.read"),
    ("Disclosures", "disclosures.index", "disclosure.read"),
    ("Disclosure register", "disclosures.register", "disclosure.register"),
    ("Gallery", "gallery.index", "gallery.browse"),
    ("Retention", "retention.index", "retention.read"),
    ("Samples of imports", "samples.index", "gallery.sample"),
    ("Matters", "matters.index", "matter.link"),
    ("Training", "training.index", "training.keep"),
    ("Proficiency", "proficiency.index", "proficiency.keep"),
    ("Misuse reports", "oversight.misuse", "misuse.read"),
    ("Searches", "replays.index", "search.replay"),
    ("Audit trail", "oversight.events", "audit.read"),
    ("Algorithms", "algorithms.index", "algorithm.read"),
    ("Imports", "imports.index", "gallery.imports"),
    ("Change of algorithm", "changes.index", "algorithm.change"),
    ("E-mail", "notices.mail", "mail.read"),
    ("Policy", "policy.index", "portal.use"),
)
#: with more entries than this, those of a menu stand in it
SIDE_BY_SIDE = 7
MENUS = {
    "Unit": {"workload.index", "workload.figures", "training.index", "proficiency.index", "replays.index"},
    "System": {"algorithms.index", "imports.index", "changes.index", "notices.mail"},
}


def navigation() -> list[NavItem]:
    """Return the entries for this person's capabilities; the guard decides again on each page."""
    actor = g.get("actor")
    if actor is None or not g.terms_accepted:
        return []
    shown = {
        endpoint: NavItem(label, url_for(endpoint), request.endpoint == endpoint)
        for label, endpoint, capability in NAVIGATION
        if actor.can(capability) and endpoint in current_app.view_functions
    }
    return _with_menus(shown) if len(shown) > SIDE_BY_SIDE else list(shown.values())


def _with_menus(shown: dict[str, NavItem]) -> list[NavItem]:
    """Group entries into their menus; a menu takes the place of its first entry."""
    found: dict[str, NavItem] = {}
    for endpoint, item in shown.items():
        label = next((label for label, members in MENUS.items() if endpoint in members), None)
        if label is None:
            found[item.label] = item
            continue
        inside = (*found[label].menu, item) if label in found else (item,)
        found[label] = NavItem(label, active=any(one.active for one in inside), menu=inside)
    return [item.menu[0] if len(item.menu) == 1 else item for item in found.values()]


def unread() -> int:
    """Count the person's unread notifications."""
    actor = g.get("actor")
    if actor is None:
        return 0
    rows = select(func.count(Notification.id)).where(
        Notification.account_id == actor.id, Notification.read_at.is_(None)
    )
    return db.session.scalar(rows) or 0


#: whoever searches, approves what was searched, or keeps the registry
TOLD_OF_LAPSE = frozenset({"search.run", "approval.decide", "algorithm.read"})


def algorithm_warning() -> str | None:
    """Return the warning for the unit and administrators that the evaluation record lapses soon (FAIR-3)."""
    actor = g.get("actor")
    if actor is None or not actor.capabilities & TOLD_OF_LAPSE:
        return None
    return lapse_warning(today())


def policy_waits() -> str | None:
    """Return the sentence for whoever has not acknowledged the policy as it is now (TRN-2)."""
    actor = g.get("actor")
    return unacknowledged(actor) if actor is not None and g.terms_accepted else None


def register_context(app: Flask) -> None:
    """Give every template what the layouts need."""

    @app.context_processor
    def _shared() -> dict[str, Any]:
        own = settings()
        return {
            "demonstration": own.demonstration,
            "department": own.department,
            "policy": policy(),
            "policy_version": policy().version,
            "policy_dated": policy().dated,
            "actor": g.get("actor"),
            "person": g.get("account"),
            "nav": navigation(),
            "unread": unread(),
            "algorithm_warning": algorithm_warning(),
            "policy_waits": policy_waits(),
            "withheld_from": withheld_from,
            "evidence_standing": standing_of,
            "arrest_standing": arrest_standing,
            "steps_left_out": steps_left_out,
        }

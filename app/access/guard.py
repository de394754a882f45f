"""The guard denies by default: a view without @needs or @public keeps the portal from starting."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Flask, abort, g, redirect, request, url_for

from app import audit
from app.access.capabilities import check_capability
from app.access.scoping import find
from app.clauses import enforces
from app.models.base import Model
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.refused import Refused
from app.web.pages import page_behind, wants_part

View = Callable[..., Any]
#: what asks and changes nothing
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Undeclared(RuntimeError):
    """Raised for a view without @needs or @public; create_app then refuses to start."""


@dataclass(frozen=True, slots=True)
class Access:
    """The access that a view declared."""

    capabilities: tuple[CapabilityId, ...] = ()
    of: type[Model] | None = None
    public: str = ""


def public(why: str) -> Callable[[View], View]:
    """Open a view to everybody; `why` is printed in the access matrix."""

    def mark(view: View) -> View:
        view.access = Access(public=why)  # type: ignore[attr-defined]  # a mark, for check_views
        return view

    return mark


@enforces("ACC-1", "ACC-3", "ACC-7", "TRN-2")
def needs(*capabilities: CapabilityId, of: type[Model] | None = None) -> Callable[[View], View]:
    """Require that the signed-in person holds one of the capabilities, with current training where it demands that, and
    has acknowledged the policy, unless the capability is left to those who have not.

    With `of`, the guard loads the subject named in the address and gives it to the view as `subject`; it answers 404
    for a subject that does not exist or that this person may not know of.
    """

    def mark(view: View) -> View:
        @functools.wraps(view)
        def guarded(**values: Any) -> Any:
            turned_away = _signed_in()
            if turned_away is not None:
                return turned_away
            _check(capabilities)
            if of is not None:
                subject = find(of, values.pop(of.lookup), g.actor)
                if subject is None:
                    abort(404)
                values["subject"] = subject
            return view(**values)

        guarded.access = Access(capabilities=capabilities, of=of)  # type: ignore[attr-defined]  # as in public
        return guarded

    return mark


def _signed_in() -> Any:
    if g.get("actor") is not None:
        if not g.terms_accepted and request.endpoint not in {"account.terms", "account.terms_post", "account.sign_out"}:
            return redirect(url_for("account.terms", next=_way_back()))
        return None
    if request.method == "GET":
        return redirect(url_for("account.sign_in", next=_way_back()))
    abort(401)


def _way_back() -> str | None:
    """Return the page to go on to after sign-in or the terms: the one asked for, never a part of a page."""
    if wants_part():
        return page_behind()
    return request.full_path if request.method == "GET" else None


def _check(capabilities: tuple[CapabilityId, ...]) -> None:
    reads = request.method in READS
    held = [name for name in capabilities if name in g.actor.capabilities]
    able = [name for name in held if g.actor.can(name)]
    # any that lets this person in does; else the one held is checked for its training, and holding none is refused
    for name in able[:-1]:
        with suppress(Refused):
            return check_capability(g.actor, name, reads=reads)
    asked = (able[-1:] or held or list(capabilities))[0]
    try:
        check_capability(g.actor, asked, reads=reads)
    except Refused as refusal:
        if refusal.rule_id == policy().acknowledgement.id:
            audit.viewed("policy.unacknowledged", capability=asked)
        elif held:
            audit.viewed("training.absent", capability=refusal.rule_id)
        else:
            audit.viewed("access.refused", endpoint=request.endpoint, capability=refusal.rule_id)
        raise


def check_views(app: Flask) -> None:
    """Raise Undeclared for a view that says nothing, or names a capability the policy does not have."""
    known = policy().capabilities
    faults = []
    for endpoint, view in app.view_functions.items():
        access = getattr(view, "access", None)
        if access is None:
            faults.append(f"{endpoint} carries neither @needs nor @public")
        else:
            unknown = [name for name in access.capabilities if name not in known]
            faults += [f"{endpoint} needs the unknown capability {name}" for name in unknown]
    if faults:
        raise Undeclared("; ".join(sorted(faults)))

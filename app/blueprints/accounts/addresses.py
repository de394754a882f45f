"""The address to go on to after sign-in: only one of this portal that a browser can open."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from app.typed import address_parts

#: going back to these would sign the person out again, or ask them in a circle
NEVER = {"account.sign_in", "account.sign_out", "account.terms", "account.policy_changes", "static"}
#: in characters; no page of this portal has a longer one
LONGEST = 2_000


def own_address(typed: str | None) -> str | None:
    """Return the path and query of an address of this portal, or None for anything else (open redirects included)."""
    if (
        not typed
        or len(typed) > LONGEST
        or not typed.startswith("/")
        or typed.startswith("//")
        or not typed.isprintable()
        or "\\" in typed
    ):
        return None
    parts = address_parts(typed)
    if parts.scheme or parts.netloc:
        return None
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(parts.path, method="GET")
    except HTTPException:
        return None
    if endpoint in NEVER:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def page_before() -> str:
    """Return the page of this portal from which the browser came, as path and query; empty when unknown."""
    parts = address_parts(request.referrer)
    if parts.netloc != request.host:
        return ""
    return own_address(f"{parts.path}?{parts.query}" if parts.query else parts.path) or ""

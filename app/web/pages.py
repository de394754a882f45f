"""The answers of views: a page or its part, a redirect after a post, a download."""

from collections.abc import Mapping
from secrets import token_hex
from urllib.parse import quote, urlencode, urlsplit

from flask import Flask, Response, render_template, request
from flask import redirect as flask_redirect
from jinja2 import StrictUndefined
from werkzeug.wrappers import Response as WerkzeugResponse

from app.typed import address_parts
from app.web.downloads import Cleared, whole_file
from app.web.formats import ago, clock, day, day_typed, digest_short, iso, plural, when

#: The addresses that layouts and components name; templates read them as ``links.policy``.
LINKS: Mapping[str, str] = {
    "home": "/",
    "sign_in": "/sign-in",
    "sign_out": "/sign-out",
    "notifications": "/notifications",
    "misuse": "/report-misuse",
    "policy": "/policy",
    "policy_changes": "/policy-changes",
    "verify": "/verify",
}

#: in characters; what claims to come from a page with a longer address comes from none of ours
LONGEST_BEHIND = 8_000


def wants_part() -> bool:
    """Return True when htmx asks for a part of the page rather than the browser for all of it."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def polls() -> bool:
    """Return True for a part of a page that polls, so that nobody pressed anything."""
    return request.headers.get("X-Poll") == "1"


def page_behind() -> str | None:
    """The path of the page on which the present request arose: its form, its link or a part of it; None if unknown."""
    said = request.headers.get("HX-Current-URL") or request.referrer or ""
    came_from = address_parts(said if len(said) <= LONGEST_BEHIND else None)
    return came_from.path if came_from.netloc == request.host else None


def page(template: str, part: str | None = None, /, **context: object) -> str:
    """Render `part` when htmx asked and there is one, else the whole page, which includes the same part."""
    return render_template(part if part and wants_part() else template, **context)


def redirect_after_post(url: str) -> WerkzeugResponse:
    """See-other for a browser; for htmx an empty answer with HX-Redirect, which loads the whole page.

    `url` is an address of this portal, path first. Raises ValueError for any other.
    """
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not url.startswith("/") or url.startswith(("//", "/\\")):
        raise ValueError("redirect_after_post() goes only to addresses of this portal.")
    if wants_part():
        return Response(headers={"HX-Redirect": url})
    return flask_redirect(url, code=303)


def url_with(**changes: object) -> str:
    """The current address with some query arguments changed; a value of None removes the argument."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query = urlencode(kept + [(name, str(value)) for name, value in changes.items() if value is not None])
    path = quote(request.path, safe="/")
    return f"{path}?{query}" if query else path


def pdf_download(cleared: Cleared, data: bytes, name: str) -> Response:
    """A PDF that the browser saves as `name` and keeps in no cache (ACC-11)."""
    return whole_file(cleared, data, "application/pdf", name)


def register_pages(app: Flask) -> None:
    """Give templates their filters, ``links`` and ``url_with``, and make an unknown variable an error."""
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        when=when, clock=clock, day=day, day_typed=day_typed, iso=iso, ago=ago, plural=plural, digest_short=digest_short
    )
    env.globals.update(links=LINKS, url_with=url_with, attempt_token=lambda: token_hex(16))

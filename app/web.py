"""What every page shares: the page helper, template filters, security headers and error pages.

Nothing here touches the database or the directory: an error page must render when both are down.
"""

import io
import logging
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, has_request_context, render_template, request, send_file
from flask import redirect as flask_redirect
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from ldap3.core.exceptions import LDAPException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

log = logging.getLogger(__name__)

#: The addresses that layouts and components name; templates read them as ``links.policy``.
LINKS: Mapping[str, str] = {
    "home": "/",
    "sign_in": "/sign-in",
    "sign_out": "/sign-out",
    "notifications": "/notifications",
    "misuse": "/report-misuse",
    "policy": "/policy",
    "verify": "/verify",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), "
        "publickey-credentials-get=(self)"
    ),
}
STRICT_TRANSPORT_SECURITY = "max-age=31536000"

DEFAULT_TIME_ZONE = "America/New_York"
UNREACHABLE = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    LDAPException,
    RedisConnectionError,
    RedisTimeoutError,
)
OWN_TEMPLATES = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})

#: Typed text is offered back after an expired form, but never anything that may be a secret.
SECRET_WORDS = frozenset({"password", "passwords", "token", "secret", "otp", "code", "pin"})
TYPED_LIMIT = 20_000


class CitedRule(Protocol):
    """What a page needs of a rule: its sentence and the clauses it stands on."""

    id: str
    text: str
    authority: str | tuple[str, ...]


class Refusal(Protocol):
    """Why something is refused; pages also show ``reason`` and ``unblock`` where the object has them."""

    rule: CitedRule


# Pages -----------------------------------------------------------------------------------------------------


def wants_part() -> bool:
    """True when htmx asks for a part of the page rather than the browser for all of it."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def page(template: str, part: str | None = None, **context: object) -> str:
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


def pdf_download(data: bytes, name: str) -> Response:
    """A PDF that the browser saves as `name` and keeps in no cache (ACC-11)."""
    answer = send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# Template filters ------------------------------------------------------------------------------------------


def as_utc(at: datetime) -> datetime:
    """An aware datetime; one without a zone is UTC, as the database stores it."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def time_zone() -> ZoneInfo:
    """The department's time zone (config TIME_ZONE): what people type and read is meant in it."""
    return ZoneInfo(current_app.config.get("TIME_ZONE", DEFAULT_TIME_ZONE))


def _local(at: datetime) -> datetime:
    return as_utc(at).astimezone(time_zone())


def when(at: datetime) -> str:
    """`23 Nov 2026, 03:47 −05:00` in the department's time zone (config TIME_ZONE)."""
    local = _local(at)
    offset = f"{local:%z}".replace("-", "−")
    return f"{local.day} {local:%b %Y, %H:%M} {offset[:3]}:{offset[3:]}"


def clock(at: datetime) -> str:
    """`10:42` in the department's time zone, with the day when it was not today."""
    local = _local(at)
    today = _local(datetime.now(UTC)).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local.day} {local:%b %Y, %H:%M}"


def day(at: date) -> str:
    """`23 Nov 2026`; a datetime is first taken to the department's time zone."""
    local = _local(at) if isinstance(at, datetime) else at
    return f"{local.day} {local:%b %Y}"


def iso(at: date) -> str:
    """The value of a ``datetime`` attribute: ISO 8601, UTC for a datetime."""
    return as_utc(at).isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()


def ago(at: datetime, now: datetime) -> str:
    """The coarse distance of `at` from `now`: `3 hours ago`, `in 2 days`, `just now`."""
    seconds = (as_utc(now) - as_utc(at)).total_seconds()
    size = abs(seconds)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if size >= length:
            distance = plural(int(size // length), unit)
            return f"{distance} ago" if seconds > 0 else f"in {distance}"
    return "just now"


def plural(count: int, singular: str, several: str | None = None) -> str:
    """The count with its noun: `1 image`, `2 images`, `3 entries` when `several` is given."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"


def digest_short(digest: str) -> str:
    """The first twelve characters of a hex digest: enough to tell versions apart on a page."""
    return digest[:12]


def register_pages(app: Flask) -> None:
    """Give templates their filters, ``links`` and ``url_with``, and make an unknown variable an error."""
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(when=when, clock=clock, day=day, iso=iso, ago=ago, plural=plural, digest_short=digest_short)
    env.globals.update(links=LINKS, url_with=url_with)


# Headers ---------------------------------------------------------------------------------------------------


def register_headers(app: Flask) -> None:
    """Set the security headers on every answer; only our own static files may be kept by a browser."""

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers[name] = value
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("HX-Request")
        return response


# Errors ----------------------------------------------------------------------------------------------------


def error_page(status: int, *, safe: bool = True, headers: object = None, **context: object) -> Response:
    """The page for an error, as a part when htmx asked.

    `safe` renders without context processors, so that nothing needs the database or the directory;
    with ``safe=False`` the signed-in person keeps the navigation. Useful context: ``refusal`` (a Refusal),
    ``detail`` (a sentence), ``faults`` (sentences). A page that fails to render becomes a line of text.
    """
    template = f"errors/{status}.html" if status in OWN_TEMPLATES else "errors/other.html"
    full = {
        "status": status,
        "refusal": None,
        "detail": None,
        "faults": (),
        "typed": (),
        "expired": False,
        "again": LINKS["home"],
        "here": _page_again() if has_request_context() else LINKS["home"],
        "error_id": None,
        "saved": has_request_context() and g.get("saved", False),
        "retry_after": None,
        **context,
    }
    for layout in _layouts(safe):
        try:
            body = _render_error(template, layout, full)
        except Exception:
            log.exception("The error page %s could not be rendered in %s.", template, layout)
        else:
            return Response(body, status=status, headers=headers, mimetype="text/html")
    text = f"Error {status}. The page could not be shown. Error id: {full['error_id'] or 'none'}."
    return Response(text, status=status, headers=headers, mimetype="text/plain")


def _page_again() -> str:
    """Where a person can look again: the page asked for, or, after a form, the page the form stood on."""
    came_from = urlsplit(request.referrer or "")
    form_page = came_from.path if came_from.netloc == request.host else ""
    for path in (request.path, form_page):
        try:
            current_app.url_map.bind("").match(path, method="GET")
        except (HTTPException, ValueError):
            continue
        return path
    return LINKS["home"]


def _layouts(safe: bool) -> tuple[str, ...]:
    if wants_part():
        return ("layouts/part.html",)
    return ("layouts/plain.html",) if safe else ("layouts/base.html", "layouts/plain.html")


def _render_error(template: str, layout: str, context: dict[str, object]) -> str:
    if layout == "layouts/base.html":
        return render_template(template, layout=layout, **context)
    config = current_app.config
    shared = {"department": config.get("DEPARTMENT", ""), "demonstration": config.get("DEMONSTRATION", False)}
    # Flask's render_template would run the context processors, which ask the database who is signed in.
    return current_app.jinja_env.get_template(template).render(layout=layout, **shared, **context)


def _typed() -> list[tuple[str, str]]:
    """What the person typed into the refused form, as (label, text); secrets and single marks left out."""
    offered = []
    for name, value in request.form.items(multi=True):
        if value.strip() and SECRET_WORDS.isdisjoint(re.split("[^a-z]+", name.lower())):
            label = name.rpartition("-")[2].replace("_", " ").capitalize()
            offered.append((label, value[:TYPED_LIMIT]))
    return offered


def _page_of_form() -> str:
    """Where the refused form can be opened again: its own address, else the page it was on, else home."""
    own = urlsplit(request.referrer or "")
    for path in (request.path, own.path if own.netloc == request.host else ""):
        try:
            current_app.url_map.bind("localhost").match(path, method="GET")
        except HTTPException:
            continue
        return path
    return LINKS["home"]


def _new_error_id(error: BaseException | None) -> str:
    error_id = secrets.token_hex(4)
    where = f"{request.method} {request.path}" if has_request_context() else "-"
    log.error("Error %s on %s", error_id, where, exc_info=error)
    g.error_id = error_id
    return error_id


def register_errors(app: Flask) -> None:
    """Answer HTTP errors, lost connections and unforeseen exceptions with a page of ours and its status."""
    register_pages(app)

    @app.errorhandler(CSRFError)
    def expired_form(error: CSRFError) -> Response:
        return error_page(400, expired=True, typed=_typed(), again=_page_of_form())

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> WerkzeugResponse:
        status = error.code or 500
        if error.response is not None or status < 400:
            return error.get_response()
        headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
        if status >= 500:
            original = getattr(error, "original_exception", None)
            return error_page(status, headers=headers, error_id=_new_error_id(original))
        own_words = error.description if error.description != type(error).description else None
        retry_after = dict(headers).get("Retry-After")
        return error_page(status, headers=headers, detail=own_words, retry_after=retry_after)

    @app.errorhandler(StaleDataError)
    def decided_elsewhere(error: StaleDataError) -> Response:
        return error_page(409)

    def unreachable(error: Exception) -> Response:
        return error_page(503, error_id=_new_error_id(error))

    for kind in UNREACHABLE:
        app.register_error_handler(kind, unreachable)

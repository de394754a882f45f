"""Error pages: for every fault a page with a sentence, an id where it is ours, and what was typed.

Nothing here touches the database or the directory: an error page must render when both are down."""

import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Protocol

from flask import Flask, Response, current_app, g, has_request_context, render_template, request
from flask_wtf.csrf import CSRFError
from ldap3.core.exceptions import LDAPException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from app.extensions import settings
from app.web.pages import LINKS, page_behind, polls, register_pages, wants_part

log = logging.getLogger(__name__)


UNREACHABLE = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    LDAPException,
    RedisConnectionError,
    RedisTimeoutError,
)


OWN_TEMPLATES = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})


#: Typed text is offered back when a form was not taken, but never anything that may be a secret.
SECRET_WORDS = frozenset({"password", "passwords", "token", "secret", "otp", "code", "pin"})


#: hidden fields that say which page it was
UNTYPED_WORDS = frozenset({"version", "once", "shown"})


#: how much of what was typed an error page gives back, in characters, whoever sent it
TYPED_LIMIT = 60_000


#: with these htmx puts an answer in place of the whole page, wherever on it the request came from
WHOLE_PAGE: Mapping[str, str] = {"HX-Retarget": "body", "HX-Reswap": "innerHTML show:window:top"}


class CitedRule(Protocol):
    """A rule as a page needs it: its sentence and the clauses it rests on."""

    id: str
    text: str
    authority: str | tuple[str, ...]


class Refusal(Protocol):
    """The reason why something is refused; pages also show ``reason`` and ``unblock`` where the object has them."""

    rule: CitedRule


def error_page(
    status: int,
    *,
    safe: bool = True,
    passing: bool = False,
    headers: Iterable[tuple[str, str]] = (),
    **context: object,
) -> Response:
    """The page for an error. To htmx it says that it takes the place of the whole page: never that of a part.

    A poll that meets what passes (5xx, or `passing`) leaves the page alone, for somebody may be writing on it.
    `safe` renders without context processors, so that nothing needs the database or the directory;
    with ``safe=False`` the signed-in person keeps the navigation. Useful context: ``refusal`` (a Refusal),
    ``detail`` (a sentence), ``faults`` (sentences). A page that fails to render becomes a line of text.
    """
    template = f"errors/{status}.html" if status in OWN_TEMPLATES else "errors/other.html"
    asked = has_request_context()
    full = {
        "status": status,
        "refusal": None,
        "detail": None,
        "faults": (),
        "typed": _typed() if asked else (),
        "saved": _saved() if asked else None,
        "expired": False,
        "here": _page_again() if asked else LINKS["home"],
        "error_id": None,
        "retry_after": None,
        **context,
    }
    answer = _rendered(template, status, safe, full)
    answer.headers.extend(headers)
    if asked and wants_part():
        answer.headers.update({"HX-Reswap": "none"} if polls() and (passing or status >= 500) else WHOLE_PAGE)
    return answer


def _rendered(template: str, status: int, safe: bool, context: dict[str, object]) -> Response:
    for layout in ("layouts/plain.html",) if safe else ("layouts/base.html", "layouts/plain.html"):
        try:
            body = _render_error(template, layout, context)
        except Exception:
            log.exception("The error page %s could not be rendered in %s.", template, layout)
        else:
            return Response(body, status=status, mimetype="text/html")
    text = f"Error {status}. The page could not be shown. Error id: {context['error_id'] or 'none'}."
    return Response(text, status=status, mimetype="text/plain")


def _page_again() -> str:
    """Return the page to open again: the one asked for, or, after a form, the page of the form."""
    behind = page_behind() or ""
    for path in (behind, request.path) if wants_part() else (request.path, behind):
        try:
            current_app.url_map.bind("").match(path, method="GET")
        except (HTTPException, ValueError):
            continue
        return path
    return LINKS["home"]


def _saved() -> str | None:
    """Return whether this request saved anything, as its unit of work noted: "yes", "no", "unknown"; None for a GET."""
    noted = g.get("saved")
    return noted or (None if request.method in {"GET", "HEAD", "OPTIONS"} else "no")


def _render_error(template: str, layout: str, context: dict[str, object]) -> str:
    if layout == "layouts/base.html":
        return render_template(template, layout=layout, **context)
    own = settings()
    shared = {"department": own.department, "demonstration": own.demonstration}
    # Flask's render_template would run the context processors, which ask the database who is signed in.
    return current_app.jinja_env.get_template(template).render(layout=layout, **shared, **context)


def _typed() -> list[tuple[str, str]]:
    """Return what was typed into the rejected form as (label, text), without secrets and hidden fields."""
    try:
        sent = list(request.form.items(multi=True))
    except HTTPException:  # too large, or no form at all
        return []
    offered, left = [], TYPED_LIMIT
    for name, value in sent:
        words = set(re.split("[^a-z]+", name.lower()))
        size = len(name) + len(value)
        if value.strip() and size <= left and words.isdisjoint(SECRET_WORDS | UNTYPED_WORDS):
            left -= size
            label = name.rpartition("-")[2].replace("_", " ").capitalize()
            offered.append((label, value))
    return offered


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
        return error_page(400, expired=True)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> WerkzeugResponse:
        status = error.code or 500
        if error.response is not None or status < 400:
            return error.get_response()
        headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
        own_words = error.description if error.description != type(error).description else None
        if status >= 500:
            original = getattr(error, "original_exception", None)
            return error_page(status, headers=headers, detail=own_words, error_id=_new_error_id(original))
        retry_after = dict(headers).get("Retry-After")
        return error_page(status, headers=headers, detail=own_words, retry_after=retry_after)

    @app.errorhandler(StaleDataError)
    def decided_elsewhere(error: StaleDataError) -> Response:
        return error_page(409)

    def unreachable(error: Exception) -> Response:
        return error_page(503, error_id=_new_error_id(error))

    for kind in UNREACHABLE:
        app.register_error_handler(kind, unreachable)

"""Security headers on every answer."""

from collections.abc import Mapping

from flask import Flask, Response, request

from app.web.pages import wants_part

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


#: for a picture or PDF file that fills the window: the page around it is the browser's own, which sizes it by a style
#: attribute; no markup in it is ours, and nothing else may be loaded or run
SHOWN_FILE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; object-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: what such a file may be: media types in which no script and no markup of a page can stand
SHOWN_FILES = frozenset({"image/png", "image/jpeg", "application/pdf"})


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


def register_headers(app: Flask) -> None:
    """Set the security headers on every answer; only our own static files may be kept by a browser."""

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers[name] = value
        if response.mimetype in SHOWN_FILES:
            response.headers["Content-Security-Policy"] = SHOWN_FILE_POLICY
        if wants_part() and 300 <= response.status_code < 400 and response.location:
            # the browser would follow it unseen and htmx would put a whole page into the part
            response.headers["HX-Redirect"] = response.headers.pop("Location")
            response.status_code, response.data = 200, b""
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("HX-Request")
        return response

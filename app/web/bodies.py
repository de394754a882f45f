"""What a request may bring: a form of this portal or nothing, of a length that a page can show again.

Asked before any view, and before the form's token: whatever else arrives is answered with a page that repeats nothing.
"""

from __future__ import annotations

from flask import Flask, abort, request

#: what a browser makes of a form
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
#: in characters; the longest text that a rule asks for is less than half as long
LONGEST_VALUE = 20_000
#: in characters, path and query; a web server in front takes less
LONGEST_ADDRESS = 8_000


def register_bodies(app: Flask) -> None:
    """Refuse what no form of the portal sends: 414, 415 and 413, each as a plain page."""

    @app.before_request
    def only_forms() -> None:
        if len(request.full_path) > LONGEST_ADDRESS:
            abort(414, "The address is longer than any of this portal.")
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return
        if request.mimetype not in FORM_TYPES and (request.mimetype or _brings_something()):
            abort(415, "This portal takes only what its own forms send.")
        if any(max(map(len, sent)) > LONGEST_VALUE for sent in request.form.items(multi=True)):
            abort(
                413,
                f"No field takes more than {LONGEST_VALUE:,} characters. Go back, shorten the text, and send again.",
            )


def _brings_something() -> bool:
    return bool(request.content_length) or request.environ.get("wsgi.input_terminated", False)

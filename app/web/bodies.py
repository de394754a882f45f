"""What a request may bring: a form of this portal or nothing, of a length that a page can show again.

Asked before any view, and before the form's token: whatever else arrives is answered with a page that repeats nothing.
"""

from __future__ import annotations

from flask import Flask, abort, request
from werkzeug.datastructures import MultiDict

#: what a browser makes of a form
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
#: in characters; the longest text that a rule asks for is less than half as long
LONGEST_VALUE = 20_000
#: in characters, path and query; a web server in front takes less
LONGEST_ADDRESS = 8_000
NUL = "What was sent holds a character (NUL) that nobody types."


def register_bodies(app: Flask) -> None:
    """Refuse what no form of the portal sends: 414, 415 and 413, each as a plain page."""

    @app.before_request
    def only_forms() -> None:
        if len(request.full_path) > LONGEST_ADDRESS:
            abort(414, "The address is longer than any of this portal.")
        # PostgreSQL takes it in no text
        if "\0" in request.path or _holds_nul(request.args):
            abort(400, NUL)
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return
        if request.mimetype not in FORM_TYPES and (request.mimetype or _brings_something()):
            abort(415, "This portal takes only what its own forms send.")
        if any(max(map(len, sent)) > LONGEST_VALUE for sent in request.form.items(multi=True)):
            abort(
                413,
                f"No field takes more than {LONGEST_VALUE:,} characters. Go back, shorten the text, and send again.",
            )
        if _holds_nul(request.form):
            abort(400, NUL)


def _holds_nul(sent: MultiDict[str, str]) -> bool:
    return any("\0" in part for pair in sent.items(multi=True) for part in pair)


def _brings_something() -> bool:
    return bool(request.content_length) or request.environ.get("wsgi.input_terminated", False)

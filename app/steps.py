"""One way to take a step: what a form asks for is done once, on the version the person saw, or the page comes again.

Every verb of every view passes through `take_step`; what a view says is which verb, what it does, which page shows
what stands in the way, and where to go when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from flask import flash
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as WerkzeugResponse

from app.policy.refused import Refused
from app.refusals import attempt, same_version, status_of
from app.unit_of_work import Conflict
from app.web.pages import redirect_after_post

Answer = WerkzeugResponse | tuple[str, int]


class Again(Protocol):
    """Renders the page once more, everything typed still in its form, with what stands in the way."""

    def __call__(self, *, refusal: Refused | None = None, conflict: bool = False) -> str: ...


def take_step(
    subject: Any,
    verb: str,
    form: FlaskForm,
    act: Callable[[], Any],
    *,
    again: Again,
    done: str | Callable[[], str],
    to: str | Callable[[], str],
) -> Answer:
    """Take the step that a form asks for: 303 to `to` when it is taken, else the page again.

    422 for what the form lacks; the form's own status for a signature that does not hold (`unsigned`); 409 when
    somebody changed the subject since the page was made, the form then carrying the version that stands now; the
    rule's status for a refusal. `done` and `to` are asked after the step, when they depend on it.
    """
    if not form.validate_on_submit():
        return again(), 422
    unsigned = form.unsigned() if hasattr(form, "unsigned") else None
    if unsigned is not None:
        return again(), unsigned

    def once() -> None:
        same_version(subject, form.version.data)
        act()

    try:
        refusal = attempt(verb, subject, once)
    except Conflict:
        form.version.data = str(subject.version)
        return again(conflict=True), 409
    if refusal is not None:
        return again(refusal=refusal), status_of(refusal)
    flash(done() if callable(done) else done, "success")
    return redirect_after_post(to() if callable(to) else to)

"""One way to take a step: what a form asks for is done once, on the version the person saw, or the page comes again.

Every verb of every view passes through `take_step`; what a view says is which verb, what it does, which page shows
what stands in the way, and where to go when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash
from flask_wtf import FlaskForm
from sqlalchemy import inspect
from sqlalchemy.orm.attributes import flag_modified
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.extensions import db, stores
from app.models.base import Stateful
from app.once import Making
from app.policy.refused import Refused
from app.refusals import ActName, attempt, status_of
from app.storage import BlobRef
from app.unit_of_work import Conflict
from app.web.formats import clock
from app.web.pages import redirect_after_post
from app.workflow.history import steps_of

Answer = str | WerkzeugResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What a page is given when its subject changed since it was made: the words that were typed, to be shown again.

    said: what is so, as a heading. final: nothing more can be decided there.
    """

    typed: list[tuple[str, str]]
    said: str = "Somebody else changed this first"
    final: bool = False
    rule_id: str = ""


#: what stands in the way: a rule, or somebody who was quicker; None for what the form itself lacks
Why = Refused | Overtaken | None
#: renders the page once more with what stands in the way, everything typed still in its form; may name its own status
Again = Callable[[Why], str | tuple[str, int]]


def take_step(
    subject: Any,
    verb: ActName,
    form: FlaskForm,
    act: Callable[[], Any],
    *,
    again: Again,
    to: str | Callable[[], str | WerkzeugResponse],
    done: str | Callable[[], str] = "",
    stands: Callable[[], Any] | None = None,
    compare: bool = True,
    barred: Callable[[], Refused | None] | None = None,
    sound: Callable[[], bool] | None = None,
    stored: Sequence[BlobRef] = (),
    own: bool = False,
    tries: int = 1,
    makes: Making[Any] | None = None,
) -> Answer:
    """Take the step that a form asks for: 303 to `to` when it is taken, else the page again.

    In this order: the rule that bars the step whatever the form holds (`barred`, recorded like any refusal); 409 when
    the subject changed since the page was made, the form then carrying the version that stands now (asked last where no
    version was sent: the rule for which no page offers the step says more); 422 for what the form lacks; the form's own
    status for a signature that does not hold (`unsigned`); the rule's status for a refusal.

    subject: None for what the step creates; one without a version is not compared. `done` and `to` are asked after the
    step; a `to` may give the whole answer.
    stands: the version that stands now, where it is not the subject's. compare: False only where `act` compares by
    itself, raising Conflict, or where nothing can be overwritten.
    sound: what decides whether the form is complete, where that is more than its validators.
    stored: uploads the step refers to, destroyed when it is not taken.
    makes: what the step creates, made once however often the same form is sent; its page carries `creates=true`.
    own: nobody but this person can have changed it. tries: how often it is tried when another writes at that moment.
    """
    versioned = compare and (stands is not None or hasattr(subject, "version"))
    standing = stands or (lambda: subject.version)
    seen = str(form["version"].data or "") if versioned else ""
    taken = False

    def outdated() -> bool:
        return versioned and str(standing()) != seen

    def once() -> None:
        late = outdated()
        if late and seen:
            raise Conflict("the page shows an older version")
        if makes is not None:
            makes.make(act)
        else:
            act()
        if versioned and stands is None:
            _move(subject, seen)
        if late:
            # no page offered this step: the rule against it, if there is one, said more than this
            raise Conflict("the form does not say which version the person saw")

    def conflict() -> tuple[str, int]:
        if "version" in form and (stands is not None or hasattr(subject, "version")):
            form["version"].data = str(standing())
        return _answer(again(Overtaken(typed_in(form), _who_changed(subject, own))), 409)

    try:
        refusal = barred() if barred is not None else None
        if refusal is not None:
            audit.viewed("workflow.refused", subject, verb=verb, rule=refusal.rule_id)
            return _answer(again(refusal), status_of(refusal))
        if seen and outdated():
            return conflict()
        if not (sound() if sound is not None else form.validate()):
            return _answer(again(None), 422)
        unsigned = form.unsigned() if hasattr(form, "unsigned") else None
        if unsigned is not None:
            return _answer(again(None), unsigned)
        refusal, overtaken = _tried(verb, subject, once, tries)
        if overtaken:
            return conflict()
        if refusal is not None:
            return _answer(again(refusal), status_of(refusal))
        taken = True
    finally:
        if not taken:
            for blob in stored:
                stores().blobs.destroy(blob.id)
    said = done() if callable(done) else done
    if said:
        flash(said, "success")
    onward = to() if callable(to) else to
    return onward if isinstance(onward, WerkzeugResponse) else redirect_after_post(onward)


def _move(subject: Any, seen: str) -> None:
    """Move the version of a subject to which something was added: the same form sent again is then outdated.

    What no event tells of, as a job that is asked for again, changes nothing of the subject.
    """
    db.session.flush()
    wrote = bool(db.session.connection().info.get("changed")) and bool(db.session.info.get("events"))
    state = inspect(subject)
    if wrote and state.persistent and str(subject.version) == seen:
        flag_modified(subject, "created_at")


def _tried(verb: ActName, subject: Any, once: Callable[[], None], tries: int) -> tuple[Refused | None, bool]:
    """Return (the rule that refused, whether somebody was quicker); neither when the step is taken."""
    for _ in range(tries):
        try:
            return attempt(verb, subject, once), False
        except Conflict:
            continue
    return None, True


def _answer(shown: str | tuple[str, int], status: int) -> tuple[str, int]:
    return shown if isinstance(shown, tuple) else (shown, status)


def typed_in(form: Any) -> list[tuple[str, str]]:
    """Return the words typed into a rejected form, as (label, text)."""
    words = [field for field in form or () if field.type in {"StringField", "TextAreaField"} and field.data]
    return [(field.label.text, field.data) for field in words]


def _who_changed(subject: Any, own: bool) -> str:
    """Return who changed the subject since the page was made, as far as the record says."""
    if own:
        return "You changed this in another window"
    steps = steps_of(subject) if isinstance(subject, Stateful) else []
    last = steps[-1] if steps else None
    if last is not None and last.actor_id == current_actor().id:
        return f"You took the last step here yourself at {clock(last.created_at)}"
    if last is not None and last.actor_id is None:
        return f"The portal itself took the last step here at {clock(last.created_at)}"
    return "Somebody else changed this first"


def apart(why: Why) -> dict[str, Any]:
    """`refusal` and `conflict` for a page that says in its own words that somebody else was quicker."""
    overtaken = isinstance(why, Overtaken)
    return {"refusal": None if overtaken else why, "conflict": overtaken}

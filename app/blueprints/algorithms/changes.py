"""The change of the face algorithm: begun, followed, cut over to and taken back by administrators (FAIR-3)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.algorithms.forms import BeginChangeForm, ChangeForm
from app.blueprints.algorithms.registry import side_by_side
from app.blueprints.options import options_of
from app.domain.algorithms import changes
from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.progress import progress_of
from app.domain.algorithms.upkeep import running
from app.extensions import settings
from app.matching.catalogue import catalogue
from app.models import AlgorithmChange
from app.policy import policy
from app.policy.names import AlgorithmChangeVerb
from app.steps import Why, take_step
from app.web.pages import page, redirect_after_post

bp = Blueprint("changes", __name__, url_prefix="/algorithms/changes")

#: step -> what its button says, in the order of the page; those without a reason come first
STEPS: dict[AlgorithmChangeVerb, str] = {
    "cut_over": "Cut over",
    "revert": "Take the cut-over back",
    "settle": "Settle for good",
    "withdraw": "Withdraw",
}


@bp.get("")
@needs("algorithm.change")
def index() -> ResponseReturnValue:
    """The change that runs, and those that ended."""
    return _page(BeginChangeForm(_choices(), formdata=None), ChangeForm(formdata=None))


@bp.post("")
@needs("algorithm.change")
def begin() -> ResponseReturnValue:
    """Begin a change to another installed algorithm."""
    form, actor = BeginChangeForm(_choices()), current_actor()
    return take_step(
        None,
        "begin",
        form,
        lambda: changes.begin(form.model.data, actor),
        again=lambda why: _page(form, ChangeForm(formdata=None), why),
        to=url_for("changes.index"),
        done="The change has begun; workers embed the repository with the other algorithm.",
    )


@bp.post("/<number>/steps")
@needs("algorithm.change", of=AlgorithmChange)
def advance(subject: AlgorithmChange) -> ResponseReturnValue:
    """One step of the change: the form says which, and why."""
    form = ChangeForm()
    if form.step.data not in (*STEPS, "try_again", "leave_out"):
        # no button of the page asks for it
        flash("Choose a step.", "error")
        return redirect_after_post(url_for("changes.index"))
    actor, verb, reason = current_actor(), form.step.data, form.reason.data or ""
    acts: dict[str, Callable[[AlgorithmChange], object]] = {
        "cut_over": lambda change: changes.cut_over(change, actor, reason),
        "revert": lambda change: changes.revert(change, actor, reason),
        "settle": lambda change: changes.end(change, "settle", actor, reason),
        "withdraw": lambda change: changes.end(change, "withdraw", actor, reason),
        "try_again": lambda change: changes.try_again(change, actor),
        "leave_out": lambda change: _leave_out(change, form.record.data or "", reason),
    }
    return take_step(
        subject,
        verb,
        form,
        lambda: acts[verb](subject),
        done="Recorded.",
        to=url_for("changes.index"),
        again=lambda why: _page(BeginChangeForm(_choices(), formdata=None), form, why),
    )


def _leave_out(change: AlgorithmChange, record: str, reason: str) -> None:
    rows = changes.listed_photo(change, record)
    if not rows:
        abort(404)
    for row in rows:
        changes.leave_out(change, current_actor(), row, reason)


def _choices() -> list[tuple[str, str]]:
    """The extractors that are not in use, as choices."""
    active = algorithms.active_or_none()
    return [
        (model_id, f"{entry.name} {entry.version}, {entry.developer}")
        for model_id, entry in catalogue().extractors.items()
        if entry is not active
    ]


def _page(begin_form: BeginChangeForm, form: ChangeForm, refusal: Why = None) -> str:
    change = running()
    options, steps = None, []
    if change is not None:
        form.version.data = str(change.version)
        options = options_of(change)
        steps = [(verb, label) for verb, label in STEPS.items() if options.permits(verb)]
    return page(
        "algorithms/changes.html",
        change=change,
        progress=progress_of(change) if change else None,
        form=form,
        begin_form=begin_form,
        refusal=refusal,
        steps=steps,
        options=options,
        active=algorithms.active_or_none(),
        past=[one for one in changes.every_change() if one is not change],
        measured=side_by_side(change) if change else [],
        casework=not settings().demonstration,
        flow=policy().workflow("algorithm_change"),
    )

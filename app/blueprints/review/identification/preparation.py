"""Preparing a probe: pick the face, add steps, see before and after, say why, keep (REQ-6, LL55-1).

The recipe in progress travels in the form; nothing is stored until it is kept.
"""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request, url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.images.links import LinkExpired, LinkInvalid, face_url
from app.blueprints.options import options_of
from app.blueprints.review.blueprint import bp
from app.blueprints.review.forms import PreparationForm
from app.blueprints.review.identification.previews import draw_preview, read_preview
from app.blueprints.review.identification.probe import rectangle
from app.blueprints.review.identification.probe_editor import (
    ProbeEditor,
    checked,
    lay_out,
    offered,
    submitted_steps,
    table_of,
)
from app.blueprints.review.identification.search import usable
from app.clauses import enforces
from app.domain.identification import preparation
from app.domain.identification.recipes import op_of
from app.domain.serving import clear
from app.imaging import UnusableImage
from app.models import FRRequest
from app.policy import policy
from app.policy.facts import Fault
from app.policy.reasons import gives_reason
from app.refusals import status_of
from app.steps import Answer, Why, take_step
from app.storage import StorageError
from app.web.downloads import picture
from app.web.pages import page

PAGE, RECIPE, PREVIEW = (
    "review/identification/prepare.html",
    "review/identification/_recipe.html",
    "review/identification/_preview.html",
)


@bp.get("/review/<number>/prepare")
@needs("probe.select", of=FRRequest)
def prepare(subject: FRRequest) -> str:
    """Choose the face, or edit the one that the address names."""
    found = _editor(subject, request.args.get("face", ""))
    if found is not None:
        lay_out(found, {}, offered(found))
    form = PreparationForm(formdata=None, version=subject.version, face=found.value if found else "")
    return _page(subject, found, form)


def _editor(subject: FRRequest, value: str, steps: list[dict[str, Any]] | None = None) -> ProbeEditor | None:
    """Return the editor of the face that `value` names (image.position), or of the only face there is."""
    faces = [(number, face) for number, image in usable(subject) for face in image.faces]
    named = [(n, face) for n, face in faces if f"{face.image.uid}.{face.position}" == value]
    chosen = named or (faces if len(faces) == 1 else [])
    return ProbeEditor(subject, *chosen[0], steps or []) if chosen else None


def _page(
    subject: FRRequest,
    editor: ProbeEditor | None,
    form: PreparationForm,
    refusal: Why = None,
    part: str = RECIPE,
) -> str:
    """The page, or the part of it that htmx asked for. The whole page records every face it offers or shows."""
    blocked = options_of(subject).why("prepare_probe")
    images = [] if blocked else usable(subject)
    kept = [] if blocked else preparation.prepared(subject, current_actor())
    if images and "HX-Request" not in request.headers:
        shown = [image.uid for _, image in images] + [row.uid for row in kept]
        audit.viewed("faces.viewed", subject, page="review.prepare", faces=shown)
    return page(
        PAGE,
        part,
        item=subject,
        editor=None if blocked else editor,
        form=form,
        refusal=refusal,
        blocked=blocked,
        rule=policy().review.preparation,
        forbidden=policy().review.forbidden_edits.values(),
        images=[
            (n, image, face_url("probe", image.uid), [rectangle(face) for face in image.faces]) for n, image in images
        ],
        kept=[(row, face_url("derived", row.uid)) for row in kept],
    )


@bp.post("/review/<number>/prepare/step")
@needs("probe.select", of=FRRequest)
def prepare_step(subject: FRRequest) -> Answer:
    """Add a step, take the last one back, or look at what the numbers typed would do. Nothing is stored."""
    blocked = options_of(subject).why("prepare_probe")
    form, do = PreparationForm(), request.form.get("do", "preview")
    if blocked is not None:
        return _page(subject, None, form), status_of(blocked)
    editor, before = _submitted(subject, form)
    if editor is None:
        return _page(subject, None, form), 422
    verb, _, op = do.partition(":")
    moved = ""
    if verb == "undo" and editor.operations:
        moved = str(editor.operations.pop().get("op"))
    elif verb == "add":
        moved = _add(editor, op)
    lay_out(editor, request.form, before, moved=moved)
    if verb not in {"undo", "add"} and not editor.faults:
        editor.faults += checked(editor.face, [*editor.operations, *editor.pending])[1] if editor.pending else []
    form.recipe.data = editor.stored
    return _page(subject, editor, form, part=PREVIEW if verb == "preview" else RECIPE), 422 if editor.faults else 200


def _submitted(subject: FRRequest, form: PreparationForm) -> tuple[ProbeEditor | None, dict[str, dict[str, str]]]:
    """Return the editor as submitted and the numbers it proposed; steps that break a rule are reported and dropped."""
    try:
        steps, faults = submitted_steps(form.recipe.data or ""), []
    except ValueError:
        steps, faults = [], [Fault("recipe", "The steps did not arrive whole; begin again.", "prepared-image")]
    editor = _editor(subject, form.face.data or "", steps)
    if editor is None:
        return None, {}
    editor.faults += faults or checked(editor.face, steps)[1]
    if editor.faults:
        editor.operations = []
    return editor, offered(editor)


def _add(editor: ProbeEditor, op: str) -> str:
    """Add the step that the boxes of an edit describe; the name of the edit, or empty when a rule refuses it."""
    edit = next((edit for edit in policy().review.edits.values() if op_of(edit) == op), None)
    # a name that is no edit goes to the rules as well: they say which of them it breaks
    table = table_of(edit, request.form) if edit else {"op": op}
    faults = editor.faults or checked(editor.face, [*editor.operations, table])[1]
    if faults:
        editor.faults = faults
        return ""
    editor.operations.append(table)
    return op


@bp.post("/review/<number>/prepare")
@needs("probe.select", of=FRRequest)
@enforces("LL55-1", "LL55-3")
def keep_prepared(subject: FRRequest) -> Answer:
    """Apply the recipe to the original at full size and keep the result with its reason."""
    blocked, form, actor = options_of(subject).why("prepare_probe"), PreparationForm(), current_actor()
    if blocked is not None:
        return _page(subject, None, form), status_of(blocked)
    editor, before = _submitted(subject, form)
    if editor is None:
        return _page(subject, None, form), 422
    lay_out(editor, request.form, before)
    developed, stored, kept = [], [], []

    def sound() -> bool:
        if not _complete(editor, form):
            return False
        try:
            developed.append(
                preparation.develop(editor.face, preparation.stated_recipe(editor.face, editor.operations))
            )
        except (UnusableImage, StorageError) as error:
            editor.faults = [Fault("recipe", f"The original cannot be read. {error}", "prepared-image")]
            return False
        stored.append(developed[0].stored)
        return True

    return take_step(
        subject,
        "prepare_probe",
        form,
        lambda: kept.append(preparation.derive(subject, actor, developed[0], form.reason.data or "")),
        again=lambda why: _page(subject, editor, form, why, part=PAGE),
        sound=sound,
        stored=stored,
        done=lambda: f"Prepared image {kept[0].number} is kept. Select it as the probe, or the original.",
        to=url_for("review.probe", number=subject.number),
    )


def _complete(editor: ProbeEditor, form: PreparationForm) -> bool:
    """Whether steps and reason can be kept; what is missing is said beside it."""
    faults = [] if form.validate() else [Fault("reason", "", "")]
    if not editor.operations and not editor.faults:
        editor.faults = [Fault("recipe", "Add at least one step.", "prepared-image")]
    if editor.pending and not editor.faults:
        waiting = ", ".join(tool.edit.title for tool in editor.tools if tool.changed)
        words = f"Changed and not added: {waiting}. Add it, or put its numbers back."
        editor.faults = [Fault("recipe", words, "prepared-image")]
    least = policy().review.preparation.min_reason
    if not faults and not gives_reason(policy(), form.reason.data, least):
        faults = [Fault("reason", f"Say why, in at least {least} characters.", "prepared-image")]
        mark(form, faults, ())
    return not faults and not editor.faults


@bp.get("/review/<number>/prepare/pictures/<token>")
@needs("probe.select", of=FRRequest)
def preview(subject: FRRequest, token: str) -> Response:
    """One preview, drawn now. 410 for an old address, 404 for any other fault."""
    if options_of(subject).why("prepare_probe") is not None:
        abort(404)
    try:
        face, recipe = read_preview(subject, token)
        cleared = clear(face.image, current_actor())
        data = draw_preview(face, recipe)
    except LinkExpired:
        abort(410, "The address of this preview has expired. Open the page again to see it.")
    except (LinkInvalid, StorageError):
        abort(404)
    return picture(cleared, data)

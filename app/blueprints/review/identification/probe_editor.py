"""The probe editor: the face that is prepared, the steps so far, the numbers proposed for the next, and the faults."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.blueprints.images.links import face_url
from app.blueprints.review.identification.preparation_controls import CONTROLS, Control
from app.blueprints.review.identification.previews import preview_url
from app.blueprints.review.identification.probe import rectangle
from app.domain.identification.preparation import eyes_of
from app.domain.identification.recipes import in_words, op_of, recipe_of
from app.imaging.recipe import Recipe, Stage, leveling, trace
from app.models import DetectedFace, FRRequest, ProbeImage
from app.policy import policy
from app.policy.facts import Fault
from app.policy.identification.types import Edit

#: a cut is offered around the face with this part of the face's size on every side
MARGIN = 0.6


@dataclass(frozen=True, slots=True)
class Tool:
    """One edit of the editor: its rule, its name in a recipe, the numbers in its boxes, whether they were changed."""

    edit: Edit
    op: str
    values: Mapping[str, str]
    changed: bool
    used_up: bool

    @property
    def boxes(self) -> Mapping[str, Control]:
        """The box of each number."""
        return CONTROLS[self.edit.id]


@dataclass(slots=True)
class ProbeEditor:
    """What the page shows. `operations` are the steps so far, as tables; `pending` the one tried and not yet added."""

    subject: FRRequest
    number: int
    face: DetectedFace
    operations: list[dict[str, Any]]
    pending: list[dict[str, Any]] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def image(self) -> ProbeImage:
        return self.face.image

    @property
    def value(self) -> str:
        """What names the face in forms and addresses."""
        return f"{self.image.uid}.{self.face.position}"

    @property
    def stored(self) -> str:
        """The steps so far as the form carries them."""
        return json.dumps(self.operations, separators=(",", ":"))

    @property
    def recipe(self) -> Recipe:
        """The recipe so far; with what is tried, when that is within the rules."""
        for operations in ([*self.operations, *self.pending], self.operations, []):
            recipe = checked(self.face, operations)[0]
            if recipe is not None:
                return recipe
        return Recipe(eyes=eyes_of(self.face), operations=())

    @property
    def stage(self) -> Stage:
        """The frame of what is shown."""
        return trace(self.recipe, (self.image.width, self.image.height))[-1]

    @property
    def words(self) -> list[str]:
        recipe = checked(self.face, self.operations)[0]
        return [in_words(operation) for operation in recipe.operations] if recipe else []

    @property
    def trying(self) -> list[str]:
        """The steps shown and not yet added, in words."""
        return [in_words(operation) for operation in self.recipe.operations[len(self.operations) :]]

    @property
    def before(self) -> dict[str, Any]:
        """The original: its address, its size, the part of it that the prepared frame shows, the frame of the face."""
        left, top, width, height = self.stage.region()
        left, top = max(0.0, left), max(0.0, top)
        width, height = min(width, self.image.width - left), min(height, self.image.height - top)
        return {
            "src": face_url("probe", self.image.uid),
            "size": (self.image.width, self.image.height),
            "window": f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}",
            "face": rectangle(self.face),
        }

    @property
    def after(self) -> dict[str, Any]:
        """The prepared picture: the address of its preview, its size, how many pixels lie between the eyes."""
        recipe, stage = self.recipe, self.stage
        tables = recipe.plain()["operations"]
        return {
            "src": preview_url(self.subject, self.face, tables),
            "size": stage.size,
            "apart": math.dist(*stage.points(recipe.eyes)),
        }


def checked(face: DetectedFace, operations: object) -> tuple[Recipe | None, list[Fault]]:
    """These steps on a face, as the rules see them."""
    return recipe_of(policy(), operations, eyes_of(face), (face.image.width, face.image.height))


def submitted_steps(text: str) -> list[dict[str, Any]]:
    """The steps a form carries. Raises ValueError for anything but a list of tables."""
    try:
        steps = json.loads(text or "[]")
    except RecursionError as error:  # nested deeper than any recipe
        raise ValueError("the steps are nested") from error
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise ValueError("the steps are no list")
    return steps


def table_of(edit: Edit, form: Mapping[str, str]) -> dict[str, Any]:
    """The step an edit's boxes describe. What is no number stays text, for the rules to refuse."""
    op, boxes = op_of(edit), CONTROLS[edit.id]
    table: dict[str, Any] = {"op": op}
    for parameter in edit.parameters:
        text = form.get(f"{op}.{parameter.name}", "").strip().replace("−", "-")
        table[parameter.name] = text if parameter.choices else _number(text, boxes[parameter.name].whole)
    return table


def _number(text: str, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def offered(editor: ProbeEditor) -> dict[str, dict[str, str]]:
    """The numbers offered for each edit on the steps so far: a cut around the face, the turn that levels the eyes."""
    recipe = checked(editor.face, editor.operations)[0] or Recipe(eyes=eyes_of(editor.face), operations=())
    stage = trace(recipe, (editor.image.width, editor.image.height))[-1]
    found = {
        op_of(edit): {
            p.name: p.choices[0].value if p.choices else f"{CONTROLS[edit.id][p.name].default:g}"
            for p in edit.parameters
        }
        for edit in policy().review.edits.values()
    }
    found["crop"] = _around(editor.face, stage)
    found["rotate"]["degrees"] = f"{leveling(stage, recipe.eyes):g}"
    return found


def _around(face: DetectedFace, stage: Stage) -> dict[str, str]:
    x, y, width, height = rectangle(face)
    corners = stage.points([(x, y), (x + width, y), (x, y + height), (x + width, y + height)])
    (left, top), (right, bottom) = (map(min, zip(*corners, strict=True)), map(max, zip(*corners, strict=True)))
    wide, high = (right - left) * MARGIN, (bottom - top) * MARGIN
    left, top = max(0, round(left - wide)), max(0, round(top - high))
    right, bottom = min(stage.size[0], round(right + wide)), min(stage.size[1], round(bottom + high))
    return {"x": str(left), "y": str(top), "width": str(right - left), "height": str(bottom - top)}


def lay_out(
    editor: ProbeEditor, form: Mapping[str, str], before: Mapping[str, Mapping[str, str]], *, moved: str = ""
) -> ProbeEditor:
    """Fill the tools: with what was typed and not offered `before`, else with what is offered now.

    Typed numbers are tried in the preview. `moved` names the edit just added or taken back: it starts anew, and so do
    cut and turn, for their numbers were meant for the frame of before.
    """
    proposals, used = offered(editor), [step.get("op") for step in editor.operations]
    full = len(used) >= policy().review.preparation.max_operations
    anew = {moved, "crop", "rotate"} if moved else set()
    for edit in policy().review.edits.values():
        op, names = op_of(edit), [parameter.name for parameter in edit.parameters]
        typed = {name: form.get(f"{op}.{name}", before[op][name]).strip() for name in names}
        changed = typed != before[op] and op not in anew
        used_up = full or used.count(op) >= edit.times
        editor.tools.append(Tool(edit, op, typed if changed else proposals[op], changed, used_up))
        if changed and not used_up:
            editor.pending.append(table_of(edit, form))
    return editor

"""Pure checks of a recipe against the rules: listed operations, their bounds, forbidden edits (LL55-1)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.clauses import enforces
from app.imaging.operations import PERMITTED, REFUSED, name_of, rule_of
from app.imaging.recipe import KINDS, AnyOperation, Eyes, Operation, Recipe, RecipeError, in_words, midpoint, trace
from app.policy.base import repeated
from app.policy.facts import Fault
from app.policy.identification.types import Edit
from app.policy.types import Policy

#: the picture of the worked cases on edits: its size, and where the eyes are
EXAMPLE_SIZE = (1200, 900)
EXAMPLE_EYES = ((560.0, 400.0), (640.0, 404.0))
#: numbers of a recipe have at most this many decimals, so that what is printed is what was done
DECIMALS = 2


@enforces("LL55-1", "SRC-2")
def read_operations(policy: Policy, stated: object) -> tuple[list[AnyOperation], list[Fault]]:
    """Read operations from a list of tables with `op`; returns them and their faults.

    A fault's field is `operation N`, its rule the edit whose bounds are left, the forbidden edit that was asked for,
    or the rule that only what is listed may be done. Operations at fault are left out.
    """
    rules = policy.review
    general = rules.preparation
    if not isinstance(stated, Sequence) or isinstance(stated, str | bytes):
        return [], [Fault("operations", "A recipe is a list of steps.", general.id)]
    if len(stated) > general.max_operations:
        words = f"A recipe has at most {general.max_operations} steps; undo one first."
        return [], [Fault("operations", words, general.id)]
    read: list[AnyOperation] = []
    faults: list[Fault] = []
    used: Counter[str] = Counter()
    for position, table in enumerate(stated, 1):
        operation, fault = _read(policy, table)
        if operation is not None:
            edit = rules.edits[rule_of(operation)]
            used[edit.id] += 1
            if used[edit.id] > edit.times:
                often = "once" if edit.times == 1 else f"{edit.times} times"
                fault = (f"{edit.title} may be done {often} in a recipe; undo the earlier step first.", edit.id)
        if fault:
            faults.append(Fault(f"operation {position}", fault[0], fault[1]))
        elif operation is not None:
            read.append(operation)
    return read, faults


def _read(policy: Policy, table: object) -> tuple[AnyOperation | None, tuple[str, str] | None]:
    rules = policy.review
    name = table.get("op") if isinstance(table, Mapping) else None
    for forbidden in rules.forbidden_edits.values():
        if name in REFUSED[forbidden.id]:
            return None, (forbidden.refusal, forbidden.id)
    edit = next((rules.edits[rule] for rule, kind in PERMITTED.items() if name_of(kind) == name), None)
    if edit is None:
        listed = ", ".join(rule.title.lower() for rule in rules.edits.values())
        return None, (f"This is not among the permitted steps: {listed}.", rules.preparation.id)
    try:
        operation = msgspec.convert(table, PERMITTED[edit.id])
    except msgspec.ValidationError as error:
        return None, (_unreadable(edit, str(error)), edit.id)
    outside = _outside(edit, operation)
    return (None, (outside, edit.id)) if outside else (operation, None)


def _unreadable(edit: Edit, error: str) -> str:
    for parameter in edit.parameters:
        if parameter.name in error:
            return f"{parameter.label}: enter a number." if not parameter.choices else f"{parameter.label}: choose one."
    return f"{edit.title}: this step is not complete, or says more than the step has."


def _outside(edit: Edit, operation: Operation) -> str:
    """Return what is out of bounds in a sentence; empty when nothing is."""
    for parameter in edit.parameters:
        value = getattr(operation, parameter.name)
        if parameter.choices:
            if value not in {choice.value for choice in parameter.choices}:
                return f"{parameter.label}: choose one of those offered."
        elif not parameter.minimum <= value <= parameter.maximum:
            return f"{parameter.label} lies between {parameter.minimum:g} and {parameter.maximum:g}, not at {value:g}."
        elif not math.isclose(round(value, DECIMALS), value, abs_tol=1e-12):
            return f"{parameter.label} has at most {DECIMALS} decimals."
    return ""


@enforces("LL55-1")
def check_recipe(policy: Policy, recipe: Recipe, size: tuple[int, int]) -> list[Fault]:
    """Return the faults of a recipe whose numbers are in bounds, on a picture of `size` (width, height).

    A cut outside the picture, a frame larger or smaller than permitted, a face that is no longer in it.
    """
    general, edits = policy.review.preparation, policy.review.edits
    try:
        stages = trace(recipe, size)
    except RecipeError as error:
        failed = edits[rule_of(recipe.operations[error.position - 1])]
        return [Fault(f"operation {error.position}", error.what, failed.id)]
    for position, (operation, before, after) in enumerate(zip(recipe.operations, stages, stages[1:], strict=False), 1):
        edit, where = edits[rule_of(operation)], f"operation {position}"
        if after.pixels > general.max_pixels:
            words = (
                f"The picture has {after.pixels / 1e6:.1f} megapixels here; a prepared image has at most "
                f"{general.max_pixels / 1e6:g}. Cut out the face or scale it down first."
            )
            return [Fault(where, words, general.id)]
        if min(after.size) < general.min_side:
            words = f"The picture would be {after.size[0]} × {after.size[1]} pixels; {general.min_side} is the least."
            return [Fault(where, words, general.id)]
        if edit.max_pixels and before.pixels > edit.max_pixels:
            words = f"{edit.title} takes at most {edit.max_pixels / 1e6:g} megapixels. Cut out the face first."
            return [Fault(where, words, edit.id)]
    x, y = midpoint(stages[-1].points(recipe.eyes))
    width, height = stages[-1].size
    if not (0 <= x < width and 0 <= y < height):
        words = "The face to be searched is no longer in the picture."
        return [Fault(f"operation {len(recipe.operations)}", words, general.id)]
    return []


def recipe_of(policy: Policy, stated: object, eyes: Eyes, size: tuple[int, int]) -> tuple[Recipe | None, list[Fault]]:
    """Return the recipe given for a face and no faults, or None and the faults."""
    operations, faults = read_operations(policy, stated)
    if faults:
        return None, faults
    recipe = Recipe(eyes=eyes, operations=tuple(operations))
    faults = check_recipe(policy, recipe, size)
    return (None, faults) if faults else (recipe, [])


def mismatches(policy: Policy) -> list[str]:
    """Return a sentence for each contradiction between the rules on edits and the program's operations."""
    edits, forbidden = policy.review.edits, policy.review.forbidden_edits
    faults = [f"{rule}: the program has no operation for this rule" for rule in edits if rule not in PERMITTED]
    faults += [f"{rule}: no such rule permits the program's operation" for rule in PERMITTED if rule not in edits]
    for op, kind in KINDS.items():
        permitting = [rule for rule, permitted in PERMITTED.items() if permitted is kind]
        if len(permitting) != 1:
            faults.append(f"the operation '{op}' is permitted by {len(permitting)} rules, one is wanted")
    for rule in edits.keys() & PERMITTED.keys():
        stated, fields = {p.name for p in edits[rule].parameters}, set(PERMITTED[rule].__struct_fields__)
        if stated != fields:
            faults.append(f"{rule}: parameters {sorted(stated)}, the program has {sorted(fields)}")
    faults += [f"{rule}: the program knows no name that it refuses" for rule in forbidden if not REFUSED.get(rule)]
    faults += [f"{rule}: no such rule forbids what the program refuses" for rule in REFUSED if rule not in forbidden]
    asked = [op for names in REFUSED.values() for op in names]
    faults += [f"two rules forbid the name '{op}'" for op in repeated(asked)]
    faults += [f"'{op}' is both permitted and forbidden" for op in asked if op in KINDS]
    return [f"identification/preparation.toml: {fault}" for fault in faults]


def op_of(edit: Edit) -> str:
    """Return what a recipe calls the operation that an edit permits."""
    return name_of(PERMITTED[edit.id])


def worked_faults(policy: Policy, facts: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of the recipe of a worked case (`config/policy/examples`, check "edit")."""
    return recipe_of(policy, facts.get("operations"), EXAMPLE_EYES, EXAMPLE_SIZE)[1]


def steps_in_words(recipe: Recipe) -> list[str]:
    """Return each step of a recipe as a sentence."""
    return [in_words(operation) for operation in recipe.operations]

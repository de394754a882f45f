"""Recipes on pixels: within the rules nothing raises, the same recipe gives the same bytes, geometry is as traced."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.blueprints.review.identification.preparation_controls import CONTROLS
from app.domain.identification.recipes import check_recipe, op_of, read_operations, steps_in_words
from app.imaging import recipe as kinds
from app.imaging.recipe import Crop, Recipe, RecipeError, Resize, Rotate, recipe_from, trace
from app.imaging.recipe_ops import apply, derive, encode, environment, pixels_of, working_copy
from app.policy import policy

EYES = ((70.0, 60.0), (110.0, 64.0))
SIZE = (200, 150)


def picture(width: int = 200, height: int = 150) -> np.ndarray:
    """A picture without symmetry: a gradient in each direction, noise, a bright corner."""
    rng = np.random.default_rng(5)
    across = np.linspace(20, 200, width)[None, :, None] * np.ones((height, 1, 3))
    down = np.linspace(0, 50, height)[:, None, None]
    bgr = across + down + rng.normal(0, 6, (height, width, 3))
    bgr[:10, :10] = 255
    return np.clip(bgr, 0, 255).astype(np.uint8)


PICTURE = picture()
ORIGINAL = encode(PICTURE)


def recipe(*operations) -> Recipe:
    return Recipe(eyes=EYES, operations=operations)


def numbers(edit, parameter):
    """Values of a parameter within the policy's own bounds, as the forms give them."""
    if parameter.choices:
        return st.sampled_from([choice.value for choice in parameter.choices])
    whole = CONTROLS[edit.id][parameter.name].whole
    low, high = (round(bound if whole else bound * 100) for bound in (parameter.minimum, parameter.maximum))
    return st.integers(low, high).map(lambda value: value if whole else value / 100)


def operations_of(edit):
    return st.fixed_dictionaries({"op": st.just(op_of(edit)), **{p.name: numbers(edit, p) for p in edit.parameters}})


EDITS = st.one_of([operations_of(edit) for edit in policy().review.edits.values()])
#: a cut that usually fits, so that recipes do not all end at their first step
CUT = st.builds(
    lambda x, y, w, h: {"op": "crop", "x": x, "y": y, "width": w, "height": h},
    st.integers(0, 60),
    st.integers(0, 50),
    st.integers(60, 140),
    st.integers(60, 100),
)
RECIPES = st.lists(st.one_of(EDITS, CUT), max_size=7, unique_by=lambda step: step["op"])


@pytest.mark.clause("LL55-1")
@settings(max_examples=150, deadline=None)
@given(RECIPES)
def test_a_recipe_within_the_rules_never_raises_and_gives_the_same_bytes_twice(operations):
    read, faults = read_operations(policy(), operations)
    assert faults == [], "bounds and steps of the policy's own rules"
    made = recipe(*read)
    if check_recipe(policy(), made, SIZE):
        return
    first, second = derive(ORIGINAL, made), derive(ORIGINAL, recipe_from(made.plain()))
    assert (first.png, first.sha256) == (second.png, second.sha256)
    assert (first.width, first.height) == trace(made, SIZE)[-1].size
    assert pixels_of(first.png).shape == (first.height, first.width, 3)


OUTSIDE = [
    (edit, parameter, value)
    for edit in policy().review.edits.values()
    for parameter in edit.parameters
    if not parameter.choices
    for step in (CONTROLS[edit.id][parameter.name].step,)
    for value in (parameter.minimum - step, parameter.maximum + step)
]


@pytest.mark.clause("LL55-1")
@pytest.mark.parametrize(("edit", "parameter", "value"), OUTSIDE, ids=lambda x: getattr(x, "id", getattr(x, "name", x)))
def test_a_number_out_of_bounds_is_refused_by_the_rule_of_its_edit(edit, parameter, value):
    boxes = CONTROLS[edit.id]
    good = {p.name: p.choices[0].value if p.choices else boxes[p.name].default for p in edit.parameters}
    whole = all(box.whole for box in boxes.values())
    table = {"op": op_of(edit), **good, parameter.name: int(value) if whole else value}
    read, faults = read_operations(policy(), [table])
    assert read == []
    assert [fault.rule_id for fault in faults] == [edit.id]
    assert parameter.label in faults[0].message or "enter a number" in faults[0].message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "2", None, True, [1]])
def test_what_is_no_number_is_refused(value):
    assert [f.rule_id for f in read_operations(policy(), [{"op": "gamma", "value": value}])[1]] == ["edit-gamma"]


@pytest.mark.parametrize("value", [None, "crop", 7, {"op": "crop"}, [None], ["crop"], [{"op": ["crop"]}], [{}]])
def test_what_is_no_recipe_is_refused(value):
    assert [fault.rule_id for fault in read_operations(policy(), value)[1]] == ["prepared-image"]


# What each operation does ------------------------------------------------------------------------------------


def test_no_step_leaves_every_pixel():
    assert np.array_equal(apply(PICTURE, recipe()), PICTURE)


def test_a_cut_keeps_exactly_its_rectangle():
    assert np.array_equal(apply(PICTURE, recipe(Crop(x=7, y=9, width=50, height=40))), PICTURE[9:49, 7:57])


@pytest.mark.parametrize("place", [(-1, 0, 50, 50), (0, -1, 50, 50), (151, 0, 50, 50), (0, 101, 50, 50), (0, 0, 0, 5)])
def test_a_cut_that_leaves_the_picture_is_named(place):
    x, y, width, height = place
    with pytest.raises(RecipeError, match="Step 2: The cut leaves the picture, which is 200 × 150"):
        apply(PICTURE, recipe(kinds.Greyscale(), Crop(x=x, y=y, width=width, height=height)))


@pytest.mark.parametrize(("degrees", "quarters"), [(90.0, 1), (180.0, 2), (-180.0, 2), (-90.0, 3)])
def test_a_quarter_turn_about_the_center_loses_no_pixel(degrees, quarters):
    turned = apply(PICTURE, recipe(Rotate(degrees=degrees, about="center")))
    assert np.array_equal(turned, np.rot90(PICTURE, quarters))


@pytest.mark.parametrize("about", ["center", "eyes"])
@pytest.mark.parametrize("degrees", [-37.5, -5.0, 0.0, 12.3, 90.0, 180.0])
@pytest.mark.parametrize("first", [(), (Crop(x=40, y=30, width=120, height=90), Resize(factor=2))])
def test_a_point_lies_where_the_trace_says(about, degrees, first):
    """A white dot on black, followed by its brightness; corners are black, never filled from inside."""
    dot = np.zeros((150, 200, 3), np.uint8)
    cv2.circle(dot, (90, 70), 3, (255, 255, 255), -1)
    made = recipe(*first, Rotate(degrees=degrees, about=about))
    seen = apply(dot, made)[:, :, 0].astype(float)
    ys, xs = np.mgrid[: seen.shape[0], : seen.shape[1]]
    found = (float((xs * seen).sum() / seen.sum()) + 0.5, float((ys * seen).sum() / seen.sum()) + 0.5)
    assert found == pytest.approx(trace(made, SIZE)[-1].points([(90.5, 70.5)])[0], abs=0.15)


def test_what_turns_into_view_is_black():
    white = np.full((100, 100, 3), 255, np.uint8)
    turned = apply(white, Recipe(eyes=((40.0, 50.0), (60.0, 50.0)), operations=(Rotate(degrees=45, about="center"),)))
    assert turned[0, 0].tolist() == turned[-1, -1].tolist() == [0, 0, 0]
    assert turned[50, 50].tolist() == [255, 255, 255]


def test_leveling_makes_the_eyes_level():
    stage = trace(recipe(), SIZE)[0]
    made = recipe(Rotate(degrees=kinds.leveling(stage, EYES), about="eyes"))
    (_, left), (_, right) = trace(made, SIZE)[-1].points(EYES)
    assert left == pytest.approx(right, abs=0.1)
    middle = kinds.midpoint(list(EYES))
    assert kinds.midpoint(trace(made, SIZE)[-1].points(EYES)) == pytest.approx(middle)


def test_levels_go_where_the_words_say():
    grey = np.full((40, 40, 3), 100, np.uint8)

    def level(operation) -> int:
        return int(apply(grey, Recipe(eyes=((10.0, 9.0), (20.0, 9.0)), operations=(operation,)))[0, 0, 0])

    assert level(kinds.Brightness(amount=15)) == 115
    assert level(kinds.Brightness(amount=-100)) == 0
    assert level(kinds.Contrast(factor=2)) == 72
    assert level(kinds.Gamma(value=2)) == 160
    assert level(kinds.Gamma(value=0.5)) == 39


def test_sharpening_raises_edges_and_noise_reduction_lowers_noise():
    def variation(operation) -> float:
        return float(cv2.Laplacian(apply(PICTURE, recipe(operation)), cv2.CV_64F).var())

    plain = float(cv2.Laplacian(PICTURE, cv2.CV_64F).var())
    assert variation(kinds.Sharpen(amount=0.5, radius=1)) > 1.3 * plain
    assert variation(kinds.Denoise(strength=8)) < 0.7 * plain


def test_greyscale_has_no_color():
    grey = apply(np.dstack([PICTURE[:, :, 0], PICTURE[:, ::-1, 1], PICTURE[::-1, :, 2]]), recipe(kinds.Greyscale()))
    assert np.array_equal(grey[:, :, 0], grey[:, :, 1])
    assert np.array_equal(grey[:, :, 0], grey[:, :, 2])


FULL = recipe(
    Crop(x=30, y=20, width=140, height=110),
    Rotate(degrees=5.7, about="eyes"),
    kinds.Brightness(amount=12),
    kinds.Contrast(factor=1.3),
    kinds.Gamma(value=1.2),
    kinds.Denoise(strength=3),
    kinds.Sharpen(amount=0.6, radius=1.5),
    Resize(factor=1.7),
    kinds.Greyscale(),
)


@pytest.mark.clause("LL55-1")
def test_every_operation_is_permitted_by_a_rule_and_said_in_words():
    assert set(kinds.KINDS) == {op_of(rule) for rule in policy().review.edits.values()}
    assert {type(operation) for operation in FULL.operations} == set(kinds.KINDS.values())
    words = steps_in_words(FULL)
    for operation, sentence in zip(FULL.operations, words, strict=True):
        for name in operation.__struct_fields__:
            value = getattr(operation, name)
            assert (value if isinstance(value, str) else f"{value:g}") in sentence, f"{sentence} lacks {name}"
    assert len(set(words)) == len(words)


@pytest.mark.clause("LL55-3")
def test_the_number_of_threads_changes_no_byte():
    before = cv2.getNumThreads()
    large = encode(picture(900, 700))
    try:
        made = []
        for threads in (1, 2, 4):
            cv2.setNumThreads(threads)
            made.append(derive(large, FULL).sha256)
    finally:
        cv2.setNumThreads(before)
    assert len(set(made)) == 1


def test_the_input_is_left_alone_and_the_result_is_its_own():
    before = PICTURE.copy()
    for operation in FULL.operations:
        apply(PICTURE, recipe(operation))[:] = 0
    apply(PICTURE, recipe())[:] = 0
    assert np.array_equal(PICTURE, before)


def test_the_digest_tells_recipes_apart_and_survives_storage():
    assert recipe_from(msgspec.json.decode(msgspec.json.encode(FULL.plain()))).digest() == FULL.digest()
    other = recipe(*FULL.operations[:-1])
    moved = Recipe(eyes=((70.0, 60.0), (110.0, 64.5)), operations=FULL.operations)
    assert len({FULL.digest(), other.digest(), moved.digest()}) == 3


@pytest.mark.parametrize("extra", [{"op": "paste"}, {"op": "greyscale", "keep": 1}, {"op": "crop", "x": 1}])
def test_a_stored_recipe_holds_nothing_else(extra):
    with pytest.raises(msgspec.ValidationError):
        recipe_from({**FULL.plain(), "operations": [extra]})


def test_the_environment_names_what_the_bytes_depend_on():
    said = environment()
    assert said["opencv"] == cv2.__version__
    assert {"engine", "encoder", "numpy", "pillow", "libjpeg", "machine", "cpu"} <= set(said)
    assert all(isinstance(value, str) and value for value in said.values())


# The working copy of a preview -------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(RECIPES, st.sampled_from([1.0, 0.5, 0.23]), st.sampled_from([3_000, 40_000, 10_000_000]))
def test_a_preview_shows_the_same_frame_and_never_holds_more_than_its_budget(operations, shrunk, budget):
    made = recipe(*read_operations(policy(), operations)[0])
    if check_recipe(policy(), made, SIZE):
        return
    shown = cv2.resize(PICTURE, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
    part, near, factor = working_copy(shown, SIZE[0], made, budget)
    sizes = [stage.size for stage in trace(near, (part.shape[1], part.shape[0]))]
    assert max(w * h for w, h in sizes) <= budget * 1.1 + 600
    wide, high = trace(made, SIZE)[-1].size
    result = apply(part, near)
    assert result.shape[1] == pytest.approx(wide * factor, abs=2.6 + 0.1 * wide * factor)
    assert result.shape[0] == pytest.approx(high * factor, abs=2.6 + 0.1 * high * factor)


def test_a_preview_of_a_small_cut_is_the_real_thing():
    made = recipe(Crop(x=30, y=20, width=140, height=110), kinds.Gamma(value=1.4), Resize(factor=2))
    part, near, factor = working_copy(PICTURE, SIZE[0], made, 1_000_000)
    assert factor == 1
    assert np.array_equal(apply(part, near), apply(PICTURE, made))

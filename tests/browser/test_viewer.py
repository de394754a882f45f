"""The comparison viewer in Chromium: keys, modes, one view for both pictures, marks, help, no complaint, axe-core."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import three_photographs

pytestmark = pytest.mark.timeout(300)

TRANSFORMS = "[...document.querySelectorAll('[data-view]')].map((one) => one.getAttribute('transform'))"
#: where the eyes of the two shown pictures lie on the screen
EYES = """[...document.querySelectorAll('.cor-layer.is-shown')].map((layer) => {
  const [x1, y1, x2, y2] = layer.dataset.eyes.split(' ').map(Number);
  const map = layer.getCTM();
  return [[x1, y1], [x2, y2]].map(([x, y]) => [map.a * x + map.c * y + map.e, map.b * x + map.d * y + map.f]);
})"""


def both(tab) -> str:
    """The one view of both pictures."""
    first, second = tab.evaluate(TRANSFORMS)
    assert first == second, "the two pictures have gone apart"
    return first


def mode(tab) -> str:
    return tab.get_attribute("[data-stage]", "data-mode")


@pytest.mark.clause("SRC-2")
def test_every_movement_moves_both_alike_and_reset_brings_back(tab):
    start = both(tab)
    for key in ("+", "ArrowRight", "Shift+ArrowDown", "]", "}", "[", "-"):
        before = both(tab)
        tab.keyboard.press(key)
        assert both(tab) != before, f"{key} did nothing"
    tab.keyboard.press("r")
    assert both(tab) == start


@pytest.mark.clause("SRC-2")
def test_the_eyes_of_both_lie_at_the_same_place_and_a_turn_is_about_them(tab):
    def middles() -> list[list[float]]:
        return [[(a[axis] + b[axis]) / 2 for axis in (0, 1)] for a, b in tab.evaluate(EYES)]

    probe, photo = tab.evaluate(EYES)
    for one, other in zip(probe, photo, strict=True):
        assert one == pytest.approx(other, abs=0.6)
    assert probe[0][1] == pytest.approx(probe[1][1], abs=0.6), "the eyes are level"
    before = middles()
    tab.keyboard.press("}")
    tab.keyboard.press("+")
    for one, other in zip(before, middles(), strict=True):
        assert one == pytest.approx(other, abs=0.6)
    tab.keyboard.press("r")
    tab.keyboard.press("v")
    assert tab.get_attribute("[data-do=level]", "aria-pressed") == "false"


def test_each_mode_by_key_and_by_button(tab):
    for key, name in (("5", "columns"), ("6", "rows"), ("7", "overlay"), ("8", "flicker"), ("4", "side")):
        tab.keyboard.press(key)
        assert mode(tab) == name
        assert tab.get_attribute(f"[data-do='mode:{name}']", "aria-pressed") == "true"
        assert tab.locator("[data-do^='mode:'][aria-pressed=true]").count() == 1
    for name in ("columns", "overlay", "side"):
        tab.click(f"[data-do='mode:{name}']")
        assert mode(tab) == name


def boxes(tab) -> list[dict]:
    return [tab.locator("[data-pane] svg").nth(index).bounding_box() for index in (0, 1)]


def test_side_by_side_has_two_pictures_of_one_size_and_the_others_lay_them_on_each_other(tab):
    left, right = boxes(tab)
    assert (left["height"], left["y"]) == (right["height"], right["y"])
    assert left["width"] == pytest.approx(right["width"], abs=0.1)
    assert right["x"] >= left["x"] + left["width"]
    for key in "5678":
        tab.keyboard.press(key)
        probe, photo = boxes(tab)
        assert probe == photo
        both(tab)


def test_the_split_moves_by_its_handle_with_keys_and_with_the_mouse(tab):
    clip = "getComputedStyle(document.querySelector('[data-pane=photo] svg')).clipPath"
    for key, axis in (("5", "x"), ("6", "y")):
        tab.keyboard.press(key)
        handle = tab.get_by_role("slider", name=re.compile("Split"))
        handle.focus()
        before = (tab.evaluate(clip), handle.get_attribute("aria-valuenow"))
        tab.keyboard.press("ArrowRight")
        assert (tab.evaluate(clip), handle.get_attribute("aria-valuenow")) != before
        tab.keyboard.press("Home")
        assert handle.get_attribute("aria-valuenow") == "0"
        tab.keyboard.press("PageDown")
        box, area = handle.bounding_box(), boxes(tab)[0]
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.mouse.down()
        tab.mouse.move(
            area["x"] + area["width"] * (0.7 if axis == "x" else 0.5),
            area["y"] + area["height"] * (0.7 if axis == "y" else 0.5),
            steps=4,
        )
        tab.mouse.up()
        assert abs(int(handle.get_attribute("aria-valuenow")) - 70) <= 1
        tab.locator("[data-stage]").focus()
        tab.keyboard.press("d")
        assert abs(int(handle.get_attribute("aria-valuenow")) - 68) <= 1


def test_the_overlay_thins_and_thickens(tab):
    tab.keyboard.press("7")
    opacity = "Number(getComputedStyle(document.querySelector('[data-pane=photo] svg')).opacity)"
    assert tab.evaluate(opacity) == pytest.approx(0.5)
    for _ in range(5):
        tab.keyboard.press("f")
    assert tab.evaluate(opacity) == pytest.approx(0.6)
    tab.get_by_label("Opacity of the photograph").fill("20")
    assert tab.evaluate(opacity) == pytest.approx(0.2)


def test_the_flicker_runs_slowly_and_stops(tab):
    seen = """new Promise((done) => { const seen = [];
      const stage = document.querySelector('[data-stage]');
      new MutationObserver(() => seen.push(performance.now())).observe(stage, {attributeFilter: ['class']});
      setTimeout(() => done(seen), 2600); })"""
    tab.keyboard.press("8")
    changes = tab.evaluate(seen)
    assert 2 <= len(changes) <= 6, "at most three changes of light a second (WCAG 2.3.1)"
    tab.keyboard.press("Space")
    assert len(tab.evaluate(seen)) <= 1
    tab.keyboard.press("f")
    off = "document.querySelector('[data-stage]').classList.contains('is-off')"
    was = tab.evaluate(off)
    tab.keyboard.press("f")
    assert tab.evaluate(off) is not was


def test_nothing_flickers_for_whoever_asked_for_stillness(opened, bench):
    page = opened(calm=True)
    page.goto(bench.compare())
    page.locator("[data-stage]").focus()
    page.keyboard.press("8")
    page.wait_for_timeout(900)
    assert "is-off" not in page.get_attribute("[data-stage]", "class")
    assert "stopped" in page.inner_text("[data-status]")


def test_grid_grey_and_negative(tab):
    tab.keyboard.press("g")
    assert tab.locator(".cor-gridline.is-main").count() == 4, "a cross between the eyes in both"
    for key, wanted in (("y", "grayscale(1)"), ("i", "grayscale(1) invert(1)"), ("y", "invert(1)"), ("i", "none")):
        tab.keyboard.press(key)
        assert tab.evaluate(
            "[...document.querySelectorAll('.is-shown image')].map((one) => getComputedStyle(one).filter)"
        ) == [wanted, wanted]
    tab.keyboard.press("g")
    assert tab.locator(".cor-gridline").count() == 0


def test_far_in_pixels_stay_pixels(tab):
    rendering = "[...document.querySelectorAll('.is-shown image')].map((one) => getComputedStyle(one).imageRendering)"
    assert set(tab.evaluate(rendering)) == {"auto"}
    for _ in range(16):
        tab.keyboard.press("+")
    assert set(tab.evaluate(rendering)) == {"pixelated"}
    tab.keyboard.press("u")
    assert "Probe 100 %" in tab.inner_text("[data-status]")


def test_the_wheel_zooms_only_where_the_photographs_have_the_focus(tab):
    start, box = both(tab), boxes(tab)[0]
    tab.mouse.move(box["x"] + 60, box["y"] + 60)
    tab.mouse.wheel(0, -120)
    tab.wait_for_function(f"({TRANSFORMS})[0] !== {start!r}")
    near = both(tab)
    tab.evaluate("document.activeElement.blur()")
    tab.mouse.wheel(0, 120)
    tab.wait_for_timeout(200)
    assert both(tab) == near


def test_a_drag_moves_both(tab):
    start, box = both(tab), boxes(tab)[1]
    tab.mouse.move(box["x"] + 100, box["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 160, box["y"] + 130, steps=5)
    tab.mouse.up()
    assert both(tab) != start


@pytest.mark.clause("SRC-2")
def test_another_photograph_keeps_the_view(tab):
    tab.keyboard.press("+")
    tab.keyboard.press("}")
    tab.keyboard.press("5")
    # laid out anew, the panes get their size, and the photographs their place, with the frame after
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")
    view, shown = both(tab), "document.querySelector('[data-pane=photo] .is-shown').dataset.image"
    keys = [link.get_attribute("data-photo") for link in tab.locator("[data-photo]").all()]
    first = tab.evaluate(shown)
    at = keys.index(first)
    tab.keyboard.press("," if at else ".")
    other = tab.evaluate(shown)
    assert other == keys[at - 1 if at else 1]
    assert (both(tab), mode(tab)) == (view, "columns")
    assert tab.locator("[data-photo][aria-current=true]").get_attribute("data-photo") == other
    tab.click(f"[data-photo='{first}']")
    assert tab.evaluate(shown) == first
    assert "photo=" not in tab.url, "no new page was loaded"


@pytest.mark.clause("SRC-2", "LL55-1")
def test_the_prepared_image_is_named_as_what_it_is_and_never_marked(tab):
    tab.keyboard.press("p")
    assert "searched, not compared" in tab.inner_text("[data-pane=probe] figcaption")
    assert tab.is_visible("[data-warning]")
    probe, photo = tab.evaluate(EYES)
    assert probe[0] == pytest.approx(photo[0], abs=0.8)
    tab.keyboard.press("j")
    assert tab.inner_text("[data-pane=probe] figcaption") == "Original probe"
    assert tab.is_hidden("[data-warning]")


def test_the_help_tells_every_key_and_closes(tab):
    tab.keyboard.press("?")
    help_ = tab.get_by_role("dialog", name="Keys of the viewer")
    assert help_.is_visible()
    words = help_.inner_text()
    for said in ("Side by side", "Flicker between the two", "Mark a place on both", "Earlier, later photograph"):
        assert said in words
    tab.keyboard.press("Escape")
    assert help_.is_hidden()
    assert tab.evaluate("document.activeElement.hasAttribute('data-stage')")


def test_keys_are_only_heard_while_the_photographs_have_the_focus(tab):
    before = both(tab)
    tab.evaluate("document.activeElement.blur()")
    for key in ("+", "5", "g", "?"):
        tab.keyboard.press(key)
    assert (both(tab), mode(tab)) == (before, "side")
    assert tab.locator("dialog[open]").count() == 0


@pytest.mark.clause("SRC-2")
def test_a_mark_by_keyboard_alone_is_saved_drawn_changed_and_taken_back(tab):
    tab.keyboard.press("j")
    assert tab.locator(".cor-cross").count() == 8, "a cross in both pictures"
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert tab.locator(".cor-cross").count() == 0
    assert tab.evaluate("document.activeElement.name").endswith("-note")
    tab.keyboard.type("Mole under the left eye.")
    tab.keyboard.press("Enter")
    item = tab.locator("#marks [data-mark]")
    item.wait_for()
    assert "Mole under the left eye." in item.inner_text()
    number = item.locator(".cor-marks__n").inner_text()
    assert tab.locator(".is-shown .cor-mark text").all_text_contents() == [number, number]
    assert tab.evaluate("document.activeElement.hasAttribute('data-stage')"), "the photographs have the focus again"
    tab.reload()
    tab.wait_for_selector(".cor-viewer.is-live")
    assert tab.locator(".is-shown .cor-mark text").all_text_contents() == [number, number]
    tab.locator("[data-stage]").focus()
    tab.keyboard.press("o")
    assert tab.locator(".cor-mark").count() == 0
    tab.keyboard.press("o")
    tab.get_by_text("Change place").click()
    tab.locator("#marks li [name$='-note']").fill("A scar, not a mole.")
    tab.get_by_role("button", name="Save the change").click()
    tab.get_by_text("A scar, not a mole.").wait_for()
    tab.get_by_text("Change place").click()
    tab.get_by_role("button", name=re.compile("Take place")).click()
    tab.get_by_text("No place is marked.").wait_for()
    assert tab.locator(".cor-mark").count() == 0


def test_a_region_is_drawn_with_the_mouse_on_both(tab):
    tab.get_by_text("Mark a place on both photographs").click()
    tab.locator("[data-next]").get_by_text("Region", exact=True).click()
    tab.locator("[data-next] [data-place]").click()
    for box in boxes(tab):
        for right, down in ((120, 150), (170, 190)):
            tab.mouse.click(box["x"] + right, box["y"] + down)
    for name in ("probe_first", "probe_second", "photo_first", "photo_second"):
        assert re.fullmatch(r"[\d.]+, [\d.]+", tab.locator(f"[data-next] [name$='-{name}']").input_value()), name
    tab.locator("[data-next] [name$='-note']").fill("The hairline recedes here.")
    tab.get_by_role("button", name="Save the place").click()
    tab.locator("#marks [data-mark]").wait_for()
    assert tab.locator(".is-shown .cor-mark rect").count() == 2
    size = [box.bounding_box() for box in tab.locator(".is-shown .cor-mark rect").all()]
    # a face that was leveled turns its region with it, so that the box around it is somewhat larger
    assert all(45 < one["width"] < 66 and 35 < one["height"] < 54 for one in size), size


def test_a_mark_without_a_note_is_said_to_be_wrong_and_stays_typed(tab):
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    tab.keyboard.press("x")
    tab.get_by_role("button", name="Save the place").click()
    tab.locator("#marks [role=alert]").wait_for()
    assert "Write what the mark shows." in tab.inner_text("#marks")
    assert tab.locator("[data-next] [name$='-probe_first']").input_value()
    assert tab.locator("[data-next] [name$='-photo_first']").input_value() == ""


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_not_wider_than_the_window(opened, bench, width):
    page = opened(width=width)
    page.goto(bench.compare(three_photographs(bench)))
    page.wait_for_selector(".cor-viewer.is-live")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_two_still_pictures_and_a_form(opened, bench):
    page = opened(javascript=False)
    page.goto(bench.compare(three_photographs(bench)))
    assert page.locator("[data-pane] svg").count() == 2
    assert page.locator("[data-bar]").is_hidden()
    with page.expect_navigation():
        page.locator("[data-photo]").first.click()
    assert "photo=" in page.url
    page.get_by_text("Mark a place on both photographs").click()
    page.get_by_text("Places as numbers").last.click()
    page.locator("[data-next] [name$='-probe_first']").fill("100, 90")
    page.locator("[data-next] [name$='-photo_first']").fill("200.5; 210")
    page.locator("[data-next] [name$='-note']").fill("Left corner of the mouth.")
    with page.expect_navigation():
        page.get_by_role("button", name="Save the place").click()
    assert page.url.endswith("#marks")
    assert "Left corner of the mouth." in page.inner_text("#marks")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("keys", ["", "5", "7", "?"])
def test_axe_core_finds_nothing(opened, bench, axe_source, width, keys):
    page = opened(width=width, calm=True)
    page.goto(bench.compare(three_photographs(bench)))
    page.wait_for_selector(".cor-viewer.is-live")
    page.locator("[data-stage]").focus()
    for key in keys:
        page.keyboard.press(key)
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] == []


OTHERS = [("peer", "n.finch"), ("file", "c.hawthorn"), ("candidates", "k.rowan")]


@pytest.mark.parametrize(("which", "name"), OTHERS)
def test_axe_core_finds_nothing_on_the_pages_around_it(opened, judged, axe_source, which, name):
    page = opened(name, calm=True)
    page.goto(judged[which])
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] == []


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_a_peer_has_the_same_viewer_without_marks_and_without_a_prepared_image(opened, judged):
    page = opened("n.finch")
    page.goto(judged["peer"])
    page.locator("[data-stage]").focus()
    for key in ("+", "5", "p", "o", "j", "Enter"):
        page.keyboard.press(key)
    both(page)
    assert mode(page) == "columns"
    assert page.locator(".cor-mark, [data-do=marks], [data-do=prepared]").count() == 0
    page.keyboard.press("?")
    assert "Mark a place" not in page.get_by_role("dialog").inner_text()


@pytest.mark.clause("SRC-5")
def test_a_supervisor_reads_the_marks_on_the_photographs_and_can_change_none(opened, judged):
    page = opened("c.hawthorn")
    page.goto(judged["file"])
    page.wait_for_selector(".cor-viewer.is-live")
    assert page.locator(".is-shown .cor-mark text").all_text_contents() == ["1", "1"]
    assert page.get_by_text("A mole beside the nose.").is_visible()
    page.locator("[data-stage]").focus()
    page.keyboard.press("j")
    assert "is-placing" not in (page.get_attribute("[data-stage]", "class") or "")

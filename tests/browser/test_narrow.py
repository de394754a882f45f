"""Pages on a telephone of 390 px: nothing is cut, what is wider scrolls in its own box, buttons keep their distance."""

from __future__ import annotations

import os

import pytest

WIDTH = 390
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("path", ["/sign-in", "/verify", "/policy", "/policy/workflow"])
def test_no_page_is_wider_than_the_screen(opened, bench, path) -> None:
    page = opened("d.lark", width=WIDTH)
    page.context.clear_cookies()  # as somebody who has not signed in
    page.goto(bench.base + path)
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"/tmp/shot{path.replace('/', '_')}.png")
    assert page.evaluate(OVERHANG) == 0


@pytest.mark.parametrize("path", ["/sign-in", "/verify"])
def test_a_button_keeps_its_distance_from_the_box_that_follows(opened, bench, path) -> None:
    page = opened("d.lark", width=WIDTH)
    page.context.clear_cookies()  # as somebody who has not signed in
    page.goto(bench.base + path)
    button = page.locator(".cor-submit-row button").last.bounding_box()
    after = page.locator(".cor-form + section").bounding_box()
    assert after["y"] - (button["y"] + button["height"]) >= 8


def test_the_tabs_and_the_drawing_of_a_workflow_scroll_in_their_own_box(opened, bench) -> None:
    page = opened("d.lark", width=WIDTH)
    page.goto(f"{bench.base}/policy/workflow")
    for box in (page.locator(".cor-tabs ul").first, page.locator("#diagram .cor-table-scroll")):
        assert box.evaluate("(one) => getComputedStyle(one).overflowX") == "auto"
        assert box.evaluate("(one) => one.scrollWidth > one.clientWidth && one.clientWidth <= innerWidth")
        assert box.evaluate("(one) => { one.scrollLeft = 9999; return one.scrollLeft > 0; }")
    assert page.locator(".cor-scroll-hint").is_visible()

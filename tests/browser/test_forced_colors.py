"""Forced colors: what is chosen is told from what is not, by the browser's own pixels and computed styles."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import three_photographs, unfold_sheet

pytestmark = pytest.mark.timeout(300)

#: what forced colors leave to tell two elements apart by
LOOK = """(one) => { const look = getComputedStyle(one);
  return ['backgroundColor', 'color', 'borderTopWidth', 'borderTopStyle', 'borderTopColor', 'borderBottomWidth',
    'borderBottomColor', 'borderLeftWidth', 'borderLeftColor', 'outlineStyle', 'outlineColor', 'strokeWidth']
    .map((name) => `${name} ${look[name]}`); }"""


@pytest.fixture
def contrast(opened, bench):
    """contrast(name, address) -> the page of a person in forced colors, without movement."""

    def open_page(name: str, address: str):
        page = opened(name, calm=True)
        page.emulate_media(forced_colors="active")
        page.goto(address)
        return page

    return open_page


def looks(locator) -> list[str]:
    return locator.evaluate(LOOK)


def pixels(page, locator) -> np.ndarray:
    """The element as it is painted, the focus elsewhere and the pointer away."""
    page.evaluate("document.activeElement?.blur()")
    page.mouse.move(0, 0)
    locator.scroll_into_view_if_needed()
    # asked of the browser itself: Playwright's own way puts a style into the page, which its policy refuses
    box = locator.evaluate(
        "(one) => { const {x, y, width, height} = one.getBoundingClientRect();"
        " return {x: x + scrollX, y: y + scrollY, width, height}; }"
    )
    browser = page.context.new_cdp_session(page)
    shot = browser.send("Page.captureScreenshot", {"clip": {**box, "scale": 1}})["data"]
    browser.detach()
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(shot))).convert("L"), dtype=int)


def differ(first: np.ndarray, second: np.ndarray) -> float:
    """The part of the pixels that are clearly lighter or darker; 1.0 where the two are not even of one size."""
    return 1.0 if first.shape != second.shape else float((np.abs(first - second) > 60).mean())


def test_a_verdict_and_a_feature_look_chosen(contrast, bench):
    page = contrast("k.rowan", bench.compare())
    unfold_sheet(page)
    for group in (page.locator("#exclude .cor-group--segmented"), page.locator(".cor-sheet__row").first):
        chosen, other = group.locator("label.usa-radio__label").nth(1), group.locator("label.usa-radio__label").nth(2)
        before = pixels(page, chosen)
        assert looks(chosen) == looks(other)
        chosen.click()
        assert looks(chosen) != looks(other)
        assert differ(before, pixels(page, chosen)) > 0.3


def test_a_button_of_the_viewer_looks_pressed(contrast, bench):
    page = contrast("k.rowan", bench.compare())
    page.wait_for_selector(".cor-viewer.is-live")
    for name in ("grid", "grey", "mode:overlay"):
        button = page.locator(f"[data-do='{name}']")
        before = pixels(page, button)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert differ(before, pixels(page, button)) > 0.3, name


CURRENT = [
    ("k.rowan", "compare", ".cor-strip a[aria-current]", ".cor-strip a:not([aria-current])"),
    ("k.rowan", "compare", ".cor-photo-row a[aria-current] img", ".cor-photo-row a:not([aria-current]) img"),
    ("n.finch", "peer", ".cor-strip a[aria-current]", ".cor-strip a:not([aria-current])"),
    ("k.rowan", "queue", ".cor-nav__list > li > a[aria-current]", ".cor-nav__list > li > a:not([aria-current])"),
    ("d.lark", "request", ".cor-tabs a[aria-current]", ".cor-tabs a:not([aria-current])"),
    ("d.lark", "request", ".cor-steps .is-current", ".cor-steps .is-ahead"),
    ("d.lark", "request", ".cor-steps .is-done", ".cor-steps .is-ahead"),
    ("c.hawthorn", "figures", ".cor-nav summary.is-active", ".cor-nav__list > li > a:not([aria-current])"),
    ("c.hawthorn", "figures", ".cor-nav__menu a[aria-current]", ".cor-nav__menu a:not([aria-current])"),
]


@pytest.mark.parametrize(("name", "where", "chosen", "other"), CURRENT, ids=[f"{w}-{c}" for _, w, c, _ in CURRENT])
def test_what_is_current_looks_so(contrast, bench, judged, name, where, chosen, other):
    addresses = {
        "compare": bench.compare(three_photographs(bench)),
        "peer": judged["peer"],
        "queue": f"{bench.base}/review",
        "request": f"{bench.base}/requests/{bench.number}",
        "figures": f"{bench.base}/workload/figures",
    }
    page = contrast(name, addresses[where])
    one, another = page.locator(chosen).first, page.locator(other).first
    assert looks(one) != looks(another), "nothing but its weight, if that, shows what is current"


def test_the_order_of_a_table_is_an_arrow_and_no_block(contrast, bench):
    page = contrast("d.lark", f"{bench.base}/requests?sort=number")
    arrow = page.locator(".cor-sort").first
    sides = arrow.evaluate(
        "(one) => ['Top', 'Right', 'Bottom', 'Left'].map((side) => getComputedStyle(one)[`border${side}Color`])"
    )
    assert len(set(sides)) == 2, sides

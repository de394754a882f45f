"""The check of a page by axe-core at both widths, with a picture where CORROBORATE_SCREENSHOTS names a folder."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

WIDTHS = {1280: 900, 390: 844}


def violations(page: Any, source: str) -> list[str]:
    """Return the rule and first element of each violation of axe-core, with all its rules."""
    page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def faults_of(page: Any, source: str, name: str) -> list[str]:
    """Violations, and what is wider than the window, at 1280 and at 390 pixels; the page is left at 1280."""
    found = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{name} at {width}: {one}" for one in violations(page, source)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{name} at {width}: {wide} pixels wide"] if wide > width else []
        picture(page, f"{name}-{width}")
    page.set_viewport_size({"width": 1280, "height": WIDTHS[1280]})
    return found


def picture(page: Any, name: str) -> None:
    """Save the whole page as PNG, where a folder is named for it."""
    folder = os.environ.get("CORROBORATE_SCREENSHOTS")
    if not folder:
        return
    # asked of the browser itself: Playwright's own way puts a style into the page, which its policy refuses
    browser = page.context.new_cdp_session(page)
    size = browser.send("Page.getLayoutMetrics")["cssContentSize"]
    clip = {**size, "scale": 1}
    shot = browser.send("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    browser.detach()
    (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

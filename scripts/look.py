"""Render portal pages to PNG with a headless Chromium: at 1280 and 390 px, with and without JavaScript.

    python scripts/look.py --out var/look --cookie "$SESSION" http://127.0.0.1:8000/ http://127.0.0.1:8000/requests

Prints one line per picture, and every message the browser writes to its console (a refused inline style,
a missing file, a script error). Ends 1 when there was such a message. Needs the `playwright` package and a
Chromium of the machine (Debian: `apt-get install chromium`).
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, sync_playwright

WIDTHS = {1280: 900, 390: 844}
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
TIMEOUT_MS = 15_000


def picture_name(url: str, width: int, javascript: bool) -> str:
    """A file name for one rendering, e.g. `requests-12-390-nojs.png`."""
    parts = urlsplit(url)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{parts.path}-{parts.query}").strip("-") or "home"
    return f"{stem}-{width}{'' if javascript else '-nojs'}.png"


def look(
    browser: Browser, url: str, out: Path, width: int, javascript: bool, cookies: list[dict[str, str]]
) -> Iterator[str]:
    """Render one page to a PNG under `out`; yields what the browser complained about."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )
    try:
        # for the whole portal: a cookie set for a page's address would not travel with its images
        site = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
        context.add_cookies([{"url": site, **cookie} for cookie in cookies])
        tab = context.new_page()
        tab.set_default_timeout(TIMEOUT_MS)
        tab.on("console", note)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        answer = tab.goto(url, wait_until="load")
        target = out / picture_name(url, width, javascript)
        tab.screenshot(path=target, full_page=True)
        overflow = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") if javascript else 0
        if overflow > 0:
            complaints.append(f"the page is {overflow} px wider than the window")
        print(f"{answer.status if answer else '---'} {target}")
    finally:
        context.close()
    yield from complaints


def main(arguments: list[str] | None = None) -> int:
    """Render each address in each width and mode; 0 when no page made the browser complain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="+", help="addresses of pages")
    parser.add_argument("--out", type=Path, default=Path("var/look"), help="folder for the pictures")
    parser.add_argument("--cookie", default="", help="value of the session cookie")
    parser.add_argument("--cookie-name", default="session", help="name of the session cookie")
    parser.add_argument("--widths", type=int, nargs="*", default=sorted(WIDTHS, reverse=True), choices=WIDTHS)
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program file")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    cookies = [{"name": options.cookie_name, "value": options.cookie}] if options.cookie else []
    complaints = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_FLAGS)
        try:
            for url in options.urls:
                for width in options.widths:
                    for javascript in (True, False):
                        for complaint in look(browser, url, options.out, width, javascript, cookies):
                            complaints += 1
                            print(f"    {complaint}")
        finally:
            browser.close()
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

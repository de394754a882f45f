"""axe-core on every page of the portal, at 1280 and at 390 pixels, as somebody whom the sweep's matrix lets in.

The pages are those of tests/sweep/matrix.toml, in the sweep's world; a new page is looked at as soon as it has its row
there. The walk with Tab says that nobody is caught on a page or stops at something without a name or out of sight.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.axe import faults_of
from tests.browser.keyboard import MOST_STOPS
from tests.browser.serving import Portal, new_page, served
from tests.sweep.conftest import built_world as built_world  # the fixture
from tests.sweep.personas import PERSONAS, SIGNED_IN
from tests.sweep.questions import ROWS, addressed
from tests.sweep.test_downloads import DOWNLOADS
from tests.sweep.test_routes_roles import expected

pytestmark = pytest.mark.timeout(600)

#: files, but for one whose address says here, on a page, what comes before it
FILES = set(DOWNLOADS) - {"disclosures.package"}
#: what leads to a page that is in the list, and what answers a machine
LEADING_ON = {
    "home.healthz",
    "policy.verify_printed",
    "requests.back",
    "requests.back_from_image",
    "requests.back_to_discussion",
    "disclosures.back",
}
#: pages that tell each role something else
FOR_EVERYBODY = {"home.index"}


def whom(row: dict[str, Any]) -> list[str]:
    """Who looks: the first persona that is let in, or all of them."""
    let_in = [persona for persona in PERSONAS if expected(row, persona) == "in"]
    return [one for one in let_in if one in SIGNED_IN] if endpoint(row) in FOR_EVERYBODY else let_in[:1]


def endpoint(row: dict[str, Any]) -> str:
    return row["route"].removeprefix("GET ")


PAGES = [
    (row, persona)
    for row in ROWS
    if row["route"].startswith("GET ") and not row.get("part") and endpoint(row) not in FILES | LEADING_ON
    for persona in whom(row)
]
NAMES = ["-".join(filter(None, (endpoint(row), row.get("on"), persona))) for row, persona in PAGES]
#: one page of each template's kind is enough for the walk with Tab, which takes its time
WALKED = (
    "account.sign_in",
    "home.index",
    "review.index",
    "review.work",
    "review.prepare",
    "review.candidates",
    "review.compare",
    "review.background",
    "review.line_place",
    "approval.file",
    "workload.show",
    "retention.sealing",
)
STOP = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  window.corStops ??= new Map();
  if (!window.corStops.has(at)) window.corStops.set(at, window.corStops.size);
  const box = at.getBoundingClientRect();
  const seen = box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth
    && box.bottom > 0 && box.top < innerHeight;
  const label = at.labels?.[0]?.getBoundingClientRect();
  return [window.corStops.get(at), seen || Boolean(label?.width), at.outerHTML.slice(0, 120)];
}"""


@pytest.fixture(scope="session")
def world_portal(built_world: Any, chromium: Any) -> Iterator[Portal]:
    with served(built_world.app) as base:
        yield Portal(built_world.app, base)


@pytest.fixture
def visit(chromium: Any, built_world: Any, world_portal: Portal) -> Iterator[Any]:
    """visit(row, persona) -> the page, asked for by that persona; at the end the browser must not have complained."""
    complaints: list[str] = []
    page = new_page(chromium, complaints, calm=True)

    def ask(row: dict[str, Any], persona: str) -> Any:
        rule = next(one for one in built_world.app.url_map.iter_rules() if one.endpoint == endpoint(row))
        [(_, address)] = addressed(built_world, [(row, rule)])
        client = built_world.client(persona)
        cookie = client.get_cookie(built_world.app.config["SESSION_COOKIE_NAME"])
        if cookie is not None:
            page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": world_portal.base}])
        answer = page.goto(world_portal.base + address)
        # nothing was claimed: the page says why the package does not go yet
        assert answer.status == (422 if endpoint(row) == "disclosures.package" else 200)
        return page

    yield ask
    page.context.close()
    assert complaints == [], "the browser complained (a refused script or style, a missing file, an error)"


@pytest.mark.parametrize(("row", "persona"), PAGES, ids=NAMES)
def test_axe_core_finds_nothing(visit, axe_source, row, persona, request):
    page = visit(row, persona)
    found = faults_of(page, axe_source, request.node.callspec.id)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("walked", WALKED)
def test_tab_leads_through_the_page_and_out_of_it(visit, walked):
    row, persona = next((row, persona) for row, persona in PAGES if endpoint(row) == walked)
    page = visit(row, persona)
    stops: dict[int, tuple[bool, str]] = {}
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            continue
        if stop[0] in stops:
            break
        stops[stop[0]] = (stop[1], stop[2])
    else:
        raise AssertionError("Tab never comes round")
    html = [words for _, words in stops.values()]
    # whoever was caught in the middle has not come by both ends of the page
    for end in (page.locator("a[href]").first, page.locator("a[href], button").last):
        assert any(words.startswith(end.evaluate("(one) => one.outerHTML.slice(0, 120)")) for words in html)
    assert [words for seen, words in stops.values() if not seen] == [], "the focus goes where nobody sees it"

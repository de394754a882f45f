"""Parts that htmx swaps in, in Chromium: the browser refuses nothing of them, and their fields count as all others do.

The `opened` pages fail the test for any error in the console; a refused style or script is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.extensions import db
from tests.browser.conftest import Bench
from tests.browser.serving import new_page
from tests.conftest import People, run_due_jobs
from tests.request_factory import RequestFactory

pytestmark = pytest.mark.timeout(300)
#: what a person does to every text field that is too small for them; the browser writes it into its style attribute
DRAG = "for (const one of document.querySelectorAll('textarea')) one.style.height = '300px'"
#: the part "id" is another one than before, and htmx has done with it
SETTLED = """(id) => { const part = document.getElementById(id);
  return part && !part.corBefore && !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping'); }"""
#: fields whose line stands as the server sent it: a long field's is hidden as long as there is room enough
UNCOUNTED = """[...document.querySelectorAll('[data-limit]')].filter((one) => {
  const line = document.getElementById(`${one.id}-limit`), limit = Number(one.dataset.limit);
  return line?.hidden !== (limit - one.value.trim().length > limit / 5);
}).map((one) => one.id)"""


@pytest.fixture(scope="module")
def cases(bench: Bench) -> dict[str, str]:
    """Addresses below the portal: a draft, its image, a reported request's outcome, an image to prepare."""
    with bench.app.app_context():
        make = RequestFactory(bench.app, People(), run_due_jobs)
        draft = make.request(state="draft", case_number="2026-075-00011")
        documented = make.request(state="documented", case_number="2026-075-00012", seed=11)
        reported = make.request(state="reported", case_number="2026-075-00013", seed=13)
        found = {
            "draft": f"{bench.base}/requests/{draft.number}/edit",
            "image": f"{bench.base}/requests/{draft.number}/images/{draft.images[0].uid}",
            "outcome": f"{bench.base}/requests/{reported.number}/outcome",
            "disclosure": f"{bench.base}/disclosures/new?case={reported.case_number}",
            "prepare": f"{bench.base}/review/{documented.number}/prepare",
            "notifications": f"{bench.base}/notifications",
        }
        db.session.remove()
    return found


def choose(name: str, place: int) -> Callable[[Any], None]:
    return lambda page: page.locator(f"[name={name}]").nth(place).locator("xpath=../label").click()


def press(selector: str) -> Callable[[Any], None]:
    return lambda page: page.locator(selector).first.click()


def swap(page: Any, part: str, act: Callable[[Any], None]) -> None:
    """Do something that has the part swapped, every text field having been dragged larger before."""
    page.evaluate(DRAG)
    page.evaluate("(id) => { document.getElementById(id).corBefore = true; }", part)
    act(page)
    page.wait_for_function(SETTLED, arg=part)
    assert page.evaluate(UNCOUNTED) == [], "a field of the new part does not count"


def test_no_swap_is_refused_and_every_field_counts_afterwards(opened, cases):
    page = opened("d.lark")
    page.goto(cases["draft"])
    for place in (1, 2, 0):
        swap(page, "use-facts", choose("use_id", place))
    page.goto(cases["image"])
    for name, place in (("source", 1), ("obtained", 1), ("source", 0)):
        swap(page, "image-facts", choose(name, place))
    page.goto(cases["outcome"])
    for place in (1, 3, 0):
        swap(page, "outcome-facts", choose("outcome", place))
    page.goto(cases["disclosure"])
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/edit")
    for name, place in (("recipient_kind", 0), ("basis", 0), ("recipient_kind", 1)):
        swap(page, "disclosure-questions", choose(name, place))
    page.goto(cases["notifications"])
    swap(page, "notifications", press("#notifications form button"))


def test_no_swap_of_the_units_pages_is_refused(opened, cases):
    page = opened("k.rowan")
    page.goto(cases["prepare"])
    swap(page, "preview", lambda page: page.locator("[name='gamma.value']").fill("2"))
    swap(page, "bench", press("button[value='add:gamma']"))
    swap(page, "bench", press("button[value=undo]"))


def test_what_is_pasted_beyond_the_limit_is_told_and_not_cut(opened, cases):
    page = opened("d.lark")
    page.goto(cases["draft"])
    swap(page, "use-facts", choose("use_id", 1))
    for field in (page.locator("#use-facts textarea").first, page.locator("#narrative"), page.locator("#case_number")):
        limit, line = int(field.get_attribute("data-limit")), page.locator(f"#{field.get_attribute('id')}-limit")
        field.fill("x")
        assert not line.is_visible(), "there is room enough"
        field.focus()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text("y" * (limit + 1204))
        assert len(field.input_value()) == limit + 1204
        assert line.inner_text() == "1,204 characters too many"
        assert field.get_attribute("aria-invalid") == "true"
        page.wait_for_selector("body > [role=status]:text('1,204 characters too many')", state="attached")
        field.fill("y" * (limit - 1))
        assert line.inner_text() == "1 character left"
        assert field.get_attribute("aria-invalid") is None
        field.fill("x")


def test_an_expired_form_takes_the_whole_page_and_gives_the_text_back(chromium, bench, cases):
    complaints: list[str] = []
    page = new_page(chromium, complaints)
    page.context.add_cookies([bench.cookie("d.lark")])
    page.goto(cases["draft"])
    page.locator("#narrative").fill("Seen by the back door at noon.")
    page.evaluate("""() => { document.body.setAttribute('hx-headers', '{}');
      for (const one of document.querySelectorAll('[name=csrf_token]')) one.value = 'old'; }""")
    choose("use_id", 2)(page)
    page.wait_for_selector("h1:text('The form expired')")
    assert page.locator("h1").count() == 1, "the page stands inside a part of another"
    assert page.locator("main").count() == 1
    assert page.title().startswith("The form expired")
    assert "Seen by the back door at noon." in [one.input_value() for one in page.locator("textarea").all()]
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("link", name="Open the page again").click()
    page.wait_for_selector("#narrative")
    page.context.close()
    assert [one for one in complaints if "400" not in one] == []


def test_a_poll_that_fails_leaves_the_page_and_says_so(chromium, bench, cases):
    """Whoever writes on the page loses nothing because the portal is away for a moment."""
    complaints: list[str] = []
    page = new_page(chromium, complaints)
    page.context.add_cookies([bench.cookie("d.lark")])
    page.goto(cases["draft"])
    page.locator("#narrative").fill("Seen by the back door at noon.")
    # one route throughout: a poll between two of them would get the portal's own page, "Not found"
    answer = {"status": 503, "body": "<html><body>Bad gateway</body></html>"}
    page.route("**/poll-here", lambda route: route.fulfill(**answer))
    page.evaluate("""() => { const part = document.createElement('div');
      part.id = 'poll'; part.textContent = 'Being checked.';
      for (const [name, value] of Object.entries({ 'hx-get': '/poll-here', 'hx-trigger': 'every 200ms',
        'hx-target': 'this', 'hx-swap': 'outerHTML', 'hx-headers': '{"X-Poll": "1"}' })) part.setAttribute(name, value);
      document.querySelector('main').append(part); htmx.process(part); }""")
    page.wait_for_selector("#messages .usa-alert")
    assert "asks again by itself" in page.locator("#messages").inner_text()
    assert page.locator("#poll").inner_text() == "Being checked."
    assert page.locator("#narrative").input_value() == "Seen by the back door at noon."
    answer |= {"status": 200, "body": "<p id='poll'>Ready.</p>"}
    page.wait_for_selector("#poll:text('Ready.')")
    assert page.locator("#messages .usa-alert").count() == 0
    page.context.close()
    assert [one for one in complaints if "503" not in one] == []

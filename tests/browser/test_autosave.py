"""The status line of an autosave: one sentence for every answer, and for none; never a page in a line."""

from __future__ import annotations

import pytest

from tests.browser.conftest import unfold_sheet
from tests.browser.serving import new_page

pytestmark = pytest.mark.timeout(300)

PAGE = (
    "<!DOCTYPE html><html lang='en'><head><title>Sign in</title></head><body><h1>Sign in</h1><p>Name</p></body></html>"
)
ENDED = "Not saved: your session ended."
ANSWERS = {
    "the-sign-in-page": ({"status": 200, "body": PAGE}, ENDED),
    "a-refusal-as-a-page": ({"status": 422, "body": PAGE}, "Not saved: the portal did not take it."),
    "an-expired-form": ({"status": 400, "body": PAGE}, ENDED),
    "no-session": ({"status": 401, "body": "", "headers": {"HX-Redirect": "/sign-in"}}, ENDED),
    "forbidden": ({"status": 403, "body": PAGE}, "Not saved: this form is no longer open to you."),
    "unknown": ({"status": 404, "body": PAGE}, "Not saved: this form is no longer open to you."),
    "recorded-meanwhile": ({"status": 409, "body": PAGE}, "Not saved: this was recorded or closed meanwhile."),
    "too-long": ({"status": 413, "body": PAGE}, "Not saved: it is too long."),
    "too-many": ({"status": 429, "body": PAGE}, "Not saved: the portal has too much to do."),
    "a-fault": ({"status": 500, "body": PAGE}, "Not saved: the portal does not answer."),
    "down": ({"status": 503, "body": PAGE}, "Not saved: the portal does not answer."),
    "a-proxy": ({"status": 502, "body": PAGE}, "Not saved: the portal does not answer."),
}


@pytest.fixture
def sheet(chromium, bench):
    """The whole worksheet of a candidate, unfolded; failing answers are asked for, so no complaint is counted."""
    page = new_page(chromium, [])
    page.context.add_cookies([bench.cookie("k.rowan")])
    page.goto(bench.compare())
    unfold_sheet(page)
    yield page
    page.context.close()


def type_into(page) -> None:
    page.locator("textarea[name=remark]").fill("The chin agrees.")


def said(page, words: str) -> str:
    """The status line, once it begins with these words; nothing of a page is in it, and nobody was led away."""
    page.wait_for_function(
        "(words) => document.querySelector('[data-draft]').textContent.trim().startsWith(words)", arg=words
    )
    line = page.locator("[data-draft]")
    assert line.locator("h1, h2, p, form, section, a, title").count() == 0
    text = line.inner_text().strip()
    assert "\n" not in text
    assert page.locator("#messages .usa-alert").count() == 0, "said twice"
    assert page.locator("textarea[name=remark]").input_value() == "The chin agrees."
    return text


@pytest.mark.clause("ACC-10")
@pytest.mark.parametrize("kind", ANSWERS)
def test_whatever_the_portal_answers_it_is_one_sentence(sheet, bench, kind):
    answer, words = ANSWERS[kind]
    sheet.route("**/worksheet/draft", lambda route: route.fulfill(content_type="text/html", **answer))
    type_into(sheet)
    assert said(sheet, words).endswith((".", "here."))
    assert sheet.url == bench.compare()


@pytest.mark.clause("ACC-10")
def test_without_a_network_it_says_so_and_saves_at_the_next_change(sheet):
    sheet.route("**/worksheet/draft", lambda route: route.abort("internetdisconnected"))
    type_into(sheet)
    said(sheet, "Not saved: the portal does not answer. It is tried again at your next change.")
    sheet.unroute("**/worksheet/draft")
    sheet.locator("input[name=ears_note]").fill("Lobe")
    said(sheet, "Saved ")


@pytest.mark.clause("ACC-10")
def test_a_session_that_ended_leads_nobody_away_and_what_was_typed_stays(sheet, bench):
    """The portal itself, its session gone: what it answers to a page and to htmx, no stand-in."""
    sheet.context.clear_cookies()
    type_into(sheet)
    said(sheet, ENDED)
    assert sheet.url == bench.compare()

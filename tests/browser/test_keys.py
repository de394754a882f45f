"""Whose keys work: the viewer's record nothing, the worksheet's move no photograph, a page says which; Undo."""

from __future__ import annotations

import re

import pytest

from app.blueprints.review.examination.viewer_keys import KEYS, letters_of
from app.policy import policy
from tests.browser.conftest import unfold_sheet

pytestmark = pytest.mark.timeout(300)

#: what the viewer prints on its buttons and in its help, as Playwright calls the keys
VIEWERS = [key for one in KEYS for key in one.keys]
WORKSHEETS = [key for key, _ in letters_of(policy())]


def dispositions(bench) -> int:
    """How many candidates of the round are excluded or retained."""
    from app.extensions import db
    from app.models import Round

    with bench.app.app_context():
        count = len(db.session.query(Round).filter_by(uid=bench.round_uid).one().dispositions)
        db.session.remove()
    return count


@pytest.fixture
def nothing_disposed(bench, monkeypatch):
    """Whatever a test excluded is open again afterwards; the portal's own clock stands, however slow the machine is."""
    from app import audit
    from app.domain.examination import replaced
    from app.extensions import db
    from app.models import Disposition, Round
    from app.unit_of_work import unit_of_work

    monkeypatch.setattr(replaced, "seconds_left", lambda *_of: float(policy().review.taking_back.count))
    yield
    with bench.app.app_context():
        round_ = db.session.query(Round).filter_by(uid=bench.round_uid).one()
        with unit_of_work() as rows:
            for row in rows.query(Disposition).filter_by(round_id=round_.id):
                audit.record(
                    "disposition.taken_back",
                    round_.request,
                    candidate=row.candidate.uid,
                    disposition=row.verdict,
                    standing="open",
                )
                rows.delete(row)
        db.session.remove()


@pytest.mark.clause("SRC-2")
def test_the_viewers_keys_record_nothing_where_the_viewer_has_no_focus(opened, bench):
    """As the page opens, the focus is in the exclusion: there L and 2, once the viewer's, excluded by the lips."""
    page = opened()
    page.goto(bench.compare())
    page.wait_for_selector(".cor-viewer.is-live")
    assert page.inner_text("[data-keyboard]") == "Keyboard: exclusion"
    for key in VIEWERS:
        page.keyboard.press(key)
        assert page.locator("[data-keys] :is(input:checked)").count() == 0, key
    page.wait_for_timeout(300)
    assert page.url == bench.compare()
    assert dispositions(bench) == 0


@pytest.mark.clause("SRC-2")
def test_the_worksheets_keys_do_nothing_in_the_viewer(tab, bench):
    view = "[...document.querySelectorAll('[data-view]')].map((one) => one.getAttribute('transform')).join()"
    before = (
        tab.evaluate(view),
        tab.locator("[data-bar] [aria-pressed]").evaluate_all("(all) => all.map((one) => one.ariaPressed).join()"),
    )
    for key in WORKSHEETS:
        tab.keyboard.press(key)
    after = (
        tab.evaluate(view),
        tab.locator("[data-bar] [aria-pressed]").evaluate_all("(all) => all.map((one) => one.ariaPressed).join()"),
    )
    assert after == before
    assert tab.locator("[data-keys] :is(input:checked)").count() == 0
    assert dispositions(bench) == 0


def test_the_page_says_whose_keys_work_and_frames_it(opened, judged, bench):
    framed = "(one) => getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth)"
    for name, address in (("k.rowan", bench.compare()), ("n.finch", judged["peer"])):
        page = opened(name)
        page.goto(address)
        page.wait_for_selector(".cor-viewer.is-live")
        line, viewer, scope = page.locator("[data-keyboard]"), page.locator(".cor-viewer"), page.locator(".cor-scope")
        assert line.inner_text() == "Keyboard: exclusion"
        assert (scope.evaluate(framed), viewer.evaluate(framed)) == (3, False)
        page.locator("[data-stage]").focus()
        assert line.inner_text() == "Keyboard: viewer"
        assert (scope.evaluate(framed), viewer.evaluate(framed)) == (False, 3)
        unfold_sheet(page)
        row = page.locator(".cor-sheet__row").first
        row.locator("input[type=radio]").first.focus()
        assert line.inner_text() == "Keyboard: worksheet"
        assert row.evaluate(framed) == 3
        row.locator("input[name$=_note]").focus()
        assert line.inner_text() == "Keyboard: typing, letters are text"
        page.evaluate("document.activeElement.blur()")
        page.wait_for_function("document.querySelector('[data-keyboard]').textContent.includes('Keyboard: off')")


def test_the_keys_of_the_viewer_work_from_its_buttons_too(tab):
    tab.click("[data-do='mode:columns']")
    tab.keyboard.press("6")
    assert tab.get_attribute("[data-stage]", "data-mode") == "rows"
    tab.click("[data-do=grid]")
    tab.keyboard.press("Space")
    assert tab.get_attribute("[data-do=grid]", "aria-pressed") == "false", "Space pushes the button that has the focus"


@pytest.mark.clause("SRC-2")
def test_an_exclusion_by_two_keys_is_taken_back_by_a_third(opened, bench, nothing_disposed):
    page = opened()
    page.goto(bench.compare(1))
    page.keyboard.press("n")
    with page.expect_navigation():
        page.keyboard.press("3")
    assert page.url == f"{bench.compare(2)}?after=1"
    undo = page.locator(".cor-undo")
    assert re.search("Candidate 1 excluded: nose.", undo.inner_text())
    assert undo.get_by_role("button", name="Undo").is_visible()
    assert dispositions(bench) == 1
    with page.expect_navigation():
        page.keyboard.press("z")
    assert page.url == bench.compare(1)
    assert page.get_by_text("The exclusion of candidate 1 is taken back.").is_visible()
    assert dispositions(bench) == 0


@pytest.mark.clause("SRC-2")
def test_undo_is_offered_for_ten_seconds_and_nothing_moves_when_it_goes(opened, bench, nothing_disposed):
    page = opened()
    page.goto(bench.compare(1))
    page.clock.install()
    page.keyboard.press("n")
    with page.expect_navigation():
        page.keyboard.press("3")
    button, place = page.locator(".cor-undo button"), page.locator("#exclude").bounding_box()
    assert button.is_visible()
    left = int(page.get_attribute(".cor-undo", "data-undo"))
    assert left == policy().review.taking_back.count == 10
    button.focus()
    page.clock.fast_forward(1000)
    assert button.is_visible(), "the page's clock runs on beside, so that there is room for a slow machine"
    page.clock.fast_forward(left * 1000)
    assert button.is_hidden()
    assert page.locator("#exclude").bounding_box() == place
    assert page.get_by_text("Candidate 1 excluded: nose").is_visible(), "what was recorded is still said"
    assert page.evaluate("document.activeElement.hasAttribute('data-focus')"), "the focus is not lost with the button"
    page.keyboard.press("z")
    page.wait_for_timeout(300)
    assert page.url == f"{bench.compare(2)}?after=1"
    assert dispositions(bench) == 1


@pytest.mark.clause("SRC-2")
def test_without_javascript_undo_is_a_button(opened, bench, nothing_disposed):
    page = opened(javascript=False)
    page.goto(bench.compare(1))
    page.locator("#exclude label", has_text="Ears").click()
    with page.expect_navigation():
        page.locator("#exclude").get_by_role("button", name="Different, unexplained").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    assert page.get_by_text("The exclusion of candidate 1 is taken back.").is_visible()
    assert dispositions(bench) == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_core_finds_nothing_beside_an_undo(opened, bench, axe_source, nothing_disposed, width):
    page = opened(width=width, calm=True)
    page.goto(bench.compare(1))
    page.keyboard.press("h")
    with page.expect_navigation():
        page.keyboard.press("3")
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

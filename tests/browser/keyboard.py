"""A person at the keyboard alone: Tab, arrows, letters and Enter; nothing is clicked, no script moves the focus."""

from __future__ import annotations

import re
from typing import Any

#: no page has more places to stop at than this; whoever has not arrived by then is in a trap
MOST_STOPS = 400
FOCUS = """() => { const at = document.activeElement;
  return at === document.body ? 'nothing' : at.outerHTML.slice(0, 600); }"""


class Keyboard:
    """The keys of one page."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self) -> str:
        """Return the focused element as HTML; "nothing" when the focus is lost."""
        return self.page.evaluate(FOCUS)

    def tab_to(self, wanted: Any) -> None:
        """Press Tab until an element has the focus: a locator, or a selector of the page."""
        locator = self.page.locator(wanted) if isinstance(wanted, str) else wanted
        element = locator.element_handle()
        self._until("(one) => one === document.activeElement", element, str(wanted))

    def _until(self, reached: str, given: Any, wanted: str) -> None:
        for _ in range(MOST_STOPS):
            if self.page.evaluate(reached, given):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} cannot be reached with Tab; the focus is on {self.focus()}")

    def write(self, name: str, text: str) -> None:
        """Write into the field whose name ends so, in place of what it holds."""
        self.tab_to(f"[name$='{name}']:is(input, textarea)")
        self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def choose(self, name: str, value: str) -> None:
        """Choose one of the radios whose name ends so: Tab to the group, then Space or the arrows."""
        group = f"input[type=radio][name$='{name}']"
        self.to_group(name)
        for _ in range(self.page.locator(group).count() + 1):
            at = self.page.evaluate("({ value: document.activeElement.value, on: document.activeElement.checked })")
            if at == {"value": value, "on": True}:
                return
            self.press("Space" if at["value"] == value else "ArrowDown")
        raise AssertionError(f"{value} cannot be chosen among {name}; the focus is on {self.focus()}")

    def to_group(self, name: str) -> None:
        """Tab to a group of radios."""
        self._until(
            "(name) => document.activeElement.type === 'radio' && document.activeElement.name.endsWith(name)",
            name,
            f"the group {name}",
        )

    def unfold(self, words: str) -> None:
        """Open a folded part by its summary, unless it is open."""
        summary = self.page.locator("summary", has_text=re.compile(words))
        if summary.evaluate("(one) => one.parentElement.open"):
            return
        self.tab_to(summary)
        self.press("Enter")
        assert summary.evaluate("(one) => one.parentElement.open")

    def follow(self, words: str | re.Pattern[str]) -> None:
        """Tab to the first link of these words and follow it."""
        self.tab_to(self.page.locator("main, nav").get_by_role("link", name=words).first)
        self.send("Enter")

    def push(self, words: str | re.Pattern[str]) -> None:
        """Tab to the button of these words and push it; the answer is another page."""
        self.tab_to(self.page.get_by_role("button", name=words))
        self.send("Enter")

    def send(self, key: str) -> None:
        """Press a key that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

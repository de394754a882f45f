"""A person at a browser without JavaScript: opens pages, fills the forms that are there, presses the buttons."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

import mechanicalsoup
from bs4 import BeautifulSoup
from requests import RequestException

from app.unit_of_work import wait

TIMEOUT_SECONDS = 60


class Astray(Exception):
    """A page was not what the script expected; the message quotes its refusal whole, or else how it begins."""


class Browser:
    """One signed-in person. Every form is sent with exactly the fields its page has, tokens included."""

    def __init__(self, base: str, name: str) -> None:
        self.base, self.name = base, name
        self._browser = mechanicalsoup.StatefulBrowser(soup_config={"features": "html5lib"}, raise_on_404=False)

    @property
    def url(self) -> str:
        return self._browser.url

    @property
    def title(self) -> str:
        """The page's heading."""
        heading = self._browser.page.select_one("h1") if self._browser.page else None
        return heading.get_text(" ", strip=True) if heading else ""

    @property
    def text(self) -> str:
        """The words of the page's main part."""
        main = self._browser.page.select_one("main") or self._browser.page
        return " ".join(main.get_text(" ", strip=True).split())

    @property
    def page(self) -> BeautifulSoup:
        return self._browser.page

    def open(self, path: str) -> Browser:
        """Open an address of the portal. Raises Astray when the answer is an error page."""
        try:
            response = self._browser.open(urljoin(self.base, path), timeout=TIMEOUT_SECONDS)
        except RequestException as error:
            raise Astray(f"{self.name}: {path} could not be opened: {error}") from error
        self._expect(response.status_code)
        return self

    def send(
        self,
        action: str,
        values: Mapping[str, object] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        button: str | None = None,
        tolerate: bool = False,
    ) -> Browser:
        """Fill the form whose address ends with `action` and send it.

        Raises Astray when the page has no such form or field, or the answer is an error (unless `tolerate`).
        """
        forms = [
            f for f in self._browser.page.select("form") if str(f.get("action", "")).split("?")[0].endswith(action)
        ]
        if not forms:
            known = ", ".join(str(f.get("action")) for f in self._browser.page.select("form"))
            raise Astray(f"{self.name}: “{self.title}” has no form for {action}; it has {known}")
        form = self._browser.select_form(forms[0])
        for field, value in (values or {}).items():
            try:
                form.set(field, value)
            except mechanicalsoup.LinkNotFoundError as error:
                raise Astray(
                    f"{self.name}: the form {action} of “{self.title}” has no field {field}={value}"
                ) from error
        handles = []
        try:
            for field, path in (files or {}).items():
                handles.append(path.open("rb"))
                form.set(field, handles[-1])
            if button is not None:
                form.choose_submit(form.form.select_one(f"button[name={button}], button[value={button}]"))
            else:
                # the button without a name is what the form is for; named ones are steps on the way
                submits = form.form.select("button[type=submit]:not([name])") or form.form.select("button[type=submit]")
                if submits:
                    form.choose_submit(submits[0])
            response = self._browser.submit_selected(timeout=TIMEOUT_SECONDS)
        except RequestException as error:
            raise Astray(f"{self.name}: {action} could not be sent: {error}") from error
        finally:
            for handle in handles:
                handle.close()
        if not tolerate:
            self._expect(response.status_code)
        return self

    def wait_until(self, path: str, words: str, seconds: float = 60) -> Browser:
        """Reload a page until it says something. Raises Astray after `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.open(path)
            if words.lower() in self.text.lower():
                return self
            wait(0.5)
        raise Astray(
            f"{self.name}: {path} did not say “{words}” within {seconds:.0f} seconds; it says: {self.text[:400]}"
        )

    def fetch(self, action: str) -> bytes:
        """Send the form whose address ends with `action` and return the file it answers with. Raises Astray."""
        form = next(iter(self._browser.page.select(f"form[action$='{action}']")), None)
        if form is None:
            raise Astray(f"{self.name}: “{self.title}” has no form for {action}")
        values = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
        response = self._browser.session.post(urljoin(self.base, action), data=values, timeout=TIMEOUT_SECONDS)
        if response.status_code != 200:
            raise Astray(f"{self.name}: {action} answered {response.status_code}")
        return response.content

    def download(self, path: str) -> bytes:
        """The bytes behind an address."""
        response = self._browser.session.get(urljoin(self.base, path), timeout=TIMEOUT_SECONDS)
        if response.status_code != 200:
            raise Astray(f"{self.name}: {path} answered {response.status_code}")
        return response.content

    def sign_in(self, password: str) -> Browser:
        """Sign in; accept the terms and acknowledge the policy when they are asked for."""
        self.open("/sign-in").send("/sign-in", {"username": self.name, "password": password})
        if self.url.split("?")[0].endswith("/terms"):
            self.send("/terms", {"accept": True})
        if self.page.select_one("section[aria-label=Policy]"):
            self.open("/policy-changes").send("/policy-changes", {"accept": True})
        return self

    def _expect(self, status: int) -> None:
        if status < 400:
            return
        refusal = self._browser.page.select_one("main .usa-alert--error") if self._browser.page else None
        said = " ".join(refusal.get_text(" ", strip=True).split()) if refusal else self.text[:600]
        raise Astray(f"{self.name}: {self.url} answered {status}: {self.title}: {said}")

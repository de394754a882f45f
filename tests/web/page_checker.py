"""The page checker: the checks made on each HTML answer that the test client receives.

`check_page` returns the faults of one page as sentences; `CheckedClient` runs it, and the header check,
on every answer of every web test, so that no page has to be remembered.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from lxml import etree
from lxml.etree import _Element as Tag
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from tests.web.markup import markup_faults, text_of, tree_of

# Written out here and not taken from the program, so that a change of either is seen.
EXPECTED_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), "
        "publickey-credentials-get=(self)"
    ),
}

# Of a file that the browser shows in a page of its own, which it sizes by a style attribute.
SHOWN_KINDS = {"image/png", "image/jpeg", "application/pdf"}
SHOWN_FILE: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; object-src 'self'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}

# CAP-6: before approval there are candidates; the portal never speaks of scores or hits.
BANNED_WORDS = re.compile(
    r"\b(match(?:ing)? scores?|matched candidates?|matched persons?|similarity scores?|confidence scores?|"
    r"hit lists?|positive match(?:es)?|no hits?)\b",
    re.IGNORECASE,
)
LEAKS = re.compile(
    r"(?<![\w-])None(?![\w-])(?! of\b)|\bUndefined\b|\{\{|\}\}|\{%|%\}|<[\w.]+ object at 0x|&lt;/?\w+&gt;"
)
CONTROLS = ("input", "select", "textarea")
UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
HTMX_VERBS = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
RELATIVE_TARGETS = ("this", "closest ", "find ", "next", "previous", "body", "window", "document")
INLINE = re.compile(r"on[a-z]+$|hx-on")
CARRYING, RUNNING = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE), re.compile(r"\s*(js|javascript):")
ADDRESSES = ("href", "src", "action", "formaction", *HTMX_VERBS)
BUTTON_TYPES = {"submit", "button", "reset"}


def is_part(html: str) -> bool:
    """True for what htmx swaps into a page: no document of its own."""
    return not html.lstrip()[:100].lower().startswith(("<!doctype", "<html"))


class Page:
    """A parsed page whose elements are listed once, by name and by attribute."""

    def __init__(self, root: Tag) -> None:
        self.root, self.tags = root, list(root.iter(etree.Element))
        self._named: dict[str, list[Tag]] = {}
        self._having: dict[str, list[Tag]] = {}
        for tag in self.tags:
            self._named.setdefault(tag.tag, []).append(tag)
            for attribute, _ in tag.items():
                self._having.setdefault(attribute, []).append(tag)

    def named(self, *names: str) -> list[Tag]:
        """The elements of these names, in the order of the page."""
        return self._named.get(names[0], []) if len(names) == 1 else [tag for tag in self.tags if tag.tag in names]

    def having(self, attribute: str) -> list[Tag]:
        return self._having.get(attribute, [])


def check_page(html: str, *, app: Flask | None = None, url: str = "/") -> list[str]:
    """The faults of one page or part, as sentences; an empty list is a good page.

    `app` lets links be resolved against its routes; `url` is the address that answered.
    """
    part = is_part(html)
    whole = f"<!DOCTYPE html><body>{html}</body>" if part else html
    faults, page = markup_faults(whole), Page(tree_of(whole))
    if not part:
        faults += _document(page)
    faults += _ids(page, part)
    faults += _headings(page)
    faults += _forms(page)
    faults += _labels(page, part)
    faults += _limits(page)
    faults += _inline_code(page)
    faults += _media_and_tables(page)
    faults += _htmx(page, part)
    if app is not None:
        faults += _links(page, app, url)
    faults += _words(page)  # last, for it empties what a person typed
    return faults


def _show(tag: Tag) -> str:
    text = etree.tostring(tag, encoding="unicode", method="html", with_tail=False)
    return text if len(text) < 120 else text[:117] + "..."


def _within(tag: Tag, name: str) -> Tag | None:
    """The nearest element of this name that a tag stands in."""
    return next(tag.iterancestors(name), None)


def _holds(tag: Tag, *names: str) -> bool:
    return next(tag.iterdescendants(*names), None) is not None


def _document(page: Page) -> Iterator[str]:
    root = next(iter(page.named("html")), None)
    if root is None or not root.get("lang"):
        yield "the page has no language: <html lang>"
    headings = page.named("h1")
    if len(headings) != 1:
        yield f"the page has {len(headings)} h1, not one"
    title = text_of(page.named("title")[0]) if page.named("title") else ""
    if not title:
        yield "the page has no title"
    elif headings and not title.startswith(text_of(headings[0])):
        yield f"the title {title!r} does not start with the h1 {text_of(headings[0])!r}"
    if not page.named("main"):
        yield "the page has no main element"


def _ids(page: Page, part: bool) -> Iterator[str]:
    seen: set[str] = set()
    for tag in page.having("id"):
        name = tag.get("id")
        if name in seen:
            yield f"the id {name!r} is used more than once"
        if not name or re.search(r"\s", name):
            yield f"the id {name!r} is empty or has a space"
        seen.add(name)
    for attribute in ("aria-describedby", "aria-labelledby", "aria-controls"):
        for tag in page.having(attribute):
            for name in tag.get(attribute).split():
                if name not in seen and not part:
                    yield f"{attribute} names {name!r}, which is not on the page: {_show(tag)}"
    for tag in page.having("href"):
        name = tag.get("href")
        if tag.tag == "a" and name.startswith("#") and name[1:] not in seen and not part:
            yield f"the link {name} leads nowhere on the page"


def _headings(page: Page) -> Iterator[str]:
    last = None
    for heading in page.named("h1", "h2", "h3", "h4", "h5", "h6"):
        level, text = int(heading.tag[1]), text_of(heading)
        if not text:
            yield f"an empty heading: {_show(heading)}"
        if last is not None and level > last + 1:
            yield f"the heading {text!r} skips from h{last} to h{level}"
        last = level


def _forms(page: Page) -> Iterator[str]:
    for form in page.named("form"):
        if not form.get("action"):
            yield f"a form without action: {_show(form)}"
        method = form.get("method", "").lower()
        if method not in {"get", "post"}:
            yield f"a form without method get or post: {_show(form)}"
        inputs = list(form.iterdescendants("input"))
        tokens = [tag for tag in inputs if tag.get("type") == "hidden" and tag.get("name") == "csrf_token"]
        if method == "post" and not any(token.get("value") for token in tokens):
            yield f"a POST form without CSRF token: {_show(form)}"
        if method == "get" and tokens:
            yield f"a GET form puts its CSRF token into the address: {_show(form)}"
        if any(tag.get("type") == "file" for tag in inputs) and form.get("enctype") != "multipart/form-data":
            yield f"a form with a file and no multipart encoding: {_show(form)}"
        if not _holds(form, "button") and not any(tag.get("type") == "submit" for tag in inputs):
            yield f"a form without a button: {_show(form)}"
    for button in page.named("button"):
        if button.get("type") not in BUTTON_TYPES:
            yield f"a button without type: {_show(button)}"
        if not (text_of(button) or button.get("aria-label")):
            yield f"a button without a name: {_show(button)}"


def _labels(page: Page, part: bool) -> Iterator[str]:
    labelled: set[str] = set()
    controls = {tag.get("id") for tag in page.named(*CONTROLS) if tag.get("id")}
    for label in page.named("label"):
        target, text = label.get("for"), text_of(label)
        if not text:
            yield f"an empty label: {_show(label)}"
        if target:
            labelled.add(target)
            if target not in controls:
                yield f"the label {text!r} belongs to no control"
        elif not _holds(label, *CONTROLS):
            yield f"the label {text!r} belongs to no control"
    for control in page.named(*CONTROLS):
        if control.get("type", "").lower() in UNLABELLED_TYPES:
            continue
        named = (
            control.get("aria-label")
            or control.get("aria-labelledby")
            or control.get("id") in labelled
            or _within(control, "label") is not None
        )
        if not named:
            yield f"a control without a label: {_show(control)}"
    for fieldset in page.named("fieldset"):
        first = next(iter(fieldset), None)
        if first is None or first.tag != "legend" or not text_of(first):
            yield f"a fieldset without a legend first: {_show(fieldset)}"
    for link in page.having("href"):
        pictures = link.iterdescendants("img")
        named = text_of(link) or link.get("aria-label") or any(picture.get("alt") for picture in pictures)
        if link.tag == "a" and not named:
            yield f"a link without a name: {_show(link)}"


def _limits(page: Page) -> Iterator[str]:
    ids = {tag.get("id") for tag in page.having("id")}
    for tag in page.having("maxlength"):
        yield f"what is typed or pasted beyond maxlength is cut without a word: {_show(tag)}"
    for tag in page.having("data-limit"):
        line = f"{tag.get('id')}-limit"
        if line not in ids or line not in tag.get("aria-describedby", "").split():
            yield f"a field with a limit and no line that counts: {_show(tag)}"


def _inline_code(page: Page) -> Iterator[str]:
    for script in page.named("script"):
        if not script.get("src"):
            yield f"an inline script: {_show(script)}"
    if page.named("style"):
        yield "an inline style element"
    for tag in page.tags:
        for name, value in tag.items():
            if name == "style" or INLINE.match(name):
                yield f"the inline attribute {name}: {_show(tag)}"
            elif name in ADDRESSES and CARRYING.match(value):
                yield f"an address that runs or carries content: {_show(tag)}"
            elif name.startswith("hx-") and RUNNING.match(value):
                yield f"an htmx attribute that runs script: {_show(tag)}"
            elif name in ADDRESSES and urlsplit(value).netloc:
                yield f"an address outside the portal: {_show(tag)}"


def _media_and_tables(page: Page) -> Iterator[str]:
    for image in page.named("img"):
        if image.get("alt") is None:
            yield f"an image without alt: {_show(image)}"
    for table in page.named("table"):
        headers = list(table.iterdescendants("th"))
        if not headers:
            yield f"a table without headers: {_show(table)}"
        if not (_holds(table, "caption") or table.get("aria-label") or table.get("aria-labelledby")):
            yield f"a table without a caption: {_show(table)}"
        for header in headers:
            if not header.get("scope"):
                yield f"a table header without scope: {_show(header)}"


def _htmx(page: Page, part: bool) -> Iterator[str]:
    ids = {tag.get("id") for tag in page.having("id")}
    for tag in page.having("hx-target"):
        target = tag.get("hx-target")
        if target.startswith(RELATIVE_TARGETS):
            continue
        if not target.startswith("#"):
            yield f"the htmx target {target!r} is neither an id nor relative: {_show(tag)}"
        elif not part and target[1:] not in ids:
            yield f"the htmx target {target!r} is not on the page: {_show(tag)}"
    for verb in HTMX_VERBS:
        for tag in page.having(verb):
            if not any(one.get("hx-target") is not None for one in (tag, *tag.iterancestors())):
                yield f"{verb} without a target: {_show(tag)}"


def _words(page: Page) -> Iterator[str]:
    # What a person typed may say anything (an element that repeats it is marked data-typed).
    cleared = set()
    for typed in [*page.named("textarea", "noscript", "script", "style"), *page.having("data-typed")]:
        cleared.update(typed.iterdescendants())
        del typed[:]
        typed.text = None
    shown = [(text_of(page.root), "the page")]
    for name in ("alt", "title", "aria-label", "placeholder", "href", "action", "src"):
        shown += [(tag.get(name), f"the attribute {name}") for tag in page.having(name) if tag not in cleared]
    fixed = [tag for tag in page.named("input") if tag.get("type") in {"hidden", "radio", "checkbox"}]
    fixed += page.named("option", "button")
    shown += [(tag.get("value", ""), "a value") for tag in fixed if tag not in cleared]
    for text, where in shown:
        if leak := LEAKS.search(text):
            yield f"{where} shows {leak.group()!r}: ...{text[max(0, leak.start() - 40) : leak.end() + 40]}..."
    if banned := BANNED_WORDS.search(shown[0][0]):
        yield f"the page says {banned.group()!r}; say candidate, possible match or lead"


def _links(page: Page, app: Flask, url: str) -> Iterator[str]:
    for name in ADDRESSES:
        for tag in page.having(name):
            address = tag.get(name)
            if address.startswith("#"):
                continue  # a place on this page, whatever address answered it
            path = urlsplit(urljoin(url, address)).path
            verb = name[3:].upper() if name in HTMX_VERBS else "GET"
            if name == "action":
                verb = tag.get("method", "get").upper()
            if name == "formaction":  # a button sends its form by the form's method unless it says otherwise
                form = _within(tag, "form")
                verb = (tag.get("formmethod") or (form.get("method", "get") if form is not None else "get")).upper()
            if fault := _fault_of_link(app, path, verb):
                yield f"{name}={address!r} {fault}"


#: application -> (path, method, number of routes) of links that are good; most stand on every page
_good_links: WeakKeyDictionary[Flask, set[tuple[str, str, int]]] = WeakKeyDictionary()


def _fault_of_link(app: Flask, path: str, verb: str) -> str:
    good, asked = _good_links.setdefault(app, set()), (path, verb, len(app.url_map._rules))
    fault = "" if asked in good else _resolve(app, path, verb)
    if not fault:
        good.add(asked)
    return fault


def _resolve(app: Flask, path: str, verb: str) -> str:
    """What is wrong with a link to this path; nothing when it is good."""
    try:
        endpoint, values = app.url_map.bind("localhost").match(path, method=verb)
    except RequestRedirect:
        return "is answered by a redirect to another spelling"
    except (NotFound, MethodNotAllowed):
        return f"leads to no {verb} route"
    if endpoint == "static" and not _static_file_exists(app, values["filename"]):
        return "is not among the static files"
    return ""


def _static_file_exists(app: Flask, filename: str) -> bool:
    # The vendor folder is filled at set-up; a machine without it still tests our own pages.
    return filename.startswith("vendor/") or (Path(app.static_folder or "") / filename).is_file()


def check_headers(response: TestResponse) -> list[str]:
    """The faults of an answer's security headers, compared whole and by exact text."""
    faults = []
    for name, expected in {**EXPECTED_HEADERS, **(SHOWN_FILE if response.mimetype in SHOWN_KINDS else {})}.items():
        if response.headers.getlist(name) != [expected]:
            faults.append(f"{name} is {response.headers.getlist(name)!r}, not {[expected]!r}")
    if not response.request.path.startswith("/static/"):
        if response.headers.get("Cache-Control") != "no-store":
            faults.append(f"Cache-Control is {response.headers.get('Cache-Control')!r}, not 'no-store'")
        if "hx-request" not in {value.lower() for value in response.vary}:
            faults.append("Vary does not name HX-Request")
    if "Server" in response.headers and "Python" in response.headers["Server"]:
        faults.append("the Server header names the interpreter")
    return faults


class CheckedClient(FlaskClient):
    """A Flask test client that fails the test when any answer breaks a rule of pages or headers.

    Use: ``app.test_client_class = CheckedClient``. Redirects that the client follows are checked one by one.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """As FlaskClient.open; raises AssertionError with every fault of the answer and its history."""
        # a request of its own context, as in a server: a test's open context would lend it another person's `g`
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        if has_app_context() and "sqlalchemy" in self.application.extensions:
            self.application.extensions["sqlalchemy"].session.rollback()  # the test reads what was written
        for answer in (*response.history, response):
            self._check(answer)
        return response

    def _check(self, response: TestResponse) -> None:
        faults = check_headers(response)
        if "HX-Request" in response.request.headers and "Location" in response.headers:
            faults.append("htmx never sees a redirect, it is led by HX-Redirect")
        if response.mimetype == "text/html" and (html := response.get_data(as_text=True)):
            whole_page_wanted = "HX-Request" not in response.request.headers
            if whole_page_wanted and is_part(html) and not 300 <= response.status_code < 400:
                faults.append("a part was sent where a browser asked for a page")
            # htmx would put it into the part that it asked for
            at = (response.headers.get("HX-Retarget"), response.headers.get("HX-Reswap"))
            if not whole_page_wanted and not is_part(html) and at[0] != "body" and at[1] != "none":
                faults.append("a whole page was sent where htmx asked for a part")
            if response.headers.get("HX-Retarget") and is_part(html):
                faults.append("a part is told to take the place of the whole page")
            if not 300 <= response.status_code < 400:
                faults += check_page(html, app=self.application, url=response.request.path)
        where = f"{response.request.method} {response.request.path} ({response.status_code})"
        assert not faults, f"{where}:\n  " + "\n  ".join(faults)

"""Pages as a test reads them, and forms as a browser would send them: hidden fields and all."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from lxml.etree import _Element as Tag
from werkzeug.test import TestResponse

from tests.web.markup import text_of, tree_of


def soup(answer: TestResponse) -> BeautifulSoup:
    """The page of an answer."""
    return BeautifulSoup(answer.get_data(as_text=True), "lxml")


def text(answer: TestResponse) -> str:
    """All that a page says, white space collapsed."""
    return text_of(tree_of(answer.get_data(as_text=True)))


def words(tag: BeautifulSoup) -> str:
    """All that a part of a page says, white space collapsed."""
    return " ".join(tag.get_text(" ").split())


def hidden(client: FlaskClient, page: str, form: str) -> dict:
    """The hidden fields of the form that the CSS selector finds on a page."""
    found = soup(opened(client, page)).select_one(form)
    assert found is not None, f"no {form} on {page}"
    return {field["name"]: field.get("value", "") for field in found.select("input[type=hidden]")}


def form_at(client: FlaskClient, page: str, action: str, **changes: object) -> dict:
    """The hidden fields of the form on `page` that posts to `action`, with `changes`."""
    forms: list[Tag] = tree_of(opened(client, page).get_data(as_text=True)).xpath("//form[@action=$to]", to=action)
    assert forms, f"no form to {action} on {page}"
    fields = forms[0].xpath(".//input[@type='hidden']")
    return {**{field.get("name"): field.get("value", "") for field in fields}, **changes}


def send_unoffered(client: FlaskClient, page: str, beside: str, action: str, **changes: object) -> TestResponse:
    """Send a form that `page` does not offer, with the token and version of the form to `beside` that stands there."""
    fields = form_at(client, page, beside)
    prefix = next(iter(changes)).split("-")[0]
    return client.post(action, data={**fields, f"{prefix}-version": fields["version"], **changes})


def opened(client: FlaskClient, page: str) -> TestResponse:
    """The answer to a page that opens."""
    answer = client.get(page)
    assert answer.status_code == 200, f"{page}: {answer.status_code}"
    return answer


def send(client: FlaskClient, page: str, action: str, **changes: object) -> TestResponse:
    """Send the form on `page` that posts to `action`, as the page has it, with `changes`."""
    return client.post(action, data=form_at(client, page, action, **changes))

"""Helpers to export a long list: asked for on its page, written by a worker, downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.web.page_reading import hidden, soup

FORM = "form[action$='/exports']"


def ask_for_file(client: FlaskClient, page: str) -> Any:
    """The answer to the button of the page of a list, filtered as its address says."""
    form = soup(client.get(page)).select_one(FORM)
    return client.post(form["action"], data=hidden(client, page, FORM))


def file_of(client: FlaskClient, page: str, run_jobs: Callable[[], int]) -> Any:
    """The file of the list on a page, as the browser gets it once a worker has written it."""
    place = ask_for_file(client, page).headers["Location"]
    run_jobs()
    link = soup(client.get(place)).select_one("a[href$='/file']")
    return client.get(link["href"])

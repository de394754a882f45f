"""The pages that axe-core looks at, held against the portal: `make test-pages` takes long, so that few run it."""

from __future__ import annotations

import pytest

from tests.browser.test_axe_sweep import FILES, FOR_EVERYBODY, LEADING_ON, PAGES, WALKED, endpoint
from tests.sweep.pages import pages

pytestmark = pytest.mark.timeout(600)


def test_what_is_said_of_single_pages_is_said_of_pages_that_exist(app) -> None:
    named = FILES | LEADING_ON | FOR_EVERYBODY | set(WALKED)
    assert named - set(app.view_functions) == set(), "tests/browser/test_axe_sweep.py names what is gone"
    assert set(WALKED) - {endpoint(row) for row, _ in PAGES} == set()


def test_axe_core_is_shown_pages_and_no_files(world) -> None:
    faults = []
    for row, persona in PAGES:
        for shown in pages(world, persona):
            if shown.row is row and shown.kind != "text/html":
                faults.append(f"{shown.address} as {persona}: {shown.outcome} {shown.kind}, which is no page")
    assert not faults, "\n".join(faults)

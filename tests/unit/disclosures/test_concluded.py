"""Nothing is disclosed as complete while a search of the case is open, or without one that ended unexamined (SRC-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import io
import zipfile

import pytest

from app.domain.disclosures.items import available
from app.extensions import stores
from demo.people import person
from tests.disclosure_factory import CASE, disclose, refused, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.unit_stages import NEEDLESS

pytestmark = [needs_models, pytest.mark.clause("SRC-7", "EXT-2")]


@pytest.fixture
def searched(make):
    """searched(): another request of the case, whose search is finished."""
    return lambda: make.request(state="searched", case_number=CASE, seed=9, gallery=[person(31), person(32)])


def test_a_complete_package_waits_for_the_conclusion_of_every_search_of_the_case(disclose, searched):
    other = searched()
    with refused("case_concluded"):
        disclose("submitted")
    assert other.state == "searched"


@pytest.mark.parametrize("state", ["submitted", "approved", "released"])
def test_nor_does_it_go_on_once_it_was_asked_for_decided_or_built_bypass(disclose, searched, state):
    """Splitting: a search that finishes after one step bars the next."""
    made = disclose(state)
    searched()
    following = {"submitted": "approved", "approved": "released", "released": "fetched"}[state]
    with refused("case_concluded"):
        disclose.go_on(made, following, since=state)


def test_what_need_not_be_complete_does_not_wait(disclose, searched):
    searched()
    assert disclose("approved", recipient="court", basis="D2").state == "approved"


def test_a_search_that_ended_unexamined_is_in_the_complete_package_with_its_reason(disclose, make, searched):
    other = searched()
    make.end_unexamined(other)
    assert [item.kind for item in available(CASE) if item.request.id == other.id] == ["original"]
    made = disclose("released")
    package = made.current_package
    data = stores().blobs.get(package.blob_id, made.key_id, package.sha256)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        name = f"not-examined-{other.number}.txt"
        said = packed.read(name).decode()
        assert f"originals/{other.number}-image-1.jpg" in packed.namelist()
    assert NEEDLESS in said and "not examined" in said.casefold()
    assert "negative" not in said.casefold() and "lead" not in said.casefold().split()


def test_leaving_out_the_images_of_such_a_search_is_incomplete_bypass(disclose, make, searched):
    other = searched()
    make.end_unexamined(other)
    theirs = {item.uid for item in available(CASE) if item.request.id == other.id}
    chosen = [(item.kind, item.uid) for item in available(CASE) if item.uid not in theirs]
    with refused("package_complete"):
        disclose("submitted", items=chosen)

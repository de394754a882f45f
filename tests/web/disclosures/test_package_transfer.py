"""A package over a real connection: what breaks off uses nothing up, what arrives is recorded once (EXT-7, ACC-12)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator

import pytest

from app.extensions import db
from app.models import AuditEvent, Disclosure
from tests.certificates import self_signed
from tests.disclosure_factory import disclose, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.events_and_notices import events_of
from tests.real_portal import RealPortal, Visitor, real_portal
from tests.web.disclosure_pages import ASKER, url

pytestmark = [needs_models, pytest.mark.long, pytest.mark.clause("EXT-7", "ACC-12")]
#: a records officer who decided on nothing here, and so may hand out
OTHER = "p.aspen"


@pytest.fixture
def portal(settings) -> Iterator[RealPortal]:
    with real_portal(settings) as running:
        yield running


@pytest.fixture
def tls_portal(settings, tmp_path) -> Iterator[RealPortal]:
    cert, key = self_signed(tmp_path)
    with real_portal(settings, tls_cert=cert, tls_key=key) as running:
        yield running


def begin(visitor: Visitor, disclosure: Disclosure) -> str:
    """Press the button; the address that the browser is sent to."""
    answer = visitor.post(url(disclosure, "/package"), page=url(disclosure), allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def fetched(disclosure: Disclosure, *, expected: bool) -> bool:
    """Whether the package counts as fetched; what is expected is waited for, what is not has its time to come."""
    deadline = time.monotonic() + (20 if expected else 2)
    while time.monotonic() < deadline:
        db.session.rollback()
        if disclosure.current_package.fetched_at is not None:
            return True
        time.sleep(0.1)
    return False


def left_at(disclosure: Disclosure) -> int:
    """How much of the package was handed over when its one transfer broke off, as recorded."""
    db.session.rollback()
    (left,) = db.session.query(AuditEvent).filter_by(event="disclosure.package_left", subject_id=disclosure.number)
    said = json.loads(left.keys)
    assert said["package"] == disclosure.current_package.number
    return said["upto"]


def test_a_download_cut_in_half_goes_on_in_the_same_session_and_in_no_other(disclose, portal) -> None:
    disclosure = disclose("released")
    size, sha256 = disclosure.current_package.size, disclosure.current_package.sha256
    asker = portal.visitor(ASKER)
    path = begin(asker, disclosure)
    with asker.transfer(path) as answer:
        assert (answer.status, answer.length) == (200, size)
        version, half = answer.headers["ETag"], answer.read(size // 2)
    assert not fetched(disclosure, expected=False), "it broke off"
    assert len(half) <= left_at(disclosure) <= size
    for name, words in ((ASKER, "in another session"), (OTHER, "Somebody else has begun")):
        stranger = portal.visitor(name)
        answers = [
            stranger.post(url(disclosure, "/package"), page="/report-misuse", allow_redirects=False),
            stranger.get(path, headers={"Range": f"bytes={len(half)}-"}),
        ]
        for answer in answers:
            assert answer.status_code == 422 and words in answer.text, name
    assert "has not arrived whole" in asker.get(url(disclosure)).text
    rest = asker.get(path, headers={"Range": f"bytes={len(half)}-", "If-Range": version})
    assert rest.status_code == 206 and rest.headers["Content-Range"] == f"bytes {len(half)}-{size - 1}/{size}"
    assert hashlib.sha256(half + rest.content).hexdigest() == sha256
    assert zipfile.ZipFile(io.BytesIO(half + rest.content)).testzip() is None
    assert fetched(disclosure, expected=True) and disclosure.current_package.fetched_by.name == ASKER
    assert asker.get(path).status_code == 422, "used up"
    assert [name for name in events_of(disclosure.number) if name.startswith("disclosure.fetch")] == [
        "disclosure.fetch_begun",
        "disclosure.fetched",
    ]


def test_a_second_click_gets_the_package_that_the_first_one_did_not(disclose, tls_portal) -> None:
    disclosure = disclose("released")
    size = disclosure.current_package.size
    asker = tls_portal.visitor(ASKER)
    with asker.transfer(begin(asker, disclosure)):
        pass  # the browser leaves the first answer for the second one
    again = asker.get(begin(asker, disclosure))
    assert len(again.content) == size == int(again.headers["Content-Length"])
    assert fetched(disclosure, expected=True)
    third = asker.post(url(disclosure, "/package"), page="/report-misuse", allow_redirects=False)
    assert third.status_code == 422 and "already been fetched" in third.text


def test_two_clicks_whose_downloads_both_arrive_are_one_fetching(disclose, portal) -> None:
    disclosure = disclose("released")
    size = disclosure.current_package.size
    asker = portal.visitor(ASKER)
    with asker.transfer(begin(asker, disclosure)) as one, asker.transfer(begin(asker, disclosure)) as other:
        begun = one.read(1000)
        assert len(other.read()) == size
        assert fetched(disclosure, expected=True)
        assert len(begun + one.read()) == size
    assert events_of(disclosure.number).count("disclosure.fetched") == 1
    assert "disclosure.package_left" not in events_of(disclosure.number)


def test_a_browser_that_reads_all_but_the_end_has_not_fetched_it(disclose, portal) -> None:
    """All of it may lie in buffers on the way: what counts is the other end."""
    disclosure = disclose("released")
    size = disclosure.current_package.size
    asker = portal.visitor(ASKER)
    path = begin(asker, disclosure)
    with asker.transfer(path) as answer:
        answer.read(size - 20_000)
    assert not fetched(disclosure, expected=False)
    assert len(asker.get(path).content) == size
    assert fetched(disclosure, expected=True)


def test_a_package_fetched_but_for_its_last_byte_is_fetched_whole_bypass(disclose, portal) -> None:
    """The last byte of a zip is known: a range without it would hand the package out and use nothing up."""
    disclosure = disclose("released")
    size = disclosure.current_package.size
    asker = portal.visitor(ASKER)
    answer = asker.get(begin(asker, disclosure), headers={"Range": f"bytes=0-{size - 2}"})
    assert (answer.status_code, len(answer.content)) == (200, size)
    assert fetched(disclosure, expected=True)

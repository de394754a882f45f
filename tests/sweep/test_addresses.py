"""Ids in addresses guessed, borrowed, expired, tampered with: nothing of another person's is shown."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import g

from app.blueprints.images import links
from app.models import GalleryPhoto
from tests.sweep.world import outcome

pytestmark = [pytest.mark.clause("ACC-11"), pytest.mark.timeout(600)]


def address(world, persona: str, kind: str, uid: str) -> str:
    """A face address as a page of this person's session would carry it."""
    with world.app.test_request_context():
        g.session_uid = world.sessions[persona]
        return links.face_url(kind, uid)


def probe(world, name: str = "reported") -> str:
    with world.app.app_context():
        return world.get(name).images[0].uid


def photo(world) -> str:
    with world.app.app_context():
        return GalleryPhoto.query.first().uid


def test_the_session_that_was_shown_the_page_gets_the_bytes(world):
    answer = world.client("requester").get(address(world, "requester", "probe", probe(world)))
    assert answer.status_code == 200
    assert answer.mimetype in {"image/jpeg", "image/png"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("borrower", ["colleague", "examiner", "supervisor", "integrity"])
def test_an_address_is_worth_nothing_in_another_session(world, borrower):
    lent = address(world, "requester", "probe", probe(world))
    assert outcome(world.client(borrower).get(lent)) == "hidden"


def test_an_address_is_worth_nothing_to_nobody(world):
    assert outcome(world.client("anonymous").get(address(world, "requester", "probe", probe(world)))) == "sign-in"


def test_an_address_of_ones_other_session_is_worth_nothing(world):
    from datetime import timedelta

    from app.access.sessions import TOKEN, digest
    from app.extensions import db
    from app.models import LoginSession
    from app.models.base import now
    from app.unit_of_work import unit_of_work

    lent = address(world, "requester", "probe", probe(world))
    with world.app.app_context(), unit_of_work():
        db.session.add(
            LoginSession(
                token_digest=digest("second"),
                account_id=world.account("requester").id,
                last_seen_at=now(),
                expires_at=now() + timedelta(hours=1),
            )
        )
    client = world.app.test_client()
    with client.session_transaction() as session:
        session[TOKEN] = "second"
    assert client.get("/").status_code == 200
    assert outcome(client.get(lent)) == "hidden"


def test_an_expired_address_says_so(world, monkeypatch):
    old = address(world, "requester", "probe", probe(world))
    monkeypatch.setattr(links, "LIFE_SECONDS", -1)
    answer = world.client("requester").get(old)
    assert answer.status_code == 410


@pytest.mark.parametrize("change", ["payload", "signature", "cut", "empty signature"])
def test_a_tampered_address_is_not_found(world, change):
    good = address(world, "requester", "probe", probe(world))
    head, token = good.rsplit("/", 1)
    payload, stamp, signature = token.rsplit(".", 2)
    flipped = "A" if signature[0] != "A" else "B"
    tampered = {
        "payload": f"{payload[:-2]}AA.{stamp}.{signature}",
        "signature": f"{payload}.{stamp}.{flipped}{signature[1:]}",
        "cut": f"{payload}.{stamp}",
        "empty signature": f"{payload}.{stamp}.",
    }[change]
    assert outcome(world.client("requester").get(f"{head}/{tampered}")) == "hidden"


@pytest.mark.clause("ACC-1")
@pytest.mark.parametrize("persona", ["colleague", "untrained", "auditor", "administrator", "other_supervisor"])
def test_even_a_well_signed_address_is_checked_against_who_may_see(world, persona):
    """The signature proves the session; scope and training are asked again."""
    client = world.client(persona)
    assert outcome(client.get(address(world, persona, "probe", probe(world)))) == "hidden"
    assert outcome(client.get(address(world, persona, "photo", photo(world)))) == "hidden"


@pytest.mark.clause("CAP-4", "ACC-1")
def test_an_investigator_never_gets_a_photograph_of_the_repository(world):
    client = world.client("requester")
    assert outcome(client.get(address(world, "requester", "photo", photo(world)))) == "hidden"


@pytest.mark.parametrize("persona", ["requester", "examiner", "supervisor"])
def test_a_guessed_number_or_uid_is_not_found(world, persona):
    """A thing that is not there and one that is not yours answer alike."""
    client = world.client(persona)
    area = {"requester": "/requests", "examiner": "/review", "supervisor": "/final-review"}[persona]
    with world.app.app_context():
        foreign = world.get("draft" if persona != "requester" else "colleague").number
    invented, real = client.get(f"{area}/FR-2026-999999"), client.get(f"{area}/{foreign}")
    assert outcome(invented) == outcome(real) == "hidden"

    def seen(answer) -> str:
        shown = re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))
        return shown.replace("FR-2026-999999", "").replace(foreign, "")

    assert seen(invented) == seen(real)
    if persona == "examiner":
        assert outcome(client.get(f"/review/rounds/{uuid.uuid4().hex}")) == "hidden"


def test_an_image_of_another_request_is_not_reached_through_ones_own(world):
    with world.app.app_context():
        own, foreign = world.get("draft").number, world.get("colleague").images[0].uid
    for end in ("", "/state"):
        assert outcome(world.client("requester").get(f"/requests/{own}/images/{foreign}{end}")) == "hidden"

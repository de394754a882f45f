"""Addresses of faces: for the session that saw the page, for minutes, for people who may see the face."""

from __future__ import annotations

import re

import pytest

from app.blueprints.images import links
from app.extensions import stores


def addresses(client, page: str) -> list[str]:
    return re.findall(r'src="(/images/[^"]+)"', client.get(page).text)


@pytest.mark.clause("ACC-10", "ACC-11")
def test_the_page_and_only_its_session_shows_the_face(sign_in, make):
    request = make.request("submitted")
    image = request.images[0]
    page = f"/requests/{request.number}"
    client = sign_in("d.lark")
    (address,) = addresses(client, page)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "image/png"
    assert answer.data == stores().blobs.get(image.shown_blob_id, image.key_id, image.shown_sha256)
    # the same person in another session, another person, nobody
    assert sign_in("d.lark").get(address).status_code == 404
    assert sign_in("s.alder").get(address).status_code == 404
    assert client.application.test_client().get(address).status_code == 302


def test_an_old_address_is_gone_and_says_so(sign_in, make, monkeypatch):
    request = make.request("submitted")
    client = sign_in("d.lark")
    (address,) = addresses(client, f"/requests/{request.number}")
    monkeypatch.setattr(links, "LIFE_SECONDS", -1)
    answer = client.get(address)
    assert answer.status_code == 410
    assert "Open the page again" in answer.text


@pytest.mark.parametrize("token", ["x", "WyJhIiwicHJvYmUiLCJiIl0.aaaa.bbbb", "%01"])
def test_an_invented_address_leads_nowhere(sign_in, token):
    assert sign_in("d.lark").get(f"/images/{token}").status_code == 404


@pytest.mark.clause("ACC-1")
def test_a_signed_address_gives_no_right_to_the_face(app, sign_in, make):
    """Whatever was signed, the person is asked about again when the bytes are fetched."""
    from flask import g

    from app.blueprints.images.views import image_bytes
    from app.domain.accounts.training import revoke_training
    from app.unit_of_work import unit_of_work

    request = make.request("submitted")
    uid = request.images[0].uid
    people = make.people
    assert image_bytes("probe", uid, people.actor("d.lark"))
    assert image_bytes("probe", uid, people.actor("k.rowan"))
    assert image_bytes("probe", uid, people.actor("m.heron")) is None
    assert image_bytes("probe", uid, people.actor("f.spruce")) is None
    assert image_bytes("probe", "0" * 32, people.actor("k.rowan")) is None
    examiner, keeper = people.account("k.rowan"), people.actor("c.hawthorn")
    with unit_of_work():
        revoke_training(examiner.training[0], keeper)
    assert image_bytes("probe", uid, people.actor("k.rowan")) is None
    with app.test_request_context():
        g.session_uid = "one"
        token = links.face_url("probe", uid).rpartition("/")[2]
        assert links.read_token(token) == ("probe", uid)
        g.session_uid = "two"
        with pytest.raises(links.LinkInvalid):
            links.read_token(token)
        with pytest.raises(ValueError, match="kind"):
            links.face_url("person", uid)


@pytest.mark.clause("ACC-10")
def test_altered_bytes_are_not_shown(sign_in, make, settings):
    request = make.request("submitted")
    client = sign_in("d.lark")
    (address,) = addresses(client, f"/requests/{request.number}")
    blob = request.images[0].shown_blob_id
    path = settings.blob_dir / blob[:2] / blob
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    assert client.get(address).status_code == 500

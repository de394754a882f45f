"""The gallery page: one record by its number, for trained examiners, each look recorded."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEvent, GalleryPerson
from tests.drawn_gallery import import_people, needs_models
from tests.web.page_reading import soup

pytestmark = needs_models


def _views() -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.event == "faces.viewed")))


@pytest.mark.clause("ACC-1")
@pytest.mark.parametrize("number", ["R-0002-1", "P-0002"])
def test_a_record_is_looked_up_by_either_number_and_the_look_is_recorded(app, sign_in, tmp_path, number):
    import_people(tmp_path, [2])
    answer = sign_in("k.rowan").get("/gallery", query_string={"number": number})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    places = [text.index(f"Photograph of record R-0002-{n}") for n in range(3)]
    assert places == sorted(places)
    assert "Demo" in text and "Theft of a drawn coat" in text
    [event] = _views()
    shown = json.loads(event.keys)
    assert shown["page"] == "gallery.index" and len(shown["faces"]) == 3
    assert event.subject_id == db.session.scalars(select(GalleryPerson.uid)).one() and event.actor_id is not None


def test_the_photograph_itself_can_be_opened_from_the_page(app, sign_in, tmp_path):

    folder = import_people(tmp_path, [0])
    client = sign_in("k.rowan")
    page = soup(client.get("/gallery?number=P-0000"))
    image = client.get(page.select_one("figure img")["src"])
    assert image.get_data() == (folder / "0-0.jpg").read_bytes()


@pytest.mark.parametrize("number", ["R-9999-0", "%", "P-000"])
def test_an_unknown_number_is_said_so_and_nothing_is_listed(app, sign_in, tmp_path, number):
    import_people(tmp_path, [0])
    answer = sign_in("k.rowan").get("/gallery", query_string={"number": number})
    assert answer.status_code == 404
    assert "No such record" in answer.get_data(as_text=True)
    assert not _views()


def test_nothing_is_shown_before_a_number_is_given(app, sign_in, tmp_path):
    import_people(tmp_path, [0])
    client = sign_in("k.rowan")
    answer = client.get("/gallery")
    assert answer.status_code == 200 and "<img" not in answer.get_data(as_text=True).split("<main")[1]
    assert client.get("/gallery?number=").status_code == 422
    assert not _views()


@pytest.mark.clause("CAP-3")
def test_a_record_that_left_is_as_unknown_as_one_that_never_was(app, sign_in, tmp_path):
    import_people(tmp_path, [1])
    app.test_cli_runner().invoke(args=["gallery", "remove", "R-0001-0", "--reason", "sealed"])
    client = sign_in("k.rowan")
    assert client.get("/gallery?number=R-0001-0").status_code == 404
    rest = client.get("/gallery?number=P-0001").get_data(as_text=True)
    assert "R-0001-1" in rest and "R-0001-0" not in rest


@pytest.mark.clause("ACC-1", "ACC-4")
@pytest.mark.parametrize("name", ["d.lark", "f.spruce", "s.alder"])
def test_nobody_outside_the_unit_sees_the_gallery(app, sign_in, tmp_path, name):
    import_people(tmp_path, [0])
    answer = sign_in(name).get("/gallery?number=P-0000")
    assert answer.status_code == 403
    assert "R-0000-0" not in answer.get_data(as_text=True)
    assert not _views()

"""What a supervisor reads first, and what pages say of little or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.peers.conditions import line_ups_of, sheet_faults
from app.domain.peers.results import shown_number
from app.extensions import db
from app.models import GalleryPhoto, LoginSession
from app.models.base import now
from tests.nominated_request import at, filed, nominated_data, settings
from tests.web.page_reading import soup, words

__all__ = ["at", "filed", "nominated_data", "settings"]
SHORT = {"values": {"description": {"height_in": "40"}}}


@pytest.mark.clause("SRC-3", "SRC-5")
def test_what_contradicts_a_candidate_stands_before_what_supports_it(make, sign_in):
    request = make.request(state="peer_reviewed", **SHORT)
    page = words(soup(sign_in("c.hawthorn").get(f"/final-review/{request.number}")).select_one("main"))
    assert page.index("What contradicts the candidate: 1") < page.index("No opinion stands against")


@pytest.mark.clause("SRC-3")
def test_the_answers_of_a_background_check_have_a_button_beside_them(make, sign_in):
    request = make.request(state="under_examination", **SHORT)
    nominee = request.current_round.search.candidates[0]
    make.dispose_all(request, retain=nominee)
    here = f"/review/rounds/{request.current_round.uid}/candidates/{nominee.shown_order}/background"
    page = soup(sign_in("k.rowan").get(here))
    assert page.select_one("#inconsistencies button[type=submit]")["form"] == page.select_one("#check form")["id"]


def test_a_session_that_was_left_idle_is_not_listed_as_open(app, sign_in):
    first, second = sign_in("d.lark"), sign_in("d.lark")
    assert len(soup(second.get("/sessions")).select("tbody tr")) == 2
    row = db.session.query(LoginSession).order_by(LoginSession.id).first()
    unused = now() - timedelta(minutes=app.extensions["settings"].session_idle_minutes, seconds=5)
    db.session.execute(
        LoginSession.__table__.update().where(LoginSession.__table__.c.id == row.id).values(last_seen_at=unused)
    )
    db.session.commit()
    assert len(soup(second.get("/sessions")).select("tbody tr")) == 1
    assert first is not second


@pytest.mark.parametrize(
    ("address", "said", "never"),
    [
        ("/policy/workflow/incident", "Workflow of an incident", "of a incident"),
        ("/proficiency", "No comparison was answered yet", "These numbers are small"),
    ],
)
def test_pages_say_what_is_so(sign_in, address, said, never):
    page = words(soup(sign_in("c.hawthorn").get(address)).select_one("body"))
    assert said in page
    assert never not in page


@pytest.mark.clause("SRC-4")
def test_an_exclusion_without_a_feature_is_told_what_it_lacks(filed):
    place = line_ups_of(filed.current_round)[0].places[0]
    assert "not compared yet" in sheet_faults(place)[0].message
    with db.session.no_autoflush:
        place.level, place.quick = "m2", True
        assert "name a feature that differs" in sheet_faults(place)[0].message
    db.session.rollback()


def test_an_erased_number_is_said_to_be_erased(filed, monkeypatch):
    photo = filed.current_round.nominee.photo
    assert shown_number(photo) == photo.record_number
    monkeypatch.setattr(GalleryPhoto, "number", property(lambda self: self.stand_in))
    assert shown_number(photo) == "Number erased"

"""The viewer's part of the pages and the forms of its marks, without a browser: page, no-JavaScript, htmx, print."""

from __future__ import annotations

import hashlib
import json

import pytest

from app.documents import checks
from app.domain.examination import annotations
from app.extensions import db, stores
from app.models import Annotation, AuditEvent
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.web.line_up_pages import address
from tests.web.page_reading import form_at, send, soup, text

pytestmark = [needs_models, pytest.mark.clause("SRC-2")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def request_(make):
    """Under examination on a prepared image; of the candidate whose pages are opened three photographs are held."""
    made = make.request(state="documented")
    make.parts["derived"] = make.prepare(made)
    make.enrol([person(7)], photos=3)
    return make.advance_to(made, "under_examination", derived=make.parts["derived"])


def candidate_of(request):
    return next(one for one in request.current_round.search.candidates if len(one.person.photos) == 3)


def url_of(request) -> str:
    return f"/review/rounds/{request.current_round.uid}/candidates/{candidate_of(request).shown_order}"


def fields(number="new", **values):
    return {f"mark-{number}-{name}": value for name, value in values.items()}


DRAWN = {"kind": "line", "probe_first": "120, 88.5", "probe_second": "140 90", "note": "Crease over the brow"}


@pytest.mark.clause("SRC-2", "ACC-11")
def test_the_page_has_the_originals_every_photograph_in_order_and_names_each_in_one_event(request_, sign_in):
    client, url = sign_in("k.rowan"), url_of(request_)
    page = soup(client.get(url))
    photos = sorted(candidate_of(request_).person.photos, key=lambda photo: photo.taken_on)
    layers = {layer["data-image"]: layer for layer in page.select("[data-image]")}
    assert list(layers) == ["original", "prepared", *(photo.uid for photo in photos)]
    shown = [key for key, layer in layers.items() if "is-shown" in layer["class"]]
    assert shown == ["original", candidate_of(request_).photo.uid]
    image = request_.current_search.image
    assert layers["original"]["data-size"] == f"{image.width} {image.height}"
    assert len(layers["original"]["data-eyes"].split()) == 4
    assert [len(layers[photo.uid]["data-eyes"].split()) for photo in photos] == [4, 4, 4]
    assert "searched, not compared" in layers["prepared"]["data-label"]
    assert [link["data-photo"] for link in page.select("[data-strip] a")] == [photo.uid for photo in photos]
    assert all(client.get(layer.image["href"]).status_code == 200 for layer in layers.values())
    event = db.session.query(AuditEvent).filter_by(event="faces.viewed").order_by(AuditEvent.sequence.desc()).first()
    derived = request_.current_search.derived
    assert json.loads(event.keys) == {
        "page": "review.compare",
        "faces": [image.uid, derived.uid, *(photo.uid for photo in photos)],
    }


def test_without_javascript_a_mark_is_added_changed_drawn_and_taken_back(request_, sign_in):
    client, url = sign_in("k.rowan"), url_of(request_)
    photo = candidate_of(request_).person.photos[1]
    answer = send(client, url, f"{url}/marks", **fields(photograph=photo.uid, photo_first="", **DRAWN))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{url}?photo={photo.uid}#marks")
    [row] = db.session.query(Annotation).all()
    assert (row.photo_id, row.private["probe"], row.private["photo"]) == (photo.id, [[120.0, 88.5], [140.0, 90.0]], [])
    page = soup(client.get(answer.headers["Location"].split("#")[0]))
    assert page.select_one("[data-pane=photo] .is-shown")["data-image"] == photo.uid
    line = page.select_one("[data-image=original] .cor-mark line")
    assert (line["x1"], line["y2"]) == ("120.0", "90.0")
    assert "on the probe alone" in page.select_one("[data-mark]").get_text()
    again = {**DRAWN, "photo_first": "5; 6", "photo_second": "9, 9", "note": "A scar, not a crease"}
    answer = send(client, url, f"{url}/marks/1", **fields(1, photograph=photo.uid, **again))
    assert answer.status_code == 303
    db.session.refresh(row)
    assert (row.private["note"], row.private["photo"]) == ("A scar, not a crease", [[5.0, 6.0], [9.0, 9.0]])
    assert send(client, url, f"{url}/marks/1/removal").status_code == 303
    assert "No place is marked." in text(client.get(url))
    assert client.post(f"{url}/marks/1/removal", data=form_at(client, url, f"{url}/marks")).status_code == 404


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(request_, sign_in):
    client, url = sign_in("k.rowan"), url_of(request_)
    photo = candidate_of(request_).photo.uid
    for typed, field, words in (
        ({**DRAWN, "probe_second": "right of it"}, "probe_second", "Write two numbers"),
        ({**DRAWN, "probe_second": ""}, "probe_first", "has 2 points on the probe"),
        ({**DRAWN, "photo_first": "99999, 1", "photo_second": "1, 1"}, "photo_first", "outside the photograph"),
        ({**DRAWN, "note": ""}, "note", "Write what the mark shows."),
        ({**DRAWN, "kind": ""}, "kind", "Choose what to draw."),
        ({**DRAWN, "photograph": "0" * 32}, "photograph", "Choose one of this candidate"),
    ):
        sent = form_at(client, url, f"{url}/marks", **fields(**{"photograph": photo, **typed}))
        for headers in ({}, HTMX):
            answer = client.post(f"{url}/marks", data=sent, headers=headers)
            assert answer.status_code == 422
            page = soup(answer)
            assert words in text(answer)
            beside = page.select_one(f"#mark-new-{field}-error")
            assert beside is not None and words in beside.get_text(), field
            if field != "note":
                assert page.select_one("[name=mark-new-note]")["value"] == DRAWN["note"]
    assert db.session.query(Annotation).count() == 0


def test_a_change_on_an_older_page_loses_nothing(make, request_, sign_in):
    client, url = sign_in("k.rowan"), url_of(request_)
    make.mark(request_, candidate_of(request_))
    first, second = (
        form_at(client, url, f"{url}/marks/1", **fields(1, **DRAWN, photograph=p.uid))
        for p in candidate_of(request_).person.photos[:2]
    )
    assert client.post(f"{url}/marks/1", data=first).status_code == 303
    answer = client.post(f"{url}/marks/1", data={**second, "mark-1-note": "Typed on the older page"})
    assert answer.status_code == 409
    assert "You changed this in another window" in text(answer)
    assert "Typed on the older page" in answer.get_data(as_text=True)
    assert db.session.query(Annotation).one().private["note"] == DRAWN["note"]


@pytest.mark.clause("ACC-11")
def test_htmx_gets_the_marks_alone_and_no_face(request_, sign_in):
    client, url = sign_in("k.rowan"), url_of(request_)
    sent = form_at(client, url, f"{url}/marks", **fields(photograph=candidate_of(request_).photo.uid, **DRAWN))
    seen = db.session.query(AuditEvent).filter_by(event="faces.viewed").count()
    answer = client.post(f"{url}/marks", data=sent, headers=HTMX)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert 'id="marks"' in page and DRAWN["note"] in page
    assert "/images/" not in page
    assert db.session.query(AuditEvent).filter_by(event="faces.viewed").count() == seen


@pytest.mark.clause("SRC-4", "ACC-7")
def test_after_the_nomination_there_is_nothing_to_change_and_others_have_no_form(make, request_, sign_in):
    nominee = min(request_.current_round.search.candidates, key=lambda one: one.rank)
    make.mark(request_, nominee, "A mole on the chin.")
    url = f"/review/rounds/{request_.current_round.uid}/candidates/{nominee.shown_order}"
    client = sign_in("k.rowan")
    token = form_at(client, url, f"{url}/marks")
    reader = sign_in("c.hawthorn")
    assert "A mole on the chin." not in text(reader.get(url)), "working notes are their author's"
    make.nominate(request_)
    page = soup(client.get(url))
    assert "A mole on the chin." in page.get_text()
    assert page.select("#marks form") == []
    drawn = {**DRAWN, "photograph": nominee.photo.uid}
    typed = {**fields(1, version="1", **drawn), **fields(**drawn)}
    for action in ("marks", "marks/1", "marks/1/removal"):
        answer = client.post(f"{url}/{action}", data={**token, **typed})
        assert answer.status_code == 409, action
    for name in ("j.maple", "n.finch"):
        line = make.line_up(request_, name)
        peer, page = sign_in(name), address(line, line.subject_place.letter)
        assert peer.post(f"{url}/marks", data=form_at(peer, page, f"{page}/worksheet")).status_code == 404
        blind = peer.get(page).get_data(as_text=True)
        assert "data-viewer" in blind
        for hidden in ("A mole on the chin.", "cor-mark", "prepared", "Prepared"):
            assert hidden not in blind, hidden
    make.peers(request_)
    file = soup(reader.get(f"/final-review/{request_.number}"))
    assert "A mole on the chin." in file.get_text()
    assert len(file.select(".cor-mark")) == 2
    assert file.select("[data-viewer] form") == []


@pytest.mark.clause("SRC-4", "ACC-1", "ACC-11")
def test_the_print_has_both_pictures_with_every_mark_and_is_recorded(make, request_, sign_in):
    candidate = candidate_of(request_)
    make.mark(request_, candidate, "A mole beside <b>the</b> nose.")
    with_line = annotations.Drawn("line", [(100, 100), (150, 120)], [], "A crease on the probe alone.")
    from app.unit_of_work import unit_of_work

    actor = make.people.actor("k.rowan")
    with unit_of_work():
        annotations.add(request_, actor, candidate, candidate.person.photos[2], with_line)
    url = f"/review/rounds/{request_.current_round.uid}/comparison"
    client = sign_in("k.rowan")
    answer = client.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    printed = " ".join(checks.page_texts(answer.data))
    for said in (
        "A mole beside <b>the</b> nose.",
        "A crease on the probe alone.",
        "not marked",
        "150.0, 120.0",
        request_.case_number,
        "Kit Rowan",
        candidate.photo.record_number,
    ):
        assert "".join(said.split()) in "".join(printed.split()), said
    assert len(list(checks.pictures(answer.data))) == 4
    event = json.loads(db.session.query(AuditEvent).filter_by(event="comparison.printed").one().keys)
    shown = {candidate.photo.uid, candidate.person.photos[2].uid}
    assert event["round"] == request_.current_round.uid
    assert event["faces"][0] == request_.current_search.image.uid and set(event["faces"][1:]) == shown
    assert event["sha256"] == hashlib.sha256(answer.data).hexdigest()
    statuses = {name: sign_in(name).get(url).status_code for name in ("j.maple", "d.lark", "c.hawthorn")}
    assert statuses == {"j.maple": 404, "d.lark": 403, "c.hawthorn": 200}
    unread = " ".join(checks.page_texts(sign_in("c.hawthorn").get(url).data))
    assert "marked no place" in unread, "another's working notes are not printed before the round is open to all"
    stores().blobs.destroy(candidate.photo.blob_id)
    assert client.get(url).status_code == 409


def test_a_print_that_lacks_a_note_is_noticed(make, request_, monkeypatch):
    import dataclasses

    from app.documents.errors import RenderError
    from app.documents.examination import comparison
    from app.domain.examination.comparison_file import gather_comparison

    make.mark(request_, candidate_of(request_), "A mole beside the nose.")
    actor = make.people.actor("k.rowan")
    facts = gather_comparison(request_.current_round, actor, make.people.account("k.rowan"))
    assert comparison.render_comparison(facts).sha256 == comparison.render_comparison(facts).sha256
    [one] = facts.comparisons
    bare = dataclasses.replace(facts, comparisons=(dataclasses.replace(one, marks=()),))
    page = comparison._page
    monkeypatch.setattr(comparison, "_page", lambda _facts: page(bare))
    with pytest.raises(RenderError, match="mark 1"):
        comparison.render_comparison(facts)

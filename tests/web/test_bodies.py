"""What no form of the portal sends is answered with a plain page, on every route; nothing sent comes back at length."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from werkzeug.test import TestResponse
from wtforms import Form, StringField

from app.blueprints.limits import Length
from app.web.bodies import LONGEST_VALUE
from app.web.errors import TYPED_LIMIT
from tests.conftest import token_of

MEGABYTE = "Y" * 900_000
#: a plain page, with its styles and texts
PLAIN = 30_000
#: what breaks a form that reads it as its fields
NESTED = {"username": {"a": [1]}, "password": ["x"], "reason": {"a": 1}, "version": [], "face": {}, "text": 7}


@pytest.fixture
def unchecked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that judge no page: these requests come from no page of the portal."""
    monkeypatch.setattr(app, "test_client_class", None)


def post_routes(app: Flask) -> list[str]:
    """An address of every route that takes a form."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "POST" in (rule.methods or ()):
                values = {
                    name: 1 if "Integer" in type(rule._converters[name]).__name__ else "x" for name in rule.arguments
                }
                found.append(rule.build(values)[1])
    assert len(found) > 100
    return found


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "kind", ["application/json", "application/vnd.api+json", "text/plain", "application/xml", None]
)
@pytest.mark.parametrize("name", [None, "k.rowan"])
def test_no_route_takes_a_body_that_no_form_sends(app, sign_in, name, kind):
    client = sign_in(name) if name else app.test_client()
    token = token_of(client, "/report-misuse" if name else "/sign-in")
    for address in post_routes(app):
        answer = client.post(address, data=json.dumps(NESTED), content_type=kind, headers={"X-CSRFToken": token})
        assert answer.status_code == 415, address
        assert "only what its own forms send" in answer.text


@pytest.mark.usefixtures("unchecked")
def test_a_body_in_pieces_without_a_type_is_none_of_a_form(app):
    answer = app.test_client().post("/sign-in", data=b"{}", environ_overrides={"wsgi.input_terminated": True})
    assert answer.status_code == 415


def short(answer: TestResponse, status: int) -> bool:
    said = f"{answer.headers}{answer.text}".lower()
    return answer.status_code == status and len(said) < PLAIN and "y" * 1_000 not in said


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", [None, "k.rowan"])
def test_no_route_gives_back_a_megabyte(app, sign_in, name):
    client = sign_in(name) if name else app.test_client()
    token = token_of(client, "/report-misuse" if name else "/sign-in")
    for address in post_routes(app):
        assert short(client.post(address, data={"csrf_token": token, "reason": MEGABYTE}), 413), address
        assert short(client.post(address, data={"csrf_token": token, MEGABYTE: "x"}), 413), address
        assert short(client.post(f"{address}?next=/{MEGABYTE}", data={"csrf_token": token}), 414), address


@pytest.mark.usefixtures("unchecked")
def test_sign_in_gives_back_a_name_within_its_limit_alone(app):
    client = app.test_client()
    form = {"csrf_token": token_of(client, "/sign-in"), "password": "x"}
    assert short(client.post("/sign-in", data={**form, "username": "y" * LONGEST_VALUE}), 422)
    answer = client.post("/sign-in", data={**form, "username": "y" * 101})
    assert "y" * 101 in answer.text
    assert "1 character too many" in answer.text
    answer = client.post("/sign-in", data={**form, "username": "nobody", "next": "/requests?q=" + "Y" * 15_000})
    assert short(answer, 401)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("headers", [{"Referer": ""}, {"HX-Current-URL": "", "HX-Request": "true"}], ids=str)
def test_no_header_comes_back_at_length(app, headers):
    long = {name: value or f"http://localhost/static/{MEGABYTE}" for name, value in headers.items()}
    for answer in (
        app.test_client().get("/requests", headers=long),
        app.test_client().get(f"/static/{'Y' * 20_000}", headers=long),
        app.test_client().post("/sign-in", data={}, headers=long),
    ):
        assert len(answer.data) < PLAIN
        assert len(str(answer.headers)) < PLAIN


@pytest.mark.usefixtures("unchecked")
def test_an_expired_form_gives_back_what_a_person_types_and_no_more(app):
    many = {f"field{number}": "Y" * LONGEST_VALUE for number in range(45)}
    answer = app.test_client().post("/report-misuse", data={"what": "Seen in the hall.", **many})
    assert answer.status_code == 400
    assert "Seen in the hall." in answer.text
    assert len(answer.data) < TYPED_LIMIT + PLAIN


def test_a_text_of_more_than_twice_its_limit_is_not_shown_again():
    class Asked(Form):
        reason = StringField("Reason", [Length(max=100)])

    kept, far = Asked(data={"reason": "y" * 200}), Asked(data={"reason": "y" * 201})
    assert not kept.validate()
    assert not far.validate()
    assert (kept.reason.data, far.reason.data) == ("y" * 200, "")
    assert far.reason.errors == ["101 characters too many: at most 100 fit. The text is not shown again."]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("address", ["/requests/%00", "/requests?q=%00", "/audit?%00=1", "/sign-in?next=%2F%00"])
def test_a_character_that_no_database_keeps_is_refused_in_an_address(app, sign_in, address):
    for client in (app.test_client(), sign_in("d.lark")):
        answer = client.get(address)
        assert (answer.status_code, "\0" in answer.text) == (400, False)


@pytest.mark.usefixtures("unchecked")
def test_a_character_that_no_database_keeps_is_refused_in_every_form(app, sign_in):
    client = sign_in("k.rowan")
    token = token_of(client, "/report-misuse")
    for address in post_routes(app):
        for sent in ({"reason": "No\0w"}, {"rea\0son": "Now"}):
            assert client.post(address, data={"csrf_token": token, **sent}).status_code == 400, address

"""The tester is tested: a good page passes, and each bad construct is found."""

import pytest
from flask import Flask

from tests.web.page_checker import EXPECTED_HEADERS, CheckedClient, check_page, is_part

GOOD = """<!DOCTYPE html>
<html lang="en-US"><head><title>File a request · Corroborate</title>
<script src="/static/js/keys.js" defer></script></head>
<body><main id="main">
<h1>File a request</h1>
<h2>The case</h2>
<p><a href="#case">Case number: enter it</a> <a href="/list">Requests</a></p>
<form method="post" action="/file" enctype="multipart/form-data" hx-post="/file" hx-target="#main">
<input type="hidden" name="csrf_token" value="abc">
<label for="case">Case number</label><input id="case" name="case" aria-describedby="case-hint">
<span id="case-hint">As in the case file</span>
<fieldset><legend>Source</legend><input type="radio" id="s0" name="s" value="a">
<label for="s0">Camera</label></fieldset>
<label for="file">Image</label><input type="file" id="file" name="file">
<button type="submit">Submit</button></form>
<form method="get" action="/list"><label>Find <input name="q"></label>
<button type="submit">Find</button></form>
<img src="/image" alt="Probe image 1">
<table><caption>Requests</caption><thead><tr><th scope="col">Number</th></tr></thead>
<tbody><tr><td>1</td></tr></tbody></table>
<div id="poll" hx-get="/poll" hx-target="this"></div>
</main></body></html>"""

# (what is replaced, what it becomes, a piece of the sentence that must report it)
BAD = [
    ('<html lang="en-US">', "<html>", "no language"),
    ("<!DOCTYPE html>", "<html>", "invalid HTML"),
    ("<p><a", "<p><div></p></div><a", "invalid HTML"),
    ("<h1>File a request</h1>", "<p>File a request</p>", "0 h1"),
    ("<h2>The case</h2>", "<h1>The case</h1>", "2 h1"),
    ("<title>File", "<title>Fil", "does not start with the h1"),
    ("<title>File a request · Corroborate</title>", "<title></title>", "no title"),
    ('<main id="main">', '<div id="main">', "no main"),
    ('id="s0"', 'id="case"', "more than once"),
    ('id="poll"', 'id="po ll"', "has a space"),
    ('case-hint">As', 'other-hint">As', "aria-describedby names"),
    ('href="#case"', 'href="#nowhere"', "leads nowhere"),
    ("<h2>The case</h2>", "<h4>The case</h4>", "skips from h1 to h4"),
    ("<h2>The case</h2>", "<h2></h2>", "empty heading"),
    ('<form method="post" action="/file"', '<form method="post"', "without action"),
    ('<form method="get"', "<form", "without method"),
    ('value="abc"', 'value=""', "without CSRF token"),
    ('<input type="hidden" name="csrf_token" value="abc">', "", "without CSRF token"),
    ("<label>Find", '<input type="hidden" name="csrf_token" value="x"><label>Find', "into the address"),
    (' enctype="multipart/form-data"', "", "no multipart"),
    ('<button type="submit">Find</button>', "", "form without a button"),
    ('<button type="submit">Find', "<button>Find", "button without type"),
    ('<button type="submit">Submit', '<button type="submit">', "button without a name"),
    ('<label for="case">', '<label for="other">', "belongs to no control"),
    ('<label for="case">Case number</label>', "", "control without a label"),
    ("<label>Find <input", "<label>Find</label> <input", "belongs to no control"),
    ('<input name="q">', '<input name="q" maxlength="9">', "cut without a word"),
    ('<input name="q">', '<input id="q" name="q" data-limit="9">', "no line that counts"),
    ("<legend>Source</legend>", "", "without a legend"),
    ('<a href="/list">Requests</a>', '<a href="/list"></a>', "link without a name"),
    ('<script src="/static/js/keys.js" defer>', "<script>let a = 1", "inline script"),
    ("</head>", "<style>p { color: red }</style></head>", "inline style element"),
    ("<h2>", '<h2 style="color: red">', "inline attribute style"),
    ("<h2>", '<h2 onclick="go()">', "inline attribute onclick"),
    ("<h2>", '<h2 hx-on:click="go()">', "inline attribute hx-on"),
    ('href="/list"', 'href="javascript:go()"', "runs or carries content"),
    ('src="/image"', 'src="data:image/png;base64,AA"', "runs or carries content"),
    ('src="/image"', 'src="https://cdn.example/a.png"', "outside the portal"),
    ('id="poll"', """id="poll" hx-vals='js:{"a": 1}'""", "runs script"),
    (' alt="Probe image 1"', "", "image without alt"),
    ('<th scope="col">Number</th>', "<td>Number</td>", "without headers"),
    ("<caption>Requests</caption>", "", "without a caption"),
    ('<th scope="col">', "<th>", "without scope"),
    ('hx-target="#main"', 'hx-target="#gone"', "is not on the page"),
    ('hx-target="#main"', 'hx-target="main"', "neither an id nor relative"),
    (' hx-target="this"', "", "without a target"),
    ("<td>1</td>", "<td>None</td>", "shows 'None'"),
    ("<td>1</td>", "<td>Undefined</td>", "shows 'Undefined'"),
    ("<td>1</td>", "<td>{{ number }}</td>", "shows '{{'"),
    ("<td>1</td>", "<td>&lt;app.Request object at 0x7f&gt;</td>", "object at 0x"),
    ("<td>1</td>", "<td>&amp;lt;b&amp;gt;</td>", "&lt;b&gt;"),
    ('action="/list"', 'action="/list/None"', "shows 'None'"),
    ("<td>1</td>", "<td>Match score 0.9</td>", "say candidate"),
    ("<td>1</td>", "<td>The matched candidate</td>", "say candidate"),
]


@pytest.fixture
def app():
    app = Flask("page_checker_probe", static_folder=None)
    app.add_url_rule("/list", "list", lambda: GOOD)
    app.add_url_rule("/file", "file", lambda: GOOD, methods=["POST"])
    app.add_url_rule("/image", "image", lambda: GOOD)
    app.add_url_rule("/poll", "poll", lambda: "<p>Searching</p>")
    app.add_url_rule("/static/<path:name>", "files", lambda name: "")
    app.add_url_rule("/folder/", "folder", lambda: GOOD)
    app.test_client_class = CheckedClient
    return app


def set_headers(app, **changes):
    headers = {**EXPECTED_HEADERS, "Cache-Control": "no-store", "Vary": "HX-Request", **changes}

    @app.after_request
    def add(response):
        response.headers.update(headers)
        return response


def test_a_good_page_has_no_faults(app):
    assert check_page(GOOD, app=app, url="/list") == []


@pytest.mark.parametrize(("old", "new", "sentence"), BAD, ids=[f"{i}-{case[2][:24]}" for i, case in enumerate(BAD)])
def test_each_bad_construct_is_found(old, new, sentence):
    assert old in GOOD
    faults = check_page(GOOD.replace(old, new, 1))
    assert any(sentence in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('href="/list"', 'href="/lost"', "leads to no GET route"),
        ('action="/file"', 'action="/list"', "leads to no POST route"),
        ('hx-get="/poll"', 'hx-get="/pull"', "leads to no GET route"),
        ('href="/list"', 'href="/folder"', "another spelling"),
    ],
)
def test_addresses_are_resolved_against_the_routes(app, old, new, sentence):
    faults = check_page(GOOD.replace(old, new, 1), app=app, url="/list")
    assert any(sentence in fault for fault in faults), faults


def test_a_missing_static_file_is_found(tmp_path):
    app = Flask("page_checker_static", static_folder=str(tmp_path), static_url_path="/static")
    page = '<p><img src="/static/a.svg" alt=""></p>'
    assert any("not among the static files" in fault for fault in check_page(page, app=app))
    (tmp_path / "a.svg").write_text("<svg/>")
    assert check_page(page, app=app) == []


def test_typed_text_may_say_anything():
    typed = '<label for="t">Basis</label><textarea id="t">None of it, {{ 7 }}, match score</textarea>'
    shown = "<p data-typed>{{ 7 }}</p>"
    assert check_page(typed + shown) == []


def test_a_part_needs_no_document_but_keeps_the_other_rules():
    part = '<div id="poll"><button>Again</button></div>'
    assert is_part(part)
    assert not is_part(GOOD)
    assert check_page(part) == ["a button without type: <button>Again</button>"]


def test_the_client_passes_a_good_answer(app):
    set_headers(app)
    client = app.test_client()
    assert client.get("/list").status_code == 200
    assert client.get("/poll", headers={"HX-Request": "true"}).status_code == 200


def test_the_client_refuses_a_part_where_a_page_was_asked_for(app):
    set_headers(app)
    with pytest.raises(AssertionError, match="a part was sent"):
        app.test_client().get("/poll")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((GOOD, {}), "a whole page was sent"),
        (("<p>Part</p>", {"HX-Retarget": "body"}), "place of the whole page"),
        (("", 303, {"Location": "/list"}), "HX-Redirect"),
        ((GOOD, {"HX-Retarget": "body"}), None),
        ((GOOD, 503, {"HX-Reswap": "none"}), None),
    ],
)
def test_the_client_refuses_what_htmx_would_put_into_a_part_wrongly(app, answer, fault):
    set_headers(app)
    app.add_url_rule("/asked", "asked", lambda: answer)
    client = app.test_client()
    if fault is None:
        client.get("/asked", headers={"HX-Request": "true"})
    else:
        with pytest.raises(AssertionError, match=fault):
            client.get("/asked", headers={"HX-Request": "true"})


def test_the_client_refuses_a_bad_page(app):
    set_headers(app)
    app.add_url_rule("/bad", "bad", lambda: GOOD.replace("<h1>", "<h3>").replace("</h1>", "</h3>"))
    with pytest.raises(AssertionError, match="0 h1"):
        app.test_client().get("/bad")


@pytest.mark.parametrize("name", [*EXPECTED_HEADERS, "Cache-Control", "Vary"])
def test_the_client_refuses_any_other_header(app, name):
    set_headers(app, **{name: "other"})
    with pytest.raises(AssertionError, match=name):
        app.test_client().get("/list")


def test_the_client_checks_each_redirect_on_the_way(app):
    app.add_url_rule("/away", "away", lambda: ("", 303, {"Location": "/list"}))

    @app.after_request
    def only_the_last(response):
        if response.status_code == 200:
            response.headers.update({**EXPECTED_HEADERS, "Cache-Control": "no-store", "Vary": "HX-Request"})
        return response

    with pytest.raises(AssertionError, match="/away"):
        app.test_client().get("/away", follow_redirects=True)

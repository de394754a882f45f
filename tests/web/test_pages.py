"""Layouts, components, error pages and headers of a small application, read by the page checker."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask, abort, flash, g, request
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, UndefinedError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    PasswordField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.validators import DataRequired, InputRequired, Optional

import app.factory as product
from app.blueprints.choice_fields import RadioField, SelectField, SelectMultipleField
from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length
from app.context import NavItem
from app.policy import policy
from app.web.errors import error_page, register_errors
from app.web.formats import ago, plural
from app.web.headers import register_headers
from app.web.pages import LINKS, page, redirect_after_post
from tests.web.page_checker import CheckedClient
from tests.web.page_reading import soup

NOW = datetime(2026, 11, 23, 8, 47)
RULE = SimpleNamespace(id="peer.other", text="Peer review is by other examiners.", authority=("SRC-4", "FAIR-1"))
REFUSAL = SimpleNamespace(rule=RULE, reason="You nominated this candidate.", unblock="Another examiner takes it.")
FLOW = policy().workflow("request")
SUBJECT = SimpleNamespace(state="nominated", stands=FLOW.state("nominated"), flow=lambda: FLOW)
TEMPLATES = Path(__file__).parent / "templates"


class CaseForm(FlaskForm):
    case = StringField("Case number", validators=[DataRequired("Enter the case number.")])
    day = DateField("Date", validators=[Optional()])
    use = SelectField("Use", choices=[("1", "USE-1"), ("2", "USE-2")], validators=[Optional()])
    basis = TextAreaField("Basis", validators=[Length(max=4000)], filters=[stripped])
    notes = TextAreaField("Notes")
    image = FileField("Image")
    source = RadioField(
        "How was it obtained?",
        choices=[("Camera", "Camera"), ("Witness", "Witness")],
        validators=[InputRequired("Choose.")],
    )
    kinds = SelectMultipleField(
        "Shows",
        choices=[("Face", "Face"), ("Tattoo", "Tattoo")],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validators=[Optional()],
    )
    attest = BooleanField("Unaltered", validators=[DataRequired("Attest it.")])
    password = PasswordField("Your password")


class Filter(FlaskForm):
    state = SelectField("State", choices=[("", "Any")])


def components():
    form = CaseForm()
    if request.method == "POST":
        form.validate()
    return page(
        "components.html",
        form=form,
        filter=Filter(request.args, meta={"csrf": False}),
        now=NOW,
        subject=SUBJECT,
        rule=RULE,
        policy=policy(),
        refusal=REFUSAL,
        pages=SimpleNamespace(page=2, pages=3, total=60),
        tabs_=[SimpleNamespace(label="Overview", url="/", active=True)],
    ), 422 if form.errors else 200


@pytest.fixture
def app():
    app = Flask(product.__name__)
    app.config.update(SECRET_KEY="for these tests only")
    app.extensions["settings"] = SimpleNamespace(
        time_zone="America/New_York", department="Example Police", demonstration=True
    )
    CSRFProtect(app)
    register_errors(app)
    register_headers(app)
    templates = {"unknown.html": "{{ nobody_gave_this }}", "small.html": "<p>part</p>"}
    app.jinja_loader = ChoiceLoader([app.jinja_loader, DictLoader(templates), FileSystemLoader(TEMPLATES)])
    app.test_client_class = CheckedClient
    person = SimpleNamespace(display_name="Det. Ada Example", title="Detective", command="Example Precinct")

    @app.context_processor
    def shared():
        return {
            "demonstration": True,
            "department": "Example Police",
            "nav": [
                NavItem("Home", "/", active=True),
                NavItem("Unit", active=True, menu=(NavItem("Words", "/components"),)),
            ],
            "person": person,
            "unread": 2,
            "policy_version": "9f8a77c1d0e2b3a4c5d6",
            "policy_dated": date(2026, 1, 1),
        }

    app.add_url_rule("/components", "components", components, methods=["GET", "POST"])
    app.add_url_rule("/", "home", lambda: error_page(404))
    for name in ("sign_in", "notifications", "misuse", "policy", "verify"):
        app.add_url_rule(LINKS[name], name, lambda: error_page(404))
    app.add_url_rule(LINKS["sign_out"], "sign_out", lambda: error_page(404), methods=["POST"])
    return app


def token(client):
    html = client.get("/components").get_data(as_text=True)
    return BeautifulSoup(html, "lxml").select_one("input[name=csrf_token]")["value"]


def test_every_component_makes_a_page_without_faults(app):
    html = app.test_client().get("/components").get_data(as_text=True)
    page = BeautifulSoup(html, "lxml")
    assert page.h1.text == "Request <1>"
    assert page.title.text == "Request <1> · Corroborate"
    assert page.select_one(f'footer a[href="{LINKS["misuse"]}"]').text == "Report misuse"
    assert "A possible match is a lead, never probable cause." in page.footer.text
    assert "Policy version of 1 Jan 2026" in page.footer.text
    assert page.select_one(".cor-demonstration").text == "Demonstration, not for casework"
    assert "official police business" in page.select_one(".cor-official").text
    assert [link["href"] for link in page.select(".cor-rule .cor-cite a")] == [
        "/policy#SRC-4",
        "/policy#FAIR-1",
    ]
    assert page.select_one("time")["datetime"] == "2026-11-23T08:47:00+00:00"
    assert page.select_one(".cor-face--chosen")["x"] == "5"
    assert page.select_one("#basis")["data-limit"] == "4000"
    assert page.select_one("#basis-limit").text == "At most 4,000 characters"


def test_a_refused_form_keeps_what_was_typed_and_links_to_each_fault(app):
    client = app.test_client()
    typed = {"csrf_token": token(client), "notes": "Seen twice.", "kinds": "Tattoo", "password": "not kept"}
    answer = client.post("/components", data=typed)
    assert answer.status_code == 422
    page = soup(answer)
    assert page.select_one("#notes").text.strip() == "Seen twice."
    assert page.select_one("#kinds-1").has_attr("checked")
    assert "not kept" not in str(page)
    summary = page.select(".cor-error-summary a")
    assert [link["href"] for link in summary] == ["#case", "#source-0", "#attest"]
    assert page.select_one("#case")["aria-describedby"] == "case-hint case-error"
    assert "entries to correct" in page.title.text


def test_a_text_that_is_too_long_is_refused_by_how_much_and_kept_whole(app):
    client = app.test_client()
    long = "x" * 5204
    page = soup(client.post("/components", data={"csrf_token": token(client), "basis": f"  {long}\r\n"}))
    fault = page.select_one("#basis-error").text
    assert fault == "Error: 1,204 characters too many: at most 4,000 fit. Nothing was cut."
    assert page.select_one("#basis").text.strip() == long
    assert "#basis" in [link["href"] for link in page.select(".cor-error-summary a")]


def test_every_form_refuses_too_long_a_text_in_the_same_words():
    """WTForms' own check says only that it is too long; the form asks ours."""
    root = Path(product.__file__).parent
    own = root / "blueprints" / "limits.py"
    theirs = re.compile(r"from wtforms\.validators import .*\bLength\b|validators\.Length")
    found = [str(p.relative_to(root)) for p in root.rglob("*.py") if p != own and theirs.search(p.read_text("utf-8"))]
    assert found == []


def test_no_demonstration_strip_in_casework(app):
    app.context_processor(lambda: {"demonstration": False})
    assert "Demonstration" not in app.test_client().get("/components").get_data(as_text=True)


def test_flash_messages_are_shown_once_and_escaped(app):
    def save():
        flash("Draft <saved>.", "success")
        return redirect_after_post("/components")

    app.add_url_rule("/save", "save", save)
    client = app.test_client()
    assert "Draft &lt;saved&gt;." in client.get("/save", follow_redirects=True).get_data(as_text=True)
    assert "Draft" not in client.get("/components").get_data(as_text=True)


def test_an_unknown_variable_is_an_error(app):
    with app.test_request_context(), pytest.raises(UndefinedError):
        page("unknown.html")


def test_htmx_gets_the_part_and_a_boosted_link_the_page(app):
    with app.test_request_context(headers={"HX-Request": "true"}):
        assert page("components.html", "small.html") == "<p>part</p>"
    with (
        app.test_request_context(headers={"HX-Request": "true", "HX-Boosted": "true"}),
        pytest.raises(UndefinedError),
    ):
        page("unknown.html", "small.html")


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "next"])
def test_redirects_stay_in_the_portal(app, url):
    with app.test_request_context(), pytest.raises(ValueError, match="only to addresses of this portal"):
        redirect_after_post(url)


def test_redirect_after_post_for_browser_and_htmx(app):
    with app.test_request_context():
        answer = redirect_after_post("/policy")
        assert (answer.status_code, answer.location) == (303, "/policy")
    with app.test_request_context(headers={"HX-Request": "true"}):
        answer = redirect_after_post("/policy")
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/policy")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 501, 503])
def test_every_error_has_its_status_and_a_whole_page(app, status):
    app.add_url_rule("/fault", "fault", lambda: abort(status))
    answer = app.test_client().get("/fault")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "HX-Retarget" not in answer.headers


HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 501, 503])
def test_an_error_takes_the_place_of_the_whole_page_wherever_htmx_asked(app, status):
    app.add_url_rule("/fault", "fault", lambda: abort(status))
    answer = app.test_client().get("/fault", headers=HTMX)
    assert answer.status_code == status
    assert answer.headers["HX-Retarget"] == "body"
    assert answer.headers["HX-Reswap"].startswith("innerHTML")
    assert soup(answer).select_one("main h1") is not None


@pytest.mark.parametrize(("status", "whole"), [(403, True), (404, True), (500, False), (503, False)])
def test_a_poll_that_meets_a_passing_fault_leaves_the_page_alone(app, status, whole):
    app.add_url_rule("/poll", "poll", lambda: abort(status), methods=["GET"])
    htmx_answer = app.test_client().get("/poll", headers={**HTMX, "X-Poll": "1"})
    assert htmx_answer.status_code == status
    assert ("HX-Retarget" in htmx_answer.headers) is whole
    assert (htmx_answer.headers["HX-Reswap"] == "none") is not whole


def test_htmx_is_led_where_a_browser_is_redirected(app):
    app.add_url_rule("/away", "away", lambda: ("", 302, {"Location": "/components?page=2"}))
    assert app.test_client().get("/away").location == "/components?page=2"
    answer = app.test_client().get("/away", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.data) == (200, "/components?page=2", b"")
    assert answer.location is None


def test_an_error_page_needs_no_context_processor(app):
    @app.context_processor
    def down():
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    answer = app.test_client().get("/components")
    assert answer.status_code == 503
    assert "connection refused" not in answer.get_data(as_text=True)
    assert "Demonstration, not for casework" in answer.get_data(as_text=True)


def test_a_refusal_shows_the_rule_and_falls_back_when_navigation_fails(app):
    failing = []

    @app.context_processor
    def navigation():
        if failing:
            raise RuntimeError
        return {}

    app.add_url_rule("/refuse", "refuse", lambda: error_page(403, safe=False, refusal=REFUSAL))
    whole = app.test_client().get("/refuse").get_data(as_text=True)
    assert RULE.text in whole
    assert "Det. Ada Example" in whole

    failing.append(True)
    answer = app.test_client().get("/refuse")
    assert answer.status_code == 403
    assert RULE.text in answer.get_data(as_text=True)
    assert "Det. Ada Example" not in answer.get_data(as_text=True)


def test_an_unforeseen_error_has_an_id_and_no_traceback(app, caplog):
    def fail():
        raise RuntimeError("secret detail")

    app.add_url_rule("/fail", "fail", fail)
    answer = app.test_client().get("/fail")
    text = answer.get_data(as_text=True)
    error_id = BeautifulSoup(text, "lxml").select_one("strong.cor-mono").text
    assert answer.status_code == 500
    assert "secret detail" not in text
    assert any(error_id in record.getMessage() for record in caplog.records)


def test_an_error_page_that_cannot_be_rendered_is_a_line_of_text(app):
    app.jinja_env.globals.pop("links")
    answer = app.test_client().get("/lost")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")


def test_an_expired_form_gives_the_text_back_but_no_secret(app):
    typed = {
        "basis": "The <facts> of the case.",
        "key_facts": "Left by the back door.",
        "password": "hunter2",
        "new-password2": "hunter2",
        "otp_code": "123456",
        "csrf_token": "old",
    }
    answer = app.test_client().post("/components", data=typed)
    page = soup(answer)
    assert answer.status_code == 400
    assert [area.text.strip() for area in page.select("textarea")] == [
        "The <facts> of the case.",
        "Left by the back door.",
    ]
    assert "hunter2" not in str(page)
    assert "123456" not in str(page)
    assert not page.select("form")


def test_an_expired_part_gives_the_whole_page_with_the_text_and_the_way_back(app):
    """The part's own address is no page: the way back is the page on which it stood."""
    app.add_url_rule("/part", "part", lambda: "<p>part</p>", methods=["GET", "POST"])
    typed = {"csrf_token": "old", "basis": "Seen at the door.", "mark-version": "3", "shown_use": "USE-1", "once": "a1"}
    headers = {**HTMX, "HX-Current-URL": "http://localhost/components?page=2"}
    answer = app.test_client().post("/part", data=typed, headers=headers)
    page = soup(answer)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "body")
    assert [area.text.strip() for area in page.select("textarea")] == ["Seen at the door."]
    assert page.select_one('main a[href="/components"]').text == "Open the page again"


@pytest.mark.parametrize("status", [401, 409, 422, 429, 500, 503])
def test_what_was_typed_is_given_back_whatever_the_fault(app, status):
    app.add_url_rule("/fault", "fault", lambda: abort(status), methods=["POST"])
    client = app.test_client()
    answer = client.post("/fault", data={"csrf_token": token(client), "basis": "Seen at the door.", "password": "pw"})
    assert answer.status_code == status
    assert [area.text.strip() for area in soup(answer).select("textarea")] == ["Seen at the door."]


def test_a_form_that_is_too_large_is_told_so(app):
    app.config["MAX_CONTENT_LENGTH"] = 100
    app.add_url_rule("/large", "large", lambda: request.form["basis"], methods=["POST"])
    answer = app.test_client().post("/large", data={"basis": "x" * 200})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "noted", "said"),
    [
        ("POST", None, "Nothing was saved by this step."),
        ("POST", "yes", "What you sent, or part of it, was saved before this happened."),
        ("POST", "unknown", "It is not certain whether your last step was saved."),
        ("GET", None, ""),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 413, 418, 422, 429, 500, 503])
def test_an_error_page_says_what_became_of_what_was_sent(app, status, method, noted, said):
    def fail():
        if noted:
            g.saved = noted
        abort(status)

    app.add_url_rule("/fault", "fault", fail, methods=[method])
    client = app.test_client()
    answer = client.open("/fault", method=method, data={"csrf_token": token(client)} if method == "POST" else None)
    text = " ".join(soup(answer).main.get_text(" ").split())
    assert answer.status_code == status
    assert said in text
    for other in ("Nothing was saved", "was saved before this happened", "not certain whether"):
        assert (other in text) == (other in said), text


def test_headers_of_an_error_are_kept(app):
    app.add_url_rule("/busy", "busy", lambda: abort(429, retry_after=900))
    wrong_verb = app.test_client().put("/busy")
    assert wrong_verb.status_code == 405
    assert "GET" in wrong_verb.headers["Allow"]
    answer = app.test_client().get("/busy")
    assert answer.headers["Retry-After"] == "900"
    assert "900 seconds" in answer.get_data(as_text=True)


def test_a_decision_made_elsewhere_is_a_conflict(app):
    def late():
        raise StaleDataError

    app.add_url_rule("/late", "late", late)
    answer = app.test_client().get("/late")
    assert answer.status_code == 409
    assert "Changed meanwhile" in answer.get_data(as_text=True)


def test_strict_transport_only_over_tls_and_static_files_may_be_kept(app):
    client = app.test_client()
    assert "Strict-Transport-Security" not in client.get("/components").headers
    secure = client.get("/components", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/static/css/theme.css").headers["Cache-Control"] != "no-store"


def test_sort_links_change_one_argument(app):
    html = app.test_client().get("/components?state=draft&page=3").get_data(as_text=True)
    link = BeautifulSoup(html, "lxml").select_one("th[aria-sort] a")["href"]
    assert set(urlsplit(link).query.split("&")) == {"state=draft", "sort=-number"}


@pytest.mark.parametrize(
    ("filter_", "value", "shown"),
    [
        ("when", NOW, "23 Nov 2026, 03:47 −05:00"),
        ("when", datetime(2026, 7, 1, 2, 5, tzinfo=UTC), "30 Jun 2026, 22:05 −04:00"),
        ("day", datetime(2026, 7, 1, 2, 5), "30 Jun 2026"),
        ("day", date(2026, 7, 1), "1 Jul 2026"),
        ("iso", NOW, "2026-11-23T08:47:00+00:00"),
        ("day_typed", "2026-11-21", "21 Nov 2026"),
        ("day_typed", "last week", "last week"),
        ("digest_short", "0123456789abcdef", "0123456789ab"),
    ],
)
def test_filters(app, filter_, value, shown):
    with app.test_request_context():
        assert app.jinja_env.filters[filter_](value) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 11, 23, 8, 46, 30), "just now"),
        (datetime(2026, 11, 23, 8, 45), "2 minutes ago"),
        (datetime(2026, 11, 23, 7, 47, tzinfo=UTC), "1 hour ago"),
        (datetime(2026, 11, 20, 8, 47), "3 days ago"),
        (datetime(2026, 11, 25, 8, 47), "in 2 days"),
    ],
)
def test_ago(at, shown):
    assert ago(at, NOW) == shown


def test_plural():
    assert [plural(1, "image"), plural(0, "image"), plural(1200, "entry", "entries")] == [
        "1 image",
        "0 images",
        "1,200 entries",
    ]


def test_the_way_back_from_a_conflict_is_a_page(app):
    """The address of a form alone answers no GET: the way back is the page it stood on, or home."""

    def late():
        raise StaleDataError

    app.add_url_rule("/late-form", "late_form", late, methods=["POST"])
    client = app.test_client()
    sent = token(client)
    for referrer, wanted in (("http://localhost/components", "/components"), ("http://elsewhere.test/components", "/")):
        answer = client.post("/late-form", data={"csrf_token": sent}, headers={"Referer": referrer})
        assert answer.status_code == 409
        assert f'<a href="{wanted}">See how it stands now</a>' in answer.get_data(as_text=True)

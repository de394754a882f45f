"""Layouts, components, error pages and headers of a small application, read by the page checker."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask, abort, flash, request
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, UndefinedError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

import app as product
from app.context import NavItem
from app.policy import policy
from app.web import (
    LINKS,
    ago,
    error_page,
    page,
    plural,
    redirect_after_post,
    register_errors,
    register_headers,
)
from tests.web.page_checker import CheckedClient
from tests.web.reading import soup

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
    basis = TextAreaField("Basis", validators=[Length(max=4000)])
    notes = TextAreaField("Notes")
    image = FileField("Image")
    source = RadioField("How was it obtained?", choices=["Camera", "Witness"], validators=[InputRequired("Choose.")])
    kinds = SelectMultipleField(
        "Shows",
        choices=["Face", "Tattoo"],
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
        refusal=REFUSAL,
        pages=SimpleNamespace(page=2, pages=3, total=60),
        tabs_=[SimpleNamespace(label="Overview", url="/", active=True)],
    ), 422 if form.errors else 200


@pytest.fixture
def app():
    app = Flask(product.__name__)
    app.config.update(SECRET_KEY="for these tests only", DEPARTMENT="Example Police", DEMONSTRATION=True)
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
    assert "A result is a lead, never probable cause." in page.footer.text
    assert page.select_one("footer .cor-mono").text == "9f8a77c1d0e2"
    assert page.select_one(".cor-demonstration").text == "Demonstration, not for casework"
    assert "official police business" in page.select_one(".cor-official").text
    assert [link["href"] for link in page.select(".cor-rule .cor-cite a")] == [
        "/policy#SRC-4",
        "/policy#FAIR-1",
    ]
    assert page.select_one("time")["datetime"] == "2026-11-23T08:47:00+00:00"
    assert page.select_one(".cor-face--chosen")["x"] == "5"
    assert "You can enter up to 4000 characters" in page.text


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
    assert "not saved" in page.title.text


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
        assert page("components.html", part="small.html") == "<p>part</p>"
    with (
        app.test_request_context(headers={"HX-Request": "true", "HX-Boosted": "true"}),
        pytest.raises(UndefinedError),
    ):
        page("unknown.html", part="small.html")


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
    part = app.test_client().get("/fault", headers={"HX-Request": "true"})
    assert part.status_code == status
    assert "<main" not in part.get_data(as_text=True)


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
    assert "Someone else was first" in answer.get_data(as_text=True)


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

"""Reports of misuse: from every page, by everybody, to the integrity officers and to nobody else (LIM-9)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEvent, MisuseReport, Notification
from demo.accounts import load_accounts
from tests.web.page_reading import soup

TEXT = "A colleague looked up the neighbor's photograph on 20 November without any case."
EVERYBODY = sorted({load_accounts().members(group)[0].uid for group in load_accounts().groups})


def write(client, post, **data):
    return post(client, "/report-misuse", {"what": TEXT, "page": "/gallery", **data})


def stored() -> MisuseReport:
    db.session.rollback()
    return db.session.scalars(select(MisuseReport)).one()


@pytest.mark.clause("LIM-9")
@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_can_report_from_every_page(sign_in, post, name) -> None:
    client = sign_in(name)
    for path in ("/", "/policy", "/sessions"):
        page = soup(client.get(path))
        assert page.select_one('a[href="/report-misuse"]'), path
    assert write(client, post).status_code == 303
    assert stored().reporter.name == name


@pytest.mark.clause("LIM-9", "AUD-4")
def test_it_reaches_integrity_officers_only(sign_in, post, people) -> None:
    for name in ("h.larch", "c.hawthorn", "w.sparrow", "f.spruce"):
        people.account(name)
    write(sign_in("d.lark"), post)
    report = stored()
    notified = db.session.scalars(select(Notification).where(Notification.kind == "misuse_reported")).all()
    assert [row.account.name for row in notified] == ["h.larch"]
    address = f"/misuse/{report.uid}"
    for name in ("d.lark", "s.alder", "k.rowan", "c.hawthorn", "r.falcon", "w.sparrow", "f.spruce", "x.magpie"):
        client = sign_in(name)
        assert client.get("/misuse").status_code == 403, name
        assert client.get(address).status_code == 403, name
    assert db.session.scalars(select(AuditEvent).where(AuditEvent.event == "misuse.read")).first() is None
    officer = sign_in("h.larch")
    assert report.uid[:8] in officer.get("/misuse").get_data(as_text=True)
    assert TEXT not in officer.get("/misuse").get_data(as_text=True)
    html = officer.get(address).get_data(as_text=True)
    assert "neighbor" in html
    assert "Dana Lark" in html


@pytest.mark.clause("LIM-9", "AUD-4")
def test_reading_is_recorded_each_time_and_the_first_reader_stays(sign_in, post) -> None:
    write(sign_in("d.lark"), post)
    officer = sign_in("h.larch")
    for _ in range(2):
        officer.get(f"/misuse/{stored().uid}")
    report = stored()
    assert report.read_by.name == "h.larch"
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "misuse.read")).all()
    assert [event.subject_id for event in events] == [report.uid] * 2


@pytest.mark.clause("LIM-9")
def test_who_asks_not_to_be_named_is_named_nowhere(sign_in, post) -> None:
    write(sign_in("d.lark"), post, unnamed="y")
    report = stored()
    assert report.reporter_id is None
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "misuse.reported")).one()
    assert (event.actor_id, event.session_id) == (None, None)
    html = sign_in("h.larch").get(f"/misuse/{report.uid}").get_data(as_text=True)
    assert "Lark" not in html
    assert "d.lark" not in html


@pytest.mark.clause("LIM-9", "ACC-10")
def test_the_text_is_sealed_under_a_key_of_its_own(sign_in, post, settings, make) -> None:
    request = make.request(state="draft")
    write(sign_in("d.lark"), post)
    report = stored()
    assert report.private["what"] == TEXT
    assert report.key_id != request.key_id
    for path in settings.data_dir.rglob("*"):
        assert not path.is_file() or b"neighbor" not in path.read_bytes(), path


@pytest.mark.clause("LIM-9")
def test_a_report_without_content_is_not_sent_and_not_lost(sign_in, post) -> None:
    client = sign_in("d.lark")
    answer = write(client, post, what="too short")
    assert answer.status_code == 422
    assert "too short" in answer.get_data(as_text=True)
    db.session.rollback()
    assert db.session.scalars(select(MisuseReport)).first() is None


def test_the_page_it_concerns_is_filled_in(sign_in) -> None:
    client = sign_in("d.lark")
    html = client.get("/report-misuse", headers={"Referer": "http://localhost/requests?page=2"}).get_data(as_text=True)
    assert 'value="/requests?page=2"' in html
    foreign = client.get("/report-misuse", headers={"Referer": "http://example.test/requests"}).get_data(as_text=True)
    assert "example.test" not in foreign


# Notifications ---------------------------------------------------------------------------------------------


@pytest.fixture
def notified(people, make):
    """d.lark has two notifications, m.heron one."""
    from app.domain.notices.notifications import tell
    from app.unit_of_work import unit_of_work

    request = make.request(state="draft")
    lark, heron = people.account("d.lark").id, people.account("m.heron").id
    with unit_of_work():
        tell("basis_confirmed", [lark, heron], request)
        tell("images_returned", [lark], request)
    return request


def unread(name: str, people) -> int:
    db.session.rollback()
    rows = select(Notification).where(
        Notification.account_id == people.account(name).id, Notification.read_at.is_(None)
    )
    return len(db.session.scalars(rows).all())


def test_notifications_are_ones_own_and_lead_to_the_request(sign_in, notified) -> None:
    page = soup(sign_in("d.lark").get("/notifications"))
    assert len(page.select("tbody tr")) == 2
    assert page.select_one("tbody a")["href"] == f"/requests/{notified.number}"


def test_one_or_all_are_marked_read_and_never_somebody_elses(sign_in, post, notified, people) -> None:
    client = sign_in("d.lark")
    rows = db.session.scalars(select(Notification).where(Notification.account_id == people.account("d.lark").id)).all()
    first, theirs = (
        rows[0].uid,
        db.session.scalars(
            select(Notification.uid).where(Notification.account_id == people.account("m.heron").id)
        ).one(),
    )
    post(client, "/notifications/read", {"uid": theirs}, page="/notifications")
    assert unread("m.heron", people) == 1
    post(client, "/notifications/read", {"uid": first}, page="/notifications")
    assert unread("d.lark", people) == 1
    part = post(client, "/notifications/read", page="/notifications", headers={"HX-Request": "true"})
    assert part.get_data(as_text=True).lstrip().startswith('<div id="notifications"')
    assert unread("d.lark", people) == 0
    assert unread("m.heron", people) == 1


def test_an_expired_form_leads_back_to_its_page(sign_in) -> None:
    client = sign_in("d.lark")
    answer = client.post("/sessions/end", data={}, headers={"Referer": "http://localhost/sessions"})
    assert answer.status_code == 400
    assert 'href="/sessions"' in answer.get_data(as_text=True)

"""Sealing orders over HTTP: form, preview, signature, progress, look-back, notices, certificate (CAP-3)."""

from __future__ import annotations

import json

import pytest

from app.calendar import today
from app.domain.approval import verbs as approvals
from app.domain.peers.conditions import line_ups_of
from app.extensions import db, stores
from app.models import GalleryPhoto, SealingOrder
from app.models.engine import AuditEvent
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.web.line_up_pages import address
from tests.web.page_reading import soup, text
from tests.web.retention.test_retention import send

PASSWORD = "corroborate-demo"
NEW = "/retention/sealings/new"
pytestmark = [needs_models, pytest.mark.clause("CAP-3")]


def order_form(*records: str, **changes: str) -> dict[str, str]:
    return {
        "kind": "sealed",
        "order_number": "IND-70123-2026",
        "authority": "Criminal Court of the Example City",
        "dated": today().isoformat(),
        "records": "\n".join(records),
        "person_number": "",
        **changes,
    }


def preview(client, status: int = 200, **given: str):
    return send(client, NEW, "/preview", status, **given)


def sign(client, answer, status: int = 303, password: str = PASSWORD, **changes: str):
    """Send the signed form of a preview."""
    form = next(form for form in soup(answer).select("form") if form["action"].endswith("/new"))
    hidden = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    sent = client.post(form["action"], data={**hidden, "password": password, **changes})
    assert sent.status_code == status, text(sent)
    db.session.expire_all()
    return sent


@pytest.fixture
def photos(make) -> list[GalleryPhoto]:
    return make.enrol([person(7)], 2)


def test_from_the_order_to_the_certificate(photos, sign_in, run_jobs):
    client, (first, second) = sign_in("b.juniper"), photos
    record = first.record_number
    assert "No sealing order has come in yet." in text(client.get("/retention/sealings"))
    shown = preview(client, **order_form(first.record_number, "R-absent"))
    said = text(shown)
    assert "Will leave: 1 photograph" in said and first.record_number in said
    assert "Not held here, and kept out from now on: R-absent" in said
    assert first.removed_at is None and db.session.query(SealingOrder).count() == 0, "a preview changes nothing"

    assert "The password is wrong. Nothing was sealed." in text(sign(client, shown, 422, "wrong"))
    assert "Enter your password again." in text(sign(client, shown, 422, ""))
    assert first.removed_at is None
    answer = sign(client, shown)
    order = db.session.query(SealingOrder).one()
    assert answer.headers["Location"] == f"/retention/sealings/{order.number}"
    assert (order.state, order.way, order.received_by.name) == ("removed", "page", "b.juniper")
    assert first.removed_at is not None and second.removed_at is None
    assert stores().keys.is_destroyed(first.key_id) and not stores().keys.is_destroyed(second.key_id)

    url = answer.headers["Location"]
    assert client.get(f"{url}/certificate").status_code == 404
    waiting = client.get(url, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert 'aria-busy="true"' in waiting and "<h1" not in waiting
    run_jobs()
    said = text(client.get(url))
    assert "Certified" in said and "1 key, 1 file, 1 face template" in said
    assert "Criminal Court of the Example City" in said and "b.juniper" not in said
    certificate = client.get(f"{url}/certificate")
    assert certificate.data.startswith(b"%PDF") and "no-store" in certificate.headers["Cache-Control"]
    assert order.number in text(client.get("/retention/sealings"))
    # the same order signed again leads to the first one
    again = preview(client, **order_form(record, "R-absent"))
    assert f"It is {order.number}" in text(again)
    assert sign(client, again).headers["Location"] == url and db.session.query(SealingOrder).count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"order_number": " "}, "The order's number is missing; no record is sealed without it."),
        ({"authority": ""}, "The court or authority is missing"),
        ({"dated": ""}, "Enter the date of the order."),
        ({"dated": "2999-01-01"}, "lies outside"),
        ({"kind": ""}, "Choose what the order does."),
        ({"records": ""}, "names neither a record nor a person"),
        ({"records": "=cmd"}, "is no record number"),
    ],
)
def test_what_the_order_lacks_is_said_beside_it_and_what_was_typed_stays(app, sign_in, change, said):
    client = sign_in("b.juniper")
    answer = preview(client, 422, **order_form("R-1", **{"note": "By courier.", **change}))
    assert said in text(answer)
    assert "By courier." in answer.get_data(as_text=True)
    assert db.session.query(SealingOrder).count() == 0


def test_a_signed_form_that_was_tampered_with_seals_nothing(photos, sign_in):
    client = sign_in("b.juniper")
    shown = preview(client, **order_form(photos[0].record_number))
    assert "no record is sealed without it" in text(sign(client, shown, 422, order_number=""))
    assert db.session.query(SealingOrder).count() == 0 and photos[0].removed_at is None


@pytest.mark.parametrize("name", ["y.hazel", "k.rowan", "c.hawthorn"])
def test_nobody_but_a_records_officer_enters_an_order(photos, people, sign_in, name):
    client = sign_in(name)
    assert client.get(NEW).status_code == 403
    token = soup(client.get("/report-misuse")).select_one("input[name=csrf_token]")["value"]
    sent = {**order_form(photos[0].record_number), "csrf_token": token, "password": PASSWORD}
    assert client.post(NEW, data=sent).status_code == 403
    assert photos[0].removed_at is None


def test_a_failed_completion_is_run_again_from_the_page(photos, sign_in, run_jobs, monkeypatch):
    from app.documents.errors import RenderError
    from app.jobs.sealing import completion

    client = sign_in("b.juniper")

    def broken(_facts):
        raise RenderError("The certificate does not say anything.")

    monkeypatch.setattr(completion, "render_sealing", broken)
    url = sign(client, preview(client, **order_form(photos[0].record_number))).headers["Location"]
    run_jobs()
    said = text(client.get(url))
    assert "The destruction or the certificate stopped" in said and "does not say anything" in said
    assert stores().keys.is_destroyed(photos[0].key_id), "gone in any case"
    monkeypatch.undo()
    send(client, url, "/completion")
    run_jobs()
    assert "Certified" in text(client.get(url))


def test_the_look_back_and_its_notices(make, sign_in, run_jobs):
    request = make.request("reported", seed=7)
    photo = request.current_round.nominee.photo
    client, privacy = sign_in("b.juniper"), sign_in("y.hazel")
    shown = preview(client, **order_form(photo.record_number))
    assert "Listed as a candidate" in text(shown) and "Reported" in text(shown)
    url = sign(client, shown).headers["Location"]
    run_jobs()
    said = text(client.get(url))
    for words in (request.number, request.case_number, request.reports[-1].number, request.reports[-1].receipt["path"]):
        assert words in said
    assert "<img" not in client.get(url).get_data(as_text=True), "face-free"
    assert not soup(privacy.get(url)).select("main form"), "a privacy officer reads"
    [form] = [form for form in soup(client.get(url)).select("main form") if "sealing-notices" in form["action"]]
    words = form.select_one("textarea").get_text()
    assert request.reports[-1].number in words and "[" not in words
    [area] = [field["name"] for field in form.select("textarea")]
    how = area.replace("text", "how")
    assert "Say how the notice was sent" in text(send(client, url, form["action"], 422, **{area: words, "send": "1"}))
    send(client, url, form["action"], **{area: words + " Call the unit.", "keep": "1"})
    assert "Call the unit." in text(client.get(url)) and "Draft" in text(client.get(url))
    send(client, url, form["action"], **{area: words, how: "Department mail", "send": "1"})
    said = text(client.get(url))
    assert "Department mail" in said and "Sent" in said
    assert not [f for f in soup(client.get(url)).select("main form") if "sealing-notices" in f["action"]]
    told = sign_in("d.lark").get("/notifications")
    assert "was sealed by order" in text(told)
    rows = db.session.query(AuditEvent).filter(AuditEvent.event.like("sealing.notice%")).order_by(AuditEvent.sequence)
    assert [(row.event, json.loads(row.keys)) for row in rows] == [
        ("sealing.notice_edited", {"about": request.number, "notice": "investigator"}),
        ("sealing.notice_sent", {"about": request.number, "notice": "investigator"}),
    ]


@pytest.mark.clause("SRC-6", "SRC-7")
@pytest.mark.parametrize("state", ["nominated", "approved"])
@pytest.mark.parametrize(("decision", "ends"), [("continue", "continued"), ("do_not_approve", "negative")])
def test_a_supervisor_ends_what_a_sealed_nominee_left_open(make, people, sign_in, run_jobs, state, decision, ends):
    request = make.request(state, seed=7)
    photo = request.current_round.nominee.photo
    supervisor, keeper = sign_in("c.hawthorn"), sign_in("b.juniper")
    verb = {"continue": approvals.continue_investigation, "do_not_approve": approvals.disapprove}[decision]
    with pytest.raises(Refused) as refused, unit_of_work():
        verb(request, people.actor("c.hawthorn"), "For no reason but this.", password_confirmed=True)
    assert refused.value.rule_id == "nominee_gone", "only because the photograph left"
    url = f"/final-review/{request.number}"
    if state == "approved":
        assert not [f for f in soup(supervisor.get(url)).select("main form") if f["action"].endswith("/decision")]
    else:
        assert supervisor.get(url).status_code == 409, "the file of a request before peers is closed"
    sign(keeper, preview(keeper, **order_form(photo.record_number)))
    run_jobs()
    assert request.number in text(supervisor.get("/final-review"))
    assert "the nominee's photograph was sealed" in text(supervisor.get("/notifications"))
    assert "The nominee’s photograph left the repository" in text(supervisor.get(url))
    lines = line_ups_of(request.current_round)
    place = lines[0].subject_place
    assert sign_in(lines[0].peer.name).get(address(lines[0], place.letter)).status_code in {302, 303, 404}
    given = {"decision": decision, "reason": "Sealed by order; go on among the others.", "password": PASSWORD}
    send(supervisor, url, "/decision", **given)
    assert request.state == ends
    assert {line.ended for line in lines} <= {"given", "withdrawn"}, "no peer goes on with what is decided"
    run_jobs()
    db.session.expire_all()
    assert request.state == ("reported" if ends == "negative" else "continued")

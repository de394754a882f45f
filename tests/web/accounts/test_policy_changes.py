"""A changed policy is acknowledged before the next act: what the page shows, what waits for it, what stays open."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import sqlite3

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit
from app.access import acknowledgement
from app.access.sessions import TOKEN, accept_terms, sync_account
from app.audit.chain import canonical
from app.domain.accounts.acknowledgement import acknowledge
from app.domain.oversight import exports
from app.domain.oversight.audit_trail import Filter
from app.domain.requests import verbs as requests
from app.extensions import db
from app.models import Account, AuditEvent, FRRequest, PolicyAcknowledgement, PolicyVersion
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.another_policy import FILE, another_policy  # noqa: F401  (a fixture)
from tests.conftest import session_token
from tests.policy.test_texts import VERSION_THEN, unpacked
from tests.web.page_reading import form_at, opened, send, soup, text, words

pytestmark = pytest.mark.clause("TRN-2")
PAGE = "/policy-changes"
SENTENCE = "Only arrest and parole photographs enter the repository."
STRICTER = "Only arrest photographs enter the repository."


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    monkeypatch.setattr(acknowledgement, "_found", {})


def refused(answer) -> bool:
    """Whether an answer is the refusal of this rule, with the way to the page."""
    if answer.status_code != 403:
        return False
    said = soup(answer)
    return policy().acknowledgement.text in words(said) and said.select_one(f"main a[href='{PAGE}']") is not None


def agree(client, **changes):
    """Acknowledge as the page asks for it."""
    return send(client, PAGE, PAGE, accept="y", **changes)


def rows_of(name: str) -> list[str]:
    db.session.rollback()
    kept = select(PolicyAcknowledgement).join(Account).where(Account.name == name).order_by(PolicyAcknowledgement.id)
    return [row.policy_version for row in db.session.scalars(kept)]


# What the page shows and records -----------------------------------------------------------------------------


def test_the_page_shows_each_changed_rule_before_and_now_and_records_who_acknowledged_it(sign_in, another_policy):
    client, before = sign_in("k.rowan"), policy().version
    another_policy("gallery/rules.toml", SENTENCE, STRICTER)
    after = another_policy("gallery/rules.toml", "\nshare = 2\n", "\nshare = 3\n")
    assert refused(client.get("/review"))
    page = soup(opened(client, PAGE))
    table = page.find("caption", string="Changes of gallery/rules.toml").find_parent("table")
    cells = [[words(cell) for cell in row.select("th, td")] for row in table.select("tbody tr")]
    source, sample = sorted(cells)
    assert source == ["gallery-source", SENTENCE, STRICTER]
    assert sample[0] == "import-sample" and sample[1] == "Share: 2 The same sentence" and sample[2].endswith("Share: 3")
    assert len(page.select("main table")) == 1
    assert agree(client).status_code == 303
    assert client.get("/review").status_code == 200
    assert rows_of("k.rowan") == [before, after]
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "policy.acknowledged")).all()[-1]
    assert event.keys == canonical({"version": after, "before": before}) and event.policy_version == after
    assert "You acknowledged the policy on" in text(client.get(PAGE))


def test_row_and_event_stand_or_fall_together(sign_in, another_policy, monkeypatch):
    client = sign_in("k.rowan")
    another_policy()

    def fails(event, *_given, **_keys):
        raise OSError(event)

    ready = form_at(client, PAGE, PAGE, accept="y")
    monkeypatch.setattr(audit, "record", fails)
    with pytest.raises(OSError, match=r"policy\.acknowledged"):
        client.post(PAGE, data=ready)
    assert len(rows_of("k.rowan")) == 1


def test_home_and_every_page_name_what_comes_next(sign_in, another_policy):
    client = sign_in("k.rowan")
    assert not soup(opened(client, "/")).select_one("section[aria-label=Policy]")
    another_policy()
    home = soup(opened(client, "/"))
    panel = home.select_one(f"main a.usa-button[href='{PAGE}']")
    assert panel is not None and "acknowledge" in panel.get_text()
    for page in ("/", "/notifications", "/policy", "/report-misuse"):
        strip = soup(opened(client, page)).select_one("section[aria-label=Policy]")
        assert strip is not None and policy().acknowledgement.refusal in words(strip), page
    assert [row.event for row in db.session.scalars(select(AuditEvent))].count("policy.unacknowledged") == 0
    client.get("/review")
    assert [row.event for row in db.session.scalars(select(AuditEvent))].count("policy.unacknowledged") == 1


def test_whoever_never_acknowledged_a_policy_reads_it_and_acknowledges_it_first(app, sign_in, people):
    with unit_of_work():
        account = sync_account(people.lookup("k.rowan"))
    accept_terms(account)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie[TOKEN] = session_token(account)
    page = opened(client, PAGE)
    assert "You have not acknowledged the policy yet" in text(page)
    assert soup(page).select_one("main a[href='/policy']") is not None
    assert policy().acknowledgement.refusal_first in text(client.get("/"))
    assert agree(client).status_code == 303
    assert rows_of("k.rowan") == [policy().version]


def test_what_states_the_same_rules_is_acknowledged_already(sign_in, another_policy):
    client = sign_in("k.rowan")
    another_policy("identification/probe.toml", "effective = 2026-01-01", "# a remark\neffective = 2026-01-01")
    another_policy("events.toml", "A report's code was checked.", "The code of a report was checked.")
    assert client.get("/review").status_code == 200
    assert "The version applied now states the same rules." in text(opened(client, PAGE))


@pytest.mark.parametrize("way", ["the texts of before are not kept", "they were altered"])
def test_where_the_text_of_before_cannot_be_shown_the_page_says_so_and_it_is_acknowledged_bypass(
    app, sign_in, settings, people, way
):
    """By losing the texts: what nobody can compare is a change."""
    client, account = sign_in("k.rowan"), people.account("k.rowan")
    with unit_of_work() as session:
        session.add(PolicyVersion(digest=VERSION_THEN))
        session.add(PolicyAcknowledgement(account_id=account.id, policy_version=VERSION_THEN))
        audit.record("policy.loaded", version=policy().version)
    if way == "they were altered":
        app.test_cli_runner().invoke(args=["policy", "keep", str(unpacked(settings.data_dir / "then"))])
        db.session.remove()
        with sqlite3.connect(settings.data_dir / "corroborate.sqlite") as past:
            past.execute("DROP TRIGGER IF EXISTS policy_text_no_update")
            past.execute("UPDATE policy_text SET content = content || '# more'")
        past.close()
    assert refused(client.get("/review"))
    said = text(opened(client, PAGE))
    assert "What changed cannot be shown" in said
    assert agree(client).status_code == 303
    assert client.get("/review").status_code == 200


def test_rules_of_another_release_are_compared_without_being_run(app, sign_in, settings, people):
    client, account = sign_in("k.rowan"), people.account("k.rowan")
    with unit_of_work() as session:
        session.add(PolicyVersion(digest=VERSION_THEN))
        session.add(PolicyAcknowledgement(account_id=account.id, policy_version=VERSION_THEN))
        audit.record("policy.loaded", version=policy().version)
    app.test_cli_runner().invoke(args=["policy", "keep", str(unpacked(settings.data_dir / "then"))])
    db.session.remove()
    page = soup(opened(client, PAGE))
    assert len(page.select("main tbody tr")) > 300
    assert "There was no such rule" in words(page)


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_a_poll_leaves_the_page_on_which_somebody_writes(make, sign_in, another_policy):
    number, client = make.request("documented").number, sign_in("k.rowan")
    another_policy()
    asked = {"HX-Request": "true", "HX-Current-URL": f"http://localhost/review/{number}"}
    assert client.get(f"/review/{number}/progress", headers=asked).headers["HX-Retarget"] == "body"
    polled = client.get(f"/review/{number}/progress", headers={**asked, "X-Poll": "1"})
    assert polled.status_code == 403 and polled.headers["HX-Reswap"] == "none"


# Ways around it ----------------------------------------------------------------------------------------------


def test_no_route_of_any_role_is_left_out_bypass(app, sign_in, change_person, another_policy):
    """By another route: every address of the portal, asked by somebody in every group, trained, and behind."""
    change_person("k.rowan", groups=sorted({role.group for role in policy().roles.values() if role.group}))
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = FlaskClient  # parts are asked for where there are none, and no page of them is checked
    client, rule = sign_in("k.rowan"), policy().acknowledgement
    another_policy()
    asked = 0
    with app.test_request_context():
        routes = [
            (one, {name: 1 if name == "place" else "0" * 32 for name in one.arguments})
            for one in app.url_map.iter_rules()
            if getattr(app.view_functions[one.endpoint], "access", None) and "token" not in one.arguments
        ]
    for route, values in routes:
        capabilities = app.view_functions[route.endpoint].access.capabilities
        if not capabilities or route.endpoint in {"account.end_others", "account.sign_out"}:
            continue
        address = _built(app, route, values)
        for method in sorted(route.methods & {"GET", "POST"}):
            left = any(rule.leaves(name, reads=method == "GET") for name in capabilities)
            for headers in ({}, {"HX-Request": "true", "HX-Current-URL": "http://localhost/"}, {"X-Poll": "1"}):
                answer = client.open(address, method=method, headers=headers)
                assert refused(answer) != left, (method, address, answer.status_code)
                asked += 1
    assert asked > 600
    assert rows_of("k.rowan")[1:] == [], "what was sent to the page itself lacked the box"


def _built(app, route, values: dict) -> str:
    """An address of the route; a converter that takes none of these values is given its own."""
    with app.test_request_context():
        built = route.build({**values, "digest": "0" * 64, "package": 1, "number": values.get("number", "0")})
        if built is None:
            built = route.build({**values, **dict.fromkeys(("number", "package", "place"), 1)})
        assert built is not None, route
        return built[1]


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_a_session_opened_before_the_change_is_asked_too_bypass(make, sign_in, another_policy):
    """By a second session and by waiting: a form that was ready is refused, and comes back with what was typed."""
    request = make.request("discussed")
    here = f"/review/{request.number}"
    typed = {"accept-use": "USE-1", "accept-note": "Stands as filed."}
    clients = sign_in("k.rowan"), sign_in("k.rowan")
    ready = [form_at(client, here, f"{here}/accept", **typed) for client in clients]
    another_policy()
    for client, form in zip(clients, ready, strict=True):
        answer = client.post(f"{here}/accept", data=form)
        assert refused(answer) and "Stands as filed." in text(answer)
    db.session.refresh(request)
    assert (request.state, request.examiner_id) == ("submitted", None)
    assert agree(clients[1]).status_code == 303
    answer = clients[0].post(f"{here}/accept", data=ready[0])
    assert answer.status_code == 303, "the person acknowledged it, not the session"


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_an_open_page_offers_nothing_and_says_why_bypass(make, sign_in, people, another_policy):
    """By a page that may be read: its steps are refused by the engine, whatever the page of their form is."""
    request = make.request("submitted")
    client = sign_in("d.lark")
    assert client.get(f"/requests/{request.number}/withdraw").status_code == 200
    another_policy()
    shown = client.get(f"/requests/{request.number}")
    assert shown.status_code == 200
    assert refused(client.get(f"/requests/{request.number}/withdraw"))
    with pytest.raises(Refused, match=r"^policy-acknowledged: "), unit_of_work():
        requests.withdraw(request, people.actor("d.lark"), "The person has been identified by the victim.")


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_work_that_comes_by_way_of_others_waits_too_bypass(make, sign_in, people, another_policy):
    """By another person's hand: who is given the work acts under what they acknowledged, not under the giver's."""
    request = make.request("documented")
    giver, taker = sign_in("k.rowan"), sign_in("j.maple")
    another_policy()
    assert agree(giver).status_code == 303
    here = f"/workload/{request.number}/hand-over"
    notes = "The probe is the second image; its face is clear and nothing else was begun so far."
    named = people.account("j.maple").uid
    assert send(giver, here, here, receiver=named, notes=notes).status_code == 303
    db.session.refresh(request)
    assert request.examiner.name == "j.maple", "work comes to whoever is trained; what they acknowledged is theirs"
    assert refused(taker.get(f"/review/{request.number}/probe"))
    assert agree(taker).status_code == 303
    assert taker.get(f"/review/{request.number}/probe").status_code == 200


def test_nobody_acknowledges_for_another_bypass(sign_in, people, another_policy):
    """By naming somebody else in the form: it speaks for whoever is signed in."""
    client, other = sign_in("k.rowan"), people.account("j.maple")
    another_policy()
    agree(client, account=other.uid, account_id=str(other.id), name="j.maple")
    assert (len(rows_of("k.rowan")), len(rows_of("j.maple"))) == (2, 1)
    assert refused(sign_in("j.maple").get("/review"))


def test_only_the_version_that_was_read_is_acknowledged_bypass(sign_in, another_policy):
    """By an older page, by no version, and without the box: nothing is recorded, and the page says what is so."""
    client = sign_in("k.rowan")
    another_policy()
    read = form_at(client, PAGE, PAGE, accept="y")
    another_policy("gallery/rules.toml", SENTENCE, STRICTER)
    late = client.post(PAGE, data=read)
    assert late.status_code == 409 and "The policy changed once more while you read" in text(late)
    assert STRICTER in text(late)
    assert client.post(PAGE, data={**read, "version": ""}).status_code == 409
    unread = {name: value for name, value in form_at(client, PAGE, PAGE).items() if name != "accept"}
    answer = client.post(PAGE, data=unread)
    assert answer.status_code == 422 and "Tick the box to acknowledge the policy." in text(answer)
    assert len(rows_of("k.rowan")) == 1 and refused(client.get("/review"))


def test_a_policy_that_goes_back_is_asked_for_only_where_another_came_between_bypass(sign_in, another_policy):
    """By going back and forth: what counts is what somebody acknowledged last, not whether they ever did."""
    stayed, followed = sign_in("j.maple"), sign_in("k.rowan")
    first = policy().version
    second = another_policy("gallery/rules.toml", SENTENCE, STRICTER)
    assert agree(followed).status_code == 303
    assert another_policy("gallery/rules.toml", STRICTER, SENTENCE) == first
    assert stayed.get("/review").status_code == 200, "acknowledged this one last"
    assert refused(followed.get("/review"))
    assert agree(followed).status_code == 303
    assert rows_of("k.rowan") == [first, second, first]
    assert rows_of("j.maple") == [first]


def test_what_happens_between_two_versions_is_not_lost_bypass(sign_in, another_policy):
    """By a change in steps, each without weight: the version acknowledged is compared, never the one just before."""
    client = sign_in("k.rowan")
    another_policy("gallery/rules.toml", SENTENCE, STRICTER)
    another_policy("events.toml", "A report's code was checked.", "The code of a report was checked.")
    assert refused(client.get("/review"))
    assert STRICTER in text(opened(client, PAGE))


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_no_file_leaves_by_an_export_or_a_download_bypass(app, make, people, sign_in, another_policy, run_jobs):
    """By what a script would fetch: an export asked for as JSON or CSV, and a file of the technology."""
    round_ = make.request("under_examination").current_round
    of = people.actor("h.larch")
    with unit_of_work():
        asked = exports.ask_for("audit", Filter(), of).uid
    run_jobs()
    watcher, examiner = sign_in("h.larch"), sign_in("k.rowan")
    paper = f"/review/rounds/{round_.uid}/comparison"
    assert examiner.get(paper).status_code == 200
    token = form_at(watcher, "/report-misuse", "/report-misuse")["csrf_token"]
    another_policy()
    for accept in ("application/json", "text/csv", "*/*"):
        headers = {"Accept": accept, "X-Requested-With": "fetch"}
        assert refused(examiner.get(paper, headers=headers))
        assert examiner.head(paper, headers=headers).status_code == 403
        for action in ("/audit/exports", "/audit/check", f"/exports/{asked}/removal"):
            assert refused(watcher.post(action, data={"csrf_token": token, "kind": "json"}, headers=headers)), action
    assert watcher.get("/audit").status_code == 200, "what only reads stays open"
    assert watcher.get(f"/exports/{asked}/file").status_code == 200


# What is no person -------------------------------------------------------------------------------------------


@pytest.mark.past_the_program  # standings are kept under the version that goes with the test
def test_the_portal_goes_on_by_itself(make, another_policy):
    """A search that was asked for before the change is finished: the portal is no person, and nobody acts."""
    request = make.request("searching")
    another_policy()
    make.finish(request)
    db.session.refresh(request)
    assert request.state == "searched"


def test_one_act_follows_another_once_it_is_acknowledged(make, sign_in, people, another_policy):
    actor = people.actor("d.lark")
    another_policy(FILE)
    with pytest.raises(Refused, match=r"^policy-acknowledged: "), unit_of_work():
        requests.create_draft(people.actor("d.lark"), "2026-075-01234")
    with unit_of_work():
        acknowledge(people.account("d.lark"))
        acknowledge(people.account("d.lark"))
    assert len(rows_of("d.lark")) == 2, "twice is once"
    with unit_of_work():
        requests.create_draft(people.actor("d.lark"), "2026-075-01234")
    assert db.session.query(FRRequest).count() == 1 and actor.acknowledged == "present"

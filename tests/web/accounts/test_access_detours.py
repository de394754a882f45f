"""Getting in, or further in, by a detour: another header, a row of the database, a like group, an open tab."""

from __future__ import annotations

import base64
import re

import pytest
from sqlalchemy import select

from app.access import sessions
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.access.directory import DirectoryEntry, lookup
from app.access.directory import _entry as entry_of
from app.calendar import today
from app.domain.accounts.training import record_training
from app.domain.identification.verbs import is_available
from app.domain.peers import selection
from app.extensions import db
from app.models import Account, AuditEvent, LoginSession
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.accounts import load_accounts
from tests.web.page_reading import form_at

PASSWORD = load_accounts().password
BASIC = base64.b64encode(f"k.rowan:{PASSWORD}".encode()).decode()


def outside(answer) -> bool:
    """Whether an answer only leads to the sign-in, or refuses."""
    leads = answer.headers.get("Location", answer.headers.get("HX-Redirect", ""))
    return answer.status_code == 401 or (leads.startswith("/sign-in") and answer.status_code in (200, 302))


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Basic {BASIC}"},
        {"Authorization": "Bearer k.rowan"},
        {"X-Remote-User": "k.rowan", "Remote-User": "k.rowan", "X-Forwarded-User": "k.rowan"},
        {"HX-Request": "true", "HX-Current-URL": "http://localhost/review"},
        {"X-Poll": "1"},
        {"X-HTTP-Method-Override": "GET", "X-Original-URL": "/policy"},
    ],
)
def test_no_header_stands_for_name_and_password_bypass(app, make, headers):
    """By another route: what a proxy, a script or a part of a page would send instead of a sign-in."""
    number = make.request("submitted").number
    client = app.test_client()
    for page in ("/", "/review", f"/requests/{number}", f"/review/{number}", "/images/token", "/audit", "/terms"):
        for ask in (client.get, client.head):
            answer = ask(page, headers=headers)
            assert outside(answer), (page, answer.status_code)
            assert number.encode() not in answer.data.replace(page.encode(), b"")
    answer = client.post(f"/review/{number}/accept", data={"accept-use": "USE-1"}, headers=headers)
    assert answer.status_code in (400, 401)


@pytest.mark.clause("ACC-3")
def test_what_the_database_keeps_of_a_session_opens_none_bypass(app, sign_in, people):
    """By a copied row: its digest, its id and the name of the person are each no token."""
    sign_in("k.rowan")
    row = db.session.scalars(select(LoginSession)).one()
    for value in (row.token_digest, row.uid, str(row.id), "k.rowan", str(people.account("k.rowan").id), "", "0"):
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[sessions.TOKEN] = value
        assert outside(client.get("/review")), value
    client = app.test_client()
    client.set_cookie("corroborate", "eyJ0b2tlbiI6ImsucmllIn0.aaaaaa.bbbbbbbbbbbbbbbbbbbb")
    assert outside(client.get("/review")), "a cookie that the portal did not sign"


@pytest.mark.clause("ACC-8", "ACC-7")
def test_a_role_written_into_the_database_is_none_bypass(app, sign_in, people):
    """By the row: the directory is asked at the next request, and the row is put right, on record."""
    client, account = sign_in("d.lark"), people.account("d.lark")
    with unit_of_work():
        account.roles, account.title = ["examiner", "fr_supervisor", "administrator"], "Chief"
        topics = [topic.value for topic in policy().training["fr"].topics]
        record_training(account, "fr", topics, today(), None, "", today=today())
    assert not is_available(account)
    assert account.id not in selection.available([account]), "no peer of the next review either"
    for page in ("/review", "/final-review", "/gallery?number=P-0001", "/training", "/algorithms"):
        assert client.get(page).status_code == 403, page
    db.session.refresh(account)
    assert (account.roles, account.title) == (["investigator"], "Detective")
    changed = db.session.scalars(select(AuditEvent.keys).where(AuditEvent.event == "account.changed")).all()
    assert any('"removed":["administrator","examiner","fr_supervisor"]' in keys for keys in changed)


@pytest.mark.clause("ACC-8")
@pytest.mark.parametrize("cn", ["examiner", "FR-Examiners", "fr-examiners ", "fr-examiners-2", "system", "", "*"])
def test_a_group_of_a_like_name_gives_no_role_bypass(app, cn):
    """By the name of a role, in capitals, longer, or of nothing: `system` is nobody's group."""
    info = {"uid": ["d.lark"], "cn": ["Dana Lark"], "title": ["fr-examiners"], "description": ["examiner"]}
    entry = entry_of(info, [{"cn": [cn]}, {"cn": ["printers"]}])
    assert isinstance(entry, DirectoryEntry)
    assert entry.roles == frozenset()
    assert entry_of(info, [{"cn": ["fr-examiners"]}]).roles == {"examiner"}


@pytest.mark.clause("ACC-7")
def test_all_roles_together_are_not_the_portal_itself_bypass(app, people, change_person):
    """By collecting groups: what no person starts by hand stays out of reach of whoever is in every group."""
    own = [name for name in policy().capabilities if name.startswith("system.")]
    assert len(own) > 3
    change_person("d.lark", groups=sorted({role.group for role in policy().roles.values() if role.group}))
    everyone: Actor = people.actor("d.lark")
    assert everyone.roles == set(policy().roles) - {"system"}
    assert set(lookup("d.lark").roles) == everyone.roles
    for capability in own:
        with pytest.raises(Refused, match=f"^{re.escape(capability)}: "):
            check_capability(everyone, capability)
    assert [step.verb for flow in policy().workflows.values() for step in flow.transitions if step.capability in own]


@pytest.mark.clause("ACC-7", "ACC-1")
def test_a_form_opened_with_a_role_is_not_sent_without_it_bypass(make, sign_in, change_person):
    """By waiting: page, form and token were good when the person was moved to another command."""
    request = make.request("discussed")
    client, here = sign_in("k.rowan"), f"/review/{request.number}"
    ready = form_at(client, here, f"{here}/accept", **{"accept-use": "USE-1", "accept-note": "As filed."})
    change_person("k.rowan", groups=["investigators", "auditors"])
    assert client.post(f"{here}/accept", data=ready).status_code == 403
    db.session.refresh(request)
    assert (request.state, request.examiner_id) == ("submitted", None)
    assert db.session.scalars(select(Account).where(Account.name == "k.rowan")).one().roles == [
        "auditor",
        "investigator",
    ]

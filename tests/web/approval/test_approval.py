"""Final review over HTTP: queue, whole file, decisions signed with the password (SRC-5, SRC-6, SRC-7, FAIR-1)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import pytest

from app.calendar import today
from app.extensions import db
from app.models import FinalReview, SignInFailure
from app.models.engine import Job, Transition
from tests.events_and_notices import events, notices_of
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)
from tests.web.page_reading import soup, text

PASSWORD = "corroborate-demo"


def url(request) -> str:
    return f"/final-review/{request.number}"


def form_of(client, request, **changes) -> dict:
    """The decision form as the page has it, filled in."""
    page = soup(client.get(url(request)))
    form = page.select_one("#decision form")
    assert form is not None, "the page has no decision form"
    given = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    return {**given, "reason": "The file supports this.", "password": PASSWORD, **changes}


def decide(client, request, decision: str, **changes):
    return client.post(f"{url(request)}/decision", data=form_of(client, request, decision=decision, **changes))


# The queue and the file ------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-5")
def test_queue_lists_what_waits_what_is_not_delivered_and_what_is(at, sign_in, run_jobs):
    client = sign_in("c.hawthorn")

    def listed() -> dict[str, bool]:
        page = soup(client.get("/final-review"))
        parts = ("waiting", "undelivered", "delivered")
        return {part: number in page.select_one(f"#{part}").get_text() for part in parts}

    number = at("nominated").number
    assert listed() == {"waiting": False, "undelivered": False, "delivered": False}
    at("peer_reviewed")
    assert listed() == {"waiting": True, "undelivered": False, "delivered": False}
    at("approved")
    assert listed() == {"waiting": False, "undelivered": True, "delivered": False}
    assert "Examiner to prepare it" in text(client.get("/final-review"))
    at("reported")
    assert listed() == {"waiting": False, "undelivered": False, "delivered": True}
    at("superseded")
    assert listed() == {"waiting": True, "undelivered": False, "delivered": False}


@pytest.mark.clause("SRC-5")
def test_file_shows_everything_on_one_page_and_records_the_faces(at, sign_in):
    request = at("peer_reviewed", opinions=("p2", "0"))
    client = sign_in("c.hawthorn")
    answer = client.get(url(request))
    page = text(answer)
    search = request.current_search
    for wanted in (
        request.case_number,
        "A bag was taken from a counter",
        "CMS-2026-0815",
        "Robbery in the second degree",
        "Jo Maple",
        "Noor Finch",
        "Inconclusive",
        "Similar",
        "Arrest and custody records were read",
        "excluded: 2",
        "retained: 1",
        "The bridge is broader.",
        search.algorithm,
        search.algorithm_digest,
        "has no NIST evaluation record",
        f"generation {search.gallery_generation}",
        "Example Grocery, camera over the counter",
        "SRC-4",
        "REQ-4",
    ):
        assert wanted in page, wanted
    html = answer.get_data(as_text=True)
    assert html.count('href="/images/') == 2
    faces = [event for event in events("faces.viewed") if event["page"] == "approval.file"]
    nominee = request.current_round.nominee
    assert faces == [{"page": "approval.file", "faces": [search.image.uid, nominee.photo.uid]}]


def test_pictures_of_the_file_load_for_the_supervisor(at, sign_in):
    request = at("peer_reviewed")
    client = sign_in("c.hawthorn")
    page = soup(client.get(url(request)))
    pictures = [image["href"] for image in page.select("main svg image")]
    assert len(pictures) == 2
    assert {client.get(address).status_code for address in pictures} == {200}


@pytest.mark.clause("CAP-6")
def test_file_shows_neither_score_nor_rank(at, sign_in):
    request = at("peer_reviewed")
    page = text(sign_in("c.hawthorn").get(url(request))).lower()
    for candidate in request.current_search.candidates:
        assert f"{candidate.score:.2f}" not in page
    for word in ("score", "%", "percent", "rank "):
        assert word not in page.replace("no rank", ""), word


@pytest.mark.clause("SRC-4", "SRC-6")
def test_differences_between_examiner_and_peers_are_marked(make, filed, sign_in, people):
    request = filed
    make.peer(request, "j.maple")
    from tests.unit_stages import worksheet

    sheet = {**worksheet(), "ears": {"verdict": "different_unexplained", "note": "The lobe is attached."}}
    make.peer(request, "n.finch", "m2", features=sheet)
    page = soup(sign_in("c.hawthorn").get(url(request)))
    marked = [row for row in page.select("tr") if "Differs" in row.get_text()]
    assert len(marked) == 1
    assert "Ears" in marked[0].get_text()
    assert "The lobe is attached." in marked[0].get_text()


@pytest.mark.clause("SRC-4")
def test_file_is_closed_while_examiners_and_peers_work(make, filed, sign_in):
    make.peer(filed, "j.maple")
    answer = sign_in("c.hawthorn").get(url(filed))
    assert answer.status_code == 409
    assert "Jo Maple" not in text(answer)
    assert "after peer review" in text(answer)


def test_only_supervisors_of_the_unit_reach_the_file(at, sign_in):
    request = at("peer_reviewed")
    for name in ("d.lark", "k.rowan", "j.maple", "s.alder"):
        assert sign_in(name).get(url(request)).status_code == 403, name


# Decisions -------------------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-5", "FAIR-1")
def test_approval_with_reason_and_password(at, sign_in):
    request = at("peer_reviewed")
    answer = decide(sign_in("c.hawthorn"), request, "approve")
    assert answer.status_code == 303
    assert request.state == "approved"
    row = db.session.query(FinalReview).one()
    assert (row.decision, row.supervisor.name) == ("approved", "c.hawthorn")
    assert row.private["reason"] == "The file supports this."
    assert ("approved", "k.rowan") in notices_of(request.number)
    assert events("request.approved") == [{"round": request.current_round.uid}]


@pytest.mark.clause("SRC-5", "ACC-3")
def test_wrong_password_decides_nothing_and_counts(at, sign_in):
    request = at("peer_reviewed")
    client = sign_in("c.hawthorn")
    answer = decide(client, request, "approve", password="wrong", reason="My typed reason")
    assert answer.status_code == 422
    assert "The password is wrong" in text(answer)
    assert "My typed reason" in text(answer)
    assert "wrong" not in [field.get("value") for field in soup(answer).select("input")]
    assert request.state == "peer_reviewed"
    assert db.session.query(SignInFailure).count() == 1
    for _ in range(4):
        decide(client, request, "approve", password="wrong")
    locked = decide(client, request, "approve")
    assert locked.status_code == 429
    assert "locked" in text(locked)
    assert request.state == "peer_reviewed"


@pytest.mark.parametrize("missing", ["reason", "password", "decision"])
@pytest.mark.clause("SRC-5")
def test_each_part_of_the_form_is_needed(at, sign_in, missing):
    request = at("peer_reviewed")
    client = sign_in("c.hawthorn")
    data = {**form_of(client, request, decision="approve"), missing: ""}
    assert client.post(f"{url(request)}/decision", data=data).status_code == 422
    assert client.post(f"{url(request)}/decision", data={**data, missing: "  "}).status_code == 422
    assert request.state == "peer_reviewed"


@pytest.mark.parametrize("opinion", ["m2", "0"])
@pytest.mark.clause("SRC-6", "FAIR-1")
def test_dissent_blocks_approval_and_the_page_says_why(at, sign_in, opinion):
    request = at("peer_reviewed", opinions=("p2", opinion))
    client = sign_in("c.hawthorn")
    page = soup(client.get(url(request)))
    assert page.select_one("input[name=decision][value=approve]") is None
    blocked = page.select_one("#decision .cor-unavailable").get_text(" ")
    assert "1 of 2 peer opinions do not support" in blocked
    assert "SRC-6" in blocked
    refused = decide(client, request, "approve")
    assert refused.status_code == 422
    assert "Nothing was decided" in text(refused)
    assert request.state == "peer_reviewed"
    assert events("workflow.refused") == [{"verb": "approve", "rule": "peers_unanimous"}]


@pytest.mark.clause("SRC-6")
def test_continuation_gives_a_fresh_round_and_keeps_the_earlier(at, sign_in, people):
    request = at("peer_reviewed", opinions=("p2", "m2"))
    client = sign_in("c.hawthorn")
    assert decide(client, request, "continue", reason="Compare the ears.").status_code == 303
    assert request.state == "continued"
    assert {("continued", "k.rowan"), ("continued", "d.lark")} & notices_of(request.number)
    page = text(client.get(url(request)))
    assert "Compare the ears." in page
    assert "Continue the investigation" in page


@pytest.mark.clause("SRC-5", "SRC-7")
def test_not_approved_gives_a_negative_report(at, sign_in, run_jobs):
    request = at("peer_reviewed")
    assert decide(sign_in("c.hawthorn"), request, "do_not_approve").status_code == 303
    assert request.state == "negative"
    run_jobs()
    assert request.state == "reported"
    assert request.current_report.kind == "negative"
    assert ("negative_delivered", "d.lark") in notices_of(request.number)
    assert "report_delivered" not in {kind for kind, _ in notices_of(request.number)}


@pytest.mark.clause("SRC-5")
def test_two_supervisors_at_once_one_decides(at, sign_in):
    request = at("peer_reviewed")
    first, second = sign_in("c.hawthorn"), sign_in("v.osprey")
    late = form_of(second, request, decision="do_not_approve")
    assert decide(first, request, "approve").status_code == 303
    answer = second.post(f"{url(request)}/decision", data=late)
    assert answer.status_code == 409
    assert "Somebody else changed this file first" in text(answer)
    assert "The file supports this." in text(answer)
    assert request.state == "approved"
    assert db.session.query(FinalReview).count() == 1


def test_unknown_decision_is_refused(at, sign_in):
    request = at("peer_reviewed")
    assert decide(sign_in("c.hawthorn"), request, "acquit").status_code == 422
    assert request.state == "peer_reviewed"


def test_decision_of_another_state_is_refused(at, sign_in):
    request = at("peer_reviewed")
    assert decide(sign_in("c.hawthorn"), request, "recall").status_code == 409
    assert request.state == "peer_reviewed"


def test_decision_without_token_is_refused(at, sign_in):
    request = at("peer_reviewed")
    client = sign_in("c.hawthorn")
    data = form_of(client, request, decision="approve")
    data.pop("csrf_token")
    assert client.post(f"{url(request)}/decision", data=data).status_code == 400
    assert request.state == "peer_reviewed"


# Separation of persons -------------------------------------------------------------------------------------

PARTS = {"k.rowan": "examiner", "j.maple": "peer", "d.lark": "requester", "s.alder": "discussing_supervisor"}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.clause("SRC-5", "FAIR-1")
def test_nobody_with_another_part_decides(at, sign_in, people, change_person, name):
    """Also as a trained supervisor: the file is closed to them, and the engine refuses the verb."""
    from app.access.actor import actor_of
    from app.domain.accounts.training import record_training
    from app.domain.approval import verbs as approvals
    from app.models import Account
    from app.policy import policy
    from app.policy.refused import Refused
    from app.unit_of_work import unit_of_work

    request = at("peer_reviewed")
    groups = [*people.accounts.people[name].groups, "fr-supervisors"]
    client = sign_in(name)
    change_person(name, groups=groups)
    topics, day = [topic.value for topic in policy().training["fr"].topics], today()
    with unit_of_work():
        record_training(Account.query.filter_by(name=name).one(), "fr", topics, day, None, "", today=day)
    refused = {"csrf_token": token(client)}
    for answer in (client.get(url(request)), client.post(f"{url(request)}/decision", data=refused)):
        assert answer.status_code == 403
        assert "another part in this request" in text(answer)
    account = people.account(name)
    actor = actor_of(account, frozenset({*account.roles, "fr_supervisor"}), today())
    for verb in (approvals.approve, approvals.disapprove, approvals.continue_investigation):
        with pytest.raises(Refused) as refused, unit_of_work():
            verb(request, actor, "The file supports it.", password_confirmed=True)
        assert refused.value.rule_id == PARTS[name]
    assert request.state == "peer_reviewed"
    queue = text(client.get("/final-review"))
    assert "another part in this request" in queue


def token(client) -> str:
    page = soup(client.get("/report-misuse"))
    return page.select_one("input[name=csrf_token]")["value"]


@pytest.mark.clause("SRC-5")
def test_engine_needs_the_password_whatever_the_view_does(at, people):
    from app.domain.approval import verbs as approvals
    from app.policy.refused import Refused
    from app.unit_of_work import unit_of_work

    request = at("peer_reviewed")
    actor = people.actor("c.hawthorn")
    for verb in (approvals.approve, approvals.disapprove, approvals.continue_investigation):
        with pytest.raises(Refused) as refused, unit_of_work():
            verb(request, actor, "The file supports it.", password_confirmed=False)
        assert refused.value.rule_id == "password_confirmed"
    assert db.session.query(Transition).filter_by(verb="approve").count() == 0
    assert db.session.query(Job).filter_by(kind="negative_report").count() == 0


@pytest.mark.clause("CAP-3", "SRC-5")
def test_candidate_whose_photograph_left_is_not_approved(at, sign_in):
    from app import audit
    from app.models.base import now
    from app.unit_of_work import unit_of_work

    request = at("peer_reviewed")
    photo = request.current_round.nominee.photo
    with unit_of_work():
        photo.removed_at, photo.removed_because = now(), "sealed"
        audit.record("gallery.enrolled", batch="tests", photos=0, generation=0)
    client = sign_in("c.hawthorn")
    page = client.get(url(request))
    assert "left the repository" in text(page)
    assert page.get_data(as_text=True).count('src="/images/') == 1
    assert decide(client, request, "approve").status_code == 422
    assert decide(client, request, "do_not_approve").status_code == 303

"""What a reserved request holds stands in no page and no document of the ordinary one beside it (LIM-7).

What is said against a person there counts all the same (SRC-6): the rule tells that there is something, and nothing of
it.
"""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import pytest

from app.calendar import local
from app.documents.checks import page_texts
from app.documents.examination.contradictions import statement
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.conditions import package_complete
from app.domain.disclosures.items import available_items
from app.domain.examination import verbs as examination
from app.domain.examination.contradictions import WITHHELD as FOUND_ELSEWHERE
from app.domain.examination.contradictions import contradictions_of
from app.domain.examination.earlier_verdicts import WITHHELD, earlier_verdicts
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.matters import links
from app.domain.requests import clearances, outcomes
from app.extensions import db, stores
from app.models import CaseNumber
from app.models.base import now
from app.unit_of_work import unit_of_work
from app.workflow.engine import explain
from tests.disclosure_factory import values
from tests.drawn_gallery import needs_models
from tests.unit.peers.test_renomination import first_of
from tests.unit_stages import BACKGROUND, all_answered
from tests.web.page_reading import text
from tests.web.requests.ledger_forms import arrested
from tests.web.requests.test_political_requests import (  # noqa: F401  (fixtures)
    actor_now,
    named,
    office,
    political,
)

pytestmark = [needs_models, pytest.mark.clause("LIM-7", "ACC-11")]
CLEARED = ("g.sorrel", "a.plover", "i.linnet", "v.osprey")
REASON = "The crooked tooth of the pamphleteer is missing on the arrest photograph, and the ears differ."
STATED = {"description": {"height_in": "60", "build": "medium"}}
#: nobody of them may know of the reserved request
EVERYBODY = {"Ash Plover", "Ira Linnet"}
UNCLEARED = ("d.lark", "s.alder", "k.rowan", "c.hawthorn", "t.birch", "j.maple")


@pytest.fixture
def dissented(make, political, people, office):
    """dissented(**parts): a reserved request whose two peers found the person another; its people are cleared."""

    def made(state="peer_reviewed", **parts):
        reserved = political("discussed", **{"seed": 7, "values": STATED, **parts})
        for name in ("k.rowan", "c.hawthorn", "j.maple", "n.finch"):
            people.account(name)
        for name in CLEARED:
            named(reserved, people, name)
        work = {"examiner": "g.sorrel", "peers": ("a.plover", "i.linnet"), "approver": "v.osprey"}
        opinions = ("m2", "m2") if state == "peer_reviewed" else ("p2", "p2")
        work |= {"opinions": opinions, "peer_reason": REASON, "background": {"height": "contradicts"}}
        make.advance_to(reserved, state, seed=7, **work)
        make.parts = {"seed": 7, "images": 1, "requester": "d.lark", "supervisor": "s.alder"}
        return reserved

    return made


def secrets_of(reserved) -> list[str]:
    """The number, the people and the words of a reserved request."""
    said = [one.computed for one in contradictions_of(reserved.current_round, reserved.current_round.nominee)]
    who = [row.peer.display_name for row in reserved.current_round.peer_reviews]
    return [reserved.number, "pamphleteer", *who, *(one for one in said if one)]


def pages_of(request) -> list[str]:
    """Every page on which something of the request's matter could stand."""
    number, case = request.number, request.case_number
    found = [f"/requests/{number}", f"/review/{number}", f"/final-review/{number}", f"/approvals/{number}"]
    found += [f"/final-review/{number}/contradictions", f"/final-review/{number}/mistake", f"/workload/{number}"]
    found += [f"/discussions/{number}", f"/requests/{number}/corroboration", f"/requests/{number}/arrest"]
    found += [f"/requests/{number}/outcome", f"/matters/{case}", "/", "/requests", "/review", "/workload"]
    found += ["/workload/figures", "/workload/figures/arrests", "/workload/figures/arrests.csv", "/notifications"]
    found += ["/final-review", "/disclosures", "/matters"]
    for one in request.rounds:
        found.append(f"/review/rounds/{one.uid}")
        for candidate in one.search.candidates:
            there = f"/review/rounds/{one.uid}/candidates/{candidate.shown_order}"
            found += [there, f"{there}/background"]
    return found


def leaks(request, secrets, sign_in, people=UNCLEARED) -> list[tuple[str, str, str]]:
    found = []
    for who in people:
        client = sign_in(who)
        for page in pages_of(request):
            answer = client.get(page)
            if answer.status_code == 200:
                said = text(answer) if answer.mimetype == "text/html" else answer.text
                # its peers are named there as everybody is who could examine a request
                named_anyway = EVERYBODY if page == f"/workload/{request.number}" else set()
                found += [(who, page, one) for one in secrets if one in said and one not in named_anyway]
    return found


@pytest.mark.clause("SRC-6", "SRC-3")
def test_a_dissent_in_a_reserved_request_counts_and_tells_nothing_bypass(make, dissented, people, sign_in):
    first = make.request("under_examination")
    reserved = dissented()
    who = people.actor("k.rowan")
    make.dispose_all(first, retain=first_of(first))
    assert [one.label for one in earlier_verdicts(first.current_round, first_of(first))]
    refusal = explain(first, "nominate", who, nominee=first_of(first))
    assert not any(secret in str(refusal.reason) for secret in secrets_of(reserved))
    assert leaks(first, secrets_of(reserved), sign_in) == []
    there = f"/review/rounds/{first.current_round.uid}/candidates/{first_of(first).shown_order}/background"
    page = text(sign_in("k.rowan").get(there))
    assert WITHHELD in page and FOUND_ELSEWHERE in page
    named(reserved, people, "k.rowan")
    page = text(sign_in("k.rowan").get(there))
    assert f"{reserved.number}, round 1" in page and "pamphleteer" in page, "who is cleared reads it"


def test_the_refusal_to_who_is_not_cleared_names_nothing_bypass(make, dissented, people):
    """By another route: the words of the condition itself, whatever else refuses before it."""
    from app.domain.peers.renomination import something_new

    first = make.request("under_examination")
    reserved = dissented()
    facts = {"nominee": first_of(first)}
    told = something_new(first, people.actor("k.rowan"), facts)
    assert told is not None and WITHHELD in told and reserved.number not in told
    assert reserved.number in something_new(first, people.actor("g.sorrel"), facts)


@pytest.mark.clause("SRC-3", "EXT-2")
def test_what_it_found_against_the_person_is_answered_and_kept_without_its_words_bypass(make, dissented, people):
    first = make.request("under_examination")
    reserved = dissented()
    examiner, person = people.actor("k.rowan"), first_of(first)
    make.dispose_all(first, retain=person)
    with unit_of_work():
        row = examination.check_background(first, examiner, person, BACKGROUND, all_answered())
    kept = [one for one in row.private["contradictions"] if FOUND_ELSEWHERE in one["earlier"]]
    assert [one["title"] for one in kept] == ["Height"]
    assert [one for one in secrets_of(reserved) if one in str(row.private)] == []


@pytest.mark.clause("EXT-2")
def test_the_report_and_the_packages_of_the_ordinary_request_tell_nothing_bypass(make, dissented, people, sign_in):
    first = make.request("approved", approver="c.hawthorn")
    reserved = dissented()
    secrets = secrets_of(reserved)
    for name in ("k.rowan", "c.hawthorn"):
        named(reserved, people, name)
    make.report(first)
    report, round_ = first.reports[-1], first.current_round
    rendered = stores().blobs.get(report.blob_id, report.key_id, report.sha256)
    pdf = " ".join(" ".join(page.split()) for page in page_texts(rendered))
    printed = printed_contradictions(round_, round_.nominee)
    packed = statement("NYPD", first.case_number, report.number, printed)
    for said in (pdf, packed):
        assert [one for one in secrets if one in said] == []
        assert "below the bar in a request that you may not read" in " ".join(said.split())
    assert all(one.who is None and one.at is None and one.reason is None for one in printed.verdicts)
    assert leaks(first, secrets, sign_in, ("d.lark", "s.alder", "t.birch")) == []


def test_a_number_typed_into_a_link_opens_nothing_of_it_bypass(make, dissented, people, sign_in):
    first = make.request("under_examination", requester="m.heron", supervisor="t.birch")
    reserved = dissented(case_number="2026-075-09999")
    number = db.session.query(CaseNumber).filter_by(number=first.case_number).one()
    examiner = people.actor("k.rowan")
    with unit_of_work():
        links.link(number, examiner, "2026-075-09999", "Both are the robbery at the pier, says the file.")
    assert leaks(first, secrets_of(reserved), sign_in, ("k.rowan", "c.hawthorn", "m.heron", "t.birch")) == []


@pytest.mark.clause("USE-8", "AUD-7")
def test_its_arrest_and_evidence_stand_in_no_other_request_and_carry_none_bypass(
    make, dissented, people, sign_in, post
):
    first = make.request("reported")
    reserved = dissented("reported", values={})
    detective, there = people.actor("i.kestrel"), local(now())
    number = {"arrest_number": "M26600077", "arrested_on": f"{there:%Y-%m-%d}", "arrested_time": "00:05"}
    with unit_of_work():
        cited = {"record_in": "Arrest report 26-104712 of the precinct", "record_by": "Officer Heron"}
        cited |= {"record_on": f"{there:%Y-%m-%d}", "record_time": "00:20"}
        outcomes.report_arrest(reserved, detective, {**number, **cited, "ground": "on_warrant"})
    make.corroborate(reserved)
    client, page = sign_in("d.lark"), f"/requests/{first.number}"
    own = {"outcome": "arrest", "shown_outcome": "arrest", **arrested(now())}
    for given in ({**own, "fact_arrest_number": "M26600077"}, own):
        answer = post(client, f"{page}/outcome", given)
        assert answer.status_code == 422 and "00:05" not in text(answer)
        assert (first.state, len(first.evidence)) == ("reported", 0)
    ended = {"outcome": "no_arrest", "shown_outcome": "no_arrest"}
    assert "An arrest was reported in this matter" not in text(post(client, f"{page}/outcome", ended))
    assert leaks(first, [reserved.number], sign_in) == []


@pytest.mark.clause("AUD-7")
def test_the_list_of_arrests_names_it_to_who_is_cleared_alone_bypass(dissented, people, sign_in):
    reserved = dissented("reported", values={})
    detective, there = people.actor("i.kestrel"), local(now())
    number = {"arrest_number": "M26600077", "arrested_on": f"{there:%Y-%m-%d}", "arrested_time": f"{there:%H:%M}"}
    with unit_of_work():
        outcomes.report_arrest(reserved, detective, number)
    for who, known in (("c.hawthorn", False), ("v.osprey", True)):
        client = sign_in(who)
        assert (reserved.number in text(client.get("/workload/figures/arrests"))) is known
        assert client.get("/workload/figures/arrests.csv").text.splitlines()[-1].split(",")[1] == "1"


def test_a_notification_keeps_no_number_when_the_clearance_ended_bypass(dissented, people, sign_in):
    """Waiting: what was told under a clearance does not outlast it."""
    reserved = dissented()
    assert reserved.number in text(sign_in("v.osprey").get("/notifications"))
    row = next(one for one in clearances.standing(reserved) if one.account.name == "v.osprey")
    executive = actor_now(people, "r.falcon")
    with unit_of_work():
        clearances.end(reserved, executive, row, "No longer needed for this work here.")
    page = text(sign_in("v.osprey").get("/notifications"))
    assert reserved.number not in page and "A request that you may not read any more" in page


@pytest.mark.clause("EXT-2")
def test_who_asks_for_a_package_is_not_told_how_much_there_is_that_they_may_not_read_bypass(make, dissented, people):
    first = make.request("reported")
    dissented("reported", values={})
    detective = people.actor("d.lark")
    offered = [(item.kind, item.uid) for item in available_items(first.case_number, detective)]
    with unit_of_work():
        asked = disclosures.create_draft(detective, first.case_number)
    with unit_of_work():
        disclosures.save_draft(asked, detective, values("prosecutor", "D6"))
    with unit_of_work():
        disclosures.set_items(asked, detective, offered)
    told = package_complete(asked, detective, {})
    assert told is not None and not any(sign.isdigit() for sign in told) and "may not read" not in told
    with unit_of_work():
        disclosures.set_items(asked, detective, offered[:1])
    left = len(offered) - 1
    assert package_complete(asked, detective, {}) == f"{left} of {len(offered)} things of the case are left out."

"""A request that involves political activity is the Intelligence Bureau's, from filing to outcome (LIM-7)."""

from __future__ import annotations

import pytest

from app.access.scoping import find, visible
from app.domain.approval.report_facts import _use
from app.domain.identification import verbs as identification
from app.domain.peers import selection
from app.domain.requests import clearances
from app.domain.requests import verbs as requests
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import AuditEvent, Clearance, FRRequest, Notification, ProbeImage, Transition
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.events_and_notices import notified
from tests.purposes import purposes
from tests.request_factory import NARRATIVE
from tests.web.page_reading import soup, text, words

pytestmark = pytest.mark.clause("LIM-7")
WITHHELD = "Reserved to the Intelligence Bureau."
WHY = "The Bureau has no examiner of its own on duty."


@pytest.fixture
def political(make):
    """political("discussed"): a request of the Bureau's in that state."""

    def made(state: str = "discussed", **parts) -> FRRequest:
        answers = dict.fromkeys(policy().request.prohibitions, "no") | {"political-activity": "yes"}
        return make.request(
            state,
            requester="i.kestrel",
            supervisor="l.wren",
            values={"answers": answers, **parts.pop("values", {})},
            **parts,
        )

    return made


@pytest.fixture
def office(change_person, people):
    """The Deputy Commissioner's office: an executive of the Bureau."""
    change_person("r.falcon", groups=["executive-approvers", "intelligence-bureau"])
    return people.account("r.falcon")


def actor_now(people, name):
    from app.domain.workload.verbs import receiver_of

    return receiver_of(people.account(name))


def named(request, people, name: str) -> Clearance:
    account, actor, receiver = people.account(name), actor_now(people, "r.falcon"), actor_now(people, name)
    with unit_of_work():
        clearances.clear(request, actor, account, receiver, WHY)
    return clearances.standing(request)[-1]


def asked(client, post, number, verb="confirm", **fields):
    page = f"/discussions/{number}"
    request = db.session.query(FRRequest).filter_by(number=number).one()
    return post(client, f"{page}/{verb}", {"version": str(request.version), **fields}, page=page)


# The unit sees nothing of it ----------------------------------------------------------------------------------


def test_in_the_unit_it_does_not_exist(political, people, sign_in):
    request = political()
    number = request.number
    for who in ("k.rowan", "j.maple", "c.hawthorn", "v.osprey", "m.heron", "t.birch", "s.alder", "r.falcon"):
        actor = people.actor(who)
        assert db.session.scalars(visible(FRRequest, actor)).all() == [], who
        assert find(ProbeImage, request.images[0].uid, actor) is None, who
    for who, pages in (
        ("k.rowan", (f"/review/{number}", f"/review/{number}/probe", f"/requests/{number}")),
        ("c.hawthorn", (f"/final-review/{number}", f"/workload/{number}", f"/requests/{number}")),
    ):
        client = sign_in(who)
        for page in pages:
            assert client.get(page).status_code == 404, page
        for page in ("/", "/review", "/workload", "/final-review", "/notifications"):
            assert number not in client.get(page).get_data(as_text=True), page


def test_nobody_of_the_unit_is_told_of_it_bypass(political, people):
    """By another route: a notification, or the mail about it, would name it."""
    people.account("k.rowan"), people.account("c.hawthorn"), people.account("p.puffin")
    request = political()
    told = {row.account.name for row in db.session.query(Notification).filter_by(subject_key=request.number)}
    assert told <= {"i.kestrel", "l.wren", "p.puffin"}
    assert "i.kestrel" in told


def test_no_step_of_the_unit_is_open_to_who_is_not_cleared_bypass(political, people):
    """By another route than the pages: the workflow itself refuses."""
    request, examiner = political(), people.actor("k.rowan")
    for verb in ("take", "accept"):
        with pytest.raises(Refused) as refused, unit_of_work():
            if verb == "take":
                workload.take(request, examiner)
            else:
                identification.accept(request, examiner, "USE-1", "The facts stated make it one of the uses.")
        assert refused.value.rule_id == "political-clearance"
        assert "Deputy Commissioner's office" in refused.value.detail
    supervisor, receiver = people.actor("c.hawthorn"), actor_now(people, "k.rowan")
    with pytest.raises(Refused) as refused, unit_of_work():
        workload.assign(request, supervisor, receiver, "")
    assert refused.value.rule_id == "political-clearance"
    assert request.examiner_id is None


def test_it_comes_to_nobody_who_is_not_cleared(political, people, office):
    """A cleared supervisor cannot hand it to an examiner who is not, and no peer is drawn who is not."""
    request = political()
    for one in ("k.rowan", "j.maple", "n.finch"):
        people.account(one)
    named(request, people, "c.hawthorn")
    assert workload.receivers(request) == []
    assert selection.possible_peers(request) == []
    supervisor, receiver = actor_now(people, "c.hawthorn"), actor_now(people, "k.rowan")
    with pytest.raises(Refused) as refused, unit_of_work():
        workload.assign(request, supervisor, receiver, "")
    assert refused.value.rule_id == "receiver_may_examine" and "not cleared" in refused.value.detail
    named(request, people, "j.maple")
    assert [one.name for one in workload.receivers(request)] == ["j.maple"]
    assert [one.name for one in selection.possible_peers(request)] == ["j.maple"]


def test_the_duties_of_other_offices_go_on(political, sign_in):
    request = political()
    case = request.case_number
    assert sign_in("b.juniper").get(f"/retention/cases/{case}").status_code == 200
    found = sign_in("h.larch").get("/audit", query_string={"subject": request.number})
    assert found.status_code == 200 and request.number in found.text


# Named for this one request -----------------------------------------------------------------------------------


def test_who_is_named_works_on_it_and_does_not_read_the_narrative(political, people, office, sign_in):
    request = political()
    number = request.number
    named(request, people, "k.rowan")
    client = sign_in("k.rowan")
    for page in (f"/review/{number}", f"/requests/{number}"):
        said = text(client.get(page))
        assert WITHHELD in said and NARRATIVE[:40] not in said, page
    assert NARRATIVE[:40] in text(sign_in("i.kestrel").get(f"/requests/{number}"))
    assert NARRATIVE[:40] in text(sign_in("l.wren").get(f"/discussions/{number}"))
    with unit_of_work():
        workload.take(request, actor_now(people, "k.rowan"))
    assert request.examiner.name == "k.rowan"
    assert db.session.query(Notification).filter_by(kind="clearance_given").one().account.name == "k.rowan"
    event = db.session.query(AuditEvent).filter_by(event="request.cleared").one()
    assert people.account("k.rowan").uid in event.keys
    assert dict(_use(request).facts)["Narrative"] == WITHHELD


def test_being_named_for_one_opens_no_other_bypass(political, people, office):
    """Repeating: whoever was named once is named for that request alone."""
    first = political()
    named(first, people, "k.rowan")
    other = political(case_number="2026-075-09999", seed=8)
    assert [row.number for row in db.session.scalars(visible(FRRequest, people.actor("k.rowan")))] == [first.number]
    with pytest.raises(Refused), unit_of_work():
        workload.take(other, people.actor("k.rowan"))


def test_what_is_taken_back_is_closed_again_bypass(political, people, office, sign_in):
    """Waiting: work that was begun under a clearance does not outlast it."""
    request = political()
    row = named(request, people, "k.rowan")
    with unit_of_work():
        workload.take(request, actor_now(people, "k.rowan"))
    with unit_of_work():
        clearances.end(request, actor_now(people, "r.falcon"), row, WHY)
    assert sign_in("k.rowan").get(f"/review/{request.number}").status_code == 404
    with pytest.raises(Refused) as refused, unit_of_work():
        identification.accept(request, people.actor("k.rowan"), "USE-1", "The facts stated make it one of the uses.")
    assert refused.value.rule_id == "political-clearance"


def test_who_leaves_the_bureau_reads_it_no_longer_bypass(political, change_person, sign_in):
    """Waiting: membership is asked each time."""
    request = political()
    page = f"/requests/{request.number}"
    client = sign_in("i.kestrel")
    assert client.get(page).status_code == 200
    change_person("i.kestrel", groups=["investigators"])
    assert client.get(page).status_code == 404


def test_the_office_names_on_its_page(political, people, office, sign_in, post):
    request = political()
    number, examiner = request.number, people.account("k.rowan")
    client, page = sign_in("r.falcon"), f"/clearances/{number}"
    said = text(client.get(page))
    assert "Who is missing" in said and "Examiner: 0 cleared and trained, 1 needed" in said
    assert "Peer reviewer: 0 cleared and trained, 3 needed" in said
    assert "Supervisor of the unit: 0 cleared and trained, 1 needed" in said
    assert number in text(client.get("/clearances"))
    form = {"version": str(request.version), "person": examiner.uid}
    short = post(client, f"{page}/name", {**form, "reason": "Because."}, page=page)
    assert short.status_code == 422 and "at least 20 characters" in short.text
    assert post(client, f"{page}/name", {**form, "reason": WHY}, page=page).status_code == 303
    said = text(client.get(page))
    assert "Kit Rowan" in said and WHY in said and "Examiner: 0 cleared" not in said
    assert NARRATIVE[:40] not in said
    row = db.session.query(Clearance).one()
    db.session.refresh(request)
    end = f"{page}/end/{row.uid}"
    stale = {"person": examiner.uid, "reason": WHY, f"{row.uid}-why": WHY}
    stale |= {"version": "99", f"{row.uid}-version": "99"}
    assert [post(client, url, stale, page=page).status_code for url in (f"{page}/name", end)] == [409, 409]

    def ending(why):
        return post(client, end, {f"{row.uid}-version": str(request.version), f"{row.uid}-why": why}, page=page)

    assert ending("No.").status_code == 422
    assert ending(WHY).status_code == 303
    db.session.expire_all()
    assert clearances.standing(request) == []
    actor = actor_now(people, "r.falcon")
    with pytest.raises(Refused, match="clearance_stands"), unit_of_work():
        clearances.end(request, actor, row, WHY)
    verbs = [row.verb for row in db.session.query(Transition).order_by(Transition.id)]
    assert verbs[-2:] == ["clear", "end_clearance"]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("r.falcon", "Choose a trained examiner"),
        ("o.teal", "Choose a trained examiner"),
        ("d.lark", "Choose a trained examiner"),
        ("", "Choose a trained examiner"),
    ],
)
def test_only_people_of_the_unit_can_be_named(political, people, office, sign_in, post, who, why):
    request = political()
    page = f"/clearances/{request.number}"
    uid = people.account(who).uid if who else "nobody"
    form = {"version": str(request.version), "person": uid, "reason": WHY}
    answer = post(sign_in("r.falcon"), f"{page}/name", form, page=page)
    assert answer.status_code == 422 and why in answer.text


def test_an_executive_outside_the_bureau_names_nobody(political, people, sign_in, post):
    request = political()
    client = sign_in("r.falcon")
    assert client.get(f"/clearances/{request.number}").status_code == 404
    assert "The directory does not have you in the Bureau" in text(client.get("/clearances"))
    with pytest.raises(Refused) as refused:
        named(request, people, "k.rowan")
    assert refused.value.rule_id == "political-clearance"


def test_a_request_without_political_activity_needs_nobody_named(make, people, office):
    request = make.request("discussed")
    assert clearances.missing(request) == []
    with pytest.raises(Refused) as refused:
        named(request, people, "k.rowan")
    assert refused.value.rule_id == "request_reserved"


def test_the_requester_is_told_who_is_missing_and_who_can_name_them(political, office, sign_in):
    said = text(sign_in("i.kestrel").get(f"/requests/{political().number}"))
    assert "Too few people are cleared for this request" in said
    assert "Deputy Commissioner's office" in said and "Ria Falcon" in said


def test_it_is_not_named_among_earlier_searches_bypass(political, people, office):
    """By another route: the same photograph under another request."""
    from app.domain.identification.lineage import EarlierSearch
    from app.models import Search

    request = political()
    found = EarlierSearch(Search(request=request), ("the same photograph",), "negative")
    db.session.rollback()
    for who, known in (("k.rowan", False), ("c.hawthorn", False), ("m.heron", False), ("l.wren", True)):
        assert found.known_to(people.actor(who)) is known, who
    for who in ("y.hazel", "b.juniper", "w.sparrow", "h.larch"):
        assert found.known_to(people.actor(who)), who
    named(request, people, "k.rowan")
    assert found.known_to(people.actor("k.rowan"))


def test_its_items_are_offered_for_disclosure_to_whoever_keeps_every_case_alone_bypass(make, people):
    from app import audit
    from app.domain.disclosures.items import available, offered_to

    request = make.request("reported")
    everything = available(request.case_number)
    assert everything and offered_to(request.case_number, people.actor("c.hawthorn")) == everything
    records = people.actor("b.juniper")
    with unit_of_work():
        request.political = True
        audit.record("policy.loaded", version=policy().version)
    for who in ("c.hawthorn", "d.lark", "k.rowan"):
        assert offered_to(request.case_number, people.actor(who)) == [], who
    assert offered_to(request.case_number, records) == everything


# The discussion -------------------------------------------------------------------------------------------------


def test_it_is_discussed_with_a_supervisor_of_the_bureau(make, people):
    answers = dict.fromkeys(policy().request.prohibitions, "no") | {"political-activity": "yes"}
    request = make.request("draft", requester="i.kestrel", supervisor="s.alder", values={"answers": answers})
    with pytest.raises(Refused) as refused, unit_of_work():
        requests.submit(request, people.actor("i.kestrel"))
    assert refused.value.rule_id == "supervisor_cleared"
    assert "Sam Alder is no member of the Intelligence Bureau" in refused.value.detail


@pytest.mark.parametrize(("filed", "answer"), [("no", "yes"), ("yes", "no")])
def test_answers_that_differ_send_it_back_bypass(make, political, sign_in, post, filed, answer):
    """Wording: the filer's own "no" does not open it to the unit where the supervisor knows better."""
    request = political("submitted") if filed == "yes" else make.request("submitted")
    who = "l.wren" if filed == "yes" else "s.alder"
    sent = asked(sign_in(who), post, request.number, **purposes(political_activity=answer))
    assert sent.status_code == 303
    db.session.expire_all()
    assert request.state == "draft" and request.discussion_confirmed_at is None
    reason = request.private["denial"]["reason"]
    assert reason == (
        f"Does the investigation involve political activity? The request says {filed}, the supervisor {answer}."
    )


@pytest.mark.parametrize("answer", ["", "perhaps"])
def test_a_discussion_without_the_supervisors_answer_is_not_confirmed(make, sign_in, post, answer):
    request = make.request("submitted")
    sent = asked(sign_in("s.alder"), post, request.number, **purposes(political_activity=answer))
    assert sent.status_code == 422
    assert "Answer: Does the investigation involve political activity?" in sent.text
    db.session.expire_all()
    assert request.discussion_confirmed_at is None


def test_the_supervisors_answer_is_on_record(political):
    political()
    event = db.session.query(AuditEvent).filter_by(event="request.discussion_confirmed").one()
    assert event.keys == '{"political":"yes"}'


def test_a_draft_stays_with_its_author_until_it_is_put_right(make, people):
    """A detective who answers yes is told to refer it, and can still see and correct the draft."""
    answers = dict.fromkeys(policy().request.prohibitions, "no") | {"political-activity": "yes"}
    request = make.request("draft", values={"answers": answers})
    assert find(FRRequest, request.number, people.actor("d.lark")) is request
    with unit_of_work():
        requests.withdraw(request, people.actor("d.lark"), "It belongs to the Intelligence Bureau.")
    assert find(FRRequest, request.number, people.actor("d.lark")) is request
    assert find(FRRequest, request.number, people.actor("s.alder")) is None


@pytest.mark.clause("LIM-7")
def test_the_office_is_told_that_a_request_waits_for_it_and_led_to_where_it_names(office, political, sign_in):
    request = political("submitted")
    assert notified("people_missing") == ["r.falcon"]
    client, here = sign_in("r.falcon"), f"/clearances/{request.number}"
    page = soup(client.get("/"))
    assert "Nothing for you to do here yet" not in words(page)
    assert page.select(f"#short-of-people a[href='{here}']")
    assert "3 needed, as 2 review, and whoever examines it cannot" in words(page.select_one("#short-of-people"))
    assert here in {link["href"] for link in soup(client.get("/notifications")).select("main a")}
    assert client.get(here).status_code == 200

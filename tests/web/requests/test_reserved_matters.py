"""What involves political activity is not split: no request beside a reserved one opens its matter (LIM-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

from datetime import date

import cv2
import numpy as np
import pytest

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.domain.identification import verbs as identification
from app.domain.matters import links
from app.domain.requests import clearances
from app.domain.requests import verbs as requests
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import AuditEvent, CaseNumber, FRRequest, TrainingRecord
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.events_and_notices import notices_of
from tests.request_factory import picture
from tests.web.page_reading import text
from tests.web.requests.test_political_requests import named, office, political  # noqa: F401  (fixtures)

pytestmark = pytest.mark.clause("LIM-7")
ANOTHER = "2026-075-07777"
RULE = "matter_not_reserved"
SAID = "reserved to the Intelligence Bureau"


def refused_to_submit(request: FRRequest, people) -> str:
    with pytest.raises(Refused) as refused, unit_of_work():
        requests.submit(request, people.actor(request.requester.name))
    assert refused.value.rule_id == RULE
    return refused.value.reason


def split(make, case_number: str = "2026-075-01234", seed: int = 8, **parts) -> FRRequest:
    """The second request: ordinary by its own answers."""
    return make.request("draft", case_number=case_number, seed=seed, **parts)


@pytest.mark.parametrize("filer", ["d.lark", "i.kestrel"])
def test_a_second_request_of_the_matter_is_no_ordinary_one_bypass(political, make, people, filer):
    """Splitting: the political part in one request, the rest in another, by a detective or by the Bureau itself."""
    reserved = political("submitted")
    reason = refused_to_submit(split(make, requester=filer), people)
    assert SAID in reason and reserved.number not in reason


def test_nor_under_another_number_of_the_matter_bypass(political, make, people):
    political("submitted")
    second = split(make, ANOTHER)
    number = db.session.query(CaseNumber).filter_by(number=ANOTHER).one()
    officer = people.actor("b.juniper")
    with unit_of_work():
        links.link(number, officer, "2026-075-01234", "The same complaint under two numbers.")
    refused_to_submit(second, people)


def test_nor_with_the_reserved_photograph_under_another_number_bypass(political, make, people):
    political("submitted")
    refused_to_submit(split(make, ANOTHER, seed=7), people)
    other = split(make, "2026-075-07778", seed=9)
    with unit_of_work():
        requests.submit(other, people.actor("d.lark"))
    assert other.state == "submitted", "another matter with another photograph is open to the unit"


@needs_models
def test_nor_with_the_photograph_cropped_and_saved_again_bypass(political, make, people):
    political("submitted")
    whole = cv2.imdecode(np.frombuffer(picture(7), np.uint8), cv2.IMREAD_COLOR)
    high, wide = whole.shape[:2]
    cut = whole[int(high * 0.03) : int(high * 0.97), int(wide * 0.03) : int(wide * 0.97)]
    second = split(make, ANOTHER, images=0)
    make.image(second, cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes())
    refused_to_submit(second, people)


@needs_models
@pytest.mark.parametrize("edit", ["noise", "blur"])
def test_nor_with_the_photograph_noisy_or_blurred_bypass(political, make, people, edit):
    """What takes the fine detail away leaves the photograph."""
    political("submitted")
    whole = cv2.imdecode(np.frombuffer(picture(7), np.uint8), cv2.IMREAD_COLOR)
    noise = np.random.default_rng(0).normal(0, 15, whole.shape)
    worse = np.clip(whole + noise, 0, 255).astype(np.uint8) if edit == "noise" else cv2.GaussianBlur(whole, (0, 0), 3)
    second = split(make, ANOTHER, images=0)
    make.image(second, cv2.imencode(".jpg", worse, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    refused_to_submit(second, people)


def test_withdrawing_the_reserved_one_opens_nothing_bypass(political, make, people):
    """Repeating: withdrawn, and filed again with no."""
    political("withdrawn")
    refused_to_submit(split(make, requester="i.kestrel"), people)


@pytest.mark.parametrize("state", ["submitted", "discussed", "probe_selected"])
def test_one_that_was_there_before_goes_no_further_bypass(make, political, people, state):
    """Waiting: the ordinary request first, the reserved one after it."""
    first = make.request(state)
    political("submitted", seed=8)
    who = people.actor({"submitted": "s.alder"}.get(state, "k.rowan"))
    if state == "discussed":
        with unit_of_work():
            workload.take(first, who)
    with pytest.raises(Refused) as refused, unit_of_work():
        if state == "submitted":
            requests.confirm_discussion(first, who, first.private["answers"], make.read_refusals(first))
        elif state == "discussed":
            identification.accept(first, who, "USE-1", "The facts stated make it one of the uses.")
        else:
            identification.start_search(first, who, algorithms.status(today()))
    assert refused.value.rule_id == RULE
    author = people.actor("d.lark")
    with unit_of_work():
        requests.withdraw(first, author, "It is referred to the Intelligence Bureau.")
    assert first.state == "withdrawn", "its author can always take it back"


def test_an_examiner_who_cannot_search_refuses_it_and_its_author_is_told(make, political, people, sign_in, post):
    """What cannot be searched does not stay with the unit for good; nothing of the reserved request is told."""
    first = make.request("probe_selected")
    reserved = political("submitted", seed=8)
    client, page = sign_in("k.rowan"), f"/review/{first.number}"
    said = text(client.get(page))
    assert SAID in said and "the examiner who has it refuses it" in said
    assert reserved.number not in said
    given = {"refuse-version": str(first.version), "refuse-rule": "refuse-political"}
    reason = "It cannot be searched here; refer it to the Intelligence Bureau."
    answer = post(client, f"{page}/refuse", {**given, "refuse-reason": reason}, page=page)
    assert answer.status_code == 303
    db.session.expire_all()
    assert first.state == "refused"
    assert ("request_refused", "d.lark") in notices_of(first.number)
    told = text(sign_in("d.lark").get(f"/requests/{first.number}"))
    assert reason in told and "works on your request" not in told
    assert reserved.number not in told


@pytest.mark.clause("SRC-7", "REQ-4")
def test_what_was_searched_once_is_not_refused_any_more_bypass(make, people):
    """Waiting: a result is not hidden by a second probe and a refusal."""
    request = make.request("peer_reviewed")
    make.carry_on(request)
    make.select(request)
    assert request.state == "probe_selected"
    with pytest.raises(Refused) as refused, unit_of_work():
        identification.refuse(request, people.actor("k.rowan"), "refuse-political", "It is not of the unit.")
    assert refused.value.rule_id == "no_search_run"


def test_the_page_of_a_draft_does_not_tell_which_numbers_are_reserved(political, make, sign_in, post):
    """Whoever types numbers into a draft learns nothing; who submits learns it, and that is recorded."""
    political("submitted")
    second = split(make)
    client, page = sign_in("d.lark"), f"/requests/{second.number}"
    assert SAID not in text(client.get(page))
    answer = post(client, f"{page}/submit", {"version": str(second.version)}, page=page)
    assert answer.status_code == 422 and SAID in text(answer)
    refusals = [row.keys for row in db.session.query(AuditEvent) if RULE in row.keys]
    assert refusals


# Who is missing ---------------------------------------------------------------------------------------------------


def test_supervisors_and_the_office_read_who_is_missing_on_their_own_page(political, people, office, sign_in):
    number = political().number
    people.account("c.hawthorn"), people.account("k.rowan")
    heading, missing = "Too few people are cleared", "Peer reviewer: 0 cleared and trained, 3 needed"
    for who in ("r.falcon", "l.wren"):
        page = text(sign_in(who).get("/"))
        assert heading in page and number in page and missing in page, who
        assert "The Deputy Commissioner's office names" in page and "Ria Falcon" in page
    assert heading not in text(sign_in("c.hawthorn").get("/")), "to who is not cleared it does not exist"
    named(db.session.query(FRRequest).one(), people, "c.hawthorn")
    page = text(sign_in("c.hawthorn").get("/"))
    assert heading in page and number in page and "Supervisor of the unit" not in page
    assert missing in text(sign_in("c.hawthorn").get(f"/workload/{number}"))
    assert missing in text(sign_in("l.wren").get(f"/discussions/{number}"))
    for who in ("d.lark", "s.alder", "k.rowan", "m.heron"):
        assert heading not in text(sign_in(who).get("/")), who


def test_cleared_without_training_is_not_enough_bypass(political, people, office):
    """By another route: being named is no training (ACC-4)."""
    request = political()
    named(request, people, "k.rowan")
    assert "examiner" not in {one.what for one in clearances.missing(request)}
    with unit_of_work():
        from app import audit

        for record in db.session.query(TrainingRecord).filter_by(account_id=people.account("k.rowan").id):
            record.completed_on, record.expires_on = date(2019, 1, 1), date(2020, 1, 1)
        audit.record("policy.loaded", version="later")
    found = {one.what: one for one in clearances.missing(request)}["examiner"]
    assert (found.cleared, found.needed, found.untrained) == (0, 1, 1)

"""What was refused before is read by whoever is asked next; new images are discussed anew (AUD-1, REQ-4)."""

from __future__ import annotations

import pytest

from app.domain.identification import verbs as identification
from app.domain.requests import verbs as requests
from app.domain.requests.earlier_refusals import earlier_refusals
from app.domain.requests.new_images import not_discussed
from app.extensions import db
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.events_and_notices import notified
from tests.purposes import purposes
from tests.request_factory import picture
from tests.web.page_reading import send, soup, words

pytestmark = needs_models
DENIED = "The store's owner was never asked; I do not support this use."
UNFIT = "The threat named is over; nobody is at risk any more."


@pytest.fixture
def deny(people):
    """deny(request): the named supervisor does not confirm the discussion."""

    def denied(request) -> None:
        actor = people.actor(request.discussing_supervisor.name)
        with unit_of_work():
            requests.deny_discussion(request, actor, DENIED)

    return denied


@pytest.fixture
def refuse(people):
    """refuse(request): an examiner refuses the basis."""

    def refused(request) -> None:
        actor = people.actor("k.rowan")
        with unit_of_work():
            identification.refuse(request, actor, "refuse-not-authorized", UNFIT)

    return refused


def confirm(request, actor, shown=()) -> None:
    with unit_of_work():
        requests.confirm_discussion(request, actor, request.private["answers"], shown)


def ask_next(make, request, supervisor: str) -> None:
    """File the returned draft again, with another supervisor."""
    actor, values = make.people.actor("d.lark"), make.values(supervisor=supervisor)
    with unit_of_work():
        requests.save_draft(request, actor, values)
    make.submit(request)


def refused_by(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    db.session.rollback()
    return refused.value.rule_id


@pytest.mark.clause("AUD-1")
def test_the_next_supervisor_reads_who_refused_and_why(make, people, deny, sign_in):
    request = make.request(state="submitted")
    first = request.discussing_supervisor.display_name
    deny(request)
    ask_next(make, request, "t.birch")
    assert request.discussing_supervisor.name == "t.birch"
    assert refused_by(lambda: confirm(request, people.actor("t.birch"))) == "refusals_read"
    page = f"/discussions/{request.number}"
    client = sign_in("t.birch")
    told = words(soup(client.get(page)).select_one("#refused-before"))
    assert first in told and DENIED in told and request.number in told
    assert send(client, page, f"{page}/confirm", **purposes()).status_code == 303
    assert request.discussion_confirmed_at is not None


@pytest.mark.clause("AUD-1")
def test_each_refusal_stays_when_another_follows_bypass(make, people, deny):
    """Repeating: a second refusal does not take the place of the first."""
    request = make.request(state="submitted")
    deny(request)
    ask_next(make, request, "t.birch")
    deny(request)
    ask_next(make, request, "l.wren")
    found = earlier_refusals(request)
    assert len({one.by for one in found}) == len(found) == 2
    assert refused_by(lambda: confirm(request, people.actor("l.wren"), [found[0].id])) == "refusals_read"
    confirm(request, people.actor("l.wren"), [one.id for one in found])
    assert request.discussion_confirmed_at is not None


@pytest.mark.clause("AUD-1")
@pytest.mark.parametrize("case_number", ["2026-075-01234", "2026-075-09999"], ids=["the case", "the image"])
def test_a_new_draft_under_the_same_number_or_with_the_same_image_remembers_bypass(make, people, deny, case_number):
    """Splitting: the refused draft is left lying, or withdrawn, and another is filed."""
    first = make.request(state="submitted")
    deny(first)
    second = make.request(state="submitted", case_number=case_number, supervisor="t.birch")
    assert [one.request.id for one in earlier_refusals(second)] == [first.id]
    assert refused_by(lambda: confirm(second, people.actor("t.birch"))) == "refusals_read"


@pytest.mark.clause("REQ-4")
@pytest.mark.parametrize(
    ("use", "case_number"), [("USE-2", "2026-075-01234"), ("USE-1", "2026-075-09999"), ("USE-2", "2026-075-09999")]
)
def test_a_refused_basis_refiled_otherwise_is_before_the_examiner_bypass(
    make, people, refuse, sign_in, use, case_number
):
    """Another use, another number, or both with the same image."""
    first = make.request(state="discussed")
    refuse(first)
    second = make.request(state="submitted", use=use, case_number=case_number)
    shown = [one.id for one in earlier_refusals(second)]
    confirm(second, people.actor("s.alder"), shown)
    examiner = people.actor("k.rowan")

    def accept(ids=()) -> None:
        with unit_of_work():
            identification.accept(second, examiner, use, "", ids)

    assert refused_by(accept) == "refusals_read"
    client, page = sign_in("k.rowan"), f"/review/{second.number}"
    told = words(soup(client.get(page)).select_one("#refused-before"))
    assert UNFIT in told and first.number in told and "USE-1" in told
    sent = {"accept-use": use, "accept-note": ""}
    assert send(client, page, f"{page}/accept", **sent, **{"accept-shown": ""}).status_code == 422
    assert send(client, page, f"{page}/accept", **sent).status_code == 303
    assert second.state == "accepted"


@pytest.mark.clause("AUD-1", "REQ-4")
def test_another_matter_with_other_images_is_told_nothing(make, deny):
    deny(make.request(state="submitted"))
    assert earlier_refusals(make.request(state="submitted", case_number="2026-075-09999", seed=8)) == []


# New images after a return ------------------------------------------------------------------------------------


def sent_again(make, people, data: bytes):
    request = make.request(state="awaiting_images")
    assert request.discussion_confirmed_at is not None
    make.image(request, data)
    actor = people.actor("d.lark")
    with unit_of_work():
        requests.resubmit(request, actor)
    return request


@pytest.mark.clause("AUD-1", "REQ-7")
def test_another_face_after_a_return_is_discussed_anew_bypass(make, people):
    request = sent_again(make, people, picture(8))
    assert (request.state, request.discussion_confirmed_at) == ("submitted", None)
    assert notified("discussion_asked") == ["s.alder", "s.alder"], "once for each time it was asked"
    examiner = people.actor("k.rowan")

    def accept() -> None:
        with unit_of_work():
            identification.accept(request, examiner, "USE-1", "")

    assert refused_by(accept) == "discussion_confirmed"
    confirm(request, people.actor("s.alder"))
    accept()
    assert request.state == "accepted"


@pytest.mark.clause("AUD-1", "REQ-7")
def test_an_image_of_the_moment_that_was_discussed_is_not(make, people):
    import cv2
    import numpy as np

    still = cv2.imdecode(np.frombuffer(picture(), np.uint8), cv2.IMREAD_COLOR)
    sharper = cv2.imencode(".jpg", still, [cv2.IMWRITE_JPEG_QUALITY, 97])[1].tobytes()
    request = sent_again(make, people, sharper)
    assert request.discussion_confirmed_at is not None
    assert not_discussed(request) == []

"""The questions on prohibited purposes are answered, whatever way a request takes to the unit (LIM-1, LIM-2, LIM-3)."""

from __future__ import annotations

import pytest

from app import audit
from app.access.scoping import find
from app.domain.identification import verbs as identification
from app.domain.requests import verbs as requests
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models import FRRequest
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.purposes import purposes
from tests.request_factory import picture
from tests.web.page_reading import text
from tests.web.requests.test_requests_flow import blocked_rules, draft_fields, version

pytestmark = pytest.mark.clause("LIM-1", "LIM-2", "LIM-3", "CAP-7", "EXT-5")
PURPOSES = ("crowd-or-rally", "open-warrant-sweep", "live-video", "immigration-enforcement", "political-activity")


def unanswered(request: FRRequest, purpose: str) -> None:
    """As of a request filed before the rules asked this question."""
    with unit_of_work():
        request.seal(answers={name: said for name, said in request.private["answers"].items() if name != purpose})
        audit.record("policy.loaded", version=policy().version)


@pytest.mark.parametrize("sent", ["left out", "", "perhaps", "NO", "no, yes"])
@pytest.mark.parametrize("purpose", ["crowd-or-rally", "immigration-enforcement"])
def test_a_form_sent_by_hand_answers_no_question_by_leaving_or_bending_it_bypass(make, sign_in, post, purpose, sent):
    """By another route: the fields are posted without the page, and the step is asked for at once."""
    request = make.request("draft")
    client, edit, page = sign_in("d.lark"), f"/requests/{request.number}/edit", f"/requests/{request.number}"
    fields = draft_fields() | purposes() | {"version": version(client, edit), f"answer_{purpose}": sent}
    if sent == "left out":
        del fields[f"answer_{purpose}"]
    saved = post(client, edit, fields)
    db.session.expire_all()
    if saved.status_code == 303:
        assert request.private["answers"].get(purpose) in {"", None}, "no answer of one's own is kept"
        assert "purposes_answered" in blocked_rules(client, request.number)
        answer = post(client, f"{page}/submit", {"version": str(request.version)}, page=page)
        assert answer.status_code == 422 and policy().request.prohibitions[purpose].question in text(answer)
    assert request.state == "draft" and request.submission == 0


@pytest.mark.clause("LIM-7")
@pytest.mark.parametrize("bent", ["yes ", " yes", "yes\n"])
def test_a_bent_yes_is_a_yes_and_keeps_the_request_apart_bypass(make, people, bent):
    """By wording: what the rules read as yes, and the column that keeps the request apart did not."""
    answers = dict.fromkeys(policy().request.prohibitions, "no") | {"political-activity": bent}
    request = make.request("submitted", requester="i.kestrel", supervisor="l.wren", values={"answers": answers})
    assert request.political and request.private["answers"]["political-activity"] == "yes"
    assert find(FRRequest, request.number, people.actor("k.rowan")) is None


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_basis_is_confirmed_over_a_question_that_was_never_put_bypass(make, people, purpose):
    """By waiting: filed and discussed before the rules asked it."""
    request, examiner = make.request("discussed"), people.actor("k.rowan")
    with unit_of_work():
        workload.take(request, examiner)
    unanswered(request, purpose)
    with pytest.raises(Refused) as refused, unit_of_work():
        identification.accept(request, examiner, "USE-1", "The facts stated make it one of the uses.")
    assert refused.value.rule_id == "purposes_answered"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_nor_is_it_sent_again_with_better_images_bypass(make, people, purpose):
    """By another route to the unit than filing: the way back from "awaiting images"."""
    request, author = make.request("awaiting_images"), people.actor("d.lark")
    make.image(request, picture(7, 3))
    unanswered(request, purpose)
    with pytest.raises(Refused) as refused, unit_of_work():
        requests.resubmit(request, author)
    assert refused.value.rule_id == "purposes_answered"

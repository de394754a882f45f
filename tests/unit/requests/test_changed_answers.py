"""An answer that would have refused the request stays with it, and is judged once it is changed (LIM-2 to LIM-7)."""

from __future__ import annotations

import pytest

from app.domain.approval.report_facts import _use
from app.domain.approval.request_file import gather_file
from app.domain.identification import verbs as identification
from app.domain.requests import verbs as requests
from app.domain.requests.earlier_refusals import earlier_refusals
from app.domain.requests.retractions import refusing_answers
from app.extensions import db
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.drawn_gallery import needs_models
from tests.purposes import purposes
from tests.web.page_reading import send, soup, words

pytestmark = needs_models
WHY = "I had read the question as one about the rally next door, where nobody is sought."
JUDGED = "The bag was taken in the shop; the rally has nothing to do with it."


@pytest.fixture
def say(make, people):
    """say(request, answers…, because=…): the requester saves the draft with these answers, every other one no."""

    def saved(request, because: str = "", **answers: str):
        said = dict.fromkeys(policy().request.prohibitions, "no")
        said |= {name.replace("_", "-"): answer for name, answer in answers.items()}
        with unit_of_work():
            requests.save_draft(
                request,
                people.actor("d.lark"),
                make.values(case_number=request.case_number, answers=said, changed_because=because),
            )
        return request

    return saved


def refused_by(act) -> str | None:
    try:
        act()
    except Refused as refused:
        db.session.rollback()
        return refused.rule_id
    return None


def confirm(request, people, changed: str = "", shown=None) -> None:
    shown = [one.id for one in earlier_refusals(request)] if shown is None else shown
    with unit_of_work():
        actor = people.actor(request.discussing_supervisor.name)
        requests.confirm_discussion(request, actor, request.private["answers"], shown, {"changed": changed})


@pytest.mark.clause("LIM-2", "LIM-3", "LIM-7", "CAP-7", "EXT-5")
@pytest.mark.parametrize(
    "question", ["open-warrant-sweep", "crowd-or-rally", "immigration-enforcement", "live-video", "political-activity"]
)
def test_a_refused_answer_is_not_undone_by_changing_it_bypass(make, people, say, question):
    """Neither by one edit, nor by leaving the question open in between, nor with words that give no reason."""
    request, actor = make.request(state="draft"), people.actor("d.lark")
    say(request, **{question: "yes"})
    say(request, **{question: ""})
    say(request)
    assert refused_by(lambda: make.submit(request)) == "changed_answers_reasoned"
    for idle in ("as discussed", "A mistake it was then.", "x" * 40):
        say(request, because=idle)
        assert explain(request, "submit", actor).rule_id == "changed_answers_reasoned", idle
    say(request, because=WHY)
    make.submit(request)
    assert refused_by(lambda: confirm(request, people, JUDGED, shown=[])) == "refusals_read"
    assert refused_by(lambda: confirm(request, people)) == "changed_answers_judged"
    assert refused_by(lambda: confirm(request, people, "I have no doubt.")) == "changed_answers_judged"
    confirm(request, people, JUDGED)
    examiner = people.actor("k.rowan")
    use = request.use_id
    assert explain(request, "accept", examiner, use=use, shown=[]).rule_id == "refusals_read"
    with unit_of_work():
        shown = [one.id for one in earlier_refusals(request)]
        identification.accept(request, examiner, use, "The facts meet the use.", shown)
    told = dict(gather_file(request, examiner).stated)[
        f"Answer changed: {policy().request.prohibitions[question].question}"
    ]
    assert "Yes, saved by" in told and "Lark" in told and WHY in told and JUDGED in told
    assert any(told == answer for _, answer in _use(request).facts), "the report, and with it the package, says so too"


@pytest.mark.clause("LIM-3", "LIM-7")
def test_the_first_answer_is_read_in_another_draft_of_the_matter_too_bypass(make, people, say):
    """A draft left lying, and a new one with the other answer: whoever is asked next reads the first."""
    left = say(make.empty("d.lark"), crowd_or_rally="yes")
    request = make.request(state="submitted")
    [one] = earlier_refusals(request)
    assert one.request.number == left.number and "crowd" in one.answered
    assert refused_by(lambda: confirm(request, people, shown=[])) == "refusals_read"
    confirm(request, people)


@pytest.mark.clause("LIM-7")
def test_what_was_always_answered_no_is_asked_nothing(make, people):
    request = make.request(state="submitted")
    assert (refusing_answers(request), earlier_refusals(request)) == ([], [])
    confirm(request, people)


@pytest.mark.clause("LIM-7", "AUD-1")
def test_requester_supervisor_and_examiner_read_it_on_their_pages(make, people, say, sign_in):
    request = say(make.request(state="draft"), political_activity="yes")
    question = policy().request.reserved.question
    client, edit = sign_in("d.lark"), f"/requests/{request.number}/edit"
    shown = soup(client.get(edit))
    assert question in words(shown.select_one("#refusing-answers")) and shown.find(attrs={"name": "changed_because"})
    say(request, because=WHY)
    make.submit(request)
    url = f"/discussions/{request.number}"
    supervisor = sign_in("s.alder")
    page = soup(supervisor.get(url))
    assert question in words(page.select_one("#refused-before")) and WHY in words(page.select_one("#changed-answers"))
    short = send(supervisor, url, f"{url}/confirm", **purposes(), changed="Fine.")
    assert short.status_code in (403, 409, 422) and "what you find of the changed answer" in short.text
    assert send(supervisor, url, f"{url}/confirm", **purposes(), changed=JUDGED).status_code == 303
    examiner = soup(sign_in("k.rowan").get(f"/review/{request.number}"))
    told = words(examiner.select_one("#refused-before")) + words(examiner.select_one("#asked"))
    assert question in told and WHY in told and JUDGED in told

"""The supervisor of the discussion answers on prohibited purposes too, whatever the filer ticked (LIM-2, LIM-3)."""

from __future__ import annotations

import pytest

from app.extensions import db
from app.policy import policy
from app.policy.facts import YES_NO
from tests.purposes import purposes
from tests.web.page_reading import soup

PURPOSES = sorted(policy().request.prohibitions)


@pytest.fixture
def answered(make, sign_in, post):
    """Send the answers of the supervisor named in a submitted request; returns the request and the answer."""

    def send(**answers: str):
        request = make.request("submitted")
        page = f"/discussions/{request.number}"
        sent = post(sign_in("s.alder"), f"{page}/confirm", {"version": str(request.version), **answers}, page=page)
        db.session.expire_all()
        return request, sent

    return send


@pytest.mark.clause("LIM-2", "LIM-3", "CAP-7", "EXT-5", "LIM-7", "AUD-1")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_filers_no_does_not_stand_against_the_supervisors_yes_bypass(answered, purpose):
    request, sent = answered(**purposes() | {f"answer_{purpose}": "yes"})
    assert sent.status_code == 303
    assert request.state == "draft" and request.discussion_confirmed_at is None
    question = policy().request.prohibitions[purpose].question
    assert request.private["denial"]["reason"] == f"{question} The request says no, the supervisor yes."


@pytest.mark.clause("LIM-2", "LIM-3", "CAP-7", "EXT-5", "LIM-7")
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_question_left_open_confirms_nothing_bypass(answered, purpose):
    """By leaving it out: every other answer is the request's."""
    request, sent = answered(**{name: said for name, said in purposes().items() if name != f"answer_{purpose}"})
    assert sent.status_code == 422
    assert f"Answer: {policy().request.prohibitions[purpose].question}" in sent.text
    assert request.state == "submitted" and request.discussion_confirmed_at is None


@pytest.mark.clause("LIM-2", "LIM-3")
def test_both_answers_stand_beside_each_question(answered, sign_in):
    request, sent = answered(**purposes())
    assert sent.status_code == 303 and request.discussion_confirmed_at is not None
    both = f"{YES_NO['no']}; {request.discussing_supervisor.display_name}: {YES_NO['no']}"
    for who, page in (("k.rowan", "review"), ("d.lark", "requests")):
        rows = soup(sign_in(who).get(f"/{page}/{request.number}")).find_all("dt")
        for rule in policy().request.prohibitions.values():
            [stated] = [row.find_next("dd").get_text(" ", strip=True) for row in rows if rule.question in row.text]
            assert stated == both, (who, rule.id)

"""A dissent is not voted away: the same person comes before fresh peers only with something new (SRC-6, FAIR-1)."""

from __future__ import annotations

from datetime import date, timedelta

import cv2
import numpy as np
import pytest

from app.calendar import today
from app.domain.approval import verbs as approvals
from app.domain.examination import verbs as examination
from app.domain.examination.earlier_verdicts import earlier_verdicts
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.peers import nomination, renomination
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.request_factory import picture
from tests.unit_stages import BACKGROUND, SAME, all_answered, worksheet
from tests.web.page_reading import form_at, soup, words

pytestmark = pytest.mark.clause("SRC-6", "FAIR-1")
NEW = "The shop owner recognized the neck tattoo on a second recording from the alley."
SOURCE = "Statement of the owner, 24 November"
MISTAKE = "The second peer compared the mirrored still; the mole was read on the wrong cheek."


def of_person(request, number: str):
    return next(one for one in request.current_round.search.candidates if one.person.person_number == number)


def first_of(request):
    return min(request.current_round.search.candidates, key=lambda one: one.rank)


@pytest.fixture
def doubted(make, people):
    """A fresh round after one in which a peer's verdict was inconclusive; nobody is disposed yet."""

    def made(second: str = "0", **parts):
        for name in ("a.plover", "i.linnet", "v.osprey"):
            people.account(name)
        request = make.request(state="peer_reviewed", opinions=("p2", second), **parts)
        make.carry_on(request)
        make.examine(request)
        return request

    return made


def try_again(make, people, request, candidate=None, actor="k.rowan") -> str | None:
    """Nominate the person once more; the rule that refuses, or None."""
    candidate, who = candidate or first_of(request), people.actor(actor)
    for one in list(request.current_round.search.candidates):
        if one is not candidate and request.current_round.disposition_of(one) is None:
            make.exclude(request, one)
    with unit_of_work():
        examination.dispose(request, who, candidate, "retained", worksheet(), "")
    with unit_of_work():
        examination.check_background(request, who, candidate, BACKGROUND, all_answered())
    make.agree(request)
    try:
        with unit_of_work():
            nomination.nominate(request, who, candidate, "p2", SAME)
    except Refused as refused:
        return refused.rule_id
    return None


def record(request, people, text=NEW, source=SOURCE, on: date | None = None):
    with unit_of_work():
        who = people.actor("k.rowan")
        renomination.record_information(request, who, first_of(request), text, source, on or today())


@pytest.mark.parametrize("second", ["0", "m2", "ns"])
def test_fresh_peers_do_not_vote_a_verdict_away_bypass(make, people, doubted, second):
    request = doubted(second)
    assert try_again(make, people, request) == "something_new"
    [before] = [one for one in earlier_verdicts(request.current_round, first_of(request)) if one.stands_against]
    assert before.review.opinion == second


def test_another_photograph_preferred_counts_as_well_bypass(make, people):
    request = make.request(state="nominated")
    make.peer(request, "j.maple", "p2")
    make.peer(request, "n.finch", "p2", foils="p1")
    make.carry_on(request)
    make.examine(request)
    assert try_again(make, people, request) == "something_new"


def test_other_candidates_may_be_nominated_at_once(make, people, doubted):
    request = doubted(gallery=[person(seed) for seed in (7, 21, 22, 23, 24)])
    other = sorted(request.current_round.search.candidates, key=lambda one: one.rank)[1]
    make.exclude(request, first_of(request))
    assert try_again(make, people, request, other) is None


def test_information_recorded_since_lets_the_person_come_again_and_says_so_everywhere(make, people, doubted):
    request = doubted()
    record(request, people)
    assert try_again(make, people, request) is None
    make.run_jobs()
    make.parts |= {"peers": ("a.plover", "i.linnet"), "opinions": ("p1", "p1")}
    make.peers(request)
    make.approve(request)
    assert request.state == "approved"
    printed = printed_contradictions(request.current_round, request.current_round.nominee)
    assert [one.said for one in printed.verdicts if one.against] == ["Inconclusive"]
    assert any(NEW in text and SOURCE in text for text in printed.new_since)


@pytest.mark.parametrize(
    ("text", "source", "days", "field"),
    [
        ("x", SOURCE, 0, "text"),
        (
            "Not relevant in my view, and in my opinion the candidate is the person, please see above.",
            SOURCE,
            0,
            "text",
        ),
        ("The owner saw the neck tattoo on camera", SOURCE, 0, "text"),  # one character short
        (NEW, "x", 0, "source"),
        (NEW, "Owner Jim", 0, "source"),  # one character short
        (NEW, SOURCE, 1, "obtained_on"),
        (NEW, SOURCE, -1, "obtained_on"),
    ],
)
def test_what_is_new_says_something_names_its_source_and_came_since_bypass(people, doubted, text, source, days, field):
    request = doubted()
    with pytest.raises(Refused) as refused:
        record(request, people, text, source, today() + timedelta(days=days))
    assert [fault.field for fault in refused.value.faults] == [field]


def test_the_same_information_does_not_serve_twice_bypass(make, people, doubted):
    request = doubted()
    record(request, people)
    assert try_again(make, people, request) is None
    make.run_jobs()
    make.parts |= {"peers": ("a.plover", "i.linnet"), "opinions": ("p2", "m1")}
    make.peers(request)
    make.carry_on(request)
    make.examine(request)
    assert try_again(make, people, request) == "something_new"
    with pytest.raises(Refused, match="stand elsewhere"):
        record(request, people)


def test_a_mistake_of_the_review_counts_when_a_supervisor_says_so(make, people):
    request = make.request(state="peer_reviewed", opinions=("p2", "0"))
    for name in ("c.hawthorn", "k.rowan", "a.plover", "i.linnet"):
        people.account(name)
    supervisor, examiner = people.actor("c.hawthorn"), people.actor("k.rowan")
    for actor, said in ((examiner, MISTAKE), (supervisor, "It was not relevant.")):
        with pytest.raises(Refused), unit_of_work():
            renomination.record_mistake(request, actor, said)
    make.carry_on(request)
    with unit_of_work():
        renomination.record_mistake(request, supervisor, MISTAKE)
    make.examine(request)
    assert try_again(make, people, request) is None


@pytest.mark.parametrize(
    ("probe", "refusal"),
    [
        (lambda: picture(7), "something_new"),
        (lambda: recompressed(picture(7)), "something_new"),
        (lambda: blurred(picture(7)), "something_new"),
        (lambda: picture(7, moment=2), None),
    ],
    ids=("the same file", "an edited copy", "a blurred copy", "another photograph"),
)
def test_a_new_request_of_the_matter_remembers_and_only_another_probe_is_something_new_bypass(
    make, people, run_jobs, monkeypatch, probe, refusal
):
    for name in ("a.plover", "i.linnet"):
        people.account(name)
    request = make.request(state="peer_reviewed", opinions=("p2", "0"))
    number = request.current_round.nominee.person.person_number
    actor = people.actor("c.hawthorn")
    with unit_of_work():
        approvals.disapprove(request, actor, "A peer did not support it.", password_confirmed=True)
    run_jobs()
    data = probe()
    monkeypatch.setattr("tests.request_factory.picture", lambda *_: data)
    other = {"requester": "m.heron", "supervisor": "t.birch"}
    again = make.request(state="under_examination", **other)
    assert try_again(make, people, again, of_person(again, number)) == refusal


def recompressed(data: bytes) -> bytes:
    """The same picture, brighter and saved anew: another file that shows nothing else."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".jpg", cv2.convertScaleAbs(pixels, alpha=1.0, beta=6), [cv2.IMWRITE_JPEG_QUALITY, 70])[
        1
    ].tobytes()


def blurred(data: bytes) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (0, 0), 3), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def test_approval_asks_once_more(make, people, monkeypatch):
    """Nominated by another way, the person is not approved: the second line of defence."""
    request = make.request(state="peer_reviewed")
    monkeypatch.setattr(renomination, "open_doubts", lambda round_, candidate: list(_as_doubts(round_)))
    with pytest.raises(Refused) as refused:
        make.approve(request)
    assert refused.value.rule_id == "something_new"


def _as_doubts(round_):
    from app.domain.examination.earlier_verdicts import EarlierVerdict

    return (EarlierVerdict(review, "Inconclusive", False, False) for review in round_.peer_reviews)


def test_the_pages_say_what_stands_against_and_take_what_is_new(make, people, doubted, sign_in):
    request = doubted()
    make.dispose_all(request, retain=first_of(request))
    client = sign_in("k.rowan")
    here = f"/review/rounds/{request.current_round.uid}/candidates/{first_of(request).shown_order}"
    page = soup(client.get(f"{here}/background"))
    assert "Inconclusive" in words(page.select_one("#earlier"))
    given = {**form_at(client, f"{here}/background", f"{here}/information"), "new-text": "Short."}
    refused = client.post(f"{here}/information", data=given)
    assert refused.status_code == 422
    assert "Name the source" in words(soup(refused))
    given |= {"new-text": NEW, "new-source": SOURCE, "new-obtained_on": today().isoformat()}
    assert client.post(f"{here}/information", data=given).status_code == 303
    assert NEW in words(soup(client.get(f"{here}/background")).select_one("#earlier"))


def test_a_supervisor_records_the_mistake_on_a_page(make, people, sign_in):
    request = make.request(state="peer_reviewed", opinions=("p2", "0"))
    client, here = sign_in("c.hawthorn"), f"/final-review/{request.number}/mistake"
    file = soup(client.get(f"/final-review/{request.number}"))
    assert file.select_one(f"a[href='{here}']") is not None
    form = form_at(client, here, here)
    assert client.post(here, data={**form, "text": "It was not relevant."}).status_code == 422
    assert client.post(here, data={**form, "text": MISTAKE}).status_code == 303


def test_a_mistake_of_a_review_is_shown_where_the_person_is_checked_again(make, people, sign_in):
    """A mistake has no source and no day, as information has: the page of the background says it all the same."""
    request = make.request(state="peer_reviewed", opinions=("p2", "0"))
    supervisor = people.actor("c.hawthorn")
    make.carry_on(request)
    with unit_of_work():
        renomination.record_mistake(request, supervisor, MISTAKE)
    make.examine(request)
    make.dispose_all(request, retain=first_of(request))
    here = f"/review/rounds/{request.current_round.uid}/candidates/{first_of(request).shown_order}/background"
    page = soup(sign_in("k.rowan").get(here))
    assert MISTAKE in words(page.select_one("#earlier"))


def test_the_page_says_what_the_scale_says_and_calls_nothing_unanimous(make, sign_in):
    request = make.request(state="peer_reviewed", opinions=("p1", "p1"))
    page = words(soup(sign_in("c.hawthorn").get(f"/final-review/{request.number}")).select_one("main"))
    assert "Examiner: support for one person; Peer 1: limited support for one person" in page
    assert "unanimous" not in page.lower()

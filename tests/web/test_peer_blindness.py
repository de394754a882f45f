"""SRC-4: a peer, and whoever may become one, sees nothing of the examiner's work before their own verdict is locked.

Every address the portal has is opened as a possible peer, and every byte that comes back is searched.
"""

from __future__ import annotations

import re

import pytest

from app.extensions import db
from app.models import AuditEvent, PeerReview
from app.policy import policy
from app.unit import unit_of_work
from app.workflow import Refused
from tests.stages import SAME, worksheet
from tests.web.test_review_flow import form_at, send, soup, text

NOSE = "Bridge-broader-than-the-probes-bridge"
WHY = "Nominated-because-of-the-left-ear"
RECORDS = "Custody-book-of-the-week-was-read"
OPINION = "Reason-of-the-first-peer-for-doubt"
BASIS = "The facts support the use that is named."


def secrets_of(request) -> list[str]:
    """What must never reach a possible peer: names, notes, scores, ranks, verdicts of others."""
    round_ = request.current_round
    named = {request.examiner, *(review.peer for review in round_.peer_reviews)}
    words = [NOSE, WHY, RECORDS, OPINION, BASIS]
    words += [
        part for account in named for part in (account.name, account.display_name, account.display_name.split()[-1])
    ]
    words += [f"{candidate.score:.{digits}f}" for candidate in round_.search.candidates for digits in (3, 4)]
    words += [repr(candidate.score)[:6] for candidate in round_.search.candidates]
    return words


def addresses(app, request) -> list[str]:
    """Every GET address, filled with what belongs to this request."""
    round_ = request.current_round
    nominee = round_.nominee or round_.search.candidates[0]
    fill = {
        "number": request.number, "place": nominee.shown_order, "filename": "css/theme.css", "code": "0" * 12,
        "record_number": nominee.photo.record_number, "person_number": nominee.person.person_number, "token": "x",
    }  # fmt: skip
    uids = [round_.uid, nominee.uid, round_.search.uid, request.current_images[0].uid, nominee.photo.uid]
    uids += [row.uid for row in (*round_.dispositions, *round_.background_checks, *round_.peer_reviews)]
    found = []
    with app.test_request_context():
        from flask import url_for

        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or rule.endpoint in ("static", "account.sign_out"):
                continue
            names = rule.arguments - (rule.defaults or {}).keys()
            values = {name: fill.get(name, "x") for name in names if name != "uid"}
            for uid in uids if "uid" in names else [None]:
                found.append(url_for(rule.endpoint, **values, **({"uid": uid} if uid else {})))
    return [
        *found,
        *(f"/review?show={show}" for show in ("open", "mine", "unassigned", "ended")),
        "/review?state=nominated",
    ]


def leaks(client, app, request) -> list[str]:
    """Every address at which a secret is found, with the secret."""
    hidden, found = secrets_of(request), []
    for address in addresses(app, request):
        answer = client.get(address)
        body = answer.get_data() + str(answer.headers).encode()
        found += [f"{address} ({answer.status_code}) tells {word!r}" for word in hidden if word.encode() in body]
    return found


@pytest.fixture
def nominated(make):
    return make.request(
        state="nominated",
        difference=NOSE,
        nomination_note=WHY,
        background={"records_checked": RECORDS},
        peer_reason=OPINION,
    )


@pytest.mark.clause("SRC-4", "ACC-1", "FAIR-1")
def test_no_address_tells_a_possible_peer_anything(make, nominated, sign_in, app):
    make.peer(nominated, "j.maple", "0")
    client = sign_in("n.finch")
    assert leaks(client, app, nominated) == []


@pytest.mark.clause("SRC-4")
def test_nothing_is_told_before_the_nomination_either(make, sign_in, app):
    request = make.request(state="under_examination", difference=NOSE)
    make.dispose_all(request)
    client = sign_in("n.finch")
    assert leaks(client, app, request) == []
    url = f"/review/rounds/{request.current_round.uid}"
    assert client.get(url).status_code == 404
    assert client.get(f"{url}/candidates/1").status_code == 404
    assert client.get(f"/review/peer-reviews/{request.number}").status_code == 404
    assert sign_in("k.rowan").get(url).status_code == 200


@pytest.mark.clause("SRC-4")
def test_the_page_is_the_same_whether_or_not_another_peer_has_spoken(make, nominated, sign_in):
    client, url = sign_in("n.finch"), f"/review/peer-reviews/{nominated.number}"

    def shown() -> str:
        body = client.get(url).get_data(as_text=True)
        body = re.sub(r"/images/[\w.-]+", "/images/", body)
        return re.sub(r'(value="|X-CSRFToken": ")[\w.-]{60,}', "", body)

    before = shown()
    make.peer(nominated, "j.maple", "m2")
    assert shown() == before


@pytest.mark.clause("SRC-4")
def test_a_peer_sees_the_original_probe_and_the_nominee(nominated, sign_in):
    import json

    client = sign_in("n.finch")
    page = soup(client.get(f"/review/peer-reviews/{nominated.number}"))
    event = db.session.query(AuditEvent).filter_by(event="faces.viewed").order_by(AuditEvent.sequence.desc()).first()
    nominee = nominated.current_round.nominee
    assert set(json.loads(event.keys)["faces"]) == {
        nominated.current_search.image.uid, *(photo.uid for photo in nominee.person.photos)
    }  # fmt: skip
    pictures = [tag["src"] for tag in page.select("main img")] + [tag["href"] for tag in page.select("main svg image")]
    assert len(pictures) >= 3
    assert all(client.get(address).status_code == 200 for address in pictures)
    assert page.select("[name^=eyes][checked]") == [], "no verdict is suggested"


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_a_verdict_is_complete_and_then_locked(nominated, sign_in, app):
    client, url = sign_in("n.finch"), f"/review/peer-reviews/{nominated.number}"
    sheet = {f.value: "similar" for f in policy().review.worksheet.features}
    short = {**sheet, "opinion": "p2", "reason": "I agree."}
    answer = send(client, url, url, **short)
    assert answer.status_code == 422
    assert "I agree." in answer.get_data(as_text=True)
    assert soup(answer).select_one("[name=eyes][value=similar]").has_attr("checked")
    del short["ears"]
    assert "Ears: no verdict." in text(send(client, url, url, **{**short, "reason": SAME}))
    full = form_at(
        client, url, url, **sheet, opinion="m2", reason="The ear lobes differ in their attachment."
    )
    assert client.post(url, data=full).status_code == 303
    again = client.post(url, data={**full, "opinion": "p2"})
    assert again.status_code == 303, "sent twice is recorded once"
    [row] = db.session.query(PeerReview).all()
    assert row.opinion == "m2"
    page = text(client.get(url))
    assert "Support for two people" in page
    assert "The ear lobes differ" in page


@pytest.mark.clause("SRC-4", "FAIR-1")
@pytest.mark.parametrize("name", ["k.rowan", "j.maple"])
def test_the_examiner_and_an_earlier_peer_cannot_review(make, nominated, sign_in, people, name):
    from app.domain import examination

    make.peer(nominated, "j.maple", "p2")
    actor = people.actor(name)
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.review_as_peer(nominated, actor, "p2", worksheet(), SAME)
    assert refused.value.rule_id in policy().separations
    client = sign_in(name)
    queue = soup(client.get("/review/peer-reviews")).select("#main > .cor-table-scroll a")
    assert queue == []
    if name == "k.rowan":
        answer = client.get(f"/review/peer-reviews/{nominated.number}")
        assert answer.status_code == 403
        assert "another part" in text(answer)


@pytest.mark.clause("SRC-4")
def test_a_replaced_examiner_is_no_peer(make, sign_in, change_person, people):
    """j.maple only ever took the work over, and was replaced before selecting a probe."""
    from app.domain import examination

    request = make.request(state="documented", peers=("a.plover", "k.rowan"))
    take = (f"/review/{request.number}", f"/review/{request.number}/take-over")
    change_person("k.rowan", disabled=True)
    assert send(sign_in("j.maple"), *take).status_code == 303
    change_person("k.rowan", disabled=False)
    change_person("j.maple", disabled=True)
    assert send(sign_in("n.finch"), *take).status_code == 303
    change_person("j.maple", disabled=False)
    make.advance_to(request, "nominated", examiner="n.finch")
    actor = people.actor("j.maple")
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.review_as_peer(request, actor, "p2", worksheet(), SAME)
    assert refused.value.rule_id == "examiner"


@pytest.mark.clause("SRC-4")
def test_two_peers_at_once_are_both_recorded_and_a_third_is_late(nominated, sign_in):
    sheet = {f.value: "similar" for f in policy().review.worksheet.features}
    url = f"/review/peer-reviews/{nominated.number}"
    given = {**sheet, "opinion": "p2", "reason": SAME}
    clients = [sign_in(name) for name in ("j.maple", "n.finch", "a.plover")]
    forms = [form_at(client, url, url, **given) for client in clients]
    assert [client.post(url, data=form).status_code for client, form in zip(clients, forms, strict=True)][:2] == [
        303,
        303,
    ]
    assert nominated.state == "peer_reviewed"
    assert db.session.query(PeerReview).count() == 2
    late = clients[2].post(url, data=forms[2])
    assert late.status_code in (404, 409)

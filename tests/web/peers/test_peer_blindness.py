"""SRC-4: a peer, and whoever may become one, sees nothing of the examiner's work before their own verdict is locked.

Every address the portal has is opened as a peer, and every byte that comes back, headers and pictures included, is
searched.
"""

from __future__ import annotations

import base64
import json
import re

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from app.domain.peers.conditions import line_ups_of
from app.extensions import db
from app.models import AuditEvent, LineUp, PeerReview
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import advance
from tests.web.line_up_pages import REASON, address, compare, exclude, work
from tests.web.page_reading import form_at, send, soup, text

#: areas asked with everything that belongs to the request; the others are asked once
NEAR = {"review", "approval", "peer_review", "repeats", "requests", "images"}
NOSE = "Bridge-broader-than-the-probes-bridge"
WHY = "Nominated-because-of-the-left-ear"
RECORDS = "Custody-book-of-the-week-was-read"
OPINION = "Reason-of-the-first-peer-for-doubt"
MARK = "Mark-of-the-mole-beside-the-nose"
BASIS = "The facts support the use that is named."


def secrets_of(request, peer: str) -> list[str]:
    """What must never reach a peer: names, notes, scores, ranks, verdicts of others, and which photograph it is."""
    round_ = request.current_round
    named = {request.examiner, *(line.peer for line in line_ups_of(round_) if line.peer.name != peer)}
    words = [NOSE, WHY, RECORDS, OPINION, MARK, BASIS]
    words += [
        part for account in named for part in (account.name, account.display_name, account.display_name.split()[-1])
    ]
    words += [f"{candidate.score:.{digits}f}" for candidate in round_.search.candidates for digits in (3, 4)]
    words += [repr(candidate.score)[:6] for candidate in round_.search.candidates]
    if round_.nominee is not None:
        words += [round_.nominee.uid, round_.nominee.photo.uid, round_.uid, round_.search.uid]
        words += [candidate.uid for candidate in round_.search.candidates]
        words += [line.private["seed"] for line in line_ups_of(round_)]
        words += [line.number for line in line_ups_of(round_) if line.peer.name != peer]
    return words


def addresses(app, request) -> list[str]:
    """Every GET address, filled with what belongs to this request and to the peers' lines."""
    round_ = request.current_round
    nominee = round_.nominee or round_.search.candidates[0]
    lines = line_ups_of(round_)
    fill = {
        "place": nominee.shown_order,
        "filename": "css/theme.css",
        "code": "0" * 12,
        "letter": "A",
        "record_number": nominee.photo.record_number,
        "person_number": nominee.person.person_number,
        "token": "x",
        "package": 1,
        "name": "signing-key.pem",
    }
    uids = [round_.uid, nominee.uid, round_.search.uid, request.current_images[0].uid, nominee.photo.uid]
    uids += [row.uid for row in (*round_.dispositions, *round_.background_checks, *round_.peer_reviews)]
    uids += [row.uid for line in lines for row in (line, *line.places)]
    numbers = [request.number, *(line.number for line in lines)]
    found = []
    with app.test_request_context():
        from flask import url_for

        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or rule.endpoint in ("static", "account.sign_out"):
                continue
            names = rule.arguments - (rule.defaults or {}).keys()
            values = {name: fill.get(name, "x") for name in names if name not in ("uid", "number")}
            if rule.endpoint.split(".")[0] not in NEAR:
                values |= {name: {"uid": uids[0], "number": request.number}[name] for name in names & {"uid", "number"}}
                names = names - {"uid", "number"}
            for number in numbers if "number" in names else [None]:
                for uid in uids if "uid" in names else [None]:
                    given = {"uid": uid, "number": number}
                    given = {name: value for name, value in given.items() if value is not None}
                    found.append(url_for(rule.endpoint, **values, **given))
    letters = [address(line, place.letter) for line in lines for place in line.places]
    shown = [f"/review?show={show}" for show in ("open", "mine", "unassigned", "ended")]
    return list(dict.fromkeys([*found, *letters, *shown, "/review?state=nominated"]))


def leaks(client, app, request, peer: str = "n.finch") -> list[str]:
    """Every address at which a secret is found, with the secret. What was asked for itself does not count."""
    hidden, found, pictures = secrets_of(request, peer), [], set()
    for asked in addresses(app, request):
        answer = client.get(asked)
        body = answer.get_data() + str(answer.headers).encode()
        found += [
            f"{asked} ({answer.status_code}) tells {word!r}"
            for word in hidden
            if word.encode() in body and word not in asked
        ]
        if asked.startswith("/review/line-ups"):
            found += [f"{asked} names the request"] if request.number.encode() in body else []
            found += [f"{asked} names the case"] if request.case_number.encode() in body else []
            pictures |= set(re.findall(r'(?:src|href)="(/images/[^"]+)"', answer.get_data(as_text=True)))
    for picture in sorted(pictures):
        answer = client.get(picture)
        told = base64.urlsafe_b64decode(picture.rpartition("/")[2].split(".")[0] + "==")
        body = answer.get_data() + str(answer.headers).encode() + told
        found += [f"{picture} tells {word!r}" for word in hidden if word.encode() in body]
    assert pictures or request.state != "nominated", "no picture was searched"
    return found


@pytest.fixture
def unchecked(app):
    """Hundreds of pages are searched here; that each is sound is checked elsewhere."""
    app.test_client_class = FlaskClient


@pytest.fixture
def nominated(make):
    return make.request(
        state="nominated",
        difference=NOSE,
        nomination_note=WHY,
        background={"records_checked": RECORDS},
        peer_reason=OPINION,
        mark=MARK,
    )


def line_of(request, name: str) -> LineUp:
    return next(line for line in line_ups_of(request.current_round) if line.peer.name == name)


@pytest.mark.timeout(400)
@pytest.mark.clause("SRC-4", "ACC-1", "FAIR-1")
def test_no_address_tells_a_peer_anything(unchecked, make, nominated, sign_in, app):
    """Before their verdict, in each state of the line: untouched; begun, and after a colleague's verdict."""
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    assert leaks(client, app, nominated) == []
    assert exclude(client, line, "A").status_code == 303
    make.peer(nominated, "j.maple", "0")
    assert leaks(client, app, nominated) == []
    fault = send(client, address(line), f"{address(line)}/decline", reason="No.")
    assert fault.status_code == 422
    assert [word for word in secrets_of(nominated, "n.finch") if word in fault.get_data(as_text=True)] == []


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_an_examiner_who_is_not_assigned_finds_nothing_either(unchecked, make, nominated, sign_in, app):
    make.peer(nominated, "j.maple", "0")
    client = sign_in("a.plover")
    hidden = secrets_of(nominated, "a.plover")
    for asked in addresses(app, nominated):
        answer = client.get(asked)
        body = answer.get_data() + str(answer.headers).encode()
        assert [word for word in hidden if word.encode() in body and word not in asked] == [], asked
    assert client.get(f"/review/{nominated.number}").status_code == 404, "its facts would say which line it is"


@pytest.mark.clause("SRC-4")
def test_nothing_is_told_before_the_nomination_either(unchecked, make, sign_in, app):
    request = make.request(state="under_examination", difference=NOSE)
    make.dispose_all(request)
    make.mark(request, request.current_round.search.candidates[0], MARK)
    client = sign_in("n.finch")
    assert leaks(client, app, request) == []
    url = f"/review/rounds/{request.current_round.uid}"
    assert client.get(url).status_code == 404
    assert client.get(f"{url}/candidates/1").status_code == 404
    assert sign_in("k.rowan").get(url).status_code == 200
    assert MARK in sign_in("k.rowan").get(f"{url}/candidates/1").get_data(as_text=True), "it is there to be found"


@pytest.mark.clause("SRC-4")
def test_the_page_is_the_same_whether_or_not_another_peer_has_spoken(make, nominated, sign_in):
    client, url = sign_in("n.finch"), address(line_of(nominated, "n.finch"))

    def shown() -> str:
        body = client.get(url).get_data(as_text=True)
        body = re.sub(r"/images/[\w.-]+", "/images/", body)
        return re.sub(r'(value="|X-CSRFToken": ")[\w.-]{60,}', "", body)

    before = shown()
    make.peer(nominated, "j.maple", "m2")
    assert shown() == before


@pytest.mark.clause("SRC-4")
def test_the_nominated_photograph_is_served_as_a_foil_is(nominated, sign_in):
    """Same page, same kind of address, same headers; pixels alone, in one format."""
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    page = soup(client.get(address(line)))
    event = db.session.query(AuditEvent).filter_by(event="faces.viewed").order_by(AuditEvent.sequence.desc()).first()
    seen = {nominated.current_search.image.uid, *(place.photo.uid for place in line.places)}
    assert set(json.loads(event.keys)["faces"]) == seen
    assert event.subject_id == line.number
    answers = [client.get(tag["src"]) for tag in page.select(".cor-card img")]
    assert len(answers) == 3
    assert {answer.status_code for answer in answers} == {200}
    assert {tuple(sorted(answer.headers.keys())) for answer in answers} == {tuple(sorted(answers[0].headers.keys()))}
    for answer, place in zip(answers, line.places, strict=True):
        data = answer.get_data()
        assert re.findall(rb"IHDR|IDAT|IEND|tEXt|iTXt|zTXt|eXIf|tIME", data[:200] + data[-60:])[0] == b"IHDR"
        assert not re.search(rb"tEXt|iTXt|zTXt|eXIf|tIME", data), "something stands beside the pixels"
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2] == (
            place.photo.height,
            place.photo.width,
        )
    assert page.select("[checked]") == [], "no verdict is suggested"
    assert sign_in("j.maple").get(page.select_one(".cor-card img")["src"]).status_code == 404, "of another session"


@pytest.mark.clause("SRC-4")
def test_a_picture_of_a_line_is_its_peers_alone(nominated, sign_in, app):
    """Even with an address signed for the own session."""
    from flask import g

    from app.access.actor import actor_of
    from app.blueprints.images.views import image_bytes

    mine, other = line_of(nominated, "n.finch"), line_of(nominated, "j.maple")
    actor = actor_of(mine.peer, frozenset(mine.peer.roles), nominated.state_since.date())
    with app.test_request_context():
        g.session_uid = "0" * 32
        assert image_bytes("line", mine.places[0].uid, actor) is not None
        assert image_bytes("line_probe", mine.uid, actor) is not None
        assert image_bytes("line", other.places[0].uid, actor) is None
        assert image_bytes("line_probe", other.uid, actor) is None


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_a_verdict_is_complete_and_then_locked(nominated, sign_in):
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    url = address(line)
    assert soup(client.get(url)).select_one(f'form[action="{url}/verdict"]') is None, "nothing is compared yet"
    first = line.places[0].letter
    short = compare(client, line, first, reason="I agree.")
    assert short.status_code == 422
    assert "I agree." in short.get_data(as_text=True)
    assert soup(short).select_one("[name=eyes][value=similar]").has_attr("checked")
    assert "Ears: no verdict." in text(compare(client, line, first, ears=""))
    assert "choose a level" in text(compare(client, line, first, level=""))
    assert "say what differs" in text(exclude(client, line, first, **{"quick-note": ""}))
    assert "a level of -1 or less excludes" in text(exclude(client, line, first, level="p1"))
    assert db.session.query(PeerReview).count() == 0
    for place in line.places:
        answer = compare(client, line, place.letter, "m1", reason="The ear lobes differ in their attachment.")
        assert answer.status_code == 303
    form = form_at(client, url, f"{url}/verdict")
    assert client.post(f"{url}/verdict", data=form).status_code == 303
    assert client.post(f"{url}/verdict", data=form).status_code == 303, "sent twice is recorded once"
    [row] = db.session.query(PeerReview).all()
    assert row.opinion == "m1"
    page = text(client.get(url))
    assert "Recorded and locked" in page
    assert "The ear lobes differ" in page
    changed = client.post(f"{url}/{first}/exclusion", data={**form, "quick-level": "m3"})
    assert changed.status_code in (409, 422)
    db.session.expire_all()
    assert line.places[0].level == "m1"


@pytest.mark.clause("SRC-4")
def test_a_window_left_open_is_told_that_the_verdict_is_locked_and_since_when(nominated, sign_in):
    """Nobody but the peer can have changed a line: no window may be told that somebody else was first."""
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    url, at_b = address(line), address(line, "B")
    stale = {
        f"{at_b}/exclusion": {"quick-feature": "nose", "quick-note": "Typed on the older page", "quick-level": "m2"},
        f"{at_b}/worksheet": {"level": "p2", "reason": "Typed on the older page"},
    }
    forms = {action: form_at(client, at_b, action, **typed) for action, typed in stale.items()}
    forms[f"{url}/decline"] = form_at(client, url, f"{url}/decline", reason="Typed on the older page, at length.")
    work(client, line)
    level = {place.letter: place.level for place in line.places}
    for action, form in forms.items():
        answer = client.post(action, data=form)
        assert answer.status_code == 409, action
        page = text(answer)
        assert re.search(r"You locked this verdict at \d\d:\d\d", page), action
        assert "Nothing more can be changed here." in page
        assert "Typed on the older page" in page, "what was typed is not lost"
        assert not re.search("somebody else changed|someone else", page, re.IGNORECASE)
    db.session.expire_all()
    assert {place.letter: place.level for place in line.places} == level
    assert line.ended == "given"


@pytest.mark.clause("SRC-4")
def test_two_windows_of_one_peer_are_told_that_it_was_they_and_what_went_before_leads_back(nominated, sign_in):
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    at_a = address(line, "A")
    stale = form_at(client, at_a, f"{at_a}/exclusion", **{"quick-feature": "chin", "quick-note": "It is longer."})
    following = exclude(client, line, "A").headers["Location"]
    assert following == f"{address(line, 'B')}?after=A"
    page = soup(client.get(following))
    back = page.select_one(".cor-undo")
    assert "Photograph A excluded: nose" in " ".join(back.get_text().split())
    assert back.select_one("a")["href"] == at_a
    answer = client.post(f"{at_a}/exclusion", data={**stale, "quick-level": "m1"})
    assert answer.status_code == 409
    assert "You changed this in another window" in text(answer)


@pytest.mark.clause("SRC-4")
def test_a_verdict_on_a_line_that_was_changed_since_it_was_read_is_not_locked(nominated, sign_in):
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    for place in line.places:
        exclude(client, line, place.letter)
    url = address(line)
    form = form_at(client, url, f"{url}/verdict")
    assert compare(client, line, "A", "p3").status_code == 303
    assert client.post(f"{url}/verdict", data=form).status_code == 409
    assert db.session.query(PeerReview).count() == 0


@pytest.mark.clause("SRC-4", "FAIR-1", "SRC-6")
def test_after_both_verdicts_the_round_opens_to_whoever_took_part(nominated, sign_in):
    clients = {name: sign_in(name) for name in ("j.maple", "n.finch")}
    for name, level in (("j.maple", "p2"), ("n.finch", "m1")):
        work(clients[name], line_of(nominated, name), level)
        if name == "j.maple":
            page = text(clients[name].get(address(line_of(nominated, name))))
            assert "All verdicts" not in page
            assert WHY not in page
    assert nominated.state == "peer_reviewed"
    for name, client in clients.items():
        page = text(client.get(address(line_of(nominated, name))))
        for word in ("All verdicts", WHY, "Nominated", "Foil", "Limited support for two people", REASON):
            assert word in page, word
        assert "Kit Rowan" not in page, "the roles are told, not the names"
    round_ = text(sign_in("k.rowan").get(f"/review/rounds/{nominated.current_round.uid}"))
    assert "All verdicts of the peer review" in round_
    assert REASON in round_
    assert sign_in("a.plover").get(address(line_of(nominated, "j.maple"))).status_code == 404


@pytest.mark.clause("SRC-4", "FAIR-1")
@pytest.mark.parametrize("name", ["k.rowan", "j.maple", "a.plover"])
def test_whoever_is_not_assigned_or_has_spoken_cannot_review(make, nominated, sign_in, people, name):
    make.peer(nominated, "j.maple", "p2")
    actor, line = people.actor(name), line_of(nominated, "n.finch")
    with pytest.raises(Refused) as refused, unit_of_work():
        advance(nominated, "record_peer_review", actor, line_up=line, round=None, opinion="p2")
    assert refused.value.rule_id in {*policy().separations, "peer_assigned"}
    client = sign_in(name)
    assert line.number not in client.get("/review/line-ups").get_data(as_text=True)
    assert client.get(address(line)).status_code == 404


@pytest.mark.clause("SRC-4")
def test_a_replaced_examiner_is_no_peer(make, sign_in, change_person, people):
    """j.maple only ever took the work over, and was replaced before selecting a probe."""
    request = make.request(state="documented", peers=("a.plover", "k.rowan"))
    take = (f"/review/{request.number}", f"/review/{request.number}/take-over")
    change_person("k.rowan", disabled=True)
    assert send(sign_in("j.maple"), *take).status_code == 303
    change_person("k.rowan", disabled=False)
    change_person("j.maple", disabled=True)
    assert send(sign_in("n.finch"), *take).status_code == 303
    change_person("j.maple", disabled=False)
    make.advance_to(request, "nominated", examiner="n.finch")
    assert {line.peer.name for line in line_ups_of(request.current_round)} == {"a.plover", "k.rowan"}
    actor = people.actor("j.maple")
    line = line_ups_of(request.current_round)[0]
    with pytest.raises(Refused) as refused, unit_of_work():
        advance(request, "record_peer_review", actor, line_up=line, round=None, opinion="p2")
    assert refused.value.rule_id == "examiner"


@pytest.mark.clause("SRC-4")
def test_two_peers_at_once_are_both_recorded(nominated, sign_in, make):
    clients = [sign_in(name) for name in ("j.maple", "n.finch")]
    lines = [line_of(nominated, name) for name in ("j.maple", "n.finch")]
    for line in lines:
        make.compare_line(line)
    forms = [form_at(c, address(one), f"{address(one)}/verdict") for c, one in zip(clients, lines, strict=True)]
    answers = [
        client.post(f"{address(line)}/verdict", data=form)
        for client, line, form in zip(clients, lines, forms, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert nominated.state == "peer_reviewed"
    assert db.session.query(PeerReview).count() == 2


def test_whoever_declines_is_asked_nothing_more(nominated, sign_in, people):
    people.account("a.plover")
    client, line = sign_in("n.finch"), line_of(nominated, "n.finch")
    url = address(line)
    reason = "I know somebody in one of the pictures."
    assert send(client, url, f"{url}/decline", reason=reason).status_code == 303
    assert "You declined" in text(client.get(url))
    assert client.get(f"{url}/A").status_code == 303
    assert line_of(nominated, "a.plover").ended is None
    supervisor = text(sign_in("c.hawthorn").get(f"/final-review/{nominated.number}/peers"))
    assert reason in supervisor
    assert WHY not in supervisor

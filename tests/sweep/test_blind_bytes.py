"""SRC-4, FAIR-1: until the verdict no answer of any route tells a peer what a peer must not know.

One request more stands in the world: examined by somebody without another part in it, about a face that no other
request is about, in words of its own. Whatever names it, its examiner, its candidates or its other peer can therefore
be searched for in every byte of every answer: bodies, headers, pictures, and what signed addresses and cookies hold.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import audit
from app.calendar import today
from app.domain.gallery.repository_index import next_generation
from app.domain.notices.mail import compose, kind_of
from app.domain.notices.notifications import sentence
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db
from app.models import LineUp, Notification
from app.unit_of_work import unit_of_work
from tests.conftest import token_of
from tests.sweep.questions import HTMX, Row, addressed, fields, rows_with_rules
from tests.sweep.world import World
from tests.web.page_checker import CheckedClient

pytestmark = [pytest.mark.clause("SRC-4", "FAIR-1"), pytest.mark.timeout(600)]
EXAMINER, PEER, COLLEAGUE = "g.sorrel", "n.finch", "j.maple"
CASE = "2026-075-30001"
WORDS = {
    "nomination_note": "Nominated because the Tegucigalpa eyebrow agrees.",
    "difference": "Ouagadougou bridge of the nose is broader.",
    "mark": "Reykjavik scar above the brow.",
    "background": {"records_checked": "Background Ulaanbaatar: custody records were read."},
}
DOUBT = "Peer opinion Antananarivo: the chin does not agree."
TOLD = ("Tegucigalpa", "Ouagadougou", "Reykjavik", "Ulaanbaatar", "Antananarivo")
#: what ends the peer's session or part, asked after everything else
LAST = {"POST review.decline_line_up", "POST account.sign_out"}
#: areas opened in every state of the line; the others in its first and last
NEAR = {
    "account",
    "answers",
    "approval",
    "home",
    "images",
    "peer_review",
    "repeats",
    "replays",
    "requests",
    "review",
    "workload",
}
SIGNED = re.compile(r"(?<![\w.-])\.?[\w-]{12,}\.[\w-]{6,8}\.[\w-]{20,}")


@pytest.fixture(scope="module")
def blind_world(built_world: World) -> Iterator[World]:
    """The world with the request more, nominated, its line before PEER and COLLEAGUE."""
    built_world.restore()
    requests, others, make = dict(built_world.requests), dict(built_world.others), built_world.make
    with built_world.app.app_context():
        request = make.request(state="nominated", examiner=EXAMINER, seed=44, case_number=CASE, **WORDS)
        built_world.requests["nominated"] = request.id
        for name, person in (("line", PEER), ("line_given", COLLEAGUE)):
            built_world.others[name] = (LineUp, make.line_up(request, person).id)
        db.session.remove()
    built_world.keep("blind")
    yield built_world
    built_world.requests, built_world.others = requests, others
    built_world.restore()


@pytest.fixture
def blind(blind_world: World) -> Iterator[World]:
    """As built; hundreds of pages are searched here, and that each is sound is checked elsewhere."""
    blind_world.restore("blind")
    blind_world.app.test_client_class, checked = FlaskClient, blind_world.app.test_client_class
    assert issubclass(checked, CheckedClient)
    yield blind_world
    blind_world.app.test_client_class = checked


# What is searched for ----------------------------------------------------------------------------------------


@dataclass
class Secrets:
    """`anywhere`: on no answer at all. `line`: on no answer about the line, though a peer may meet it elsewhere."""

    anywhere: set[str] = field(default_factory=set)
    line: set[str] = field(default_factory=set)
    #: scores as somebody would print them
    numbers: set[str] = field(default_factory=set)

    @cached_property
    def printed(self) -> re.Pattern[str]:
        """Any of the scores, not inside another number."""
        return re.compile(rf"(?<![\d.])({'|'.join(map(re.escape, sorted(self.numbers)))})")

    def in_(self, text: str, address: str, line: str) -> list[str]:
        """The secrets that a text holds; what was asked for by its own address does not count."""
        wanted = self.anywhere | (self.line if line in address else set())
        found = [word for word in wanted if word in text and word not in address]
        # coordinates of a picture stand in attributes and look like percents
        shown = re.sub(r"<[^>]*>", " ", text)
        return sorted({*found, *self.printed.findall(shown)})


def secrets_of(world: World) -> Secrets:
    request, line = world.get("nominated"), world.get("line")
    round_, kept = request.current_round, Secrets()
    kept.anywhere |= {*TOLD, CASE, round_.uid, round_.search.uid, round_.search.image.uid}
    for name in (EXAMINER, COLLEAGUE):
        account = world.make.people.account(name)
        kept.anywhere |= {account.name, account.display_name, account.uid}
    nominee = round_.nominee
    kept.anywhere |= {nominee.uid, nominee.photo.uid, nominee.photo.record_number, nominee.photo.sha256}
    kept.anywhere |= {nominee.person.uid, nominee.person.person_number, str(nominee.person.private["name"])}
    for one in round_.search.candidates:
        kept.anywhere.add(one.uid)
        kept.numbers |= {f"{one.score:.4f}", repr(one.score)[:6], f"{one.score * 100:.1f}"}
    other = world.get("line_given")
    kept.anywhere |= {other.number, other.uid, other.private["seed"], line.private["seed"]}
    kept.anywhere |= {place.uid for place in other.places}
    for place in line.places:
        kept.line |= {place.photo.uid, place.photo.record_number, place.photo.person.uid, place.photo.sha256}
    # every examiner is everything_in that a request was submitted; which line it became is everything_in to nobody
    kept.line.add(request.number)
    return kept


def everything_in(answer: TestResponse) -> str:
    """Everything an answer says, and what its signed addresses, tokens and cookies hold."""
    text = answer.get_data().decode("utf-8", "replace") + str(answer.headers)
    return "\n".join([text, *map(opened, set(SIGNED.findall(text)))])


def opened(token: str) -> str:
    """What a signed value holds, readable by whoever has it."""
    packed, body = token.startswith("."), token.lstrip(".").split(".")[0]
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return (zlib.decompress(data) if packed else data).decode("utf-8", "replace")
    except (ValueError, zlib.error):
        return ""


# What is asked -----------------------------------------------------------------------------------------------


def addresses(world: World, method: str) -> list[tuple[Row, str]]:
    """Every route, with what its rows of the matrix name, and with this request or line in its place."""
    asked = []
    for row, rule in rows_with_rules(world.app, method):
        on = row.get("on", "reported")
        is_request = on in world.requests and not row["route"].split()[1].startswith("retention.")
        for named in dict.fromkeys((on, "nominated" if is_request else on, on.replace("_given", ""))):
            asked.append((row | {"on": named} if "on" in row else row, rule))
    once = {address: row for row, address in reversed(addressed(world, asked))}
    return sorted(((row, address) for address, row in once.items()), key=lambda pair: pair[0]["route"] in LAST)


class Asking:
    """A peer who opens everything; `leaks` collects what was everything_in."""

    def __init__(self, world: World, persona: str = "peer") -> None:
        self.world, self.client, self.leaks, self.asked = world, world.client(persona), [], 0
        self.token = token_of(self.client, "/report-misuse")
        with world.app.app_context():
            self.secrets, self.line = secrets_of(world), world.get("line").number
            self.letters = [place.letter for place in world.get("line").places]

    def hear(self, said: str, address: str, answer: TestResponse) -> TestResponse:
        self.asked += 1
        found = self.secrets.in_(everything_in(answer), address, self.line)
        self.leaks += [f"{said} {address} ({answer.status_code}) tells {word!r}" for word in found]
        return answer

    def get(self, address: str) -> TestResponse:
        return self.hear("GET", address, self.client.get(address))

    def post(self, address: str, headers: Any = None, **data: str) -> TestResponse:
        data = {"csrf_token": self.token, **data}
        return self.hear("POST", address, self.client.post(address, data=data, headers=headers))

    def open_all(self, *, near: bool = False) -> None:
        """Every page there is, or of the areas `near` the line; each of its photographs, every picture on its pages."""
        pages = [f"/review/line-ups/{self.line}", *(f"/review/line-ups/{self.line}/{one}" for one in self.letters)]
        pictures = set()
        for address in pages:
            pictures |= set(re.findall(r"/images/[\w.-]+", self.get(address).get_data(as_text=True)))
        for address in pictures:
            self.get(address)
        for row, address in addresses(self.world, "GET"):
            if not near or row["route"].split()[1].split(".")[0] in NEAR:
                self.get(address)

    def send_all(self) -> None:
        """Every form there is, those that end something last."""
        for row, address in addresses(self.world, "POST"):
            with self.world.app.app_context():
                form = fields(self.world, row)
                db.session.remove()
            self.post(address, HTMX if row.get("part") else {}, **form)

    # The states of a line before the verdict

    def begun(self) -> None:
        """One photograph excluded, the worksheet of another typed and kept."""
        base, letters = f"/review/line-ups/{self.line}", self.letters
        typed = {"quick-version": "1", "quick-feature": "nose", "quick-note": "Wider.", "quick-level": "m2"}
        assert self.post(f"{base}/{letters[0]}/exclusion", **typed).status_code == 303
        answer = self.post(
            f"{base}/{letters[1]}/draft", HTMX, level="p1", reason="Typed and not yet sent.", version="1"
        )
        assert answer.status_code == 200
        assert "Typed and not yet sent." in self.get(f"{base}/{letters[1]}").get_data(as_text=True)

    def compared(self) -> None:
        with self.world.app.app_context():
            self.world.make.compare_line(self.world.get("line"), "m1", reason="Compared in every feature that shows.")

    def given(self) -> None:
        """The own verdict is locked, that of the other peer is not in."""
        with self.world.app.app_context():
            stand = self.world.get("line").stand
        assert self.post(f"/review/line-ups/{self.line}/verdict", version=stand).status_code == 303

    def colleague(self) -> None:
        with self.world.app.app_context():
            self.world.make.peer(self.world.get("nominated"), COLLEAGUE, "0", reason=DOUBT)

    def left(self) -> None:
        """The nominated photograph was sealed by order."""
        with self.world.app.app_context():
            records = (self.world.get("nominated").current_round.nominee.photo.record_number,)
            statement = OrderStatement("sealed", "IND-44", "Criminal Court", today(), records)
            sealing.execute(statement, self.world.make.people.actor("b.juniper"), "page")
            self.world.make.run_jobs()
            line = self.world.get("line")
            self.letters = [place.letter for place in line.places if place.held]
            assert (line.ended, len(self.letters)) == (None, len(line.places) - 1)

    def declined(self) -> None:
        reason = "I know somebody in one of the pictures."
        with self.world.app.app_context():
            version = str(self.world.get("line").version)
        answer = self.post(f"/review/line-ups/{self.line}/decline", reason=reason, version=version)
        assert answer.status_code == 303
        assert "You declined" in self.get(f"/review/line-ups/{self.line}").get_data(as_text=True)


@pytest.mark.parametrize("states", [("begun", "compared", "given"), ("colleague", "begun", "left", "declined")])
def test_no_byte_of_any_page_tells_a_peer_anything(blind, states):
    """In each state of the line, until the verdicts of all are in."""
    peer = Asking(blind)
    peer.open_all()
    for state in states:
        getattr(peer, state)()
        peer.open_all(near=state != states[-1])
    assert not peer.leaks, "\n".join(peer.leaks)
    assert peer.asked > 500, "the portal has more pages than that"


def test_no_byte_of_the_answer_to_any_form_tells_a_peer_anything(blind):
    peer = Asking(blind)
    peer.colleague()
    peer.begun()
    peer.send_all()
    assert not peer.leaks, "\n".join(peer.leaks)
    assert peer.asked > 100, "the portal has more forms than that"


@pytest.mark.parametrize("persona", ["free_examiner", "untrained", "peer_done"])
def test_nor_is_anything_told_to_an_examiner_without_this_line(blind, persona):
    other = Asking(blind, persona)
    if persona == "peer_done":  # the other peer of this round: knows the own line, not PEER's
        with blind.app.app_context():
            line, own = blind.get("line"), blind.get("line_given")
            theirs = {own.number, own.uid, *(place.uid for place in own.places)}
            account = blind.make.people.account(COLLEAGUE)
            theirs |= {account.name, account.display_name, account.uid}
            other.secrets.anywhere -= theirs
            other.secrets.anywhere |= {line.number, line.uid, blind.make.people.account(PEER).display_name}
    other.open_all()
    assert not other.leaks, "\n".join(other.leaks)


def test_a_supervisor_is_told_what_is_searched_for(blind):
    """Once all verdicts are in; else the tests above could not fail."""
    peer = Asking(blind)
    for step in (peer.colleague, peer.compared, peer.given):
        step()
    supervisor = Asking(blind, "supervisor")
    supervisor.open_all()
    heard = " ".join(supervisor.leaks)
    with blind.app.app_context():
        request = blind.get("nominated")
        nominee = request.current_round.nominee
        words = [*TOLD, nominee.photo.uid, nominee.photo.record_number, request.number, CASE]
        words += [blind.make.people.account(name).display_name for name in (EXAMINER, COLLEAGUE)]
        words += [request.current_round.uid, blind.get("line_given").number]
    assert [word for word in words if word not in heard] == []


# The nominated photograph among the foils --------------------------------------------------------------------


def leveled(page: str, letter: str) -> str:
    """A photograph's page without what belongs to the picture itself: address, size, eyes, day; and its letter."""
    page = re.sub(r'<nav class="cor-strip".*?</nav>', "", page, flags=re.DOTALL)
    page = re.sub(r"/images/[\w.-]+", "/images/", page)
    page = re.sub(r'(value="|X-CSRFToken": ")[\w.-]{60,}', "", page)
    page = re.sub(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b", "DAY", page)
    given = re.compile(r'(data-size|data-eyes|viewBox|width|height|x|y)="([\d. -]*)"')
    page = given.sub(lambda found: f'{found[1]}="{len(found[2].split())} numbers"', page)
    return re.sub(rf'(/L-\w+/|Photograph |data-image="){letter}\b', r"\1#", page)


def test_the_page_of_the_nominated_photograph_is_that_of_a_foil(blind):
    """Not one attribute more, and the eyes of all photographs or of none."""
    client = blind.client("peer")
    with blind.app.app_context():
        line = blind.get("line")
        places = {place.letter: place.is_subject for place in line.places}
        known = all(place.photo.eyes for place in line.places)
    shown = {
        letter: leveled(client.get(f"/review/line-ups/{line.number}/{letter}").get_data(as_text=True), letter)
        for letter in places
    }
    assert sorted(places.values())[-2:] == [False, True], "one nominated, others beside it"
    assert len(set(shown.values())) == 1
    words = re.findall(r"nomin\w+|candidate|\brank|score", next(iter(shown.values())), re.IGNORECASE)
    assert words == [], "the page knows no such thing"
    assert known
    assert 'data-eyes="4 numbers"' in next(iter(shown.values()))


@pytest.mark.parametrize("whose", ["nominated", "foil"])
def test_where_the_eyes_of_one_photograph_are_not_known_none_are_given(blind, whose):
    client = blind.client("peer")
    with blind.app.app_context():
        line = blind.get("line")
        number, letters = line.number, [place.letter for place in line.places]
        place = next(place for place in line.places if place.is_subject == (whose == "nominated"))
        with unit_of_work():
            place.photo.seal(eyes=None)
            audit.record("gallery.enrolled", batch="tests", photos=0, generation=next_generation())
    pages = [client.get(f"/review/line-ups/{number}/{letter}").get_data(as_text=True) for letter in letters]
    given = [re.findall(r'data-image="\w+"[^>]*data-eyes="([^"]*)"', page)[1:] for page in pages]
    assert given == [[""]] * len(letters)


# What goes out ------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-11")
def test_no_notification_and_no_mail_of_a_line_tells_anything(blind):
    peer = Asking(blind)
    peer.colleague()
    peer.declined()
    with blind.app.app_context():
        account = blind.make.people.account(PEER)
        rows = db.session.query(Notification).filter_by(account_id=account.id).all()
        about = [row for row in rows if row.subject_key == peer.line]
        assert {row.kind for row in about} == {"peer_review_open"}
        for row in rows:
            about_line = peer.line if row in about else "another subject"
            assert peer.secrets.in_(sentence(row, blind.make.people.actor(PEER)), about_line, peer.line) == []
            if kind_of(row.kind) is not None:
                mail = compose(row, "somebody@example.org").as_string()
                assert peer.secrets.in_(mail, peer.line, peer.line) == []
                assert peer.line not in mail

"""The list of candidates from elsewhere: the requester's pages, and an examiner's tab that outlived the right."""

from __future__ import annotations

import re
from collections import deque

import pytest

from app.extensions import db
from tests.web.page_reading import form_at

#: what only leads out, or asks the same page anew without end
PASSED_BY = re.compile(r"^/(sign-out|static|policy|verify|images)|[?&]sort=")


def crawled(client, limit: int = 90) -> dict[str, str]:
    """address -> page, of all that links of the portal lead a person to from the home page."""
    waiting, seen = deque(["/"]), {}
    while waiting and len(seen) < limit:
        address = waiting.popleft()
        if address in seen:
            continue
        answer = client.get(address)
        seen[address] = answer.get_data(as_text=True) if answer.status_code == 200 else ""
        links = re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"#]*)', seen[address])
        waiting += [link.replace("&amp;", "&") for link in links if not PASSED_BY.search(link)]
    return seen


@pytest.mark.clause("ACC-1")
@pytest.mark.parametrize("name", ["d.lark", "s.alder"])
def test_no_link_leads_whoever_asked_to_a_candidate_bypass(make, sign_in, name):
    """By going wherever the portal leads, and by asking for what the unit's own pages ask for."""
    request = make.request("nominated")
    search, round_ = request.current_search, request.current_round
    told = {round_.uid, search.uid}
    for line in search.candidates:
        told |= {
            line.uid,
            line.person.person_number,
            line.photo.record_number,
            line.photo.uid,
            line.person.private["name"],
        }
    client = sign_in(name)
    pages = crawled(client)
    assert any(request.number in page for page in pages.values())
    for address, page in pages.items():
        assert not [word for word in told if word in page], address
    for address in (
        f"/review/rounds/{round_.uid}",
        f"/review/rounds/{round_.uid}/candidates/1",
        f"/review/rounds/{round_.uid}/comparison",
        f"/review/{request.number}/progress",
        f"/final-review/{request.number}",
        f"/gallery?number={search.candidates[0].person.person_number}",
    ):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(address, headers=headers)
            assert answer.status_code in (403, 404), address
            assert not [word for word in told if word in answer.get_data(as_text=True).replace(address, "")], address


@pytest.mark.clause("ACC-1")
def test_an_open_tab_shows_no_face_of_the_repository_once_the_right_is_gone_bypass(make, sign_in, change_person):
    """By waiting, with everything at hand that the page gave: addresses of faces, forms and their tokens."""
    request = make.request("under_examination")
    place = f"/review/rounds/{request.current_round.uid}/candidates/1"
    client = sign_in("k.rowan")
    faces = re.findall(r'="(/images/[^"]+)"', client.get(place).get_data(as_text=True))
    assert len(faces) > 1
    assert {client.get(face).status_code for face in faces} == {200}
    exclusion = form_at(client, place, f"{place}/exclusion", **{"quick-feature": "nose"})
    exclusion["quick-verdict"] = "different_unexplained"
    change_person("k.rowan", groups=["investigators", "auditors"])
    for face in faces:
        answer = client.get(face)
        assert answer.status_code == 404
        assert not answer.data.startswith(b"\x89PNG")
    assert client.get(place).status_code == 403
    assert client.get(place, headers={"HX-Request": "true"}).status_code == 403
    assert client.post(f"{place}/exclusion", data=exclusion).status_code == 403
    db.session.rollback()
    assert all(not disposition.decision for disposition in request.current_round.dispositions)

"""The examiner's path over HTTP: queue, basis, probe, search, candidates, background, nomination (REQ-4 to SRC-4)."""

from __future__ import annotations

import pytest

from app.domain.peers.conditions import line_ups_of
from tests.events_and_notices import notified
from tests.unit_stages import BACKGROUND
from tests.web.page_reading import send, soup, text


@pytest.mark.clause("REQ-4", "REQ-6", "CAP-1", "CAP-5", "CAP-6", "SRC-1", "SRC-2", "SRC-3", "SRC-4")
def test_the_whole_path_by_forms(make, sign_in, people, run_jobs):
    request = make.request(state="discussed")
    for name in ("j.maple", "n.finch"):
        people.account(name)
    client, here = sign_in("k.rowan"), f"/review/{request.number}"
    assert request.number in text(client.get("/review"))

    answer = send(client, here, f"{here}/accept", **{"accept-use": "USE-1", "accept-note": "The camera shows it."})
    assert answer.status_code == 303
    make.document(request)

    face = f"{request.current_images[0].uid}.1"
    answer = send(client, f"{here}/probe", f"{here}/probe", face=face, suitability="suitable")
    assert answer.status_code == 303, text(answer)
    answer = send(client, here, f"{here}/search")
    assert answer.status_code == 303, text(answer)
    assert request.state == "searching"
    assert "Waiting for a worker" in text(client.get(here))
    make.parts = {"seed": 7}
    make.finish(request)
    assert client.get(f"{here}/progress", headers={"HX-Request": "true"}).headers["HX-Redirect"] == here

    answer = send(client, here, f"{here}/examination")
    rounds = answer.headers["Location"]
    page = soup(client.get(rounds))
    assert len(page.select(".cor-card")) == 3
    assert page.select_one("th") is None, "a rank is shown before every disposition"
    listed = {c.shown_order: c for c in request.current_round.search.candidates}
    wanted = next(place for place, c in listed.items() if c.rank == 1)
    for place in listed:
        url = f"{rounds}/candidates/{place}"
        if place == wanted:
            filled = {f.value: "similar" for f in people_policy().review.worksheet.features}
            answer = send(client, url, f"{url}/worksheet", decision="retained", **filled)
        else:
            verdict = {"quick-feature": "nose", "quick-verdict": "different_unexplained"}
            answer = send(client, url, f"{url}/exclusion", **verdict)
        assert answer.status_code == 303, text(answer)
    assert [th.get_text() for th in soup(client.get(rounds)).select("thead th")][:2] == ["Rank", "Score"]

    url = f"{rounds}/candidates/{wanted}/background"
    answer = send(client, url, url, **BACKGROUND)
    assert answer.status_code == 303, text(answer)
    why = "Agrees in every feature both pictures show."
    given = {"nominate-candidate": str(wanted), "nominate-opinion": "p3", "nominate-reason": why}
    answer = send(client, rounds, f"{rounds}/nomination", **given)
    assert answer.status_code == 303, text(answer)
    assert request.state == "nominated"
    assert "k.rowan" not in set(notified("peer_review_open"))
    run_jobs()
    assert set(notified("peer_review_open")) == {"j.maple", "n.finch"}

    from tests.web.line_up_pages import address, work

    for row in line_ups_of(request.current_round):
        peer = sign_in(row.peer.name)
        assert row.number in text(peer.get("/review/line-ups"))
        work(peer, row)
        assert "Support for one person" in text(peer.get(address(row)))
    assert request.state == "peer_reviewed"


def people_policy():
    from app.policy import policy

    return policy()

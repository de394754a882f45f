"""The background page and what the supervisor reads of it: contradictions first, each answered (SRC-3, SRC-5)."""

from __future__ import annotations

import pytest

from tests.unit_stages import ANSWER, BACKGROUND, SAME, answered, worksheet
from tests.web.page_reading import form_at, send_unoffered, soup, words

VALUES = {"description": {"height_in": "40", "age_from": "18"}}
EARS = {"verdict": "different_unexplained", "note": "The lobe is attached in one."}
ALIBI = "The alibi is his brother's word alone; the landlord saw nobody at home that night."
WHY = "The lobe is cut off by the frame of the still; the rest of the ear was compared."


@pytest.mark.clause("SRC-3", "SRC-5", "SRC-2")
def test_contradictions_come_first_are_answered_one_by_one_and_reach_the_supervisor(make, sign_in, people):
    request = make.request(state="under_examination", values=VALUES)
    for name in ("j.maple", "n.finch"):
        people.account(name)
    round_, client = request.current_round, sign_in("k.rowan")
    nominee = min(round_.search.candidates, key=lambda one: one.rank)
    make.dispose_all(request, retain=nominee)
    listing = f"/review/rounds/{round_.uid}"
    sheet = f"{listing}/candidates/{nominee.shown_order}"
    full = {name: given["verdict"] for name, given in worksheet().items()}
    sent = {
        **form_at(client, sheet, f"{sheet}/worksheet"),
        **full,
        "decision": "retained",
        "ears": EARS["verdict"],
        "ears_note": EARS["note"],
        "ears__lobe": "different_unexplained",
        "skin": "similar",
    }
    assert client.post(f"{sheet}/worksheet", data=sent).status_code == 303

    here = f"{sheet}/background"
    page = soup(client.get(here))
    panels = [panel.get("id") for panel in page.select("main [id]") if panel.get("id") in ("inconsistencies", "stated")]
    assert panels == ["inconsistencies", "stated"]
    first = words(page.select_one("#inconsistencies"))
    assert f"{nominee.person.private['height_in']} inches on record, 40 described" in first
    assert "Not known: custody; alibi; whereabouts" in first
    assert "weight (none is described)" in first
    assert [area["name"] for area in page.select("#inconsistencies textarea")] == ["inconsistency-height"]

    given = {
        **form_at(client, here, here),
        **BACKGROUND,
        "alibi": "contradicts",
        "alibi_source": "His brother, by telephone",
        "inconsistency-height": ANSWER,
    }
    answer = client.post(here, data=given)
    assert answer.headers["Location"] == here, "the alibi is new and waits for its answer"
    page = soup(client.get(here))
    areas = {area["name"]: area.get_text().strip() for area in page.select("#inconsistencies textarea")}
    assert areas == {"inconsistency-alibi": "", "inconsistency-height": ANSWER}
    assert [field["name"] for field in page.select("#inconsistencies input[type=text]")] == [
        "inconsistency-alibi_source"
    ]
    found = words(page.select_one("#inconsistencies"))
    assert (
        "The examiner's own finding: Found: it speaks against the candidate (source: His brother, by telephone)."
        in found
    )

    nominate = f"{listing}/nomination"
    choice = {"nominate-candidate": str(nominee.shown_order), "nominate-opinion": "p2", "nominate-reason": SAME}
    refused = send_unoffered(client, listing, f"{listing}/none", nominate, **choice)
    assert refused.status_code == 422
    assert "Ears" in words(soup(refused))
    again = {**sent, **form_at(client, sheet, f"{sheet}/worksheet"), "justification": WHY}
    assert client.post(f"{sheet}/worksheet", data=again).status_code == 303
    refused = send_unoffered(client, listing, f"{listing}/none", nominate, **choice)
    assert "Alibi: answer this in at least 40 characters." in words(soup(refused))
    given |= {**form_at(client, here, here), **answered("inconsistency-alibi", ALIBI)}
    assert client.post(here, data=given).headers["Location"] == here, "the alibi waits for a supervisor"
    refused = send_unoffered(client, listing, f"{listing}/none", nominate, **choice)
    assert "No supervisor agrees yet with the answer on alibi." in words(soup(refused))
    make.agree(request)
    for name in ("j.maple", "n.finch"):
        make.people.account(name)
    assert client.post(nominate, data={**form_at(client, listing, nominate), **choice}).status_code == 303
    make.run_jobs()  # composes the line and assigns the peers

    make.parts |= {"opinions": ("p2", "p2")}
    make.peers(request)
    file = words(soup(sign_in("c.hawthorn").get(f"/final-review/{request.number}")).select_one("main"))
    assert "Unexplained differences in lasting components" in file
    assert "Ears; Ears, lobe, its shape and attachment" in file
    assert WHY in file
    assert "inches on record, 40 described" in file
    assert ANSWER in file
    assert ALIBI in file
    assert file.index(ALIBI) < file.index("Height against the description")


@pytest.mark.clause("CAP-3", "SRC-3")
def test_a_record_no_longer_eligible_says_what_to_do(make, sign_in):
    request = make.request(state="under_examination")
    nominee = request.current_round.search.candidates[0]
    make.dispose_all(request, retain=nominee)
    client = sign_in("k.rowan")
    here = f"/review/rounds/{request.current_round.uid}/candidates/{nominee.shown_order}/background"
    client.post(here, data={**form_at(client, here, here), **BACKGROUND, "record_status": "contradicts"})
    page = words(soup(client.get(here)).select_one("main"))
    assert "This candidate cannot be nominated" in page
    assert "Tell a records officer the record number" in page


@pytest.mark.clause("SRC-3")
def test_days_of_custody_that_cannot_be_read_are_refused_beside_the_field(make, sign_in):
    request = make.request(state="under_examination")
    nominee = request.current_round.search.candidates[0]
    make.dispose_all(request, retain=nominee)
    client = sign_in("k.rowan")
    here = f"/review/rounds/{request.current_round.uid}/candidates/{nominee.shown_order}/background"
    given = {**form_at(client, here, here), **BACKGROUND, "custody_intervals": "since spring"}
    answer = client.post(here, data=given)
    assert answer.status_code == 422
    page = soup(answer)
    assert "is not two days" in words(page.select_one("#custody_intervals-error"))
    assert page.select_one("#custody_intervals").get_text().strip() == "since spring"


@pytest.mark.clause("SRC-3")
def test_support_found_in_silence_is_refused_beside_the_item(make, sign_in):
    request = make.request(state="under_examination")
    nominee = request.current_round.search.candidates[0]
    make.dispose_all(request, retain=nominee)
    client = sign_in("k.rowan")
    here = f"/review/rounds/{request.current_round.uid}/candidates/{nominee.shown_order}/background"
    page = words(soup(client.get(here)).select_one("#check"))
    assert "The request states nothing and the repository has nothing on record on this." in page, "told before"
    answer = client.post(here, data={**form_at(client, here, here), **BACKGROUND, "marks": "supports"})
    assert answer.status_code == 422
    said = words(soup(answer).select_one("main"))
    assert "so it supports nothing. Choose “Not known”." in said
    assert request.current_round.background_of(nominee) is None

"""The page on which a supervisor states the crime suspected, and the figures that everybody may read (CAP-9)."""

from __future__ import annotations

import pytest

from app.domain.requests import verbs as requests
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.purposes import purposes
from tests.request_factory import FACTS
from tests.web.page_reading import send, soup

pytestmark = needs_models
WHY = "The same person was seen an hour later with a knife at the next store."


@pytest.mark.clause("CAP-9")
def test_the_supervisor_states_the_crime_and_everybody_reads_the_figures(app, make, people, sign_in) -> None:
    request, actor = make.request(state="draft"), people.actor("d.lark")
    with unit_of_work():
        facts = {**FACTS["USE-1"], "listed": "disorderly_conduct", "offense": "Disorderly conduct"}
        requests.save_draft(request, actor, make.values(facts=facts))
    make.submit(request)
    client, url = sign_in("s.alder"), f"/discussions/{request.number}"
    assert "That is no crime." in soup(client.get(url)).find(id="no-crime").get_text()
    empty = send(client, url, f"{url}/confirm", **purposes())
    assert empty.status_code in (403, 409, 422) and "State which crime of the list is suspected" in empty.text
    few = send(client, url, f"{url}/confirm", **purposes(), crime="robbery", because="It was one.")
    assert "why this crime is suspected" in few.text and "It was one." in few.text, "nothing typed is lost"
    done = send(client, url, f"{url}/confirm", **purposes(), crime="robbery", because=WHY)
    assert done.status_code == 303
    shown = soup(client.get(url)).find(id="basis").get_text(" ")
    assert WHY in shown and "Disorderly conduct (violation)" in shown and "Robbery (felony)" in shown
    figures = soup(app.test_client().get("/policy/figures"))
    [line] = figures.find(id="requests").tbody.find_all("tr")
    assert [cell.get_text(strip=True) for cell in line.find_all(["th", "td"])][1:] == list("0010100")
    assert "3000000" in figures.find(id="repository").get_text()

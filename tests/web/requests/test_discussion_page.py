"""What the supervisor of a discussion has before them, in which order, and what only after their own answer (AUD-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.requests.copies import copies_of
from tests.drawn_gallery import needs_models
from tests.purposes import purposes
from tests.request_factory import AT_THE_MATTER, SHOP_CAMERA, picture
from tests.unit.identification.test_lineage import _cropped, edited
from tests.web.page_reading import send, soup, words

pytestmark = needs_models


@pytest.mark.clause("AUD-1", "LIM-2", "LIM-3", "LIM-7")
def test_the_answers_of_the_request_are_not_shown_before_ones_own_bypass(make, sign_in):
    """Neither on the page of the discussion nor, while it is open, on that of the request."""
    request = make.request(state="submitted")
    client, url = sign_in("s.alder"), f"/discussions/{request.number}"
    pages = (url, f"/requests/{request.number}")
    assert not any(soup(client.get(page)).select("#purposes") for page in pages)
    refused = send(client, url, f"{url}/confirm", **purposes(political_activity=""))
    assert refused.status_code in (403, 409, 422) and not soup(refused).select("#purposes")
    assert send(client, url, f"{url}/confirm", **purposes()).status_code == 303
    assert all("No; " in words(soup(client.get(page)).select_one("#purposes")) for page in pages)
    assert soup(sign_in("d.lark").get(pages[1])).select("#purposes"), "the requester always reads their own"


@pytest.mark.clause("AUD-1")
def test_images_with_source_and_day_and_the_basis_come_before_the_questions(make, sign_in):
    request = make.request(state="submitted")
    answer = sign_in("s.alder").get(f"/discussions/{request.number}")
    page = soup(answer)
    images = words(page.select_one("#images"))
    assert "Still from surveillance video" in images and "camera over the counter" in images
    assert "Given by its owner" in images and "21" in images
    places = [answer.text.index(said) for said in ('id="images"', 'id="basis"', 'name="answer_')]
    assert places == sorted(places)


@pytest.mark.clause("REQ-3", "AUD-1")
def test_an_edited_copy_is_told_before_discussion_and_basis_are_answered_bypass(make, people, sign_in):
    """It was shown only once the probe was chosen, and nothing set it against what is attested of both."""
    request = make.request(state="draft")
    copy = replace(SHOP_CAMERA, taken_at=AT_THE_MATTER - timedelta(days=1))
    make.image(request, edited(picture(), _cropped(0.05)), describe=copy)
    make.submit(request)
    first, second = copies_of(request)
    assert (first.number, second.number, first.edited) == (1, 2, True)
    said = ("An edited copy of the same photograph is image 2", "attested as unaltered", "2026-11-20")
    for name, url in (("s.alder", f"/discussions/{request.number}"), ("k.rowan", f"/review/{request.number}")):
        if name == "k.rowan":
            make.discuss(request)
        shown = words(soup(sign_in(name).get(url)).select_one("#copies"))
        assert all(one in shown for one in said), name


@pytest.mark.clause("REQ-3", "AUD-1")
def test_a_copy_under_another_number_is_told_and_a_photograph_without_one_is_not(make, people, sign_in):
    first = make.request(state="submitted")
    assert copies_of(first) == []
    second = make.request(state="draft", case_number="2026-075-09999", images=0)
    make.image(second, edited(picture(), _cropped(0.05)))
    make.submit(second)
    [one] = copies_of(second)
    assert one.other.request is first and first.number in one.told(people.actor("s.alder"))

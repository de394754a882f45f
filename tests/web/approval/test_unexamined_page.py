"""The pages of a search without a conclusion, and of one that ended unexamined (SRC-7)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app import audit
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import needs_models
from tests.request_factory import NARRATIVE
from tests.unit_stages import NEEDLESS
from tests.web.page_reading import form_at, send, soup, text, words

pytestmark = [needs_models, pytest.mark.clause("SRC-7")]
PASSWORD = "corroborate-demo"


def where(request) -> str:
    return f"/final-review/{request.number}/unexamined"


def lying(request) -> None:
    """Its search finished two weeks ago."""
    with unit_of_work():
        request.current_search.finished_at = now() - timedelta(days=14)
        audit.record("request.saved", request, fields=["searched"])


@pytest.fixture
def request_(make):
    return make.request(state="searched")


def test_the_investigator_reads_that_there_is_no_result_yet_and_by_when(make, request_, sign_in):
    page = f"/requests/{request_.number}"
    client = sign_in("d.lark")
    told = words(soup(client.get(page)).select_one("#conclusion"))
    assert policy().request.conclusion.meanwhile in told and "is due" in told and "late" not in told
    lying(request_)
    told = words(soup(client.get(page)).select_one("#conclusion"))
    assert "is late" in told
    assert not re.search(r"candidate|listed|searched 2", told), "what the unit found is told"


def test_a_supervisor_finds_it_in_the_queue_and_ends_it_with_a_signed_reason(request_, sign_in):
    client = sign_in("c.hawthorn")
    queue = soup(client.get("/final-review")).select_one("#inconclusive")
    assert request_.number in queue.get_text()
    assert queue.select_one(f'a[href="{where(request_)}"]')
    lying(request_)
    assert "Overdue" in words(soup(client.get("/final-review")).select_one("#inconclusive"))
    for given, said in (
        ({"reason": NEEDLESS, "password": "wrong"}, "password"),
        ({"reason": "x", "password": PASSWORD}, "at least 40 characters"),
        ({"reason": "", "password": PASSWORD}, "Write what made the examination needless."),
    ):
        answer = send(client, where(request_), where(request_), **given)
        assert 400 <= answer.status_code < 500
        assert said in text(answer)
    assert request_.state == "searched"
    answer = send(client, where(request_), where(request_), reason=NEEDLESS, password=PASSWORD)
    assert answer.status_code == 303 and request_.state == "unexamined"
    page = text(client.get(answer.location))
    assert NEEDLESS in page and policy().request.conclusion.unexamined in page
    assert not soup(client.get("/final-review")).select_one("#inconclusive")


def test_what_changed_meanwhile_is_not_ended_unseen_bypass(request_, make, sign_in):
    client = sign_in("c.hawthorn")
    form = form_at(client, where(request_), where(request_), reason=NEEDLESS, password=PASSWORD)
    make.examine(request_)
    answer = client.post(where(request_), data=form)
    assert answer.status_code == 409 and request_.state == "under_examination"
    assert NEEDLESS in text(answer) or NEEDLESS in answer.text


def test_nobody_but_a_supervisor_without_another_part_opens_or_sends_it_bypass(request_, sign_in):
    for name in ("d.lark", "k.rowan", "s.alder", "b.juniper"):
        client = sign_in(name)
        assert client.get(where(request_)).status_code in (403, 404), name
        assert client.post(where(request_), data={"reason": NEEDLESS, "password": PASSWORD}).status_code in (
            400,
            403,
            404,
        )
    assert request_.state == "searched"


def test_a_search_that_ended_unexamined_is_told_to_everybody_as_no_result(make, request_, sign_in):
    make.end_unexamined(request_)
    number = request_.number
    for name, page in (
        ("d.lark", f"/requests/{number}"),
        ("k.rowan", f"/review/{number}"),
        ("c.hawthorn", f"/final-review/{number}"),
        ("c.hawthorn", where(request_)),
        ("k.rowan", f"/reports/prepare/{number}"),
    ):
        main = soup(sign_in(name).get(page)).main
        assert main is not None, (name, page)
        told = words(main).replace(NARRATIVE, "")
        assert "Not examined" in told and NEEDLESS in told, (name, page)
        assert not re.search(r"negative|\bleads?\b|eliminated", told, re.IGNORECASE), (name, page)
    listed = soup(sign_in("d.lark").get("/requests")).main
    row = next(row for row in listed.select("tr, li") if number in row.get_text())
    assert "Not examined" in words(row)


def test_the_case_record_says_what_it_waits_for(request_, sign_in):
    client = sign_in("b.juniper")
    page = text(client.get(f"/retention/cases/{request_.case_number}"))
    assert f"A finished search has no conclusion yet: {request_.number}" in page

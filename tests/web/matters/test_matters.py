"""The pages of matters: what is proposed, linked and ended there, by whom, and what they never open (REQ-2, ACC-11)."""

from __future__ import annotations

import pytest

from app import audit
from app.domain.matters import links, numbers
from app.domain.matters.evidence import Evidence
from app.extensions import db
from app.models import CaseNumber, Clearance, MatterLink
from app.unit_of_work import unit_of_work
from tests.policy.matters.test_passages import OTHER, TEXT
from tests.retention_factory import RetentionFactory
from tests.web.page_reading import hidden, soup, text

FIRST, SECOND = "2026-075-01234", "DB-2026-815"
WHY = "The squad's case of the same robbery, as the case system says."


@pytest.fixture
def two(make, people):
    """Two case records, not linked."""
    keep = RetentionFactory(make, people)
    return [keep.record("open", case_number=text) for text in (FIRST, SECOND)]


def number(text: str = FIRST) -> CaseNumber:
    return db.session.query(CaseNumber).filter_by(number=text).populate_existing().one()


def link_by_hand(client, **fields: str):
    form = hidden(client, f"/matters/{FIRST}", "#link form")
    return client.post(f"/matters/{FIRST}/links", data={**form, **fields})


def decide(client, row: MatterLink, act: str, reason: str = WHY):
    form = hidden(client, f"/matters/{FIRST}", f"#link-{row.uid[:8]} ~ details form")
    return client.post(f"/matters/{FIRST}/links/{row.uid}", data={**form, f"{row.uid[:8]}-reason": reason, "act": act})


@pytest.mark.clause("REQ-2", "RET-11")
def test_a_records_officer_links_two_numbers_and_ends_the_link(sign_in, two):
    client = sign_in("b.juniper")
    assert f"/matters/{FIRST}" in client.get(f"/retention/cases/{FIRST}").text
    short = link_by_hand(client, other="db-2026-0815", reason="too short")
    assert short.status_code == 422
    assert "at least 20 characters" in text(short)
    assert link_by_hand(client, other="db-2026-0815", reason=WHY).status_code == 303
    row = db.session.query(MatterLink).one()
    shown = text(client.get(f"/matters/{FIRST}"))
    assert "Linked by" in shown
    assert WHY in shown
    assert "of the same matter" in text(client.get(f"/retention/cases/{FIRST}"))
    assert decide(client, row, "part", "Another robbery of the same evening.").status_code == 303
    assert "Link ended by" in text(client.get(f"/matters/{FIRST}"))
    assert numbers.of_matter(FIRST) == {FIRST}


@pytest.mark.clause("REQ-2")
def test_a_proposal_is_listed_and_decided(sign_in, two):
    with unit_of_work():
        row = links.propose(number(), number(SECOND), [Evidence("number")])
    client = sign_in("p.aspen")
    assert "The same number, written otherwise" in text(client.get("/matters"))
    assert decide(client, row, "accept").status_code == 303
    assert numbers.of_matter(FIRST) == {FIRST, SECOND}
    assert "Nothing is proposed" in text(client.get("/matters"))
    again = client.post(
        f"/matters/{FIRST}/links/{row.uid}",
        data={
            **hidden(client, f"/matters/{FIRST}", "#link form"),
            f"{row.uid[:8]}-version": number().version,
            f"{row.uid[:8]}-reason": WHY,
            "act": "decline",
        },
    )
    assert again.status_code == 422
    assert "no longer there" in text(again)


@pytest.mark.clause("REQ-2")
@pytest.mark.parametrize(("other", "said"), [("", "Enter the other number"), ("75/26", "no accepted form")])
def test_what_is_no_number_is_told_at_the_form(sign_in, two, other, said):
    answer = link_by_hand(sign_in("b.juniper"), other=other, reason=WHY)
    assert answer.status_code == 422
    assert said in text(answer)
    assert soup(answer).select_one("#link textarea").text.strip() == WHY


@pytest.mark.clause("REQ-2")
def test_a_page_of_before_decides_nothing(sign_in, two):
    client = sign_in("b.juniper")
    form = hidden(client, f"/matters/{FIRST}", "#link form")
    assert link_by_hand(client, other=SECOND, reason=WHY).status_code == 303
    late = client.post(f"/matters/{FIRST}/links", data={**form, "other": "DB-2026-1", "reason": WHY})
    assert late.status_code == 409
    assert db.session.query(MatterLink).count() == 1


@pytest.mark.clause("ACC-11", "LIM-7")
def test_a_link_shows_nobody_a_number_they_did_not_know_bypass(sign_in, two, make):
    """The examiner of one number reads nothing of the other, by the page, its address or a link of theirs."""
    make.request(state="accepted", case_number=FIRST)
    assert link_by_hand(sign_in("b.juniper"), other=SECOND, reason=WHY).status_code == 303
    row = db.session.query(MatterLink).one()
    examiner = sign_in("k.rowan")
    assert SECOND not in examiner.get(f"/matters/{FIRST}").text
    assert SECOND not in examiner.get("/matters").text
    assert examiner.get(f"/matters/{SECOND}").status_code == 404
    form = hidden(examiner, f"/matters/{FIRST}", "#link form")
    ending = {**form, f"{row.uid[:8]}-version": number().version, f"{row.uid[:8]}-reason": WHY, "act": "part"}
    assert examiner.post(f"/matters/{FIRST}/links/{row.uid}", data=ending).status_code == 422
    assert sign_in("d.lark").get(f"/matters/{FIRST}").status_code == 403
    assert numbers.of_matter(FIRST) == {FIRST, SECOND}


# What a proposal rests on ----------------------------------------------------------------------------------


@pytest.mark.clause("REQ-2", "RET-11")
def test_an_examiner_reads_place_and_passages_of_both_requests(sign_in, filed):
    first = filed(FIRST, TEXT, place="120 Fulton Street")
    second = filed(SECOND, TEXT.upper(), place="120 FULTON ST., Brooklyn", requester="m.heron")
    examiner = sign_in("k.rowan")
    assert "The same place on one day or two days running, passages of one text" in text(examiner.get("/matters"))
    shown = text(examiner.get(f"/matters/{FIRST}"))
    for said in (first.number, second.number, "120 Fulton Street", "120 FULTON ST., Brooklyn", "21 Nov 2026"):
        assert said in shown
    assert "of 100 passages of the shorter text stood in the other too" in shown
    assert "a man in a grey coat walked up to the counter" in shown


@pytest.mark.clause("ACC-11", "LIM-7")
@pytest.mark.parametrize("who", ["b.juniper", "j.maple"])
def test_nobody_reads_words_of_a_request_that_they_may_not_read_bypass(sign_in, filed, make, who):
    """A records officer reads no request; an examiner none that its peers review, though they know both numbers."""
    filed(FIRST, TEXT, place="120 Fulton Street")
    make.request("nominated", case_number=SECOND, values={"narrative": TEXT}, seed=33)
    filed(SECOND, OTHER, place="9 Another Street", requester="m.heron")
    make.run_jobs()
    client = sign_in(who)
    shown = text(client.get(f"/matters/{FIRST}"))
    assert "Passages of one text" in shown
    assert "The words stand here for an examiner who may read both requests" in shown
    assert "grey coat" not in shown
    assert "Fulton Street" not in shown


@pytest.mark.clause("LIM-7")
def test_what_was_reserved_afterwards_shows_no_word_of_itself_bypass(sign_in, filed, people):
    """A request is sent back and filed anew as one of the Bureau: the proposal that stands shows nothing of it."""
    filed(FIRST, TEXT)
    second = filed(SECOND, TEXT, requester="m.heron")
    filed(SECOND, OTHER, requester="m.heron")
    named, office = people.account("k.rowan"), people.account("r.falcon")
    with unit_of_work():
        second.political = True
        # who is named for a reserved request works on it, and does not read its narrative either
        db.session.add(Clearance(request_id=second.id, account_id=named.id, named_by_id=office.id))
        audit.record("request.saved", second, fields=["political"])
    for who in ("k.rowan", "b.juniper"):
        shown = text(sign_in(who).get(f"/matters/{FIRST}"))
        assert "The words stand here for" in shown
        assert "grey coat" not in shown
        assert second.number not in shown


@pytest.mark.clause("REQ-2")
def test_evidence_found_meanwhile_is_seen_before_anybody_decides(sign_in, filed):
    filed(FIRST, TEXT, place="120 Fulton Street")
    filed(SECOND, TEXT)
    client, row = sign_in("b.juniper"), db.session.query(MatterLink).one()
    form = hidden(client, f"/matters/{FIRST}", f"#link-{row.uid[:8]} ~ details form")
    filed(SECOND, OTHER, place="120 Fulton Street")
    late = client.post(
        f"/matters/{FIRST}/links/{row.uid}", data={**form, f"{row.uid[:8]}-reason": WHY, "act": "decline"}
    )
    assert late.status_code == 409
    assert "The same place" in text(late)
    assert decide(client, row, "decline").status_code == 303
    assert "Declined by" in text(client.get(f"/matters/{FIRST}"))


@pytest.mark.clause("REQ-2")
def test_a_text_that_was_changed_since_is_told_as_such(sign_in, filed):
    filed(FIRST, TEXT)
    second = filed(SECOND, TEXT)
    with unit_of_work():
        second.seal(narrative="Nothing of what was told before stands any more in this account of it.", facts={})
        audit.record("request.saved", second, fields=["narrative"])
    assert "The texts have been changed since" in text(sign_in("k.rowan").get(f"/matters/{FIRST}"))

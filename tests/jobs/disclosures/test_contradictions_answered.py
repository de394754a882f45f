"""What speaks against a disclosure: kept, explained, answered, and printed in what leaves (EXT-5, EXT-7)."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from app.documents.checks import page_texts
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.contradictions import contradictions_of
from app.domain.disclosures.overview import may_decide
from app.extensions import db, stores
from app.models.engine import AuditEvent
from app.unit_of_work import unit_of_work
from app.workflow.options import options
from tests.disclosure_factory import ANSWERED, CASE, REASON, TEXT, refused, required_items, values
from tests.drawn_gallery import needs_models

pytestmark = [needs_models, pytest.mark.clause("EXT-5", "EXT-7")]
WHY = "The first answer was a slip of the mouse; the demand of the district attorney speaks of a robbery alone."


def save(disclosure, people, **changes) -> None:
    with unit_of_work():
        disclosures.save_draft(disclosure, people.actor("d.lark"), values("prosecutor", "D6", **changes))


def submit(disclosure, people) -> None:
    with unit_of_work():
        disclosures.submit(disclosure, people.actor("d.lark"))


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page_texts(pdf)).split())


def test_a_yes_changed_to_no_stays_on_record_and_is_explained_bypass(disclose, people):
    """By changing the answer: the first one stays, with who gave it, and somebody has to say why it changed."""
    disclosure = disclose("draft")
    save(disclosure, people, immigration="yes")
    save(disclosure, people, immigration="no")
    [against] = contradictions_of(disclosure)
    assert "“Would the disclosure further immigration enforcement?” was answered “Yes” by" in against.said
    assert people.account("d.lark").display_name in against.said
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "disclosure.prohibited_answered")).one()
    assert json.loads(event.keys) == {"question": "immigration", "answer": "yes"}
    with refused("changed_answer_explained"):
        submit(disclosure, people)
    db.session.rollback()
    save(disclosure, people, changed_because="A slip.")
    with refused("changed_answer_explained"):
        submit(disclosure, people)
    db.session.rollback()
    save(disclosure, people, changed_because=WHY)
    submit(disclosure, people)
    assert disclosure.state == "submitted"


def test_every_prohibited_answer_of_a_disclosure_stays_bypass(disclose, people):
    """By another question: that the office has no jurisdiction ends it as well, also when its question is dropped."""
    disclosure = disclose("draft")
    told = values("prosecutor", "D6")
    save(disclosure, people, recipient_facts={**told.recipient_facts, "jurisdiction": "no"})
    with unit_of_work():
        disclosures.save_draft(disclosure, people.actor("d.lark"), values("court", "D6"))
    save(disclosure, people)
    [against] = contradictions_of(disclosure)
    assert "“Does this office have jurisdiction over the matter?” was answered “No”" in against.said


def test_beginning_anew_does_not_forget_the_answer_bypass(disclose, people):
    """By repeating: the draft with the yes is left, another one of the same matter says no."""
    first = disclose("draft")
    save(first, people, immigration="yes")
    asker = people.actor("d.lark")
    with unit_of_work():
        second = disclosures.create_draft(asker, CASE)
    save(second, people)
    with unit_of_work():
        disclosures.set_items(second, asker, required_items(CASE))
    [against] = contradictions_of(second)
    # what the first draft still says is held against the second
    assert against.said.startswith(f"{first.number}: ")
    with refused("changed_answer_explained"):
        submit(second, people)


def test_the_decider_answers_each_contradiction_and_both_papers_print_it(disclose, people, run_jobs):
    """Not at all, in three words, or of another contradiction: none is an answer; nobody but the officer gives one."""
    disclosure = disclose("draft")
    said = values("prosecutor", "D6").recipient
    changes = {
        "recipient": {**said, "affiliation": "Homeland Security Investigations, Group 4"},
        "changed_because": WHY,
    }
    save(disclosure, people, immigration="yes", **changes)
    save(disclosure, people, **changes)
    submit(disclosure, people)
    assert not may_decide(options(disclosure, people.actor("b.juniper")))
    officer, against = people.actor("y.hazel"), contradictions_of(disclosure)
    assert len(against) == 2, "the changed answer first, then the agency"
    everything = {item.uid for item in disclosure.items}
    granted = {"text": TEXT, "reason": REASON, "included": everything, "password_confirmed": True}
    full = {one.key: f"{ANSWERED} Number {number}." for number, one in enumerate(against)}
    for answers in ({}, {**full, against[1].key: "Seen it."}, {against[0].key: ANSWERED, "other": ANSWERED}):
        with refused("contradictions_answered"), unit_of_work():
            disclosures.approve(disclosure, officer, answers=answers, **granted)
        db.session.rollback()
    with unit_of_work():
        disclosures.approve(disclosure, officer, answers=full, **granted)
    run_jobs()
    db.session.refresh(disclosure)
    disclose.parts = {}
    disclose.go_on(disclosure, "released", since="approved")
    decision, package = disclosure.current_decision, disclosure.current_package
    pdf = stores().blobs.get(decision.document_blob_id, decision.key_id, decision.document_sha256)
    archive = zipfile.ZipFile(io.BytesIO(stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256)))
    for paper in (words_of(pdf), words_of(archive.read("cover-letter.pdf"))):
        for words in (*(one.said for one in against), WHY, *full.values(), "What will the recipient do with it?"):
            assert " ".join(words.split()) in paper
        assert "Would the disclosure further immigration enforcement?" in paper


@pytest.mark.clause("ACC-12")
@pytest.mark.parametrize(
    ("recipient", "part", "name"),
    [
        ("court", "recipient_facts", "returnable"),
        ("foil", "recipient_facts", "received_on"),
        ("court", "identity", "on"),
    ],
)
def test_a_day_before_the_matter_waits_for_the_officers_answer_bypass(disclose, people, recipient, part, name):
    """By an old paper: the matter began on 21 November; what is dated before it cannot be about it."""
    rules = values(recipient, "D2")
    on = {**getattr(rules, part), name: "2026-11-20"}
    disclosure = disclose("submitted", recipient=recipient, basis="D2", values={part: on})
    [against] = contradictions_of(disclosure)
    assert "is 2026-11-20, before the matter began on 2026-11-21." in against.said
    granted = {"text": TEXT, "reason": REASON, "password_confirmed": True}
    everything = {item.uid for item in disclosure.items}
    with refused("contradictions_answered"), unit_of_work():
        disclosures.approve(disclosure, people.actor("y.hazel"), included=everything, **granted)
    db.session.rollback()
    with unit_of_work():
        disclosures.return_for_changes(disclosure, people.actor("y.hazel"), "Say of which day the paper is.")
    later = {**on, name: "2026-11-21"}
    with unit_of_work():
        disclosures.save_draft(disclosure, people.actor("d.lark"), values(recipient, "D2", **{part: later}))
    assert contradictions_of(disclosure) == []


def test_a_value_given_only_for_the_rule_is_part_of_the_request():
    assert "changed_because" in {field.name for field in dataclasses.fields(disclosures.DisclosureValues)}

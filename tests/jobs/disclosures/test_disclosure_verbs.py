"""The verbs of a disclosure from the draft to the receipt, and who may do them (EXT-1 to EXT-8, ACC-12)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.actor import Actor
from app.access.scoping import find, visible
from app.calendar import today
from app.domain.approval import verbs as approvals
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.items import available
from app.extensions import db, stores
from app.models import Disclosure, Report, Transition
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import (
    CASE,
    REASON,
    TEXT,
    refused,
    required_items,
    values,
)
from tests.drawn_gallery import needs_models
from tests.events_and_notices import events_of, notified

pytestmark = needs_models
SERVED = {
    "D1": "individual",
    "D2": "court",
    "D3": "media",
    "D4": "foil",
    "D5": "community",
    "D6": "law_enforcement",
    "D7": "city_agency",
}


def verbs(subject) -> list[str]:
    rows = select(Transition.verb).where(
        Transition.subject_type == subject.subject_type, Transition.subject_id == subject.id
    )
    return list(db.session.scalars(rows.order_by(Transition.id)))


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-1")
def test_a_disclosure_goes_from_draft_to_receipt(disclose, people):
    disclosure = disclose("acknowledged")
    assert disclosure.number.startswith("D-")
    assert verbs(disclosure) == [
        "submit",
        "determine",
        "release",
        "finish_release",
        "begin_fetch",
        "fetch",
        "acknowledge",
    ]
    assert disclosure.private["receipt"] == {"received_by": "Noel Egret", "how": "Handed over in person"}
    package = disclosure.current_package
    assert package.fetched_by_id == disclosure.asked_by_id
    assert package.expires_at - package.built_at <= timedelta(hours=policy().disclosure.package.expires_hours)
    recorded = events_of(disclosure.number)
    assert recorded[:3] == ["disclosure.created", "disclosure.saved", "disclosure.items_set"]
    assert {"disclosure.submitted", "disclosure.determined", "disclosure.fetched", "disclosure.acknowledged"} < set(
        recorded
    )
    assert set(notified("disclosure_submitted")) == {"y.hazel", "b.juniper"}
    assert set(notified("disclosure_approved")) == {"d.lark"}


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-3", "EXT-4", "EXT-6", "PUB-1")
@pytest.mark.parametrize(("basis", "recipient"), SERVED.items())
def test_each_basis_releases_through_the_engine(disclose, basis, recipient):
    disclosure = disclose("released", recipient=recipient, basis=basis)
    officer = policy().disclosure.bases[basis].decided_by == "privacy_officer"
    assert verbs(disclosure) == ["submit", "approve" if officer else "determine", "release", "finish_release"]
    decision = disclosure.current_decision
    assert decision.decided_by.name == ("y.hazel" if officer else "b.juniper")
    assert (decision.document_sha256 is not None) == officer
    assert decision.private["text"] == TEXT and decision.private["reason"] == REASON


@pytest.mark.clause("EXT-7", "ACC-12")
@pytest.mark.parametrize("basis", ["D1", "D2", "D3"])
def test_a_records_officer_cannot_stand_in_for_the_privacy_officer(disclose, people, basis):
    disclosure, records = disclose("submitted", basis=basis), people.actor("b.juniper")
    included = {item.uid for item in disclosure.items}
    decided = {"text": TEXT, "reason": REASON, "password_confirmed": True}
    with refused("determination_suffices"), unit_of_work():
        disclosures.determine(disclosure, records, included=included, **decided)
    with refused("disclosure.decide"), unit_of_work():
        disclosures.approve(disclosure, records, included=included, **decided)
    with refused("decider_suits_basis"), unit_of_work():
        disclosures.refuse(disclosure, records, **decided)
    with refused("decider_suits_basis"), unit_of_work():
        disclosures.return_for_changes(disclosure, records, "Not mine to decide.")
    db.session.refresh(disclosure)
    assert disclosure.state == "submitted" and disclosure.release_by is None and disclosure.decisions == []


@pytest.mark.clause("ACC-12", "EXT-7")
def test_whoever_asks_never_decides_even_with_every_role(disclose, people):
    account = people.account("b.juniper")
    every = Actor(
        account.id, "b.juniper", "", "", "", frozenset(), frozenset(policy().capabilities), acknowledged="present"
    )
    disclosure = disclose("submitted", asker="b.juniper")
    included = {item.uid for item in disclosure.items}
    decided = {"text": TEXT, "reason": REASON, "password_confirmed": True}
    for act in (
        lambda: disclosures.approve(disclosure, every, included=included, **decided),
        lambda: disclosures.determine(disclosure, every, included=included, **decided),
        lambda: disclosures.refuse(disclosure, every, **decided),
        lambda: disclosures.return_for_changes(disclosure, every, "Changed my mind."),
    ):
        with refused("disclosure_asker"), unit_of_work():
            act()
    assert set(notified("disclosure_submitted")) == {"y.hazel"}, "whoever asked is not told to decide"


@pytest.mark.clause("ACC-12", "EXT-7")
def test_whoever_decides_does_not_hand_out(disclose, people):
    disclosure, records = disclose("approved"), people.actor("b.juniper")
    assert disclosure.current_decision.decided_by_id == records.id
    with refused("disclosure_decider"), unit_of_work():
        disclosures.release(disclosure, records)
    with refused("actor_may_release"), unit_of_work():
        disclosures.release(disclosure, people.actor("m.heron"))
    with unit_of_work():
        disclosures.release(disclosure, people.actor("d.lark"))


@pytest.mark.clause("EXT-5")
def test_immigration_enforcement_has_no_way_through(disclose, people):
    """Neither the asker, nor every role together, nor a request that came back gets past the question."""
    returned = disclose("returned")
    disclosure, asker = disclose("draft"), people.actor("d.lark")
    with unit_of_work():
        disclosures.save_draft(disclosure, asker, values(immigration="yes"))
    with refused("not_immigration"), unit_of_work():
        disclosures.submit(disclosure, asker)
    every = Actor(asker.id, "d.lark", "", "", "", frozenset(), frozenset(policy().capabilities), acknowledged="present")
    with refused("not_immigration"), unit_of_work():
        disclosures.submit(disclosure, every)
    with refused("WF-disclosure-resubmit"), unit_of_work():
        disclosures.save_draft(returned, asker, values(immigration="yes"))


@pytest.mark.clause("EXT-1", "EXT-2")
def test_what_the_case_holds_is_every_submitted_original_and_every_delivered_report(disclose, people):
    held = [(thing.kind, thing.request.requester.name) for thing in available(CASE)]
    assert held == [
        ("original", "d.lark"),
        ("original", "d.lark"),
        ("report", "d.lark"),
        ("original", "m.heron"),
        ("report", "m.heron"),
    ]
    assert {thing.row.kind for thing in available(CASE) if thing.kind == "report"} == {"possible_match", "negative"}
    assert all(thing.sha256 for thing in available(CASE))
    assert available("DB-2026-999") == []


@pytest.mark.clause("EXT-1", "EXT-2")
def test_nothing_is_left_out_of_the_prosecutors_package(disclose, people):
    asker, records = people.actor("d.lark"), people.actor("b.juniper")
    whole = required_items(CASE)
    short = disclose("draft", items=whole[:-1])
    with refused("package_complete"), unit_of_work():
        disclosures.submit(short, asker)
    with unit_of_work():
        disclosures.set_items(short, asker, whole)
        disclosures.submit(short, asker)
    kept = {item.uid for item in short.items[1:]}
    with refused("package_complete"), unit_of_work():
        disclosures.determine(short, records, text=TEXT, reason=REASON, included=kept, password_confirmed=True)
    elsewhere = disclose("submitted", recipient="media", items=whole[:1])
    assert elsewhere.state == "submitted", "others are given no more than they need"


@pytest.mark.clause("EXT-1", "EXT-2")
def test_a_report_recalled_or_delivered_after_the_approval_is_not_forgotten(disclose, make, people):
    """A recalled report stays part of the package; a corrected one holds the release until it is added and decided."""
    disclosure = disclose("approved")
    report = db.session.scalars(select(Report).where(Report.kind == "possible_match")).one()
    supervisor, request = people.actor("c.hawthorn"), report.request
    with unit_of_work():
        approvals.recall(request, supervisor, "The wrong name was printed.", password_confirmed=True)
    assert report.uid in {uid for _, uid in required_items(CASE)}
    with unit_of_work():
        approvals.reissue(request, supervisor, "With the right name.", password_confirmed=True)
    make.report(request)
    with refused("package_complete"), unit_of_work():
        disclosures.release(disclosure, people.actor("d.lark"))
    with unit_of_work():
        disclosures.return_for_changes(disclosure, people.actor("b.juniper"), "A corrected report was delivered.")
    asker = people.actor("d.lark")
    with unit_of_work():
        disclosures.set_items(disclosure, asker, required_items(CASE))
        disclosures.resubmit(disclosure, asker)
    assert disclosure.current_decision is None, "what was decided before decides nothing any more"
    assert [item.included for item in disclosure.items] == [None] * 6
    disclose.parts = {}
    disclose.decide(disclosure)
    with unit_of_work():
        disclosures.release(disclosure, asker)


@pytest.mark.clause("EXT-7")
def test_a_partial_approval_lets_out_only_what_it_includes(disclose, people):
    whole = required_items(CASE)
    disclosure = disclose("submitted", recipient="media", basis="D6", items=whole[:3])
    first, second, third = disclosure.items
    with refused("items_included"), unit_of_work():
        disclosures.determine(
            disclosure,
            people.actor("b.juniper"),
            text=TEXT,
            reason=REASON,
            included={"0" * 32},
            password_confirmed=True,
        )
    disclose.parts = {"left_out": {second.uid, third.uid}, "conditions": "Not before Friday."}
    disclose.decide(disclosure)
    assert disclosure.included_items == [first]
    assert disclosure.current_decision.private["conditions"] == "Not before Friday."


@pytest.mark.clause("ACC-12")
def test_a_decided_request_is_changed_only_after_it_came_back(disclose, people):
    disclosure, asker = disclose("approved"), people.actor("d.lark")
    for change in (
        lambda: disclosures.save_draft(disclosure, asker, values(necessity="Something quite different is asked for.")),
        lambda: disclosures.set_items(disclosure, asker, required_items(CASE)[:1]),
    ):
        with refused("WF-disclosure-submit"), unit_of_work():
            change()
    with refused("WF-disclosure-submit"):
        disclose.document(disclosure, "other_document")
    draft, other = disclose("draft"), people.actor("m.heron")
    with refused("actor_asked"), unit_of_work():
        disclosures.save_draft(draft, other, values())


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_package_is_there_for_three_days_where_its_decision_lets_it_out_for_longer(disclose):
    package = disclose("released", release_by=today() + timedelta(days=30)).current_package
    assert package.expires_at - package.built_at == timedelta(hours=72)


@pytest.mark.clause("EXT-7", "ACC-12")
def test_supporting_documents_keep_to_the_rules(disclose, people):
    disclosure, asker = disclose("draft"), people.actor("d.lark")
    disclose.document(disclosure, "legal_demand")
    rule = policy().disclosure.documents
    stored = stores().blobs.put(disclosure.key_id, b"another one")
    large = dataclasses.replace(stored, size=15 * 2**20 + 1)
    with pytest.raises(Refused, match="at most 15 MB"), unit_of_work():
        disclosures.add_document(disclosure, asker, "legal_demand", large, "application/pdf", "x")
    for kind, media_type, said in (
        ("diary", "application/pdf", "kind of document"),
        ("legal_demand", "text/html", "Attach one of"),
    ):
        with pytest.raises(Refused, match=said) as refusal, unit_of_work():
            disclosures.add_document(disclosure, asker, kind, stored, media_type, "x")
        assert refusal.value.rule_id == rule.id
    with pytest.raises(Refused, match="already attached"):
        disclose.document(disclosure, "legal_demand")
    for number in range(rule.max_files - 1):
        disclose.document(disclosure, "other_document", b"%PDF-1.4 number " + bytes([number]))
    with pytest.raises(Refused, match="At most"):
        disclose.document(disclosure, "other_document", b"%PDF-1.4 one too many")
    with unit_of_work():
        disclosures.remove_document(disclosure.documents[0], asker)
    assert len(disclosure.documents) == rule.max_files - 1
    disclose.submit(disclosure)
    disclose.parts = {}
    disclose.send_back(disclosure)
    with pytest.raises(Refused, match="was submitted stays"), unit_of_work():
        disclosures.remove_document(disclosure.documents[0], asker)


@pytest.mark.clause("EXT-7", "ACC-13")
def test_only_what_the_case_holds_can_be_asked_for(disclose, people):
    disclosure = disclose("draft")
    with refused("items_chosen"), unit_of_work():
        disclosures.set_items(disclosure, people.actor("d.lark"), [("report", "f" * 32)])
    wrong_kind = [("original", uid) for kind, uid in required_items(CASE) if kind == "report"]
    with refused("items_chosen"), unit_of_work():
        disclosures.set_items(disclosure, people.actor("d.lark"), wrong_kind)


@pytest.mark.clause("ACC-7", "ACC-11")
def test_who_knows_of_a_disclosure(disclose, people):
    draft, filed = disclose("draft"), disclose("submitted")
    knows = {
        name: {row.number for row in db.session.scalars(visible(Disclosure, people.actor(name)))}
        for name in ("d.lark", "m.heron", "c.hawthorn", "y.hazel", "b.juniper", "w.sparrow", "k.rowan", "h.larch")
    }
    both, one = {draft.number, filed.number}, {filed.number}
    assert knows == {
        "d.lark": both,
        "m.heron": set(),
        "c.hawthorn": set(),
        "y.hazel": one,
        "b.juniper": one,
        "w.sparrow": set(),
        "k.rowan": set(),
        "h.larch": set(),
    }
    assert find(Disclosure, draft.number, people.actor("y.hazel")) is None


@pytest.mark.clause("ACC-10")
def test_no_column_names_the_person_and_the_name_is_found_again(app, disclose):
    digest = disclosures.person_digest
    assert digest("Sandpiper, Robin") == digest("robin  SANDPIPER") == digest("Röbin Sandpiper")
    assert digest("Robin Sandpiper Jr.") != digest("Robin Sandpiper")
    assert digest(" .,") is None
    assert "robin" not in digest("Robin").lower()
    disclosure = disclose("submitted")
    assert disclosure.person_digest == digest("Robin Sandpiper")
    raw = b"".join(str(getattr(disclosure, c.key)).encode() for c in Disclosure.__table__.columns)
    assert b"Sandpiper" not in raw and b"Egret" not in raw
